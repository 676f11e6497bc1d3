//! The sections and stages of a rule as its page lists them.

use serde::Serialize;

use super::outputs::{Operators, summarize_keys};
use crate::kql::syntax::{ExprKind, OperatorKind};
use crate::rules::pipeline::{Case, Role, RulePipeline, Section, SectionKind};
use crate::rules::walk;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SectionFacts {
    pub caption: Option<String>,
    /// Whether the section is on the main line; the others are bindings and sub-queries.
    pub main: bool,
    pub stages: Vec<StageFacts>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageFacts {
    pub id: String,
    pub number: usize,
    pub keyword: String,
    pub text: String,
    pub references: Vec<String>,
    pub units: Vec<UnitFacts>,
    /// Not an operator of its own: what a joined `let` brings into the result, shown after the main line.
    pub hoisted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitFacts {
    pub id: String,
    pub text: String,
    pub role: Role,
    pub case: Case,
}

pub fn sections(pipeline: &RulePipeline, operators: &Operators<'_>) -> Vec<SectionFacts> {
    let mut sections: Vec<SectionFacts> = pipeline.main.iter().map(|section| facts(section, true)).collect();
    if let Some(last) = sections.last_mut() {
        let next = pipeline.main.iter().map(|section| section.stages.len()).sum::<usize>();
        for (offset, keys) in hoisted_keys(pipeline, operators).into_iter().enumerate() {
            let number = next.saturating_add(offset).saturating_add(1);
            last.stages.push(StageFacts {
                id: number.to_string(),
                number,
                keyword: "summarize".to_owned(),
                text: format!("summarize by {}", keys.join(", ")),
                references: Vec::new(),
                units: Vec::new(),
                hoisted: true,
            });
        }
    }
    sections.extend(pipeline.beside.iter().map(|section| facts(section, false)));
    sections
}

/// For each `let` that the main line joins and that ends in a `summarize`, the keys it is grouped by.
pub fn hoisted_keys(pipeline: &RulePipeline, operators: &Operators<'_>) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for stage in pipeline.main.iter().flat_map(|section| &section.stages) {
        let Some(OperatorKind::Join { right, .. } | OperatorKind::Lookup { right, .. }) = operators.get(&stage.span)
        else {
            continue;
        };
        let ExprKind::Name(name) = &walk::peel(right).kind else { continue };
        let section = pipeline
            .beside
            .iter()
            .find(|section| matches!(&section.kind, SectionKind::Binding { name: known } if *known == name.text));
        let keys = section
            .into_iter()
            .flat_map(|section| section.stages.iter().rev())
            .find_map(|stage| operators.get(&stage.span).and_then(|operator| summarize_keys(operator)));
        found.extend(keys.filter(|keys| !keys.is_empty()));
    }
    found
}

fn facts(section: &Section, main: bool) -> SectionFacts {
    let stages = section
        .stages
        .iter()
        .map(|stage| StageFacts {
            id: stage.id.clone(),
            number: stage.number,
            keyword: stage.keyword.clone(),
            text: stage.text.clone(),
            references: stage.references.clone(),
            units: stage
                .units
                .iter()
                .map(|unit| UnitFacts {
                    id: unit.id.clone(),
                    text: unit.text.clone(),
                    role: unit.role,
                    case: unit.case,
                })
                .collect(),
            hoisted: false,
        })
        .collect();
    SectionFacts { caption: section.caption(), main, stages }
}
