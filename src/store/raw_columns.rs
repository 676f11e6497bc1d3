//! What the raw tables show of a stored record: the columns of `Event`, `SecurityEvent` and `WindowsEvent` that are
//! not real columns of `event_record`.
//!
//! A record that came as a row of such a table (a Log Analytics export) is stored as JSON and answers by column name.

use serde_json::{Map, Value as Json};

use super::activities::activity;
use super::event_json::event_of;
use super::event_xml::{EventXml, Field};

/// The value of one column, before SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum RawValue {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

/// A stored record made ready to be asked for columns.
#[derive(Debug)]
pub enum RawRecord {
    Event(Box<OwnedEvent>),
    Row(Map<String, Json>),
}

/// The parts of an event the raw tables show, owned so that neighbouring columns can share one parse.
#[derive(Debug)]
pub struct OwnedEvent {
    system: Vec<(&'static str, String)>,
    fields: Vec<(String, String)>,
    /// An element that is there and empty is shown so.
    binary: Option<String>,
    data_name: String,
    /// The body of an event that has no `EventData`, as it stands.
    other_body: String,
    event_id: i64,
}

impl RawRecord {
    /// Reads a stored record; `None` if it is neither an event nor a JSON object.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        if text.trim_start().starts_with('<') {
            let event = EventXml::parse(text).ok()?;
            return Some(Self::Event(Box::new(OwnedEvent::new(&event))));
        }
        match serde_json::from_str(text).ok()? {
            Json::Object(mut row) => match event_of(&row) {
                Some(Ok(text)) => {
                    let event = EventXml::parse(&text.xml).ok()?;
                    Some(Self::Event(Box::new(OwnedEvent::new(&event))))
                }
                _ => Some(Self::Row(streamed(&mut row).unwrap_or(row))),
            },
            _ => None,
        }
    }

    /// The value of a column of a raw table.
    pub fn column(&self, table: &str, column: &str) -> RawValue {
        match self {
            Self::Row(row) => row.get(column).map_or_else(|| absent(table, column), json_value),
            Self::Event(event) => match table {
                "Event" => event.event_column(column),
                "SecurityEvent" => event.security_column(column),
                _ => event.windows_column(column),
            },
        }
    }
}

/// The columns of a record of the streaming API, which has them in `properties` and names its table in `category`.
pub fn streamed(record: &mut Map<String, Json>) -> Option<Map<String, Json>> {
    if !record.contains_key("category") {
        return None;
    }
    match record.get_mut("properties") {
        Some(Json::Object(properties)) => Some(std::mem::take(properties)),
        _ => None,
    }
}

/// Columns of these types are null when the record says nothing; all others are strings, and strings are never null.
fn absent(table: &str, column: &str) -> RawValue {
    let integer = [
        "EventCategory",
        "Task",
        "AuditsDiscarded",
        "AuthenticationLevel",
        "AuthenticationService",
        "ErrorCode",
        "KeyLength",
        "LogonType",
        "ServiceStartType",
        "Version",
        "SystemProcessId",
        "SystemThreadId",
        "_BilledSize",
    ];
    let dynamic = table == "WindowsEvent" && column == "EventData";
    if dynamic || integer.contains(&column) { RawValue::Null } else { RawValue::Text(String::new()) }
}

