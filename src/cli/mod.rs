//! Commands, output formats, exit statuses.

mod config;
mod demo;
mod event;
mod explain;
mod export;
pub mod format;
mod funnel;
mod help;
mod hunt;
mod import;
mod journal;
mod json;
mod lessons;
mod library;
mod manual;
mod open;
mod play;
mod present;
mod problem;
pub mod query;
mod record;
mod replay;
pub mod report;
mod rule;
mod scenario;
mod screenshot;
mod settings;
mod store;
mod tree;

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use problem::Problem;

use crate::kql::visible::visible;

/// How a command ended. The numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Reading, writing or the program itself failed.
    Failed = 1,
    /// The query, the rule or the arguments are wrong; diagnostics are on standard error.
    Invalid = 2,
    /// An input is missing: an `externaldata` file, a watchlist, a table no one imported.
    NeedsInput = 3,
}

impl Exit {
    pub const ALL: [Self; 4] = [Self::Done, Self::Failed, Self::Invalid, Self::NeedsInput];

    /// For the help and the manual page.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Done.",
            Self::Failed => "Reading, writing or the program itself failed.",
            Self::Invalid => {
                "The query, the rule, a file of settings or the arguments are wrong; standard error says where."
            }
            Self::NeedsInput => "An input is missing: an externaldata file, a watchlist, a table that nobody imported.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Hunt through a host's events with KQL detection rules.
#[derive(Debug, Parser)]
#[command(name = "whippet", version, about, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "'whippet help' lists topics to read: getting-started, hunting, tuning, keys and more.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Open(open::Args),
    Record(record::Args),
    Play(play::Args),
    Present(present::Args),
    Explain(explain::Args),
    Hunt(hunt::Args),
    /// List, print and check detection rules.
    Rule(rule::Args),
    Import(import::Args),
    Query(query::Args),
    Event(event::Args),
    Store(store::Args),
    Tree(tree::Args),
    /// Try the lessons of the sample data.
    Scenario(lessons::Args),
    Screenshot(screenshot::Args),
    /// The console's settings and keys.
    Config(config::Args),
    Help(help::Args),
    Man(manual::ManArgs),
    Completions(manual::CompletionArgs),
}

/// The commands and what each does, in their order.
fn commands() -> Vec<(String, String)> {
    let command = Arguments::command();
    let about = |inner: &clap::Command| inner.get_about().map(ToString::to_string).unwrap_or_default();
    command.get_subcommands().map(|inner| (inner.get_name().to_owned(), about(inner))).collect()
}

fn command_names() -> Vec<String> {
    commands().into_iter().map(|(name, _)| name).collect()
}

/// The help of a command, or of one within it: `rule-show`, as `rule show`.
fn command_help(name: &str) -> Option<String> {
    let mut command = Arguments::command();
    command.build();
    let (outer, inner) = name.split_once('-').map_or((name, None), |(outer, inner)| (outer, Some(inner)));
    let mut found = command.find_subcommand(outer)?.clone();
    if let Some(inner) = inner {
        found = found.find_subcommand(inner)?.clone();
    }
    Some(found.render_long_help().to_string())
}

/// Does `work`. A fault in the program itself, which has said where it is, becomes the status of a failure.
pub fn guarded(work: impl FnOnce() -> Exit, stderr: &mut dyn Write) -> Exit {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let _ = writeln!(stderr, "error: a fault in whippet itself; please report it with what is said above");
        Exit::Failed
    })
}

/// Runs one command line, the program's name first. Writes results to `stdout` and diagnostics to `stderr`.
pub fn run(arguments: impl IntoIterator<Item = OsString>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Exit {
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => {
            let answer = answer(arguments.command, stdout, stderr);
            problem::report(answer, stderr)
        }
        Err(error) => {
            let to_stdout = !error.use_stderr();
            // The message quotes the arguments, which may come from anywhere.
            let text: String = error.render().to_string().lines().map(|line| visible(line) + "\n").collect();
            let written = if to_stdout { write!(stdout, "{text}") } else { write!(stderr, "{text}") };
            match (written, to_stdout) {
                (Err(_), _) => Exit::Failed,
                (Ok(()), true) => Exit::Done,
                (Ok(()), false) => Exit::Invalid,
            }
        }
    }
}

fn answer(command: Command, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, stdout),
        Command::Open(arguments) => open::run(&arguments),
        Command::Record(arguments) => record::run(&arguments),
        Command::Present(arguments) => present::run(&arguments, stdout),
        Command::Play(arguments) => play::run(&arguments, stdout, stderr),
        Command::Scenario(arguments) => lessons::run(&arguments, stdout),
        Command::Screenshot(arguments) => screenshot::run(&arguments, stdout),
        Command::Help(arguments) => help::run(&arguments, stdout),
        Command::Man(arguments) => manual::man(&arguments, Arguments::command(), stdout),
        Command::Completions(arguments) => manual::completions(&arguments, Arguments::command(), stdout),
        Command::Config(arguments) => config::run(&arguments, stdout),
        Command::Query(arguments) => query::run(&arguments, stdout, stderr),
        Command::Explain(arguments) => explain::run(&arguments, stdout),
        Command::Hunt(arguments) => hunt::run(&arguments, stdout, stderr),
        Command::Tree(arguments) => tree::run(&arguments, stdout),
        Command::Rule(arguments) => rule::run(arguments, stdout, stderr),
        Command::Event(arguments) => event::run(&arguments, stdout),
        Command::Store(arguments) => store::run(&arguments, stdout),
        Command::Import(arguments) => import::run(&arguments, stdout),
    }
}
