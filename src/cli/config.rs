//! `whippet config`: the console's settings and keys.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use super::problem::Problem;
use super::settings;
use crate::console::config::{self, Config};
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

pub fn run(arguments: &Args, out: &mut dyn Write) -> Result<Exit, Problem> {
    let place = |file: &File| settings::find(file.config.as_deref());
    match &arguments.command {
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
            let place = place(file).ok_or_else(no_place)?;
            writeln!(out, "{}", visible(&place.path.display().to_string()))?;
        }
        Command::Template => write!(out, "{}", config::defaults()?)?,
    }
    Ok(Exit::Done)
}

fn no_place() -> Problem {
    Problem::Failed("this system has no place for settings: name a file with --config or WHIPPET_CONFIG".to_owned())
}
