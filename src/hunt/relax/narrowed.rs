//! What stands within `not(…)` made narrower, so that the whole keeps more.

use super::{closer, in_any_case, literal, pattern, string_of};
use crate::kql::syntax::{BinaryOperator as B, Expr, ExprKind, ListOperator as L};
use crate::kql::values::quote_string;
use crate::schema::Value;

/// The ways to write a comparison that holds for `found` so that it may not.
pub fn narrowed(comparison: &Expr, source: &str, found: &Value) -> Vec<String> {
    match &comparison.kind {
        ExprKind::Binary { operator, left, right, .. } => {
            binary(left.span.slice(source), *operator, right, right.span.slice(source), found)
        }
        ExprKind::InList { operator, value, list, .. } => {
            in_list(value.span.slice(source), *operator, list, source, found)
        }
        _ => Vec::new(),
    }
}

fn binary(subject: &str, operator: B, right: &Expr, written: &str, found: &Value) -> Vec<String> {
    let with = |operator: B| format!("{subject} {} {written}", operator.text());
    let Some(wanted) = string_of(right) else {
        let Some(found) = literal(found) else { return Vec::new() };
        return match operator {
            B::Greater | B::GreaterOrEqual => vec![format!("{subject} > {found}")],
            B::Less | B::LessOrEqual => vec![format!("{subject} < {found}")],
            _ => Vec::new(),
        };
    };
    if operator == B::MatchesRegex {
        return vec![format!("{subject} matches regex {}", quote_string(&pattern::tied(wanted)))];
    }
    let mut ways: Vec<String> = in_its_case(operator).map(with).into_iter().collect();
    ways.extend(closer(operator).map(with));
    ways
}

/// The list without those that are found.
fn in_list(subject: &str, operator: L, list: &[Expr], source: &str, found: &Value) -> Vec<String> {
    let Value::String(found) = found else { return Vec::new() };
    let found = found.to_lowercase();
    let is_found = |member: &Expr| match (operator, string_of(member)) {
        (L::In | L::InTilde, Some(text)) => text.to_lowercase() == found,
        (L::HasAny, Some(text)) => found.contains(&text.to_lowercase()),
        _ => false,
    };
    let rest: Vec<&str> =
        list.iter().filter(|member| !is_found(member)).map(|member| member.span.slice(source)).collect();
    if rest.is_empty() || rest.len() == list.len() {
        return Vec::new();
    }
    vec![format!("{subject} {} ({})", operator.text(), rest.join(", "))]
}

/// The same comparison with regard to case.
fn in_its_case(operator: B) -> Option<B> {
    const ALL: [B; 7] =
        [B::Equal, B::HasCs, B::HasPrefixCs, B::HasSuffixCs, B::ContainsCs, B::StartsWithCs, B::EndsWithCs];
    ALL.into_iter().find(|strict| in_any_case(*strict) == Some(operator))
}
