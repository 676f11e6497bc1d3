//! Datetimes in every textual form Kusto documents: ISO 8601, RFC 822, RFC 850 and `M/d/yyyy`, always UTC.

use super::timespan::{TICKS_PER_DAY, TICKS_PER_SECOND, fraction_ticks};

/// The last tick of the year 9999.
pub const MAX_DATETIME_TICKS: i64 = 3_155_378_975_999_999_999;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Ticks of midnight of a day in the proleptic Gregorian calendar.
pub fn ticks_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Days since 0001-03-01 shifted to 0001-01-01: the year is counted from March, so that the leap day is last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (month_from_march * 153 + 2) / 5 + day - 1;
    Some((days - 306) * TICKS_PER_DAY)
}

/// Ticks of a datetime text without the `datetime(…)` around it; `None` where it is none.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = date(text)?;
    let ticks = date + time_and_zone(rest)?;
    (0..=MAX_DATETIME_TICKS).contains(&ticks).then_some(ticks)
}

fn date(text: &str) -> Option<(i64, &str)> {
    iso_date(text).or_else(|| slash_date(text)).or_else(|| worded_date(text))
}

/// The leading decimal number of at most `longest` digits, how many digits it has, and what follows.
fn leading_number(text: &str, longest: usize) -> Option<(i64, usize, &str)> {
    let length = text.bytes().take(longest).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    Some((digits.parse().ok()?, length, rest))
}

/// `2024-01-02`, `2024-1-2`, `2024-01`, `2024`, `20240102`.
fn iso_date(text: &str) -> Option<(i64, &str)> {
    let (first, length, rest) = leading_number(text, 8)?;
    if length == 8 {
        return Some((ticks_from_civil(first / 10_000, first / 100 % 100, first % 100)?, rest));
    }
    if length != 4 || rest.starts_with('/') {
        return None;
    }
    let Some(after) = rest.strip_prefix('-') else { return Some((ticks_from_civil(first, 1, 1)?, rest)) };
    let (month, _, rest) = leading_number(after, 2)?;
    let Some(after) = rest.strip_prefix('-') else { return Some((ticks_from_civil(first, month, 1)?, rest)) };
    let (day, _, rest) = leading_number(after, 2)?;
    Some((ticks_from_civil(first, month, day)?, rest))
}

/// `1/2/2024` (month first) and `2024/1/2`.
fn slash_date(text: &str) -> Option<(i64, &str)> {
    let (first, length, rest) = leading_number(text, 4)?;
    let (second, _, rest) = leading_number(rest.strip_prefix('/')?, 2)?;
    let (third, _, rest) = leading_number(rest.strip_prefix('/')?, 4)?;
    let ticks =
        if length == 4 { ticks_from_civil(first, second, third)? } else { ticks_from_civil(third, first, second)? };
    Some((ticks, rest))
}

/// `Sat, 8 Nov 14`, `Saturday, 08-Nov-14`, `8 November 2014`, `10 MAY 2021`, `Nov 8 2014`, `November 8, 2014`.
fn worded_date(text: &str) -> Option<(i64, &str)> {
    let text = match text.split_once(',') {
        Some((weekday, rest)) if weekday.chars().all(char::is_alphabetic) => rest.trim_start(),
        _ => text,
    };
    let separator = |character: char| character == ' ' || character == '-' || character == ',';
    if let Some((day, _, rest)) = leading_number(text, 2) {
        let (month, rest) = month_name(rest.trim_start_matches(separator))?;
        let (year, length, rest) = leading_number(rest.trim_start_matches(separator), 4)?;
        return Some((ticks_from_civil(full_year(year, length), month, day)?, rest));
    }
    let (month, rest) = month_name(text)?;
    let (day, _, rest) = leading_number(rest.trim_start_matches(separator), 2)?;
    let (year, length, rest) = leading_number(rest.trim_start_matches(separator), 4)?;
    Some((ticks_from_civil(full_year(year, length), month, day)?, rest))
}

/// Two-digit years as .NET reads them: up to 49 is this century.
fn full_year(year: i64, digits: usize) -> i64 {
    match digits {
        2 if year <= 49 => 2000 + year,
        2 => 1900 + year,
        _ => year,
    }
}

