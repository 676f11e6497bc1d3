//! `whippet config`: the console's settings and keys.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Exit;
use super::settings::{self, SettingsError};
use crate::console::config::{self, Config};
use crate::console::keys::UnknownKey;
use crate::kql::visible::visible;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what is wrong with the settings and where; status 2 if anything is
    Check(File),
    /// Print the settings and keys in force, as a file
    Show(File),
    /// Print the file that the settings are read from
    Path(File),
    /// Print a file that sets nothing yet, with all there is to set
    Template,
}

#[derive(Debug, clap::Args)]
struct File {
    /// This file in place of the usual one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
enum ConfigCommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("this system has no place for settings: name a file with --config or WHIPPET_CONFIG")]
    NoPlace,
    #[error("the keys of the action table: {0}")]
    Keys(#[from] UnknownKey),
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    match answer(&arguments.command, stdout) {
        Ok(()) => Exit::Done,
        Err(ConfigCommandError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            for line in error.to_string().lines() {
                let _ = writeln!(stderr, "error: {}", visible(line));
            }
            if matches!(error, ConfigCommandError::Settings(_)) { Exit::Invalid } else { Exit::Failed }
        }
    }
}

fn answer(command: &Command, out: &mut dyn Write) -> Result<(), ConfigCommandError> {
    let place = |file: &File| settings::find(file.config.as_deref());
    match command {
        Command::Check(file) => match place(file) {
            Some(place) => {
                let config = settings::read(&place)?;
                let path = visible(&place.path.display().to_string());
                let changed = match config.keys.len() {
                    1 => "1 action has keys of its own".to_owned(),
                    count => format!("{count} actions have keys of their own"),
                };
                if place.path.exists() {
                    writeln!(out, "{path}: nothing is wrong; {changed}")?;
                } else {
                    writeln!(out, "{path}: not there; the settings are whippet's own")?;
                }
            }
            None => writeln!(out, "no file: the settings are whippet's own")?,
        },
        Command::Show(file) => {
            let config = place(file).map_or_else(|| Ok(Config::default()), |place| settings::read(&place))?;
            write!(out, "{}", config::text(&config)?)?;
        }
        Command::Path(file) => {
            let place = place(file).ok_or(ConfigCommandError::NoPlace)?;
            writeln!(out, "{}", visible(&place.path.display().to_string()))?;
        }
        Command::Template => write!(out, "{}", config::defaults()?)?,
    }
    Ok(())
}
