//! Drawing the page of a rule: its sections as one table, and the line under the cursor in full below it.

use super::rules::{rows_text, stage_cells};
use super::{edge, one_line};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::rule_page::{Content, PageRow};
use crate::console::shown::{self, Shown};
use crate::console::source::Topic;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::dossier::TestState;

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout, rule: &str) {
    let Some(pane) = layout.panes.first() else { return };
    let focused = state.pane == 0;
    let rows = &state.rules.page;
    let place = format!("line {}/{}", state.rules.stages.selected.saturating_add(1).min(rows.len()), rows.len());
    let mut list = edge(brush, pane, state.rule_title(rule), &format!("rows in → out · {place}"), focused);
    if rows.is_empty() {
        list.put(1, 0, Role::Dim, &Shown::from("Reading the rule…"));
        return;
    }
    let below = whole(state, list.area.width, list.area.height);
    let area = list.area;
    let height = area.height.saturating_sub(u16::try_from(below.len()).unwrap_or(0));
    for (offset, line) in below.iter().enumerate() {
        list.put_line(0, height.saturating_add(u16::try_from(offset).unwrap_or(0)), line);
    }
    let mut list = list.within(ratatui::layout::Rect { height, ..area });
    let narrow = list.area.width < 60;
    let counts = rows.iter().filter_map(PageRow::stage).flat_map(|stage| [&stage.rows_in, &stage.rows_out]);
    let most = counts.filter_map(crate::hunt::funnel::Rows::count).max().unwrap_or(0);
    let wide = u16::try_from(format::count(most).len()).unwrap_or(8).max(8);
    let columns = [
        Column::fixed("#", 3),
        Column::share("STAGE", 20, 1),
        Column::fixed("", 6),
        Column::number("IN", wide).from_width(60),
        Column::number("OUT", if narrow { 7 } else { wide }),
    ];
    let pending = state.board.is_pending(Topic::Funnel);
    table::draw(&mut list, &columns, &state.rules.stages, rows.len(), focused, |index| {
        rows.get(index).map(|row| cells(row, pending)).unwrap_or_default()
    });
}

/// How many lines below the table show the line under the cursor in full.
pub fn whole_rows(state: &State, layout: &Layout) -> usize {
    let inner = layout.inner(0);
    whole(state, inner.width, inner.height).len()
}

/// The line under the cursor in full, where the table cuts it: never more than a third of the pane.
fn whole(state: &State, width: u16, height: u16) -> Vec<Line> {
    let Some(row) = state.rules.page.get(state.rules.stages.selected) else { return Vec::new() };
    let room = usize::from(height / 3).min(7);
    let mut lines = Vec::new();
    let text = match &row.content {
        Content::Parameter { own, value: Some(_), .. } => format!("{}\nthe rule's own: {own}", row.text),
        Content::Signal { looked_for, .. } if looked_for.is_empty() => {
            format!("{}\nnames no program and no event to look for: see for yourself", row.text)
        }
        Content::Signal { looked_for, .. } => format!("{}\nlooked for: {looked_for}", row.text),
        Content::Heading { .. } => return Vec::new(),
        _ => row.text.clone(),
    };
    for line in shown::lines(&text) {
        lines.extend(line.wrap(usize::from(width)).into_iter().map(|part| Line(vec![(part, Role::Text)])));
    }
    // The table's own column takes what the numbers leave.
    let is_cut =
        lines.len() > 1 || lines.first().is_some_and(|line| line.width() + 10 > usize::from(width.saturating_sub(32)));
    if room < 3 || !is_cut || text.is_empty() {
        return Vec::new();
    }
    lines.truncate(room.saturating_sub(1));
    lines.insert(0, Line::of(Role::Border, "─".repeat(usize::from(width))));
    lines
}

