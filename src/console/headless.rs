//! The console without a terminal: a script drives the real loop, answers come at once, and time passes only where
//! the console waits for it. Two runs of one script over one store draw the same.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::export;
use super::input::Input;
use super::jobs::{Ask, Report};
use super::run::{self, RunError, World};
use super::script::Step;
use super::source::{Source, Stop};
use super::state::State;

struct Headless<'a> {
    steps: VecDeque<Step>,
    source: &'a mut dyn Source,
    answers: VecDeque<Input>,
    clock: Duration,
    /// Where files are written; without a folder none are.
    folder: Option<PathBuf>,
}

impl World for Headless<'_> {
    fn wait(&mut self, patience: Option<Duration>) -> Option<Input> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        // A wait of a second or more is for a clock that nobody watches here.
        if let Some(patience) = patience.filter(|patience| *patience < Duration::from_secs(1)) {
            self.clock = self.clock.saturating_add(patience);
            return None;
        }
        Some(match self.steps.pop_front() {
            Some(Step::Act(action)) => Input::Act(action),
            // Nobody watches: a recording's pauses are left out.
            Some(Step::At(_)) => return self.wait(None),
            Some(step) => step.key().map_or(Input::Resize, Input::Key),
            None => Input::Closed("the script is done".to_owned()),
        })
    }

    fn poll(&mut self) -> Option<Input> {
        self.answers.pop_front()
    }

    fn now(&self) -> Duration {
        self.clock
    }

    fn submit(&mut self, ask: Ask) {
        let topic = ask.question.topic();
        let answer = self.source.answer(&ask.question, &Stop::default());
        self.answers.push_back(Input::Report(Box::new(Report { topic, epoch: ask.epoch, answer })));
    }

    fn cancel(&mut self) {}

    fn stop_import(&mut self) {}

    fn set_mouse(&mut self, _on: bool) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    fn write_new(&mut self, path: &str, text: &str) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Err(io::Error::other("without a terminal the console writes no files"));
        };
        if !export::is_below(path) {
            return Err(io::Error::other("a script writes below the folder it is played in"));
        }
        File::create_new(folder.join(path))?.write_all(text.as_bytes())
    }

    fn note(&mut self, _line: &str) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn retake(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs the script from a fresh start; the state is then as it left it, and the last frame is returned.
pub fn drive(
    size: (u16, u16),
    state: &mut State,
    source: &mut dyn Source,
    steps: Vec<Step>,
    folder: Option<&Path>,
) -> Result<Buffer, RunError> {
    let backend = TestBackend::new(size.0, size.1);
    let mut terminal = Terminal::new(backend).map_err(|error| RunError::Draw(error.to_string()))?;
    let folder = folder.map(Path::to_owned);
    let mut world = Headless { steps: steps.into(), source, answers: VecDeque::new(), clock: Duration::ZERO, folder };
    run::run(&mut terminal, state, &mut world)?;
    Ok(terminal.backend().buffer().clone())
}
