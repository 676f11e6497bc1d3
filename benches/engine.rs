//! `cargo bench`: compiling the rules that ship, and running questions over a generated store.
//!
//! The store is made once, under `target/`, and kept: `WHIPPET_BENCH_PROCESSES` process events (50,000 unless told) with
//! the file, registry and network events of the same hosts. What is measured is the engine alone: opening the store and
//! printing are not in it. Figures of one machine say nothing of another; `benches/README.md` has the ratios.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[expect(dead_code, reason = "the scenarios of the sample data are not measured")]
#[path = "../examples/generate_sample_data/generator/mod.rs"]
mod generator;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, criterion_group, criterion_main};
use whippet::hunt::Case;
use whippet::ingest::{Silent, import};
use whippet::plan::Environment;
use whippet::rules::Catalog;
use whippet::sql::{self, Compiled, Limits, Options};
use whippet::store::Store;

const QUESTIONS: &[(&str, &str)] = &[
    (
        "selective equality",
        "DeviceProcessEvents | where InitiatingProcessFileName =~ 'sqlservr.exe' \
         | where FileName in~ ('cmd.exe', 'powershell.exe')",
    ),
    ("has_any", "DeviceProcessEvents | where ProcessCommandLine has_any ('whoami', 'xp_cmdshell', 'DownloadString')"),
    ("contains", "DeviceProcessEvents | where ProcessCommandLine contains 'oadstri' | count"),
    ("regex", "DeviceProcessEvents | where ProcessCommandLine matches regex 'Download(String|File)' | count"),
    ("number", "DeviceNetworkEvents | where RemotePort == 445 | count"),
    ("summarize by hash", "DeviceProcessEvents | summarize dcount(DeviceId), count() by SHA1 | top 10 by count_"),
    ("newest", "DeviceProcessEvents | sort by Timestamp desc | take 100"),
    (
        "join",
        "DeviceProcessEvents | where FileName =~ 'whoami.exe' or ProcessCommandLine has 'DownloadString' \
         | join kind=inner (DeviceNetworkEvents | where RemotePort == 443) on DeviceId \
         | summarize count() by DeviceName",
    ),
];

/// The store, made if it is not there.
fn estate() -> PathBuf {
    let processes = std::env::var("WHIPPET_BENCH_PROCESSES").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let path = folder.join(format!("estate-{processes}.db"));
    if path.exists() {
        return path;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let (events, unfinished) = (folder.join("events.ndjson"), folder.join("unfinished.db"));
    let schema = generator::Schema::load().unwrap();
    let mut output = BufWriter::new(std::fs::File::create(&events).unwrap());
    for rows in generator::estate(processes, &schema) {
        output.write_all(generator::to_ndjson(&rows.unwrap()).as_bytes()).unwrap();
    }
    output.flush().unwrap();
    let _ = std::fs::remove_file(&unfinished);
    let mut store = Store::create_or_open(&unfinished).unwrap();
    import(&mut store, std::slice::from_ref(&events), &AtomicBool::new(false), &mut Silent).unwrap();
    drop(store);
    std::fs::rename(&unfinished, &path).unwrap();
    std::fs::remove_file(&events).unwrap();
    path
}

fn compile(store: &Store, query: &str) -> Compiled {
    let parsed = whippet::kql::parse(query);
    let environment = Environment::new(store.schema(), store.newest_event_time().unwrap().unwrap_or_default());
    sql::compile(&parsed.query, &environment, &Options::default()).expect(query)
}

fn compiling(criterion: &mut Criterion) {
    let store = Store::in_memory().unwrap();
    let mut group = criterion.benchmark_group("compile");
    for rule in Catalog::built_in().rules() {
        group.bench_function(&rule.slug, |bencher| bencher.iter(|| compile(&store, &rule.query)));
    }
    group.finish();
}

fn questions(criterion: &mut Criterion) {
    let store = Store::open_read_only(&estate()).unwrap();
    let mut group = criterion.benchmark_group("question");
    group.sample_size(10);
    for (name, query) in QUESTIONS {
        let compiled = compile(&store, query);
        group.bench_function(*name, |bencher| {
            bencher.iter(|| sql::execute(store.connection(), &compiled, &Limits::default()).unwrap());
        });
    }
    group.finish();
}

fn hunting(criterion: &mut Criterion) {
    let case = Case::open(&estate(), Catalog::built_in().into()).unwrap();
    let store = case.reader().unwrap();
    let mut group = criterion.benchmark_group("hunt");
    group.sample_size(10);
    for rule in case.catalog.rules() {
        group.bench_function(&rule.slug, |bencher| bencher.iter(|| case.run(&store, &rule.slug).unwrap()));
    }
    group.bench_function("all rules", |bencher| bencher.iter(|| case.survey(&store, &[]).unwrap()));
    group.finish();
}

criterion_group!(benches, compiling, questions, hunting);
criterion_main!(benches);