fn json_value(value: &Json) -> RawValue {
    match value {
        Json::Null => RawValue::Text(String::new()),
        Json::Bool(flag) => RawValue::Integer(i64::from(*flag)),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => RawValue::Integer(integer),
            None => RawValue::Real(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => RawValue::Text(text.clone()),
        other => RawValue::Text(other.to_string()),
    }
}

impl OwnedEvent {
    fn new(event: &EventXml<'_>) -> Self {
        let system = [
            ("Task", &event.task),
            ("Level", &event.level),
            ("Version", &event.version),
            ("Opcode", &event.opcode),
            ("Keywords", &event.keywords),
            ("Correlation", &event.correlation),
            ("SystemProcessId", &event.process_id),
            ("SystemThreadId", &event.thread_id),
            ("SystemUserId", &event.user_id),
            ("EventRecordId", &event.record_id),
            ("Channel", &event.channel),
            ("TimeCreated", &event.time_created),
            ("Message", &event.message),
        ];
        let other_body = !event.event_data.starts_with("<EventData");
        let has_binary = !event.binary.is_empty() || event.event_data.contains("<Binary");
        Self {
            system: system.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
            fields: event.fields.iter().map(|Field { name, value }| (name.to_string(), value.to_string())).collect(),
            binary: has_binary.then(|| event.binary.to_string()),
            data_name: event.data_name.to_string(),
            other_body: if other_body { event.event_data.to_owned() } else { String::new() },
            event_id: event.event_id.trim().parse().unwrap_or_default(),
        }
    }

    fn system(&self, name: &str) -> &str {
        self.system.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    fn field(&self, name: &str) -> Option<&str> {
        let exact = self.fields.iter().find(|(known, _)| known == name);
        let found = exact.or_else(|| {
            self.fields.iter().find(|(known, _)| {
                let leaf = known.rsplit('.').next().unwrap_or(known);
                leaf.eq_ignore_ascii_case(name)
            })
        });
        found.map(|(_, value)| value.as_str())
    }

    fn integer(&self, text: &str) -> RawValue {
        let text = text.trim();
        let parsed = match text.strip_prefix("0x") {
            Some(hex) => i64::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        };
        parsed.map_or(RawValue::Null, RawValue::Integer)
    }

    fn event_column(&self, column: &str) -> RawValue {
        match column {
            "SourceSystem" => RawValue::Text("OpsManager".to_owned()),
            "EventLevelName" => RawValue::Text(level_name(self.system("Level")).to_owned()),
            "EventCategory" => self.integer(self.system("Task")),
            "UserName" => RawValue::Text(system_user(self.system("SystemUserId")).to_owned()),
            "RenderedDescription" | "Message" => RawValue::Text(self.system("Message").to_owned()),
            "EventData" => RawValue::Text(format!(
                "<DataItem type=\"System.XmlData\" time=\"{}\" sourceHealthServiceId=\"\">{}</DataItem>",
                escape(self.system("TimeCreated")),
                self.event_data_xml()
            )),
            "ParameterXml" => {
                let parameters = self.fields.iter().map(|(_, value)| format!("<Param>{}</Param>", escape(value)));
                RawValue::Text(parameters.collect())
            }
            _ => absent("Event", column),
        }
    }

    /// The `EventData` element as Windows writes it: names in double quotes, empty values as a pair of tags. Rules
    /// take it apart with `parse EventData with * 'Image">' Image "<" *`, so one form for every source matters.
    fn event_data_xml(&self) -> String {
        if !self.other_body.is_empty() {
            return self.other_body.clone();
        }
        let mut xml = "<EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"".to_owned();
        if !self.data_name.is_empty() {
            xml.push_str(&format!(" Name=\"{}\"", escape(&self.data_name)));
        }
        xml.push('>');
        for (name, value) in &self.fields {
            if name.is_empty() {
                xml.push_str("<Data>");
            } else {
                xml.push_str(&format!("<Data Name=\"{}\">", escape(name)));
            }
            xml.push_str(&escape(value));
            xml.push_str("</Data>");
        }
        if let Some(binary) = &self.binary {
            xml.push_str(&format!("<Binary>{}</Binary>", escape(binary)));
        }
        xml.push_str("</EventData>");
        xml
    }

    fn security_column(&self, column: &str) -> RawValue {
        let text = |value: &str| RawValue::Text(value.to_owned());
        match column {
            "Account" => RawValue::Text(self.account()),
            "AccountType" => text(match self.account() {
                name if name.is_empty() => "",
                name if name.ends_with('$') => "Machine",
                _ => "User",
            }),
            "SubjectAccount" => RawValue::Text(self.domain_account("Subject")),
            "TargetAccount" => RawValue::Text(self.domain_account("Target")),
            "Activity" => RawValue::Text(match activity(self.event_id) {
                "" => String::new(),
                words => format!("{} - {words}", self.event_id),
            }),
            "Process" => {
                let path = self.field("NewProcessName").or_else(|| self.field("ProcessName")).unwrap_or_default();
                text(path.rsplit(['\\', '/']).next().unwrap_or_default())
            }
            "LogonTypeName" => RawValue::Text(match self.field("LogonType") {
                Some(code) => match logon_type(code.trim()) {
                    "" => code.to_owned(),
                    name => format!("{} - {name}", code.trim()),
                },
                None => String::new(),
            }),
            "EventData" => RawValue::Text(self.event_data_xml()),
            "EventLevelName" => text(level_name(self.system("Level"))),
            "Task" | "Version" | "SystemProcessId" | "SystemThreadId" => self.integer(self.system(column)),
            "Level" | "Opcode" | "Keywords" | "Correlation" | "SystemUserId" | "EventRecordId" => {
                text(self.system(column))
            }
            _ => match (self.field(column), absent("SecurityEvent", column)) {
                (Some(value), RawValue::Null) => self.integer(value),
                (Some(value), _) => text(value),
                (None, nothing) => nothing,
            },
        }
    }

    /// `Account` as the agent fills it: whom the event is about, else who acted.
    fn account(&self) -> String {
        let about_target = matches!(self.event_id, 4624 | 4625 | 4634 | 4647 | 4648 | 4768 | 4769 | 4771 | 4776);
        let target = self.domain_account("Target");
        if about_target && !target.is_empty() { target } else { self.domain_account("Subject") }
    }

    fn domain_account(&self, role: &str) -> String {
        let part = |name: &str| {
            self.field(&format!("{role}{name}")).filter(|value| !matches!(*value, "" | "-")).unwrap_or_default()
        };
        match (part("DomainName"), part("UserName")) {
            (_, "") => String::new(),
            ("", name) => name.to_owned(),
            (domain, name) => format!("{domain}\\{name}"),
        }
    }

    fn windows_column(&self, column: &str) -> RawValue {
        match column {
            "EventData" => RawValue::Text(self.event_data_json()),
            "EventLevelName" => RawValue::Text(level_name(self.system("Level")).to_owned()),
            "Task" | "Version" | "SystemProcessId" | "SystemThreadId" => self.integer(self.system(column)),
            "Opcode" | "Keywords" | "Correlation" | "SystemUserId" | "EventRecordId" => {
                RawValue::Text(self.system(column).to_owned())
            }
            _ => absent("WindowsEvent", column),
        }
    }

    fn event_data_json(&self) -> String {
        let mut object = Map::new();
        let mut unnamed = Vec::new();
        for (name, value) in &self.fields {
            if name.is_empty() {
                unnamed.push(Json::String(value.clone()));
            } else {
                let leaf = name.rsplit('.').next().unwrap_or(name);
                insert(&mut object, leaf, Json::String(value.clone()));
            }
        }
        if !unnamed.is_empty() {
            // A field may be called so as well.
            unnamed.extend(object.remove("Data"));
            object.insert("Data".to_owned(), Json::Array(unnamed));
        }
        if let Some(binary) = &self.binary {
            insert(&mut object, "Binary", Json::String(binary.clone()));
        }
        Json::Object(object).to_string()
    }
}

/// A name that an event says twice holds both values.
fn insert(object: &mut Map<String, Json>, name: &str, value: Json) {
    match object.get_mut(name) {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Json::Array(values)) => values.push(value),
        Some(first) => *first = Json::Array(vec![first.take(), value]),
    }
}

/// The names the event viewer gives the levels.
pub fn level_name(level: &str) -> &'static str {
    match level.trim() {
        "1" => "Critical",
        "2" => "Error",
        "3" => "Warning",
        "5" => "Verbose",
        _ => "Information",
    }
}

