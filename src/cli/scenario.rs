//! The scenarios of the sample data: unpacked and imported into a store that lasts as long as it is used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use include_dir::{Dir, include_dir};

use crate::console::walkthrough::lesson::{self, Lesson, LessonError};
use crate::ingest::{self, ImportError, Silent};
use crate::kql::nearest;
use crate::store::{Store, StoreError};

static SAMPLE_DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample-data");

/// What `FileProfile()` answers from in every scenario.
const FILE_PROFILE: &str = "file-profile.csv";

/// In the order they are best met: an attack among false positives, another, a quiet day.
const ORDER: [&str; 3] = ["xp-cmdshell", "java-sysrv", "baseline"];

#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("no scenario is called '{name}'; there {verb} {known}", verb = if known.len() == 1 { "is" } else { "are" }, known = known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("cannot make the demonstration's store in {path}: {error}", path = path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error("scenario {scenario}: {error}")]
    Lessons { scenario: String, error: LessonError },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A folder of the sample data.
#[derive(Clone, Copy)]
pub struct Scenario {
    folder: &'static Dir<'static>,
}

impl Scenario {
    /// All of them, each under its name.
    pub fn all() -> Vec<Self> {
        ORDER.iter().filter_map(|name| SAMPLE_DATA.get_dir(name)).map(|folder| Self { folder }).collect()
    }

    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        Self::all().into_iter().find(|scenario| scenario.name() == name).ok_or_else(|| {
            let near = nearest(name, ORDER).map(str::to_owned);
            let known = near.map_or_else(|| ORDER.map(str::to_owned).to_vec(), |near| vec![near]);
            ScenarioError::Unknown { name: name.to_owned(), known }
        })
    }

    pub fn name(&self) -> String {
        self.folder.path().to_string_lossy().into_owned()
    }

    /// What is to be read before or while hunting in it.
    pub fn lesson(&self) -> Option<&'static str> {
        self.text("lesson.md")
    }

    /// What is to be done in it, step by step.
    pub fn lessons(&self) -> Result<Vec<Lesson>, ScenarioError> {
        let Some(text) = self.text("steps.toml") else { return Ok(Vec::new()) };
        lesson::parse(text).map_err(|error| ScenarioError::Lessons { scenario: self.name(), error })
    }

    /// The first line of what is to be read.
    pub fn title(&self) -> &'static str {
        let first = self.lesson().and_then(|text| text.lines().next()).unwrap_or_default();
        first.trim_start_matches('#').trim()
    }

    /// Imports its events into a store of their own, by the way any event file goes.
    pub fn unpack(&self) -> Result<Unpacked, ScenarioError> {
        let folder = Folder::new()?;
        let failed = |error| ScenarioError::Folder { path: folder.path.clone(), error };
        let events = folder.path.join("events");
        fs::create_dir(&events).map_err(failed)?;
        for file in self.folder.files() {
            let name = file.path().file_name().unwrap_or_default();
            let is_events =
                file.path().extension().is_some_and(|extension| extension == "ndjson" || extension == "csv");
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
        Ok(Unpacked { path, _folder: folder })
    }

    fn text(&self, name: &str) -> Option<&'static str> {
        self.folder.get_file(self.folder.path().join(name))?.contents_utf8()
    }
}

/// The name of a demonstration's journal, in its folder.
pub const JOURNAL: &str = "journal.whippet";

/// A scenario's store; gone when this is dropped.
pub struct Unpacked {
    path: PathBuf,
    _folder: Folder,
}

impl Unpacked {
    pub fn store(&self) -> &Path {
        &self.path
    }

    /// Where the journal of the demonstration is kept, for whoever follows it.
    pub fn journal(&self) -> PathBuf {
        self.path.with_file_name(JOURNAL)
    }
}

/// A folder for the store, gone when the demonstration ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self, ScenarioError> {
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
        Err(ScenarioError::Folder { path, error })
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
