//! Reading what the tree is made of from a store: creations, activities, ends; and a node's own events.
//!
//! Texts are ids into a dictionary in the store, so grouping is done on the ids and only what is shown is decoded.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Row, params_from_iter, types::Value as SqlValue};

use super::build::{Activity, Creation, End, build};
use super::columns::{ACTORS_PARENT, CREATED_PROCESS, Columns, Cursor};
use super::{EventCounts, Forest, NodeId};
use crate::hunt::error::HuntError;
use crate::hunt::matches::EventId;
use crate::sql::Texts;
use crate::store::{PROCESSES, Store};

pub(super) const OTHER_TABLE: &str = "DeviceEvents";
pub(super) const CREATED: &str = "ProcessCreated";
pub(super) const TERMINATED: &str = "ProcessTerminated";

/// A table whose rows are things a process did: where they are counted, and what is shown of one.
struct ActivityTable {
    name: &'static str,
    count: fn(&mut EventCounts) -> &mut u64,
    /// Columns joined by a blank, empty ones left out.
    summary: &'static [&'static str],
}

const ACTIVITY_TABLES: &[ActivityTable] = &[
    ActivityTable { name: "DeviceFileEvents", count: |counts| &mut counts.files, summary: &["FolderPath"] },
    ActivityTable {
        name: "DeviceRegistryEvents",
        count: |counts| &mut counts.registry,
        summary: &["RegistryKey", "RegistryValueName", "RegistryValueData"],
    },
    ActivityTable {
        name: "DeviceNetworkEvents",
        count: |counts| &mut counts.network,
        summary: &["Protocol", "RemoteIP", "RemotePort", "RemoteUrl"],
    },
    ActivityTable { name: "DeviceImageLoadEvents", count: |counts| &mut counts.images, summary: &["FolderPath"] },
    ActivityTable {
        name: "DeviceLogonEvents",
        count: |counts| &mut counts.logons,
        summary: &["LogonType", "AccountDomain", "AccountName", "RemoteIP"],
    },
    ActivityTable { name: OTHER_TABLE, count: |counts| &mut counts.other, summary: &["FolderPath", "FileName"] },
    ActivityTable { name: PROCESSES, count: |counts| &mut counts.other, summary: &["FileName", "ProcessCommandLine"] },
];

/// Something a process did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NodeEvent {
    pub event: EventId,
    pub table: String,
    pub time: Option<i64>,
    pub action: String,
    /// Raw text of the event.
    pub summary: String,
}

/// The forest of a store, or of one device.
pub fn forest(store: &Store, device: Option<&str>) -> Result<Forest, HuntError> {
    let mut activities = Vec::new();
    for table in ACTIVITY_TABLES {
        activities.extend(read_activities(store, table, device)?);
    }
    Ok(build(&read_creations(store, device)?, &activities, &read_ends(store, device)?))
}

/// More devices than this are read in one go.
const FEW_DEVICES: usize = 8;

/// The forest in which some events are: of their devices alone where those are few, so that the chain of one process
/// in an estate of a million does not wait for all the others.
pub fn forest_of(store: &Store, events: &[EventId]) -> Result<Forest, HuntError> {
    let mut devices: BTreeMap<String, String> = BTreeMap::new();
    for event in events {
        if let Some(device) = device_of(store, *event)? {
            devices.entry(device.to_ascii_lowercase()).or_insert(device);
        }
        if devices.len() > FEW_DEVICES {
            return forest(store, None);
        }
    }
    let mut all = Forest::default();
    for device in devices.values() {
        all.append(forest(store, Some(device))?);
    }
    Ok(all)
}

/// The device of an event, as the tables of the tree name it.
pub fn device_of(store: &Store, event: EventId) -> Result<Option<String>, HuntError> {
    let event = store.merged_into(event)?.unwrap_or(event);
    for table in ACTIVITY_TABLES {
        let Some(columns) = Columns::of(store, table.name)? else { continue };
        let sql = format!(
            "SELECT {} FROM {} WHERE {} = ?1",
            columns.shown("DeviceName"),
            columns.layout.from,
            columns.layout.event_id
        );
        let mut statement = store.connection().prepare_cached(&sql)?;
        if let Some(device) = statement.query_row([event], |row| row.get(0)).optional()? {
            return Ok(Some(device));
        }
    }
    Ok(None)
}

