//! What each view has to write: its rows as they are filtered and sorted, and what was on.

use serde_json::{Map, Value as Json};

use super::Sheet;
use crate::console::action::View;
use crate::console::format::{self, TimeStyle};
use crate::console::rule_page::Content;
use crate::console::state::{Baseline, Chip, MatchRow, State};
use crate::console::views;
use crate::hunt::browse::Listing;
use crate::hunt::exclusions::Change;
use crate::hunt::timeline::TimeRange;
use crate::hunt::tree::text as tree_text;
use crate::hunt::{ClockMode, ExclusionEffect, Match};
use crate::kql::visible::visible;

/// The rows that the view shows; `None` where it shows no rows of its own.
pub fn sheet(state: &State) -> Option<Sheet> {
    match state.view {
        View::Matches => Some(matches(state)),
        View::Indicators => Some(indicators(state)),
        View::Tree => tree(state),
        View::Exclusions if state.pane == 0 => Some(with_surroundings(state, exclusions(state))),
        View::Exclusions => Some(diff(state)),
        View::Rules if state.rules.open.is_some() => Some(rule_page(state)),
        View::Rules => Some(rules(state)),
        View::Query => {
            let listing = state.query.result.as_ref()?;
            let mut sheet = listed(state, "Query result", listing);
            let last = state.query.history.last();
            sheet.about.extend(last.into_iter().flat_map(|text| text.lines()).map(|line| format!("    {line}")));
            Some(sheet)
        }
        _ => None,
    }
}

fn table(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Sheet {
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    Sheet { title: title.to_owned(), columns, rows, ..Sheet::default() }
}

fn with_surroundings(state: &State, sheet: Sheet) -> Sheet {
    let mut about = surroundings(state);
    about.extend(sheet.about);
    about.push(format!("rows: {}", sheet.rows.len()));
    Sheet { about, ..sheet }
}

fn matches(state: &State) -> Sheet {
    let columns = ["Time", "Severity", "Rule", "Subject", "Host", "Events", "HiddenBy", "Pinned", "Note", "Row"];
    let rows = state.matches.rows.iter().filter_map(|row| match_row(state, *row)).collect();
    let mut sheet = table("Matches", &columns, rows);
    sheet.about.push(filters(&state.matches.chips, state.timeline.range));
    let mut sheet = with_surroundings(state, sheet);
    let exclusions = exclusions(state);
    if !exclusions.rows.is_empty() {
        sheet.more.push(exclusions);
    }
    sheet.more.push(by_rule(state));
    sheet.more.extend(pinned_chains(state));
    sheet
}

fn match_row(state: &State, row: MatchRow) -> Option<Vec<String>> {
    let found = state.match_at(row)?;
    let cells: Map<String, Json> = found
        .columns
        .iter()
        .zip(found.values.iter())
        .map(|(column, value)| (column.name.clone(), crate::schema::format::json(value)))
        .collect();
    let [time, severity, rule, subject, host, events] = common(found);
    let pinned = if state.switches.is_pinned(&found.id) { "yes" } else { "" };
    let hidden_by = views::matches::hidden_by(state, found);
    let note = state.switches.note(&found.id).unwrap_or_default();
    let row = Json::Object(cells).to_string();
    Some(vec![time, severity, rule, subject, host, events, hidden_by, pinned.to_owned(), note.to_owned(), row])
}

/// Time, severity, rule, subject, host, events.
fn common(found: &Match) -> [String; 6] {
    let events: Vec<String> = found.events.iter().map(ToString::to_string).collect();
    [
        found.id.time.map(|ticks| format::time(ticks, TimeStyle::Exact)).unwrap_or_default(),
        found.severity.word().to_owned(),
        found.id.rule.clone(),
        found.subject.clone(),
        found.id.device.clone(),
        events.join(" "),
    ]
}

fn indicators(state: &State) -> Sheet {
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
    let mut sheet = table("Indicators", &["Value", "Field", "Kind", "Corpus", "Hits", "Rule"], rows);
    sheet.about.push(filters(&state.indicator.chips, None));
    with_surroundings(state, sheet)
}

/// The exclusions with what they hide.
fn exclusions(state: &State) -> Sheet {
    let row = |effect: &ExclusionEffect| {
        let count = |number: u64| effect.problem.as_ref().map_or_else(|| number.to_string(), |_| "?".to_owned());
        vec![
            views::exclusions::id(effect),
            if effect.enabled { "on" } else { "off" }.to_owned(),
            effect.rule.clone().unwrap_or_else(|| "any rule".to_owned()),
            effect.condition.clone(),
            count(effect.hides),
            count(effect.only_by),
            effect.pinned.len().to_string(),
            effect.note.clone(),
            effect.owner.clone(),
        ]
    };
    let columns = ["Id", "State", "Scope", "Condition", "Hides", "OnlyBy", "HidesPinned", "Reason", "Owner"];
    table("Exclusions", &columns, state.effects.iter().map(row).collect())
}

/// The matches that come and go, with the exclusions that take them and their chains.
pub fn diff(state: &State) -> Sheet {
    let diff = &state.exclusions.diff;
    let rows = diff
        .rows
        .iter()
        .map(|row| {
            let change = match row.change {
                Change::Hidden => "hidden",
                Change::New => "new",
                Change::Kept => "kept",
            };
            let [time, severity, rule, subject, host, events] = common(&row.found);
            let by = views::matches::hidden_by(state, &row.found);
            let chain = state.node_of(&row.found.events).map(|node| views::tree::path_text(state, node));
            let pinned = if state.switches.is_pinned(&row.found.id) { "yes" } else { "" };
            let chain = chain.unwrap_or_default();
            vec![change.to_owned(), time, severity, rule, subject, host, by, pinned.to_owned(), chain, events]
        })
        .collect();
    let columns = ["Change", "Time", "Severity", "Rule", "Subject", "Host", "By", "Pinned", "Chain", "Events"];
    let mut sheet = table("Difference of matches", &columns, rows);
    let (hidden, new, kept) = (diff.count(Change::Hidden), diff.count(Change::New), diff.count(Change::Kept));
    sheet.about.push(format!("before: {} ({} matches)", baseline(state.exclusions.baseline), hidden + kept));
    sheet.about.push(format!("after: as switched now ({} matches)", kept + new));
    sheet.about.push(format!("difference: {hidden} hidden, {new} new, {kept} kept"));
    let mut sheet = with_surroundings(state, sheet);
    sheet.more.push(by_rule(state));
    sheet.more.push(exclusions(state));
    sheet
}

/// What the difference starts from, in words.
pub const fn baseline(baseline: Baseline) -> &'static str {
    match baseline {
        Baseline::ExclusionsOff => "yours all off",
        Baseline::SessionStart => "start of session",
        Baseline::Marked => "as marked",
    }
}

