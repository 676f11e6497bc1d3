//! Timeline: events and matches over time as bars, above the list of what happens in the bucket under the cursor.
//!
//! The strip above the matches draws the same bars.

use ratatui::layout::Rect;

use super::{edge, severity_role};
use crate::console::action::View;
use crate::console::format::{self, TimeStyle};
use crate::console::layout::Layout;
use crate::console::paint::{Brush, Line};
use crate::console::shown::Shown;
use crate::console::source::Topic;
use crate::console::state::State;
use crate::console::theme::Role;
use crate::console::timeline::Bar;
use crate::console::widgets::table::{self, Column, Row};
use crate::hunt::ClockMode;
use crate::hunt::moments::Moment;
use crate::hunt::timeline::{TimeRange, Timeline};
use crate::kql::values::{TICKS_PER_DAY as DAY, TICKS_PER_SECOND as SECOND};

const COLUMNS: [Column<'_>; 6] = [
    Column::fixed("TIME", 8),
    Column::fixed("SEV", 4),
    Column::share("WHAT", 12, 4),
    Column::share("DETAIL", 10, 5).from_width(60),
    Column::number("HERE", 6),
    Column::number("STORE", 8).from_width(50),
];

/// What stands before the bars, where there is room.
const LABEL: u16 = 9;

/// Where the bars go; nothing where this view has none or no room for them.
fn chart(view: View, layout: &Layout) -> Option<(Rect, bool)> {
    let pane = match view {
        View::Matches => layout.strip.as_ref()?,
        View::Timeline => layout.panes.first()?,
        _ => return None,
    };
    let inner = pane.inner();
    let is_labelled = layout.is_roomy && inner.width > 60;
    let left = if is_labelled { LABEL } else { 1 };
    let width = inner.width.saturating_sub(left + 1);
    let area = Rect { x: inner.x.saturating_add(left), width, ..inner };
    (width > 0 && inner.height > 0).then_some((area, is_labelled))
}

/// The bucket that is drawn at a column of the screen.
pub fn place_at(state: &State, layout: &Layout, x: u16, y: u16) -> Option<usize> {
    let (area, _) = chart(state.view, layout)?;
    let count = state.timeline.shown.as_ref()?.events.buckets.len();
    let (first, wide, fit) = drawn(state, area, count);
    let offset = usize::from(x.checked_sub(area.x)?) / wide;
    let is_drawn = area.contains((x, y).into()) && offset < fit;
    is_drawn.then(|| first.saturating_add(offset)).filter(|place| *place < count)
}

/// The first bucket that is drawn, the columns of each, and how many have room.
fn drawn(state: &State, area: Rect, count: usize) -> (usize, usize, usize) {
    let wide = (usize::from(area.width) / count.max(1)).max(1);
    // An answer for a wider screen is cut around the cursor until the new one is there.
    let fit = usize::from(area.width) / wide;
    (state.timeline.place().map_or(0, |place| place.saturating_sub(fit.saturating_sub(1))), wide, fit)
}

/// So many columns are to be filled with bars.
pub fn columns(state: &State, layout: &Layout) -> Option<usize> {
    chart(state.view, layout).map(|(area, _)| usize::from(area.width))
}

pub fn draw(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    if let Some(pane) = layout.panes.first() {
        edge(brush, pane, &title(state), "h/l bucket  +/- zoom  v select range", false);
        bars(state, brush, layout);
    }
    let Some(pane) = layout.panes.get(1) else { return };
    let rows = row_count(state);
    let position = state.timeline.table.selected.saturating_add(1).min(rows);
    let note = if rows == 0 { String::new() } else { format!("row {position}/{rows}") };
    let heading =
        state.timeline.bucket().map_or_else(|| "Nothing chosen".to_owned(), |bucket| range_text(state, bucket));
    let mut list = edge(brush, pane, &heading, &note, true);
    if rows == 0 {
        let busy = state.board.is_pending(Topic::Moments);
        let text = match (&state.timeline.shown, busy) {
            (_, true) => "Looking at what happens here…",
            (None, _) => "No event has a time to be drawn at.",
            (Some(_), false) => "Nothing happens here; h and l go to another bucket.",
        };
        list.put(1, 0, Role::Dim, &Shown::from(text));
        return;
    }
    let mut columns = COLUMNS;
    if let Some(time) = columns.first_mut() {
        time.width = table::Width::Fixed(list_style(state).width());
    }
    table::draw(&mut list, &columns, &state.timeline.table, rows, true, |index| row(state, index));
}

