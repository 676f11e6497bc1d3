//! What a step wants to see: a predicate over what the program shows.

use serde::Deserialize;

use crate::console::action::View;
use crate::console::format::{self, TimeStyle};
use crate::console::state::State;
use crate::console::views;
use crate::hunt::{Match, UnitId};

/// All that is given here must hold at once.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// The goal in words.
    pub say: String,
    view: Option<View>,
    /// The rule whose page is open.
    rule_page: Option<String>,
    /// The rule in focus.
    rule: Option<String>,
    /// The file name of the process in focus, and of the process that started it.
    process: Option<String>,
    parent: Option<String>,
    /// Part of its command line.
    command_has: Option<String>,
    /// When it started, as `09:16:02`.
    started: Option<String>,
    /// Part of a match that is pinned.
    pinned_has: Option<String>,
    /// A filter of the matches, as `RULE = title`.
    filter: Option<String>,
    /// Own exclusions that are written, and that are on.
    exclusions_at_least: Option<usize>,
    enabled_at_least: Option<usize>,
    /// How many matches own exclusions hide.
    hidden_at_least: Option<usize>,
    hidden_at_most: Option<usize>,
    /// What each hidden match has.
    hidden_all_have: Option<String>,
    /// Whether a pinned match is hidden.
    pinned_hidden: Option<bool>,
    /// A predicate of a rule that is off, as `rule/unit`, and how many matches a rule then has.
    switched_off: Option<String>,
    matches_of: Option<MatchesOf>,
    /// No predicate is off.
    all_on: Option<bool>,
    /// The end of the name of a file that was written in this step, and part of its text.
    exported: Option<String>,
    exported_has: Option<String>,
    /// Part of the query that was run last, and how many rows it has.
    query_has: Option<String>,
    query_rows_at_least: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchesOf {
    rule: String,
    count: usize,
}

/// The part of the program's state that goals may speak of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    view: Option<View>,
    rule_page: Option<String>,
    rule: Option<String>,
    process: Option<SeenProcess>,
    /// The texts of what is pinned, of what is hidden, and of what is both.
    pinned: Vec<String>,
    hidden: Vec<String>,
    pinned_hidden: usize,
    filters: Vec<String>,
    exclusions: usize,
    enabled: usize,
    off: Vec<String>,
    /// Rule by rule, how many matches it has before own exclusions.
    counts: Vec<(String, usize)>,
    /// Name and text of the files that were written in this step.
    exported: Vec<(String, String)>,
    /// The query that was run last, and how many rows it has.
    query: Option<(String, usize)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct SeenProcess {
    name: String,
    command: String,
    started: String,
    parent: String,
}

impl Seen {
    pub fn of(state: &State) -> Self {
        let found = state.found.iter().flat_map(|found| &found.all.runs).flat_map(|run| &run.matches);
        let shown = state.shown_ids();
        let mut seen = Self {
            view: Some(state.view),
            rule_page: state.rules.open.clone().filter(|_| state.view == View::Rules),
            rule: state.focus.rule.clone(),
            process: process(state),
            exclusions: state.switches.exclusions().count(),
            enabled: state.switches.exclusions().filter(|(_, own)| own.enabled).count(),
            filters: state.matches.chips.iter().map(filter).collect(),
            counts: state
                .found
                .iter()
                .flat_map(|found| &found.all.runs)
                .map(|run| (run.rule.clone(), run.matches.len()))
                .collect(),
            exported: state.exported.clone(),
            query: state
                .query
                .result
                .as_ref()
                .and_then(|result| Some((state.query.history.last()?.clone(), result.rows.len()))),
            off: state.switches.saved().off.iter().map(UnitId::to_string).collect(),
            ..Self::default()
        };
        for found in found {
            let (is_pinned, is_hidden) = (state.switches.is_pinned(&found.id), !shown.contains(&found.id));
            if is_pinned {
                seen.pinned.push(text(found));
            }
            if is_hidden {
                seen.hidden.push(text(found));
            }
            seen.pinned_hidden += usize::from(is_pinned && is_hidden);
        }
        seen
    }
}

