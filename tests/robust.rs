//! No text makes the compiler panic, overflow its stack or break its promises; no rule text writes or reads outside the
//! store; a query can be stopped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../fuzz/bodies.rs"]
mod bodies;

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use whippet::kql;
use whippet::plan::Environment;
use whippet::sql::{self, ExecuteError, Limits, Options};
use whippet::store::Store;

/// Queries with every construct: those of the goldens, and the rules that ship.
fn real_queries() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut waiting = vec![root.join("tests/goldens"), root.join("rules")];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "kql") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    // Whoever has more queries at hand can have them mutated too: one JSON object with a "query" a line.
    if let Some(path) = std::env::var_os("WHIPPET_QUERIES") {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            found.push(record["query"].as_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

/// The pieces a query is cut into: tokens, with the blanks before each.
fn pieces(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    for token in kql::tokenize(text) {
        if token.span.end > at {
            found.push(text[at..token.span.end].to_owned());
            at = token.span.end;
        }
    }
    found
}

/// One change: drop a piece, double it, swap it with another, or put one from elsewhere in its place.
#[derive(Debug, Clone)]
struct Change {
    kind: u8,
    place: prop::sample::Index,
    other: prop::sample::Index,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (0..6_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>())
        .prop_map(|(kind, place, other)| Change { kind, place, other });
    prop::collection::vec(change, 0..4)
}

fn mutated(query: &str, from: &str, changes: &[Change]) -> String {
    let mut parts = pieces(query);
    let others = pieces(from);
    for change in changes {
        if parts.is_empty() || others.is_empty() {
            break;
        }
        let place = change.place.index(parts.len());
        match change.kind {
            0 => {
                parts.remove(place);
            }
            1 => parts.insert(place, parts[place].clone()),
            2 => {
                let other = change.other.index(parts.len());
                parts.swap(place, other);
            }
            3 => parts[place] = others[change.other.index(others.len())].clone(),
            4 => parts.truncate(place),
            _ => parts.insert(place, others[change.other.index(others.len())].clone()),
        }
    }
    parts.concat()
}

/// Text of the letters that KQL is made of.
const KQL_LETTERS: &str = "[a-zA-Z_0-9 \\n|;,.=!<>~()\\[\\]{}\"'@#$%&*+:?^`/\\\\-]{0,80}";

proptest! {
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,80}", letters in KQL_LETTERS) {
        for text in [text, letters] {
            bodies::lexer(&text);
            bodies::parser(&text);
        }
    }

    #[test]
    fn words_of_the_language_in_any_order_can_be_read(
        words in prop::collection::vec(prop::sample::select(kql_words()), 0..30)
    ) {
        let text = words.join(" ");
        bodies::lexer(&text);
        bodies::parser(&text);
    }
}

/// Words that come together in queries.
fn kql_words() -> Vec<&'static str> {
    "DeviceProcessEvents | where extend project summarize by count() FileName Timestamp == =~ has in ( ) [ ] { } , ; let \
     x = 1 \"a\" 1d datetime(2024) dynamic([1]) join kind=inner on $left $right union mv-expand to typeof(string) parse \
     with * : long between .. not and or - + / % ago(1d) now() toscalar( materialize( datatable(a:long) range from step \
     scan step s1: evaluate bag_unpack( render invoke as serialize sort asc nulls last top nested make-series default"
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect()
}

