//! A predicate made just wide enough for a value that it refuses: the ways, the closest to what its author wrote first.
//!
//! Knows nothing of running: which of them really keep the event is for whoever runs the rule to find out.

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

/// The changes to the comparison at `whole`, within `conjunct`, that may let `found` through.
pub fn relaxed(conjunct: &Expr, whole: Span, source: &str, found: &Value) -> Vec<Edit> {
    let mut comparison = None;
    walk::visit(conjunct, &mut |part| {
        if part.span == whole && !matches!(part.kind, ExprKind::Parenthesised(_)) {
            comparison = Some(part);
        }
        true
    });
    let texts = match comparison.map(|comparison| &comparison.kind) {
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
    let mut ways: Vec<String> = in_any_case(operator).map(with).into_iter().collect();
    if roles::is_negative(operator) {
        let narrower = [B::NotHas, B::NotStartsWith, B::NotEndsWith, B::NotEqualTilde, B::NotEqual];
        let place = narrower.iter().position(|narrower| *narrower == operator);
        let after = narrower.into_iter().skip(place.map_or(0, |place| place + 1));
        ways.extend(after.map(with));
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
        L::HasAll | L::HasAny | L::NotHasAny | L::NotHasAll => Vec::new(),
    }
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hunt::conjunct::comparisons;

    fn ways(conjunct: &str, found: Value) -> Vec<String> {
        let parsed = crate::kql::parse_expression(conjunct);
        assert!(!parsed.has_errors(), "{conjunct}");
        let parts = comparisons(&parsed.expression, conjunct);
        let edits = relaxed(&parsed.expression, parts.last().unwrap().whole, conjunct, &found);
        edits.into_iter().map(|edit| edit.replacement).collect()
    }

    fn string(text: &str) -> Value {
        Value::String(text.to_owned())
    }

    #[test]
    fn an_equality_becomes_one_without_case_an_end_or_a_list() {
        assert_eq!(
            ways(r#"FileName == "cmd.exe""#, string(r"C:\Windows\CMD.EXE")),
            [
                r#"FileName =~ "cmd.exe""#,
                r#"FileName endswith "cmd.exe""#,
                r#"FileName startswith "cmd.exe""#,
                r#"FileName has "cmd.exe""#,
                r#"FileName contains "cmd.exe""#,
                r#"FileName in~ ("cmd.exe", @"C:\Windows\CMD.EXE")"#,
            ]
        );
        assert_eq!(ways("a == 5", Value::Long(7)), ["a in (5, 7)"]);
    }

    #[test]
    fn a_beginning_becomes_what_both_share() {
        let found = string(r#""C:\Windows\system32\cmd.exe" /c whoami"#);
        assert_eq!(
            ways(r#"Line startswith "\"cmd.exe\" /c""#, found),
            [
                r#"Line has "\"cmd.exe\" /c""#,
                r#"Line contains "\"cmd.exe\" /c""#,
                r#"Line has "cmd.exe\" /c""#,
                r#"Line contains "cmd.exe\" /c""#,
            ]
        );
        // Two letters that happen to be there say nothing of what the author wanted.
        assert!(
            !ways(r#"a startswith "powershell""#, string("cmd.exe /c she")).iter().any(|way| way.contains("\"she\""))
        );
    }

    #[test]
    fn a_list_takes_the_value_and_an_exclusion_loses_it() {
        assert_eq!(
            ways("FileName in~ (names)", string("a.exe")),
            [r#"FileName in~ (names, "a.exe")"#, r#"(FileName in~ (names) or FileName =~ "a.exe")"#]
        );
        assert_eq!(ways(r#"a in ("x", "y")"#, string("X")).first().unwrap(), r#"a in~ ("x", "y")"#);
        assert_eq!(ways(r#"a !in~ ("x", "y")"#, string("X")), [r#"a !in~ ("y")"#]);
        assert_eq!(ways(r#"a !in~ ("x")"#, string("x")), [""; 0]);
        assert_eq!(
            ways(r#"a has_all ("one", "two")"#, string("TWO three")),
            [r#"a has_all ("two")"#, r#"a has_all ("one")"#]
        );
        assert_eq!(ways(r#"a !contains "x""#, string("ax")).get(1).unwrap(), r#"a !has "x""#);
        assert_eq!(ways("FileName in~ (names)", string(&"x".repeat(200))), [""; 0]);
    }

    #[test]
    fn bounds_move_to_the_value() {
        assert_eq!(ways("a > 5", Value::Long(3)), ["a >= 3"]);
        assert_eq!(ways("a between (1 .. 5)", Value::Long(9)), ["a between (1 .. 9)", "a between (9 .. 5)"]);
        assert_eq!(ways("a > 5", Value::Null), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_way_is_kql(
            operator in prop::sample::select(vec!["==", "=~", "!=", "!~", "has", "!has", "contains_cs", "startswith",
                "!endswith", "hasprefix_cs", "in", "!in~", "has_all"]),
            wanted in "[a-zé\\\\\"'/ .\u{1b}]{0,12}",
            found in "[a-zé\\\\\"'/ .\u{1b}\u{202e}日]{0,30}",
        ) {
            let wanted = quote_string(&wanted);
            let list = ["in", "!in~", "has_all"].contains(&operator);
            let text = if list { format!("a {operator} ({wanted}, \"x\")") } else { format!("a {operator} {wanted}") };
            for way in ways(&text, string(&found)) {
                prop_assert!(!crate::kql::parse_expression(&way).has_errors(), "{way}");
            }
        }
    }
}
