//! Arithmetic, comparison, logic, string predicates and lists.
//!
//! SQLite's own operators serve where they agree with Kusto; they do not for 64-bit overflow (Kusto wraps around,
//! SQLite turns to floating point), the sign of a remainder (never negative in the engine), NaN, and `!=` with null.

use std::collections::HashSet;

use rusqlite::functions::Context;

use crate::kql::values::in_range;

use super::decimal::Decimal;
use super::json;
use super::prepared::prepared;
use super::search::{Needle, Needles, Predicate, folded};
use super::value::{Arguments, Output, Scalar, failure, fallible, plain};

pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("same", "{0}"),
    ("and", "({0} AND {1})"),
    ("or", "({0} OR {1})"),
    ("not", "(NOT {0})"),
    ("equal", "({0} = {1})"),
    ("not_equal_string", "({0} <> {1})"),
    ("less", "({0} < {1})"),
    ("less_or_equal", "({0} <= {1})"),
    ("greater", "({0} > {1})"),
    ("greater_or_equal", "({0} >= {1})"),
    ("between", "({0} BETWEEN {1} AND {2})"),
    ("not_between", "({0} NOT BETWEEN {1} AND {2})"),
    ("between_span", "({0} BETWEEN {1} AND kql_add_datetime_timespan({1}, {2}))"),
    ("not_between_span", "({0} NOT BETWEEN {1} AND kql_add_datetime_timespan({1}, {2}))"),
    ("between_real", "(kql_greater_or_equal_real({0}, {1}) AND kql_less_or_equal_real({0}, {2}))"),
    ("not_between_real", "(NOT (kql_greater_or_equal_real({0}, {1}) AND kql_less_or_equal_real({0}, {2})))"),
    ("between_decimal", "(kql_compare_decimal({0}, {1}) >= 0 AND kql_compare_decimal({0}, {2}) <= 0)"),
    ("not_between_decimal", "(NOT (kql_compare_decimal({0}, {1}) >= 0 AND kql_compare_decimal({0}, {2}) <= 0))"),
    ("equal_decimal", "(kql_compare_decimal({0}, {1}) = 0)"),
    ("not_equal_decimal", "(NOT (kql_compare_decimal({0}, {1}) IS 0))"),
    ("less_decimal", "(kql_compare_decimal({0}, {1}) < 0)"),
    ("less_or_equal_decimal", "(kql_compare_decimal({0}, {1}) <= 0)"),
    ("greater_decimal", "(kql_compare_decimal({0}, {1}) > 0)"),
    ("greater_or_equal_decimal", "(kql_compare_decimal({0}, {1}) >= 0)"),
];

/// `!=` is true where exactly one side is null, and null where both are. With a literal on one side, `IS NOT` says it.
pub(super) fn not_equal(arguments: &[String]) -> String {
    let [left, right] = arguments else { return "NULL".to_owned() };
    let is_literal =
        |sql: &String| sql.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '\'' | '-'));
    if is_literal(left) || is_literal(right) {
        format!("({left} IS NOT {right})")
    } else {
        format!("(CASE WHEN {left} IS NULL AND {right} IS NULL THEN NULL ELSE {left} IS NOT {right} END)")
    }
}

pub(super) fn in_list(arguments: &[String]) -> String {
    match arguments {
        [value, members @ ..] if !members.is_empty() => format!("({value} IN ({}))", members.join(", ")),
        _ => "0".to_owned(),
    }
}

/// A null is in no list, so `!in` is true for it.
pub(super) fn not_in_list(arguments: &[String]) -> String {
    match arguments {
        [value, members @ ..] if !members.is_empty() => {
            format!("(({value} IN ({})) IS NOT 1)", members.join(", "))
        }
        _ => "1".to_owned(),
    }
}

/// Both arguments as whole numbers, through an operation that may have no answer.
fn long(context: &Context<'_>, operation: fn(i64, i64) -> Option<i64>) -> Output {
    context.integer(0).zip(context.integer(1)).and_then(|(left, right)| operation(left, right)).into()
}

fn real(context: &Context<'_>, operation: fn(f64, f64) -> f64) -> Output {
    context.real(0).zip(context.real(1)).map(|(left, right)| operation(left, right)).into()
}

fn compare_real(context: &Context<'_>, holds: fn(f64, f64) -> bool) -> Output {
    context.real(0).zip(context.real(1)).map(|(left, right)| holds(left, right)).into()
}

