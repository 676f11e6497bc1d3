//! `whippet open`: a store in the console.

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::problem::Problem;
use super::scenario::{Scenario, ScenarioError};
use super::settings::ConsoleArgs;
use crate::console::config::Config;
use crate::console::desk::{self, Setup, Stage};
use crate::console::importing::{Importing, Outcome};
use crate::console::live::Live;
use crate::console::opening::{Opening, Shared};
use crate::console::run::{Ending, RunError};
use crate::console::script::Step;
use crate::console::source::Source;
use crate::console::terminal;
use crate::console::walkthrough::Lesson;
use crate::rules::Catalog;

/// One hunts, one builds the process tree, and one answers for the row under the cursor.
const WORKERS: usize = 3;

/// Open a store in the console
///
/// With files or folders it reads them into the store first, which is made where there is none, and shows how far that
/// is. `I` in the console takes more of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store, as `whippet import --db FILE` makes it
    #[arg(value_name = "FILE")]
    store: PathBuf,
    /// Event files and folders to read into it first
    #[arg(value_name = "PATH", conflicts_with = "read_only")]
    paths: Vec<PathBuf>,
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

pub fn run(arguments: &Args) -> Result<Exit, Problem> {
    let name = name_of(&arguments.store);
    let config = arguments.console.config()?;
    let catalog = Catalog::open(arguments.rules.as_deref())?;
    let opening = Opening { name, lesson: None, fresh: arguments.fresh, read_only: arguments.read_only, bare: false };
    let subject = Subject::new(catalog, opening);
    if arguments.paths.is_empty() {
        return finish(console(&arguments.store, subject, config)?);
    }
    needs_terminal()?;
    let mut taken = stage(&config)?;
    let importing = Importing::new(&subject.opening.name, config.plain);
    let ending = match import(&mut taken, &arguments.store, arguments.paths.clone(), importing)? {
        Read::Open => console_on(Some(taken), &arguments.store, subject, config)?,
        Read::Ended(ending) => {
            // The terminal is given back before a signal is obeyed.
            drop(taken);
            ending
        }
    };
    finish(ending)
}

/// What follows an import.
enum Read {
    Open,
    Ended(Ending),
}

/// Reads files into a store on the screen.
fn import(stage: &mut Stage, store: &Path, paths: Vec<PathBuf>, importing: Importing) -> Result<Read, Problem> {
    match stage.import(store, paths, importing)? {
        Outcome::Open | Outcome::Behind => Ok(Read::Open),
        Outcome::Ended(ending) => Ok(Read::Ended(ending)),
        Outcome::Failed(problem) => Err(Problem::Failed(problem)),
    }
}

/// What a store is called on the screen.
pub fn name_of(store: &Path) -> String {
    store.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub fn needs_terminal() -> Result<(), Problem> {
    let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if has_terminal { Ok(()) } else { Err(Problem::NoTerminal) }
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
pub fn console(store: &Path, subject: Subject, config: Config) -> Result<Ending, Problem> {
    console_on(None, store, subject, config)
}

/// The terminal, taken before there is a store to show.
pub fn stage(config: &Config) -> Result<Stage, Problem> {
    Ok(Stage::open(config, |variable| std::env::var(variable).ok()).map_err(RunError::from)?)
}

/// As [`console`]. Without a stage the terminal is taken last: what is wrong with the store is said on its ordinary
/// screen.
pub fn console_on(taken: Option<Stage>, store: &Path, subject: Subject, config: Config) -> Result<Ending, Problem> {
    needs_terminal()?;
    let Subject { catalog, mut opening, lessons, play, journal } = subject;
    let sources = self::sources(store, catalog.clone(), opening.clone())?;
    let mut stage = taken.map_or_else(|| stage(&config), Ok)?;
    let mut setup = Setup { sources, lessons, config: config.clone(), play, journal };
    loop {
        let ending = desk::show(&mut stage, setup)?;
        match ending {
            Ending::Anew => {}
            Ending::Import(paths) => {
                let paths = paths.into_iter().map(|path| at_home(path, std::env::home_dir())).collect();
                let importing = Importing::within(&opening.name, config.plain);
                if let Read::Ended(ending) = import(&mut stage, store, paths, importing)? {
                    return Ok(ending);
                }
            }
            ending => return Ok(ending),
        }
        // The desk is as it was left for the import.
        opening.fresh = false;
        let sources = self::sources(store, catalog.clone(), opening.clone())?;
        setup = Setup { sources, lessons: Vec::new(), config: config.clone(), play: None, journal: None };
    }
}

/// A path as a shell reads it: what is typed on the screen meets none.
fn at_home(path: PathBuf, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) if !path.exists() => home.join(rest),
        _ => path,
    }
}

/// The workers, each with a connection of its own.
fn sources(store: &Path, catalog: Catalog, opening: Opening) -> Result<Vec<Box<dyn Source>>, Problem> {
    let shared = Shared::open(store, catalog, opening)?;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for _ in 0..WORKERS {
        sources.push(Box::new(Live::new(Arc::clone(&shared))?));
    }
    Ok(sources)
}

/// The exit status; a signal is obeyed, now that everything is put away.
pub fn finish(ending: Ending) -> Result<Exit, Problem> {
    match ending {
        Ending::Closed(reason) => Err(Problem::Closed(reason)),
        Ending::Signal(signal) => {
            terminal::die_of(signal);
            Ok(Exit::Failed)
        }
        Ending::Quit | Ending::Import(_) | Ending::Anew => Ok(Exit::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_begin_at_home() {
        let home = |path: &str| at_home(path.into(), Some("/home/ann".into()));
        assert_eq!(home("~/logs/a.evtx"), Path::new("/home/ann/logs/a.evtx"));
        assert_eq!(home("~"), Path::new("/home/ann"));
        assert_eq!(home("~ann/a.evtx"), Path::new("~ann/a.evtx"));
        assert_eq!(home("logs/~/a.evtx"), Path::new("logs/~/a.evtx"));
        assert_eq!(at_home("~/a".into(), None), Path::new("~/a"));
    }
}
