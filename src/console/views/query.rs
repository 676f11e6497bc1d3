//! Query: KQL being written, what is wrong with it and how it may go on, and its result.

use ratatui::layout::{Position, Rect};

use super::{edge, grid, paragraph};
use crate::console::format;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::{tokenize, words};
use crate::schema::Value;

/// The keys while the query is written.
pub const HINTS: [(&str, &str); 5] =
    [("Enter", "run"), ("Tab", "complete"), ("Ctrl-j", "new line"), ("Up/Down", "history"), ("Esc", "leave")];

/// So many ways to go on are shown at once.
const POPUP: usize = 8;

pub fn row(state: &State, index: usize) -> Option<&[Value]> {
    state.query.result.as_ref()?.rows.get(index).map(Vec::as_slice)
}

pub fn row_count(state: &State) -> usize {
    state.query.result.as_ref().map_or(0, |listing| listing.rows.len())
}

/// Draws both panes; yields where the text cursor belongs.
pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) -> Option<Position> {
    draw_result(state, brush, layout);
    let pane = layout.panes.first()?;
    let editing = state.pane == 0;
    let mut area = edge(brush, pane, "Query", "Enter runs · Ctrl-j new line · Tab completes", editing);
    let (width, height) = (usize::from(area.area.width), usize::from(area.area.height));
    let (line, before) = state.query.editor.place();
    let before = Shown::from(before).width();
    let (lines, errors) = text_lines(state);
    // The line of the cursor is always in the window, and what is said below it where there is room.
    let extra = errors.iter().filter(|at| **at < line).count();
    let row = line.saturating_add(extra);
    let top = if lines.len() <= height { 0 } else { row.saturating_sub(height.saturating_sub(2)) };
    let skip = before.saturating_sub(width.saturating_sub(2));
    for (offset, line) in lines.iter().skip(top).take(height).enumerate() {
        area.put_line(0, u16::try_from(offset).unwrap_or(0), &cut_left(line, skip).fit(width));
    }
    if state.query.editor.text().is_empty() {
        area.put(0, 0, Role::Dim, &Shown::from("DeviceProcessEvents | where FileName =~ \"cmd.exe\" | take 10"));
    }
    if !editing {
        return None;
    }
    let x = area.area.x.saturating_add(u16::try_from(before.saturating_sub(skip)).unwrap_or(0));
    let y = area.area.y.saturating_add(u16::try_from(row.saturating_sub(top)).unwrap_or(0));
    draw_popup(state, brush, (x, y));
    Some(Position { x, y })
}

fn draw_result(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = layout.panes.get(1) else { return };
    let rows = row_count(state);
    let cut = state.query.result.as_ref().is_some_and(|listing| listing.cut);
    let note = if rows == 0 { String::new() } else { grid::note(&state.query.grid, rows, cut) };
    let mut area = edge(brush, pane, "Result", &note, state.pane == 1);
    match &state.query.result {
        _ if rows > 0 => {
            grid::draw(state, &mut area, &state.query.grid, rows, state.pane == 1, None, |index| row(state, index))
        }
        _ if state.board.is_pending(Topic::Query) => {
            area.put(1, 0, Role::Dim, &Shown::from("Running…"));
        }
        Some(_) => {
            area.put(1, 0, Role::Text, &Shown::from("The query ran and yields no rows."));
        }
        None => {
            let width = usize::from(area.area.width.saturating_sub(1));
            for (row, line) in no_result(state, width).iter().enumerate() {
                area.put_line(1, u16::try_from(row).unwrap_or(u16::MAX), line);
            }
        }
    }
}