/// The strip above the matches.
pub fn draw_strip(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some(pane) = &layout.strip else { return };
    edge(brush, pane, &title(state), "[ ] bucket  +/- zoom  v select range", false);
    bars(state, brush, layout);
}

/// The width of a bucket, and what the one under the cursor holds.
fn title(state: &State) -> String {
    let Some(shown) = &state.timeline.shown else { return "Timeline".to_owned() };
    let mut title = format!("Timeline  {} buckets", width_text(shown.width));
    if let (Some(place), Some(bucket)) = (state.timeline.place(), state.timeline.bucket()) {
        let events = shown.events.buckets.get(place).copied().unwrap_or_default();
        let matches = state.timeline.bars.get(place).copied().unwrap_or_default().count;
        let start = label(state, shown, bucket.from);
        title = format!("{title} · {start}: {}, {}", many(events, "event"), many_matches(matches));
    }
    title
}

/// A bucket's width: `5 min`.
fn width_text(ticks: i64) -> String {
    let units = [(DAY, "day"), (3600 * SECOND, "h"), (60 * SECOND, "min"), (SECOND, "s"), (10_000, "ms")];
    let unit = units.into_iter().find(|(unit, _)| ticks >= *unit && ticks % unit == 0);
    unit.map_or_else(|| format::span(ticks), |(unit, name)| format!("{} {name}", ticks / unit))
}

fn many(count: u64, what: &str) -> String {
    format!("{} {what}{}", format::count(count), if count == 1 { "" } else { "s" })
}

pub fn many_matches(count: u64) -> String {
    format!("{} match{}", format::count(count), if count == 1 { "" } else { "es" })
}

/// A stretch of time as text.
pub fn range_text(state: &State, range: TimeRange) -> String {
    let is_fine = range.from.rem_euclid(SECOND) != 0 || range.until.rem_euclid(SECOND) != 0;
    let style = if is_fine { TimeStyle::Exact } else { state.time_style() };
    format!("{}–{}", state.zone.time(range.from, style), state.zone.time(range.until, style))
}

/// A time as it stands under the bars: as much of it as tells the buckets apart.
fn label(state: &State, shown: &Timeline, ticks: i64) -> String {
    let one_day = state.zone.is_one_day(shown.range.from, shown.range.until.saturating_sub(1));
    let clock = match shown.width {
        width if width >= DAY => "%Y-%m-%d",
        width if width >= 60 * SECOND && one_day => "%H:%M",
        width if width >= 60 * SECOND => "%m-%d %H:%M",
        width if width >= SECOND => "%H:%M:%S",
        _ => "%H:%M:%S%.3f",
    };
    state.zone.pattern(ticks, clock)
}

fn bars(state: &State, brush: &mut Brush<'_>, layout: &Layout) {
    let Some((area, is_labelled)) = chart(state.view, layout) else { return };
    let timeline = &state.timeline;
    let Some(shown) = &timeline.shown else {
        let text = match (timeline.is_known, state.board.is_pending(Topic::Timeline)) {
            (true, _) => "No event has a time to be drawn at.",
            (false, true) => "Counting the events…",
            (false, false) => "Not counted; Ctrl-l asks again.",
        };
        brush.within(area).put(0, 0, Role::Dim, &Shown::from(text).fit(usize::from(area.width)));
        return;
    };
    let count = shown.events.buckets.len();
    let (first, wide, fit) = drawn(state, area, count);
    let has_axis = area.height >= 3;
    let tall = area.height.saturating_sub(if has_axis { 2 } else { 1 }).max(1);
    let highest = shown.events.highest();
    let now = state.overview.as_ref().and_then(|overview| overview.clock);
    let now = now.filter(|clock| clock.mode == ClockMode::AsOf).map(|clock| clock.now);
    let matches_row = (area.height >= 2).then_some(tall);
    let most = timeline.bars.iter().map(|bar| bar.count).max().unwrap_or_default();
    for (offset, place) in (first..count).take(fit).enumerate() {
        let x = u16::try_from(offset * wide).unwrap_or(u16::MAX);
        let cells = Rect { x: area.x.saturating_add(x), width: u16::try_from(wide).unwrap_or(1), ..area };
        let mut cells = brush.within(cells);
        let events = shown.events.buckets.get(place).copied().unwrap_or_default();
        let is_later = now.is_some_and(|now| shown.bucket(place).is_some_and(|bucket| bucket.from > now));
        draw_events(&mut cells, (events, highest), tall, wide, is_later);
        if let Some(row) = matches_row {
            let bar = timeline.bars.get(place).copied().unwrap_or_default();
            draw_matches(&mut cells, row, (bar, most), wide);
        }
        if timeline.place() == Some(place) {
            for row in 0..area.height.min(tall.saturating_add(1)) {
                cells.tint_row(row, Role::Selected);
            }
        }
    }
    if has_axis {
        let row = area.height.saturating_sub(1);
        let mut axis = brush.within(Rect { y: area.y.saturating_add(row), height: 1, ..area });
        draw_axis(state, &mut axis, shown, (first, wide, fit));
    }
    if is_labelled {
        let left = Rect { x: area.x.saturating_sub(LABEL), width: LABEL, ..area };
        let mut left = brush.within(left);
        left.put(1, tall.saturating_sub(1), Role::Dim, &Shown::from("events"));
        left.put(1, tall, Role::Dim, &Shown::from("matches"));
        if tall >= 3 {
            left.put(1, 0, Role::Dim, &Shown::from(format::count(highest)).fit(usize::from(LABEL) - 2));
        }
    }
}

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The height of a bar in eighths of a cell: one at least where there is anything.
fn eighths(count: u64, highest: u64, cells: u16) -> u64 {
    let whole = u64::from(cells).saturating_mul(8);
    let level = u128::from(count) * u128::from(whole) / u128::from(highest.max(1));
    u64::try_from(level).unwrap_or(whole).max(u64::from(count > 0))
}

