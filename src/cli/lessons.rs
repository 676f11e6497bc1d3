//! `whippet scenario`: whether the lessons of the sample data can be done.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use super::problem::Problem;
use super::scenario::Scenario;
use super::screenshot::Stage;
use crate::console::state::State;
use crate::console::theme::Theme;
use crate::console::walkthrough::lesson::{self, Lesson};
use crate::kql::visible::visible;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Do every step of the lessons by its solving script, and say which goals are not reached
    ///
    /// Exits with 2 when a step cannot be done, or is done before anything is done.
    Test {
        /// The scenario, or a folder with one; all of the sample data when none is named
        #[arg(value_name = "SCENARIO")]
        scenario: Option<String>,
        /// Read the lessons of this file in place of the scenario's own
        #[arg(long, value_name = "FILE", requires = "scenario")]
        steps: Option<PathBuf>,
    },
}

pub fn run(arguments: &Args, out: &mut dyn Write) -> Result<Exit, Problem> {
    let Command::Test { scenario, steps } = &arguments.command;
    let scenarios = match scenario {
        Some(name) => vec![Scenario::named(name)?],
        None => Scenario::all(),
    };
    let mut all_done = true;
    for scenario in scenarios {
        let lessons = match steps {
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| Problem::Unreadable { path: path.clone(), error })?;
                lesson::parse(&text)?
            }
            None => scenario.lessons()?,
        };
        if lessons.is_empty() {
            continue;
        }
        let stage = Stage::of(&scenario)?;
        for (position, lesson) in lessons.iter().enumerate() {
            let state = stage.play(&lessons, (120, 36), Theme::Plain, &script(position, lesson))?.0;
            all_done &= told(&scenario.name(), lesson, &state, out)?;
        }
    }
    Ok(if all_done { Exit::Done } else { Exit::Invalid })
}

/// Opens the lesson from the list, and has the console show each step.
fn script(position: usize, lesson: &Lesson) -> String {
    let choose = "j ".repeat(position);
    let steps = vec![":lesson-show"; lesson.steps.len()].join(" :lesson-next ");
    format!("L {choose} Enter {steps}")
}

fn told(scenario: &str, lesson: &Lesson, state: &State, out: &mut dyn Write) -> Result<bool, Problem> {
    let reached = |step: usize| {
        let states = state.walkthrough.as_ref().map(|walkthrough| walkthrough.states.as_slice()).unwrap_or_default();
        states.get(step).copied().unwrap_or_default()
    };
    let good = (0..lesson.steps.len()).filter(|step| reached(*step).done && !reached(*step).at_once).count();
    writeln!(out, "{scenario} {}: {good} of {} steps reached", visible(&lesson.name), lesson.steps.len())?;
    for (position, step) in lesson.steps.iter().enumerate() {
        let (number, title) = (position + 1, visible(&step.title));
        if !reached(position).done {
            writeln!(out, "  step {number} ({title}): its script does not reach its goals")?;
        } else if reached(position).at_once {
            writeln!(out, "  step {number} ({title}): its goals hold before anything is done")?;
        }
    }
    Ok(good == lesson.steps.len())
}
