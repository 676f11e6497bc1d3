//! Matches: all rules' rows in one list, and why the chosen one is there.

use super::{chips, draw_lines, edge, exclusions, field, severity_role, timeline, tree};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::{MatchRow, State};
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::Match;
use crate::hunt::explain::{Conjunct, Outcome};
use crate::hunt::matches::RuleStatus;
use crate::schema::Value;

pub const COLUMNS: [Column<'_>; 6] = [
    Column::fixed("TIME", 8),
    Column::fixed("SEV", 4),
    Column::share("RULE", 12, 4),
    Column::share("SUBJECT", 12, 6),
    Column::share("HOST", 8, 2).from_width(110),
    Column::number("EVT", 3).from_width(46),
];

/// A cell by the column's position: what it is sorted by, and its raw text.
pub fn cell(state: &State, found: &Match, column: usize) -> super::SortKey {
    match column {
        0 => match found.id.time {
            Some(ticks) => (ticks, state.time(ticks)),
            None => (i64::MAX, String::new()),
        },
        1 => (found.severity as i64, found.severity.word().to_owned()),
        2 => (0, found.title.to_string()),
        3 => (0, found.subject.clone()),
        4 => (0, found.id.device.clone()),
        _ => {
            let count = found.events.len();
            (i64::try_from(count).unwrap_or(i64::MAX), count.to_string())
        }
    }
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    timeline::draw_strip(state, brush, layout);
    let Some(pane) = layout.panes.first() else { return };
    let rows = &state.matches.rows;
    let note = if rows.is_empty() {
        String::new()
    } else {
        format!("row {}/{}", state.matches.table.selected.saturating_add(1), rows.len())
    };
    let focused = state.pane == 0;
    let mut list = edge(brush, pane, "Matches", &note, focused);
    if rows.is_empty() {
        let width = usize::from(list.area.width);
        draw_lines(&mut list, &nothing(state, width), 0);
    } else {
        let mut columns = COLUMNS;
        let style = state.time_style();
        if let Some(time) = columns.first_mut() {
            time.width = table::Width::Fixed(style.width());
        }
        table::draw(&mut list, &columns, &state.matches.table, rows.len(), focused, |index| row(state, index));
    }
    let Some(pane) = layout.panes.get(1) else { return };
    let mut detail = edge(brush, pane, "Detail", "", state.pane == 1);
    let width = usize::from(detail.area.width);
    draw_lines(&mut detail, &self::detail(state, width), state.matches.scroll);
}

fn row(state: &State, index: usize) -> Row {
    let Some((row, found)) = state.matches.rows.get(index).and_then(|row| Some((row, state.match_at(*row)?))) else {
        return Row::default();
    };
    let mark = mark(state, *row, found);
    let text = if row.hidden { Role::Dim } else { Role::Text };
    let cells = (0..COLUMNS.len())
        .map(|column| {
            let shown = Shown::from(cell(state, found, column).1);
            let role = if column == 1 && !row.hidden { severity_role(found.severity) } else { text };
            let mut line = Line::new();
            if column == 2 && row.hidden {
                line.push(Role::Warning, format!("[{}] ", hidden_by(state, found)));
            }
            line.0.push((shown, role));
            if column == 3 {
                line.0.extend(arguments(found));
            }
            line
        })
        .collect();
    Row { mark, cells }
}

/// Pinned, or hidden by an exclusion.
pub fn mark(state: &State, row: MatchRow, found: &Match) -> Option<(Shown, Role)> {
    match (state.switches.is_pinned(&found.id), row.hidden) {
        (_, true) => Some((Shown::from("·"), Role::Dim)),
        (true, _) => Some((Shown::from("★"), Role::Warning)),
        _ => None,
    }
}

/// What a match is about, and what was run.
pub fn subject(found: &Match) -> Line {
    let mut line = Line::text(found.subject.as_str());
    line.0.extend(arguments(found));
    line
}

/// Twenty rows of `sqlservr.exe → cmd.exe` are told apart by what was run.
fn arguments(found: &Match) -> Option<(Shown, Role)> {
    match found.value("ProcessCommandLine") {
        Some(Value::String(command)) => Some((Shown::from(format!("  {}", format::arguments(command))), Role::Dim)),
        _ => None,
    }
}

