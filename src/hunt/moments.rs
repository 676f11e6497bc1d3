//! What happens in a stretch of time: the kinds of events in it, and how many of each kind there are in the whole store.
//!
//! A kind of which all there are lies in one bucket says more than ten thousand reads of a file, so the rare come first.
//! A kind is a table and an action; a record that no table of its own holds is told by its provider and number.

use std::collections::BTreeMap;

use rusqlite::types::Value as SqlValue;

use super::error::HuntError;
use super::timeline::TimeRange;
use crate::kql::values::{quote_name, quote_string};
use crate::sql::layout::{IS_RAW, RAW_TABLES, Storage, layout, quote_identifier, rows_table};
use crate::store::Store;

/// What tells one kind of event from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The table's rows are all of one kind.
    Any,
    /// `ActionType`.
    Named(String),
    /// A record's provider, the column that shows it, and the event's number.
    Numbered { column: &'static str, provider: String, event: i64 },
}

/// One kind of event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    pub table: String,
    pub action: Action,
}

impl Kind {
    /// In words: `ServiceInstalled`, `Microsoft-Windows-Security-Auditing 4688`, or the table.
    pub fn label(&self) -> String {
        match &self.action {
            Action::Any => self.table.clone(),
            Action::Named(action) => action.clone(),
            Action::Numbered { provider, event, .. } => format!("{provider} {event}"),
        }
    }

    /// Conditions in KQL that hold for the events of this kind.
    pub fn conditions(&self) -> Vec<String> {
        match &self.action {
            Action::Any => Vec::new(),
            Action::Named(action) => vec![format!("ActionType == {}", quote_string(action))],
            Action::Numbered { column, provider, event } => {
                vec![format!("{} == {}", quote_name(column), quote_string(provider)), format!("EventID == {event}")]
            }
        }
    }
}

/// The events of one kind in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    pub kind: Kind,
    pub count: u64,
    /// In ticks.
    pub first: i64,
    /// Of this kind in the whole store.
    pub total: u64,
}

/// How many events of each kind a store holds.
pub type Totals = BTreeMap<Kind, u64>;

/// Counts every kind of a store: a pass over all events, so whoever asks twice keeps the answer.
pub fn totals(store: &Store) -> Result<Totals, HuntError> {
    let found = kinds(store, None)?;
    Ok(found.into_iter().map(|(kind, count, _)| (kind, count)).collect())
}

/// The kinds of events in a stretch of time, the rarest in the whole store first.
pub fn moments(store: &Store, range: TimeRange, totals: &Totals) -> Result<Vec<Moment>, HuntError> {
    let found = kinds(store, Some(range))?;
    let mut moments: Vec<Moment> = found
        .into_iter()
        .map(|(kind, count, first)| {
            let total = totals.get(&kind).copied().unwrap_or(count);
            Moment { kind, count, first, total }
        })
        .collect();
    moments.sort_by(|left, right| {
        left.total.cmp(&right.total).then(left.first.cmp(&right.first)).then_with(|| left.kind.cmp(&right.kind))
    });
    Ok(moments)
}

type Counted = (Kind, u64, i64);

fn kinds(store: &Store, range: Option<TimeRange>) -> Result<Vec<Counted>, HuntError> {
    let mut found = Vec::new();
    let mut tables = Vec::new();
    for schema in store.stored_tables()? {
        if !store.has_rows(schema)? {
            continue;
        }
        let rows = quote_identifier(&rows_table(&schema.name));
        let action = layout(schema).columns.into_iter().find(|column| column.name == "ActionType");
        let (key, is_text) = match action.map(|column| column.storage) {
            Some(Storage::Dictionary(id)) => (id, true),
            Some(Storage::Plain(expression)) => (expression, false),
            None => ("NULL".to_owned(), false),
        };
        let counting = Counting { key, is_text, number: "NULL", rows: Some(&rows), condition: String::new() };
        counting.each(store, range, |action, _, count, first| {
            let action = action.map_or(Action::Any, Action::Named);
            found.push((Kind { table: schema.name.clone(), action }, count, first));
        })?;
        tables.push(rows);
    }
    let any = format!("SELECT EXISTS(SELECT 1 FROM event_record WHERE {IS_RAW})");
    if !store.connection().query_row(&any, [], |row| row.get(0))? {
        return Ok(found);
    }
    let elsewhere: String =
        tables.iter().map(|rows| format!(" AND NOT EXISTS(SELECT 1 FROM {rows} AS t WHERE t.id = r.id)")).collect();
    // A record that several raw tables show is counted in the first of them.
    let mut earlier = 0;
    for (table, bit) in RAW_TABLES {
        let column = provider_column(table);
        let condition = format!(" AND r.raw & {bit} AND NOT r.raw & {earlier} AND r.event_id IS NOT NULL{elsewhere}");
        earlier |= bit;
        let counting =
            Counting { key: "r.provider".to_owned(), is_text: true, number: "r.event_id", rows: None, condition };
        counting.each(store, range, |provider, event, count, first| {
            let action = Action::Numbered { column, provider: provider.unwrap_or_default(), event };
            found.push((Kind { table: table.to_owned(), action }, count, first));
        })?;
    }
    Ok(found)
}

