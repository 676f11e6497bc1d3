//! Importing on the screen: how far it is, file by file, and what became of each. It comes before there is a store to
//! show, and again when more files are wanted.
//!
//! Knows nothing of how files are read: [`work::News`] say it.

pub mod behind;
pub mod screen;
pub mod work;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use self::work::News;
use super::input::{Input, Mouse};
use super::keys::{Code, Key};
use super::run::Ending;
use super::theme::Theme;
use super::widgets::scrolled::Scrolled;
use crate::ingest::{FileReport, ImportReport};

/// A file as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SeenFile {
    path: String,
    bytes: u64,
    records: u64,
    /// When reading it began.
    from: Duration,
    took: Option<Duration>,
    /// What became of its records so far: stored, known already, rejected.
    counts: [u64; 3],
    /// What became of it, once it is read.
    report: Option<FileReport>,
}

/// What is to follow on what is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopping {
    No,
    /// What is complete is kept, and the report read.
    Keep,
    /// The store is opened with what is ready.
    Open,
}

/// How an import ended for the person before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// To the store.
    Open,
    /// To the store, while it goes on.
    Behind,
    Ended(Ending),
    Failed(String),
}

/// What an input leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    Stay,
    /// Nothing more is to be read.
    Stop,
    Suspend,
    Retake,
    Redraw,
    /// The screen is left.
    Over(Outcome),
}

pub struct Importing {
    /// What the store is called.
    name: String,
    files: Vec<SeenFile>,
    /// The files after those, and their bytes.
    waiting: VecDeque<(String, u64)>,
    /// The store is there.
    has_begun: bool,
    /// It is to go on behind the console as soon as the store is there.
    goes_behind: bool,
    /// The place of the file that is being read.
    reading: Option<usize>,
    /// Bytes that are to be read, and are.
    total: u64,
    reached: u64,
    records: u64,
    /// Bytes and records that were there when the file that is being read began.
    before: (u64, u64),
    stage: Option<String>,
    outcome: Option<Result<Box<ImportReport>, String>>,
    stopping: Stopping,
    selected: usize,
    /// Somebody moved the cursor: it no longer follows what is read.
    is_chosen: bool,
    /// A console waits to be shown again: there is always a way back to it.
    is_within: bool,
    /// What is said of the chosen file.
    said: Scrolled,
    now: Duration,
    pub theme: Theme,
    pub plain: bool,
}

impl Importing {
    pub fn new(name: impl Into<String>, plain: bool) -> Self {
        Self {
            name: name.into(),
            files: Vec::new(),
            waiting: VecDeque::new(),
            has_begun: false,
            goes_behind: false,
            reading: None,
            total: 0,
            reached: 0,
            records: 0,
            before: (0, 0),
            stage: None,
            outcome: None,
            stopping: Stopping::No,
            selected: 0,
            is_chosen: false,
            is_within: false,
            said: Scrolled::default(),
            now: Duration::ZERO,
            theme: Theme::default(),
            plain,
        }
    }

    /// As it is asked for in a console, which is shown again afterwards.
    pub fn within(name: impl Into<String>, plain: bool) -> Self {
        Self { is_within: true, ..Self::new(name, plain) }
    }

    pub fn take(&mut self, input: Input, now: Duration) -> Taken {
        self.now = now;
        match input {
            Input::Import(news) => self.hear(*news),
            Input::Key(key) => self.key(key),
            Input::Mouse(Mouse::Wheel { down, .. }) => self.step(if down { 3 } else { -3 }),
            Input::Background { is_light } => {
                self.theme = self.theme.on(is_light);
                Taken::Stay
            }
            Input::Suspend => Taken::Suspend,
            Input::Continued => Taken::Retake,
            Input::Terminate(signal) => Taken::Over(Outcome::Ended(Ending::Signal(signal))),
            Input::Closed(why) => Taken::Over(Outcome::Ended(Ending::Closed(why))),
            // What workers of a console before this still had to say.
            Input::Report(_) | Input::Mouse(_) | Input::Resize | Input::Act(_) | Input::Paste(_) => Taken::Stay,
        }
    }

    fn hear(&mut self, news: News) -> Taken {
        match news {
            News::Begins { bytes } => {
                (self.total, self.has_begun) = (bytes, true);
                if std::mem::take(&mut self.goes_behind) {
                    return Taken::Over(Outcome::Behind);
                }
            }
            News::Listed(files) => self.waiting = files.into(),
            News::File { path, bytes } => {
                self.file_is_over();
                self.before = (self.reached, self.records);
                self.begin(SeenFile { path, bytes, from: self.now, ..SeenFile::default() });
                self.reading = self.files.len().checked_sub(1);
            }
            News::Reached { bytes, records } => {
                (self.reached, self.records) = (bytes, records);
                let before = self.before.1;
                if let Some(file) = self.read_file() {
                    file.records = records.saturating_sub(before);
                }
            }
            News::Counted { stored, known, rejected } => {
                if let Some(file) = self.read_file() {
                    file.counts = [stored, known, rejected];
                }
            }
            News::Done(report) => {
                if self.read_file().is_none_or(|file| file.path != report.path) {
                    let (path, bytes) = (report.path.clone(), report.bytes);
                    self.begin(SeenFile { path, bytes, report: Some(*report), ..SeenFile::default() });
                } else {
                    if let Some(file) = self.read_file() {
                        file.report = Some(*report);
                    }
                    self.file_is_over();
                }
            }
            News::Stage(name) => {
                self.file_is_over();
                self.stage = Some(name);
            }
            News::Over(done) => {
                self.file_is_over();
                self.stage = None;
                if let Ok(report) = &done {
                    self.settle(report);
                }
                let is_ready = done.is_ok();
                self.outcome = Some(done);
                if is_ready && self.stopping == Stopping::Open {
                    return Taken::Over(Outcome::Open);
                }
            }
        }
        Taken::Stay
    }

