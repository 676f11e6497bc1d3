//! Dates and spans as ticks of 100 ns: the civil calendar, and reading and writing their text.
//!
//! Times count from 0001-01-01 UTC in the proleptic Gregorian calendar, as .NET does. Nothing here knows a
//! time zone; an offset in a text is applied and forgotten.

pub const TICKS_PER_SECOND: i64 = 10_000_000;
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
pub const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;
/// 9999-12-31T23:59:59.9999999
pub const LAST_TICK: i64 = 3_155_378_975_999_999_999;
/// 1970-01-01
pub const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// The ticks themselves where they are a time of years 1 to 9999.
pub fn in_range(ticks: i64) -> Option<i64> {
    (0..=LAST_TICK).contains(&ticks).then_some(ticks)
}

/// A time taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// Ticks within the second.
    pub fraction: i64,
}

impl Civil {
    pub fn of(ticks: i64) -> Self {
        let (year, month, day) = date_of(ticks.div_euclid(TICKS_PER_DAY));
        let rest = ticks.rem_euclid(TICKS_PER_DAY);
        Self {
            year,
            month,
            day,
            hour: rest / TICKS_PER_HOUR,
            minute: rest / TICKS_PER_MINUTE % 60,
            second: rest / TICKS_PER_SECOND % 60,
            fraction: rest % TICKS_PER_SECOND,
        }
    }

    /// The ticks of this time; `None` where a part is out of range.
    pub fn ticks(&self) -> Option<i64> {
        let in_bounds = (1..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in_month(self.year, self.month)).contains(&self.day)
            && (0..24).contains(&self.hour)
            && (0..60).contains(&self.minute)
            && (0..60).contains(&self.second)
            && (0..TICKS_PER_SECOND).contains(&self.fraction);
        in_bounds.then(|| {
            days_of(self.year, self.month, self.day) * TICKS_PER_DAY
                + self.hour * TICKS_PER_HOUR
                + self.minute * TICKS_PER_MINUTE
                + self.second * TICKS_PER_SECOND
                + self.fraction
        })
    }
}

/// Days from 0001-01-01 to a date (Howard Hinnant's `days_from_civil`).
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 306
}

/// Year, month and day of a number of days since 0001-01-01.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2020-01-31T23:59:59.1234567Z`
pub fn datetime_text(ticks: i64) -> String {
    let civil = Civil::of(ticks);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.fraction
    )
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

/// Reads a time: ISO 8601 and its relaxations, `M/d/yyyy`, RFC 822 and RFC 850.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let mut reader = Reader { rest: text.trim() };
    let (mut civil, mut offset) = (Civil { year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0, fraction: 0 }, 0);
    let starts_with_digit = reader.rest.starts_with(|first: char| first.is_ascii_digit());
    let is_named = !starts_with_digit
        || reader
            .rest
            .bytes()
            .skip_while(u8::is_ascii_digit)
            .find(|byte| !matches!(byte, b' ' | b'-'))
            .is_some_and(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'T' | b't' | b'Z' | b'z'));
    if is_named {
        reader.named_date(&mut civil, &mut offset)?
    } else {
        reader.numeric_date(&mut civil, &mut offset)?
    }
    if !reader.rest.is_empty() {
        return None;
    }
    in_range(civil.ticks()?.checked_sub(offset)?)
}

/// Reads a span: `[-][d.]hh:mm[:ss[.fffffff]]`, a whole number of days, or a number with a unit.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ticks = if body.contains(':') { clock_span(body)? } else { unit_span(body)? };
    Some(if negative { -ticks } else { ticks })
}

fn clock_span(body: &str) -> Option<i64> {
    let mut reader = Reader { rest: body };
    let (mut hour, _) = reader.number()?;
    let mut days = 0;
    if reader.eat('.') || (reader.rest.matches(':').count() > 2 && reader.eat(':')) {
        days = hour;
        hour = reader.number()?.0;
    }
    if !reader.eat(':') {
        return None;
    }
    let (minute, _) = reader.number()?;
    let mut second = 0;
    let mut fraction = 0;
    if reader.eat(':') {
        second = reader.number()?.0;
        if reader.eat('.') {
            fraction = reader.fraction()?;
        }
    }
    let fits = reader.rest.is_empty() && hour < 24 && minute < 60 && second < 60;
    fits.then_some(())?;
    let clock = hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND + fraction;
    days.checked_mul(TICKS_PER_DAY)?.checked_add(clock)
}

/// The units of span literals, in ticks.
const UNITS: &[(&str, i64)] = &[
    ("d", TICKS_PER_DAY),
    ("day", TICKS_PER_DAY),
    ("days", TICKS_PER_DAY),
    ("h", TICKS_PER_HOUR),
    ("hr", TICKS_PER_HOUR),
    ("hrs", TICKS_PER_HOUR),
    ("hour", TICKS_PER_HOUR),
    ("hours", TICKS_PER_HOUR),
    ("m", TICKS_PER_MINUTE),
    ("min", TICKS_PER_MINUTE),
    ("minute", TICKS_PER_MINUTE),
    ("minutes", TICKS_PER_MINUTE),
    ("s", TICKS_PER_SECOND),
    ("sec", TICKS_PER_SECOND),
    ("second", TICKS_PER_SECOND),
    ("seconds", TICKS_PER_SECOND),
    ("ms", 10_000),
    ("milli", 10_000),
    ("millis", 10_000),
    ("millisec", 10_000),
    ("millisecond", 10_000),
    ("milliseconds", 10_000),
    ("micro", 10),
    ("microsec", 10),
    ("microsecond", 10),
    ("microseconds", 10),
    ("tick", 1),
    ("ticks", 1),
];

