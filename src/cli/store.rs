//! `whippet store`: what is in a store, and its upkeep.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::Exit;
use super::format::Reading;
use super::problem::Problem;
use crate::ingest::time;
use crate::kql::visible::visible;
use crate::store::{Source, Store};

/// What is in a store, and its upkeep
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Count its events and rows
    Info(Common),
    /// List the imported files, with what became of their records
    Sources(Common),
    /// Take out all events of one imported file
    Forget {
        #[command(flatten)]
        common: Common,
        /// The file: its id or path as `whippet store sources` prints them, or the end of its path
        #[arg(value_name = "SOURCE")]
        source: String,
    },
    /// Give the space of what was taken out back to the disk
    Vacuum(Common),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The store
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[arg(long, value_enum, default_value_t = Reading::Text)]
    format: Reading,
}

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    match &arguments.command {
        Command::Info(common) => info(common, stdout),
        Command::Sources(common) => sources(common, stdout),
        Command::Forget { common, source } => forget(common, source, stdout),
        Command::Vacuum(common) => vacuum(common, stdout),
    }
}

fn info(common: &Common, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let store = Store::open_read_only(&common.db)?;
    let bytes = std::fs::metadata(&common.db).map_or(0, |metadata| metadata.len());
    let sources = store.sources()?;
    let incomplete = sources.iter().filter(|source| !source.complete).count();
    let (oldest, newest) = match store.time_range()? {
        Some((oldest, newest)) => (Some(time::format(oldest)), Some(time::format(newest))),
        None => (None, None),
    };
    let (events, tables, exclusions) = (store.event_count()?, store.table_counts()?, store.exclusions()?.len());
    if common.format == Reading::Json {
        let tables: serde_json::Map<String, serde_json::Value> =
            tables.into_iter().map(|(table, rows)| (table, rows.into())).collect();
        let whole = json!({"bytes": bytes, "sources": sources.len(), "incomplete": incomplete, "events": events,
            "oldest": oldest, "newest": newest, "exclusions": exclusions, "tables": tables});
        super::json::write_pretty(stdout, &whole)?;
        return Ok(Exit::Done);
    }
    writeln!(stdout, "store       {} ({bytes} bytes)", visible(&common.db.to_string_lossy()))?;
    writeln!(stdout, "sources     {}", sources.len())?;
    if incomplete > 0 {
        writeln!(stdout, "incomplete  {incomplete}: the command that imported them completes them")?;
    }
    writeln!(stdout, "events      {events}")?;
    if let (Some(oldest), Some(newest)) = (oldest, newest) {
        writeln!(stdout, "time        {oldest} to {newest}")?;
    }
    writeln!(stdout, "exclusions  {exclusions}")?;
    let width = tables.iter().map(|(table, _)| table.len()).max().unwrap_or_default();
    for (table, rows) in tables {
        writeln!(stdout, "  {:width$}  {rows:>11}", visible(&table))?;
    }
    Ok(Exit::Done)
}

fn sources(common: &Common, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let sources = Store::open_read_only(&common.db)?.sources()?;
    if common.format == Reading::Json {
        super::json::write_pretty(stdout, &sources)?;
        return Ok(Exit::Done);
    }
    for source in &sources {
        writeln!(stdout, "{}", line(source))?;
    }
    Ok(Exit::Done)
}

fn line(source: &Source) -> String {
    let Source { id, path, sha256, bytes, kind, records, stored, duplicates, rejected, complete } = source;
    let account = if *complete {
        format!("{records} records = {stored} stored + {duplicates} duplicates + {rejected} rejected")
    } else {
        format!("incomplete, {stored} stored so far: import it again")
    };
    format!("{id}  {}\n    {kind}, {bytes} bytes, SHA-256 {sha256}\n    {account}", visible(path))
}

fn forget(common: &Common, name: &str, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    if !common.db.exists() {
        return Err(crate::store::StoreError::Missing { path: common.db.clone() }.into());
    }
    let mut store = Store::create_or_open(&common.db)?;
    let found = store.find_sources(name)?;
    let source = match found.as_slice() {
        [one] => one,
        [] => {
            return Err(Problem::Arguments(format!(
                "no source '{}'; 'whippet store sources' lists them",
                visible(name)
            )));
        }
        several => {
            let ids: Vec<String> = several.iter().map(|source| source.id.to_string()).collect();
            let message = format!("'{}' may mean the sources {}: give the id", visible(name), ids.join(", "));
            return Err(Problem::Arguments(message));
        }
    };
    let forgotten = crate::ingest::forget(&mut store, source)?;
    if common.format == Reading::Json {
        super::json::write_pretty(stdout, &forgotten)?;
        return Ok(Exit::Done);
    }
    writeln!(stdout, "forgotten: {}, {} events", visible(&forgotten.source.path), forgotten.events)?;
    for path in &forgotten.incomplete {
        writeln!(stdout, "import again, as it had duplicates that may have been of it: {}", visible(path))?;
    }
    writeln!(stdout, "the space it took in the store's file is kept for other events until 'whippet store vacuum'")?;
    Ok(Exit::Done)
}

fn vacuum(common: &Common, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    if !common.db.exists() {
        return Err(crate::store::StoreError::Missing { path: common.db.clone() }.into());
    }
    let (before, after) = Store::create_or_open(&common.db)?.vacuum()?;
    match common.format {
        Reading::Json => super::json::write_pretty(stdout, &json!({"before": before, "after": after}))?,
        Reading::Text => writeln!(stdout, "{before} bytes before, {after} after")?,
    }
    Ok(Exit::Done)
}
