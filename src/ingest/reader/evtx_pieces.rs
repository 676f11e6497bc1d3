//! Cuts an EVTX file into pieces that can be read apart from each other: a chunk holds all that its records need.
//!
//! A piece is a small EVTX file of its own, with a header of ours: a damaged one must not cost the file. A file that
//! ends inside a chunk gives up the records before the end; the one that is cut is named, not guessed at.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};

use crate::ingest::spares::{Lent, Spares};

/// Bytes of a chunk.
pub const CHUNK: u64 = 65_536;
/// Bytes before the first chunk.
pub const HEADER: u64 = 4_096;
/// Chunks in a piece: long enough that what its records share is worked out once, short enough for memory.
const PIECE: usize = 24;
/// Where a chunk's first record begins.
const FIRST_RECORD: usize = 512;
/// Where a chunk says where its records end.
const FREE_SPACE: usize = 48;
const CHUNK_MAGIC: &[u8] = b"ElfChnk\0";
const RECORD_MAGIC: &[u8] = b"\x2a\x2a\0\0";

/// Some chunks of a file that follow each other, as an EVTX file.
pub struct Piece {
    pub bytes: Lent,
    /// The number of its first chunk in the whole file.
    pub first: u64,
    /// The record that the end of the file cuts.
    pub cut: Option<String>,
}

impl Piece {
    /// The bytes that its chunks say they have filled, all of those whose end is nonsense.
    pub fn filled(&self) -> usize {
        let chunks = self.bytes.bytes.get(HEADER as usize..).unwrap_or_default().chunks(CHUNK as usize);
        let filled = chunks.filter(|chunk| chunk.starts_with(CHUNK_MAGIC)).map(|chunk| {
            let end = chunk.get(FREE_SPACE..).and_then(|rest| rest.first_chunk::<4>());
            let end = end.map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
            if (FIRST_RECORD..=chunk.len()).contains(&end) { end } else { chunk.len() }
        });
        filled.sum()
    }
}

/// A file, or its bytes where they were held.
pub enum Log {
    File(File),
    Held(Cursor<Lent>),
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Held(bytes) => bytes.read(buffer),
        }
    }
}

impl Seek for Log {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Held(bytes) => bytes.seek(to),
        }
    }
}

/// The pieces of a file, the one with the oldest records first: a log that is full goes on at its beginning.
pub struct Pieces {
    file: Log,
    /// Chunks in the file, with the one that is not there whole.
    count: u64,
    oldest: u64,
    next: u64,
    wrapped: bool,
    bytes: u64,
    spares: Spares<Vec<u8>>,
}

impl Pieces {
    pub fn of(mut file: Log, spares: &Spares<Vec<u8>>) -> Result<Self, String> {
        let words = |error: std::io::Error| error.to_string();
        let bytes = file.seek(SeekFrom::End(0)).map_err(words)?;
        if bytes < HEADER {
            return Err(format!("an event log cut off inside its header, after {bytes} bytes"));
        }
        let count = (bytes - HEADER).div_ceil(CHUNK);
        let mut pieces = Self { file, count, oldest: 0, next: 0, wrapped: false, bytes, spares: spares.clone() };
        pieces.oldest = pieces.oldest_chunk().map_err(words)?;
        pieces.next = pieces.oldest;
        Ok(pieces)
    }

    /// Whether the file ends inside a chunk.
    pub fn ends_inside(&self) -> bool {
        !(self.bytes - HEADER).is_multiple_of(CHUNK)
    }

    /// The chunk whose records have the lowest numbers.
    fn oldest_chunk(&mut self) -> std::io::Result<u64> {
        let mut oldest = (u64::MAX, 0);
        let mut head = [0; 40];
        for number in 0..self.bytes.saturating_sub(HEADER) / CHUNK {
            self.file.seek(SeekFrom::Start(HEADER + number * CHUNK))?;
            self.file.read_exact(&mut head)?;
            let word = |at: usize| head.get(at..)?.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
            let (Some(first), Some(last)) = (word(24), word(32)) else { continue };
            // A range that is reversed says nothing.
            if head.starts_with(CHUNK_MAGIC) && first <= last && first < oldest.0 {
                oldest = (first, number);
            }
        }
        Ok(oldest.1)
    }

    /// The next piece that is not all zeros; `None` when the file is read. An error where it cannot be read on.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, String> {
        loop {
            let end = if self.wrapped { self.oldest } else { self.count };
            if self.next >= end {
                if self.wrapped || self.oldest == 0 {
                    return Ok(None);
                }
                self.wrapped = true;
                self.next = 0;
                continue;
            }
            let first = self.next;
            let chunks = (end - first).min(PIECE as u64);
            self.next += chunks;
            let mut lent = self
                .bytes_of(first, chunks)
                .map_err(|error| format!("it cannot be read on at byte {}: {error}", HEADER + first * CHUNK))?;
            let bytes = &mut lent.bytes;
            let read = bytes.len() - HEADER as usize;
            if read == 0 {
                return Err(format!("it ends at byte {}, earlier than before", HEADER + first * CHUNK));
            }
            let whole = read - read % CHUNK as usize;
            let mut cut = None;
            if whole < read {
                let chunk = bytes.get_mut(HEADER as usize + whole..).unwrap_or_default();
                cut = cut_record(chunk).map(|number| format!("record {number}"));
                let partial = chunk.starts_with(CHUNK_MAGIC) && chunk.len() > FIRST_RECORD;
                bytes.resize(HEADER as usize + whole + if partial { CHUNK as usize } else { 0 }, 0);
            }
            drop_blank_end(bytes);
            if cut.is_some() || bytes.len() > HEADER as usize {
                return Ok(Some(Piece { bytes: lent, first, cut }));
            }
        }
    }

    /// A header, and these chunks. A file that shrinks meanwhile gives less.
    fn bytes_of(&mut self, first: u64, chunks: u64) -> std::io::Result<Lent> {
        if let Log::Held(held) = &mut self.file
            && chunks == self.count
        {
            let mut lent = std::mem::replace(held.get_mut(), Lent::nothing(&self.spares));
            lent.bytes.splice(..HEADER as usize, header());
            return Ok(lent);
        }
        let mut lent = Lent::with_room(&self.spares, (HEADER + chunks * CHUNK + 1) as usize);
        lent.bytes.extend_from_slice(&header());
        self.file.seek(SeekFrom::Start(HEADER + first * CHUNK))?;
        self.file.by_ref().take(chunks * CHUNK).read_to_end(&mut lent.bytes)?;
        Ok(lent)
    }
}

