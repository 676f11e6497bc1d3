//! `whippet open`: a store in the console.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::settings::{ConsoleArgs, SettingsError};
use crate::console::config::Config;
use crate::console::desk::{self, Setup};
use crate::console::live::{Live, Shared};
use crate::console::run::{Ending, RunError};
use crate::console::source::Source;
use crate::console::terminal;
use crate::console::walkthrough::Lesson;
use crate::hunt::HuntError;
use crate::kql::visible::visible;
use crate::rules::{Catalog, CatalogError};

/// One hunts, one builds the process tree, and one answers for the row under the cursor.
const WORKERS: usize = 3;

/// Open a store in the console
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store, as `whippet import --db FILE` makes it
    #[arg(value_name = "FILE")]
    store: PathBuf,
    /// Read the rules of this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    console: ConsoleArgs,
}

/// Why the console does not open, or ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the console needs a terminal; 'whippet hunt --db FILE' prints the matches")]
    NoTerminal,
    #[error(transparent)]
    Rules(#[from] CatalogError),
    #[error(transparent)]
    Hunt(#[from] HuntError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the terminal went away: {0}")]
    Closed(String),
}

pub fn run(arguments: &Args, stderr: &mut dyn Write) -> Exit {
    let name = arguments.store.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    finish(open(arguments, name), stderr)
}

fn open(arguments: &Args, name: String) -> Result<Ending, OpenError> {
    let config = arguments.console.config()?;
    let catalog = Catalog::open(arguments.rules.as_deref())?;
    let subject = Subject { catalog, name, lesson: None, lessons: Vec::new() };
    console(&arguments.store, subject, config)
}

/// What the console shows, besides the store itself.
pub struct Subject {
    pub catalog: Catalog,
    pub name: String,
    pub lesson: Option<String>,
    pub lessons: Vec<Lesson>,
}

/// Shows a store in the console until the person leaves, or a signal ends it.
pub fn console(store: &Path, subject: Subject, config: Config) -> Result<Ending, OpenError> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(OpenError::NoTerminal);
    }
    let Subject { catalog, name, lesson, lessons } = subject;
    let shared = Shared::open(store, catalog, name, lesson)?;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for _ in 0..WORKERS {
        sources.push(Box::new(Live::new(std::sync::Arc::clone(&shared))?));
    }
    let setup = Setup { sources, lessons, config };
    match desk::show(setup, |variable| std::env::var(variable).ok())? {
        Ending::Closed(reason) => Err(OpenError::Closed(reason)),
        ending => Ok(ending),
    }
}

/// The exit status; a signal is obeyed now that everything is put away.
pub fn finish(ended: Result<Ending, OpenError>, stderr: &mut dyn Write) -> Exit {
    match ended {
        Ok(Ending::Signal(signal)) => {
            terminal::die_of(signal);
            Exit::Failed
        }
        Ok(_) => Exit::Done,
        Err(error) => {
            let message: Vec<String> = error.to_string().lines().map(visible).collect();
            let _ = writeln!(stderr, "error: {}", message.join("\n"));
            if matches!(error, OpenError::Settings(_)) { Exit::Invalid } else { Exit::Failed }
        }
    }
}
