//! Mathematics, bits, `bin`, and generated arrays.

use rusqlite::functions::Context;

use crate::kql::values::{datetime_text, in_range, timespan_text};

use super::decimal::Decimal;
use super::json;
use super::value::{Arguments, Output, Scalar, plain};

/// A symbol and its function of one real number.
type OfOne = (&'static str, fn(f64) -> f64);

pub(super) const OF_ONE: &[OfOne] = &[
    ("abs_real", f64::abs),
    ("ceiling", f64::ceil),
    ("floor_real", f64::floor),
    ("sqrt", f64::sqrt),
    ("exp", f64::exp),
    ("exp2", f64::exp2),
    ("exp10", |value| 10_f64.powf(value)),
    ("sin", f64::sin),
    ("cos", f64::cos),
    ("tan", f64::tan),
    ("cot", |value| 1.0 / value.tan()),
    ("asin", f64::asin),
    ("acos", f64::acos),
    ("atan", f64::atan),
    ("degrees", f64::to_degrees),
    ("radians", f64::to_radians),
    ("sign", |value| if value == 0.0 || value.is_nan() { value } else { value.signum() }),
    (
        "gamma",
        |value| if value < 0.0 && value.fract() == 0.0 { f64::NAN } else { lanczos(value).exp() * gamma_sign(value) },
    ),
    ("loggamma", lanczos),
];

pub(super) fn of_one(context: &Context<'_>, function: fn(f64) -> f64) -> Output {
    context.real(0).map(function).into()
}

/// The logarithm of the gamma function's size (Lanczos, g = 7, n = 9; relative error near 1e-15).
pub(super) fn lanczos(value: f64) -> f64 {
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const REST: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    // A pole at 0 and below it at every whole number.
    if value <= 0.0 && value.fract() == 0.0 {
        return f64::INFINITY;
    }
    if value < 0.5 {
        let sine = (std::f64::consts::PI * value).sin().abs();
        return std::f64::consts::PI.ln() - sine.ln() - lanczos(1.0 - value);
    }
    let shifted = value - 1.0;
    let series =
        REST.iter().enumerate().fold(FIRST, |sum, (place, factor)| sum + factor / (shifted + place as f64 + 1.0));
    let base = shifted + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (shifted + 0.5) * base.ln() - base + series.ln()
}

fn gamma_sign(value: f64) -> f64 {
    if value < 0.0 && (value.floor() as i64).rem_euclid(2) == 1 { -1.0 } else { 1.0 }
}

/// A logarithm, null below 0 as the engine has it.
fn logarithm(context: &Context<'_>, function: fn(f64) -> f64) -> Output {
    context.real(0).filter(|value| *value >= 0.0 || value.is_nan()).map(function).into()
}

/// Halves go away from zero.
fn round(value: f64, digits: i64) -> f64 {
    let Ok(digits) = i32::try_from(digits) else { return value };
    if digits == 0 {
        return value.round();
    }
    let scale = 10_f64.powi(digits.abs());
    let rounded = if digits > 0 { (value * scale).round() / scale } else { (value / scale).round() * scale };
    if rounded.is_finite() { rounded } else { value }
}

fn round_long(value: i64, digits: i64) -> Option<i64> {
    if digits >= 0 {
        return Some(value);
    }
    let Some(unit) = u32::try_from(-digits).ok().and_then(|digits| 10_i128.checked_pow(digits)) else { return Some(0) };
    let value = i128::from(value);
    let half = if value < 0 { -unit / 2 } else { unit / 2 };
    i64::try_from((value + half) / unit * unit).ok()
}

fn longs(context: &Context<'_>) -> Option<(i64, i64)> {
    context.integer(0).zip(context.integer(1))
}

pub(super) fn bin_long(value: i64, size: i64) -> Option<i64> {
    (size > 0).then(|| value.checked_sub(value.rem_euclid(size)))?
}

fn bin_real(value: f64, size: f64) -> Option<f64> {
    (size > 0.0).then(|| (value / size).floor() * size)
}

fn shift(context: &Context<'_>, operation: fn(i64, u32) -> i64) -> Output {
    longs(context).and_then(|(value, count)| u32::try_from(count).ok().map(|count| operation(value, count % 64))).into()
}

/// The longest array that `range` and `repeat` make.
const MOST_MEMBERS: usize = 1_048_576;

/// `from`, `from + step`, … up to `to`, each written by `write`.
fn stepped(context: &Context<'_>, default_step: i64, write: fn(i64) -> String) -> Output {
    let (Some(from), Some(to)) = (context.integer(0), context.integer(1)) else { return Output::Null };
    let step = if context.len() > 2 { context.integer(2) } else { Some(default_step) };
    let Some(step) = step.filter(|step| *step != 0) else { return Output::Null };
    let values = std::iter::successors(Some(from), |value| value.checked_add(step))
        .take_while(|value| if step > 0 { *value <= to } else { *value >= to })
        .take(MOST_MEMBERS);
    json::array(values.map(write)).into()
}

fn around<T: PartialOrd>(value: T, low: T, high: T) -> bool {
    value >= low && value <= high
}

/// SQLite's own source of randomness: 53 bits of it, as a real number has.
pub(super) fn random(arguments: &[String]) -> String {
    const UNIT: &str = "((random() & 9007199254740991) / 9007199254740992.0)";
    match arguments.first() {
        Some(below) => format!("CAST(CAST({UNIT} * ({below}) AS INTEGER) AS REAL)"),
        None => UNIT.to_owned(),
    }
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("around", |context| {
        let parts = (context.real(0), context.real(1), context.real(2));
        let (Some(value), Some(middle), Some(distance)) = parts else { return Output::Null };
        around(value, middle - distance, middle + distance).into()
    }),
    plain("around_long", |context| {
        let parts = (context.integer(0), context.integer(1), context.integer(2));
        let (Some(value), Some(middle), Some(distance)) = parts else { return Output::Null };
        around(value, middle.saturating_sub(distance), middle.saturating_add(distance)).into()
    }),
    plain("pi", |_| Output::from(std::f64::consts::PI)),
    plain("abs_long", |context| context.integer(0).map(i64::wrapping_abs).into()),
    plain("abs_decimal", |context| {
        context.maybe_text(0).and_then(Decimal::parse).map(|value| value.magnitude().to_string()).into()
    }),
    plain("round", |context| context.real(0).map(|value| round(value, context.integer(1).unwrap_or(0))).into()),
    plain("round_long", |context| {
        context.integer(0).and_then(|value| round_long(value, context.integer(1).unwrap_or(0))).into()
    }),
    plain("pow", |context| context.real(0).zip(context.real(1)).map(|(base, power)| base.powf(power)).into()),
    plain("atan2", |context| context.real(0).zip(context.real(1)).map(|(y, x)| y.atan2(x)).into()),
    plain("log", |context| logarithm(context, f64::ln)),
    plain("log2", |context| logarithm(context, f64::log2)),
    plain("log10", |context| logarithm(context, f64::log10)),
    plain("isnan", |context| context.real(0).is_some_and(f64::is_nan).into()),
    plain("isinf", |context| context.real(0).is_some_and(f64::is_infinite).into()),
    plain("isfinite", |context| context.real(0).is_some_and(f64::is_finite).into()),
    plain("binary_and", |context| longs(context).map(|(left, right)| left & right).into()),
    plain("binary_or", |context| longs(context).map(|(left, right)| left | right).into()),
    plain("binary_xor", |context| longs(context).map(|(left, right)| left ^ right).into()),
    plain("binary_not", |context| context.integer(0).map(|value| !value).into()),
    plain("binary_shift_left", |context| shift(context, |value, count| value << count)),
    plain("binary_shift_right", |context| shift(context, |value, count| value >> count)),
    plain("bitset_count_ones", |context| context.integer(0).map(|value| i64::from(value.count_ones())).into()),
    plain("bin_long", |context| longs(context).and_then(|(value, size)| bin_long(value, size)).into()),
    plain("bin_datetime", |context| {
        longs(context).and_then(|(value, size)| bin_long(value, size)).and_then(in_range).into()
    }),
    plain("bin_real", |context| {
        context.real(0).zip(context.real(1)).and_then(|(value, size)| bin_real(value, size)).into()
    }),
    plain("bin_decimal", |context| {
        let read = |place| context.maybe_text(place).and_then(Decimal::parse);
        read(0).zip(read(1)).and_then(|(value, size)| value.floored_to(size)).map(|value| value.to_string()).into()
    }),
    plain("bin_at_decimal", |context| {
        let read = |place| context.maybe_text(place).and_then(Decimal::parse);
        let (Some(value), Some(size), Some(point)) = (read(0), read(1), read(2)) else { return Output::Null };
        let distance = value.plus(point.negated()).and_then(|distance| distance.floored_to(size));
        distance.and_then(|distance| distance.plus(point)).map(|value| value.to_string()).into()
    }),
    plain("ceiling_decimal", |context| {
        let value = context.maybe_text(0).and_then(Decimal::parse);
        let below = value.and_then(|value| value.negated().floored_to(Decimal::unit(0)?));
        below.map(|value| value.negated().to_string()).into()
    }),
    plain("round_decimal", |context| {
        let digits = context.integer(1).unwrap_or(0);
        let value = context.maybe_text(0).and_then(Decimal::parse);
        value.and_then(|value| value.rounded(digits)).map(|value| value.to_string()).into()
    }),
    plain("bin_at_long", |context| {
        longs(context)
            .zip(context.integer(2))
            .and_then(|((value, size), point)| bin_long(value.checked_sub(point)?, size)?.checked_add(point))
            .into()
    }),
    plain("bin_at_datetime", |context| {
        longs(context)
            .zip(context.integer(2))
            .and_then(|((value, size), point)| bin_long(value.checked_sub(point)?, size)?.checked_add(point))
            .and_then(in_range)
            .into()
    }),
    plain("bin_at_real", |context| {
        context
            .real(0)
            .zip(context.real(1))
            .zip(context.real(2))
            .and_then(|((value, size), point)| Some(bin_real(value - point, size)? + point))
            .into()
    }),
    plain("range_array_long", |context| stepped(context, 1, |value| value.to_string())),
    plain("range_array_datetime", |context| {
        stepped(context, crate::kql::values::TICKS_PER_HOUR, |ticks| json::quote(&datetime_text(ticks)))
    }),
    plain("range_array_timespan", |context| {
        stepped(context, crate::kql::values::TICKS_PER_HOUR, |ticks| json::quote(&timespan_text(ticks)))
    }),
    plain("range_array_real", |context| {
        let (Some(from), Some(to)) = (context.real(0), context.real(1)) else { return Output::Null };
        let step = if context.len() > 2 { context.real(2) } else { Some(1.0) };
        let Some(step) = step.filter(|step| *step != 0.0 && step.is_finite()) else { return Output::Null };
        let values = (0..MOST_MEMBERS)
            .map(|place| from + place as f64 * step)
            .take_while(|value| if step > 0.0 { *value <= to } else { *value >= to });
        json::array(values.map(json::real)).into()
    }),
    plain("repeat", |context| {
        let Some(count) = context.integer(1).and_then(|count| usize::try_from(count).ok()) else { return Output::Null };
        let count = count.min(MOST_MEMBERS);
        json::array(std::iter::repeat_n(context.maybe_text(0).unwrap_or("null"), count)).into()
    }),
];
