//! The reading side of an import: files in their order to batches, on as many threads as there are cores.
//!
//! An event log is cut into pieces, any other file is one. Pieces are handed to the threads in the order of the files,
//! each with a channel of its own, and the writer empties these channels in the same order: what is stored, and under
//! which ids, does not depend on the number of threads. Memory is bounded by what is on its way, in bytes and not in
//! pieces: sparse ones are many, so that neither side waits for the other where the next few are hard for it.

use std::io::{Cursor, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::batch::Batch;
use super::budget::{Budget, Share};
use super::detect::Container;
use super::mapping::{Mapping, MappingError};
use super::normalise::Normaliser;
use super::options::Options;
use super::probe::probe;
use super::reader::evtx_pieces::{Log, Piece, Pieces};
use super::reader::rows::for_each_row;
use super::reader::xml::for_each_event;
use super::reader::{self, Sink, Stop};
use super::report::grouped;
use super::rows::{Gather, RowNormaliser};
use super::source::{self, Opened, Ready};
use super::spares::Spares;
use super::walk::Found;
use crate::schema::Schema;
use crate::store::block::Encoder;

/// Files opened and hashed ahead of the one being read.
const OPEN_AHEAD: usize = 2;
/// Batches of one piece that wait for the writer: all that a piece of an event log has.
const BATCHES_AHEAD: usize = 26;
/// Bytes of batches that the writer has not come to, as far as they can be known beforehand.
const BYTES_AHEAD: usize = 32 << 20;
/// A record in its batch takes about so many times the bytes it takes in an event log: as XML, and as cells.
const GROWTH: usize = 5;
/// Batches of a file of rows that wait for the writer.
const ROWS_AHEAD: usize = 8 << 20;
/// Batches and buffers that wait to be used again.
const SPARE_BATCHES: usize = 4 * BATCHES_AHEAD;
const SPARE_BUFFERS: usize = 6;

/// Where the portal ends an export: formerly, today's advanced hunting, and with its API.
const MOST_EXPORTED: [u64; 3] = [10_000, 30_000, 100_000];

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

/// Something to read.
enum Task {
    Piece(Piece),
    File(Box<Ready>),
}

/// The messages of one piece, in order, and the room that they take.
pub struct Lane {
    messages: Receiver<Message>,
    _share: Share,
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
    let (tasks, waiting) = bounded::<(Task, Sender<Message>)>(threads);
    let mut handles = Vec::new();
    for _ in 0..threads {
        let waiting = waiting.clone();
        handles.push(scope.spawn(move || {
            let mut events = Normaliser::new(Mapping::built_in(plan.schema)?);
            let mut encoder = Encoder::default();
            for (task, lane) in waiting {
                events.begin();
                // Nobody listening any more ends the lanes of all others as well.
                let _ = perform(task, &mut events, &mut encoder, plan, &lane);
            }
            Ok(())
        }));
    }
    handles.push(scope.spawn(move || {
        source::open_all(found, &plan.spares.bytes, &opener);
        Ok(())
    }));
    handles.push(scope.spawn(move || {
        let mut dispatcher = Dispatcher { plan, lanes, tasks, budget: Budget::new(BYTES_AHEAD) };
        for opened in opened {
            if plan.cancelled.load(Ordering::Relaxed) || dispatcher.dispatch(opened).is_none() {
                break;
            }
        }
        Ok(())
    }));
    (in_order, handles)
}

/// Hands out what is to be read. Its functions yield `None` when nobody listens any more.
struct Dispatcher<'p> {
    plan: Plan<'p>,
    lanes: Sender<Lane>,
    tasks: Sender<(Task, Sender<Message>)>,
    budget: Budget,
}

impl Dispatcher<'_> {
    fn dispatch(&mut self, opened: Opened) -> Option<()> {
        match opened {
            Opened::LeftOut { path, bytes, share, reason } => self.say(Message::LeftOut { path, bytes, share, reason }),
            Opened::Ready(ready) if ready.container == Container::Evtx && self.plan.options.table.is_none() => {
                self.event_log(ready)
            }
            Opened::Ready(ready) => self.hand_out(Task::File(Box::new(ready))),
        }
    }

    fn say(&self, message: Message) -> Option<()> {
        let (sender, messages) = bounded(1);
        sender.send(message).ok()?;
        self.lanes.send(Lane { messages, _share: self.budget.take(size_of::<Message>()) }).ok()
    }

    fn hand_out(&self, task: Task) -> Option<()> {
        let (sender, messages) = bounded(BATCHES_AHEAD);
        let bytes = match &task {
            Task::Piece(piece) => piece.filled() * GROWTH,
            Task::File(_) => ROWS_AHEAD,
        };
        self.lanes.send(Lane { messages, _share: self.budget.take(bytes) }).ok()?;
        self.tasks.send((task, sender)).ok()
    }

    fn event_log(&mut self, ready: Ready) -> Option<()> {
        let Ready { path, bytes, share, sha256, container, file, held, broken } = ready;
        let seen = file.try_clone().ok();
        self.say(Message::Start { path, bytes, share, sha256, container })?;
        let mut notes = Vec::new();
        let log = held.map_or(Log::File(file), |held| Log::Held(Cursor::new(held)));
        let problem = match Pieces::of(log, &self.plan.spares.bytes) {
            Err(reason) => Some(reason),
            Ok(mut pieces) => {
                if pieces.ends_inside() {
                    notes.push("the file is cut off inside a chunk: the records before the cut are read".to_owned());
                }
                loop {
                    if self.plan.cancelled.load(Ordering::Relaxed) {
                        break Some(INTERRUPTED.to_owned());
                    }
                    match pieces.next_piece() {
                        Ok(Some(piece)) => self.hand_out(Task::Piece(piece))?,
                        Ok(None) => break None,
                        Err(reason) => break Some(reason),
                    }
                }
            }
        };
        notes.extend(seen.and_then(|file| changed(&file, bytes)));
        self.say(Message::End { problem: problem.or(broken), notes })
    }
}