/// The column of a raw table that holds a record's provider.
fn provider_column(table: &str) -> &'static str {
    match table {
        "Event" => "Source",
        "SecurityEvent" => "EventSourceName",
        _ => "Provider",
    }
}

/// How events are counted: by a key, which may be the id of a text, and a number.
struct Counting<'a> {
    key: String,
    is_text: bool,
    number: &'a str,
    /// The table whose rows are counted, `t`; the records themselves, `r`, where there is none.
    rows: Option<&'a str>,
    condition: String,
}

impl Counting<'_> {
    fn sql(&self, range: Option<TimeRange>) -> String {
        let (from, first) = match (self.rows, range) {
            // Without the hint a join starts from the wider table.
            (Some(rows), Some(_)) => {
                (format!("event_record AS r INDEXED BY event_time JOIN {rows} AS t ON t.id = r.id"), "min(r.time)")
            }
            (None, Some(_)) => ("event_record AS r INDEXED BY event_time".to_owned(), "min(r.time)"),
            // Whoever counts them all does not ask for the first.
            (Some(rows), None) => (format!("{rows} AS t"), "NULL"),
            (None, None) => ("event_record AS r".to_owned(), "NULL"),
        };
        let within = if range.is_some() { "r.time >= ?1 AND r.time < ?2" } else { "?1 IS NULL AND ?2 IS NULL" };
        // Texts are looked up when the events are counted: once for each kind, not for each event.
        let shown = if self.is_text { "(SELECT value FROM text WHERE text.id = k)" } else { "k" };
        format!(
            "SELECT {shown}, n, events, first FROM (SELECT {key} AS k, {number} AS n, count(*) AS events, \
             {first} AS first FROM {from} WHERE {within}{condition} GROUP BY 1, 2)",
            key = self.key,
            number = self.number,
            condition = self.condition
        )
    }

    fn each(
        &self,
        store: &Store,
        range: Option<TimeRange>,
        mut take: impl FnMut(Option<String>, i64, u64, i64),
    ) -> Result<(), HuntError> {
        let bound = |pick: fn(TimeRange) -> i64| range.map_or(SqlValue::Null, |range| SqlValue::Integer(pick(range)));
        let mut statement = store.connection().prepare(&self.sql(range))?;
        let mut rows = statement.query([bound(|range| range.from), bound(|range| range.until)])?;
        while let Some(row) = rows.next()? {
            let (name, number): (Option<String>, Option<i64>) = (row.get(0)?, row.get(1)?);
            let (count, first): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
            take(name, number.unwrap_or_default(), count.unsigned_abs(), first.unwrap_or_default());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{insert, text};
    use super::*;

    const START: i64 = 638_000_000_000_000_000;

    fn record(store: &Store, event: i64, time: i64, raw: Option<(&str, i64)>) {
        let (provider, number) = raw.unwrap_or(("", 0));
        let connection = store.connection();
        connection.execute("INSERT INTO text(value) VALUES (?1)", [provider]).unwrap();
        let sql =
            "INSERT INTO event_record(id, source, record, time, block, position, identity, raw, provider, event_id)
                   VALUES (?1, 1, ?1, ?2, 1, 1, CAST(?1 AS BLOB), ?3, (SELECT max(id) FROM text WHERE value = ?4), ?5)";
        // Shown by `Event` and by `WindowsEvent`.
        let bit = if raw.is_some() { 1 | 4 } else { 0 };
        connection.execute(sql, rusqlite::params![event, START + time, bit, provider, number]).unwrap();
    }

    #[test]
    fn the_rarest_kinds_come_first_and_a_record_is_counted_once() {
        let store = Store::in_memory().unwrap();
        store.create_indexes().unwrap();
        for (event, action) in
            [(1, "ProcessCreated"), (2, "ProcessCreated"), (3, "ProcessCreated"), (4, "ServiceInstalled")]
        {
            record(&store, event, event, Some(("Microsoft-Windows-Sysmon", 1)));
            let table = if event == 4 { "DeviceEvents" } else { "DeviceProcessEvents" };
            insert(
                &store,
                event,
                table,
                &[("ActionType", text(action)), ("Timestamp", SqlValue::Integer(START + event))],
            );
        }
        record(&store, 5, 5, Some(("Eventlog", 104)));
        let totals = totals(&store).unwrap();
        let range = TimeRange { from: START + 2, until: START + 6 };
        let found = moments(&store, range, &totals).unwrap();
        let told: Vec<(String, u64, u64, i64)> = found
            .iter()
            .map(|moment| (moment.kind.label(), moment.count, moment.total, moment.first - START))
            .collect();
        let expected = [("ServiceInstalled", 1, 1, 4), ("Eventlog 104", 1, 1, 5), ("ProcessCreated", 2, 3, 2)];
        assert_eq!(told, expected.map(|(label, count, total, first)| (label.to_owned(), count, total, first)));
        assert_eq!(found[0].kind.conditions(), ["ActionType == \"ServiceInstalled\""]);
        assert_eq!(found[1].kind.conditions(), ["Source == \"Eventlog\"", "EventID == 104"]);
        assert_eq!(moments(&store, TimeRange { from: 0, until: 9 }, &totals).unwrap(), []);
    }
}
