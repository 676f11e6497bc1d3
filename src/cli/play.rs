//! `whippet play`: a journal or a script is done again, on the screen or without one.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::open::{self, OpenError, Subject};
use super::scenario::{Scenario, ScenarioError, Unpacked};
use super::settings::{ConsoleArgs, SettingsError};
use crate::console::headless;
use crate::console::journal::{self, Header, HeaderError};
use crate::console::live::{Live, Opening, Shared};
use crate::console::run::{Ending, RunError};
use crate::console::script::{self, ScriptFileError, Step};
use crate::console::state::State;
use crate::console::theme::Theme;
use crate::hunt::HuntError;
use crate::kql::visible::visible;
use crate::rules::{Catalog, CatalogError};

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

#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    #[error("{path}: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{path}: {error}", path = path.display())]
    Header { path: PathBuf, error: HeaderError },
    #[error("{path}: {error}", path = path.display())]
    Script { path: PathBuf, error: ScriptFileError },
    #[error("{path}: it does not say on what it is to be played: name a store with --db", path = path.display())]
    NoSubject { path: PathBuf },
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Rules(#[from] CatalogError),
    #[error(transparent)]
    Hunt(#[from] HuntError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("the keys of the action table: {0}")]
    Keys(#[from] crate::console::keys::UnknownKey),
    #[error("not all of it could be done")]
    Undone,
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

impl PlayError {
    /// What the person who wrote the script can mend.
    pub const fn is_invalid(&self) -> bool {
        matches!(
            self,
            Self::Unreadable { .. }
                | Self::Header { .. }
                | Self::Script { .. }
                | Self::NoSubject { .. }
                | Self::Settings(_)
                | Self::Scenario(ScenarioError::Unknown { .. })
        )
    }
}

/// A script that was read: its head and its steps.
pub struct Script {
    pub header: Header,
    pub steps: Vec<Step>,
}

impl Script {
    pub fn read(path: &Path) -> Result<Self, PlayError> {
        let named = |path: &Path| path.to_owned();
        let text = std::fs::read_to_string(path).map_err(|error| PlayError::Unreadable { path: named(path), error })?;
        let header = Header::read(&text).map_err(|error| PlayError::Header { path: named(path), error })?;
        let steps = script::parse_file(&text).map_err(|error| PlayError::Script { path: named(path), error })?;
        Ok(Self { header, steps })
    }

    /// Does it without a screen; the state is as it left it.
    pub fn perform(self, shared: &Arc<Shared>, mut state: State, folder: Option<&Path>) -> Result<State, PlayError> {
        let mut source = Live::new(Arc::clone(shared))?;
        headless::drive(self.header.size, &mut state, &mut source, self.steps, folder)?;
        Ok(state)
    }
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    match play(arguments, stdout, stderr) {
        Ok(Some(ended)) => open::finish(Ok(ended), stderr),
        Ok(None) => Exit::Done,
        Err(PlayError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            for line in error.to_string().lines() {
                let _ = writeln!(stderr, "error: {}", visible(line));
            }
            if error.is_invalid() { Exit::Invalid } else { Exit::Failed }
        }
    }
}

/// What a script is played on.
enum Stage {
    Scenario(Scenario, Unpacked),
    Store(PathBuf),
}

impl Stage {
    fn of(arguments: &Args, script: &Script) -> Result<Self, PlayError> {
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
            None => Err(PlayError::NoSubject { path: arguments.script.clone() }),
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

fn play(arguments: &Args, out: &mut dyn Write, stderr: &mut dyn Write) -> Result<Option<Ending>, PlayError> {
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
        return Ok(Some(open::console(stage.store(), subject, config)?));
    }
    let mut state = State::configured(&config, Theme::Plain)?;
    state.lessons = subject.lessons.into_iter().map(Arc::new).collect();
    let shared = Shared::open(stage.store(), subject.catalog, subject.opening)?;
    let done = script.steps.iter().filter(|step| !matches!(step, Step::At(_))).count();
    let state = script.perform(&shared, state, Some(&arguments.into))?;
    for problem in &state.complaints {
        writeln!(stderr, "error: {}", visible(problem))?;
    }
    let (shown, all) = (state.shown_count(), state.all_count());
    writeln!(out, "{done} steps done, {} cannot be done; {shown} of {all} matches are shown", state.complaints.len())?;
    if state.complaints.is_empty() { Ok(None) } else { Err(PlayError::Undone) }
}
