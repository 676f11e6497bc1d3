//! Cuts a stream of JSON into its records: objects that span lines, one after another or in an array, and the rows
//! that query results and event streams carry inside one large object.
//!
//! Nothing but the record at hand is in memory: an answer of the service may be a single line of any length.

use std::borrow::Cow;
use std::io::BufRead;

use serde_json::{Map, Value as Json};

use super::Stop;
use super::rows::{LONGEST, Placed, RawRow, failed, parse_row};

/// The arrays under which query results and event streams carry their rows.
const WRAPPERS: [&str; 6] = ["Results", "results", "records", "value", "events", "data"];
/// How deep the path to the rows is followed.
const FOLLOWED: usize = 4;
/// What stands outside the rows (statistics, column lists) is kept up to this.
const LONGEST_HEADER: usize = 1024 * 1024;

/// How the rows of a wrapping object are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    Objects,
    /// Arrays of values, whose columns stand before them: `tables[].rows[]`.
    Values,
}

/// Whether an object only carries the rows in it.
pub fn is_wrapper(object: &Map<String, Json>) -> bool {
    let carries =
        |value: &Json| value.as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(Json::is_object));
    WRAPPERS.iter().any(|name| object.get(*name).is_some_and(carries))
        || object.get("hits").and_then(|hits| hits.get("hits")).is_some_and(carries)
        || object.get("tables").is_some_and(carries)
}

struct Frame {
    array: bool,
    /// The key whose value is being read.
    key: Vec<u8>,
    expects_key: bool,
}

struct Cutter<'t> {
    take: &'t mut dyn FnMut(Placed<'_>) -> Result<(), Stop>,
    line: u64,
    depth: usize,
    frames: Vec<Frame>,
    in_string: bool,
    escaped: bool,
    /// The record at hand, or the header while its rows go by.
    text: Vec<u8>,
    start: u64,
    too_long: bool,
    /// An array that holds rows if its first value is of the right kind.
    pending: Option<Rows>,
    /// Inside the array of rows: its depth.
    wrapper: Option<(Rows, usize)>,
    /// The object at hand is a wrapper, and no record itself.
    unwrapped: bool,
    header: Vec<u8>,
    columns: Vec<String>,
    element: u64,
    stray: Vec<u8>,
}

