use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::console::keys;
use crate::store::Rejection;

fn screen(importing: &mut Importing, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    importing.draw(area, &mut buffer);
    let rows = buffer.content().chunks(usize::from(width));
    let lines = rows.map(|cells| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn hear(importing: &mut Importing, seconds: f64, news: News) -> Taken {
    importing.take(Input::Import(Box::new(news)), Duration::from_secs_f64(seconds))
}

fn press(importing: &mut Importing, text: &str) -> Taken {
    let keys = keys::sequence(text).unwrap();
    keys.into_iter().map(|key| importing.take(Input::Key(key), importing.now)).last().unwrap()
}

const HOSTILE: &str = "/cases/2026/web\u{202e}gpj\u{1b}[31m.evtx";

/// One file is read and a second half read.
fn running() -> Importing {
    let mut importing = Importing::new("case.db", false);
    let file = |path: &str, bytes| News::File { path: path.to_owned(), bytes };
    let waits = [("/cases/2026/DeviceProcessEvents.csv", 400_000), (HOSTILE, 600_000), ("/cases/2026/notes.docx", 12)];
    let listed = waits.iter().map(|(path, bytes)| ((*path).to_owned(), *bytes)).collect();
    for (seconds, news) in [
        (0.0, News::Begins { bytes: 1_000_000 }),
        (0.0, News::Listed(listed)),
        (0.1, file("/cases/2026/DeviceProcessEvents.csv", 400_000)),
        (1.0, News::Reached { bytes: 400_000, records: 61_204 }),
        (1.8, News::Done(Box::new(report(false).files.remove(0)))),
        (1.9, file(HOSTILE, 600_000)),
        (2.5, News::Reached { bytes: 766_000, records: 80_004 }),
        (2.5, News::Counted { stored: 18_797, known: 0, rejected: 3 }),
    ] {
        assert_eq!(hear(&mut importing, seconds, news), Taken::Stay);
    }
    importing
}

fn report(interrupted: bool) -> ImportReport {
    let csv = FileReport {
        path: "/cases/2026/DeviceProcessEvents.csv".to_owned(),
        kind: Some("CSV".to_owned()),
        bytes: 400_000,
        records: 61_204,
        stored: 61_000,
        duplicates: 204,
        ..FileReport::default()
    };
    let evtx = FileReport {
        path: HOSTILE.to_owned(),
        kind: Some("EVTX".to_owned()),
        bytes: 600_000,
        records: 30_000,
        stored: 29_997,
        rejected: 3,
        rejections: vec![Rejection { place: "record 114".to_owned(), reason: "no time in '31/02/2026'".to_owned() }],
        ..FileReport::default()
    };
    let text = FileReport {
        path: "/cases/2026/notes.docx".to_owned(),
        bytes: 12,
        problem: Some("no event file: a document".to_owned()),
        ..FileReport::default()
    };
    ImportReport {
        files: vec![csv, evtx, text],
        oldest: Some("2026-03-02T08:00:00Z".to_owned()),
        newest: Some("2026-03-02T09:30:00Z".to_owned()),
        processes: 200,
        parents_resolved: 190,
        interrupted,
        remaining: usize::from(interrupted),
        ..ImportReport::default()
    }
}

#[test]
fn how_far_it_is_and_what_became_of_it_is_seen_at_every_size() {
    for (width, height) in [(120, 36), (80, 24), (40, 10)] {
        let mut importing = running();
        insta::assert_snapshot!(format!("reading_{width}x{height}"), screen(&mut importing, width, height));
        hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(false)))));
        insta::assert_snapshot!(format!("over_{width}x{height}"), screen(&mut importing, width, height));
    }
    let mut importing = running();
    for size in 1..60 {
        let text = screen(&mut importing, size * 3, size);
        assert!(!text.contains(['\u{202e}', '\u{1b}']));
    }
    let mut plain = Importing { plain: true, ..running() };
    let text = screen(&mut plain, 80, 24);
    assert!(!text.contains(['─', '│', '█']) && text.contains("61 %"), "{text}");
}

#[test]
fn it_goes_behind_the_console_as_soon_as_there_is_a_store() {
    let mut importing = Importing::new("case.db", false);
    assert_eq!(press(&mut importing, "b"), Taken::Stay);
    assert_eq!(hear(&mut importing, 0.1, News::Begins { bytes: 1 }), Taken::Over(Outcome::Behind));
    assert_eq!(press(&mut running(), "b"), Taken::Over(Outcome::Behind));
    // What was to be opened at the end of the import is open already.
    let mut importing = running();
    press(&mut importing, "Enter b");
    assert_eq!(hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(true))))), Taken::Stay);
}

