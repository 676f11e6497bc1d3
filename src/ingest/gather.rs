//! Gathers the rows of a file, or of a piece of one, into batches of records.

use std::ops::Range;

use super::batch::Batch;
use super::detect::Container;
use super::normalise::Normaliser;
use super::reader::rows::{Placed, RawRow};
use super::reader::{Sink, Stop};
use super::rows::RowNormaliser;
use crate::store::Rejection;
use crate::store::block::Encoder;

/// Original records of one block.
const BLOCK_BYTES: usize = 128 * 1024;
/// Rejections of one batch.
const MOST_REJECTED: usize = 1000;

/// What turns rows into records, and remembers from file to file what it has met.
pub struct Tools<'s> {
    pub rows: RowNormaliser<'s>,
    pub events: Normaliser,
    pub encoder: Encoder,
}

pub struct Gather<'g, 's> {
    tools: &'g mut Tools<'s>,
    container: Container,
    sink: &'g mut dyn Sink,
    batch: Batch,
    /// The original records of the batch, one after another.
    originals: String,
    places: Vec<Range<usize>>,
    /// How far into the file it has come, in bytes.
    reached: u64,
    /// Records taken so far: the number of an event that names none, and has no line for itself.
    taken: u64,
}

impl<'g, 's> Gather<'g, 's> {
    /// `reached` bytes of the file come before the first row.
    pub fn new(tools: &'g mut Tools<'s>, container: Container, reached: u64, sink: &'g mut dyn Sink) -> Self {
        Self {
            tools,
            container,
            batch: sink.empty(),
            sink,
            originals: String::new(),
            places: Vec::new(),
            reached,
            taken: 0,
        }
    }

    /// `line` is the row's number where each line is one.
    fn add(&mut self, place: u64, line: Option<u64>, row: &RawRow<'_>) -> Result<(), String> {
        let Tools { rows, events, .. } = &mut *self.tools;
        self.taken += 1;
        let number = line.unwrap_or(self.taken).cast_signed();
        if self.container == Container::Xml {
            return events.add(&row.original, number, &mut self.batch);
        }
        match rows.event(&row.fields) {
            None => rows.add(place.cast_signed(), row, &mut self.batch),
            Some(Err(reason)) => Err(reason),
            Some(Ok(text)) if text.local_time => {
                rows.seen.zone_missing |= rows.reading.zone.is_none();
                events.add_read(&text.xml, &rows.reading, number, &mut self.batch)
            }
            Some(Ok(text)) => {
                rows.seen.from_ecs += u64::from(text.from_ecs);
                events.add(&text.xml, number, &mut self.batch)
            }
        }
    }

    pub fn take(&mut self, placed: Placed<'_>) -> Result<(), Stop> {
        let Placed { line, element, is_line, row } = placed;
        let own_line = is_line.then_some(line);
        let added = row.and_then(|row| self.add(element.unwrap_or(line), own_line, &row).map(|()| row.original));
        match added {
            Ok(original) => {
                let start = self.originals.len();
                self.originals.push_str(&original);
                self.places.push(start..self.originals.len());
            }
            Err(reason) => {
                let place = match element {
                    Some(element) => format!("line {line}, record {element}"),
                    None => format!("line {line}"),
                };
                self.batch.rejections.push(Rejection { place, reason });
            }
        }
        if self.originals.len() >= BLOCK_BYTES || self.batch.rejections.len() >= MOST_REJECTED {
            self.flush()?;
        }
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), Stop> {
        if self.batch.records.is_empty() && self.batch.rejections.is_empty() {
            return Ok(());
        }
        let mut batch = std::mem::replace(&mut self.batch, self.sink.empty());
        if !self.places.is_empty() {
            let text = self.originals.as_bytes();
            let originals = self.places.iter().map(|place| text.get(place.clone()).unwrap_or_default());
            let encoded = self.tools.encoder.encode(originals, &mut batch.block);
            encoded.map_err(|error| Stop::File(error.to_string()))?;
        }
        self.reached += self.originals.len() as u64;
        batch.reached = self.reached;
        self.originals.clear();
        self.places.clear();
        self.sink.send(batch)
    }
}
