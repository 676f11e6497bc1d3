//! One Windows event to what the store keeps of it: the common part, and its row of a Defender table.

use std::collections::{HashMap, HashSet};

use sha1::Digest;

use super::batch::{Account, Batch, Cell, Record, Row, Rows};
use super::mapping::{Derived, Entry, Mapping};
use super::time::{self, Reading};
use crate::kql::values::TICKS_PER_SECOND;
use crate::schema::ScalarType;
use crate::sql::layout::raw_bit;
use crate::store::event_xml::{EventXml, SECURITY, SYSMON};

/// The year 2200. A damaged record that says a later time would be the newest of all, and so the hunt's clock.
const LATEST: i64 = 693_937_152_000_000_000;
/// More accounts than one file names would be hostile.
const MOST_ACCOUNTS: usize = 100_000;

/// Normalises events; remembers hosts and accounts it has met.
pub struct Normaliser {
    mapping: Mapping,
    hosts: HashMap<String, Host>,
    accounts: HashSet<(String, String)>,
}

#[derive(Clone)]
struct Host {
    name: String,
    id: String,
}

impl Normaliser {
    pub fn new(mapping: Mapping) -> Self {
        Self { mapping, hosts: HashMap::new(), accounts: HashSet::new() }
    }

    /// Another file begins, or another piece of one: what it tells of accounts is told again, because it may be all
    /// that stays in the store.
    pub fn begin(&mut self) {
        self.accounts.clear();
    }

    /// Adds one event in its XML form to the batch. `count` is its number where the event itself names none.
    pub fn add(&mut self, xml: &str, count: i64, batch: &mut Batch) -> Result<(), String> {
        self.add_read(xml, &Reading::default(), count, batch)
    }

    /// Adds one event whose time is to be read in this way.
    pub fn add_read(&mut self, xml: &str, reading: &Reading, count: i64, batch: &mut Batch) -> Result<(), String> {
        let event = EventXml::parse(xml).map_err(|error| error.to_string())?;
        let event_id: Option<i64> = event.event_id.trim().parse().ok();
        let created = reading.parse(&event.time_created);
        if created.is_none() && !event.time_created.trim().is_empty() {
            let shown: String = event.time_created.chars().take(60).collect();
            return Err(format!("the event's time '{shown}' is no date, or one that can be read two ways"));
        }
        if created.is_some_and(|ticks| ticks >= LATEST) {
            let shown: String = event.time_created.chars().take(60).collect();
            return Err(format!("the event's time '{shown}' is impossible, so the record is damaged"));
        }
        let named: i64 = event.record_id.trim().parse().unwrap_or_default();
        let number = if named == 0 { count } else { named };
        let host = self.host(&event.computer);
        self.learn_accounts(&event, batch);
        let mut rows = Rows::default();
        for entry in event_id.into_iter().flat_map(|id| self.mapping.entries(&event, id)) {
            let row = map_row(entry, &event, &host, created, number, batch);
            rows.push(row);
        }
        let security = event.channel == "Security";
        let raw = raw_bit("Event").unwrap_or_default()
            | raw_bit("WindowsEvent").unwrap_or_default()
            | if security { raw_bit("SecurityEvent").unwrap_or_default() } else { 0 };
        let record = Record {
            number,
            time: created,
            channel: batch.span(&event.channel),
            provider: batch.span(&event.provider),
            computer: batch.span(&event.computer),
            event_id,
            level: event.level.trim().parse().ok(),
            raw,
            identity: identity(&event, &host.name, named, created, xml),
            rows,
        };
        batch.records.push(record);
        Ok(())
    }

    fn host(&mut self, computer: &str) -> Host {
        if let Some(host) = self.hosts.get(computer) {
            return host.clone();
        }
        let host = Host { name: computer.to_lowercase(), id: device_id(computer) };
        if self.hosts.len() < MOST_ACCOUNTS {
            self.hosts.insert(computer.to_owned(), host.clone());
        }
        host
    }

    /// Sysmon names accounts without their SIDs; Security events give both, so they are remembered.
    fn learn_accounts(&mut self, event: &EventXml<'_>, batch: &mut Batch) {
        if event.provider != SECURITY || self.accounts.len() >= MOST_ACCOUNTS {
            return;
        }
        for (name, domain, sid) in [
            ("SubjectUserName", "SubjectDomainName", "SubjectUserSid"),
            ("TargetUserName", "TargetDomainName", "TargetUserSid"),
            ("TargetUserName", "TargetDomainName", "TargetSid"),
        ] {
            let Some(sid) = event.field(sid) else { continue };
            let (Some(name), Some(domain)) = (event.field(name), event.field(domain)) else { continue };
            if name.is_empty() || name == "-" || !tells(sid, name) {
                continue;
            }
            let computer = event.computer.to_lowercase();
            let key = (computer.clone(), format!("{domain}\\{name}").to_lowercase());
            if self.accounts.insert(key) {
                batch.accounts.push(Account {
                    computer,
                    domain: domain.to_owned(),
                    name: name.to_owned(),
                    sid: sid.to_owned(),
                });
            }
        }
    }
}

/// Whether the SID is the account's everywhere: of a domain, a host or a directory in the cloud, or of Windows itself,
/// whose names differ from language to language. A host's own account acts as S-1-5-18, but is more than that.
fn tells(sid: &str, name: &str) -> bool {
    let account = ["S-1-5-21-", "S-1-12-1-"].iter().any(|prefix| sid.starts_with(prefix));
    account || (sid.starts_with("S-1-5-") && !name.ends_with('$'))
}

