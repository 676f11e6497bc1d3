//! Reads one Windows event in its XML form (`<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">`).
//!
//! Hand-written because the exact text of `<EventData>` is needed as well as its fields, and because the importer reads
//! every record through here: names and values borrow from the text unless an entity has to be resolved. It reads what
//! event logs hold (elements, attributes, text, CDATA, comments), not XML in general: no DTD, so no entity bombs.

use std::borrow::Cow;

/// The providers whose events tell most of processes and accounts.
pub const SYSMON: &str = "Microsoft-Windows-Sysmon";
pub const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

/// One `<Data>` of `EventData`, or one leaf of `UserData` with its path (`LogFileCleared.SubjectUserSid`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field<'a> {
    /// Empty for positional data.
    pub name: Cow<'a, str>,
    pub value: Cow<'a, str>,
}

/// The parts of an event. Texts that the event lacks are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventXml<'a> {
    pub provider: Cow<'a, str>,
    pub event_source: Cow<'a, str>,
    pub event_id: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub level: Cow<'a, str>,
    pub task: Cow<'a, str>,
    pub opcode: Cow<'a, str>,
    pub keywords: Cow<'a, str>,
    pub time_created: Cow<'a, str>,
    pub record_id: Cow<'a, str>,
    pub correlation: Cow<'a, str>,
    pub process_id: Cow<'a, str>,
    pub thread_id: Cow<'a, str>,
    pub channel: Cow<'a, str>,
    pub computer: Cow<'a, str>,
    pub user_id: Cow<'a, str>,
    pub binary: Cow<'a, str>,
    /// The name that some providers give `EventData` itself.
    pub data_name: Cow<'a, str>,
    pub fields: Vec<Field<'a>>,
    /// `<EventData …>…</EventData>` (or another of [`BODIES`]) exactly as it stands in the record.
    pub event_data: &'a str,
    /// The rendered message, where the export carries one.
    pub message: Cow<'a, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a Windows event: {reason} at byte {offset}")]
pub struct XmlError {
    pub reason: &'static str,
    pub offset: usize,
}

/// The elements that hold what an event says, of which it has one (the event schema's choice): `EventData` as a rule,
/// `ProcessingErrorData` where Windows could not write that, `DebugData` in a debug log, `BinaryEventData` in bytes alone.
pub const BODIES: [&str; 5] = ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"];

/// `python-evtx` writes a list of positional values as one text of such elements.
const LISTED: &str = "<string>";

/// Whether a value is a list of values, and not a text that begins like one.
fn is_list(value: &str) -> bool {
    value.starts_with(LISTED) && value.trim_end().ends_with("</string>")
}

/// As many fields as most events have: growing step by step would copy them as often.
const USUAL_FIELDS: usize = 24;

/// Deeper nesting than any event has, and far from the end of the stack.
const DEEPEST: usize = 64;

