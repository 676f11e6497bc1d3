//! `whippet rule`: the catalog, a rule's page, and what is wrong with rule files.

mod check;
mod list;
mod page;
mod report;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Exit;
use crate::kql::visible::visible;
use crate::rules::attack::Attack;
use crate::rules::indicators::Corpus;
use crate::rules::{Catalog, Facts, Rule};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: RuleCommand,
}

#[derive(Debug, Subcommand)]
enum RuleCommand {
    /// List the rules.
    List(Common),
    /// Print a rule's page: stages, exclusions, indicators, coverage, tests.
    Show {
        /// Id, slug, file name or title of the rule, or a beginning of one that no other rule shares.
        name: String,
        #[command(flatten)]
        common: Common,
    },
    Funnel(super::funnel::Args),
    /// Check rule files: what is wrong, where, and what to do instead. Exits with 2 when a rule cannot run.
    Check {
        /// Rule files, or folders of them; without any, the rules that are loaded.
        paths: Vec<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, ClapArgs)]
struct Common {
    /// Read the rules of this folder in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Why a command stops before its work is done.
#[derive(Debug)]
enum Stop {
    /// The exit status with what is said on standard error.
    Said(Exit, String),
    Write(std::io::Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

pub fn run(arguments: Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    let done = match arguments.command {
        RuleCommand::Funnel(arguments) => return super::funnel::run(&arguments, stdout, stderr),
        RuleCommand::List(common) => load(common.rules.as_deref()).and_then(|catalog| {
            list::run(&catalog, &attack()?, common.format, stdout)?;
            Ok(Exit::Done)
        }),
        RuleCommand::Show { name, common } => show(&name, &common, stdout),
        RuleCommand::Check { paths, common } => check::run(&paths, &common, stdout),
    };
    match done {
        Ok(exit) => exit,
        // A reader that has seen enough (`| head`) is no failure.
        Err(Stop::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(Stop::Write(error)) => say(stderr, Exit::Failed, &format!("cannot write: {error}")),
        Err(Stop::Said(exit, message)) => say(stderr, exit, &message),
    }
}

fn say(stderr: &mut dyn Write, exit: Exit, message: &str) -> Exit {
    let message: Vec<String> = message.lines().map(visible).collect();
    match writeln!(stderr, "error: {}", message.join("\n")) {
        Ok(()) => exit,
        Err(_) => Exit::Failed,
    }
}

fn load(folder: Option<&Path>) -> Result<Catalog, Stop> {
    Catalog::open(folder).map_err(|error| Stop::Said(Exit::Failed, error.to_string()))
}

fn attack() -> Result<Attack, Stop> {
    Attack::load().map_err(|error| Stop::Said(Exit::Failed, error.to_string()))
}

fn find<'catalog>(catalog: &'catalog Catalog, name: &str) -> Result<&'catalog Rule, Stop> {
    catalog
        .find(name)
        .map_err(|error| Stop::Said(Exit::Invalid, format!("{error}\n  whippet rule list  prints all rules")))
}

fn show(name: &str, common: &Common, stdout: &mut dyn Write) -> Result<Exit, Stop> {
    let catalog = load(common.rules.as_deref())?;
    let rule = find(&catalog, name)?;
    let attack = attack()?;
    let facts = Facts::of(rule, &attack, Some(&Corpus::of(&catalog)));
    match common.format {
        Format::Text => page::write(rule, &facts, stdout)?,
        Format::Json => {
            let value = serde_json::json!({
                "rule": list::summary(rule, &attack),
                "metadata": rule.metadata,
                "facts": facts,
                "query": rule.query,
            });
            write_json(&value, stdout)?;
        }
    }
    // The page of a rule that cannot be read says so; the status does too.
    Ok(if rule.is_readable() { Exit::Done } else { Exit::Invalid })
}

fn write_json(value: &serde_json::Value, stdout: &mut dyn Write) -> Result<(), std::io::Error> {
    serde_json::to_writer_pretty(&mut *stdout, value)?;
    writeln!(stdout)
}
