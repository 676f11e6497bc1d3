//! What a command stumbles over, and the exit status it means.

use std::io::Write;
use std::path::PathBuf;

use super::journal::JournalError;
use super::query::exit_for;
use super::scenario::ScenarioError;
use super::settings::SettingsError;
use super::{Exit, report};
use crate::console::keys::UnknownKey;
use crate::console::run::RunError;
use crate::console::script::ScriptError;
use crate::console::walkthrough::lesson::LessonError;
use crate::hunt::HuntError;
use crate::kql::visible::visible;
use crate::rules::catalog::CatalogError;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Hunt(#[from] HuntError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Import(#[from] crate::ingest::ImportError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Lessons(#[from] LessonError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("--keys: {0}")]
    Script(#[from] ScriptError),
    #[error("the keys of the action table: {0}")]
    Keys(#[from] UnknownKey),
    #[error("the console needs a terminal; 'whippet hunt --db FILE' prints the matches")]
    NoTerminal,
    #[error(transparent)]
    Console(#[from] RunError),
    #[error("the terminal went away: {0}")]
    Closed(String),
    #[error("{path}: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("the output could not be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the output could not be written: {0}")]
    Csv(#[from] csv::Error),
    #[error("{0}")]
    Arguments(String),
    #[error("{0}")]
    Failed(String),
}

impl Problem {
    fn is_closed_pipe(&self) -> bool {
        let kind = match self {
            Self::Output(error) => Some(error.kind()),
            Self::Json(error) => error.io_error_kind(),
            Self::Csv(error) => match error.kind() {
                csv::ErrorKind::Io(error) => Some(error.kind()),
                _ => None,
            },
            _ => None,
        };
        kind == Some(std::io::ErrorKind::BrokenPipe)
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Hunt(HuntError::Query { diagnostics, .. }) => exit_for(diagnostics),
            Self::Hunt(
                HuntError::UnknownRule { .. }
                | HuntError::AmbiguousRule { .. }
                | HuntError::UnknownUnit { .. }
                | HuntError::UnknownEvent(_)
                | HuntError::UnknownMatch(_),
            )
            | Self::Scenario(ScenarioError::Unknown { .. } | ScenarioError::Lessons { .. })
            | Self::Lessons(_)
            | Self::Settings(_)
            | Self::Script(_)
            | Self::Arguments(_) => Exit::Invalid,
            Self::Journal(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

/// Says what went wrong on standard error.
pub fn report(answer: Result<Exit, Problem>, stderr: &mut dyn Write) -> Exit {
    let problem = match answer {
        Ok(exit) => return exit,
        Err(problem) => problem,
    };
    // Whoever read the output has seen enough (`| head`).
    if problem.is_closed_pipe() {
        return Exit::Done;
    }
    let message: Vec<String> = problem.to_string().lines().map(visible).collect();
    // Nothing is left to tell a broken standard error to.
    let _ = writeln!(stderr, "error: {}", message.join("\n"));
    if let Problem::Hunt(HuntError::Query { what, text, diagnostics }) = &problem {
        let _ = report::write(stderr, what, text, diagnostics);
    }
    problem.exit()
}