impl<'a> EventXml<'a> {
    /// The value of a named field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_ref())
    }

    /// The n-th positional value.
    pub fn positional(&self, index: usize) -> Option<&str> {
        self.fields.iter().filter(|field| field.name.is_empty()).nth(index).map(|field| field.value.as_ref())
    }

    /// Reads a whole `<Event>` element.
    pub fn parse(text: &'a str) -> Result<Self, XmlError> {
        let mut reader = Reader { text, at: 0 };
        let mut event = Self::default();
        let mut path: Vec<&'a str> = Vec::with_capacity(8);
        let mut data_name: Cow<'a, str> = Cow::Borrowed("");
        let mut value: Option<Cow<'a, str>> = None;
        let mut data_start = 0;
        let mut leaf = false;
        // A flipped bit in a log can change the name that all records of a chunk share; what they say is worth having.
        let mut other_root = None;
        let no_event = |offset| XmlError { reason: "the root element is not Event", offset };
        loop {
            match path.as_slice() {
                [_, "EventData"] if value.is_none() => reader.plain_data(&mut event.fields),
                [_, "System"] if value.is_none() => reader.plain_system(&mut event)?,
                _ => {}
            }
            let Some(token) = reader.next()? else { break };
            match token {
                Token::Open { name, attributes, closed, start } => {
                    match path.len() {
                        0 if name != "Event" && closed => return Err(no_event(start)),
                        0 if name != "Event" => other_root = Some(start),
                        1 if name == "System" => other_root = None,
                        _ => {}
                    }
                    if path.len() >= DEEPEST {
                        return Err(XmlError { reason: "elements nest too deep", offset: start });
                    }
                    if path.len() == 1 && BODIES.contains(&name) {
                        data_start = start;
                        event.fields.reserve(USUAL_FIELDS);
                        if name == "EventData" && !attributes.is_empty() {
                            event.data_name = attribute(attributes, "Name")?.unwrap_or(Cow::Borrowed(""));
                        }
                    }
                    if path.len() == 2 && path.get(1) == Some(&"System") {
                        event.system_attributes(name, attributes)?;
                    }
                    if path.len() == 2 && path.get(1) == Some(&"EventData") {
                        data_name = attribute(attributes, "Name")?.unwrap_or(Cow::Borrowed(""));
                    }
                    value = None;
                    leaf = true;
                    path.push(name);
                    if closed {
                        event.close(&path, std::mem::take(&mut data_name), Cow::Borrowed(""), true);
                        if path.len() == 2 && BODIES.contains(&name) {
                            event.event_data = text.get(data_start..reader.at).unwrap_or_default();
                        }
                        path.pop();
                        leaf = false;
                    }
                }
                Token::Text(piece) => {
                    let piece = if leaf && value.is_none() && without_layout(&piece).is_empty() {
                        Cow::Borrowed("")
                    } else {
                        piece
                    };
                    value = Some(match value.take() {
                        None => piece,
                        Some(before) => Cow::Owned(before.into_owned() + &piece),
                    });
                }
                Token::Close { name, start } => {
                    if path.last() != Some(&name) {
                        return Err(XmlError { reason: "an end tag does not match its start tag", offset: start });
                    }
                    let text_value = value.take().unwrap_or(Cow::Borrowed(""));
                    event.close(&path, std::mem::take(&mut data_name), text_value, leaf);
                    if path.len() == 2 && BODIES.contains(&name) {
                        event.event_data = text.get(data_start..reader.at).unwrap_or_default();
                    }
                    path.pop();
                    leaf = false;
                    if path.is_empty() {
                        return other_root.map_or(Ok(event), |start| Err(no_event(start)));
                    }
                }
            }
        }
        Err(XmlError { reason: "the event ends early", offset: text.len() })
    }

    fn system_attributes(&mut self, name: &str, attributes: &'a str) -> Result<(), XmlError> {
        let read = |wanted| Ok(attribute(attributes, wanted)?.unwrap_or(Cow::Borrowed("")));
        match name {
            "Provider" => {
                self.provider = read("Name")?;
                self.event_source = read("EventSourceName")?;
            }
            "TimeCreated" => self.time_created = read("SystemTime")?,
            "Correlation" => self.correlation = read("ActivityID")?,
            "Execution" => {
                self.process_id = read("ProcessID")?;
                self.thread_id = read("ThreadID")?;
            }
            "Security" => self.user_id = read("UserID")?,
            _ => {}
        }
        Ok(())
    }

    fn system_value(&mut self, name: &str, value: Cow<'a, str>) {
        let slot = match name {
            "EventID" => &mut self.event_id,
            "Version" => &mut self.version,
            "Level" => &mut self.level,
            "Task" => &mut self.task,
            "Opcode" => &mut self.opcode,
            "Keywords" => &mut self.keywords,
            "EventRecordID" => &mut self.record_id,
            "Channel" => &mut self.channel,
            "Computer" => &mut self.computer,
            _ => return,
        };
        *slot = value;
    }

    fn close(&mut self, path: &[&'a str], data_name: Cow<'a, str>, value: Cow<'a, str>, leaf: bool) {
        match path {
            [_, "System", name] => self.system_value(name, value),
            [_, "EventData", "Binary"] => self.binary = value,
            [_, "EventData", "Data"] if data_name.is_empty() && is_list(&value) => {
                let values = value.split(LISTED).skip(1);
                let values = values.map(|value| value.trim_end_matches('\n').trim_end_matches("</string>"));
                self.fields
                    .extend(values.map(|value| Field { name: Cow::Borrowed(""), value: Cow::Owned(value.to_owned()) }));
            }
            [_, "EventData", "Data"] => self.fields.push(Field { name: data_name, value }),
            [_, "EventData", _] if leaf && !data_name.is_empty() => self.fields.push(Field { name: data_name, value }),
            [_, "EventData", name] if leaf => self.fields.push(Field { name: Cow::Borrowed(name), value }),
            [_, "UserData", rest @ ..] if leaf && !rest.is_empty() => {
                self.fields.push(Field { name: Cow::Owned(rest.join(".")), value });
            }
            [_, "ProcessingErrorData" | "DebugData", name] => {
                self.fields.push(Field { name: Cow::Borrowed(name), value });
            }
            [_, "BinaryEventData"] => self.binary = value,
            [_, "RenderingInfo", "Message"] => self.message = value,
            _ => {}
        }
    }
}

