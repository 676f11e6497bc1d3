//! The facts that stand above a rule's page.

use serde::Serialize;

use super::outputs::{Operators, last_summarize};
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, LiteralValue};
use crate::rules::duration;
use crate::rules::pipeline::{LetBinding, Role};
use crate::rules::rule::{Confidence, Rule, Severity};
use crate::rules::walk;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Header {
    pub severity: Option<Severity>,
    pub confidence: Option<Confidence>,
    pub status: Option<String>,
    pub kind: Option<String>,
    pub version: Option<String>,
    pub author: Option<String>,
    pub license: Option<String>,
    pub source: Option<String>,
    /// How far back the rule looks: its schedule's period, or the longest look back in its text.
    pub time_window: Option<String>,
    /// What alerts are grouped by: the keys of the last `summarize`.
    pub group_by: Vec<String>,
}

pub fn header(rule: &Rule, operators: &Operators<'_>) -> Header {
    let metadata = &rule.metadata;
    let period = metadata.schedule.as_ref().and_then(|schedule| schedule.period);
    let main = rule.pipeline.main.iter().flat_map(|section| &section.stages);
    Header {
        severity: metadata.severity,
        confidence: metadata.confidence,
        status: metadata.status.clone(),
        kind: metadata.kind.clone(),
        version: metadata.version.clone(),
        author: metadata.author.clone(),
        license: metadata.license.clone(),
        source: metadata.source.clone(),
        time_window: period.or_else(|| look_back_of(rule)).map(duration::display),
        group_by: last_summarize(main, operators).unwrap_or_default(),
    }
}

/// The largest `ago(x)` in a time filter, in ticks.
pub fn look_back_of(rule: &Rule) -> Option<i64> {
    let lets = &rule.pipeline.lets;
    let mut longest: Option<i64> = None;
    for unit in rule.pipeline.units().filter(|unit| unit.role == Role::TimeFilter) {
        longest = longest.max(look_back(&unit.expression, lets));
    }
    longest
}

fn look_back(expr: &Expr, lets: &[LetBinding]) -> Option<i64> {
    let mut longest = None;
    walk::visit(expr, &mut |part| {
        match &part.kind {
            ExprKind::Call { function, arguments } if function.text == "ago" => {
                longest = longest.max(arguments.first().and_then(|argument| timespan(&argument.value, lets)));
            }
            ExprKind::Name(name) => {
                if let Some(at) = lets.iter().position(|binding| binding.name == name.text)
                    && let (earlier, [binding, ..]) = lets.split_at(at)
                {
                    longest = longest.max(look_back(&binding.value, earlier));
                }
            }
            _ => {}
        }
        true
    });
    longest
}

/// The ticks of a constant timespan expression.
fn timespan(expr: &Expr, lets: &[LetBinding]) -> Option<i64> {
    match &walk::peel(expr).kind {
        ExprKind::Literal(literal) => match literal.value {
            LiteralValue::Timespan(ticks) => ticks,
            _ => None,
        },
        ExprKind::Name(name) => {
            let at = lets.iter().position(|binding| binding.name == name.text)?;
            let (earlier, rest) = lets.split_at(at);
            timespan(&rest.first()?.value, earlier)
        }
        ExprKind::Binary { operator: BinaryOperator::Multiply, left, right, .. } => {
            let factor = |expr: &Expr| match &walk::peel(expr).kind {
                ExprKind::Literal(literal) => match literal.value {
                    LiteralValue::Long(number) => number,
                    LiteralValue::Int(number) => number.map(i64::from),
                    _ => None,
                },
                _ => None,
            };
            match (factor(left), factor(right)) {
                (Some(factor), None) => timespan(right, lets)?.checked_mul(factor),
                (None, Some(factor)) => timespan(left, lets)?.checked_mul(factor),
                _ => None,
            }
        }
        ExprKind::Binary { operator: BinaryOperator::Add, left, right, .. } => {
            timespan(left, lets)?.checked_add(timespan(right, lets)?)
        }
        _ => None,
    }
}
