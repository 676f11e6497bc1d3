//! Readers: a file of one container to batches of normalised records.

pub mod evtx;
pub mod evtx_pieces;
pub mod lines;
mod objects;
pub mod rows;
pub mod xml;

use super::batch::Batch;

/// Why reading a file ended early.
#[derive(Debug)]
pub enum Stop {
    /// The file cannot be read on; what came before it stays.
    File(String),
    /// Nobody takes the batches any more.
    Cancelled,
}

/// Takes the batches of a file.
pub trait Sink {
    /// A batch with nothing in it.
    fn empty(&mut self) -> Batch;
    fn send(&mut self, batch: Batch) -> Result<(), Stop>;
}