enum Token<'a> {
    Open { name: &'a str, attributes: &'a str, closed: bool, start: usize },
    Close { name: &'a str, start: usize },
    Text(Cow<'a, str>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fail<T>(&self, reason: &'static str) -> Result<T, XmlError> {
        Err(XmlError { reason, offset: self.at })
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, XmlError> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Ok(None);
            }
            let Some(inside) = rest.strip_prefix('<') else {
                let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
                let (piece, _) = rest.split_at(end);
                self.at += end;
                return Ok(Some(Token::Text(unescape(piece))));
            };
            if inside.starts_with("!--") {
                self.skip_past(rest, "-->")?;
            } else if let Some(body) = inside.strip_prefix("![CDATA[") {
                let Some((piece, _)) = body.split_once("]]>") else { return self.fail("CDATA does not end") };
                self.at += "<![CDATA[".len() + piece.len() + "]]>".len();
                return Ok(Some(Token::Text(Cow::Borrowed(piece))));
            } else if inside.starts_with('?') {
                self.skip_past(rest, "?>")?;
            } else if inside.starts_with('!') {
                return self.fail("a document type is not allowed");
            } else {
                return self.tag(inside).map(Some);
            }
        }
    }

    /// The elements `<Data Name="…">…</Data>` from here on that have nothing else in them: nearly all that events
    /// hold, read without the general way's care.
    fn plain_data(&mut self, fields: &mut Vec<Field<'a>>) {
        let read = |rest: &'a str| {
            let named = rest.strip_prefix("<Data Name=\"")?;
            let (name, after) = named.split_at_checked(memchr::memchr(b'"', named.as_bytes())?)?;
            let inside = after.strip_prefix("\">")?;
            let (value, after) = inside.split_at_checked(memchr::memchr(b'<', inside.as_bytes())?)?;
            Some((name, value, after.strip_prefix("</Data>")?))
        };
        while let Some((name, value, rest)) = read(self.rest()) {
            fields.push(Field { name: unescape(name), value: unescape(without_layout(value)) });
            self.at = self.text.len() - rest.len();
        }
    }

    /// The elements of `System` from here on that hold a text or nothing, in the same way.
    fn plain_system(&mut self, event: &mut EventXml<'a>) -> Result<(), XmlError> {
        let read = |rest: &'a str| {
            let inside = rest.strip_prefix('<').filter(|inside| !inside.starts_with(['/', '!', '?']))?;
            let (body, after) = inside.split_at_checked(plain_tag_end(inside)?)?;
            let after = after.strip_prefix('>')?;
            let (open, value, after) = match body.strip_suffix('/') {
                Some(open) => (open, "", after),
                None => {
                    let (value, after) = after.split_at_checked(memchr::memchr(b'<', after.as_bytes())?)?;
                    let name = split_once(body, b' ').map_or(body, |(name, _)| name);
                    (body, value, after.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?)
                }
            };
            let (name, attributes) = split_once(open, b' ').unwrap_or((open, ""));
            let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            plain.then_some((name, attributes, value, after))
        };
        while let Some((name, attributes, value, rest)) = read(self.rest()) {
            if !attributes.is_empty() {
                event.system_attributes(name, attributes)?;
            }
            event.system_value(name, unescape(value));
            self.at = self.text.len() - rest.len();
        }
        Ok(())
    }

    fn skip_past(&mut self, rest: &str, end: &str) -> Result<(), XmlError> {
        match rest.find(end) {
            Some(found) => {
                self.at += found + end.len();
                Ok(())
            }
            None => self.fail("a comment or instruction does not end"),
        }
    }

    fn tag(&mut self, inside: &'a str) -> Result<Token<'a>, XmlError> {
        let start = self.at;
        let Some(end) = tag_end(inside) else { return self.fail("a tag does not end") };
        let (body, _) = inside.split_at(end);
        self.at += 1 + end + 1;
        if let Some(name) = body.strip_prefix('/') {
            return Ok(Token::Close { name: name.trim_end(), start });
        }
        let (body, closed) = match body.strip_suffix('/') {
            Some(open) => (open, true),
            None => (body, false),
        };
        let (name, attributes) = body.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((body, ""));
        // A flipped bit in a log can leave a name empty; the others of the record are worth having.
        Ok(Token::Open { name, attributes, closed, start })
    }
}

