//! Leaving the console: for good, or for as long as more files are read into the store.

use std::path::PathBuf;
use std::time::Duration;

use tui_input::Input;

use super::{Effect, ask, importing};
use crate::console::overlay::Overlay;
use crate::console::run::Ending;
use crate::console::session::Session;
use crate::console::source::{Kept, Question, Topic};
use crate::console::state::State;

/// Asked for again within this time, leaving is meant.
const AGAIN: Duration = Duration::from_secs(10);

/// Ends the console, once what is to stay is saved; asked for again, without.
pub fn leave(state: &mut State, ending: Ending) -> Vec<Effect> {
    if state.leaving.is_some() {
        return vec![Effect::End(ending)];
    }
    let quit = state.keymap.key("quit");
    if let Some(behind) = state.behind.as_mut().filter(|behind| behind.is_running()) {
        let is_told = behind.told.is_some_and(|told| state.now.saturating_sub(told) < AGAIN);
        behind.told = Some(state.now);
        if !is_told {
            state
                .tell(format!("files are still being read: {quit} again ends that, keeps what is complete and leaves"));
            return Vec::new();
        }
        state.leaving = Some(ending);
        state.tell(format!("ending the import; {quit} again leaves without waiting"));
        return vec![Effect::StopImport];
    }
    if state.board.is_pending(Topic::Save) {
        state.leaving = Some(ending);
        state.tell(format!("saving your switches; {quit} again leaves without"));
        return Vec::new();
    }
    if keeps_session(state) {
        state.leaving = Some(ending);
        return Vec::from_iter(save(state));
    }
    vec![Effect::End(ending)]
}

/// Whether the store is to keep the desk as it is now.
fn keeps_session(state: &State) -> bool {
    let is_known = state.overview.as_ref().is_some_and(|overview| !overview.read_only);
    let is_unsaved = state.behind.as_ref().is_some_and(|behind| behind.unsaved);
    is_known && (is_unsaved || state.kept.as_ref() != Some(&Session::of(state)))
}

/// Asks for the switches and the desk to be kept in the store; afterwards, while files are read into it.
pub fn save(state: &mut State) -> Option<Effect> {
    if let Some(behind) = &mut state.behind {
        behind.unsaved = behind.is_running();
        if behind.unsaved {
            return None;
        }
    }
    let session = Session::of(state);
    state.kept = Some(session.clone());
    let kept = Kept { switches: state.switches.clone(), session };
    Some(ask(state, Question::Save(Box::new(kept))))
}

/// Asks which files are to be read into the store.
pub fn ask_for_files(state: &mut State) -> Vec<Effect> {
    if importing::show(state) {
        return Vec::new();
    }
    if !state.takes_files {
        state.tell("no files are taken here: 'whippet open FILE' takes them, 'whippet import' too");
    } else if state.overview.is_none() {
        state.tell("the store is still being opened");
    } else if state.overview.as_ref().is_some_and(|overview| overview.read_only) {
        state.tell("this store is read-only: nothing can be imported into it");
    } else {
        state.overlay = Some(Overlay::Import { input: Input::default() });
    }
    Vec::new()
}

/// Leaves for the import of what was written.
pub fn import(state: &mut State, text: &str) -> Vec<Effect> {
    let paths = paths(text);
    if paths.is_empty() {
        state.tell("nothing to import: write files or folders, those with blanks in quotes");
        return Vec::new();
    }
    leave(state, Ending::Import(paths))
}

/// Paths as a shell takes them: blanks part them, but for those in quotes or behind a backslash. A backslash before
/// anything else is part of the path.
fn paths(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut path: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quote) {
            (end, Some(begun)) if end == begun => quote = None,
            ('\'' | '"', None) => {
                quote = Some(character);
                path.get_or_insert_default();
            }
            ('\\', None) if characters.peek() == Some(&' ') => path.get_or_insert_default().extend(characters.next()),
            (blank, None) if blank.is_whitespace() => found.extend(path.take()),
            (other, _) => path.get_or_insert_default().push(other),
        }
    }
    found.extend(path);
    found.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_parted_as_in_a_shell() {
        let parted = |text: &str| -> Vec<String> {
            paths(text).iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        assert_eq!(parted("  a.evtx  logs/ "), ["a.evtx", "logs/"]);
        assert_eq!(parted(r#"'my logs/a b.evtx' "c d""#), ["my logs/a b.evtx", "c d"]);
        assert_eq!(parted(r"my\ logs/a.evtx C:\Logs\x.evtx"), ["my logs/a.evtx", r"C:\Logs\x.evtx"]);
        assert_eq!(parted("'' \" "), [" "]);
        assert!(parted("   ").is_empty());
    }
}
