//! What an import promises: every record accounted for, the same result in any order, nothing lost by one bad record.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use whippet::ingest::{ImportReport, Options, Silent, import, import_profiles, import_with};
use whippet::store::Store;

fn import_into(store: &mut Store, paths: &[PathBuf]) -> ImportReport {
    let report = import(store, paths, &AtomicBool::new(false), &mut Silent).unwrap();
    for file in &report.files {
        assert_eq!(file.records, file.stored + file.duplicates + file.rejected, "{}", file.path);
    }
    report
}

fn import_text(name: &str, text: impl AsRef<[u8]>) -> (Store, ImportReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let mut store = Store::in_memory().unwrap();
    let report = import_into(&mut store, &[path]);
    (store, report)
}

fn text(store: &Store, sql: &str) -> String {
    store.connection().query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap().unwrap_or_default()
}

/// The rows of the process table, as another SQLite client sees them, whatever their order and ids.
fn processes(store: &Store) -> Vec<String> {
    let sql = "SELECT DeviceName || '|' || Timestamp || '|' || FileName || '|' || ProcessId || '|'
          || coalesce(InitiatingProcessFileName, '') || '|' || coalesce(InitiatingProcessCommandLine, '') || '|'
          || coalesce(InitiatingProcessParentFileName, '') || '|' || coalesce(InitiatingProcessSHA1, '')
        FROM DeviceProcessEvents";
    let mut statement = store.connection().prepare(sql).unwrap();
    let mut rows: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    rows.sort();
    rows
}

fn process(time: &str, pid: i64, image: &str, parent: i64, parent_image: &str) -> String {
    serde_json::json!({
        "Type": "DeviceProcessEvents", "Timestamp": time, "DeviceName": "h1", "DeviceId": "d1",
        "ActionType": "ProcessCreated", "FileName": image, "FolderPath": format!("C:\\x\\{image}"),
        "ProcessId": pid, "ProcessCreationTime": time, "ProcessCommandLine": format!("{image} /run"),
        "InitiatingProcessId": parent, "InitiatingProcessFileName": parent_image,
    })
    .to_string()
}

#[test]
fn one_bad_line_costs_that_line() {
    let good = process("2025-01-02T03:04:05Z", 10, "a.exe", 4, "");
    let other = process("2025-01-02T03:04:06Z", 11, "b.exe", 4, "");
    let file =
        format!("{good}\n{{\"broken\": \n\n{}\n{other}\n", good.replace("03:04:05Z\",\"Dev", "3/4/2025\",\"Dev"));
    let (_, report) = import_text("x.log", file);
    let file = &report.files[0];
    assert_eq!((file.records, file.stored, file.duplicates, file.rejected), (4, 2, 0, 2));
    assert_eq!(file.rejections[0].place, "line 2");
    assert_eq!(file.rejections[1].place, "line 4");
    assert!(file.rejections[1].reason.contains("Timestamp"), "{}", file.rejections[1].reason);
}

