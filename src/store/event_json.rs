//! Event records that came as JSON objects: each of the known shapes to the XML form the event log itself has.
//!
//! Shapes: `evtx_dump` (`{"Event": …}`, both attribute styles), Velociraptor (`System` and `EventData` at the top),
//! Winlogbeat 7 and later (`winlog`, nested or dotted), Winlogbeat 6 (`event_data` and `log_name` at the top), NXLog and
//! Security-Datasets (all fields in one flat object), Splunk (`_raw`), and any of them inside `_source`.
//!
//! The original object stays what is stored; this form is made again whenever the record is read.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::event_ecs;

type Object = Map<String, Json>;

/// An event record in XML form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventText<'a> {
    pub xml: Cow<'a, str>,
    /// The record's time is a wall clock's, of a zone that the record does not name.
    pub local_time: bool,
    /// The event's own fields were dropped: these are made of what the Elastic Common Schema kept of them.
    pub from_ecs: bool,
}

impl<'a> EventText<'a> {
    fn made(xml: String) -> Self {
        Self { xml: Cow::Owned(xml), local_time: false, from_ecs: false }
    }
}

impl EventText<'_> {
    fn into_owned(self) -> EventText<'static> {
        EventText { xml: Cow::Owned(self.xml.into_owned()), ..self }
    }
}

/// What the shape of an object says.
pub type Shape<'a> = Option<Result<EventText<'a>, String>>;

/// The event in an object; `None` if it has none of the known shapes, an error if its event cannot be had whole.
pub fn event_of(object: &Object) -> Shape<'_> {
    event_within(object, 0)
}

fn event_within(object: &Object, depth: usize) -> Shape<'_> {
    // Rows of the service's own tables look alike but are no records of an event log.
    if object.contains_key("TimeGenerated") || depth > 4 {
        return None;
    }
    if let Some(Json::String(raw)) = object.get("_raw") {
        let found = raw.trim_start().starts_with('<');
        return found.then(|| Ok(EventText { xml: Cow::Borrowed(raw), local_time: false, from_ecs: false }));
    }
    for wrapping in ["_source", "result"] {
        if let Some(Json::Object(inner)) = object.get(wrapping) {
            return event_within(inner, depth + 1);
        }
    }
    if let Some(Json::Object(event)) = object.get("Event") {
        return event.contains_key("System").then(|| Ok(EventText::made(structured(event))));
    }
    if object.get("System").is_some_and(Json::is_object) {
        return Some(Ok(EventText::made(structured(object))));
    }
    if object.keys().any(|name| name.starts_with("winlog.") || name.starts_with("event_data.")) {
        return beats(&nested(object)).map(|made| made.map(EventText::into_owned));
    }
    if object.get("winlog").is_some_and(Json::is_object)
        || (object.contains_key("log_name") && object.contains_key("event_id"))
    {
        return beats(object);
    }
    let flat = ["EventID", "Channel"].iter().all(|name| object.contains_key(*name))
        && (object.contains_key("Hostname") || object.contains_key("Computer"));
    flat.then(|| Ok(nxlog(object)))
}

/// `{"winlog.event_id": 1}` as `{"winlog": {"event_id": 1}}`. A name that is both a value and a group keeps the group.
fn nested(object: &Object) -> Object {
    let mut whole = Object::new();
    for (name, value) in object {
        let mut parts = name.split('.').take(16).peekable();
        let mut group = &mut whole;
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                match (group.get_mut(part), value) {
                    (Some(Json::Object(there)), Json::Object(more)) => there.extend(more.clone()),
                    (Some(_), _) => {}
                    (None, _) => {
                        group.insert(part.to_owned(), value.clone());
                    }
                }
                break;
            }
            let inner = group.entry(part).or_insert_with(|| Json::Object(Object::new()));
            if !inner.is_object() {
                *inner = Json::Object(Object::new());
            }
            let Json::Object(next) = inner else { break };
            group = next;
        }
    }
    whole
}

