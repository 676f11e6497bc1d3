//! `whippet demo`: a scenario of the sample data, in the console or as text.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Exit;
use super::journal::begin;
use super::open::{self, Subject};
use super::problem::Problem;
use super::scenario::Scenario;
use super::settings::ConsoleArgs;
use crate::console::chooser::{Choice, Chooser};
use crate::console::desk::Stage;
use crate::console::journal;
use crate::console::run::Ending;
use crate::hunt::matches::RuleStatus;
use crate::hunt::survey::status_line;
use crate::hunt::tree::{facts, text};
use crate::hunt::{Case, Forest, Match, NodeId, RuleRun};
use crate::kql::values::datetime_text;
use crate::kql::visible::visible;
use crate::rules::Catalog;
use crate::store::Store;

/// Beyond this a list of matches says less than its count.
const SHOWN_MATCHES: usize = 50;

/// Hunt through the scenarios of the sample data
///
/// In a terminal it asks which one and opens the console on it; elsewhere it prints each rule's matches and their
/// process chains, of the scenario that is named or of all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario: xp-cmdshell, java-sysrv or baseline, or a folder with one
    #[arg(value_name = "SCENARIO")]
    scenario: Option<String>,
    /// Read the rules of this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    console: ConsoleArgs,
}

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let has_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    // Wrong settings are told before the work.
    let config = arguments.console.config()?;
    let named = arguments.scenario.as_deref().map(Scenario::named).transpose()?;
    let rules = arguments.rules.clone().or_else(|| named.as_ref().and_then(Scenario::rules));
    let catalog = Catalog::open(rules.as_deref())?;
    if !has_terminal {
        let catalog = Arc::new(catalog);
        let scenarios = named.map_or_else(Scenario::all, |scenario| vec![scenario]);
        for (position, scenario) in scenarios.iter().enumerate() {
            if position > 0 {
                writeln!(stdout)?;
            }
            print(scenario, &catalog, stdout)?;
        }
        writeln!(stdout, "\nIn a terminal the same command opens the console.")?;
        return Ok(Exit::Done);
    }
    let mut stage = None;
    let chosen = match named {
        Some(scenario) => Ok(scenario),
        None if config.plain => choose_by_line(Scenario::all(), &mut io::stdin().lock(), stdout)?,
        None => choose_on(stage.insert(open::stage(&config)?), Scenario::all())?,
    };
    let scenario = match chosen {
        Ok(scenario) => scenario,
        Err(ending) => {
            // The terminal is given back before a signal is obeyed.
            drop(stage);
            return open::finish(ending);
        }
    };
    let unpacked = scenario.unpack()?;
    let subject = Subject::of_scenario(&scenario, catalog)?;
    // 'whippet present' follows it from another terminal.
    let journal = begin(&unpacked.journal(), journal::Subject::Scenario(scenario.name()))?;
    let subject = subject.recorded(journal);
    let ending = open::console_on(stage, unpacked.store(), subject, config)?;
    drop(unpacked);
    open::finish(ending)
}

/// The scenario that was chosen, or how it ended without one.
type Chosen = Result<Scenario, Ending>;

/// Asks which scenario to open, on the screen.
fn choose_on(stage: &mut Stage, scenarios: Vec<Scenario>) -> Result<Chosen, Problem> {
    let offers = scenarios.iter().map(Scenario::offer).collect::<Result<Vec<_>, _>>()?;
    let choice = stage.choose(&mut Chooser::new(offers))?;
    Ok(match choice {
        Choice::Offer(place) => scenarios.into_iter().nth(place).ok_or(Ending::Quit),
        Choice::Ended(ending) => Err(ending),
    })
}

/// Asks which scenario to open, by line, which a screen reader reads out.
fn choose_by_line(scenarios: Vec<Scenario>, input: &mut dyn BufRead, out: &mut dyn Write) -> Result<Chosen, Problem> {
    writeln!(out, "Scenarios to hunt in:\n")?;
    for (position, scenario) in scenarios.iter().enumerate() {
        writeln!(out, "  {}  {:<12}  {}", position + 1, scenario.name(), scenario.title())?;
    }
    writeln!(out)?;
    loop {
        write!(out, "Which one? (1-{}, Enter for 1, q to leave) ", scenarios.len())?;
        out.flush()?;
        let mut answer = String::new();
        if input.read_line(&mut answer)? == 0 {
            writeln!(out)?;
            return Ok(Err(Ending::Quit));
        }
        let answer = answer.trim();
        if answer == "q" {
            return Ok(Err(Ending::Quit));
        }
        let number = if answer.is_empty() { Some(1) } else { answer.parse::<usize>().ok() };
        let by_number = number.and_then(|number| scenarios.get(number.checked_sub(1)?));
        match by_number.or_else(|| scenarios.iter().find(|scenario| scenario.name() == answer)) {
            Some(scenario) => return Ok(Ok(scenario.clone())),
            None => writeln!(out, "'{}' is none of them.", visible(answer))?,
        }
    }
}

