//! Hands out what is to be read, in the order of the files: pieces of event logs and of long files of lines, and all
//! other files whole.

use std::io::Cursor;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::budget::Budget;
use super::detect::Container;
use super::lanes::{BATCHES_AHEAD, INTERRUPTED, Lane, Message, Plan, changed, words};
use super::probe::probe;
use super::reader::evtx_pieces::{Log, Piece, Pieces};
use super::reader::lines::LinePiece;
use super::reader::rows::Text;
use super::rows::RowNormaliser;
use super::source::{Opened, Ready, from_start};
use super::time::Reading;

/// Bytes of batches that the writer has not come to, as far as they can be known beforehand.
const BYTES_AHEAD: usize = 32 << 20;
/// A record in its batch takes about so many times the bytes it takes in a file: as it came, and as cells.
const GROWTH: usize = 5;
/// Batches of a file of rows that wait for the writer.
const ROWS_AHEAD: usize = 8 << 20;
/// Files of lines that are longer than this are cut: looking at their first rows on this thread costs little then,
/// unless their dates may be read two ways, and all have to be looked at.
const CUT_FROM: u64 = 4 << 20;

/// Something to read.
pub enum Task {
    Events(Piece),
    /// Of a file whose dates are read so.
    Lines(LinePiece, Reading),
    File(Box<Ready>),
}

/// Its functions yield `None` when nobody listens any more.
pub struct Dispatcher<'p> {
    plan: Plan<'p>,
    lanes: Sender<Lane>,
    tasks: Sender<(Task, Sender<Message>)>,
    budget: Budget,
}

impl<'p> Dispatcher<'p> {
    pub fn new(plan: Plan<'p>, lanes: Sender<Lane>, tasks: Sender<(Task, Sender<Message>)>) -> Self {
        Self { plan, lanes, tasks, budget: Budget::new(BYTES_AHEAD) }
    }

    pub fn dispatch_all(&self, opened: Receiver<Opened>) {
        for opened in opened {
            if self.is_cancelled() || self.dispatch(opened).is_none() {
                break;
            }
        }
    }

    fn dispatch(&self, opened: Opened) -> Option<()> {
        match opened {
            Opened::LeftOut { path, bytes, share, reason } => self.say(Message::LeftOut { path, bytes, share, reason }),
            Opened::Ready(ready) if ready.container == Container::Evtx && self.plan.options.table.is_none() => {
                self.event_log(ready)
            }
            Opened::Ready(ready) if is_long_and_by_line(&ready) => self.lines(ready),
            Opened::Ready(ready) => self.hand_out(Task::File(Box::new(ready))),
        }
    }

    fn is_cancelled(&self) -> bool {
        self.plan.cancelled.load(Ordering::Relaxed)
    }

    fn say(&self, message: Message) -> Option<()> {
        let (sender, messages) = bounded(1);
        sender.send(message).ok()?;
        self.lanes.send(Lane::new(messages, self.budget.take(size_of::<Message>()))).ok()
    }

    fn hand_out(&self, task: Task) -> Option<()> {
        let (sender, messages) = bounded(BATCHES_AHEAD);
        let bytes = match &task {
            Task::Events(piece) => piece.filled() * GROWTH,
            Task::Lines(piece, _) => piece.bytes() * GROWTH,
            Task::File(_) => ROWS_AHEAD,
        };
        self.lanes.send(Lane::new(messages, self.budget.take(bytes))).ok()?;
        self.tasks.send((task, sender)).ok()
    }

    /// Hands out pieces until there are no more; says why there are not all of the file's.
    fn hand_out_all(&self, mut next: impl FnMut() -> Result<Option<Task>, String>) -> Option<Option<String>> {
        loop {
            if self.is_cancelled() {
                return Some(Some(INTERRUPTED.to_owned()));
            }
            match next() {
                Ok(Some(task)) => self.hand_out(task)?,
                Ok(None) => return Some(None),
                Err(reason) => return Some(Some(reason)),
            }
        }
    }

    fn event_log(&self, ready: Ready) -> Option<()> {
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
                self.hand_out_all(|| Ok(pieces.next_piece()?.map(Task::Events)))?
            }
        };
        notes.extend(seen.and_then(|file| changed(&file, bytes)));
        self.say(Message::End { problem: problem.or(broken), notes })
    }

    fn lines(&self, ready: Ready) -> Option<()> {
        let Ready { path, bytes, share, sha256, container, file, held: _, broken } = ready;
        let mut rows = RowNormaliser::new(self.plan.schema, self.plan.options.table.clone());
        rows.begin(self.plan.options.reading.clone());
        let probed = from_start(&file).and_then(|again| probe(again, container, &mut rows));
        let opened = probed.and_then(|notes| Ok((notes, Text::of(from_start(&file)?).map_err(words)?)));
        let (mut notes, text) = match opened {
            Ok(opened) => opened,
            Err(reason) => return self.say(Message::LeftOut { path, bytes, share, reason }),
        };
        self.say(Message::Start { path, bytes, share, sha256, container })?;
        let mut pieces = text.pieces(&self.plan.spares.bytes);
        let reading = rows.reading;
        let problem = self.hand_out_all(|| {
            let piece = pieces.next_piece().map_err(words)?;
            Ok(piece.map(|piece| Task::Lines(piece, reading.clone())))
        })?;
        notes.extend(changed(&file, bytes));
        self.say(Message::End { problem: problem.or(broken), notes })
    }
}

/// What cannot be read is said by whoever reads it whole.
fn is_long_and_by_line(ready: &Ready) -> bool {
    let by_line = || from_start(&ready.file).ok().and_then(|file| Text::of(file).ok()).is_some_and(|text| text.by_line);
    ready.container == Container::Json && ready.bytes >= CUT_FROM && by_line()
}
