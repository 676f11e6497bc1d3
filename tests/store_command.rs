//! What a store can be asked and made to do: provenance of an event, its sources, one of them taken out again, a table
//! of one's own; and what stays when writing fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::{Value as Json, json};
use whippet::cli::Exit;
use whippet::ingest::{Silent, import};
use whippet::store::Store;

fn whippet(arguments: &[&str]) -> (Exit, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("whippet").chain(arguments.iter().copied()).map(OsString::from);
    let exit = whippet::cli::run(arguments, &mut stdout, &mut stderr);
    (exit, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn xml(number: u64, image: &str, parent: u64) -> String {
    format!(
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>\
         <Provider Name=\"Microsoft-Windows-Sysmon\"/><EventID>1</EventID>\
         <TimeCreated SystemTime=\"2025-01-02T03:04:05.{number:07}Z\"/><EventRecordID>{number}</EventRecordID>\
         <Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>H1</Computer></System><EventData>\
         <Data Name=\"UtcTime\">2025-01-02 03:04:05.600</Data>\
         <Data Name=\"ProcessGuid\">{{00000000-0225-6776-0000-{number:012}}}</Data><Data Name=\"ProcessId\">{number}</Data>\
         <Data Name=\"Image\">C:\\{image}</Data><Data Name=\"CommandLine\">{image} &amp; more</Data>\
         <Data Name=\"ParentProcessGuid\">{{00000000-0225-6776-0000-{parent:012}}}</Data>\
         <Data Name=\"ParentProcessId\">{parent}</Data><Data Name=\"ParentImage\">C:\\parent.exe</Data></EventData></Event>"
    )
}

fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn an_event_leads_to_its_file_and_its_exact_record() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("x.db");
    let db = db.to_str().unwrap();
    let record = xml(7, "a.exe", 1);
    let log = file(folder.path(), "log.xml", format!("<Events>\n{record}\n</Events>"));
    let (exit, _, error) = whippet(&["import", "--db", db, log.to_str().unwrap()]);
    assert_eq!(exit, Exit::Done, "{error}");
    let (exit, raw, _) = whippet(&["event", "1", "--db", db, "--raw"]);
    assert_eq!((exit, raw), (Exit::Done, record.clone()));
    let (_, shown, _) = whippet(&["event", "1", "--db", db]);
    for part in ["log.xml", "record   7 (event XML)", "DeviceProcessEvents", "a.exe & more", "SHA-256  "] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let (_, text, _) = whippet(&["event", "1", "--db", db, "--format", "json"]);
    let whole: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(whole["row"]["FileName"], json!("a.exe"));
    assert_eq!(whole["original"], json!(record));
    assert_eq!(whole["source"]["sha256"].as_str().unwrap().len(), 64);
    let (exit, _, error) = whippet(&["event", "99", "--db", db]);
    assert_eq!(exit, Exit::Invalid);
    assert!(error.contains("99"), "{error}");
}

#[test]
fn a_forgotten_source_leaves_no_trace_in_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let db = path.to_str().unwrap();
    let parent = file(folder.path(), "parent.xml", xml(1, "parent.exe", 0));
    let child = file(folder.path(), "child.xml", xml(2, "child.exe", 1) + &xml(1, "parent.exe", 0));
    for log in [&parent, &child] {
        assert_eq!(whippet(&["import", "--db", db, log.to_str().unwrap()]).0, Exit::Done);
    }
    let line = "SELECT InitiatingProcessCommandLine FROM DeviceProcessEvents WHERE FileName = 'child.exe'";
    let read = |sql: &str| -> String {
        rusqlite::Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(read(line), "parent.exe & more");
    let (_, listed, _) = whippet(&["store", "sources", "--db", db]);
    assert!(listed.contains("2 records = 1 stored + 1 duplicates + 0 rejected"), "{listed}");
    let (exit, said, error) = whippet(&["store", "forget", "parent.xml", "--db", db]);
    assert_eq!(exit, Exit::Done, "{error}");
    assert!(said.contains("1 events") && said.contains("import again") && said.contains("child.xml"), "{said}");
    // The child is there, without what it had from its parent.
    assert_eq!(read(line), "");
    let (_, shown, _) = whippet(&["store", "vacuum", "--db", db]);
    assert!(shown.contains("bytes before"), "{shown}");
    assert_eq!(read("SELECT CAST(count(*) AS TEXT) FROM text WHERE value = 'parent.exe & more'"), "0");
    assert_eq!(read("PRAGMA integrity_check"), "ok");
    // And once more: what was its duplicate comes from the other file now.
    assert_eq!(whippet(&["import", "--db", db, child.to_str().unwrap()]).0, Exit::Done);
    assert_eq!(read(line), "parent.exe & more");
    let (_, info, _) = whippet(&["store", "info", "--db", db, "--format", "json"]);
    let info: Json = serde_json::from_str(&info).unwrap();
    assert_eq!((&info["events"], &info["sources"], &info["incomplete"]), (&json!(2), &json!(1), &json!(0)));
    assert_eq!(whippet(&["store", "forget", "nothing", "--db", db]).0, Exit::Invalid);
    let none = folder.path().join("none.db");
    assert_eq!(whippet(&["store", "vacuum", "--db", none.to_str().unwrap()]).0, Exit::Failed);
    assert!(!none.exists());
}

#[test]
fn a_table_of_ones_own_has_the_types_its_rows_show() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("x.db");
    let db = db.to_str().unwrap();
    let rows = "TimeGenerated,User,Count,Share,Ok,Number\n2025-01-02T03:04:05Z,bob,1,1.5,true,007\n2025-01-02T03:04:06Z,7,22,2,false,1\n";
    let log = file(folder.path(), "x.csv", rows);
    let (exit, report, error) = whippet(&["import", "--db", db, "--table", "Proxy_CL", log.to_str().unwrap()]);
    assert_eq!(exit, Exit::Done, "{error}");
    assert!(
        report.contains(
            "table Proxy_CL: TimeGenerated: datetime, User: string, Count: long, Share: real, Ok: bool, Number: string"
        ),
        "{report}"
    );
    let (_, found, error) = whippet(&[
        "query",
        "--db",
        db,
        "--format",
        "json",
        "Proxy_CL | where Ok and TimeGenerated > datetime(2025-01-01) | project User, Count",
    ]);
    assert!(found.contains("bob"), "{found}{error}");
    let (exit, _, error) = whippet(&["import", "--db", db, "--table", "DeviceEvents", log.to_str().unwrap()]);
    assert_eq!(exit, Exit::Failed);
    assert!(error.contains("built in"), "{error}");
}

