//! Everything a person may do, as values.
//!
//! Keys, palette and mouse only make actions; what they are called is in [`super::action_table`], what an action does is
//! the business of `update`.

use super::journal::Spot;
use super::session::Session;
use crate::hunt::timeline::TimeRange;
use crate::hunt::{OwnExclusion, SwitchAction};

/// A screen that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    #[default]
    Matches,
    Tree,
    Indicators,
    Exclusions,
    Rules,
    Timeline,
    Events,
    Query,
}

impl View {
    pub const ALL: [Self; 8] = [
        Self::Matches,
        Self::Tree,
        Self::Indicators,
        Self::Exclusions,
        Self::Rules,
        Self::Timeline,
        Self::Events,
        Self::Query,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Matches => "Matches",
            Self::Tree => "Tree",
            Self::Indicators => "Indicators",
            Self::Exclusions => "Exclusions",
            Self::Rules => "Rules",
            Self::Timeline => "Timeline",
            Self::Events => "Events",
            Self::Query => "Query",
        }
    }

    pub const fn short_title(self) -> &'static str {
        match self {
            Self::Matches => "Matches",
            Self::Tree => "Tree",
            Self::Indicators => "Indic",
            Self::Exclusions => "Excl",
            Self::Rules => "Rules",
            Self::Timeline => "Time",
            Self::Events => "Events",
            Self::Query => "Query",
        }
    }
}

/// What a person may ask for. Those without a row in the table are what a box or a place on the screen leads to; in
/// journals and scripts each is its name in kebab case, with what it is about after `=`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Show(View),
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Left,
    Right,
    Open,
    Close,
    Toggle,
    NextPane,
    PreviousPane,
    ZoomPane,
    Back,
    Forward,
    Tree,
    Exclude,
    NewExclusion,
    Edit,
    Delete,
    Undo,
    Redo,
    ShowHidden,
    Baseline,
    MarkBaseline,
    Diff,
    WriteDiff,
    Search,
    SearchNext,
    SearchPrevious,
    FilterByCell,
    FilterOutCell,
    ClearFilters,
    Table,
    Freeze,
    Clock,
    Replay,
    Export,
    Import,
    Columns,
    Widen,
    Narrow,
    Earlier,
    Later,
    ZoomIn,
    ZoomOut,
    SelectTime,
    Scrub,
    Annotate,
    Record,
    EditQuery,
    SortLeft,
    SortRight,
    Sort,
    NextSection,
    PreviousSection,
    FoldAll,
    UnfoldAll,
    FoldToLevel(usize),
    PathOnly,
    NextMatch,
    PreviousMatch,
    Parent,
    Why,
    RuleText,
    CopyCell,
    CopyRow,
    CopyChain,
    Lesson,
    LessonNext,
    LessonBack,
    LessonHint,
    LessonSteps,
    LessonReset,
    LessonShow,
    LessonLeave,
    Palette,
    Help,
    Mouse,
    NextTheme,
    TimeZone,
    Redraw,
    Suspend,
    Quit,
    /// The text of a search was given.
    SetSearch(String),
    /// A change of switches, from wherever: it can be undone.
    Switch(SwitchAction),
    /// The stretch of time that is looked at; none is all of it.
    FilterTime(Option<TimeRange>),
    /// The time of the clock was given; an empty text is the whole data.
    SetClock(String),
    /// The file to export to was given.
    ExportTo(String),
    /// The file for the difference of matches was given.
    DiffTo(String),
    /// A table was chosen for the list of events.
    ChooseTable(String),
    /// An exclusion was written; it is added switched off.
    AddExclusion(OwnExclusion),
    /// The cursor was put on a row.
    GoTo(Box<Spot>),
    /// The page of a rule was opened.
    OpenRule(String),
    /// A query was run.
    RunQuery(String),
    /// A lesson was begun, by its name; one of its steps was gone to, the first is 1.
    StartLesson(String),
    GoToStep(usize),
    /// Everything is to be as it was when the session was kept.
    Restore(Box<Session>),
}
