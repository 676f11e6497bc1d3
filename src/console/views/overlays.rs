//! What lies over the view: help, palette, search, the exclusion form, a text.

use ratatui::layout::{Position, Rect};

use super::exclusion_form;
use crate::console::exclusion_form::Part;
use crate::console::export::Subject;
use crate::console::format;
use crate::console::overlay::{self, Overlay};
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::state::State;
use crate::console::theme::Role;

/// Keys that an overlay takes, for the hint row.
pub const fn hints(overlay: &Overlay) -> &'static [(&'static str, &'static str)] {
    match overlay {
        Overlay::Help { .. } => &[("type", "to filter"), ("Down/Up", "scroll"), ("Esc", "close")],
        Overlay::Palette { .. } => &[("type", "to find"), ("Down/Up", "choose"), ("Enter", "do it"), ("Esc", "close")],
        Overlay::Clock { .. } => {
            &[("Enter", "as of this time"), ("Up/Down", "an hour"), ("PgUp/PgDn", "a day"), ("empty", "all the data")]
        }
        Overlay::Export { what: Subject::Diff, .. } => {
            &[("Enter", "write a new file"), (".csv .ndjson .md .html .txt", "format"), ("Esc", "close")]
        }
        Overlay::Export { .. } => &[
            ("Enter", "write"),
            (".kql", "for rules"),
            (".csv .ndjson .md .html .txt", "the rows"),
            (".json", "ATT&CK layer"),
            ("Esc", "close"),
        ],
        Overlay::Import { .. } => &[("Enter", "read them into this store"), ("Esc", "close")],
        Overlay::Replay { row: None, .. } => &[("j/k", "alert"), ("Enter", "its rows"), ("Esc", "close")],
        Overlay::Replay { .. } => &[("j/k", "row"), ("Enter", "go to the match"), ("h", "alerts"), ("Esc", "close")],
        Overlay::Parameter { .. } => &[("Enter", "set and run again"), ("empty", "the rule's own"), ("Esc", "close")],
        Overlay::Tables { .. } => &[("type", "to find"), ("Down/Up", "choose"), ("Enter", "list it"), ("Esc", "close")],
        Overlay::Columns { .. } => {
            &[("Space", "show/hide"), ("type", "to find"), ("Tab", "as it was/all"), ("Esc", "close")]
        }
        Overlay::Note { .. } => &[("Enter", "keep the note"), ("empty", "takes it away"), ("Esc", "close")],
        Overlay::Search { .. } => &[("Enter", "search"), ("Esc", "close")],
        Overlay::Text { .. } => &[("j/k", "scroll"), ("g/G", "first, last line"), ("Esc", "close")],
        Overlay::Steps { .. } => &[("j/k", "choose"), ("Enter", "go there"), ("Esc", "close")],
        Overlay::Lessons { .. } => &[("j/k", "choose"), ("Enter", "begin"), ("Esc", "close")],
        Overlay::Exclusion(form) => {
            if !matches!(form.part, Part::Fields) {
                &[
                    ("Enter", "take it"),
                    ("Up/Down", "condition, reason, owner"),
                    ("Tab", "this rule / any rule"),
                    ("Esc", "back"),
                ]
            } else {
                &[
                    ("Space", "choose field"),
                    ("h/l", "operator"),
                    ("e", "edit text"),
                    ("Tab", "this rule / any rule"),
                    ("Enter", "take it"),
                    ("Esc", "close"),
                ]
            }
        }
    }
}

/// The columns and rows of a text, its frame among them.
const TEXT: (u16, u16) = (96, 24);

/// The text in the lines that it takes in this terminal.
fn text_lines(state: &State, text: &str) -> Vec<Line> {
    let width = usize::from(TEXT.0.min(state.width).saturating_sub(2));
    let wrapped = crate::console::shown::lines(text).into_iter().flat_map(|line| line.wrap(width));
    wrapped.map(|part| Line(vec![(part, Role::Text)])).collect()
}