#[test]
fn esc_keeps_what_is_finished_and_enter_opens_what_is_ready() {
    for keys in ["Esc", "Ctrl-c"] {
        let mut importing = running();
        assert_eq!(press(&mut importing, keys), Taken::Stop);
        assert!(screen(&mut importing, 80, 24).contains("stopping: what is complete is kept"));
        assert_eq!(hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(true))))), Taken::Stay);
        let text = screen(&mut importing, 80, 24);
        assert!(text.contains("import stopped") && text.contains("q leave"), "{text}");
        assert_eq!(press(&mut importing, "Enter"), Taken::Over(Outcome::Open));
    }
    let mut importing = running();
    assert_eq!(press(&mut importing, "Enter"), Taken::Stop);
    assert_eq!(hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(true))))), Taken::Over(Outcome::Open));
    // Read to its end it is opened too, where somebody wanted that.
    let mut importing = running();
    hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(false)))));
    // The import may have ended as they were pressed.
    assert_eq!([press(&mut importing, "Esc"), press(&mut importing, "Ctrl-c")], [Taken::Stay, Taken::Stay]);
    assert_eq!(press(&mut importing, "q"), Taken::Over(Outcome::Ended(Ending::Quit)));
}

#[test]
fn files_that_need_a_look_come_first_and_say_why() {
    let mut importing = running();
    hear(&mut importing, 3.0, News::Over(Ok(Box::new(report(false)))));
    let text = screen(&mut importing, 120, 36);
    assert!(text.contains("record 114: no time in '31/02/2026'") && text.contains("and 2 more"), "{text}");
    press(&mut importing, "j");
    assert!(screen(&mut importing, 120, 36).contains("no event file: a document"));
    press(&mut importing, "G");
    assert!(screen(&mut importing, 120, 36).contains("61,204 = 61,000 stored + 204 known already + 0 rejected"));
}

#[test]
fn a_failure_is_read_and_left() {
    let mut importing = running();
    hear(&mut importing, 3.0, News::Over(Err("the disk is full".to_owned())));
    assert!(screen(&mut importing, 80, 24).contains("the disk is full"));
    assert_eq!(press(&mut importing, "Enter"), Taken::Stay);
    assert_eq!(press(&mut importing, "q"), Taken::Over(Outcome::Failed("the disk is full".to_owned())));
}

#[test]
fn from_within_a_console_each_way_leads_back_to_it() {
    for keys in ["Enter", "q", "Esc"] {
        for done in [Ok(Box::new(report(false))), Err("the disk is full".to_owned())] {
            let mut importing = Importing { is_within: true, ..running() };
            hear(&mut importing, 3.0, News::Over(done));
            assert!(screen(&mut importing, 80, 24).contains("q back to the console"));
            assert_eq!(press(&mut importing, keys), Taken::Over(Outcome::Open), "{keys}");
        }
    }
}

#[test]
fn the_cursor_follows_what_is_read_until_somebody_moves_it() {
    let mut importing = running();
    assert_eq!(importing.selected, 1);
    press(&mut importing, "k");
    hear(&mut importing, 3.0, News::File { path: "/c".to_owned(), bytes: 1 });
    assert_eq!(importing.selected, 0);
    press(&mut importing, "G");
    hear(&mut importing, 3.0, News::File { path: "/d".to_owned(), bytes: 1 });
    assert_eq!(importing.selected, 3);
}

#[test]
fn signals_and_a_lost_terminal_end_it() {
    let ended = |input| running().take(input, Duration::ZERO);
    assert_eq!(ended(Input::Terminate(15)), Taken::Over(Outcome::Ended(Ending::Signal(15))));
    let closed = Ending::Closed("gone".to_owned());
    assert_eq!(ended(Input::Closed("gone".to_owned())), Taken::Over(Outcome::Ended(closed)));
    assert_eq!(press(&mut running(), "Ctrl-z"), Taken::Suspend);
}

#[test]
fn what_waits_and_what_became_of_each_file_is_seen_while_others_are_read() {
    let mut importing = running();
    let text = screen(&mut importing, 120, 36);
    for said in [
        "file 2 of 3",
        "61,000 stored  204 known",
        "18,800 records  3 rejected",
        "notes.docx",
        "waiting",
        "18,800 = 18,797 stored + 0 known already + 3 rejected",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    press(&mut importing, "G");
    assert!(screen(&mut importing, 120, 36).contains("12 bytes"));
    // What is left out is so at once, and the cursor is still on it.
    hear(&mut importing, 3.0, News::Done(Box::new(report(false).files.remove(2))));
    assert!(screen(&mut importing, 120, 36).contains("no event file: a document"));
    assert_eq!((importing.waiting.len(), importing.reading), (0, Some(1)));
    // Stopped before its end, what was not read stays on the list.
    let mut importing = running();
    let mut stopped = report(true);
    stopped.files.pop();
    hear(&mut importing, 3.0, News::Over(Ok(Box::new(stopped))));
    let text = screen(&mut importing, 120, 36);
    assert!(text.lines().any(|line| line.contains("notes.docx") && line.contains("not read")), "{text}");
}
