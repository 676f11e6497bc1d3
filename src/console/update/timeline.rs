//! The timeline: what is asked for as the cursor, the zoom and the size change, and what the chosen stretch limits.

use super::{Effect, ask, asks, browse, follow, remember, rows, show};
use crate::console::action::View;
use crate::console::layout::Layout;
use crate::console::source::Question;
use crate::console::state::State;
use crate::console::timeline::{Bar, Window};
use crate::console::views;
use crate::hunt::ClockMode;
use crate::hunt::browse::EventsAsked;
use crate::hunt::moments::Moment;
use crate::hunt::timeline::{TimeRange, Timeline};

/// Asks for what the screen needs and has not asked for yet: buckets for its columns, and what the cursor's holds.
pub fn follow_screen(state: &mut State, layout: &Layout) -> Vec<Effect> {
    let mut effects = Vec::new();
    if state.overview.is_none() {
        return effects;
    }
    let Some(columns) = views::timeline::columns(state, layout) else { return effects };
    let window = state.timeline.window(columns);
    if state.timeline.asked != Some(window) {
        state.timeline.asked = Some(window);
        effects.push(ask(state, Question::Timeline(window)));
    }
    if state.view != View::Timeline {
        return effects;
    }
    let until = state.overview.as_ref().and_then(|overview| overview.clock);
    let until = until.filter(|clock| clock.mode == ClockMode::AsOf).map(|clock| clock.now.saturating_add(1));
    // Later events are not there yet.
    let bucket = state.timeline.bucket().map(|bucket| TimeRange {
        until: until.map_or(bucket.until, |until| until.clamp(bucket.from, bucket.until)),
        ..bucket
    });
    if let Some(range) = bucket
        && state.timeline.moments_asked != Some(range)
    {
        state.timeline.moments_asked = Some(range);
        effects.push(ask(state, Question::Moments(range)));
    }
    effects
}

pub fn arrived(state: &mut State, window: Window, shown: Option<Timeline>) {
    state.timeline.arrived(window, shown);
    if state.timeline.cursor.is_none() {
        let focused = state.focused_match().and_then(|found| found.id.time);
        let first = state.timeline.shown.as_ref().map(|shown| shown.range.from);
        state.timeline.cursor = focused.or(first);
    }
    recount(state);
}

pub fn moments(state: &mut State, range: TimeRange, moments: Vec<Moment>) {
    state.timeline.moments = Some((range, moments));
    let rows = views::timeline::row_count(state);
    let selected = state.timeline.table.selected;
    state.timeline.table.select(selected, rows);
}

/// Puts the matches into the buckets that are shown.
pub fn recount(state: &mut State) {
    let mut bars = Vec::new();
    let mut unplaced = 0u64;
    if let Some(shown) = &state.timeline.shown {
        bars = vec![Bar::default(); shown.events.buckets.len()];
        for row in &state.timeline.rows {
            let Some(found) = state.match_at(*row) else { continue };
            let place = found.id.time.and_then(|time| shown.place(time));
            match place.and_then(|place| bars.get_mut(place)) {
                Some(bar) => {
                    bar.count = bar.count.saturating_add(1);
                    bar.worst = bar.worst.max(found.severity);
                }
                None => unplaced = unplaced.saturating_add(1),
            }
        }
    }
    state.timeline.bars = bars;
    state.timeline.unplaced = unplaced;
    look(state);
}

/// The matches of the cursor's bucket.
fn look(state: &mut State) {
    let bucket = state.timeline.bucket();
    let is_here = |time: Option<i64>| bucket.is_some_and(|bucket| time.is_some_and(|time| bucket.contains(time)));
    let here = state.timeline.rows.iter().copied();
    let here = here.filter(|row| is_here(state.match_at(*row).and_then(|found| found.id.time))).collect();
    state.timeline.here = here;
    let rows = views::timeline::row_count(state);
    let selected = state.timeline.table.selected;
    state.timeline.table.select(selected, rows);
}

/// The cursor goes to the bucket of the match in focus.
pub fn to_focus(state: &mut State) {
    let Some(time) = state.focused_match().and_then(|found| found.id.time) else { return };
    if !state.timeline.scrubbing && state.timeline.anchor.is_none() {
        state.timeline.cursor = Some(time);
        look(state);
    }
}

pub fn step(state: &mut State, steps: isize) -> Vec<Effect> {
    if !is_there(state) {
        return Vec::new();
    }
    if !state.timeline.step(steps) {
        state.tell("the timeline ends here");
        return Vec::new();
    }
    state.timeline.table.selected = 0;
    state.timeline.table.top = 0;
    look(state);
    if state.timeline.scrubbing { scrub_here(state) } else { Vec::new() }
}

