//! Dates of event files, as ticks of 100 ns since 0001-01-01.
//!
//! What can be read one way only is read; `3/4/2025` cannot, and is refused rather than guessed: which part is the day
//! has to be given, or found over all rows of a file.

use jiff::tz::TimeZone;

use crate::kql::values::{TICKS_PER_SECOND as SECOND, UNIX_EPOCH};

/// Ticks from 0001-01-01 to 1601-01-01, where FILETIME begins.
const FILETIME_EPOCH: i64 = 504_911_232_000_000_000;

/// Seconds since 1970 in ticks.
pub fn from_unix_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(SECOND)?.checked_add(UNIX_EPOCH)
}

/// Reads a date with its time. A time without a zone is UTC.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let read = iso(text).map(|(ticks, _)| ticks).or_else(|| month_name(text)).or_else(|| dotted_date(text));
    read.or_else(|| json_date(text)).or_else(|| number(text))
}

/// Which part of `3/4/2025` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    DayFirst,
    MonthFirst,
}

/// How the dates of a file are to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub order: Option<DateOrder>,
    /// The zone of times that name none; UTC if it is not given.
    pub zone: Option<TimeZone>,
}

impl Reading {
    /// Reads a date of a file.
    pub fn parse(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        let (bare, utc) = match text.strip_suffix("[UTC]").or_else(|| text.strip_suffix("UTC")) {
            Some(bare) => (bare.trim_end(), true),
            None => (text, false),
        };
        let (ticks, zoned) = match iso(bare) {
            Some(read) => read,
            None => match month_name(bare)
                .or_else(|| dotted_date(bare))
                .or_else(|| self.order.and_then(|order| numeric_date(bare, order)))
            {
                Some(ticks) => (ticks, false),
                None => (json_date(bare).or_else(|| number(bare))?, true),
            },
        };
        match &self.zone {
            Some(zone) if !zoned && !utc => to_utc(ticks, zone),
            _ => Some(ticks),
        }
    }
}

/// A wall clock's time in a zone. Of an hour that occurs twice the first is taken.
fn to_utc(ticks: i64, zone: &TimeZone) -> Option<i64> {
    let since = ticks - UNIX_EPOCH;
    let wall = jiff::Timestamp::from_second(since.div_euclid(SECOND)).ok()?;
    let wall = TimeZone::UTC.to_datetime(wall);
    let moment = zone.to_timestamp(wall).ok()?;
    Some(from_unix_seconds(moment.as_second())? + since.rem_euclid(SECOND))
}

/// The first two parts of a date such as `3/4/2025 10:00`, whichever is the day.
pub fn numeric_parts(text: &str) -> Option<(i64, i64)> {
    let (first, second, _, rest) = split_numeric(text.trim(), &['/', '-'])?;
    rest.is_empty().then_some(()).or_else(|| clock(rest).map(|_| ()))?;
    Some((first, second))
}