/// Long files are read in pieces, by as many threads as there are.
#[test]
fn a_long_file_of_lines_is_told_as_the_whole_that_it_is() {
    let filling = "x".repeat(2_000);
    let line = |number: i64| match number % 1_000 {
        100 => String::new(),
        200 => "{\"broken\": ".to_owned(),
        300 => serde_json::json!({"Event": {"System": {"Provider": {"#attributes": {"Name": "Any"}}, "EventID": 1,
            "TimeCreated": {"#attributes": {"SystemTime": "2025-01-02T03:04:05Z"}}, "Channel": "Any",
            "Computer": "H1"}, "EventData": {"number": number}}})
        .to_string(),
        _ => serde_json::json!({"Timestamp": format!("2025-01-02T03:04:05.{number:07}Z"), "DeviceName": "h1",
            "DeviceId": "d1", "ActionType": "ProcessCreated", "FileName": "a.exe", "ProcessId": number,
            "ProcessCommandLine": filling, "InitiatingProcessFileName": format!("{}.exe", number % 7),
            format!("Own{}", number / 2_000): number})
        .to_string(),
    };
    let numbers = 1..=6_000;
    let file = numbers.clone().map(line).collect::<Vec<_>>().join("\r\n");
    assert!(file.len() > 11 << 20);
    let expected = |left_out: &[i64]| -> Vec<i64> {
        numbers.clone().filter(|number| !left_out.contains(&(number % 1_000))).collect()
    };
    let (folder, options) = (tempfile::tempdir().unwrap(), |threads| Options {
        threads: std::num::NonZeroUsize::new(threads),
        ..Options::default()
    });
    let path = folder.path().join("long.json");
    std::fs::write(&path, file).unwrap();
    let outcome = |threads| {
        let mut store = Store::in_memory().unwrap();
        let paths = [path.clone()];
        let report = import_with(&mut store, &paths, &options(threads), &AtomicBool::new(false), &mut Silent).unwrap();
        let mut records = store.connection().prepare("SELECT record FROM event_record ORDER BY id").unwrap();
        let records: Vec<i64> = records.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        (report, records, processes(&store))
    };
    let (report, records, rows) = outcome(3);
    assert_eq!(report.totals(), (5_994, 5_988, 0, 6));
    let rejected: Vec<&str> = report.files[0].rejections.iter().map(|rejection| rejection.place.as_str()).collect();
    assert_eq!(rejected, ["line 200", "line 1200", "line 2200", "line 3200", "line 4200", "line 5200"]);
    assert_eq!(records, expected(&[100, 200]));
    assert_eq!(rows.len(), expected(&[100, 200, 300]).len());
    let notes = report.files[0].notes.join("\n");
    assert!(notes.contains("taken for DeviceProcessEvents by its columns"), "{notes}");
    let unknown = [0, 1, 2, 3].map(|number| format!("DeviceProcessEvents.Own{number}")).join(", ");
    assert!(notes.contains(&format!("columns that only the original record keeps: {unknown}")), "{notes}");
    assert_eq!(outcome(1), (report, records, rows));
}

#[test]
fn events_without_numbers_are_counted_where_lines_do_not_tell_them_apart() {
    let event = |at: u32| {
        serde_json::json!({"Event": {"System": {"Provider": {"#attributes": {"Name": "Any"}}, "EventID": 1,
            "TimeCreated": {"#attributes": {"SystemTime": format!("2025-01-02T03:04:0{at}Z")}}, "Channel": "Any",
            "Computer": "H1"}, "EventData": {"a": "b"}}})
        .to_string()
    };
    let events = [1, 2, 3].map(event);
    for (text, numbers) in [(format!("[{}]", events.join(",")), "1 2 3"), (events.join("\n\n"), "1 3 5")] {
        let (store, report) = import_text("events", text);
        assert_eq!(report.totals(), (3, 3, 0, 0));
        assert_eq!(self::text(&store, "SELECT group_concat(record, ' ') FROM event_record ORDER BY id"), numbers);
    }
}

