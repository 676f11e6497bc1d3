//! The form an exclusion is written in, with what it would hide.

use ratatui::layout::{Position, Rect};

use super::overlays::{input_row, window};
use super::{paragraph, tree};
use crate::console::exclusion_form::{ExclusionForm, Field, Part};
use crate::console::format;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Preview;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::update::exclusion_form::counted;

/// Lines below the fields: a rule, four of the form, and what it would hide.
const BELOW: u16 = 14;
/// From this width on the values have their counts beside them, in so many columns.
const WIDE: usize = 76;
const COUNTS: usize = 21;
/// So many lines of a condition are seen while nobody writes in it.
const CONDITION: usize = 3;
/// From this height on all of it has room.
const TALL: u16 = 12;

/// Draws the form; yields where the text cursor belongs.
pub fn draw(state: &State, brush: &mut Brush<'_>, form: &ExclusionForm) -> Option<Position> {
    let title = match &form.editing {
        Some((id, _)) => format!("Edit {id}"),
        None => "New exclusion".to_owned(),
    };
    let fields = u16::try_from(form.fields.len()).unwrap_or(u16::MAX);
    let heading = u16::from(!form.fields.is_empty());
    let wanted = fields.saturating_add(heading + BELOW + 2).min(33);
    let mut inner = window(brush, &title, "a row is hidden where the condition holds", 104, wanted);
    let (width, height) = (usize::from(inner.area.width), inner.area.height);
    // In few rows what is not being written gives way to what it would hide.
    let is_tight = height < TALL;
    let heading = if is_tight { 0 } else { heading };
    let list = fields.min(height.saturating_sub(heading + BELOW.min(height * 2 / 3)));
    let area = inner.area;
    if heading > 0 {
        inner.put_line(0, 0, &titles(width));
    }
    let rows = Rect { y: area.y.saturating_add(heading), height: list, ..area };
    draw_fields(&mut inner.within(rows), form, list);
    let mut y = heading.saturating_add(list);
    if is_tight {
        y = y.saturating_sub(1);
    } else {
        inner.put(0, y, Role::Border, &Shown::from("─".repeat(width)));
    }
    let mut cursor = None;
    for (part, label, input) in [
        (Part::Condition, " where not: ", &form.text),
        (Part::Note, " reason:    ", &form.note),
        (Part::Owner, " owner:     ", &form.owner),
    ] {
        let is_written = form.part == part || (form.part == Part::Fields && part == Part::Condition);
        if is_tight && !is_written {
            continue;
        }
        y = y.saturating_add(1);
        let text = Shown::from(input.value());
        let room = width.saturating_sub(label.len() + 1);
        if form.part != part && !is_tight && text.width() > room {
            // Nobody writes in it: all of it is seen, or its beginning.
            inner.put(0, y, Role::Key, &Shown::from(label));
            for (place, line) in text.wrap(room).iter().take(CONDITION).enumerate() {
                let column = u16::try_from(label.len()).unwrap_or(0);
                y = y.saturating_add(u16::from(place > 0));
                inner.put(column, y, Role::Strong, line);
            }
            continue;
        }
        let place = input_row(&mut inner, y, label, input);
        if form.part == part {
            inner.put(0, y, Role::Focus, &Shown::from("▶"));
            cursor = Some(place);
        }
    }
    y = y.saturating_add(1);
    let scope = match (&form.rule, form.any_rule) {
        (Some(rule), false) => format!(" for:       this rule ({})   Tab: any rule", state.rule_title(rule)),
        (Some(_), true) => " for:       any rule   Tab: one rule only".to_owned(),
        (None, _) => " for:       any rule".to_owned(),
    };
    inner.put(0, y, Role::Dim, &Shown::from(scope).fit(width));
    y = y.saturating_add(1);
    for line in preview(state, form, width).iter().take(usize::from(height.saturating_sub(y))) {
        inner.put_line(1, y, &line.fit(width.saturating_sub(1)));
        y = y.saturating_add(1);
    }
    cursor
}

