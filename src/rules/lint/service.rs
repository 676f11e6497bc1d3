//! What the service that runs a rule makes of it: how far back it gives data, tags, and whether the rule can be deployed
//! as a custom detection or as one that runs continuously.

use serde::Serialize;

use super::super::pipeline::Role;
use super::super::rule::Rule;
use super::super::{coverage, duration, walk};
use super::Context;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, LiteralValue, OperatorKind, StatementKind};

pub fn attack_tags(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let (_, notes) = context.attack.coverage(&context.rule.metadata);
    found.extend(notes.into_iter().map(|note| Diagnostic::warning("attack-tag", Span::new(0, 0), note)));
}

/// `Timestamp > ago(14d)` in a rule whose `queryPeriod` is a day.
pub fn look_back(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(period) = context.rule.metadata.schedule.as_ref().and_then(|schedule| schedule.period) else { return };
    for unit in context.units().filter(|unit| unit.role == Role::TimeFilter) {
        walk::visit(&unit.expression, &mut |expr| {
            if let ExprKind::Call { function, arguments } = &expr.kind
                && function.text == "ago"
                && let Some(span) = arguments.first().and_then(|argument| timespan(&argument.value, context))
                && span > period
            {
                let (asked, given) = (duration::display(span), duration::display(period));
                found.push(
                    Diagnostic::warning(
                        "look-back",
                        expr.span,
                        format!("this looks back {asked}, and the service gives the rule the data of {given}"),
                    )
                    .with_help("raise queryPeriod, or look back less far"),
                );
            }
            true
        });
    }
}

/// A timespan that is written as one, or bound by a `let` to one that is.
fn timespan(expr: &Expr, context: &Context<'_>) -> Option<i64> {
    match &walk::peel(expr).kind {
        ExprKind::Literal(literal) => match literal.value {
            LiteralValue::Timespan(ticks) => ticks,
            _ => None,
        },
        ExprKind::Name(name) => match &walk::peel(&context.rule.pipeline.binding(&name.text)?.value).kind {
            ExprKind::Literal(literal) => match literal.value {
                LiteralValue::Timespan(ticks) => ticks,
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Why a rule cannot be deployed; empty where it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployability {
    pub custom_detection: Vec<String>,
    pub continuous: Vec<String>,
}

/// Columns that name what an alert is about; a custom detection returns one of them at least.
/// Source: "Create custom detection rules", Microsoft Learn.
const ENTITY_COLUMNS: &[&str] = &[
    "DeviceId",
    "DeviceName",
    "RemoteDeviceName",
    "RecipientEmailAddress",
    "SenderFromAddress",
    "SenderMailFromAddress",
    "RecipientObjectId",
    "AccountObjectId",
    "AccountSid",
    "AccountUpn",
    "InitiatingProcessAccountSid",
    "InitiatingProcessAccountUpn",
    "InitiatingProcessAccountObjectId",
];

/// Whether the service takes the rule as a custom detection, and as one that runs continuously, judged by the columns of
/// its result.
pub fn deployability(rule: &Rule, columns: &[String]) -> Deployability {
    let has = |name: &str| columns.iter().any(|column| column == name);
    let mut custom_detection = Vec::new();
    if !has("Timestamp") && !has("TimeGenerated") {
        custom_detection.push("the result has no Timestamp (or TimeGenerated)".to_owned());
    }
    if !has("ReportId") && coverage::tables(&rule.pipeline).iter().any(|table| table.starts_with("Device")) {
        custom_detection.push("the result has no ReportId".to_owned());
    }
    if !ENTITY_COLUMNS.iter().any(|name| has(name)) {
        custom_detection.push("the result has no column of a device, an account or a mailbox".to_owned());
    }
    let mut continuous = custom_detection.clone();
    let tables = coverage::tables(&rule.pipeline);
    if tables.len() > 1 {
        continuous.push(format!("it reads {} tables, and may read one", tables.len()));
    }
    for refused in refused_continuously(rule) {
        continuous.push(format!("it uses {refused}"));
    }
    if rule.query.lines().any(|line| line.trim_start().starts_with("//")) {
        continuous.push("it has comments".to_owned());
    }
    Deployability { custom_detection, continuous }
}

fn refused_continuously(rule: &Rule) -> Vec<&'static str> {
    let mut found = Vec::new();
    for statement in &rule.tree.statements {
        let (StatementKind::Let { value, .. } | StatementKind::Expression(value)) = &statement.kind else { continue };
        walk::visit(value, &mut |expr| {
            match &expr.kind {
                ExprKind::Externaldata { .. } => found.push("externaldata"),
                ExprKind::OperatorSource(operator) => found.extend(refused_operator(&operator.kind)),
                ExprKind::Pipeline(pipeline) => {
                    found.extend(pipeline.operators.iter().filter_map(|operator| refused_operator(&operator.kind)));
                }
                _ => {}
            }
            true
        });
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn refused_operator(kind: &OperatorKind) -> Option<&'static str> {
    match kind {
        OperatorKind::Join { .. } => Some("join"),
        OperatorKind::Lookup { .. } => Some("lookup"),
        OperatorKind::Union { .. } => Some("union"),
        _ => None,
    }
}
