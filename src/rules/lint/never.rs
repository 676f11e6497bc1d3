//! Predicates that hold for no row, or for every row.

use std::collections::{BTreeMap, BTreeSet};

use super::super::walk;
use super::Context;
use super::comparison::{self, Comparison, Folding, bare};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind};
use crate::sql::functions::TextPredicate;

/// More comparisons of one column in a row than this are a generated list, and not compared pair by pair.
const MOST_PAIRED: usize = 100;

pub fn contradictions(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut stages: BTreeMap<&str, Vec<&Expr>> = BTreeMap::new();
    for unit in context.units() {
        stages.entry(&unit.stage).or_default().push(&unit.expression);
        each_chain(&unit.expression, BinaryOperator::And, &mut |chain| contradiction(context, &chain, found));
    }
    for expressions in stages.into_values() {
        contradiction(context, &expressions, found);
    }
}

fn contradiction(context: &Context<'_>, conjuncts: &[&Expr], found: &mut Vec<Diagnostic>) {
    let Some((first, second)) = excluding(conjuncts, context, false) else { return };
    let message = format!("never true: {} and {} exclude each other", said(&first, context), said(&second, context));
    let mut finding = Diagnostic::warning("never-true", second.span, message).with_label("no row passes both");
    if first.test == TextPredicate::Equal && second.test == TextPredicate::Equal && !first.negative && !second.negative
    {
        finding = finding.with_help("use 'or' between the two, or one list with 'in~'");
    }
    found.push(finding);
}

pub fn tautologies(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for unit in context.units() {
        each_chain(&unit.expression, BinaryOperator::Or, &mut |chain| {
            if let Some((first, second)) = excluding(&chain, context, true) {
                let (first, second) = (first.negated(), second.negated());
                let message = format!(
                    "always true: whatever the value, {} or {} holds",
                    said(&first, context),
                    said(&second, context)
                );
                found.push(
                    Diagnostic::warning("always-true", second.span, message)
                        .with_label("every row passes one of the two")
                        .with_help("use 'and' between the two, or one list with '!in~'"),
                );
            }
        });
    }
}

/// Two of the comparisons, each negated where `negate`, that exclude each other.
fn excluding(parts: &[&Expr], context: &Context<'_>, negate: bool) -> Option<(Comparison, Comparison)> {
    let mut by_subject: BTreeMap<String, Vec<Comparison>> = BTreeMap::new();
    for part in parts {
        if let Some(comparison) = signed(part, context) {
            let comparison = if negate { comparison.negated() } else { comparison };
            by_subject.entry(comparison.subject.clone()).or_default().push(comparison);
        }
    }
    for comparisons in by_subject.values().filter(|comparisons| comparisons.len() <= MOST_PAIRED) {
        for (position, second) in comparisons.iter().enumerate() {
            if let Some(first) = comparisons.iter().take(position).find(|first| first.excludes(second)) {
                return Some((first.clone(), second.clone()));
            }
        }
    }
    None
}

/// The comparison that a conjunct is, `not(…)` taken in.
fn signed(expr: &Expr, context: &Context<'_>) -> Option<Comparison> {
    let expr = bare(expr);
    if let ExprKind::Call { function, arguments } = &expr.kind
        && function.text == "not"
    {
        return comparison::of(&arguments.first()?.value, &context.reader).map(Comparison::negated);
    }
    comparison::of(expr, &context.reader)
}

/// Calls `take` with the members of every `and` (or `or`) chain in an expression, the longest each.
fn each_chain(expr: &Expr, joint: BinaryOperator, take: &mut dyn FnMut(Vec<&Expr>)) {
    let mut chains: Vec<&Expr> = Vec::new();
    let mut inner: BTreeSet<(usize, usize)> = BTreeSet::new();
    walk::visit(expr, &mut |node| {
        if let ExprKind::Binary { operator, left, right, .. } = &node.kind
            && *operator == joint
        {
            chains.push(node);
            inner.extend([left, right].map(|side| (bare(side).span.start, bare(side).span.end)));
        }
        true
    });
    for chain in chains.into_iter().filter(|chain| !inner.contains(&(chain.span.start, chain.span.end))) {
        take(members(chain, joint));
    }
}

fn members(expr: &Expr, joint: BinaryOperator) -> Vec<&Expr> {
    let mut waiting = vec![expr];
    let mut found = Vec::new();
    while let Some(next) = waiting.pop() {
        match &bare(next).kind {
            ExprKind::Binary { operator, left, right, .. } if *operator == joint => {
                waiting.push(right);
                waiting.push(left);
            }
            _ => found.push(next),
        }
    }
    found
}

fn said(comparison: &Comparison, context: &Context<'_>) -> String {
    let operator = comparison.operator_span.slice(&context.rule.query);
    let value = match comparison.values.as_slice() {
        [value] if !comparison.is_list => format!("'{}'", value.text.chars().take(40).collect::<String>()),
        _ => "(…)".to_owned(),
    };
    format!("{} {operator} {value}", comparison.subject)
}

/// `tolower(x) == "ABC"`.
pub fn folded_literals(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for comparison in context.comparisons.iter().filter(|comparison| comparison.case_sensitive) {
        let Some(folding) = comparison.folding else { continue };
        for value in &comparison.values {
            let (function, folded) = match folding {
                Folding::Lower => ("tolower", value.text.to_lowercase()),
                Folding::Upper => ("toupper", value.text.to_uppercase()),
            };
            if folded == value.text {
                continue;
            }
            let message = format!(
                "{function}({}) never has '{}', which is not all in {} case",
                comparison.subject,
                value.text,
                if folding == Folding::Lower { "lower" } else { "upper" }
            );
            found.push(Diagnostic::warning("folded-literal", context.place(value), message).with_help(format!(
                "write '{folded}', or compare {} by itself with '=~' or 'in~'",
                comparison.subject
            )));
        }
    }
}

/// `x in (dynamic([]))`.
pub fn empty_lists(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for comparison in context.comparisons.iter().filter(|comparison| comparison.is_list && comparison.values.is_empty())
    {
        let holds = comparison.negative != comparison.all;
        let message = format!("the list is empty, so this is {} true", if holds { "always" } else { "never" });
        found.push(Diagnostic::warning("empty-list", comparison.span, message));
    }
}
