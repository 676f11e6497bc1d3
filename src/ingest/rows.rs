//! Rows of the service's own tables (Defender and Sentinel exports): which table they belong to, and their values.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::batch::{Batch, Cell, Record, RowTemplate, Rows};
use super::detect::Container;
use super::normalise::Normaliser;
use super::normalise::digest;
use super::reader::rows::{Placed, RawRow, TIMELINE};
use super::reader::{Sink, Stop};
use super::time::Reading;
use super::values::{Value, convert, datetime, is_nothing, plain};
use crate::schema::{ScalarType, Schema, TableSchema};
use crate::sql::layout::{FILE_PROFILE, is_inline, raw_bit};
use crate::store::Rejection;
use crate::store::block::Encoder;
use crate::store::event_json::{Shape, event_of};

/// Fields that may name a record's table.
const TABLE_FIELDS: [&str; 5] = ["Table", "Type", "category", "TableName", "$table"];
/// A row of other columns than a table's is not the table's: at least this share has to be known.
const KNOWN_SHARE: f64 = 0.7;
/// The ActionTypes of each table, which tell tables of like columns apart.
const ACTION_TYPES: &str = include_str!("../../assets/schema/actiontypes.json");
/// Original records of one block.
const BLOCK_BYTES: usize = 128 * 1024;

/// Finds the table of rows and makes records of them.
pub struct RowNormaliser<'s> {
    schema: &'s Schema,
    templates: HashMap<String, Arc<RowTemplate>>,
    /// What the columns alone say, by the columns.
    guesses: HashMap<String, Result<String, String>>,
    unknown: BTreeSet<String>,
    guessed: BTreeSet<String>,
    action_types: HashMap<String, Vec<String>>,
    /// The table that takes all rows.
    forced: Option<String>,
    pub reading: Reading,
}

impl<'s> RowNormaliser<'s> {
    pub fn new(schema: &'s Schema, forced: Option<String>, reading: Reading) -> Self {
        Self {
            schema,
            forced,
            reading,
            templates: HashMap::new(),
            guesses: HashMap::new(),
            unknown: BTreeSet::new(),
            guessed: BTreeSet::new(),
            // A test reads the asset; without it, only ties stay undecided.
            action_types: serde_json::from_str(ACTION_TYPES).unwrap_or_default(),
        }
    }

