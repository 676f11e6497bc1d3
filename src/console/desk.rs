//! The real world around the loop: the terminal, its events, signals, workers and the clock.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::config::Config;
use super::input::Input;
use super::jobs::{Ask, Jobs};
use super::keys::UnknownKey;
use super::run::{self, Ending, RunError, World};
use super::script::Step;
use super::source::Source;
use super::state::State;
use super::terminal::{self, Guard};
use super::theme;
use super::update::Playing;
use super::walkthrough::Lesson;

struct Desk {
    started: Instant,
    guard: Guard,
    jobs: Jobs,
    received: Receiver<Input>,
    inside_tmux: bool,
    journal: Option<File>,
    mouse: bool,
}

impl World for Desk {
    fn wait(&mut self, patience: Option<Duration>) -> Option<Input> {
        match patience {
            Some(patience) => self.received.recv_timeout(patience).ok(),
            None => Some(self.received.recv().unwrap_or_else(|error| Input::Closed(error.to_string()))),
        }
    }

    fn poll(&mut self) -> Option<Input> {
        self.received.try_recv().ok()
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn submit(&mut self, ask: Ask) {
        self.jobs.submit(ask);
    }

    fn cancel(&mut self) {
        self.jobs.cancel();
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if self.mouse != on {
            terminal::set_mouse(on)?;
        }
        self.mouse = on;
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        terminal::copy(text, self.inside_tmux)
    }

    fn write_new(&mut self, path: &str, text: &str) -> io::Result<()> {
        std::fs::File::create_new(path)?.write_all(text.as_bytes())
    }

    fn note(&mut self, line: &str) -> io::Result<()> {
        match &mut self.journal {
            Some(file) => writeln!(file, "{line}"),
            None => Ok(()),
        }
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.mouse = false;
        self.guard.suspend()
    }

    fn retake(&mut self) -> io::Result<()> {
        self.mouse = false;
        terminal::retake()
    }
}

/// What a console is opened with.
pub struct Setup {
    pub sources: Vec<Box<dyn Source>>,
    pub lessons: Vec<Lesson>,
    pub config: Config,
    /// What the console does by itself, and so many times faster than it was done.
    pub play: Option<(Vec<Step>, f64)>,
    /// Where what is done is written down.
    pub journal: Option<File>,
}

/// Shows the console on this process's terminal until the person leaves. The terminal is given back however it ends.
pub fn show(setup: Setup, variable: impl Fn(&str) -> Option<String>) -> Result<Ending, RunError> {
    let Setup { sources, lessons, config, play, journal } = setup;
    // The terminal is asked before anything else reads from it, and only where nobody has said.
    let asks = config.theme.is_none();
    let theme = theme::from_environment(&variable, || asks && terminal::is_light());
    let wrong = |error: UnknownKey| RunError::Terminal(io::Error::other(error.to_string()));
    let mut state = State::configured(&config, theme).map_err(wrong)?;
    state.playing = play.map(|(steps, pace)| Playing::recorded(steps, pace));
    state.journal.is_on = journal.is_some();
    state.lessons = lessons.into_iter().map(Arc::new).collect();
    let (inputs, received): (Sender<Input>, _) = unbounded();
    let jobs = Jobs::start(sources, &inputs)?;
    // Signals first: between here and the guard there is nothing to restore yet.
    terminal::read_signals(inputs.clone())?;
    let (guard, mut screen) = Guard::enter()?;
    terminal::read_events(inputs)?;
    let inside_tmux = variable("TMUX").is_some_and(|value| !value.is_empty());
    let mut desk = Desk { started: Instant::now(), guard, jobs, received, inside_tmux, journal, mouse: false };
    let ending = run::run(&mut screen, &mut state, &mut desk);
    desk.guard.leave();
    ending
}