/// The common part of an event, as texts; what is empty is left out.
#[derive(Default)]
struct System {
    provider: String,
    provider_guid: String,
    event_source: String,
    event_id: String,
    qualifiers: String,
    version: String,
    level: String,
    task: String,
    opcode: String,
    keywords: String,
    time: String,
    record: String,
    activity: String,
    related: String,
    process: String,
    thread: String,
    channel: String,
    computer: String,
    user: String,
}

impl System {
    fn write(&self, xml: &mut String) {
        xml.push_str("<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System>");
        empty_element(
            xml,
            "Provider",
            &[("Name", &self.provider), ("Guid", &self.provider_guid), ("EventSourceName", &self.event_source)],
        );
        xml.push_str("<EventID");
        attribute(xml, "Qualifiers", &self.qualifiers);
        xml.push('>');
        text(xml, &self.event_id);
        xml.push_str("</EventID>");
        for (name, value) in [
            ("Version", &self.version),
            ("Level", &self.level),
            ("Task", &self.task),
            ("Opcode", &self.opcode),
            ("Keywords", &self.keywords),
        ] {
            element(xml, name, value);
        }
        empty_element(xml, "TimeCreated", &[("SystemTime", &self.time)]);
        element(xml, "EventRecordID", &self.record);
        empty_element(xml, "Correlation", &[("ActivityID", &self.activity), ("RelatedActivityID", &self.related)]);
        empty_element(xml, "Execution", &[("ProcessID", &self.process), ("ThreadID", &self.thread)]);
        element(xml, "Channel", &self.channel);
        element(xml, "Computer", &self.computer);
        empty_element(xml, "Security", &[("UserID", &self.user)]);
        xml.push_str("</System>");
    }
}

/// `evtx_dump` and Velociraptor: the elements as objects.
fn structured(event: &Object) -> String {
    let empty = Object::new();
    let system = event.get("System").and_then(Json::as_object).unwrap_or(&empty);
    let child = |name: &str| system.get(name).map(content).unwrap_or_default();
    let of = |name: &str, wanted: &str| attribute_of(system, name, wanted);
    let mut xml = String::new();
    System {
        provider: of("Provider", "Name"),
        provider_guid: of("Provider", "Guid"),
        event_source: of("Provider", "EventSourceName"),
        event_id: child("EventID"),
        qualifiers: of("EventID", "Qualifiers"),
        version: child("Version"),
        level: child("Level"),
        task: child("Task"),
        opcode: child("Opcode"),
        keywords: child("Keywords"),
        time: of("TimeCreated", "SystemTime"),
        record: child("EventRecordID"),
        activity: of("Correlation", "ActivityID"),
        related: of("Correlation", "RelatedActivityID"),
        process: of("Execution", "ProcessID"),
        thread: of("Execution", "ThreadID"),
        channel: child("Channel"),
        computer: child("Computer"),
        user: of("Security", "UserID"),
    }
    .write(&mut xml);
    match (event.get("EventData"), event.get("UserData")) {
        (Some(Json::Object(data)), _) if !data.is_empty() => event_data(&mut xml, data),
        (_, Some(Json::Object(data))) if !data.is_empty() => {
            xml.push_str("<UserData>");
            elements(&mut xml, data, 0);
            xml.push_str("</UserData>");
        }
        (Some(Json::String(only)), _) if !only.trim().is_empty() => {
            xml.push_str("<EventData>");
            element(&mut xml, "Data", only);
            xml.push_str("</EventData>");
        }
        _ => {}
    }
    let message = event.get("Message").and_then(Json::as_str);
    finish(xml, message)
}

fn finish(mut xml: String, message: Option<&str>) -> String {
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        xml.push_str("<RenderingInfo>");
        element(&mut xml, "Message", message);
        xml.push_str("</RenderingInfo>");
    }
    xml.push_str("</Event>");
    xml
}

/// The text of an element that may also have attributes.
fn content(value: &Json) -> String {
    match value {
        Json::Object(object) => {
            ["#text", "Value", "text"].iter().find_map(|name| object.get(*name)).map(plain).unwrap_or_default()
        }
        other => plain(other),
    }
}

