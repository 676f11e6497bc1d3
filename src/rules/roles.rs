//! What a conjunct of a `where` is for: a predicate, a look back in time, an exclusion; and whether it looks at case.

use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, ListOperator, LiteralValue, Operator, OperatorKind};

use super::pipeline::{Case, LetBinding, Role};
use super::walk;

/// Columns that hold when the event happened, over all tables.
pub const TIME_COLUMNS: &[&str] = &["Timestamp", "TimeGenerated"];

/// What the conjunct does. `lets` are the bindings of the rule.
pub fn role(conjunct: &Expr, lets: &[LetBinding]) -> Role {
    if is_time_filter(conjunct, lets) {
        Role::TimeFilter
    } else if is_negated(conjunct) {
        Role::Exclusion
    } else {
        Role::Predicate
    }
}

/// The operand of a `not(…)`.
pub fn negated(expr: &Expr) -> Option<&Expr> {
    match &walk::peel(expr).kind {
        ExprKind::Call { function, arguments } if function.text == "not" => {
            arguments.first().map(|argument| &argument.value)
        }
        _ => None,
    }
}

fn is_negated(conjunct: &Expr) -> bool {
    if let Some(inner) = negated(conjunct) {
        // `not(x !has "a")` takes nothing away that a plain predicate would not.
        return !is_negated(inner);
    }
    match &walk::peel(conjunct).kind {
        ExprKind::Binary { operator, .. } => is_negative(*operator),
        ExprKind::InList { operator, .. } => is_negative_list(*operator),
        ExprKind::Between { negated, .. } => *negated,
        _ => false,
    }
}

pub fn is_negative(operator: BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        operator,
        Op::NotEqual
            | Op::NotEqualTilde
            | Op::NotHas
            | Op::NotHasCs
            | Op::NotHasPrefix
            | Op::NotHasPrefixCs
            | Op::NotHasSuffix
            | Op::NotHasSuffixCs
            | Op::NotContains
            | Op::NotContainsCs
            | Op::NotStartsWith
            | Op::NotStartsWithCs
            | Op::NotEndsWith
            | Op::NotEndsWithCs
    )
}

pub fn is_negative_list(operator: ListOperator) -> bool {
    use ListOperator as Op;
    matches!(operator, Op::NotIn | Op::NotInTilde | Op::NotHasAny | Op::NotHasAll)
}

/// `join kind=leftanti`, `rightanti` and their aliases.
pub fn is_anti_join(operator: &Operator) -> bool {
    let OperatorKind::Join { options, .. } = &operator.kind else { return false };
    options.iter().filter(|option| option.name.text == "kind").any(|option| match &option.value.kind {
        ExprKind::Name(kind) => {
            matches!(kind.text.as_str(), "leftanti" | "rightanti" | "anti" | "leftantisemi" | "rightantisemi")
        }
        _ => false,
    })
}

fn is_time_filter(conjunct: &Expr, lets: &[LetBinding]) -> bool {
    if let Some(inner) = negated(conjunct) {
        return is_time_filter(inner, lets);
    }
    match &walk::peel(conjunct).kind {
        ExprKind::Binary { operator, left, right, .. } => {
            use BinaryOperator as Op;
            let compares = matches!(
                operator,
                Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual | Op::Equal | Op::NotEqual
            );
            compares
                && ((is_event_time(left) && is_clock(right, lets)) || (is_event_time(right) && is_clock(left, lets)))
        }
        ExprKind::Between { value, low, high, .. } => {
            is_event_time(value) && (is_clock(low, lets) || is_clock(high, lets))
        }
        // `Timestamp > ago(1d) or …` of time filters alone is one too.
        ExprKind::Parenthesised(inner) => is_time_filter(inner, lets),
        _ => false,
    }
}

/// Whether the expression is the event's time, or made of it alone (`bin(Timestamp, 1h)`).
fn is_event_time(expr: &Expr) -> bool {
    match &walk::peel(expr).kind {
        ExprKind::Name(name) => TIME_COLUMNS.contains(&name.text.as_str()),
        ExprKind::Call { function, arguments } => {
            function.text == "ingestion_time"
                || (matches!(function.text.as_str(), "bin" | "todatetime" | "startofday" | "startofhour")
                    && arguments.first().is_some_and(|argument| is_event_time(&argument.value)))
        }
        _ => false,
    }
}