#[test]
fn a_table_of_ones_own_grows_as_if_all_files_had_come_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        file(
            folder.path(),
            "1.csv",
            "When,Code,Size,Ok\n2025-01-02T03:04:05Z,7,10,true\n2025-01-02 03:04:06,12,20,false\n",
        ),
        file(
            folder.path(),
            "2.json",
            "{\"When\": \"2025-01-03T00:00:00Z\", \"Size\": 1.5, \"Extra\": {\"a\": [1]}, \"Code\": 3}\n",
        ),
        file(folder.path(), "3.csv", "When,Code,Size,Ok,More\nsoon,007,3,maybe,x\n2025-01-02T03:04:05Z,7,10,true,\n"),
    ];
    let rows = |db: &str| {
        let (_, found, error) = whippet(&[
            "query",
            "--db",
            db,
            "--format",
            "csv",
            "X_CL | project When, Code, Size, Ok, Extra, More | sort by Code asc, When asc",
        ]);
        assert!(error.is_empty(), "{error}");
        found
    };
    let at_once = folder.path().join("once.db");
    let at_once = at_once.to_str().unwrap();
    let paths = files.each_ref().map(|path| path.to_str().unwrap());
    let (exit, report, error) = whippet(&["import", "--db", at_once, "--table", "X_CL", paths[0], paths[1], paths[2]]);
    assert_eq!(exit, Exit::Done, "{error}");
    assert!(report.contains("5 records") || report.contains("1 duplicates"), "{report}");
    let by_and_by = folder.path().join("later.db");
    let by_and_by = by_and_by.to_str().unwrap();
    for (path, types) in paths.iter().zip([
        "When: datetime, Code: long, Size: long, Ok: bool",
        "When: datetime, Code: long, Size: real, Ok: bool, Extra: dynamic",
        "When: string, Code: string, Size: real, Ok: string, Extra: dynamic, More: string",
    ]) {
        let (exit, report, error) = whippet(&["import", "--db", by_and_by, "--table", "X_CL", path]);
        assert_eq!(exit, Exit::Done, "{error}");
        assert!(report.contains(types), "{types}: {report}");
    }
    assert_eq!(rows(by_and_by), rows(at_once));
    assert!(rows(by_and_by).contains("2025-01-02 03:04:06,12,20"), "{}", rows(by_and_by));
    let (_, report, _) = whippet(&["import", "--db", by_and_by, "--table", "X_CL", paths[0]]);
    assert!(report.contains("2 records = 0 stored + 2 duplicates"), "{report}");
    let damaged: String = rusqlite::Connection::open(by_and_by)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(damaged, "ok");
}

