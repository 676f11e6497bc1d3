//! Which events a rule reads: its tables with the ActionTypes and event ids it asks for, and the events of other
//! providers that mean the same.

use std::collections::BTreeSet;

use serde::Serialize;

use super::pipeline::{RulePipeline, Section, SectionKind};
use super::predicates::{Kind, Predicate, Reader};

/// One row of the event coverage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EventRow {
    pub provider: String,
    /// `Event ID 1`, `ProcessCreated`, `any`.
    pub event: String,
    pub title: String,
}

const SYSMON: &str = "Sysmon";
const SECURITY: &str = "Security-Auditing";
const SQL_SERVER: &str = "MSSQLSERVER";

/// What the same happening is called elsewhere: table, ActionType (`any` for no constraint), provider, event id. The
/// first block is what public catalogs hold equal, the second what the importer of this program makes rows from.
const BRIDGES: &[(&str, &str, &str, u32)] = &[
    ("DeviceProcessEvents", "any", SYSMON, 1),
    ("DeviceProcessEvents", "any", SECURITY, 4688),
    ("DeviceProcessEvents", "ProcessCreated", SYSMON, 1),
    ("DeviceProcessEvents", "ProcessCreated", SECURITY, 4688),
    ("DeviceFileEvents", "FileCreated", SYSMON, 11),
    ("DeviceFileEvents", "FileCreated", SECURITY, 4663),
    ("DeviceNetworkEvents", "ConnectionSuccess", SYSMON, 3),
    ("DeviceNetworkEvents", "ConnectionSuccess", SECURITY, 5156),
    ("DeviceEvents", "NamedPipeEvent", SYSMON, 17),
    ("DeviceEvents", "NamedPipeEvent", SYSMON, 18),
    ("DeviceFileEvents", "FileModified", SYSMON, 2),
    ("DeviceRegistryEvents", "any", SYSMON, 12),
    ("DeviceRegistryEvents", "any", SYSMON, 13),
    ("DeviceRegistryEvents", "any", SYSMON, 14),
    ("DeviceRegistryEvents", "RegistryKeyCreated", SYSMON, 12),
    ("DeviceRegistryEvents", "RegistryKeyDeleted", SYSMON, 12),
    ("DeviceRegistryEvents", "RegistryValueDeleted", SYSMON, 12),
    ("DeviceRegistryEvents", "RegistryValueSet", SYSMON, 13),
    ("DeviceRegistryEvents", "RegistryKeyRenamed", SYSMON, 14),
    ("DeviceImageLoadEvents", "any", SYSMON, 7),
    ("DeviceImageLoadEvents", "ImageLoaded", SYSMON, 7),
    ("DeviceLogonEvents", "LogonSuccess", SECURITY, 4624),
    ("DeviceLogonEvents", "LogonFailed", SQL_SERVER, 18456),
    ("DeviceEvents", "SqlConfigurationChanged", SQL_SERVER, 15457),
];

const TITLES: &[(&str, u32, &str)] = &[
    (SYSMON, 1, "Process creation"),
    (SYSMON, 2, "A process changed a file creation time"),
    (SYSMON, 3, "Network connection"),
    (SYSMON, 7, "Image loaded"),
    (SYSMON, 11, "File created"),
    (SYSMON, 12, "Registry key or value created or deleted"),
    (SYSMON, 13, "Registry value set"),
    (SYSMON, 14, "Registry key or value renamed"),
    (SYSMON, 17, "Pipe created"),
    (SYSMON, 18, "Pipe connected"),
    (SECURITY, 4624, "An account was successfully logged on."),
    (SECURITY, 4663, "An attempt was made to access an object."),
    (SECURITY, 4688, "A new process has been created."),
    (SECURITY, 5156, "The Windows Filtering Platform has permitted a connection."),
    (SQL_SERVER, 15457, "Configuration option changed"),
    (SQL_SERVER, 18456, "Login failed"),
];

/// The tables a section starts from and what it asks of their rows.
#[derive(Debug, Default, Clone)]
struct Asked {
    tables: Vec<String>,
    actions: BTreeSet<String>,
    event_ids: BTreeSet<String>,
}

/// The events a rule reads.
pub fn events(pipeline: &RulePipeline, reader: &Reader<'_>) -> Vec<EventRow> {
    let mut asked: Vec<(Option<String>, Asked)> = Vec::new();
    let mut outer = Asked::default();
    for section in pipeline.sections() {
        let found = asked_of(section, pipeline, reader);
        match &section.kind {
            SectionKind::Outer { .. } => {
                // What the outer pipeline asks narrows the sections before it; its own tables (a plain leg of the
                // union, a join's right side) are read as well.
                outer.actions.extend(found.actions.clone());
                outer.event_ids.extend(found.event_ids.clone());
                asked.push((None, found));
            }
            _ => asked.push((section.binding().map(str::to_owned), found)),
        }
    }
    let mut rows = BTreeSet::new();
    for (_, found) in &asked {
        let actions = if found.actions.is_empty() { &outer.actions } else { &found.actions };
        let ids = if found.event_ids.is_empty() { &outer.event_ids } else { &found.event_ids };
        for table in &found.tables {
            add_rows(table, actions, ids, &mut rows);
        }
    }
    let mut rows: Vec<EventRow> = rows.into_iter().map(|(_, _, row)| row).collect();
    rows.dedup();
    rows
}

