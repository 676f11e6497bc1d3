//! Filters as one value: what is on, putting others on, and taking them back.

use super::{Effect, browse, follow, rows};
use crate::console::action::View;
use crate::console::state::State;
use crate::console::undo::{Change, Filters};

pub fn now(state: &State) -> Filters {
    Filters {
        matches: state.matches.chips.clone(),
        indicators: state.indicator.chips.clone(),
        range: state.timeline.range,
        events: state.events.asked.clone(),
    }
}

/// Does something to the filters, so that it can be undone where it made a difference.
pub fn changing(state: &mut State, change: impl FnOnce(&mut State) -> Vec<Effect>) -> Vec<Effect> {
    let before = now(state);
    let effects = change(state);
    // Another table or order is no filter, and its first list is not undone.
    let after = now(state);
    let is_filter = before.matches != after.matches
        || before.indicators != after.indicators
        || before.range != after.range
        || (before.events.table == after.events.table
            && (&before.events.conditions, before.events.range) != (&after.events.conditions, after.events.range));
    if is_filter {
        state.undo.did(Change::Filters(Box::new(before)));
    }
    effects
}

/// Puts these on instead of those that are on, which are returned.
pub fn put(state: &mut State, filters: Filters) -> (Filters, Vec<Effect>) {
    let before = now(state);
    state.matches.chips = filters.matches;
    state.indicator.chips = filters.indicators;
    state.timeline.range = filters.range;
    state.timeline.anchor = None;
    rows::matches(state);
    rows::select_focused(state);
    rows::marks(state);
    rows::indicators(state);
    let mut effects = Vec::new();
    if before.events != filters.events {
        browse::ask_for(state, filters.events);
        if state.view == View::Events {
            effects = browse::follow_events(state);
        }
    }
    effects.extend(follow(state));
    (before, effects)
}

/// The filters in words, for the person who took a change back.
pub fn told(state: &State) -> String {
    let count = state.matches.chips.len()
        + state.indicator.chips.len()
        + usize::from(state.timeline.range.is_some())
        + state.events.asked.conditions.len();
    match count {
        0 => "no filter is on".to_owned(),
        1 => "one filter is on".to_owned(),
        count => format!("{count} filters are on"),
    }
}
