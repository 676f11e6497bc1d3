//! What a store promises to whoever opens it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use whippet::hunt::matches::RuleStatus;
use whippet::hunt::tree::facts;
use whippet::hunt::{Case, NodeId};
use whippet::ingest::{Silent, forget, import};
use whippet::plan::Environment;
use whippet::rules::Catalog;
use whippet::schema::{Column, ScalarType, TableSchema};
use whippet::sql::layout::{Storage, layout, raw_bit};
use whippet::sql::{self, ConnectionProbe, Limits, Options};
use whippet::store::{Store, StoreError, insert_row};

#[test]
fn every_known_table_can_be_read_through_its_layout_and_its_view() {
    let store = Store::in_memory().unwrap();
    for table in store.schema().tables() {
        let layout = layout(table);
        let expressions: Vec<&str> = layout
            .columns
            .iter()
            .map(|column| match &column.storage {
                Storage::Plain(expression) | Storage::Dictionary(expression) => expression.as_str(),
            })
            .collect();
        let sql = format!("SELECT {}, {} FROM {}", layout.event_id, expressions.join(", "), layout.from);
        let rows = store.connection().prepare(&sql).unwrap().query_map([], |_| Ok(())).unwrap().count();
        assert_eq!(rows, 0, "{}", table.name);
    }
    let stored = |table: &&TableSchema| !table.name.ends_with("()") && raw_bit(&table.name).is_none();
    store
        .connection()
        .execute_batch(
            "INSERT INTO event_record(source, record, raw, block, position, identity) VALUES (1, 1, 7, 1, 0, x'00')",
        )
        .unwrap();
    for table in store.schema().tables().filter(stored) {
        store.connection().execute(&insert_row(table, &["id"]), [1]).unwrap();
    }
    store.create_indexes().unwrap();
    for table in store.schema().tables().filter(|table| !table.name.ends_with("()")) {
        let view = format!("SELECT count(*) FROM (SELECT * FROM \"{}\")", table.name);
        let count: i64 = store.connection().query_row(&view, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1, "{}", table.name);
    }
}

#[test]
fn a_reader_can_neither_write_nor_attach() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    drop(Store::create_or_open(&path).unwrap());
    let reader = Store::open_read_only(&path).unwrap();
    for sql in [
        "INSERT INTO text(value) VALUES ('x')",
        "ATTACH ':memory:' AS other",
        "PRAGMA journal_mode = DELETE",
        "CREATE TEMP TABLE x(a)",
        "SELECT load_extension('x')",
        "DROP TABLE text",
    ] {
        assert!(reader.connection().execute_batch(sql).is_err(), "{sql}");
    }
    let one: i64 = reader.connection().query_row("SELECT count(*) FROM json_each('[1,2]')", [], |r| r.get(0)).unwrap();
    assert_eq!(one, 2);
}

#[test]
fn only_one_writer_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let first = Store::create_or_open(&path).unwrap();
    assert!(matches!(Store::create_or_open(&path), Err(StoreError::Locked { .. })));
    assert!(Store::open_read_only(&path).is_ok());
    drop(first);
    assert!(Store::create_or_open(&path).is_ok());
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database at all, but long enough").unwrap();
    assert!(matches!(Store::create_or_open(&text), Err(StoreError::NotAStore { .. })));
    assert!(matches!(Store::open_read_only(&text), Err(StoreError::NotAStore { .. })));
    assert_eq!(std::fs::read_to_string(&text).unwrap(), "not a database at all, but long enough");
    let inner = folder.path().join("inner");
    std::fs::create_dir(&inner).unwrap();
    assert!(matches!(Store::create_or_open(&inner), Err(StoreError::Open { .. })));
    let there: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(there.iter().all(|path| [&text, &inner].contains(&path)), "nothing is put beside them: {there:?}");

    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a(b)").unwrap();
    assert!(matches!(Store::create_or_open(&foreign), Err(StoreError::NotAStore { .. })));

    assert!(matches!(Store::open_read_only(&folder.path().join("none.db")), Err(StoreError::Missing { .. })));
}

#[test]
fn another_version_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    drop(Store::create_or_open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let message = Store::open_read_only(&path).unwrap_err().to_string();
    assert!(message.contains("store version 99") && message.contains("update"), "{message}");
}

#[test]
fn a_store_of_the_version_before_is_read_and_takes_no_more_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    drop(Store::create_or_open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(Store::open_read_only(&path).unwrap().newest_event_time().unwrap(), None);
    let mut store = Store::create_or_open(&path).unwrap();
    store.add_exclusion(None, "true", "", 0).unwrap();
    let more = [folder.path().join("a.xml")];
    let refused = whippet::ingest::import(&mut store, &more, &AtomicBool::new(false), &mut Silent).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("store version 1") && refused.contains("a new store"), "{refused}");
}

