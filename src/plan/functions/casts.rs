//! How a value of one type becomes a value of another: the casts the binder inserts.
//!
//! A cast keeps the value (`"[1]"` as dynamic is a JSON string); reading text as JSON is `parse_json`.

use crate::schema::ScalarType;

/// What turns one type into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Both types carry the value alike; nothing to do.
    Same,
    /// The implementation of this symbol, with the value as its only argument.
    Symbol(&'static str),
}

/// How `from` becomes `to`, as `tolong`, `tostring`, … do it; `None` where no such function takes the type.
pub const fn conversion(from: ScalarType, to: ScalarType) -> Option<Conversion> {
    use Conversion::{Same, Symbol};
    use ScalarType::{Bool, Datetime, Decimal, Dynamic, Guid, Int, Long, Real, String, Timespan};
    Some(match (from, to) {
        (Bool, Bool) | (Long, Long) | (Int, Int) | (Real, Real) | (Decimal, Decimal) | (String, String) => Same,
        (Datetime, Datetime) | (Timespan, Timespan) | (Dynamic, Dynamic) | (Guid, Guid) => Same,
        (Int, Long | Timespan | Datetime) | (Bool, Int | Long) => Same,
        (Datetime | Timespan, Long) | (Long, Timespan) => Same,

        (Int | Long, Real) | (Datetime | Timespan | Bool, Real) => Symbol("real_from_long"),
        (String, Real) => Symbol("real_from_string"),
        (Decimal, Real) => Symbol("real_from_decimal"),
        (Dynamic, Real) => Symbol("real_from_dynamic"),

        (Long | Datetime | Timespan, Int) => Symbol("int_from_long"),
        (Real, Int) => Symbol("int_from_real"),
        (Decimal, Int) => Symbol("int_from_decimal"),
        (String, Int) => Symbol("int_from_string"),
        (Dynamic, Int) => Symbol("int_from_dynamic"),
        (Real, Long) => Symbol("long_from_real"),
        (Decimal, Long) => Symbol("long_from_decimal"),
        (String, Long) => Symbol("long_from_string"),
        (Dynamic, Long) => Symbol("long_from_dynamic"),

        (Int | Long, Bool) => Symbol("bool_from_long"),
        (Real, Bool) => Symbol("bool_from_real"),
        (Decimal, Bool) => Symbol("bool_from_decimal"),
        (String, Bool) => Symbol("bool_from_string"),
        (Dynamic, Bool) => Symbol("bool_from_dynamic"),

        (Bool | Int | Long, Decimal) => Symbol("decimal_from_long"),
        (Real, Decimal) => Symbol("decimal_from_real"),
        (String, Decimal) => Symbol("decimal_from_string"),
        (Dynamic, Decimal) => Symbol("decimal_from_dynamic"),

        (Long, Datetime) => Symbol("datetime_from_long"),
        (Real, Datetime) => Symbol("datetime_from_real"),
        (String, Datetime) => Symbol("datetime_from_string"),
        (Dynamic, Datetime) => Symbol("datetime_from_dynamic"),

        (Real, Timespan) => Symbol("long_from_real"),
        (String, Timespan) => Symbol("timespan_from_string"),
        (Dynamic, Timespan) => Symbol("timespan_from_dynamic"),

        (String, Guid) => Symbol("guid_from_string"),
        (Dynamic, Guid) => Symbol("guid_from_dynamic"),

        (Bool, String) => Symbol("string_from_bool"),
        (Int | Long, String) => Symbol("string_from_long"),
        (Real, String) => Symbol("string_from_real"),
        (Decimal | Guid, String) => Symbol("string_from_text"),
        (Datetime, String) => Symbol("string_from_datetime"),
        (Timespan, String) => Symbol("string_from_timespan"),
        (Dynamic, String) => Symbol("string_from_dynamic"),

        (Bool, Dynamic) => Symbol("dynamic_from_bool"),
        (Int | Long, Dynamic) => Symbol("dynamic_from_long"),
        (Real, Dynamic) => Symbol("dynamic_from_real"),
        (Decimal | Guid | String, Dynamic) => Symbol("dynamic_from_string"),
        (Datetime, Dynamic) => Symbol("dynamic_from_datetime"),
        (Timespan, Dynamic) => Symbol("dynamic_from_timespan"),

        (Bool | Decimal | Guid, Datetime | Timespan)
        | (Datetime, Bool | Decimal | Timespan | Guid)
        | (Timespan, Bool | Decimal | Datetime | Guid)
        | (Guid, Bool | Int | Long | Real | Decimal)
        | (Bool | Int | Long | Real | Decimal, Guid) => return None,
    })
}

/// Whether a value of `from` may stand where `to` is asked for, and how far that is from a perfect fit.
///
/// Numbers widen, and a dynamic value stands for the scalar it holds; everything else wants an explicit cast.
pub(crate) const fn implicit_cost(from: ScalarType, to: ScalarType) -> Option<u32> {
    use ScalarType::{Decimal, Dynamic, Int, Long, Real};
    match (from, to) {
        (Int, Int)
        | (Long, Long)
        | (Real, Real)
        | (Decimal, Decimal)
        | (Dynamic, Dynamic)
        | (ScalarType::Bool, ScalarType::Bool)
        | (ScalarType::String, ScalarType::String)
        | (ScalarType::Datetime, ScalarType::Datetime)
        | (ScalarType::Timespan, ScalarType::Timespan)
        | (ScalarType::Guid, ScalarType::Guid) => Some(0),
        (Int, Long) => Some(1),
        (Int | Long, Real) => Some(2),
        (Int | Long | Real, Decimal) => Some(6),
        (Decimal, Real) => Some(14),
        (Long, Int) => Some(4),
        (Dynamic, ScalarType::String) => Some(8),
        (Dynamic, Real) => Some(9),
        (Dynamic, _) => Some(10),
        _ => None,
    }
}

/// The type that both values can be carried in (`iff`, `case`, `coalesce`, set operations).
pub fn common_type(left: ScalarType, right: ScalarType) -> Option<ScalarType> {
    use ScalarType::{Decimal, Dynamic, Real};
    if left == right {
        return Some(left);
    }
    if left.is_numeric() && right.is_numeric() {
        return Some(wider(left, right));
    }
    match (left, right) {
        // Kusto's own binder: what is dynamic becomes what the other is.
        (Dynamic, other) | (other, Dynamic) => Some(other),
        (ScalarType::Bool, other) | (other, ScalarType::Bool) if other.is_integer() => Some(ScalarType::Long),
        (ScalarType::Bool, Real | Decimal) | (Real | Decimal, ScalarType::Bool) => None,
        _ => None,
    }
}

/// The wider of two numeric types.
pub fn wider(left: ScalarType, right: ScalarType) -> ScalarType {
    let rank = |scalar_type: ScalarType| match scalar_type {
        ScalarType::Int => 0,
        ScalarType::Long => 1,
        ScalarType::Real => 2,
        _ => 3,
    };
    if rank(left) >= rank(right) { left } else { right }
}
