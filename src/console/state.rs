//! Everything the screen shows, as one value. `update` changes it, the views read it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::action::View;
use super::columns::MatchColumns;
use super::config::Config;
use super::editor::Editor;
use super::format::TimeStyle;
use super::grid::Grid;
use super::journal::Journal;
use super::keymap::Keymap;
use super::keys::{Key, UnknownKey};
use super::overlay::Overlay;
use super::replay::Alerts;
use super::rule_page::{PageRow, Section, folded_at_first};
use super::session::Session;
use super::source::{
    Checked, EventsPage, Found, Hits, Indicator, NodeFacts, Overview, Question, RuleSheet, Settings, Topic, ValueCounts,
};
use super::theme::Theme;
use super::timeline::TimelineView;
use super::undo::Undo;
use super::update::Playing;
use super::walkthrough::{Lesson, Walkthrough};
use super::widgets::table::TableState;
use super::widgets::tree::TreeState;
use super::zone::Zone;
use crate::hunt::browse::{EventsAsked, Listing};
use crate::hunt::chains::Cut;
use crate::hunt::complete::Completion;
use crate::hunt::dossier::Dossier;
use crate::hunt::matches::Severity;
use crate::hunt::seen::Seen;
use crate::hunt::sightings::Sighting;
use crate::hunt::{
    Diff, EventId, ExclusionEffect, Explanation, Forest, Funnel, History, Hunt, Match, MatchId, NodeId, RuleRun,
    Switches,
};
use crate::kql::diagnostic::Diagnostic;

/// More would say no more.
const MOST_COMPLAINTS: usize = 20;

/// What all views are about: choosing a match moves the tree, and a process the rule page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Focus {
    pub found: Option<MatchId>,
    pub event: Option<EventId>,
    pub rule: Option<String>,
}

/// A word to the person in the status row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub is_problem: bool,
    /// It only says where the cursor is, and gives way to where it goes next.
    pub is_place: bool,
}

impl Notice {
    /// Whether it tells of the file that this one stands beside.
    pub fn is_written(&self, path: &str) -> bool {
        let main = path.strip_suffix(".about.txt");
        !self.is_problem && main.is_some_and(|main| self.text.starts_with(&format!("written to {main}:")))
    }
}

/// A place to come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub view: View,
    pub rule_open: bool,
    pub focus: Focus,
}

/// What was asked and is not answered yet.
#[derive(Debug, Clone, Default)]
pub struct Board {
    epoch: u64,
    pending: BTreeMap<Topic, (u64, Duration)>,
}

impl Board {
    pub fn ask(&mut self, topic: Topic, now: Duration) -> u64 {
        self.epoch = self.epoch.saturating_add(1);
        self.pending.insert(topic, (self.epoch, now));
        self.epoch
    }

    /// Whether this answer is the one waited for; it no longer is afterwards.
    pub fn accept(&mut self, topic: Topic, epoch: u64) -> bool {
        let newest = self.pending.get(&topic).is_some_and(|(asked, _)| *asked == epoch);
        if newest {
            self.pending.remove(&topic);
        }
        newest
    }

    /// Nothing is waited for any more but the saving of work.
    pub fn forget(&mut self) {
        self.pending.retain(|topic, _| *topic == Topic::Save);
    }

    pub fn is_pending(&self, topic: Topic) -> bool {
        self.pending.contains_key(&topic)
    }

    /// The question that waits longest, and since when.
    pub fn oldest(&self) -> Option<(Topic, Duration)> {
        self.pending.iter().map(|(topic, (_, since))| (*topic, *since)).min_by_key(|(_, since)| *since)
    }
}

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

pub struct State {
    pub keymap: Keymap,
    pub width: u16,
    pub height: u16,
    pub theme: Theme,
    /// How times are shown; files and queries stay in UTC.
    pub zone: Zone,
    /// The zone that takes turns with UTC.
    pub own_zone: Zone,
    /// For screen readers: nothing is drawn that is no text, and each action is answered by a sentence.
    pub plain: bool,
    pub mouse: bool,
    pub now: Duration,
    pub view: View,
    pub pane: usize,
    pub overlay: Option<Overlay>,
    /// Keys of an unfinished sequence.
    pub typed: Vec<Key>,
    pub notice: Option<Notice>,
    pub board: Board,

