//! Dates of event files, as ticks of 100 ns since 0001-01-01.
//!
//! What can be read one way only is read; `3/4/2025` cannot, and is refused rather than guessed.

/// Ticks from 0001-01-01 to 1970-01-01.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;
const SECOND: i64 = 10_000_000;
/// Ticks from 0001-01-01 to 1601-01-01, where FILETIME begins.
const FILETIME_EPOCH: i64 = 504_911_232_000_000_000;

/// Seconds since 1970 in ticks.
pub fn from_unix_seconds(seconds: i64) -> Option<i64> {
    seconds.checked_mul(SECOND)?.checked_add(UNIX_EPOCH)
}

/// Reads a date with its time. A time without a zone is UTC.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    iso(text).or_else(|| month_name(text)).or_else(|| json_date(text)).or_else(|| number(text))
}

/// `2025-01-02`, then optionally `T` or a blank, `03:04:05`, a fraction, `Z` or an offset.
fn iso(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let year = digits(bytes, 0, 4)?;
    separator(bytes, 4, b"-/")?;
    let month = digits(bytes, 5, 2)?;
    separator(bytes, 7, b"-/")?;
    let day = digits(bytes, 8, 2)?;
    let midnight = days(year, month, day)? * 86_400;
    if bytes.len() == 10 {
        return Some(midnight * SECOND);
    }
    separator(bytes, 10, b"T ")?;
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
    Some((midnight + hour * 3600 + minute * 60 + second - offset) * SECOND + fraction)
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
    let clock = words.next()?;
    let half = words.next().map(str::to_ascii_uppercase);
    let mut parts = clock.split(':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let (seconds, fraction) = parts.next().map_or(("0", ""), |part| part.split_once('.').unwrap_or((part, "")));
    let second: i64 = seconds.parse().ok()?;
    let hour = match half.as_deref() {
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        None if hour < 24 => hour,
        _ => return None,
    };
    if minute > 59 || second > 60 || parts.next().is_some() || words.next().is_some() || fraction.len() > 7 {
        return None;
    }
    let ticks: i64 = format!("{fraction:0<7}").parse().ok()?;
    let seconds = days(year, i64::try_from(month).ok()?, day)? * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * SECOND + ticks)
}

/// `/Date(1735787045678)/`, milliseconds since 1970.
fn json_date(text: &str) -> Option<i64> {
    let inside = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
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
        assert_eq!(parse("133802606450000000"), Some(whole));
        assert_eq!(format(MOMENT), "2025-01-02T03:04:05.6789012Z");
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