#[test]
fn every_form_of_the_same_rows_is_the_same_rows() {
    let rows = [
        process("2025-01-02T03:04:05Z", 10, "cmd.exe", 4, "sqlservr.exe"),
        process("2025-01-02T03:04:06Z", 11, "who, \"am\" i.exe", 10, "cmd.exe"),
    ];
    let parsed: Vec<serde_json::Map<String, serde_json::Value>> =
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(parsed[0].keys()).unwrap();
    for row in &parsed {
        csv.write_record(row.values().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))).unwrap();
    }
    let csv = String::from_utf8(csv.into_inner().unwrap()).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(csv.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let stream: Vec<String> = rows
        .iter()
        .map(|row| format!("{{\"category\":\"AdvancedHunting-DeviceProcessEvents\",\"properties\":{row}}}"))
        .collect();
    let untyped = csv.replacen("Type,", "Unknown Column,", 1);
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("lines", rows.join("\n").into_bytes()),
        ("array", format!(" [{},\n {}]", rows[0], rows[1]).into_bytes()),
        ("pretty", serde_json::to_string_pretty(&parsed).unwrap().into_bytes()),
        ("results", format!("{{\"Schema\":[],\"Results\":[{}]}}", rows.join(",")).into_bytes()),
        ("streaming", stream.join("\n").into_bytes()),
        ("csv", csv.clone().into_bytes()),
        ("csv with a byte order mark", format!("\u{feff}{csv}").into_bytes()),
        ("semicolons", csv.replace(',', ";").replace("who; ", "who, ").into_bytes()),
        ("utf-16", utf16),
        ("inferred", untyped.into_bytes()),
    ];
    let (first, _) = import_text("first", &forms[0].1);
    let expected = processes(&first);
    assert_eq!(expected.len(), 2);
    assert!(expected[1].contains("sqlservr.exe"), "{}", expected[1]);
    for (name, bytes) in &forms {
        let (store, report) = import_text("file", bytes);
        assert_eq!(report.totals(), (2, 2, 0, 0), "{name}: {:?}", report.files);
        assert_eq!(processes(&store), expected, "{name}");
    }
    // And all of them into one store: the first stays, the others are duplicates.
    let folder = tempfile::tempdir().unwrap();
    for (index, (_, bytes)) in forms.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:02}")), bytes).unwrap();
    }
    let mut store = Store::in_memory().unwrap();
    let report = import_into(&mut store, &[folder.path().to_owned()]);
    assert_eq!(report.totals(), (20, 2, 18, 0));
}

#[test]
fn what_is_no_event_file_is_listed_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("a.evtx", b"");
    write("b.csv", b"one,two\n1,2\n");
    write("c.json", b"{\"rules\":[]}");
    write("d.evtx", b"ElfFile\0 but cut short");
    write("e", b"version https://git-lfs.github.com/spec/v1\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("f")).unwrap();
    let mut store = Store::in_memory().unwrap();
    let report = import_into(&mut store, &[folder.path().to_owned(), folder.path().join("none")]);
    assert_eq!(report.files.len(), if cfg!(unix) { 7 } else { 6 });
    assert!(report.files.iter().all(|file| file.problem.is_some()), "{:#?}", report.files);
    assert_eq!(report.totals(), (0, 0, 0, 0));
}

#[test]
fn a_reused_process_id_finds_the_right_parent() {
    let rows = [
        process("2025-01-02T03:00:00Z", 10, "old.exe", 4, ""),
        r#"{"Type":"DeviceEvents","Timestamp":"2025-01-02T03:10:00Z","DeviceName":"h1","DeviceId":"d1","ActionType":"ProcessTerminated","ProcessId":10,"FileName":"old.exe"}"#.to_owned(),
        process("2025-01-02T03:20:00Z", 20, "orphan.exe", 10, ""),
        process("2025-01-02T03:30:00Z", 10, "new.exe", 4, ""),
        process("2025-01-02T03:40:00Z", 21, "child.exe", 10, ""),
        process("2025-01-02T03:41:00Z", 22, "stranger.exe", 10, "other.exe"),
    ];
    let (store, _) = import_text("x", rows.join("\n"));
    let parent = |file: &str| {
        text(&store, &format!("SELECT InitiatingProcessCommandLine FROM DeviceProcessEvents WHERE FileName = '{file}'"))
    };
    assert_eq!(parent("orphan.exe"), "", "its parent had ended");
    assert_eq!(parent("child.exe"), "new.exe /run");
    assert_eq!(parent("stranger.exe"), "", "the event names another image");
}

fn connection(record: u32, initiated: bool, source: &str, destination: &str) -> String {
    let fields = [
        ("UtcTime", "2025-01-02 03:04:05.000"),
        ("Image", "C:\\a.exe"),
        ("Initiated", if initiated { "true" } else { "false" }),
        ("Protocol", "udp"),
        ("SourceIp", source),
        ("SourcePort", "1000"),
        ("SourceHostname", "source"),
        ("DestinationIp", destination),
        ("DestinationPort", "2000"),
        ("DestinationHostname", "destination"),
    ];
    let data: String = fields.iter().map(|(name, value)| format!("<Data Name=\"{name}\">{value}</Data>")).collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider \
         Name='Microsoft-Windows-Sysmon'/><EventID>3</EventID><TimeCreated SystemTime='2025-01-02T03:04:05Z'/>\
         <EventRecordID>{record}</EventRecordID><Channel>Microsoft-Windows-Sysmon/Operational</Channel>\
         <Computer>H1</Computer></System><EventData>{data}</EventData></Event>\n"
    )
}

