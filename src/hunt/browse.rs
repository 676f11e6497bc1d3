//! Looking at the rows themselves: the result of any query, the events of a table page by page, and how often each
//! value of a column occurs.
//!
//! A list of events is kept as the ids in their order, eight bytes an event; only the rows of a page are read. So a
//! jump to the middle of a million rows costs as much as the first screen. All rows of a table by their time need no
//! list: the index of times has the page.

use std::collections::HashMap;
use std::ops::Range;

use super::case::Case;
use super::matches::EventId;
use super::query::QueryError;
use super::timeline::TimeRange;
use crate::kql;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::values::{datetime_text, quote_name, quote_string};
use crate::plan::Environment;
use crate::schema::{Column, Value};
use crate::sql::{self, Compiled, ConnectionProbe, Limits, Options};
use crate::store::{Store, has_actor};

/// Rows, the events behind each, and whether there are more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    pub lineage: Vec<Vec<EventId>>,
    /// The result has more rows than these.
    pub cut: bool,
    pub warnings: Vec<Diagnostic>,
}

/// Which events of a table, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct EventsAsked {
    pub table: String,
    /// Conditions in KQL, all of which hold.
    pub conditions: Vec<String>,
    /// The stretch of time they lie in.
    pub range: Option<TimeRange>,
    /// A column, and whether it falls; by time otherwise.
    pub sort: Option<(String, bool)>,
}

impl EventsAsked {
    /// The rows as KQL, without their order.
    pub fn query(&self, store: &Store) -> String {
        let mut text = source(&self.table);
        let range = self.range.map(|range| match self.time_column(store) {
            Some(column) => {
                let (name, from, until) = (quote_name(column), literal(range.from), literal(range.until));
                format!("{name} >= {from} and {name} < {until}")
            }
            // What has no time lies in no stretch of it.
            None => "false".to_owned(),
        });
        for condition in range.iter().chain(&self.conditions) {
            text.push_str("\n| where ");
            text.push_str(condition);
        }
        text
    }

    /// The rows as KQL, in their order.
    pub fn ordered(&self, store: &Store) -> String {
        let sort = self.sort.as_ref().map(|(column, falls)| (column.as_str(), *falls));
        let sort = sort.or(self.time_column(store).map(|column| (column, false)));
        let sort = sort.map(|(column, falls)| {
            format!("\n| sort by {} {}", quote_name(column), if falls { "desc" } else { "asc" })
        });
        format!("{}{}", self.query(store), sort.unwrap_or_default())
    }

    fn time_column<'a>(&self, store: &'a Store) -> Option<&'a str> {
        let column = store.schema().table(&self.table)?.time_column()?;
        Some(&column.name)
    }
}

fn literal(ticks: i64) -> String {
    format!("datetime({})", datetime_text(ticks))
}

/// A table as a query writes it.
fn source(table: &str) -> String {
    let name = quote_name(table);
    if name == table { name } else { format!("table({})", quote_string(table)) }
}

impl Case {
    pub(super) fn compiled(&self, store: &Store, text: &str, lineage: bool) -> Result<Compiled, QueryError> {
        let parsed = kql::parse(text);
        if parsed.has_errors() {
            return Err(QueryError::Diagnostics(parsed.diagnostics));
        }
        let probe = ConnectionProbe::new(store.connection(), store.schema());
        let environment = Environment::new(store.schema(), self.clock.now)
            .with_range(self.clock.range())
            .with_library(&self.catalog.library)
            .with_probe(&probe);
        let options = Options { lineage, ..Options::default() };
        sql::compile(&parsed.query, &environment, &options).map_err(QueryError::Diagnostics)
    }

