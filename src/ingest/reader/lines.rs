//! Cuts a stream of lines into pieces of whole lines, which can be read apart from each other.

use std::io::{BufRead, Read};

use memchr::{memchr_iter, memrchr};

use super::Stop;
use super::rows::{LONGEST, Placed, failed, parse_row};
use crate::ingest::spares::{Lent, Spares};

/// Bytes of a piece: long enough that handing it on costs nothing, short enough that several are in work.
const PIECE: usize = 1 << 20;

/// Lines that follow each other.
pub struct LinePiece {
    text: Lent,
    /// The number of its first line.
    first: u64,
    /// Bytes of the stream before it.
    pub offset: u64,
    /// A line comes after these that is longer than is read.
    too_long: bool,
}

impl LinePiece {
    pub fn bytes(&self) -> usize {
        self.text.as_ref().len()
    }

    /// Hands the object of every line that is not blank to `take`.
    pub fn for_each(&self, take: &mut dyn FnMut(Placed<'_>) -> Result<(), Stop>) -> Result<(), Stop> {
        let text = self.text.as_ref();
        let mut start = 0;
        for (line, end) in (self.first..).zip(memchr_iter(b'\n', text).chain([text.len()])) {
            let object = text.get(start..end).unwrap_or_default().trim_ascii();
            start = end + 1;
            if !object.is_empty() {
                take(Placed { is_line: true, ..Placed::at(line, parse_row(object)) })?;
            }
        }
        if self.too_long {
            let row = Err(format!("the line is longer than {LONGEST} bytes"));
            take(Placed::at(self.first + newlines(text), row))?;
        }
        Ok(())
    }
}

/// The pieces of a stream, in their order.
pub struct LinePieces<R> {
    reader: R,
    line: u64,
    offset: u64,
    /// Why nothing can be read after the last piece.
    failure: Option<Stop>,
    spares: Spares<Vec<u8>>,
}

impl<R: BufRead> LinePieces<R> {
    pub fn of(reader: R, spares: &Spares<Vec<u8>>) -> Self {
        Self { reader, line: 1, offset: 0, failure: None, spares: spares.clone() }
    }

    /// What was read before a failure comes before it, but for the line that it cut.
    pub fn next_piece(&mut self) -> Result<Option<LinePiece>, Stop> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut text = Lent::with_room(&self.spares, PIECE + PIECE / 8);
        let bytes = &mut text.bytes;
        let too_long = match read_lines(&mut self.reader, bytes) {
            Ok(too_long) => too_long,
            Err(failure) => {
                bytes.truncate(memrchr(b'\n', bytes).map_or(0, |end| end + 1));
                self.failure = Some(failure);
                false
            }
        };
        if bytes.is_empty() && !too_long {
            return self.failure.take().map_or(Ok(None), Err);
        }
        let (first, offset) = (self.line, self.offset);
        self.line += newlines(bytes) + u64::from(too_long);
        self.offset += bytes.len() as u64 + if too_long { LONGEST as u64 } else { 0 };
        Ok(Some(LinePiece { text, first, offset, too_long }))
    }
}

/// Reads about so many bytes of whole lines as a piece has, and past one after them that is too long: then true.
fn read_lines(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> Result<bool, Stop> {
    reader.by_ref().take(PIECE as u64).read_to_end(bytes).map_err(failed)?;
    if bytes.last().is_none_or(|last| *last == b'\n') {
        return Ok(false);
    }
    let last = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
    let room = LONGEST.saturating_sub(bytes.len() - last);
    reader.by_ref().take(room as u64).read_until(b'\n', bytes).map_err(failed)?;
    let too_long = bytes.last() != Some(&b'\n') && bytes.len() - last >= LONGEST;
    if too_long {
        bytes.truncate(last);
        skip_line(reader)?;
    }
    Ok(too_long)
}

fn newlines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

/// Reads past the end of the line.
pub fn skip_line(reader: &mut impl BufRead) -> Result<(), Stop> {
    loop {
        let available = reader.fill_buf().map_err(failed)?;
        if available.is_empty() {
            return Ok(());
        }
        match memchr::memchr(b'\n', available) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Where each object or fault was found.
    fn places(text: &[u8]) -> (usize, Vec<(u64, Option<String>)>) {
        let (mut count, mut places) = (0, Vec::new());
        let mut pieces = LinePieces::of(text, &Spares::new(1));
        while let Some(piece) = pieces.next_piece().unwrap() {
            count += 1;
            piece
                .for_each(&mut |placed| {
                    places.push((placed.line, placed.row.ok().map(|row| row.original.into_owned())));
                    Ok(())
                })
                .unwrap();
        }
        (count, places)
    }

    #[test]
    fn a_line_that_is_too_long_costs_itself() {
        let text = format!("{{}}\n\n{}\n{{\"a\":1}}\r\n{{}}", "x".repeat(LONGEST + 10));
        let found = places(text.as_bytes()).1;
        let object = |text: &str| Some(text.to_owned());
        assert_eq!(found, [(1, object("{}")), (3, None), (4, object("{\"a\":1}")), (5, object("{}"))]);
    }

    #[test]
    fn a_line_as_long_as_may_be_is_read() {
        let shell = "{\"a\":\"\"}\n".len();
        let text = format!("{{\"a\":\"{}\"}}\n{{}}", "x".repeat(LONGEST - shell));
        assert!(places(text.as_bytes()).1.iter().all(|(_, object)| object.is_some()));
    }

    /// Some text, and then no more.
    struct Broken<'t>(&'t [u8]);

    impl Read for Broken<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::other("the share is gone")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn lines_before_a_failure_are_read() {
        let mut pieces = LinePieces::of(std::io::BufReader::new(Broken(b"{}\n{}\n{\"a\":")), &Spares::new(1));
        let piece = pieces.next_piece().unwrap().unwrap();
        let mut lines = Vec::new();
        piece
            .for_each(&mut |placed| {
                lines.push((placed.line, placed.row.is_ok()));
                Ok(())
            })
            .unwrap();
        assert_eq!(lines, [(1, true), (2, true)]);
        assert!(matches!(pieces.next_piece(), Err(Stop::File(reason)) if reason == "the share is gone"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_come_whole_and_with_their_numbers(lengths in prop::collection::vec(0_usize..400_000, 0..12)) {
            let object = |length: &usize| match *length {
                0 => String::new(),
                length => format!("{{\"a\":\"{}\"}}", "x".repeat(length)),
            };
            let lines: Vec<String> = lengths.iter().map(object).collect();
            let numbered = (1..).zip(lines.iter().cloned()).filter(|(_, line)| !line.is_empty());
            let expected: Vec<_> = numbered.map(|(number, line)| (number, Some(line))).collect();
            let (pieces, found) = places(lines.join("\n").as_bytes());
            prop_assert_eq!(found, expected);
            prop_assert!(pieces <= 1 + lengths.iter().sum::<usize>() / PIECE);
        }
    }
}
