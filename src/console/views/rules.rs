//! Rules: the list, and the page of one rule: its pipeline over this data, why and why not, its facts and text.

use super::exclusions::unit_number;
pub use super::rule_stages::{StageRow, selected_unit, stage_rows};
use super::{edge, field, match_detail, one_line, paragraph, query, rule_page, severity_role};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::{self, Shown};
use crate::console::source::{RuleSummary, Topic};
use crate::console::state::{RuleSide, State};
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::Explanation;
use crate::hunt::funnel::{Rows, UnitState};
use crate::hunt::matches::RuleStatus;
use crate::kql::diagnostic::Diagnostic;

pub const COLUMNS: [Column<'_>; 5] = [
    Column::fixed("SEV", 4),
    Column::share("RULE", 20, 5),
    Column::fixed("STATUS", 12),
    Column::number("MATCHES", 8),
    Column::number("TIME", 7).from_width(60),
];

/// The rules in the order of the list.
pub fn rows(state: &State) -> Vec<&RuleSummary> {
    let mut rows: Vec<&RuleSummary> = state.overview.iter().flat_map(|overview| &overview.rules).collect();
    if let Some(sort) = state.rules.table.sort {
        rows.sort_by_cached_key(|rule| cell(state, rule, sort.column));
        if sort.descending {
            rows.reverse();
        }
    }
    rows
}

fn cell(state: &State, rule: &RuleSummary, column: usize) -> super::SortKey {
    let run = state.run_of(&rule.name);
    match column {
        0 => (rule.severity as i64, rule.severity.word().to_owned()),
        1 => (0, rule.title.clone()),
        2 => {
            let word = match run.map(|run| &run.status) {
                None => "…",
                Some(RuleStatus::Ran) => "ran",
                Some(RuleStatus::Invalid(_)) => "cannot run",
                Some(RuleStatus::NeedsInput(_)) => "needs input",
                Some(RuleStatus::Failed(_)) => "failed",
            };
            (0, word.to_owned())
        }
        3 => {
            let Some(run) = run.filter(|run| run.status == RuleStatus::Ran) else { return (-1, String::new()) };
            let all = run.matches.len();
            let shown = shown_of(state, &rule.name);
            let text = if shown == all { all.to_string() } else { format!("{shown}/{all}") };
            (i64::try_from(all).unwrap_or(i64::MAX), text)
        }
        _ => run.map_or_else(super::SortKey::default, |run| {
            let millis = run.elapsed.as_millis();
            (i64::try_from(millis).unwrap_or(i64::MAX), format!("{millis} ms"))
        }),
    }
}

fn shown_of(state: &State, rule: &str) -> usize {
    let runs = state.found.iter().flat_map(|found| &found.shown.runs);
    runs.filter(|run| run.rule == rule).map(|run| run.matches.len()).sum()
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    match &state.rules.open {
        Some(rule) => {
            rule_page::draw(state, brush, layout, rule);
            draw_side(state, brush, layout);
        }
        None => draw_list(state, brush, layout),
    }
}

fn draw_list(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.first() else { return };
    let rules = rows(state);
    let focused = state.pane == 0;
    let note = format!("rule {}/{}", state.rules.table.selected.saturating_add(1).min(rules.len()), rules.len());
    let mut list = edge(brush, pane, "Rules", &note, focused);
    if rules.is_empty() {
        list.put(1, 0, Role::Dim, &Shown::from("No rules are loaded; whippet open FILE --rules DIR loads a folder."));
    } else {
        table::draw(&mut list, &COLUMNS, &state.rules.table, rules.len(), focused, |index| {
            let Some(rule) = rules.get(index) else { return Row::default() };
            let trouble = state.run_of(&rule.name).is_some_and(|run| run.status != RuleStatus::Ran);
            let cells = (0..COLUMNS.len())
                .map(|column| {
                    let role = match column {
                        0 => severity_role(rule.severity),
                        2 if trouble => Role::Warning,
                        2 | 4 => Role::Dim,
                        _ => Role::Text,
                    };
                    Line::of(role, cell(state, rule, column).1)
                })
                .collect();
            Row { mark: trouble.then(|| (Shown::from("!"), Role::Warning)), cells }
        });
    }
    draw_side(state, brush, layout);
}

fn diagnostic_lines(lines: &mut Vec<Line>, diagnostics: &[Diagnostic], width: usize) {
    for diagnostic in diagnostics {
        let role = if diagnostic.is_error() { Role::Bad } else { Role::Warning };
        paragraph(lines, role, &format!("! {}", diagnostic.message), width);
        for help in &diagnostic.help {
            paragraph(lines, Role::Text, &format!("  {help}"), width);
        }
    }
}

