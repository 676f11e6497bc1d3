//! What the console asks, and what it is answered: the seam between screens and everything that computes.
//!
//! The console holds the switches; a question carries all that its answer depends on. Text in answers is raw:
//! it becomes [`super::shown::Shown`] where it is drawn.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::replay::Alerts;
use super::session::Session;
use super::sheets::RuleSheet;
use super::timeline::Window;
use crate::hunt::browse::{EventsAsked, Listing};
use crate::hunt::chains::Cut;
use crate::hunt::complete::Completions;
use crate::hunt::dossier::Dossier;
use crate::hunt::matches::Severity;
use crate::hunt::moments::Moment;
use crate::hunt::seen::Seen;
use crate::hunt::sightings::Sighting;
use crate::hunt::switches::ExclusionId;
use crate::hunt::timeline::{TimeRange, Timeline};
use crate::hunt::tree::facts::NodeEvent;
use crate::hunt::{
    Clock, EventId, ExclusionEffect, Explanation, Forest, Funnel, Hunt, MatchId, NodeId, OwnExclusion, Switches,
};
use crate::kql::diagnostic::Diagnostic;
use crate::schema::Value;

/// Which kind of question: a newer one of the same topic replaces the older. In the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    Overview,
    Matches,
    Preview,
    LookedFor,
    Check,
    Timeline,
    Moments,
    Record,
    Sightings,
    Seen,
    Hits,
    Events,
    Query,
    Counts,
    Tables,
    Explain,
    Funnel,
    Node,
    Row,
    Forest,
    Places,
    Effects,
    Cuts,
    Replay,
    Sheet,
    Dossier,
    Indicators,
    Save,
    Export,
}

impl Topic {
    /// Whether it may take minutes over a large store, while other questions take a moment.
    pub const fn is_slow(self) -> bool {
        matches!(
            self,
            Self::Matches
                | Self::Forest
                | Self::Places
                | Self::Effects
                | Self::Cuts
                | Self::Replay
                | Self::Indicators
                | Self::Dossier
        )
    }

    /// What the worker is doing, for the status row.
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Overview => "opening the store",
            Self::Matches => "running the rules",
            Self::Preview => "counting what it would hide",
            Self::LookedFor => "looking for rules that look for it",
            Self::Check => "reading the query",
            Self::Timeline => "counting events over time",
            Self::Moments => "looking at what happens here",
            Self::Record => "reading the record",
            Self::Sightings => "counting the hash",
            Self::Seen => "looking when it was seen",
            Self::Hits => "searching the events",
            Self::Events => "listing events",
            Self::Query => "running the query",
            Self::Counts => "counting values",
            Self::Tables => "counting events by table",
            Self::Explain => "asking why",
            Self::Funnel => "counting rows by stage",
            Self::Node => "reading what the process did",
            Self::Row => "reading the event",
            Self::Forest => "building the process tree",
            Self::Places => "placing matches in the tree",
            Self::Effects => "counting what exclusions hide",
            Self::Replay => "replaying the schedules of the rules",
            Self::Cuts => "looking along the chains of pinned matches",
            Self::Sheet => "reading the rule",
            Self::Dossier => "looking up what the rule speaks of",
            Self::Indicators => "counting indicators",
            Self::Save => "saving",
            Self::Export => "exporting",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// The store and the rules, without running anything.
    Overview,
    Matches(Settings),
    /// What the rules' own exclusions hide.
    Effects(Settings),
    /// Which exclusions cut the chains of pinned matches, in the trees of these hosts.
    Cuts(Settings, Vec<String>),
    /// The alerts that the schedule of a rule, or of all, would have raised.
    Replay(Settings, Option<String>),
    /// What this exclusion would hide if it were on.
    Preview(Settings, OwnExclusion),
    /// How many rules look for each of these values in its column.
    LookedFor(Vec<(String, String)>),
    /// What is wrong with a query, and how it may go on at the cursor.
    Check(Settings, String, usize),
    /// Events over time.
    Timeline(Window),
    /// The kinds of events in a stretch of time.
    Moments(TimeRange),
    /// An event as it was recorded.
    Record(EventId),
    /// Where and when a condition holds in these tables.
    Seen(Settings, Vec<String>, String),
    /// Where a text stands in a list of events.
    Hits(Settings, EventsAsked, String),
    /// How often a hash is seen: its column and its value.
    Sightings(Settings, String, String),
    /// Events of a table: so many from this place on.
    Events(Settings, EventsAsked, Range<usize>),
    Query(Settings, String),
    /// The commonest values of a column in the events of a table.
    Counts(Settings, EventsAsked, String),
    /// The tables that have events.
    Tables,
    Explain(Settings, String, EventId),
    Funnel(Settings, String),
    /// The process trees of these hosts.
    Forest(Vec<String>),
    /// Which processes of these hosts' trees some events belong to.
    Places(Vec<String>, Vec<EventId>),
    /// What a process of these hosts' trees did, and where else its image was seen.
    Node(Vec<String>, NodeId),
    /// One event of a table, in full.
    Row(Settings, String, EventId),
    Sheet(Settings, String),
    /// What the store has of the events, tests and indicators of a rule.
    Dossier(String),
    Indicators(Settings),
    /// Keep the switches and the desk in the store.
    Save(Box<Kept>),
    /// What goes into a file, and the file it is for.
    Export(Settings, String, ExportAsked),
}

