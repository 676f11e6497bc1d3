//! Where the cursor is, said so that it can be found again.

use serde::{Deserialize, Serialize};

use crate::console::action::View;
use crate::console::state::State;
use crate::console::update;
use crate::console::views;
use crate::hunt::switches::ExclusionRef;
use crate::hunt::{EventId, MatchId, NodeId};

/// The cursor: what it is on, and where that has no name of its own, in which row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Spot {
    pub view: View,
    #[serde(skip_serializing_if = "is_zero")]
    pub pane: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pub row: usize,
    #[serde(skip_serializing_if = "is_zero")]
    pub column: usize,
    /// The rule whose page is open, or that the cursor is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub page: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<MatchId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<ExclusionRef>,
    /// The time of the timeline's cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn is_false(truth: &bool) -> bool {
    !*truth
}

impl Spot {
    pub fn of(state: &mut State) -> Self {
        let (row, column) = update::cursor(state).unwrap_or_default();
        let spot = Self { view: state.view, pane: state.pane, row, column, ..Self::default() };
        match (state.view, state.pane) {
            (View::Matches, _) => {
                let found = state.selected_row().map(|(_, found)| found.id.clone());
                // Of a match the row is only where it happens to stand.
                Self { row: if found.is_some() { 0 } else { row }, found, ..spot }
            }
            (View::Tree, _) => {
                let event = state.tree.tree.selected().and_then(|node| first_event(state, node));
                Self { row: if event.is_some() { 0 } else { row }, event, ..spot }
            }
            (View::Exclusions, 0) => {
                let exclusion = state.effects.get(row).map(|effect| effect.exclusion.clone());
                Self { row: if exclusion.is_some() { 0 } else { row }, exclusion, ..spot }
            }
            (View::Rules, _) => match state.rules.open.clone() {
                Some(rule) => Self { rule: Some(rule), page: true, ..spot },
                None => {
                    let rule = views::rules::rows(state).get(row).map(|row| row.name.clone());
                    Self { row: if rule.is_some() { 0 } else { row }, rule, ..spot }
                }
            },
            (View::Timeline, _) => Self { time: state.timeline.cursor, ..spot },
            _ => spot,
        }
    }

    /// The row of what it names, where the list has it.
    pub fn row_in(&self, state: &State) -> Option<usize> {
        match (self.view, self.pane) {
            (View::Matches, _) if self.found.is_some() => {
                let wanted = self.found.as_ref();
                state
                    .matches
                    .rows
                    .iter()
                    .position(|row| state.match_at(*row).is_some_and(|found| Some(&found.id) == wanted))
            }
            (View::Exclusions, 0) if self.exclusion.is_some() => {
                let wanted = self.exclusion.as_ref();
                state.effects.iter().position(|effect| Some(&effect.exclusion) == wanted)
            }
            (View::Rules, _) if !self.page && self.rule.is_some() => {
                let wanted = self.rule.as_deref();
                views::rules::rows(state).iter().position(|row| Some(row.name.as_str()) == wanted)
            }
            _ => Some(self.row),
        }
    }

    /// The process that it names.
    pub fn node(&self, state: &State) -> Option<NodeId> {
        state.node_of(&[self.event?])
    }
}

/// What names a process: its first event. A ghost has none, and keeps its row.
fn first_event(state: &State, node: NodeId) -> Option<EventId> {
    state.forest.as_ref()?.node(node)?.events.first().copied()
}
