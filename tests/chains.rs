//! The chain of a process is the same whether it is read alone or out of the forest of the whole store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use whippet::hunt::Forest;
use whippet::hunt::tree::ancestors::forest_above;
use whippet::hunt::tree::facts;
use whippet::ingest::{Silent, import};
use whippet::store::Store;

/// What the chain above an event shows: the processes from the root down, and which of them were never logged. How the
/// name of one that was not is spelt depends on who names it.
fn chain(store: &Store, forest: &Forest, event: i64) -> Vec<(String, Option<i64>, Option<i64>, bool)> {
    let Some(node) = facts::locate(store, forest, event).unwrap() else { return Vec::new() };
    let nodes = forest.path(node).into_iter().filter_map(|id| forest.node(id));
    nodes
        .map(|node| (node.process.name.to_ascii_lowercase(), node.process.pid, node.process.start, node.ghost))
        .collect()
}

fn compare(paths: &[PathBuf], every: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(&folder.path().join("chains.db")).unwrap();
    import(&mut store, paths, &AtomicBool::new(false), &mut Silent).unwrap();
    let whole = facts::forest(&store, None).unwrap();
    let mut events: Vec<i64> = Vec::new();
    for table in ["DeviceProcessEvents", "DeviceFileEvents", "DeviceNetworkEvents", "DeviceEvents"] {
        let mut statement = store.connection().prepare(&format!("SELECT id FROM rows_{table} ORDER BY id")).unwrap();
        let found = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        events.extend(found.map(Result::unwrap).step_by(every));
    }
    for event in &events {
        let alone = forest_above(&store, &[*event]).unwrap();
        assert_eq!(chain(&store, &alone, *event), chain(&store, &whole, *event), "event {event}");
    }
    let together = forest_above(&store, &events).unwrap();
    for event in &events {
        assert_eq!(chain(&store, &together, *event), chain(&store, &whole, *event), "event {event} among all");
    }
    events.len()
}

#[test]
fn chains_of_the_samples() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    assert!(compare(&[samples.join("xp-cmdshell"), samples.join("baseline")], 7) > 50);
}

#[test]
fn chains_of_public_logs() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/evtx");
    if logs.is_dir() {
        assert!(compare(&[logs], 9) > 50);
    }
}