fn by_rule(state: &State) -> Sheet {
    let rows = state.exclusions.diff.rules.iter();
    let rows = rows.map(|rule| vec![rule.title.clone(), rule.before.to_string(), rule.after.to_string()]).collect();
    table("Matches by rule", &["Rule", "Before", "After"], rows)
}

/// The chains of the pinned matches, a step a row.
fn pinned_chains(state: &State) -> Option<Sheet> {
    let forest = state.forest.as_ref()?;
    let mut rows = Vec::new();
    let all = state.found.iter().flat_map(|found| &found.all.runs).flat_map(|run| &run.matches);
    for found in all.filter(|found| state.switches.is_pinned(&found.id)) {
        let Some(node) = state.node_of(&found.events) else { continue };
        for at in forest.path(node).into_iter().filter_map(|id| forest.node(id)) {
            rows.push(vec![
                found.id.name(),
                at.process.start.map(|ticks| format::time(ticks, TimeStyle::Exact)).unwrap_or_default(),
                tree_text::name(at),
                at.process.pid.map(|pid| pid.to_string()).unwrap_or_default(),
                at.process.command_line.clone(),
            ]);
        }
    }
    let columns = ["Match", "Start", "Process", "Pid", "CommandLine"];
    (!rows.is_empty()).then(|| table("Chains of what is pinned", &columns, rows))
}

fn tree(state: &State) -> Option<Sheet> {
    let forest = state.forest.as_ref()?;
    let shown: std::collections::BTreeSet<_> = state.tree.tree.rows.iter().map(|row| row.node).collect();
    let nodes = state.tree.tree.rows.iter().filter(|row| row.event.is_none()).filter_map(|row| forest.node(row.node));
    let exact = |ticks: i64| format::time(ticks, TimeStyle::Exact);
    let rows = nodes
        .map(|node| {
            let mark = state.marks.get(&node.id);
            let process = &node.process;
            vec![
                forest.path(node.id).len().to_string(),
                tree_text::name(node),
                process.pid.map(|pid| pid.to_string()).unwrap_or_default(),
                process.start.map(exact).unwrap_or_default(),
                process.command_line.clone(),
                process.account.clone(),
                mark.map(|mark| mark.severity.word().to_owned()).unwrap_or_default(),
                mark.map(|mark| mark.count.to_string()).unwrap_or_default(),
                if node.ghost { "yes" } else { "" }.to_owned(),
                views::tree::path_text(state, node.id),
                process.sha256.clone(),
                process.device.clone(),
            ]
        })
        .collect();
    let columns = [
        "Depth",
        "Process",
        "Pid",
        "Start",
        "CommandLine",
        "User",
        "Severity",
        "Matches",
        "Ghost",
        "Chain",
        "SHA256",
        "Host",
    ];
    let mut sheet = table("Process tree", &columns, rows);
    let display = tree_text::Display { escape: &visible, time: &exact, focus: state.tree.tree.selected() };
    sheet.plain = Some(tree_text::indented(forest, &|id| shown.contains(&id), &display));
    sheet.about.push(format!("shown: {}", state.tree.show.words()));
    Some(with_surroundings(state, sheet))
}

