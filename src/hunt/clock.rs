//! The hunt clock: what `now()` and `ago()` mean over events that are long past.
//!
//! It is a value that is passed in; nothing here reads the time of the machine.

use crate::kql::values::UNIX_EPOCH;
use crate::plan::DataRange;

/// Which of a rule's time limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockMode {
    /// All the data, whatever its age: look-back predicates are lifted, and shown as lifted.
    #[default]
    Whole,
    /// As the rule would have answered at `now`: look-back predicates hold and later events are not there yet.
    AsOf,
}

/// `now` counts ticks of 100 ns since 0001-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Clock {
    pub mode: ClockMode,
    pub now: i64,
}

impl Clock {
    /// The whole store, seen from its newest event.
    pub const fn whole(newest_event: i64) -> Self {
        Self { mode: ClockMode::Whole, now: newest_event }
    }

    pub const fn as_of(now: i64) -> Self {
        Self { mode: ClockMode::AsOf, now }
    }

    /// What of the data is there.
    pub const fn range(self) -> DataRange {
        match self.mode {
            ClockMode::Whole => DataRange::ALL,
            ClockMode::AsOf => DataRange { after: None, until: Some(self.now) },
        }
    }
}

/// A time as people read it, in UTC: `2019-11-03 13:51:56.380`.
pub fn display_time(ticks: i64) -> String {
    let nanoseconds = (i128::from(ticks) - i128::from(UNIX_EPOCH)) * 100;
    match jiff::Timestamp::from_nanosecond(nanoseconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => format!("{ticks} ticks"),
    }
}

#[cfg(test)]
mod tests {
    use super::display_time;

    #[test]
    fn times_are_shown_in_utc_to_the_millisecond() {
        assert_eq!(display_time(637_083_859_163_800_000), "2019-11-03 13:51:56.380");
        assert_eq!(display_time(0), "0001-01-01 00:00:00.000");
        assert_eq!(display_time(i64::MAX), "9223372036854775807 ticks");
        assert_eq!(display_time(i64::MIN), "-9223372036854775808 ticks");
    }
}
