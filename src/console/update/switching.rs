//! Switching predicates, exclusions and pins, with undo.

use std::sync::Arc;

use super::exclusion_form::counted;
use super::{Effect, answers, ask, browse, filters, moves, rows, rule_page, show, trees};
use crate::console::action::{Action, View};
use crate::console::exclusion_form::ExclusionForm;
use crate::console::overlay::Overlay;
use crate::console::source::Question;
use crate::console::state::{Baseline, State};
use crate::console::undo::Change;
use crate::console::views;
use crate::hunt::switches::ExclusionRef;
use crate::hunt::{OwnExclusion, SwitchAction};

/// The space key: what it switches depends on what the cursor is on.
pub fn toggle(state: &mut State) -> Vec<Effect> {
    if state.view == View::Tree {
        return trees::unroll(state);
    }
    let action = match state.view {
        View::Matches => state.selected_row().map(|(_, found)| SwitchAction::Pin {
            subject: found.id.clone(),
            on: !state.switches.is_pinned(&found.id),
        }),
        View::Exclusions => match selected_exclusion(state) {
            Some(ExclusionRef::Native(unit)) => Some(state.switches.toggle_unit(unit)),
            Some(ExclusionRef::Own(id)) => state.switches.toggle_exclusion(id),
            None => None,
        },
        View::Rules if state.rules.open.is_some() => {
            views::rules::selected_unit(state).map(|unit| state.switches.toggle_unit(unit))
        }
        _ => None,
    };
    match action {
        Some(action) => switch(state, action),
        None => {
            state.tell(match state.view {
                View::Rules if state.rules.open.is_none() => "Enter opens the rule; its predicates are the switches",
                View::Rules => "this stage is not a switch: only predicates of a where are",
                _ => "nothing to switch here",
            });
            Vec::new()
        }
    }
}

fn selected_exclusion(state: &State) -> Option<ExclusionRef> {
    state.effects.get(state.exclusions.table.selected).map(|effect| effect.exclusion.clone())
}

/// Makes a change that can be undone, and asks for what depends on it.
pub fn switch(state: &mut State, action: SwitchAction) -> Vec<Effect> {
    let told = describe(state, &action);
    state.journal.resolved = Some(Action::Switch(action.clone()));
    state.history.apply(&mut state.switches, action.clone());
    state.undo.did(Change::Switch);
    let undo = state.keymap.key("undo");
    state.tell(format!("{told} ({undo} undoes)"));
    changed(state, &action)
}

pub fn undo(state: &mut State, redo: bool) -> Vec<Effect> {
    match state.undo.pop(redo) {
        Some(Change::Filters(filters)) => {
            let (before, effects) = filters::put(state, *filters);
            state.undo.put(redo, Change::Filters(Box::new(before)));
            let told = filters::told(state);
            state.tell(format!("{}: {told}", if redo { "done again" } else { "undone" }));
            return effects;
        }
        Some(Change::Query(text)) => {
            let (before, effects) = browse::put_text(state, text);
            state.undo.put(redo, Change::Query(before));
            state.tell(format!("{}: the query's last filter or order", if redo { "done again" } else { "undone" }));
            return effects;
        }
        Some(Change::Switch) => state.undo.put(redo, Change::Switch),
        None => {}
    }
    let action = if redo { state.history.redo(&mut state.switches) } else { state.history.undo(&mut state.switches) };
    match action {
        Some(action) => {
            let told = describe(state, &action);
            state.tell(format!("{}: {told}", if redo { "done again" } else { "undone" }));
            changed(state, &action)
        }
        None => {
            state.tell(if redo { "nothing to do again" } else { "nothing to undo" });
            Vec::new()
        }
    }
}

fn changed(state: &mut State, action: &SwitchAction) -> Vec<Effect> {
    state.changes = state.changes.saturating_add(1);
    let save = super::save(state);
    if matches!(action, SwitchAction::Note { .. }) {
        rows::matches(state);
        rows::select_focused(state);
        return Vec::from_iter(save);
    }
    if matches!(action, SwitchAction::Pin { .. }) {
        // A pin changes no result, only which of them are warned about.
        rows::marks(state);
        let settings = state.settings();
        let asked = [ask(state, Question::Matches(settings.clone())), ask(state, Question::Effects(settings))];
        return save.into_iter().chain(asked).collect();
    }
    // The switch itself moves at once; its numbers follow.
    rows::exclusions(state);
    rule_page::refresh(state);
    let mut effects = answers::ask_results(state);
    effects.extend(save);
    effects
}

