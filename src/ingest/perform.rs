//! Reads one piece of an event log, one of a file of lines, or a whole file, and sends its batches.

use std::sync::atomic::Ordering;

use crossbeam_channel::Sender;

use super::batch::Batch;
use super::detect::Container;
use super::dispatch::Task;
use super::gather::{Gather, Tools};
use super::lanes::{Message, Plan, changed, words};
use super::probe::probe;
use super::reader::lines::LinePiece;
use super::reader::rows::for_each_row;
use super::reader::xml::for_each_event;
use super::reader::{self, Sink, Stop};
use super::seen::Seen;
use super::source::{Ready, from_start};
use super::time::Reading;

/// `None` when nobody listens any more.
pub fn perform(task: Task, tools: &mut Tools<'_>, plan: Plan<'_>, lane: &Sender<Message>) -> Option<()> {
    tools.events.begin();
    match task {
        Task::File(ready) => read_file(*ready, tools, plan, lane),
        Task::Events(piece) => {
            let mut sink = Counting { lane, plan, records: 0 };
            let read = reader::evtx::read(piece, &mut tools.events, &mut tools.encoder, &mut sink);
            let problem = read.err().map(words);
            lane.send(Message::Part { records: sink.records, problem, seen: Seen::default() }).ok()
        }
        Task::Lines(piece, reading) => read_lines(&piece, reading, tools, plan, lane),
    }
}

fn read_lines(
    piece: &LinePiece,
    reading: Reading,
    tools: &mut Tools<'_>,
    plan: Plan<'_>,
    lane: &Sender<Message>,
) -> Option<()> {
    tools.rows.begin(reading);
    let mut sink = Counting { lane, plan, records: 0 };
    let mut gather = Gather::new(tools, Container::Json, piece.offset, &mut sink);
    let read = piece.for_each(&mut |placed| gather.take(placed));
    let problem = read.and(gather.flush()).err().map(words);
    let seen = std::mem::take(&mut tools.rows.seen);
    lane.send(Message::Part { records: sink.records, problem, seen }).ok()
}

/// Reads a file of rows, or of events in XML.
fn read_file(ready: Ready, tools: &mut Tools<'_>, plan: Plan<'_>, lane: &Sender<Message>) -> Option<()> {
    if plan.cancelled.load(Ordering::Relaxed) {
        return None;
    }
    let Ready { path, bytes, share, sha256, container, file, held: _, broken } = ready;
    let left_out = |reason: String| Message::LeftOut { path: path.clone(), bytes, share, reason };
    if plan.options.table.is_some() && matches!(container, Container::Evtx | Container::Xml) {
        return lane.send(left_out("event records have tables of their own: leave out --table".to_owned())).ok();
    }
    tools.rows.begin(plan.options.reading.clone());
    let mut notes = Vec::new();
    if matches!(container, Container::Csv | Container::Json) {
        match from_start(&file).and_then(|again| probe(again, container, &mut tools.rows)) {
            Ok(decided) => notes = decided,
            Err(reason) => return lane.send(left_out(reason)).ok(),
        }
    }
    let text = match from_start(&file) {
        Ok(text) => text,
        Err(reason) => return lane.send(left_out(reason)).ok(),
    };
    lane.send(Message::Start { path: path.clone(), bytes, share, sha256, container }).ok()?;
    let mut sink = Counting { lane, plan, records: 0 };
    let reading = tools.rows.reading.clone();
    let mut gather = Gather::new(tools, container, 0, &mut sink);
    let read = match container {
        Container::Xml => for_each_event(text, &mut |placed| gather.take(placed)),
        _ => for_each_row(text, container, &reading, &mut |placed| gather.take(placed)),
    };
    // What came before the trouble is kept.
    let problem = read.and(gather.flush()).err().map(words).or(broken);
    let seen = std::mem::take(&mut tools.rows.seen);
    lane.send(Message::Part { records: sink.records, problem: None, seen }).ok()?;
    notes.extend(changed(&file, bytes));
    lane.send(Message::End { problem, notes }).ok()
}

/// Sends batches and counts what is in them.
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
