//! A session: what the desk looks like, so that it can be left and found again. The switches are not in it; the store
//! has them.

use serde::{Deserialize, Serialize};

use super::action::View;
use super::columns::MatchColumns;
use super::state::{Baseline, Chip, State, TreeShow};
use super::widgets::table::Sort;
use crate::hunt::browse::EventsAsked;
use crate::hunt::timeline::TimeRange;
use crate::hunt::{ClockMode, EventId, MatchId};

/// What is missing in a session of another version is as on a fresh desk.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    pub view: View,
    pub pane: usize,
    pub found: Option<MatchId>,
    pub event: Option<EventId>,
    pub rule: Option<String>,
    /// The page of the rule is open.
    pub rule_open: bool,
    /// The time of the clock; without it the whole data is shown.
    pub as_of: Option<i64>,
    pub search: String,
    pub chips: Vec<Chip>,
    pub sort: Option<(String, bool)>,
    pub column: usize,
    pub columns: MatchColumns,
    pub show_hidden: bool,
    /// The stretch of time that is looked at, and the cursor of the timeline.
    pub range: Option<TimeRange>,
    pub cursor: Option<i64>,
    /// Only the chains that have matches; `None` is as the data suggests.
    pub chains_only: Option<bool>,
    pub indicator_chips: Vec<Chip>,
    pub indicator_sort: Option<Sort>,
    pub baseline: Baseline,
    pub events: EventsAsked,
    pub events_row: usize,
    pub query: String,
    pub history: Vec<String>,
}

impl Session {
    pub fn of(state: &State) -> Self {
        let clock = state.overview.as_ref().and_then(|overview| overview.clock);
        Self {
            view: state.view,
            pane: state.pane,
            found: state.focus.found.clone(),
            event: state.focus.event,
            rule: state.focus.rule.clone(),
            rule_open: state.rules.open.is_some(),
            as_of: clock.filter(|clock| clock.mode == ClockMode::AsOf).map(|clock| clock.now),
            search: state.search.clone(),
            chips: state.matches.chips.clone(),
            sort: state.matches.sort.clone(),
            column: state.matches.table.column,
            columns: state.matches.columns.clone(),
            show_hidden: state.matches.show_hidden,
            range: state.timeline.range,
            cursor: state.timeline.cursor,
            // A path is of a process that another session may number otherwise.
            chains_only: state.tree.is_chosen.then_some(state.tree.show == TreeShow::Chains),
            indicator_chips: state.indicator.chips.clone(),
            indicator_sort: state.indicator.table.sort,
            baseline: state.exclusions.baseline,
            events: state.events.asked.clone(),
            events_row: state.events.grid.table.selected,
            query: state.query.editor.text().to_owned(),
            history: state.query.history.clone(),
        }
    }
}
