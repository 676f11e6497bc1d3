//! Where one is: showing a view, opening a rule, the way back and forward, closing; and asking for what a place shows.

use super::{Effect, ask, browse, doing, indicators, moves, rows, rule_page, timeline, trees};
use crate::console::action::View;
use crate::console::layout::Layout;
use crate::console::source::{Question, Topic};
use crate::console::state::{Focus, Place, RuleSide, State};
use crate::console::views;
use crate::console::widgets::table;

/// Shows a view at what is in focus.
pub fn show(state: &mut State, view: View) -> Vec<Effect> {
    state.view = view;
    (state.pane, state.zoomed) = (0, false);
    state.typed.clear();
    match view {
        View::Tree => {
            rows::tree(state);
            moves::tree_to_focus(state);
            trees::shown(state)
        }
        View::Indicators if !state.board.is_pending(Topic::Indicators) => show_indicators(state),
        View::Indicators => Vec::new(),
        View::Rules => follow_rule(state),
        View::Events => browse::show_events(state),
        View::Query => {
            state.pane = usize::from(state.query.result.is_some());
            Vec::new()
        }
        View::Matches => {
            rows::select_focused(state);
            if is_selected(state) { ask_details(state) } else { follow(state) }
        }
        _ => Vec::new(),
    }
}

/// Asks for the indicators where they are not known, else for what is said of the one under the cursor.
pub fn show_indicators(state: &mut State) -> Vec<Effect> {
    if state.indicators.is_some() {
        return indicators::follow(state);
    }
    let settings = state.settings();
    vec![ask(state, Question::Indicators(settings))]
}

pub fn open_rule(state: &mut State, rule: String) -> Vec<Effect> {
    state.view = View::Rules;
    (state.pane, state.zoomed) = (0, false);
    state.focus.rule = Some(rule.clone());
    if state.rules.open.as_ref() != Some(&rule) {
        state.rules.stages = table::TableState::default();
        state.rules.side = RuleSide::Why;
        state.rules.scroll = 0;
    }
    state.rules.open = Some(rule);
    rule_page::refresh(state);
    rows::select_rule(state);
    if state.rules.stages.selected == 0 {
        rows::select_stage(state);
    }
    follow_rule(state)
}

/// Asks for what the rule page or the rule under the cursor shows.
pub fn follow_rule(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    let Some(rule) = moves::rule_here(state) else { return effects };
    if !state.sheets.contains_key(&rule) {
        let settings = state.settings();
        effects.push(ask(state, Question::Sheet(settings, rule.clone())));
    }
    if state.rules.open.is_some() && !state.dossiers.contains_key(&rule) && !state.board.is_pending(Topic::Dossier) {
        effects.push(ask(state, Question::Dossier(rule.clone())));
    }
    if state.rules.open.is_some() {
        if state.funnel.as_ref().is_none_or(|funnel| funnel.rule != rule) {
            let settings = state.settings();
            effects.push(ask(state, Question::Funnel(settings, rule.clone())));
        }
        if let Some(question) = state.why_question(&rule) {
            effects.push(ask(state, question));
        }
    }
    effects
}

/// Whether the match under the cursor of the list is the one in focus, by one of its events. A filter may have left it
/// out, and an event of another view may be in no match.
fn is_selected(state: &State) -> bool {
    let Focus { found, event, .. } = &state.focus;
    state
        .selected_row()
        .is_none_or(|(_, row)| Some(&row.id) == found.as_ref() && event.is_none_or(|event| row.events.contains(&event)))
}

/// Asks for what the details of the focused match show.
pub fn follow(state: &mut State) -> Vec<Effect> {
    if state.view == View::Matches {
        let chosen = state.selected_row().map(|(_, found)| (found.id.clone(), found.events.first().copied()));
        if let Some((id, event)) = chosen {
            if state.focus.found.as_ref() != Some(&id) {
                state.matches.scroll = 0;
            }
            state.focus.rule = Some(id.rule.clone());
            state.focus.event = event;
            state.focus.found = Some(id);
            timeline::to_focus(state);
        }
    }
    ask_details(state)
}

/// Asks for what is said of the focused match where it is on the screen.
pub fn ask_details(state: &mut State) -> Vec<Effect> {
    if !matches!(state.view, View::Matches | View::Rules) {
        return Vec::new();
    }
    let Some(rule) = state.focus.found.as_ref().map(|id| id.rule.clone()) else { return Vec::new() };
    let mut questions: Vec<Question> = state.why_question(&rule).into_iter().collect();
    if state.view == View::Matches {
        let found = state.selected_row().map(|(_, found)| found);
        let hash = found.and_then(views::match_detail::hash).filter(|(_, hash)| !state.sightings.contains_key(*hash));
        questions.extend(
            hash.map(|(column, hash)| Question::Sightings(state.settings(), column.to_owned(), hash.to_owned())),
        );
    }
    questions.into_iter().map(|question| ask(state, question)).collect()
}

/// Keeps the place to come back to.
pub fn remember(state: &mut State) {
    let place = state.place();
    if state.back.last() != Some(&place) {
        state.back.push(place);
    }
    state.forward.clear();
}

pub fn travel(state: &mut State, forward: bool) -> Vec<Effect> {
    let here = state.place();
    let (from, to) =
        if forward { (&mut state.forward, &mut state.back) } else { (&mut state.back, &mut state.forward) };
    let Some(Place { view, rule_open, focus }) = from.pop() else {
        state.tell(if forward { "nowhere to go forward to" } else { "nowhere to go back to" });
        return Vec::new();
    };
    to.push(here);
    state.focus = focus;
    state.rules.open = if rule_open { state.focus.rule.clone() } else { None };
    let mut effects = show(state, view);
    effects.extend(follow(state));
    effects
}

/// Closes what is open, else ends the running work; never the program.
pub fn close(state: &mut State) -> Vec<Effect> {
    if state.overlay.take().is_some() {
        return Vec::new();
    }
    if state.timeline.anchor.take().is_some() {
        return Vec::new();
    }
    if let Some((topic, _)) = doing(state) {
        state.board.forget();
        let again = state.keymap.key("redraw");
        state.tell(format!("stopped {}; {again} asks again", topic.doing()));
        return vec![Effect::Cancel];
    }
    if state.zoomed {
        state.zoomed = false;
        // In a small terminal it came from the list, and goes back there.
        if !Layout::of(state).is_roomy {
            state.pane = 0;
        }
        return Vec::new();
    }
    if state.view == View::Rules && state.rules.open.is_some() {
        state.rules.open = None;
        state.pane = 0;
        return follow_rule(state);
    }
    if state.pane > 0 && state.view != View::Query {
        state.pane = 0;
        return Vec::new();
    }
    if !state.back.is_empty() {
        return travel(state, false);
    }
    let quit = state.keymap.key("quit");
    state.tell(format!("nothing to close here; {quit} leaves whippet"));
    Vec::new()
}

pub fn turn_pane(state: &mut State, steps: isize) -> Vec<Effect> {
    let count = isize::try_from(Layout::of(state).panes.len().max(1)).unwrap_or(1);
    let pane = isize::try_from(state.pane).unwrap_or(0);
    state.pane = usize::try_from((pane + steps).rem_euclid(count)).unwrap_or(0);
    Vec::new()
}
