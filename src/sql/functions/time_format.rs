//! `format_datetime` and `format_timespan`: what each run of a letter stands for.
//!
//! The engine knows one- and two-letter forms only and starts over after two: `dddd` is `dd` twice, not a name.

use crate::kql::values::{Civil, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND};

/// Cuts a format into runs of one letter, none longer than that letter may run.
fn runs(format: &str, longest: fn(char) -> usize) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for letter in format.chars() {
        match runs.last_mut() {
            Some((last, count)) if *last == letter && *count < longest(letter) => *count += 1,
            _ => runs.push((letter, 1)),
        }
    }
    runs
}

/// The first digits of the ticks of a second; `F` drops trailing zeros.
fn fraction(ticks: i64, digits: usize, keeps_zeros: bool) -> String {
    let all = format!("{ticks:07}");
    let kept = all.get(..digits.min(7)).unwrap_or(&all);
    if keeps_zeros { kept.to_owned() } else { kept.trim_end_matches('0').to_owned() }
}

/// A number in one letter plain, in more with zeros before.
fn padded(value: i64, width: usize) -> String {
    format!("{value:0width$}")
}

pub(super) fn datetime(civil: Civil, format: &str) -> String {
    let longest = |letter| match letter {
        'f' | 'F' => 7,
        'y' => 4,
        'd' | 'M' | 'h' | 'H' | 'm' | 's' | 't' => 2,
        _ => 1,
    };
    let half_day = if civil.hour < 12 { "AM" } else { "PM" };
    let mut text = String::new();
    for (letter, count) in runs(format, longest) {
        match letter {
            'y' if count <= 2 => text.push_str(&padded(civil.year % 100, count)),
            'y' => text.push_str(&padded(civil.year, count)),
            'M' => text.push_str(&padded(civil.month, count)),
            'd' => text.push_str(&padded(civil.day, count)),
            'H' => text.push_str(&padded(civil.hour, count)),
            'h' => text.push_str(&padded((civil.hour + 11) % 12 + 1, count)),
            'm' => text.push_str(&padded(civil.minute, count)),
            's' => text.push_str(&padded(civil.second, count)),
            'f' | 'F' => text.push_str(&fraction(civil.fraction, count, letter == 'f')),
            't' => text.push_str(half_day.get(..count).unwrap_or(half_day)),
            other => text.push(other),
        }
    }
    text
}

pub(super) fn timespan(ticks: i64, format: &str) -> String {
    let longest = |letter| match letter {
        'f' | 'F' => 7,
        'd' => 8,
        'h' | 'H' | 'm' | 's' => 2,
        _ => 1,
    };
    let size = ticks.saturating_abs();
    let mut text = String::from(if ticks < 0 { "-" } else { "" });
    for (letter, count) in runs(format, longest) {
        match letter {
            'd' => text.push_str(&padded(size / TICKS_PER_DAY, count)),
            'h' | 'H' => text.push_str(&padded(size / TICKS_PER_HOUR % 24, count)),
            'm' => text.push_str(&padded(size / TICKS_PER_MINUTE % 60, count)),
            's' => text.push_str(&padded(size / TICKS_PER_SECOND % 60, count)),
            'f' | 'F' => text.push_str(&fraction(size % TICKS_PER_SECOND, count, letter == 'f')),
            other => text.push(other),
        }
    }
    text
}