/// `LogonType` by its number.
pub fn logon_type(code: &str) -> &'static str {
    match code {
        "2" => "Interactive",
        "3" => "Network",
        "4" => "Batch",
        "5" => "Service",
        "7" => "Unlock",
        "8" => "NetworkCleartext",
        "9" => "NewCredentials",
        "10" => "RemoteInteractive",
        "11" => "CachedInteractive",
        "12" => "CachedRemoteInteractive",
        "13" => "CachedUnlock",
        _ => "",
    }
}

/// The agent names the accounts that are the same on every host; others stay SIDs.
fn system_user(sid: &str) -> &str {
    match sid {
        "S-1-5-18" => "NT AUTHORITY\\SYSTEM",
        "S-1-5-19" => "NT AUTHORITY\\LOCAL SERVICE",
        "S-1-5-20" => "NT AUTHORITY\\NETWORK SERVICE",
        other => other,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGON: &str = r#"<Event><System><Provider Name="Microsoft-Windows-Security-Auditing"/><EventID>4624</EventID><Level>0</Level><Task>12544</Task><TimeCreated SystemTime="2025-01-02T03:04:05.6Z"/><Channel>Security</Channel></System><EventData><Data Name="TargetDomainName">CORP</Data><Data Name="TargetUserName">ann&lt;</Data><Data Name="SubjectUserName">-</Data><Data Name="LogonType">3</Data><Data Name="Empty"/></EventData></Event>"#;

    fn text(table: &str, column: &str) -> String {
        match RawRecord::read(LOGON.as_bytes()).unwrap().column(table, column) {
            RawValue::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_security_table_shows_fields_by_name() {
        assert_eq!(text("SecurityEvent", "Account"), "CORP\\ann<");
        assert_eq!(text("SecurityEvent", "LogonType"), "Integer(3)");
        assert_eq!(text("SecurityEvent", "LogonTypeName"), "3 - Network");
        assert_eq!(text("SecurityEvent", "Activity"), "4624 - An account was successfully logged on.");
        assert_eq!(text("SecurityEvent", "KeyLength"), "Null");
        assert_eq!(text("SecurityEvent", "CommandLine"), "");
    }

    #[test]
    fn event_data_is_written_as_rules_parse_it() {
        assert_eq!(
            text("Event", "EventData"),
            "<DataItem type=\"System.XmlData\" time=\"2025-01-02T03:04:05.6Z\" sourceHealthServiceId=\"\">\
             <EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\
             <Data Name=\"TargetDomainName\">CORP</Data><Data Name=\"TargetUserName\">ann&lt;</Data>\
             <Data Name=\"SubjectUserName\">-</Data><Data Name=\"LogonType\">3</Data>\
             <Data Name=\"Empty\"></Data></EventData></DataItem>"
        );
        assert!(text("WindowsEvent", "EventData").starts_with("{\"TargetDomainName\":\"CORP\""));
    }

    #[test]
    fn every_part_of_an_event_is_shown() {
        let shown =
            |event: &str, table: &str| match RawRecord::read(event.as_bytes()).unwrap().column(table, "EventData") {
                RawValue::Text(text) => text,
                other => format!("{other:?}"),
            };
        let named = "<Event><EventData Name=\"TaskStart\"><Data>1</Data><Binary></Binary></EventData></Event>";
        assert_eq!(
            shown(named, "SecurityEvent"),
            "<EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\" Name=\"TaskStart\">\
             <Data>1</Data><Binary></Binary></EventData>"
        );
        assert_eq!(shown(named, "WindowsEvent"), "{\"Data\":[\"1\"],\"Binary\":\"\"}");
        let twice = "<Event><UserData><A><Id>1</Id><Id>2</Id><B><Id>3</Id></B><C>4</C></A></UserData></Event>";
        assert_eq!(shown(twice, "WindowsEvent"), "{\"Id\":[\"1\",\"2\",\"3\"],\"C\":\"4\"}");
        let failed = "<Event><ProcessingErrorData><ErrorCode>5</ErrorCode></ProcessingErrorData></Event>";
        assert_eq!(shown(failed, "WindowsEvent"), "{\"ErrorCode\":\"5\"}");
        assert!(
            shown(failed, "Event").contains("><ProcessingErrorData><ErrorCode>5</ErrorCode></ProcessingErrorData><")
        );
    }

    #[test]
    fn an_exported_row_answers_by_column_name() {
        let record = RawRecord::read(b"{\"CommandLine\":\"whoami\",\"LogonType\":3}").unwrap();
        assert_eq!(record.column("SecurityEvent", "CommandLine"), RawValue::Text("whoami".to_owned()));
        assert_eq!(record.column("SecurityEvent", "LogonType"), RawValue::Integer(3));
        assert_eq!(record.column("SecurityEvent", "Account"), RawValue::Text(String::new()));
        let streamed = b"{\"time\":\"t\",\"category\":\"Event\",\"properties\":{\"EventData\":\"<x/>\"}}";
        let record = RawRecord::read(streamed).unwrap();
        assert_eq!(record.column("Event", "EventData"), RawValue::Text("<x/>".to_owned()));
    }
}
