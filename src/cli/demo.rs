//! `whippet demo`: a scenario of the sample data, in the console or as text.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use include_dir::{Dir, include_dir};

use super::Exit;
use super::open::{self, OpenError};
use crate::hunt::matches::RuleStatus;
use crate::hunt::survey::status_line;
use crate::hunt::tree::{facts, text};
use crate::hunt::{Case, Forest, HuntError, Match, NodeId, RuleRun};
use crate::ingest::{self, ImportError, Silent};
use crate::kql::nearest;
use crate::kql::visible::visible;
use crate::rules::Catalog;
use crate::schema::time::datetime_text;
use crate::store::{Store, StoreError};

static SAMPLE_DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample-data");

/// What `FileProfile()` answers from in every scenario.
const FILE_PROFILE: &str = "file-profile.csv";
/// Beyond this a list of matches says less than its count.
const SHOWN_MATCHES: usize = 50;

/// Hunt through a scenario of the sample data
///
/// Opens the console on it; where the output is no terminal, prints each rule's matches and their process chains.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario: xp-cmdshell, java-sysrv or baseline
    #[arg(value_name = "SCENARIO", default_value = "xp-cmdshell")]
    scenario: String,
    /// Read the rules of this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error("no scenario is called '{name}'; there are {}", known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("cannot make the demonstration's store in {path}: {error}", path = path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hunt(#[from] HuntError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    match demo(arguments, stdout) {
        Ok(exit) => match exit {
            Some(ended) => open::finish(Ok(ended), stderr),
            None => Exit::Done,
        },
        // A reader that has seen enough (`| head`) is no failure.
        Err(DemoError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            let message: Vec<String> = error.to_string().lines().map(visible).collect();
            let _ = writeln!(stderr, "error: {}", message.join("\n"));
            if matches!(error, DemoError::Unknown { .. }) { Exit::Invalid } else { Exit::Failed }
        }
    }
}

fn demo(arguments: &Args, stdout: &mut dyn Write) -> Result<Option<crate::console::run::Ending>, DemoError> {
    let scenario = scenario(&arguments.scenario)?;
    let name = scenario.path().to_string_lossy().into_owned();
    let lesson = scenario.get_file(scenario.path().join("lesson.md"));
    let lesson = lesson.and_then(|file| file.contents_utf8()).map(str::to_owned);
    let catalog = Catalog::open(arguments.rules.as_deref()).map_err(OpenError::from)?;
    let folder = Folder::new()?;
    let store = build(scenario, &folder)?;
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        Ok(Some(open::console(&store, catalog, format!("demo {name}"), lesson)?))
    } else {
        print(&store, catalog, &name, stdout)?;
        Ok(None)
    }
}

fn scenario(name: &str) -> Result<&'static Dir<'static>, DemoError> {
    SAMPLE_DATA.get_dir(name).ok_or_else(|| {
        let known: Vec<String> =
            SAMPLE_DATA.dirs().map(|folder| folder.path().to_string_lossy().into_owned()).collect();
        let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        DemoError::Unknown { name: name.to_owned(), known: near.map_or(known, |near| vec![near]) }
    })
}

