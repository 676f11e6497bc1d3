//! From the rows of a rule to its matches: identity, device, time, what one sees first.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::error::HuntError;
use super::matches::{EventId, Match, MatchId, MatchSubject, Severity};
use crate::kql::syntax::{ExprKind, NamedExpr, OperatorKind, Query, StatementKind};
use crate::rules::walk;
use crate::schema::format::text as plain_text;
use crate::schema::{Column, Value};
use crate::store::Store;

const DEVICE_COLUMNS: &[&str] = &["DeviceName", "Computer", "HostName", "DeviceId"];
const TIME_COLUMNS: &[&str] = &["Timestamp", "TimeGenerated"];

/// What a rule's matches have in common.
pub struct RuleLook<'rule> {
    pub rule: &'rule str,
    pub title: Arc<str>,
    pub severity: Severity,
    /// The columns that tell the groups of the last aggregate apart; empty where rows are events.
    pub keys: Vec<String>,
}

/// The names of what the rule's last statement groups by. Its rows are told apart by these, as the events behind
/// a group change with every switch.
pub fn group_keys(tree: &Query) -> Vec<String> {
    let last = tree.statements.iter().rev().find_map(|statement| match &statement.kind {
        StatementKind::Expression(expr) => Some(walk::peel(expr)),
        _ => None,
    });
    let Some(ExprKind::Pipeline(pipeline)) = last.map(|expr| &expr.kind) else { return Vec::new() };
    pipeline
        .operators
        .iter()
        .rev()
        .find_map(|operator| match &operator.kind {
            OperatorKind::Summarize { by, .. } => Some(by.as_deref().unwrap_or_default()),
            OperatorKind::Distinct { columns, .. } => Some(columns.as_slice()),
            _ => None,
        })
        .unwrap_or_default()
        .iter()
        .filter_map(key_name)
        .collect()
}

/// `Name = …`, `Name`, `bin(Name, 1h)`.
fn key_name(key: &NamedExpr) -> Option<String> {
    if let Some(name) = key.names.first() {
        return Some(name.text.clone());
    }
    match &walk::peel(&key.value).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Call { arguments, .. } => match &walk::peel(&arguments.first()?.value).kind {
            ExprKind::Name(name) => Some(name.text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The events behind a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Behind {
    /// The one that the row stands for, where it stands for one.
    pub event: Option<EventId>,
    pub all: Vec<EventId>,
}

/// Makes the matches of a rule's rows, in their total order, and says which row each was. `behind` has one entry
/// a row.
pub fn matches(
    store: &Store,
    look: &RuleLook<'_>,
    columns: &Arc<[Column]>,
    rows: Vec<Vec<Value>>,
    behind: Vec<Behind>,
) -> Result<(Vec<Match>, Vec<usize>), HuntError> {
    let place = |names: &[&str]| names.iter().find_map(|name| columns.iter().position(|column| column.name == *name));
    let device_at = place(DEVICE_COLUMNS);
    let time_at = place(TIME_COLUMNS);
    let key_places: Vec<usize> =
        look.keys.iter().filter_map(|key| columns.iter().position(|column| column.name == *key)).collect();
    let is_keyed = !look.keys.is_empty() && key_places.len() == look.keys.len();

    let mut found = Vec::with_capacity(rows.len());
    for (row, (values, behind)) in rows.into_iter().zip(behind).enumerate() {
        let mut events = behind.all;
        events.sort_unstable();
        events.dedup();
        // The event that the row stands for comes first.
        if let Some(event) = behind.event {
            events.retain(|other| *other != event);
            events.insert(0, event);
        }
        let device = device_at.and_then(|at| values.get(at)).map(plain_text).filter(|device| !device.is_empty());
        let time = time_at.and_then(|at| values.get(at)).and_then(|value| match value {
            Value::Datetime(ticks) => Some(*ticks),
            _ => None,
        });
        let (device, time) = match (device, time) {
            (Some(device), Some(time)) => (device, Some(time)),
            (device, time) => {
                let (event_time, event_device) = origin(store, &events)?;
                (device.or(event_device).unwrap_or_default(), time.or(event_time))
            }
        };
        let subject = if (is_keyed && behind.event.is_none()) || events.is_empty() {
            let places: Vec<usize> = if is_keyed { key_places.clone() } else { (0..values.len()).collect() };
            let parts: Vec<String> = places.iter().filter_map(|at| values.get(*at)).map(plain_text).collect();
            // A list in JSON keeps the parts apart whatever they hold.
            MatchSubject::Key(serde_json::Value::from(parts).to_string())
        } else {
            MatchSubject::Events(behind.event.map_or_else(|| events.clone(), |event| vec![event]))
        };
        let one = Match {
            id: MatchId { rule: look.rule.to_owned(), device, time, subject, ordinal: 0 },
            title: Arc::clone(&look.title),
            severity: look.severity,
            subject: subject_line(columns, &values),
            columns: Arc::clone(columns),
            values: values.into(),
            events,
        };
        found.push((one, row));
    }
    found.sort_by(|(left, _), (right, _)| {
        super::matches::order(left, right).then_with(|| row_text(&left.values).cmp(&row_text(&right.values)))
    });
    let mut seen: HashMap<MatchId, u32> = HashMap::new();
    for (one, _) in &mut found {
        let count = seen.entry(one.id.clone()).or_default();
        one.id.ordinal = *count;
        *count += 1;
    }
    Ok(found.into_iter().unzip())
}

fn row_text(values: &[Value]) -> Vec<String> {
    values.iter().map(plain_text).collect()
}

/// Time and device of the first of the events behind a row.
fn origin(store: &Store, events: &[EventId]) -> Result<(Option<i64>, Option<String>), HuntError> {
    let Some(event) = events.first() else { return Ok((None, None)) };
    let found = store
        .connection()
        .prepare_cached("SELECT time, (SELECT value FROM text WHERE id = computer) FROM event_record WHERE id = ?1")?
        .query_row([event], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// What one sees first of a row: the process and who started it, a key, an address, a path.
pub fn subject_line(columns: &[Column], values: &[Value]) -> String {
    let get = |name: &str| {
        let at = columns.iter().position(|column| column.name == name);
        at.and_then(|at| values.get(at)).map(plain_text).filter(|text| !text.is_empty())
    };
    let actor = get("InitiatingProcessFileName");
    let led = |what: String| match &actor {
        Some(actor) => format!("{actor} → {what}"),
        None => what,
    };
    if let (Some(_), Some(name)) = (get("ProcessCommandLine").or_else(|| get("ProcessId")), get("FileName")) {
        return led(name);
    }
    if let Some(key) = get("RegistryKey") {
        return led(match get("RegistryValueName") {
            Some(value) => format!("{key}\\{value}"),
            None => key,
        });
    }
    if let Some(address) = get("RemoteUrl").or_else(|| get("RemoteIP")) {
        return led(match get("RemotePort") {
            Some(port) => format!("{address}:{port}"),
            None => address,
        });
    }
    if let Some(path) = get("FolderPath").or_else(|| get("FileName")) {
        return led(path);
    }
    if let Some(actor) = actor {
        return actor;
    }
    // The first text that says more than where and of what kind.
    columns
        .iter()
        .zip(values)
        .filter(|(column, _)| !DEVICE_COLUMNS.contains(&column.name.as_str()))
        .find_map(|(_, value)| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
        .unwrap_or_default()
}
