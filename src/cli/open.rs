//! `whippet open`: a store in the console.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::scenario::{Scenario, ScenarioError};
use super::settings::{ConsoleArgs, SettingsError};
use crate::console::config::Config;
use crate::console::desk::{self, Setup};
use crate::console::live::{Live, Opening, Shared};
use crate::console::run::{Ending, RunError};
use crate::console::script::Step;
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
    /// Keep nothing in the store: neither switches and exclusions nor how the desk was left
    #[arg(long)]
    read_only: bool,
    /// Begin at the matches, not where the store was left; switches and exclusions stay
    #[arg(long)]
    fresh: bool,
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
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error("the journal {path}: {error}", path = path.display())]
    Journal { path: PathBuf, error: std::io::Error },
    #[error("the terminal went away: {0}")]
    Closed(String),
}

pub fn run(arguments: &Args, stderr: &mut dyn Write) -> Exit {
    finish(open(arguments), stderr)
}

/// What a store is called on the screen.
pub fn name_of(store: &Path) -> String {
    store.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub fn needs_terminal() -> Result<(), OpenError> {
    let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if has_terminal { Ok(()) } else { Err(OpenError::NoTerminal) }
}

fn open(arguments: &Args) -> Result<Ending, OpenError> {
    let name = name_of(&arguments.store);
    let config = arguments.console.config()?;
    let catalog = Catalog::open(arguments.rules.as_deref())?;
    let opening = Opening { name, lesson: None, fresh: arguments.fresh, read_only: arguments.read_only, bare: false };
    console(&arguments.store, Subject::new(catalog, opening), config)
}

/// What the console shows, besides the store itself.
pub struct Subject {
    pub catalog: Catalog,
    pub opening: Opening,
    pub lessons: Vec<Lesson>,
    /// What the console does by itself, and how many times faster than it was done.
    pub play: Option<(Vec<Step>, f64)>,
    /// Where what is done is written down.
    pub journal: Option<File>,
}

impl Subject {
    pub fn new(catalog: Catalog, opening: Opening) -> Self {
        Self { catalog, opening, lessons: Vec::new(), play: None, journal: None }
    }

    pub fn of_scenario(scenario: &Scenario, catalog: Catalog) -> Result<Self, ScenarioError> {
        let lesson = scenario.lesson()?;
        let opening = Opening { name: format!("demo {}", scenario.name()), lesson, ..Opening::default() };
        Ok(Self { lessons: scenario.lessons()?, ..Self::new(catalog, opening) })
    }

    #[must_use]
    pub fn recorded(mut self, journal: File) -> Self {
        self.journal = Some(journal);
        self
    }
}

/// Shows a store in the console until the person leaves, or a signal ends it.
pub fn console(store: &Path, subject: Subject, config: Config) -> Result<Ending, OpenError> {
    needs_terminal()?;
    let Subject { catalog, opening, lessons, play, journal } = subject;
    let shared = Shared::open(store, catalog, opening)?;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for _ in 0..WORKERS {
        sources.push(Box::new(Live::new(std::sync::Arc::clone(&shared))?));
    }
    let setup = Setup { sources, lessons, config, play, journal };
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
            if matches!(error, OpenError::Settings(_) | OpenError::Scenario(ScenarioError::Unknown { .. })) {
                Exit::Invalid
            } else {
                Exit::Failed
            }
        }
    }
}
