//! What is done becomes lines of the journal.

use super::{Effect, doing};
use crate::console::action::Action;
use crate::console::journal::{self, Journal, Kind};
use crate::console::session::Session;
use crate::console::state::State;
use crate::hunt::{SwitchAction, Switches};

/// What a recording begins with: the switches and the desk, so that it can be played on a fresh one.
pub fn beginning(state: &mut State, session: Option<&Session>) -> Vec<Effect> {
    if !state.journal.is_on {
        return Vec::new();
    }
    let change = Switches::default().change_to(&state.switches);
    let switch = (change != SwitchAction::All(Vec::new())).then_some(Action::Switch(change));
    let desk = session.map(|session| Action::Restore(Box::new(session.clone())));
    let lines = [switch, desk].into_iter().flatten().filter_map(|action| Journal::done(state, &action));
    lines.map(Effect::Note).collect()
}

/// Does an action, and writes it down where it is the outermost and somebody records.
pub fn around(state: &mut State, action: Action, act: fn(&mut State, Action) -> Vec<Effect>) -> Vec<Effect> {
    if matches!(action, Action::FilterTime(_)) {
        state.journal.resolved = Some(action.clone());
    }
    if !state.journal.is_on || state.journal.depth > 0 {
        return within(state, action, act);
    }
    let is_cancelling = doing(state).is_some();
    // Showing the way is written as what it does, from the reset on.
    let written = if action == Action::LessonShow { Action::LessonReset } else { action.clone() };
    let kind = journal::kind(state, &written, is_cancelling);
    let mut notes: Vec<Effect> = Vec::new();
    if kind != Kind::Never {
        // Answers may have moved the cursor since the last line.
        notes.extend(Journal::moved(state).map(Effect::Note));
    }
    state.journal.resolved = None;
    let effects = within(state, action, act);
    let resolved = state.journal.resolved.take();
    let line = match kind {
        Kind::Never | Kind::Cursor => None,
        Kind::Itself => Journal::done(state, &written),
        Kind::Resolved => resolved.and_then(|action| Journal::done(state, &action)),
    };
    notes.extend(line.map(Effect::Note));
    notes.extend(effects);
    notes
}

fn within(state: &mut State, action: Action, act: fn(&mut State, Action) -> Vec<Effect>) -> Vec<Effect> {
    state.journal.depth = state.journal.depth.saturating_add(1);
    let effects = act(state, action);
    state.journal.depth = state.journal.depth.saturating_sub(1);
    effects
}

/// What is left to be written after an input: where the cursor went, and how far the lesson is.
pub fn after(state: &mut State, is_persons: bool, effects: &mut Vec<Effect>) {
    if !state.journal.is_on {
        return;
    }
    if is_persons && state.overlay.is_none() {
        effects.extend(Journal::moved(state).map(Effect::Note));
    }
    effects.extend(Journal::lesson(state).map(Effect::Note));
}
