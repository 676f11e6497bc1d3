//! The scenarios of the sample data: unpacked and imported into a store that lasts as long as it is used.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use include_dir::{Dir, include_dir};

use crate::console::chooser::{Offer, OfferedLesson};
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
    #[error("{path}: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{path} is no scenario: it has neither a folder 'data' nor event files", path = path.display())]
    NoEvents { path: PathBuf },
    #[error("scenario {scenario}: {error}")]
    Lessons { scenario: String, error: LessonError },
    #[error("scenario {scenario}: expected.json: {error}")]
    Known { scenario: String, error: serde_json::Error },
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A scenario: one of the sample data, or a folder of somebody's own.
#[derive(Clone)]
pub struct Scenario {
    files: Files,
}

#[derive(Clone)]
enum Files {
    BuiltIn(&'static Dir<'static>),
    Folder(PathBuf),
}

impl Scenario {
    /// All of the sample data.
    pub fn all() -> Vec<Self> {
        let known = ORDER.iter().filter_map(|name| SAMPLE_DATA.get_dir(name));
        known.map(|folder| Self { files: Files::BuiltIn(folder) }).collect()
    }

    /// One of the sample data by its name, or a folder by its path.
    pub fn named(name: &str) -> Result<Self, ScenarioError> {
        if let Some(known) = Self::all().into_iter().find(|scenario| scenario.name() == name) {
            return Ok(known);
        }
        if Path::new(name).is_dir() {
            return Ok(Self { files: Files::Folder(PathBuf::from(name)) });
        }
        let near = nearest(name, ORDER).map(str::to_owned);
        let known = near.map_or_else(|| ORDER.map(str::to_owned).to_vec(), |near| vec![near]);
        Err(ScenarioError::Unknown { name: name.to_owned(), known })
    }

    /// What finds it again: the name, or the folder's path.
    pub fn name(&self) -> String {
        match &self.files {
            Files::BuiltIn(folder) => folder.path().to_string_lossy().into_owned(),
            Files::Folder(path) => path.to_string_lossy().into_owned(),
        }
    }

    /// What is to be read before or while hunting in it.
    pub fn lesson(&self) -> Result<Option<String>, ScenarioError> {
        self.text("lesson.md")
    }

    /// What is to be done in it, step by step.
    pub fn lessons(&self) -> Result<Vec<Lesson>, ScenarioError> {
        let Some(text) = self.text("steps.toml")? else { return Ok(Vec::new()) };
        lesson::parse(&text).map_err(|error| ScenarioError::Lessons { scenario: self.name(), error })
    }

    /// The rules that come with it, in place of the built-in ones.
    pub fn rules(&self) -> Option<PathBuf> {
        match &self.files {
            Files::Folder(path) => Some(path.join("rules")).filter(|rules| rules.is_dir()),
            Files::BuiltIn(_) => None,
        }
    }

    /// The first line of what is to be read.
    pub fn title(&self) -> String {
        let text = self.lesson().ok().flatten().unwrap_or_default();
        text.lines().next().unwrap_or_default().trim_start_matches('#').trim().to_owned()
    }

    /// What it has, for whoever chooses among several.
    pub fn offer(&self) -> Result<Offer, ScenarioError> {
        let lessons = self.lessons()?.into_iter().map(|lesson| OfferedLesson {
            title: lesson.title,
            about: lesson.about,
            steps: lesson.steps.len(),
        });
        Ok(Offer {
            name: self.name(),
            title: self.title(),
            about: first_paragraph(&self.lesson()?.unwrap_or_default()),
            facts: self.known()?.map(facts).unwrap_or_default(),
            lessons: lessons.collect(),
        })
    }

