//! The text of a timespan, read and written: `1.5h`, `15 seconds`, `1.02:03:04.5`, and a bare number, which counts days.

use super::calendar::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// Unit words and the ticks of 100 ns in one, as a fraction for the nanosecond.
const UNITS: &[(&[&str], i64, i64)] = &[
    (&["d", "day", "days"], TICKS_PER_DAY, 1),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600 * TICKS_PER_SECOND, 1),
    (&["m", "min", "minute", "minutes"], 60 * TICKS_PER_SECOND, 1),
    (&["s", "sec", "second", "seconds"], TICKS_PER_SECOND, 1),
    (&["ms", "milli", "millis", "millisec", "millisecond", "milliseconds"], 10_000, 1),
    (&["micro", "micros", "microsec", "microsecond", "microseconds"], 10, 1),
    (&["nano", "nanos", "nanosec", "nanosecond", "nanoseconds"], 1, 100),
    (&["tick", "ticks"], 1, 1),
];

fn unit(word: &str) -> Option<(i64, i64)> {
    UNITS.iter().find(|(names, _, _)| names.contains(&word)).map(|(_, ticks, divisor)| (*ticks, *divisor))
}

pub fn is_timespan_unit(word: &str) -> bool {
    unit(word).is_some()
}

/// `[-][d.]hh:mm:ss[.fffffff]`
pub fn timespan_text(ticks: i64) -> String {
    let size = ticks.unsigned_abs();
    let (per_day, per_second) = (TICKS_PER_DAY.unsigned_abs(), TICKS_PER_SECOND.unsigned_abs());
    let (days, rest) = (size / per_day, size % per_day);
    let (seconds, fraction) = (rest / per_second, rest % per_second);
    let mut text = String::with_capacity(26);
    if ticks < 0 {
        text.push('-');
    }
    if days > 0 {
        text.push_str(&format!("{days}."));
    }
    text.push_str(&format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    if fraction > 0 {
        text.push_str(&format!(".{fraction:07}"));
    }
    text
}

/// Ticks of a timespan text without the `time(…)` around it; `None` where it is none or does not fit.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ticks = if text.contains(':') { clock_form(text)? } else { unit_form(text)? };
    let ticks = if negative { -ticks } else { ticks };
    i64::try_from(ticks).ok()
}

/// `2`, `1.5h`, `15 seconds`; parts of a tick are rounded.
fn unit_form(text: &str) -> Option<i128> {
    let digits_end = text.find(|character: char| !(character.is_ascii_digit() || character == '.'));
    let (number, word) = text.split_at_checked(digits_end.unwrap_or(text.len()))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (ticks, divisor) = match word.trim() {
        // A bare number counts days, and is whole: the engine reads `1.5` as no timespan.
        "" if !number.contains('.') => (TICKS_PER_DAY, 1),
        word => unit(word)?,
    };
    if whole.is_empty() || fraction.len() > 18 || whole.len() > 19 {
        return None;
    }
    let scale = 10i128.pow(u32::try_from(fraction.len()).ok()?) * i128::from(divisor);
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some((digits.checked_mul(i128::from(ticks))? + scale / 2) / scale)
}

/// `[d.]hh:mm[:ss[.fffffff]]` and `d:hh:mm:ss[.fffffff]`.
fn clock_form(text: &str) -> Option<i128> {
    let parts: Vec<&str> = text.split(':').collect();
    let (days, hours, minutes, seconds) = match parts.as_slice() {
        [first, minutes] => day_and_hour(first, minutes, "0"),
        [first, minutes, seconds] => day_and_hour(first, minutes, seconds),
        [days, hours, minutes, seconds] => (*days, *hours, *minutes, *seconds),
        _ => return None,
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let (days, hours) = (number(days, 8)?, number(hours, 2)?);
    let (minutes, seconds) = (number(minutes, 2)?, number(seconds, 2)?);
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
    Some(whole * i128::from(TICKS_PER_SECOND) + i128::from(fraction_ticks(fraction)?))
}

fn day_and_hour<'a>(first: &'a str, minutes: &'a str, seconds: &'a str) -> (&'a str, &'a str, &'a str, &'a str) {
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    (days, hours, minutes, seconds)
}

fn number(text: &str, longest: usize) -> Option<i128> {
    let plain = !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Digits after the decimal point of seconds → ticks; digits past the seventh are cut.
pub fn fraction_ticks(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = digits.get(..7.min(digits.len()))?;
    format!("{kept:0<7}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::calendar::LAST_TICK;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_timespan_has_its_ticks() {
        let second = TICKS_PER_SECOND;
        for (text, ticks) in [
            ("2", 2 * TICKS_PER_DAY),
            ("1.5h", 5400 * second),
            ("15 seconds", 15 * second),
            ("10ms", second / 100),
            ("1microsecond", 10),
            ("1tick", 1),
            ("200nano", 2),
            ("15minutes", 900 * second),
            ("0.12:34:56.7", (12 * 3600 + 34 * 60 + 56) * second + 7_000_000),
            ("6.00:00:00", 6 * TICKS_PER_DAY),
            ("-1d", -TICKS_PER_DAY),
            ("12:30", 45_000 * second),
            ("00:00:00.001", second / 1000),
            ("1.02:03:04.5", TICKS_PER_DAY + (2 * 3600 + 3 * 60 + 4) * second + second / 2),
            ("1:02:03:04", TICKS_PER_DAY + (2 * 3600 + 3 * 60 + 4) * second),
        ] {
            assert_eq!(parse_timespan(text), Some(ticks), "{text}");
        }
    }

    #[test]
    fn what_is_no_timespan_is_refused() {
        for text in [
            "",
            "h",
            "1w",
            "1x",
            "1.5",
            "1.2.3d",
            "24:00:00",
            "25:00:00",
            "1:2:3:4:5",
            "99999999999999999999d",
            "abc",
            "x:y",
            "é:ß",
        ] {
            assert_eq!(parse_timespan(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_span_comes_back_from_its_text(ticks in -LAST_TICK..=LAST_TICK) {
            prop_assert_eq!(parse_timespan(&timespan_text(ticks)), Some(ticks));
        }

        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = parse_timespan(&text);
        }
    }
}
