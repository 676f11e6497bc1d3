//! How long queries take from text to SQL: the median, the 99th percentile and the longest of a corpus.
//!
//! `cargo run --release --example compile_times -- CORPUS.jsonl [STORE]`, one object a line with the text as `query`.
//! Tables that the store has no rows for are known to be empty, as for `whippet query`; without a store, all tables are
//! taken to have rows, which is the worst case. Each query
//! is compiled several times, the slow ones more often, and the best counts, so that what else the machine does matters
//! less. Queries that the engine refuses count too: refusing takes its time as well.

use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use anyhow::Context;
use whippet::plan::Environment;
use whippet::sql::{self, ConnectionProbe, Options};
use whippet::store::Store;

const RUNS: usize = 3;
/// How often a query is compiled that takes longer than `SLOW`.
const MORE_RUNS: usize = 25;
const SLOW: Duration = Duration::from_millis(2);
/// How many of the slowest are named.
const NAMED: usize = 8;

fn main() -> anyhow::Result<()> {
    let corpus = std::env::args_os().nth(1).context("give a corpus of queries, one JSON object a line")?;
    let path = std::env::args_os().nth(2).map(std::path::PathBuf::from);
    let store = path.as_ref().map_or_else(Store::in_memory, |path| Store::open_read_only(path))?;
    let probe = ConnectionProbe::new(store.connection(), store.schema());
    let probe = if path.is_some() { probe } else { probe.whole() };
    let environment = Environment::new(store.schema(), 0).with_probe(&probe);
    let mut times: Vec<(Duration, String, usize)> = Vec::new();
    for line in BufReader::new(std::fs::File::open(corpus)?).lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let query = row.get("query").and_then(|query| query.as_str()).context("a line without a query")?;
        let name = row.get("id").map(ToString::to_string).unwrap_or_default();
        let (mut best, mut size) = (Duration::MAX, 0);
        for run in 0..MORE_RUNS {
            if run >= RUNS && best < SLOW {
                break;
            }
            let start = Instant::now();
            let parsed = whippet::kql::parse(query);
            if !parsed.has_errors() {
                let compiled = sql::compile(&parsed.query, &environment, &Options::default());
                size = compiled.map(|compiled| compiled.sql().len()).unwrap_or_default();
            }
            best = best.min(start.elapsed());
        }
        times.push((best, name, size));
    }
    times.sort();
    let mut output = std::io::stdout().lock();
    let at = |part: usize| times.get((times.len() * part / 1000).min(times.len().saturating_sub(1)));
    for (name, part) in [("median", 500), ("99 %", 990), ("longest", 1000)] {
        let time = at(part).map(|(time, ..)| time.as_secs_f64() * 1000.0).unwrap_or_default();
        writeln!(output, "{name:8} {time:>8.2} ms")?;
    }
    for (time, name, size) in times.iter().rev().take(NAMED) {
        writeln!(output, "{:>8.2} ms  {name}, {size} bytes of SQL", time.as_secs_f64() * 1000.0)?;
    }
    Ok(())
}
