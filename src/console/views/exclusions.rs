//! Exclusions: the rules' own and the analyst's, each with what it hides, and the matches that come and go.

use super::{edge, matches, severity_role, tree};
use crate::console::export;
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::ExclusionEffect;
use crate::hunt::exclusions::Change;
use crate::hunt::switches::ExclusionRef;

pub const COLUMNS: [Column<'_>; 7] = [
    Column::fixed("ON", 3),
    Column::fixed("ID", 5),
    Column::share("SCOPE", 10, 2).from_width(70),
    Column::share("CONDITION (KQL)", 16, 5),
    Column::number("HIDES", 6),
    Column::number("ONLY-BY", 7),
    Column::share("NOTE", 8, 2).from_width(100),
];

const DIFF_COLUMNS: [Column<'_>; 7] = [
    Column::fixed("", 1),
    Column::fixed("TIME", 8),
    Column::fixed("SEV", 4),
    Column::share("RULE", 12, 4),
    Column::share("SUBJECT", 12, 5),
    Column::fixed("BY", 8),
    Column::share("CHAIN", 10, 4).from_width(100),
];

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.first() else { return };
    let focused = state.pane == 0;
    let effects = &state.effects;
    let pending = state.board.is_pending(Topic::Effects);
    let note = if pending { "counting…" } else { "every switch counts anew" };
    let mut list = edge(brush, pane, "Exclusions", note, focused);
    let warnings = warnings(state, usize::from(pane.inner().width));
    let warning_rows = u16::try_from(warning_rows(state, layout)).unwrap_or(0);
    if effects.is_empty() {
        let text = if pending {
            "Counting what exclusions hide…"
        } else {
            "No exclusion yet: x on a match writes one, a writes one by hand."
        };
        list.put(1, 0, Role::Dim, &Shown::from(text));
    } else {
        let area = list.area;
        let mut rows = list.within(ratatui::layout::Rect { height: area.height.saturating_sub(warning_rows), ..area });
        table::draw(&mut rows, &COLUMNS, &state.exclusions.table, effects.len(), focused, |index| {
            effects.get(index).map(|effect| row(state, effect, pending)).unwrap_or_default()
        });
        let first = area.height.saturating_sub(warning_rows);
        for (offset, warning) in warnings.iter().take(usize::from(warning_rows)).enumerate() {
            let y = first.saturating_add(u16::try_from(offset).unwrap_or(0));
            list.put_line(1, y, &warning.fit(usize::from(area.width.saturating_sub(1))));
        }
    }
    draw_diff(state, brush, layout);
}

/// How many lines stand below the list: never more than two fifths of it.
pub fn warning_rows(state: &State, layout: &Layout) -> usize {
    let inner = layout.inner(0);
    let height = usize::from(inner.height);
    warnings(state, usize::from(inner.width)).len().min(height * 2 / 5)
}

/// What an analyst should know before trusting these numbers, the one under the cursor first; then that one in full,
/// where the list cuts it.
fn warnings(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let selected = state.effects.get(state.exclusions.table.selected);
    let others = state.effects.iter().filter(|effect| Some(*effect) != selected);
    for effect in selected.into_iter().chain(others) {
        let id = id(effect);
        // One message for all that a rule cannot run is enough: that under the cursor.
        if let Some(problem) = effect.problem.as_ref().filter(|_| Some(effect) == selected) {
            lines.push(Line::of(Role::Bad, format!("! {id} cannot be run: ")).with(Role::Text, problem.as_str()));
        }
        if !effect.pinned.is_empty() {
            lines.push(Line::of(Role::Warning, format!("! {id} {}", pinned_text(state, effect))));
        }
        for cut in state.cuts.iter().filter(|cut| effect.exclusion == ExclusionRef::Own(cut.exclusion)).take(2) {
            lines.push(Line::of(Role::Warning, format!("! {id} {}", tree::cut_text(state, cut))));
        }
    }
    if let Some(effect) = selected {
        let mut whole = Vec::new();
        super::field(&mut whole, &id(effect), &effect.condition, width.saturating_sub(2));
        super::field(&mut whole, "reason", &note(effect), width.saturating_sub(2));
        // One line says no more than the list itself.
        if whole.len() > 1 || width < 100 {
            lines.push(Line::of(Role::Border, "─".repeat(width.saturating_sub(2))));
            lines.extend(whole);
        }
    }
    lines
}

