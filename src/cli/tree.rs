//! `whippet tree`: the process tree as text or JSON.

use std::io::Write;
use std::path::PathBuf;

use super::Exit;
use super::format::Reading;
use super::problem::Problem;
use crate::hunt::clock::display_time;
use crate::hunt::tree::{Forest, NodeId, facts, text};
use crate::hunt::{Case, HuntError};
use crate::kql::visible::visible;
use crate::store::Store;

/// Print the process tree of a store, of a device, or around one event.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The event whose process, with all above and below it, is shown.
    #[arg(long, value_name = "ID", conflicts_with_all = ["matched", "device"])]
    event: Option<i64>,
    /// A match whose process is shown: RULE#EVENT, as `whippet hunt` prints it.
    #[arg(long = "match", value_name = "ID", conflicts_with = "device")]
    matched: Option<String>,
    /// One device only.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// A folder of rules in place of the built-in ones, for --match.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Reading::Text)]
    format: Reading,
}

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let store = Store::open_read_only(&arguments.db)?;
    let event = match &arguments.matched {
        Some(name) => {
            let catalog = crate::rules::Catalog::open(arguments.rules.as_deref())?;
            Some(Case::open(&arguments.db, catalog.into())?.event_of(&store, name)?)
        }
        None => arguments.event,
    };
    let forest = match (event, arguments.device.as_deref()) {
        (Some(event), None) => facts::forest_of(&store, &[event])?,
        (_, device) => facts::forest(&store, device)?,
    };
    let focus = match event {
        Some(event) => {
            let node = facts::locate(&store, &forest, event)?;
            Some(node.ok_or(HuntError::UnknownEvent(event))?)
        }
        None => None,
    };
    match arguments.format {
        Reading::Text => write_text(&forest, focus, stdout)?,
        Reading::Json => write_json(&forest, focus, stdout)?,
    }
    Ok(Exit::Done)
}

fn write_text(forest: &Forest, focus: Option<NodeId>, stdout: &mut dyn Write) -> Result<(), Problem> {
    let display = text::Display { escape: &visible, time: &display_time, focus };
    let Some(focus) = focus else {
        write!(stdout, "{}", text::indented(forest, &|_| true, &display))?;
        let logged = forest.nodes.len() - forest.ghosts();
        writeln!(stdout, "{logged} processes, {} ghosts, {} cut links", forest.ghosts(), forest.cuts())?;
        return Ok(());
    };
    for chain in text::chains(forest, focus, &visible) {
        writeln!(stdout, "{chain}")?;
    }
    let shown = text::lineage(forest, focus);
    write!(stdout, "\n{}", text::indented(forest, &|id| shown.contains(&id), &display))?;
    Ok(())
}

fn write_json(forest: &Forest, focus: Option<NodeId>, stdout: &mut dyn Write) -> Result<(), Problem> {
    let shown = focus.map(|focus| text::lineage(forest, focus));
    let nodes: Vec<_> =
        forest.nodes.iter().filter(|node| shown.as_ref().is_none_or(|shown| shown.contains(&node.id))).collect();
    let chains = focus.map(|focus| text::chains(forest, focus, &str::to_owned)).unwrap_or_default();
    let answer = serde_json::json!({ "focus": focus, "chains": chains, "nodes": nodes });
    super::json::write_pretty(stdout, &answer)?;
    Ok(())
}