fn unit_span(body: &str) -> Option<i64> {
    let end = body.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(body.len());
    let (digits, unit) = (body.get(..end)?, body.get(end..)?.trim());
    if unit.is_empty() {
        return digits.parse::<i64>().ok()?.checked_mul(TICKS_PER_DAY);
    }
    let (_, ticks) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if let Ok(whole) = digits.parse::<i64>() {
        return whole.checked_mul(*ticks);
    }
    let product = digits.parse::<f64>().ok()? * *ticks as f64;
    (product.abs() < i64::MAX as f64).then_some(product.round() as i64)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, wanted: char) -> bool {
        self.rest.strip_prefix(wanted).map(|rest| self.rest = rest).is_some()
    }

    fn take_while(&mut self, keep: fn(&char) -> bool) -> &'a str {
        let end = self.rest.find(|next| !keep(&next)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// A whole number and how many digits it had.
    fn number(&mut self) -> Option<(i64, usize)> {
        let digits = self.take_while(char::is_ascii_digit);
        Some((digits.parse().ok()?, digits.len()))
    }

    /// The digits after a decimal point, as ticks of a second.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.take_while(char::is_ascii_digit);
        let kept = digits.get(..7.min(digits.len()))?;
        (!digits.is_empty()).then(|| format!("{kept:0<7}").parse().ok())?
    }

    fn spaces(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start();
        self.rest.len() < before
    }

    fn separator(&mut self) -> Option<char> {
        ['-', '/', '.'].into_iter().find(|wanted| self.eat(*wanted))
    }

    fn numeric_date(&mut self, civil: &mut Civil, offset: &mut i64) -> Option<()> {
        let (first, digits) = self.number()?;
        match digits {
            4 => {
                civil.year = first;
                if let Some(separator) = self.separator() {
                    civil.month = self.number()?.0;
                    if self.eat(separator) {
                        civil.day = self.number()?.0;
                    }
                }
            }
            8 => (civil.year, civil.month, civil.day) = (first / 10_000, first / 100 % 100, first % 100),
            14 => {
                let (date, clock) = (first / 1_000_000, first % 1_000_000);
                (civil.year, civil.month, civil.day) = (date / 10_000, date / 100 % 100, date % 100);
                (civil.hour, civil.minute, civil.second) = (clock / 10_000, clock / 100 % 100, clock % 100);
            }
            1 | 2 => {
                let separator = self.separator()?;
                (civil.month, civil.day) = (first, self.number()?.0);
                if !self.eat(separator) {
                    return None;
                }
                let (year, digits) = self.number()?;
                civil.year = full_year(year, digits)?;
            }
            _ => return None,
        }
        self.clock_after_date(civil, offset)
    }

    fn clock_after_date(&mut self, civil: &mut Civil, offset: &mut i64) -> Option<()> {
        let parted = self.eat('T') || self.eat('t') || self.spaces() || self.eat(':');
        if self.rest.is_empty() {
            return Some(());
        }
        if parted && self.rest.starts_with(|next: char| next.is_ascii_digit()) {
            self.clock(civil)?;
        }
        self.zone(offset)
    }

    fn clock(&mut self, civil: &mut Civil) -> Option<()> {
        civil.hour = self.number()?.0;
        if self.eat(':') {
            civil.minute = self.number()?.0;
            if self.eat(':') {
                civil.second = self.number()?.0;
                if self.eat('.') || self.eat(',') {
                    civil.fraction = self.fraction()?;
                }
            }
        }
        let before = self.rest;
        self.spaces();
        match self.take_while(char::is_ascii_alphabetic).to_ascii_uppercase().as_str() {
            "AM" if (1..=12).contains(&civil.hour) => civil.hour %= 12,
            "PM" if (1..=12).contains(&civil.hour) => civil.hour = civil.hour % 12 + 12,
            _ => self.rest = before,
        }
        Some(())
    }

    fn zone(&mut self, offset: &mut i64) -> Option<()> {
        self.spaces();
        let name = self.take_while(char::is_ascii_alphabetic).to_ascii_uppercase();
        if !matches!(name.as_str(), "" | "Z" | "UTC" | "GMT" | "UT") {
            return None;
        }
        let sign = if self.eat('+') {
            1
        } else if self.eat('-') {
            -1
        } else {
            return Some(());
        };
        let (mut hours, digits) = self.number()?;
        let mut minutes = 0;
        if self.eat(':') {
            minutes = self.number()?.0;
        } else if digits > 2 {
            (hours, minutes) = (hours / 100, hours % 100);
        }
        (hours <= 14 && minutes < 60).then_some(())?;
        *offset = sign * (hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE);
        Some(())
    }

    /// `Sat, 08 Nov 2014 15:05:02 GMT`, `Saturday, 08-Nov-14 15:05:02 GMT`, `Nov 8 2014 15:05`, `Sat Nov 8 15:05:02 2014`.
    fn named_date(&mut self, civil: &mut Civil, offset: &mut i64) -> Option<()> {
        let mut day = None;
        let mut month = None;
        let mut year = None;
        let mut has_clock = false;
        while !self.rest.is_empty() {
            let after_date = day.is_some() && month.is_some();
            if self.rest.starts_with(|next: char| next.is_ascii_digit()) {
                let before = self.rest;
                let (number, digits) = self.number()?;
                if self.rest.starts_with(':') && after_date && !has_clock {
                    self.rest = before;
                    self.clock(civil)?;
                    has_clock = true;
                } else if day.is_none() && digits <= 2 {
                    day = Some(number);
                } else if year.is_none() {
                    year = Some(full_year(number, digits)?);
                } else {
                    return None;
                }
            } else if self.rest.starts_with(|next: char| next.is_ascii_alphabetic()) {
                let before = self.rest;
                let word = self.take_while(char::is_ascii_alphabetic);
                if month.is_none()
                    && let Some(found) = month_of(word)
                {
                    month = Some(found);
                } else if is_weekday(word) && day.is_none() {
                } else {
                    self.rest = before;
                    self.zone(offset)?;
                }
            } else if has_clock && self.rest.starts_with(['+', '-']) {
                self.zone(offset)?;
            } else if !(self.eat(',') || self.eat('-') || self.spaces()) {
                return None;
            }
        }
        (civil.day, civil.month, civil.year) = (day?, month?, year?);
        Some(())
    }
}

