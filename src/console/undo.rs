//! Undo and redo of what one looks at: filters keep company with switches in one order.
//!
//! Switches take themselves back (`hunt::History`); here stands when each came, and what filters were on before. The
//! filters of a query's result are in its text.

use super::state::Chip;
use crate::hunt::browse::EventsAsked;
use crate::hunt::timeline::TimeRange;

/// Everything that filters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    pub matches: Vec<Chip>,
    pub indicators: Vec<Chip>,
    pub range: Option<TimeRange>,
    pub events: EventsAsked,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The history of switches has it.
    Switch,
    /// The filters that were on before.
    Filters(Box<Filters>),
    /// The query before a filter or an order was written into it.
    Query(String),
}

#[derive(Debug, Default)]
pub struct Undo {
    back: Vec<Change>,
    forward: Vec<Change>,
}

impl Undo {
    /// Something new was done: what was taken back cannot be done again.
    pub fn did(&mut self, change: Change) {
        self.forward.clear();
        self.back.push(change);
    }

    /// The change to take back, or to do again.
    pub fn pop(&mut self, redo: bool) -> Option<Change> {
        if redo { self.forward.pop() } else { self.back.pop() }
    }

    /// What leads back from the change that was popped.
    pub fn put(&mut self, redo: bool, change: Change) {
        if redo { self.back.push(change) } else { self.forward.push(change) }
    }
}
