//! How often a hash is seen in a store, and on how many hosts.

use std::collections::BTreeSet;

use super::case::Case;
use super::error::HuntError;
use super::query::QueryError;
use crate::kql::values::{quote_name, quote_string};
use crate::schema::{Value, format};
use crate::store::Store;

/// Where a value is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sighting {
    pub events: u64,
    pub hosts: u64,
}

/// The tables whose hash is that of the file they are about.
const TABLES: [&str; 4] = ["DeviceProcessEvents", "DeviceFileEvents", "DeviceImageLoadEvents", "DeviceEvents"];

impl Case {
    /// The events whose file has this hash.
    pub fn sightings(&self, store: &Store, column: &str, value: &str) -> Result<Sighting, HuntError> {
        let mut hosts: BTreeSet<String> = BTreeSet::new();
        let mut events = 0u64;
        let asker = self.asker(store);
        for table in TABLES {
            let has = store.schema().table(table).is_some_and(|schema| schema.column(column).is_some());
            if !has {
                continue;
            }
            let text = format!(
                "{table}\n| where {} =~ {}\n| summarize Events = count() by DeviceName",
                quote_name(column),
                quote_string(value)
            );
            let rows = match asker.values(&text) {
                Ok(rows) => rows.rows,
                Err(QueryError::Cancelled) => return Err(HuntError::Cancelled),
                Err(error) => return Err(error.of("the sightings of the hash", &text)),
            };
            for row in &rows {
                // The key comes first.
                if let [host, Value::Long(count)] = row.as_slice() {
                    hosts.insert(format::text(host));
                    events = events.saturating_add(count.unsigned_abs());
                }
            }
        }
        Ok(Sighting { events, hosts: hosts.len() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{browsed, insert, text};
    use super::*;

    #[test]
    fn hosts_are_counted_once_over_all_tables() {
        let (case, store) = browsed();
        for (event, table, host) in
            [(11, "DeviceProcessEvents", "a"), (12, "DeviceProcessEvents", "b"), (13, "DeviceFileEvents", "a")]
        {
            insert(&store, event, table, &[("SHA1", text("abc")), ("DeviceName", text(host))]);
        }
        assert_eq!(case.sightings(&store, "SHA1", "ABC").unwrap(), Sighting { events: 3, hosts: 2 });
        assert_eq!(case.sightings(&store, "SHA1", "none").unwrap(), Sighting::default());
    }
}