fn full_year(year: i64, digits: usize) -> Option<i64> {
    match digits {
        4 => Some(year),
        // .NET's turning point.
        2 => Some(if year < 50 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

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
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

fn month_of(word: &str) -> Option<i64> {
    let lowered = word.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| lowered.len() >= 3 && month.starts_with(&lowered))?;
    i64::try_from(place + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    let lowered = word.to_ascii_lowercase();
    WEEKDAYS.iter().any(|day| lowered.len() >= 3 && day.starts_with(&lowered))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse_datetime(text).map(datetime_text)
    }

    #[test]
    fn reads_every_form_of_a_time() {
        let expected = "2014-11-08T15:05:02.0000000Z";
        for text in [
            "2014-11-08T15:05:02Z",
            "2014-11-08 15:05:02",
            "2014/11/08 15:05:02",
            "11/8/2014 3:05:02 PM",
            "11/08/2014 15:05:02",
            "Sat, 8 Nov 14 15:05:02 GMT",
            "Sat, 8 Nov 2014 15:05:02",
            "Saturday, 08-Nov-14 15:05:02 UTC",
            "8 Nov 2014 15:05:02 GMT",
            "Nov 8 2014 15:05:02",
            "Sat Nov 8 15:05:02 2014",
            "2014-11-08T16:05:02+01:00",
            "2014-11-08T10:05:02.000-0500",
            "20141108150502",
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("2014-11-08T15:05").as_deref(), Some("2014-11-08T15:05:00.0000000Z"));
        assert_eq!(read("2014-11").as_deref(), Some("2014-11-01T00:00:00.0000000Z"));
        assert_eq!(read("2014-11-08 1:02:03.12345678").as_deref(), Some("2014-11-08T01:02:03.1234567Z"));
        for text in ["", "not a date", "2014-13-01", "2014-02-30", "12", "2014-11-08T25:00", "2014-11-08 x", "5"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn reads_every_form_of_a_span() {
        for (text, expected) in [
            ("1.02:03:04.5", Some("1.02:03:04.5000000")),
            ("01:00:00", Some("01:00:00")),
            ("1d", Some("1.00:00:00")),
            ("-1d", Some("-1.00:00:00")),
            ("90s", Some("00:01:30")),
            ("1.5h", Some("01:30:00")),
            ("15 seconds", Some("00:00:15")),
            ("00:00:00.001", Some("00:00:00.0010000")),
            ("2", Some("2.00:00:00")),
            ("1.5", None),
            ("24:00:00", None),
            ("1x", None),
            ("", None),
        ] {
            assert_eq!(parse_timespan(text).map(timespan_text).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_back_from_its_text(ticks in 0..=LAST_TICK) {
            prop_assert_eq!(parse_datetime(&datetime_text(ticks)), Some(ticks));
            prop_assert_eq!(Civil::of(ticks).ticks(), Some(ticks));
        }

        #[test]
        fn a_span_comes_back_from_its_text(ticks in -LAST_TICK..=LAST_TICK) {
            prop_assert_eq!(parse_timespan(&timespan_text(ticks)), Some(ticks));
        }

        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = (parse_datetime(&text), parse_timespan(&text));
        }
    }
}