    /// Another file is there, and no longer among those that wait. Members of an archive stand for it.
    fn begin(&mut self, file: SeenFile) {
        let name = file.path.split("!/").next().unwrap_or_default();
        if let Some(place) = self.waiting.iter().position(|(path, _)| path == name) {
            self.waiting.remove(place);
        }
        self.files.push(file);
        if !self.is_chosen {
            self.selected = self.files.len().saturating_sub(1);
        }
    }

    fn read_file(&mut self) -> Option<&mut SeenFile> {
        self.files.get_mut(self.reading?)
    }

    fn file_is_over(&mut self) {
        let now = self.now;
        if let Some(file) = self.read_file() {
            file.took = Some(now.saturating_sub(file.from));
        }
        self.reading = None;
    }

    /// The files as the report has them: those that were left out are among them.
    fn settle(&mut self, report: &ImportReport) {
        let times: HashMap<String, Option<Duration>> =
            self.files.drain(..).map(|file| (file.path, file.took)).collect();
        let seen = report.files.iter().map(|file| SeenFile {
            path: file.path.clone(),
            bytes: file.bytes,
            records: file.records,
            from: Duration::ZERO,
            took: times.get(&file.path).copied().flatten(),
            counts: [file.stored, file.duplicates, file.rejected],
            report: Some(file.clone()),
        });
        self.files = seen.collect();
        if !report.interrupted {
            self.waiting.clear();
        }
        // What needs a look comes first; the rest as it was read.
        self.files.sort_by_key(|file| !file.report.as_ref().is_some_and(needs_a_look));
        (self.selected, self.is_chosen) = (0, false);
        self.said.rewind();
    }

    /// The keys are those of the console's lists.
    fn key(&mut self, key: Key) -> Taken {
        let is_over = self.outcome.is_some();
        match (key.code, key.ctrl) {
            (Code::Char('j') | Code::Down, false) => self.step(1),
            (Code::Char('k') | Code::Up, false) => self.step(-1),
            (Code::Char('g') | Code::Home, false) => self.step(isize::MIN),
            (Code::Char('G') | Code::End, false) => self.step(isize::MAX),
            (Code::PageDown, false) | (Code::Char('d'), true) => self.read(Scrolled::down),
            (Code::PageUp, false) | (Code::Char('u'), true) => self.read(Scrolled::up),
            (Code::Enter, _) => match &self.outcome {
                Some(Ok(_)) => Taken::Over(Outcome::Open),
                Some(Err(_)) if self.is_within => Taken::Over(Outcome::Open),
                Some(Err(_)) => Taken::Stay,
                None => self.stop(Stopping::Open),
            },
            (Code::Char('q' | 'Q'), false) if is_over => Taken::Over(match &self.outcome {
                _ if self.is_within => Outcome::Open,
                Some(Err(problem)) => Outcome::Failed(problem.clone()),
                _ => Outcome::Ended(Ending::Quit),
            }),
            (Code::Esc, false) | (Code::Char('c'), true) if !is_over => self.stop(Stopping::Keep),
            // They end what is running and never leave whippet: the import may have ended as they were pressed.
            (Code::Esc, false) | (Code::Char('c'), true) if self.is_within => Taken::Over(Outcome::Open),
            (Code::Char('b'), false) if !is_over => self.go_behind(),
            (Code::Char('z'), true) => Taken::Suspend,
            (Code::Char('l'), true) => Taken::Redraw,
            _ => Taken::Stay,
        }
    }

    /// Leaves the screen, once there is a store to show. What is stopping is read to no other end than that.
    fn go_behind(&mut self) -> Taken {
        if self.stopping == Stopping::Open {
            self.stopping = Stopping::Keep;
        }
        self.goes_behind = !self.has_begun;
        if self.has_begun { Taken::Over(Outcome::Behind) } else { Taken::Stay }
    }

    fn stop(&mut self, then: Stopping) -> Taken {
        self.stopping = then;
        Taken::Stop
    }

    fn step(&mut self, steps: isize) -> Taken {
        let last = self.files.len().saturating_add(self.waiting.len()).saturating_sub(1);
        let place = self.selected.saturating_add_signed(steps).min(last);
        if place != self.selected {
            self.selected = place;
            self.said.rewind();
        }
        // On the newest file the cursor goes on with the next ones.
        self.is_chosen = place.saturating_add(1) != self.files.len() || self.outcome.is_some();
        Taken::Stay
    }

    fn read(&mut self, on: fn(&mut Scrolled)) -> Taken {
        on(&mut self.said);
        Taken::Stay
    }
}

/// Whether not all of a file is in the store.
fn needs_a_look(file: &FileReport) -> bool {
    file.problem.is_some() || file.rejected > 0
}

#[cfg(test)]
mod tests;
