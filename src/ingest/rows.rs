//! Rows of the service's own tables (Defender and Sentinel exports): which table they belong to, and their values.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::batch::Batch;
use super::reader::rows::{RawRow, TIMELINE};
use super::row_record::Target;
use super::seen::Seen;
use super::time::Reading;
use crate::schema::{ScalarType, Schema, TableSchema};
use crate::sql::layout::FILE_PROFILE;
use crate::store::event_json::{Shape, event_of};

/// Fields that may name a record's table.
const TABLE_FIELDS: [&str; 5] = ["Table", "Type", "category", "TableName", "$table"];
/// A row of other columns than a table's is not the table's: at least this share has to be known.
const KNOWN_SHARE: f64 = 0.7;
/// The ActionTypes of each table, which tell tables of like columns apart.
const ACTION_TYPES: &str = include_str!("../../assets/schema/actiontypes.json");

/// Finds the table of rows and makes records of them.
pub struct RowNormaliser<'s> {
    schema: &'s Schema,
    targets: foldhash::HashMap<&'s str, Target<'s>>,
    /// What the columns alone say, by the columns.
    guesses: foldhash::HashMap<String, Result<String, String>>,
    action_types: HashMap<String, Vec<String>>,
    /// The table that takes all rows.
    forced: Option<String>,
    /// How the dates of this file are read.
    pub reading: Reading,
    /// What this file showed.
    pub seen: Seen,
}

impl<'s> RowNormaliser<'s> {
    pub fn new(schema: &'s Schema, forced: Option<String>) -> Self {
        Self {
            schema,
            forced,
            reading: Reading::default(),
            seen: Seen::default(),
            targets: foldhash::HashMap::default(),
            guesses: foldhash::HashMap::default(),
            // A test reads the asset; without it, only ties stay undecided.
            action_types: serde_json::from_str(ACTION_TYPES).unwrap_or_default(),
        }
    }

    /// Another file begins, or another piece of one.
    pub fn begin(&mut self, reading: Reading) {
        self.reading = reading;
        self.seen = Seen::default();
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
            self.guesses.insert(key.clone(), guess);
        }
        match self.guesses.get(&key) {
            Some(Ok(name)) => {
                self.seen.guessed(name);
                self.schema.table(name).ok_or_else(|| format!("no table {name}"))
            }
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

    /// Adds one row to the batch as a record with this number.
    pub fn add(&mut self, number: i64, row: &RawRow<'_>, batch: &mut Batch) -> Result<(), String> {
        if self.forced.is_none() {
            self.seen.exported += 1;
        }
        let table = self.table(&row.fields)?;
        if !self.targets.contains_key(table.name.as_str()) {
            self.targets.insert(&table.name, Target::new(table, self.forced.is_some()));
        }
        let Some(target) = self.targets.get_mut(table.name.as_str()) else { return Ok(()) };
        let is_expected = |name: &str| TABLE_FIELDS.contains(&name) || name.contains("@odata") || name == TIMELINE;
        target.add(number, &row.fields, &self.reading, is_expected, &mut self.seen, batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_types_are_read() {
        let schema = Schema::built_in().unwrap();
        let normaliser = RowNormaliser::new(&schema, None);
        let known = normaliser.action_types.get("DeviceProcessEvents").unwrap();
        assert!(known.iter().any(|action| action == "ProcessCreated"));
        assert!(normaliser.action_types.keys().all(|table| schema.table(table).is_some()));
    }
}
