//! The page of a rule as lines in foldable sections: its pipeline over this data, and what it says of itself beside
//! what the store has of that.
//!
//! Made from what the workers answered; drawing it is the rule view's.

use std::collections::BTreeSet;

use super::source::Topic;
use super::state::State;
use super::views::rules::StageRow;
use crate::hunt::ParameterId;
use crate::hunt::dossier::{Dossier, Signal, TestState};
use crate::hunt::funnel::UnitState;
use crate::hunt::matches::RuleStatus;

/// In the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    Stages,
    Parameters,
    Bindings,
    Coverage,
    Attack,
    Tests,
    Indicators,
    Outputs,
    FalsePositives,
    Response,
    BlindSpots,
    References,
    About,
}

impl Section {
    pub const fn title(self) -> &'static str {
        match self {
            Self::Stages => "Stages and predicates",
            Self::Parameters => "Parameters",
            Self::Bindings => "Let bindings",
            Self::Coverage => "Event coverage",
            Self::Attack => "ATT&CK",
            Self::Tests => "Tests",
            Self::Indicators => "Indicators",
            Self::Outputs => "Output fields",
            Self::FalsePositives => "False positives",
            Self::Response => "Response",
            Self::BlindSpots => "Blind spots",
            Self::References => "References",
            Self::About => "About",
        }
    }

    /// What the two columns of numbers mean in it.
    pub const fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Coverage => ("", "EVENTS"),
            Self::Tests => ("", "SEEN"),
            Self::Indicators => ("RULES", "HITS"),
            _ => ("", ""),
        }
    }
}

/// What is folded where nobody has folded anything: long lists that are read rarely.
pub fn folded_at_first() -> BTreeSet<Section> {
    BTreeSet::from([Section::Outputs, Section::References, Section::About])
}

#[derive(Debug, Clone)]
pub enum Content {
    Heading {
        open: bool,
        count: usize,
        note: String,
    },
    Stage(Box<StageRow>),
    Parameter {
        id: ParameterId,
        own: String,
        value: Option<String>,
        /// Only predicates that the clock lifts use it.
        is_lifted: bool,
    },
    Binding {
        name: String,
        note: String,
        /// `None` without members to show.
        open: Option<bool>,
    },
    Member,
    Indicator {
        name: String,
        by_source: String,
        corpus: usize,
        hits: Option<u64>,
    },
    Coverage {
        /// Unknown until it is counted, or where it cannot be.
        events: Option<u64>,
        is_counted: bool,
        /// What the rule reads, and not only what another provider calls the same.
        is_read: bool,
    },
    Test(Option<TestState>),
    Signal {
        looked_for: String,
        events: Option<u64>,
    },
    Item {
        label: String,
    },
    /// Why there are no stages to show.
    Problem {
        is_error: bool,
    },
}

#[derive(Debug, Clone)]
pub struct PageRow {
    pub section: Section,
    pub content: Content,
    /// Raw text: searched, copied, and shown in full where the line cuts it.
    pub text: String,
}

impl PageRow {
    pub const fn stage(&self) -> Option<&StageRow> {
        match &self.content {
            Content::Stage(stage) => Some(stage),
            _ => None,
        }
    }
}

/// The lines of the page that is open.
pub fn rows(state: &State) -> Vec<PageRow> {
    let Some(rule) = state.rules.open.as_deref() else { return Vec::new() };
    let mut page = Page { state, rows: Vec::new() };
    page.section(Section::Stages, String::new(), stages(state));
    let Some(sheet) = state.sheets.get(rule) else { return page.rows };
    let dossier = state.dossiers.get(rule);
    page.section(Section::Parameters, String::new(), parameters(state, rule, &sheet.parameters));
    page.section(Section::Bindings, String::new(), bindings(state, &sheet.bindings));
    let (rows, note) = coverage(sheet, dossier);
    page.section(Section::Coverage, note, rows);
    let attack = sheet.attack.iter().map(|(tactic, technique)| item(tactic, technique)).collect();
    page.section(Section::Attack, String::new(), attack);
    let (rows, note) = tests(state, rule, sheet, dossier);
    page.section(Section::Tests, note, rows);
    page.section(Section::Indicators, String::new(), indicators(sheet, dossier));
    page.section(Section::Outputs, String::new(), items(&sheet.outputs));
    let lists = [
        (Section::FalsePositives, &sheet.false_positives),
        (Section::Response, &sheet.response),
        (Section::BlindSpots, &sheet.blind_spots),
        (Section::References, &sheet.references),
    ];
    for (section, list) in lists {
        page.section(section, String::new(), list.iter().map(|text| item("", text)).collect());
    }
    let mut about = items(&[("about".to_owned(), sheet.description.clone())]);
    about.extend(items(&sheet.header));
    for (label, text) in [("author", &sheet.author), ("licence", &sheet.licence), ("file", &sheet.source)] {
        about.extend((!text.is_empty()).then(|| item(label, text)));
    }
    about.extend(items(&sheet.notes));
    page.section(Section::About, String::new(), about);
    page.rows
}

