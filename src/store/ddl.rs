//! The SQL that makes an empty store: tables, indexes, readable views.
//!
//! Indexes were chosen by what the shipped rules and the process tree look up; each one costs an insert about as much
//! as ten columns do.

use crate::schema::{Column, ScalarType, Schema, TableSchema};
use crate::sql::layout::{
    FILE_PROFILE, HOLDS_NUL, IS_RAW, Storage, is_inline, layout, physical_column, quote_identifier, raw_bit, rows_table,
};
use crate::sql::terms;

/// Marks the file as ours: "whip" in the header's application id.
pub const APPLICATION_ID: i64 = 0x7768_6970;
/// Raised whenever a table or its meaning changes. In version 1 every table was there from the start, and fewer fields
/// told records apart.
pub const VERSION: i64 = 2;
/// The oldest version that is still read, and whose exclusions and saved state are written; it takes no more events.
pub const OLDEST: i64 = 1;

const RECORDS: &str = "event_record";
/// The table of process creations, which events are joined to.
pub const PROCESSES: &str = "DeviceProcessEvents";

/// What every store has besides the event tables.
const BASE: &str = "
CREATE TABLE text(id INTEGER PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO text(id, value) VALUES (0, '');

CREATE TABLE source(
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  kind TEXT NOT NULL,
  records INTEGER NOT NULL DEFAULT 0,
  stored INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0,
  UNIQUE(path, sha256)
);
CREATE TABLE rejection(
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  place TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE TABLE record_block(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE event_record(
  id INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  record INTEGER NOT NULL,
  time INTEGER,
  channel INTEGER NOT NULL DEFAULT 0,
  provider INTEGER NOT NULL DEFAULT 0,
  event_id INTEGER,
  level INTEGER,
  computer INTEGER NOT NULL DEFAULT 0,
  raw INTEGER NOT NULL DEFAULT 0,
  block INTEGER NOT NULL,
  position INTEGER NOT NULL,
  identity BLOB NOT NULL
);

CREATE TABLE custom_table(name TEXT PRIMARY KEY, columns TEXT NOT NULL);
-- What a source tells of accounts goes with it.
CREATE TABLE account(
  source INTEGER NOT NULL,
  host INTEGER NOT NULL,
  domain TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL COLLATE NOCASE,
  sid TEXT NOT NULL,
  PRIMARY KEY(source, host, domain, name)
) WITHOUT ROWID;
CREATE TABLE state(key TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE exclusion(
  id INTEGER PRIMARY KEY,
  scope_rule TEXT,
  condition_kql TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1,
  created INTEGER NOT NULL
);
";

/// Finds texts. A first import makes it when it has more of them than it remembers.
pub const TEXT_INDEX: &str = "CREATE INDEX IF NOT EXISTS text_value ON text(value COLLATE NOCASE);\n";

/// Finds records that are there already. A first import makes it when it has more of them than it remembers, else the
/// next import: no question is answered by it.
pub const IDENTITY_INDEX: &str = "CREATE UNIQUE INDEX IF NOT EXISTS event_identity ON event_record(identity);\n";

/// Indexes that are not needed to insert, so a first import makes them at its end.
const INDEXES: &[(&str, &str, &str)] = &[
    ("event_time", RECORDS, "time"),
    ("process_file", "DeviceProcessEvents", "FileName"),
    // What is searched most: a needle that few texts hold leads to their rows without reading the others.
    ("process_command_line", "DeviceProcessEvents", "ProcessCommandLine"),
    // Looked up by indicator lists, and grouped by to count devices: read in this order, no sorting is needed.
    ("process_hash", "DeviceProcessEvents", "SHA1, DeviceId"),
    ("process_parent_file", "DeviceProcessEvents", "InitiatingProcessFileName"),
    ("process_grandparent_file", "DeviceProcessEvents", "InitiatingProcessParentFileName"),
    ("process_unique", "DeviceProcessEvents", "ProcessUniqueId"),
    ("process_parent_unique", "DeviceProcessEvents", "InitiatingProcessUniqueId"),
    // The device does not come first: a store of one host has one, and a join of it and a column that no index has would
    // read all processes for each.
    ("process_number", "DeviceProcessEvents", "ProcessId, DeviceId, ProcessCreationTime"),
    ("file_actor", "DeviceFileEvents", "InitiatingProcessFileName"),
    ("registry_actor", "DeviceRegistryEvents", "InitiatingProcessFileName"),
    ("network_actor", "DeviceNetworkEvents", "InitiatingProcessFileName"),
    ("image_actor", "DeviceImageLoadEvents", "InitiatingProcessFileName"),
    ("device_event_action", "DeviceEvents", "ActionType"),
    // The newest first, a range of time, a replay's window.
    ("process_time", "DeviceProcessEvents", "Timestamp"),
    ("file_time", "DeviceFileEvents", "Timestamp"),
    ("registry_time", "DeviceRegistryEvents", "Timestamp"),
    ("network_time", "DeviceNetworkEvents", "Timestamp"),
    ("image_time", "DeviceImageLoadEvents", "Timestamp"),
    ("logon_time", "DeviceLogonEvents", "Timestamp"),
    ("device_event_time", "DeviceEvents", "Timestamp"),
];

/// Brings a store up to date that was made when it was not kept which source told a SID.
pub const ACCOUNTS_UPDATE: &str = "
ALTER TABLE account RENAME TO account_before;
CREATE TABLE account(source INTEGER NOT NULL, host INTEGER NOT NULL, domain TEXT NOT NULL COLLATE NOCASE,
  name TEXT NOT NULL COLLATE NOCASE, sid TEXT NOT NULL, PRIMARY KEY(source, host, domain, name)) WITHOUT ROWID;
INSERT INTO account SELECT 0, host, domain, name, sid FROM account_before;
DROP TABLE account_before;
";

/// Everything an empty store needs, indexes excepted. SQLite reads all definitions whenever a store is opened, so a table
/// is made with its first row; only that of the processes, which events are joined to, is always there.
pub fn create(schema: &Schema) -> String {
    let processes = schema.table(PROCESSES).map(create_table).unwrap_or_default();
    format!(
        "{BASE}{}{processes}PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};",
        terms::TABLES
    )
}

/// The physical table of one KQL table; the raw tables have none.
pub fn create_table(table: &TableSchema) -> String {
    if raw_bit(&table.name).is_some() {
        return String::new();
    }
    if table.name == FILE_PROFILE {
        return file_profile(table);
    }
    let columns: String = table.columns.iter().map(|column| format!(", {}", column_definition(column))).collect();
    let name = quote_identifier(&rows_table(&table.name));
    // `actor` is the event that created the initiating process, `filled` the columns that were taken from it: a bit
    // each, in the order of `ACTOR_COLUMNS`. Queries do not see them; the process tree does.
    let lineage = if has_actor(table) { ", actor INTEGER, filled INTEGER NOT NULL DEFAULT 0" } else { "" };
    format!("CREATE TABLE IF NOT EXISTS {name}(id INTEGER PRIMARY KEY{columns}{lineage});\n")
}

/// Whether the rows of a table have an initiating process.
pub fn has_actor(table: &TableSchema) -> bool {
    table.column("InitiatingProcessId").is_some() && table.name.starts_with("Device")
}

/// The columns of an initiating process, and the columns of its own creation event they are taken from.
pub const ACTOR_COLUMNS: [(&str, &str); 26] = [
    ("InitiatingProcessSHA1", "SHA1"),
    ("InitiatingProcessSHA256", "SHA256"),
    ("InitiatingProcessMD5", "MD5"),
    ("InitiatingProcessFileSize", "FileSize"),
    ("InitiatingProcessVersionInfoCompanyName", "ProcessVersionInfoCompanyName"),
    ("InitiatingProcessVersionInfoProductName", "ProcessVersionInfoProductName"),
    ("InitiatingProcessVersionInfoProductVersion", "ProcessVersionInfoProductVersion"),
    ("InitiatingProcessVersionInfoInternalFileName", "ProcessVersionInfoInternalFileName"),
    ("InitiatingProcessVersionInfoOriginalFileName", "ProcessVersionInfoOriginalFileName"),
    ("InitiatingProcessVersionInfoFileDescription", "ProcessVersionInfoFileDescription"),
    ("InitiatingProcessCommandLine", "ProcessCommandLine"),
    ("InitiatingProcessCreationTime", "ProcessCreationTime"),
    ("InitiatingProcessFolderPath", "FolderPath"),
    ("InitiatingProcessFileName", "FileName"),
    ("InitiatingProcessIntegrityLevel", "ProcessIntegrityLevel"),
    ("InitiatingProcessTokenElevation", "ProcessTokenElevation"),
    ("InitiatingProcessLogonId", "LogonId"),
    ("InitiatingProcessSessionId", "CreatedProcessSessionId"),
    ("InitiatingProcessAccountDomain", "AccountDomain"),
    ("InitiatingProcessAccountName", "AccountName"),
    ("InitiatingProcessAccountSid", "AccountSid"),
    ("InitiatingProcessParentId", "InitiatingProcessId"),
    ("InitiatingProcessParentFileName", "InitiatingProcessFileName"),
    ("InitiatingProcessParentCreationTime", "InitiatingProcessCreationTime"),
    ("InitiatingProcessUniqueId", "ProcessUniqueId"),
    ("InitiatingProcessId", "ProcessId"),
];

pub fn column_definition(column: &Column) -> String {
    let definition = match column.scalar_type {
        ScalarType::String if is_inline(&column.name) => "TEXT NOT NULL",
        ScalarType::String => "INTEGER NOT NULL",
        ScalarType::Bool | ScalarType::Int | ScalarType::Long | ScalarType::Datetime | ScalarType::Timespan => {
            "INTEGER"
        }
        ScalarType::Real => "REAL",
        ScalarType::Decimal | ScalarType::Dynamic | ScalarType::Guid => "TEXT",
    };
    format!("{} {definition}", quote_identifier(&physical_column(&column.name)))
}

/// What stands in a column of text that nothing is said of; any other is null. No default of the column: SQLite reads all
/// of them whenever a store is opened.
pub fn nothing_said(column: &Column) -> Option<&'static str> {
    match column.scalar_type {
        ScalarType::String if is_inline(&column.name) => Some("''"),
        ScalarType::String => Some("0"),
        _ => None,
    }
}

/// Inserts a row of a table that says something in these physical columns, a parameter each in their order.
pub fn insert_row(table: &TableSchema, columns: &[impl AsRef<str>]) -> String {
    let given = columns.iter().zip(1..).map(|(name, number)| (name.as_ref().to_owned(), format!("?{number}")));
    let is_given = |name: &str| columns.iter().any(|given| given.as_ref() == name);
    let others = table.columns.iter().filter_map(|column| {
        let name = physical_column(&column.name);
        let nothing = nothing_said(column).filter(|_| !is_given(&name))?;
        Some((name, nothing.to_owned()))
    });
    let (names, values): (Vec<String>, Vec<String>) =
        given.chain(others).map(|(name, value)| (quote_identifier(&name), value)).unzip();
    format!(
        "INSERT INTO {}({}) VALUES ({})",
        quote_identifier(&rows_table(&table.name)),
        names.join(", "),
        values.join(", ")
    )
}

/// The view of a table that any SQLite client can read. SQLite reads every definition whenever a store is opened, so
/// only tables with rows are given one.
pub fn create_view(table: &TableSchema) -> String {
    let select = if raw_bit(&table.name).is_some() { readable_raw(&table.name) } else { readable(table) };
    format!("CREATE VIEW IF NOT EXISTS {} AS {select};\n", quote_identifier(&table.name))
}

/// The rows of a table with texts decoded and times in ISO 8601.
pub fn readable(table: &TableSchema) -> String {
    let layout = layout(table);
    let columns: Vec<String> = layout
        .columns
        .iter()
        .map(|column| {
            let shown = match (&column.storage, column.scalar_type) {
                (Storage::Dictionary(id), _) => format!("(SELECT value FROM text WHERE id = {id})"),
                (Storage::Plain(value), ScalarType::Datetime) => iso_time(value),
                (Storage::Plain(value), _) => value.clone(),
            };
            format!("{shown} AS {}", quote_identifier(&physical_column(&column.name)))
        })
        .collect();
    format!("SELECT t.id AS id, {} FROM {}", columns.join(", "), layout.from)
}

/// The raw tables as other clients can read them: without what only `record_column` decodes.
fn readable_raw(name: &str) -> String {
    let bit = raw_bit(name).unwrap_or_default();
    format!(
        "SELECT t.id AS id, {time} AS TimeGenerated,
           (SELECT value FROM text WHERE id = t.channel) AS Channel,
           (SELECT value FROM text WHERE id = t.provider) AS Provider,
           t.event_id AS EventID, t.level AS Level,
           (SELECT value FROM text WHERE id = t.computer) AS Computer,
           t.record AS EventRecordId
         FROM event_record AS t WHERE t.raw & {bit}",
        time = iso_time("t.time")
    )
}

fn iso_time(ticks: &str) -> String {
    format!(
        "strftime('%Y-%m-%dT%H:%M:%S', ({ticks} - 621355968000000000) / 10000000, 'unixepoch') \
         || printf('.%07dZ', {ticks} % 10000000)"
    )
}

fn file_profile(table: &TableSchema) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            let definition = match column.scalar_type {
                ScalarType::String => "TEXT NOT NULL DEFAULT '' COLLATE NOCASE",
                _ => "INTEGER",
            };
            format!("{} {definition}", quote_identifier(&column.name))
        })
        .collect();
    format!(
        "CREATE TABLE IF NOT EXISTS file_profile({});
         CREATE INDEX IF NOT EXISTS file_profile_sha1 ON file_profile(SHA1);
         CREATE INDEX IF NOT EXISTS file_profile_sha256 ON file_profile(SHA256);
         CREATE INDEX IF NOT EXISTS file_profile_md5 ON file_profile(MD5);\n",
        columns.join(", ")
    )
}

