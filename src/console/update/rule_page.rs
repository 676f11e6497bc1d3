//! The page of a rule: folding its sections, and giving its parameters other values.

use tui_input::Input;

use super::{Effect, apply, moves};
use crate::console::action::Action;
use crate::console::layout::Layout;
use crate::console::overlay::Overlay;
use crate::console::rule_page::{self, Content, PageRow, Section};
use crate::console::state::State;
use crate::hunt::exclusions::check_condition;
use crate::hunt::{ParameterId, SwitchAction};

/// Makes the lines anew from what is known.
pub fn refresh(state: &mut State) {
    state.rules.page = rule_page::rows(state);
    let rows = state.rules.page.len();
    let selected = state.rules.stages.selected;
    state.rules.stages.select(selected, rows);
}

pub fn selected(state: &State) -> Option<&PageRow> {
    state.rules.page.get(state.rules.stages.selected)
}

/// What `Enter` does on the page; `None` where the line is a switch.
pub fn open(state: &mut State) -> Option<Vec<Effect>> {
    let row = selected(state)?;
    let section = row.section;
    match &row.content {
        Content::Heading { open, .. } => {
            let open = *open;
            fold(state, section, open);
            Some(Vec::new())
        }
        Content::Binding { name, open: Some(_), .. } => {
            let name = name.clone();
            turn_list(state, name);
            Some(Vec::new())
        }
        Content::Parameter { .. } => Some(edit(state)),
        Content::Stage(_) => None,
        _ => {
            let (title, text) = (section.title().to_owned(), row.text.clone());
            state.overlay = Some(Overlay::Text { title, text, top: 0 });
            Some(Vec::new())
        }
    }
}

fn turn_list(state: &mut State, name: String) {
    if !state.rules.lists.remove(&name) {
        state.rules.lists.insert(name);
    }
    refresh(state);
}

/// Folds or unfolds what the cursor is in.
pub fn sideways(state: &mut State, unfold: bool) -> Vec<Effect> {
    let Some(row) = selected(state) else { return Vec::new() };
    let section = row.section;
    match &row.content {
        Content::Binding { name, open: Some(open), .. } if *open != unfold => {
            let name = name.clone();
            turn_list(state, name);
        }
        _ => fold(state, section, !unfold),
    }
    Vec::new()
}

/// Folds a section and goes to its heading, or unfolds it.
fn fold(state: &mut State, section: Section, folded: bool) {
    if folded {
        state.rules.folded.insert(section);
    } else {
        state.rules.folded.remove(&section);
    }
    refresh(state);
    if folded {
        go_to(state, |row| row.section == section);
    }
}

pub fn fold_all(state: &mut State, folded: bool) -> Vec<Effect> {
    let section = selected(state).map(|row| row.section);
    if folded {
        let sections: Vec<Section> = state.rules.page.iter().map(|row| row.section).collect();
        state.rules.folded.extend(sections);
    } else {
        state.rules.folded.clear();
    }
    refresh(state);
    go_to(state, |row| Some(row.section) == section);
    Vec::new()
}

/// The next heading, or the one before.
pub fn turn_section(state: &mut State, forward: bool) -> Vec<Effect> {
    let here = state.rules.stages.selected;
    let mut headings = state.rules.page.iter().enumerate();
    let is_heading = |row: &PageRow| matches!(row.content, Content::Heading { .. });
    let found = if forward {
        headings.find(|(at, row)| *at > here && is_heading(row))
    } else {
        headings.rfind(|(at, row)| *at < here && is_heading(row))
    };
    match found.map(|(at, _)| at) {
        Some(at) => {
            let rows = state.rules.page.len();
            state.rules.stages.select(at, rows);
            // The section is what one came for, so its heading goes up.
            let height = usize::from(Layout::of(state).inner(0).height);
            state.rules.stages.top = at.min(rows.saturating_sub(height.saturating_sub(1)));
            moves::follow_page(state)
        }
        None => {
            state.tell(if forward { "this is the last section" } else { "this is the first section" });
            Vec::new()
        }
    }
}

fn go_to(state: &mut State, wanted: impl Fn(&PageRow) -> bool) {
    if let Some(at) = state.rules.page.iter().position(wanted) {
        state.rules.stages.select(at, state.rules.page.len());
    }
}

/// Asks for another value of the parameter under the cursor.
pub fn edit(state: &mut State) -> Vec<Effect> {
    let Some(Content::Parameter { id, own, value, .. }) = selected(state).map(|row| &row.content) else {
        state.tell("nothing to write here: the cursor is on no parameter (] goes to the next section)");
        return Vec::new();
    };
    let text = value.clone().unwrap_or_else(|| own.clone());
    let (id, own) = (id.clone(), own.clone());
    state.overlay = Some(Overlay::Parameter { id, own, input: Input::new(text) });
    Vec::new()
}

/// Takes what was written; nothing, or the rule's own value, takes the change back.
pub fn set(state: &mut State, id: ParameterId, own: String, text: &str) -> Vec<Effect> {
    let text = text.trim();
    if let Err(problem) = check_condition(text).or_else(|problem| if text.is_empty() { Ok(()) } else { Err(problem) }) {
        state.complain(format!("not a value: {problem}"));
        state.overlay = Some(Overlay::Parameter { id, own, input: Input::new(text.to_owned()) });
        return Vec::new();
    }
    let value = (!text.is_empty() && text != own.trim()).then(|| text.to_owned());
    if state.switches.parameter(&id) == value.as_deref() {
        return Vec::new();
    }
    let effects = apply(state, Action::Switch(SwitchAction::Parameter { parameter: id, value }));
    let is_lifted = matches!(selected(state).map(|row| &row.content), Some(Content::Parameter { is_lifted: true, .. }));
    if is_lifted {
        state.tell("set, but the clock shows the whole data and lifts what it is for: c sets a time (u undoes)");
    }
    effects
}
