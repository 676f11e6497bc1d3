//! The columns a rule emits, as far as its text tells: those its shaping operators name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stages::hoisted_keys;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, NamedExpr, OperatorKind, Query, StatementKind};
use crate::rules::pipeline::{Section, SectionKind, Stage};
use crate::rules::rule::Rule;
use crate::rules::walk;

/// The operators of a query by the place they stand at.
pub type Operators<'tree> = BTreeMap<Span, &'tree OperatorKind>;

pub fn operators(tree: &Query) -> Operators<'_> {
    let mut found = BTreeMap::new();
    for statement in &tree.statements {
        let (StatementKind::Let { value, .. } | StatementKind::Expression(value)) = &statement.kind else { continue };
        walk::visit(value, &mut |expr| {
            for operator in walk::below(expr).operators {
                found.insert(operator.span, &operator.kind);
            }
            true
        });
    }
    found
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputField {
    pub name: String,
    /// The operator that gives it: `project`, `extend`, `summarize`, ….
    pub source: String,
    /// What alerts take it for: `Host.FullName`, a custom detail's key.
    pub mapped: Vec<String>,
}

pub fn outputs(rule: &Rule, operators: &Operators<'_>) -> Vec<OutputField> {
    let pipeline = &rule.pipeline;
    let mut fields: Vec<(String, String)> = Vec::new();
    if let Some((last, before)) = pipeline.main.split_last() {
        let (own, is_shaped) = shaped(last, operators);
        if !is_shaped && let SectionKind::Outer { .. } = last.kind {
            let legs: Vec<&Section> = before.iter().filter(|section| is_leg(section)).collect();
            let feeding = if legs.is_empty() { before.last().into_iter().collect() } else { legs };
            for section in feeding {
                fields.extend(shaped(section, operators).0);
            }
        }
        fields.extend(own);
        if !is_shaped {
            let keys = hoisted_keys(pipeline, operators).concat();
            fields.extend(keys.into_iter().map(|key| (key, "summarize".to_owned())));
        }
    }
    let mut outputs: Vec<OutputField> = Vec::new();
    for (name, source) in fields {
        if !outputs.iter().any(|known| known.name == name) {
            let mapped = mapped(rule, &name);
            outputs.push(OutputField { name, source, mapped });
        }
    }
    outputs
}

fn is_leg(section: &Section) -> bool {
    matches!(section.kind, SectionKind::Leg { .. })
}

fn mapped(rule: &Rule, column: &str) -> Vec<String> {
    let entities = rule.metadata.entities.iter().flat_map(|mapping| {
        mapping
            .fields
            .iter()
            .filter(|(_, known)| known == column)
            .map(|(identifier, _)| format!("{}.{identifier}", mapping.entity))
    });
    let details =
        rule.metadata.custom_details.iter().filter(|detail| detail.column == column).map(|detail| detail.key.clone());
    entities.chain(details).collect()
}