/// What it does to what is pinned. Raw text.
fn pinned_text(state: &State, effect: &ExclusionEffect) -> String {
    let verb = if effect.enabled { "hides" } else { "would hide" };
    let name = |id: &crate::hunt::MatchId| {
        let time = id.time.map(|ticks| state.time(ticks)).unwrap_or_default();
        format!("★ {time} {}", state.rule_title(&id.rule))
    };
    let names: Vec<String> = effect.pinned.iter().take(2).map(name).collect();
    let more = effect.pinned.len().saturating_sub(2);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{verb} what you pinned: {}{more}", names.join(", "))
}

pub fn id(effect: &ExclusionEffect) -> String {
    match &effect.exclusion {
        ExclusionRef::Native(unit) => unit_number(&unit.unit).to_owned(),
        ExclusionRef::Own(id) => id.to_string(),
    }
}

/// Why it is there and who answers for it.
fn note(effect: &ExclusionEffect) -> String {
    match (effect.note.is_empty(), effect.owner.is_empty()) {
        (_, true) => effect.note.clone(),
        (true, false) => effect.owner.clone(),
        (false, false) => format!("{} ({})", effect.note, effect.owner),
    }
}

fn is_cutting(state: &State, effect: &ExclusionEffect) -> bool {
    state.cuts.iter().any(|cut| effect.exclusion == ExclusionRef::Own(cut.exclusion))
}

/// `7.1` of `let/7.1-d2bb7524`: what one sees beside the stage on the rule's page.
pub fn unit_number(unit: &str) -> &str {
    let last = unit.rsplit('/').next().unwrap_or(unit);
    last.split('-').next().unwrap_or(last)
}

fn row(state: &State, effect: &ExclusionEffect, pending: bool) -> Row {
    let number = |count: u64| {
        if effect.problem.is_some() {
            "?".to_owned()
        } else if effect.enabled {
            format::count(count)
        } else {
            format!("(+{})", format::count(count))
        }
    };
    let scope = match (&effect.rule, &effect.exclusion) {
        (Some(rule), ExclusionRef::Native(_)) => format!("rule text: {}", state.rule_title(rule)),
        (Some(rule), ExclusionRef::Own(_)) => state.rule_title(rule).to_owned(),
        (None, _) => "any rule".to_owned(),
    };
    let counts = if pending { Role::Dim } else { Role::Text };
    let role = if effect.enabled { Role::Text } else { Role::Dim };
    Row {
        mark: (effect.problem.is_some() || !effect.pinned.is_empty() || is_cutting(state, effect))
            .then(|| (Shown::from("!"), Role::Warning)),
        cells: vec![
            Line::of(if effect.enabled { Role::Good } else { Role::Dim }, if effect.enabled { "[x]" } else { "[ ]" }),
            Line::of(role, id(effect)),
            Line::of(Role::Dim, scope),
            Line::of(role, effect.condition.replace(['\n', '\r'], " ")),
            Line::of(counts, number(effect.hides)),
            Line::of(counts, number(effect.only_by)),
            Line::of(Role::Dim, note(effect)),
        ],
    }
}