fn cells(row: &PageRow, pending: bool) -> Row {
    let text = one_line(&row.text);
    let line = |text: Line, switch: Line, left: Line, right: Line| Row {
        mark: None,
        cells: vec![Line::new(), text, switch, left, right],
    };
    let number = |number: Option<u64>| number.map(format::count).unwrap_or_default();
    match &row.content {
        Content::Stage(stage) => stage_cells(stage, pending),
        Content::Heading { open, count, note } => {
            let (left, right) = row.section.columns();
            let mut title = Line::of(Role::Dim, if *open { "▾ " } else { "▸ " });
            title.push(Role::Title, row.section.title());
            title.push(Role::Dim, format!(" ({count})"));
            if !note.is_empty() {
                title.push(Role::Warning, format!("  {note}"));
            }
            let caption = |word: &str| Line::of(Role::Dim, if *open { word } else { "" });
            line(title, Line::new(), caption(left), caption(right))
        }
        Content::Parameter { value, is_lifted, .. } => {
            let role = if value.is_some() { Role::Warning } else { Role::Text };
            let switch = if value.is_some() { Line::of(Role::Warning, "set") } else { Line::of(Role::Dim, "i sets") };
            let left = Line::of(Role::Dim, if *is_lifted { "lifted" } else { "" });
            line(Line::of(Role::Keyword, "let ").with(role, text), switch, left, Line::new())
        }
        Content::Binding { name, note, open } => {
            let fold = match open {
                Some(true) => "▾ ",
                Some(false) => "▸ ",
                None => "  ",
            };
            let shown = Line::of(Role::Dim, fold).with(Role::Keyword, "let ").with(Role::Text, name.as_str());
            line(shown.with(Role::Dim, format!("  {note}")), Line::new(), Line::new(), Line::new())
        }
        Content::Member => line(Line::of(Role::Literal, format!("    {text}")), Line::new(), Line::new(), Line::new()),
        Content::Indicator { name, by_source, corpus, hits } => {
            let role = if hits.is_some_and(|hits| hits > 0) { Role::Strong } else { Role::Text };
            let mut shown = Line::of(Role::Dim, format!("{name} ")).with(role, text);
            if *corpus > 1 {
                shown.push(Role::Dim, format!("  ({by_source})"));
            }
            let corpus = if *corpus > 1 { corpus.to_string() } else { String::new() };
            line(shown, Line::new(), Line::of(Role::Dim, corpus), Line::of(role, number(*hits)))
        }
        Content::Coverage { events, is_counted, is_read } => {
            let (role, word) = match (events, is_counted) {
                (Some(0), _) if *is_read => (Role::Warning, "absent"),
                (Some(0), _) => (Role::Dim, "none"),
                (Some(_), _) => (Role::Good, "here"),
                (None, true) => (Role::Dim, "n/a"),
                (None, false) => (Role::Dim, "…"),
            };
            line(Line::text(text), Line::of(role, word), Line::new(), Line::of(role, number(*events)))
        }
        Content::Test(found) => {
            let (role, word) = match found {
                Some(TestState::Seen) => (Role::Good, "seen"),
                Some(TestState::Partly) => (Role::Warning, "partly"),
                Some(TestState::NotSeen) => (Role::Dim, "unseen"),
                Some(TestState::Unknown) => (Role::Dim, "n/a"),
                None => (Role::Dim, "…"),
            };
            line(Line::of(Role::Strong, text), Line::of(role, word), Line::new(), Line::new())
        }
        Content::Signal { events, .. } => {
            let sign = match events {
                Some(0) => "✗ ",
                Some(_) => "✓ ",
                None => "· ",
            };
            let shown = Line::of(Role::Dim, format!("  {sign}")).with(Role::Text, text);
            line(shown, Line::new(), Line::new(), Line::of(Role::Text, number(*events)))
        }
        Content::Item { label } => {
            let mut shown = Line::new();
            if !label.is_empty() {
                shown.push(Role::Dim, format!("{label}  "));
            }
            line(shown.with(Role::Text, text), Line::new(), Line::new(), Line::new())
        }
        Content::Problem { is_error } => {
            let role = if *is_error { Role::Bad } else { Role::Text };
            line(Line::of(role, text), Line::new(), Line::new(), Line::new())
        }
    }
}

/// The words of the status row.
pub fn status(state: &State, rule: &str) -> Line {
    let off = state.switches.off_units(rule).count();
    let off = match off {
        0 => String::new(),
        1 => " · one predicate switched off".to_owned(),
        off => format!(" · {off} predicates switched off"),
    };
    let set = state.switches.parameters_of(rule).count();
    let set = if set > 0 { format!(" · {set} parameters set") } else { String::new() };
    let row = state.rules.page.get(state.rules.stages.selected);
    if let Some(crate::hunt::funnel::Rows::NotRun(problem)) = row.and_then(PageRow::stage).map(|stage| &stage.rows_out)
    {
        return Line::of(Role::Warning, format!(" not counted: {problem}"));
    }
    let rows = super::rule_stages::funnel(state).map(|funnel| rows_text(&funnel.matches)).unwrap_or_default();
    let rows = if rows.is_empty() { String::new() } else { format!(" rows of the whole rule: {rows}") };
    let does = match row.map(|row| &row.content) {
        Some(Content::Stage(stage)) if stage.unit.is_some() => " · Space switches the predicate",
        Some(Content::Parameter { .. }) => " · i gives it another value",
        Some(Content::Heading { .. }) => " · Enter folds, ] [ go by sections",
        _ => "",
    };
    Line::of(Role::Dim, format!("{rows}{off}{set}{does}"))
}
