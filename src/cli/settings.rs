//! The arguments that every command with a console takes, and the configuration they lead to.

use std::path::{Path, PathBuf};

use crate::console::config::place::{self, Place};
use crate::console::config::{self, Config, ConfigError};

/// How the console looks and which keys it takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ConsoleArgs {
    /// Read the settings from this file in place of the usual one ('whippet config path')
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// For screen readers: no borders, no drawn lines, and a sentence for each action
    #[arg(long)]
    pub plain: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{path}: {error}", path = path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Wrong(#[from] ConfigError),
}

impl ConsoleArgs {
    pub fn config(&self) -> Result<Config, SettingsError> {
        let mut config = match find(self.config.as_deref()) {
            Some(place) => read(&place)?,
            None => Config::default(),
        };
        config.plain |= self.plain;
        Ok(config)
    }
}

/// Where the settings are read from.
pub fn find(named: Option<&Path>) -> Option<Place> {
    place::find(named, |variable| std::env::var(variable).ok())
}

/// Reads a file; one that nobody named need not be there.
pub fn read(place: &Place) -> Result<Config, SettingsError> {
    match std::fs::read_to_string(&place.path) {
        Ok(text) => Ok(config::parse(&text, &place.path.display().to_string())?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !place.is_named => Ok(Config::default()),
        Err(error) => Err(SettingsError::Unreadable { path: place.path.clone(), error }),
    }
}