/// A writer that indents breaks the line inside an empty element too.
fn without_layout(value: &str) -> &str {
    let laid_out = value.starts_with(['\n', '\r']) && value.bytes().all(|byte| byte.is_ascii_whitespace());
    if laid_out { "" } else { value }
}

/// Where the `>` is that ends the tag: one inside quotes does not.
fn tag_end(inside: &str) -> Option<usize> {
    if let Some(end) = plain_tag_end(inside) {
        return Some(end);
    }
    let mut quote = None;
    for (index, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The same for a tag whose quotes are double ones and in pairs; `None` where one has to look closer.
fn plain_tag_end(inside: &str) -> Option<usize> {
    let end = memchr::memchr(b'>', inside.as_bytes())?;
    let body = inside.as_bytes().get(..end)?;
    let (mut doubles, mut singles) = (0usize, 0usize);
    for byte in body {
        doubles += usize::from(*byte == b'"');
        singles += usize::from(*byte == b'\'');
    }
    (singles == 0 && doubles.is_multiple_of(2)).then_some(end)
}

fn attribute<'a>(attributes: &'a str, wanted: &str) -> Result<Option<Cow<'a, str>>, XmlError> {
    // What event logs nearly always write: this attribute alone, in double quotes.
    let alone = attributes.strip_prefix(wanted).and_then(|rest| rest.strip_prefix("=\"")?.strip_suffix('"'));
    if let Some(value) = alone.filter(|value| memchr::memchr(b'"', value.as_bytes()).is_none()) {
        return Ok(Some(unescape(value)));
    }
    let mut rest = attributes.trim_start();
    while !rest.is_empty() {
        let malformed = XmlError { reason: "an attribute is malformed", offset: 0 };
        let (name, after) = split_once(rest, b'=').ok_or_else(|| malformed.clone())?;
        let after = after.trim_start();
        let quote =
            after.bytes().next().filter(|byte| matches!(byte, b'"' | b'\'')).ok_or_else(|| malformed.clone())?;
        let (value, remaining) = after.get(1..).and_then(|text| split_once(text, quote)).ok_or(malformed)?;
        if name.trim_end() == wanted {
            return Ok(Some(unescape(value)));
        }
        rest = remaining.trim_start();
    }
    Ok(None)
}

/// The texts before and after the first such byte, an ASCII character: `str::split_once` looks at one byte at a time.
pub(crate) fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Characters between `&` and `;`.
const LONGEST_ENTITY: usize = 10;

/// Resolves the five named entities and character references; what is neither stays as it is written.
fn unescape(text: &str) -> Cow<'_, str> {
    // Nearly all texts have none, and every text of every event comes by here.
    let Some((before, mut rest)) = split_once(text, b'&') else { return Cow::Borrowed(text) };
    let mut resolved = String::with_capacity(text.len());
    resolved.push_str(before);
    loop {
        // Not looked for further than a name is long: a text may have many such signs and no end to any.
        let end = rest.bytes().take(LONGEST_ENTITY + 1).position(|byte| byte == b';');
        let entity = end.and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)));
        match entity.and_then(|(name, after)| entity_character(name).map(|character| (character, after))) {
            Some((character, after)) => {
                resolved.push(character);
                rest = after;
            }
            None => resolved.push('&'),
        }
        match split_once(rest, b'&') {
            Some((before, after)) => {
                resolved.push_str(before);
                rest = after;
            }
            None => {
                resolved.push_str(rest);
                return Cow::Owned(resolved);
            }
        }
    }
}

fn entity_character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
#[path = "event_xml_tests.rs"]
mod tests;
