//! The hunt clock: what `now()` and `ago()` mean over events that are long past.
//!
//! It is a value that is passed in; nothing here reads the time of the machine.

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
}
