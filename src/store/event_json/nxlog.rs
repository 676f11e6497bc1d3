//! NXLog and the data sets written by it: all fields of an event in one flat object.

use serde_json::Value as Json;

use super::markup::{System, event_data, finish, named, plain};
use super::{EventText, Object, numeric};

/// What NXLog and the pipelines behind it add to the fields of the event itself.
const NXLOG_OWN: [&str; 47] = [
    "EventTime",
    "EventReceivedTime",
    "TimeCreated",
    "SystemTime",
    "Hostname",
    "Computer",
    "Keywords",
    "EventType",
    "EventTypeOrignal",
    "ERROR_EVT_UNRESOLVED",
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

/// The values of NXLog's own `EventType`. Sysmon has a field of that name, which some pipelines put in its place (NXLog's
/// is `EventTypeOrignal` then); others keep it in the message alone.
const NXLOG_TYPES: [&str; 9] =
    ["CRITICAL", "ERROR", "WARNING", "INFO", "VERBOSE", "DEBUG", "AUDIT_SUCCESS", "AUDIT_FAILURE", "AUDIT"];

fn event_type(object: &Object) -> Option<&str> {
    let value = object.get("EventType")?.as_str()?;
    if !NXLOG_TYPES.contains(&value) {
        return Some(value).filter(|value| !value.is_empty());
    }
    let lines = object.get("Message")?.as_str()?.lines();
    lines.filter_map(|line| line.strip_prefix("EventType: ")).map(str::trim).next()
}

pub(super) fn nxlog<'a>(object: &Object) -> EventText<'a> {
    let read = |names: &[&str]| names.iter().find_map(|name| object.get(*name)).map(plain).filter(|text| text != "-");
    let own = |names: &[&str]| read(names).unwrap_or_default();
    let sysmon = own(&["SourceName", "ProviderName", "Provider"]).contains("Sysmon");
    let exact = read(&["TimeCreated", "SystemTime"]).or_else(|| read(&["UtcTime"]).filter(|_| sysmon));
    let own_type = if sysmon { event_type(object) } else { None };
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
        event_data(&mut xml, "", inner);
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
            if name == "EventType"
                && let Some(own_type) = own_type
            {
                named(&mut xml, name, own_type);
            } else if !added && !value.is_object() && !value.is_array() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sysmons_event_type_is_not_nxlogs() {
        let data = |more: &str| {
            let text = format!(
                "{{\"EventID\": 12, \"Channel\": \"C\", \"Hostname\": \"H\", \"SourceName\": \"Microsoft-Windows-Sysmon\",
                  \"RuleName\": \"-\", {more}}}"
            );
            let xml = nxlog(&serde_json::from_str(&text).unwrap()).xml.into_owned();
            xml.split_once("<EventData>").unwrap().1.split_once("</EventData>").unwrap().0.to_owned()
        };
        let rule = "<Data Name=\"RuleName\">-</Data>";
        let both = format!("{rule}<Data Name=\"EventType\">CreateKey</Data>");
        assert_eq!(data("\"EventType\": \"CreateKey\", \"EventTypeOrignal\": \"INFO\""), both);
        assert_eq!(
            data("\"EventType\": \"INFO\", \"Message\": \"Registry\\r\\nEventType: CreateKey\\r\\nx: y\""),
            both
        );
        assert_eq!(data("\"EventType\": \"INFO\", \"Message\": \"Process Create\""), rule);
    }
}
