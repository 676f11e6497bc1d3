//! A predicate made just wide enough for a value that it refuses: the ways, the closest to what its author wrote first.
//!
//! Knows nothing of running: which of them really keep the event is for whoever runs the rule to find out.

mod narrowed;
mod pattern;

use super::rewrite::Edit;
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator as B, Expr, ExprKind, ListOperator as L, LiteralValue};
use crate::kql::values::{datetime_text, quote_string};
use crate::rules::{roles, walk};
use crate::schema::Value;

/// A longer value in a list or an equality would describe one event and nothing else.
const LONGEST_ADDED: usize = 80;
/// What is shared must be so long, and half of what was asked for, to stand in its place.
const SHORTEST_SHARED: usize = 4;

/// The changes to the comparison at `whole`, within `conjunct`, that may let `found` through. Within `not(…)` it is the
/// narrower comparison that does.
pub fn relaxed(conjunct: &Expr, (whole, negated): (Span, bool), source: &str, found: &Value) -> Vec<Edit> {
    let mut comparison = None;
    walk::visit(conjunct, &mut |part| {
        if part.span == whole && !matches!(part.kind, ExprKind::Parenthesised(_)) {
            comparison = Some(part);
        }
        true
    });
    let texts = match comparison.map(|comparison| &comparison.kind) {
        _ if negated => comparison.map(|part| narrowed::narrowed(part, source, found)).unwrap_or_default(),
        Some(ExprKind::Binary { operator, left, right, .. }) => {
            binary(left.span.slice(source), *operator, right, source, found)
        }
        Some(ExprKind::InList { operator, value, list, .. }) => {
            in_list(value.span.slice(source), *operator, list, source, found)
        }
        Some(ExprKind::Between { negated: false, value, low, high }) => {
            between(value.span.slice(source), low.span.slice(source), high.span.slice(source), found)
        }
        _ => Vec::new(),
    };
    let mut edits: Vec<Edit> = Vec::new();
    for text in texts {
        if text != whole.slice(source) && edits.iter().all(|edit| edit.replacement != text) {
            edits.push(Edit::replace(whole, text));
        }
    }
    edits
}

fn binary(subject: &str, operator: B, right: &Expr, source: &str, found: &Value) -> Vec<String> {
    let written = right.span.slice(source);
    match (string_of(right), found) {
        (Some(wanted), Value::String(found)) => text(subject, operator, wanted, written, found),
        (Some(_), _) => Vec::new(),
        (None, found) => ordered(subject, operator, written, found),
    }
}

/// Comparisons of a text with a text.
fn text(subject: &str, operator: B, wanted: &str, written: &str, found: &str) -> Vec<String> {
    let with = |operator: B| format!("{subject} {} {written}", operator.text());
    if operator == B::MatchesRegex {
        let ways = pattern::widened(wanted);
        return ways.iter().map(|way| format!("{subject} {} {}", operator.text(), quote_string(way))).collect();
    }
    let mut ways: Vec<String> = in_any_case(operator).map(with).into_iter().collect();
    if roles::is_negative(operator) {
        ways.extend(closer(operator).map(with));
        return ways;
    }
    if found.is_empty() || wanted.is_empty() {
        return ways;
    }
    let is_equality = matches!(operator, B::Equal | B::EqualTilde);
    let is_wide = matches!(operator, B::Contains | B::ContainsCs);
    if is_equality {
        ways.extend([B::EndsWith, B::StartsWith].map(with));
    }
    if !matches!(operator, B::Has | B::HasCs) && !is_wide {
        ways.push(with(B::Has));
    }
    if !is_wide {
        ways.push(with(B::Contains));
    }
    if is_equality && found.len() <= LONGEST_ADDED {
        ways.push(format!("{subject} in~ ({written}, {})", quote_string(found)));
    }
    if let Some(shared) = shared(wanted, found) {
        let shared = quote_string(shared);
        ways.extend([B::Has, B::Contains].map(|operator| format!("{subject} {} {shared}", operator.text())));
    }
    ways
}

