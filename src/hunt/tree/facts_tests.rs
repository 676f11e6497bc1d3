//! The tree from a real store: what is decoded, grouped and found again.

use super::*;
use crate::hunt::testing::{insert, text};

fn created(store: &Store, event: i64, pid: i64, name: &str, parent: (i64, &str), grandparent: (i64, &str)) {
    insert(
        store,
        event,
        PROCESSES,
        &[
            ("Timestamp", SqlValue::Integer(event * 10_000_000)),
            ("DeviceName", text("host")),
            ("ActionType", text("ProcessCreated")),
            ("ProcessId", SqlValue::Integer(pid)),
            ("FileName", text(name)),
            ("ProcessCommandLine", text(&format!("{name} /x"))),
            ("AccountDomain", text("NT AUTHORITY")),
            ("AccountName", text("SYSTEM")),
            ("InitiatingProcessId", SqlValue::Integer(parent.0)),
            ("InitiatingProcessFileName", text(parent.1)),
            ("InitiatingProcessParentId", SqlValue::Integer(grandparent.0)),
            ("InitiatingProcessParentFileName", text(grandparent.1)),
        ],
    );
}

fn did(store: &Store, event: i64, table: &str, action: &str, actor: (i64, &str), extra: &[(&str, SqlValue)]) {
    let mut cells = vec![
        ("Timestamp", SqlValue::Integer(event * 10_000_000)),
        ("DeviceName", text("host")),
        ("ActionType", text(action)),
        ("InitiatingProcessId", SqlValue::Integer(actor.0)),
        ("InitiatingProcessFileName", text(actor.1)),
    ];
    cells.extend(extra.iter().cloned());
    insert(store, event, table, &cells);
}

fn store() -> Store {
    let store = Store::in_memory().unwrap();
    created(&store, 10, 20, "cmd.exe", (7, "sqlservr.exe"), (0, ""));
    created(&store, 11, 30, "cscript.exe", (20, "cmd.exe"), (7, "sqlservr.exe"));
    created(&store, 12, 40, "TVupu.exe", (30, "cscript.exe"), (20, "cmd.exe"));
    let path = [("FolderPath", text("C:\\a.vbs"))];
    did(&store, 13, "DeviceFileEvents", "FileCreated", (30, "cscript.exe"), &path);
    did(&store, 14, "DeviceFileEvents", "FileCreated", (30, "cscript.exe"), &path);
    did(&store, 15, "DeviceNetworkEvents", "ConnectionSuccess", (99, "lsass.exe"), &[("RemoteIP", text("::1"))]);
    did(&store, 16, OTHER_TABLE, "ProcessTerminated", (30, "cscript.exe"), &[]);
    store
}

fn named<'a>(forest: &'a Forest, name: &str) -> &'a super::super::Node {
    forest.nodes.iter().find(|node| node.process.name == name).unwrap()
}

#[test]
fn a_store_gives_the_chain_with_ghosts_counts_and_ends() {
    let forest = forest(&store(), None).unwrap();
    let chain = crate::hunt::tree::text::chains(&forest, named(&forest, "cscript.exe").id, &str::to_owned);
    assert_eq!(chain, ["sqlservr.exe → cmd.exe → cscript.exe → TVupu.exe"]);
    assert!(named(&forest, "sqlservr.exe").ghost && named(&forest, "lsass.exe").ghost);
    let cscript = named(&forest, "cscript.exe");
    assert_eq!(
        (cscript.counts.files, cscript.counts.processes, cscript.counts.other, cscript.process.end),
        (2, 1, 0, Some(160_000_000))
    );
    assert_eq!(cscript.process.account, "NT AUTHORITY\\SYSTEM");
    assert_eq!(named(&forest, "lsass.exe").counts.network, 1);
}

#[test]
fn an_event_is_found_at_the_process_it_made_or_that_did_it() {
    let store = store();
    let forest = forest(&store, None).unwrap();
    let at = |event| locate(&store, &forest, event).unwrap().map(|id| forest.node(id).unwrap().process.name.clone());
    assert_eq!(at(11).as_deref(), Some("cscript.exe"));
    assert_eq!(at(13).as_deref(), Some("cscript.exe"));
    assert_eq!(at(15).as_deref(), Some("lsass.exe"));
    assert_eq!(at(77), None);
}

#[test]
fn the_events_of_a_node_are_its_own_in_order() {
    let store = store();
    let forest = forest(&store, None).unwrap();
    let of = |name: &str, limit| {
        let events = node_events(&store, &forest, named(&forest, name).id, limit).unwrap();
        events.into_iter().map(|event| (event.event, event.summary)).collect::<Vec<_>>()
    };
    assert_eq!(of("cscript.exe", 9), [(13, "C:\\a.vbs".to_owned()), (14, "C:\\a.vbs".to_owned())]);
    assert_eq!(of("cscript.exe", 1).len(), 1);
    assert_eq!(of("lsass.exe", 9), [(15, "::1".to_owned())]);
}

#[test]
fn another_device_has_another_forest() {
    let store = store();
    assert_eq!(devices(&store).unwrap(), ["host"]);
    assert!(forest(&store, Some("elsewhere")).unwrap().nodes.is_empty());
    assert_eq!(forest(&store, Some("HOST")).unwrap(), forest(&store, None).unwrap());
}

#[test]
fn the_forest_of_some_events_is_that_of_their_devices() {
    let store = store();
    let whole = forest(&store, None).unwrap();
    assert_eq!(forest_of(&store, &[11, 15]).unwrap(), whole);
    assert_eq!(forest_of(&store, &[77]).unwrap(), Forest::default());
    let other = [
        ("Timestamp", SqlValue::Integer(5)),
        ("DeviceName", text("zebra")),
        ("ActionType", text("ProcessCreated")),
        ("ProcessId", SqlValue::Integer(1)),
        ("FileName", text("lone.exe")),
        ("InitiatingProcessId", SqlValue::Integer(2)),
        ("InitiatingProcessFileName", text("parent.exe")),
    ];
    insert(&store, 90, "DeviceProcessEvents", &other);
    assert_eq!(forest_of(&store, &[11]).unwrap(), whole);
    let lone = forest_of(&store, &[90]).unwrap();
    assert_eq!(lone.nodes.len(), 2);
    // Side by side they are the whole store.
    assert_eq!(forest_of(&store, &[90, 11]).unwrap(), forest(&store, None).unwrap());
}