/// Whether the expression is a point in time made of the clock and literals, without a column.
fn is_clock(expr: &Expr, lets: &[LetBinding]) -> bool {
    let mut points = false;
    let mut columns = false;
    walk::visit(expr, &mut |part| {
        match &part.kind {
            ExprKind::Call { function, .. } if matches!(function.text.as_str(), "ago" | "now") => points = true,
            ExprKind::Literal(literal) if matches!(literal.value, LiteralValue::Datetime(_)) => points = true,
            ExprKind::Name(name) => match lets.iter().position(|binding| binding.name == name.text) {
                // Only earlier bindings are visible from a `let`, so the walk ends.
                Some(at) => {
                    let (earlier, rest) = lets.split_at(at);
                    points |= rest.first().is_some_and(|binding| is_clock(&binding.value, earlier));
                }
                None => columns = true,
            },
            _ => {}
        }
        true
    });
    points && !columns
}

/// Whether the comparisons with text in a conjunct look at case.
pub fn case(conjunct: &Expr) -> Case {
    let mut sensitive = false;
    let mut insensitive = false;
    walk::visit(conjunct, &mut |part| {
        let flag = match &part.kind {
            ExprKind::Binary { operator, left, right, .. } => binary_case(*operator, is_text(left) || is_text(right)),
            ExprKind::InList { operator, list, .. } => {
                list_case(*operator, list.iter().all(|member| !is_number(member)))
            }
            _ => None,
        };
        match flag {
            Some(true) => sensitive = true,
            Some(false) => insensitive = true,
            None => {}
        }
        true
    });
    match (sensitive, insensitive) {
        (false, false) => Case::None,
        (true, false) => Case::Sensitive,
        (false, true) => Case::Insensitive,
        (true, true) => Case::Mixed,
    }
}

/// `Some(true)` where the operator looks at case; `==` does so only between texts.
pub fn binary_case(operator: BinaryOperator, text: bool) -> Option<bool> {
    use BinaryOperator as Op;
    match operator {
        Op::Equal | Op::NotEqual => text.then_some(true),
        Op::HasCs
        | Op::NotHasCs
        | Op::HasPrefixCs
        | Op::NotHasPrefixCs
        | Op::HasSuffixCs
        | Op::NotHasSuffixCs
        | Op::ContainsCs
        | Op::NotContainsCs
        | Op::StartsWithCs
        | Op::NotStartsWithCs
        | Op::EndsWithCs
        | Op::NotEndsWithCs
        | Op::MatchesRegex => Some(true),
        Op::EqualTilde
        | Op::NotEqualTilde
        | Op::Has
        | Op::NotHas
        | Op::HasPrefix
        | Op::NotHasPrefix
        | Op::HasSuffix
        | Op::NotHasSuffix
        | Op::Contains
        | Op::NotContains
        | Op::StartsWith
        | Op::NotStartsWith
        | Op::EndsWith
        | Op::NotEndsWith
        | Op::Colon => Some(false),
        Op::Or
        | Op::And
        | Op::Less
        | Op::LessOrEqual
        | Op::Greater
        | Op::GreaterOrEqual
        | Op::Add
        | Op::Subtract
        | Op::Multiply
        | Op::Divide
        | Op::Modulo => None,
    }
}

/// As [`binary_case`], for the operators that take a list.
pub fn list_case(operator: ListOperator, text: bool) -> Option<bool> {
    match operator {
        ListOperator::In | ListOperator::NotIn => text.then_some(true),
        ListOperator::InTilde
        | ListOperator::NotInTilde
        | ListOperator::HasAny
        | ListOperator::NotHasAny
        | ListOperator::HasAll
        | ListOperator::NotHasAll => Some(false),
    }
}

fn is_text(expr: &Expr) -> bool {
    matches!(&walk::peel(expr).kind, ExprKind::Literal(literal) if matches!(literal.value, LiteralValue::String(_)))
}

fn is_number(expr: &Expr) -> bool {
    matches!(
        &walk::peel(expr).kind,
        ExprKind::Literal(literal)
            if matches!(literal.value, LiteralValue::Int(_) | LiteralValue::Long(_) | LiteralValue::Real(_))
    )
}
