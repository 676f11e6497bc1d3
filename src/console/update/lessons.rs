//! What a lesson does to the state: start, steps, hints, reset, showing the way; and the look at its goals.

use std::sync::Arc;
use std::time::Duration;

use super::playing::{self, Playing};
use super::{Effect, asks, follow, rows, sessions, show};
use crate::console::action::{Action, View};
use crate::console::keymap::Keymap;
use crate::console::overlay::Overlay;
use crate::console::script;
use crate::console::state::State;
use crate::console::walkthrough::goal::Seen;
use crate::console::walkthrough::progress::Snapshot;
use crate::console::walkthrough::{Lesson, Walkthrough, panel};
use crate::hunt::{ClockMode, SwitchAction, Switches};

const MINUTE: Duration = Duration::from_secs(60);

/// The list of lessons, or the step in full while one is on.
pub fn open(state: &mut State) -> Vec<Effect> {
    let step = state.walkthrough.as_ref().and_then(|walkthrough| panel::in_full(walkthrough, &state.keymap));
    if let Some((title, text)) = step {
        state.overlay = Some(Overlay::Text { title, text, top: 0 });
    } else if !state.lessons.is_empty() {
        state.overlay = Some(Overlay::Lessons { selected: 0 });
    } else {
        read(state);
    }
    Vec::new()
}

/// The scenario's text.
pub fn read(state: &mut State) {
    let lesson = state.overview.as_ref().and_then(|overview| overview.lesson.clone());
    match lesson {
        Some(text) => state.overlay = Some(Overlay::Text { title: "Lesson".to_owned(), text, top: 0 }),
        None => state.tell("there is no lesson here: whippet demo has some"),
    }
}

/// Begins a lesson on a clean desk: what was switched, pinned and excluded is put away, and undo brings it back. The
/// clock shows the whole data, and the matches come in the order in which the text speaks of them.
pub fn start(state: &mut State, lesson: Arc<Lesson>) -> Vec<Effect> {
    let mut effects = switch_to(state, &Switches::default());
    state.rules.open = None;
    state.matches.chips.clear();
    state.timeline.range = None;
    state.matches.show_hidden = false;
    state.matches.sort = None;
    let clock = state.overview.as_ref().and_then(|overview| overview.clock);
    if clock.is_some_and(|clock| clock.mode == ClockMode::AsOf) {
        effects.extend(asks::turn_clock(state, None));
    }
    state.matches.table.select(0, state.matches.rows.len());
    state.focus = crate::console::state::Focus::default();
    rows::matches(state);
    effects.extend(show(state, View::Matches));
    effects.extend(follow(state));
    state.walkthrough = Some(Walkthrough::new(lesson, Snapshot::of(state), state.now));
    state.notice = None;
    state.exported.clear();
    begin(state);
    effects
}

/// When the minutes of the lesson are another number.
pub fn next_minute(state: &State) -> Option<Duration> {
    let since = state.now.saturating_sub(state.walkthrough.as_ref()?.began);
    let into = Duration::from_millis(u64::try_from(since.as_millis() % 60_000).unwrap_or(0));
    // Never so little that it would be taken for work.
    Some(MINUTE.saturating_sub(into).max(Duration::from_secs(1)))
}

/// Begins the lesson of this name.
pub fn start_named(state: &mut State, name: &str) -> Vec<Effect> {
    match state.lessons.iter().find(|lesson| lesson.name == name).cloned() {
        Some(lesson) => start(state, lesson),
        None => {
            let near = crate::kql::nearest(name, state.lessons.iter().map(|lesson| lesson.name.as_str()));
            let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            state.complain(format!("no lesson is called '{name}' here{near}"));
            Vec::new()
        }
    }
}

/// Goes to a step of the lesson; the first is 1.
pub fn go_to_step(state: &mut State, step: usize) -> Vec<Effect> {
    playing::leave_way(state);
    let start = Snapshot::of(state);
    let now = state.now;
    let Some(walkthrough) = &mut state.walkthrough else { return Vec::new() };
    let last = walkthrough.lesson.steps.len().saturating_sub(1);
    walkthrough.step = step.saturating_sub(1).min(last);
    // A step begins with what was there, wherever that was reached.
    walkthrough.start = start;
    walkthrough.step_began = now;
    state.exported.clear();
    begin(state);
    Vec::new()
}

/// Looks at a step as it begins.
fn begin(state: &mut State) {
    check(state);
    if let Some(walkthrough) = &mut state.walkthrough {
        walkthrough.change(|step| step.at_once = step.done);
    }
}

