//! The XML form that the event log itself has, written piece by piece. What comes from outside is escaped here.

use serde_json::Value as Json;

use super::Object;

/// The common part of an event, as texts; what is empty is left out.
#[derive(Default)]
pub(super) struct System {
    pub provider: String,
    pub provider_guid: String,
    pub event_source: String,
    pub event_id: String,
    pub qualifiers: String,
    pub version: String,
    pub level: String,
    pub task: String,
    pub opcode: String,
    pub keywords: String,
    pub time: String,
    pub record: String,
    pub activity: String,
    pub related: String,
    pub process: String,
    pub thread: String,
    pub channel: String,
    pub computer: String,
    pub user: String,
}

impl System {
    pub fn write(&self, xml: &mut String) {
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

pub(super) fn finish(mut xml: String, message: Option<&str>) -> String {
    if let Some(message) = message.filter(|message| !message.is_empty()) {
        xml.push_str("<RenderingInfo>");
        element(&mut xml, "Message", message);
        xml.push_str("</RenderingInfo>");
    }
    xml.push_str("</Event>");
    xml
}

/// Named and positional data, in their order.
pub(super) fn event_data(xml: &mut String, name: &str, data: &Object) {
    xml.push_str("<EventData");
    attribute(xml, "Name", name);
    xml.push('>');
    for (name, value) in data {
        match name.as_str() {
            "Binary" if value.is_null() => {}
            "Binary" => {
                xml.push_str("<Binary>");
                text(xml, &content(value));
                xml.push_str("</Binary>");
            }
            "Data" => positional(xml, value),
            _ if name.starts_with(['#', '@']) || name.ends_with("_attributes") => {}
            _ => named(xml, name, &content(value)),
        }
    }
    xml.push_str("</EventData>");
}

pub(super) fn positional(xml: &mut String, value: &Json) {
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

pub(super) fn data(xml: &mut String, value: &str) {
    xml.push_str("<Data>");
    text(xml, value);
    xml.push_str("</Data>");
}

pub(super) fn named(xml: &mut String, name: &str, value: &str) {
    xml.push_str("<Data");
    attribute(xml, "Name", name);
    xml.push('>');
    text(xml, value);
    xml.push_str("</Data>");
}

/// Objects as elements: the body of `UserData`.
pub(super) fn elements(xml: &mut String, object: &Object, depth: usize) {
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

pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// The text of an element that may also have attributes.
pub(super) fn content(value: &Json) -> String {
    match value {
        Json::Object(object) => {
            ["#text", "Value", "text"].iter().find_map(|name| object.get(*name)).map(plain).unwrap_or_default()
        }
        other => plain(other),
    }
}

pub(super) fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn element(xml: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        xml.push_str(&format!("<{name}>"));
        text(xml, value);
        xml.push_str(&format!("</{name}>"));
    }
}

pub(super) fn empty_element(xml: &mut String, name: &str, attributes: &[(&str, &String)]) {
    if attributes.iter().any(|(_, value)| !value.is_empty()) {
        xml.push('<');
        xml.push_str(name);
        attributes.iter().for_each(|(name, value)| attribute(xml, name, value));
        xml.push_str("/>");
    }
}

pub(super) fn attribute(xml: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        xml.push(' ');
        xml.push_str(name);
        xml.push_str("=\"");
        text(xml, value);
        xml.push('"');
    }
}

pub(super) fn text(xml: &mut String, value: &str) {
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
