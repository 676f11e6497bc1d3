//! The same events in every form an analyst is handed: the same rows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "support/event_forms.rs"]
mod event_forms;
#[path = "support/evtx_writer.rs"]
mod evtx_writer;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value as Json, json};
use whippet::ingest::time::Reading;
use whippet::ingest::{ImportReport, Options, Silent, import_with};
use whippet::store::Store;

use event_forms::{
    dotted, events, evtx_dump, evtx_dump_separate, gzip, lines, list, numbered_xml, nxlog, velociraptor, winlogbeat,
    winlogbeat_6, xml, zip,
};

fn import_files(files: &[(&str, Vec<u8>)], options: &Options) -> (Store, ImportReport) {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for (path, (_, bytes)) in paths.iter().zip(files) {
        std::fs::write(path, bytes).unwrap();
    }
    let mut store = Store::in_memory().unwrap();
    let report = import_with(&mut store, &paths, options, &AtomicBool::new(false), &mut Silent).unwrap();
    for file in &report.files {
        assert_eq!(file.records, file.stored + file.duplicates + file.rejected, "{}", file.path);
    }
    (store, report)
}

/// Everything a query can see, whatever its order; `number` columns only where the form keeps them.
fn contents(store: &Store) -> Vec<String> {
    let mut rows = Vec::new();
    let mut dump = |sql: &str| {
        let mut statement = store.connection().prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|index| cell(row.get_ref(index).unwrap())).collect();
            rows.push(cells.join(" "));
        }
    };
    for (table, _) in store.table_counts().unwrap() {
        if table.starts_with("Device") || table.starts_with("Alert") {
            let columns: Vec<String> = store
                .schema()
                .table(&table)
                .unwrap()
                .columns
                .iter()
                .map(|column| format!("\"{}\"", column.name))
                .collect();
            dump(&format!("SELECT '{table}', {} FROM {table}", columns.join(", ")));
        }
    }
    dump(
        "SELECT e.record, e.time, (SELECT value FROM text WHERE id = e.channel), e.event_id, e.level,
           (SELECT value FROM text WHERE id = e.provider), (SELECT value FROM text WHERE id = e.computer),
           record_column(e.block, e.position, b.data, 'WindowsEvent', 'EventData'),
           record_column(e.block, e.position, b.data, 'Event', 'ParameterXml'),
           -- The time that the collector kept is in it, with as many digits as it kept.
           substr(record_column(e.block, e.position, b.data, 'Event', 'EventData'),
             instr(record_column(e.block, e.position, b.data, 'Event', 'EventData'), '><')),
           record_column(e.block, e.position, b.data, 'SecurityEvent', 'Account'),
           record_column(e.block, e.position, b.data, 'SecurityEvent', 'NewProcessName')
         FROM event_record e JOIN record_block b ON b.id = e.block",
    );
    // User data stand as the form wrote them: some lay them out, and some lose the name space.
    let laid_out = regex::Regex::new(r#" xmlns=['"]x['"]|>(\n *)<"#).unwrap();
    let mut rows: Vec<String> = rows
        .iter()
        .map(|row| {
            laid_out
                .replace_all(row, |found: &regex::Captures<'_>| if found.get(1).is_some() { "><" } else { "" })
                .into_owned()
        })
        .collect();
    rows.sort();
    rows
}

fn cell(value: rusqlite::types::ValueRef<'_>) -> String {
    match value {
        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

fn check(expected: &[String], count: usize, name: &str, bytes: Vec<u8>) {
    let (store, report) = import_files(&[("file", bytes)], &Options::default());
    assert_eq!(report.totals(), (count as u64, count as u64, 0, 0), "{name}: {:#?}", report.files);
    let found = contents(&store);
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(found.len(), expected.len(), "{name}");
}

#[test]
fn events_are_the_same_in_every_form() {
    let all = events(|_| true);
    assert!(all.len() > 200, "{}", all.len());
    let xml_lines: String = all.iter().map(|event| xml(event) + "\n").collect();
    let (store, report) = import_files(&[("xml", xml_lines.clone().into_bytes())], &Options::default());
    assert_eq!(report.totals(), (all.len() as u64, all.len() as u64, 0, 0), "{:#?}", report.files);
    let expected = contents(&store);
    assert!(expected.len() > all.len() * 3 / 2);
    let rooted =
        format!("<?xml version=\"1.0\"?>\r\n<!-- a > b -->\n<Events>{}</Events>", xml_lines.replace("><", ">\n<"));
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(rooted.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let dump = lines(&all, evtx_dump);
    let numbered: String = all
        .iter()
        .map(|event| format!("Record {}\n{}\n", event.number, serde_json::to_string_pretty(&evtx_dump(event)).unwrap()))
        .collect();
    let hits = json!({"took": 1, "hits": {"total": {"value": 3}, "hits": all.iter().map(|event| json!({"_index": "x", "_source": winlogbeat(event)})).collect::<Vec<_>>()}});
    let splunk: String = all
        .iter()
        .map(|event| json!({"preview": false, "result": {"_raw": xml(event), "host": "h1"}}).to_string() + "\n")
        .collect();
    let mut splunk_csv = csv::Writer::from_writer(Vec::new());
    splunk_csv.write_record(["_time", "_raw"]).unwrap();
    for event in &all {
        splunk_csv.write_record([&event.time, &xml(event)]).unwrap();
    }
    let sources: String =
        all.iter().map(|event| json!({"_index": "x", "_source": winlogbeat(event)}).to_string() + "\n").collect();
    // Event Viewer's "save as XML": with the message and the words of each level.
    let rendering =
        "<RenderingInfo Culture='en-US'><Message>m</Message><Level>Information</Level></RenderingInfo></Event>";
    let viewer = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>{}</Events>",
        xml_lines.replace("</Event>\n", rendering)
    );
    // What `evtx_dump` writes unless it is told otherwise.
    let recorded: String = all
        .iter()
        .map(|event| {
            let laid_out = xml(event).replace("><", ">\n    <");
            format!("Record {}\n<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{laid_out}\n\n", event.number)
        })
        .collect();
    let big_endian = |text: &str| -> Vec<u8> {
        [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
    };
    let dump_text = String::from_utf8(dump.clone()).unwrap();
    let zstd = ruzstd::encoding::compress_to_vec(dump.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    let (half, rest) = all.split_at(all.len() / 2);
    let event_log = evtx_writer::evtx(&numbered_xml(&all));
    assert!(event_log.len() > 2 * evtx_writer::CHUNK);
    for (name, bytes) in [
        ("EVTX in gzip", gzip(&event_log)),
        ("EVTX", event_log),
        ("rooted XML", rooted.clone().into_bytes()),
        ("rooted XML, UTF-16 the other way", big_endian(&rooted)),
        ("Event Viewer", viewer.into_bytes()),
        ("evtx_dump XML", recorded.into_bytes()),
        ("XML on one line", xml_lines.replace("</Event>\n", "</Event>").into_bytes()),
        ("evtx_dump in UTF-16", big_endian(&dump_text)),
        ("evtx_dump with a byte order mark", format!("\u{feff}{dump_text}").into_bytes()),
        ("Elastic lines", sources.into_bytes()),
        ("UTF-16 XML", utf16),
        ("evtx_dump lines", dump.clone()),
        ("evtx_dump with record lines", numbered.into_bytes()),
        ("evtx_dump, attributes apart", lines(&all, evtx_dump_separate)),
        ("Velociraptor", lines(&all, velociraptor)),
        ("Velociraptor array", list(&all, velociraptor).to_string().into_bytes()),
        ("Winlogbeat", lines(&all, winlogbeat)),
        ("Winlogbeat, pretty", serde_json::to_vec_pretty(&list(&all, winlogbeat)).unwrap()),
        ("Winlogbeat, dotted", lines(&all, dotted)),
        ("Elastic hits", hits.to_string().into_bytes()),
        ("Splunk JSON", splunk.into_bytes()),
        ("Splunk CSV", splunk_csv.into_inner().unwrap()),
        ("gzip", gzip(&dump)),
        ("zstd", zstd),
        ("gzip in zip", zip(&[("../../etc/dump.gz", &gzip(&dump)), ("folder/", b"")])),
    ] {
        check(&expected, all.len(), name, bytes);
    }
    let two =
        zip(&[("a.json", &lines(half, evtx_dump)), ("b.xml", rest.iter().map(xml).collect::<String>().as_bytes())]);
    let (store, report) = import_files(&[("two.zip", two)], &Options::default());
    assert_eq!(report.files.len(), 2);
    assert!(report.files[1].path.ends_with("two.zip!/b.xml"), "{}", report.files[1].path);
    assert_eq!(contents(&store), expected);
    // All forms of one event are one event.
    let both = [("a", dump), ("b", xml_lines.into_bytes()), ("c", lines(&all, winlogbeat))];
    let (store, report) = import_files(&both, &Options::default());
    assert_eq!(report.totals(), (3 * all.len() as u64, all.len() as u64, 2 * all.len() as u64, 0));
    assert_eq!(contents(&store), expected);
}

/// All that lies in a store, ids and all.
fn everything(store: &Store) -> Vec<String> {
    let tables: Vec<String> = store
        .connection()
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' ORDER BY name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut rows = Vec::new();
    for table in tables {
        let mut statement = store.connection().prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        // Where the files lay is another folder each time.
        let shown: Vec<usize> =
            (0..statement.column_count()).filter(|at| statement.column_name(*at).unwrap() != "path").collect();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<String> = shown.iter().map(|at| cell(row.get_ref(*at).unwrap())).collect();
            rows.push(format!("{table} {}", cells.join(" ")));
        }
    }
    rows
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let all = events(|_| true);
    let many: Vec<(u64, String)> = (0..3u64)
        .flat_map(|round| {
            numbered_xml(&all).into_iter().map(move |(number, xml)| {
                (round * 1_000 + number, xml.replace("<Computer>H1", &format!("<Computer>H{round}")))
            })
        })
        .collect();
    let (half, rest) = all.split_at(all.len() / 2);
    let files = [
        ("1", evtx_writer::evtx(&many)),
        ("2", lines(rest, evtx_dump)),
        ("3", lines(half, winlogbeat)),
        ("4", evtx_writer::evtx(&numbered_xml(&all))),
        ("5", b"no event".to_vec()),
        ("6", zip(&[("a", &lines(rest, velociraptor)), ("b", &evtx_writer::evtx(&numbered_xml(half)))])),
    ];
    let with = |threads: usize| {
        import_files(&files, &Options { threads: std::num::NonZeroUsize::new(threads), ..Options::default() })
    };
    let (one, report) = with(1);
    let expected = everything(&one);
    assert!(expected.len() > 1_500, "{}", expected.len());
    assert!(report.totals().2 > 0);
    let (three, other) = with(3);
    assert_eq!(other.totals(), report.totals());
    assert_eq!(everything(&three), expected);
}

#[test]
fn forms_that_keep_only_named_fields_keep_them() {
    let named = events(|event| event.data.is_empty() && event.user_data.is_empty() && event.binary.is_empty());
    let (store, _) =
        import_files(&[("xml", named.iter().map(xml).collect::<String>().into_bytes())], &Options::default());
    let expected = contents(&store);
    check(&expected, named.len(), "Winlogbeat 6", lines(&named, winlogbeat_6));
    // The time of a record is Sysmon's own here: the collector's is later, and the record's is not kept.
    let security = events(|event| {
        event.data.is_empty()
            && event.user_data.is_empty()
            && event.binary.is_empty()
            && !event.fields.contains_key("UtcTime")
            && !event.fields.contains_key("Version")
            && !event.fields.contains_key("Domain")
    });
    let (store, _) =
        import_files(&[("xml", security.iter().map(xml).collect::<String>().into_bytes())], &Options::default());
    check(&contents(&store), security.len(), "NXLog", lines(&security, nxlog));
}

/// NXLog keeps whole seconds of a wall clock beside Sysmon's own time, and whole seconds of its zone for others.
#[test]
fn events_of_nxlog_and_of_the_log_itself_are_the_same_events() {
    let named = events(|event| event.data.is_empty() && event.user_data.is_empty() && event.binary.is_empty());
    let collected: String = named
        .iter()
        .map(|event| {
            let mut object = nxlog(event);
            let fields = object.as_object_mut().unwrap();
            fields.remove("@timestamp");
            let wall = event.time[..19].replace('T', " ");
            let sysmon = event.fields.contains_key("UtcTime");
            fields.insert("EventTime".to_owned(), json!(if sysmon { wall } else { format!("{wall}+00:00") }));
            object.to_string() + "\n"
        })
        .collect();
    let log = evtx_writer::evtx(&numbered_xml(&named));
    for files in
        [[("a", log.clone()), ("b", collected.clone().into_bytes())], [("a", collected.into_bytes()), ("b", log)]]
    {
        let (_, report) = import_files(&files, &Options::default());
        let all = named.len() as u64;
        assert_eq!(report.totals(), (2 * all, all, all, 0), "{report:#?}");
    }
}

#[test]
fn events_without_their_own_fields_have_what_the_common_schema_kept() {
    let record = |provider: &str, id: u32, number: u32, parts: Json| {
        let mut whole = json!({"@timestamp": "2025-01-02T03:04:05.123Z", "winlog": {"channel": provider,
            "provider_name": provider, "event_id": id, "record_id": number, "computer_name": "H1"},
            "user": {"name": "ann", "domain": "CORP", "id": "S-1-5-21-1-2-3-1001"}});
        for (name, value) in parts.as_object().unwrap() {
            whole[name.as_str()] = value.clone();
        }
        whole.to_string() + "\n"
    };
    let cmd = json!({"executable": "C:\\Windows\\cmd.exe", "pid": 77, "entity_id": "{00000001-0225-6776-0000-000000000077}",
        "command_line": "cmd /c x", "hash": {"sha1": "ABCDEF0123456789ABCDEF0123456789ABCDEF01"},
        "parent": {"executable": "C:\\p.exe", "pid": 5, "entity_id": "{00000001-0200-6776-0000-000000000005}"}});
    let text = record("Microsoft-Windows-Sysmon", 1, 1, json!({"process": cmd}))
        + &record("Microsoft-Windows-Security-Auditing", 4688, 2, json!({"process": cmd}))
        + &record(
            "Microsoft-Windows-Sysmon",
            3,
            3,
            json!({"process": cmd, "network": {"transport": "tcp", "direction": "egress"},
            "source": {"ip": "10.0.0.1", "port": 5}, "destination": {"ip": "10.0.0.2", "port": 443}}),
        )
        + &record("Microsoft-Windows-Sysmon", 11, 4, json!({"process": cmd, "file": {"path": "C:\\new.txt"}}))
        + &record("Microsoft-Windows-Security-Auditing", 4624, 5, json!({"source": {"ip": "10.0.0.3"}}))
        + &record("Microsoft-Windows-Sysmon", 255, 6, json!({"process": cmd}));
    let (store, report) = import_files(&[("x", text.into_bytes())], &Options::default());
    let file = &report.files[0];
    assert_eq!((file.stored, file.rejected), (5, 1), "{file:#?}");
    assert!(file.rejections[0].reason.contains("winlog.event_data"), "{file:#?}");
    assert!(file.notes.iter().any(|note| note.starts_with("5 events without their own fields")), "{file:#?}");
    let one = |sql: &str| -> String { store.connection().query_row(sql, [], |row| row.get(0)).unwrap() };
    let process =
        "SELECT group_concat(FileName || '|' || ProcessCommandLine || '|' || ProcessId || '|' || SHA1 || '|' ||
        InitiatingProcessFileName || '|' || AccountName, ' ') FROM DeviceProcessEvents";
    assert_eq!(one(process), "cmd.exe|cmd /c x|77|abcdef0123456789abcdef0123456789abcdef01|p.exe|ann");
    assert_eq!(
        one("SELECT ActionType || RemoteIP || RemotePort FROM DeviceNetworkEvents"),
        "ConnectionSuccess10.0.0.2443"
    );
    assert_eq!(one("SELECT FolderPath || InitiatingProcessFileName FROM DeviceFileEvents"), "C:\\new.txtcmd.exe");
    assert_eq!(one("SELECT ActionType || AccountName || RemoteIP FROM DeviceLogonEvents"), "LogonSuccessann10.0.0.3");
}

#[test]
fn what_is_broken_costs_the_event_it_is_in() {
    let some = events(|event| event.number <= 3);
    let [first, second, third] = [0, 1, 2].map(|index| xml(&some[index]));
    let cut = &second[..second.len() / 2];
    let (_, report) = import_files(
        &[("x", format!("{first}\nnoise {cut}\n{third}\n<Event xmlns='").into_bytes())],
        &Options::default(),
    );
    let file = &report.files[0];
    assert_eq!((file.stored, file.rejected), (2, 3), "{file:#?}");
    let objects: Vec<String> = some.iter().map(|event| evtx_dump(event).to_string()).collect();
    let (_, report) = import_files(
        &[(
            "x",
            format!("[\n{},\n{{\"Event\": {{\"System\": 1]}}}},\n{}\nlost\n{}", objects[0], objects[1], objects[2])
                .into_bytes(),
        )],
        &Options::default(),
    );
    assert!(report.files[0].rejections.iter().any(|rejection| rejection.reason.contains("lost")), "{report:#?}");
    let deep = format!("{}\n{}{}\n", objects[0], "{\"a\":".repeat(100_000), "}".repeat(100_000));
    let (_, report) = import_files(&[("x", deep.into_bytes())], &Options::default());
    assert_eq!((report.files[0].stored, report.files[0].rejected), (1, 1), "{report:#?}");
}

#[test]
fn a_line_without_end_is_rejected_and_not_kept() {
    let some = events(|event| event.number <= 2);
    let long = "x".repeat(17 << 20);
    for (name, file) in [
        ("lines", format!("{}\n{{\"a\":\"{long}\"}}\n{}\n", evtx_dump(&some[0]), evtx_dump(&some[1]))),
        ("array", format!("[{},{{\"a\":\"{long}\"}},{}]", evtx_dump(&some[0]), evtx_dump(&some[1]))),
        ("xml", format!("{}<Event>{long}</Event>{}", xml(&some[0]), xml(&some[1]))),
    ] {
        let (_, report) = import_files(&[("x", file.into_bytes())], &Options::default());
        assert_eq!((report.files[0].stored, report.files[0].rejected), (2, 1), "{name}: {report:#?}");
        assert!(report.files[0].rejections[0].reason.contains("longer than"), "{name}");
    }
}

fn process(time: &str, name: &str) -> Map<String, Json> {
    json!({"Timestamp": time, "DeviceName": "h1", "DeviceId": "d1", "ActionType": "ProcessCreated", "FileName": name,
        "FolderPath": format!("C:\\x\\{name}"), "ProcessId": 10, "ProcessCommandLine": name, "AccountName": "bob",
        "InitiatingProcessFileName": "cmd.exe", "SHA1": ""})
    .as_object()
    .unwrap()
    .clone()
}

#[test]
fn rows_of_the_service_are_the_same_in_every_form() {
    let rows: Vec<Map<String, Json>> =
        (0..200).map(|index| process(&format!("2025-01-02T03:04:05.{index:03}Z"), &format!("{index}.exe"))).collect();
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let csv = |names: Vec<String>, dates: fn(&str) -> String| {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(names).unwrap();
        for row in &rows {
            csv.write_record(
                row.iter().map(|(name, value)| if name == "Timestamp" { dates(&text(value)) } else { text(value) }),
            )
            .unwrap();
        }
        csv.into_inner().unwrap()
    };
    let names: Vec<String> = rows[0].keys().cloned().collect();
    let plain = csv(names.clone(), str::to_owned);
    let (store, report) = import_files(&[("csv", plain)], &Options::default());
    assert_eq!(report.totals(), (200, 200, 0, 0), "{report:#?}");
    let only_rows = |store: &Store| {
        contents(store).into_iter().filter(|row| row.contains("DeviceProcessEvents")).collect::<Vec<_>>()
    };
    let expected = only_rows(&store);
    let sentinel: Vec<String> = names
        .iter()
        .map(|name| if name == "Timestamp" { "TimeGenerated [UTC]".to_owned() } else { name.clone() })
        .collect();
    let timeline: Vec<String> = names
        .iter()
        .map(|name| match name.as_str() {
            "Timestamp" => "Event Time".to_owned(),
            "DeviceId" => "Machine Id".to_owned(),
            "DeviceName" => "Computer Name".to_owned(),
            "ActionType" => "Action Type".to_owned(),
            "FileName" => "File Name".to_owned(),
            "FolderPath" => "Folder Path".to_owned(),
            "ProcessId" => "Process Id".to_owned(),
            "ProcessCommandLine" => "Process Command Line".to_owned(),
            "AccountName" => "Account Name".to_owned(),
            "InitiatingProcessFileName" => "Initiating Process File Name".to_owned(),
            other => other.to_owned(),
        })
        .collect();
    let american = |iso: &str| format!("1/2/2025, 3:04:{} AM", &iso[17..23]);
    let columns: Vec<Json> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let values: Vec<Json> = rows.iter().map(|row| Json::Array(row.values().cloned().collect())).collect();
    let graph: Vec<Json> = rows
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row.insert("Timestamp@odata.type".to_owned(), json!("#DateTimeOffset"));
            Json::Object(row)
        })
        .collect();
    let stream: String = rows
        .iter()
        .map(|row| json!({"time": "2025-01-02T03:05:00Z", "tenantId": "t", "operationName": "Publish", "category": "AdvancedHunting-DeviceProcessEvents", "properties": row}).to_string() + "\n")
        .collect();
    let records = json!({"records": rows.iter().map(|row| json!({"category": "AdvancedHunting-DeviceProcessEvents", "properties": row})).collect::<Vec<_>>()});
    let month = Options {
        reading: Reading { order: Some(whippet::ingest::time::DateOrder::MonthFirst), zone: None },
        ..Options::default()
    };
    for (name, bytes, options) in [
        ("Log Analytics CSV", csv(sentinel.clone(), str::to_owned), &Options::default()),
        ("portal dates", csv(sentinel, american), &month),
        ("device timeline", csv(timeline, str::to_owned), &Options::default()),
        ("Log Analytics API", json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": values}]}).to_string().into_bytes(), &Options::default()),
        ("Defender API", json!({"Stats": {"ExecutionTime": 0.1}, "Schema": [{"Name": "Timestamp", "Type": "DateTime"}], "Results": rows}).to_string().into_bytes(), &Options::default()),
        ("Graph, pretty", serde_json::to_vec_pretty(&json!({"@odata.context": "x", "schema": [{"name": "Timestamp"}], "results": graph})).unwrap(), &Options::default()),
        ("streaming lines", stream.into_bytes(), &Options::default()),
        ("streaming records", records.to_string().into_bytes(), &Options::default()),
        ("records, a batch a line", format!("{records}\n").into_bytes(), &Options::default()),
    ] {
        let (store, report) = import_files(&[("file", bytes)], options);
        assert_eq!(report.totals(), (200, 200, 0, 0), "{name}: {:#?}", report.files);
        assert_eq!(only_rows(&store), expected, "{name}");
    }
}

#[test]
fn day_and_month_are_decided_over_the_whole_file_or_refused() {
    let file = |dates: &[&str]| {
        let mut text = "Timestamp,DeviceId,DeviceName,ActionType,FileName,FolderPath,ProcessCommandLine\n".to_owned();
        for date in dates {
            text += &format!("\"{date}\",d,h,ProcessCreated,a.exe,C:\\a.exe,a\n");
        }
        text.into_bytes()
    };
    let first = |store: &Store| -> String {
        store.connection().query_row("SELECT min(Timestamp) FROM DeviceProcessEvents", [], |row| row.get(0)).unwrap()
    };
    let mut many = vec!["3/4/2025 10:00:00"; 150];
    many.push("3/14/2025 10:00:00");
    let (store, report) = import_files(&[("x", file(&many))], &Options::default());
    assert_eq!(first(&store), "2025-03-04T10:00:00.0000000Z");
    assert!(report.files[0].notes.iter().any(|note| note.contains("month first")), "{report:#?}");
    many.push("15/4/2025 10:00:00");
    let (_, report) = import_files(&[("x", file(&many))], &Options::default());
    assert!(report.files[0].problem.as_ref().unwrap().contains("contradict"), "{report:#?}");
    let (_, report) = import_files(&[("x", file(&["3/4/2025 10:00:00"]))], &Options::default());
    assert!(report.files[0].problem.as_ref().unwrap().contains("--dates"), "{report:#?}");
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let day = Reading { order: Some(whippet::ingest::time::DateOrder::DayFirst), zone: Some(zone) };
    let options = Options { reading: day, ..Options::default() };
    let (store, _) = import_files(&[("x", file(&["3/4/2025 10:00:00"]))], &options);
    assert_eq!(first(&store), "2025-04-03T08:00:00.0000000Z");
}

#[test]
fn excluded_files_are_listed() {
    let some = events(|event| event.number <= 1);
    let options = Options { exclude: vec!["*.old".to_owned()], ..Options::default() };
    let (_, report) =
        import_files(&[("a.xml", xml(&some[0]).into_bytes()), ("b.old", xml(&some[0]).into_bytes())], &options);
    assert_eq!(report.totals(), (1, 1, 0, 0));
    assert_eq!(report.files[1].problem.as_deref(), Some("excluded by '*.old'"));
}