/// Does one of the actions of a lesson.
pub fn act(state: &mut State, action: &Action) -> Vec<Effect> {
    if state.walkthrough.is_none() {
        let lessons = state.keymap.key("lessons");
        state.tell(format!("no lesson is on; {lessons} lists those of a demonstration"));
        return Vec::new();
    }
    playing::leave_way(state);
    match action {
        Action::LessonNext | Action::LessonBack => turn(state, *action == Action::LessonNext),
        Action::LessonHint => {
            let known = state.walkthrough.as_ref().and_then(Walkthrough::current).map_or(0, |step| step.hints.len());
            if let Some(walkthrough) = &mut state.walkthrough
                && walkthrough.state().hints < known
            {
                walkthrough.change(|step| step.hints = step.hints.saturating_add(1));
            } else {
                let show = state.keymap.key("lesson-show");
                state.tell(format!("no more hints; {show} shows the way"));
            }
            Vec::new()
        }
        Action::LessonSteps => {
            let selected = state.walkthrough.as_ref().map_or(0, |walkthrough| walkthrough.step);
            state.overlay = Some(Overlay::Steps { selected });
            Vec::new()
        }
        Action::LessonReset => reset(state),
        Action::LessonShow => {
            let effects = reset(state);
            if let Some(walkthrough) = &mut state.walkthrough
                && let Some(step) = walkthrough.current()
                && let (Ok(steps), Ok(keymap)) = (script::parse(&step.solve), Keymap::standard())
            {
                walkthrough.change(|step| step.shown = true);
                state.playing = Some(Playing::shown(steps, keymap, state.now));
            }
            effects
        }
        _ => {
            state.walkthrough = None;
            let undo = state.keymap.key("undo");
            state.tell(format!("lesson left; what you did stays, {undo} takes it back"));
            Vec::new()
        }
    }
}

fn turn(state: &mut State, forward: bool) -> Vec<Effect> {
    let lessons = state.keymap.key("lessons");
    let Some(walkthrough) = &mut state.walkthrough else { return Vec::new() };
    let last = walkthrough.lesson.steps.len().saturating_sub(1);
    if forward && walkthrough.step == last {
        let done = walkthrough.states.iter().filter(|step| step.done).count();
        let shown = walkthrough.states.iter().filter(|step| step.shown).count();
        let all = walkthrough.states.len();
        let told = format!(
            "that was the last step: {done} of {all} reached, {shown} of them shown; {lessons} has the lessons"
        );
        if walkthrough.is_done() {
            state.walkthrough = None;
        }
        state.tell(told);
        return Vec::new();
    }
    let here = walkthrough.step.saturating_add(1);
    go_to_step(state, if forward { here.saturating_add(1) } else { here.saturating_sub(1) })
}

/// Everything as it was when the step began.
fn reset(state: &mut State) -> Vec<Effect> {
    let Some(start) = state.walkthrough.as_ref().map(|walkthrough| walkthrough.start.clone()) else {
        return Vec::new();
    };
    state.overlay = None;
    state.typed.clear();
    let mut effects = switch_to(state, &start.switches);
    state.tree.show = start.tree_show;
    state.tree.tree.open = start.open;
    effects.extend(sessions::restore(state, start.session));
    state.exported.clear();
    if let Some(walkthrough) = &mut state.walkthrough {
        walkthrough.change(|step| step.done = false);
    }
    check(state);
    effects
}

/// Makes the switches those wanted, as one change that undo takes back.
fn switch_to(state: &mut State, wanted: &Switches) -> Vec<Effect> {
    let change = state.switches.change_to(wanted);
    if change == SwitchAction::All(Vec::new()) {
        return Vec::new();
    }
    state.exclusions.table.select(0, state.effects.len());
    super::switching::switch(state, change)
}

/// Looks whether the step's goals hold now.
pub fn check(state: &mut State) {
    if state.walkthrough.is_none() {
        return;
    }
    let seen = Seen::of(state);
    let is_new = state.walkthrough.as_mut().is_some_and(|walkthrough| walkthrough.check(&seen));
    if is_new {
        let next = state.keymap.key("lesson-next");
        state.tell(format!("✓ step done: {next} goes on"));
    }
}

/// Keys in the list of steps.
pub fn step_key(state: &mut State, selected: usize, key: crate::console::keys::Key) -> Vec<Effect> {
    use crate::console::keys::Code;
    let last = state.walkthrough.as_ref().map_or(0, |walkthrough| walkthrough.lesson.steps.len().saturating_sub(1));
    let selected = match key.code {
        Code::Char('j') | Code::Down | Code::Tab => selected.saturating_add(1).min(last),
        Code::Char('k') | Code::Up | Code::BackTab => selected.saturating_sub(1),
        Code::Char('q') => return Vec::new(),
        Code::Enter => return super::apply(state, Action::GoToStep(selected.saturating_add(1))),
        _ => selected,
    };
    state.overlay = Some(Overlay::Steps { selected });
    Vec::new()
}

/// Keys in the list of lessons.
pub fn key(state: &mut State, selected: usize, key: crate::console::keys::Key) -> Vec<Effect> {
    use crate::console::keys::Code;
    let rows = state.lessons.len().saturating_add(1);
    let selected = match key.code {
        Code::Char('j') | Code::Down | Code::Tab => selected.saturating_add(1).min(rows.saturating_sub(1)),
        Code::Char('k') | Code::Up | Code::BackTab => selected.saturating_sub(1),
        Code::Char('q') => return Vec::new(),
        Code::Enter => {
            return match state.lessons.get(selected).cloned() {
                Some(lesson) => super::apply(state, Action::StartLesson(lesson.name.clone())),
                None => {
                    read(state);
                    Vec::new()
                }
            };
        }
        _ => selected,
    };
    state.overlay = Some(Overlay::Lessons { selected });
    Vec::new()
}