fn split_numeric<'t>(text: &'t str, separators: &[char]) -> Option<(i64, i64, i64, &'t str)> {
    let end = text.find([' ', ',', '\u{202f}', 'T']).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let mut parts = date.split(separators);
    let mut part = |longest: usize| {
        let part = parts.next()?;
        (!part.is_empty() && part.len() <= longest && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(part)
    };
    let (first, second, year) = (part(2)?, part(2)?, part(4)?);
    if year.len() != 4 || parts.next().is_some() {
        return None;
    }
    let rest = rest.trim_start_matches([' ', ',', '\u{202f}', 'T']);
    Some((first.parse().ok()?, second.parse().ok()?, year.parse().ok()?, rest))
}

/// `11/20/2025, 9:41:00.123 AM`, and other orders and separators.
fn numeric_date(text: &str, order: DateOrder) -> Option<i64> {
    let (first, second, year, rest) = split_numeric(text, &['/', '-'])?;
    let (day, month) = match order {
        DateOrder::DayFirst => (first, second),
        DateOrder::MonthFirst => (second, first),
    };
    moment(day, month, year, rest)
}

/// `20.11.2025, 09:41:00`: where dots stand between the parts the day is first.
fn dotted_date(text: &str) -> Option<i64> {
    let (day, month, year, rest) = split_numeric(text, &['.'])?;
    moment(day, month, year, rest)
}

fn moment(day: i64, month: i64, year: i64, rest: &str) -> Option<i64> {
    let clock = if rest.is_empty() { 0 } else { clock(rest)? };
    Some(days(year, month, day)? * 86_400 * SECOND + clock)
}

/// `9:41:00.123 AM`, `21:41`, in ticks since midnight.
fn clock(text: &str) -> Option<i64> {
    let mut words = text.split([' ', '\u{202f}']).filter(|word| !word.is_empty());
    let time = words.next()?;
    let half = words.next().map(str::to_ascii_uppercase);
    if words.next().is_some() {
        return None;
    }
    let mut parts = time.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (seconds, fraction) = parts.next().map_or(("0", ""), |part| part.split_once('.').unwrap_or((part, "")));
    let second: i64 = seconds.parse().ok()?;
    let hour = match half.as_deref() {
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        None if (0..24).contains(&hour) => hour,
        _ => return None,
    };
    let right = (0..60).contains(&minute) && (0..=60).contains(&second) && parts.next().is_none();
    if !right || fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ticks: i64 = format!("{fraction:0<7}").parse().ok()?;
    Some((hour * 3600 + minute * 60 + second) * SECOND + ticks)
}

/// The moment, and whether the text names its zone: `2025-01-02`, then optionally `T` or a blank, `03:04:05`, a fraction, `Z` or an offset.
fn iso(text: &str) -> Option<(i64, bool)> {
    let bytes = text.as_bytes();
    let year = digits(bytes, 0, 4)?;
    separator(bytes, 4, b"-/")?;
    let month = digits(bytes, 5, 2)?;
    separator(bytes, 7, b"-/")?;
    let day = digits(bytes, 8, 2)?;
    let midnight = days(year, month, day)? * 86_400;
    if bytes.len() == 10 {
        return Some((midnight * SECOND, false));
    }
    separator(bytes, 10, b"Tt ")?;
    let hour = digits(bytes, 11, 2)?;
    separator(bytes, 13, b":")?;
    let minute = digits(bytes, 14, 2)?;
    let (second, mut at) = match bytes.get(16) {
        Some(b':') => (digits(bytes, 17, 2)?, 19),
        _ => (0, 16),
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut fraction = 0;
    if let Some(b'.' | b',') = bytes.get(at) {
        at += 1;
        let start = at;
        let mut scale = SECOND;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            scale /= 10;
            fraction += i64::from(digit - b'0') * scale;
            at += 1;
        }
        if at == start {
            return None;
        }
    }
    let rest = text.get(at..)?.trim();
    let offset = match rest {
        "" | "Z" | "z" | "UTC" | "[UTC]" => 0,
        _ => zone_offset(rest)?,
    };
    Some(((midnight + hour * 3600 + minute * 60 + second - offset) * SECOND + fraction, !rest.is_empty()))
}

fn zone_offset(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let sign = match bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = digits(bytes, 1, 2)?;
    let minutes = match bytes.len() {
        3 => 0,
        5 => digits(bytes, 3, 2)?,
        6 if bytes.get(3) == Some(&b':') => digits(bytes, 4, 2)?,
        _ => return None,
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

/// `Nov 20, 2025 9:41:00 AM`, as the portal writes it.
fn month_name(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut words = text.split([' ', ',', '\u{202f}']).filter(|word| !word.is_empty());
    let name = words.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|known| name.get(..3) == Some(known))? + 1;
    let day: i64 = words.next()?.parse().ok()?;
    let year: i64 = words.next()?.parse().ok()?;
    let rest: Vec<&str> = words.collect();
    let midnight = days(year, i64::try_from(month).ok()?, day)? * 86_400;
    Some(midnight * SECOND + clock(&rest.join(" "))?)
}

/// `/Date(1735787045678)/`, milliseconds since 1970. A zone behind them (`+0100`) says where it was written, and moves
/// nothing.
fn json_date(text: &str) -> Option<i64> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let inside = inside.split_once('+').map_or(inside, |(count, _)| count);
    let inside = inside.rsplit_once('-').map_or(inside, |(count, _)| if count.is_empty() { inside } else { count });
    inside.parse::<i64>().ok()?.checked_mul(10_000)?.checked_add(UNIX_EPOCH)
}

/// A count since an epoch; its magnitude says which.
fn number(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().ok()?;
    match value {
        // 2001 to 2286 in each unit.
        1_000_000_000..10_000_000_000 => {
            let ticks: i64 = format!("{:0<7}", fraction.get(..7).unwrap_or(fraction)).parse().ok()?;
            Some(from_unix_seconds(value)? + ticks)
        }
        1_000_000_000_000..10_000_000_000_000 => Some(UNIX_EPOCH + value * 10_000),
        1_000_000_000_000_000..10_000_000_000_000_000 => Some(UNIX_EPOCH + value * 10),
        100_000_000_000_000_000..300_000_000_000_000_000 => Some(FILETIME_EPOCH + value),
        1_000_000_000_000_000_000.. => Some(UNIX_EPOCH + value / 100),
        _ => None,
    }
}

/// Days from 0001-01-01 (proleptic Gregorian); `None` for a day that does not exist.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let before = year - 1;
    // Months counted from March make the leap day the last of the year.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (before, month + 9) };
    let march_days = (153 * shifted_month + 2) / 5 + day - 1;
    Some(365 * shifted_year + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 + march_days - 306)
}

