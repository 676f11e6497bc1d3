//! Everything the screen shows, as one value. `update` changes it, the views read it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

pub use super::view_state::{
    Baseline, Chip, EventsView, ExclusionsView, IndicatorsView, MatchRow, MatchesView, QueryView, RuleSide, RulesView,
    TreeShow, TreeView,
};

use super::action::View;
use super::config::Config;
use super::format::TimeStyle;
use super::importing::behind::Behind;
use super::journal::Journal;
use super::keymap::Keymap;
use super::keys::{Key, UnknownKey};
use super::overlay::Overlay;
use super::replay::Alerts;
use super::rule_page::folded_at_first;
use super::run::Ending;
use super::session::Session;
use super::sheets::RuleSheet;
use super::source::{Found, Indicator, Overview, Question, Settings, Topic};
use super::theme::Theme;
use super::timeline::TimelineView;
use super::undo::Undo;
use super::update::Playing;
use super::walkthrough::{Lesson, Walkthrough};
use super::zone::Zone;
use crate::hunt::chains::Cut;
use crate::hunt::dossier::Dossier;
use crate::hunt::matches::{RuleStatus, Severity};
use crate::hunt::sightings::Sighting;
use crate::hunt::{
    EventId, ExclusionEffect, Explanation, Forest, Funnel, History, Hunt, Match, MatchId, NodeId, RuleRun, Switches,
};

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
    /// The pane that has the keys has the whole screen.
    pub zoomed: bool,
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
    /// How the person is leaving; only the saving of work is waited for.
    pub leaving: Option<Ending>,
    /// Whether files may be read into the store from here: not where a journal would not lead there again.
    pub takes_files: bool,
    /// Files are read into the store meanwhile.
    pub behind: Option<Behind>,

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
            zoomed: false,
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
            leaving: None,
            takes_files: false,
            behind: None,
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

    /// How many rules did not run.
    pub fn missing_rules(&self) -> usize {
        let runs = self.found.iter().flat_map(|found| &found.all.runs);
        runs.filter(|run| run.status != RuleStatus::Ran).count()
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
