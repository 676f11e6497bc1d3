//! Keys, mouse, pasted text and what the workers say: each to what it means where the person is.

use super::{Effect, answers, apply, browse, importing, moves, overlays, playing, timeline};
use crate::console::action::Action;
use crate::console::input::{Input, Mouse};
use crate::console::keymap::{Keymap, Lookup};
use crate::console::keys::{self, Code, Key};
use crate::console::layout::Layout;
use crate::console::run::Ending;
use crate::console::state::State;
use crate::console::views;

/// What an input leads to.
pub fn taken(state: &mut State, input: Input) -> Vec<Effect> {
    let is_importing = state.behind.as_ref().is_some_and(|behind| behind.is_shown);
    match input {
        Input::Import(news) => importing::heard(state, *news),
        Input::Key(_) | Input::Mouse(_) | Input::Act(_) | Input::Paste(_) if is_importing => {
            importing::on_screen(state, input)
        }
        Input::Key(key) => {
            playing::interrupted(state);
            key_pressed(state, key, None)
        }
        Input::Act(action) => apply(state, action),
        Input::Mouse(mouse) => mouse_used(state, mouse),
        Input::Paste(text) => {
            // Only a line of text takes what is pasted; as keys it would be commands.
            let mut effects = Vec::new();
            if state.overlay.is_none() && state.is_editing() {
                return browse::paste(state, &text);
            }
            if state.overlay.is_some() {
                for character in text.chars().filter(|character| !character.is_control()) {
                    effects.extend(overlays::key(state, Key::plain(Code::Char(character))));
                }
            }
            effects
        }
        Input::Resize => Vec::new(),
        Input::Background { is_light } => {
            state.theme = state.theme.on(is_light);
            Vec::new()
        }
        Input::Report(report) => answers::take(state, *report),
        Input::Suspend => vec![Effect::Suspend],
        Input::Continued => vec![Effect::Retake],
        Input::Terminate(signal) => vec![Effect::End(Ending::Signal(signal))],
        Input::Closed(why) => vec![Effect::End(Ending::Closed(why))],
    }
}

/// A key, by the person's keymap or by that of a script.
pub fn key_pressed(state: &mut State, key: Key, keymap: Option<&Keymap>) -> Vec<Effect> {
    state.notice = None;
    // In raw mode the terminal hands Ctrl-C over as a key: it ends work, never the program.
    if key.ctrl && key.code == Code::Char('c') {
        state.typed.clear();
        return apply(state, Action::Close);
    }
    if state.overlay.is_some() {
        return overlays::key(state, key);
    }
    if state.is_editing() {
        return browse::editor_key(state, key);
    }
    if !state.typed.is_empty() && key == Key::plain(Code::Esc) {
        state.typed.clear();
        return Vec::new();
    }
    state.typed.push(key);
    match keymap.unwrap_or(&state.keymap).lookup(state.view, &state.typed) {
        Lookup::Act(action) => {
            let action = action.clone();
            state.typed.clear();
            apply(state, action)
        }
        Lookup::Prefix(_) => Vec::new(),
        Lookup::Nothing => {
            let typed = keys::show(&state.typed);
            state.typed.clear();
            let help = state.keymap.key("help");
            state.tell(format!("{typed} does nothing here; {help} lists the keys"));
            Vec::new()
        }
    }
}

fn mouse_used(state: &mut State, mouse: Mouse) -> Vec<Effect> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    let layout = Layout::of(state);
    match mouse {
        Mouse::Wheel { x, y, down } => {
            let Some(pane) = layout.pane_at(x, y) else { return Vec::new() };
            state.pane = pane;
            moves::step(state, if down { 3 } else { -3 })
        }
        Mouse::Click { x, y } if y == layout.tabs.y => {
            let view = views::tab_at(state, x);
            view.map(|view| apply(state, Action::Show(view))).unwrap_or_default()
        }
        Mouse::Click { x, y } if let Some(place) = views::timeline::place_at(state, &layout, x, y) => {
            timeline::go_to(state, place)
        }
        Mouse::Click { x, y } => {
            let Some(pane) = layout.pane_at(x, y) else { return Vec::new() };
            state.pane = pane;
            let inner = layout.inner(pane);
            let Some(row) = y.checked_sub(inner.y) else { return Vec::new() };
            moves::click(state, usize::from(row))
        }
    }
}