    pub overview: Option<Overview>,
    pub found: Option<Found>,
    pub session_start: Option<Arc<Hunt>>,
    pub forest: Option<Arc<Forest>>,
    /// Which nodes have which matches: worst severity, how many, whether all are hidden, whether one is pinned.
    pub marks: BTreeMap<NodeId, NodeMark>,
    /// The matches of each node, by the places of their run and in it: a hundred thousand are not to be gone through for
    /// each frame.
    pub matches_at: HashMap<NodeId, Vec<(usize, usize)>>,
    /// The processes that events started.
    pub started: HashMap<EventId, NodeId>,
    /// The processes of events that are not the start of one.
    pub places: BTreeMap<EventId, NodeId>,
    /// Pinned matches whose chains exclusions cut.
    pub cuts: Vec<Cut>,
    /// What the rules' own exclusions hide.
    pub native: Vec<ExclusionEffect>,
    /// All exclusions as listed: the analyst's, then the rules'.
    pub effects: Vec<ExclusionEffect>,
    pub indicators: Option<Vec<Indicator>>,
    pub explanation: Option<Explanation>,
    /// How often hashes are seen, as far as was asked.
    pub sightings: BTreeMap<String, Sighting>,
    pub sheets: BTreeMap<String, RuleSheet>,
    pub dossiers: BTreeMap<String, Dossier>,
    /// The last replay.
    pub alerts: Option<Alerts>,
    pub funnel: Option<Funnel>,

    pub switches: Switches,
    pub history: History,
    pub undo: Undo,
    pub changes: usize,
    /// The person is leaving; only the saving of work is waited for.
    pub leaving: bool,

    pub focus: Focus,
    pub back: Vec<Place>,
    pub forward: Vec<Place>,
    pub search: String,

    pub matches: MatchesView,
    pub tree: TreeView,
    pub indicator: IndicatorsView,
    pub exclusions: ExclusionsView,
    pub rules: RulesView,
    pub timeline: TimelineView,
    pub events: EventsView,
    pub query: QueryView,

    /// The desk as the store keeps it.
    pub kept: Option<Session>,
    pub journal: Journal,
    /// Name and text of the files that were written since the step of the lesson began.
    pub exported: Vec<(String, String)>,
    /// The console presses keys by itself.
    pub playing: Option<Playing>,
    /// What went wrong while nobody looked, for whoever plays a script.
    pub complaints: Vec<String>,

    /// The lessons of a demonstration, and the one that is on.
    pub lessons: Vec<Arc<Lesson>>,
    pub walkthrough: Option<Walkthrough>,
}

/// The matches of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeMark {
    pub severity: Severity,
    pub count: usize,
    pub hidden: bool,
    pub pinned: bool,
}

impl State {
    pub fn new(keymap: Keymap, theme: Theme) -> Self {
        Self {
            keymap,
            width: 0,
            height: 0,
            theme,
            zone: Zone::default(),
            own_zone: Zone::named("local").unwrap_or_default(),
            plain: false,
            mouse: false,
            now: Duration::ZERO,
            view: View::Matches,
            pane: 0,
            overlay: None,
            typed: Vec::new(),
            notice: None,
            board: Board::default(),
            overview: None,
            found: None,
            session_start: None,
            forest: None,
            marks: BTreeMap::new(),
            matches_at: HashMap::new(),
            started: HashMap::new(),
            places: BTreeMap::new(),
            cuts: Vec::new(),
            native: Vec::new(),
            effects: Vec::new(),
            indicators: None,
            explanation: None,
            sightings: BTreeMap::new(),
            sheets: BTreeMap::new(),
            dossiers: BTreeMap::new(),
            alerts: None,
            funnel: None,
            switches: Switches::default(),
            history: History::default(),
            undo: Undo::default(),
            changes: 0,
            leaving: false,
            focus: Focus::default(),
            back: Vec::new(),
            forward: Vec::new(),
            search: String::new(),
            matches: MatchesView::default(),
            tree: TreeView::default(),
            indicator: IndicatorsView::default(),
            exclusions: ExclusionsView::default(),
            rules: RulesView { folded: folded_at_first(), ..RulesView::default() },
            timeline: TimelineView::default(),
            events: EventsView::default(),
            query: QueryView::default(),
            kept: None,
            journal: Journal::default(),
            exported: Vec::new(),
            playing: None,
            complaints: Vec::new(),
            lessons: Vec::new(),
            walkthrough: None,
        }
    }

