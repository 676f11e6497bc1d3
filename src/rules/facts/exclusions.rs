//! What a rule takes away: one entry for every unit that can be switched, with the comparisons inside it.

use serde::Serialize;

use crate::rules::pipeline::{Role, RulePipeline};
use crate::rules::predicates::{Leaf, Predicate, Reader};

/// More alternatives than this are shown as text alone.
const MOST_ALTERNATIVES: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// The unit to switch; absent for a join that takes rows away.
    pub unit: Option<String>,
    pub stage: String,
    pub text: String,
    /// The negation is in an operator (`!=`, `!has`, `!in`, `leftanti`) and not in a `not(…)`.
    pub by_operator: bool,
    /// What is excluded: any of these, each of which holds when all of its comparisons do.
    pub alternatives: Vec<Vec<ExclusionLeaf>>,
    /// The `let` it stands in.
    pub within: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExclusionLeaf {
    pub field: String,
    pub kind: String,
    pub values: Vec<String>,
}

pub fn exclusions(pipeline: &RulePipeline, reader: &Reader<'_>) -> Vec<Exclusion> {
    let mut found = Vec::new();
    for stage in pipeline.stages() {
        if stage.excludes {
            found.push(Exclusion {
                unit: None,
                stage: stage.id.clone(),
                text: stage.text.clone(),
                by_operator: true,
                alternatives: Vec::new(),
                within: None,
            });
        }
        for unit in stage.units.iter().filter(|unit| unit.role == Role::Exclusion) {
            let predicate = reader.read(&unit.expression);
            let (excluded, by_operator) = match predicate {
                Predicate::Not(inner) => (*inner, false),
                other => (other, true),
            };
            found.push(Exclusion {
                unit: Some(unit.id.clone()),
                stage: stage.id.clone(),
                text: unit.text.clone(),
                by_operator,
                alternatives: alternatives(&excluded).unwrap_or_default(),
                within: unit.within.clone(),
            });
        }
    }
    found
}

/// The predicate as alternatives of conjunctions; `None` where part of it cannot be shown or there are too many.
fn alternatives(predicate: &Predicate) -> Option<Vec<Vec<ExclusionLeaf>>> {
    let found = match predicate {
        Predicate::Leaf(leaf) => vec![vec![shown(leaf, false)]],
        Predicate::Or(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(alternatives).collect();
            each?.concat()
        }
        Predicate::And(parts) => {
            let mut product = vec![Vec::new()];
            for part in parts {
                let each = alternatives(part)?;
                product = product
                    .iter()
                    .flat_map(|left| each.iter().map(move |right| [left.as_slice(), right.as_slice()].concat()))
                    .collect();
                if product.len() > MOST_ALTERNATIVES {
                    return None;
                }
            }
            product
        }
        Predicate::Not(inner) => match &**inner {
            Predicate::Leaf(leaf) => vec![vec![shown(leaf, true)]],
            Predicate::Not(inner) => return alternatives(inner),
            // De Morgan.
            Predicate::And(parts) => return alternatives(&Predicate::Or(parts.iter().map(not).collect())),
            Predicate::Or(parts) => return alternatives(&Predicate::And(parts.iter().map(not).collect())),
            Predicate::Opaque(_) => return None,
        },
        Predicate::Opaque(_) => return None,
    };
    (found.len() <= MOST_ALTERNATIVES).then_some(found)
}

fn not(predicate: &Predicate) -> Predicate {
    Predicate::Not(Box::new(predicate.clone()))
}

fn shown(leaf: &Leaf, negated: bool) -> ExclusionLeaf {
    let leaf = Leaf { negative: leaf.negative != negated, ..leaf.clone() };
    ExclusionLeaf {
        field: leaf.field.clone(),
        kind: leaf.kind_name(),
        values: leaf.values.into_iter().map(|value| value.text).collect(),
    }
}