/// An attribute in each of the styles: `#attributes`, `NAME_attributes`, `@NAME`, or as a child of the element.
fn attribute_of(parent: &Object, element: &str, wanted: &str) -> String {
    let inside = parent.get(element).and_then(Json::as_object);
    let found = parent
        .get(&format!("{element}_attributes"))
        .and_then(|group| group.get(wanted))
        .or_else(|| inside?.get("#attributes")?.get(wanted))
        .or_else(|| inside?.get(&format!("@{wanted}")))
        .or_else(|| inside?.get(wanted));
    found.map(plain).unwrap_or_default()
}

/// Named and positional data, in their order.
fn event_data(xml: &mut String, data: &Object) {
    xml.push_str("<EventData>");
    for (name, value) in data {
        match name.as_str() {
            "Binary" => element(xml, "Binary", &content(value)),
            "Data" => positional(xml, value),
            _ if name.starts_with(['#', '@']) || name.ends_with("_attributes") => {}
            _ => named(xml, name, &content(value)),
        }
    }
    xml.push_str("</EventData>");
}

fn positional(xml: &mut String, value: &Json) {
    match value {
        Json::Array(values) => values.iter().for_each(|value| positional(xml, value)),
        Json::Object(object) => {
            let name = ["@Name", "Name"].iter().find_map(|name| object.get(*name)?.as_str());
            let name = name.or_else(|| object.get("#attributes")?.get("Name")?.as_str());
            match (name, object.get("#text")) {
                (Some(name), _) => named(xml, name, &content(value)),
                (None, Some(Json::Array(values))) => values.iter().for_each(|value| positional(xml, value)),
                (None, _) => data(xml, &content(value)),
            }
        }
        other => data(xml, &plain(other)),
    }
}

fn data(xml: &mut String, value: &str) {
    xml.push_str("<Data>");
    text(xml, value);
    xml.push_str("</Data>");
}

fn named(xml: &mut String, name: &str, value: &str) {
    xml.push_str("<Data");
    attribute(xml, "Name", name);
    xml.push('>');
    text(xml, value);
    xml.push_str("</Data>");
}