    /// What is wrong with a query, without running it; warnings too.
    pub fn check(&self, store: &Store, text: &str) -> Vec<Diagnostic> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        match self.compiled(store, text, false) {
            Ok(compiled) => compiled.warnings,
            Err(QueryError::Diagnostics(diagnostics)) => diagnostics,
            Err(_) => Vec::new(),
        }
    }

    /// The columns a query yields; none where it does not compile.
    pub fn columns(&self, store: &Store, text: &str) -> Vec<Column> {
        self.compiled(store, text, false).map(|compiled| compiled.columns).unwrap_or_default()
    }

    /// Runs any query, and keeps at most so many rows.
    pub fn list(&self, store: &Store, text: &str, most: usize) -> Result<Listing, QueryError> {
        let compiled = self.compiled(store, text, true)?;
        let mut listing =
            Listing { columns: compiled.columns.clone(), warnings: compiled.warnings.clone(), ..Listing::default() };
        let limits = Limits { rows: Some(most.saturating_add(1)), time: None };
        sql::for_each_row(store.connection(), &compiled, &limits, |row| {
            if listing.rows.len() == most {
                listing.cut = true;
                return false;
            }
            listing.rows.push(row.values);
            listing.lineage.push(row.lineage);
            true
        })?;
        Ok(listing)
    }

    /// The ids of the events, in their order.
    pub fn event_ids(&self, store: &Store, asked: &EventsAsked) -> Result<Vec<EventId>, QueryError> {
        let text = format!("{}\n| project Row = 0", asked.ordered(store));
        let compiled = self.compiled(store, &text, true)?;
        let mut ids = Vec::new();
        sql::for_each_row(store.connection(), &compiled, &Limits::default(), |row| {
            ids.extend(row.lineage);
            true
        })?;
        Ok(ids)
    }

    /// The ids of the events from one place of their order to another, and how many there are in all, where an index
    /// gives them without the others: all rows of a table that has an index of times.
    pub fn event_window(
        &self,
        store: &Store,
        asked: &EventsAsked,
        range: &Range<usize>,
    ) -> Result<Option<(Vec<EventId>, usize)>, QueryError> {
        let is_whole = asked.conditions.is_empty() && asked.range.is_none() && asked.sort.is_none();
        if !is_whole || !store.schema().table(&asked.table).is_some_and(has_actor) {
            return Ok(None);
        }
        let total = self.compiled(store, &format!("{}\n| count", asked.query(store)), false)?;
        let mut found = 0;
        sql::for_each_row(store.connection(), &total, &Limits::default(), |row| {
            if let Some(Value::Long(count)) = row.values.first() {
                found = usize::try_from(*count).unwrap_or_default();
            }
            true
        })?;
        let compiled = self.compiled(store, &format!("{}\n| project Row = 0", asked.ordered(store)), true)?;
        let sql = format!("{} LIMIT {} OFFSET {}", compiled.sql(), range.len(), range.start);
        let compiled = compiled.reading(sql);
        let mut ids = Vec::with_capacity(range.len());
        sql::for_each_row(store.connection(), &compiled, &Limits::default(), |row| {
            ids.extend(row.lineage);
            true
        })?;
        Ok(Some((ids, found)))
    }

    /// These events of a table, in this order.
    pub fn event_rows(&self, store: &Store, table: &str, ids: &[EventId]) -> Result<Listing, QueryError> {
        let compiled = self.compiled(store, &source(table), true)?;
        let wanted: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let sql = format!("SELECT * FROM ({}) WHERE \"$lineage\" IN ({})", compiled.sql(), wanted.join(","));
        let compiled = compiled.reading(sql);
        let mut found: HashMap<EventId, Vec<Value>> = HashMap::new();
        sql::for_each_row(store.connection(), &compiled, &Limits::default(), |row| {
            if let Some(id) = row.lineage.first() {
                found.insert(*id, row.values);
            }
            true
        })?;
        let mut listing = Listing { columns: compiled.columns, ..Listing::default() };
        for id in ids {
            if let Some(row) = found.remove(id) {
                listing.rows.push(row);
                listing.lineage.push(vec![*id]);
            }
        }
        Ok(listing)
    }

    /// The commonest values of a column in the rows of a query, with how many rows have each.
    pub fn value_counts(
        &self,
        store: &Store,
        query: &str,
        column: &str,
        most: usize,
    ) -> Result<Vec<(Value, u64)>, QueryError> {
        let name = quote_name(column);
        // Only the first are sorted out of all of them.
        let text = format!(
            "{query}\n| summarize Rows = count() by Value = {name}\n| top {most} by Rows desc\n| sort by Rows desc, tostring(Value) asc"
        );
        let rows = self.list(store, &text, most)?.rows;
        let counted = rows.into_iter().filter_map(|row| match row.as_slice() {
            [value, Value::Long(count)] => Some((value.clone(), count.unsigned_abs())),
            _ => None,
        });
        Ok(counted.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::Clock;
    use super::super::testing;
    use super::*;

    fn asked(conditions: &[&str], sort: Option<(&str, bool)>) -> EventsAsked {
        EventsAsked {
            table: "DeviceProcessEvents".to_owned(),
            conditions: conditions.iter().map(|text| (*text).to_owned()).collect(),
            range: None,
            sort: sort.map(|(column, falls)| (column.to_owned(), falls)),
        }
    }

    #[test]
    fn events_come_in_the_asked_order_and_pages_keep_it() {
        let (case, store) = testing::browsed();
        let ids = |asked: EventsAsked| case.event_ids(&store, &asked).unwrap();
        assert_eq!(ids(asked(&[], None)), [2, 3, 1]);
        assert_eq!(ids(asked(&[], Some(("Timestamp", false)))), [2, 3, 1]);
        assert_eq!(ids(asked(&[], Some(("Timestamp", true)))), [1, 3, 2]);
        assert_eq!(ids(asked(&["FileName == \"cmd.exe\""], Some(("Timestamp", false)))), [3, 1]);
        let window = |asked: EventsAsked, range| case.event_window(&store, &asked, &range).unwrap();
        assert_eq!(window(asked(&[], None), 1..9), Some((vec![3, 1], 3)));
        assert_eq!(window(asked(&[], None), 0..1), Some((vec![2], 3)));
        assert_eq!(window(asked(&["FileName == \"cmd.exe\""], None), 0..1), None);
        let page = case.event_rows(&store, "DeviceProcessEvents", &[3, 2]).unwrap();
        assert_eq!(page.lineage, [[3], [2]]);
        let name = page.columns.iter().position(|column| column.name == "FileName").unwrap();
        assert_eq!(page.rows[0][name], Value::String("cmd.exe".to_owned()));
        assert_eq!(page.rows[1][name], Value::String("whoami.exe".to_owned()));
    }

    #[test]
    fn a_stretch_of_time_ends_before_its_end() {
        let (case, store) = testing::browsed();
        let (from, until) = (638_000_000_010_000_000, 638_000_000_030_000_000);
        let asked = EventsAsked { range: Some(TimeRange { from, until }), ..asked(&[], None) };
        assert_eq!(case.event_ids(&store, &asked).unwrap(), [2, 3]);
        let timeless = EventsAsked { table: "FileProfile()".to_owned(), ..asked };
        assert!(timeless.query(&store).ends_with("| where false"));
    }

    #[test]
    fn later_events_are_not_there_yet_as_of_an_earlier_time() {
        let (mut case, store) = testing::browsed();
        case.clock = Clock::as_of(638_000_000_020_000_000);
        assert_eq!(case.event_ids(&store, &asked(&[], None)).unwrap(), [2, 3]);
        assert_eq!(case.event_window(&store, &asked(&[], None), &(0..9)).unwrap(), Some((vec![2, 3], 2)));
    }

    #[test]
    fn values_are_counted_the_commonest_first() {
        let (case, store) = testing::browsed();
        let counts = case.value_counts(&store, "DeviceProcessEvents", "FileName", 10).unwrap();
        let text = |text: &str| Value::String(text.to_owned());
        assert_eq!(counts, [(text("cmd.exe"), 2), (text("whoami.exe"), 1)]);
    }

    #[test]
    fn a_result_that_is_cut_says_so_and_a_wrong_query_says_where() {
        let (case, store) = testing::browsed();
        let listing = case.list(&store, "DeviceProcessEvents | sort by Timestamp asc", 2).unwrap();
        assert_eq!((listing.rows.len(), listing.cut, listing.lineage), (2, true, vec![vec![2], vec![3]]));
        assert!(!case.list(&store, "DeviceProcessEvents", 3).unwrap().cut);
        assert!(case.check(&store, "DeviceProcessEvents | where FileName == 'x'").is_empty());
        let wrong = case.check(&store, "DeviceProcessEvents | where FileNam == 'x'");
        assert_eq!(wrong[0].span.start, 28);
    }
}
