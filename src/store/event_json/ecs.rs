//! Events whose own fields an export dropped, keeping what the Elastic Common Schema made of them: the fields back.
//!
//! Only what the schema keeps unchanged comes back, so a field that is not there says nothing. Sources: the ingest
//! pipelines of Elastic's Windows integration, which move `event_data` to these places.

use serde_json::Value as Json;

use super::Object;
use super::beats::at;
use crate::store::event_xml::{SECURITY, SYSMON};

/// The provider, its event ids, and where each field went. Of several places the first that has a value counts.
type Places = &'static [(&'static str, &'static [&'static str])];

/// The process that a Sysmon event is about or comes from.
const PROCESS: Places = &[
    // The pipeline takes the record's time from here.
    ("UtcTime", &["@timestamp"]),
    ("ProcessGuid", &["process.entity_id"]),
    ("ProcessId", &["process.pid"]),
    ("Image", &["process.executable"]),
    ("User", &["user"]),
];
const STARTED: Places = &[
    ("CommandLine", &["process.command_line"]),
    ("CurrentDirectory", &["process.working_directory"]),
    ("OriginalFileName", &["process.pe.original_file_name"]),
    ("Company", &["process.pe.company"]),
    ("Description", &["process.pe.description"]),
    ("Product", &["process.pe.product"]),
    ("FileVersion", &["process.pe.file_version"]),
    ("Hashes", &["process.hash"]),
    ("ParentProcessGuid", &["process.parent.entity_id"]),
    ("ParentProcessId", &["process.parent.pid"]),
    ("ParentImage", &["process.parent.executable"]),
    ("ParentCommandLine", &["process.parent.command_line"]),
];
const CONNECTION: Places = &[
    ("Protocol", &["network.transport"]),
    ("Initiated", &["network.direction"]),
    ("SourceIp", &["source.ip"]),
    ("SourcePort", &["source.port"]),
    ("SourceHostname", &["source.domain"]),
    ("DestinationIp", &["destination.ip"]),
    ("DestinationPort", &["destination.port"]),
    ("DestinationHostname", &["destination.domain"]),
];
const IMAGE: Places = &[
    ("ImageLoaded", &["dll.path", "file.path"]),
    ("Hashes", &["dll.hash", "file.hash"]),
    ("Signed", &["dll.code_signature.signed", "file.code_signature.signed"]),
    ("Signature", &["dll.code_signature.subject_name", "file.code_signature.subject_name"]),
    ("SignatureStatus", &["dll.code_signature.status", "file.code_signature.status"]),
];
const FILE: Places = &[("TargetFilename", &["file.path"]), ("Hashes", &["file.hash"])];
const REGISTRY: Places = &[("TargetObject", &["registry.path"]), ("Details", &["registry.data.strings"])];
const PIPE: Places = &[("PipeName", &["file.name"])];
const DNS: Places = &[("QueryName", &["dns.question.name"])];
const SUBJECT: Places = &[
    ("SubjectUserName", &["user.name"]),
    ("SubjectDomainName", &["user.domain"]),
    ("SubjectUserSid", &["user.id"]),
    ("SubjectLogonId", &["winlog.logon.id"]),
];
const CREATED: Places = &[
    ("NewProcessId", &["process.pid"]),
    ("NewProcessName", &["process.executable"]),
    ("CommandLine", &["process.command_line"]),
    ("ProcessId", &["process.parent.pid"]),
    ("ParentProcessName", &["process.parent.executable"]),
];
const EXITED: Places = &[("ProcessId", &["process.pid"]), ("ProcessName", &["process.executable"])];
const LOGON: Places = &[
    ("TargetUserName", &["user.name"]),
    ("TargetDomainName", &["user.domain"]),
    ("TargetUserSid", &["user.id"]),
    ("TargetLogonId", &["winlog.logon.id"]),
    ("LogonType", &["winlog.logon.type"]),
    ("WorkstationName", &["source.domain"]),
    ("IpAddress", &["source.ip"]),
    ("IpPort", &["source.port"]),
];
const SCRIPT: Places = &[
    ("MessageNumber", &["powershell.sequence"]),
    ("MessageTotal", &["powershell.total"]),
    ("ScriptBlockText", &["powershell.file.script_block_text"]),
    ("ScriptBlockId", &["powershell.file.script_block_id"]),
    ("Path", &["file.path"]),
];

const EVENTS: &[(&str, &[&str], &[Places])] = &[
    (SYSMON, &["1"], &[PROCESS, STARTED]),
    (SYSMON, &["3"], &[PROCESS, CONNECTION]),
    (SYSMON, &["5"], &[PROCESS]),
    (SYSMON, &["6", "7"], &[PROCESS, IMAGE]),
    (SYSMON, &["11", "15", "23", "26"], &[PROCESS, FILE]),
    (SYSMON, &["13", "14"], &[PROCESS, REGISTRY]),
    (SYSMON, &["17", "18"], &[PROCESS, PIPE]),
    (SYSMON, &["22"], &[PROCESS, DNS]),
    (SECURITY, &["4688"], &[SUBJECT, CREATED]),
    (SECURITY, &["4689"], &[SUBJECT, EXITED]),
    (SECURITY, &["4624", "4625"], &[LOGON]),
    ("Microsoft-Windows-PowerShell", &["4104"], &[SCRIPT]),
];

/// The fields of an event, as far as they are told; none for events whose fields this schema does not keep.
pub fn fields(provider: &str, event_id: &str, object: &Object) -> Vec<(&'static str, String)> {
    let known = EVENTS.iter().find(|(known, ids, _)| *known == provider && ids.contains(&event_id));
    let Some((_, _, groups)) = known else { return Vec::new() };
    let told = |places: &[&str]| places.iter().map(|place| value(object, place)).find(|text| !text.is_empty());
    let places = groups.iter().flat_map(|group| group.iter());
    places.filter_map(|(name, places)| Some((*name, told(places)?))).collect()
}

fn value(object: &Object, place: &str) -> String {
    let text = |place: &str| at(object, place).map(plain).unwrap_or_default();
    match place {
        "user" => match (text("user.domain"), text("user.name")) {
            (domain, name) if domain.is_empty() || name.is_empty() => name,
            (domain, name) => format!("{domain}\\{name}"),
        },
        "network.direction" => match text(place).as_str() {
            "egress" | "outbound" => "true".to_owned(),
            "ingress" | "inbound" => "false".to_owned(),
            _ => String::new(),
        },
        "process.hash" | "file.hash" | "dll.hash" => {
            let hashes = at(object, place).and_then(Json::as_object);
            let parts = hashes.into_iter().flatten().filter(|(_, hash)| hash.is_string());
            parts.map(|(name, hash)| format!("{}={}", name.to_uppercase(), plain(hash))).collect::<Vec<_>>().join(",")
        }
        _ => text(place),
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null | Json::Object(_) => String::new(),
        Json::String(text) => text.clone(),
        Json::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}
