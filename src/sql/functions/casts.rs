//! Casts between types, as `tolong`, `tostring`, … compute them.

use rusqlite::functions::Context;

use crate::kql::values::{datetime_text, in_range, parse_datetime, parse_timespan, timespan_text};
use crate::schema::real::real_text;

use super::decimal::Decimal;
use super::json::{self, Kind};
use super::value::{Arguments, Output, Scalar, plain};

pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("never", "0"),
    ("always", "1"),
    ("isnull", "({0} IS NULL)"),
    ("isnotnull", "({0} IS NOT NULL)"),
    ("isempty", "({0} = '')"),
    ("isnotempty", "({0} <> '')"),
    ("isempty_dynamic", "coalesce({0} = '\"\"', 1)"),
    ("isnotempty_dynamic", "coalesce({0} <> '\"\"', 0)"),
    ("real_from_long", "CAST({0} AS REAL)"),
    ("bool_from_long", "({0} <> 0)"),
    ("string_from_bool", "(CASE {0} WHEN 1 THEN 'True' WHEN 0 THEN 'False' ELSE '' END)"),
    ("string_from_long", "COALESCE(CAST({0} AS TEXT), '')"),
    ("string_from_text", "COALESCE({0}, '')"),
    ("dynamic_from_bool", "(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"),
    ("dynamic_from_long", "CAST({0} AS TEXT)"),
    ("decimal_from_long", "CAST({0} AS TEXT)"),
    ("gettype_bool", "'bool'"),
    ("gettype_int", "'int'"),
    ("gettype_long", "'long'"),
    ("gettype_real", "'real'"),
    ("gettype_decimal", "'decimal'"),
    ("gettype_string", "'string'"),
    ("gettype_datetime", "'datetime'"),
    ("gettype_timespan", "'timespan'"),
    ("gettype_guid", "'guid'"),
];

/// A whole number in text: decimal with a sign, or hexadecimal without one.
pub(super) fn long_of_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(u64::cast_signed);
    }
    text.parse().ok()
}

fn int_of_text(text: &str) -> Option<i64> {
    let value = long_of_text(text)?;
    let is_hexadecimal = text.trim().get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    if is_hexadecimal && let Ok(bits) = u32::try_from(value) {
        return Some(i64::from(bits.cast_signed()));
    }
    i32::try_from(value).ok().map(i64::from)
}

/// Cut off towards zero; `None` outside 64 bits.
pub(super) fn long_of_real(value: f64) -> Option<i64> {
    // 2^63 itself is out of range and is exact as a real.
    (value.is_finite() && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value))
        .then_some(value as i64)
}

/// The low 32 bits, as the engine's casts keep them.
const fn wrapped(value: i64) -> i64 {
    value as i32 as i64
}

pub(super) fn bool_of_text(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        long_of_text(text).map(|value| value != 0)
    }
}

