//! Putting the desk back as a session left it, and the cursor where a journal had it.

use super::{Effect, answers, browse, follow, moves, open_rule, rows, show, timeline};
use crate::console::action::View;
use crate::console::editor::Editor;
use crate::console::journal::Spot;
use crate::console::session::Session;
use crate::console::state::{Focus, State, TreeShow};
use crate::hunt::Clock;

/// Takes a session over. What it is about may not be here yet: the answers that are still to come find their place by
/// the focus.
pub fn restore(state: &mut State, session: Session) -> Vec<Effect> {
    state.overlay = None;
    state.typed.clear();
    state.focus = Focus { found: session.found, event: session.event, rule: session.rule };
    state.search = session.search;
    state.matches.chips = session.chips;
    state.matches.sort = session.sort;
    state.matches.columns = session.columns;
    state.matches.table.column = session.column;
    state.matches.show_hidden = session.show_hidden;
    state.timeline.range = session.range;
    state.timeline.cursor = session.cursor.or(state.timeline.cursor);
    if let Some(chains_only) = session.chains_only {
        state.tree.show = if chains_only { TreeShow::Chains } else { TreeShow::All };
        state.tree.is_chosen = true;
    }
    state.indicator.chips = session.indicator_chips;
    state.indicator.table.sort = session.indicator_sort;
    state.exclusions.baseline = session.baseline;
    if state.events.asked != session.events {
        state.events.asked = session.events;
        state.events.page = None;
        state.events.counts = None;
    }
    state.events.grid.table.selected = session.events_row;
    state.query.editor = Editor::new(session.query);
    state.query.history = session.history;
    state.rules.open = if session.rule_open { state.focus.rule.clone() } else { None };
    let mut effects = set_clock(state, session.as_of);
    rows::matches(state);
    rows::select_focused(state);
    rows::indicators(state);
    let view = session.view;
    match (view, state.rules.open.clone()) {
        (View::Rules, Some(rule)) => effects.extend(open_rule(state, rule)),
        _ => effects.extend(show(state, view)),
    }
    state.pane = session.pane;
    effects.extend(follow(state));
    state.notice = None;
    effects
}

/// The clock as the session had it; asks anew only where that is another time.
fn set_clock(state: &mut State, as_of: Option<i64>) -> Vec<Effect> {
    let Some(overview) = &mut state.overview else { return Vec::new() };
    let wanted = as_of.map_or_else(|| Clock::whole(overview.last.unwrap_or_default()), Clock::as_of);
    if overview.clock.is_none_or(|clock| clock.mode == wanted.mode && (as_of.is_none() || clock == wanted)) {
        return Vec::new();
    }
    overview.clock = Some(wanted);
    answers::ask_results(state)
}

/// Puts the cursor on what the spot names.
pub fn go_to(state: &mut State, spot: &Spot) -> Vec<Effect> {
    let mut effects = Vec::new();
    let page = spot.rule.clone().filter(|_| spot.page);
    if spot.view == View::Rules && state.rules.open != page {
        effects.extend(match page {
            Some(rule) => open_rule(state, rule),
            None => {
                state.rules.open = None;
                show(state, View::Rules)
            }
        });
    } else if state.view != spot.view {
        effects.extend(show(state, spot.view));
    }
    state.pane = spot.pane;
    if spot.view == View::Tree
        && let Some(node) = spot.node(state)
    {
        effects.extend(moves::go_to_node(state, node));
        return effects;
    }
    let Some(row) = spot.row_in(state) else {
        state.complain("what the journal names is not in the list");
        return effects;
    };
    if spot.time.is_some() {
        state.timeline.cursor = spot.time;
        timeline::recount(state);
    }
    moves::put_cursor(state, row, spot.column);
    effects.extend(moves::moved(state));
    if spot.view == View::Events && spot.pane == 0 {
        effects.extend(browse::follow_events(state));
    }
    effects
}
