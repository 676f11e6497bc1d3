//! Drawing the state: header, tabs, the view's panes, status, hints, and what lies over them.
//!
//! Reads the state and starts nothing.

pub mod columns;
pub mod events;
pub mod exclusion_form;
pub mod exclusions;
pub mod grid;
pub mod indicators;
pub mod match_detail;
pub mod matches;
pub mod overlays;
pub mod query;
pub mod replay;
pub mod rule_page;
pub mod rule_stages;
pub mod rules;
pub mod selected;
pub mod timeline;
pub mod tree;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::{Action, View};
use super::action_table::{ACTIONS, ActionRow};
use super::format;
use super::keymap::Lookup;
use super::keys;
use super::layout::{Edge, Layout, Pane, SMALLEST};
use super::paint::{Brush, Line, titled};
use super::shown::Shown;
use super::source::Topic;
use super::state::{Chip, RuleSide, State};
use super::theme::Role;
use super::update;
use super::walkthrough::panel;
use crate::hunt::matches::Severity;
use crate::schema::Value;

/// What a column is sorted by, and its text.
pub type SortKey = (i64, String);

/// Draws everything; yields where the text cursor belongs, if anywhere.
pub fn draw(state: &State, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let mut brush = Brush { buffer, theme: state.theme, area, plain: state.plain };
    brush.clear();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        brush.put(0, 0, Role::Text, &Shown::from("needs 20×5 or more").fit(usize::from(area.width)));
        return None;
    }
    let layout = Layout::of(state);
    brush.within(layout.header).put_line(0, 0, &header(state, usize::from(area.width)));
    draw_tabs(state, &mut brush.within(layout.tabs), layout.is_roomy);
    let mut cursor = None;
    match state.view {
        View::Matches => matches::draw(state, &mut brush, &layout),
        View::Tree => tree::draw(state, &mut brush, &layout),
        View::Indicators => indicators::draw(state, &mut brush, &layout),
        View::Exclusions => exclusions::draw(state, &mut brush, &layout),
        View::Rules => rules::draw(state, &mut brush, &layout),
        View::Timeline => timeline::draw(state, &mut brush, &layout),
        View::Events => events::draw(state, &mut brush, &layout),
        View::Query => cursor = query::draw(state, &mut brush, &layout),
    }
    panel::draw(state, &mut brush, &layout);
    brush.within(layout.status).put_line(0, 0, &status(state, &layout).fit(usize::from(area.width)));
    let hints = hints(state, &layout, usize::from(area.width));
    brush.within(layout.hints).put_line(0, 0, &hints);
    let cursor = if state.overlay.is_some() { overlays::draw(state, &mut brush) } else { cursor };
    // What was said last is where a screen reader is led.
    let said = Position { x: layout.status.x, y: layout.status.y };
    cursor.or((state.plain && layout.status.height > 0).then_some(said))
}

fn header(state: &State, width: usize) -> Line {
    let mut line = Line::of(Role::Title, " WHIPPET ");
    let Some(overview) = &state.overview else {
        return line.with(Role::Dim, " opening…").fit(width);
    };
    line.push(Role::Strong, format!(" {}", overview.name));
    let mut facts = Vec::new();
    match overview.devices.as_slice() {
        [] => {}
        [device] => facts.push(format!("host {device}")),
        devices => facts.push(format!("{} hosts", devices.len())),
    }
    facts.push(format::events(overview.events));
    if let (Some(first), Some(last)) = (overview.first, overview.last) {
        let style = state.time_style();
        let day = if style == format::TimeStyle::Clock {
            let full = state.zone.time(first, format::TimeStyle::Full);
            full.split(' ').next().map(|day| format!("{day} ")).unwrap_or_default()
        } else {
            String::new()
        };
        let zone = state.zone.name();
        facts.push(format!("{day}{} → {} {zone}", state.time(first), state.time(last)));
    }
    match overview.clock {
        // What is not there yet must not be taken for absent: this one is never left out.
        Some(clock) if clock.mode == crate::hunt::ClockMode::AsOf => {
            let now = state.zone.time(clock.now, format::TimeStyle::Full);
            line.push(Role::Warning, format!(" · as of {now} {}", state.zone.suffix(clock.now)));
        }
        _ => facts.push("clock: whole".to_owned()),
    }
    if let Some(behind) = &state.behind {
        // Not all is there yet, or what is new is not shown yet.
        line.push(Role::Warning, format!(" · {}: {}", behind.glance(), state.keymap.key("import")));
    }
    if overview.read_only {
        // Nothing that is done here stays: said before anything that may fall off the edge.
        line.push(Role::Warning, " [RO]");
    }
    for fact in facts {
        if line.width() + fact.chars().count() + 3 > width {
            break;
        }
        line.push(Role::Dim, format!(" · {fact}"));
    }
    line.fit(width)
}