/// The names of the devices that have process events, in order.
pub fn devices(store: &Store) -> Result<Vec<String>, HuntError> {
    let Some(columns) = Columns::of(store, PROCESSES)? else { return Ok(Vec::new()) };
    // Names are looked up once each, not for every row.
    let sql = format!(
        "SELECT (SELECT value FROM text WHERE id = d.name) FROM (SELECT DISTINCT {} AS name FROM {}) AS d ORDER BY 1",
        columns.raw("DeviceName"),
        columns.layout.from
    );
    let mut statement = store.connection().prepare(&sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// What the process did, in order of time: the first `limit` events.
pub fn node_events(store: &Store, forest: &Forest, id: NodeId, limit: usize) -> Result<Vec<NodeEvent>, HuntError> {
    let Some(node) = forest.node(id) else { return Ok(Vec::new()) };
    let process = &node.process;
    let mut texts = Texts::new(store.connection());
    let mut events = Vec::new();
    for table in ACTIVITY_TABLES {
        let Some(columns) = Columns::of(store, table.name)? else { continue };
        let summary: Vec<String> =
            table.summary.iter().filter(|name| columns.has(name)).map(|name| columns.shown(name)).collect();
        // By GUID where the process has one; else by pid, and then the forest says which use of the pid it is.
        let (condition, mut parameters) = if process.unique_id.is_empty() {
            (columns.equals("InitiatingProcessId", 2), vec![process.pid.map_or(SqlValue::Null, SqlValue::Integer)])
        } else {
            (columns.is_text("InitiatingProcessUniqueId", 2), vec![SqlValue::Text(process.unique_id.clone())])
        };
        parameters.insert(0, SqlValue::Text(process.device.clone()));
        let sql = format!(
            "SELECT {}, {}, concat_ws(' ', {}), {}, {} FROM {} WHERE {} AND {condition} AND {} ORDER BY 1, {}",
            columns.plain("Timestamp"),
            columns.shown("ActionType"),
            summary.iter().map(|column| format!("nullif({column}, '')")).collect::<Vec<_>>().join(", "),
            columns.layout.event_id,
            columns.actor(),
            columns.layout.from,
            columns.is_text("DeviceName", 1),
            is_activity(&columns, table.name),
            columns.layout.event_id,
        );
        let mut statement = store.connection().prepare(&sql)?;
        let mut rows = statement.query(params_from_iter(parameters))?;
        let mut taken = 0;
        while let Some(row) = rows.next()?
            && taken < limit
        {
            let event = NodeEvent {
                event: row.get(3)?,
                table: table.name.to_owned(),
                time: row.get(0)?,
                action: row.get(1)?,
                summary: row.get(2)?,
            };
            let actor = Cursor { row, texts: &mut texts, next: 4 }.process(&process.device)?;
            let is_own = !actor.unique_id.is_empty() && actor.unique_id == process.unique_id;
            if is_own || forest.find(&actor, event.time) == Some(id) {
                events.push(event);
                taken += 1;
            }
        }
    }
    events.sort_by_key(|event| (event.time.is_none(), event.time, event.event));
    events.truncate(limit);
    Ok(events)
}

/// The node an event belongs to: the process it created, else the one that did it.
pub fn locate(store: &Store, forest: &Forest, event: EventId) -> Result<Option<NodeId>, HuntError> {
    match forest.nodes.iter().find(|node| node.events.contains(&event)) {
        Some(node) => Ok(Some(node.id)),
        None => actor_of(store, forest, event),
    }
}

/// The node of the process that did what an event says.
pub fn actor_of(store: &Store, forest: &Forest, event: EventId) -> Result<Option<NodeId>, HuntError> {
    Ok(activity_behind(store, event)?.and_then(|activity| forest.find(&activity.actor, activity.time)))
}

/// What an event says of the process that did it.
pub(super) fn activity_behind(store: &Store, event: EventId) -> Result<Option<Activity>, HuntError> {
    for table in ACTIVITY_TABLES {
        let Some(columns) = Columns::of(store, table.name)? else { continue };
        let sql = format!(
            "SELECT {}, {}, {}, {} FROM {} WHERE {} = ?1",
            columns.plain("Timestamp"),
            columns.raw("DeviceName"),
            columns.actor(),
            columns.process(&ACTORS_PARENT),
            columns.layout.from,
            columns.layout.event_id
        );
        let found = store
            .connection()
            .prepare_cached(&sql)?
            .query_row([event], |row| {
                let mut texts = Texts::new(store.connection());
                let mut cursor = Cursor { row, texts: &mut texts, next: 1 };
                let device = cursor.text()?;
                let actor = cursor.process(&device)?;
                let parent = Some(cursor.process(&device)?);
                Ok(Activity { time: row.get(0)?, counts: EventCounts::default(), actor, parent })
            })
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Reads creations in the form [`creation_of`] takes; a condition is to follow.
pub(super) fn select_creations(columns: &Columns) -> String {
    format!(
        "SELECT {}, {}, {}, {}, {}, {} FROM {} WHERE {}",
        columns.layout.event_id,
        columns.plain("Timestamp"),
        columns.raw("DeviceName"),
        columns.process(&CREATED_PROCESS),
        columns.actor(),
        columns.process(&ACTORS_PARENT),
        columns.layout.from,
        columns.is_text("ActionType", 1),
    )
}

pub(super) fn creation_of(row: &Row<'_>, texts: &mut Texts<'_>) -> rusqlite::Result<Creation> {
    let mut cursor = Cursor { row, texts, next: 2 };
    let device = cursor.text()?;
    Ok(Creation {
        event: row.get(0)?,
        time: row.get(1)?,
        process: cursor.process(&device)?,
        parent: Some(cursor.process(&device)?),
        grandparent: Some(cursor.process(&device)?),
    })
}

fn read_creations(store: &Store, device: Option<&str>) -> Result<Vec<Creation>, HuntError> {
    let Some(columns) = Columns::of(store, PROCESSES)? else { return Ok(Vec::new()) };
    let sql = format!("{} AND {}", select_creations(&columns), columns.on_device(2, device));
    let mut statement = store.connection().prepare(&sql)?;
    let mut texts = Texts::new(store.connection());
    let rows = statement.query_map(rusqlite::params![CREATED, device], |row| creation_of(row, &mut texts))?;
    with_merged(store, rows.collect::<Result<_, _>>()?)
}

/// Adds the other records of the same creations: a node has them all.
pub(super) fn with_merged(store: &Store, mut creations: Vec<Creation>) -> Result<Vec<Creation>, HuntError> {
    let merged = store.merged_creations()?;
    if !merged.is_empty() {
        let places: HashMap<EventId, usize> =
            (0..).zip(&creations).map(|(at, creation)| (creation.event, at)).collect();
        for (event, into) in merged {
            let Some(known) = places.get(&into).and_then(|at| creations.get(*at)) else { continue };
            creations.push(Creation { event, ..known.clone() });
        }
    }
    Ok(creations)
}

fn read_activities(store: &Store, table: &ActivityTable, device: Option<&str>) -> Result<Vec<Activity>, HuntError> {
    let Some(columns) = Columns::of(store, table.name)? else { return Ok(Vec::new()) };
    // Beside `min` the other columns are those of the row that has it. Without GUID or start time, only the time of
    // each single row can tell which use of a pid is meant.
    let sql = format!(
        "SELECT min({time}), count(*), {}, {}, {} FROM {} WHERE {} AND {} GROUP BY {}, {}, {}, {}, {},
         CASE WHEN {} AND {} IS NULL THEN {} END",
        columns.raw("DeviceName"),
        columns.actor(),
        columns.process(&ACTORS_PARENT),
        columns.layout.from,
        columns.on_device(1, device),
        is_activity(&columns, table.name),
        columns.raw("DeviceName"),
        columns.raw("InitiatingProcessUniqueId"),
        columns.raw("InitiatingProcessId"),
        columns.raw("InitiatingProcessCreationTime"),
        columns.raw("InitiatingProcessFileName"),
        columns.is_empty("InitiatingProcessUniqueId"),
        columns.raw("InitiatingProcessCreationTime"),
        columns.layout.event_id,
        time = columns.plain("Timestamp"),
    );
    let mut statement = store.connection().prepare(&sql)?;
    let mut texts = Texts::new(store.connection());
    let rows = statement.query_map([device], |row| {
        let mut cursor = Cursor { row, texts: &mut texts, next: 2 };
        let device = cursor.text()?;
        let mut counts = EventCounts::default();
        *(table.count)(&mut counts) = row.get::<_, i64>(1)?.unsigned_abs();
        Ok(Activity {
            time: row.get(0)?,
            counts,
            actor: cursor.process(&device)?,
            parent: Some(cursor.process(&device)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Leaves out the rows that are a process's beginning or end rather than something it did.
fn is_activity(columns: &Columns, table: &str) -> String {
    match table {
        PROCESSES => columns.is_not("ActionType", CREATED),
        OTHER_TABLE => columns.is_not("ActionType", TERMINATED),
        _ => "TRUE".to_owned(),
    }
}

/// Reads ends in the form [`end_of`] takes; a condition is to follow.
pub(super) fn select_ends(columns: &Columns) -> String {
    let time = columns.plain("Timestamp");
    format!(
        "SELECT {time}, {}, {} FROM {} WHERE {} AND {time} IS NOT NULL",
        columns.raw("DeviceName"),
        columns.actor(),
        columns.layout.from,
        columns.is_text("ActionType", 1),
    )
}

pub(super) fn end_of(row: &Row<'_>, texts: &mut Texts<'_>) -> rusqlite::Result<End> {
    let mut cursor = Cursor { row, texts, next: 1 };
    let device = cursor.text()?;
    Ok(End { time: row.get(0)?, process: cursor.process(&device)? })
}

fn read_ends(store: &Store, device: Option<&str>) -> Result<Vec<End>, HuntError> {
    let Some(columns) = Columns::of(store, OTHER_TABLE)? else { return Ok(Vec::new()) };
    let device_is = columns.on_device(2, device);
    let sql = format!("{} AND {device_is} ORDER BY {}", select_ends(&columns), columns.layout.event_id);
    let mut statement = store.connection().prepare(&sql)?;
    let mut texts = Texts::new(store.connection());
    let rows = statement.query_map(rusqlite::params![TERMINATED, device], |row| end_of(row, &mut texts))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
