//! Sources that are larger, deeper or less steady than they should be, and places that cannot be written: a message
//! that says so, nothing damaged, and the rest imported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::json;
use whippet::ingest::{FileReport, ImportReport, Progress, Silent, import};
use whippet::store::{Store, StoreError};

fn line(number: u64) -> String {
    let event = json!({"Event": {"System": {"Provider": {"#attributes": {"Name": "Any"}}, "EventID": 1,
        "TimeCreated": {"#attributes": {"SystemTime": "2025-01-02T03:04:05Z"}}, "EventRecordID": number,
        "Channel": "Any", "Computer": "H1"}, "EventData": {"a": "value"}}});
    format!("{event}\n")
}

fn import_with(progress: &mut dyn Progress, paths: &[PathBuf]) -> ImportReport {
    let mut store = Store::in_memory().unwrap();
    let report = import(&mut store, paths, &AtomicBool::new(false), progress).unwrap();
    for file in &report.files {
        assert_eq!(file.records, file.stored + file.duplicates + file.rejected, "{file:#?}");
    }
    report
}

fn import_bytes(name: &str, bytes: &[u8]) -> Vec<FileReport> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    import_with(&mut Silent, &[path]).files
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A gigabyte that takes no room on the disk, in one line between two that are events.
#[cfg(unix)]
#[test]
fn a_line_of_a_gigabyte_is_rejected_within_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.json");
    let mut file = File::create(&path).unwrap();
    file.write_all(format!("{}{{\"a\":\"", line(1)).as_bytes()).unwrap();
    file.seek(SeekFrom::Current(1 << 30)).unwrap();
    file.write_all(format!("\"}}\n{}", line(2)).as_bytes()).unwrap();
    drop(file);
    // Less address space than the line would take alone.
    let said = std::process::Command::new("sh")
        .args([
            "-c",
            "ulimit -v 1000000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_whippet"),
            "import",
            "--format",
            "json",
            "--db",
        ])
        .args([&folder.path().join("x.db"), &path])
        .output()
        .unwrap();
    let report: serde_json::Value =
        serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&said.stderr)));
    let file = &report["files"][0];
    assert_eq!((&file["stored"], &file["rejected"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(file["rejections"][0]["place"], json!("line 2"));
    assert!(file["rejections"][0]["reason"].as_str().unwrap().contains("longer than"), "{report}");
}

#[test]
fn a_quote_that_is_never_closed_costs_its_record_and_not_the_memory() {
    let row = |name: &str, command: &str| format!("2025-01-02T03:04:05Z,d,h,ProcessCreated,{name},C:\\x,{command}\n");
    let mut text = "Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath,ProcessCommandLine\n".to_owned();
    text += &row("a.exe", "a");
    text += &row("open.exe", "\"open");
    let long = "x".repeat(100_000);
    while text.len() < 17 << 20 {
        text += &row("taken.exe", &long);
    }
    let lines = text.lines().count() as u64;
    text += &row("z.exe", "z");
    let files = import_bytes("rows.csv", text.as_bytes());
    let file = &files[0];
    assert_eq!((file.rejected, file.rejections[0].place.as_str()), (1, "line 3"), "{file:#?}");
    assert!(file.rejections[0].reason.contains("longer than"), "{file:#?}");
    assert!(file.records > 3 && file.records < lines / 4, "{file:#?}");
}

#[test]
fn a_time_that_cannot_be_is_not_the_newest_of_all() {
    let late = line(2).replace("2025-01-02", "5392-12-08");
    let files = import_bytes("log.json", (line(1) + &late).as_bytes());
    assert_eq!((files[0].stored, files[0].rejected), (1, 1), "{files:#?}");
    assert!(files[0].rejections[0].reason.contains("5392-12-08"), "{files:#?}");
}

/// Does something to a file when the import comes to it.
struct When<'w> {
    listed: &'w dyn Fn(),
    opened: &'w dyn Fn(),
}

impl Progress for When<'_> {
    fn begin(&mut self, _: u64) {
        (self.listed)();
    }
    fn file(&mut self, _: &Path) {
        (self.opened)();
    }
    fn reached(&mut self, _: u64, _: u64) {}
    fn stage(&mut self, _: &str) {}
}

#[test]
fn a_source_that_grows_meanwhile_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.json");
    // More than waits between reading and writing, so that reading is not over when the first record is written.
    let text: String = (0..60_000).map(line).collect();
    assert!(text.len() > 12 << 20);
    std::fs::write(&path, text).unwrap();
    let grow = || {
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(line(70_000).as_bytes()).unwrap();
    };
    let report = import_with(&mut When { listed: &|| {}, opened: &grow }, std::slice::from_ref(&path));
    let file = &report.files[0];
    assert!(file.stored >= 60_000 && file.problem.is_none(), "{file:#?}");
    assert!(file.notes.iter().any(|note| note.contains("size changed while it was read")), "{file:#?}");
}

