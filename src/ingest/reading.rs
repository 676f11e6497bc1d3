//! The reading side of an import: files in their order to batches, on as many threads as there are cores.
//!
//! An event log and a long file of lines are cut into pieces, any other file is one. Pieces are handed to the threads
//! in the order of the files, each with a channel of its own, and the writer empties these channels in the same order:
//! what is stored, and under which ids, does not depend on the number of threads. Memory is bounded by what is on its
//! way, in bytes and not in pieces: sparse ones are many, so that neither side waits for the other where the next few
//! are hard for it.

use std::num::NonZeroUsize;

use crossbeam_channel::{Receiver, bounded, unbounded};

use super::dispatch::Dispatcher;
use super::gather::Tools;
use super::lanes::{Lane, Plan};
use super::mapping::{Mapping, MappingError};
use super::normalise::Normaliser;
use super::perform::perform;
use super::rows::RowNormaliser;
use super::source;
use super::walk::Found;
use crate::store::block::Encoder;

/// Files opened and hashed ahead of the one being read.
const OPEN_AHEAD: usize = 2;

/// A thread of the reading side.
pub type Thread<'scope> = std::thread::ScopedJoinHandle<'scope, Result<(), MappingError>>;

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