/// What the store keeps of a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub switches: Switches,
    pub session: Session,
}

/// What a file is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportAsked {
    /// Events of a table.
    Events(EventsAsked),
    /// A rule with its exclusions written in.
    Rule(String),
}

impl Question {
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Overview => Topic::Overview,
            Self::Matches(_) => Topic::Matches,
            Self::Effects(_) => Topic::Effects,
            Self::Cuts(..) => Topic::Cuts,
            Self::Replay(..) => Topic::Replay,
            Self::LookedFor(..) => Topic::LookedFor,
            Self::Preview(..) => Topic::Preview,
            Self::Check(..) => Topic::Check,
            Self::Timeline(_) => Topic::Timeline,
            Self::Moments(_) => Topic::Moments,
            Self::Record(_) => Topic::Record,
            Self::Sightings(..) => Topic::Sightings,
            Self::Seen(..) => Topic::Seen,
            Self::Hits(..) => Topic::Hits,
            Self::Events(..) => Topic::Events,
            Self::Query(..) => Topic::Query,
            Self::Counts(..) => Topic::Counts,
            Self::Tables => Topic::Tables,
            Self::Explain(..) => Topic::Explain,
            Self::Funnel(..) => Topic::Funnel,
            Self::Forest(_) => Topic::Forest,
            Self::Places(..) => Topic::Places,
            Self::Node(..) => Topic::Node,
            Self::Row(..) => Topic::Row,
            Self::Sheet(..) => Topic::Sheet,
            Self::Dossier(_) => Topic::Dossier,
            Self::Indicators(_) => Topic::Indicators,
            Self::Save(_) => Topic::Save,
            Self::Export(..) => Topic::Export,
        }
    }
}

/// What a result depends on besides the data and the rules. The clock is `None` for the store's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    pub clock: Option<Clock>,
    pub switches: Switches,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Overview(Box<Overview>),
    Matches(Found),
    Effects(Vec<ExclusionEffect>),
    Cuts(Vec<Cut>),
    Replay(Box<Alerts>),
    Preview(Box<Preview>),
    /// As they were asked for.
    LookedFor(Vec<u64>),
    Check(Box<Checked>),
    /// Nothing where no event has a time.
    Timeline(Window, Option<Box<Timeline>>),
    Moments(TimeRange, Vec<Moment>),
    Record(EventId, String),
    Sightings(String, Sighting),
    Seen(String, Vec<Seen>),
    Hits(Box<Hits>),
    Events(Box<EventsPage>),
    Query(Box<QueryDone>),
    Counts(Box<ValueCounts>),
    Tables(Vec<(String, u64)>),
    Explain(Box<Explanation>),
    Funnel(Box<Funnel>),
    Forest(Vec<String>, Arc<Forest>),
    Places(Placed),
    Node(Box<NodeFacts>),
    /// A title, and the one row.
    Row(String, Box<Listing>),
    Sheet(Box<RuleSheet>),
    Dossier(Box<Dossier>),
    Indicators(Vec<Indicator>),
    Saved,
    Export(String, Box<Exported>),
}

/// What goes into a file.
#[derive(Debug, Clone, PartialEq)]
pub enum Exported {
    Rows { query: String, listing: Listing },
    Rule(crate::hunt::export::Exported),
}

