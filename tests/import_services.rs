//! A service that was installed, told by the service control manager (7045) and by Security (4697): one row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::sync::atomic::AtomicBool;

use whippet::ingest::{Silent, forget, import};
use whippet::store::Store;

const PSEXEC: &str = "%SystemRoot%\\PSEXESVC.exe";

fn event(provider: &str, channel: &str, id: u32, second: u32, fields: &[(&str, &str)]) -> String {
    let data: String = fields.iter().map(|(name, value)| format!("<Data Name=\"{name}\">{value}</Data>")).collect();
    let (record, second) = (id * 100_000 + second, second % 60);
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
         <EventID>{id}</EventID><TimeCreated SystemTime='2025-01-02T03:04:{second:02}.5Z'/>\
         <EventRecordID>{record}</EventRecordID><Channel>{channel}</Channel><Computer>H1</Computer></System>\
         <EventData>{data}</EventData></Event>\n"
    )
}

fn system(second: u32, name: &str, file: &str) -> String {
    let fields = [
        ("ServiceName", name),
        ("ImagePath", file),
        ("ServiceType", "user mode service"),
        ("StartType", "demand start"),
        ("AccountName", "LocalSystem"),
    ];
    event("Service Control Manager", "System", 7045, second, &fields)
}

fn security(second: u32, name: &str, file: &str) -> String {
    let fields = [
        ("SubjectUserSid", "S-1-5-21-1-2-3-1001"),
        ("SubjectUserName", "ann"),
        ("SubjectDomainName", "CORP"),
        ("SubjectLogonId", "0x1234"),
        ("ServiceName", name),
        ("ServiceFileName", file),
        ("ServiceType", "0x10"),
        ("ServiceStartType", "3"),
        ("ServiceAccount", "LocalSystem"),
    ];
    event("Microsoft-Windows-Security-Auditing", "Security", 4697, second, &fields)
}

fn store_of(files: &[&str]) -> Store {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::in_memory().unwrap();
    for (index, events) in files.iter().enumerate() {
        let path = folder.path().join(format!("{index}.xml"));
        std::fs::write(&path, events).unwrap();
        import(&mut store, &[path], &AtomicBool::new(false), &mut Silent).unwrap();
    }
    store
}

/// Time, who did it, and the fields of each installed service.
fn rows(store: &Store) -> Vec<String> {
    let sql = "SELECT Timestamp || '|' || InitiatingProcessAccountName || '|' || FileName || '|' || AdditionalFields
               FROM DeviceEvents WHERE ActionType = 'ServiceInstalled' ORDER BY 1";
    let mut statement = store.connection().prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn one_row_stands_for_both_records_in_whichever_order_they_come() {
    let (one, two) = (system(20, "PSEXESVC", PSEXEC), security(19, "psexesvc", PSEXEC));
    let expected = rows(&store_of(&[&(one.clone() + &two)]));
    assert_eq!(expected.len(), 1, "{expected:#?}");
    assert!(expected[0].contains("|ann|PSEXESVC.exe|"), "{}", expected[0]);
    assert!(expected[0].ends_with("\"Sources\":[\"Security\",\"System\"]}"), "{}", expected[0]);
    for files in [[&one, &two], [&two, &one]] {
        let store = store_of(&files.map(String::as_str));
        assert_eq!(rows(&store), expected);
        assert_eq!(store.same_fact(1).unwrap(), [2]);
        assert_eq!(store.same_fact(2).unwrap(), [1]);
        assert_eq!(store.row_of(1).unwrap(), store.row_of(2).unwrap());
    }
    // Both are in the raw tables as before.
    let store = store_of(&[&one, &two]);
    let raw: i64 = store.connection().query_row("SELECT count(*) FROM WindowsEvent", [], |row| row.get(0)).unwrap();
    assert_eq!(raw, 2);
}

#[test]
fn what_differs_is_not_merged() {
    let one = system(20, "PSEXESVC", PSEXEC);
    for (what, other) in [
        ("another name", security(20, "other", PSEXEC)),
        ("another file", security(20, "PSEXESVC", "C:\\evil.exe")),
        ("another time", security(23, "PSEXESVC", PSEXEC)),
    ] {
        assert_eq!(rows(&store_of(&[&one, &other])).len(), 2, "{what}");
    }
    // An export may have any text in the column that is looked into.
    let export = r#"{"Type":"DeviceEvents","Timestamp":"2025-01-02T03:04:20Z","DeviceName":"h1","ActionType":"ServiceInstalled","AdditionalFields":"no JSON"}"#;
    assert_eq!(rows(&store_of(&[&one, export])).len(), 2);
}

#[test]
fn the_nearest_records_are_pairs_when_a_service_is_installed_again_at_once() {
    let all: String = [20, 21].map(|second| system(second, "s", PSEXEC) + &security(second, "s", PSEXEC)).concat();
    let store = store_of(&[&all]);
    assert_eq!(rows(&store).len(), 2);
    assert_eq!(store.same_fact(1).unwrap(), [2]);
    assert_eq!(store.same_fact(3).unwrap(), [4]);
}

#[test]
fn taking_one_record_out_leaves_the_other_as_it_was() {
    let (one, two) = (system(20, "PSEXESVC", PSEXEC), security(20, "PSEXESVC", PSEXEC));
    for (goes, stays) in [(0, &two), (1, &one)] {
        let mut store = store_of(&[&one, &two]);
        let source = store.sources().unwrap().remove(goes);
        forget(&mut store, &source).unwrap();
        store.vacuum().unwrap();
        assert_eq!(rows(&store), rows(&store_of(&[stays])));
        assert!(store.same_fact(1).unwrap().is_empty());
    }
}

#[test]
fn thousands_of_services_are_paired_as_fast_as_they_are_read() {
    // All of one host and one minute: to compare every one with every other would be to read JSON 25 million times.
    let name = |number: u32| format!("service{number}");
    let one: String = (0..5000).map(|number| system(number, &name(number), PSEXEC)).collect();
    let two: String = (0..5000).map(|number| security(number, &name(number), PSEXEC)).collect();
    assert_eq!(rows(&store_of(&[&one, &two])).len(), 5000);
}