#[test]
fn the_side_a_host_is_known_by_is_local_whichever_event_came_first() {
    let own = connection(1, true, "10.0.0.5", "198.51.100.7");
    let broadcast = connection(2, false, "10.0.0.5", "10.0.0.255");
    let inbound = connection(3, false, "198.51.100.9", "10.0.0.5");
    let other_own = connection(4, true, "10.0.0.255", "198.51.100.8");
    let sides = |files: &[&String]| {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::in_memory().unwrap();
        for (index, events) in files.iter().enumerate() {
            let path = folder.path().join(index.to_string());
            std::fs::write(&path, events).unwrap();
            import_into(&mut store, &[path]);
        }
        text(
            &store,
            "SELECT group_concat(side, ' ') FROM (SELECT LocalIP || ':' || LocalPort || '<' || RemoteIP || ':' ||
               RemotePort || '(' || RemoteUrl || ')' AS side FROM DeviceNetworkEvents
             WHERE ActionType = 'InboundConnectionAccepted' ORDER BY ReportId)",
        )
    };
    let turned = "10.0.0.5:1000<10.0.0.255:2000(destination) 10.0.0.5:2000<198.51.100.9:1000(source)";
    assert_eq!(sides(&[&own, &broadcast, &inbound]), turned);
    assert_eq!(sides(&[&inbound, &broadcast, &own]), turned);
    // Both sides are the host's own, once that is known: the event is taken at its word.
    let told = "10.0.0.255:2000<10.0.0.5:1000(source) 10.0.0.5:2000<198.51.100.9:1000(source)";
    assert_eq!(sides(&[&own, &broadcast, &inbound, &other_own]), told);
    assert_eq!(sides(&[&other_own, &inbound, &broadcast, &own]), told);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        process("2025-01-02T03:00:00Z", 10, "sqlservr.exe", 4, ""),
        process("2025-01-02T03:01:00Z", 10, "sqlservr.exe", 4, ""),
        process("2025-01-02T03:10:00Z", 20, "cmd.exe", 10, ""),
        process("2025-01-02T03:20:00Z", 30, "whoami.exe", 20, ""),
    ];
    let files: Vec<PathBuf> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let path = folder.path().join(index.to_string());
            std::fs::write(&path, row).unwrap();
            path
        })
        .collect();
    let import_one_by_one = |order: &[usize]| {
        let mut store = Store::in_memory().unwrap();
        for index in order {
            import_into(&mut store, std::slice::from_ref(&files[*index]));
        }
        processes(&store)
    };
    let forward = import_one_by_one(&[0, 1, 2, 3]);
    assert!(forward[3].ends_with("|cmd.exe|cmd.exe /run|sqlservr.exe|"), "{}", forward[3]);
    assert_eq!(import_one_by_one(&[3, 2, 1, 0]), forward);
    assert_eq!(import_one_by_one(&[2, 0, 3, 1]), forward);
}

#[test]
fn profiles_are_kept_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profiles.csv");
    let sha1 = "A".repeat(40);
    std::fs::write(&path, format!("SHA1,GlobalPrevalence,IsExecutable\n{sha1},5,true\n,6,true\n{sha1},x,true\n"))
        .unwrap();
    let mut store = Store::in_memory().unwrap();
    let mut report = ImportReport::default();
    import_profiles(&mut store, &path, &mut report).unwrap();
    assert_eq!((report.files[0].stored, report.files[0].rejected), (1, 2));
    std::fs::write(&path, format!("[{{\"SHA1\":\"{sha1}\",\"GlobalPrevalence\":7}}]")).unwrap();
    import_profiles(&mut store, &path, &mut report).unwrap();
    let kept = text(&store, "SELECT group_concat(SHA1 || ' ' || GlobalPrevalence) FROM file_profile");
    assert_eq!(kept, format!("{} 7", "a".repeat(40)));
}