/// A part of a bar within one cell.
fn block(eighths: u64) -> &'static str {
    usize::try_from(eighths).ok().and_then(|eighths| EIGHTHS.get(eighths)).copied().unwrap_or("█")
}

/// A bar: an eighth of a cell at least where there is anything.
fn draw_events(cells: &mut Brush<'_>, (events, highest): (u64, u64), tall: u16, wide: usize, is_later: bool) {
    let level = eighths(events, highest, tall);
    for row in 0..tall {
        let below = u64::from(tall.saturating_sub(row).saturating_sub(1)).saturating_mul(8);
        let part = level.saturating_sub(below).min(8);
        let symbol = match (is_later, part) {
            (_, 0) => continue,
            // Later than the clock: it is not there yet.
            (true, _) => "·",
            (false, part) => block(part),
        };
        let role = if is_later { Role::Dim } else { Role::Drawn };
        cells.put(0, row, role, &Shown::from(symbol.repeat(wide)));
    }
}

/// How many matches, in the colour of the worst.
fn draw_matches(cells: &mut Brush<'_>, row: u16, (bar, most): (Bar, u64), wide: usize) {
    if bar.count == 0 {
        return;
    }
    let text = bar.count.to_string();
    // Numbers without a gap between them would read as one number.
    let text = match (text.len() < wide, cells.plain) {
        (true, _) => text,
        (false, true) => "+".to_owned(),
        (false, false) => block(eighths(bar.count, most, 1)).repeat(wide),
    };
    cells.put(0, row, severity_role(bar.worst), &Shown::from(text));
}

/// Where the stretch that is chosen begins on the axis, and how many cells it has.
fn stretch(state: &State, shown: &Timeline, (first, wide, fit): (usize, usize, usize)) -> Option<(usize, usize)> {
    let chosen = state.timeline.selection().or(state.timeline.range)?;
    let is_in = |offset: &usize| {
        let bucket = shown.bucket(first.saturating_add(*offset));
        bucket.is_some_and(|bucket| bucket.from < chosen.until && chosen.from < bucket.until)
    };
    let covered: Vec<usize> = (0..fit).filter(is_in).collect();
    let from = covered.first()?;
    Some((from.saturating_mul(wide), covered.len().saturating_mul(wide)))
}

/// Times under the bars, the stretch that is chosen, and the cursor.
fn draw_axis(state: &State, axis: &mut Brush<'_>, shown: &Timeline, (first, wide, fit): (usize, usize, usize)) {
    let column = |offset: usize| u16::try_from(offset * wide).unwrap_or(u16::MAX);
    let cursor = state.timeline.place().and_then(|place| place.checked_sub(first)).filter(|offset| *offset < fit);
    let stretch = stretch(state, shown, (first, wide, fit));
    let room = label(state, shown, shown.range.from).chars().count().saturating_add(3);
    let step = room.div_ceil(wide.max(1)).max(1);
    for offset in (0..fit).step_by(step) {
        let Some(bucket) = shown.bucket(first.saturating_add(offset)) else { break };
        let text = Shown::from(label(state, shown, bucket.from));
        let start = usize::from(column(offset));
        let end = start.saturating_add(text.width());
        // The mark of the cursor and that of the stretch take no part of a time away.
        let is_covered = cursor.is_some_and(|cursor| (start..end).contains(&usize::from(column(cursor))))
            || stretch.is_some_and(|(from, cells)| from < end && start < from.saturating_add(cells));
        if !is_covered && end <= usize::from(axis.area.width) {
            axis.put(column(offset), 0, Role::Dim, &text);
        }
    }
    if let Some((from, cells)) = stretch {
        let text = match cells {
            0 | 1 => "│".to_owned(),
            cells => format!("├{}┤", "─".repeat(cells.saturating_sub(2))),
        };
        axis.put(u16::try_from(from).unwrap_or(u16::MAX), 0, Role::Focus, &Shown::from(text));
    }
    if let Some(offset) = cursor {
        axis.put(column(offset), 0, Role::Focus, &Shown::from("▲"));
    }
}

