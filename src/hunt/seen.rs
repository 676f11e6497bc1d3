//! When an indicator is seen in a store: in which tables, how often, the first and the last time.

use super::case::Case;
use super::error::HuntError;
use super::query::QueryError;
use crate::kql::values::quote_name;
use crate::schema::Value;
use crate::store::Store;

/// One table's events that meet a condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    pub table: String,
    pub events: u64,
    /// In ticks; `None` where no such event has a time.
    pub first: Option<i64>,
    pub last: Option<i64>,
}

impl Case {
    /// Where and when a condition on columns holds, the table with the most events first; tables without one are left
    /// out.
    pub fn seen(&self, store: &Store, tables: &[String], condition: &str) -> Result<Vec<Seen>, HuntError> {
        let asker = self.asker(store);
        let mut found = Vec::new();
        for table in tables {
            let Some(schema) = store.schema().table(table) else { continue };
            let times = schema.time_column().map(|column| {
                let name = quote_name(&column.name);
                format!(", First = min({name}), Last = max({name})")
            });
            let query =
                format!("{table}\n| where {condition}\n| summarize Events = count(){}", times.unwrap_or_default());
            let rows = match asker.values(&query) {
                Ok(rows) => rows.rows,
                Err(QueryError::Cancelled) => return Err(HuntError::Cancelled),
                Err(error) => return Err(error.of("when the indicator was seen", &query)),
            };
            let time = |value: Option<&Value>| match value {
                Some(Value::Datetime(ticks)) => Some(*ticks),
                _ => None,
            };
            if let Some(row) = rows.first()
                && let Some(Value::Long(events)) = row.first()
                && *events > 0
            {
                found.push(Seen {
                    table: table.clone(),
                    events: events.unsigned_abs(),
                    first: time(row.get(1)),
                    last: time(row.get(2)),
                });
            }
        }
        found.sort_by(|left, right| right.events.cmp(&left.events).then_with(|| left.table.cmp(&right.table)));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::browsed;
    use super::*;

    #[test]
    fn the_first_and_the_last_time_are_told() {
        let (case, store) = browsed();
        let tables = ["DeviceFileEvents".to_owned(), "DeviceProcessEvents".to_owned()];
        let seen = case.seen(&store, &tables, "FileName =~ \"CMD.exe\"").unwrap();
        let expected = Seen {
            table: "DeviceProcessEvents".to_owned(),
            events: 2,
            first: Some(638_000_000_020_000_000),
            last: Some(638_000_000_030_000_000),
        };
        assert_eq!(seen, [expected]);
    }
}