type Contents = (u64, Vec<(u64, u64, u64, bool)>, String);

fn contents(path: &Path) -> Contents {
    let store = Store::open_read_only(path).unwrap();
    let plain = rusqlite::Connection::open(path).unwrap();
    let check = plain.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let sources = store.sources().unwrap();
    let accounts =
        sources.into_iter().map(|source| (source.records, source.stored, source.duplicates, source.complete));
    (store.event_count().unwrap(), accounts.collect(), check)
}

#[test]
fn a_full_disk_is_an_error_and_the_store_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(
        folder.path(),
        "log.xml",
        (1..3000).map(|number| xml(number, &format!("{number}.exe"), number / 2)).collect::<String>(),
    );
    let path = folder.path().join("x.db");
    let mut store = Store::create_or_open(&path).unwrap();
    let pages: i64 = store.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection().query_row(&format!("PRAGMA max_page_count = {}", pages + 40), [], |_| Ok(())).unwrap();
    let failed = import(&mut store, std::slice::from_ref(&log), &AtomicBool::new(false), &mut Silent).unwrap_err();
    assert!(failed.to_string().contains("full"), "{failed}");
    drop(store);
    assert_eq!(contents(&path).2, "ok");
    let mut store = Store::create_or_open(&path).unwrap();
    import(&mut store, std::slice::from_ref(&log), &AtomicBool::new(false), &mut Silent).unwrap();
    drop(store);
    assert_eq!(contents(&path), (2999, vec![(2999, 2999, 0, true)], "ok".to_owned()));
}

#[test]
fn while_one_writes_others_read_and_a_second_writer_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let log = file(folder.path(), "log.xml", xml(1, "a.exe", 0));
    let writer = Store::create_or_open(&path).unwrap();
    assert_eq!(contents(&path).0, 0);
    let (exit, _, error) = whippet(&["import", "--db", path.to_str().unwrap(), log.to_str().unwrap()]);
    assert_eq!(exit, Exit::Failed);
    let writing = format!("being written by another whippet (process {})", std::process::id());
    assert!(error.contains(&writing), "{error}");
    drop(writer);
    assert_eq!(whippet(&["import", "--db", path.to_str().unwrap(), log.to_str().unwrap()]).0, Exit::Done);
    // A folder is no store, and nothing is made of it.
    let (exit, _, error) = whippet(&["import", "--db", folder.path().to_str().unwrap(), log.to_str().unwrap()]);
    assert_eq!(exit, Exit::Failed);
    assert!(!error.is_empty());
}
