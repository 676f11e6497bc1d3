//! The lines of a rule's page: sections, stages and the conjuncts that are switches.
//!
//! Made from a funnel; drawing them is the rule view's.

use super::exclusions::unit_number;
use crate::console::state::State;
use crate::hunt::UnitId;
use crate::hunt::funnel::{Funnel, FunnelUnit, Rows};

/// A line of the page: a section's name, a stage, or a conjunct of a stage.
#[derive(Debug, Clone)]
pub struct StageRow {
    pub number: String,
    pub kind: String,
    pub text: String,
    pub rows_in: Rows,
    pub rows_out: Rows,
    pub unit: Option<FunnelUnit>,
    pub is_section: bool,
}

impl StageRow {
    /// Whether the last rows end here.
    pub fn ends(&self) -> bool {
        self.rows_in.count().is_some_and(|rows| rows > 0) && self.rows_out.count() == Some(0)
    }
}

pub fn funnel(state: &State) -> Option<&Funnel> {
    state.funnel.as_ref().filter(|funnel| Some(&funnel.rule) == state.rules.open.as_ref())
}

pub fn stage_rows(state: &State) -> Vec<StageRow> {
    let mut rows = Vec::new();
    let Some(funnel) = funnel(state) else { return rows };
    for section in &funnel.sections {
        rows.push(StageRow {
            number: String::new(),
            kind: section.name.as_ref().map_or_else(|| "outer".to_owned(), |name| format!("let {name}")),
            text: String::new(),
            rows_in: Rows::None,
            rows_out: Rows::None,
            unit: None,
            is_section: true,
        });
        for stage in &section.stages {
            let number = unit_number(&stage.number).to_owned();
            // A where of one conjunct is its switch itself; one of several gets a line for each below it.
            let only = if stage.units.len() == 1 { stage.units.first().cloned() } else { None };
            rows.push(StageRow {
                number: number.clone(),
                kind: stage.kind.clone(),
                text: match (&only, stage.units.len()) {
                    (Some(unit), _) => unit.text.clone(),
                    (None, 0) => without_word(&stage.text, &stage.kind),
                    (None, count) => format!("all {count} of"),
                },
                rows_in: stage.rows_in.clone(),
                rows_out: stage.rows_out.clone(),
                unit: only,
                is_section: false,
            });
            if stage.units.len() > 1 {
                for unit in &stage.units {
                    rows.push(StageRow {
                        number: String::new(),
                        kind: "and".to_owned(),
                        text: unit.text.clone(),
                        rows_in: unit.rows_in.clone(),
                        rows_out: unit.rows_out.clone(),
                        unit: Some(unit.clone()),
                        is_section: false,
                    });
                }
            }
        }
    }
    rows
}

/// The operator's text without its own word, which stands in a column before it.
fn without_word(text: &str, word: &str) -> String {
    let text = text.trim_start().trim_start_matches('|').trim_start();
    text.strip_prefix(word).unwrap_or(text).trim().to_owned()
}

/// The switch under the cursor of the page.
pub fn selected_unit(state: &State) -> Option<UnitId> {
    state.rules.page.get(state.rules.stages.selected)?.stage()?.unit.as_ref().map(|unit| unit.id.clone())
}
