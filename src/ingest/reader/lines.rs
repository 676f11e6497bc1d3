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
                take(Placed { line, element: None, row: parse_row(object) })?;
            }
        }
        if self.too_long {
            let row = Err(format!("the line is longer than {LONGEST} bytes"));
            take(Placed { line: self.first + newlines(text), element: None, row })?;
        }
        Ok(())
    }
}

/// The pieces of a stream, in their order.
pub struct LinePieces<R> {
    reader: R,
    line: u64,
    offset: u64,
    spares: Spares<Vec<u8>>,
}

impl<R: BufRead> LinePieces<R> {
    pub fn of(reader: R, spares: &Spares<Vec<u8>>) -> Self {
        Self { reader, line: 1, offset: 0, spares: spares.clone() }
    }

    pub fn next_piece(&mut self) -> Result<Option<LinePiece>, Stop> {
        let mut text = Lent::with_room(&self.spares, PIECE + PIECE / 8);
        let bytes = &mut text.bytes;
        self.reader.by_ref().take(PIECE as u64).read_to_end(bytes).map_err(failed)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut too_long = false;
        if bytes.last() != Some(&b'\n') {
            let last = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            let room = LONGEST.saturating_sub(bytes.len() - last);
            self.reader.by_ref().take(room as u64).read_until(b'\n', bytes).map_err(failed)?;
            if bytes.last() != Some(&b'\n') && bytes.len() - last >= LONGEST {
                bytes.truncate(last);
                skip_line(&mut self.reader)?;
                too_long = true;
            }
        }
        let (first, offset) = (self.line, self.offset);
        self.line += newlines(bytes) + u64::from(too_long);
        self.offset += bytes.len() as u64 + if too_long { LONGEST as u64 } else { 0 };
        Ok(Some(LinePiece { text, first, offset, too_long }))
    }
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn lines_come_whole_and_with_their_numbers(lengths in prop::collection::vec(0_usize..400_000, 0..12)) {
            let lines: Vec<String> =
                lengths.iter().map(|length| if *length == 0 { String::new() } else { format!("{{\"a\":\"{}\"}}", "x".repeat(*length)) }).collect();
            let expected: Vec<_> = (1..).zip(&lines).filter(|(_, line)| !line.is_empty()).map(|(number, line)| (number, Some(line.clone()))).collect();
            let (pieces, found) = places(lines.join("\n").as_bytes());
            prop_assert_eq!(found, expected);
            prop_assert!(pieces <= 1 + lengths.iter().sum::<usize>() / PIECE);
        }
    }
}
