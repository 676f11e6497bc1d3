//! What each view remembers: its cursor, its filters, and what was asked and answered for it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::columns::MatchColumns;
use super::editor::Editor;
use super::grid::Grid;
use super::rule_page::{PageRow, Section};
use super::source::{Checked, EventsPage, Hits, NodeFacts, ValueCounts};
use super::widgets::table::TableState;
use super::widgets::tree::TreeState;
use crate::hunt::browse::{EventsAsked, Listing};
use crate::hunt::complete::Completion;
use crate::hunt::seen::Seen;
use crate::hunt::{Diff, EventId, Hunt, NodeId};
use crate::kql::diagnostic::Diagnostic;

/// A filter of the matches: rows whose cell is this value, or is not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Chip {
    /// The title of its column.
    pub column: String,
    pub value: String,
    pub keep: bool,
}

/// A row of the list: where its match is in the hunt without own exclusions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchRow {
    pub run: usize,
    pub position: usize,
    pub hidden: bool,
}

#[derive(Debug, Default)]
pub struct MatchesView {
    pub table: TableState,
    pub columns: MatchColumns,
    /// The title of the column it is sorted by, and whether it falls; by time otherwise.
    pub sort: Option<(String, bool)>,
    pub rows: Vec<MatchRow>,
    pub chips: Vec<Chip>,
    pub show_hidden: bool,
    pub scroll: usize,
}

/// Which processes the tree shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TreeShow {
    #[default]
    All,
    /// The chains that have matches.
    Chains,
    /// What led to this process, and what came of it.
    Path(NodeId),
}

impl TreeShow {
    pub const fn words(self) -> &'static str {
        match self {
            Self::All => "all processes",
            Self::Chains => "chains with matches",
            Self::Path(_) => "one path",
        }
    }
}

#[derive(Debug, Default)]
pub struct TreeView {
    /// The hosts whose trees are here, in their order.
    pub devices: Vec<String>,
    /// Events that are known to belong to no process of these trees: not asked for again before there are more.
    pub lost: BTreeSet<EventId>,
    pub tree: TreeState,
    pub show: TreeShow,
    /// What is known of processes beside their start, and which of them show it in place.
    pub facts: BTreeMap<NodeId, NodeFacts>,
    pub unrolled: BTreeSet<NodeId>,
    /// Somebody chose that, and not the data.
    pub is_chosen: bool,
    pub scroll: usize,
}

#[derive(Debug, Default)]
pub struct IndicatorsView {
    pub table: TableState,
    pub scroll: usize,
    /// Where and when the one under the cursor is seen, by its condition.
    pub seen: Option<(String, Vec<Seen>)>,
    /// Positions in the answer, filtered and sorted.
    pub rows: Vec<usize>,
    pub chips: Vec<Chip>,
}

/// What the diff of matches starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    #[default]
    ExclusionsOff,
    SessionStart,
    Marked,
}

#[derive(Debug, Default)]
pub struct ExclusionsView {
    pub table: TableState,
    pub diff_table: TableState,
    pub diff: Diff,
    pub baseline: Baseline,
    /// The matches that were marked to compare with.
    pub marked: Option<Arc<Hunt>>,
}

/// What stands beside the stages of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuleSide {
    #[default]
    Why,
    Facts,
    Text,
    Sql,
}

#[derive(Debug, Default)]
pub struct RulesView {
    pub table: TableState,
    /// The rule whose page is open.
    pub open: Option<String>,
    /// The lines of the page, and its cursor.
    pub page: Vec<PageRow>,
    pub stages: TableState,
    pub folded: BTreeSet<Section>,
    /// The lists whose members are shown.
    pub lists: BTreeSet<String>,
    pub side: RuleSide,
    pub scroll: usize,
}

#[derive(Debug, Default)]
pub struct EventsView {
    /// The tables that have events, with how many.
    pub tables: Vec<(String, u64)>,
    pub asked: EventsAsked,
    /// The rows around the cursor.
    pub page: Option<EventsPage>,
    pub grid: Grid,
    pub counts: Option<ValueCounts>,
    pub counts_table: TableState,
    /// Where the text of the search stands in the whole list.
    pub hits: Option<Hits>,
    /// The way to go once the places are known: on or back, and whether this row counts.
    pub wanted_hit: Option<(bool, bool)>,
}

#[derive(Debug, Default)]
pub struct QueryView {
    pub editor: Editor,
    pub checked: Option<Checked>,
    /// Which way to go on is chosen.
    pub choice: usize,
    /// Whether ways to go on are shown: they are asked for by typing a word or by `Tab`.
    pub offers: bool,
    pub result: Option<Listing>,
    /// What the last run found wrong.
    pub problems: Option<(String, Vec<Diagnostic>)>,
    /// The query whose last run ended in a failure that is no fault of its text, and what was said.
    pub failure: Option<(String, String)>,
    pub grid: Grid,
    /// What was run, the newest last.
    pub history: Vec<String>,
    /// Which of them is in the editor.
    pub recalled: Option<usize>,
}

impl QueryView {
    /// What is wrong with the text as it is now, as far as that is known.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        let text = self.editor.text();
        if let Some(checked) = self.checked.as_ref().filter(|checked| checked.text == text) {
            return &checked.diagnostics;
        }
        self.problems.as_ref().filter(|(about, _)| about == text).map_or(&[], |(_, found)| found)
    }

    /// The ways to go on at the cursor, where they are shown.
    pub fn offered(&self) -> &[Completion] {
        let (text, cursor) = (self.editor.text(), self.editor.cursor());
        let fresh =
            self.checked.as_ref().filter(|checked| self.offers && checked.text == text && checked.cursor == cursor);
        fresh.map_or(&[], |checked| checked.completions.items.as_slice())
    }
}
