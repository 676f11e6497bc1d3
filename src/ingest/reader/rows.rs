//! Reads files of rows, CSV and JSON, into objects with their places.
//!
//! JSON comes as one object a line, where a broken line costs that line, or in the ways `objects` cuts apart.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};

use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use serde_json::{Map, Value as Json};

use super::Stop;
use super::lines::{LinePieces, skip_line};
use super::objects::{is_wrapper, json_objects};
use crate::ingest::detect::Container;
use crate::ingest::spares::Spares;
use crate::ingest::time::Reading;
use crate::store::streamed;

/// Longer than any record a service exports; what is longer is not read into memory.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// Marks the rows of a device timeline, whose ActionType names their table.
pub const TIMELINE: &str = "$timeline";

/// One row as it came.
pub struct RawRow<'t> {
    pub fields: Map<String, Json>,
    /// The row as JSON text: kept as the original record.
    pub original: Cow<'t, str>,
}

/// A row, or why it is none, with its line.
pub struct Placed<'t> {
    pub line: u64,
    /// Its number among the rows that one object carries.
    pub element: Option<u64>,
    /// It has its line for itself: that is its number in the file.
    pub is_line: bool,
    pub row: Result<RawRow<'t>, String>,
}

impl<'t> Placed<'t> {
    /// What begins in this line, by itself and not within an object.
    pub fn at(line: u64, row: Result<RawRow<'t>, String>) -> Self {
        Self { line, element: None, is_line: false, row }
    }
}

/// A file in UTF-8, whatever it is in.
type Decoded = BufReader<DecodeReaderBytes<File, Vec<u8>>>;

/// A file's text from its beginning, with the first line looked at.
pub struct Text {
    reader: BufReader<Chain<Cursor<Vec<u8>>, Decoded>>,
    /// Every line is a row in JSON.
    pub by_line: bool,
    delimiter: u8,
}

impl Text {
    pub fn of(file: File) -> Result<Self, Stop> {
        // A byte order mark decides between UTF-8 and UTF-16; without one it is UTF-8.
        let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(file);
        let mut reader = BufReader::with_capacity(256 * 1024, decoded);
        let first = first_line(&mut reader)?;
        let by_line = serde_json::from_slice::<Map<String, Json>>(&first).is_ok_and(|object| !is_wrapper(&object));
        let delimiter = most_frequent_delimiter(&first);
        Ok(Self { reader: BufReader::new(Cursor::new(first).chain(reader)), by_line, delimiter })
    }

    /// The pieces of a text that is a row in every line.
    pub fn pieces(self, spares: &Spares<Vec<u8>>) -> LinePieces<impl BufRead + use<>> {
        LinePieces::of(self.reader, spares)
    }
}

