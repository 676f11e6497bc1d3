//! Keys while something lies over the view.

use tui_input::Input;

use super::{Effect, apply, asks, exclusion_form, leaving, replay, rule_page};
use crate::console::action::Action;
use crate::console::exclusion_form::Part;
use crate::console::export::Subject;
use crate::console::keys::{Code, Key};
use crate::console::overlay::{self, Overlay};
use crate::console::state::State;
use crate::console::views;
use crate::hunt::SwitchAction;

pub fn key(state: &mut State, key: Key) -> Vec<Effect> {
    if key == Key::plain(Code::Esc) {
        // A text that is being written gives way to the fields it was made from.
        if let Some(Overlay::Exclusion(form)) = &mut state.overlay
            && form.part != Part::Fields
            && !form.fields.is_empty()
        {
            form.part = Part::Fields;
            return Vec::new();
        }
        state.overlay = None;
        return Vec::new();
    }
    let Some(overlay) = state.overlay.take() else { return Vec::new() };
    match overlay {
        Overlay::Help { filter, top } => help(state, filter, top, key),
        Overlay::Palette { input, selected } => palette(state, input, selected, key),
        Overlay::Search { mut input } => {
            if key == Key::plain(Code::Enter) {
                return apply(state, Action::SetSearch(input.value().to_owned()));
            }
            overlay::edit(&mut input, key);
            state.overlay = Some(Overlay::Search { input });
            Vec::new()
        }
        Overlay::Text { title, text, top } => {
            let top = match (key.code, key.ctrl) {
                (Code::Char('j') | Code::Down, _) => top.saturating_add(1),
                (Code::Char('k') | Code::Up, _) => top.saturating_sub(1),
                (Code::PageDown, _) | (Code::Char('d'), true) => top.saturating_add(10),
                (Code::PageUp, _) | (Code::Char('u'), true) => top.saturating_sub(10),
                (Code::Char('g') | Code::Home, _) => 0,
                (Code::Char('G') | Code::End, _) => usize::MAX,
                (Code::Char('q') | Code::Enter, _) => return Vec::new(),
                _ => top,
            };
            let top = top.min(views::overlays::last_top(state, &text));
            state.overlay = Some(Overlay::Text { title, text, top });
            Vec::new()
        }
        Overlay::Clock { mut input } => {
            const HOUR: i64 = 36_000_000_000;
            let by = match key.code {
                Code::Enter => return asks::clock_written(state, input.value()),
                Code::Up => Some(HOUR),
                Code::Down => Some(-HOUR),
                Code::PageUp => Some(24 * HOUR),
                Code::PageDown => Some(-24 * HOUR),
                _ => None,
            };
            match by {
                Some(by) => {
                    if let Some(text) = asks::moved(state, input.value(), by) {
                        input = Input::new(text);
                    }
                }
                None => {
                    overlay::edit(&mut input, key);
                }
            }
            state.overlay = Some(Overlay::Clock { input });
            Vec::new()
        }
        Overlay::Columns { input, selected } => super::columns::key(state, input, selected, key),
        Overlay::Note { mut input, subject } => {
            if key == Key::plain(Code::Enter) {
                let text = Some(input.value().trim().to_owned()).filter(|text| !text.is_empty());
                if text.as_deref() == state.switches.note(&subject) {
                    return Vec::new();
                }
                return apply(state, Action::Switch(SwitchAction::Note { subject, text }));
            }
            overlay::edit(&mut input, key);
            state.overlay = Some(Overlay::Note { input, subject });
            Vec::new()
        }
        Overlay::Import { mut input } => {
            if key == Key::plain(Code::Enter) {
                return leaving::import(state, input.value());
            }
            overlay::edit(&mut input, key);
            state.overlay = Some(Overlay::Import { input });
            Vec::new()
        }
        Overlay::Export { mut input, what } => {
            if key == Key::plain(Code::Enter) {
                let path = input.value().to_owned();
                return apply(state, if what == Subject::Diff { Action::DiffTo(path) } else { Action::ExportTo(path) });
            }
            overlay::edit(&mut input, key);
            state.overlay = Some(Overlay::Export { input, what });
            Vec::new()
        }
        Overlay::Replay { selected, row } => replay::key(state, selected, row, key),
        Overlay::Parameter { id, own, mut input } => {
            if key == Key::plain(Code::Enter) {
                return rule_page::set(state, id, own, input.value());
            }
            overlay::edit(&mut input, key);
            state.overlay = Some(Overlay::Parameter { id, own, input });
            Vec::new()
        }
        Overlay::Exclusion(form) => exclusion_form::key(state, form, key),
        Overlay::Tables { input, selected } => tables(state, input, selected, key),
        Overlay::Steps { selected } => super::lessons::step_key(state, selected, key),
        Overlay::Lessons { selected } => super::lessons::key(state, selected, key),
    }
}

fn help(state: &mut State, mut filter: Input, top: usize, key: Key) -> Vec<Effect> {
    let top = match key.code {
        Code::Down => top.saturating_add(1),
        Code::Up => top.saturating_sub(1),
        Code::PageDown => top.saturating_add(10),
        Code::PageUp => top.saturating_sub(10),
        Code::Enter | Code::F(1) => return Vec::new(),
        // The key that opened it closes it, as long as nothing is being looked for.
        Code::Char('?' | 'q') if filter.value().is_empty() => return Vec::new(),
        _ => {
            overlay::edit(&mut filter, key);
            0
        }
    };
    let lines = views::overlays::help(state, filter.value()).len();
    state.overlay = Some(Overlay::Help { filter, top: top.min(lines.saturating_sub(1)) });
    Vec::new()
}

fn palette(state: &mut State, mut input: Input, selected: usize, key: Key) -> Vec<Effect> {
    let rows = overlay::palette_rows(input.value(), &state.keymap, state.view);
    let selected = match (key.code, key.ctrl) {
        (Code::Enter, _) => {
            let Some(row) = rows.get(selected) else {
                state.tell(format!("no action fits '{}'", input.value()));
                return Vec::new();
            };
            if !row.is_for(state.view) {
                state.tell(format!("'{}' has no meaning in this view", row.name));
                return Vec::new();
            }
            return apply(state, row.action.clone());
        }
        (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => {
            selected.saturating_add(1).min(rows.len().saturating_sub(1))
        }
        (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => selected.saturating_sub(1),
        _ => {
            overlay::edit(&mut input, key);
            0
        }
    };
    state.overlay = Some(Overlay::Palette { input, selected });
    Vec::new()
}

fn tables(state: &mut State, mut input: Input, selected: usize, key: Key) -> Vec<Effect> {
    let rows = overlay::table_rows(input.value(), &state.events.tables);
    let selected = match (key.code, key.ctrl) {
        (Code::Enter, _) => {
            let Some((name, _)) = rows.get(selected) else { return Vec::new() };
            let name = name.clone();
            return apply(state, Action::ChooseTable(name));
        }
        (Code::Down | Code::Tab, _) | (Code::Char('n'), true) => {
            selected.saturating_add(1).min(rows.len().saturating_sub(1))
        }
        (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => selected.saturating_sub(1),
        _ => {
            overlay::edit(&mut input, key);
            0
        }
    };
    state.overlay = Some(Overlay::Tables { input, selected });
    Vec::new()
}