fn describe(state: &State, action: &SwitchAction) -> String {
    let on = |on: bool| if on { "on" } else { "off" };
    match action {
        SwitchAction::Unit { unit, on: is_on } => {
            format!("{} of {} {}", views::exclusions::unit_number(&unit.unit), state.rule_title(&unit.rule), on(*is_on))
        }
        SwitchAction::Exclusion { id, exclusion: Some(own) } => format!("{id} {}: {}", on(own.enabled), own.condition),
        SwitchAction::Exclusion { id, exclusion: None } => format!("{id} deleted"),
        SwitchAction::Pin { on: true, .. } => "pinned: a warning names it when an exclusion would hide it".to_owned(),
        SwitchAction::Pin { on: false, .. } => "no longer pinned".to_owned(),
        SwitchAction::Parameter { parameter, value: Some(value) } => format!("{} = {value}", parameter.name),
        SwitchAction::Parameter { parameter, value: None } => format!("{} as the rule has it", parameter.name),
        SwitchAction::Note { text: Some(text), .. } => format!("noted: {text}"),
        SwitchAction::Note { text: None, .. } => "the note is gone".to_owned(),
        SwitchAction::All(actions) => format!("{} changes", actions.len()),
    }
}

/// Writes beside the match under the cursor.
pub fn annotate(state: &mut State) -> Vec<Effect> {
    match state.selected_row().map(|(_, found)| found.id.clone()) {
        Some(subject) => {
            let text = state.switches.note(&subject).unwrap_or_default().to_owned();
            state.overlay = Some(Overlay::Note { input: tui_input::Input::new(text), subject });
        }
        None => state.tell("no match here to write beside"),
    }
    Vec::new()
}

/// Adds an exclusion, or puts an edited one in its place, and goes to it.
pub fn add(state: &mut State, own: OwnExclusion) -> Vec<Effect> {
    let id = state.switches.next_exclusion_id();
    let mut effects = switch(state, SwitchAction::Exclusion { id, exclusion: Some(own) });
    state.tell(format!("{id} written and still off: Space switches it on"));
    super::remember(state);
    effects.extend(show(state, View::Exclusions));
    // Its row comes with the next answer; the analyst's own stand first, by age.
    state.exclusions.table.selected = state.switches.exclusions().count().saturating_sub(1);
    effects
}

pub fn edit(state: &mut State) -> Vec<Effect> {
    match selected_exclusion(state) {
        Some(ExclusionRef::Own(id)) => {
            if let Some(own) = state.switches.exclusion(id) {
                let rule = moves::rule_here(state);
                let form = ExclusionForm::edit(id, own, rule);
                let question = form.exclusion().map(|own| Question::Preview(state.settings(), counted(&own)));
                state.overlay = Some(Overlay::Exclusion(Box::new(form)));
                return question.map(|question| vec![ask(state, question)]).unwrap_or_default();
            }
        }
        Some(ExclusionRef::Native(_)) => {
            state.tell("this one belongs to the rule's text: Space switches it, K opens the rule");
        }
        None => state.tell("no exclusion here; a writes one"),
    }
    Vec::new()
}

pub fn delete(state: &mut State) -> Vec<Effect> {
    match selected_exclusion(state) {
        Some(ExclusionRef::Own(id)) => switch(state, SwitchAction::Exclusion { id, exclusion: None }),
        Some(ExclusionRef::Native(_)) => {
            state.tell("this one belongs to the rule's text: Space switches it off");
            Vec::new()
        }
        None => {
            state.tell("no exclusion here");
            Vec::new()
        }
    }
}

pub fn turn_baseline(state: &mut State) -> Vec<Effect> {
    state.exclusions.baseline = match state.exclusions.baseline {
        Baseline::ExclusionsOff => Baseline::SessionStart,
        Baseline::SessionStart if state.exclusions.marked.is_some() => Baseline::Marked,
        Baseline::SessionStart | Baseline::Marked => Baseline::ExclusionsOff,
    };
    rows::diff(state);
    Vec::new()
}

/// What is shown now is what the difference starts from.
pub fn mark_baseline(state: &mut State) -> Vec<Effect> {
    state.exclusions.marked = state.found.as_ref().map(|found| Arc::clone(&found.shown));
    state.exclusions.baseline = Baseline::Marked;
    rows::diff(state);
    state.tell("marked: the difference now starts from here; b changes what it starts from");
    Vec::new()
}

pub fn show_diff(state: &mut State) -> Vec<Effect> {
    super::remember(state);
    let effects = show(state, View::Exclusions);
    state.pane = 1;
    effects
}