fn text(found: &Match) -> String {
    let values: Vec<String> = found.values.iter().map(format::value).collect();
    format!("{} {} {}", found.title, found.subject, values.join(" "))
}

fn filter(chip: &crate::console::state::Chip) -> String {
    format!("{} {} {}", chip.column, if chip.keep { "=" } else { "≠" }, chip.value)
}

fn process(state: &State) -> Option<SeenProcess> {
    let forest = state.forest.as_ref()?;
    let node = forest.node(views::tree::node_in_focus(state)?)?;
    let parent = node.parent.and_then(|parent| forest.node(parent));
    Some(SeenProcess {
        name: node.process.name.clone(),
        command: node.process.command_line.clone(),
        started: node.process.start.map(|ticks| format::time(ticks, TimeStyle::Clock)).unwrap_or_default(),
        parent: parent.map(|parent| parent.process.name.clone()).unwrap_or_default(),
    })
}

fn same(wanted: &str, found: &str) -> bool {
    wanted.eq_ignore_ascii_case(found)
}

fn within(wanted: &str, text: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

impl Goal {
    pub fn is_empty(&self) -> bool {
        Self { say: String::new(), ..self.clone() } == Self::default()
    }

    pub fn holds(&self, seen: &Seen) -> bool {
        let of_process = |wanted: &Option<String>, test: &dyn Fn(&SeenProcess, &str) -> bool| match wanted {
            Some(wanted) => seen.process.as_ref().is_some_and(|process| test(process, wanted)),
            None => true,
        };
        let count = |rule: &str| seen.counts.iter().find(|(name, _)| name == rule).map(|(_, count)| *count);
        self.view.is_none_or(|wanted| seen.view == Some(wanted))
            && self.rule_page.as_ref().is_none_or(|wanted| seen.rule_page.as_ref() == Some(wanted))
            && self.rule.as_ref().is_none_or(|wanted| seen.rule.as_ref() == Some(wanted))
            && of_process(&self.process, &|process, wanted| same(wanted, &process.name))
            && of_process(&self.parent, &|process, wanted| same(wanted, &process.parent))
            && of_process(&self.command_has, &|process, wanted| within(wanted, &process.command))
            && of_process(&self.started, &|process, wanted| process.started == wanted)
            && self.pinned_has.as_ref().is_none_or(|wanted| seen.pinned.iter().any(|text| within(wanted, text)))
            && self.filter.as_ref().is_none_or(|wanted| seen.filters.iter().any(|filter| same(wanted, filter)))
            && self.exclusions_at_least.is_none_or(|wanted| seen.exclusions >= wanted)
            && self.enabled_at_least.is_none_or(|wanted| seen.enabled >= wanted)
            && self.hidden_at_least.is_none_or(|wanted| seen.hidden.len() >= wanted)
            && self.hidden_at_most.is_none_or(|wanted| seen.hidden.len() <= wanted)
            && self.hidden_all_have.as_ref().is_none_or(|wanted| seen.hidden.iter().all(|text| within(wanted, text)))
            && self.pinned_hidden.is_none_or(|wanted| (seen.pinned_hidden > 0) == wanted)
            && self.switched_off.as_ref().is_none_or(|wanted| seen.off.contains(wanted))
            && self.matches_of.as_ref().is_none_or(|wanted| count(&wanted.rule) == Some(wanted.count))
            && self.exported.as_ref().is_none_or(|wanted| {
                let has = self.exported_has.as_deref().unwrap_or_default();
                seen.exported.iter().any(|(name, text)| name.ends_with(wanted.as_str()) && within(has, text))
            })
            && self.query_has.as_ref().is_none_or(|wanted| {
                let compact = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                seen.query.as_ref().is_some_and(|(text, _)| within(&compact(wanted), &compact(text)))
            })
            && self
                .query_rows_at_least
                .is_none_or(|wanted| seen.query.as_ref().is_some_and(|(_, rows)| *rows >= wanted))
            && self.all_on.is_none_or(|wanted| seen.off.is_empty() == wanted)
    }
}
