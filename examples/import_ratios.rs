//! How fast an import is, beside what it cannot be faster than: parsing alone, and inserting alone, in the same run.
//!
//! `cargo run --release --example import_ratios -- FOLDER_OF_EVTX`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::Context;
use evtx::{EvtxParser, ParserSettings, RenderedChunkItem};
use whippet::ingest::{Silent, import};
use whippet::store::Store;

/// Columns of a bare row: about as many as a process creation fills.
const COLUMNS: usize = 40;

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).context("give a folder of EVTX files")?.into();
    let scratch = tempfile::tempdir()?;
    let mut output = std::io::stdout().lock();
    let (events, parse) = measured(|| parse(&folder))?;
    let ((), insert) = measured(|| insert(&scratch.path().join("bare.db"), events))?;
    let database = scratch.path().join("whole.db");
    let (report, whole) = measured(|| {
        let mut store = Store::create_or_open(&database)?;
        Ok(import(&mut store, std::slice::from_ref(&folder), &AtomicBool::new(false), &mut Silent)?)
    })?;
    let rate = |events: u64, cost: Cost| events as f64 / cost.wall.max(1e-9);
    for (name, events, cost) in
        [("parse only", events, parse), ("insert only", events, insert), ("import", report.totals().0, whole)]
    {
        writeln!(
            output,
            "{name:12} {events:>9} events  {:>7.2} s  {:>7.2} s of CPU  {:>9.0} events/s",
            cost.wall,
            cost.processor,
            rate(events, cost)
        )?;
    }
    let bytes: u64 = report.files.iter().map(|file| file.bytes).sum();
    let stored = std::fs::metadata(&database)?.len();
    writeln!(output, "import takes {:.1} times as long as parsing alone", whole.wall / parse.wall.max(1e-9))?;
    writeln!(output, "import takes {:.1} times as long as inserting alone", whole.wall / insert.wall.max(1e-9))?;
    writeln!(output, "the store is {:.2} times as large as the files", stored as f64 / bytes.max(1) as f64)?;
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

fn measured<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Cost)> {
    let (begin, before) = (Instant::now(), processor_seconds());
    let done = work()?;
    Ok((done, Cost { wall: begin.elapsed().as_secs_f64(), processor: processor_seconds() - before }))
}

/// What all threads of this process used, in seconds; zero where the system does not tell.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    // The 14th and 15th field; the second, in parentheses, may hold blanks.
    let ticks: f64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn parse(folder: &Path) -> anyhow::Result<u64> {
    let mut events = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Ok(parser) = EvtxParser::from_path(&path) else { continue };
        let mut parser = parser.with_configuration(ParserSettings::new().indent(false));
        for chunk in parser.chunks_xml_bytes(false) {
            events += chunk.items.iter().filter(|item| matches!(item, RenderedChunkItem::Record { .. })).count() as u64;
        }
    }
    Ok(events)
}

fn insert(path: &Path, rows: u64) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    let columns: Vec<String> = (0..COLUMNS).map(|column| format!("c{column} INTEGER")).collect();
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE bare(id INTEGER PRIMARY KEY, {}); BEGIN;",
        columns.join(", ")
    ))?;
    let marks = vec!["?"; COLUMNS + 1].join(", ");
    let mut statement = connection.prepare(&format!("INSERT INTO bare VALUES ({marks})"))?;
    for row in 0..rows.cast_signed() {
        for column in 0..=COLUMNS {
            statement.raw_bind_parameter(column + 1, row + i64::try_from(column)?)?;
        }
        statement.raw_execute()?;
    }
    drop(statement);
    Ok(connection.execute_batch("COMMIT;")?)
}