/// Objects as elements: the body of `UserData`.
fn elements(xml: &mut String, object: &Object, depth: usize) {
    for (name, value) in object {
        if name.starts_with(['#', '@']) || name.ends_with("_attributes") || !is_name(name) || depth > 32 {
            continue;
        }
        let values = if let Json::Array(values) = value { values.as_slice() } else { std::slice::from_ref(value) };
        for value in values {
            xml.push('<');
            xml.push_str(name);
            if let Some(attributes) = value.get("#attributes").and_then(Json::as_object) {
                attributes
                    .iter()
                    .filter(|(name, _)| is_name(name))
                    .for_each(|(name, value)| attribute(xml, name, &plain(value)));
            }
            xml.push('>');
            match value {
                Json::Object(inner) if inner.contains_key("#text") => text(xml, &content(value)),
                Json::Object(inner) => elements(xml, inner, depth + 1),
                other => text(xml, &plain(other)),
            }
            xml.push_str("</");
            xml.push_str(name);
            xml.push('>');
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// Winlogbeat. Version 6 has at the top what later ones have under `winlog`.
fn beats(object: &Object) -> Shape<'_> {
    let winlog = object.get("winlog").and_then(Json::as_object).unwrap_or(object);
    let read = |names: &[&str]| {
        names.iter().find_map(|name| at(winlog, name)).filter(|value| !value.is_object()).map(plain).unwrap_or_default()
    };
    let event_id = match winlog.get("event_id")? {
        Json::Object(_) => return None,
        value => plain(value),
    };
    let event_data_of = winlog.get("event_data").and_then(Json::as_object);
    let user_data_of = winlog.get("user_data").and_then(Json::as_object);
    let provider = read(&["provider_name", "source_name"]);
    let processed = ["process", "user"].iter().any(|group| object.get(*group).is_some_and(Json::is_object));
    let dropped = event_data_of.is_none() && user_data_of.is_none() && processed;
    let kept = if dropped { event_ecs::fields(&provider, &event_id, object) } else { Vec::new() };
    if dropped && kept.is_empty() && provider.contains("Sysmon") {
        return Some(Err("the event's own fields (winlog.event_data) were dropped by the export; \
                         export again with them, or with the original XML"
            .to_owned()));
    }
    let level = read(&["level"]);
    let level = if level.is_empty() { at(object, "log.level").map(plain).unwrap_or_default() } else { level };
    let mut xml = String::new();
    System {
        event_id,
        provider_guid: read(&["provider_guid"]),
        version: read(&["version"]),
        level: match level.to_ascii_lowercase().as_str() {
            "critical" => "1".to_owned(),
            "error" => "2".to_owned(),
            "warning" => "3".to_owned(),
            "information" | "info" => "4".to_owned(),
            "verbose" => "5".to_owned(),
            _ => level.clone(),
        },
        task: numeric(read(&["task"])),
        opcode: numeric(read(&["opcode"])),
        time: object.get("@timestamp").map(plain).unwrap_or_default(),
        record: read(&["record_id", "record_number"]),
        activity: read(&["activity_id"]),
        related: read(&["related_activity_id"]),
        process: read(&["process.pid", "process_id"]),
        thread: read(&["process.thread.id", "thread_id"]),
        channel: read(&["channel", "log_name"]),
        computer: read(&["computer_name"]),
        user: read(&["user.identifier"]),
        provider: provider.clone(),
        ..System::default()
    }
    .write(&mut xml);
    if let Some(fields) = user_data_of.filter(|_| event_data_of.is_none_or(Map::is_empty)) {
        let root = fields.get("xml_name").and_then(Json::as_str).filter(|name| is_name(name)).unwrap_or("Data");
        let mut inner = fields.clone();
        inner.shift_remove("xml_name");
        xml.push_str(&format!("<UserData><{root}>"));
        elements(&mut xml, &inner, 0);
        xml.push_str(&format!("</{root}></UserData>"));
    } else if let Some(fields) = event_data_of {
        // Positional values are called param1, param2, …; manifests use these names too, but not SQL Server's source.
        let nameless = provider.starts_with("MSSQL");
        xml.push_str("<EventData>");
        for (name, value) in fields {
            let is_position = name.strip_prefix("param").is_some_and(|rest| rest.parse::<u32>().is_ok());
            match name.as_str() {
                "Binary" => element(&mut xml, "Binary", &plain(value)),
                _ if nameless && is_position => data(&mut xml, &plain(value)),
                _ => named(&mut xml, name, &plain(value)),
            }
        }
        xml.push_str("</EventData>");
    }
    if !kept.is_empty() {
        xml.push_str("<EventData>");
        kept.iter().for_each(|(name, value)| named(&mut xml, name, value));
        xml.push_str("</EventData>");
    }
    let message = object.get("message").and_then(Json::as_str);
    Some(Ok(EventText { from_ecs: !kept.is_empty(), ..EventText::made(finish(xml, message)) }))
}

/// Winlogbeat replaces some numbers by their words; the event's own element holds a number.
fn numeric(text: String) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text } else { String::new() }
}

/// The value at a dotted path, or under that very name.
pub(super) fn at<'o>(object: &'o Object, path: &str) -> Option<&'o Json> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let mut parts = path.split('.');
    let mut value = object.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

/// What NXLog and the pipelines behind it add to the fields of the event itself.
const NXLOG_OWN: [&str; 45] = [
    "EventTime",
    "EventReceivedTime",
    "TimeCreated",
    "SystemTime",
    "Hostname",
    "Computer",
    "Keywords",
    "EventType",
    "SeverityValue",
    "Severity",
    "Level",
    "EventID",
    "SourceName",
    "ProviderName",
    "Provider",
    "ProviderGuid",
    "Version",
    "Task",
    "TaskValue",
    "Category",
    "Opcode",
    "OpcodeValue",
    "RecordNumber",
    "EventRecordID",
    "RecordId",
    "ActivityID",
    "RelatedActivityID",
    "ExecutionProcessID",
    "ExecutionThreadID",
    "ThreadID",
    "Channel",
    "Domain",
    "UserID",
    "AccountType",
    "Message",
    "SourceModuleName",
    "SourceModuleType",
    "@timestamp",
    "@version",
    "host",
    "port",
    "tags",
    "type",
    "EventData",
    "MessageSourceAddress",
];

