//! `whippet rule funnel`: rows in and out of each stage of a rule over a store.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use super::Exit;
use super::format::Reading;
use super::hunt::{View, padded};
use super::problem::Problem;
use crate::hunt::Funnel;
use crate::hunt::funnel::{FunnelStage, Rows, UnitState};
use crate::kql::visible::visible;

/// Print how many rows go into and come out of each stage of a rule.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The rule, by name.
    name: String,
    /// The store.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[command(flatten)]
    view: View,
    /// Seconds that one count may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    limit: u64,
    #[arg(long, value_enum, default_value_t = Reading::Text)]
    format: Reading,
}

/// The width of the column with the stages' text.
const TEXT_WIDTH: usize = 76;

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let case = arguments.view.open(&arguments.db, std::slice::from_ref(&arguments.name))?;
    let store = case.reader()?;
    let funnel = case.funnel(&store, &arguments.name, Duration::from_secs(arguments.limit))?;
    match arguments.format {
        Reading::Text => write_text(&funnel, stdout)?,
        Reading::Json => super::json::write_pretty(stdout, &funnel)?,
    }
    Ok(Exit::Done)
}

fn write_text(funnel: &Funnel, out: &mut dyn Write) -> Result<(), Problem> {
    writeln!(out, "{}", visible(&funnel.title))?;
    let mut reasons: Vec<String> = Vec::new();
    for section in &funnel.sections {
        writeln!(out)?;
        if let Some(caption) = &section.caption {
            writeln!(out, "{}", visible(caption))?;
        }
        writeln!(out, "  {:>5}  {}  {:>8}  {:>8}", "STAGE", padded("", TEXT_WIDTH), "ROWS IN", "OUT")?;
        for stage in &section.stages {
            write_stage(stage, out)?;
            let counts = stage.units.iter().map(|unit| &unit.rows_out).chain([&stage.rows_out]);
            for reason in counts.filter_map(reason) {
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
    }
    writeln!(out, "\nmatches: {}", shown(&funnel.matches))?;
    reasons.extend(reason(&funnel.matches).filter(|reason| !reasons.contains(reason)));
    for reason in reasons {
        writeln!(out, "not run: {}", visible(&reason))?;
    }
    Ok(())
}

fn reason(rows: &Rows) -> Option<String> {
    match rows {
        Rows::NotRun(reason) => Some(reason.clone()),
        _ => None,
    }
}

fn write_stage(stage: &FunnelStage, out: &mut dyn Write) -> Result<(), Problem> {
    // The caption names the section already.
    let number = stage.number.rsplit('/').next().unwrap_or(&stage.number);
    let lines: Vec<(String, String, &Rows, &Rows, &str)> = if stage.units.is_empty() {
        let text = match stage.kind.as_str() {
            "source" => format!("source {}", stage.text),
            _ => stage.text.clone(),
        };
        vec![(number.to_owned(), text, &stage.rows_in, &stage.rows_out, "")]
    } else {
        let alone = stage.units.len() == 1;
        let place = |index: usize| if alone { number.to_owned() } else { format!("{number}.{}", index + 1) };
        let units = stage.units.iter().enumerate().map(|(index, unit)| {
            let mark = match unit.state {
                UnitState::On if unit.rows_out.count() == Some(0) && unit.rows_in.count() > Some(0) => "!",
                UnitState::On => "",
                UnitState::Off => "off",
                UnitState::Lifted => "lifted",
            };
            (place(index), format!("{} {}", stage.kind, unit.text), &unit.rows_in, &unit.rows_out, mark)
        });
        units.collect()
    };
    for (number, text, rows_in, rows_out, mark) in lines {
        let text = visible(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        let line = format!(
            "  {:>5}  {}  {:>8}  {:>8}  {mark}",
            visible(&number),
            padded(&text, TEXT_WIDTH),
            shown(rows_in),
            shown(rows_out)
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn shown(rows: &Rows) -> String {
    match rows {
        Rows::Counted(rows) => rows.to_string(),
        Rows::TimedOut(limit) => format!("> {} s", limit.as_secs()),
        Rows::NotRun(_) => "not run".to_owned(),
        Rows::None => "—".to_owned(),
    }
}