    /// The table of a row: the one it names, else the one its columns fit best.
    pub fn table(&mut self, fields: &Map<String, Json>) -> Result<&'s TableSchema, String> {
        if let Some(forced) = &self.forced {
            return self.schema.table(forced).ok_or_else(|| format!("no table {forced}"));
        }
        if fields.contains_key(TIMELINE) {
            return self.timeline_table(fields);
        }
        for field in TABLE_FIELDS {
            let Some(Json::String(name)) = fields.get(field) else { continue };
            let name = name.strip_prefix("AdvancedHunting-").unwrap_or(name);
            if let Some(table) = self.schema.table(name).filter(|table| table.name != FILE_PROFILE) {
                return Ok(table);
            }
        }
        let key: String = fields.keys().flat_map(|name| [name.as_str(), "\u{1f}"]).collect();
        let action = fields.get("ActionType").and_then(Json::as_str).unwrap_or_default();
        let key = key + action;
        if !self.guesses.contains_key(&key) {
            if self.guesses.len() > 10_000 {
                self.guesses.clear();
            }
            let guess = self.guess(fields);
            if let Ok(table) = &guess {
                self.guessed.insert(table.clone());
            }
            self.guesses.insert(key.clone(), guess);
        }
        match self.guesses.get(&key) {
            Some(Ok(name)) => self.schema.table(name).ok_or_else(|| format!("no table {name}")),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err("no known table has these columns".to_owned()),
        }
    }

    /// The one device table that has rows of this ActionType; what none lists is an event of the device.
    fn timeline_table(&self, fields: &Map<String, Json>) -> Result<&'s TableSchema, String> {
        let action = fields.get("ActionType").and_then(Json::as_str).unwrap_or_default();
        let mut listing = self.action_types.iter().filter(|(table, types)| {
            table.starts_with("Device") && table.as_str() != "DeviceEvents" && types.iter().any(|known| known == action)
        });
        let name = match (listing.next(), listing.next()) {
            (Some((table, _)), None) => table.as_str(),
            _ => "DeviceEvents",
        };
        self.schema.table(name).ok_or_else(|| format!("no table {name}"))
    }

    /// Whether this row is an event record rather than a row of a table.
    pub fn event<'f>(&self, fields: &'f Map<String, Json>) -> Shape<'f> {
        if self.forced.is_some() { None } else { event_of(fields) }
    }

    /// Whether a field's text is meant as a time.
    pub fn is_time(&mut self, fields: &Map<String, Json>, name: &str) -> bool {
        match self.table(fields) {
            Ok(table) => table.column(name).is_some_and(|column| column.scalar_type == ScalarType::Datetime),
            Err(_) => matches!(name, "EventTime" | "TimeCreated" | "@timestamp"),
        }
    }

    fn guess(&self, fields: &Map<String, Json>) -> Result<String, String> {
        if fields.contains_key("ProfileAvailability") || fields.contains_key("GlobalPrevalence") {
            return Err("these are file profiles: import them with --file-profile".to_owned());
        }
        let mut best: Vec<&str> = Vec::new();
        let mut most = 0;
        for table in self.schema.tables().filter(|table| table.name != FILE_PROFILE) {
            if table.time_column().is_some_and(|time| !fields.contains_key(&time.name)) {
                // Sentinel's copies of the Defender tables carry the other time column alone.
                if !fields.contains_key("TimeGenerated") {
                    continue;
                }
            }
            let known = fields.keys().filter(|name| table.column(name).is_some()).count();
            // Graph writes each value's type beside it.
            let all = fields.keys().filter(|name| !name.contains("@odata")).count();
            if known < 3 || (known as f64) < KNOWN_SHARE * all as f64 {
                continue;
            }
            if known > most {
                most = known;
                best.clear();
            }
            if known == most {
                best.push(&table.name);
            }
        }
        let action = fields.get("ActionType").and_then(Json::as_str);
        let lists = |table: &&str| {
            let listed = self.action_types.get(*table).zip(action);
            listed.is_some_and(|(types, action)| types.iter().any(|known| known == action))
        };
        if best.len() > 1 && best.iter().filter(|table| lists(table)).count() == 1 {
            best.retain(|table| lists(table));
        }
        match best.as_slice() {
            [] => Err("no known table has these columns".to_owned()),
            [table] => Ok((*table).to_owned()),
            several => Err(format!("the columns fit {}: add a column 'Type' that names the table", several.join(", "))),
        }
    }

    /// What the reader had to decide, for the report.
    pub fn take_notes(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        for table in std::mem::take(&mut self.guessed) {
            notes.push(format!("taken for {table} by its columns"));
        }
        let unknown: Vec<String> = std::mem::take(&mut self.unknown).into_iter().collect();
        if !unknown.is_empty() {
            notes.push(format!("columns that only the original record keeps: {}", unknown.join(", ")));
        }
        notes
    }

    /// Adds one row to the batch as a record.
    fn add(&mut self, line: u64, row: &RawRow, batch: &mut Batch) -> Result<(), String> {
        let table = self.table(&row.fields)?;
        for name in row.fields.keys() {
            let expected = find_column(table, name) || TABLE_FIELDS.contains(&name.as_str());
            if !expected && !name.contains("@odata") && name != TIMELINE && self.unknown.len() < 20 {
                self.unknown.insert(format!("{}.{name}", table.name));
            }
        }
        let number = line.cast_signed();
        match raw_bit(&table.name) {
            Some(raw) => add_raw(number, raw, table, row, &self.reading, batch),
            None => {
                let template = self.template(table);
                add_row(number, table, &template, row, &self.reading, batch)?;
                // Columns of one's own may become wider; a row stays the same row.
                if self.forced.is_some()
                    && let Some(record) = batch.records.last_mut()
                {
                    record.identity = digest(&["row", &table.name, &as_written(&row.fields)]);
                }
                Ok(())
            }
        }
    }

    fn template(&mut self, table: &TableSchema) -> Arc<RowTemplate> {
        let make = || {
            let columns = table.columns.iter().map(|column| column.name.clone()).collect();
            RowTemplate::new(&table.name, columns)
        };
        self.templates.entry(table.name.clone()).or_insert_with(make).clone()
    }
}