/// The exclusions that hide a match: `X1, X2`.
pub fn hidden_by(state: &State, found: &Match) -> String {
    let ids = state.found.as_ref().and_then(|known| known.hidden_by.get(&found.id));
    ids.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Instead of an empty list: why it is empty.
fn nothing(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(found) = &state.found else {
        let text = if state.board.is_pending(Topic::Matches) || state.overview.is_none() {
            "The rules are running…"
        } else {
            "The rules have not run; Ctrl-l asks again."
        };
        return vec![Line::of(Role::Dim, format!(" {text}"))];
    };
    let ran = found.all.runs.iter().filter(|run| run.status == RuleStatus::Ran).count();
    let all = found.all.runs.len();
    let (shown, total) = (state.shown_count(), state.all_count());
    let is_filtered = !state.matches.chips.is_empty() || state.timeline.range.is_some();
    let text = if is_filtered && shown > 0 {
        format!("No match fits the filters ({shown} without them); F takes them away.")
    } else if shown == 0 && total > 0 {
        format!("Exclusions hide all {total} matches; H shows them.")
    } else {
        format!("No rule matches: {ran} of {all} rules ran. View 5 shows for each rule where its rows end.")
    };
    super::paragraph(&mut lines, Role::Text, &text, width);
    lines
}

/// Why the match is there, and all that is known of it.
pub fn detail(state: &State, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some((row, found)) = state.selected_row() else { return lines };
    let head =
        Line::of(severity_role(found.severity), found.severity.word()).with(Role::Strong, format!(" {}", found.title));
    lines.push(head.fit(width));
    if let Some(overview) = &state.overview
        && let Some(rule) = overview.rules.iter().find(|rule| rule.name == found.id.rule)
        && !rule.techniques.is_empty()
    {
        field(&mut lines, "ATT&CK", &rule.techniques.join("  "), width);
    }
    if row.hidden {
        lines.push(Line::of(Role::Warning, format!("hidden by {}", hidden_by(state, found))));
    }
    if let Some(node) = tree::node_in_focus(state) {
        field(&mut lines, "Path", &tree::path_text(state, node), width);
    }
    lines.push(Line::of(Role::Title, "why it matched"));
    why(state, found, width, &mut lines);
    lines.push(Line::new());
    lines.push(Line::of(Role::Title, "row"));
    if let Some(ticks) = found.id.time {
        field(&mut lines, "Time", &super::exact_time(state, ticks), width);
    }
    field(&mut lines, "Host", &found.id.device, width);
    for (column, value) in found.columns.iter().zip(&found.values) {
        let value = format::value(value);
        if value.is_empty() {
            continue;
        }
        lines.push(Line::of(Role::Dim, column.name.as_str()).fit(width));
        for part in Shown::from(value).wrap(width.saturating_sub(2)) {
            let mut line = Line::text("  ");
            line.0.push((part, Role::Text));
            lines.push(line);
        }
    }
    let events: Vec<String> = found.events.iter().take(8).map(|event| format!("#{event}")).collect();
    lines.push(Line::new());
    let more = if found.events.len() > 8 { " …" } else { "" };
    field(&mut lines, "Events", &format!("{}{more}", events.join(" ")), width);
    lines
}

fn why(state: &State, found: &Match, width: usize, lines: &mut Vec<Line>) {
    if found.events.is_empty() {
        super::paragraph(lines, Role::Dim, "This row sums up many events; none of them alone says why.", width);
        return;
    }
    let Some(explanation) = state.explanation_of(&found.id.rule) else {
        lines.push(Line::of(Role::Dim, "asking…"));
        return;
    };
    let matched: Vec<_> =
        explanation.legs.iter().filter(|leg| leg.reads_event && leg.first_failure().is_none()).collect();
    for leg in matched {
        if explanation.legs.len() > 1 {
            let name = leg.name.as_deref().unwrap_or("outer");
            lines.push(Line::of(Role::Dim, format!("{name} · {}", leg.table)).fit(width));
        }
        for stage in &leg.stages {
            for conjunct in &stage.conjuncts {
                conjunct_lines(&stage.number, conjunct, width, lines);
            }
        }
    }
    for note in &explanation.notes {
        super::paragraph(lines, Role::Dim, note, width);
    }
}

/// One conjunct: whether it holds, what it wants, what the event has.
pub fn conjunct_lines(number: &str, conjunct: &Conjunct, width: usize, lines: &mut Vec<Line>) {
    let (sign, role) = match &conjunct.outcome {
        Outcome::Holds => ("✓", Role::Good),
        Outcome::Fails => ("✗", Role::Bad),
        Outcome::Lifted => ("~", Role::Dim),
        Outcome::Off => ("○", Role::Dim),
        Outcome::NotEvaluated(_) => ("?", Role::Warning),
    };
    let number = Shown::from(format!("{:>3} ", exclusions::unit_number(number)));
    let room = width.saturating_sub(number.width() + 2);
    // A list over several lines reads as one; the indents between them say nothing.
    let text: Vec<&str> = conjunct.text.lines().map(str::trim).collect();
    let wrapped = Shown::from(text.join(" ")).wrap(room);
    // A list of a hundred names says less than its first lines.
    let cut = wrapped.len() > 3;
    for (position, part) in wrapped.into_iter().take(3).enumerate() {
        let mut line = if position == 0 {
            Line::of(Role::Dim, number.as_str()).with(role, format!("{sign} "))
        } else {
            Line::text(" ".repeat(number.width() + 2))
        };
        let part = if cut && position == 2 {
            Shown::from(format!("{} …", part.fit(room.saturating_sub(2)).as_str().trim_end()))
        } else {
            part
        };
        line.0.push((part, Role::Text));
        lines.push(line);
    }
    let found = match &conjunct.outcome {
        Outcome::Lifted => Some("lifted: the clock takes the whole store".to_owned()),
        Outcome::Off => Some("switched off".to_owned()),
        Outcome::NotEvaluated(reason) => Some(reason.clone()),
        _ => conjunct.found.as_ref().map(|value| {
            let text = format::value(value);
            if text.is_empty() { "was empty".to_owned() } else { format!("was {text}") }
        }),
    };
    if let Some(found) = found {
        let value_role = if conjunct.outcome == Outcome::Fails { Role::Bad } else { Role::Good };
        let value_role =
            if matches!(conjunct.outcome, Outcome::Holds | Outcome::Fails) { value_role } else { Role::Dim };
        for part in Shown::from(found).wrap(room) {
            let mut line = Line::text(" ".repeat(number.width() + 2));
            line.0.push((part, value_role));
            lines.push(line);
        }
    }
    // Which side of an `or` it was.
    for part in &conjunct.parts {
        let (sign, role) = match part.holds {
            Some(true) => ("✓", Role::Good),
            Some(false) => ("✗", Role::Dim),
            None => ("?", Role::Dim),
        };
        let found = part.found.as_ref().map(|value| {
            let text = format::value(value);
            if text.is_empty() { " was empty".to_owned() } else { format!(" was {text}") }
        });
        let found = found.unwrap_or_default();
        let line = Line::text(" ".repeat(number.width() + 2))
            .with(role, format!("{sign} "))
            .with(Role::Text, format!("{}{found}", part.subject));
        lines.push(line.fit(width));
    }
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    timeline::chip(state, state.timeline.range, &mut line);
    chips(&mut line, &state.matches.chips, &COLUMNS);
    if state.matches.chips.is_empty() && state.timeline.range.is_some() {
        line.push(Role::Dim, " F clears");
    }
    let hidden = state.all_count().saturating_sub(state.shown_count());
    if hidden > 0 {
        let on = state.switches.exclusions().filter(|(_, own)| own.enabled).count();
        let shown = if state.matches.show_hidden { "H leaves them out (·)" } else { "H shows them" };
        line.push(Role::Dim, format!(" {hidden} hidden by {on} of your exclusions · {shown}"));
    }
    let troubled =
        state.found.iter().flat_map(|found| &found.all.runs).filter(|run| run.status != RuleStatus::Ran).count();
    if troubled > 0 {
        let rules = if troubled == 1 { "rule" } else { "rules" };
        line.push(Role::Warning, format!(" {troubled} {rules} did not run: view 5 says why"));
    }
    if state.overview.as_ref().is_some_and(|overview| overview.lesson.is_some()) {
        line.push(Role::Strong, " L lists the lessons");
        line.push(Role::Dim, " ·");
    }
    if hidden == 0 && troubled == 0 && !state.matches.rows.is_empty() && state.matches.chips.is_empty() {
        line.push(Role::Dim, " Space pins (★) what must never be hidden · t shows the chain · w shows the rule");
    }
    line
}
