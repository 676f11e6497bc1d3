//! Predicates that hold for no row, or for every row.

use std::collections::{BTreeMap, BTreeSet};

use super::super::walk;
use super::comparison::{self, Comparison, Folding, bare};
use super::{Context, bounds};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, LiteralValue};
use crate::rules::pipeline::LetBinding;
use crate::sql::functions::TextPredicate;

/// More comparisons of one column in a row than this are a generated list, and not compared pair by pair.
const MOST_PAIRED: usize = 100;

pub fn contradictions(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let lets = context.rule.pipeline.lets.as_slice();
    for section in context.rule.pipeline.sections() {
        let mut run: Vec<&Expr> = Vec::new();
        // A name in the body of a function may be that of a parameter.
        let is_body = section.stages.iter().any(|stage| stage.prefix.is_none());
        let lets = if is_body { &[] } else { lets };
        for stage in &section.stages {
            if !KEEPS_VALUES.contains(&stage.keyword.as_str()) {
                contradiction(context, &std::mem::take(&mut run), lets, found);
            }
            for unit in &stage.units {
                run.push(&unit.expression);
                let mut take = |chain: Vec<&Expr>| contradiction(context, &chain, lets, found);
                each_chain(&unit.expression, BinaryOperator::And, &mut take);
            }
        }
        contradiction(context, &run, lets, found);
    }
}

/// The stages behind which a column has the values that it had: what is asked of it before and after, is asked of one row.
const KEEPS_VALUES: [&str; 8] = ["where", "filter", "sort", "order", "take", "limit", "serialize", "as"];

fn contradiction(context: &Context<'_>, conjuncts: &[&Expr], lets: &[LetBinding], found: &mut Vec<Diagnostic>) {
    let mut never = |span: Span, why: String, help: Option<&str>| {
        let finding = Diagnostic::warning("never-true", span, format!("never true: {why}")).with_label("no row passes");
        found.push(help.iter().fold(finding, |finding, help| finding.with_help(*help)));
    };
    for (first, second) in excluding(conjuncts, context, false) {
        let are_equalities = [&first, &second].iter().all(|one| one.test == TextPredicate::Equal && !one.negative);
        let help = are_equalities.then_some("use 'or' between the two, or one list with 'in~'");
        let (left, right) = (said(&first, context), said(&second, context));
        never(second.span, format!("{left} and {right} exclude each other"), help);
    }
    let written = |span: Span| span.slice(&context.rule.query).split_whitespace().collect::<Vec<_>>().join(" ");
    for empty in bounds::empty(conjuncts, lets) {
        let why = if empty.first == empty.second {
            "the range ends before it begins".to_owned()
        } else {
            format!("{} and {} leave no value", written(empty.first), written(empty.second))
        };
        never(empty.second, why, None);
    }
    for conjunct in conjuncts {
        if let Some(span) = bounds::beyond_ports(conjunct, lets) {
            never(span, "a port is a number from 0 to 65535".to_owned(), None);
        }
        if let ExprKind::Literal(literal) = &bare(conjunct).kind
            && literal.value == LiteralValue::Bool(Some(false))
        {
            never(conjunct.span, "it says false".to_owned(), None);
        }
    }
}

pub fn tautologies(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for unit in context.units() {
        each_chain(&unit.expression, BinaryOperator::Or, &mut |chain| {
            for (first, second) in excluding(&chain, context, true) {
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

/// For each subject, the first two of its comparisons, negated where `negate`, that exclude each other.
fn excluding(parts: &[&Expr], context: &Context<'_>, negate: bool) -> Vec<(Comparison, Comparison)> {
    let mut by_subject: BTreeMap<String, Vec<Comparison>> = BTreeMap::new();
    for part in parts {
        if let Some(comparison) = signed(part, context) {
            let comparison = if negate { comparison.negated() } else { comparison };
            by_subject.entry(comparison.subject.clone()).or_default().push(comparison);
        }
    }
    let pairs = by_subject.values().filter(|comparisons| comparisons.len() <= MOST_PAIRED);
    pairs.filter_map(|comparisons| first_excluding(comparisons)).collect()
}

fn first_excluding(comparisons: &[Comparison]) -> Option<(Comparison, Comparison)> {
    comparisons.iter().enumerate().find_map(|(position, second)| {
        let first = comparisons.iter().take(position).find(|first| first.excludes(second))?;
        Some((first.clone(), second.clone()))
    })
}

/// The comparison that a conjunct is, `not(…)` taken in; `isempty(x)` is one with the empty text.
fn signed(expr: &Expr, context: &Context<'_>) -> Option<Comparison> {
    let expr = bare(expr);
    let ExprKind::Call { function, arguments } = &expr.kind else { return comparison::of(expr, &context.reader) };
    let first = arguments.first().map(|argument| &argument.value);
    match function.text.as_str() {
        "not" => comparison::of(first?, &context.reader).map(Comparison::negated),
        "isempty" => Comparison::with_empty(first?, expr.span, function.span),
        "isnotempty" | "notempty" => Comparison::with_empty(first?, expr.span, function.span).map(Comparison::negated),
        _ => None,
    }
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
    if matches!(operator, "isempty" | "isnotempty" | "notempty") {
        return format!("{operator}({})", comparison.subject);
    }
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
