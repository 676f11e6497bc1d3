//! Literal texts → values: numbers, strings, times, timespans. Pure functions, no tokens and no tree.

mod calendar;
mod datetime;
mod quoting;
mod strings;
mod timespan;

pub use calendar::{
    Civil, LAST_TICK, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_EPOCH, date_of,
    days_in_month, days_of, in_range, is_leap, ticks_of,
};
pub use datetime::{datetime_text, parse_datetime};
pub use quoting::{is_plain_name, quote_name, quote_string};
pub use strings::{EscapeError, decode_string};
pub use timespan::{is_timespan_unit, parse_timespan, timespan_text};

/// Type words that form a literal with the parentheses after them (`dynamic` is apart: it holds JSON).
const TYPES_WITH_LITERAL: &[&str] = &[
    "bool", "boolean", "int", "int32", "long", "int64", "real", "double", "decimal", "datetime", "date", "time",
    "timespan", "guid", "uuid", "uniqueid",
];

pub fn is_type_with_literal(word: &str) -> bool {
    TYPES_WITH_LITERAL.contains(&word)
}
