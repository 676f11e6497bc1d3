//! The terminal: entering and leaving full-screen mode, its events, signals, the clipboard.
//!
//! All terminal I/O is here, so that another library than crossterm is a change of this file. Knows nothing of
//! what is drawn.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use crossbeam_channel::Sender;
use crossterm::event::{
    self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event, KeyEventKind,
    MouseButton, MouseEventKind,
};
use crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use terminal_colorsaurus::QueryOptions;

use super::background::{LateAnswer, Read};
use super::input::{Input, Mouse};
use super::keys::Key;

pub type Screen = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// Terminals differ in how much they take over OSC 52; below this all that are known to take it do.
const CLIPBOARD_LIMIT: usize = 64 * 1024;

/// Holds the terminal in full-screen mode and gives it back exactly once: on drop, on panic, or when told.
pub struct Guard {
    active: Arc<AtomicBool>,
}

impl Guard {
    /// Enters full-screen mode. A panic of this thread restores the terminal before its message is printed; one of
    /// another thread prints nothing, as it would tear the screen (whoever runs the thread reports it).
    pub fn enter() -> io::Result<(Self, Screen)> {
        let active = Arc::new(AtomicBool::new(true));
        let guard = Self { active: Arc::clone(&active) };
        let owner = thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == owner {
                restore(&active);
            }
            if !active.load(Ordering::SeqCst) {
                previous(panic);
            }
        }));
        start()?;
        let screen = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout())))?;
        Ok((guard, screen))
    }

    /// Gives the terminal back; later calls and the drop do nothing.
    pub fn leave(&self) {
        restore(&self.active);
    }

    /// Stops the process as `Ctrl-Z` does, and takes the terminal again when it continues.
    #[cfg(unix)]
    pub fn suspend(&self) -> io::Result<()> {
        if is_session_leader() {
            return Ok(());
        }
        restore(&self.active);
        let stopped = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
        self.active.store(true, Ordering::SeqCst);
        start()?;
        stopped
    }

    #[cfg(not(unix))]
    pub fn suspend(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore(&self.active);
    }
}

fn start() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
}

/// Best effort: what fails here cannot be reported anywhere.
fn restore(active: &AtomicBool) {
    if active.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = terminal::disable_raw_mode();
    }
}

/// A session leader has no shell that would continue it: stopping it would lose the session (an `ssh host whippet`,
/// a terminal started with whippet as its program).
#[cfg(unix)]
fn is_session_leader() -> bool {
    // The field after the command's name in parentheses are: state, parent, process group, session.
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let session = status.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(3).map(str::to_owned));
    session.is_some_and(|session| session == std::process::id().to_string())
}

/// How long a terminal may take to say what its background is. Over a slow line it is not worth waiting for: the answer
/// comes as [`Input::Background`].
const BACKGROUND_LIMIT: Duration = Duration::from_millis(100);

/// Whether the background is light. A terminal that does not say is taken for dark.
pub fn is_light() -> bool {
    let mut options = QueryOptions::default();
    options.timeout = BACKGROUND_LIMIT;
    // The background alone: the text's colour would be one more question, which fewer terminals answer.
    terminal_colorsaurus::background_color(options).is_ok_and(|colour| colour.perceived_lightness() > 0.5)
}

/// Columns and rows; what is usual where the terminal does not say.
pub fn size() -> (u16, u16) {
    terminal::size().unwrap_or((120, 36))
}

pub fn set_mouse(on: bool) -> io::Result<()> {
    if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
}

/// Writes the text to the clipboard with OSC 52, which works over SSH too. Reading it back is never asked for.
/// tmux hands it on only when wrapped.
pub fn copy(text: &str, inside_tmux: bool) -> io::Result<()> {
    if text.len() > CLIPBOARD_LIMIT {
        return Err(io::Error::other(format!("{} bytes are more than terminals take ({CLIPBOARD_LIMIT})", text.len())));
    }
    let mut stdout = io::stdout();
    stdout.write_all(clipboard_sequence(text, inside_tmux).as_bytes())?;
    stdout.flush()
}

fn clipboard_sequence(text: &str, inside_tmux: bool) -> String {
    let sequence = format!("\x1b]52;c;{}\x07", base64::engine::general_purpose::STANDARD.encode(text));
    if inside_tmux { format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")) } else { sequence }
}

/// Starts the thread that reads the terminal. It ends with its process, as reading cannot be interrupted.
pub fn read_events(inputs: Sender<Input>) -> io::Result<()> {
    thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        let mut late = LateAnswer::default();
        loop {
            let input = match event::read() {
                Ok(event) => match (late.read(&event), translate(event)) {
                    (Read::Background { is_light }, _) => Input::Background { is_light },
                    (Read::Other, Some(input)) => input,
                    (Read::Part, _) | (Read::Other, None) => continue,
                },
                Err(error) => {
                    let _ = inputs.send(Input::Closed(error.to_string()));
                    return;
                }
            };
            if inputs.send(input).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Key::from_terminal(key).map(Input::Key),
        Event::Mouse(mouse) => {
            let (x, y) = (mouse.column, mouse.row);
            match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Some(Input::Mouse(Mouse::Click { x, y })),
                MouseEventKind::ScrollUp => Some(Input::Mouse(Mouse::Wheel { x, y, down: false })),
                MouseEventKind::ScrollDown => Some(Input::Mouse(Mouse::Wheel { x, y, down: true })),
                _ => None,
            }
        }
        Event::Resize(..) => Some(Input::Resize),
        Event::Paste(text) => Some(Input::Paste(text)),
        _ => None,
    }
}

/// Starts the thread that turns signals into inputs.
#[cfg(unix)]
pub fn read_signals(inputs: Sender<Input>) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            let input = match signal {
                SIGTSTP => Input::Suspend,
                SIGCONT => Input::Continued,
                other => Input::Terminate(other),
            };
            if inputs.send(input).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub fn read_signals(_inputs: Sender<Input>) -> io::Result<()> {
    Ok(())
}

/// Ends the process the way the signal would have, once the terminal is given back: whoever sent it sees it obeyed.
#[cfg(unix)]
pub fn die_of(signal: i32) {
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

#[cfg(not(unix))]
pub fn die_of(_signal: i32) {}

/// Takes raw mode again after the process was stopped and continued from outside.
pub fn retake() -> io::Result<()> {
    start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clipboard_is_written_never_read() {
        assert_eq!(clipboard_sequence("a\x1b]", false), "\x1b]52;c;YRtd\x07");
        assert_eq!(clipboard_sequence("a", true), "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\");
    }
}
