//! Events written for this project, through the normaliser and the writer: each row as it comes out.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::batch::Batch;
use super::mapping::Mapping;
use super::normalise::Normaliser;
use super::writer::Writer;
use crate::schema::Schema;
use crate::sql::layout::{Storage, layout};
use crate::store::Store;
use crate::store::block::Encoder;
use crate::store::event_xml::EventXml;

const EVENTS: &str = include_str!("../../tests/fixtures/windows-events.json");

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn xml(event: &Json, number: usize) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let mut data = String::new();
    for (name, value) in event["fields"].as_object().into_iter().flatten() {
        data += &format!("<Data Name=\"{}\">{}</Data>", escape(name), escape(value.as_str().unwrap()));
    }
    for value in event["data"].as_array().into_iter().flatten() {
        data += &format!("<Data>{}</Data>", escape(value.as_str().unwrap()));
    }
    if !text("binary").is_empty() {
        data += &format!("<Binary>{}</Binary>", text("binary"));
    }
    let body = if text("user_data").is_empty() {
        format!("<EventData>{data}</EventData>")
    } else {
        format!("<UserData>{}</UserData>", text("user_data"))
    };
    format!(
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"{}\"/>\
         <EventID>{}</EventID><Level>4</Level><TimeCreated SystemTime=\"2025-01-02T03:04:06.1234567Z\"/>\
         <EventRecordID>{number}</EventRecordID><Execution ProcessID=\"99\" ThreadID=\"1\"/><Channel>{}</Channel>\
         <Computer>H1.corp.example</Computer><Security UserID=\"S-1-5-18\"/></System>{body}</Event>",
        text("provider"),
        event["id"],
        text("channel")
    )
}

/// Every value of an event's rows that is not empty, as the readable views show them.
fn rows(store: &Store, id: i64) -> String {
    let mut all = String::new();
    for table in store.schema().tables().filter(|table| ["Device", "Alert"].iter().any(|p| table.name.starts_with(p))) {
        let shown: Vec<String> = layout(table)
            .columns
            .iter()
            .map(|column| match &column.storage {
                Storage::Plain(expression) => format!("CAST({expression} AS TEXT)"),
                Storage::Dictionary(expression) => format!("(SELECT value FROM text WHERE id = {expression})"),
            })
            .collect();
        let sql = format!("SELECT {} FROM {} WHERE t.id = {id}", shown.join(", "), layout(table).from);
        let mut statement = store.connection().prepare(&sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let Some(found) = rows.next().unwrap() else { continue };
        let mut text = format!("{}\n", table.name);
        for (index, column) in table.columns.iter().enumerate() {
            // The same in every row: asserted apart.
            if ["TimeGenerated", "DeviceId", "DeviceName", "ReportId", "Type"].contains(&column.name.as_str()) {
                continue;
            }
            let value: Option<String> = found.get(index).unwrap();
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let shown = match column.scalar_type {
                    crate::schema::ScalarType::Datetime => super::time::format(value.parse().unwrap()),
                    _ => value,
                };
                text += &format!("  {} = {shown:?}\n", column.name);
            }
        }
        all += &text;
    }
    if all.is_empty() { "no row\n".to_owned() } else { all }
}

#[test]
fn every_entry_of_the_mapping_has_a_fixture() {
    let events: Vec<Json> = serde_json::from_str(EVENTS).unwrap();
    let mapping = Mapping::built_in(&Schema::built_in().unwrap()).unwrap();
    let mut made: BTreeSet<(i64, String, String)> = BTreeSet::new();
    for (number, event) in (1..).zip(&events) {
        let (text, id) = (xml(event, number), event["id"].as_i64().unwrap());
        let event = EventXml::parse(&text).unwrap();
        made.extend(mapping.entries(&event, id).map(|entry| (id, entry.template.table.clone(), entry.action.clone())));
    }
    let table: Json = serde_json::from_str(include_str!("../../assets/mapping/windows-events.json")).unwrap();
    for entry in table["events"].as_array().unwrap() {
        for id in entry["ids"].as_array().unwrap() {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            let wanted = (id.as_i64().unwrap(), text("table"), text("action"));
            assert!(made.contains(&wanted), "no fixture makes {wanted:?}");
        }
    }
}

#[test]
fn every_fixture_becomes_the_row_it_should() {
    let events: Vec<Json> = serde_json::from_str(EVENTS).unwrap();
    let store = Store::in_memory().unwrap();
    let mut normaliser = Normaliser::new(Mapping::built_in(store.schema()).unwrap());
    let mut batch = Batch::default();
    let originals: Vec<String> = (1..).zip(&events).map(|(number, event)| xml(event, number)).collect();
    for original in &originals {
        normaliser.add(original, 0, &mut batch).unwrap();
    }
    Encoder::default().encode(originals.iter().map(String::as_bytes), &mut batch.block).unwrap();
    let written = Writer::new(store.connection(), store.schema()).unwrap().write(1, &batch).unwrap();
    assert_eq!(written.stored as usize, events.len());
    let mut golden = String::new();
    for (id, event) in (1..).zip(&events) {
        golden += &format!("{} {}: {}", event["provider"].as_str().unwrap(), event["id"], rows(&store, id));
    }
    insta::assert_snapshot!(golden);

    let first = "SELECT (SELECT value FROM text WHERE id = DeviceId), (SELECT value FROM text WHERE id = DeviceName),
        ReportId, (SELECT value FROM text WHERE id = Type), Timestamp = TimeGenerated
        FROM rows_DeviceProcessEvents WHERE id = 1";
    let common: (String, String, i64, String, bool) = store
        .connection()
        .query_row(first, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .unwrap();
    let device = super::normalise::device_id("h1.CORP.example");
    assert_eq!(device.len(), 40);
    assert_eq!(common, (device, "h1.corp.example".to_owned(), 1, "DeviceProcessEvents".to_owned(), true));
}
