//! The real world around the loop: the terminal, its events, signals, workers and the clock.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::chooser::{Choice, Chooser, Taken};
use super::config::Config;
use super::importing::behind::Behind;
use super::importing::work::Work;
use super::importing::{self, Importing, Outcome};
use super::input::Input;
use super::jobs::{Ask, Jobs};
use super::keymap::Keymap;
use super::keys::UnknownKey;
use super::run::{self, Ending, RunError, World};
use super::script::Step;
use super::source::{Source, Topic};
use super::state::State;
use super::terminal::{self, Guard, Screen};
use super::theme::{self, Theme};
use super::update::{self, Effect, Playing};
use super::walkthrough::Lesson;
use super::zone::Zone;

struct Desk<'a> {
    started: Instant,
    guard: &'a Guard,
    jobs: Jobs,
    received: &'a Receiver<Input>,
    inside_tmux: bool,
    journal: Option<File>,
    mouse: bool,
    import: Option<&'a Work>,
}

impl World for Desk<'_> {
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

    fn stop_import(&mut self) {
        if let Some(work) = self.import {
            work.stop();
        }
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

/// The terminal in full-screen mode, and what happens on it. It is given back when this is dropped.
pub struct Stage {
    guard: Guard,
    screen: Screen,
    inputs: Sender<Input>,
    received: Receiver<Input>,
    theme: Theme,
    /// As it was left for an import.
    zone: Option<Zone>,
    inside_tmux: bool,
    /// An import that goes on behind the console, its screen, and when it began. Dropping it waits for its end.
    import: Option<(Work, Instant)>,
    behind: Option<Importing>,
}

/// The least between two frames of an import, which says more than a person reads.
const FRAME: Duration = Duration::from_millis(20);

impl Stage {
    pub fn open(config: &Config, variable: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        // The terminal is asked before anything else reads from it, and only where nobody has said.
        let theme = config.theme.unwrap_or_else(|| theme::from_environment(&variable, terminal::is_light));
        let (inputs, received) = unbounded();
        // Signals first: between here and the guard there is nothing to restore yet.
        terminal::read_signals(inputs.clone())?;
        let (guard, screen) = Guard::enter()?;
        terminal::read_events(inputs.clone())?;
        let inside_tmux = variable("TMUX").is_some_and(|value| !value.is_empty());
        Ok(Self { guard, screen, inputs, received, theme, zone: None, inside_tmux, import: None, behind: None })
    }

    fn suspend(&mut self) -> Result<(), RunError> {
        self.guard.suspend()?;
        run::clear(&mut self.screen)
    }

    fn retake(&mut self) -> Result<(), RunError> {
        terminal::retake()?;
        run::clear(&mut self.screen)
    }

    /// Lets a person choose one of several before there is anything else to show.
    pub fn choose(&mut self, chooser: &mut Chooser) -> Result<Choice, RunError> {
        chooser.theme = self.theme;
        loop {
            run::draw_apart(&mut self.screen, |area, buffer| chooser.draw(area, buffer))?;
            let input = self.received.recv().unwrap_or_else(|error| Input::Closed(error.to_string()));
            match chooser.take(input) {
                Taken::Stay => {}
                Taken::Suspend => self.suspend()?,
                Taken::Retake => self.retake()?,
                Taken::Redraw => run::clear(&mut self.screen)?,
                Taken::Chosen(choice) => {
                    // It stays until there is more to show.
                    run::draw_apart(&mut self.screen, |area, buffer| chooser.draw(area, buffer))?;
                    self.theme = chooser.theme;
                    return Ok(choice);
                }
            }
        }
    }

    /// Reads files into a store, which is made where there is none, and shows how far that is.
    pub fn import(&mut self, store: &Path, paths: Vec<PathBuf>, mut importing: Importing) -> Result<Outcome, RunError> {
        let started = Instant::now();
        let work = Work::start(store.to_owned(), paths, self.inputs.clone())?;
        importing.theme = self.theme;
        loop {
            run::draw_apart(&mut self.screen, |area, buffer| importing.draw(area, buffer))?;
            let drawn = Instant::now();
            let mut input = Some(self.received.recv().unwrap_or_else(|error| Input::Closed(error.to_string())));
            while let Some(happened) = input {
                match importing.take(happened, started.elapsed()) {
                    importing::Taken::Stay => {}
                    importing::Taken::Stop => work.stop(),
                    importing::Taken::Suspend => self.suspend()?,
                    importing::Taken::Retake => self.retake()?,
                    importing::Taken::Redraw => run::clear(&mut self.screen)?,
                    importing::Taken::Over(outcome) => {
                        self.theme = importing.theme;
                        if outcome == Outcome::Behind {
                            (self.import, self.behind) = (Some((work, started)), Some(importing));
                        }
                        return Ok(outcome);
                    }
                }
                // What comes meanwhile is in the next frame, however fast it comes.
                let rest = FRAME.saturating_sub(drawn.elapsed());
                input = if rest.is_zero() { None } else { self.received.recv_timeout(rest).ok() };
            }
        }
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

/// Shows the console until the person leaves. The terminal is given back however it ends, unless there is more to show.
pub fn show(stage: &mut Stage, setup: Setup) -> Result<Ending, RunError> {
    let Setup { sources, lessons, config, play, journal } = setup;
    let Stage { guard, screen, inputs, received, theme, zone, inside_tmux, import, behind } = stage;
    let wrong = |error: UnknownKey| RunError::Terminal(io::Error::other(error.to_string()));
    let mut state = State::configured(&config, *theme).map_err(wrong)?;
    if let Some(zone) = zone.take() {
        state.zone = zone;
    }
    if let Some((steps, pace)) = play {
        state.playing = Some(Playing::recorded(steps, Keymap::standard().map_err(wrong)?, pace));
    }
    // An import changes what a journal begins with: playing it would not lead to the same.
    state.takes_files = journal.is_none() && state.playing.is_none();
    state.journal.is_on = journal.is_some();
    state.lessons = lessons.into_iter().map(Arc::new).collect();
    let jobs = Jobs::start(sources, inputs)?;
    let (started, inside_tmux) = (Instant::now(), *inside_tmux);
    let begun = import.as_ref().map_or(started, |(_, begun)| *begun);
    state.behind = behind.take().map(|importing| Behind::new(importing, started.saturating_duration_since(begun)));
    let work = import.as_ref().map(|(work, _)| work);
    let mut desk = Desk { started, guard, jobs, received, inside_tmux, journal, mouse: false, import: work };
    let ending = run::run(screen, &mut state, &mut desk);
    if matches!(ending, Ok(Ending::Import(_) | Ending::Anew)) {
        // The mouse is no other screen's; and nothing of these workers may be heard by the next console.
        desk.set_mouse(false)?;
        desk.jobs.end();
        (*theme, *zone) = (state.theme, Some(state.zone));
        *import = None;
    } else {
        desk.guard.leave();
        let waits = !matches!(ending, Ok(Ending::Quit));
        let is_whole = waits && finish_import(&mut state, &mut desk);
        if let Some((work, _)) = import.take()
            && !is_whole
        {
            work.abandon();
        }
    }
    ending
}

/// Somebody else ends the console while files are read: what is complete is made whole, and what was switched meanwhile
/// is saved. False when they do not wait for that.
fn finish_import(state: &mut State, desk: &mut Desk<'_>) -> bool {
    let is_running = |state: &State| state.behind.as_ref().is_some_and(Behind::is_running);
    if is_running(state) {
        desk.stop_import();
        // Where the terminal has gone, nobody reads it.
        let _ = writeln!(io::stderr(), "making the store whole; the same again leaves at once");
    }
    state.leaving = None;
    while is_running(state) || state.board.is_pending(Topic::Save) {
        let Some(input) = desk.wait(None) else { return false };
        if let Input::Terminate(_) = input {
            return false;
        }
        if !matches!(input, Input::Import(_) | Input::Report(_)) {
            continue;
        }
        for effect in update::take(state, input) {
            if let Effect::Ask(ask) = effect
                && ask.question.topic() == Topic::Save
            {
                desk.submit(*ask);
            }
        }
    }
    true
}
