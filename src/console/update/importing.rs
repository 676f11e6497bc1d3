//! An import that goes on behind the console.

use super::{Effect, leaving, save};
use crate::console::importing::work::News;
use crate::console::importing::{Outcome, Taken};
use crate::console::input::Input;
use crate::console::run::Ending;
use crate::console::state::State;

/// Puts the screen of the import over the console. False where there is none.
pub fn show(state: &mut State) -> bool {
    let Some(behind) = state.behind.as_mut() else { return false };
    behind.is_shown = true;
    true
}

/// What its screen takes while it is seen.
pub fn on_screen(state: &mut State, input: Input) -> Vec<Effect> {
    let now = state.now;
    let Some(behind) = state.behind.as_mut() else { return Vec::new() };
    match behind.take(input, now) {
        Taken::Stay => Vec::new(),
        Taken::Stop => vec![Effect::StopImport],
        Taken::Suspend => vec![Effect::Suspend],
        Taken::Retake => vec![Effect::Retake],
        Taken::Redraw => vec![Effect::Redraw],
        Taken::Over(Outcome::Behind) => {
            behind.is_shown = false;
            Vec::new()
        }
        // The console begins anew, on what is in the store now.
        Taken::Over(Outcome::Open | Outcome::Failed(_)) => leaving::leave(state, Ending::Anew),
        Taken::Over(Outcome::Ended(ending)) => leaving::leave(state, ending),
    }
}

/// How far it is, or that it is over.
pub fn heard(state: &mut State, news: News) -> Vec<Effect> {
    let is_over = matches!(news, News::Over(_));
    // Who waits to leave does so, whatever was asked of the import before.
    if let Some(ending) = state.leaving.take_if(|_| is_over) {
        if let Some(behind) = state.behind.as_mut() {
            let _ = behind.take(Input::Import(Box::new(news)), state.now);
        }
        return leaving::leave(state, ending);
    }
    let effects = on_screen(state, Input::Import(Box::new(news)));
    if !is_over || !effects.is_empty() {
        return effects;
    }
    let Some(behind) = &state.behind else { return effects };
    let (how_far, unsaved) = (behind.how_far(), behind.unsaved);
    if !behind.is_shown {
        let key = state.keymap.key("import");
        state.tell(format!("{how_far}; {key} shows the files, and Enter there what is new"));
    }
    if unsaved { Vec::from_iter(save(state)) } else { Vec::new() }
}
