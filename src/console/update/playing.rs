//! The console presses keys by itself: the way through a step of a lesson, or a recording.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Effect, lessons};
use crate::console::action::Action;
use crate::console::export;
use crate::console::keymap::Keymap;
use crate::console::script::Step;
use crate::console::state::State;

/// Slow enough to follow with the eye; a text is typed faster.
const KEY: Duration = Duration::from_millis(700);
const CHARACTER: Duration = Duration::from_millis(60);
/// Nobody watches somebody think for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How fast a script is played.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pace {
    /// To be followed with the eye.
    Shown,
    /// With the recording's own pauses, so many times faster.
    Recorded(f64),
}

/// A script on its way.
#[derive(Debug, Clone)]
pub struct Playing {
    steps: VecDeque<Step>,
    /// What the script's keys mean, whatever keys the person has.
    keymap: Keymap,
    pace: Pace,
    /// When the next step is due.
    due: Duration,
    /// The recording's own time.
    at: Duration,
}

impl Playing {
    pub fn shown(steps: Vec<Step>, keymap: Keymap, now: Duration) -> Self {
        Self { steps: steps.into(), keymap, pace: Pace::Shown, due: now.saturating_add(KEY), at: Duration::ZERO }
    }

    pub fn recorded(steps: Vec<Step>, keymap: Keymap, pace: f64) -> Self {
        Self { steps: steps.into(), keymap, pace: Pace::Recorded(pace), due: Duration::ZERO, at: Duration::ZERO }
    }
}

/// When the console presses the next key by itself.
pub fn due(state: &State) -> Option<Duration> {
    Some(state.playing.as_ref()?.due.saturating_sub(state.now))
}

/// Time has passed: the next step is done, once the last one has been answered.
pub fn tick(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    if state.board.oldest().is_some() {
        return Vec::new();
    }
    let Some(playing) = &mut state.playing else { return Vec::new() };
    if now < playing.due {
        return Vec::new();
    }
    let Some(step) = playing.steps.pop_front() else {
        let is_recording = playing.pace != Pace::Shown;
        state.playing = None;
        if is_recording {
            let quit = state.keymap.key("quit");
            state.tell(format!("the recording ends here: go on yourself, or {quit} leaves"));
        }
        return Vec::new();
    };
    let is_typing = matches!(playing.steps.front(), Some(Step::Typed(_)));
    let pause = match (playing.pace, &step) {
        (Pace::Shown, _) if is_typing => CHARACTER,
        (Pace::Shown, _) => KEY,
        (Pace::Recorded(pace), Step::At(at)) => {
            let since = at.saturating_sub(playing.at);
            playing.at = *at;
            if pace > 0.0 { since.div_f64(pace).min(LONGEST_PAUSE) } else { Duration::ZERO }
        }
        (Pace::Recorded(_), _) => Duration::ZERO,
    };
    playing.due = now.saturating_add(pause);
    let effects = match (step.key(), step) {
        (Some(key), _) => {
            let keymap = playing.keymap.clone();
            super::inputs::key_pressed(state, key, Some(&keymap))
        }
        (None, Step::Act(Action::ExportTo(path) | Action::DiffTo(path))) if !export::is_below(&path) => {
            state.complain(format!("not written: a script writes below the folder it is played in, not to {path}"));
            Vec::new()
        }
        (None, Step::Act(action)) => super::apply(state, action),
        _ => Vec::new(),
    };
    lessons::check(state);
    effects
}

/// Nobody is shown the way any more; a recording goes on.
pub fn leave_way(state: &mut State) {
    if state.playing.as_ref().is_some_and(|playing| playing.pace == Pace::Shown) {
        state.playing = None;
    }
}

/// A key of the person takes over from the console.
pub fn interrupted(state: &mut State) {
    let Some(playing) = state.playing.take() else { return };
    match playing.pace {
        Pace::Shown => {
            let show = state.keymap.key("lesson-show");
            state.tell(format!("stopped: go on yourself, or {show} shows the way from the start of the step"));
        }
        Pace::Recorded(_) => state.tell("the recording was stopped: go on yourself"),
    }
}
