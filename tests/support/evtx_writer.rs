//! Writes event logs: EVTX files whose records hold the elements of an event's XML one by one, without templates.
//!
//! Source: the format as libevtx documents it. Checksums are left zero; readers report such a log as not closed.

pub const HEADER: usize = 4_096;
pub const CHUNK: usize = 65_536;
const FIRST_RECORD: usize = 512;

/// A file with these events, given as XML with their record numbers.
pub fn evtx(events: &[(u64, String)]) -> Vec<u8> {
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    let mut open = Chunk::new();
    for (number, xml) in events {
        let at = open.bytes.len();
        let record = record(*number, xml, at);
        if at + record.len() > CHUNK {
            chunks.push(std::mem::replace(&mut open, Chunk::new()).close());
            open.add(*number, self::record(*number, xml, FIRST_RECORD));
        } else {
            open.add(*number, record);
        }
    }
    chunks.push(open.close());
    let mut file = b"ElfFile\0".to_vec();
    file.resize(32, 0);
    file.extend(128u32.to_le_bytes());
    file.extend([1, 0, 3, 0]);
    file.extend(u16::try_from(HEADER).unwrap().to_le_bytes());
    file.extend(u16::try_from(chunks.len()).unwrap().to_le_bytes());
    file.resize(HEADER, 0);
    file.extend(chunks.concat());
    file
}

struct Chunk {
    bytes: Vec<u8>,
    first: u64,
    last: u64,
    last_at: usize,
}

impl Chunk {
    fn new() -> Self {
        Self { bytes: vec![0; FIRST_RECORD], first: u64::MAX, last: 0, last_at: FIRST_RECORD }
    }

    fn add(&mut self, number: u64, record: Vec<u8>) {
        self.first = self.first.min(number);
        self.last = number;
        self.last_at = self.bytes.len();
        self.bytes.extend(record);
    }

    fn close(mut self) -> Vec<u8> {
        let free = self.bytes.len();
        let mut head = b"ElfChnk\0".to_vec();
        for number in [self.first, self.last, self.first, self.last] {
            head.extend(number.to_le_bytes());
        }
        for word in [128, self.last_at, free] {
            head.extend(u32::try_from(word).unwrap().to_le_bytes());
        }
        self.bytes[..head.len()].copy_from_slice(&head);
        self.bytes.resize(CHUNK, 0);
        self.bytes
    }
}

/// One record that will stand at `at` in its chunk.
fn record(number: u64, xml: &str, at: usize) -> Vec<u8> {
    let mut body = vec![0x0f, 1, 1, 0];
    let mut rest = xml;
    element(&mut rest, &mut body, at + 24);
    assert_eq!(rest, "", "the event is one element");
    body.push(0);
    let size = u32::try_from(24 + body.len() + 4).unwrap();
    let mut record = b"\x2a\x2a\0\0".to_vec();
    record.extend(size.to_le_bytes());
    record.extend(number.to_le_bytes());
    // When it was written: some day of 2025. The event's own time is in its XML.
    record.extend(133_800_000_000_000_000u64.to_le_bytes());
    record.extend(body);
    record.extend(size.to_le_bytes());
    record
}

/// Writes the element that `rest` begins with. `base` is where `body` begins in the chunk.
fn element(rest: &mut &str, body: &mut Vec<u8>, base: usize) {
    let end = rest.find('>').unwrap();
    let tag = &rest[1..end];
    *rest = &rest[end + 1..];
    let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let attributes = attributes_of(attributes);
    body.push(if attributes.is_empty() { 0x01 } else { 0x41 });
    let size_at = body.len();
    body.extend([0; 4]);
    write_name(name, body, base);
    if !attributes.is_empty() {
        let list_at = body.len();
        body.extend([0; 4]);
        for (index, (name, value)) in attributes.iter().enumerate() {
            body.push(if index + 1 < attributes.len() { 0x46 } else { 0x06 });
            write_name(name, body, base);
            write_text(value, body);
        }
        set_size(body, list_at);
    }
    if empty {
        body.push(0x03);
    } else {
        body.push(0x02);
        while !rest.starts_with("</") {
            if rest.starts_with('<') {
                element(rest, body, base);
            } else {
                let end = rest.find('<').unwrap();
                write_text(&unescape(&rest[..end]), body);
                *rest = &rest[end..];
            }
        }
        *rest = &rest[rest.find('>').unwrap() + 1..];
        body.push(0x04);
    }
    set_size(body, size_at);
}

fn attributes_of(text: &str) -> Vec<(String, String)> {
    let found = regex::Regex::new(r#"(\w+)=(?:'([^']*)'|"([^"]*)")"#).unwrap();
    found
        .captures_iter(text)
        .map(|found| {
            let value = found.get(2).or_else(|| found.get(3)).unwrap().as_str();
            (found[1].to_owned(), unescape(value))
        })
        .collect()
}

fn set_size(body: &mut [u8], at: usize) {
    let size = u32::try_from(body.len() - at - 4).unwrap();
    body[at..at + 4].copy_from_slice(&size.to_le_bytes());
}

/// A name stands where it is used: its offset is that of the next byte.
fn write_name(name: &str, body: &mut Vec<u8>, base: usize) {
    let at = base + body.len() + 4;
    body.extend(u32::try_from(at).unwrap().to_le_bytes());
    body.extend([0; 4]);
    let units: Vec<u16> = name.encode_utf16().collect();
    let hash = units.iter().fold(0u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit)));
    body.extend(((hash & 0xffff) as u16).to_le_bytes());
    body.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
    body.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
    body.extend([0, 0]);
}

fn write_text(text: &str, body: &mut Vec<u8>) {
    let units: Vec<u16> = text.encode_utf16().collect();
    body.extend([0x05, 0x01]);
    body.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
    body.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