#[test]
fn tables_come_with_their_first_row_and_are_empty_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let mut writer = Store::create_or_open(&path).unwrap();
    // Opened before there is such a table.
    let reader = Store::open_read_only(&path).unwrap();
    let count = |query: &str| {
        let probe = ConnectionProbe::new(reader.connection(), reader.schema());
        let environment = Environment::new(reader.schema(), 0).with_probe(&probe);
        let parsed = whippet::kql::parse(query);
        let compiled = sql::compile(&parsed.query, &environment, &Options::default()).unwrap();
        let found = sql::execute(reader.connection(), &compiled, &Limits::default()).unwrap();
        (found.columns.len(), found.rows.len())
    };
    let width = reader.schema().table("SigninLogs").unwrap().columns.len();
    let queries = [
        ("SigninLogs", width, 1),
        ("SigninLogs | where AppDisplayName has 'console' | project AppDisplayName, ResultType", 2, 1),
        ("SigninLogs | summarize count()", 1, 1),
        ("SigninLogs | join kind=leftouter AuditLogs on CorrelationId | project ResultType", 1, 1),
        ("AuditLogs | join kind=rightouter SigninLogs on CorrelationId | project ResultType", 1, 1),
        ("union SigninLogs, AuditLogs | project ResultType", 1, 1),
        ("search 'console' | project $table", 1, 1),
    ];
    for (query, columns, _) in queries {
        let rows = usize::from(query.contains("count()"));
        assert_eq!(count(query), (columns, rows), "{query}");
    }
    let widths = queries.map(|(query, ..)| count(query).0);
    let events = folder.path().join("signin.ndjson");
    std::fs::write(
        &events,
        "{\"Type\":\"SigninLogs\",\"TimeGenerated\":\"2024-01-01T00:00:00Z\",\"AppDisplayName\":\"a console\"}\n",
    )
    .unwrap();
    whippet::ingest::import(&mut writer, &[events], &AtomicBool::new(false), &mut Silent).unwrap();
    for ((query, _, rows), width) in queries.into_iter().zip(widths) {
        assert_eq!(count(query), (width, rows), "{query}");
    }
    let tables: Vec<(String, u64)> = reader.table_counts().unwrap();
    assert_eq!(tables, [("SigninLogs".to_owned(), 1)]);
}

#[cfg(unix)]
#[test]
fn a_store_on_read_only_media_opens() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b?#.db");
    drop(Store::create_or_open(&path).unwrap());
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let opened = Store::open_read_only(&path).map(|store| store.newest_event_time().unwrap());
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(opened.unwrap(), None);
}

#[test]
fn custom_tables_stay_with_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let table = TableSchema {
        name: "Proxy_CL".to_owned(),
        columns: vec![Column::new("TimeGenerated", ScalarType::Datetime), Column::new("Id", ScalarType::String)],
    };
    let mut store = Store::create_or_open(&path).unwrap();
    store.add_custom_table(table.clone()).unwrap();
    assert!(store.add_custom_table(table.clone()).is_err());
    let built_in = TableSchema { name: "deviceevents".to_owned(), columns: Vec::new() };
    assert!(store.add_custom_table(built_in).is_err());
    drop(store);
    let store = Store::open_read_only(&path).unwrap();
    assert_eq!(store.schema().table("Proxy_CL"), Some(&table));
}

#[test]
fn exclusions_and_state_are_kept() {
    let store = Store::in_memory().unwrap();
    let id = store.add_exclusion(Some("seed"), "FileName =~ \"a.exe\"", "noise", 5).unwrap();
    assert!(store.set_exclusion_enabled(id, false).unwrap());
    let kept = store.exclusions().unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].enabled);
    assert!(store.remove_exclusion(id).unwrap());
    assert!(!store.remove_exclusion(id).unwrap());

    assert_eq!(store.state::<Vec<i64>>("pins").unwrap(), None);
    store.set_state("pins", 1, &vec![3, 4]).unwrap();
    store.set_state("pins", 2, &vec![5]).unwrap();
    assert_eq!(store.state::<Vec<i64>>("pins").unwrap(), Some((2, vec![5])));
}

/// The tables of events in a store, after whatever may be asked of it was asked and went well.
fn tables_of_a_sound_store(path: &Path) -> Vec<String> {
    let case = Case::open(path, Arc::new(Catalog::built_in())).unwrap();
    let store = case.reader().unwrap();
    for run in case.survey(&store, &[]).unwrap().all.runs.iter() {
        assert!(!matches!(run.status, RuleStatus::Failed(_)), "{}: {:?}", run.rule, run.status);
    }
    let forest = facts::forest(&store, None).unwrap();
    facts::node_events(&store, &forest, NodeId(0), 10).unwrap();
    facts::devices(&store).unwrap();
    for event in 1..=3 {
        facts::actor_of(&store, &forest, event).unwrap();
        store.row_of(event).unwrap();
    }
    let mut tables: Vec<String> = store.stored_tables().unwrap().iter().map(|table| table.name.clone()).collect();
    tables.retain(|table| table.starts_with("Device"));
    tables
}

#[test]
fn whatever_tables_there_are_everything_may_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    drop(Store::create_or_open(&path).unwrap());
    assert_eq!(tables_of_a_sound_store(&path), ["DeviceProcessEvents"]);
    let mut there = vec!["DeviceProcessEvents"];
    for table in ["DeviceLogonEvents", "DeviceNetworkEvents", "DeviceEvents", "DeviceRegistryEvents"] {
        let row = serde_json::json!({
            "Type": table, "Timestamp": "2025-01-02T03:04:05Z", "DeviceName": "h1", "DeviceId": "d1",
            "ActionType": "x", "InitiatingProcessFileName": "a.exe", "InitiatingProcessId": 7,
        });
        let file = folder.path().join(table);
        std::fs::write(&file, row.to_string()).unwrap();
        let mut store = Store::create_or_open(&path).unwrap();
        let report = import(&mut store, &[file], &AtomicBool::new(false), &mut Silent).unwrap();
        assert_eq!(report.files[0].stored, 1, "{table}");
        drop(store);
        there.push(table);
        there.sort_unstable();
        assert_eq!(tables_of_a_sound_store(&path), there);
    }
    let mut store = Store::create_or_open(&path).unwrap();
    for source in store.sources().unwrap() {
        assert_eq!(forget(&mut store, &source).unwrap().events, 1);
    }
    store.vacuum().unwrap();
    drop(store);
    tables_of_a_sound_store(&path);
}