fn draw_fields(brush: &mut Brush<'_>, form: &ExclusionForm, rows: u16) {
    let width = usize::from(brush.area.width);
    let (names, operators) = parts(width);
    let top = form.cursor.saturating_sub(usize::from(rows.saturating_sub(1)));
    for (offset, field) in form.fields.iter().skip(top).take(usize::from(rows)).enumerate() {
        let y = u16::try_from(offset).unwrap_or(u16::MAX);
        let at_cursor = top.saturating_add(offset) == form.cursor && form.part == Part::Fields;
        let mut line = Line::of(Role::Focus, if at_cursor { "▶ " } else { "  " });
        let box_role = if field.chosen { Role::Good } else { Role::Dim };
        line.push(box_role, if field.chosen { "[x] " } else { "[ ] " });
        line.push(Role::Text, Shown::from(&field.column).fit_left(names).as_str());
        line.push(Role::Keyword, format!(" {:<operators$} ", field.operator()));
        let counts = if width < WIDE { String::new() } else { counts(form, field) };
        let room = width.saturating_sub(line.width() + counts.len());
        line.push(
            if field.chosen { Role::Strong } else { Role::Dim },
            Shown::from(&field.value).fit_left(room).as_str(),
        );
        brush.put_line(0, y, &line.with(Role::Text, counts).fit(width));
        if at_cursor {
            brush.tint_row(y, Role::Selected);
        }
    }
}

/// The columns of names and operators.
const fn parts(width: usize) -> (usize, usize) {
    match width {
        ..60 => (14, 2),
        60..96 => (20, 10),
        _ => (32, 10),
    }
}

fn titles(width: usize) -> Line {
    let (names, operators) = parts(width);
    let line = Line::of(Role::Dim, format!("      {:<names$} {:<operators$} ", "FIELD", "OPERATOR"));
    if width < WIDE {
        return line.with(Role::Dim, "VALUE").fit(width);
    }
    let room = width.saturating_sub(line.width() + COUNTS);
    line.with(Role::Dim, format!("{:<room$}{:>COUNTS$}", "VALUE", "MATCHES HERE  RULES"))
}

/// How many matches of the rule have the value, and how many rules look for it.
fn counts(form: &ExclusionForm, field: &Field) -> String {
    let here = format!("{} of {}", format::count(field.here), format::count(form.matches));
    let rules = field.rules.map(format::count).unwrap_or_default();
    format!("{here:>14}{rules:>7}")
}

/// What it would hide, before anything is hidden.
fn preview(state: &State, form: &ExclusionForm, width: usize) -> Vec<Line> {
    let Some(wanted) = form.exclusion() else {
        let text = "Choose fields, or write a condition: what it would hide is counted here first.";
        return Line::of(Role::Dim, text).wrap(width.saturating_sub(2));
    };
    let Some(preview) = form.preview.as_ref().filter(|preview| preview.exclusion == counted(&wanted)) else {
        return vec![Line::of(Role::Dim, "counting what it would hide…")];
    };
    let mut lines = Vec::new();
    match &preview.effect {
        Err(problem) => {
            for line in problem.lines().take(5) {
                paragraph(&mut lines, Role::Bad, line, width.saturating_sub(2));
            }
        }
        Ok(_) => effect(state, form, preview, &mut lines),
    }
    lines
}

fn effect(state: &State, form: &ExclusionForm, preview: &Preview, lines: &mut Vec<Line>) {
    let Ok(effect) = &preview.effect else { return };
    let is_on = form.editing.as_ref().is_some_and(|(_, own)| own.enabled);
    let (covers, only) = (effect.hides, effect.only_by);
    let text = if is_on {
        format!("covers {} matches, {} of them by nothing else that is on", format::count(covers), format::count(only))
    } else {
        let already = match covers.saturating_sub(only) {
            0 => String::new(),
            rest => format!("; {} more are hidden already", format::count(rest)),
        };
        let shown = state.shown_count() as u64;
        format!("would hide {} of {} shown matches{already}", format::count(only), format::count(shown))
    };
    lines.push(Line::of(if covers == 0 { Role::Warning } else { Role::Strong }, text));
    if let Some(problem) = &effect.problem {
        lines.push(Line::of(Role::Warning, problem.as_str()));
    }
    for id in effect.pinned.iter().take(2) {
        let time = id.time.map(|ticks| state.time(ticks)).unwrap_or_default();
        let title = state.rule_title(&id.rule);
        lines.push(Line::of(Role::Bad, format!("! hides what you pinned: ★ {time} {title}")));
    }
    for cut in preview.cuts.iter().take(2) {
        lines.push(Line::of(Role::Warning, format!("! {}", tree::cut_text(state, cut))));
    }
    for (time, what) in &preview.examples {
        let time = time.map(|ticks| state.time(ticks)).unwrap_or_default();
        lines.push(Line::of(Role::Dim, format!("− {time} {what}")));
    }
    let more = covers.saturating_sub(preview.examples.len() as u64);
    if more > 0 && !preview.examples.is_empty() {
        lines.push(Line::of(Role::Dim, format!("  … and {} more", format::count(more))));
    }
}