/// The header of an EVTX file, without what the reader does not ask of it.
fn header() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER as usize);
    bytes.extend_from_slice(b"ElfFile\0");
    bytes.resize(32, 0);
    bytes.extend_from_slice(&128u32.to_le_bytes());
    bytes.extend_from_slice(&[1, 0, 3, 0]);
    bytes.extend_from_slice(&(HEADER as u16).to_le_bytes());
    bytes.resize(HEADER as usize, 0);
    bytes
}

/// Takes off the chunks at the end that were never written: Windows makes logs larger than it needs at once.
fn drop_blank_end(bytes: &mut Vec<u8>) {
    let blank = [0; CHUNK as usize];
    while bytes.len() >= HEADER as usize + blank.len() && bytes.ends_with(&blank) {
        bytes.truncate(bytes.len() - blank.len());
    }
}

/// Finds the record that does not end in this beginning of a chunk, and takes it out. Says its number.
fn cut_record(chunk: &mut [u8]) -> Option<u64> {
    let mut at = FIRST_RECORD;
    loop {
        let head = chunk.get(at..)?;
        if !head.starts_with(RECORD_MAGIC) {
            return None;
        }
        let size = head.get(4..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes) as usize)?;
        let number = head.get(8..).and_then(|rest| rest.first_chunk::<8>()).map(|bytes| u64::from_le_bytes(*bytes));
        if size < 24 {
            return None;
        }
        if at + size > chunk.len() {
            chunk.get_mut(at..)?.fill(0);
            return number;
        }
        at += size;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A file of chunks whose first record numbers are these; 0 is a chunk that was never written.
    fn file(firsts: &[u64]) -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&header()).unwrap();
        for first in firsts {
            let mut chunk = vec![0; CHUNK as usize];
            if *first > 0 {
                chunk[..8].copy_from_slice(CHUNK_MAGIC);
                for at in [8, 24] {
                    chunk[at..at + 8].copy_from_slice(&first.to_le_bytes());
                    chunk[at + 8..at + 16].copy_from_slice(&(first + 9).to_le_bytes());
                }
            }
            file.write_all(&chunk).unwrap();
        }
        file
    }

    fn pieces_of(file: std::fs::File) -> Result<Pieces, String> {
        Pieces::of(Log::File(file), &Spares::new(1))
    }

    fn read(pieces: &mut Pieces) -> Vec<(u64, usize)> {
        let mut found = Vec::new();
        while let Some(piece) = pieces.next_piece().unwrap() {
            found.push((piece.first, (piece.bytes.bytes.len() - HEADER as usize) / CHUNK as usize));
        }
        found
    }

    #[test]
    fn the_oldest_chunk_comes_first_and_blank_ends_are_left_out() {
        assert_eq!(read(&mut pieces_of(file(&[21, 31, 1, 11])).unwrap()), [(2, 2), (0, 2)]);
        assert_eq!(read(&mut pieces_of(file(&[1, 0, 11, 0, 0])).unwrap()), [(0, 3)]);
        let many: Vec<u64> = (0..PIECE as u64 + 2).map(|number| number * 10 + 1).collect();
        assert_eq!(read(&mut pieces_of(file(&many)).unwrap()), [(0, PIECE), (PIECE as u64, 2)]);
        assert_eq!(read(&mut pieces_of(file(&[])).unwrap()), []);
    }

    #[test]
    fn a_file_that_shrinks_meanwhile_is_an_error() {
        let many: Vec<u64> = (0..2 * PIECE as u64).map(|number| number * 10 + 1).collect();
        let file = file(&many);
        let again = file.try_clone().unwrap();
        let mut pieces = pieces_of(file).unwrap();
        assert_eq!(pieces.next_piece().unwrap().unwrap().first, 0);
        again.set_len(HEADER + CHUNK).unwrap();
        assert!(pieces.next_piece().err().unwrap().contains("earlier than before"));
    }

    #[test]
    fn the_record_that_the_end_cuts_is_taken_out_and_named() {
        let mut chunk = vec![0; FIRST_RECORD];
        for number in [7u64, 8] {
            chunk.extend_from_slice(RECORD_MAGIC);
            chunk.extend_from_slice(&40u32.to_le_bytes());
            chunk.extend_from_slice(&number.to_le_bytes());
            chunk.extend_from_slice(&[5; 24]);
        }
        assert_eq!(cut_record(&mut chunk.clone()), None);
        chunk.truncate(chunk.len() - 3);
        assert_eq!(cut_record(&mut chunk), Some(8));
        assert!(chunk[FIRST_RECORD + 40..].iter().all(|byte| *byte == 0));
        assert_eq!(chunk[FIRST_RECORD + 39], 5);
    }
}
