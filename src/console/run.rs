//! The loop: take what has happened, change the state, draw once.
//!
//! Generic over the backend and over the world outside, so that tests drive this very loop.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::input::Input;
use super::jobs::Ask;
use super::state::State;
use super::update::{self, Effect};
use super::views;

/// What the loop needs from outside.
pub trait World {
    /// The next thing that happens; `None` when `patience` has passed without any. Without patience it waits for
    /// ever.
    fn wait(&mut self, patience: Option<Duration>) -> Option<Input>;
    /// What has happened already.
    fn poll(&mut self) -> Option<Input>;
    /// Time since the start.
    fn now(&self) -> Duration;
    fn submit(&mut self, ask: Ask);
    fn cancel(&mut self);
    /// Reads no further files: what is complete stays.
    fn stop_import(&mut self);
    fn set_mouse(&mut self, on: bool) -> std::io::Result<()>;
    fn copy(&mut self, text: &str) -> std::io::Result<()>;
    /// Writes a new file; one that is there is an error.
    fn write_new(&mut self, path: &str, text: &str) -> std::io::Result<()>;
    /// Takes a line of the journal.
    fn note(&mut self, line: &str) -> std::io::Result<()>;
    fn suspend(&mut self) -> std::io::Result<()>;
    fn retake(&mut self) -> std::io::Result<()>;
}

/// How the console ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Quit,
    /// More files are to be read into the store; the console is shown again afterwards.
    Import(Vec<PathBuf>),
    /// The console is shown again, on what is in the store now.
    Anew,
    Signal(i32),
    /// The terminal went away.
    Closed(String),
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the terminal cannot be drawn on: {0}")]
    Draw(String),
    #[error("the terminal does not obey: {0}")]
    Terminal(#[from] std::io::Error),
}

/// No more than a hundred frames a second, however fast the keys come.
const FRAME: Duration = Duration::from_millis(10);

/// Runs until the person leaves or the terminal goes away.
pub fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    state: &mut State,
    world: &mut impl World,
) -> Result<Ending, RunError> {
    state.now = world.now();
    let first = update::start(state);
    if let Some(ending) = obey(terminal, state, world, first)? {
        return Ok(ending);
    }
    let wanted = draw(terminal, state)?;
    obey(terminal, state, world, wanted)?;
    let mut drawn = world.now();
    loop {
        let mut input = world.wait(update::next_tick(state));
        state.now = world.now();
        if input.is_none() {
            let effects = update::tick(state);
            if let Some(ending) = obey(terminal, state, world, effects)? {
                return Ok(ending);
            }
        }
        loop {
            while let Some(happened) = input {
                let effects = update::take(state, happened);
                if let Some(ending) = obey(terminal, state, world, effects)? {
                    return Ok(ending);
                }
                input = world.poll();
            }
            let rest = drawn.saturating_add(FRAME).saturating_sub(world.now());
            if rest.is_zero() {
                break;
            }
            input = world.wait(Some(rest));
            if input.is_none() {
                break;
            }
        }
        state.now = world.now();
        let wanted = draw(terminal, state)?;
        obey(terminal, state, world, wanted)?;
        drawn = world.now();
    }
}

/// Tells the state how large the screen is, and draws it. Yields what is to be asked for at this size.
fn draw<B: Backend>(terminal: &mut Terminal<B>, state: &mut State) -> Result<Vec<Effect>, RunError> {
    terminal.autoresize().map_err(|error| RunError::Draw(error.to_string()))?;
    let size = terminal.size().map_err(|error| RunError::Draw(error.to_string()))?;
    (state.width, state.height) = (size.width, size.height);
    let wanted = update::settle(state);
    terminal
        .draw(|frame| {
            let area = frame.area();
            if let Some(behind) = state.behind.as_mut().filter(|behind| behind.is_shown) {
                behind.screen().draw(area, frame.buffer_mut());
            } else if let Some(cursor) = views::draw(state, area, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        })
        .map_err(|error| RunError::Draw(error.to_string()))?;
    Ok(wanted)
}

/// Draws a frame of a screen that is not the console's.
pub fn draw_apart<B: Backend>(
    terminal: &mut Terminal<B>,
    screen: impl FnOnce(Rect, &mut Buffer),
) -> Result<(), RunError> {
    let failed = |error: B::Error| RunError::Draw(error.to_string());
    terminal.autoresize().map_err(failed)?;
    terminal.draw(|frame| screen(frame.area(), frame.buffer_mut())).map_err(failed)?;
    Ok(())
}

/// Makes the next frame draw every cell. `Terminal::clear` would ask the terminal where its cursor is, and the
/// answer would go to the thread that reads keys.
pub fn clear<B: Backend>(terminal: &mut Terminal<B>) -> Result<(), RunError> {
    let size = terminal.size().map_err(|error| RunError::Draw(error.to_string()))?;
    terminal.resize(size.into()).map_err(|error| RunError::Draw(error.to_string()))
}

/// What fits into the status row of a text, and how much of it does not.
fn first_line(text: &str) -> String {
    let mut lines = text.trim_end().lines();
    let first = lines.next().unwrap_or_default();
    match lines.count() {
        0 => first.to_owned(),
        1 => format!("{first} and 1 more line"),
        more => format!("{first} and {more} more lines"),
    }
}

fn obey<B: Backend>(
    terminal: &mut Terminal<B>,
    state: &mut State,
    world: &mut impl World,
    effects: Vec<Effect>,
) -> Result<Option<Ending>, RunError> {
    for effect in effects {
        match effect {
            Effect::Ask(ask) => world.submit(*ask),
            Effect::Cancel => world.cancel(),
            Effect::StopImport => world.stop_import(),
            Effect::Mouse(on) => world.set_mouse(on)?,
            Effect::Copy { what, text } => match world.copy(&text) {
                Ok(()) => state.tell(format!("{what} sent to the clipboard: {}", first_line(&text))),
                Err(error) => state.complain(format!("not copied: {error}")),
            },
            Effect::Write { path, text, note } => match world.write_new(&path, &text) {
                Ok(()) => {
                    update::written(state, &path, &text);
                    let before = state.notice.take().filter(|notice| notice.is_written(&path));
                    match before {
                        Some(notice) => state.notice = Some(notice),
                        None => state.tell(format!("written to {path}: {note}")),
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    state.complain(format!("not written: {path} is there already; e and another name"));
                    break;
                }
                Err(error) => {
                    state.complain(format!("not written to {path}: {error}"));
                    break;
                }
            },
            Effect::Note(line) => {
                if let Err(error) = world.note(&line) {
                    state.journal.is_on = false;
                    state.complain(format!("no longer recorded: {error}"));
                }
            }
            Effect::Suspend => {
                world.suspend()?;
                world.set_mouse(state.mouse)?;
                clear(terminal)?;
            }
            Effect::Retake => {
                world.retake()?;
                world.set_mouse(state.mouse)?;
                clear(terminal)?;
            }
            Effect::Redraw => clear(terminal)?,
            Effect::End(ending) => return Ok(Some(ending)),
        }
    }
    Ok(None)
}
