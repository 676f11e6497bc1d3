//! What the rows of a file showed while they were read, for the file's report. Pieces of a file are read apart from
//! each other and tell it together.

use std::collections::{BTreeMap, BTreeSet};

use super::report::grouped;

/// Where the portal ends an export: formerly, today's advanced hunting, and with its API.
const MOST_EXPORTED: [u64; 3] = [10_000, 30_000, 100_000];
/// Columns that no table has, of one file: a report names no more.
const MOST_UNKNOWN: usize = 20;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Rows of the service's own tables.
    pub exported: u64,
    /// Times without a zone were read as UTC.
    pub zone_missing: bool,
    /// Events whose own fields were dropped by whoever exported them.
    pub from_ecs: u64,
    /// Tables that rows were taken for by their columns.
    guessed: BTreeSet<String>,
    /// By table.
    unknown: BTreeMap<String, BTreeSet<String>>,
}

impl Seen {
    pub fn guessed(&mut self, table: &str) {
        if !self.guessed.contains(table) {
            self.guessed.insert(table.to_owned());
        }
    }

    /// A column that the table has not.
    pub fn unknown(&mut self, table: &str, column: &str) {
        if self.unknown.get(table).is_some_and(|columns| columns.contains(column))
            || self.unknown.values().map(BTreeSet::len).sum::<usize>() >= MOST_UNKNOWN
        {
            return;
        }
        self.unknown.entry(table.to_owned()).or_default().insert(column.to_owned());
    }

    /// Adds what the next piece of the file showed.
    pub fn merge(&mut self, next: Self) {
        let Self { exported, zone_missing, from_ecs, guessed, unknown } = next;
        self.exported += exported;
        self.zone_missing |= zone_missing;
        self.from_ecs += from_ecs;
        self.guessed.extend(guessed);
        for (table, columns) in unknown {
            for column in columns {
                self.unknown(&table, &column);
            }
        }
    }

    /// What the report says of it. Of a file that was not read to its end, columns and tables say nothing.
    pub fn notes(self, whole: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if self.zone_missing {
            notes.push("times without a zone were read as UTC; --time-zone changes that".to_owned());
        }
        if self.from_ecs > 0 {
            notes.push(format!(
                "{} events without their own fields: these are made of what the Elastic Common Schema keeps of them",
                self.from_ecs
            ));
        }
        if MOST_EXPORTED.contains(&self.exported) {
            notes.push(format!(
                "exactly {} rows, which is as many as the portal exports: there may have been more",
                grouped(self.exported)
            ));
        }
        if whole {
            notes.extend(self.guessed.iter().map(|table| format!("taken for {table} by its columns")));
            let unknown = self.unknown.iter();
            let unknown =
                unknown.flat_map(|(table, columns)| columns.iter().map(move |name| format!("{table}.{name}")));
            let unknown: Vec<String> = unknown.collect();
            if !unknown.is_empty() {
                notes.push(format!("columns that only the original record keeps: {}", unknown.join(", ")));
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_tell_what_the_whole_file_would() {
        let columns = |range: std::ops::Range<u32>, seen: &mut Seen| {
            for number in range {
                seen.unknown("DeviceEvents", &format!("Column{number:02}"));
            }
        };
        let (mut whole, mut first, mut second) = (Seen::default(), Seen::default(), Seen::default());
        columns(0..30, &mut whole);
        columns(0..15, &mut first);
        columns(10..30, &mut second);
        (whole.exported, first.exported, second.exported) = (30_000, 10_000, 20_000);
        for seen in [&mut whole, &mut second] {
            seen.guessed("DeviceEvents");
            seen.zone_missing = true;
        }
        first.merge(second);
        assert_eq!(first, whole);
        assert_eq!(first.clone().notes(false).len(), 2);
        assert_eq!(first.notes(true).len(), 4);
    }
}
