//! Constants as SQLite literals.

use super::functions::decimal::Decimal;
use super::layout::quote_text;
use crate::schema::Value;

/// The literal of a value in the representation the store uses.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(value) => if *value { "1" } else { "0" }.to_owned(),
        Value::Int(value) => value.to_string(),
        // The digits of the least integer overflow before the minus is applied.
        Value::Long(i64::MIN) | Value::Datetime(i64::MIN) | Value::Timespan(i64::MIN) => {
            "(-9223372036854775807-1)".to_owned()
        }
        Value::Long(value) | Value::Datetime(value) | Value::Timespan(value) => value.to_string(),
        Value::Real(value) => real(*value),
        // As `todecimal` writes it: 1.50 and 15e-1 are 1.5.
        Value::Decimal(text) => {
            let canonical = Decimal::parse(text).map(|value| value.to_string());
            quote_text(canonical.as_deref().unwrap_or(text))
        }
        Value::String(text) | Value::Dynamic(text) | Value::Guid(text) => quote_text(text),
    }
}

fn real(value: f64) -> String {
    if value.is_nan() {
        "'NaN'".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "9e999" } else { "-9e999" }.to_owned()
    } else {
        format!("{value:?}")
    }
}