/// Instead of a result: all that is wrong with the query, or how its run failed, or how it is run.
fn no_result(state: &State, width: usize) -> Vec<Line> {
    let text = state.query.editor.text();
    let mut lines = Vec::new();
    let errors: Vec<&Diagnostic> = state.query.diagnostics().iter().filter(|found| found.is_error()).collect();
    if !errors.is_empty() {
        paragraph(&mut lines, Role::Strong, "The query cannot be run:", width);
        for found in errors {
            let (line, column) = place(text, found);
            paragraph(&mut lines, Role::Bad, &format!("line {line}, column {column}: {}", found.message), width);
            for help in &found.help {
                paragraph(&mut lines, Role::Dim, &format!("  {help}"), width);
            }
        }
    } else if let Some((_, failure)) = state.query.failure.as_ref().filter(|(about, _)| about == text) {
        paragraph(&mut lines, Role::Strong, "The query ran and failed:", width);
        paragraph(&mut lines, Role::Bad, failure, width);
    } else {
        paragraph(&mut lines, Role::Dim, "Enter runs the query over this store; its rows come here.", width);
        if state.pane == 0 {
            let leaving = "While the query is written every key is text. Esc leaves it: then 1 to 8 are views again.";
            paragraph(&mut lines, Role::Dim, leaving, width);
        }
    }
    lines
}

/// The line and the column of a finding, from one on.
fn place(text: &str, found: &Diagnostic) -> (usize, usize) {
    let before = text.get(..found.span.start.min(text.len())).unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (before.matches('\n').count().saturating_add(1), column.saturating_add(1))
}

/// The text with its words marked, and below a line what is wrong with it; and which lines have such a note.
fn text_lines(state: &State) -> (Vec<Line>, Vec<usize>) {
    let text = state.query.editor.text();
    let mut lines = highlight(text);
    let mut noted = Vec::new();
    let diagnostics = state.query.diagnostics();
    let worst = diagnostics.iter().find(|found| found.is_error()).or(diagnostics.first());
    if let Some(found) = worst {
        let (line, caret) = caret(text, found);
        let at = line.saturating_add(1).min(lines.len());
        lines.insert(at, caret);
        noted.push(line);
        for (offset, help) in found.help.iter().take(1).enumerate() {
            lines.insert(at.saturating_add(offset).saturating_add(1), Line::of(Role::Dim, format!("  help: {help}")));
            noted.push(line);
        }
    }
    (lines, noted)
}

/// The line the finding is in, and a line with carets below it.
fn caret(text: &str, found: &Diagnostic) -> (usize, Line) {
    let start = found.span.start.min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count();
    let indent = Shown::from(before.rsplit('\n').next().unwrap_or_default()).width();
    let marked = text.get(start..found.span.end.min(text.len())).unwrap_or_default();
    let width = Shown::from(marked.lines().next().unwrap_or_default()).width().clamp(1, 60);
    let role = if found.is_error() { Role::Bad } else { Role::Warning };
    let mut message = found.message.clone();
    if let Some(label) = &found.label {
        message = format!("{message}: {label}");
    }
    // Where the caret is far to the right the words stand before it.
    let line_text = if indent > 60 && message.chars().count() + 1 < indent {
        let blanks = indent.saturating_sub(message.chars().count() + 1);
        format!("{}{message} {}", " ".repeat(blanks), "^".repeat(width))
    } else {
        format!("{}{} {message}", " ".repeat(indent), "^".repeat(width))
    };
    (line, Line::of(role, line_text))
}

/// KQL in lines, its words by role.
pub fn highlight(text: &str) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    let mut put = |piece: &str, role: Role| {
        for (position, part) in piece.split('\n').enumerate() {
            if position > 0 {
                lines.push(Line::new());
            }
            if let Some(line) = lines.last_mut()
                && !part.is_empty()
            {
                line.push(role, part);
            }
        }
    };
    let mut at = 0;
    for token in tokenize(text) {
        put(text.get(at..token.span.start).unwrap_or_default(), Role::Text);
        let piece = text.get(token.span.start..token.span.end).unwrap_or_default();
        let role = match token.kind {
            TokenKind::Comment | TokenKind::Directive => Role::Dim,
            TokenKind::String | TokenKind::Long | TokenKind::Real | TokenKind::Timespan | TokenKind::TypedLiteral => {
                Role::Literal
            }
            TokenKind::Pipe | TokenKind::BangWord | TokenKind::InTilde => Role::Keyword,
            TokenKind::Error(_) => Role::Bad,
            TokenKind::Word if is_keyword(piece) => Role::Keyword,
            _ => Role::Text,
        };
        put(piece, role);
        at = token.span.end;
    }
    put(text.get(at..).unwrap_or_default(), Role::Text);
    lines
}

