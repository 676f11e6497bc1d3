//! `whippet present`: what the presenter of a lesson sees while the learner does it.
//!
//! Follows the learner's journal, which only ever grows; nothing goes the other way.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::Exit;
use super::journal::JournalError;
use super::problem::Problem;
use super::scenario::{self, Scenario};
use crate::console::journal::{self, Header, LessonFact};
use crate::console::keymap::Keymap;
use crate::console::shown::Shown;
use crate::console::walkthrough::Lesson;
use crate::kql::visible::visible;

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// So many of the learner's last actions are shown.
const ACTIONS: usize = 5;

/// Follow a learner's lesson from a second terminal
///
/// Shows the step with its goals, all its hints, the presenter's notes, and the next trap. Ends with the learner's
/// console, or with Ctrl-C.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The learner's journal; the newest demonstration's when none is named
    #[arg(value_name = "JOURNAL")]
    journal: Option<PathBuf>,
    /// Print what there is now, and end
    #[arg(long)]
    once: bool,
}

pub fn run(arguments: &Args, out: &mut dyn Write) -> Result<Exit, Problem> {
    let path = match &arguments.journal {
        Some(path) => path.clone(),
        None => newest()?.ok_or(JournalError::NoDemonstration)?,
    };
    let mut following = Following::new(&path)?;
    let is_screen = io::stdout().is_terminal() && !arguments.once;
    let mut shown = String::new();
    loop {
        let goes_on = following.read()?;
        let text = following.text();
        if text != shown {
            if is_screen {
                // Clears the screen and goes to its corner; nothing that has to be given back.
                write!(out, "\x1b[2J\x1b[H")?;
            }
            writeln!(out, "{text}")?;
            out.flush()?;
            shown = text;
        }
        if arguments.once {
            return Ok(Exit::Done);
        }
        if !goes_on {
            writeln!(out, "The learner's console has ended.")?;
            return Ok(Exit::Done);
        }
        thread::sleep(LOOK);
    }
}