fn rules(state: &State) -> Sheet {
    let rows = views::rules::rows(state)
        .into_iter()
        .map(|rule| {
            let shown: usize = state
                .found
                .iter()
                .flat_map(|found| &found.shown.runs)
                .filter(|run| run.rule == rule.name)
                .map(|run| run.matches.len())
                .sum();
            let run = state.run_of(&rule.name);
            vec![
                rule.severity.word().to_owned(),
                rule.name.clone(),
                rule.title.clone(),
                run.map(|run| crate::hunt::survey::status_line(&run.status)).unwrap_or_default(),
                shown.to_string(),
                run.map(|run| run.matches.len().to_string()).unwrap_or_default(),
                rule.techniques.join(" "),
            ]
        })
        .collect();
    let columns = ["Severity", "Id", "Rule", "Status", "Shown", "Matches", "Techniques"];
    with_surroundings(state, table("Rules", &columns, rows))
}

fn rule_page(state: &State) -> Sheet {
    let rows = state.rules.page.iter().filter(|row| !matches!(row.content, Content::Heading { .. })).map(|row| {
        let section = row.section.title().to_owned();
        let mut cells = vec![section, String::new(), row.text.clone(), String::new(), String::new(), String::new()];
        let mut set = |at: usize, text: String| {
            if let Some(cell) = cells.get_mut(at) {
                *cell = text;
            }
        };
        match &row.content {
            Content::Stage(stage) => {
                set(1, stage.number.clone());
                set(2, format!("{} {}", stage.kind, stage.text));
                let state = stage.unit.as_ref().map(|unit| format!("{:?}", unit.state).to_lowercase());
                set(3, state.unwrap_or_default());
                set(4, views::rules::rows_text(&stage.rows_in));
                set(5, views::rules::rows_text(&stage.rows_out));
            }
            Content::Parameter { value: Some(_), own, .. } => set(3, format!("set; the rule has {own}")),
            Content::Binding { note, .. } => set(3, note.clone()),
            Content::Indicator { name, corpus, hits, .. } => {
                set(1, name.clone());
                set(4, corpus.to_string());
                set(5, hits.map(|hits| hits.to_string()).unwrap_or_default());
            }
            Content::Coverage { events, .. } | Content::Signal { events, .. } => {
                set(5, events.map(|events| events.to_string()).unwrap_or_default());
            }
            Content::Test(Some(found)) => set(3, format!("{found:?}").to_lowercase()),
            Content::Item { label } => set(1, label.clone()),
            _ => {}
        }
        cells
    });
    let title = state.rules.open.as_deref().map_or_else(String::new, |rule| state.rule_title(rule).to_owned());
    let columns = ["Section", "Name", "Text", "State", "In", "Out"];
    with_surroundings(state, table(&title, &columns, rows.collect()))
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
        ..Sheet::default()
    }
}

fn filters(chips: &[Chip], range: Option<TimeRange>) -> String {
    let exact = |ticks: i64| format::time(ticks, TimeStyle::Exact);
    let range = range.map(|range| format!("time {} – {} UTC", exact(range.from), exact(range.until)));
    let text = |chip: &Chip| format!("{} {} {}", chip.column, if chip.keep { "=" } else { "≠" }, chip.value);
    let texts: Vec<String> = range.into_iter().chain(chips.iter().map(text)).collect();
    if texts.is_empty() { "filters: none".to_owned() } else { format!("filters: {}", texts.join("; ")) }
}

/// The store, the clock, and all that is switched.
pub fn surroundings(state: &State) -> Vec<String> {
    let mut about = Vec::new();
    if let Some(overview) = &state.overview {
        about.push(format!("store: {} ({})", overview.name, format::events(overview.events)));
        if let Some(clock) = overview.clock {
            let now = format::time(clock.now, TimeStyle::Exact);
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
    let saved = state.switches.saved();
    for unit in &saved.off {
        about.push(format!("switched off: {unit}"));
    }
    for (parameter, value) in &saved.parameters {
        about.push(format!("parameter: {} of {} = {value}", parameter.name, parameter.rule));
    }
    about.push(format!("matches: {} of {} shown", state.shown_count(), state.all_count()));
    let missing = state.missing_rules();
    if missing > 0 {
        about.push(format!("rules that did not run: {missing}"));
    }
    about
}
