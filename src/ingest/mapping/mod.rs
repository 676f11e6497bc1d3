//! Windows events to Defender tables, as data: `assets/mapping/windows-events.json`.
//!
//! One entry names a provider, its event ids, a table, an ActionType, and an expression for each column. To map one
//! more event is to add one more entry. The first entry whose `when` holds wins, and entries
//! marked `also` make rows beside its row; an event without an entry is still in the raw tables.

mod derive;
mod expression;
mod sql_server;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde::Deserialize;

pub use expression::{Derived, Expression};

use super::batch::RowTemplate;
use crate::schema::{ScalarType, Schema};
use crate::store::event_xml::EventXml;

const TABLE: &str = include_str!("../../../assets/mapping/windows-events.json");

/// The columns every mapped row has, in the order the normaliser fills them.
pub const COMMON: [&str; 7] =
    ["Timestamp", "TimeGenerated", "DeviceId", "DeviceName", "ActionType", "ReportId", "Type"];

#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("the mapping table is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{table}.{column} of event {id}: {reason}")]
    Entry { id: i64, table: String, column: String, reason: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    groups: BTreeMap<String, BTreeMap<String, String>>,
    events: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    provider: String,
    ids: Vec<i64>,
    table: String,
    action: String,
    /// This entry makes a row beside that of the first entry that applies.
    #[serde(default)]
    also: bool,
    /// When it happened, if the event says it itself.
    time: Option<String>,
    /// Fields and the values they have to have; `*` is any.
    #[serde(default)]
    when: BTreeMap<String, String>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    additional: serde_json::Map<String, serde_json::Value>,
}

/// One entry, ready to be applied.
#[derive(Debug)]
pub struct Entry {
    pub template: Arc<RowTemplate>,
    pub action: String,
    /// Which of the common columns the table has.
    pub common: [bool; COMMON.len()],
    pub time: Option<Expression>,
    also: bool,
    when: Vec<(String, String)>,
    /// In the order of the template's columns after the common ones.
    pub columns: Vec<(ScalarType, Expression)>,
    /// Names and values of `AdditionalFields`, its column being the template's last; empty if there is none.
    pub additional: Vec<(String, Expression)>,
}

impl Entry {
    fn applies(&self, event: &EventXml<'_>) -> bool {
        self.when.iter().all(|(field, wanted)| {
            event.field(field).is_some_and(|value| match wanted.as_str() {
                "*" => !value.is_empty(),
                // Readers write a boolean as `true` or `True`.
                wanted => value.eq_ignore_ascii_case(wanted),
            })
        })
    }
}

/// The whole table.
#[derive(Debug)]
pub struct Mapping {
    /// By provider, then by event id.
    entries: HashMap<String, HashMap<i64, Vec<Rc<Entry>>>>,
}

impl Mapping {
    /// The table that comes with the program.
    pub fn built_in(schema: &Schema) -> Result<Self, MappingError> {
        Self::from_json(TABLE, schema)
    }

    fn from_json(text: &str, schema: &Schema) -> Result<Self, MappingError> {
        let raw: RawTable = serde_json::from_str(text)?;
        let mut entries: HashMap<String, HashMap<i64, Vec<Rc<Entry>>>> = HashMap::new();
        for entry in &raw.events {
            let compiled = Rc::new(compile(entry, &raw.groups, schema)?);
            let of_provider = entries.entry(entry.provider.clone()).or_default();
            for id in &entry.ids {
                of_provider.entry(*id).or_default().push(compiled.clone());
            }
        }
        Ok(Self { entries })
    }

    /// The entries for an event: the first that applies, and those that apply as well.
    pub fn entries<'m>(&'m self, event: &'m EventXml<'_>, event_id: i64) -> impl Iterator<Item = &'m Entry> {
        let provider = match event.provider.as_ref() {
            // An SQL Server instance is its own provider: MSSQLSERVER, MSSQL$NAME.
            instance if instance.starts_with("MSSQL") => "MSSQL*",
            // Version 6 and later, with the same events.
            "PowerShellCore" => "Microsoft-Windows-PowerShell",
            provider => provider,
        };
        let entries = self.entries.get(provider).and_then(|of_provider| of_provider.get(&event_id));
        let mut found = false;
        entries.into_iter().flatten().map(Rc::as_ref).filter(move |entry| {
            let wanted = (entry.also || !found) && entry.applies(event);
            found |= wanted && !entry.also;
            wanted
        })
    }
}

fn compile(
    raw: &RawEntry,
    groups: &BTreeMap<String, BTreeMap<String, String>>,
    schema: &Schema,
) -> Result<Entry, MappingError> {
    let id = raw.ids.first().copied().unwrap_or_default();
    let wrong = |column: &str, reason: String| MappingError::Entry {
        id,
        table: raw.table.clone(),
        column: column.to_owned(),
        reason,
    };
    let table = schema.table(&raw.table).ok_or_else(|| wrong("", "there is no such table".to_owned()))?;
    let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
    for group in &raw.include {
        let group = groups.get(group).ok_or_else(|| wrong(group, "there is no such group".to_owned()))?;
        sources.extend(group.iter().map(|(column, text)| (column.as_str(), text.as_str())));
    }
    sources.extend(raw.columns.iter().map(|(column, text)| (column.as_str(), text.as_str())));

    let common = COMMON.map(|name| table.column(name).is_some());
    let mut names: Vec<String> =
        COMMON.iter().zip(common).filter(|(_, has)| *has).map(|(name, _)| (*name).to_owned()).collect();
    let mut columns = Vec::new();
    for (column, text) in sources {
        let known = table.column(column).ok_or_else(|| wrong(column, "there is no such column".to_owned()))?;
        let expression = Expression::parse(text).map_err(|reason| wrong(column, reason))?;
        names.push(column.to_owned());
        columns.push((known.scalar_type, expression));
    }
    let mut additional = Vec::new();
    for (name, value) in &raw.additional {
        let expression = match value {
            serde_json::Value::Bool(true) => Expression::True,
            serde_json::Value::String(text) => Expression::parse(text).map_err(|reason| wrong(name, reason))?,
            _ => return Err(wrong(name, "an expression is a string, or true".to_owned())),
        };
        additional.push((name.clone(), expression));
    }
    if !additional.is_empty() {
        if table.column("AdditionalFields").is_none() {
            return Err(wrong("AdditionalFields", "the table has no such column".to_owned()));
        }
        names.push("AdditionalFields".to_owned());
    }
    Ok(Entry {
        template: RowTemplate::new(&raw.table, names),
        action: raw.action.clone(),
        common,
        time: raw.time.as_deref().map(Expression::parse).transpose().map_err(|reason| wrong("time", reason))?,
        also: raw.also,
        when: raw.when.iter().map(|(field, value)| (field.clone(), value.clone())).collect(),
        columns,
        additional,
    })
}