    /// What is known to be in it, where somebody wrote that down.
    fn known(&self) -> Result<Option<Known>, ScenarioError> {
        let Some(text) = self.text("expected.json")? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&text).map_err(|error| ScenarioError::Known { scenario: self.name(), error })?))
    }

    /// Imports its events into a store of their own, by the way any event file goes.
    pub fn unpack(&self) -> Result<Unpacked, ScenarioError> {
        let folder = Folder::new()?;
        let failed = |error| ScenarioError::Folder { path: folder.path.clone(), error };
        let (events, profile) = match &self.files {
            Files::BuiltIn(data) => {
                let events = folder.path.join("events");
                fs::create_dir(&events).map_err(failed)?;
                for file in data.files() {
                    let name = file.path().file_name().unwrap_or_default();
                    if is_events(file.path()) {
                        fs::write(events.join(name), file.contents()).map_err(failed)?;
                    }
                }
                let profile = folder.path.join(FILE_PROFILE);
                if let Some(known) = SAMPLE_DATA.get_file(FILE_PROFILE) {
                    fs::write(&profile, known.contents()).map_err(failed)?;
                }
                (vec![events], profile)
            }
            Files::Folder(path) => (events_of(path)?, path.join(FILE_PROFILE)),
        };
        let path = folder.path.join("demo.db");
        let mut store = Store::create_or_open(&path)?;
        let mut report = ingest::import(&mut store, &events, &AtomicBool::new(false), &mut Silent)?;
        if profile.is_file() {
            ingest::import_profiles(&mut store, &profile, &mut report)?;
        }
        Ok(Unpacked { path, _folder: folder })
    }

    fn text(&self, name: &str) -> Result<Option<String>, ScenarioError> {
        match &self.files {
            Files::BuiltIn(folder) => {
                let file = folder.get_file(folder.path().join(name));
                Ok(file.and_then(|file| file.contents_utf8()).map(str::to_owned))
            }
            Files::Folder(path) => match fs::read_to_string(path.join(name)) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(ScenarioError::Unreadable { path: path.join(name), error }),
            },
        }
    }
}

/// The part of `expected.json` that is told to whoever chooses.
#[derive(serde::Deserialize)]
struct Known {
    events: u64,
    rules: BTreeMap<String, Expected>,
}

#[derive(serde::Deserialize)]
struct Expected {
    matches: Vec<serde::de::IgnoredAny>,
}

fn facts(known: Known) -> Vec<(String, String)> {
    let mut matches: Vec<(usize, &String)> = known
        .rules
        .iter()
        .map(|(rule, expected)| (expected.matches.len(), rule))
        .filter(|(count, _)| *count > 0)
        .collect();
    matches.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let mut facts = vec![("events".to_owned(), known.events.to_string())];
    if matches.is_empty() {
        facts.push(("matches".to_owned(), "none of the built-in rules".to_owned()));
    }
    for (place, (count, rule)) in matches.into_iter().enumerate() {
        let label = if place == 0 { "matches" } else { " " };
        facts.push((label.to_owned(), format!("{count} of {}", rule.replace('-', " "))));
    }
    facts
}

/// The first paragraph below the title, in one line.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().skip(1).skip_while(|line| line.trim().is_empty());
    let lines: Vec<&str> = lines.take_while(|line| !line.trim().is_empty()).collect();
    // The names of hosts are set as code; on a screen they are words.
    lines.join(" ").replace('`', "")
}

/// The events of a folder: all of its `data`, else the event files that lie in it.
fn events_of(folder: &Path) -> Result<Vec<PathBuf>, ScenarioError> {
    let data = folder.join("data");
    if data.is_dir() {
        return Ok(vec![data]);
    }
    let unreadable = |error| ScenarioError::Unreadable { path: folder.to_owned(), error };
    let mut events = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if is_events(&path) && path.file_name().is_some_and(|name| name != FILE_PROFILE) {
            events.push(path);
        }
    }
    events.sort();
    if events.is_empty() { Err(ScenarioError::NoEvents { path: folder.to_owned() }) } else { Ok(events) }
}

fn is_events(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| matches!(extension.as_str(), "ndjson" | "jsonl" | "csv" | "evtx" | "xml"))
}

/// The name of a demonstration's journal, in its folder.
pub const JOURNAL: &str = "journal.whippet";

/// What the folders of demonstrations begin with.
pub const FOLDER: &str = "whippet-demo-";

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
            let path = base.join(format!("{FOLDER}{}-{attempt}", std::process::id()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_what_is_there() {
        for scenario in Scenario::all() {
            let offer = scenario.offer().unwrap();
            let unpacked = scenario.unpack().unwrap();
            let events = Store::open_read_only(unpacked.store()).unwrap().event_count().unwrap();
            assert_eq!(offer.facts[0], ("events".to_owned(), events.to_string()), "{}", offer.name);
            assert!(offer.about.ends_with('.') && !offer.about.contains('#'), "{}", offer.about);
            assert_eq!(offer.lessons.len(), scenario.lessons().unwrap().len());
            assert!(!offer.title.is_empty() && offer.facts.len() > 1);
        }
    }
}
