//! The civil calendar: a time of years 1 to 9999 as ticks of 100 ns, taken apart and put together.
//!
//! Times count from 0001-01-01 UTC in the proleptic Gregorian calendar, as .NET does. Nothing here knows a time zone.

pub const TICKS_PER_SECOND: i64 = 10_000_000;
pub const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
pub const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;
/// 9999-12-31T23:59:59.9999999
pub const LAST_TICK: i64 = 3_155_378_975_999_999_999;
/// 1970-01-01
pub const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// The ticks of a system's time; one before 1970 is taken for 1970.
pub fn ticks_of(time: std::time::SystemTime) -> i64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX).saturating_add(UNIX_EPOCH)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_calendar_starts_at_tick_zero_and_ends_with_the_year_9999() {
        let epoch = std::time::UNIX_EPOCH;
        assert_eq!(ticks_of(epoch + std::time::Duration::from_secs(1)), UNIX_EPOCH + TICKS_PER_SECOND);
        assert_eq!(ticks_of(epoch - std::time::Duration::from_secs(1)), UNIX_EPOCH);
        assert_eq!(days_of(1, 1, 1), 0);
        assert_eq!(days_of(1970, 1, 1) * TICKS_PER_DAY, UNIX_EPOCH);
        assert_eq!((days_of(9999, 12, 31) + 1) * TICKS_PER_DAY, LAST_TICK + 1);
        assert_eq!(days_of(2024, 3, 1) - days_of(2024, 2, 29), 1);
        assert_eq!((days_in_month(2023, 2), days_in_month(1900, 2), days_in_month(2000, 2)), (28, 28, 29));
    }

    proptest! {
        #[test]
        fn a_time_comes_back_from_its_parts(ticks in 0..=LAST_TICK) {
            prop_assert_eq!(Civil::of(ticks).ticks(), Some(ticks));
        }
    }
}