/// The store at a glance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// The store's file name, or the scenario's.
    pub name: String,
    pub devices: Vec<String>,
    pub events: u64,
    /// Ticks of 100 ns since 0001-01-01 UTC of the oldest and the newest event.
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub clock: Option<Clock>,
    pub rules: Vec<RuleSummary>,
    /// As saved in the store.
    pub switches: Switches,
    /// The desk as it was left.
    pub session: Option<Box<Session>>,
    /// Nothing is kept: the store's file cannot be written, or is not to be.
    pub read_only: bool,
    /// The lesson of a demo scenario, where there is one.
    pub lesson: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleSummary {
    pub name: String,
    pub title: String,
    pub severity: Severity,
    /// As the rule writes them.
    pub tactics: Vec<String>,
    pub techniques: Vec<String>,
}

/// The matches with exclusions applied, and without the analyst's own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    pub shown: Arc<Hunt>,
    /// With every own exclusion off; what is here and not in `shown` is hidden.
    pub all: Arc<Hunt>,
    /// The enabled own exclusions that hide each match that is hidden.
    pub hidden_by: BTreeMap<MatchId, Vec<ExclusionId>>,
    /// What each own exclusion hides.
    pub own: Vec<ExclusionEffect>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    pub exclusion: OwnExclusion,
    /// The effect, or what is wrong with the condition, for people.
    pub effect: Result<ExclusionEffect, String>,
    /// The first matches it would hide: when, and what.
    pub examples: Vec<(Option<i64>, String)>,
    /// Pinned matches whose chains it would cut, as far as their trees are known.
    pub cuts: Vec<Cut>,
}

/// What is known of a process beside its start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeFacts {
    pub node: NodeId,
    /// In the order of time.
    pub events: Vec<NodeEvent>,
    /// There are more.
    pub cut: bool,
    pub hash: Option<HashSeen>,
}

/// Where an image was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HashSeen {
    pub starts: u64,
    pub hosts: u64,
    /// What the file profile says, where there is one.
    pub profile: String,
}

/// Where events are in the trees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placed {
    pub nodes: BTreeMap<EventId, NodeId>,
    /// The events that belong to no process of these trees.
    pub lost: Vec<EventId>,
    /// Hosts that would have to be read to place the others.
    pub devices: Vec<String>,
}

/// What is known of a query while it is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    pub text: String,
    pub cursor: usize,
    pub diagnostics: Vec<Diagnostic>,
    pub completions: Completions,
}

/// Some of the events that were asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventsPage {
    pub asked: EventsAsked,
    /// Of all of them.
    pub total: usize,
    /// The place of the first row.
    pub start: usize,
    pub listing: Listing,
}

/// What a query came to: rows, or what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryDone {
    pub text: String,
    pub result: Result<Listing, Vec<Diagnostic>>,
}

/// The places in a list of events that have a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    pub asked: EventsAsked,
    pub text: String,
    pub places: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueCounts {
    pub asked: EventsAsked,
    pub column: String,
    pub values: Vec<(Value, u64)>,
}

/// One value a rule looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indicator {
    pub rule: String,
    pub rule_title: String,
    pub field: String,
    pub kind: String,
    pub value: String,
    /// Rules of the loaded catalog that look for the same.
    pub corpus: u64,
    /// Those rules by language, in words.
    pub by_source: String,
    pub tables: Vec<String>,
    /// As KQL; `None` where no one condition says it.
    pub condition: Option<String>,
    /// Events of this store that have it; `None` where it cannot be counted.
    pub hits: Option<u64>,
}

/// Why a question has no answer, for people: what, where, and what to do instead. Raw text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody asked for it to stop.
    Cancelled,
    Failed(String),
}

impl Trouble {
    pub fn text(&self) -> &str {
        match self {
            Self::Cancelled => "it was stopped",
            Self::Failed(text) => text,
        }
    }
}

/// Answers questions, one at a time, on a worker's thread.
pub trait Source: Send {
    fn answer(&mut self, question: &Question, stop: &Stop) -> Result<Answer, Trouble>;

    /// Ends what [`Source::answer`] is doing, from another thread.
    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync>;
}

/// Raised when the answer is no longer wanted. An interrupt ends the statement that runs; this ends the work
/// between statements.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub fn check(&self) -> Result<(), Trouble> {
        if self.is_raised() { Err(Trouble::Cancelled) } else { Ok(()) }
    }
}