/// From which line on the end of the text is in sight. A record may be one line of many thousand characters.
pub fn last_top(state: &State, text: &str) -> usize {
    let height = usize::from(TEXT.1.min(state.height.saturating_sub(1)).saturating_sub(2));
    text_lines(state, text).len().saturating_sub(height)
}

/// The columns of the list of keys, and of the keys in it.
const HELP_WIDTH: u16 = 90;
const KEYS: usize = 16;

/// The keys with what they do, those of this view first; as many lines as that takes in this terminal.
pub fn help(state: &State, filter: &str) -> Vec<Line> {
    let width = usize::from(HELP_WIDTH.min(state.width).saturating_sub(2)).saturating_sub(KEYS);
    let mut lines = Vec::new();
    let (mut here, mut elsewhere) = (false, false);
    for row in overlay::palette_rows(filter, &state.keymap, state.view) {
        let is_here = row.is_for(state.view);
        if is_here && !here {
            lines.push(Line::of(Role::Title, format!("in {}", state.view.title())));
            here = true;
        }
        if !is_here && !elsewhere {
            lines.push(Line::of(Role::Title, "in other views"));
            elsewhere = true;
        }
        let (role, text) = if is_here { (Role::Key, Role::Text) } else { (Role::Dim, Role::Dim) };
        let keys = state.keymap.keys_of(row).join("  ");
        for (place, part) in Line::of(text, row.doc).wrap(width).into_iter().enumerate() {
            let keys = if place == 0 { keys.as_str() } else { "" };
            let mut line = Line::of(role, Shown::from(keys).fit_left(KEYS).as_str());
            line.0.extend(part.0);
            lines.push(line);
        }
    }
    lines
}

