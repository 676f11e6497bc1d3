//! Importing on the screen, in a real terminal: before there is a store, and more of it from within the console.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::process::Command;

use terminal::{Session, Terminal};

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name).join("events.ndjson");
    path.to_str().unwrap().to_owned()
}

fn events_in(store: &Path) -> String {
    let mut query = Command::new(env!("CARGO_BIN_EXE_whippet"));
    query.args(["query", "DeviceProcessEvents | count", "--format", "csv", "--db"]).arg(store);
    String::from_utf8(query.output().unwrap().stdout).unwrap()
}

#[test]
fn files_are_read_into_a_new_store_which_is_then_shown() {
    for size in [(120, 36), (80, 24), (40, 10)] {
        let folder = tempfile::tempdir().unwrap();
        let terminal = Terminal { size, ..Terminal::default() };
        let files = sample("xp-cmdshell");
        let mut session = Session::start_in(&["open", "new.db", &files], folder.path(), &terminal);
        let screen = session.until("Enter open the store");
        assert!(screen.contains("314 stored"), "{screen}");
        session.keys("\r");
        session.until_that(|screen| screen.contains("[1 Matches]") && screen.contains("01:59:52"));
        session.keys("Q");
        assert_eq!(session.end().0, 0);
        assert!(folder.path().join("new.db").exists());
    }
}

#[test]
fn more_files_are_read_from_within_and_the_desk_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(&["open", "new.db", &sample("xp-cmdshell")], folder.path());
    session.until("Enter open the store");
    session.keys("\r");
    session.until("314 events");
    session.keys("4");
    session.until("[4 Exclusions]");
    session.keys("I");
    session.until("files and folders to import:");
    session.keys(&format!("'{}'\r", sample("java-sysrv")));
    // What became of a file is seen before all is ready.
    session.until_that(|screen| screen.contains("182 stored") && screen.contains("q back to the console"));
    session.keys("q");
    session.until_that(|screen| screen.contains("496 events") && screen.contains("[4 Exclusions]"));
    session.until("2 hosts");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
    assert!(events_in(&folder.path().join("new.db")).contains("194"), "{}", events_in(&folder.path().join("new.db")));
}

#[test]
fn what_is_no_store_is_said_and_a_signal_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no store at all").unwrap();
    let mut session = Session::start(&["open", "notes.txt", &sample("xp-cmdshell")], folder.path());
    session.until("is not a whippet store");
    session.keys("q");
    session.until("error: notes.txt is not a whippet store");
    assert_eq!(session.end().0, 1);

    let mut session = Session::start(&["open", "new.db", &sample("xp-cmdshell")], folder.path());
    session.until("Enter open the store");
    session.signal("-TERM");
    let (code, text) = session.end();
    assert!(code != 0 && !text.contains("error:"), "{code}: {text}");
}

/// So many process creations in a file; tens of thousands take seconds to read.
fn many(folder: &Path, count: usize) {
    let event = |number: usize| {
        format!(
            r#"{{"Type":"DeviceProcessEvents","Timestamp":"2026-03-02T02:10:00Z","DeviceName":"a","ActionType":"ProcessCreated","FileName":"tool{number}.exe","ProcessCommandLine":"tool {number} -v","ProcessId":{number}}}"#
        ) + "\n"
    };
    std::fs::write(folder.join("many.ndjson"), (0..count).map(event).collect::<String>()).unwrap();
}

#[test]
fn the_console_is_there_while_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    many(folder.path(), 60_000);
    let mut session = Session::start(&["open", "new.db", "many.ndjson"], folder.path());
    session.until("b behind");
    session.keys("b");
    session.until("[1 Matches]");
    session.until("import over: I");
    session.keys("I");
    session.until("60,000 stored");
    session.keys("\r");
    session.until_that(|screen| screen.contains("[1 Matches]") && screen.contains("60,000 events"));
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn what_is_switched_while_files_are_read_survives_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    // So many that the signal comes before they are read.
    many(folder.path(), 300_000);
    let mut session = Session::start(&["open", "new.db", "many.ndjson"], folder.path());
    session.until("b behind");
    session.keys("b");
    session.until("[1 Matches]");
    session.keys("4");
    session.until_that(|screen| screen.contains("[4 Exclusions]") && screen.contains("[x]"));
    session.keys(" ");
    session.until("[ ]");
    session.signal("-TERM");
    let (status, screen) = session.end_and_screen();
    assert!(!status.success() && screen.contains("making the store whole"), "{status}: {screen}");
    let store = whippet::store::Store::open_read_only(&folder.path().join("new.db")).unwrap();
    let sql = "SELECT EXISTS(SELECT 1 FROM state WHERE key = 'console.session')";
    assert!(store.connection().query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap());
}
