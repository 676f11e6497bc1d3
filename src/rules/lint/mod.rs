//! What is suspicious in a rule that is valid KQL: predicates that can never hold, needles that cannot match, mistyped
//! and repeated values, comparisons that look at case where names do not, tags and periods that do not fit.
//!
//! Findings are warnings with a place in the query; the binder's findings are not repeated here. [`CHECKS`] is the list
//! of what is looked for: one function each.

mod bounds;
mod comparison;
mod needles;
mod never;
mod service;
mod values;

use super::attack::Attack;
use super::coverage;
use super::pipeline::{Role, Unit};
use super::predicates::{Leaf, LeafValue, Predicate, Reader};
use super::rule::Rule;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use comparison::Comparison;

/// One thing that is looked for.
pub struct Check {
    /// The code of its findings.
    pub code: &'static str,
    /// What it is about, in a sentence without a full stop.
    pub summary: &'static str,
    find: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

/// Everything that is looked for.
pub const CHECKS: &[Check] = &[
    Check {
        code: "case-sensitive",
        summary: "A comparison looks at case where names are written in any",
        find: values::case_sensitive,
    },
    Check {
        code: "unknown-actiontype",
        summary: "No table of the rule has the ActionType",
        find: values::action_types,
    },
    Check {
        code: "mistyped-program",
        summary: "A file name is a slip away from that of a known program",
        find: values::mistyped_programs,
    },
    Check {
        code: "not-a-program",
        summary: "A value compared with a file name has no extension of a program",
        find: values::not_programs,
    },
    Check { code: "duplicate-value", summary: "A value stands in a list twice", find: values::duplicates },
    Check {
        code: "impossible-hash",
        summary: "A value has not the form of the hash it is compared with",
        find: values::hashes,
    },
    Check {
        code: "impossible-address",
        summary: "A value compared with an IP address is none",
        find: values::addresses,
    },
    Check {
        code: "registry-hive",
        summary: "A registry key is written with a short hive name, which no event has",
        find: values::hives,
    },
    Check {
        code: "path-in-file-name",
        summary: "A column of file names is compared with a path",
        find: needles::path_in_file_name,
    },
    Check {
        code: "needle-cannot-match",
        summary: "A term operator has a needle that the column's values cannot have as a term",
        find: needles::cannot_match,
    },
    Check { code: "empty-needle", summary: "An empty text is in every text", find: needles::empty },
    Check { code: "never-true", summary: "Predicates exclude each other", find: never::contradictions },
    Check { code: "always-true", summary: "An 'or' of negations holds for every row", find: never::tautologies },
    Check {
        code: "folded-literal",
        summary: "A text in lower or upper case is compared with a literal in another",
        find: never::folded_literals,
    },
    Check { code: "empty-list", summary: "A list has no members", find: never::empty_lists },
    Check {
        code: "look-back",
        summary: "The rule looks further back than the service gives it data",
        find: service::look_back,
    },
    Check { code: "attack-tag", summary: "An ATT&CK tag is unknown or out of date", find: service::attack_tags },
];

/// A rule as the checks see it.
struct Context<'rule> {
    rule: &'rule Rule,
    attack: &'rule Attack,
    reader: Reader<'rule>,
    tables: Vec<String>,
    leaves: Vec<Leaf>,
    comparisons: Vec<Comparison>,
}

impl<'rule> Context<'rule> {
    fn of(rule: &'rule Rule, attack: &'rule Attack) -> Self {
        let reader = Reader::of(&rule.pipeline, &rule.tree);
        let mut leaves = Vec::new();
        let mut comparisons = Vec::new();
        for unit in rule.pipeline.units().filter(|unit| unit.role != Role::TimeFilter) {
            gather(reader.read(&unit.expression), &mut leaves);
            comparisons.extend(comparison::all(&unit.expression, &reader));
        }
        Self { rule, attack, tables: coverage::tables(&rule.pipeline), reader, leaves, comparisons }
    }

    fn units(&self) -> impl Iterator<Item = &'rule Unit> {
        self.rule.pipeline.units()
    }

    /// Where a value is written. A member of `dynamic([…])` has no span of its own: its text is looked for in the literal.
    fn place(&self, value: &LeafValue) -> Span {
        let literal = value.span.slice(&self.rule.query);
        if !literal.starts_with("dynamic") {
            return value.span;
        }
        for quote in ['"', '\''] {
            let written = format!("{quote}{}{quote}", value.text);
            if let Some(at) = literal.find(&written) {
                let start = value.span.start.saturating_add(at);
                return Span::new(start, start.saturating_add(written.len()));
            }
        }
        value.span
    }
}

fn gather(predicate: Predicate, found: &mut Vec<Leaf>) {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.into_iter().for_each(|part| gather(part, found)),
        Predicate::Not(inner) => gather(*inner, found),
        Predicate::Leaf(leaf) => found.push(leaf),
        Predicate::Opaque(_) => {}
    }
}

/// The findings of a rule, in the order of the query.
pub fn lint(rule: &Rule, attack: &Attack) -> Vec<Diagnostic> {
    let context = Context::of(rule, attack);
    let mut found = Vec::new();
    for check in CHECKS {
        (check.find)(&context, &mut found);
    }
    found.sort_by_key(|finding| (finding.span.start, finding.code));
    found.dedup();
    found
}

/// What keeps a rule from being deployed as a custom detection, and as one that runs continuously.
pub use service::{Deployability, deployability};
