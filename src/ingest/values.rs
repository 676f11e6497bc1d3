//! The values of a row of JSON or CSV as its table's columns hold them.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::time::Reading;
use crate::schema::ScalarType;

#[derive(Debug, Clone, PartialEq)]
pub enum Value<'v> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'v, str>),
    Inline(Cow<'v, str>),
}

pub fn is_nothing(value: &Json) -> bool {
    matches!(value, Json::Null) || value.as_str() == Some("")
}

/// A value as text.
pub fn plain(value: &Json) -> Cow<'_, str> {
    match value {
        Json::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

pub fn datetime(column: &str, value: &Json, reading: &Reading) -> Result<i64, String> {
    let text = plain(value);
    let wrong = || format!("{column}: '{}' is no date, or one that can be read two ways", cut(&text));
    reading.parse(&text).ok_or_else(wrong)
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

pub fn convert<'v>(
    column: &str,
    scalar_type: ScalarType,
    value: &'v Json,
    reading: &Reading,
) -> Result<Value<'v>, String> {
    let wrong = || format!("{column}: '{}' is no {}", cut(&plain(value)), scalar_type.name());
    Ok(match scalar_type {
        ScalarType::String => Value::Text(plain(value)),
        ScalarType::Datetime => Value::Integer(datetime(column, value, reading)?),
        ScalarType::Bool => match value.as_bool() {
            Some(flag) => Value::Integer(i64::from(flag)),
            None => match plain(value).to_ascii_lowercase().as_str() {
                "true" | "1" => Value::Integer(1),
                "false" | "0" => Value::Integer(0),
                _ => return Err(wrong()),
            },
        },
        ScalarType::Int | ScalarType::Long | ScalarType::Timespan => {
            if let Some(integer) = value.as_i64() {
                return Ok(Value::Integer(integer));
            }
            let text = plain(value);
            let text = text.trim();
            let whole = text.strip_suffix(".0").unwrap_or(text);
            let hex = whole.strip_prefix("0x").and_then(|hex| i64::from_str_radix(hex, 16).ok());
            Value::Integer(hex.or_else(|| whole.parse().ok()).ok_or_else(wrong)?)
        }
        ScalarType::Real => Value::Real(plain(value).trim().parse().map_err(|_| wrong())?),
        ScalarType::Decimal => Value::Inline(plain(value)),
        ScalarType::Guid => Value::Inline(plain(value).to_ascii_lowercase().into()),
        ScalarType::Dynamic => Value::Inline(dynamic(value).into()),
    })
}

/// A value as a dynamic column holds it. Exports write one as the text of its JSON.
pub fn dynamic(value: &Json) -> String {
    match value {
        Json::String(text) => match serde_json::from_str::<Json>(text) {
            Ok(inner) => inner.to_string(),
            Err(_) => value.to_string(),
        },
        other => other.to_string(),
    }
}