pub fn stage_cells(row: &StageRow, pending: bool) -> Row {
    if row.is_section {
        return Row { mark: None, cells: vec![Line::new(), Line::of(Role::Title, row.kind.as_str())] };
    }
    let state = row.unit.as_ref().map(|unit| unit.state);
    let switch = match state {
        Some(UnitState::On) => Line::of(Role::Good, "[x]"),
        Some(UnitState::Off) => Line::of(Role::Warning, "[ ]"),
        Some(UnitState::Lifted) => Line::of(Role::Dim, "lifted"),
        None => Line::new(),
    };
    let ends = row.ends();
    let text_role = if matches!(state, Some(UnitState::Off | UnitState::Lifted)) { Role::Dim } else { Role::Text };
    let numbers = if pending { Role::Dim } else { Role::Text };
    let out = if ends { Role::Bad } else { numbers };
    let mut text = Line::of(Role::Keyword, format!("{} ", row.kind));
    if row.kind == "and" {
        text = Line::of(Role::Keyword, "  and ");
    }
    if row.unit.as_ref().is_some_and(|unit| unit.is_exclusion) {
        text.push(Role::Warning, "excl ");
    }
    text.push(text_role, one_line(&row.text));
    Row {
        mark: ends.then(|| (Shown::from("!"), Role::Bad)),
        cells: vec![
            Line::of(Role::Dim, row.number.as_str()),
            text,
            switch,
            Line::of(numbers, rows_text(&row.rows_in)),
            Line::of(out, rows_text(&row.rows_out)),
        ],
    }
}

pub fn rows_text(rows: &Rows) -> String {
    match rows {
        Rows::Counted(count) => format::count(*count),
        Rows::TimedOut(limit) => format!(">{}s", limit.as_secs()),
        Rows::NotRun(_) => "n/a".to_owned(),
        Rows::None => "—".to_owned(),
    }
}

fn draw_side(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.get(1) else { return };
    let title = match (state.rules.open.is_some(), state.rules.side) {
        (true, RuleSide::Why) => "Why / why not",
        (false, RuleSide::Why) | (_, RuleSide::Facts) => "About the rule",
        (_, RuleSide::Text) => "KQL",
        (_, RuleSide::Sql) => "SQL",
    };
    let mut brush = edge(brush, pane, title, "K next page", state.pane == 1);
    let width = usize::from(brush.area.width);
    brush.put_lines(&side(state, width), state.rules.scroll);
}

/// The pane beside the list or the stages.
pub fn side(state: &State, width: usize) -> Vec<Line> {
    match (state.rules.open.is_some(), state.rules.side) {
        (true, RuleSide::Why) => why(state, width),
        (_, RuleSide::Text) => text(state, width, false),
        (_, RuleSide::Sql) => text(state, width, true),
        _ => facts(state, width),
    }
}

fn rule_name(state: &State) -> Option<&str> {
    match &state.rules.open {
        Some(rule) => Some(rule),
        None => rows(state).get(state.rules.table.selected).map(|rule| rule.name.as_str()),
    }
}

fn facts(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(rule) = rule_name(state) else { return lines };
    if let Some(run) = state.run_of(rule) {
        match &run.status {
            RuleStatus::Ran => {}
            RuleStatus::Invalid(found) | RuleStatus::NeedsInput(found) => {
                diagnostic_lines(&mut lines, found, width);
                lines.push(Line::new());
            }
            RuleStatus::Failed(reason) => {
                paragraph(&mut lines, Role::Bad, &format!("! {reason}"), width);
                lines.push(Line::new());
            }
        }
        diagnostic_lines(&mut lines, &run.warnings, width);
    }
    let Some(sheet) = state.sheets.get(rule) else {
        lines.push(Line::of(Role::Dim, "reading the rule…"));
        return lines;
    };
    lines.push(
        Line::of(severity_role(sheet.severity), sheet.severity.word())
            .with(Role::Strong, format!(" {}", sheet.title))
            .fit(width),
    );
    paragraph(&mut lines, Role::Text, &sheet.description, width);
    lines.push(Line::new());
    for (tactic, technique) in &sheet.attack {
        field(&mut lines, "ATT&CK", &format!("{tactic}: {technique}"), width);
    }
    for coverage in &sheet.coverage {
        field(&mut lines, "event", &format!("{} {} {}", coverage.provider, coverage.event, coverage.title), width);
    }
    for (name, value) in &sheet.parameters {
        field(&mut lines, "param", &format!("{name} = {}", one_line(value)), width);
    }
    let mut indicators = 0;
    for indicator in state.indicators.iter().flatten().filter(|indicator| indicator.rule == rule) {
        if indicator.hits.is_some_and(|hits| hits > 0) && indicators < 12 {
            indicators += 1;
            let hits = indicator.hits.map(format::count).unwrap_or_default();
            let text = format!(
                "{} {} {}: {hits} hits, corpus {}",
                indicator.field, indicator.kind, indicator.value, indicator.corpus
            );
            field(&mut lines, "seen", &text, width);
        }
    }
    let outputs: Vec<String> = sheet.outputs.iter().map(|(name, source)| format!("{name} ({source})")).collect();
    field(&mut lines, "output", &outputs.join(", "), width);
    for false_positive in &sheet.false_positives {
        field(&mut lines, "false +", false_positive, width);
    }
    for test in &sheet.tests {
        field(&mut lines, "test", &format!("{}: expects {}", test.name, test.expected.join("; ")), width);
    }
    field(&mut lines, "author", &sheet.author, width);
    field(&mut lines, "licence", &sheet.licence, width);
    field(&mut lines, "file", &sheet.source, width);
    for reference in &sheet.references {
        field(&mut lines, "see", reference, width);
    }
    lines
}

