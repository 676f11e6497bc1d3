//! Every query of the shared corpora parses without an error, and its printed form is the same query. Runs where `../shared` is present.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::print_stdout)]

use std::path::Path;

use whippet::kql;

/// The texts of one field of a JSON-lines file, with their ids; `None` where the file is absent.
fn queries(file: &str, field: &str) -> Option<Vec<(String, String)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(file);
    let lines = std::fs::read_to_string(path).ok()?;
    let text = |record: &serde_json::Value, field: &str| record[field].as_str().unwrap().to_owned();
    let records = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    Some(records.map(|record| (text(&record, "id"), text(&record, field))).collect())
}

fn check(file: &str, field: &str) {
    let Some(queries) = queries(file, field) else {
        println!("skipped: ../shared/{file} is not present");
        return;
    };
    assert!(!queries.is_empty());
    let mut failures = Vec::new();
    for (id, text) in &queries {
        let parsed = kql::parse(text);
        for diagnostic in parsed.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
            let line = text[..diagnostic.span.start].lines().count();
            let around = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
            failures.push(format!("{id}:{line}: {}: {}\n    {around}", diagnostic.code, diagnostic.message));
        }
        let printed = kql::print_query(&parsed.query);
        let again = kql::parse(&printed);
        if again.has_errors() || again.query.without_spans() != parsed.query.without_spans() {
            let why: Vec<_> = again.diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
            failures.push(format!("{id}: printing changed it {why:?}\n{text}\n  became\n{printed}"));
        }
    }
    assert!(failures.is_empty(), "{} failures in {} queries\n{}", failures.len(), queries.len(), failures.join("\n"));
    println!("{} queries of {file} parsed", queries.len());
}

#[test]
fn every_query_of_the_corpus_parses() {
    check("corpus/corpus-dev.jsonl", "query");
}

#[test]
fn every_conformance_query_parses() {
    check("conformance/engine-dev.jsonl", "kql");
}