fn draw_tabs(state: &State, brush: &mut Brush<'_>, roomy: bool) {
    let mut column = 0;
    for (view, start, label) in tabs(state, roomy) {
        let role = if view == state.view { Role::Strong } else { Role::Dim };
        column = brush.put(start, 0, role, &Shown::from(label));
    }
    let room = usize::from(brush.area.width.saturating_sub(column).saturating_sub(2));
    let counts = counts(state, room);
    let width = u16::try_from(counts.width()).unwrap_or(u16::MAX);
    if let Some(start) = brush.area.width.checked_sub(width.saturating_add(1))
        && start > column
    {
        brush.put_line(start, 0, &counts);
    }
}

/// Each tab with its first column and its label: the chosen one in brackets, so that it shows without colour.
fn tabs(state: &State, roomy: bool) -> Vec<(View, u16, String)> {
    let mut column = 1u16;
    let mut result = Vec::new();
    for (position, view) in View::ALL.into_iter().enumerate() {
        let title = if roomy { view.title() } else { view.short_title() };
        let number = position + 1;
        let label = if view == state.view { format!("[{number} {title}]") } else { format!(" {number} {title} ") };
        let width = u16::try_from(label.len()).unwrap_or(0);
        result.push((view, column, label));
        column = column.saturating_add(width);
    }
    // Where there is no room for all of them, the chosen one is among those that are there.
    let ends = |result: &[(View, u16, String)]| {
        let chosen = result.iter().find(|(view, ..)| *view == state.view);
        chosen.map_or(0, |(_, start, label)| usize::from(*start).saturating_add(label.len()))
    };
    while ends(&result) > usize::from(state.width) && result.len() > 1 {
        let (_, start, label) = result.remove(0);
        let gone = u16::try_from(label.len()).unwrap_or(0);
        result.iter_mut().for_each(|(_, column, _)| *column = column.saturating_sub(gone).max(start));
    }
    result
}

/// The view whose tab is at this column.
pub fn tab_at(state: &State, x: u16) -> Option<View> {
    let tabs = tabs(state, Layout::of(state).is_roomy);
    tabs.into_iter()
        .find(|(_, start, label)| x >= *start && usize::from(x.saturating_sub(*start)) < label.len())
        .map(|(view, ..)| view)
}

/// How many matches are shown of how many; dim while they are counted anew, and in few words where there is little room.
fn counts(state: &State, room: usize) -> Line {
    if state.found.is_none() {
        return Line::of(Role::Dim, if state.board.is_pending(Topic::Matches) { "hunting…" } else { "" });
    }
    let (shown, all) = (state.shown_count(), state.all_count());
    let pending = state.board.is_pending(Topic::Matches);
    let role = if pending { Role::Dim } else { Role::Strong };
    let mut line = if shown == all {
        Line::of(role, timeline::many_matches(all as u64))
    } else {
        let hidden = all.saturating_sub(shown);
        Line::of(
            role,
            format!("{} of {} shown ({hidden} excluded)", format::count(shown as u64), format::count(all as u64)),
        )
    };
    if line.width() > room {
        line = Line::of(role, format!("{}/{}", format::count(shown as u64), format::count(all as u64)));
    }
    if pending {
        line.push(Role::Dim, " counting…");
    }
    line
}