fn month_name(text: &str) -> Option<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = text.split_at_checked(length)?;
    let word = word.to_ascii_lowercase();
    if word.len() < 3 {
        return None;
    }
    let index = MONTHS.iter().position(|month| *month == word || (word.len() == 3 && month.starts_with(&word)))?;
    Some((i64::try_from(index).ok()? + 1, rest))
}

/// `T03:04:05.1234567Z`, ` 15:05:02 GMT`, ` 3:04 PM`, `+02:00`, or nothing; the ticks to add.
fn time_and_zone(text: &str) -> Option<i64> {
    let text = text.strip_prefix(['T', 't']).unwrap_or(text).trim_start();
    let (time, rest) = if text.starts_with(|first: char| first.is_ascii_digit()) { clock(text)? } else { (0, text) };
    Some(time - zone_offset(rest.trim())?)
}

fn clock(text: &str) -> Option<(i64, &str)> {
    let (mut hours, _, rest) = leading_number(text, 2)?;
    let (mut minutes, mut seconds, mut fraction) = (0, 0, 0);
    let mut rest = rest;
    if let Some(after) = rest.strip_prefix(':') {
        (minutes, _, rest) = leading_number(after, 2)?;
        if let Some(after) = rest.strip_prefix(':') {
            (seconds, _, rest) = leading_number(after, 2)?;
            if let Some(after) = rest.strip_prefix('.') {
                let length = after.bytes().take_while(u8::is_ascii_digit).count();
                let (digits, after) = after.split_at_checked(length)?;
                fraction = fraction_ticks(digits)?;
                rest = after;
            }
        }
    }
    let trimmed = rest.trim_start();
    for (marker, add) in [("AM", 0), ("PM", 12)] {
        if let Some((word, after)) = trimmed.split_at_checked(2)
            && word.eq_ignore_ascii_case(marker)
        {
            if !(1..=12).contains(&hours) {
                return None;
            }
            hours = hours % 12 + add;
            rest = after;
        }
    }
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some((((hours * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + fraction, rest))
}

/// `Z`, `GMT`, `UTC`, `+02:00`, `-0530`; the ticks east of UTC.
fn zone_offset(text: &str) -> Option<i64> {
    if text.is_empty() || ["Z", "GMT", "UTC"].iter().any(|zone| text.eq_ignore_ascii_case(zone)) {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, _, rest) = leading_number(rest, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { leading_number(rest, 2).filter(|(_, _, rest)| rest.is_empty())?.0 };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_starts_at_tick_zero_and_ends_with_the_year_9999() {
        assert_eq!(ticks_from_civil(1, 1, 1), Some(0));
        assert_eq!(ticks_from_civil(1970, 1, 1), Some(621_355_968_000_000_000));
        assert_eq!(ticks_from_civil(9999, 12, 31), Some(MAX_DATETIME_TICKS + 1 - TICKS_PER_DAY));
        assert_eq!(ticks_from_civil(2024, 2, 29), ticks_from_civil(2024, 3, 1).map(|ticks| ticks - TICKS_PER_DAY));
        assert_eq!(ticks_from_civil(2023, 2, 29), None);
    }

    #[test]
    fn forms_of_one_moment_agree() {
        let day = ticks_from_civil(2014, 11, 8).unwrap();
        let second = TICKS_PER_SECOND;
        for (text, ticks) in [
            ("2014-11-08", day),
            ("2014-11-08T15:05", day + 54_300 * second),
            ("2014-11-08 15:05:02.5", day + 54_302 * second + 5_000_000),
            ("2014-11-08T15:05:02.1234567Z", day + 54_302 * second + 1_234_567),
            ("2014-11-08T17:05:02+02:00", day + 54_302 * second),
            ("Sat, 8 Nov 14 15:05:02 GMT", day + 54_302 * second),
            ("Saturday, 08-Nov-14 15:05:02", day + 54_302 * second),
            ("8 November 2014 3:05 PM", day + 54_300 * second),
            ("11/8/2014", day),
            ("20141108", day),
            ("8 NOV 2014", day),
        ] {
            assert_eq!(parse_datetime(text), Some(ticks), "{text}");
        }
        assert_eq!(parse_datetime("2014"), ticks_from_civil(2014, 1, 1));
    }

    #[test]
    fn what_is_no_datetime_is_refused() {
        for text in ["", "Insert date", "2014-13-01", "2014-11-08T25:00", "2014-11-08 nonsense", "ago(1d)", "é", "12é"]
        {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }
}