/// Draws what is open; yields where the text cursor belongs.
pub fn draw(state: &State, brush: &mut Brush<'_>) -> Option<Position> {
    match state.overlay.as_ref()? {
        Overlay::Help { filter, top } => {
            let mut inner = window(brush, "Keys", "? or Esc closes", HELP_WIDTH, 30);
            let cursor = input_row(&mut inner, 0, " filter: ", filter);
            let lines = help(state, filter.value());
            let area = inner.area;
            let mut list =
                inner.within(Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area });
            list.put_lines(&lines, *top);
            Some(cursor)
        }
        Overlay::Palette { input, selected } => {
            let mut inner = window(brush, "Palette", "every action, by name, words or key", 90, 20);
            let (names, keys) = if inner.area.width < 60 { (15, 5) } else { (18, 12) };
            let cursor = input_row(&mut inner, 0, " : ", input);
            let rows = overlay::palette_rows(input.value(), &state.keymap, state.view);
            let height = usize::from(inner.area.height.saturating_sub(1));
            let top = selected.saturating_sub(height.saturating_sub(1));
            for (offset, row) in rows.iter().skip(top).take(height).enumerate() {
                let y = u16::try_from(offset).unwrap_or(u16::MAX).saturating_add(1);
                let here = row.is_for(state.view);
                let chosen = top.saturating_add(offset) == *selected;
                let text = if here { Role::Text } else { Role::Dim };
                let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
                line.push(text, Shown::from(row.name).fit_left(names).as_str());
                line.push(Role::Key, Shown::from(state.keymap.keys_of(row).join(" ")).fit_left(keys).as_str());
                line.push(if here { Role::Text } else { Role::Dim }, row.doc);
                inner.put_line(0, y, &line.fit(usize::from(inner.area.width)));
                if chosen {
                    inner.tint_row(y, Role::Selected);
                }
            }
            if rows.is_empty() {
                inner.put(2, 1, Role::Dim, &Shown::from("no action fits"));
            }
            Some(cursor)
        }
        Overlay::Tables { input, selected } => {
            let mut inner = window(brush, "Tables", "those that have events", 64, 20);
            let cursor = input_row(&mut inner, 0, " table: ", input);
            let rows = overlay::table_rows(input.value(), &state.events.tables);
            let is_narrow = inner.area.width < 60;
            let names = if is_narrow { 23 } else { 34 };
            let height = usize::from(inner.area.height.saturating_sub(1));
            let top = selected.saturating_sub(height.saturating_sub(1));
            for (offset, (name, count)) in rows.iter().skip(top).take(height).enumerate() {
                let y = u16::try_from(offset).unwrap_or(u16::MAX).saturating_add(1);
                let chosen = top.saturating_add(offset) == *selected;
                let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
                line.push(Role::Text, Shown::from(name).fit_left(names).as_str());
                let held = if is_narrow { format::count(*count) } else { format::events(*count) };
                line.push(Role::Dim, format!("{held:>width$}", width = if is_narrow { 12 } else { 19 }));
                inner.put_line(0, y, &line.fit(usize::from(inner.area.width)));
                if chosen {
                    inner.tint_row(y, Role::Selected);
                }
            }
            if rows.is_empty() {
                inner.put(2, 1, Role::Dim, &Shown::from("no table fits"));
            }
            Some(cursor)
        }
        Overlay::Columns { input, selected } => super::columns::draw(state, brush, input, *selected),
        Overlay::Note { input, .. } => Some(asked_line(brush, " note: ", input)),
        Overlay::Replay { selected, row } => {
            super::replay::draw(state, brush, *selected, *row);
            None
        }
        Overlay::Parameter { id, input, .. } => Some(asked_line(brush, &format!(" let {} = ", id.name), input)),
        Overlay::Clock { input } => Some(asked_line(brush, &format!(" as of ({}): ", state.zone.name()), input)),
        Overlay::Export { input, .. } => Some(asked_line(brush, " export to: ", input)),
        Overlay::Import { input } => Some(asked_line(brush, " files and folders to import: ", input)),
        Overlay::Search { input } => {
            let area = brush.area;
            let y = area.bottom().saturating_sub(2);
            let mut row = brush.within(Rect { y, height: 1, ..area });
            row.clear();
            Some(input_row(&mut row, 0, " search: ", input))
        }
        Overlay::Text { title, text, top } => {
            let below = last_top(state, text).saturating_sub(*top);
            let note = if below > 0 { format!("{below} more lines · Esc closes") } else { "Esc closes".to_owned() };
            let mut inner = window(brush, title, &note, TEXT.0, TEXT.1);
            inner.put_lines(&text_lines(state, text), *top);
            None
        }
        Overlay::Exclusion(form) => exclusion_form::draw(state, brush, form),
        Overlay::Steps { selected } => {
            steps(state, brush, *selected);
            None
        }
        Overlay::Lessons { selected } => {
            lessons(state, brush, *selected);
            None
        }
    }
}

fn steps(state: &State, brush: &mut Brush<'_>, selected: usize) {
    let Some(walkthrough) = &state.walkthrough else { return };
    let mut inner = window(brush, &walkthrough.lesson.title, "", 80, 16);
    let width = usize::from(inner.area.width);
    let mut lines = Vec::new();
    for (position, (step, known)) in walkthrough.lesson.steps.iter().zip(&walkthrough.states).enumerate() {
        let chosen = position == selected;
        let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
        line.push(if known.done { Role::Good } else { Role::Dim }, if known.done { "[x] " } else { "[ ] " });
        let here = if position == walkthrough.step { "  (here)" } else { "" };
        let role = if chosen { Role::Strong } else { Role::Text };
        line.push(role, format!("{}. {}{here}", position.saturating_add(1), step.title));
        lines.push(line.fit(width));
    }
    let height = usize::from(inner.area.height);
    inner.put_lines(&lines, selected.saturating_sub(height.saturating_sub(1)));
}

