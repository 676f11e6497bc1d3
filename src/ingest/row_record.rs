//! A row of one of the service's own tables as a record: which of its fields fill which columns, and what tells it
//! apart from others.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use serde_json::{Map, Value as Json};

use super::batch::{Batch, Cell, Record, RowTemplate, Rows};
use super::normalise::digest;
use super::seen::Seen;
use super::time::Reading;
use super::values::{Value, convert, datetime, is_nothing, plain};
use crate::schema::{Column, ScalarType, TableSchema};
use crate::sql::layout::{is_inline, raw_bit};

/// A table that rows become records of.
pub struct Target<'s> {
    table: &'s TableSchema,
    template: Arc<RowTemplate>,
    places: HashMap<&'s str, usize>,
    /// Names of two columns differ in nothing but case.
    has_twins: bool,
    /// Where the time column stands.
    time: Option<usize>,
    /// The table's bit, if it is one of event records.
    raw: Option<i64>,
    /// The columns may become wider: a row is told apart by its fields as they were written.
    grows: bool,
    canonical: String,
}

/// Which field fills each column, and the fields that have no column of just their name.
struct Given<'f> {
    columns: Vec<Option<&'f Json>>,
    others: Vec<(&'f str, &'f Json)>,
}

impl<'s> Target<'s> {
    /// `grows` says that the table is the analyst's own.
    pub fn new(table: &'s TableSchema, grows: bool) -> Self {
        let mut places = HashMap::new();
        let mut folded = std::collections::HashSet::new();
        let mut has_twins = false;
        for (place, column) in table.columns.iter().enumerate() {
            // The first of two columns of one name.
            places.entry(column.name.as_str()).or_insert(place);
            has_twins |= !folded.insert(column.name.to_ascii_lowercase());
        }
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        Self {
            table,
            template: RowTemplate::new(&table.name, columns),
            time: table.time_column().and_then(|column| places.get(column.name.as_str()).copied()),
            places,
            has_twins,
            raw: raw_bit(&table.name),
            grows,
            canonical: String::new(),
        }
    }

