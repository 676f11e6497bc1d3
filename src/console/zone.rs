//! The time zone that times are shown in. What leaves the console stays in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::format::TimeStyle;
use crate::kql::values::{UNIX_EPOCH, parse_datetime};

#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called '{0}' here: write UTC, local or a name as Europe/Berlin")]
pub struct UnknownZone(String);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        match name {
            "UTC" | "utc" => Ok(Self::default()),
            "local" => Ok(Self(TimeZone::system())),
            _ => TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned())),
        }
    }

    pub fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }

    /// The name it is found under.
    pub fn name(&self) -> String {
        if self.is_utc() { "UTC".to_owned() } else { self.0.iana_name().unwrap_or("local").to_owned() }
    }

    /// What follows a time so that nobody takes it for another: `UTC`, or the offset at that time.
    pub fn suffix(&self, ticks: i64) -> String {
        if self.is_utc() {
            return "UTC".to_owned();
        }
        match timestamp(ticks) {
            Some(timestamp) => timestamp.to_zoned(self.0.clone()).strftime("%:z").to_string(),
            None => "UTC".to_owned(),
        }
    }

    /// A time; what lies outside the calendar is shown as its ticks.
    pub fn time(&self, ticks: i64, style: TimeStyle) -> String {
        self.pattern(
            ticks,
            match style {
                TimeStyle::Clock => "%H:%M:%S",
                TimeStyle::Full => "%Y-%m-%d %H:%M:%S",
                TimeStyle::Exact => "%Y-%m-%d %H:%M:%S.%3f",
            },
        )
    }

    /// A time as `strftime` writes it.
    pub fn pattern(&self, ticks: i64, pattern: &str) -> String {
        match timestamp(ticks) {
            Some(timestamp) => timestamp.to_zoned(self.0.clone()).strftime(pattern).to_string(),
            None => format!("ticks {ticks}"),
        }
    }

    /// The time that somebody wrote in this zone, or with a zone of its own (`Z`, `+02:00`).
    pub fn parse(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        let ticks = parse_datetime(text)?;
        // A date has `-` too; a zone stands after the time.
        let after = text.split_once([':']).map_or("", |(_, after)| after);
        let says_zone = after.ends_with(['Z', 'z']) || after.contains(['+', '-']);
        if says_zone || self.is_utc() {
            return Some(ticks);
        }
        // What was read as UTC is what the clock on the wall shows.
        let here = timestamp(ticks)?.to_zoned(TimeZone::UTC).datetime().to_zoned(self.0.clone()).ok()?;
        let since = here.timestamp().as_nanosecond() / 100;
        i64::try_from(since + i128::from(UNIX_EPOCH)).ok()
    }

    /// Whether both are of one day here.
    pub fn is_one_day(&self, first: i64, last: i64) -> bool {
        let day = |ticks: i64| timestamp(ticks).map(|timestamp| timestamp.to_zoned(self.0.clone()).date());
        day(first).is_some() && day(first) == day(last)
    }
}

fn timestamp(ticks: i64) -> Option<Timestamp> {
    let since = i128::from(ticks) - i128::from(UNIX_EPOCH);
    Timestamp::from_nanosecond(since * 100).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_its_own_times_days_and_suffix() {
        // 2026-07-01 23:30:00 UTC.
        let ticks = 639_185_454_000_000_000;
        let (utc, berlin) = (Zone::default(), Zone::named("Europe/Berlin").unwrap());
        assert_eq!(utc.time(ticks, TimeStyle::Full), "2026-07-01 23:30:00");
        assert_eq!(berlin.time(ticks, TimeStyle::Full), "2026-07-02 01:30:00");
        assert_eq!((utc.suffix(ticks), berlin.suffix(ticks)), ("UTC".to_owned(), "+02:00".to_owned()));
        for (text, of_utc, of_berlin) in [
            ("2026-07-01 23:30", ticks, ticks - 2 * 36_000_000_000),
            ("2026-07-01 23:30:00.000", ticks, ticks - 2 * 36_000_000_000),
            ("2026-07-01T23:30:00Z", ticks, ticks),
            ("2026-07-02 01:30:00+02:00", ticks, ticks),
        ] {
            assert_eq!((utc.parse(text), berlin.parse(text)), (Some(of_utc), Some(of_berlin)), "{text}");
        }
        // A day by itself begins at its midnight here.
        assert_eq!(berlin.parse("2026-07-02"), Some(ticks - 3 * 18_000_000_000));
        assert_eq!(berlin.parse("soon"), None);
        let before = ticks - 10_000_000 * 3600 * 2;
        assert!(utc.is_one_day(before, ticks) && !berlin.is_one_day(before, ticks));
        assert_eq!((Zone::named("UTC").unwrap(), berlin.name().as_str()), (utc, "Europe/Berlin"));
        assert!(Zone::named("Mars").is_err());
    }
}
