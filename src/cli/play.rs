//! `whippet play`: a journal or a script is done again, on the screen or without one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::journal::{JournalError, Script};
use super::open::{self, Subject};
use super::problem::Problem;
use super::scenario::{Scenario, Unpacked};
use super::settings::ConsoleArgs;
use crate::console::journal;
use crate::console::keymap::Keymap;
use crate::console::opening::{Opening, Shared};
use crate::console::script::Step;
use crate::console::state::State;
use crate::console::theme::Theme;
use crate::kql::visible::visible;
use crate::rules::Catalog;

/// Do again what a journal or a script says, on the screen or without one
///
/// It begins on a fresh desk, whatever the store keeps, and keeps nothing in the store. Files are written below the
/// current folder, or the one of --into, and never over one that is there. Any key stops it and hands the console over.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The journal or script
    #[arg(value_name = "JOURNAL")]
    script: PathBuf,
    /// So many times faster than it was done; 0 is without pauses
    #[arg(long, value_name = "TIMES", default_value_t = 1.0)]
    pace: f64,
    /// Play it on this store in place of the journal's own
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Play it without a screen, and without pauses; status 1 if something in it cannot be done
    #[arg(long)]
    check: bool,
    /// The folder that files are written to, with --check
    #[arg(long, value_name = "DIR", requires = "check", default_value = ".")]
    into: PathBuf,
    /// Read the rules of this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    console: ConsoleArgs,
}

/// What a script is played on.
enum Stage {
    Scenario(Scenario, Unpacked),
    Store(PathBuf),
}

impl Stage {
    fn of(arguments: &Args, script: &Script) -> Result<Self, Problem> {
        if let Some(store) = &arguments.db {
            return Ok(Self::Store(store.clone()));
        }
        match &script.header.subject {
            Some(journal::Subject::Scenario(name)) => {
                let scenario = Scenario::named(name)?;
                let unpacked = scenario.unpack()?;
                Ok(Self::Scenario(scenario, unpacked))
            }
            Some(journal::Subject::Store(path)) => {
                let folder = arguments.script.parent().unwrap_or(Path::new(""));
                Ok(Self::Store(folder.join(path)))
            }
            None => Err(JournalError::NoSubject { path: arguments.script.clone() }.into()),
        }
    }

    fn rules(&self) -> Option<PathBuf> {
        match self {
            Self::Scenario(scenario, _) => scenario.rules(),
            Self::Store(_) => None,
        }
    }

    fn store(&self) -> &Path {
        match self {
            Self::Scenario(_, unpacked) => unpacked.store(),
            Self::Store(path) => path,
        }
    }
}

pub fn run(arguments: &Args, out: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    let script = Script::read(&arguments.script)?;
    let config = arguments.console.config()?;
    let stage = Stage::of(arguments, &script)?;
    let rules = arguments.rules.clone().or_else(|| stage.rules());
    let catalog = Catalog::open(rules.as_deref())?;
    let mut subject = match &stage {
        Stage::Scenario(scenario, _) => Subject::of_scenario(scenario, catalog)?,
        Stage::Store(path) => Subject::new(catalog, Opening { name: open::name_of(path), ..Opening::default() }),
    };
    let opening = &mut subject.opening;
    (opening.fresh, opening.read_only, opening.bare) = (true, true, true);
    if !arguments.check {
        subject.play = Some((script.steps, arguments.pace));
        let ending = open::console(stage.store(), subject, config)?;
        drop(stage);
        return open::finish(ending);
    }
    let mut state = State::configured(&config, Theme::Plain)?;
    // The keys of a script mean the same whatever keys the person has.
    state.keymap = Keymap::standard()?;
    state.lessons = subject.lessons.into_iter().map(Arc::new).collect();
    let shared = Shared::open(stage.store(), subject.catalog, subject.opening)?;
    let done = script.steps.iter().filter(|step| !matches!(step, Step::At(_))).count();
    let state = script.perform(&shared, state, Some(&arguments.into))?;
    for problem in &state.complaints {
        writeln!(stderr, "error: {}", visible(problem))?;
    }
    let (shown, all) = (state.shown_count(), state.all_count());
    writeln!(out, "{done} steps done, {} cannot be done; {shown} of {all} matches are shown", state.complaints.len())?;
    if state.complaints.is_empty() {
        Ok(Exit::Done)
    } else {
        Err(Problem::Failed("not all of it could be done".to_owned()))
    }
}
