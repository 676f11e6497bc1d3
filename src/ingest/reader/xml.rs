//! Cuts a stream of event XML into single `<Event>` elements: a file of one event, `<Events>` around many, or one
//! after another without a root. What is broken costs the event it is in.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use encoding_rs_io::DecodeReaderBytesBuilder;
use serde_json::Map;

use super::Stop;
use super::rows::{LONGEST, Placed, RawRow, failed};
use crate::ingest::detect::is_numbered_record;

const END: &[u8] = b"</Event>";
/// The namespace of event XML: an `Event` element inside a record's own data is of another one.
const NAMESPACE: &[u8] = b"schemas.microsoft.com/win/2004/08/events/event";
/// Read at most this much before looking at it.
const PIECE: u64 = 64 * 1024;

/// Hands every event to `take`. Returns when the file ends or `take` stops it.
pub fn for_each_event(file: File, take: &mut dyn FnMut(Placed<'_>) -> Result<(), Stop>) -> Result<(), Stop> {
    let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(file);
    let mut cutter = Cutter { take, text: Vec::new(), line: 1, start: 1, state: State::Between };
    let mut reader = BufReader::with_capacity(256 * 1024, decoded);
    loop {
        let from = cutter.text.len();
        let read = reader.by_ref().take(PIECE).read_until(b'>', &mut cutter.text).map_err(failed)?;
        if read == 0 {
            return cutter.end();
        }
        cutter.look(from)?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Inside,
    /// Inside an event that is longer than is read.
    TooLong,
}

struct Cutter<'t> {
    take: &'t mut dyn FnMut(Placed<'_>) -> Result<(), Stop>,
    text: Vec<u8>,
    line: u64,
    start: u64,
    state: State,
}

impl Cutter<'_> {
    /// Looks at what was added to the text: at most one tag, at its end.
    fn look(&mut self, from: usize) -> Result<(), Stop> {
        let lines_before = self.line;
        let added = self.text.get(from..).unwrap_or_default();
        self.line += added.iter().filter(|byte| **byte == b'\n').count() as u64;
        let complete = self.text.last() == Some(&b'>');
        match self.state {
            State::Between => {
                if !complete {
                    // Text that goes on and on is not kept whole.
                    if self.text.len() > LONGEST {
                        self.text.truncate(100);
                    }
                    return Ok(());
                }
                let tag_at = memchr::memrchr(b'<', &self.text).unwrap_or(0);
                let (before, tag) = self.text.split_at(tag_at);
                let before = before.trim_ascii();
                // Comments may hold anything.
                let stray = !before.is_empty() && !before.starts_with(b"<!--") && tag.starts_with(b"<");
                let stray = stray && !std::str::from_utf8(before).is_ok_and(is_numbered_record);
                let stray = stray.then(|| String::from_utf8_lossy(before).chars().take(60).collect::<String>());
                if is_event_tag(tag) {
                    self.text = tag.to_vec();
                    self.start = self.line;
                    self.state = State::Inside;
                } else {
                    self.text.clear();
                }
                if let Some(stray) = stray {
                    self.reject(lines_before, format!("text between events: {stray}"))?;
                }
            }
            State::Inside => {
                if complete && self.text.ends_with(END) {
                    self.state = State::Between;
                    let row = std::str::from_utf8(&self.text)
                        .map(|original| RawRow { fields: Map::new(), original: Cow::Borrowed(original) })
                        .map_err(|_| "not UTF-8".to_owned());
                    (self.take)(Placed::at(self.start, row))?;
                    self.text.clear();
                    return Ok(());
                }
                let tag = self.text.get(from..).unwrap_or_default();
                let tag = memchr::memrchr(b'<', tag).and_then(|at| tag.get(at..)).unwrap_or_default();
                if complete && is_event_tag(tag) && memchr::memmem::find(tag, NAMESPACE).is_some() {
                    self.text = tag.to_vec();
                    let broken = std::mem::replace(&mut self.start, self.line);
                    return self.reject(broken, "the event does not end".to_owned());
                }
                if self.text.len() > LONGEST {
                    self.state = State::TooLong;
                    self.text.clear();
                    return self.reject(self.start, format!("the event is longer than {LONGEST} bytes"));
                }
            }
            State::TooLong => {
                if self.text.ends_with(END) {
                    self.state = State::Between;
                    self.text.clear();
                } else {
                    // The end tag may be cut by the piece.
                    let keep = self.text.len().saturating_sub(END.len());
                    self.text.drain(..keep);
                }
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Stop> {
        match self.state {
            State::Inside => self.reject(self.start, "the event does not end".to_owned()),
            State::Between if !self.text.trim_ascii().is_empty() => {
                let stray: String = String::from_utf8_lossy(self.text.trim_ascii()).chars().take(60).collect();
                self.reject(self.line, format!("text between events: {stray}"))
            }
            _ => Ok(()),
        }
    }

    fn reject(&mut self, line: u64, reason: String) -> Result<(), Stop> {
        (self.take)(Placed::at(line, Err(reason)))
    }
}

fn is_event_tag(tag: &[u8]) -> bool {
    let Some(after) = tag.strip_prefix(b"<Event") else { return false };
    !tag.ends_with(b"/>") && after.first().is_some_and(|byte| *byte == b'>' || byte.is_ascii_whitespace())
}
