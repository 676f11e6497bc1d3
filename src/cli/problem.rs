//! What a command of the hunt stumbles over, and the exit status it means.

use std::io::Write;

use super::query::exit_for;
use super::{Exit, report};
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
    // Nothing is left to tell a broken standard error to.
    let _ = writeln!(stderr, "error: {}", visible(&problem.to_string()));
    match problem {
        Problem::Hunt(HuntError::Query { what, text, diagnostics }) => {
            let _ = report::write(stderr, &what, &text, &diagnostics);
            exit_for(&diagnostics)
        }
        Problem::Hunt(
            HuntError::UnknownRule { .. }
            | HuntError::AmbiguousRule { .. }
            | HuntError::UnknownUnit { .. }
            | HuntError::UnknownEvent(_)
            | HuntError::UnknownMatch(_),
        )
        | Problem::Arguments(_) => Exit::Invalid,
        _ => Exit::Failed,
    }
}