/// The hunt as text: each rule's matches, and the chains they stand in.
fn print(scenario: &Scenario, catalog: &Arc<Catalog>, out: &mut dyn Write) -> Result<(), Problem> {
    let unpacked = scenario.unpack()?;
    print_store(unpacked.store(), catalog, &scenario.name(), out)
}

fn print_store(store: &Path, catalog: &Arc<Catalog>, name: &str, out: &mut dyn Write) -> Result<(), Problem> {
    let case = Case::open(store, Arc::clone(catalog))?;
    let reader = case.reader()?;
    let hunt = case.hunt(&reader, &[])?;
    let forest = facts::forest(&reader, None)?;
    let devices: Vec<String> = facts::devices(&reader)?.iter().map(|device| visible(device)).collect();
    writeln!(out, "whippet demo {}: {} events of {}", visible(name), reader.event_count()?, devices.join(", "))?;
    for run in &hunt.runs {
        print_run(&reader, &forest, run, out)?;
    }
    Ok(())
}

fn print_run(reader: &Store, forest: &Forest, run: &RuleRun, out: &mut dyn Write) -> Result<(), Problem> {
    let title = visible(&run.title);
    if run.status != RuleStatus::Ran {
        return Ok(writeln!(
            out,
            "\n{:<4} {title}: did not run: {}",
            run.severity.word(),
            visible(&status_line(&run.status))
        )?);
    }
    let count = run.matches.len();
    writeln!(out, "\n{:<4} {title}: {count} {}", run.severity.word(), if count == 1 { "match" } else { "matches" })?;
    let mut chains: Vec<String> = Vec::new();
    for (position, found) in run.matches.iter().enumerate() {
        if let Some(chain) = chain(reader, forest, found)?
            && !chains.contains(&chain)
        {
            chains.push(chain);
        }
        if position < SHOWN_MATCHES {
            print_match(found, out)?;
        }
    }
    if count > SHOWN_MATCHES {
        writeln!(out, "  … and {} more", count - SHOWN_MATCHES)?;
    }
    if !chains.is_empty() {
        writeln!(out, "  process chains:")?;
    }
    for chain in chains {
        writeln!(out, "    {chain}")?;
    }
    Ok(())
}

fn print_match(found: &Match, out: &mut dyn Write) -> io::Result<()> {
    let time = found.id.time.map(datetime_text).unwrap_or_default();
    let command = ["ProcessCommandLine", "InitiatingProcessCommandLine"]
        .iter()
        .find_map(|column| found.value(column))
        .map(crate::schema::format::text)
        .unwrap_or_default();
    let line = format!("{time}  {}  {command}", found.subject);
    writeln!(out, "  {}", visible(line.trim_end()))
}

/// The processes from the root down to the match.
fn chain(reader: &Store, forest: &Forest, found: &Match) -> Result<Option<String>, Problem> {
    let Some(event) = found.events.first() else { return Ok(None) };
    let Some(node) = facts::locate(reader, forest, *event)? else { return Ok(None) };
    let names: Vec<String> = forest.path(node).into_iter().filter_map(|id| name_of(forest, id)).collect();
    Ok(Some(names.join(" → ")))
}

fn name_of(forest: &Forest, id: NodeId) -> Option<String> {
    forest.node(id).map(|node| visible(&text::name(node)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(typed: &str) -> (Option<String>, String) {
        let mut said = Vec::new();
        let chosen = choose_by_line(Scenario::all(), &mut typed.as_bytes(), &mut said).unwrap();
        (chosen.ok().map(|scenario| scenario.name()), String::from_utf8(said).unwrap())
    }

    #[test]
    fn a_scenario_is_chosen_by_number_name_or_enter() {
        for (typed, name) in [("\n", "xp-cmdshell"), ("2\n", "java-sysrv"), ("baseline\n", "baseline")] {
            assert_eq!(chosen(typed).0.as_deref(), Some(name), "{typed:?}");
        }
        assert_eq!((chosen("q\n").0, chosen("").0), (None, None));
        let (name, said) = chosen("0\n\u{1b}[2J9\n3\n");
        assert_eq!(name.as_deref(), Some("baseline"));
        assert!(said.contains("'^[[2J9' is none of them."), "{said}");
    }
}
