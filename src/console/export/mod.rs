//! The current view as a file, saying what filters, clock and exclusions were on.
//!
//! Makes text from the state; writing it is the world's, which never writes over a file that is there. What a view
//! shows is `sheets`' matter, how it is written `formats`'.

mod exclusion_set;
mod formats;
mod navigator;
mod sheets;

pub use exclusion_set::exclusion_set;
pub use formats::{about, text};
pub use navigator::layer;
pub use sheets::{baseline, diff, listed, sheet};

use super::action::View;
use super::state::State;
use crate::kql::visible::visible;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
    Markdown,
    Html,
    Text,
    /// A layer of the ATT&CK Navigator.
    Layer,
    Kql,
}

/// Whether a path stays below the folder it is written from: a script is somebody else's text.
pub fn is_below(path: &str) -> bool {
    let path = std::path::Path::new(path);
    path.components().all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir))
}

/// What is said of a name whose end means no format.
pub const FORMATS: &str = "the name's end says the format: .csv .jsonl .md .html .txt, .json for an ATT&CK Navigator \
                           layer, .kql for a rule or the exclusions";

impl Format {
    /// By the end of the file's name.
    pub fn of(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            _ if stem.is_empty() => None,
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "md" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "txt" => Some(Self::Text),
            "json" => Some(Self::Layer),
            "kql" => Some(Self::Kql),
            _ => None,
        }
    }

    /// Whether the file says by itself what was on; else it stands in a file beside it.
    pub const fn has_header(self) -> bool {
        matches!(self, Self::Markdown | Self::Html | Self::Text | Self::Layer)
    }
}

/// What is exported: the view, or in the exclusions what they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    View,
    Diff,
}

/// What is exported: a table, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    pub title: String,
    pub about: Vec<String>,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Further tables, for the formats that are read by people.
    pub more: Vec<Sheet>,
    /// A text in place of the table where the file is plain text. Each line is escaped when it is written.
    pub plain: Option<String>,
}

/// The name that is offered for a view's file.
pub const fn file_name(state: &State, what: Subject) -> &'static str {
    match (state.view, what) {
        (View::Exclusions, Subject::Diff) => "diff.md",
        (View::Exclusions, Subject::View) if state.pane > 0 => "diff.csv",
        (View::Exclusions, Subject::View) => "exclusions.csv",
        (View::Indicators, _) => "indicators.csv",
        (View::Tree, _) => "tree.txt",
        (View::Events, _) => "events.csv",
        (View::Query, _) => "result.csv",
        (View::Rules, _) if state.rules.open.is_some() => "rule.kql",
        (View::Rules, _) => "rules.csv",
        _ => "matches.csv",
    }
}

/// A query as a rule file.
pub fn rule_file(name: &str, query: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(".kql");
    let title = visible(stem);
    let id: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let quoted = serde_json::Value::from(title.to_string());
    format!(
        "// ---\n// id: {}\n// title: {quoted}\n// description: What this looks for, and why it matters.\n// severity: medium\n// \
         status: Draft\n// version: 0.1.0\n// ---\n{}\n",
        serde_json::Value::from(id),
        query.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_format() {
        assert_eq!(Format::of("a/b.CSV"), Some(Format::Csv));
        assert_eq!(Format::of("rule.kql"), Some(Format::Kql));
        assert_eq!(Format::of("layer.json"), Some(Format::Layer));
        assert_eq!([Format::of("x"), Format::of(".csv"), Format::of("x.exe")], [None; 3]);
    }
}