/// Gathers rows into batches.
pub struct Gather<'g, 's> {
    rows: &'g mut RowNormaliser<'s>,
    events: &'g mut Normaliser,
    container: Container,
    sink: &'g mut dyn Sink,
    encoder: Encoder,
    batch: Batch,
    originals: Vec<String>,
    bytes: usize,
    read: u64,
    /// Records taken so far: the number of an event that names none.
    taken: i64,
    /// Rows of the service's own tables.
    pub exported: u64,
    /// Times without a zone were read as UTC.
    pub zone_missing: bool,
    /// Events whose own fields were dropped by whoever exported them.
    pub from_ecs: u64,
}

impl<'g, 's> Gather<'g, 's> {
    pub fn new(
        rows: &'g mut RowNormaliser<'s>,
        events: &'g mut Normaliser,
        container: Container,
        sink: &'g mut dyn Sink,
    ) -> Self {
        Self {
            rows,
            events,
            container,
            batch: sink.empty(),
            sink,
            encoder: Encoder::default(),
            originals: Vec::new(),
            bytes: 0,
            read: 0,
            taken: 0,
            exported: 0,
            zone_missing: false,
            from_ecs: 0,
        }
    }

    fn add(&mut self, line: u64, row: &RawRow) -> Result<(), String> {
        self.taken += 1;
        if self.container == Container::Xml {
            return self.events.add(&row.original, self.taken, &mut self.batch);
        }
        match self.rows.event(&row.fields) {
            None => {
                self.exported += 1;
                self.rows.add(line, row, &mut self.batch)
            }
            Some(Err(reason)) => Err(reason),
            Some(Ok(text)) if text.local_time => {
                self.zone_missing |= self.rows.reading.zone.is_none();
                self.events.add_read(&text.xml, &self.rows.reading, self.taken, &mut self.batch)
            }
            Some(Ok(text)) => {
                self.from_ecs += u64::from(text.from_ecs);
                self.events.add(&text.xml, self.taken, &mut self.batch)
            }
        }
    }

    pub fn take(&mut self, placed: Placed) -> Result<(), Stop> {
        let Placed { line, element, row } = placed;
        let added = row.and_then(|row| self.add(element.unwrap_or(line), &row).map(|()| row.original));
        match added {
            Ok(original) => {
                self.bytes += original.len();
                self.originals.push(original);
            }
            Err(reason) => {
                let place = match element {
                    Some(element) => format!("line {line}, record {element}"),
                    None => format!("line {line}"),
                };
                self.batch.rejections.push(Rejection { place, reason });
            }
        }
        if self.bytes >= BLOCK_BYTES || self.batch.rejections.len() >= 1000 {
            self.flush()?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), Stop> {
        if self.batch.records.is_empty() && self.batch.rejections.is_empty() {
            return Ok(());
        }
        let mut batch = std::mem::replace(&mut self.batch, self.sink.empty());
        if !self.originals.is_empty() {
            let originals = self.originals.iter().map(String::as_bytes);
            self.encoder.encode(originals, &mut batch.block).map_err(|error| Stop::File(error.to_string()))?;
        }
        self.read += self.bytes as u64;
        batch.reached = self.read;
        self.originals.clear();
        self.bytes = 0;
        self.sink.send(batch)
    }
}

fn find_column(table: &TableSchema, name: &str) -> bool {
    table.column(name).is_some() || table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
}

fn find<'f>(fields: &'f Map<String, Json>, column: &str) -> Option<&'f Json> {
    fields.get(column).or_else(|| {
        // `LogonId` in one edition of a table is `LogonID` in another.
        fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, value)| value)
    })
}

fn text_of(fields: &Map<String, Json>, names: &[&str]) -> String {
    let found = names.iter().find_map(|name| fields.get(*name).and_then(Json::as_str));
    found.unwrap_or_default().to_owned()
}