type Body = Vec<(Content, String)>;

fn item(label: &str, text: &str) -> (Content, String) {
    (Content::Item { label: label.to_owned() }, text.to_owned())
}

fn items(pairs: &[(String, String)]) -> Body {
    pairs.iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| item(label, text)).collect()
}

struct Page<'a> {
    state: &'a State,
    rows: Vec<PageRow>,
}

impl Page<'_> {
    /// A section with something in it: its heading, and its lines where it is open.
    fn section(&mut self, section: Section, note: String, body: Body) {
        if body.is_empty() {
            return;
        }
        let open = !self.state.rules.folded.contains(&section);
        let counted = |(content, _): &&(Content, String)| !matches!(content, Content::Member | Content::Signal { .. });
        let count = body.iter().filter(counted).count();
        let heading = Content::Heading { open, count, note };
        self.rows.push(PageRow { section, content: heading, text: section.title().to_owned() });
        if open {
            self.rows.extend(body.into_iter().map(|(content, text)| PageRow { section, content, text }));
        }
    }
}

fn stages(state: &State) -> Body {
    let rows = super::views::rules::stage_rows(state);
    if rows.is_empty() {
        return no_stages(state);
    }
    rows.into_iter().map(|row| (Content::Stage(Box::new(row.clone())), row.text)).collect()
}

/// Why there are no stages to show.
fn no_stages(state: &State) -> Body {
    let said = |is_error, text: &str| (Content::Problem { is_error }, text.to_owned());
    if state.board.is_pending(Topic::Funnel) {
        return vec![said(false, "counting the rows of each stage…")];
    }
    let status = state.rules.open.as_deref().and_then(|rule| state.run_of(rule)).map(|run| &run.status);
    match status {
        Some(RuleStatus::Invalid(diagnostics) | RuleStatus::NeedsInput(diagnostics)) => {
            let lines = diagnostics.iter().flat_map(|found| {
                let help = found.help.iter().map(|help| said(false, help));
                std::iter::once(said(found.is_error(), &found.message)).chain(help)
            });
            lines.collect()
        }
        Some(RuleStatus::Failed(reason)) => vec![said(true, reason)],
        _ => vec![said(false, "the stages have not been counted; Ctrl-l asks again")],
    }
}

fn parameters(state: &State, rule: &str, parameters: &[(String, String)]) -> Body {
    let units: Vec<_> = super::views::rules::stage_rows(state).into_iter().filter_map(|row| row.unit).collect();
    let rows = parameters.iter().map(|(name, own)| {
        let id = ParameterId { rule: rule.to_owned(), name: name.clone() };
        let value = state.switches.parameter(&id).map(str::to_owned);
        let mut users = units.iter().filter(|unit| names(&unit.text, name)).peekable();
        let is_lifted = users.peek().is_some() && users.all(|unit| unit.state == UnitState::Lifted);
        let text = format!("{name} = {}", value.as_deref().unwrap_or(own));
        (Content::Parameter { id, own: own.clone(), value, is_lifted }, text)
    });
    rows.collect()
}

/// Whether a text has a name as a word.
fn names(text: &str, name: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric() && character != '_').any(|word| word == name)
}

fn bindings(state: &State, bindings: &[super::sheets::SheetBinding]) -> Body {
    let mut body = Body::new();
    for binding in bindings {
        let mut notes = Vec::new();
        if !binding.members.is_empty() {
            notes.push(format!("a list of {}", binding.members.len()));
        }
        if !binding.derived_from.is_empty() {
            notes.push(format!("derived from {}", binding.derived_from.join(", ")));
        }
        let is_open = state.rules.lists.contains(&binding.name);
        let open = (!binding.members.is_empty()).then_some(is_open);
        let content = Content::Binding { name: binding.name.clone(), note: notes.join(" · "), open };
        body.push((content, binding.text.clone()));
        if is_open {
            body.extend(binding.members.iter().map(|member| (Content::Member, member.clone())));
        }
    }
    body
}