fn lessons(state: &State, brush: &mut Brush<'_>, selected: usize) {
    let mut inner = window(brush, "Lessons", "you drive; the console looks on", 90, 16);
    let width = usize::from(inner.area.width);
    let mut lines = Vec::new();
    // The chosen one is seen with all that is said of it.
    let (mut first, mut end) = (0, 0);
    for (position, lesson) in state.lessons.iter().enumerate() {
        let chosen = position == selected;
        if chosen {
            first = lines.len();
        }
        let mut line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
        line.push(if chosen { Role::Strong } else { Role::Text }, lesson.title.as_str());
        let steps = lesson.steps.len();
        line.push(Role::Dim, format!("  {steps} {}", if steps == 1 { "step" } else { "steps" }));
        lines.push(line);
        let about = Line::of(Role::Dim, lesson.about.as_str()).wrap(width.saturating_sub(4));
        lines.extend(about.into_iter().map(|part| {
            let mut line = Line::text("    ");
            line.0.extend(part.0);
            line
        }));
        if chosen {
            end = lines.len();
        }
    }
    let chosen = selected == state.lessons.len();
    let line = Line::of(Role::Focus, if chosen { "▶ " } else { "  " });
    lines.push(line.with(if chosen { Role::Strong } else { Role::Text }, "Read about the scenario"));
    if chosen {
        (first, end) = (lines.len().saturating_sub(1), lines.len());
    }
    let lines: Vec<Line> = lines.iter().map(|line| line.fit(width)).collect();
    let top = end.saturating_sub(usize::from(inner.area.height)).min(first);
    inner.put_lines(&lines, top);
}

/// A box in the middle, cleared; yields what is within it.
pub(super) fn window<'a>(brush: &'a mut Brush<'_>, title: &str, note: &str, width: u16, height: u16) -> Brush<'a> {
    let area = brush.area;
    // The hint row stays readable.
    let (room_x, room_y) = (area.width, area.height.saturating_sub(1));
    let width = width.min(room_x);
    let height = height.min(room_y);
    let area = Rect {
        x: area.x.saturating_add(room_x.saturating_sub(width) / 2),
        y: area.y.saturating_add(room_y.saturating_sub(height) / 2),
        width,
        height,
    };
    let mut outer = brush.within(area);
    outer.clear();
    let inner = outer.frame(title, note, true);
    brush.within(inner)
}

/// A line that is being written, above the status row: what is wrong with it is said there.
fn asked_line(brush: &mut Brush<'_>, label: &str, input: &tui_input::Input) -> Position {
    let area = brush.area;
    let y = area.bottom().saturating_sub(3);
    let mut row = brush.within(Rect { y, height: 1, ..area });
    row.clear();
    input_row(&mut row, 0, label, input)
}

/// A line of input with its label; yields where the cursor is. What is cut at the left is marked.
pub(super) fn input_row(brush: &mut Brush<'_>, y: u16, label: &str, input: &tui_input::Input) -> Position {
    let column = brush.put(0, y, Role::Key, &Shown::from(label));
    let width = usize::from(brush.area.width.saturating_sub(column).saturating_sub(1)).max(1);
    // What was typed or pasted may hold anything, and the escapes of it are wider than it is.
    let before: String = input.value().chars().take(input.cursor()).collect();
    let cursor = Shown::from(&before).width();
    let skip = cursor.saturating_sub(width);
    let mut text = String::new();
    if skip > 0 {
        text.push('…');
    }
    let mut passed = 0;
    for (grapheme, cells, _) in Shown::from(input.value()).graphemes() {
        if passed > skip || skip == 0 {
            text.push_str(grapheme);
        }
        passed += cells;
    }
    brush.put(column, y, Role::Strong, &Shown::from(text).fit(width.saturating_add(1)));
    let offset = u16::try_from(cursor.saturating_sub(skip)).unwrap_or(0);
    Position {
        x: brush.area.x.saturating_add(column).saturating_add(offset).min(brush.area.right().saturating_sub(1)),
        y: brush.area.y.saturating_add(y).min(brush.area.bottom().saturating_sub(1)),
    }
}
