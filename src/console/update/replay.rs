//! Replaying: the alerts that the rules' schedules would have raised, and the rows behind each.

use super::{Effect, ask, follow, moves, remember, rows, show};
use crate::console::action::View;
use crate::console::keys::{Code, Key};
use crate::console::overlay::Overlay;
use crate::console::replay::Alerts;
use crate::console::source::Question;
use crate::console::state::State;
use crate::hunt::MatchId;

/// Asks for the alerts of the rule whose page is open, or of all rules.
pub fn start(state: &mut State) -> Vec<Effect> {
    let rule = match (&state.rules.open, state.view) {
        (Some(_), View::Rules) => moves::rule_here(state),
        _ => None,
    };
    let settings = state.settings();
    state.tell(match &rule {
        Some(rule) => format!("replaying {}: every run of its schedule", state.rule_title(rule)),
        None => "replaying all rules: every run of their schedules".to_owned(),
    });
    vec![ask(state, Question::Replay(settings, rule))]
}

/// The alerts are here.
pub fn arrived(state: &mut State, alerts: Alerts) {
    let (count, suppressed) = alerts.counts();
    let kept_back = if suppressed > 0 { format!(", {suppressed} more suppressed") } else { String::new() };
    state.tell(format!("{count} alerts{kept_back}"));
    state.alerts = Some(alerts);
    // A text that is being written is not taken away from under the hands.
    if state.overlay.is_none() {
        state.overlay = Some(Overlay::Replay { selected: 0, row: None });
    }
}

pub fn key(state: &mut State, mut selected: usize, mut row: Option<usize>, key: Key) -> Vec<Effect> {
    let Some(alerts) = &state.alerts else { return Vec::new() };
    let count = row.map_or(alerts.len(), |_| alerts.rows(selected).len());
    let place = row.unwrap_or(selected);
    let moved = match (key.code, key.ctrl) {
        (Code::Char('j') | Code::Down, _) => Some(place.saturating_add(1)),
        (Code::Char('k') | Code::Up, _) => Some(place.saturating_sub(1)),
        (Code::PageDown, _) | (Code::Char('d'), true) => Some(place.saturating_add(10)),
        (Code::PageUp, _) | (Code::Char('u'), true) => Some(place.saturating_sub(10)),
        (Code::Char('g') | Code::Home, _) => Some(0),
        (Code::Char('G') | Code::End, _) => Some(count),
        _ => None,
    };
    if let Some(moved) = moved {
        let moved = moved.min(count.saturating_sub(1));
        match &mut row {
            Some(row) => *row = moved,
            None => selected = moved,
        }
    }
    match (key.code, row) {
        (Code::Char('q'), None) => return Vec::new(),
        (Code::Char('q') | Code::Char('h') | Code::Left | Code::Backspace, Some(_)) => row = None,
        (Code::Enter | Code::Char('l') | Code::Right, None) if !alerts.rows(selected).is_empty() => row = Some(0),
        (Code::Enter, Some(at)) => {
            let id = alerts.rows(selected).get(at).map(|found| found.id.clone());
            return id.map(|id| go_to(state, id)).unwrap_or_default();
        }
        _ => {}
    }
    state.overlay = Some(Overlay::Replay { selected, row });
    Vec::new()
}

/// To the match in the list, with those shown that exclusions hide where it is one of them.
fn go_to(state: &mut State, id: MatchId) -> Vec<Effect> {
    let is_known = state.found.as_ref().is_some_and(|found| found.all.find(&id).is_some());
    if !is_known {
        state.tell("this row is not among the matches with the clock as it is: c sets the time of the run");
        return Vec::new();
    }
    remember(state);
    state.focus.rule = Some(id.rule.clone());
    state.focus.event = None;
    state.focus.found = Some(id.clone());
    let has =
        |state: &State| state.matches.rows.iter().any(|row| state.match_at(*row).is_some_and(|found| found.id == id));
    if !has(state) {
        state.matches.show_hidden = true;
        rows::matches(state);
    }
    if !has(state) {
        state.tell("a filter leaves this row out: F clears the filters");
    }
    let mut effects = show(state, View::Matches);
    effects.extend(follow(state));
    effects
}
