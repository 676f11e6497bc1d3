//! What goes between the threads of an import: the messages to the writer, each piece's in a lane of its own, and what
//! all threads are given.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::Receiver;

use super::batch::Batch;
use super::budget::Share;
use super::detect::Container;
use super::options::Options;
use super::reader::Stop;
use super::seen::Seen;
use super::spares::Spares;
use crate::schema::Schema;

/// Batches of one piece that wait for the writer: all that a piece of an event log has.
pub const BATCHES_AHEAD: usize = 26;
/// Batches and buffers that wait to be used again.
const SPARE_BATCHES: usize = 4 * BATCHES_AHEAD;
const SPARE_BUFFERS: usize = 6;

/// What the writer is told, in the order of the files.
pub enum Message {
    Start {
        path: PathBuf,
        bytes: u64,
        /// Of the bytes that were listed.
        share: u64,
        sha256: String,
        container: Container,
    },
    Batch(Box<Batch>),
    /// A piece of the file is read: so many records it had, and why it was not read to its end.
    Part {
        records: u64,
        problem: Option<String>,
        seen: Seen,
    },
    End {
        problem: Option<String>,
        notes: Vec<String>,
    },
    LeftOut {
        path: PathBuf,
        bytes: u64,
        share: u64,
        reason: String,
    },
}

/// The messages of one piece, in order, and the room that they take.
pub struct Lane {
    messages: Receiver<Message>,
    _share: Share,
}

impl Lane {
    pub fn new(messages: Receiver<Message>, share: Share) -> Self {
        Self { messages, _share: share }
    }
}

impl Iterator for Lane {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.messages.recv().ok()
    }
}

/// What every thread is given.
#[derive(Clone, Copy)]
pub struct Plan<'p> {
    pub schema: &'p Schema,
    pub options: &'p Options,
    pub cancelled: &'p AtomicBool,
    pub spares: &'p Buffers,
}

/// What goes round between the threads.
pub struct Buffers {
    pub batches: Spares<Batch>,
    /// Files, and pieces of files.
    pub bytes: Spares<Vec<u8>>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { batches: Spares::new(SPARE_BATCHES), bytes: Spares::new(SPARE_BUFFERS) }
    }
}

/// The problem of a file that is to be imported again.
pub const INTERRUPTED: &str = "interrupted";

/// A note, if the file has no longer as many bytes.
pub fn changed(file: &std::fs::File, bytes: u64) -> Option<String> {
    let now = file.metadata().ok()?.len();
    (now != bytes).then(|| "its size changed while it was read: import it again when nobody writes it".to_owned())
}

/// Why a file was not read to its end.
pub fn words(stop: Stop) -> String {
    match stop {
        Stop::File(reason) => reason,
        Stop::Cancelled => INTERRUPTED.to_owned(),
    }
}