/// Providers whose events are made into the tables that rules read.
const OTHERS: [&str; 3] = ["Sysmon", "Security-Auditing", "MSSQLSERVER"];

fn coverage(sheet: &super::sheets::RuleSheet, dossier: Option<&Dossier>) -> (Body, String) {
    let mut body = Body::new();
    let mut missing: Vec<&str> = Vec::new();
    for (at, row) in sheet.coverage.iter().enumerate() {
        let events = dossier.and_then(|dossier| dossier.telemetry.get(at).copied().flatten());
        // The rule reads its own tables; what other providers call the same may be elsewhere.
        let is_read = !OTHERS.contains(&row.provider.as_str());
        if is_read && events == Some(0) {
            missing.push(&row.event);
        }
        let content = Content::Coverage { events, is_counted: dossier.is_some(), is_read };
        body.push((content, format!("{} {} {}", row.provider, row.event, row.title).trim_end().to_owned()));
    }
    let note = match dossier {
        None => "counting…".to_owned(),
        Some(_) if missing.is_empty() => "telemetry present in this store".to_owned(),
        Some(_) => format!("absent in this store: {}", missing.join(", ")),
    };
    (body, note)
}

fn tests(state: &State, rule: &str, sheet: &super::sheets::RuleSheet, dossier: Option<&Dossier>) -> (Body, String) {
    let mut body = Body::new();
    let mut passed = 0usize;
    for (at, test) in sheet.tests.iter().enumerate() {
        let signals = dossier.and_then(|dossier| dossier.tests.get(at));
        let found = signals.map(|signals| TestState::of(signals));
        passed += usize::from(found == Some(TestState::Seen));
        let description = if test.description.is_empty() { String::new() } else { format!(": {}", test.description) };
        body.push((Content::Test(found), format!("{}{description}", test.name)));
        for (place, expected) in test.expected.iter().enumerate() {
            let signal: Option<&Signal> = signals.and_then(|signals| signals.get(place));
            let looked_for = signal.map(|signal| signal.looked_for.clone()).unwrap_or_default();
            let events = signal.and_then(|signal| signal.events);
            body.push((Content::Signal { looked_for, events }, expected.clone()));
        }
    }
    let matches = state.run_of(rule).map_or(0, |run| run.matches.len());
    let note = match (passed, matches) {
        _ if dossier.is_none() || sheet.tests.is_empty() => String::new(),
        (passed, 0) if passed > 0 => format!("{passed} in full here, but no match"),
        (passed, _) => format!("{passed} of {} in full here", sheet.tests.len()),
    };
    (body, note)
}

fn indicators(sheet: &super::sheets::RuleSheet, dossier: Option<&Dossier>) -> Body {
    let hits = |field: &str, kind: &str, value: &str| {
        let known = dossier?.hits.iter().find(|hit| hit.field == field && hit.kind == kind && hit.value == value);
        known?.events
    };
    let mut rows: Vec<_> = sheet
        .indicators
        .iter()
        .map(|indicator| (hits(&indicator.field, &indicator.kind, &indicator.value), indicator))
        .collect();
    // By field and operator as the rule has them; in these what is seen here comes first, then what is rare.
    let mut order: Vec<(&str, &str)> = Vec::new();
    for (_, indicator) in &rows {
        let key = (indicator.field.as_str(), indicator.kind.as_str());
        if !order.contains(&key) {
            order.push(key);
        }
    }
    rows.sort_by_key(|(hits, indicator)| {
        let key = (indicator.field.as_str(), indicator.kind.as_str());
        let group = order.iter().position(|known| *known == key);
        (group, std::cmp::Reverse(hits.unwrap_or(0)), indicator.corpus)
    });
    rows.into_iter()
        .map(|(hits, indicator)| {
            let content = Content::Indicator {
                name: format!("{} {}", indicator.field, indicator.kind),
                by_source: indicator.by_source.clone(),
                corpus: indicator.corpus,
                hits,
            };
            (content, indicator.value.clone())
        })
        .collect()
}
