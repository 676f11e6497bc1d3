//! What may happen to the console from outside.

use super::action::Action;
use super::importing::work::News;
use super::jobs::Report;
use super::keys::Key;

#[derive(Debug)]
pub enum Input {
    Key(Key),
    /// An action by itself: a script names it whatever key it has.
    Act(Action),
    Mouse(Mouse),
    Paste(String),
    Resize,
    /// The terminal says what its background is, after it was waited for.
    Background {
        is_light: bool,
    },
    /// A worker is done.
    Report(Box<Report>),
    /// An import says how far it is.
    Import(Box<News>),
    /// Somebody asks the process to stop for a while (`Ctrl-Z` arrives as a key; this is the signal).
    Suspend,
    Continued,
    /// A signal that ends the process.
    Terminate(i32),
    /// The terminal can no longer be read.
    Closed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    Click { x: u16, y: u16 },
    Wheel { x: u16, y: u16, down: bool },
}