fn decimal(context: &Context<'_>, operation: fn(Decimal, Decimal) -> Option<Decimal>) -> Output {
    let read = |place| context.maybe_text(place).and_then(Decimal::parse);
    read(0).zip(read(1)).and_then(|(left, right)| operation(left, right)).map(|result| result.to_string()).into()
}

/// `%` as the engine has it: the remainder is never negative.
fn real_modulo(left: f64, right: f64) -> f64 {
    left.rem_euclid(right)
}

fn real_to_ticks(value: f64) -> Option<i64> {
    (value.is_finite() && value.abs() < 9.2e18).then_some(value as i64)
}

/// Compares two dynamic values by value; `None` where either is null.
fn same_dynamic(context: &Context<'_>) -> Option<bool> {
    context.maybe_text(0).zip(context.maybe_text(1)).map(|(left, right)| json::same(left, right))
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("add_long", |context| long(context, |left, right| Some(left.wrapping_add(right)))),
    plain("subtract_long", |context| long(context, |left, right| Some(left.wrapping_sub(right)))),
    plain("multiply_long", |context| long(context, |left, right| Some(left.wrapping_mul(right)))),
    plain("divide_long", |context| long(context, |left, right| (right != 0).then(|| left.wrapping_div(right)))),
    plain("modulo_long", |context| long(context, |left, right| (right != 0).then(|| left.wrapping_rem_euclid(right)))),
    plain("negate_long", |context| context.integer(0).map(i64::wrapping_neg).into()),
    plain("negate_real", |context| context.real(0).map(|value| -value).into()),
    plain("negate_dynamic", |context| {
        let Some(text) = context.maybe_text(0) else { return Output::Null };
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(value), _) => value.wrapping_neg().to_string().into(),
            (_, Ok(value)) if value.is_finite() => json::real(-value).into(),
            _ => Output::Null,
        }
    }),
    plain("negate_decimal", |context| {
        context.maybe_text(0).and_then(Decimal::parse).map(|value| value.negated().to_string()).into()
    }),
    plain("add_real", |context| real(context, |left, right| left + right)),
    plain("subtract_real", |context| real(context, |left, right| left - right)),
    plain("multiply_real", |context| real(context, |left, right| left * right)),
    plain("divide_real", |context| real(context, |left, right| left / right)),
    plain("modulo_real", |context| real(context, real_modulo)),
    plain("add_decimal", |context| decimal(context, Decimal::plus)),
    plain("subtract_decimal", |context| decimal(context, |left, right| left.plus(right.negated()))),
    plain("multiply_decimal", |context| decimal(context, Decimal::times)),
    plain("divide_decimal", |context| decimal(context, Decimal::over)),
    plain("modulo_decimal", |context| decimal(context, Decimal::modulo)),
    // Time plus span in either order: both are ticks.
    plain("add_datetime_timespan", |context| long(context, |left, right| left.checked_add(right).and_then(in_range))),
    plain("subtract_datetime_timespan", |context| {
        long(context, |left, right| left.checked_sub(right).and_then(in_range))
    }),
    plain("divide_timespan", |context| real(context, |left, right| left / right)),
    plain("multiply_timespan_real", |context| {
        context.real(0).zip(context.real(1)).and_then(|(left, right)| real_to_ticks(left * right)).into()
    }),
    plain("divide_timespan_real", |context| {
        context.real(0).zip(context.real(1)).and_then(|(left, right)| real_to_ticks(left / right)).into()
    }),
    plain("equal_real", |context| compare_real(context, |left, right| left == right)),
    plain("not_equal_real", |context| match (context.real(0), context.real(1)) {
        (None, None) => Output::Null,
        (left, right) => Output::from(left != right),
    }),
    plain("less_real", |context| compare_real(context, |left, right| left < right)),
    plain("less_or_equal_real", |context| compare_real(context, |left, right| left <= right)),
    plain("greater_real", |context| compare_real(context, |left, right| left > right)),
    plain("greater_or_equal_real", |context| compare_real(context, |left, right| left >= right)),
    plain("compare_decimal", |context| {
        let read = |place| context.maybe_text(place).and_then(Decimal::parse);
        read(0).zip(read(1)).map(|(left, right)| left.compare(right) as i64).into()
    }),
    plain("equal_dynamic", |context| same_dynamic(context).into()),
    plain("not_equal_dynamic", |context| match (context.is_null(0), context.is_null(1)) {
        (true, true) => Output::Null,
        (false, false) => same_dynamic(context).map(|same| !same).into(),
        _ => Output::from(true),
    }),
    fallible("in_array", |context| member_of_array(context).map(Output::from)),
    fallible("not_in_array", |context| member_of_array(context).map(|found| Output::from(!found))),
    fallible("in_ci", |context| in_ci(context).map(Output::from)),
    fallible("not_in_ci", |context| in_ci(context).map(|found| Output::from(!found))),
    fallible("has_any", |context| Ok(needles(context)?.any_is_had_by(context.text(0)).into())),
    fallible("not_has_any", |context| Ok((!needles(context)?.any_is_had_by(context.text(0))).into())),
    fallible("has_all", |context| Ok(needles(context)?.all_are_had_by(context.text(0)).into())),
    fallible("not_has_all", |context| Ok((!needles(context)?.all_are_had_by(context.text(0))).into())),
    fallible("has_any_index", |context| {
        Ok(needles(context)?.first_had_by(context.text(0)).map_or(Output::Integer(-1), Output::from))
    }),
    fallible("matches_regex", |context| {
        let pattern = super::regexes::prepared(context, 1)?;
        Ok(pattern.is_match(context.text(0)).into())
    }),
];