    /// A console with what the configuration says; `theme` stands where it says none.
    pub fn configured(config: &Config, theme: Theme) -> Result<Self, UnknownKey> {
        let mut state = Self::new(config.keymap()?, config.theme.unwrap_or(theme));
        if !config.zone.is_utc() {
            state.own_zone = config.zone.clone();
        }
        state.zone = config.zone.clone();
        (state.mouse, state.plain) = (config.mouse, config.plain);
        Ok(state)
    }

    pub fn settings(&self) -> Settings {
        Settings { clock: self.overview.as_ref().and_then(|overview| overview.clock), switches: self.switches.clone() }
    }

    /// Whether keys go to the query's text.
    pub fn is_editing(&self) -> bool {
        self.view == View::Query && self.pane == 0
    }

    pub fn time_style(&self) -> TimeStyle {
        let overview = self.overview.as_ref();
        TimeStyle::for_range(&self.zone, overview.and_then(|known| known.first), overview.and_then(|known| known.last))
    }

    /// A time as the rows of this store show it.
    pub fn time(&self, ticks: i64) -> String {
        self.zone.time(ticks, self.time_style())
    }

    pub fn run_of(&self, rule: &str) -> Option<&RuleRun> {
        self.found.as_ref()?.all.runs.iter().find(|run| run.rule == rule)
    }

    pub fn match_at(&self, row: MatchRow) -> Option<&Match> {
        self.found.as_ref()?.all.runs.get(row.run)?.matches.get(row.position)
    }

    /// The match under the cursor of the list.
    pub fn selected_row(&self) -> Option<(MatchRow, &Match)> {
        let row = *self.matches.rows.get(self.matches.table.selected)?;
        Some((row, self.match_at(row)?))
    }

    /// The match all views are about.
    pub fn focused_match(&self) -> Option<&Match> {
        self.found.as_ref()?.all.find(self.focus.found.as_ref()?)
    }

    pub fn shown_count(&self) -> usize {
        self.found.as_ref().map_or(0, |found| found.shown.runs.iter().map(|run| run.matches.len()).sum())
    }

    pub fn all_count(&self) -> usize {
        self.found.as_ref().map_or(0, |found| found.all.runs.iter().map(|run| run.matches.len()).sum())
    }

    /// The ids of the matches that are shown now.
    pub fn shown_ids(&self) -> HashSet<&MatchId> {
        self.found
            .iter()
            .flat_map(|found| &found.shown.runs)
            .flat_map(|run| &run.matches)
            .map(|found| &found.id)
            .collect()
    }

    /// The process that one of these events started, or that caused it.
    pub fn node_of(&self, events: &[EventId]) -> Option<NodeId> {
        let started = events.iter().find_map(|event| self.started.get(event));
        started.or_else(|| events.iter().find_map(|event| self.places.get(event))).copied()
    }

    pub fn rule_title<'a>(&'a self, rule: &'a str) -> &'a str {
        let summary = self.overview.iter().flat_map(|overview| &overview.rules).find(|summary| summary.name == rule);
        summary.map_or(rule, |summary| summary.title.as_str())
    }

    /// The explanation, where it is about the focused event and this rule.
    pub fn explanation_of(&self, rule: &str) -> Option<&Explanation> {
        self.explanation.as_ref().filter(|known| known.rule == rule && Some(known.event) == self.focus.event)
    }

    /// The question why the focused event is in the rule or not.
    pub fn why_question(&self, rule: &str) -> Option<Question> {
        let event = self.focus.event?;
        self.explanation_of(rule).is_none().then(|| Question::Explain(self.settings(), rule.to_owned(), event))
    }

    pub fn place(&self) -> Place {
        Place { view: self.view, rule_open: self.rules.open.is_some(), focus: self.focus.clone() }
    }

    pub fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), is_problem: false, is_place: false });
    }

    pub fn complain(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.complaints.len() < MOST_COMPLAINTS {
            self.complaints.push(text.clone());
        }
        self.notice = Some(Notice { text, is_problem: true, is_place: false });
    }
}