/// The columns the operators of a section name, and whether they are all there are.
fn shaped(section: &Section, operators: &Operators<'_>) -> (Vec<(String, String)>, bool) {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut is_shaped = false;
    for stage in &section.stages {
        let Some(operator) = operators.get(&stage.span) else { continue };
        let add = |fields: &mut Vec<(String, String)>, names: Vec<String>| {
            for name in names {
                fields.retain(|(known, _)| *known != name);
                fields.push((name, stage.keyword.clone()));
            }
        };
        match operator {
            OperatorKind::Project(items)
            | OperatorKind::Print(items)
            | OperatorKind::Distinct { columns: items, .. } => {
                fields.clear();
                add(&mut fields, names(items));
                is_shaped = true;
            }
            OperatorKind::Summarize { aggregates, by, .. } => {
                fields.clear();
                add(&mut fields, names(by.as_deref().unwrap_or_default()));
                add(&mut fields, names(aggregates));
                is_shaped = true;
            }
            OperatorKind::Count { as_name } => {
                fields.clear();
                let name = as_name.as_ref().map_or_else(|| "Count".to_owned(), |name| name.text.clone());
                add(&mut fields, vec![name]);
                is_shaped = true;
            }
            OperatorKind::Extend(items) => add(&mut fields, names(items)),
            OperatorKind::ProjectRename(items) => {
                for item in items {
                    if let ExprKind::Name(old) = &item.value.kind {
                        fields.retain(|(known, _)| *known != old.text);
                    }
                }
                add(&mut fields, names(items));
            }
            OperatorKind::ProjectAway(patterns) => {
                fields.retain(|(known, _)| !patterns.iter().any(|pattern| matches(&pattern.name.text, known)));
            }
            OperatorKind::MvExpand { columns, .. } => {
                add(&mut fields, columns.iter().flat_map(|column| name_of(&column.value)).collect());
            }
            OperatorKind::Parse { pattern, .. } => {
                let columns = pattern.iter().filter_map(|piece| match piece {
                    crate::kql::syntax::ParsePiece::Column { name, .. } => Some(name.text.clone()),
                    _ => None,
                });
                add(&mut fields, columns.collect());
            }
            _ => {}
        }
    }
    (fields, is_shaped)
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => {
            name.len() >= start.len().saturating_add(end.len())
                && name.starts_with(start)
                && name.ends_with(end.rsplit('*').next().unwrap_or(end))
        }
    }
}

fn names(items: &[NamedExpr]) -> Vec<String> {
    items.iter().flat_map(name_of).collect()
}

/// The name KQL gives the column of an expression.
fn name_of(item: &NamedExpr) -> Vec<String> {
    if !item.names.is_empty() {
        return item.names.iter().map(|name| name.text.clone()).collect();
    }
    implicit_name(&item.value).into_iter().collect()
}

fn implicit_name(expr: &Expr) -> Option<String> {
    match &walk::peel(expr).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member { base, member } => Some(format!("{}_{}", implicit_name(base)?, member.text)),
        ExprKind::Call { function, arguments } => {
            let first = arguments.first().and_then(|argument| implicit_name(&argument.value));
            match function.text.as_str() {
                "bin" | "tostring" | "tolower" | "toupper" | "todatetime" | "tolong" | "toint" | "startofday" => first,
                "make_set" | "makeset" => Some(format!("set_{}", first?)),
                "make_list" | "makelist" => Some(format!("list_{}", first?)),
                "arg_max" | "arg_min" | "take_any" | "any" => first,
                name => Some(format!("{name}_{}", first.unwrap_or_default())),
            }
        }
        _ => None,
    }
}

/// The keys of a `summarize`, time bins left out.
pub fn summarize_keys(operator: &OperatorKind) -> Option<Vec<String>> {
    let OperatorKind::Summarize { by, .. } = operator else { return None };
    let keys = by.as_deref().unwrap_or_default();
    Some(keys.iter().filter(|item| !is_time_bin(&item.value)).flat_map(name_of).collect())
}

fn is_time_bin(expr: &Expr) -> bool {
    let is_time = |expr: &Expr| match &walk::peel(expr).kind {
        ExprKind::Name(name) => crate::rules::roles::TIME_COLUMNS.contains(&name.text.as_str()),
        _ => false,
    };
    match &walk::peel(expr).kind {
        ExprKind::Call { function, arguments } if function.text == "bin" || function.text.starts_with("startof") => {
            arguments.first().is_some_and(|argument| is_time(&argument.value))
        }
        _ => is_time(expr),
    }
}

/// The last stage of the main line whose operator is a `summarize`, with its keys.
pub fn last_summarize<'rule>(
    stages: impl Iterator<Item = &'rule Stage>,
    operators: &Operators<'_>,
) -> Option<Vec<String>> {
    stages.filter_map(|stage| operators.get(&stage.span).and_then(|operator| summarize_keys(operator))).last()
}