fn status(state: &State, layout: &Layout) -> Line {
    let mut line = Line::new();
    if let Some(notice) = &state.notice {
        let first = notice.text.lines().next().unwrap_or_default();
        let (role, sign) = if notice.is_problem { (Role::Bad, "! ") } else { (Role::Strong, "") };
        line.push(role, format!(" {sign}{first} "));
    }
    if let Some((topic, waited)) = update::doing(state) {
        let frames = ["|", "/", "-", "\\"];
        let frame = (waited.as_millis() / 250) as usize % frames.len();
        // A sign that turns and a clock would be read out again and again.
        let sign = if state.plain { "" } else { frames.get(frame).unwrap_or(&"|") };
        line.push(Role::Warning, format!(" {sign} {}", topic.doing()));
        if waited.as_secs() >= 1 && !state.plain {
            line.push(Role::Dim, format!(" {} s · Esc stops it", waited.as_secs()));
        }
    }
    if !line.0.is_empty() {
        return line;
    }
    if let Some(line) = panel::unseen(state, layout) {
        return line;
    }
    match state.view {
        View::Matches => matches::status(state),
        View::Tree => tree::status(state),
        View::Indicators => indicators::status(state),
        View::Exclusions => exclusions::status(state),
        View::Rules => rules::status(state),
        View::Timeline => timeline::status(state),
        View::Events => events::status(state),
        View::Query => query::status(state),
    }
}

/// The last row: what the next keys would do.
fn hints(state: &State, layout: &Layout, width: usize) -> Line {
    // The way out is never what falls off the edge.
    let named = |(key, word): &(&str, &str)| ((*key).to_owned(), (*word).to_owned(), *key == "Esc");
    let words: Vec<(String, String, bool)> = if let Some(overlay) = &state.overlay {
        overlays::hints(overlay).iter().map(named).collect()
    } else if state.is_editing() {
        query::HINTS.iter().map(named).collect()
    } else if let Lookup::Prefix(next) = state.keymap.lookup(state.view, &state.typed)
        && !state.typed.is_empty()
    {
        let typed = keys::show(&state.typed);
        next.into_iter().map(|(key, doc)| (format!("{typed}{key}"), doc.to_owned(), false)).collect()
    } else {
        let mut rows: Vec<_> =
            ACTIONS.iter().filter(|row| leads_on(row, state)).filter_map(|row| Some((row.hint?, row))).collect();
        rows.sort_by_key(|((order, _), _)| *order);
        rows.into_iter()
            .map(|((_, word), row)| {
                let mut key = state.keymap.keys_of(row).into_iter().next().unwrap_or_default();
                if row.action == Action::Down {
                    // Up and down are one hint.
                    key = format!("{key}/{}", state.keymap.key("up"));
                }
                // Nothing else says that there is another pane where it is not in sight.
                let leads_on = row.action == Action::NextPane && layout.hides_panes();
                (key, word.to_owned(), leads_on || matches!(row.action, Action::Help | Action::Palette))
            })
            .filter(|(key, ..)| !key.is_empty())
            .collect()
    };
    let mut line = Line::new();
    // Nor are help and palette.
    let reserved: usize = words
        .iter()
        .filter(|(.., is_kept)| *is_kept)
        .map(|(key, word, _)| key.chars().count() + word.chars().count() + 3)
        .sum();
    for (key, word, is_kept) in words {
        let room = if is_kept { width } else { width.saturating_sub(reserved) };
        if line.width() + key.chars().count() + word.chars().count() + 3 > room {
            continue;
        }
        line.push(Role::Key, format!(" {key}"));
        line.push(Role::Dim, format!(" {word} "));
    }
    line.fit(width)
}

