//! What comes from compromised machines, and targets that cannot be written: a clear error, and nothing lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "support/evtx_writer.rs"]
mod evtx_writer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use whippet::ingest::{FileReport, ImportReport, Silent, import};
use whippet::store::{Store, StoreError};

fn event(number: u64, inside: &str) -> (u64, String) {
    let xml = format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Any'/>\
         <EventID>1</EventID><TimeCreated SystemTime='2025-01-02T03:04:05Z'/><EventRecordID>{number}</EventRecordID>\
         <Channel>Any</Channel><Computer>H1</Computer></System><EventData>{inside}</EventData></Event>"
    );
    (number, xml)
}

fn import_log(bytes: &[u8]) -> FileReport {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, bytes).unwrap();
    let mut store = Store::in_memory().unwrap();
    let report = import(&mut store, &[path], &AtomicBool::new(false), &mut Silent).unwrap();
    let file = report.files[0].clone();
    assert_eq!(file.records, file.stored + file.duplicates + file.rejected);
    file
}

#[test]
fn elements_within_elements_cost_the_record_they_are_in() {
    let deep = format!("{}{}", "<a>".repeat(1_500), "</a>".repeat(1_500));
    let file = import_log(&evtx_writer::evtx(&[event(1, "<Data>x</Data>"), event(2, &deep), event(3, "")]));
    assert_eq!((file.stored, file.rejected), (2, 1), "{file:#?}");
    assert_eq!(file.rejections[0].place, "record 2");
}

#[test]
fn a_log_cut_anywhere_gives_the_records_before_the_cut() {
    let events: Vec<(u64, String)> = (1..=9).map(|number| event(number, "<Data Name='a'>value</Data>")).collect();
    let whole = evtx_writer::evtx(&events);
    let starts: Vec<usize> = (0..whole.len() - 4).filter(|at| whole[*at..].starts_with(b"\x2a\x2a\0\0")).collect();
    assert_eq!(starts.len(), 9);
    for (before, start) in starts.iter().enumerate() {
        let between = import_log(&whole[..*start]);
        assert_eq!((between.stored, between.rejected), (before as u64, 0), "{between:#?}");
        let inside = import_log(&whole[..start + 60]);
        assert_eq!((inside.stored, inside.rejected), (before as u64, 1), "{inside:#?}");
        assert_eq!(inside.rejections[0].place, format!("record {}", before + 1));
        assert!(inside.notes.iter().any(|note| note.contains("cut off")), "{inside:#?}");
    }
}

#[test]
fn a_header_that_is_damaged_does_not_cost_the_file() {
    let mut log = evtx_writer::evtx(&[event(1, ""), event(2, "")]);
    log[8..evtx_writer::HEADER].fill(0xff);
    assert_eq!(import_log(&log).stored, 2);
    let short = import_log(&log[..100]);
    assert!(short.problem.unwrap().contains("header"));
}

#[test]
fn an_interrupted_import_says_what_remains() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(folder.path().join(name), evtx_writer::evtx(&[event(1, "")])).unwrap();
    }
    let run = |cancelled: bool| -> ImportReport {
        let mut store = Store::in_memory().unwrap();
        import(&mut store, &[PathBuf::from(folder.path())], &AtomicBool::new(cancelled), &mut Silent).unwrap()
    };
    let report = run(true);
    assert_eq!((report.interrupted, report.remaining), (true, 3));
    assert!(report.to_text().contains("interrupted: 3 files remain"), "{}", report.to_text());
    assert_eq!(run(false).remaining, 0);
}

#[test]
fn a_target_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("none/t.db")] {
        let error = Store::create_or_open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
