//! Rules of the shared corpus taken apart: every prefix and every query with a unit off is a query again. Runs where
//! `../shared` is present.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::path::Path;

use whippet::kql;
use whippet::rules::coverage;
use whippet::rules::pipeline::RulePipeline;
use whippet::rules::predicates::Reader;

#[test]
fn every_rule_of_the_corpus_can_be_cut_and_switched() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/corpus-dev.jsonl");
    let Ok(lines) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared/corpus/corpus-dev.jsonl is not present");
        return;
    };
    let (mut queries, mut stages, mut units) = (0, 0, 0);
    let mut failures = Vec::new();
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let (id, query) = (&record["id"], record["query"].as_str().unwrap());
        let parsed = kql::parse(query);
        if parsed.has_errors() {
            continue;
        }
        queries += 1;
        let pipeline = RulePipeline::of(&parsed.query, query);
        let reader = Reader::of(&pipeline, &parsed.query);
        coverage::events(&pipeline, &reader);
        for stage in pipeline.stages() {
            stages += 1;
            // A stage inside a function body has no prefix.
            let Some(prefix) = pipeline.prefix(query, &stage.id, &BTreeSet::new()) else { continue };
            if kql::parse(&prefix).has_errors() {
                failures.push(format!("{id} up to stage {}:\n{prefix}", stage.id));
            }
        }
        let ids: BTreeSet<&str> = pipeline.units().map(|unit| unit.id.as_str()).collect();
        assert_eq!(ids.len(), pipeline.units().count(), "{id}: unit ids are unique");
        for unit in pipeline.units() {
            units += 1;
            reader.read(&unit.expression);
            let rewritten = pipeline.without(query, &BTreeSet::from([unit.id.as_str()]));
            if kql::parse(&rewritten).has_errors() {
                failures.push(format!("{id} without {}:\n{rewritten}", unit.text));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    println!("{queries} queries, {stages} stages, {units} units");
}