/// Gathers what the planner goes by. A sample says enough of which values are rare; how many rows a range of time has
/// takes a whole index of times, without which ranges that hold most of a table would go through it.
///
/// Queries compare ids of texts with what a sub-select finds, never with a constant, so samples of single values help
/// for times alone; whoever opens the store reads them all.
pub fn analyze(tables: &[&TableSchema]) -> String {
    let is_time = |columns: &str| matches!(columns, "Timestamp" | "time");
    let times: Vec<&str> = indexes(tables).filter(|(.., columns)| is_time(columns)).map(|(name, ..)| *name).collect();
    let names: Vec<String> = times.iter().map(|name| format!("'{name}'")).collect();
    let whole: String =
        times.iter().filter(|name| **name != "event_time").map(|name| format!("ANALYZE {name};\n")).collect();
    format!(
        "PRAGMA analysis_limit = 400;\nANALYZE;\nPRAGMA analysis_limit = 0;\n{whole}\
         DELETE FROM sqlite_stat4 WHERE idx NOT IN ({});\n",
        names.join(", ")
    )
}

/// The indexes of these tables, and of the records.
fn indexes<'t>(
    tables: &'t [&TableSchema],
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> + 't {
    let is_there = |table: &str| table == RECORDS || tables.iter().any(|there| there.name == table);
    INDEXES.iter().filter(move |(_, table, _)| is_there(table))
}

/// Makes the indexes that questions of these tables are answered by, where they are missing.
pub fn create_indexes(tables: &[&TableSchema]) -> String {
    let partial = format!(
        "CREATE INDEX IF NOT EXISTS text_nul ON text(id) WHERE {HOLDS_NUL};
         -- It stands for both, which older stores have.
         DROP INDEX IF EXISTS event_raw;
         DROP INDEX IF EXISTS event_kind;
         -- process_number with the device first.
         DROP INDEX IF EXISTS process_pid;
         CREATE INDEX IF NOT EXISTS event_number ON event_record(event_id, channel, raw) WHERE {IS_RAW};\n"
    );
    let others: String = indexes(tables)
        .map(|(name, table, columns)| {
            let table = if *table == RECORDS { (*table).to_owned() } else { rows_table(table) };
            format!("CREATE INDEX IF NOT EXISTS {name} ON {}({columns});\n", quote_identifier(&table))
        })
        .collect();
    [TEXT_INDEX, &partial, &others].concat()
}