    /// Adds the row to the batch as a record with this number. Names that are no column's go to `seen`, but for those
    /// that `is_expected`.
    pub fn add(
        &mut self,
        number: i64,
        fields: &Map<String, Json>,
        reading: &Reading,
        is_expected: impl Fn(&str) -> bool,
        seen: &mut Seen,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let given = self.given(fields);
        for (name, _) in &given.others {
            if !is_expected(name) && !self.table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) {
                seen.unknown(&self.table.name, name);
            }
        }
        match self.raw {
            Some(raw) => self.add_event(number, raw, fields, reading, batch),
            None => self.add_row(number, fields, &given, reading, batch),
        }
    }

    fn given<'f>(&self, fields: &'f Map<String, Json>) -> Given<'f> {
        let mut given = Given { columns: vec![None; self.table.columns.len()], others: Vec::new() };
        for (name, value) in fields {
            match self.places.get(name.as_str()).and_then(|place| given.columns.get_mut(*place)) {
                Some(column) => *column = Some(value),
                None => given.others.push((name, value)),
            }
        }
        // `LogonId` in one edition of a table is `LogonID` in another.
        let another = |column: &Column| -> Option<&'f Json> {
            if self.has_twins {
                fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(&column.name)).map(|(_, value)| value)
            } else {
                let mut others = given.others.iter();
                others.find(|(name, _)| name.eq_ignore_ascii_case(&column.name)).map(|(_, value)| *value)
            }
        };
        if self.has_twins || !given.others.is_empty() {
            for (column, value) in self.table.columns.iter().zip(&mut given.columns) {
                *value = value.or_else(|| another(column));
            }
        }
        given
    }

    /// A record of an event log that came as a row.
    fn add_event(
        &self,
        number: i64,
        raw: i64,
        fields: &Map<String, Json>,
        reading: &Reading,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let time = match fields.get("TimeGenerated") {
            Some(value) => Some(datetime("TimeGenerated", value, reading)?),
            None => None,
        };
        let integer = |name: &str| match fields.get(name) {
            Some(Json::Number(number)) => number.as_i64(),
            Some(Json::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let record = Record {
            number,
            time,
            channel: batch.span(text_of(fields, &["Channel", "EventLog"])),
            provider: batch.span(text_of(fields, &["Provider", "EventSourceName", "Source"])),
            computer: batch.span(text_of(fields, &["Computer"])),
            event_id: integer("EventID"),
            level: integer("EventLevel"),
            raw,
            identity: digest(&["row", &self.table.name, &as_written(fields)]),
            rows: Rows::default(),
        };
        batch.records.push(record);
        Ok(())
    }

    fn add_row(
        &mut self,
        number: i64,
        fields: &Map<String, Json>,
        given: &Given<'_>,
        reading: &Reading,
        batch: &mut Batch,
    ) -> Result<(), String> {
        let columns = &self.table.columns;
        let mut values: Vec<Value<'_>> = Vec::with_capacity(columns.len());
        for (column, field) in columns.iter().zip(&given.columns) {
            // Each edition of a table has one of the two time columns.
            let field = field.filter(|value| !is_nothing(value)).or_else(|| match column.name.as_str() {
                "Timestamp" => fields.get("TimeGenerated"),
                "TimeGenerated" => fields.get("Timestamp"),
                _ => None,
            });
            values.push(match field {
                None if column.name == "Type" => Value::Text(Cow::Borrowed(&self.table.name)),
                None if column.scalar_type == ScalarType::String => Value::Text(Cow::Borrowed("")),
                None => Value::Null,
                Some(value) => convert(&column.name, column.scalar_type, value, reading)?,
            });
        }
        let time = match self.time.and_then(|place| values.get(place)) {
            Some(Value::Integer(ticks)) => Some(*ticks),
            _ => None,
        };
        let identity = if self.grows { Some(as_written(fields)) } else { None };
        let identity = match &identity {
            Some(written) => written,
            None => {
                canonical(columns, &values, &mut self.canonical);
                &self.canonical
            }
        };
        let identity = digest(&["row", &self.table.name, identity]);
        let first = batch.start_row();
        for (column, value) in columns.iter().zip(values) {
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
        let made = batch.finish_row(&self.template, first);
        let record = Record {
            number,
            time,
            channel: batch.span(""),
            provider: batch.span(""),
            computer: batch.span(text_of(fields, &["DeviceName", "Computer"])),
            event_id: None,
            level: None,
            raw: 0,
            identity,
            rows: made.into(),
        };
        batch.records.push(record);
        Ok(())
    }
}

fn text_of<'f>(fields: &'f Map<String, Json>, names: &[&str]) -> &'f str {
    names.iter().find_map(|name| fields.get(*name).and_then(Json::as_str)).unwrap_or_default()
}

/// A row's values as the columns hold them, by which it is known again in another export.
fn canonical(columns: &[Column], values: &[Value<'_>], into: &mut String) {
    into.clear();
    for (column, value) in columns.iter().zip(values) {
        match value {
            Value::Null => continue,
            Value::Text(text) | Value::Inline(text) if text.is_empty() => continue,
            Value::Text(text) | Value::Inline(text) => into.extend([&column.name, "=", text]),
            Value::Integer(integer) => write!(into, "{}={integer}", column.name).unwrap_or_default(),
            Value::Real(real) => write!(into, "{}={real}", column.name).unwrap_or_default(),
        }
        into.push('\u{1f}');
    }
}

/// A row's fields as they were written, in the order of their names.
fn as_written(fields: &Map<String, Json>) -> String {
    let told = fields.iter().filter(|(_, value)| !is_nothing(value));
    let mut sorted: Vec<(&String, Cow<'_, str>)> = told.map(|(name, value)| (name, plain(value))).collect();
    sorted.sort();
    sorted.iter().flat_map(|(name, value)| [name.as_str(), "=", value, "\u{1f}"]).collect()
}