pub(super) fn real_of_text(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// A dynamic number as a long: whole numbers exactly, others cut off.
fn long_of_number(json: &str) -> Option<i64> {
    json.parse().ok().or_else(|| json.parse().ok().and_then(long_of_real))
}

/// A cast from dynamic: what to do with a number, a text, a boolean.
fn from_dynamic<T: Into<Output>>(
    context: &Context<'_>,
    number: fn(&str) -> Option<T>,
    text: fn(&str) -> Option<T>,
    boolean: fn(bool) -> Option<T>,
) -> Output {
    let Some(json) = context.maybe_text(0) else { return Output::Null };
    match json::kind(json) {
        Kind::Number => number(json).into(),
        Kind::Text => text(&json::unquote(json)).into(),
        Kind::Bool => boolean(json == "true").into(),
        _ => Output::Null,
    }
}

fn decimal(context: &Context<'_>) -> Option<Decimal> {
    context.maybe_text(0).and_then(Decimal::parse)
}

/// A GUID in lower case, with or without braces.
pub(super) fn guid_of_text(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')))
        .unwrap_or(text);
    let digits: String = inner.chars().filter(|character| *character != '-').collect::<String>().to_ascii_lowercase();
    let groups: Vec<usize> = inner.split('-').map(str::len).collect();
    let shape_fits = groups == [8, 4, 4, 4, 12] || groups == [32];
    if !shape_fits || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

fn ticks_of_number(json: &str) -> Option<i64> {
    long_of_number(json)
}

/// Hexadecimal digits, of as many bits as the value's type has.
fn hexadecimal(context: &Context<'_>, bits: u64) -> Output {
    let width = usize::try_from(context.integer(1).unwrap_or(0)).unwrap_or(0).min(16);
    let digits = context.integer(0).map(|value| format!("{:0width$x}", value.cast_unsigned() & bits));
    digits.unwrap_or_default().into()
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("real_from_string", |context| real_of_text(context.text(0)).into()),
    plain("real_from_decimal", |context| decimal(context).map(Decimal::to_real).into()),
    plain("real_from_dynamic", |context| {
        from_dynamic(context, |json| json.parse().ok(), real_of_text, |value| Some(f64::from(u8::from(value))))
    }),
    plain("int_from_long", |context| context.integer(0).map(wrapped).into()),
    plain("int_from_real", |context| context.real(0).and_then(long_of_real).map(wrapped).into()),
    plain("int_from_decimal", |context| decimal(context).and_then(Decimal::to_long).map(wrapped).into()),
    plain("int_from_string", |context| int_of_text(context.text(0)).into()),
    plain("int_from_dynamic", |context| {
        from_dynamic(context, |json| long_of_number(json).map(wrapped), int_of_text, |value| Some(i64::from(value)))
    }),
    plain("long_from_real", |context| context.real(0).and_then(long_of_real).into()),
    plain("long_from_decimal", |context| decimal(context).and_then(Decimal::to_long).into()),
    plain("long_from_string", |context| long_of_text(context.text(0)).into()),
    plain("long_from_dynamic", |context| {
        from_dynamic(context, long_of_number, long_of_text, |value| Some(i64::from(value)))
    }),
    plain("bool_from_real", |context| context.real(0).map(|value| value != 0.0).into()),
    plain("bool_from_decimal", |context| decimal(context).map(|value| value.to_real() != 0.0).into()),
    plain("bool_from_string", |context| bool_of_text(context.text(0)).into()),
    plain("bool_from_dynamic", |context| {
        from_dynamic(context, |json| json.parse::<f64>().ok().map(|value| value != 0.0), bool_of_text, Some)
    }),
    plain("decimal_from_real", |context| {
        context.real(0).and_then(Decimal::from_real).map(|value| value.to_string()).into()
    }),
    plain("decimal_from_string", |context| Decimal::parse(context.text(0)).map(|value| value.to_string()).into()),
    plain("decimal_from_dynamic", |context| {
        let read = |text: &str| Decimal::parse(text).map(|value| value.to_string());
        from_dynamic(context, read, read, |value| Some(i64::from(value).to_string()))
    }),
    plain("datetime_from_long", |context| context.integer(0).and_then(in_range).into()),
    plain("datetime_from_real", |context| context.real(0).and_then(long_of_real).and_then(in_range).into()),
    plain("datetime_from_string", |context| parse_datetime(context.text(0)).into()),
    plain("datetime_from_dynamic", |context| {
        from_dynamic(context, |json| ticks_of_number(json).and_then(in_range), parse_datetime, |_| None)
    }),
    plain("timespan_from_string", |context| parse_timespan(context.text(0)).into()),
    plain("timespan_from_dynamic", |context| from_dynamic(context, ticks_of_number, parse_timespan, |_| None)),
    plain("guid_from_string", |context| guid_of_text(context.text(0)).into()),
    plain("guid_from_dynamic", |context| from_dynamic(context, |_| None, guid_of_text, |_| None)),
    plain("string_from_real", |context| context.real(0).map_or_else(String::new, real_text).into()),
    plain("string_from_datetime", |context| context.integer(0).map_or_else(String::new, datetime_text).into()),
    plain("string_from_timespan", |context| context.integer(0).map_or_else(String::new, timespan_text).into()),
    plain("string_from_dynamic", |context| match context.maybe_text(0) {
        None => Output::from(""),
        Some(json) if json.starts_with('"') => json::unquote(json).into_owned().into(),
        Some(_) => Output::Argument(0),
    }),
    plain("dynamic_from_real", |context| context.real(0).map(json::real).into()),
    plain("dynamic_from_string", |context| context.maybe_text(0).map(json::quote).into()),
    plain("dynamic_from_datetime", |context| context.integer(0).map(|ticks| json::quote(&datetime_text(ticks))).into()),
    plain("dynamic_from_timespan", |context| context.integer(0).map(|ticks| json::quote(&timespan_text(ticks))).into()),
    plain("parse_json", |context| {
        let text = context.text(0);
        if text.trim().is_empty() {
            return Output::Null;
        }
        match json::compact(text) {
            Some(compact) if compact == "null" => Output::Null,
            Some(compact) if compact == text => Output::Argument(0),
            Some(compact) => compact.into(),
            None => json::quote(text).into(),
        }
    }),
    // `base.name` and `base["name"]`.
    plain("member", |context| {
        context.maybe_text(0).and_then(|json| json::member(json, context.text(1))).map(str::to_owned).into()
    }),
    // `base[0]` and `base[-1]`.
    plain("element", |context| {
        context
            .maybe_text(0)
            .zip(context.integer(1))
            .and_then(|(json, place)| json::element(json, place))
            .map(str::to_owned)
            .into()
    }),
    // `base[x]` where x is dynamic: a place or a name.
    plain("member_or_element", |context| {
        let (Some(json), Some(index)) = (context.maybe_text(0), context.maybe_text(1)) else { return Output::Null };
        let found = match index.parse() {
            Ok(place) => json::element(json, place),
            Err(_) => json::member(json, &json::unquote(index)),
        };
        found.map(str::to_owned).into()
    }),
    plain("dynamic_to_json", |context| {
        let Some(text) = context.maybe_text(0) else { return Output::from("null") };
        serde_json::from_str(text).map_or(Output::Argument(0), |value| json::write(&json::sorted(value)).into())
    }),
    plain("gettype_dynamic", |context| {
        let Some(text) = context.maybe_text(0) else { return Output::from("null") };
        Output::from(match json::kind(text) {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Number if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => "double",
            Kind::Number => "long",
            Kind::Text => "string",
            Kind::Array => "array",
            Kind::Bag => "dictionary",
        })
    }),
    plain("tohex", |context| hexadecimal(context, u64::MAX)),
    plain("tohex_int", |context| hexadecimal(context, u64::from(u32::MAX))),
];
