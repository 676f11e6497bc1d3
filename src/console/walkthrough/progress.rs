//! How far a person is in a lesson.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::goal::Seen;
use super::lesson::{Lesson, Step};
use crate::console::script;
use crate::console::state::{Chip, Place, State, TreeShow};
use crate::hunt::timeline::TimeRange;
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
    pub place: Place,
    pub switches: Switches,
    pub chips: Vec<Chip>,
    pub range: Option<TimeRange>,
    pub show_hidden: bool,
    pub tree_show: TreeShow,
    pub open: BTreeSet<NodeId>,
}

impl Snapshot {
    pub fn of(state: &State) -> Self {
        Self {
            place: state.place(),
            switches: state.switches.clone(),
            chips: state.matches.chips.clone(),
            range: state.timeline.range,
            show_hidden: state.matches.show_hidden,
            tree_show: state.tree.show,
            open: state.tree.tree.open.clone(),
        }
    }
}

/// A solving script on its way.
#[derive(Debug, Clone)]
pub struct Playing {
    pub steps: VecDeque<script::Step>,
    /// When the next one is due.
    pub due: Duration,
}

#[derive(Debug)]
pub struct Walkthrough {
    pub lesson: Arc<Lesson>,
    pub step: usize,
    pub states: Vec<StepState>,
    /// Which goals of the step hold now.
    pub goals: Vec<bool>,
    pub start: Snapshot,
    pub playing: Option<Playing>,
}

impl Walkthrough {
    pub fn new(lesson: Arc<Lesson>, start: Snapshot) -> Self {
        let states = vec![StepState::default(); lesson.steps.len()];
        Self { lesson, step: 0, states, goals: Vec::new(), start, playing: None }
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

    pub fn is_done(&self) -> bool {
        self.states.iter().all(|state| state.done)
    }
}
