//! Keys while an exclusion is written.

use super::{Effect, apply, ask};
use crate::console::action::Action;
use crate::console::exclusion_form::{ExclusionForm, Part};
use crate::console::keys::{Code, Key};
use crate::console::overlay::{self, Overlay};
use crate::console::source::Question;
use crate::console::state::State;
use crate::hunt::{OwnExclusion, SwitchAction};

pub fn key(state: &mut State, mut form: Box<ExclusionForm>, key: Key) -> Vec<Effect> {
    let before = form.exclusion().map(|own| counted(&own));
    let down = key.code == Code::Down || (key.code == Code::Char('n') && key.ctrl);
    let up = key.code == Code::Up || (key.code == Code::Char('p') && key.ctrl);
    match (key.code, form.part == Part::Fields) {
        (Code::Enter, _) => return finish(state, *form),
        (Code::Tab | Code::BackTab, _) if form.rule.is_some() => form.any_rule = !form.any_rule,
        (_, false) if down || up => form.turn(down),
        (_, false) => {
            if let Some(line) = form.line() {
                overlay::edit(line, key);
            }
        }
        (Code::Char('e' | 'i'), true) => form.part = Part::Condition,
        (Code::Char('q'), true) => return Vec::new(),
        (Code::Char('j') | Code::Down, true) => {
            // Below the last field is the condition.
            if form.cursor.saturating_add(1) >= form.fields.len() && key.code == Code::Down {
                form.turn(true);
            }
            form.cursor = form.cursor.saturating_add(1).min(form.fields.len().saturating_sub(1));
        }
        (Code::Char('k') | Code::Up, true) => form.cursor = form.cursor.saturating_sub(1),
        (code, true) => choose(&mut form, code),
    }
    let after = form.exclusion();
    let mut effects = Vec::new();
    if before != after.as_ref().map(counted) {
        form.preview = None;
        if let Some(own) = after {
            let settings = state.settings();
            effects.push(ask(state, Question::Preview(settings, counted(&own))));
        }
    }
    state.overlay = Some(Overlay::Exclusion(form));
    effects
}

/// What its effect depends on.
pub fn counted(own: &OwnExclusion) -> OwnExclusion {
    OwnExclusion { note: String::new(), owner: String::new(), ..own.clone() }
}

fn choose(form: &mut ExclusionForm, code: Code) {
    let cursor = form.cursor;
    if let Some(field) = form.fields.get_mut(cursor) {
        match code {
            Code::Char(' ') => field.chosen = !field.chosen,
            Code::Char('l') | Code::Right => field.turn_operator(true),
            Code::Char('h') | Code::Left => field.turn_operator(false),
            _ => return,
        }
        form.compose();
    }
}

/// Takes what was written, unless it is known to be wrong.
fn finish(state: &mut State, form: ExclusionForm) -> Vec<Effect> {
    let Some(own) = form.exclusion() else {
        state.tell("choose a field with Space, or write a condition with e");
        state.overlay = Some(Overlay::Exclusion(Box::new(form)));
        return Vec::new();
    };
    if let Some(Err(_)) = form.preview.as_ref().map(|preview| &preview.effect) {
        state.complain("this condition cannot be run: see below it");
        state.overlay = Some(Overlay::Exclusion(Box::new(ExclusionForm { part: Part::Condition, ..form })));
        return Vec::new();
    }
    match form.editing {
        Some((id, _)) => apply(state, Action::Switch(SwitchAction::Exclusion { id, exclusion: Some(own) })),
        None => apply(state, Action::AddExclusion(own)),
    }
}