/// Whether an action leads anywhere from here: what is on the screen already is no hint.
fn leads_on(row: &ActionRow, state: &State) -> bool {
    let in_rules = |is_page: bool| state.view == View::Rules && state.rules.open.is_some() == is_page;
    let is_there = match row.action {
        Action::Tree => state.view == View::Tree,
        Action::Why => in_rules(true) && state.rules.side == RuleSide::Why,
        Action::Sort => in_rules(true),
        Action::NextSection | Action::UnfoldAll | Action::Toggle | Action::Edit => in_rules(false),
        Action::ShowHidden => state.all_count() == state.shown_count(),
        _ => false,
    };
    row.is_for(state.view) && !is_there
}

/// A time to the millisecond, and which zone it is of.
fn exact_time(state: &State, ticks: i64) -> String {
    format!("{} {}", state.zone.time(ticks, format::TimeStyle::Exact), state.zone.suffix(ticks))
}

/// The edge of a pane, with its title; yields where its content goes.
pub fn edge<'a>(brush: &'a mut Brush<'_>, pane: &Pane, title: &str, note: &str, focused: bool) -> Brush<'a> {
    let inner = pane.inner();
    let mut outer = brush.within(pane.area);
    match pane.edge {
        Edge::Box => {
            outer.frame(title, note, focused);
        }
        Edge::Rule => {
            let bar = "─".repeat(usize::from(pane.area.width));
            let role = if focused { Role::Focus } else { Role::Border };
            if !outer.plain {
                outer.put(0, 0, role, &Shown::from(bar));
            }
            let title = Shown::from(titled(title, focused)).fit(usize::from(pane.area.width.saturating_sub(2)));
            outer.put(1, 0, if focused { Role::Focus } else { Role::Title }, &title);
        }
        Edge::None => {}
    }
    brush.within(inner)
}

/// How the text that has the keys gets the whole screen, or leaves it.
fn zoom_note(state: &State) -> &'static str {
    match (state.pane, state.zoomed) {
        (1, false) => "Enter: whole screen",
        (1, true) => "Esc: back",
        _ => "",
    }
}

/// `label  value`, the value in as many lines as it takes.
pub fn field(lines: &mut Vec<Line>, label: &str, value: &str, width: usize) {
    if value.is_empty() {
        return;
    }
    let indent = 10.min(width / 3);
    let wrapped = Shown::from(value).wrap(width.saturating_sub(indent));
    for (position, part) in wrapped.into_iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        let mut line = Line::of(Role::Dim, Shown::from(label).fit_left(indent));
        line.0.push((part, Role::Text));
        lines.push(line);
    }
}

/// Line breaks and indents within an operator say nothing in one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text in as many lines as it takes.
pub fn paragraph(lines: &mut Vec<Line>, role: Role, text: &str, width: usize) {
    for line in text.lines() {
        lines.extend(Shown::from(line).wrap(width).into_iter().map(|part| Line(vec![(part, role)])));
    }
}

pub const fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::High => Role::High,
        Severity::Medium => Role::Medium,
        Severity::Low => Role::Low,
        Severity::Informational | Severity::Unrated => Role::Dim,
    }
}

/// The filters that are on, for the status row.
fn chips(line: &mut Line, chips: &[Chip]) {
    for chip in chips {
        let title = &chip.column;
        let operator = if chip.keep { "=" } else { "≠" };
        line.push(Role::Strong, Shown::from(format!(" {title} {operator} {}", chip.value)).fit(32));
        line.push(Role::Dim, " |");
    }
    if !chips.is_empty() {
        line.push(Role::Dim, " F clears");
    }
}

/// What stands beside or below the table of the view.
pub fn side_lines(state: &State, width: usize) -> Vec<Line> {
    match state.view {
        View::Matches => match_detail::lines(state, width),
        View::Tree => tree::detail(state, width),
        View::Rules => rules::side(state, width),
        View::Indicators => indicators::detail(state, width),
        View::Exclusions | View::Timeline | View::Events | View::Query => Vec::new(),
    }
}

/// A value as it is shown: a time in the zone that is chosen.
pub fn shown_value(state: &State, value: &Value) -> String {
    match value {
        Value::Datetime(ticks) => state.zone.time(*ticks, format::TimeStyle::Exact),
        other => format::value(other),
    }
}
