//! How tables lie in SQLite: the one place that both the writer of the store and the compiler read.
//!
//! Text repeats in event logs, so the physical tables hold ids into one `text` dictionary
//! (`text(id INTEGER PRIMARY KEY, value TEXT NOT NULL)`; id 0 is the empty string, which is also the default of
//! every string column, as KQL strings are never null). Other columns hold their values:
//! bool 0/1, int/long INTEGER, real REAL, datetime/timespan INTEGER ticks of 100 ns, dynamic compact JSON text,
//! guid lower-case text, decimal canonical digits.
//!
//! The rowid of a physical table, `id`, is the id of the event the row was made from. `AdditionalFields` is nearly
//! unique in every row, so it stands in the row itself and not in the dictionary.
//!
//! The raw tables (`Event`, `SecurityEvent`, `WindowsEvent`) have no rows of their own: they read `event_record`, and what is
//! not a real column there is decoded from the stored record by the SQL function `record_column`, which `store`
//! registers. Ask [`layout`] for any table; it knows which kind it is.

use crate::schema::{ScalarType, TableSchema};

/// The table that answers `FileProfile()`, under the name the schema gives it.
pub const FILE_PROFILE: &str = "FileProfile()";

/// The condition for a text of the dictionary that holds a NUL. The store keeps an index of such texts, which is empty
/// as a rule; queries must write the condition as it stands here to be answered from it.
pub const HOLDS_NUL: &str = "instr(value, char(0)) > 0";

/// How a column is read from its physical table, whose alias is `t`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// The expression yields the value.
    Plain(String),
    /// The expression yields an id into `text`.
    Dictionary(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLayout {
    pub name: String,
    pub scalar_type: ScalarType,
    pub storage: Storage,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    pub name: String,
    /// What stands after FROM, alias `t` included.
    pub from: String,
    /// The expression that yields the event id.
    pub event_id: String,
    pub columns: Vec<ColumnLayout>,
}

/// The physical table behind a KQL table.
pub fn rows_table(table: &str) -> String {
    format!("rows_{table}")
}

/// The physical table of any table that has rows of its own.
pub fn physical_table(table: &str) -> String {
    if table == FILE_PROFILE { "file_profile".to_owned() } else { rows_table(table) }
}

/// Where the rows of any table lie, to stand after `FROM`.
pub fn rows_of(table: &str) -> String {
    match raw_bit(table) {
        Some(bit) => format!("event_record WHERE {IS_RAW} AND raw & {bit}"),
        None => quote_identifier(&physical_table(table)),
    }
}

/// The physical column behind a KQL column. SQLite ignores case, so a column `Id` would meet the rowid.
pub fn physical_column(column: &str) -> String {
    if column.eq_ignore_ascii_case("id") { format!("column_{column}") } else { column.to_owned() }
}

/// The raw tables that show a stored record, with the bit of `event_record.raw` that says the record belongs to them.
pub const RAW_TABLES: [(&str, i64); 3] = [("Event", 1), ("SecurityEvent", 2), ("WindowsEvent", 4)];

/// The condition for a record that some raw table shows. The store keeps an index of such records; queries must write
/// the condition as it stands here, beside the bit they ask for, to be answered from it.
pub const IS_RAW: &str = "raw <> 0";

/// The bit of `event_record.raw` of a raw table, `None` for every other table.
pub fn raw_bit(table: &str) -> Option<i64> {
    RAW_TABLES.iter().find(|(name, _)| *name == table).map(|(_, bit)| *bit)
}

/// Whether a string column holds its text itself rather than an id into `text`.
pub fn is_inline(column: &str) -> bool {
    column == "AdditionalFields"
}

/// The layout of any table a query may name.
pub fn layout(table: &TableSchema) -> TableLayout {
    if let Some(bit) = raw_bit(&table.name) {
        raw_layout(table, bit)
    } else if table.name == FILE_PROFILE {
        file_profile_layout(table)
    } else {
        table_layout(table)
    }
}

/// Quotes an identifier for SQLite.
pub fn quote_identifier(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for (place, part) in name.split('"').enumerate() {
        quoted.push_str(if place == 0 { "" } else { "\"\"" });
        quoted.push_str(part);
    }
    quoted.push('"');
    quoted
}

/// Quotes text as an SQLite string literal. NUL ends an SQL text, so it is spliced in with `char(0)`.
pub fn quote_text(text: &str) -> String {
    if !text.contains(['\'', '\0']) {
        return ["'", text, "'"].concat();
    }
    let parts: Vec<String> = text.split('\0').map(|part| format!("'{}'", part.replace('\'', "''"))).collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join("||char(0)||")) }
}

