//! Where a rule comes from, and the way back from a place in its query to the place in its file.

use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::kql::span::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    SentinelYaml,
    Markdown,
    Kql,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// As it was reached: relative to the rules folder for built-in rules.
    pub path: String,
    pub built_in: bool,
    pub format: Format,
    /// Which query of a file that holds several.
    pub variant: Option<String>,
    /// The file's text, without a byte order mark.
    pub raw: Arc<str>,
    /// Of the file's bytes.
    pub sha256: String,
    /// The line of the file (from 1) on which the query starts.
    pub line: usize,
    /// For each line of the query, where it starts in `raw`. Empty where the format wraps or escapes the text.
    starts: Vec<usize>,
}

/// What a loader knows of a file before it reads it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: String,
    pub built_in: bool,
    pub text: Arc<str>,
    pub sha256: String,
}

impl SourceFile {
    /// Decodes a file: UTF-8, or UTF-16 with a byte order mark. The second value says whether bytes had to be replaced.
    pub fn decode(path: impl Into<String>, built_in: bool, bytes: &[u8]) -> (Self, bool) {
        let (text, _, replaced) = encoding_rs::UTF_8.decode(bytes);
        let sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        (Self { path: path.into(), built_in, text: Arc::from(&*text), sha256 }, replaced)
    }

    /// The file's name without folder and extension.
    pub fn stem(&self) -> &str {
        stem(&self.path)
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

impl Origin {
    /// `from` is where in the file the query is looked for: its text follows line by line, at most indented.
    pub fn new(file: &SourceFile, format: Format, variant: Option<String>, query: &str, from: usize) -> Self {
        let starts = align(&file.text, from, query).unwrap_or_default();
        let at = starts.first().copied().unwrap_or(from);
        Self {
            path: file.path.clone(),
            built_in: file.built_in,
            format,
            variant,
            raw: Arc::clone(&file.text),
            sha256: file.sha256.clone(),
            line: line_of(&file.text, at),
            starts,
        }
    }

    pub fn stem(&self) -> &str {
        stem(&self.path)
    }

    /// The place in [`Origin::raw`] of a span of the query, where the file holds the query line by line.
    pub fn in_file(&self, query: &str, span: Span) -> Option<Span> {
        Some(Span::new(self.offset(query, span.start)?, self.offset(query, span.end)?))
    }

    fn offset(&self, query: &str, offset: usize) -> Option<usize> {
        let before = query.get(..offset)?;
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let column = before.len().checked_sub(before.rfind('\n').map_or(0, |at| at.saturating_add(1)))?;
        self.starts.get(line)?.checked_add(column)
    }
}

/// The line (from 1) of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// For each line of `query`, where it starts in `text`, if its lines follow each other from the line at `from` on.
fn align(text: &str, from: usize, query: &str) -> Option<Vec<usize>> {
    let rest = text.get(from..)?;
    let mut at = from;
    let mut lines = rest.split_inclusive('\n');
    let mut starts = Vec::new();
    let mut wanted_lines = query.split('\n').peekable();
    while let Some(wanted) = wanted_lines.next() {
        let wanted = wanted.trim_end_matches('\r');
        // What follows the query's last line break is nothing, whatever the file goes on with.
        if wanted.is_empty() && wanted_lines.peek().is_none() {
            starts.push(at);
            break;
        }
        let line = lines.next()?;
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = if wanted.is_empty() {
            content.trim().is_empty().then_some(content.len())?
        } else {
            let indent = content.strip_suffix(wanted)?;
            indent.trim().is_empty().then_some(indent.len())?
        };
        starts.push(at.checked_add(indent)?);
        at = at.checked_add(line.len())?;
    }
    Some(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_an_indented_query_is_found_in_its_file() {
        let text = "name: x\r\nquery: |\r\n  T\r\n  | where A == 1\r\n\r\n  | take 5\r\nversion: 1\r\n";
        let query = "T\n| where A == 1\n\n| take 5\n";
        let (file, replaced) = SourceFile::decode("a/b.yaml", false, text.as_bytes());
        assert!(!replaced);
        let origin = Origin::new(&file, Format::SentinelYaml, None, query, text.find("  T").unwrap());
        assert_eq!(origin.line, 3);
        let span = Span::new(query.find("take").unwrap(), query.find(" 5").unwrap());
        assert_eq!(origin.in_file(query, span).unwrap().slice(text), "take");
        let end = Span::new(query.len(), query.len());
        assert_eq!(origin.in_file(query, end).unwrap().slice(text), "");
    }

    #[test]
    fn a_query_that_the_file_does_not_hold_line_by_line_has_no_place() {
        let (file, _) = SourceFile::decode("b.yaml", false, b"query: \"T\\n| take 5\"");
        let origin = Origin::new(&file, Format::SentinelYaml, None, "T\n| take 5", 0);
        assert_eq!((origin.line, origin.in_file("T\n| take 5", Span::new(0, 1))), (1, None));
    }

    #[test]
    fn utf_16_and_byte_order_marks_are_read() {
        let (file, _) = SourceFile::decode("c.kql", false, b"\xff\xfeT\0");
        assert_eq!(&*file.text, "T");
        let (file, _) = SourceFile::decode("d.kql", false, b"\xef\xbb\xbfT");
        assert_eq!((&*file.text, file.stem()), ("T", "d"));
    }
}