/// A host's id in the shape the service uses: SHA-1 of its lower-case name, in hexadecimal.
pub fn device_id(computer: &str) -> String {
    let digest = sha1::Sha1::digest(computer.to_lowercase().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What makes two records the same record, in whichever file or format they come.
fn identity(event: &EventXml<'_>, host: &str, number: i64, created: Option<i64>, xml: &str) -> [u8; 16] {
    // Without number and time nothing tells two records apart but their text. Analytic channels number all theirs 0.
    let text = if number == 0 || created.is_none() { xml } else { "" };
    // Not every collector keeps the record's time beside Sysmon's own, and NXLog keeps whole seconds.
    let own = if event.provider == SYSMON { event.field("UtcTime").and_then(time::parse) } else { None };
    let created = own.or(created).map_or_else(String::new, |ticks| ticks.div_euclid(TICKS_PER_SECOND).to_string());
    digest(&[host, &event.channel, event.record_id.trim(), &event.provider, event.event_id.trim(), &created, text])
}

/// The first half of a SHA-256 over the parts, each with its length.
pub fn digest(parts: &[&str]) -> [u8; 16] {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let full: [u8; 32] = hasher.finalize().into();
    full.first_chunk::<16>().copied().unwrap_or_default()
}

fn map_row(
    entry: &Entry,
    event: &EventXml<'_>,
    host: &Host,
    created: Option<i64>,
    number: i64,
    batch: &mut Batch,
) -> Row {
    // The event's own time is when it happened; the record may be written seconds later.
    let own = match &entry.time {
        Some(expression) => match expression.evaluate(event) {
            Derived::Integer(ticks) => Some(ticks),
            Derived::Text(text) => time::parse(&text),
            _ => None,
        },
        None if event.provider == SYSMON => event.field("UtcTime").and_then(time::parse),
        None => None,
    };
    let happened = own.or(created);
    let timestamp = happened.map_or(Cell::Null, Cell::Integer);
    let first = batch.start_row();
    let [has_timestamp, has_generated, has_device, has_name, has_action, has_report, has_type] = entry.common;
    for _ in [has_timestamp, has_generated].iter().filter(|has| **has) {
        batch.push(timestamp);
    }
    for (has, text) in [(has_device, &host.id), (has_name, &host.name), (has_action, &entry.action)] {
        if has {
            batch.push_text(text);
        }
    }
    if has_report {
        batch.push(Cell::Integer(number));
    }
    if has_type {
        batch.push_text(&entry.template.table);
    }
    for (scalar_type, expression) in &entry.columns {
        let value = expression.evaluate(event);
        let cell = to_cell(*scalar_type, value, batch);
        batch.push(cell);
    }
    if !entry.additional.is_empty() {
        let json = additional_fields(entry, event);
        let span = batch.span(&json);
        batch.push(Cell::Inline(span));
    }
    batch.finish_row(&entry.template, first)
}

fn to_cell(scalar_type: ScalarType, value: Derived<'_>, batch: &mut Batch) -> Cell {
    match (scalar_type, value) {
        (ScalarType::String, Derived::Nothing | Derived::Members(_)) => Cell::Dictionary(batch.span("")),
        (ScalarType::String, Derived::Text(text)) => Cell::Dictionary(batch.span(&text)),
        (ScalarType::String, Derived::Integer(integer)) => Cell::Dictionary(batch.span(&integer.to_string())),
        (ScalarType::String, Derived::True) => Cell::Dictionary(batch.span("true")),
        (_, Derived::Nothing | Derived::Members(_)) => Cell::Null,
        (_, Derived::True) => Cell::Integer(1),
        (_, Derived::Integer(integer)) => Cell::Integer(integer),
        (ScalarType::Datetime, Derived::Text(text)) => time::parse(&text).map_or(Cell::Null, Cell::Integer),
        (ScalarType::Bool, Derived::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Cell::Integer(1),
            "false" | "0" => Cell::Integer(0),
            _ => Cell::Null,
        },
        (ScalarType::Real, Derived::Text(text)) => text.trim().parse().map_or(Cell::Null, Cell::Real),
        (_, Derived::Text(text)) => text.trim().parse().map_or(Cell::Null, Cell::Integer),
    }
}

fn additional_fields(entry: &Entry, event: &EventXml<'_>) -> String {
    let mut json = String::new();
    let mut add = |name: &str, value: &str| {
        json.push(if json.is_empty() { '{' } else { ',' });
        json.push_str(&json_text(name));
        json.push(':');
        json.push_str(value);
    };
    for (name, expression) in &entry.additional {
        match expression.evaluate(event) {
            Derived::Nothing => {}
            Derived::True => add(name, "true"),
            Derived::Text(text) => add(name, &json_text(&text)),
            Derived::Integer(integer) => add(name, &integer.to_string()),
            Derived::Members(members) => {
                members
                    .iter()
                    .filter(|(_, value)| !value.is_empty())
                    .for_each(|(name, value)| add(name, &json_text(value)));
            }
        }
    }
    if !json.is_empty() {
        json.push('}');
    }
    json
}

fn json_text(text: &str) -> String {
    // A text can always be written.
    serde_json::to_string(text).unwrap_or_default()
}
