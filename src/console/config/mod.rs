//! The settings of the console: colours, mouse, time zone, keys.
//!
//! A setting or an action that is not known is an error that names the nearest one, with its place: a slip must not
//! silently leave things as they were. Knows nothing of which file it is, but for its name in errors.

pub mod place;
mod problem;
mod read;
mod write;

pub use problem::{ConfigError, Problem};
pub use read::parse;
pub use write::{defaults, text};

use super::keymap::{Keymap, Overrides};
use super::keys::UnknownKey;
use super::theme::Theme;
use super::zone::Zone;

/// One row of the table that reading, `config show` and the help all use.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    /// What may be written, for people.
    pub values: &'static str,
    pub doc: &'static str,
}

pub const SETTINGS: [Setting; 4] = [
    Setting {
        name: "theme",
        values: "\"auto\", \"terminal\", \"terminal-light\", \"dark\", \"light\", \"high-contrast\" or \"plain\"",
        doc: "The colours. auto takes the terminal's own sixteen, by its background; none with NO_COLOR",
    },
    Setting { name: "mouse", values: "true or false", doc: "Whether the mouse is the console's from the start" },
    Setting {
        name: "time_zone",
        values: "\"UTC\", \"local\" or a name as \"Europe/Berlin\"",
        doc: "How times are shown; files and queries stay in UTC",
    },
    Setting {
        name: "plain",
        values: "true or false",
        doc: "No borders and no drawn lines, and a sentence for each action: for screen readers",
    },
];

/// The table of keys.
pub const KEYS: &str = "keys";

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// `None` is by the terminal.
    pub theme: Option<Theme>,
    pub mouse: bool,
    pub zone: Zone,
    pub plain: bool,
    pub keys: Overrides,
}

impl Config {
    pub fn keymap(&self) -> Result<Keymap, UnknownKey> {
        Keymap::with(&self.keys)
    }
}