/// Hands every row to `take`. Returns when the file ends or `take` stops it.
pub fn for_each_row(
    file: File,
    container: Container,
    reading: &Reading,
    take: &mut dyn FnMut(Placed<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let text = Text::of(file)?;
    match container {
        Container::Xml => Err(Stop::File("event XML, not rows".to_owned())),
        Container::Csv => csv_rows(text.reader, text.delimiter, reading, take),
        _ if text.by_line => {
            let mut pieces = text.pieces(&Spares::new(1));
            while let Some(piece) = pieces.next_piece()? {
                piece.for_each(take)?;
            }
            Ok(())
        }
        _ => json_objects(text.reader, take),
    }
}

/// The first line that is not blank, with the blanks before it so that lines still count right.
fn first_line(reader: &mut impl BufRead) -> Result<Vec<u8>, Stop> {
    let mut line = Vec::new();
    loop {
        let room = (LONGEST as u64).saturating_sub(line.len() as u64);
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

pub fn failed(error: impl std::fmt::Display) -> Stop {
    Stop::File(error.to_string())
}

/// A column of a CSV file.
struct Header {
    name: String,
    /// The portal writes that its times are UTC.
    utc: bool,
}

fn csv_rows(
    reader: impl BufRead,
    delimiter: u8,
    reading: &Reading,
    take: &mut dyn FnMut(Placed<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut format = csv::ReaderBuilder::new();
    format.delimiter(delimiter).flexible(true);
    let mut rows = format.from_reader(Bounded::new(reader));
    let header = rows.headers().map_err(failed)?.clone();
    let timeline = ["Event Time", "Machine Id"].iter().all(|name| header.iter().any(|known| known.trim() == *name));
    if reading.zone.is_none()
        && let Some(local) = header.iter().find(|name| name.contains("[Local Time]"))
    {
        let name = local.trim();
        return Err(Stop::File(format!("'{name}' is in the zone of whoever exported it: give it with --time-zone")));
    }
    let columns: Vec<Header> = header.iter().map(|name| column(name, timeline)).collect();
    let mut record = csv::ByteRecord::new();
    let mut lines_before = 0;
    loop {
        let line = lines_before + rows.position().line();
        let byte = rows.position().byte();
        rows.get_mut().begin_at(byte);
        match rows.read_byte_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let line = record.position().map_or(line, |position| lines_before + position.line());
                let row = csv_row(&columns, &record, timeline, reading.zone.is_some());
                take(Placed::at(line, row))?;
            }
            Err(_) if rows.get_ref().too_long => {
                // A quote that is never closed takes all that follows for one value. The next line begins a record.
                let reason = format!("the record is longer than {LONGEST} bytes");
                take(Placed::at(line, Err(reason)))?;
                let Bounded { mut reader, lines, .. } = rows.into_inner();
                skip_line(&mut reader)?;
                lines_before += lines + 1;
                rows = format.has_headers(false).from_reader(Bounded::new(reader));
            }
            Err(error) if error.is_io_error() => return Err(failed(error)),
            Err(error) => take(Placed::at(line, Err(error.to_string())))?,
        }
    }
}

/// A reader that fails where a record goes on for longer than is read.
struct Bounded<R> {
    reader: R,
    /// Bytes and lines read so far, and where the record began that is being read.
    bytes: u64,
    lines: u64,
    begun: u64,
    too_long: bool,
}

impl<R> Bounded<R> {
    fn new(reader: R) -> Self {
        Self { reader, bytes: 0, lines: 0, begun: 0, too_long: false }
    }

    fn begin_at(&mut self, byte: u64) {
        self.begun = byte;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.bytes.saturating_sub(self.begun) > LONGEST as u64 {
            self.too_long = true;
            return Err(std::io::Error::other("a record is too long"));
        }
        let read = self.reader.read(buffer)?;
        self.bytes += read as u64;
        self.lines += memchr::memchr_iter(b'\n', buffer.get(..read).unwrap_or_default()).count() as u64;
        Ok(read)
    }
}

fn csv_row(
    columns: &[Header],
    record: &csv::ByteRecord,
    timeline: bool,
    zoned: bool,
) -> Result<RawRow<'static>, String> {
    if record.len() != columns.len() {
        return Err(format!("{} fields, the header has {}", record.len(), columns.len()));
    }
    let mut fields = Map::new();
    for (column, value) in columns.iter().zip(record) {
        let text = std::str::from_utf8(value).map_err(|_| format!("{}: not UTF-8", column.name))?;
        if !text.is_empty() {
            let text = if column.utc && zoned { format!("{text} UTC") } else { text.to_owned() };
            fields.insert(column.name.clone(), Json::String(text));
        }
    }
    let original = serde_json::to_string(&fields).map_err(|error| error.to_string())?;
    if timeline {
        fields.insert(TIMELINE.to_owned(), Json::Bool(true));
    }
    Ok(RawRow { fields, original: Cow::Owned(original) })
}

/// A header as the tables spell it: the portal adds the zone (`TimeGenerated [UTC]`), the device timeline puts blanks
/// between the words and has names of its own for three columns.
fn column(header: &str, timeline: bool) -> Header {
    let header = header.trim();
    let utc = header.ends_with("[UTC]");
    let bare = header.trim_end_matches("[UTC]").trim_end_matches("[Local Time]").trim();
    let name = match bare {
        "Event Time" if timeline => "Timestamp".to_owned(),
        "Machine Id" if timeline => "DeviceId".to_owned(),
        "Computer Name" if timeline => "DeviceName".to_owned(),
        _ if timeline => bare.split(' ').collect(),
        _ => bare.to_owned(),
    };
    Header { name, utc }
}

/// One object as a row, taken out of its wrapping.
pub fn parse_row(text: &[u8]) -> Result<RawRow<'_>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8".to_owned())?;
    let fields = serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))?;
    Ok(unwrap_properties(fields, Cow::Borrowed(text)))
}

/// The columns of a record of the streaming API, with the name of their table.
fn unwrap_properties(mut fields: Map<String, Json>, original: Cow<'_, str>) -> RawRow<'_> {
    if let Some(mut inner) = streamed(&mut fields) {
        if let Some(category) = fields.remove("category") {
            inner.insert("category".to_owned(), category);
        }
        return RawRow { fields: inner, original };
    }
    RawRow { fields, original }
}
