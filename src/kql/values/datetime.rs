//! The text of a datetime: ISO 8601 and its relaxations, `M/d/yyyy`, RFC 822 and RFC 850, read and written.
//!
//! Literals and `todatetime` read the same forms. An offset in a text is applied and forgotten.

use super::calendar::{Civil, TICKS_PER_HOUR, TICKS_PER_MINUTE, in_range};
use super::timespan::fraction_ticks;

/// `2020-01-31T23:59:59.1234567Z`
pub fn datetime_text(ticks: i64) -> String {
    let civil = Civil::of(ticks);
    // Every row of an answer has several, and `format!` takes longer than all the rest of one.
    let mut text = *b"00000-00-00T00:00:00.0000000Z";
    for (number, place) in [
        (civil.year, 0..5),
        (civil.month, 6..8),
        (civil.day, 9..11),
        (civil.hour, 12..14),
        (civil.minute, 15..17),
        (civil.second, 18..20),
        (civil.fraction, 21..28),
    ] {
        let mut rest = u32::try_from(number).unwrap_or_default();
        for digit in text.get_mut(place).unwrap_or_default().iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    // What is beyond the year 9999 comes of calculations alone.
    let four_digits = text.strip_prefix(b"0").unwrap_or(&text);
    String::from_utf8_lossy(four_digits).into_owned()
}

/// The ticks of a time; `None` where the text is none, or lies outside the years 1 to 9999.
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
        fraction_ticks(self.take_while(char::is_ascii_digit))
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
    use super::super::calendar::LAST_TICK;
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
            "8 NOV 2014 3:05:02 pm",
            "November 8, 2014 15:05:02",
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(read("2014-11-08T15:05").as_deref(), Some("2014-11-08T15:05:00.0000000Z"));
        assert_eq!(read("2014-11").as_deref(), Some("2014-11-01T00:00:00.0000000Z"));
        assert_eq!(read("2014-11-08 1:02:03.12345678").as_deref(), Some("2014-11-08T01:02:03.1234567Z"));
        assert_eq!(read("2014"), read("2014-01-01"));
        assert_eq!(read("20141108"), read("2014-11-08"));
        for text in [
            "",
            "é",
            "12é",
            "ago(1d)",
            "not a date",
            "2014-13-01",
            "2014-02-30",
            "12",
            "2014-11-08T25:00",
            "2014-11-08 x",
            "5",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_comes_back_from_its_text(ticks in 0..=LAST_TICK) {
            prop_assert_eq!(parse_datetime(&datetime_text(ticks)), Some(ticks));
        }

        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = parse_datetime(&text);
        }
    }
}
