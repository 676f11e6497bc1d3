//! The account of an import: every file, every record, to the unit.

use std::collections::{BTreeMap, HashMap};
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
                "{kind}: {} file{}, {} record{} = {} stored + {} duplicates + {} rejected",
                grouped(files),
                if files == 1 { "" } else { "s" },
                grouped(records),
                if records == 1 { "" } else { "s" },
                grouped(stored),
                grouped(duplicates),
                grouped(rejected)
            );
        }
        self.write_problems(&mut text);
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
                "interrupted: {} {files}; what is listed is in the store,\n  and the same command imports the rest",
                grouped(self.remaining as u64)
            );
        }
        text
    }
}

impl ImportReport {
    /// What was left out, cut short, rejected and decided: files under the reason they share, records under their file.
    fn write_problems(&self, text: &mut String) {
        let problems = |events: bool| {
            let files = self.files.iter().filter(move |file| file.kind.is_some() == events);
            files.filter_map(|file| Some((file.problem.as_deref()?, file.path.as_str())))
        };
        write_listed(text, "left out", problems(false));
        write_listed(text, "not read to the end", problems(true));
        let rejecting: Vec<&FileReport> = self.files.iter().filter(|file| file.rejected > 0).collect();
        if !rejecting.is_empty() {
            let records: u64 = rejecting.iter().map(|file| file.rejected).sum();
            let _ = writeln!(
                text,
                "rejected: {} of {}",
                counted(records, "record"),
                counted(rejecting.len() as u64, "file")
            );
        }
        for file in rejecting {
            let _ = writeln!(text, "  {}", file.path);
            for (reason, places) in by_key(file.rejections.iter().map(|one| (one.reason.as_str(), one.place.as_str())))
            {
                write_wrapped(text, 4, &format!("{}: {reason}", places.join(", ")));
            }
            let unlisted = file.rejected.saturating_sub(file.rejections.len() as u64);
            if unlisted > 0 {
                let _ = writeln!(text, "    and {} more", grouped(unlisted));
            }
        }
        let notes =
            self.files.iter().flat_map(|file| file.notes.iter().map(|note| (note.as_str(), file.path.as_str())));
        write_listed(text, "notes", notes);
    }
}

/// Lines end before this column where a blank allows it.
const WIDTH: usize = 80;

/// Reasons, each with the files it is true of.
fn write_listed<'r>(text: &mut String, title: &str, found: impl Iterator<Item = (&'r str, &'r str)>) {
    let reasons = by_key(found);
    if reasons.is_empty() {
        return;
    }
    let files: usize = reasons.iter().map(|(_, paths)| paths.len()).sum();
    let _ = writeln!(text, "{title}: {}", counted(files as u64, "file"));
    for (reason, paths) in reasons {
        write_wrapped(text, 2, reason);
        for path in paths {
            let _ = writeln!(text, "    {path}");
        }
    }
}

/// Values under their keys, both in the order they came.
fn by_key<'r>(pairs: impl Iterator<Item = (&'r str, &'r str)>) -> Vec<(&'r str, Vec<&'r str>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (key, value) in pairs {
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

fn write_wrapped(text: &mut String, indent: usize, words: &str) {
    let mut column = 0;
    for word in words.split(' ') {
        let width = word.chars().count();
        if column == 0 {
            let _ = write!(text, "{:indent$}{word}", "");
            column = indent + width;
        } else if column + 1 + width > WIDTH {
            let _ = write!(text, "\n{:deeper$}{word}", "", deeper = indent + 2);
            column = indent + 2 + width;
        } else {
            let _ = write!(text, " {word}");
            column += 1 + width;
        }
    }
    text.push('\n');
}

fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with its thousands apart.
pub fn grouped(number: u64) -> String {
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
    fn what_went_wrong_is_told_once_and_within_eighty_columns() {
        let rejection = |place: &str, reason: &str| Rejection { place: place.to_owned(), reason: reason.to_owned() };
        let left_out = |path: &str, reason: &str| FileReport {
            path: path.to_owned(),
            problem: Some(reason.to_owned()),
            ..FileReport::default()
        };
        let long = "cursor.position at offset 51314709 is past the end of the data (65536 bytes), which no record is";
        let files = vec![
            FileReport {
                path: "case/Security.evtx".to_owned(),
                kind: Some("EVTX".to_owned()),
                records: 40,
                stored: 10,
                rejected: 30,
                rejections: vec![
                    rejection("record 3", long),
                    rejection("record 4", "odd"),
                    rejection("record 9", long),
                ],
                notes: vec!["the file is cut off inside a chunk: the records before the cut are read".to_owned()],
                ..FileReport::default()
            },
            left_out("case/a.bin", "not text"),
            left_out("case/b.txt", "empty file"),
            left_out("case/c.bin", "not text"),
        ];
        let text = ImportReport { files, ..ImportReport::default() }.to_text();
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