/// How many rows the list of the bucket has.
pub fn row_count(state: &State) -> usize {
    state.timeline.here.len().saturating_add(state.timeline.moments_here().map_or(0, <[Moment]>::len))
}

/// Narrow buckets are told apart by fractions of a second.
fn list_style(state: &State) -> TimeStyle {
    let is_narrow = state.timeline.shown.as_ref().is_some_and(|shown| shown.width < SECOND);
    if is_narrow { TimeStyle::Exact } else { state.time_style() }
}

fn row(state: &State, index: usize) -> Row {
    let style = list_style(state);
    let time = |ticks: Option<i64>| ticks.map(|ticks| state.zone.time(ticks, style)).unwrap_or_default();
    if let Some(row) = state.timeline.here.get(index) {
        let Some(found) = state.match_at(*row) else { return Row::default() };
        let mut cells = vec![Line::text(time(found.id.time))];
        cells.push(Line::of(severity_role(found.severity), found.severity.word()));
        cells.push(Line::text(found.title.as_ref()));
        cells.push(super::matches::subject(found));
        cells.push(Line::text(format::count(found.events.len() as u64)));
        cells.push(Line::new());
        return Row { mark: super::matches::mark(state, *row, found), cells };
    }
    let moment =
        state.timeline.moments_here().and_then(|moments| moments.get(index.checked_sub(state.timeline.here.len())?));
    let Some(moment) = moment else { return Row::default() };
    let is_all = moment.count == moment.total;
    let cells = vec![
        Line::of(Role::Dim, time(Some(moment.first))),
        Line::new(),
        Line::text(moment.kind.label()),
        Line::of(Role::Dim, moment.kind.table.as_str()),
        Line::of(if is_all { Role::Strong } else { Role::Text }, format::count(moment.count)),
        Line::of(Role::Dim, format::count(moment.total)),
    ];
    Row { mark: is_all.then(|| (Shown::from("•"), Role::Good)), cells }
}

/// What a search looks through.
pub fn row_text(state: &State, index: usize) -> Option<String> {
    if let Some(row) = state.timeline.here.get(index) {
        let found = state.match_at(*row)?;
        return Some(format!("{} {}", found.title, found.subject));
    }
    let moment = state.timeline.moments_here()?.get(index.checked_sub(state.timeline.here.len())?)?;
    Some(format!("{} {}", moment.kind.label(), moment.kind.table))
}

/// The stretch of time that is on as a filter.
pub fn chip(state: &State, range: Option<TimeRange>, line: &mut Line) {
    if let Some(range) = range {
        line.push(Role::Strong, format!(" time {}", range_text(state, range)));
        line.push(Role::Dim, " |");
    }
}

pub fn status(state: &State) -> Line {
    let mut line = Line::new();
    let timeline = &state.timeline;
    chip(state, timeline.range, &mut line);
    if timeline.range.is_some() {
        line.push(Role::Dim, " F clears");
    }
    let Some(shown) = &timeline.shown else { return line };
    let events = &shown.events;
    let inside: u64 = events.buckets.iter().sum();
    line.push(Role::Dim, format!(" {} drawn", many(inside, "event")));
    let outside: Vec<String> = [(events.before, "before"), (events.after, "after")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, side)| format!("{} {side}", format::count(count)))
        .collect();
    if !outside.is_empty() {
        let (role, what) = if timeline.is_zoomed() {
            (Role::Dim, "what is shown")
        } else {
            (Role::Warning, "this, too far off to draw")
        };
        line.push(role, format!(" · {} {what}", outside.join(" and ")));
    }
    if events.timeless > 0 {
        line.push(Role::Warning, format!(" · {} without a time", format::count(events.timeless)));
    }
    if timeline.unplaced > 0 {
        line.push(Role::Dim, format!(" · {} elsewhere", many_matches(timeline.unplaced)));
    }
    if timeline.scrubbing {
        line.push(Role::Strong, " · the clock follows the cursor; Space lets go");
    }
    line
}