fn text(state: &State, width: usize, sql: bool) -> Vec<Line> {
    let Some(sheet) = rule_name(state).and_then(|rule| state.sheets.get(rule)) else {
        return vec![Line::of(Role::Dim, "reading the rule…")];
    };
    match (sql, &sheet.sql) {
        (false, _) => query::highlight(&sheet.query).iter().flat_map(|line| line.wrap(width)).collect(),
        (true, Ok(sql)) => shown::lines(sql)
            .into_iter()
            .flat_map(|line| line.wrap(width))
            .map(|part| Line(vec![(part, Role::Text)]))
            .collect(),
        (true, Err(reason)) => {
            let mut lines = Vec::new();
            paragraph(&mut lines, Role::Bad, reason, width);
            lines
        }
    }
}

/// Why the focused event is in the rule's result, or what keeps it out.
fn why(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(rule) = rule_name(state) else { return lines };
    let Some(event) = state.focus.event else {
        let text = "No event in focus. Choose a match (1) or a process in the tree (2), then w: this pane says why \
                    the rule keeps it or which predicate drops it.";
        paragraph(&mut lines, Role::Dim, text, width);
        return lines;
    };
    let Some(explanation) = state.explanation_of(rule) else {
        let text = if state.board.is_pending(Topic::Explain) { "asking…" } else { "not asked; Ctrl-l asks again" };
        lines.push(Line::of(Role::Dim, format!("event #{event}: {text}")));
        return lines;
    };
    let time = explanation.time.map(|ticks| format!("  {}", state.time(ticks))).unwrap_or_default();
    lines.push(Line::of(Role::Strong, explanation.subject.as_str()).with(Role::Dim, time).fit(width));
    let verdict = if explanation.matched {
        Line::of(Role::Good, "✓ kept by the rule")
    } else {
        Line::of(Role::Bad, "✗ not kept by the rule")
    };
    lines.push(verdict.with(Role::Dim, format!("  #{event}")).fit(width));
    if !explanation.hidden_by.is_empty() {
        let ids: Vec<String> = explanation.hidden_by.iter().map(ToString::to_string).collect();
        lines.push(Line::of(Role::Warning, format!("hidden by {}", ids.join(", "))));
    }
    for leg in &explanation.legs {
        if explanation.legs.len() > 1 {
            let name = leg.name.as_deref().unwrap_or("outer");
            let other = if leg.reads_event { "" } else { ": another table" };
            lines.push(Line::of(Role::Title, format!("{name} · {}{other}", leg.table)).fit(width));
        }
        if !leg.reads_event {
            continue;
        }
        for stage in &leg.stages {
            for conjunct in &stage.conjuncts {
                match_detail::conjunct_lines(unit_number(&stage.number), conjunct, width, &mut lines);
            }
        }
    }
    nearest_lines(explanation, width, &mut lines);
    for note in &explanation.notes {
        paragraph(&mut lines, Role::Dim, note, width);
    }
    lines
}

/// What alone would keep the event: the predicate written wider, or off.
fn nearest_lines(explanation: &Explanation, width: usize, lines: &mut Vec<Line>) {
    if explanation.nearest.is_empty() {
        return;
    }
    lines.push(Line::new());
    lines.push(Line::of(Role::Title, "one change would keep it").fit(width));
    let indented = |lines: &mut Vec<Line>, role: Role, text: &str| {
        for part in Shown::from(text).wrap(width.saturating_sub(2)) {
            let mut line = Line::of(Role::Dim, "  ");
            line.0.push((part, role));
            lines.push(line);
        }
    };
    for way in &explanation.relaxed {
        paragraph(lines, Role::Literal, &way.in_short(), width);
        indented(lines, Role::Dim, &format!("in place of  {}", one_line(&way.wanted)));
        indented(lines, Role::Dim, &format!("found  {}", format::value(&way.found)));
        indented(lines, Role::Text, &format!("the rule gives {}", rows_counted(way.rows)));
    }
    for change in &explanation.nearest {
        let number = unit_number(&change.unit.unit);
        let or = if explanation.relaxed.is_empty() { "" } else { "or " };
        paragraph(lines, Role::Text, &format!("{or}{number} off: the rule gives {}", rows_counted(change.rows)), width);
    }
}

fn rows_counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{} rows", format::count(rows)) }
}

pub fn status(state: &State) -> Line {
    if let Some(rule) = &state.rules.open {
        return rule_page::status(state, rule);
    }
    let rules = rows(state);
    let runs = state.found.iter().flat_map(|found| &found.all.runs);
    let ran = runs.filter(|run| run.status == RuleStatus::Ran).count();
    Line::of(Role::Dim, format!(" {} rules · {ran} ran · Enter opens the rule's page", rules.len()))
}
