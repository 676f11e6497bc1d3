//! Why a rule keeps or drops one event: each conjunct with the value wanted and the value found.
//!
//! What an answer looks like; `why` finds it.

use super::matches::EventId;
use super::switches::UnitId;
use crate::kql::span::Span;
use crate::schema::Value;

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Holds,
    Fails,
    /// A look-back predicate that the clock's mode lifts.
    Lifted,
    /// Switched off by the analyst.
    Off,
    /// Could not be evaluated for a single event; the text says why (after an aggregate, …).
    NotEvaluated(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Conjunct {
    pub unit: UnitId,
    pub text: String,
    pub span: Span,
    pub outcome: Outcome,
    /// The left side of the comparison, as KQL (`InitiatingProcessCommandLine`); the whole conjunct where it is none.
    pub subject: String,
    /// The line of the rule's query that it starts in, from 1.
    pub line: usize,
    /// The operator and what it asks for, as KQL (`startswith "\"cmd.exe\" /c"`).
    pub wanted: String,
    /// The value of `subject` for this event.
    pub found: Option<Value>,
    /// The comparisons inside, where the conjunct is an `or`, `and` or `not` of several.
    pub parts: Vec<Part>,
}

/// One comparison of a conjunct that has several.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub text: String,
    pub subject: String,
    pub wanted: String,
    pub found: Option<Value>,
    /// `None` where it could not be evaluated.
    pub holds: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedStage {
    pub number: String,
    pub kind: String,
    pub text: String,
    /// Whether the event is still there after this stage; `None` where one event cannot say.
    pub kept: Option<bool>,
    pub conjuncts: Vec<Conjunct>,
}

/// One way from a table to the rule's result: a rule with a union has several.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// The name of the `let` it runs through, where it has one.
    pub name: Option<String>,
    pub table: String,
    /// False where the leg reads another table than the event's.
    pub reads_event: bool,
    pub stages: Vec<ExplainedStage>,
}

impl Leg {
    /// The first conjunct that fails.
    pub fn first_failure(&self) -> Option<&Conjunct> {
        self.stages
            .iter()
            .flat_map(|stage| &stage.conjuncts)
            .find(|conjunct| matches!(conjunct.outcome, Outcome::Fails))
    }
}

/// A switch that alone would keep the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearestChange {
    pub unit: UnitId,
    pub text: String,
    /// Rows the rule would give with it, so that one sees what it costs.
    pub rows: u64,
}

/// Another way to write a failing conjunct that alone would keep the event, and all that the rule kept before.
#[derive(Debug, Clone, PartialEq)]
pub struct Relaxation {
    pub unit: UnitId,
    /// The conjunct as it is.
    pub written: String,
    /// The conjunct as it would be, as KQL.
    pub text: String,
    /// What the comparison that changes asks for, and the value it looks at.
    pub wanted: String,
    pub found: Value,
    /// Rows the rule would give with it.
    pub rows: u64,
}

impl Relaxation {
    /// The conjunct in one line, what is in the middle of a long list left out: what is new stands at its end.
    pub fn in_short(&self) -> String {
        const LONGEST: usize = 160;
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let count = text.chars().count();
        if count <= LONGEST {
            return text;
        }
        let head: String = text.chars().take(LONGEST / 2).collect();
        let tail: String = text.chars().skip(count - LONGEST / 2).collect();
        format!("{head} … {tail}")
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    pub rule: String,
    pub title: String,
    pub event: EventId,
    /// The table the event lies in.
    pub table: String,
    /// Ticks of 100 ns since 0001-01-01 UTC.
    pub time: Option<i64>,
    /// What the event is about, in a few words. Raw text of the event.
    pub subject: String,
    /// Whether the rule, as switched, gives a row that comes from this event.
    pub matched: bool,
    pub legs: Vec<Leg>,
    pub nearest: Vec<NearestChange>,
    /// The fewest rows first.
    pub relaxed: Vec<Relaxation>,
    /// Own exclusions that hide it.
    pub hidden_by: Vec<super::switches::ExclusionId>,
    /// What else is to be said: the rule reads other tables, …
    pub notes: Vec<String>,
}
