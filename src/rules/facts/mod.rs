//! The facts of a rule: what its page shows, derived from the text alone.
//!
//! Nothing here runs the rule; row counts and hits belong to `hunt`.

mod exclusions;
mod header;
pub mod outputs;
mod stages;

use serde::Serialize;

pub use exclusions::{Exclusion, ExclusionLeaf};
pub use header::{Header, look_back_of};
pub use outputs::OutputField;
pub use stages::{SectionFacts, StageFacts, UnitFacts};

use super::attack::{Attack, CoverageRow};
use super::coverage::{self, EventRow};
use super::indicators::{self, Corpus, Indicator};
use super::pipeline::LetKind;
use super::predicates::Reader;
use super::rule::Rule;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Facts {
    pub header: Header,
    pub attack: Vec<CoverageRow>,
    /// Tags that are retired, renamed or unknown.
    pub attack_notes: Vec<String>,
    /// The tables the rule reads, in order of first use.
    pub tables: Vec<String>,
    pub events: Vec<EventRow>,
    /// `let`s of one value, in source order.
    pub parameters: Vec<BindingFacts>,
    /// `let`s of a list or a table that are no stages of the main line.
    pub bindings: Vec<BindingFacts>,
    pub sections: Vec<SectionFacts>,
    pub exclusions: Vec<Exclusion>,
    pub indicators: Vec<Indicator>,
    pub outputs: Vec<OutputField>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BindingFacts {
    pub name: String,
    pub kind: LetKind,
    pub text: String,
    pub derived_from: Vec<String>,
    /// How many members a literal list has.
    pub members: Option<usize>,
}

impl Facts {
    /// All facts of a rule; indicators are counted where a corpus is given.
    pub fn of(rule: &Rule, attack: &Attack, corpus: Option<&Corpus>) -> Self {
        let reader = Reader::of(&rule.pipeline, &rule.tree);
        let operators = outputs::operators(&rule.tree);
        let (rows, attack_notes) = attack.coverage(&rule.metadata);
        let mut indicators = indicators::indicators(&rule.pipeline, &reader);
        if let Some(corpus) = corpus {
            corpus.count(rule, &mut indicators);
        }
        let binding = |wanted: fn(LetKind, bool) -> bool| {
            rule.pipeline
                .lets
                .iter()
                .filter(|binding| wanted(binding.kind, binding.inlined))
                .map(|binding| BindingFacts {
                    name: binding.name.clone(),
                    kind: binding.kind,
                    text: binding.text.clone(),
                    derived_from: binding.derived_from.clone(),
                    members: (binding.kind == LetKind::List).then(|| reader.values(&binding.value).len()),
                })
                .collect()
        };
        Self {
            header: header::header(rule, &operators),
            attack: rows,
            attack_notes,
            tables: coverage::tables(&rule.pipeline),
            events: coverage::events(&rule.pipeline, &reader),
            parameters: binding(|kind, _| kind == LetKind::Scalar),
            bindings: binding(|kind, inlined| kind != LetKind::Scalar && !inlined),
            sections: stages::sections(&rule.pipeline, &operators),
            exclusions: exclusions::exclusions(&rule.pipeline, &reader),
            indicators,
            outputs: outputs::outputs(rule, &operators),
        }
    }
}