/// A folder for the store, gone when the demonstration ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self, DemoError> {
        let base = std::env::temp_dir();
        let mut last = None;
        // Another demonstration, or what a killed one left, may have the name.
        for attempt in 0..64u32 {
            let path = base.join(format!("whippet-demo-{}-{attempt}", std::process::id()));
            match create_private(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) => last = Some((path, error)),
            }
        }
        let (path, error) = last.unwrap_or((base, io::Error::other("no free name")));
        Err(DemoError::Folder { path, error })
    }
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder that the system clears itself.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Imports the scenario into a store of its own, by the way any event file goes.
fn build(scenario: &Dir<'_>, folder: &Folder) -> Result<PathBuf, DemoError> {
    let failed = |error| DemoError::Folder { path: folder.path.clone(), error };
    let events = folder.path.join("events");
    fs::create_dir(&events).map_err(failed)?;
    for file in scenario.files() {
        let name = file.path().file_name().unwrap_or_default();
        let is_events = file.path().extension().is_some_and(|extension| extension == "ndjson" || extension == "csv");
        if is_events {
            fs::write(events.join(name), file.contents()).map_err(failed)?;
        }
    }
    let path = folder.path.join("demo.db");
    let mut store = Store::create_or_open(&path)?;
    let mut report = ingest::import(&mut store, &[events], &AtomicBool::new(false), &mut Silent)?;
    if let Some(profile) = SAMPLE_DATA.get_file(FILE_PROFILE) {
        let file = folder.path.join(FILE_PROFILE);
        fs::write(&file, profile.contents()).map_err(failed)?;
        ingest::import_profiles(&mut store, &file, &mut report)?;
    }
    Ok(path)
}

/// The hunt as text: each rule's matches, and the chains they stand in.
fn print(store: &Path, catalog: Catalog, name: &str, out: &mut dyn Write) -> Result<(), DemoError> {
    let case = Case::open(store, Arc::new(catalog))?;
    let reader = case.reader()?;
    let hunt = case.hunt(&reader, &[])?;
    let forest = facts::forest(&reader, None)?;
    let devices: Vec<String> = facts::devices(&reader)?.iter().map(|device| visible(device)).collect();
    writeln!(out, "whippet demo {}: {} events of {}", visible(name), reader.event_count()?, devices.join(", "))?;
    for run in &hunt.runs {
        print_run(&reader, &forest, run, out)?;
    }
    writeln!(out, "\nIn a terminal the same command opens the console.")?;
    Ok(())
}

fn print_run(reader: &Store, forest: &Forest, run: &RuleRun, out: &mut dyn Write) -> Result<(), DemoError> {
    let title = visible(&run.title);
    if run.status != RuleStatus::Ran {
        return Ok(writeln!(
            out,
            "\n{:<4} {title}: did not run: {}",
            run.severity.word(),
            visible(&status_line(&run.status))
        )?);
    }
    let count = run.matches.len();
    writeln!(out, "\n{:<4} {title}: {count} {}", run.severity.word(), if count == 1 { "match" } else { "matches" })?;
    let mut chains: Vec<String> = Vec::new();
    for (position, found) in run.matches.iter().enumerate() {
        if let Some(chain) = chain(reader, forest, found)?
            && !chains.contains(&chain)
        {
            chains.push(chain);
        }
        if position < SHOWN_MATCHES {
            print_match(found, out)?;
        }
    }
    if count > SHOWN_MATCHES {
        writeln!(out, "  … and {} more", count - SHOWN_MATCHES)?;
    }
    if !chains.is_empty() {
        writeln!(out, "  process chains:")?;
    }
    for chain in chains {
        writeln!(out, "    {chain}")?;
    }
    Ok(())
}

fn print_match(found: &Match, out: &mut dyn Write) -> io::Result<()> {
    let time = found.id.time.map(datetime_text).unwrap_or_default();
    let command = ["ProcessCommandLine", "InitiatingProcessCommandLine"]
        .iter()
        .find_map(|column| found.value(column))
        .map(crate::schema::format::text)
        .unwrap_or_default();
    let line = format!("{time}  {}  {command}", found.subject);
    writeln!(out, "  {}", visible(line.trim_end()))
}

/// The processes from the root down to the match.
fn chain(reader: &Store, forest: &Forest, found: &Match) -> Result<Option<String>, DemoError> {
    let Some(event) = found.events.first() else { return Ok(None) };
    let Some(node) = facts::locate(reader, forest, *event)? else { return Ok(None) };
    let names: Vec<String> = forest.path(node).into_iter().filter_map(|id| name_of(forest, id)).collect();
    Ok(Some(names.join(" → ")))
}

fn name_of(forest: &Forest, id: NodeId) -> Option<String> {
    forest.node(id).map(|node| visible(&text::name(node)))
}