fn is_keyword(word: &str) -> bool {
    words::TABULAR_OPERATORS.contains(&word)
        || words::BINARY_OPERATORS.iter().any(|(text, _)| *text == word)
        || words::LIST_OPERATORS.iter().any(|(text, _)| *text == word)
        || matches!(word, "let" | "by" | "on" | "kind" | "between" | "not" | "true" | "false")
}

fn cut_left(line: &Line, skip: usize) -> Line {
    let mut rest = skip;
    let mut result = Line::new();
    for (text, role) in &line.0 {
        let mut kept = String::new();
        for (grapheme, cells, _) in text.graphemes() {
            if rest > 0 {
                rest = rest.saturating_sub(cells);
            } else {
                kept.push_str(grapheme);
            }
        }
        if !kept.is_empty() {
            result.push(*role, kept);
        }
    }
    result
}

/// The ways to go on, below the cursor or above it.
fn draw_popup(state: &State, brush: &mut Brush<'_>, (x, y): (u16, u16)) {
    let items = state.query.offered();
    if items.is_empty() {
        return;
    }
    let screen = brush.area;
    let rows = items.len().min(POPUP);
    let height = u16::try_from(rows).unwrap_or(0);
    let widest = items.iter().map(|item| Shown::from(&item.text).width()).max().unwrap_or(0).min(44);
    let width = u16::try_from(widest.saturating_add(34)).unwrap_or(0).min(screen.width);
    // The note about an error stands right below the line.
    let below = y.saturating_add(if state.query.diagnostics().is_empty() { 1 } else { 3 });
    let room_below = screen.bottom().saturating_sub(2).saturating_sub(below);
    let top = if room_below >= height { below } else { y.saturating_sub(height) };
    let left = x.min(screen.right().saturating_sub(width));
    let mut area = brush.within(Rect { x: left, y: top, width, height });
    area.clear();
    let chosen = state.query.choice.min(items.len().saturating_sub(1));
    let first = chosen.saturating_sub(rows.saturating_sub(1));
    for (offset, item) in items.iter().skip(first).take(rows).enumerate() {
        let row = u16::try_from(offset).unwrap_or(0);
        let is_chosen = first.saturating_add(offset) == chosen;
        let mut line = Line::of(Role::Focus, if is_chosen { "▶" } else { " " });
        line.push(Role::Strong, Shown::from(&item.text).fit_left(widest).as_str());
        line.push(Role::Key, format!(" {:<8} ", item.kind.word()));
        line.push(Role::Dim, item.note.as_str());
        area.put_line(0, row, &line.fit(usize::from(width)));
        if is_chosen {
            area.tint_row(row, Role::Selected);
        }
    }
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    let diagnostics = state.query.diagnostics();
    if let Some(found) = diagnostics.iter().find(|found| found.is_error()).or(diagnostics.first()) {
        let role = if found.is_error() { Role::Bad } else { Role::Warning };
        line.push(role, format!(" {}", found.message));
        if diagnostics.len() > 1 {
            line.push(Role::Dim, format!(" (and {} more)", diagnostics.len().saturating_sub(1)));
        }
        return line;
    }
    if let Some(listing) = &state.query.result {
        let rows = listing.rows.len() as u64;
        let text = if listing.cut {
            format!(" the first {} rows; '| count' tells how many there are", format::count(rows))
        } else {
            format!(" {} {}", format::count(rows), if rows == 1 { "row" } else { "rows" })
        };
        line.push(Role::Dim, text);
    }
    if !state.query.history.is_empty() {
        line.push(Role::Dim, format!(" · {} in the history (Up)", state.query.history.len()));
    }
    line
}
