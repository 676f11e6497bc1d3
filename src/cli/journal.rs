//! Journals and scripts as files: what commands begin and read.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::problem::Problem;
use crate::console::headless;
use crate::console::journal::{Header, HeaderError, Subject};
use crate::console::live::Live;
use crate::console::opening::Shared;
use crate::console::script::{self, ScriptFileError, Step};
use crate::console::state::State;
use crate::console::terminal;

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("the journal {path}: {error}", path = path.display())]
    NotBegun { path: PathBuf, error: io::Error },
    #[error("{path}: {error}", path = path.display())]
    Header { path: PathBuf, error: HeaderError },
    #[error("{path}: {error}", path = path.display())]
    Script { path: PathBuf, error: ScriptFileError },
    #[error("{path}: it does not say on what it is to be played: name a store with --db", path = path.display())]
    NoSubject { path: PathBuf },
    #[error("{path}: it is of a store, and lessons are of scenarios", path = path.display())]
    NoScenario { path: PathBuf },
    #[error("no demonstration is going on: start one with 'whippet demo' in another terminal, or name its journal")]
    NoDemonstration,
}

impl JournalError {
    /// What the person who wrote or named the file can mend is [`Exit::Invalid`].
    pub const fn exit(&self) -> Exit {
        match self {
            Self::NotBegun { .. } | Self::NoDemonstration => Exit::Failed,
            _ => Exit::Invalid,
        }
    }
}

/// A new journal with its head. One that is there is somebody's work.
pub fn begin(path: &Path, subject: Subject) -> Result<File, JournalError> {
    let failed = |error: io::Error| JournalError::NotBegun { path: path.to_owned(), error };
    let mut file = File::options().append(true).create_new(true).open(path).map_err(failed)?;
    let header = Header { subject: Some(subject), size: terminal::size() };
    write!(file, "{header}").map_err(failed)?;
    Ok(file)
}

/// A script that was read: its head and its steps.
pub struct Script {
    pub header: Header,
    pub steps: Vec<Step>,
}

impl Script {
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let named = || path.to_owned();
        let text = std::fs::read_to_string(path).map_err(|error| JournalError::Unreadable { path: named(), error })?;
        let header = Header::read(&text).map_err(|error| JournalError::Header { path: named(), error })?;
        let steps = script::parse_file(&text).map_err(|error| JournalError::Script { path: named(), error })?;
        Ok(Self { header, steps })
    }

    /// Does it without a screen; the state is as it left it.
    pub fn perform(self, shared: &Arc<Shared>, mut state: State, folder: Option<&Path>) -> Result<State, Problem> {
        let mut source = Live::new(Arc::clone(shared))?;
        headless::drive(self.header.size, &mut state, &mut source, self.steps, folder)?;
        Ok(state)
    }
}
