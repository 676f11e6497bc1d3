//! `whippet record`: the console, and a journal of what is done in it.

use std::path::PathBuf;

use super::Exit;
use super::journal::begin;
use super::open::{self, Subject};
use super::problem::Problem;
use super::scenario::Scenario;
use super::settings::ConsoleArgs;
use crate::console::journal::{self, Header};
use crate::console::opening::Opening;
use crate::rules::Catalog;

/// Open the console and write down what is done in it
///
/// The journal holds actions, not keys: `whippet play` does them again on the same scenario or store, and writes the
/// same files. It is a script that can be read and changed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The journal, a new file
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    /// The scenario to record in
    #[arg(value_name = "SCENARIO", required_unless_present = "db")]
    scenario: Option<String>,
    /// A store to record in, in place of a scenario
    #[arg(long, value_name = "FILE", conflicts_with = "scenario")]
    db: Option<PathBuf>,
    /// Read the rules of this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    console: ConsoleArgs,
}

pub fn run(arguments: &Args) -> Result<Exit, Problem> {
    open::needs_terminal()?;
    let config = arguments.console.config()?;
    let scenario = arguments.scenario.as_deref().map(Scenario::named).transpose()?;
    let rules = arguments.rules.clone().or_else(|| scenario.as_ref().and_then(Scenario::rules));
    let catalog = Catalog::open(rules.as_deref())?;
    let ending = match (&scenario, &arguments.db) {
        (Some(scenario), _) => {
            let journal = begin(&arguments.journal, journal::Subject::Scenario(scenario.name()))?;
            let unpacked = scenario.unpack()?;
            let subject = Subject::of_scenario(scenario, catalog)?.recorded(journal);
            open::console(unpacked.store(), subject, config)?
        }
        (None, Some(store)) => {
            let opening = Opening { name: open::name_of(store), ..Opening::default() };
            let journal = begin(&arguments.journal, Header::store(&arguments.journal, store))?;
            open::console(store, Subject::new(catalog, opening).recorded(journal), config)?
        }
        (None, None) => return Err(Problem::NoTerminal),
    };
    open::finish(ending)
}