/// Hands every record to `take`.
pub fn json_objects(
    mut reader: impl BufRead,
    take: &mut dyn FnMut(Placed<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut cutter = Cutter {
        take,
        line: 1,
        depth: 0,
        frames: Vec::new(),
        in_string: false,
        escaped: false,
        text: Vec::new(),
        start: 1,
        too_long: false,
        pending: None,
        wrapper: None,
        unwrapped: false,
        header: Vec::new(),
        columns: Vec::new(),
        element: 0,
        stray: Vec::new(),
    };
    loop {
        let available = reader.fill_buf().map_err(failed)?;
        let length = available.len();
        if length == 0 {
            return cutter.end();
        }
        for byte in available {
            cutter.byte(*byte)?;
        }
        reader.consume(length);
    }
}

impl Cutter<'_> {
    fn byte(&mut self, byte: u8) -> Result<(), Stop> {
        if byte == b'\n' {
            self.line += 1;
        }
        if self.depth == 0 {
            return self.outside(byte);
        }
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            if self.in_string
                && let Some(frame) = self.followed()
                && frame.expects_key
                && frame.key.len() < 64
            {
                frame.key.push(byte);
            }
            return Ok(());
        }
        if let Some(rows) = self.pending.filter(|_| !byte.is_ascii_whitespace()) {
            self.pending = None;
            if byte == (if rows == Rows::Objects { b'{' } else { b'[' }) {
                self.enter(rows);
            }
        }
        if let Some((rows, depth)) = self.wrapper
            && self.depth == depth
        {
            return self.between_rows(byte, rows);
        }
        self.keep(byte);
        match byte {
            b'"' => {
                self.in_string = true;
                if let Some(frame) = self.followed().filter(|frame| frame.expects_key) {
                    frame.key.clear();
                }
            }
            b':' => {
                if let Some(frame) = self.followed() {
                    frame.expects_key = false;
                }
            }
            b',' => {
                if let Some(frame) = self.followed() {
                    frame.expects_key = !frame.array;
                }
            }
            b'{' | b'[' => self.open(byte == b'['),
            b'}' | b']' => return self.close(),
            _ => {}
        }
        Ok(())
    }

    fn outside(&mut self, byte: u8) -> Result<(), Stop> {
        match byte {
            b'{' => {
                self.report_stray()?;
                self.start = self.line;
                self.text.clear();
                self.text.push(byte);
                self.unwrapped = false;
                self.too_long = false;
                self.header.clear();
                self.columns.clear();
                self.open(false);
                Ok(())
            }
            b'\n' => self.report_stray(),
            b',' | b'[' | b']' => Ok(()),
            _ if self.stray.is_empty() && (byte.is_ascii_whitespace() || byte == 0) => Ok(()),
            _ => {
                if self.stray.len() < 100 {
                    self.stray.push(byte);
                }
                Ok(())
            }
        }
    }

    /// `evtx_dump` writes a line `Record n` before each object; anything else between objects is a loss to report.
    fn report_stray(&mut self) -> Result<(), Stop> {
        let stray = std::mem::take(&mut self.stray);
        let text = String::from_utf8_lossy(&stray);
        let text = text.trim();
        let numbered = text.strip_prefix("Record ").is_some_and(|rest| rest.trim().parse::<u64>().is_ok());
        if text.is_empty() || numbered {
            return Ok(());
        }
        let reason = format!("text between objects: {}", text.chars().take(60).collect::<String>());
        (self.take)(Placed::at(self.line.saturating_sub(1).max(1), Err(reason)))
    }

    fn followed(&mut self) -> Option<&mut Frame> {
        if self.frames.len() == self.depth { self.frames.last_mut() } else { None }
    }

    fn open(&mut self, array: bool) {
        if array && self.wrapper.is_none() && self.frames.len() == self.depth {
            let keys: Vec<&[u8]> =
                self.frames.iter().filter(|frame| !frame.array).map(|frame| frame.key.as_slice()).collect();
            let arrays = self.frames.iter().filter(|frame| frame.array).count();
            self.pending = match (keys.as_slice(), arrays) {
                ([only], 0) if WRAPPERS.iter().any(|name| name.as_bytes() == *only) => Some(Rows::Objects),
                ([b"hits", b"hits"], 0) => Some(Rows::Objects),
                ([b"tables", b"rows"], 1) => Some(Rows::Values),
                _ => None,
            };
        }
        if self.frames.len() == self.depth && self.depth < FOLLOWED {
            self.frames.push(Frame { array, key: Vec::new(), expects_key: !array });
        }
        self.depth += 1;
    }

    fn close(&mut self) -> Result<(), Stop> {
        if self.frames.len() == self.depth {
            self.frames.pop();
        }
        self.depth -= 1;
        let complete = match self.wrapper {
            Some((_, depth)) => self.depth == depth,
            None => self.depth == 0 && !self.unwrapped,
        };
        if complete { self.record() } else { Ok(()) }
    }

    /// The rows of a wrapping object begin: what was read of it so far is its header.
    fn enter(&mut self, rows: Rows) {
        self.header.append(&mut self.text);
        self.unwrapped = true;
        self.wrapper = Some((rows, self.depth));
        if rows == Rows::Values {
            let mut closed = self.header.clone();
            closed.extend_from_slice(b"]}]}");
            let parsed: Option<Json> = serde_json::from_slice(&closed).ok();
            let last = parsed.as_ref().and_then(|whole| whole.get("tables")?.as_array()?.last());
            let columns = last.and_then(|table| table.get("columns")?.as_array());
            let name =
                |column: &Json| column.get("name").or_else(|| column.get("ColumnName"))?.as_str().map(str::to_owned);
            self.columns = columns.map(|columns| columns.iter().filter_map(name).collect()).unwrap_or_default();
        }
    }

    fn between_rows(&mut self, byte: u8, rows: Rows) -> Result<(), Stop> {
        match byte {
            b'{' | b'[' => {
                self.text.clear();
                self.text.push(byte);
                self.too_long = false;
                self.start = self.line;
                self.depth += 1;
                Ok(())
            }
            b']' => {
                self.wrapper = None;
                self.header.push(byte);
                self.close()
            }
            b',' => Ok(()),
            _ if byte.is_ascii_whitespace() => Ok(()),
            _ => {
                let _ = rows;
                Err(Stop::File(format!("line {}: a value among the rows is no row", self.line)))
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        let header = self.unwrapped && self.wrapper.is_none();
        let (text, longest) = if header { (&mut self.header, LONGEST_HEADER) } else { (&mut self.text, LONGEST) };
        if text.len() < longest {
            text.push(byte);
        } else if !header {
            self.too_long = true;
        }
    }

    fn record(&mut self) -> Result<(), Stop> {
        let element = self.wrapper.map(|_| {
            self.element += 1;
            self.element
        });
        let row = if self.too_long {
            Err(format!("the object is longer than {LONGEST} bytes"))
        } else if matches!(self.wrapper, Some((Rows::Values, _))) {
            row_of_values(&self.columns, &self.text)
        } else {
            parse_row(&self.text)
        };
        (self.take)(Placed { element, ..Placed::at(self.start, row) })?;
        self.text.clear();
        Ok(())
    }

    fn end(mut self) -> Result<(), Stop> {
        self.report_stray()?;
        if self.depth > 0 {
            let row = Err("the object does not end".to_owned());
            return (self.take)(Placed::at(self.start, row));
        }
        Ok(())
    }
}

fn row_of_values(columns: &[String], text: &[u8]) -> Result<RawRow<'static>, String> {
    let values: Vec<Json> = serde_json::from_slice(text).map_err(|error| format!("not a JSON array: {error}"))?;
    if values.len() != columns.len() {
        return Err(format!("{} values, the table has {} columns", values.len(), columns.len()));
    }
    let fields: Map<String, Json> = columns.iter().cloned().zip(values).collect();
    let original = serde_json::to_string(&fields).map_err(|error| error.to_string())?;
    Ok(RawRow { fields, original: Cow::Owned(original) })
}