/// The problem of a file that is to be imported again.
pub const INTERRUPTED: &str = "interrupted";

fn changed(file: &std::fs::File, bytes: u64) -> Option<String> {
    let now = file.metadata().ok()?.len();
    (now != bytes).then(|| "its size changed while it was read: import it again when nobody writes it".to_owned())
}

/// `None` when nobody listens any more.
fn perform(
    task: Task,
    events: &mut Normaliser,
    encoder: &mut Encoder,
    plan: Plan<'_>,
    lane: &Sender<Message>,
) -> Option<()> {
    match task {
        Task::File(ready) => read_file(*ready, events, plan, lane),
        Task::Piece(piece) => {
            let mut sink = Counting { lane, plan, records: 0 };
            let read = reader::evtx::read(piece, events, encoder, &mut sink);
            lane.send(Message::Part { records: sink.records, problem: read.err().map(words) }).ok()
        }
    }
}

fn words(stop: Stop) -> String {
    match stop {
        Stop::File(reason) => reason,
        Stop::Cancelled => INTERRUPTED.to_owned(),
    }
}

/// Reads a file of rows, or of events in XML.
fn read_file(ready: Ready, events: &mut Normaliser, plan: Plan<'_>, lane: &Sender<Message>) -> Option<()> {
    if plan.cancelled.load(Ordering::Relaxed) {
        return None;
    }
    let Ready { path, bytes, share, sha256, container, mut file, held: _, broken } = ready;
    let left_out = |reason: String| Message::LeftOut { path: path.clone(), bytes, share, reason };
    let forced = plan.options.table.clone();
    if forced.is_some() && matches!(container, Container::Evtx | Container::Xml) {
        return lane.send(left_out("event records have tables of their own: leave out --table".to_owned())).ok();
    }
    let mut rows = RowNormaliser::new(plan.schema, forced, plan.options.reading.clone());
    let mut decided = Vec::new();
    if matches!(container, Container::Csv | Container::Json) {
        match file.try_clone().map_err(|error| error.to_string()).and_then(|again| probe(again, container, &mut rows)) {
            Ok(notes) => decided = notes,
            Err(reason) => return lane.send(left_out(reason)).ok(),
        }
    }
    if let Err(error) = file.seek(SeekFrom::Start(0)) {
        return lane.send(left_out(error.to_string())).ok();
    }
    let seen = file.try_clone().ok();
    lane.send(Message::Start { path: path.clone(), bytes, share, sha256, container }).ok()?;
    let mut sink = Counting { lane, plan, records: 0 };
    let reading = rows.reading.clone();
    let mut gather = Gather::new(&mut rows, events, container, &mut sink);
    let read = match container {
        Container::Xml => for_each_event(file, &mut |placed| gather.take(placed)),
        _ => for_each_row(file, container, &reading, &mut |placed| gather.take(placed)),
    };
    // What came before the trouble is kept.
    let flushed = gather.flush();
    if gather.zone_missing {
        decided.push("times without a zone were read as UTC; --time-zone changes that".to_owned());
    }
    if gather.from_ecs > 0 {
        decided.push(format!(
            "{} events without their own fields: these are made of what the Elastic Common Schema keeps of them",
            gather.from_ecs
        ));
    }
    if MOST_EXPORTED.contains(&gather.exported) && plan.options.table.is_none() {
        decided.push(format!(
            "exactly {} rows, which is as many as the portal exports: there may have been more",
            grouped(gather.exported)
        ));
    }
    let problem = read.and(flushed).err().map(words).or(broken);
    lane.send(Message::Part { records: sink.records, problem: None }).ok()?;
    if problem.is_none() {
        decided.extend(rows.take_notes());
    }
    decided.extend(seen.and_then(|file| changed(&file, bytes)));
    lane.send(Message::End { problem, notes: decided }).ok()
}

struct Counting<'s> {
    lane: &'s Sender<Message>,
    plan: Plan<'s>,
    records: u64,
}

impl Sink for Counting<'_> {
    fn empty(&mut self) -> Batch {
        let mut batch = self.plan.spares.batches.take();
        batch.clear();
        batch
    }

    fn send(&mut self, batch: Batch) -> Result<(), Stop> {
        if self.plan.cancelled.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        self.records += (batch.records.len() + batch.rejections.len()) as u64;
        self.lane.send(Message::Batch(Box::new(batch))).map_err(|_| Stop::Cancelled)
    }
}