#[test]
fn a_record_keeps_its_original() {
    let row = process("2025-01-02T03:04:05Z", 10, "a.exe", 4, "");
    let (store, _) = import_text("x", &row);
    assert_eq!(store.original_record(1).unwrap().as_deref(), Some(row.as_bytes()));
    assert_eq!(store.original_record(2).unwrap(), None);
}

#[test]
fn an_exported_security_event_is_in_its_raw_table() {
    let row = r#"{"Type":"SecurityEvent","TimeGenerated":"2025-01-02T03:04:05Z","Computer":"h1","EventID":4688,"Channel":"Security","CommandLine":"whoami /all","NewProcessId":"0x1f4"}"#;
    let (store, _) = import_text("x", row);
    let layout = whippet::sql::layout::layout(store.schema().table("SecurityEvent").unwrap());
    let column = layout.columns.iter().find(|column| column.name == "CommandLine").unwrap();
    let whippet::sql::layout::Storage::Plain(expression) = &column.storage else { panic!("not decoded") };
    assert_eq!(text(&store, &format!("SELECT {expression} FROM {}", layout.from)), "whoami /all");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_file_holds_the_account_balances(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0usize..200) {
        let row = process("2025-01-02T03:04:05Z", 10, "a.exe", 4, "");
        let mut file = format!("{row}\n").into_bytes();
        file.extend(&bytes);
        file.extend(format!("\n{row}\n").as_bytes());
        file.truncate(file.len() - cut);
        let (_, report) = import_text("x", &file);
        prop_assert_eq!(report.totals().1, 1);
    }
}

#[test]
fn an_import_killed_twenty_times_comes_out_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("events");
    let rows: Vec<String> = (0..3_000)
        .map(|index| {
            process(&format!("2025-01-02T03:04:05.{index:07}Z"), index, &format!("{index}.exe"), index / 2, "")
        })
        .collect();
    std::fs::write(&events, rows.join("\n")).unwrap();
    let whole = folder.path().join("whole.db");
    let run = |store: &Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"));
        command.arg("import").arg("--db").arg(store).arg(&events).stdout(std::process::Stdio::null());
        command
    };
    let begin = std::time::Instant::now();
    assert!(run(&whole).status().unwrap().success());
    let took = begin.elapsed();
    let killed = folder.path().join("killed.db");
    let took = std::time::Duration::from_millis(60) + took;
    // Every store is killed once more before it is complete: at the beginning, while rows go in, while parents are
    // found. A linear congruence spreads the points; which one falls where depends on the machine.
    let mut point: u32 = 7;
    for round in 0..20u32 {
        if round % 5 == 0 {
            for ending in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(folder.path().join(format!("killed.db{ending}")));
            }
        }
        point = point.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut child = run(&killed).spawn().unwrap();
        std::thread::sleep(took.mul_f64(f64::from(point >> 16) / 65_536.0));
        let _ = child.kill();
        let _ = child.wait();
        if killed.metadata().is_ok_and(|metadata| metadata.len() > 0) {
            let left = rusqlite::Connection::open(&killed).unwrap();
            let check: String = left.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(check, "ok", "round {round}");
        }
    }
    assert!(run(&killed).status().unwrap().success());
    let (whole, killed) = (Store::open_read_only(&whole).unwrap(), Store::open_read_only(&killed).unwrap());
    assert_eq!(processes(&killed), processes(&whole));
    assert_eq!(processes(&whole).len(), 3_000);
    let account = |store: &Store| {
        store
            .sources()
            .unwrap()
            .into_iter()
            .map(|source| (source.records, source.stored, source.duplicates))
            .collect::<Vec<_>>()
    };
    assert_eq!(account(&killed), [(3_000, 3_000, 0)]);
    assert_eq!(account(&killed), account(&whole));
    drop(killed);
    let damaged = rusqlite::Connection::open(folder.path().join("killed.db")).unwrap();
    let check: String = damaged.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}
