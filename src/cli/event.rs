//! `whippet event`: one event with where it came from.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;

use super::Exit;
use super::format::Reading;
use super::problem::Problem;
use crate::ingest::time;
use crate::kql::visible::visible;
use crate::store::Store;

/// Print one event: its row, the file it came from, and the record as it stood there
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The event's id, as matches and the tree print it
    #[arg(value_name = "ID")]
    id: i64,
    /// The store
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Nothing but the original record, byte for byte
    #[arg(long)]
    raw: bool,
    #[arg(long, value_enum, default_value_t = Reading::Text)]
    format: Reading,
}

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let store = Store::open_read_only(&arguments.db)?;
    let Some(origin) = store.origin(arguments.id)? else {
        return Err(crate::hunt::HuntError::UnknownEvent(arguments.id).into());
    };
    let original = store.original_record(arguments.id)?.unwrap_or_default();
    if arguments.raw {
        stdout.write_all(&original)?;
        return Ok(Exit::Done);
    }
    let text = String::from_utf8_lossy(&original);
    let when = origin.time.map(time::format);
    let row = store.row_of(arguments.id)?;
    let same = store.same_fact(arguments.id)?;
    if arguments.format == Reading::Json {
        let (table, values) = match row {
            Some((table, values)) => (Some(table), values.into_iter().collect::<serde_json::Map<_, _>>()),
            None => (None, serde_json::Map::new()),
        };
        let whole = json!({"id": arguments.id, "source": origin.source, "record": origin.record, "time": when,
            "channel": origin.channel, "provider": origin.provider, "event_id": origin.event_id,
            "computer": origin.computer, "same_fact": same, "table": table, "row": values, "original": text});
        super::json::write_pretty(stdout, &whole)?;
        return Ok(Exit::Done);
    }
    let source = &origin.source;
    writeln!(stdout, "event    {}", arguments.id)?;
    writeln!(stdout, "file     {}", visible(&source.path))?;
    writeln!(stdout, "SHA-256  {}", source.sha256)?;
    writeln!(stdout, "record   {} ({})", origin.record, source.kind)?;
    writeln!(stdout, "time     {}", when.unwrap_or_default())?;
    writeln!(stdout, "host     {}", visible(&origin.computer))?;
    if let Some(id) = origin.event_id {
        writeln!(stdout, "log      {}, {} {id}", visible(&origin.channel), visible(&origin.provider))?;
    }
    for other in same {
        writeln!(stdout, "same     event {other} tells of the same: one row stands for both")?;
    }
    if let Some((table, values)) = row {
        writeln!(stdout, "\n{table}")?;
        let width = values.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in values {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(stdout, "  {:width$}  {}", visible(&name), visible(&shown))?;
        }
    }
    writeln!(stdout, "\n{}", visible(&text))?;
    Ok(Exit::Done)
}
