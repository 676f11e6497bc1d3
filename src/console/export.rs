//! The current view as a file: CSV, NDJSON or Markdown, saying what filters and exclusions were on.
//!
//! Makes text from the state; writing it is the world's, which never writes over a file that is there.

use serde_json::{Map, Value as Json};

use super::action::View;
use super::format;
use super::state::{Chip, State};
use super::views;
use super::widgets::table::Column;
use crate::hunt::ClockMode;
use crate::hunt::browse::Listing;
use crate::kql::visible::visible;

/// A spreadsheet takes a cell that starts so for a formula (CWE-1236).
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
    Markdown,
    Kql,
}

impl Format {
    /// By the end of the file's name.
    pub fn of(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            _ if stem.is_empty() => None,
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "md" => Some(Self::Markdown),
            "kql" => Some(Self::Kql),
            _ => None,
        }
    }
}

/// What is exported: a table, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    pub title: String,
    pub about: Vec<String>,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// The name that is offered for a view's file.
pub const fn file_name(view: View, rule_open: bool) -> &'static str {
    match view {
        View::Indicators => "indicators.csv",
        View::Events => "events.csv",
        View::Query => "result.csv",
        View::Rules if rule_open => "rule.kql",
        _ => "matches.csv",
    }
}

/// The rows that the view shows; `None` where it shows no rows of its own.
pub fn sheet(state: &State) -> Option<Sheet> {
    let (columns, rows, chips): (Vec<&str>, Vec<Vec<String>>, Vec<String>) = match state.view {
        View::Matches => {
            let columns = ["Time", "Severity", "Rule", "Subject", "Host", "Events", "HiddenBy", "Row"].to_vec();
            let rows = state.matches.rows.iter().filter_map(|row| match_row(state, *row)).collect();
            (columns, rows, chips(&state.matches.chips, &views::matches::COLUMNS))
        }
        View::Indicators => {
            let columns = ["Value", "Field", "Kind", "Corpus", "Hits", "Rule"].to_vec();
            let known = state.indicators.as_deref().unwrap_or_default();
            let shown = state.indicator.rows.iter().filter_map(|row| known.get(*row));
            let rows = shown
                .map(|row| {
                    vec![
                        row.value.clone(),
                        row.field.clone(),
                        row.kind.clone(),
                        row.corpus.to_string(),
                        row.hits.map(|hits| hits.to_string()).unwrap_or_default(),
                        row.rule.clone(),
                    ]
                })
                .collect();
            (columns, rows, chips(&state.indicator.chips, &views::indicators::COLUMNS))
        }
        View::Query => {
            let listing = state.query.result.as_ref()?;
            let mut sheet = listed(state, "Query result", listing);
            let last = state.query.history.last();
            sheet.about.extend(last.into_iter().flat_map(|text| text.lines()).map(|line| format!("    {line}")));
            return Some(sheet);
        }
        _ => return None,
    };
    let mut about = surroundings(state);
    about.push(if chips.is_empty() { "filters: none".to_owned() } else { format!("filters: {}", chips.join("; ")) });
    about.push(format!("rows: {}", rows.len()));
    let columns = columns.into_iter().map(str::to_owned).collect();
    Some(Sheet { title: state.view.title().to_owned(), about, columns, rows })
}

/// The rows of a listing, with its warning where they are not all.
pub fn listed(state: &State, title: &str, listing: &Listing) -> Sheet {
    let mut about = surroundings(state);
    let count = listing.rows.len();
    about.push(if listing.cut { format!("rows: the first {count}, there are more") } else { format!("rows: {count}") });
    Sheet {
        title: title.to_owned(),
        about,
        columns: listing.columns.iter().map(|column| column.name.clone()).collect(),
        rows: listing.rows.iter().map(|row| row.iter().map(format::value).collect()).collect(),
    }
}

fn match_row(state: &State, row: super::state::MatchRow) -> Option<Vec<String>> {
    let found = state.match_at(row)?;
    let cells: Map<String, Json> = found
        .columns
        .iter()
        .zip(&found.values)
        .map(|(column, value)| (column.name.clone(), crate::schema::format::json(value)))
        .collect();
    let events: Vec<String> = found.events.iter().map(ToString::to_string).collect();
    Some(vec![
        found.id.time.map(|ticks| format::time(ticks, format::TimeStyle::Exact)).unwrap_or_default(),
        found.severity.word().to_owned(),
        found.id.rule.clone(),
        found.subject.clone(),
        found.id.device.clone(),
        events.join(" "),
        views::matches::hidden_by(state, found),
        Json::Object(cells).to_string(),
    ])
}