/// The members of an array argument, arrays in it flattened; a scalar is its own only member.
pub(super) fn members(array: &str) -> Vec<&str> {
    match json::elements(array) {
        Some(elements) => elements.flat_map(members).collect(),
        None => vec![array],
    }
}

fn needles(context: &Context<'_>) -> rusqlite::Result<std::sync::Arc<Needles>> {
    prepared(context, 1, |array| Ok(Needles::new(members(array.unwrap_or("[]")).into_iter().map(json::plain_text))))
}

/// Folded members of a list, looked up by a folded value where the list is long.
struct FoldedList {
    few: Needles,
    many: HashSet<String>,
}

/// Up to here, comparing with each member is faster than folding the value.
const FEW: usize = 8;

fn in_ci(context: &Context<'_>) -> rusqlite::Result<bool> {
    let list = prepared(context, 1, |array| {
        let members = members(array.unwrap_or("[]"));
        let texts: Vec<String> = members.into_iter().map(|member| json::plain_text(member).into_owned()).collect();
        Ok(if texts.len() <= FEW {
            FoldedList { few: Needles::new(texts), many: HashSet::new() }
        } else {
            let many = texts.iter().map(|text| folded(text)).collect();
            FoldedList { few: Needles::new(Vec::<String>::new()), many }
        })
    })?;
    let value = context.text(0);
    Ok(if list.many.is_empty() { list.few.holds_ci(value) } else { list.many.contains(&folded(value)) })
}

fn member_of_array(context: &Context<'_>) -> rusqlite::Result<bool> {
    let Some(value) = context.maybe_text(0) else { return Ok(false) };
    let keys = prepared(context, 1, |array| {
        let members = members(array.unwrap_or("[]"));
        Ok(members.into_iter().map(|member| json::key(member).into_owned()).collect::<HashSet<String>>())
    })?;
    Ok(keys.contains(json::key(value).as_ref()))
}

/// A string predicate: symbol, predicate, whether case counts.
pub(super) const PREDICATES: &[(&str, Predicate, bool)] = &[
    ("equal_ci", Predicate::Equal, false),
    ("has", Predicate::Has, false),
    ("has_cs", Predicate::Has, true),
    ("hasprefix", Predicate::HasPrefix, false),
    ("hasprefix_cs", Predicate::HasPrefix, true),
    ("hassuffix", Predicate::HasSuffix, false),
    ("hassuffix_cs", Predicate::HasSuffix, true),
    ("contains", Predicate::Contains, false),
    ("contains_cs", Predicate::Contains, true),
    ("startswith", Predicate::StartsWith, false),
    ("startswith_cs", Predicate::StartsWith, true),
    ("endswith", Predicate::EndsWith, false),
    ("endswith_cs", Predicate::EndsWith, true),
];

/// Computes a string predicate; the needle is prepared once per statement where it is constant.
pub(super) fn predicate(
    context: &Context<'_>,
    predicate: Predicate,
    case_sensitive: bool,
    negated: bool,
) -> rusqlite::Result<Output> {
    if context.len() != 2 {
        return Err(failure("a string operator takes two operands"));
    }
    let needle = prepared(context, 1, |text| Ok(Needle::new(text.unwrap_or(""))))?;
    Ok((predicate.holds(context.text(0), &needle, case_sensitive) != negated).into())
}