/// The layout of a table whose columns are stored one by one.
pub fn table_layout(table: &TableSchema) -> TableLayout {
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let expression = ["t.", &quote_identifier(&physical_column(&column.name))].concat();
            ColumnLayout {
                name: column.name.clone(),
                scalar_type: column.scalar_type,
                storage: match column.scalar_type {
                    ScalarType::String if !is_inline(&column.name) => Storage::Dictionary(expression),
                    _ => Storage::Plain(expression),
                },
            }
        })
        .collect();
    TableLayout {
        name: table.name.clone(),
        from: format!("{} AS t", quote_identifier(&rows_table(&table.name))),
        event_id: "t.id".to_owned(),
        columns,
    }
}

/// The columns of `event_record` that a raw table shows as they are.
const EVENT_COLUMNS: [(&str, &str, Storing); 9] = [
    ("TimeGenerated", "t.time", Storing::Value),
    ("Source", "t.provider", Storing::TextId),
    ("EventSourceName", "t.provider", Storing::TextId),
    ("Provider", "t.provider", Storing::TextId),
    ("EventLog", "t.channel", Storing::TextId),
    ("Channel", "t.channel", Storing::TextId),
    ("Computer", "t.computer", Storing::TextId),
    ("EventID", "t.event_id", Storing::Value),
    ("EventLevel", "t.level", Storing::Value),
];

#[derive(Clone, Copy)]
enum Storing {
    Value,
    TextId,
}

fn raw_layout(table: &TableSchema, bit: i64) -> TableLayout {
    // A row of two hundred columns asks for its block as often. Joined to the row it would go with it into every sorter.
    let data = "CASE WHEN record_block_is_known(t.block) THEN NULL \
                ELSE (SELECT data FROM record_block WHERE id = t.block) END";
    let columns = table
        .columns
        .iter()
        .map(|column| {
            let real = EVENT_COLUMNS.iter().find(|(name, _, _)| *name == column.name);
            let storage = match real {
                Some((_, expression, Storing::TextId)) => Storage::Dictionary((*expression).to_owned()),
                Some((_, expression, Storing::Value)) => Storage::Plain((*expression).to_owned()),
                None if column.name == "Type" => Storage::Plain(quote_text(&table.name)),
                None => Storage::Plain(format!(
                    "record_column(t.block, t.position, {data}, {}, {})",
                    quote_text(&table.name),
                    quote_text(&column.name)
                )),
            };
            ColumnLayout { name: column.name.clone(), scalar_type: column.scalar_type, storage }
        })
        .collect();
    TableLayout {
        name: table.name.clone(),
        from: format!("(SELECT * FROM event_record WHERE {IS_RAW} AND raw & {bit}) AS t"),
        event_id: "t.id".to_owned(),
        columns,
    }
}

fn file_profile_layout(table: &TableSchema) -> TableLayout {
    let columns = table
        .columns
        .iter()
        .map(|column| ColumnLayout {
            name: column.name.clone(),
            scalar_type: column.scalar_type,
            storage: Storage::Plain(format!("t.{}", quote_identifier(&column.name))),
        })
        .collect();
    TableLayout {
        name: table.name.clone(),
        from: "file_profile AS t".to_owned(),
        // A profile is not an event.
        event_id: "NULL".to_owned(),
        columns,
    }
}
