//! `whippet screenshot`: the console's own picture of a scenario, as SVG.

use std::io::Write;
use std::sync::Arc;

use ratatui::buffer::Buffer;

use super::Exit;
use super::problem::Problem;
use super::scenario::{Scenario, Unpacked};
use crate::console::headless;
use crate::console::keymap::Keymap;
use crate::console::live::Live;
use crate::console::opening::{Opening, Shared};
use crate::console::screenshot;
use crate::console::script;
use crate::console::state::State;
use crate::console::theme::Theme;
use crate::console::walkthrough::Lesson;
use crate::rules::Catalog;

/// Print the console's screen as SVG, after a script was played on a scenario
///
/// The script is a list of keys (`t`, `Enter`, `Ctrl-d`), of texts to type in single quotes, and of actions by name
/// after a colon (`:rules`). The same script always gives the same picture.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The scenario: xp-cmdshell, java-sysrv or baseline
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// What to do first
    #[arg(long, value_name = "SCRIPT", default_value = "")]
    keys: String,
    /// Columns and rows
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "120x36", value_parser = size)]
    size: (u16, u16),
    /// Colours: terminal, dark, light, high-contrast or plain
    #[arg(long, value_name = "NAME", default_value = "dark", value_parser = theme)]
    theme: Theme,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parts = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match parts {
        Some((width @ 20..=400, height @ 5..=200)) => Ok((width, height)),
        _ => Err("write a size as 120x36, from 20x5 to 400x200".to_owned()),
    }
}

fn theme(text: &str) -> Result<Theme, String> {
    let known: Vec<&str> = Theme::ALL.iter().map(|theme| theme.name()).collect();
    Theme::from_name(text).ok_or_else(|| format!("there are {}", known.join(", ")))
}

/// A scenario's store, and what is shared by all who look at it.
pub struct Stage {
    shared: Arc<Shared>,
    unpacked: Unpacked,
}

impl Stage {
    pub fn of(scenario: &Scenario) -> Result<Self, Problem> {
        let unpacked = scenario.unpack()?;
        let lesson = scenario.lesson()?;
        let name = format!("demo {}", scenario.name());
        let opening = Opening { name, lesson, ..Opening::default() };
        let shared = Shared::open(unpacked.store(), Catalog::open(scenario.rules().as_deref())?, opening)?;
        Ok(Self { shared, unpacked })
    }

    /// Plays a script in a new console: the state it leaves, and the last frame. Files are written to the store's
    /// folder, which goes with it.
    pub fn play(
        &self,
        lessons: &[Lesson],
        size: (u16, u16),
        theme: Theme,
        text: &str,
    ) -> Result<(State, Buffer), Problem> {
        let mut state = State::new(Keymap::standard()?, theme);
        state.lessons = lessons.iter().cloned().map(Arc::new).collect();
        let mut source = Live::new(Arc::clone(&self.shared))?;
        let frame =
            headless::drive(size, &mut state, &mut source, script::parse(text)?, self.unpacked.store().parent())?;
        Ok((state, frame))
    }
}

pub fn run(arguments: &Args, out: &mut dyn Write) -> Result<Exit, Problem> {
    let scenario = Scenario::named(&arguments.scenario)?;
    let lessons = scenario.lessons()?;
    // Wrong keys are told before the work.
    script::parse(&arguments.keys)?;
    let stage = Stage::of(&scenario)?;
    let (_, frame) = stage.play(&lessons, arguments.size, arguments.theme, &arguments.keys)?;
    let title = format!("whippet demo {}", scenario.name());
    out.write_all(screenshot::svg(&frame, arguments.theme, &title).as_bytes())?;
    Ok(Exit::Done)
}