/// A bucket was clicked.
pub fn go_to(state: &mut State, place: usize) -> Vec<Effect> {
    let here = state.timeline.place().unwrap_or(0);
    let steps = isize::try_from(place).unwrap_or(0).saturating_sub(isize::try_from(here).unwrap_or(0));
    if steps == 0 { Vec::new() } else { step(state, steps) }
}

pub fn zoom(state: &mut State, closer: bool) -> Vec<Effect> {
    if !is_there(state) {
        return Vec::new();
    }
    let columns = views::timeline::columns(state, &Layout::of(state)).unwrap_or(1);
    if !state.timeline.zoom(closer, columns) {
        state.tell(if closer { "the buckets are as narrow as they get" } else { "this is all there is" });
    }
    Vec::new()
}

/// Begins to choose a stretch, or takes the one that was chosen.
pub fn select(state: &mut State) -> Vec<Effect> {
    if !is_there(state) {
        return Vec::new();
    }
    let Some(bucket) = state.timeline.bucket() else {
        state.tell("no bucket here: [ and ] move");
        return Vec::new();
    };
    match state.timeline.selection() {
        Some(range) => super::apply(state, crate::console::action::Action::FilterTime(Some(range))),
        None => {
            state.timeline.anchor = Some(bucket.from);
            state.tell("[ ] to the other end, v takes the range, Esc leaves it");
            Vec::new()
        }
    }
}

/// Limits matches and events to a stretch of time, or no longer.
pub fn filter(state: &mut State, range: Option<TimeRange>) -> Vec<Effect> {
    state.timeline.anchor = None;
    state.timeline.range = range;
    state.events.asked.range = range;
    browse::forget_list(state);
    rows::matches(state);
    rows::select_focused(state);
    rows::marks(state);
    if let Some(range) = range {
        let kept = state.matches.rows.len();
        let text = views::timeline::range_text(state, range);
        state.tell(format!("time {text}: {kept} matches; F takes the filter away"));
    }
    follow(state)
}

/// Sets the clock to the end of the cursor's bucket, or back to the whole.
pub fn scrub(state: &mut State) -> Vec<Effect> {
    if state.timeline.scrubbing {
        state.timeline.scrubbing = false;
        return asks::turn_clock(state, None);
    }
    if !is_there(state) {
        return Vec::new();
    }
    state.timeline.scrubbing = true;
    scrub_here(state)
}

fn scrub_here(state: &mut State) -> Vec<Effect> {
    let Some(bucket) = state.timeline.bucket() else { return Vec::new() };
    asks::turn_clock(state, Some(bucket.until.saturating_sub(1)))
}

/// The row under the cursor becomes what all views are about.
pub fn moved(state: &mut State) {
    let row = state.timeline.here.get(state.timeline.table.selected).copied();
    let Some(found) = row.and_then(|row| state.match_at(row)) else { return };
    let (id, event) = (found.id.clone(), found.events.first().copied());
    state.focus.rule = Some(id.rule.clone());
    state.focus.event = event;
    state.focus.found = Some(id);
}

/// Opens the row: a match in the list of matches, a kind of event as the list of its events in this bucket.
pub fn open(state: &mut State) -> Vec<Effect> {
    let selected = state.timeline.table.selected;
    if state.timeline.here.get(selected).is_some() {
        moved(state);
        remember(state);
        let mut effects = show(state, View::Matches);
        effects.extend(follow(state));
        return effects;
    }
    let at = selected.saturating_sub(state.timeline.here.len());
    let kind = state.timeline.moments_here().and_then(|moments| moments.get(at)).map(|moment| moment.kind.clone());
    let (Some(kind), Some(bucket)) = (kind, state.timeline.bucket()) else {
        state.tell("nothing here to open");
        return Vec::new();
    };
    remember(state);
    let conditions = kind.conditions();
    let asked = EventsAsked { table: kind.table, conditions, range: Some(bucket), sort: None };
    browse::ask_for(state, asked);
    show(state, View::Events)
}

fn is_there(state: &mut State) -> bool {
    let is_on_screen = views::timeline::columns(state, &Layout::of(state)).is_some();
    if !is_on_screen {
        state.tell("no room for the timeline here: 6 shows it");
    } else if state.timeline.shown.is_none() {
        state.tell("no event here has a time");
    }
    is_on_screen && state.timeline.shown.is_some()
}