fn digits(bytes: &[u8], start: usize, count: usize) -> Option<i64> {
    let mut value = 0;
    for byte in bytes.get(start..start + count)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(value)
}

fn separator(bytes: &[u8], at: usize, allowed: &[u8]) -> Option<()> {
    bytes.get(at).filter(|byte| allowed.contains(byte)).map(|_| ())
}

/// Ticks as ISO 8601 with seven digits.
pub fn format(ticks: i64) -> String {
    let unix = (ticks - UNIX_EPOCH).div_euclid(SECOND);
    let fraction = ticks.rem_euclid(SECOND);
    match jiff::Timestamp::from_second(unix) {
        Ok(stamp) => format!("{}.{fraction:07}Z", stamp.strftime("%Y-%m-%dT%H:%M:%S")),
        Err(_) => format!("{ticks} ticks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: i64 = 638_713_838_456_789_012;

    #[test]
    fn every_form_reads_the_same_moment() {
        assert_eq!(parse("2025-01-02T03:04:05.6789012Z"), Some(MOMENT));
        assert_eq!(parse("2025-01-02 03:04:05.678901299"), Some(MOMENT));
        assert_eq!(parse("2025-01-02T05:04:05.6789012+02:00"), Some(MOMENT));
        let whole = MOMENT - 6_789_012;
        assert_eq!(parse("Jan 2, 2025 3:04:05 AM"), Some(whole));
        assert_eq!(parse("1735787045"), Some(whole));
        assert_eq!(parse("1735787045000"), Some(whole));
        assert_eq!(parse("/Date(1735787045000)/"), Some(whole));
        assert_eq!(parse("/Date(1735787045000+0100)/"), Some(whole));
        assert_eq!(parse("/Date(1735787045000-0500)/"), Some(whole));
        assert_eq!(parse("/Date(-1000)/").map(format).as_deref(), Some("1969-12-31T23:59:59.0000000Z"));
        assert_eq!(parse("02.01.2025, 03:04:05"), Some(whole));
        assert_eq!(parse("2.1.2025 03:04:05.6789012"), Some(MOMENT));
        assert_eq!(parse("2025-01-02t03:04:05z"), Some(whole));
        assert_eq!(parse("133802606450000000"), Some(whole));
        assert_eq!(format(MOMENT), "2025-01-02T03:04:05.6789012Z");
    }

    #[test]
    fn day_and_month_are_told_apart_by_who_knows() {
        let whole = Some(MOMENT - 6_789_012);
        let day = Reading { order: Some(DateOrder::DayFirst), zone: None };
        let month = Reading { order: Some(DateOrder::MonthFirst), zone: None };
        assert_eq!(day.parse("2/1/2025 03:04:05"), whole);
        assert_eq!(month.parse("1/2/2025, 3:04:05 AM"), whole);
        assert_eq!(month.parse("1/2/2025, 3:04:05.6789012 AM"), Some(MOMENT));
        assert_eq!(day.parse("1/13/2025 03:04:05"), None);
        assert_eq!(numeric_parts("1/13/2025, 3:04 PM"), Some((1, 13)));
        assert_eq!(numeric_parts("1/13/2025 and more"), None);
        assert_eq!(numeric_parts("2025-01-02"), None);
    }

    #[test]
    fn a_zone_moves_only_times_that_name_none() {
        let berlin = Reading { order: None, zone: TimeZone::get("Europe/Berlin").ok() };
        assert_eq!(berlin.parse("2025-01-02 04:04:05.6789012"), Some(MOMENT));
        assert_eq!(berlin.parse("2025-01-02T03:04:05.6789012Z"), Some(MOMENT));
        assert_eq!(berlin.parse("2025-01-02 03:04:05.6789012 UTC"), Some(MOMENT));
        assert_eq!(berlin.parse("2025-07-02 05:04:05"), parse("2025-07-02 03:04:05"));
        assert_eq!(berlin.parse("1735787045"), Some(MOMENT - 6_789_012));
    }

    #[test]
    fn days_agree_with_a_calendar() {
        assert_eq!(parse("0001-01-01"), Some(0));
        assert_eq!(parse("1970-01-01"), Some(UNIX_EPOCH));
        assert_eq!(parse("1601-01-01"), Some(FILETIME_EPOCH));
        assert_eq!(parse("2024-02-29").map(format).as_deref(), Some("2024-02-29T00:00:00.0000000Z"));
        assert_eq!(parse("2025-02-29"), None);
    }

    #[test]
    fn what_can_be_read_two_ways_is_not_read() {
        assert_eq!(parse("3/4/2025 10:00:00"), None);
        assert_eq!(parse("12"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("2025-13-01"), None);
    }
}
