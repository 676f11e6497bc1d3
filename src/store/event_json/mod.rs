//! Event records that came as JSON objects: each of the known shapes to the XML form the event log itself has.
//!
//! Shapes: `evtx_dump` (`{"Event": …}`, both attribute styles), Velociraptor (`System` and `EventData` at the top),
//! Winlogbeat 7 and later (`winlog`, nested or dotted), Winlogbeat 6 (`event_data` and `log_name` at the top), NXLog and
//! Security-Datasets (all fields in one flat object), Splunk (`_raw`), and any of them inside `_source`.
//!
//! The original object stays what is stored; this form is made again whenever the record is read.

mod beats;
mod ecs;
mod markup;
mod nxlog;

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use beats::beats;
use markup::{System, content, element, elements, event_data, finish, plain};
use nxlog::nxlog;

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
        (Some(Json::Object(data)), _) if !data.is_empty() => {
            event_data(&mut xml, &data_name(event, data), data);
        }
        (_, Some(Json::Object(data))) if !data.is_empty() => body(&mut xml, "UserData", data),
        (Some(Json::String(only)), _) if !only.trim().is_empty() => {
            xml.push_str("<EventData>");
            element(&mut xml, "Data", only);
            xml.push_str("</EventData>");
        }
        _ => {
            for name in ["ProcessingErrorData", "DebugData"] {
                if let Some(Json::Object(data)) = event.get(name) {
                    body(&mut xml, name, data);
                }
            }
            element(&mut xml, "BinaryEventData", &event.get("BinaryEventData").map(content).unwrap_or_default());
        }
    }
    let message = event.get("Message").and_then(Json::as_str);
    finish(xml, message)
}

/// The name of `EventData` itself; a child called `Name` is data.
fn data_name(event: &Object, data: &Object) -> String {
    let found = event.get("EventData_attributes").and_then(|group| group.get("Name"));
    let found = found.or_else(|| data.get("#attributes")?.get("Name")).or_else(|| data.get("@Name"));
    found.map(plain).unwrap_or_default()
}

fn body(xml: &mut String, name: &str, data: &Object) {
    xml.push_str(&format!("<{name}>"));
    elements(xml, data, 0);
    xml.push_str(&format!("</{name}>"));
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

/// Winlogbeat replaces some numbers by their words; the event's own element holds a number.
fn numeric(text: String) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text } else { String::new() }
}
