//! How far a person is in a lesson.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::goal::Seen;
use super::lesson::{Lesson, Step};
use crate::console::session::Session;
use crate::console::state::{State, TreeShow};
use crate::hunt::{NodeId, Switches};

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepState {
    /// Its goals held at once, at some time.
    pub done: bool,
    /// They held when it began: there was nothing to do.
    pub at_once: bool,
    pub hints: usize,
    /// The console did it.
    pub shown: bool,
}

/// What a reset goes back to.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub session: Session,
    pub switches: Switches,
    pub tree_show: TreeShow,
    /// The unfolded parts of the tree.
    pub open: BTreeSet<NodeId>,
}

impl Snapshot {
    pub fn of(state: &State) -> Self {
        Self {
            session: Session::of(state),
            switches: state.switches.clone(),
            tree_show: state.tree.show,
            open: state.tree.tree.open.clone(),
        }
    }
}

#[derive(Debug)]
pub struct Walkthrough {
    pub lesson: Arc<Lesson>,
    pub step: usize,
    pub states: Vec<StepState>,
    /// Which goals of the step hold now.
    pub goals: Vec<bool>,
    pub start: Snapshot,
    /// When the lesson and the step were begun.
    pub began: Duration,
    pub step_began: Duration,
}

impl Walkthrough {
    pub fn new(lesson: Arc<Lesson>, start: Snapshot, now: Duration) -> Self {
        let states = vec![StepState::default(); lesson.steps.len()];
        Self { lesson, step: 0, states, goals: Vec::new(), start, began: now, step_began: now }
    }

    pub fn current(&self) -> Option<&Step> {
        self.lesson.steps.get(self.step)
    }

    pub fn state(&self) -> StepState {
        self.states.get(self.step).copied().unwrap_or_default()
    }

    pub fn change(&mut self, change: impl FnOnce(&mut StepState)) {
        if let Some(state) = self.states.get_mut(self.step) {
            change(state);
        }
    }

    /// Looks at the state; whether the step was not done before and is now.
    pub fn check(&mut self, seen: &Seen) -> bool {
        let goals: Vec<bool> =
            self.current().map(|step| step.goals.iter().map(|goal| goal.holds(seen)).collect()).unwrap_or_default();
        let reached = !goals.is_empty() && goals.iter().all(|holds| *holds);
        self.goals = goals;
        let is_new = reached && !self.state().done;
        if is_new {
            self.change(|state| state.done = true);
        }
        is_new
    }

    pub fn hints_used(&self) -> usize {
        self.states.iter().map(|state| state.hints).sum()
    }

    pub fn is_done(&self) -> bool {
        self.states.iter().all(|state| state.done)
    }
}
