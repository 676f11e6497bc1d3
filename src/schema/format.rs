//! A value as text and as JSON, in Kusto's forms.

use super::real::real_text;
use super::value::Value;
use crate::kql::values::{datetime_text, timespan_text};

/// The text of a value, unquoted: null is empty, a dynamic string loses its quotes, times are ISO 8601.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Real(value) => real_text(*value),
        Value::Decimal(text) | Value::String(text) | Value::Guid(text) => text.clone(),
        Value::Datetime(ticks) => datetime_text(*ticks),
        Value::Timespan(ticks) => timespan_text(*ticks),
        Value::Dynamic(json) if json.starts_with('"') => serde_json::from_str(json).unwrap_or_else(|_| json.clone()),
        Value::Dynamic(json) => json.clone(),
    }
}

/// The value as a v1 query response carries it: reals that JSON lacks are `"NaN"`, `"Infinity"`, `"-Infinity"`;
/// times, spans, decimals and GUIDs are text; dynamic values are embedded.
pub fn json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Long(value) => Json::from(*value),
        Value::Real(value) if value.is_nan() => Json::from("NaN"),
        Value::Real(value) if value.is_infinite() => Json::from(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Real(value) => Json::from(*value),
        Value::Dynamic(json) => serde_json::from_str(json).unwrap_or_else(|_| Json::from(json.as_str())),
        other => Json::from(text(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_kusto_prints_them() {
        for (value, expected_text, expected_json) in [
            (Value::Null, "", "null"),
            (Value::Bool(true), "true", "true"),
            (Value::Long(-5), "-5", "-5"),
            (Value::Real(1.0), "1.0", "1.0"),
            (Value::Real(f64::NAN), "NaN", "\"NaN\""),
            (Value::Real(f64::NEG_INFINITY), "-inf", "\"-Infinity\""),
            (Value::Datetime(1), "0001-01-01T00:00:00.0000001Z", "\"0001-01-01T00:00:00.0000001Z\""),
            (Value::Timespan(-864_000_000_000), "-1.00:00:00", "\"-1.00:00:00\""),
            (Value::Dynamic("\"a\\nb\"".to_owned()), "a\nb", "\"a\\nb\""),
            (Value::Dynamic("{\"b\":[1,2.0]}".to_owned()), "{\"b\":[1,2.0]}", "{\"b\":[1,2.0]}"),
        ] {
            assert_eq!(text(&value), expected_text);
            assert_eq!(json(&value).to_string(), expected_json);
        }
    }
}