/// The tables a rule reads, in order of first use.
pub fn tables(pipeline: &RulePipeline) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for section in pipeline.sections() {
        for table in section_tables(section, pipeline) {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
    }
    tables
}

fn section_tables(section: &Section, pipeline: &RulePipeline) -> Vec<String> {
    section.sources.iter().filter(|name| pipeline.binding(name).is_none()).cloned().collect()
}

fn asked_of(section: &Section, pipeline: &RulePipeline, reader: &Reader<'_>) -> Asked {
    let mut asked = Asked { tables: section_tables(section, pipeline), ..Asked::default() };
    for unit in section.stages.iter().flat_map(|stage| &stage.units) {
        constrain(&reader.read(&unit.expression), &mut asked);
    }
    asked
}

/// Takes in what a positive conjunct asks of ActionType and EventID; a disjunction counts where all its parts do.
fn constrain(predicate: &Predicate, asked: &mut Asked) {
    match predicate {
        Predicate::Leaf(leaf) if !leaf.negative && matches!(leaf.kind, Kind::Eq | Kind::In) => {
            let values = leaf.values.iter().filter(|value| value.resolved).map(|value| value.text.clone());
            match leaf.field.as_str() {
                "ActionType" => asked.actions.extend(values),
                "EventID" => asked.event_ids.extend(values),
                _ => {}
            }
        }
        Predicate::And(parts) => parts.iter().for_each(|part| constrain(part, asked)),
        Predicate::Or(parts) => {
            let each: Vec<Asked> = parts
                .iter()
                .map(|part| {
                    let mut found = Asked::default();
                    constrain(part, &mut found);
                    found
                })
                .collect();
            if each.iter().all(|found| !found.actions.is_empty()) {
                asked.actions.extend(each.iter().flat_map(|found| found.actions.clone()));
            }
            if each.iter().all(|found| !found.event_ids.is_empty()) {
                asked.event_ids.extend(each.iter().flat_map(|found| found.event_ids.clone()));
            }
        }
        Predicate::Leaf(_) | Predicate::Not(_) | Predicate::Opaque(_) => {}
    }
}

type Ordered = (u8, u32, EventRow);

fn add_rows(table: &str, actions: &BTreeSet<String>, ids: &BTreeSet<String>, rows: &mut BTreeSet<Ordered>) {
    if let Some(provider) = raw_provider(table) {
        let ids: Vec<&str> = if ids.is_empty() { vec!["any"] } else { ids.iter().map(String::as_str).collect() };
        for id in ids {
            match id.parse::<u32>() {
                Ok(id) => {
                    rows.insert(event_row(provider, id));
                }
                Err(_) => {
                    rows.insert(other(provider, "any", "Any event"));
                }
            }
        }
        return;
    }
    if !table.starts_with("Device") {
        rows.insert(other(table, "any", "Any row"));
        return;
    }
    let provider = format!("Defender-{table}");
    let wanted: Vec<&str> = if actions.is_empty() { vec!["any"] } else { actions.iter().map(String::as_str).collect() };
    for action in wanted {
        let title = if action == "any" { any_title(table) } else { sentence(action) };
        rows.insert((3, 0, EventRow { provider: provider.clone(), event: action.to_owned(), title }));
        for (_, _, provider, id) in BRIDGES.iter().filter(|(from, of, _, _)| *from == table && *of == action) {
            rows.insert(event_row(provider, *id));
        }
    }
}

fn raw_provider(table: &str) -> Option<&'static str> {
    match table {
        "SecurityEvent" => Some(SECURITY),
        "Event" => Some("Windows event log"),
        "WindowsEvent" => Some("Windows event log (forwarded)"),
        _ => None,
    }
}

fn event_row(provider: &str, id: u32) -> Ordered {
    let order = match provider {
        SYSMON => 0,
        SECURITY => 1,
        _ => 2,
    };
    let title = TITLES.iter().find(|(known, number, _)| *known == provider && *number == id);
    let title = title.map_or_else(String::new, |(_, _, title)| (*title).to_owned());
    (order, id, EventRow { provider: provider.to_owned(), event: format!("Event ID {id}"), title })
}

fn other(provider: &str, event: &str, title: &str) -> Ordered {
    (2, 0, EventRow { provider: provider.to_owned(), event: event.to_owned(), title: title.to_owned() })
}

/// `DeviceProcessEvents` is `Process activity (any)`.
fn any_title(table: &str) -> String {
    let middle = table.strip_prefix("Device").and_then(|rest| rest.strip_suffix("Events")).unwrap_or("");
    if middle.is_empty() { "Device activity (any)".to_owned() } else { format!("{} activity (any)", sentence(middle)) }
}

/// `RegistryValueSet` is `Registry value set`.
fn sentence(name: &str) -> String {
    let mut text = String::new();
    let mut previous = ' ';
    for character in name.chars() {
        if character.is_uppercase() && previous.is_lowercase() {
            text.push(' ');
            text.extend(character.to_lowercase());
        } else {
            text.push(character);
        }
        previous = character;
    }
    text
}