/// Comparisons of a text that fewer texts meet: the positive ones, or those that negate them.
fn closer(operator: B) -> impl Iterator<Item = B> {
    const POSITIVE: [B; 5] = [B::Has, B::StartsWith, B::EndsWith, B::EqualTilde, B::Equal];
    const NEGATIVE: [B; 5] = [B::NotHas, B::NotStartsWith, B::NotEndsWith, B::NotEqualTilde, B::NotEqual];
    let closer = if roles::is_negative(operator) { NEGATIVE } else { POSITIVE };
    let place = closer.iter().position(|closer| *closer == operator);
    closer.into_iter().skip(place.map_or(0, |place| place + 1))
}

/// Comparisons of numbers and times.
fn ordered(subject: &str, operator: B, written: &str, found: &Value) -> Vec<String> {
    let Some(found) = literal(found) else { return Vec::new() };
    match operator {
        B::Greater | B::GreaterOrEqual => vec![format!("{subject} >= {found}")],
        B::Less | B::LessOrEqual => vec![format!("{subject} <= {found}")],
        B::Equal => vec![format!("{subject} in ({written}, {found})")],
        _ => Vec::new(),
    }
}

fn between(subject: &str, low: &str, high: &str, found: &Value) -> Vec<String> {
    let Some(found) = literal(found) else { return Vec::new() };
    vec![format!("{subject} between ({low} .. {found})"), format!("{subject} between ({found} .. {high})")]
}

fn in_list(subject: &str, operator: L, list: &[Expr], source: &str, found: &Value) -> Vec<String> {
    let members: Vec<&str> = list.iter().map(|member| member.span.slice(source)).collect();
    let with = |operator: L, members: &[&str]| format!("{subject} {} ({})", operator.text(), members.join(", "));
    match operator {
        L::In | L::InTilde => {
            let is_short = !matches!(found, Value::String(found) if found.is_empty() || found.len() > LONGEST_ADDED);
            let Some(found) = literal(found).filter(|_| is_short) else { return Vec::new() };
            let widened: Vec<&str> = members.iter().copied().chain([found.as_str()]).collect();
            let equals = if operator == L::InTilde { B::EqualTilde } else { B::Equal };
            let as_written = with(operator, &members);
            vec![
                with(L::InTilde, &members),
                with(operator, &widened),
                // A list that comes from a table takes no members beside.
                format!("({as_written} or {subject} {} {found})", equals.text()),
            ]
        }
        L::NotIn | L::NotInTilde => {
            let Value::String(found) = found else { return Vec::new() };
            let is_found = |member: &Expr| string_of(member).is_some_and(|text| text.eq_ignore_ascii_case(found));
            let rest = list.iter().filter(|member| !is_found(member)).map(|member| member.span.slice(source));
            let rest: Vec<&str> = rest.collect();
            if rest.is_empty() || rest.len() == members.len() { Vec::new() } else { vec![with(operator, &rest)] }
        }
        // Without one of them; which, the rule says when it is run.
        L::HasAll if members.len() > 1 => {
            let without = |dropped: usize| {
                let rest = members.iter().enumerate().filter(|(at, _)| *at != dropped).map(|(_, member)| *member);
                with(operator, &rest.collect::<Vec<_>>())
            };
            (0..members.len()).map(without).collect()
        }
        L::HasAny => has_any(subject, &members, list, found),
        L::NotHasAny => {
            let Value::String(found) = found else { return Vec::new() };
            let found = found.to_lowercase();
            let is_in = |member: &Expr| string_of(member).is_some_and(|text| found.contains(&text.to_lowercase()));
            let rest: Vec<&str> =
                list.iter().filter(|member| !is_in(member)).map(|member| member.span.slice(source)).collect();
            if rest.is_empty() || rest.len() == members.len() { Vec::new() } else { vec![with(operator, &rest)] }
        }
        L::HasAll | L::NotHasAll => Vec::new(),
    }
}

