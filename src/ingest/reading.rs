//! The reading side of an import: files in their order to batches, on as many threads as there are cores.
//!
//! An event log and a long file of lines are cut into pieces, any other file is one. Pieces are handed to the threads in the order of the files,
//! each with a channel of its own, and the writer empties these channels in the same order: what is stored, and under
//! which ids, does not depend on the number of threads. Memory is bounded by what is on its way, in bytes and not in
//! pieces: sparse ones are many, so that neither side waits for the other where the next few are hard for it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::{Receiver, bounded, unbounded};

use super::batch::Batch;
use super::budget::Share;
use super::detect::Container;
use super::dispatch::{BATCHES_AHEAD, Dispatcher};
use super::gather::Tools;
use super::mapping::{Mapping, MappingError};
use super::normalise::Normaliser;
use super::options::Options;
use super::perform::perform;
use super::reader::Stop;
use super::rows::RowNormaliser;
use super::seen::Seen;
use super::source;
use super::spares::Spares;
use super::walk::Found;
use crate::schema::Schema;
use crate::store::block::Encoder;

/// Files opened and hashed ahead of the one being read.
const OPEN_AHEAD: usize = 2;
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

/// A thread of the reading side.
pub type Thread<'scope> = std::thread::ScopedJoinHandle<'scope, Result<(), MappingError>>;

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

/// Starts reading; the lanes are to be emptied one after another. The threads end when nobody takes them.
pub fn start<'scope, 'env: 'scope>(
    scope: &'scope std::thread::Scope<'scope, 'env>,
    found: Vec<Found>,
    plan: Plan<'env>,
) -> (Receiver<Lane>, Vec<Thread<'scope>>) {
    let threads =
        plan.options.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let (opener, opened) = bounded(OPEN_AHEAD);
    // The budget bounds them.
    let (lanes, in_order) = unbounded();
    let (tasks, waiting) = bounded(threads);
    let mut handles = Vec::new();
    for _ in 0..threads {
        let waiting = waiting.clone();
        handles.push(scope.spawn(move || {
            let mut tools = Tools {
                rows: RowNormaliser::new(plan.schema, plan.options.table.clone()),
                events: Normaliser::new(Mapping::built_in(plan.schema)?),
                encoder: Encoder::default(),
            };
            for (task, lane) in waiting {
                // Nobody listening any more ends the lanes of all others as well.
                let _ = perform(task, &mut tools, plan, &lane);
            }
            Ok(())
        }));
    }
    handles.push(scope.spawn(move || {
        source::open_all(found, &plan.spares.bytes, &opener);
        Ok(())
    }));
    handles.push(scope.spawn(move || {
        Dispatcher::new(plan, lanes, tasks).dispatch_all(opened);
        Ok(())
    }));
    (in_order, handles)
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