/// Mutates real queries and takes each through all stages; SQLite takes what is compiled.
fn mutate(cases: u32) {
    let queries = real_queries();
    assert!(queries.len() > 30, "the queries are missing");
    let schema = bodies::schema();
    let store = Store::in_memory().unwrap();
    sql::register(store.connection()).unwrap();
    let strategy = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), changes());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    let compiled = std::cell::Cell::new(0);
    runner
        .run(&strategy, |(query, from, changes)| {
            let text = mutated(&queries[query.index(queries.len())], &queries[from.index(queries.len())], &changes);
            bodies::lexer(&text);
            bodies::parser(&text);
            if let Some(found) = bodies::binder(&text, &schema) {
                compiled.set(compiled.get() + 1);
                if let Err(error) = store.connection().prepare(&found.sql()) {
                    return Err(TestCaseError::fail(format!("SQLite refuses it: {error}\n{text}")));
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(compiled.get() > cases / 50, "only {} of {cases} still compiled", compiled.get());
}

/// `WHIPPET_FUZZ_CASES=1000000 cargo test --test robust mutated` goes on for longer; `fuzz/README.md` says what was run.
#[test]
fn mutated_queries_are_compiled_or_refused() {
    let cases = std::env::var("WHIPPET_FUZZ_CASES").ok().map_or(400, |cases| cases.parse().unwrap());
    mutate(cases);
}

/// What became of a query: rows, or why there are none.
#[derive(Debug, PartialEq)]
enum Outcome {
    Rows(usize),
    Refused(&'static str),
    Sqlite(String),
}

fn outcome(query: &str) -> Outcome {
    let parsed = kql::parse(query);
    if let Some(error) = parsed.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        return Outcome::Refused(error.code);
    }
    let store = Store::in_memory().unwrap();
    sql::register(store.connection()).unwrap();
    let environment = Environment::new(store.schema(), 0);
    match sql::compile(&parsed.query, &environment, &Options::default()) {
        Err(diagnostics) => Outcome::Refused(diagnostics.iter().find(|found| found.is_error()).unwrap().code),
        Ok(compiled) => match sql::execute(store.connection(), &compiled, &Limits::default()) {
            Ok(table) => Outcome::Rows(table.rows.len()),
            Err(ExecuteError::TooLarge { .. }) => Outcome::Refused("too-large"),
            Err(error) => Outcome::Sqlite(error.to_string()),
        },
    }
}

/// On a thread with the stack that Rust gives one, which is less than the main thread has.
fn on_a_worker<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap()
}

fn list(count: usize, member: impl Fn(usize) -> String, separator: &str) -> String {
    (0..count).map(member).collect::<Vec<_>>().join(separator)
}

#[test]
fn long_lists_and_chains_run() {
    let quoted = |number: usize| format!("\"a{number}\"");
    for query in [
        format!("DeviceProcessEvents | where {}", list(10_000, |number| format!("FileName == \"a{number}\""), " or ")),
        format!("DeviceProcessEvents | where {}", list(10_000, |number| format!("FileName != \"a{number}\""), " and ")),
        format!("DeviceProcessEvents | where FileName in ({})", list(10_000, quoted, ", ")),
        format!("DeviceProcessEvents | where FileName in~ ({})", list(10_000, quoted, ", ")),
        format!("DeviceProcessEvents | where ProcessCommandLine has_any ({})", list(10_000, quoted, ", ")),
        format!("let l = dynamic([{}]); DeviceProcessEvents | where FileName in~ (l)", list(10_000, quoted, ", ")),
    ] {
        let start: String = query.chars().take(80).collect();
        assert_eq!(on_a_worker(move || outcome(&query)), Outcome::Rows(0), "{start}");
    }
}

#[test]
fn depth_is_refused_with_a_reason_or_runs_on_a_small_stack() {
    for depth in [20, 60, 120, 250, 1_000, 5_000] {
        let nested = |open: &str, inner: &str, close: &str| {
            format!("print x = {}{inner}{}", open.repeat(depth), close.repeat(depth))
        };
        let steps =
            |first: &str, step: &dyn Fn(usize) -> String| format!("{first}{}", list(depth.min(1_000), step, ""));
        for query in [
            nested("(", "1", ")"),
            nested("tolower(", "\"a\"", ")"),
            nested("not(", "true", ")"),
            nested("iff(true, 1, ", "1", ")"),
            nested("-", "1", ""),
            nested("dynamic([", "1", "])"),
            nested("toscalar(print ", "1", ")"),
            nested("1 + (", "1", ")"),
            format!("print x = {}", list(depth, |_| "1".to_owned(), " + ")),
            format!("print x = {}", list(depth, |_| "\"a\"".to_owned(), " == ")),
            format!("print a = dynamic({{}}) | extend b = a{}", ".x".repeat(depth)),
            format!("{}print 1{}", "(".repeat(depth), ")".repeat(depth)),
            format!("print x = dynamic({}{})", "[".repeat(depth), "]".repeat(depth)),
            steps("print a = 1", &|number| format!(" | extend a = a + {number}")),
            steps("DeviceProcessEvents", &|number| format!(" | where ProcessId != {number}")),
            steps("print a = 1", &|_| " | summarize a = sum(a)".to_owned()),
            steps("let a0 = print x = 1;", &|number| format!("let a{} = a{number} | extend x = x + 1;", number + 1))
                + &format!("a{}", depth.min(1_000)),
        ] {
            let start: String = query.chars().take(60).collect();
            match on_a_worker(move || outcome(&query)) {
                Outcome::Rows(_) | Outcome::Refused(_) => {}
                Outcome::Sqlite(error) => panic!("depth {depth}: {start}\n{error}"),
            }
        }
    }
}

#[test]
fn no_query_writes_or_reads_outside_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hunt.db");
    let outside = folder.path().join("outside.csv");
    std::fs::write(&outside, "a\nsecret\n").unwrap();
    drop(Store::create_or_open(&path).unwrap());
    let files = || -> Vec<(String, Vec<u8>)> {
        let mut found: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.to_string_lossy().ends_with("-shm") && !path.to_string_lossy().ends_with("-wal"))
            .map(|path| (path.to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
            .collect();
        found.sort();
        found
    };
    let before = files();
    let outside = outside.to_string_lossy();
    let attack = format!("x'; ATTACH '{outside}' AS o; DROP TABLE text; --");
    let name = format!("a\"; ATTACH '{outside}' AS o; DROP TABLE text; --");
    let queries = [
        format!("print x = \"{attack}\""),
        format!("print ['{}'] = 1", name.replace('\'', "\\'")),
        format!("DeviceProcessEvents | where FileName == \"{attack}\" or FileName has \"{attack}\""),
        format!("DeviceProcessEvents | extend ['{}'] = FileName", name.replace('\'', "\\'")),
        format!("['{}'] | take 1", name.replace('\'', "\\'")),
        format!("table(\"{attack}\")"),
        format!("print column_ifexists(\"{attack}\", 1)"),
        format!("externaldata(a:string)[\"{outside}\"] with (format=\"csv\")"),
        format!("externaldata(a:string)[\"file://{outside}\"]"),
        format!("_GetWatchlist(\"{outside}\")"),
        format!("print readfile(\"{outside}\")"),
        format!("print writefile(\"{outside}\", \"x\")"),
        "print load_extension(\"x\")".to_owned(),
        "sqlite_schema | take 1".to_owned(),
        "['pragma_table_info'](\"text\")".to_owned(),
        "pragma_database_list | take 1".to_owned(),
        "print zeroblob(1000000000)".to_owned(),
        format!(".create table x (a:string); .ingest inline into table x <| {outside}"),
        format!("print parse_json('{{\"a\": \"{outside}\"}}').a | evaluate bag_unpack(print_0)"),
        format!(
            "print format_datetime(now(), \"{attack}\"), strcat(\"{attack}\", '\\0'), replace_regex(\"a\", \"a\", \"{attack}\")"
        ),
    ];
    let store = Store::open_read_only(&path).unwrap();
    for query in &queries {
        let parsed = kql::parse(query);
        if parsed.has_errors() {
            continue;
        }
        let Ok(compiled) = sql::compile(&parsed.query, &Environment::new(store.schema(), 0), &Options::default())
        else {
            continue;
        };
        if let Ok(table) = sql::execute(store.connection(), &compiled, &Limits::default()) {
            assert!(!format!("{table:?}").contains("secret"), "{query}");
        }
    }
    drop(store);
    assert_eq!(before, files());
}

/// Queries that would run for hours.
const ENDLESS: &[&str] = &[
    "range x from 1 to 1000000000000 step 1 | summarize count() by x % 7",
    "range x from 1 to 1000000000000 step 1 | where tostring(x) matches regex '^(a|b)*c$'",
    "range x from 1 to 10000000 step 1 | extend k = 1 | join (range y from 1 to 10000000 step 1 | extend k = 1) on k | count",
    "range x from 1 to 1000000000000 step 1 | sort by x asc | take 1",
];

#[test]
fn a_query_ends_when_its_time_is_over() {
    let store = Store::in_memory().unwrap();
    for query in ENDLESS {
        let parsed = kql::parse(query);
        let compiled = sql::compile(&parsed.query, &Environment::new(store.schema(), 0), &Options::default()).unwrap();
        // Nothing at all is time enough for the watch to come before the query runs.
        for time in [Duration::ZERO, Duration::from_millis(30)] {
            let limits = Limits { time: Some(time), ..Limits::default() };
            let result = sql::execute(store.connection(), &compiled, &limits);
            assert!(matches!(result, Err(ExecuteError::TimeLimit(_))), "{query}: {result:?}");
        }
    }
}

#[test]
fn a_query_ends_when_it_is_interrupted() {
    for query in ENDLESS {
        let store = Store::in_memory().unwrap();
        let handle = store.connection().get_interrupt_handle();
        let (started, runs) = std::sync::mpsc::channel();
        let (done, finished) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            let parsed = kql::parse(query);
            let environment = Environment::new(store.schema(), 0);
            let compiled = sql::compile(&parsed.query, &environment, &Options::default()).unwrap();
            started.send(()).unwrap();
            let result = sql::execute(store.connection(), &compiled, &Limits::default());
            drop(done);
            result
        });
        runs.recv().unwrap();
        while finished.recv_timeout(Duration::from_millis(20)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            handle.interrupt();
        }
        assert!(matches!(worker.join().unwrap(), Err(ExecuteError::Interrupted)), "{query}");
    }
}

#[test]
fn a_row_limit_ends_a_query_early() {
    let store = Store::in_memory().unwrap();
    let parsed = kql::parse("range x from 1 to 1000000000000 step 1");
    let compiled = sql::compile(&parsed.query, &Environment::new(store.schema(), 0), &Options::default()).unwrap();
    let limits = Limits { rows: Some(3), time: None };
    assert_eq!(sql::execute(store.connection(), &compiled, &limits).unwrap().rows.len(), 3);
}
