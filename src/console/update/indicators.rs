//! The indicator under the cursor: when it was seen, and the events that have it.

use super::{Effect, ask, browse, remember, show};
use crate::console::action::View;
use crate::console::source::Question;
use crate::console::state::State;
use crate::console::views;
use crate::hunt::browse::EventsAsked;

/// Asks where and when the indicator under the cursor was seen.
pub fn follow(state: &mut State) -> Vec<Effect> {
    let chosen = views::indicators::selected(state).filter(|indicator| indicator.hits.is_some_and(|hits| hits > 0));
    let asked = chosen.and_then(|indicator| Some((indicator.tables.clone(), indicator.condition.clone()?)));
    let Some((tables, condition)) = asked else { return Vec::new() };
    if state.indicator.seen.as_ref().is_some_and(|(known, _)| *known == condition) {
        return Vec::new();
    }
    let settings = state.settings();
    vec![ask(state, Question::Seen(settings, tables, condition))]
}

/// Lists the events that have the indicator, of the table that has the most.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some(indicator) = views::indicators::selected(state) else { return Vec::new() };
    let Some(condition) = indicator.condition.clone().filter(|_| indicator.hits.is_some_and(|hits| hits > 0)) else {
        let why = match indicator.hits {
            Some(_) => "no event here has it; w opens its rule",
            None => "it cannot be counted by itself; w opens its rule",
        };
        state.tell(why);
        return Vec::new();
    };
    let seen = state.indicator.seen.as_ref().filter(|(known, _)| *known == condition);
    let tables: Vec<&str> = match seen {
        Some((_, seen)) => seen.iter().map(|seen| seen.table.as_str()).collect(),
        None => indicator.tables.iter().map(String::as_str).collect(),
    };
    let Some((table, others)) = tables.split_first() else { return Vec::new() };
    let told = (!others.is_empty()).then(|| format!("also in {}: o chooses the table", others.join(", ")));
    let asked = EventsAsked {
        table: (*table).to_owned(),
        conditions: vec![condition],
        range: state.timeline.range,
        sort: None,
    };
    remember(state);
    browse::ask_for(state, asked);
    let effects = show(state, View::Events);
    if let Some(told) = told {
        state.tell(told);
    }
    effects
}