fn nxlog<'a>(object: &Object) -> EventText<'a> {
    let read = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).map(plain).filter(|text| text != "-");
    let own = |names: &[&str]| read(names).unwrap_or_default();
    let sysmon = own(&["SourceName", "ProviderName", "Provider"]).contains("Sysmon");
    let exact = read(&["TimeCreated", "SystemTime"]).or_else(|| read(&["UtcTime"]).filter(|_| sysmon));
    let wall = read(&["EventTime"]);
    let zoned = wall.clone().filter(|text| has_zone(text));
    let certain = exact.or(zoned).or_else(|| read(&["@timestamp"]));
    let local_time = certain.is_none();
    let mut xml = String::new();
    System {
        provider: own(&["SourceName", "ProviderName", "Provider"]),
        provider_guid: own(&["ProviderGuid"]),
        event_id: own(&["EventID"]),
        version: own(&["Version"]),
        level: match own(&["Level", "EventType"]).to_ascii_lowercase().as_str() {
            "critical" => "1".to_owned(),
            "error" => "2".to_owned(),
            "warning" => "3".to_owned(),
            "info" | "information" => "4".to_owned(),
            "verbose" => "5".to_owned(),
            other => numeric(other.to_owned()),
        },
        task: numeric(own(&["TaskValue", "Task"])),
        opcode: numeric(own(&["OpcodeValue", "Opcode"])),
        keywords: own(&["Keywords"]),
        time: certain.or(wall).unwrap_or_default(),
        record: own(&["RecordNumber", "EventRecordID", "RecordId"]),
        activity: own(&["ActivityID"]),
        related: own(&["RelatedActivityID"]),
        process: own(&["ExecutionProcessID", "ProcessID"]),
        thread: own(&["ExecutionThreadID", "ThreadID"]),
        channel: own(&["Channel"]),
        computer: own(&["Hostname", "Computer"]),
        user: own(&["UserID"]),
        ..System::default()
    }
    .write(&mut xml);
    if let Some(Json::Object(inner)) = object.get("EventData") {
        event_data(&mut xml, inner);
    } else {
        // `AccountName` is the one behind `UserID` where `AccountType` stands beside it, else the event's own.
        let account = object.contains_key("AccountType");
        // Later versions name the writer's process `ExecutionProcessID`, which leaves `ProcessID` to the event.
        let later = object.contains_key("ExecutionProcessID");
        xml.push_str("<EventData>");
        for (name, value) in object {
            let added = match name.as_str() {
                "AccountName" => account,
                "ProcessID" => !later,
                name => NXLOG_OWN.contains(&name),
            };
            if !added && !value.is_object() && !value.is_array() {
                named(&mut xml, name, &plain(value));
            }
        }
        xml.push_str("</EventData>");
    }
    let message = object.get("Message").and_then(Json::as_str);
    EventText { local_time, ..EventText::made(finish(xml, message)) }
}

/// Whether a time says which zone it is of: `Z`, an offset, or a count since an epoch.
fn has_zone(text: &str) -> bool {
    let text = text.trim();
    let clock = text.get(10..).unwrap_or_default();
    text.ends_with(['Z', 'z']) || clock.contains(['+', '-']) || !text.contains(['-', '/'])
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn element(xml: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        xml.push_str(&format!("<{name}>"));
        text(xml, value);
        xml.push_str(&format!("</{name}>"));
    }
}

fn empty_element(xml: &mut String, name: &str, attributes: &[(&str, &String)]) {
    if attributes.iter().any(|(_, value)| !value.is_empty()) {
        xml.push('<');
        xml.push_str(name);
        attributes.iter().for_each(|(name, value)| attribute(xml, name, value));
        xml.push_str("/>");
    }
}

fn attribute(xml: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        xml.push(' ');
        xml.push_str(name);
        xml.push_str("=\"");
        text(xml, value);
        xml.push('"');
    }
}

fn text(xml: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            other => xml.push(other),
        }
    }
}
