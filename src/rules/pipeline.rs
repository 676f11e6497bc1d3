//! A rule's query as the pipeline a reader sees: sections, numbered stages, and the units that can be switched.
//!
//! A tabular `let` that starts the main pipeline is not a binding but the first stages of the rule; the legs of a
//! leading `union` are sections of their own; `materialize()` and parentheses are transparent. Every other tabular
//! `let`, and every inline sub-query, is kept beside the main line with its own stages and units.
//!
//! All spans are byte ranges of the query text the tree was parsed from, so that a caller can rewrite the *text*:
//! [`RulePipeline::without`] switches units off, [`RulePipeline::prefix`] cuts the rule after a stage.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::kql::span::Span;
use crate::kql::syntax::{Expr, Query};

/// A rule's query, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct RulePipeline {
    /// Every `let` of the query, in source order.
    pub lets: Vec<LetBinding>,
    /// The main line of the rule in reading order; stage numbers run on through all of them.
    pub main: Vec<Section>,
    /// Tabular `let`s that the main line does not start with, and inline sub-queries. Stages number from 1 in each.
    pub beside: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LetBinding {
    pub name: String,
    pub kind: LetKind,
    /// The whole statement.
    pub span: Span,
    /// The value as written, without comments.
    pub text: String,
    pub value: Expr,
    /// The `let`s its value names, in order of first use.
    pub derived_from: Vec<String>,
    /// Whether its stages are part of [`RulePipeline::main`].
    pub inlined: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LetKind {
    /// A value, or an expression over other values.
    Scalar,
    /// A literal list: `dynamic([…])`.
    List,
    Tabular,
    Function,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub kind: SectionKind,
    /// The statement the section is written in: what stands before it is in scope.
    pub statement: Span,
    /// The tables and `let`s its rows come from.
    pub sources: Vec<String>,
    pub stages: Vec<Stage>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SectionKind {
    /// The rule is one pipeline.
    Whole,
    /// The `let` that starts the main pipeline.
    Let { name: String },
    /// One leg of the union that starts the main pipeline; `name` is the `let` it is, if it is one.
    Leg { name: Option<String>, position: usize },
    /// What runs on the sections before it.
    Outer { over: Vec<String> },
    /// A tabular `let` that is used, but does not start the main pipeline.
    Binding { name: String },
    /// A sub-query written in place (a join's right side, `in (T | …)`, `toscalar(…)`), in the stage of this id.
    Inline { within: String },
}

/// One operator of a pipeline, or its source.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// `5` on the main line; `name/2` or `6+1/2` beside it. Unique in the rule.
    pub id: String,
    /// From 1; runs on through the main line, restarts in each section beside it.
    pub number: usize,
    /// The operator's word; `source` for a table.
    pub keyword: String,
    /// The operator without its `|`, or the source expression.
    pub span: Span,
    /// The operator's text without comments.
    pub text: String,
    /// The rule's text up to here: from where the pipeline's expression starts to the end of this stage. Absent inside
    /// a function body, whose parameters have no value by themselves.
    pub prefix: Option<Span>,
    pub units: Vec<Unit>,
    /// The `let`s this stage names.
    pub references: Vec<String>,
    /// `join kind=leftanti` and its like: the stage takes rows away by what another table holds.
    pub excludes: bool,
}

/// One top-level conjunct of a `where`: what can be switched.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Stage id, position and a digest of the text, so that an edit elsewhere in the rule leaves it as it is.
    pub id: String,
    pub stage: String,
    /// From 1 in its stage.
    pub position: usize,
    pub span: Span,
    pub text: String,
    pub expression: Expr,
    pub role: Role,
    pub case: Case,
    /// The `let` whose stages it stands in.
    pub within: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Predicate,
    /// Compares the event's time with the clock or a fixed time: what the hunt clock lifts.
    TimeFilter,
    /// Negated: it takes rows away.
    Exclusion,
}

/// Whether the text comparisons of a unit look at case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// No comparison with text.
    None,
    Insensitive,
    Sensitive,
    Mixed,
}

impl RulePipeline {
    /// Takes a parsed query apart. `source` is the text it was parsed from.
    pub fn of(query: &Query, source: &str) -> Self {
        super::flatten::flatten(query, source)
    }

    /// All sections, the main line first.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.main.iter().chain(&self.beside)
    }

    pub fn stages(&self) -> impl Iterator<Item = &Stage> {
        self.sections().flat_map(|section| &section.stages)
    }

    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.stages().flat_map(|stage| &stage.units)
    }

    pub fn unit(&self, id: &str) -> Option<&Unit> {
        self.units().find(|unit| unit.id == id)
    }

    pub fn binding(&self, name: &str) -> Option<&LetBinding> {
        self.lets.iter().find(|binding| binding.name == name)
    }

    /// The query with the given units switched off: each is replaced by `true`.
    pub fn without(&self, source: &str, off: &BTreeSet<&str>) -> String {
        self.replaced(source, Span::new(0, source.len()), off)
    }

    /// The query that yields the rows leaving the stage of this id, with the given units off.
    pub fn prefix(&self, source: &str, stage: &str, off: &BTreeSet<&str>) -> Option<String> {
        let (section, stage) = self.sections().find_map(|section| {
            section.stages.iter().find(|candidate| candidate.id == stage).map(|found| (section, found))
        })?;
        let prelude = self.replaced(source, Span::new(0, section.statement.start), off);
        let body = self.replaced(source, stage.prefix?, off);
        Some(format!("{prelude}{body}"))
    }

    fn replaced(&self, source: &str, range: Span, off: &BTreeSet<&str>) -> String {
        let mut spans: Vec<Span> = self
            .units()
            .filter(|unit| off.contains(unit.id.as_str()))
            .map(|unit| unit.span)
            .filter(|span| range.start <= span.start && span.end <= range.end)
            .collect();
        spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut text = String::new();
        let mut at = range.start;
        for span in spans {
            // A unit of a sub-query inside a unit that is off already is gone with it.
            if span.start < at {
                continue;
            }
            text.push_str(Span::new(at, span.start).slice(source));
            text.push_str("true");
            at = span.end;
        }
        text.push_str(Span::new(at, range.end).slice(source));
        text
    }
}

impl Section {
    /// The sentence that stands over the section, where one is needed.
    pub fn caption(&self) -> Option<String> {
        Some(match &self.kind {
            SectionKind::Whole => return None,
            SectionKind::Let { name } => {
                format!("The stages below define let {name} (the rule's main pipeline source).")
            }
            SectionKind::Leg { name: Some(name), .. } => {
                format!("The stages below define let {name} (a leg of the union).")
            }
            SectionKind::Leg { name: None, position } => format!("The stages below are leg {position} of the union."),
            SectionKind::Outer { over } => {
                format!("The stages below run on {} (the outer pipeline).", over.join(", "))
            }
            SectionKind::Binding { name } => format!("The stages below define let {name}."),
            SectionKind::Inline { within } => format!("The stages below are the sub-query in stage {within}."),
        })
    }

    /// The `let` the section's stages belong to.
    pub fn binding(&self) -> Option<&str> {
        match &self.kind {
            SectionKind::Let { name } | SectionKind::Binding { name } | SectionKind::Leg { name: Some(name), .. } => {
                Some(name)
            }
            SectionKind::Whole
            | SectionKind::Leg { name: None, .. }
            | SectionKind::Outer { .. }
            | SectionKind::Inline { .. } => None,
        }
    }
}
