//! The account of an import: every file, every record, to the unit.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::time;
use crate::store::Rejection;

/// Rejections listed for one file; the rest is counted.
pub const MOST_REJECTIONS: usize = 20;

/// What became of one file. `records = stored + duplicates + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileReport {
    pub path: String,
    /// The container; `None` for what is not an event file.
    pub kind: Option<String>,
    pub bytes: u64,
    pub records: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// The first of them.
    pub rejections: Vec<Rejection>,
    /// Why the file was left out, or not read to its end.
    pub problem: Option<String>,
    /// What the reader had to decide.
    pub notes: Vec<String>,
}

/// What became of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    pub files: Vec<FileReport>,
    /// Rows of the whole store by table.
    pub tables: BTreeMap<String, u64>,
    pub oldest: Option<String>,
    pub newest: Option<String>,
    /// Process creations whose parent's creation is in the store, and all of them.
    pub parents_resolved: u64,
    pub processes: u64,
    pub profiles: u64,
    /// The analyst's own table with its columns and their types.
    pub table: Option<(String, Vec<(String, String)>)>,
    pub interrupted: bool,
    /// Files that an interrupted import did not come to, or not to the end of.
    pub remaining: usize,
}

impl ImportReport {
    /// Event files, that is without those left out.
    pub fn event_files(&self) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(|file| file.kind.is_some())
    }

    /// Records, stored, duplicates and rejected of all files.
    pub fn totals(&self) -> (u64, u64, u64, u64) {
        self.event_files().fold((0, 0, 0, 0), |(records, stored, duplicates, rejected), file| {
            (records + file.records, stored + file.stored, duplicates + file.duplicates, rejected + file.rejected)
        })
    }

    pub fn set_times(&mut self, range: Option<(i64, i64)>) {
        self.oldest = range.map(|(oldest, _)| time::format(oldest));
        self.newest = range.map(|(_, newest)| time::format(newest));
    }

    /// The report as lines of text. Names and reasons come from files: the caller escapes control characters.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut by_kind: BTreeMap<&str, (u64, u64, u64, u64, u64)> = BTreeMap::new();
        for file in self.event_files() {
            let sum = by_kind.entry(file.kind.as_deref().unwrap_or_default()).or_default();
            sum.0 += 1;
            sum.1 += file.records;
            sum.2 += file.stored;
            sum.3 += file.duplicates;
            sum.4 += file.rejected;
        }
        for (kind, (files, records, stored, duplicates, rejected)) in by_kind {
            let _ = writeln!(
                text,
                "{kind}: {} file{}, {} records = {} stored + {} duplicates + {} rejected",
                grouped(files),
                if files == 1 { "" } else { "s" },
                grouped(records),
                grouped(stored),
                grouped(duplicates),
                grouped(rejected)
            );
        }
        for file in &self.files {
            if let Some(problem) = &file.problem {
                let word = if file.kind.is_some() { "not read to its end" } else { "left out" };
                let _ = writeln!(text, "{word}: {}: {problem}", file.path);
            }
            for rejection in &file.rejections {
                let _ = writeln!(text, "rejected: {}: {}: {}", file.path, rejection.place, rejection.reason);
            }
            let unlisted = file.rejected.saturating_sub(file.rejections.len() as u64);
            if unlisted > 0 {
                let _ = writeln!(text, "rejected: {}: and {} more", file.path, grouped(unlisted));
            }
            for note in &file.notes {
                let _ = writeln!(text, "note: {}: {note}", file.path);
            }
        }
        if let Some((table, columns)) = &self.table {
            let columns: Vec<String> = columns.iter().map(|(name, word)| format!("{name}: {word}")).collect();
            let _ = writeln!(text, "table {table}: {}", columns.join(", "));
        }
        if self.profiles > 0 {
            let _ = writeln!(text, "file profiles: {}", grouped(self.profiles));
        }
        if !self.tables.is_empty() {
            text.push_str("in the store:\n");
            let width = self.tables.keys().map(String::len).max().unwrap_or_default();
            for (table, rows) in &self.tables {
                let _ = writeln!(text, "  {table:width$}  {:>11}", grouped(*rows));
            }
        }
        if let (Some(oldest), Some(newest)) = (&self.oldest, &self.newest) {
            let _ = writeln!(text, "time: {oldest} to {newest}");
        }
        if self.processes > 0 {
            let share = self.parents_resolved as f64 * 100.0 / self.processes as f64;
            let _ = writeln!(
                text,
                "parents resolved: {share:.1} % ({} of {} processes)",
                grouped(self.parents_resolved),
                grouped(self.processes)
            );
        }
        if self.interrupted {
            let files = if self.remaining == 1 { "file remains" } else { "files remain" };
            let _ = writeln!(
                text,
                "interrupted: {} {files}; what is listed is in the store, the same command imports the rest",
                grouped(self.remaining as u64)
            );
        }
        text
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
