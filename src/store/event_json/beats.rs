//! Winlogbeat, and what processes its events on their way.

use serde_json::{Map, Value as Json};

use super::ecs;
use super::markup::{System, data, element, elements, finish, is_name, named, plain};
use super::{EventText, Object, Shape, numeric};

/// Winlogbeat. Version 6 has at the top what later ones have under `winlog`.
pub(super) fn beats(object: &Object) -> Shape<'_> {
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
    let kept = if dropped { ecs::fields(&provider, &event_id, object) } else { Vec::new() };
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
