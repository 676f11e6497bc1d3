//! The console as a person meets it: keys in, screens out, on the real loop over ratatui's test backend.

mod behind;
mod clock;
mod details;
mod exports;
mod fixture;
mod flows;
mod keys_answer;
mod lessons;
mod overlays;
mod recording;
mod rule_page;
mod screens;

use std::collections::VecDeque;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Modifier;

use super::input::Input;
use super::jobs::{Ask, Report};
use super::keymap::Keymap;
use super::keys::{self, Key};
use super::run::{self, Ending, World};
use super::source::{Source, Stop, Trouble};
use super::state::State;
use super::theme::Theme;

/// A world of scripted inputs. Questions are answered at once, unless held back.
pub struct Script {
    inputs: VecDeque<Step>,
    source: Box<dyn Source>,
    answers: VecDeque<Input>,
    held: Vec<Ask>,
    hold: bool,
    clock: Duration,
    pub records: bool,
    pub log: Vec<String>,
    pub notes: Vec<String>,
    frames_waited: usize,
}

pub enum Step {
    Input(Input),
    Hold(bool),
    /// Answers what was held, the oldest first.
    Release,
    Wait(Duration),
}

impl Script {
    pub fn new(source: impl Source + 'static) -> Self {
        Self {
            inputs: VecDeque::new(),
            source: Box::new(source),
            answers: VecDeque::new(),
            held: Vec::new(),
            hold: false,
            clock: Duration::ZERO,
            records: false,
            log: Vec::new(),
            notes: Vec::new(),
            frames_waited: 0,
        }
    }

    /// Keys as a keymap writes them; text in quotes is typed.
    pub fn keys(mut self, text: &str) -> Self {
        let mut quoted = false;
        for part in text.split('\'') {
            if quoted {
                self.inputs
                    .extend(part.chars().map(|c| Step::Input(Input::Key(Key::plain(super::keys::Code::Char(c))))));
            } else {
                let keys = keys::sequence(part).unwrap();
                self.inputs.extend(keys.into_iter().map(|key| Step::Input(Input::Key(key))));
            }
            quoted = !quoted;
        }
        self
    }

    pub fn then(mut self, step: Step) -> Self {
        self.inputs.push_back(step);
        self
    }

    fn answer(&mut self, ask: Ask) {
        let topic = ask.question.topic();
        let answer = self.source.answer(&ask.question, &Stop::default());
        self.answers.push_back(Input::Report(Box::new(Report { topic, epoch: ask.epoch, answer })));
    }
}

impl World for Script {
    fn wait(&mut self, patience: Option<Duration>) -> Option<Input> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        // The frame limit waits a little after each frame: nothing happens in that time.
        if patience.is_some_and(|patience| patience <= Duration::from_millis(10)) {
            self.clock += patience.unwrap_or_default();
            self.frames_waited += 1;
            return None;
        }
        match self.inputs.pop_front() {
            Some(Step::Input(input)) => Some(input),
            Some(Step::Hold(hold)) => {
                self.hold = hold;
                self.wait(patience)
            }
            Some(Step::Release) => {
                for ask in std::mem::take(&mut self.held) {
                    self.answer(ask);
                }
                self.wait(patience)
            }
            Some(Step::Wait(time)) => {
                self.clock += time;
                None
            }
            None => Some(Input::Closed("end of script".to_owned())),
        }
    }

    fn poll(&mut self) -> Option<Input> {
        self.answers.pop_front()
    }

    fn now(&self) -> Duration {
        self.clock
    }

    fn submit(&mut self, ask: Ask) {
        self.log.push(format!("ask {:?}", ask.question.topic()));
        if self.hold { self.held.push(ask) } else { self.answer(ask) }
    }

    fn cancel(&mut self) {
        self.log.push("cancel".to_owned());
        for ask in std::mem::take(&mut self.held) {
            let topic = ask.question.topic();
            let report = Report { topic, epoch: ask.epoch, answer: Err(Trouble::Cancelled) };
            self.answers.push_back(Input::Report(Box::new(report)));
        }
    }

    fn stop_import(&mut self) {
        self.log.push("stop import".to_owned());
    }

    fn set_mouse(&mut self, on: bool) -> std::io::Result<()> {
        self.log.push(format!("mouse {on}"));
        Ok(())
    }

    fn copy(&mut self, text: &str) -> std::io::Result<()> {
        self.log.push(format!("copy {text}"));
        Ok(())
    }

    fn write_new(&mut self, path: &str, text: &str) -> std::io::Result<()> {
        let written = format!("write {path}\n{text}");
        if self.log.iter().any(|line| line.starts_with(&format!("write {path}\n"))) {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        self.log.push(written);
        Ok(())
    }

    fn note(&mut self, line: &str) -> std::io::Result<()> {
        self.notes.push(line.to_owned());
        Ok(())
    }

    fn suspend(&mut self) -> std::io::Result<()> {
        self.log.push("suspend".to_owned());
        Ok(())
    }

    fn retake(&mut self) -> std::io::Result<()> {
        self.log.push("retake".to_owned());
        Ok(())
    }
}

/// How a script ended.
pub struct End {
    pub screen: String,
    pub state: State,
    pub log: Vec<String>,
    /// The lines of the journal, where one was asked for.
    pub notes: Vec<String>,
    pub ending: Ending,
    /// Cells of the last frame that are drawn reversed, row by row.
    pub reversed: Vec<String>,
}

pub fn play(width: u16, height: u16, script: Script) -> End {
    play_as(width, height, script, |_| ())
}

/// As another person would have it: with other settings.
pub fn play_as(width: u16, height: u16, mut script: Script, set: impl FnOnce(&mut State)) -> End {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut state = State::new(Keymap::standard().unwrap(), Theme::Terminal);
    state.journal.is_on = script.records;
    set(&mut state);
    let ending = run::run(&mut terminal, &mut state, &mut script).unwrap();
    let buffer = terminal.backend().buffer();
    let rows: Vec<_> = buffer.content().chunks(usize::from(width)).collect();
    let screen: Vec<String> = rows
        .iter()
        .map(|cells| {
            let mut skip = 0usize;
            let mut line = String::new();
            for cell in *cells {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                line.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            }
            line.trim_end().to_owned()
        })
        .collect();
    let reversed = rows
        .iter()
        .map(|cells| {
            let marked = cells.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            marked.map(|cell| cell.symbol()).collect::<String>()
        })
        .collect();
    End { screen: screen.join("\n"), state, log: script.log, notes: script.notes, ending, reversed }
}
