//! Reads files of rows, CSV and JSON, into objects with their places.
//!
//! JSON comes as one object a line, as objects one after another, or in arrays; query results may wrap their rows
//! (`Results`, `records`, …). A broken line costs that line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use encoding_rs_io::DecodeReaderBytesBuilder;
use serde_json::{Map, Value as Json};

use super::Stop;
use crate::ingest::detect::Container;

/// Longer than any record a service exports; what is longer is not read into memory.
const LONGEST_OBJECT: usize = 16 * 1024 * 1024;
/// The arrays under which query results and event streams carry their rows.
const WRAPPERS: [&str; 5] = ["Results", "results", "records", "value", "events"];

/// One row as it came.
pub struct RawRow {
    pub fields: Map<String, Json>,
    /// The row as JSON text: kept as the original record.
    pub original: String,
}

/// A row, or why it is none, with its line.
pub struct Placed {
    pub line: u64,
    pub row: Result<RawRow, String>,
}

/// Hands every row to `take`. Returns when the file ends or `take` stops it.
pub fn for_each_row(
    file: File,
    container: Container,
    take: &mut dyn FnMut(Placed) -> Result<(), Stop>,
) -> Result<(), Stop> {
    // A byte order mark decides between UTF-8 and UTF-16; without one it is UTF-8.
    let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(file);
    let mut reader = BufReader::with_capacity(256 * 1024, decoded);
    let first = first_line(&mut reader)?;
    let by_line = serde_json::from_slice::<Map<String, Json>>(&first).is_ok();
    let delimiter = most_frequent_delimiter(&first);
    let reader = BufReader::new(std::io::Cursor::new(first).chain(reader));
    match container {
        Container::Csv => csv_rows(reader, delimiter, take),
        _ if by_line => json_lines(reader, take),
        _ => json_objects(reader, take),
    }
}

/// The first line that is not blank, with the blanks before it so that lines still count right.
fn first_line(reader: &mut impl BufRead) -> Result<Vec<u8>, Stop> {
    let mut line = Vec::new();
    loop {
        let room = (LONGEST_OBJECT as u64).saturating_sub(line.len() as u64);
        let read = reader.by_ref().take(room).read_until(b'\n', &mut line).map_err(failed)?;
        if read == 0 || !line.trim_ascii().is_empty() {
            return Ok(line);
        }
    }
}

fn most_frequent_delimiter(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    // The first of equals is the comma.
    [b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::File(error.to_string())
}

fn csv_rows(reader: impl Read, delimiter: u8, take: &mut dyn FnMut(Placed) -> Result<(), Stop>) -> Result<(), Stop> {
    let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(reader);
    let header = rows.headers().map_err(failed)?.clone();
    let names: Vec<String> = header.iter().map(column_name).collect();
    let mut record = csv::ByteRecord::new();
    loop {
        let line = rows.position().line();
        match rows.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                take(Placed { line, row: csv_row(&names, &record) })?;
            }
            Err(error) if error.is_io_error() => return Err(failed(error)),
            Err(error) => take(Placed { line, row: Err(error.to_string()) })?,
        }
    }
}

fn csv_row(names: &[String], record: &csv::ByteRecord) -> Result<RawRow, String> {
    if record.len() != names.len() {
        return Err(format!("{} fields, the header has {}", record.len(), names.len()));
    }
    let mut fields = Map::new();
    for (name, value) in names.iter().zip(record) {
        let text = std::str::from_utf8(value).map_err(|_| format!("{name}: not UTF-8"))?;
        if !text.is_empty() {
            fields.insert(name.clone(), Json::String(text.to_owned()));
        }
    }
    let original = serde_json::to_string(&fields).map_err(|error| error.to_string())?;
    Ok(RawRow { fields, original })
}

/// A header as the tables spell it: the portal adds the zone (`TimeGenerated [UTC]`).
fn column_name(header: &str) -> String {
    header.trim().trim_end_matches("[UTC]").trim().to_owned()
}

