//! `iff`, `case`, `coalesce`, `max_of`, `min_of`, `assert`.

use rusqlite::types::ValueRef;

use super::value::{Arguments, Output, Scalar, failure, fallible, plain, real_of};

pub(super) fn iff(arguments: &[String]) -> String {
    case(arguments)
}

pub(super) fn case(arguments: &[String]) -> String {
    let mut sql = String::from("(CASE");
    let mut rest = arguments;
    while let [condition, value, tail @ ..] = rest {
        sql.push_str(&format!(" WHEN {condition} THEN {value}"));
        rest = tail;
    }
    if let [otherwise] = rest {
        sql.push_str(&format!(" ELSE {otherwise}"));
    }
    sql.push_str(" END)");
    sql
}

/// SQLite's COALESCE wants two arguments or more, which the registry sees to.
pub(super) fn coalesce(arguments: &[String]) -> String {
    format!("COALESCE({})", arguments.join(", "))
}

/// For strings "" counts as missing, and what remains is "" rather than null.
pub(super) fn coalesce_string(arguments: &[String]) -> String {
    let some: Vec<String> = arguments.iter().map(|argument| format!("NULLIF({argument}, '')")).collect();
    format!("COALESCE({}, '')", some.join(", "))
}

/// Which of two values of one type is first: NaN is above all numbers.
fn order(left: ValueRef<'_>, right: ValueRef<'_>) -> std::cmp::Ordering {
    match (left, right) {
        (ValueRef::Integer(left), ValueRef::Integer(right)) => left.cmp(&right),
        (ValueRef::Text(left), ValueRef::Text(right)) => left.cmp(right),
        (left, right) => match (real_of(left), real_of(right)) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => std::cmp::Ordering::Equal,
        },
    }
}

pub(super) static SCALARS: &[Scalar] = &[
    fallible("assert", |context| match context.boolean(0) {
        Some(false) => Err(failure(format!("assert() has failed with message: '{}'", context.text(1)))),
        holds => Ok(holds.into()),
    }),
    plain("max_of", |context| {
        (0..context.len())
            .filter(|place| !context.is_null(*place))
            .reduce(|best, next| if order(context.raw(next), context.raw(best)).is_gt() { next } else { best })
            .map_or(Output::Null, Output::Argument)
    }),
    plain("min_of", |context| {
        (0..context.len())
            .filter(|place| !context.is_null(*place))
            .reduce(|best, next| if order(context.raw(next), context.raw(best)).is_lt() { next } else { best })
            .map_or(Output::Null, Output::Argument)
    }),
];