fn chips(chips: &[Chip], columns: &[Column<'_>]) -> Vec<String> {
    let text = |chip: &Chip| {
        let title = columns.get(chip.column).map_or("", |column| column.title);
        format!("{title} {} {}", if chip.keep { "=" } else { "≠" }, chip.value)
    };
    chips.iter().map(text).collect()
}

/// The store, the clock and the exclusions.
fn surroundings(state: &State) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(overview) = &state.overview {
        about.push(format!("store: {} ({} events)", overview.name, overview.events));
        if let Some(clock) = overview.clock {
            let now = format::time(clock.now, format::TimeStyle::Exact);
            about.push(match clock.mode {
                ClockMode::AsOf => format!("clock: as of {now} UTC"),
                ClockMode::Whole => "clock: whole".to_owned(),
            });
        }
    }
    let enabled = || state.switches.exclusions().filter(|(_, own)| own.enabled);
    if enabled().next().is_none() {
        about.push("exclusions on: none".to_owned());
    }
    for (id, own) in enabled() {
        let rule = own.rule.as_deref().unwrap_or("every rule");
        about.push(format!("exclusion on: {id} ({rule}) {}", own.condition));
    }
    about.push(format!("matches: {} of {} shown", state.shown_count(), state.all_count()));
    about
}

/// The file's text. CSV and NDJSON have no place for what is to say; it stands in a file beside them.
pub fn text(sheet: &Sheet, chosen: Format) -> Result<String, String> {
    match chosen {
        Format::Csv => csv_text(sheet),
        Format::Ndjson => Ok(ndjson(sheet)),
        Format::Markdown => Ok(markdown(sheet)),
        Format::Kql => Err("rows are written as .csv, .ndjson or .md".to_owned()),
    }
}

/// What there is to say, for a file of its own.
pub fn about(sheet: &Sheet) -> String {
    let lines: Vec<String> = sheet.about.iter().map(|line| visible(line)).collect();
    format!("{}\n{}\n", sheet.title, lines.join("\n"))
}

fn csv_text(sheet: &Sheet) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    writer.write_record(sheet.columns.iter().map(|name| cell(name))).map_err(|error| failed(&error))?;
    for row in &sheet.rows {
        writer.write_record(row.iter().map(|text| cell(text))).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

/// A cell that neither a spreadsheet nor a terminal acts on. Line ends stay: CSV quotes them.
fn cell(text: &str) -> String {
    let shown: Vec<String> = text.split('\n').map(visible).collect();
    let shown = shown.join("\n");
    if text.starts_with(FORMULA_STARTS) { format!("'{shown}") } else { shown }
}

fn ndjson(sheet: &Sheet) -> String {
    let object = |row: &Vec<String>| {
        let members = sheet.columns.iter().zip(row);
        let members: Map<String, Json> =
            members.map(|(name, text)| (name.clone(), Json::from(text.as_str()))).collect();
        format!("{}\n", Json::Object(members))
    };
    sheet.rows.iter().map(object).collect()
}

fn markdown(sheet: &Sheet) -> String {
    let escape = |text: &str| visible(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;");
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = format!("# {}\n\n", sheet.title);
    for said in &sheet.about {
        text.push_str(&format!("- {}\n", escape(said)));
    }
    text.push('\n');
    text.push_str(&line(sheet.columns.iter().map(|name| escape(name)).collect()));
    text.push_str(&line(sheet.columns.iter().map(|_| "---".to_owned()).collect()));
    for row in &sheet.rows {
        text.push_str(&line(row.iter().map(|cell| escape(cell)).collect()));
    }
    text
}

/// A query as a rule file.
pub fn rule_file(name: &str, query: &str) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(".kql");
    format!("// {}\n{}\n", visible(stem), query.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Sheet {
        Sheet {
            title: "Matches".to_owned(),
            about: vec!["filters: none".to_owned()],
            columns: vec!["Rule".to_owned(), "Subject".to_owned()],
            rows: vec![vec!["=HYPERLINK(1)".to_owned(), "a|b\u{1b}[31m \"c\"".to_owned()]],
        }
    }

    #[test]
    fn no_format_lets_a_text_act() {
        assert_eq!(text(&example(), Format::Csv).unwrap(), "Rule,Subject\n'=HYPERLINK(1),\"a|b^[[31m \"\"c\"\"\"\n");
        assert_eq!(
            text(&example(), Format::Ndjson).unwrap(),
            "{\"Rule\":\"=HYPERLINK(1)\",\"Subject\":\"a|b\\u001b[31m \\\"c\\\"\"}\n"
        );
        let expected = "# Matches\n\n- filters: none\n\n| Rule | Subject |\n| --- | --- |\n| =HYPERLINK(1) | a\\|b^[[31m \"c\" |\n";
        assert_eq!(text(&example(), Format::Markdown).unwrap(), expected);
        assert!(text(&example(), Format::Kql).is_err());
    }

    #[test]
    fn the_name_says_the_format() {
        assert_eq!(Format::of("a/b.CSV"), Some(Format::Csv));
        assert_eq!(Format::of("rule.kql"), Some(Format::Kql));
        assert_eq!([Format::of("x"), Format::of(".csv"), Format::of("x.exe")], [None; 3]);
    }
}
