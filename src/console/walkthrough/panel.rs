//! The panel of a lesson beside or below the view that the learner drives.

use super::lesson::with_keys;
use super::progress::Walkthrough;
use crate::console::keymap::Keymap;
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::views;

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let (Some(walkthrough), Some(pane)) = (&state.walkthrough, &layout.panel) else { return };
    let Some(step) = walkthrough.current() else { return };
    let sign = if walkthrough.state().done { "✓ " } else { "" };
    let title = format!("{sign}Step {} of {}: {}", walkthrough.step + 1, walkthrough.lesson.steps.len(), step.title);
    let mut inner = views::edge(brush, pane, &title, "", false);
    let (width, height) = (usize::from(inner.area.width), usize::from(inner.area.height));
    let mut lines = lines(walkthrough, &state.keymap, width);
    let keys = keys(state, walkthrough);
    let spent = Line::of(Role::Dim, spent(state, walkthrough));
    // One line below the text where both have room, else two.
    let is_together = keys.width() + spent.width() + 2 <= width;
    let below = if is_together { 1 } else { 2 };
    if lines.len() + below > height {
        lines.truncate(height.saturating_sub(below + 1));
        lines.push(Line::of(Role::Dim, format!("… {} shows all of it", state.keymap.key("lessons"))).fit(width));
    }
    inner.put_lines(&lines, 0);
    let last = u16::try_from(height.saturating_sub(1)).unwrap_or(0);
    inner.put_line(0, last, &keys.fit(width));
    let start = u16::try_from(width.saturating_sub(spent.width())).unwrap_or(0);
    if is_together {
        inner.put_line(start, last, &spent);
    } else if height > 3 {
        inner.put_line(0, last.saturating_sub(1), &spent.fit(width));
    }
}

/// The step in one line, where there is no room for the panel.
pub fn unseen(state: &State, layout: &Layout) -> Option<Line> {
    let walkthrough = state.walkthrough.as_ref().filter(|_| layout.panel.is_none())?;
    let sign = if walkthrough.state().done { "✓ " } else { "" };
    let (step, of) = (walkthrough.step + 1, walkthrough.lesson.steps.len());
    let read = Line::of(Role::Key, format!(" {}", state.keymap.key("lessons"))).with(Role::Dim, " reads it: ");
    Some(read.with(Role::Strong, format!("{sign}step {step} of {of}, {}", walkthrough.current()?.title)))
}

/// What a reader sees: the task, the checks, hints, and why it matters once it is done.
fn lines(walkthrough: &Walkthrough, keymap: &Keymap, width: usize) -> Vec<Line> {
    let Some(step) = walkthrough.current() else { return Vec::new() };
    let state = walkthrough.state();
    let is_wide = width > 60;
    let mut lines = Vec::new();
    let gap = |lines: &mut Vec<Line>| {
        if !is_wide {
            lines.push(Line::new());
        }
    };
    if state.done && is_wide {
        views::paragraph(&mut lines, Role::Good, &format!("Done. {}", flow(&step.why, keymap)), width);
    }
    views::paragraph(&mut lines, Role::Text, &flow(&step.text, keymap), width);
    gap(&mut lines);
    for (position, goal) in step.goals.iter().enumerate() {
        let holds = walkthrough.goals.get(position).copied().unwrap_or(false);
        let (sign, role) = if holds { ("[x] ", Role::Good) } else { ("[ ] ", Role::Text) };
        for (row, part) in
            crate::console::shown::Shown::from(&goal.say).wrap(width.saturating_sub(4)).iter().enumerate()
        {
            let lead = if row == 0 { sign } else { "    " };
            lines.push(Line::of(role, lead).with(role, part.as_str()));
        }
    }
    gap(&mut lines);
    for (position, hint) in step.hints.iter().take(state.hints).enumerate() {
        views::paragraph(&mut lines, Role::Warning, &format!("Hint {}: {}", position + 1, flow(hint, keymap)), width);
    }
    if state.hints < step.hints.len() && !state.done && !is_wide {
        let left = step.hints.len().saturating_sub(state.hints);
        let word = if left == 1 { "hint" } else { "hints" };
        lines.push(Line::of(Role::Dim, format!("{left} {word} left ({})", keymap.key("lesson-hint"))));
    }
    if state.done && !is_wide {
        gap(&mut lines);
        lines.push(Line::of(Role::Good, "Done. Why it matters"));
        views::paragraph(&mut lines, Role::Text, &flow(&step.why, keymap), width);
    }
    lines
}

/// The step in full, for a window over the view.
pub fn in_full(walkthrough: &Walkthrough, keymap: &Keymap) -> Option<(String, String)> {
    let step = walkthrough.current()?;
    let mut text = flow(&step.text, keymap);
    for goal in &step.goals {
        text.push_str("\n\nTo reach: ");
        text.push_str(&goal.say);
    }
    for (position, hint) in step.hints.iter().take(walkthrough.state().hints).enumerate() {
        text.push_str(&format!("\n\nHint {}: {}", position + 1, flow(hint, keymap)));
    }
    if walkthrough.state().done {
        text.push_str(&format!("\n\nWhy it matters: {}", flow(&step.why, keymap)));
    }
    Some((format!("{} · step {}: {}", walkthrough.lesson.title, walkthrough.step + 1, step.title), text))
}

/// How long the lesson has taken, and how many hints.
fn spent(state: &State, walkthrough: &Walkthrough) -> String {
    let minutes = state.now.saturating_sub(walkthrough.began).as_secs() / 60;
    let hints = match walkthrough.hints_used() {
        0 => "no hints".to_owned(),
        1 => "1 hint".to_owned(),
        count => format!("{count} hints"),
    };
    format!("{minutes} min · {hints}")
}

fn keys(state: &State, walkthrough: &Walkthrough) -> Line {
    if state.playing.is_some() {
        return Line::of(Role::Key, "any key ").with(Role::Dim, "stops");
    }
    let actions: &[(&str, &str)] = if walkthrough.state().done {
        &[("lesson-next", "next"), ("lesson-back", "back"), ("lesson-reset", "again"), ("lesson-leave", "leave")]
    } else {
        &[("lesson-hint", "hint"), ("lesson-show", "show"), ("lesson-reset", "reset"), ("lesson-next", "next")]
    };
    let mut line = Line::new();
    for (action, word) in actions {
        line.push(Role::Key, format!("{} ", state.keymap.key(action)));
        line.push(Role::Dim, format!("{word}  "));
    }
    line
}

/// A text of the file, whose lines are broken for the file's width.
fn flow(text: &str, keymap: &Keymap) -> String {
    with_keys(text, keymap).split_whitespace().collect::<Vec<_>>().join(" ")
}