/// None of the terms is there: as part of a longer word one may be, or a part of it, or another word is what was meant.
fn has_any(subject: &str, members: &[&str], list: &[Expr], found: &Value) -> Vec<String> {
    let Value::String(found) = found else { return Vec::new() };
    if found.is_empty() {
        return Vec::new();
    }
    let as_written = format!("{subject} has_any ({})", members.join(", "));
    let lower = found.to_lowercase();
    let wanted = || list.iter().filter_map(string_of).filter(|wanted| !wanted.is_empty());
    let within = wanted().filter(|wanted| lower.contains(&wanted.to_lowercase()));
    let mut ways: Vec<String> =
        within.map(|part| format!("({as_written} or {subject} contains {})", quote_string(part))).collect();
    let longest = wanted().filter_map(|wanted| shared(wanted, found)).max_by_key(|part| part.len());
    if let Some(part) = longest {
        let part = quote_string(part);
        ways.push(format!("{subject} has_any ({}, {part})", members.join(", ")));
        ways.push(format!("({as_written} or {subject} contains {part})"));
    }
    if found.len() <= LONGEST_ADDED {
        let found = quote_string(found);
        ways.push(format!("{subject} has_any ({}, {found})", members.join(", ")));
        // A list that comes from a table takes no members beside.
        ways.push(format!("({as_written} or {subject} has {found})"));
    }
    ways
}

/// The same comparison without regard to case, where it has regard.
const fn in_any_case(operator: B) -> Option<B> {
    Some(match operator {
        B::Equal => B::EqualTilde,
        B::HasCs => B::Has,
        B::HasPrefixCs => B::HasPrefix,
        B::HasSuffixCs => B::HasSuffix,
        B::ContainsCs => B::Contains,
        B::StartsWithCs => B::StartsWith,
        B::EndsWithCs => B::EndsWith,
        B::NotEqualTilde => B::NotEqual,
        B::NotHas => B::NotHasCs,
        B::NotContains => B::NotContainsCs,
        B::NotStartsWith => B::NotStartsWithCs,
        B::NotEndsWith => B::NotEndsWithCs,
        _ => return None,
    })
}

fn string_of(expr: &Expr) -> Option<&str> {
    match &walk::peel(expr).kind {
        ExprKind::Literal(literal) => match &literal.value {
            LiteralValue::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A value as KQL writes it.
fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quote_string(text)),
        Value::Int(number) => Some(number.to_string()),
        Value::Long(number) => Some(number.to_string()),
        Value::Datetime(ticks) => Some(format!("datetime({})", datetime_text(*ticks))),
        _ => None,
    }
}

/// The longest part of `wanted` that stands in `found` too, in whatever case, without the blanks around it.
fn shared<'a>(wanted: &'a str, found: &str) -> Option<&'a str> {
    /// Longer texts are not compared place by place.
    const MOST: usize = 4096;
    let bytes: Vec<u8> = wanted.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    let others: Vec<u8> = found.bytes().take(MOST).map(|byte| byte.to_ascii_lowercase()).collect();
    if bytes.len() > MOST {
        return None;
    }
    // How long the shared part is that ends before each place of `found`.
    let (mut longest, mut end) = (0, 0);
    let mut before = vec![0usize; others.len() + 1];
    for (at, byte) in bytes.iter().enumerate() {
        let mut here = vec![0usize];
        here.extend(before.iter().zip(&others).map(|(shared, other)| if byte == other { shared + 1 } else { 0 }));
        if let Some(best) = here.iter().max().filter(|best| **best > longest) {
            (longest, end) = (*best, at + 1);
        }
        before = here;
    }
    let part = wanted.get(end.checked_sub(longest)?..end)?.trim();
    let count = part.chars().count();
    (count >= SHORTEST_SHARED && count * 2 >= wanted.chars().count() && part != wanted).then_some(part)
}

#[cfg(test)]
mod tests;
