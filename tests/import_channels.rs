//! Events that are not quite like the others: of analytic channels, with their message rendered, without number, in
//! XML and in an event log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "support/evtx_writer.rs"]
mod evtx_writer;

use std::sync::atomic::AtomicBool;

use whippet::ingest::{ImportReport, Silent, import};
use whippet::store::Store;

fn import_bytes(bytes: &[u8]) -> (Store, ImportReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let mut store = Store::in_memory().unwrap();
    let report = import(&mut store, &[path], &AtomicBool::new(false), &mut Silent).unwrap();
    (store, report)
}

fn list(store: &Store, sql: &str) -> Vec<String> {
    let mut statement = store.connection().prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn column(store: &Store, table: &str, name: &str) -> Vec<String> {
    let sql = "SELECT record_column(e.block, e.position, b.data, 'TABLE', 'NAME') FROM event_record AS e
               JOIN record_block AS b ON b.id = e.block ORDER BY e.id";
    list(store, &sql.replace("TABLE", table).replace("NAME", name))
}

/// An event as a tool writes it that reads a trace, or an analytic or debug channel: there records have no numbers.
fn analytic(number: &str, fraction: u32, body: &str) -> String {
    format!(
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>\
         <Provider Name=\"Microsoft-Windows-WMI-Activity\"/><EventID>11</EventID><Level>4</Level>\
         <TimeCreated SystemTime=\"2025-01-02T03:04:05.{fraction:07}Z\"/>{number}\
         <Channel>Microsoft-Windows-WMI-Activity/Trace</Channel><Computer>H1</Computer></System>{body}</Event>"
    )
}

fn operation(number: u32) -> String {
    format!(
        "<UserData><Operation xmlns=\"x\"><OperationId>{number}</OperationId><User>CORP\\ann</User></Operation></UserData>"
    )
}

#[test]
fn records_without_numbers_are_told_apart_and_counted() {
    for number in ["<EventRecordID>0</EventRecordID>", ""] {
        let events: Vec<String> = (1..4).map(|at| analytic(number, at, &operation(at))).collect();
        let (store, report) = import_bytes((events.concat() + &events[1]).as_bytes());
        assert_eq!(report.totals(), (4, 3, 1, 0));
        assert_eq!(list(&store, "SELECT record || '' FROM event_record ORDER BY id"), ["1", "2", "3"]);
        let log: Vec<(u64, String)> = (7..).zip(events).collect();
        let (store, report) = import_bytes(&evtx_writer::evtx(&log));
        assert_eq!(report.totals(), (3, 3, 0, 0));
        assert_eq!(list(&store, "SELECT record || '' FROM event_record ORDER BY id"), ["7", "8", "9"]);
        let data: Vec<String> =
            (1..4).map(|id| format!("{{\"OperationId\":\"{id}\",\"User\":\"CORP\\\\ann\"}}")).collect();
        assert_eq!(column(&store, "WindowsEvent", "EventData"), data);
    }
}

#[test]
fn a_rendered_event_has_its_message_and_its_own_level() {
    let rendered = "<EventData><Data Name=\"Image\">a &amp; b</Data></EventData><RenderingInfo Culture=\"de-DE\">\
                    <Message>Vorgang &lt;1&gt;\nzweite Zeile</Message><Level>Informationen</Level><Task>T</Task>\
                    <Opcode/><Keywords><Keyword>K</Keyword></Keywords></RenderingInfo>";
    let event = analytic("<EventRecordID>5</EventRecordID>", 0, rendered);
    for bytes in [event.clone().into_bytes(), evtx_writer::evtx(&[(5, event)])] {
        let (store, report) = import_bytes(&bytes);
        assert_eq!(report.totals(), (1, 1, 0, 0));
        assert_eq!(column(&store, "Event", "RenderedDescription"), ["Vorgang <1>\nzweite Zeile"]);
        assert_eq!(column(&store, "Event", "EventLevelName"), ["Information"]);
        assert_eq!(column(&store, "WindowsEvent", "EventData"), ["{\"Image\":\"a & b\"}"]);
        let shown = column(&store, "Event", "EventData").remove(0);
        assert!(shown.ends_with("<Data Name=\"Image\">a &amp; b</Data></EventData></DataItem>"), "{shown}");
    }
}

#[test]
fn what_the_event_log_could_not_write_is_shown_in_every_form() {
    let failed = "<ProcessingErrorData><ErrorCode>15005</ErrorCode><DataItemName>shellId</DataItemName>\
                  <EventPayload>6800</EventPayload></ProcessingErrorData>";
    let event = analytic("<EventRecordID>5</EventRecordID>", 0, failed);
    let json = "{\"Event\":{\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-WMI-Activity\"}},\"EventID\":11,\
                \"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2025-01-02T03:04:05Z\"}},\"EventRecordID\":5,\
                \"Channel\":\"Microsoft-Windows-WMI-Activity/Trace\",\"Computer\":\"H1\"},\"ProcessingErrorData\":\
                {\"ErrorCode\":15005,\"DataItemName\":\"shellId\",\"EventPayload\":\"6800\"}}}";
    for bytes in [event.clone().into_bytes(), evtx_writer::evtx(&[(5, event)]), json.as_bytes().to_vec()] {
        let (store, _) = import_bytes(&bytes);
        assert!(column(&store, "Event", "EventData").remove(0).contains(failed));
        let data = "{\"ErrorCode\":\"15005\",\"DataItemName\":\"shellId\",\"EventPayload\":\"6800\"}";
        assert_eq!(column(&store, "WindowsEvent", "EventData"), [data]);
    }
}

#[test]
fn an_export_as_long_as_the_portal_allows_is_noted() {
    let row = |number: u32| {
        format!("{{\"Type\":\"DeviceInfo\",\"Timestamp\":\"2025-01-02T03:04:05Z\",\"DeviceName\":\"h{number}\"}}\n")
    };
    for (rows, notes) in [(9_999, 0), (10_000, 1)] {
        let (_, report) = import_bytes((0..rows).map(row).collect::<String>().as_bytes());
        let noted = report.files[0].notes.iter().filter(|note| note.contains("the portal exports"));
        assert_eq!(noted.count(), notes, "{rows}: {:?}", report.files[0].notes);
    }
}