fn draw_diff(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.get(1) else { return };
    let diff = &state.exclusions.diff;
    let focused = state.pane == 1;
    let (hidden, new, kept) = (diff.count(Change::Hidden), diff.count(Change::New), diff.count(Change::Kept));
    let before = export::baseline(state.exclusions.baseline);
    let title = format!("Matches: {before} ({}) → now ({})", hidden + kept, kept + new);
    let note = format!("− {hidden} hidden   + {new} new   = {kept} kept");
    let compact = !layout.is_roomy;
    let title = if compact { format!("{title}  −{hidden} +{new} ={kept}") } else { title };
    let mut list = edge(brush, pane, &title, &note, focused);
    if diff.rows.is_empty() {
        let text = if state.found.is_none() { "The rules are running…" } else { "No matches, before or now." };
        list.put(1, 0, Role::Dim, &Shown::from(text));
        return;
    }
    let mut columns = DIFF_COLUMNS;
    if let Some(time) = columns.get_mut(1) {
        time.width = table::Width::Fixed(state.time_style().width());
    }
    let below = by_rule_rows(layout);
    let area = list.area;
    if below > 0 {
        let y = area.height.saturating_sub(1);
        list.put_line(1, y, &by_rule(state).fit(usize::from(area.width.saturating_sub(2))));
    }
    let height = area.height.saturating_sub(u16::try_from(below).unwrap_or(0));
    let mut list = list.within(ratatui::layout::Rect { height, ..area });
    table::draw(&mut list, &columns, &state.exclusions.diff_table, diff.rows.len(), focused, |index| {
        let Some(row) = diff.rows.get(index) else { return Row::default() };
        let (sign, role) = match row.change {
            Change::Hidden => ("−", Role::Dim),
            Change::New => ("+", Role::Good),
            Change::Kept => ("=", Role::Text),
        };
        let found = &row.found;
        let severity = if row.change == Change::Hidden { Role::Dim } else { severity_role(found.severity) };
        let pinned = state.switches.is_pinned(&found.id);
        Row {
            mark: pinned.then(|| (Shown::from("★"), Role::Warning)),
            cells: vec![
                Line::of(role, sign),
                Line::of(role, matches::cell(state, found, "TIME").1),
                Line::of(severity, found.severity.word()),
                Line::of(role, &*found.title),
                Line::of(role, found.subject.as_str()),
                Line::of(Role::Dim, matches::hidden_by(state, found)),
                Line::of(Role::Dim, chain(state, found)),
            ],
        }
    });
}

/// What is above a match's process. Raw text.
fn chain(state: &State, found: &crate::hunt::Match) -> String {
    let Some(node) = state.node_of(&found.events) else { return String::new() };
    let text = tree::path_text(state, node);
    let mut names: Vec<&str> = text.split(" › ").collect();
    // The match's own process stands in its subject.
    names.pop();
    match names.as_slice() {
        [.., above, parent] if names.len() > 2 => format!("…›{above}›{parent}"),
        _ => names.join("›"),
    }
}

/// How many lines the sums by rule take below the difference.
pub fn by_rule_rows(layout: &Layout) -> usize {
    usize::from(layout.inner(1).height >= 6)
}

/// Which rules lose or gain matches.
fn by_rule(state: &State) -> Line {
    let rules = &state.exclusions.diff.rules;
    let changed: Vec<String> = rules
        .iter()
        .filter(|rule| rule.before != rule.after)
        .map(|rule| format!("{} {}→{}", rule.title, rule.before, rule.after))
        .collect();
    if changed.is_empty() {
        return Line::of(Role::Dim, "by rule: none changed");
    }
    let others = if changed.len() < rules.len() { "   others unchanged" } else { "" };
    Line::of(Role::Strong, format!("by rule: {}", changed.join("   "))).with(Role::Dim, others)
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    // What they would hide of those is not known.
    if let Some(missing) = matches::missing_rules(state) {
        line.0.extend(missing.0);
        line.push(Role::Dim, " ·");
    }
    if state.changes == 0 {
        line.push(Role::Dim, " HIDES: covered by this one · ONLY-BY: by no other that is on · (+n): if it were on");
    } else {
        let switches = if state.changes == 1 { "1 change".to_owned() } else { format!("{} changes", state.changes) };
        let before = export::baseline(state.exclusions.baseline);
        line.push(Role::Dim, format!(" {switches} this session (u undoes) · before: {before} (b changes, B marks)"));
    }
    line
}