fn json_lines(mut reader: impl BufRead, take: &mut dyn FnMut(Placed) -> Result<(), Stop>) -> Result<(), Stop> {
    let mut line = 0;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        line += 1;
        let limit = LONGEST_OBJECT as u64;
        let read = reader.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(failed)?;
        if read == 0 {
            return Ok(());
        }
        if bytes.len() >= LONGEST_OBJECT && bytes.last() != Some(&b'\n') {
            take(Placed { line, row: Err(format!("the line is longer than {LONGEST_OBJECT} bytes")) })?;
            skip_line(&mut reader)?;
            continue;
        }
        let text = bytes.trim_ascii();
        if !text.is_empty() {
            give(line, text, take)?;
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> Result<(), Stop> {
    loop {
        let available = reader.fill_buf().map_err(failed)?;
        if available.is_empty() {
            return Ok(());
        }
        match available.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                reader.consume(end + 1);
                return Ok(());
            }
            None => {
                let length = available.len();
                reader.consume(length);
            }
        }
    }
}

/// Objects that span lines: cut at their outermost braces.
fn json_objects(mut reader: impl BufRead, take: &mut dyn FnMut(Placed) -> Result<(), Stop>) -> Result<(), Stop> {
    let mut object: Vec<u8> = Vec::new();
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let (mut line, mut start) = (1u64, 1u64);
    loop {
        let available = reader.fill_buf().map_err(failed)?;
        let length = available.len();
        if length == 0 {
            if depth > 0 {
                take(Placed { line: start, row: Err("the object does not end".to_owned()) })?;
            }
            return Ok(());
        }
        let mut complete: Vec<(u64, Vec<u8>)> = Vec::new();
        for byte in available {
            if *byte == b'\n' {
                line += 1;
            }
            if depth == 0 {
                if *byte == b'{' {
                    depth = 1;
                    start = line;
                    object.push(*byte);
                }
                continue;
            }
            object.push(*byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' if !in_string => depth += 1,
                b'}' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        complete.push((start, std::mem::take(&mut object)));
                    }
                }
                _ => {}
            }
        }
        reader.consume(length);
        for (start, object) in complete {
            give(start, &object, take)?;
        }
        if object.len() > LONGEST_OBJECT {
            return Err(Stop::File(format!("line {start}: an object is longer than {LONGEST_OBJECT} bytes")));
        }
    }
}

/// Parses one object, takes it out of its wrapping, and hands it on.
fn give(line: u64, text: &[u8], take: &mut dyn FnMut(Placed) -> Result<(), Stop>) -> Result<(), Stop> {
    let parsed: Map<String, Json> = match serde_json::from_slice(text) {
        Ok(parsed) => parsed,
        Err(error) => return take(Placed { line, row: Err(format!("not a JSON object: {error}")) }),
    };
    for wrapper in WRAPPERS {
        if let Some(Json::Array(rows)) = parsed.get(wrapper)
            && rows.iter().all(Json::is_object)
        {
            for row in rows {
                if let Json::Object(fields) = row {
                    take(Placed { line, row: Ok(unwrap_properties(fields.clone(), row.to_string())) })?;
                }
            }
            return Ok(());
        }
    }
    let original = String::from_utf8_lossy(text).into_owned();
    take(Placed { line, row: Ok(unwrap_properties(parsed, original)) })
}

/// A record of the streaming API holds its columns in `properties` and names its table in `category`.
fn unwrap_properties(mut fields: Map<String, Json>, original: String) -> RawRow {
    let streamed = fields.contains_key("category");
    if let Some(Json::Object(properties)) = fields.get_mut("properties").filter(|_| streamed) {
        let mut inner = std::mem::take(properties);
        if let Some(category) = fields.remove("category") {
            inner.insert("category".to_owned(), category);
        }
        return RawRow { fields: inner, original };
    }
    RawRow { fields, original }
}
