//! Events written in the forms that collectors and exports give them.

use std::io::Write;

use serde_json::{Map, Value as Json, json};

const EVENTS: &str = include_str!("../fixtures/windows-events.json");
const XMLNS: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

pub struct Event {
    pub provider: String,
    pub channel: String,
    pub id: i64,
    pub number: usize,
    pub time: String,
    pub fields: Map<String, Json>,
    pub data: Vec<Json>,
    pub binary: String,
    pub user_data: String,
}

/// The fixtures' events, repeated at other times until there are some two hundred.
pub fn events(keep: impl Fn(&Event) -> bool) -> Vec<Event> {
    let fixtures: Vec<Json> = serde_json::from_str(EVENTS).unwrap();
    let mut events = Vec::new();
    for round in 0..3 {
        for fixture in &fixtures {
            let number = events.len() + 1;
            let mut fields = fixture["fields"].as_object().cloned().unwrap_or_default();
            if let Some(time) = fields.get_mut("UtcTime") {
                *time = json!(format!("2025-01-02 03:{:02}:05.600", 10 + round));
            }
            let text = |key: &str| fixture[key].as_str().unwrap_or_default().to_owned();
            events.push(Event {
                provider: text("provider"),
                channel: text("channel"),
                id: fixture["id"].as_i64().unwrap(),
                number,
                time: format!("2025-01-02T03:{:02}:{:02}.125Z", 10 + round, number % 60),
                fields,
                data: fixture["data"].as_array().cloned().unwrap_or_default(),
                binary: text("binary"),
                user_data: text("user_data"),
            });
        }
    }
    events.retain(keep);
    events
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub fn xml(event: &Event) -> String {
    let mut data = String::new();
    for (name, value) in &event.fields {
        data += &format!("<Data Name=\"{}\">{}</Data>", escape(name), escape(value.as_str().unwrap()));
    }
    for value in &event.data {
        data += &format!("<Data>{}</Data>", escape(value.as_str().unwrap()));
    }
    if !event.binary.is_empty() {
        data += &format!("<Binary>{}</Binary>", event.binary);
    }
    let body = if event.user_data.is_empty() {
        format!("<EventData>{data}</EventData>")
    } else {
        format!("<UserData>{}</UserData>", event.user_data)
    };
    format!(
        "<Event xmlns='{XMLNS}'><System><Provider Name='{}'/><EventID Qualifiers='0'>{}</EventID><Level>4</Level>\
         <TimeCreated SystemTime='{}'/><EventRecordID>{}</EventRecordID><Execution ProcessID='99' ThreadID='1'/>\
         <Channel>{}</Channel><Computer>H1.corp.example</Computer></System>{body}</Event>",
        event.provider, event.id, event.time, event.number, event.channel
    )
}

/// The leaves of a fixture's user data, under its root.
pub fn user_data(event: &Event) -> (String, Map<String, Json>) {
    let root = regex::Regex::new(r"^<(\w+)").unwrap().captures(&event.user_data).unwrap()[1].to_owned();
    let leaf = regex::Regex::new(r"<(\w+)>([^<]*)</").unwrap();
    (root, leaf.captures_iter(&event.user_data).map(|found| (found[1].to_owned(), json!(found[2]))).collect())
}

pub fn structured_data(event: &Event) -> (&'static str, Json) {
    if !event.user_data.is_empty() {
        let (root, leaves) = user_data(event);
        return ("UserData", json!({root: leaves}));
    }
    let mut data = event.fields.clone();
    if !event.data.is_empty() {
        data.insert("Data".to_owned(), json!({"#text": event.data}));
    }
    if !event.binary.is_empty() {
        data.insert("Binary".to_owned(), json!(event.binary));
    }
    ("EventData", Json::Object(data))
}

pub fn evtx_dump(event: &Event) -> Json {
    let (name, data) = structured_data(event);
    json!({"Event": {"#attributes": {"xmlns": XMLNS}, "System": {
        "Provider": {"#attributes": {"Name": event.provider}}, "EventID": {"#attributes": {"Qualifiers": 0}, "#text": event.id},
        "Level": 4, "TimeCreated": {"#attributes": {"SystemTime": event.time}}, "EventRecordID": event.number,
        "Execution": {"#attributes": {"ProcessID": 99, "ThreadID": 1}},
        "Channel": event.channel, "Computer": "H1.corp.example", "Correlation": null}, name: data}})
}

pub fn evtx_dump_separate(event: &Event) -> Json {
    let (name, data) = structured_data(event);
    json!({"Event": {"Event_attributes": {"xmlns": XMLNS}, "System": {
        "Provider_attributes": {"Name": event.provider}, "Provider": null, "EventID": event.id,
        "EventID_attributes": {"Qualifiers": 0}, "Execution_attributes": {"ProcessID": 99}, "Level": 4, "TimeCreated_attributes": {"SystemTime": event.time},
        "EventRecordID": event.number, "Channel": event.channel, "Computer": "H1.corp.example"}, name: data}})
}

pub fn velociraptor(event: &Event) -> Json {
    let (name, data) = structured_data(event);
    let seconds = whippet::ingest::time::parse(&event.time).unwrap() - 621_355_968_000_000_000;
    json!({"System": {"Provider": {"Name": event.provider}, "EventID": {"Value": event.id}, "Level": 4, "Execution": {"ProcessID": 99},
        "TimeCreated": {"SystemTime": seconds as f64 / 1e7}, "EventRecordID": event.number,
        "Channel": event.channel, "Computer": "H1.corp.example"}, name: data, "_ClientId": "C.1"})
}

pub fn beats_data(event: &Event) -> Map<String, Json> {
    let mut data = event.fields.clone();
    for (index, value) in event.data.iter().enumerate() {
        data.insert(format!("param{}", index + 1), value.clone());
    }
    if !event.binary.is_empty() {
        data.insert("Binary".to_owned(), json!(event.binary));
    }
    data
}

pub fn winlogbeat(event: &Event) -> Json {
    let mut winlog = json!({"channel": event.channel, "provider_name": event.provider, "event_id": event.id.to_string(),
        "record_id": event.number, "computer_name": "H1.corp.example", "process": {"pid": 99, "thread": {"id": 1}}});
    if event.user_data.is_empty() {
        winlog["event_data"] = Json::Object(beats_data(event));
    } else {
        let (root, mut leaves) = user_data(event);
        leaves.insert("xml_name".to_owned(), json!(root));
        winlog["user_data"] = Json::Object(leaves);
    }
    json!({"@timestamp": event.time, "log": {"level": "information"}, "host": {"name": "h1"}, "winlog": winlog})
}

pub fn dotted(event: &Event) -> Json {
    fn flatten(path: &str, value: &Json, flat: &mut Map<String, Json>) {
        match value {
            Json::Object(inner) => inner.iter().for_each(|(name, value)| {
                flatten(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, value, flat);
            }),
            other => {
                flat.insert(path.to_owned(), other.clone());
            }
        }
    }
    let mut flat = Map::new();
    flatten("", &winlogbeat(event), &mut flat);
    Json::Object(flat)
}

pub fn winlogbeat_6(event: &Event) -> Json {
    json!({"@timestamp": event.time, "type": "wineventlog", "log_name": event.channel, "source_name": event.provider,
        "event_id": event.id, "record_number": event.number.to_string(), "computer_name": "H1.corp.example",
        "level": "Information", "process_id": 99, "event_data": beats_data(event), "beat": {"name": "h1"}})
}

pub fn nxlog(event: &Event) -> Json {
    let mut object = json!({"EventTime": event.time, "Hostname": "H1.corp.example", "EventType": "INFO",
        "SeverityValue": 2, "Severity": "INFO", "EventID": event.id, "SourceName": event.provider,
        "Channel": event.channel, "RecordNumber": event.number, "ExecutionProcessID": 99, "SourceModuleName": "eventlog"});
    object.as_object_mut().unwrap().extend(event.fields.clone());
    object["@timestamp"] = json!(event.time);
    object["tags"] = json!(["mordorDataset"]);
    object
}

pub fn lines(events: &[Event], form: fn(&Event) -> Json) -> Vec<u8> {
    events.iter().map(|event| form(event).to_string() + "\n").collect::<String>().into_bytes()
}

pub fn list(events: &[Event], form: fn(&Event) -> Json) -> Json {
    Json::Array(events.iter().map(form).collect())
}

pub fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

pub fn numbered_xml(events: &[Event]) -> Vec<(u64, String)> {
    events.iter().map(|event| (event.number as u64, xml(event))).collect()
}