fn add_raw(
    number: i64,
    raw: i64,
    table: &TableSchema,
    row: &RawRow,
    reading: &Reading,
    batch: &mut Batch,
) -> Result<(), String> {
    let fields = &row.fields;
    let time = match fields.get("TimeGenerated") {
        Some(value) => Some(datetime("TimeGenerated", value, reading)?),
        None => None,
    };
    let integer = |name: &str| match fields.get(name) {
        Some(Json::Number(number)) => number.as_i64(),
        Some(Json::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let canonical = as_written(fields);
    let computer = text_of(fields, &["Computer"]);
    let channel = text_of(fields, &["Channel", "EventLog"]);
    let provider = text_of(fields, &["Provider", "EventSourceName", "Source"]);
    let record = Record {
        number,
        time,
        channel: batch.span(&channel),
        provider: batch.span(&provider),
        computer: batch.span(&computer),
        event_id: integer("EventID"),
        level: integer("EventLevel"),
        raw,
        identity: digest(&["row", &table.name, &canonical]),
        rows: Rows::default(),
    };
    batch.records.push(record);
    Ok(())
}

/// A row's fields as they were written, in the order of their names.
fn as_written(fields: &Map<String, Json>) -> String {
    let told = fields.iter().filter(|(_, value)| !is_nothing(value));
    let mut sorted: Vec<(&String, String)> = told.map(|(name, value)| (name, plain(value))).collect();
    sorted.sort();
    sorted.iter().flat_map(|(name, value)| [name.as_str(), "=", value, "\u{1f}"]).collect()
}

fn add_row(
    number: i64,
    table: &TableSchema,
    template: &Arc<RowTemplate>,
    row: &RawRow,
    reading: &Reading,
    batch: &mut Batch,
) -> Result<(), String> {
    let mut values: Vec<Value> = Vec::with_capacity(table.columns.len());
    for column in &table.columns {
        let given = find(&row.fields, &column.name).filter(|value| !is_nothing(value));
        // Each edition of a table has one of the two time columns.
        let given = given.or_else(|| match column.name.as_str() {
            "Timestamp" => row.fields.get("TimeGenerated"),
            "TimeGenerated" => row.fields.get("Timestamp"),
            _ => None,
        });
        values.push(match given {
            None if column.name == "Type" => Value::Text(table.name.clone()),
            None if column.scalar_type == ScalarType::String => Value::Text(String::new()),
            None => Value::Null,
            Some(value) => convert(&column.name, column.scalar_type, value, reading)?,
        });
    }
    let mut canonical = String::new();
    let mut time = None;
    let time_name = table.time_column().map(|column| column.name.as_str());
    for (column, value) in table.columns.iter().zip(&values) {
        if Some(column.name.as_str()) == time_name
            && let Value::Integer(ticks) = value
        {
            time = Some(*ticks);
        }
        let shown = match value {
            Value::Null => continue,
            Value::Text(text) | Value::Inline(text) if text.is_empty() => continue,
            Value::Text(text) | Value::Inline(text) => text.clone(),
            Value::Integer(integer) => integer.to_string(),
            Value::Real(real) => real.to_string(),
        };
        let _ = write!(canonical, "{}={shown}\u{1f}", column.name);
    }
    let first = batch.start_row();
    for (column, value) in table.columns.iter().zip(values) {
        let cell = match value {
            Value::Null => Cell::Null,
            Value::Integer(integer) => Cell::Integer(integer),
            Value::Real(real) => Cell::Real(real),
            Value::Text(text) if is_inline(&column.name) => Cell::Inline(batch.span(&text)),
            Value::Text(text) => Cell::Dictionary(batch.span(&text)),
            Value::Inline(text) => Cell::Inline(batch.span(&text)),
        };
        batch.push(cell);
    }
    let made = batch.finish_row(template, first);
    let computer = text_of(&row.fields, &["DeviceName", "Computer"]);
    let record = Record {
        number,
        time,
        channel: batch.span(""),
        provider: batch.span(""),
        computer: batch.span(&computer),
        event_id: None,
        level: None,
        raw: 0,
        identity: digest(&["row", &table.name, &canonical]),
        rows: made.into(),
    };
    batch.records.push(record);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_types_are_read() {
        let schema = Schema::built_in().unwrap();
        let normaliser = RowNormaliser::new(&schema, None, Reading::default());
        let known = normaliser.action_types.get("DeviceProcessEvents").unwrap();
        assert!(known.iter().any(|action| action == "ProcessCreated"));
        assert!(normaliser.action_types.keys().all(|table| schema.table(table).is_some()));
    }
}