/// The journal of the demonstration that was begun last.
fn newest() -> Result<Option<PathBuf>, JournalError> {
    let base = std::env::temp_dir();
    let unreadable = |error| JournalError::Unreadable { path: base.clone(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(&base).map_err(unreadable)? {
        let Ok(entry) = entry else { continue };
        if !entry.file_name().to_string_lossy().starts_with(scenario::FOLDER) {
            continue;
        }
        let journal = entry.path().join(scenario::JOURNAL);
        if let Ok(time) = fs::metadata(&journal).and_then(|known| known.modified()) {
            found.push((time, journal));
        }
    }
    Ok(found.into_iter().max().map(|(_, path)| path))
}

/// A journal that grows.
struct Following {
    path: PathBuf,
    file: fs::File,
    scenario: String,
    lessons: Vec<Lesson>,
    /// What was read and is no whole line yet.
    rest: Vec<u8>,
    fact: Option<LessonFact>,
    /// The recording's own time of the last line.
    at: f64,
    actions: Vec<String>,
}

impl Following {
    fn new(path: &Path) -> Result<Self, Problem> {
        let unreadable = |error| JournalError::Unreadable { path: path.to_owned(), error };
        let mut file = fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let header = Header::read(&String::from_utf8_lossy(&bytes));
        let header = header.map_err(|error| JournalError::Header { path: path.to_owned(), error })?;
        let Some(journal::Subject::Scenario(name)) = header.subject else {
            return Err(JournalError::NoScenario { path: path.to_owned() }.into());
        };
        // Which keys the learner has is not known here.
        let keymap = Keymap::standard()?;
        let lessons = Scenario::named(&name)?.lessons()?;
        let lessons = lessons.into_iter().map(|lesson| lesson.with_keys(&keymap)).collect();
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let (rest, actions) = (Vec::new(), Vec::new());
        Ok(Self { path: path.to_owned(), file, scenario: name, lessons, rest, fact: None, at: 0.0, actions })
    }

    /// Takes in what was written since; whether more may come.
    fn read(&mut self) -> Result<bool, JournalError> {
        let unreadable = |error| JournalError::Unreadable { path: self.path.clone(), error };
        self.file.read_to_end(&mut self.rest).map_err(unreadable)?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let rest = self.rest.split_off(whole);
        let lines = std::mem::replace(&mut self.rest, rest);
        for line in String::from_utf8_lossy(&lines).lines() {
            self.take(line);
        }
        // A demonstration takes its journal with it.
        Ok(self.path.exists())
    }

    fn take(&mut self, line: &str) {
        if let Some(fact) = LessonFact::read(line) {
            self.fact = fact;
        } else if let Some((time, action)) = line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
            self.at = time.parse().unwrap_or(self.at);
            self.actions.push(action.to_owned());
            let surplus = self.actions.len().saturating_sub(ACTIONS);
            self.actions.drain(..surplus);
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} · ", visible(&self.scenario));
        let lesson = self.fact.as_ref().and_then(|fact| self.lessons.iter().find(|known| known.name == fact.lesson));
        match (&self.fact, lesson) {
            (Some(fact), Some(lesson)) => self.step(&mut text, fact, lesson),
            _ => {
                text.push_str("no lesson is on\n\nThe lessons:\n");
                for lesson in &self.lessons {
                    let _ = writeln!(text, "  {}: {}", visible(&lesson.title), visible(&lesson.about));
                }
            }
        }
        if !self.actions.is_empty() {
            text.push_str("\nDone last:\n");
            for action in &self.actions {
                let _ = writeln!(text, "  {}", Shown::from(action).fit(110).as_str());
            }
        }
        text
    }

    fn step(&self, text: &mut String, fact: &LessonFact, lesson: &Lesson) {
        let hints = if fact.hints_used == 1 { "1 hint".to_owned() } else { format!("{} hints", fact.hints_used) };
        let _ = writeln!(
            text,
            "{} · step {} of {} · {} ({} in this step) · {} of {} done · {hints} used",
            visible(&lesson.title),
            fact.step,
            lesson.steps.len(),
            clock(self.at - fact.began as f64),
            clock(self.at - fact.step_began as f64),
            fact.steps_done,
            lesson.steps.len(),
        );
        let Some(step) = lesson.steps.get(fact.step.saturating_sub(1)) else { return };
        let state = match (fact.done, fact.shown) {
            (true, false) => "done",
            (true, true) => "done, it was shown",
            (false, true) => "being shown",
            (false, false) => "not done yet",
        };
        let _ = writeln!(text, "\nStep {}: {}  ({state})\n", fact.step, visible(&step.title));
        said(text, "task", &step.text);
        for (position, goal) in step.goals.iter().enumerate() {
            let holds = fact.goals.get(position).copied().unwrap_or(false);
            said(text, "goal", &format!("{} {}", if holds { "[x]" } else { "[ ]" }, goal.say));
        }
        said(text, "say", &step.notes);
        said(text, "trap", &step.trap);
        for (position, hint) in step.hints.iter().enumerate() {
            let seen = if position < fact.hints { " (seen)" } else { "" };
            said(text, &format!("hint {}", position.saturating_add(1)), &format!("{hint}{seen}"));
        }
        said(text, "solves it", &step.solve);
        said(text, "then", &step.why);
        let later = lesson.steps.iter().enumerate().skip(fact.step);
        if let Some((position, next)) = later.clone().next() {
            said(text, "next", &format!("step {}: {}", position.saturating_add(1), next.title));
        }
        if let Some((position, next)) = later.clone().find(|(_, step)| !step.trap.is_empty()) {
            said(text, "next trap", &format!("step {}: {}", position.saturating_add(1), next.trap));
        }
    }
}

/// `label  text`, in lines that fit beside another window.
fn said(text: &mut String, label: &str, what: &str) {
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    if what.is_empty() {
        return;
    }
    for (position, line) in Shown::from(&what).wrap(84).iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        let _ = writeln!(text, "  {label:<10} {}", line.as_str().trim_end());
    }
}

fn clock(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default().as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