#[test]
fn a_source_that_vanishes_is_named_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let [gone, stays] = ["a.json", "b.json"].map(|name| folder.path().join(name));
    std::fs::write(&gone, line(1)).unwrap();
    std::fs::write(&stays, line(2)).unwrap();
    let vanish = || std::fs::remove_file(&gone).unwrap();
    let report = import_with(&mut When { listed: &vanish, opened: &|| {} }, &[folder.path().to_owned()]);
    assert_eq!(report.totals(), (1, 1, 0, 0));
    assert_eq!(report.files[0].path, gone.to_string_lossy());
    assert!(report.files[0].problem.is_some() && report.files[0].kind.is_none(), "{report:#?}");
    assert!(report.to_text().contains("a.json"), "{}", report.to_text());
}

#[test]
fn archives_within_archives_and_of_too_many_files_are_refused() {
    let once = zip(&[("a.json", line(1).as_bytes())]);
    let twice = gzip(&once);
    assert_eq!(import_bytes("x", &twice)[0].stored, 1);
    let files = import_bytes("x", &zip(&[("more", &twice), ("b.json", line(2).as_bytes())]));
    assert!(files.iter().any(|file| file.problem.as_deref().is_some_and(|reason| reason.contains("more than twice"))));
    assert_eq!(files.iter().map(|file| file.stored).sum::<u64>(), 1, "{files:#?}");
    let names: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let files = import_bytes("x", &zip(&many));
    assert_eq!(files.len(), 1);
    assert!(files[0].problem.as_ref().unwrap().contains("10001 files"), "{files:#?}");
}

#[test]
fn a_packed_file_that_is_cut_gives_what_can_be_unpacked() {
    let lines: String = (1..20_000).map(line).collect();
    let packed = gzip(lines.as_bytes());
    // The checksum stands in the directory at the end.
    let mut wrong_sum = zip(&[("a.json", lines.as_bytes())]);
    let directory = wrong_sum.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    wrong_sum[directory + 16] ^= 1;
    for (bytes, some) in [(packed[..packed.len() / 2].to_vec(), 5_000), (wrong_sum, 19_998)] {
        let file = import_bytes("x", &bytes).remove(0);
        assert!(file.stored > some && file.stored < 20_000, "{file:#?}");
        assert_eq!(file.records, file.stored + file.rejected);
        assert!(file.problem.as_ref().unwrap().starts_with("it cannot be unpacked to its end"), "{file:#?}");
    }
}

#[test]
fn names_in_an_archive_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("inside");
    std::fs::create_dir(&inside).unwrap();
    let path = inside.join("x.zip");
    let absolute = folder.path().join("absolute.json");
    let members = [("../up.json", 1), (absolute.to_str().unwrap(), 2), ("..\\back.json", 3), ("a/\u{1b}[2J.json", 4)];
    let texts = members.map(|(name, number)| (name, line(number)));
    let members: Vec<(&str, &[u8])> = texts.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    std::fs::write(&path, zip(&members)).unwrap();
    let report = import_with(&mut Silent, std::slice::from_ref(&path));
    assert_eq!(report.totals(), (4, 4, 0, 0));
    assert!(report.files.iter().all(|file| file.path.starts_with(path.to_str().unwrap())), "{report:#?}");
    let there = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!((there(folder.path()), there(&inside)), (1, 1));
}

#[derive(Default)]
struct Counted {
    total: u64,
    reached: Vec<u64>,
}

impl Progress for Counted {
    fn begin(&mut self, bytes: u64) {
        self.total = bytes;
    }
    fn file(&mut self, _: &Path) {}
    fn reached(&mut self, bytes: u64, _: u64) {
        self.reached.push(bytes);
    }
    fn stage(&mut self, _: &str) {}
}

#[test]
fn progress_inside_archives_counts_what_they_take_up() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..2_000).map(line).collect();
    let plain = text.as_bytes();
    let files = [("a.gz", gzip(plain)), ("b.zip", zip(&[("1", plain), ("2", plain)])), ("c.json", plain.to_vec())];
    for (name, bytes) in &files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let mut counted = Counted::default();
    import_with(&mut counted, &[folder.path().to_owned()]);
    assert_eq!(counted.total, files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    assert!(counted.reached.is_sorted(), "{:?}", counted.reached);
    let last = *counted.reached.last().unwrap();
    assert!(last <= counted.total && last > counted.total * 9 / 10, "{last} of {}", counted.total);
}

#[cfg(unix)]
#[test]
fn a_store_or_a_folder_that_cannot_be_written_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Store::create_or_open(&path).unwrap());
    let allow = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&path, 0o444);
    // Nothing is forbidden to root.
    let all_powerful = OpenOptions::new().write(true).open(&path).is_ok();
    if !all_powerful {
        let error = Store::create_or_open(&path).unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
        assert!(error.to_string().contains("read-only"), "{error}");
        allow(folder.path(), 0o555);
        let error = Store::create_or_open(&folder.path().join("new.db")).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
        allow(folder.path(), 0o755);
    }
    assert_eq!(Store::open_read_only(&path).unwrap().event_count().unwrap(), 0);
    let none = Store::create_or_open(Path::new("/proc/whippet.db")).unwrap_err();
    assert!(none.to_string().contains("/proc/whippet.db"), "{none}");
}
