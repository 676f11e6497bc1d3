//! Events and matches over time, in buckets of one width: what a strip of bars is drawn from.
//!
//! A log may hold a few times that are nonsense (1601, 1970, a clock that was wrong). They must not flatten the rest,
//! so without a range of its own a timeline leaves out what lies before there were event logs, spans all but the
//! outermost thousandth of the rest at each end, and counts what lies outside. Rows without a time are counted apart.
//! Knows nothing of drawing.

use rusqlite::{Connection, OptionalExtension};

use super::error::HuntError;
use crate::store::Store;

/// From `from` up to and not including `until`; ticks of 100 ns since 0001-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct TimeRange {
    pub from: i64,
    pub until: i64,
}

impl TimeRange {
    pub const fn contains(&self, time: i64) -> bool {
        self.from <= time && time < self.until
    }
}

/// How many there are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// One number a bucket.
    pub buckets: Vec<u64>,
    pub before: u64,
    pub after: u64,
    /// Without a time.
    pub timeless: u64,
}

impl Counts {
    fn empty(buckets: usize) -> Self {
        Self { buckets: vec![0; buckets], ..Self::default() }
    }

    /// All of them, wherever they lie.
    pub fn total(&self) -> u64 {
        self.buckets.iter().sum::<u64>().saturating_add(self.before).saturating_add(self.after) + self.timeless
    }

    /// The highest bar.
    pub fn highest(&self) -> u64 {
        self.buckets.iter().copied().max().unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Timeline {
    pub range: TimeRange,
    /// How long a bucket is, in ticks.
    pub width: i64,
    pub events: Counts,
}

/// Windows has logged events since July 1993; a time of before 1990-01-01 is a clock that was not set, or a field that
/// was not filled.
pub const EARLIEST: i64 = 726_467 * 864_000_000_000;

/// The most buckets of one timeline: no screen is wider, and no request can take all memory.
pub const MOST_BUCKETS: usize = 10_000;

/// The widths that people read at a glance, in ticks: 1 ms to 30 days.
const WIDTHS: &[i64] = &[
    10_000,
    50_000,
    100_000,
    500_000,
    1_000_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
    300_000_000,
    600_000_000,
    3_000_000_000,
    6_000_000_000,
    18_000_000_000,
    36_000_000_000,
    108_000_000_000,
    216_000_000_000,
    432_000_000_000,
    864_000_000_000,
    6_048_000_000_000,
    25_920_000_000_000,
];

/// The least readable width that makes no more than `buckets` of a range.
pub fn width_for(range: TimeRange, buckets: usize) -> i64 {
    let most = i64::try_from(buckets.clamp(1, MOST_BUCKETS)).unwrap_or(1);
    let fits = |width: &i64| aligned(range, *width).is_some_and(|range| count(range, *width) <= most);
    let readable = WIDTHS.iter().copied().find(fits);
    // Centuries: as wide as it takes, in whole days.
    readable.unwrap_or_else(|| {
        let day = 864_000_000_000;
        let length = range.until.saturating_sub(range.from);
        // A range that begins within a bucket takes one more than its length says.
        (length / (most - 1).max(1) / day + 1).saturating_mul(day)
    })
}

/// The next narrower width, where there is one.
pub fn finer(width: i64) -> Option<i64> {
    WIDTHS.iter().rev().copied().find(|other| *other < width)
}

/// The next wider width, where there is one.
pub fn coarser(width: i64) -> Option<i64> {
    WIDTHS.iter().copied().find(|other| *other > width)
}

/// The range widened to whole buckets, counted from the year 1.
fn aligned(range: TimeRange, width: i64) -> Option<TimeRange> {
    let from = range.from.div_euclid(width).checked_mul(width)?;
    let last = range.until.checked_sub(1)?.div_euclid(width);
    Some(TimeRange { from, until: last.checked_add(1)?.checked_mul(width)? })
}

const fn count(range: TimeRange, width: i64) -> i64 {
    range.until.saturating_sub(range.from) / width
}

/// The time that a store is about: from the 0.1st to the 99.9th percentile of its events' believable times; all of it
/// where there are too few to tell an outlier. `None` where no event has such a time.
pub fn natural_range(store: &Store) -> Result<Option<TimeRange>, HuntError> {
    let connection = store.connection();
    let timed: i64 =
        connection.query_row("SELECT count(*) FROM event_record WHERE time >= ?1", [EARLIEST], |row| row.get(0))?;
    let skipped = timed / 1000;
    let from = nth(connection, skipped, "ASC")?;
    let until = nth(connection, skipped, "DESC")?;
    Ok(from.zip(until).map(|(from, until)| TimeRange { from, until: until.saturating_add(1) }))
}

/// The time of an event by its place in time; the index of times answers it.
fn nth(connection: &Connection, place: i64, direction: &str) -> Result<Option<i64>, HuntError> {
    let sql = format!("SELECT time FROM event_record WHERE time >= ?1 ORDER BY time {direction} LIMIT 1 OFFSET ?2");
    Ok(connection.query_row(&sql, [EARLIEST, place], |row| row.get(0)).optional()?)
}

impl Timeline {
    /// The events of a store in at most `buckets` buckets. Without a range, over what the store is about. `None` where
    /// nothing has a time and no range is given.
    pub fn of(store: &Store, range: Option<TimeRange>, buckets: usize) -> Result<Option<Self>, HuntError> {
        let range = match range {
            Some(range) => Some(range),
            None => natural_range(store)?,
        };
        let Some(range) = range.filter(|range| range.from < range.until) else { return Ok(None) };
        Self::with_width(store, range, width_for(range, buckets))
    }

    /// The same at a chosen width. `None` where that would be more than [`MOST_BUCKETS`].
    pub fn with_width(store: &Store, range: TimeRange, width: i64) -> Result<Option<Self>, HuntError> {
        if width <= 0 || range.from >= range.until {
            return Ok(None);
        }
        let Some(range) = aligned(range, width) else { return Ok(None) };
        let Some(buckets) = usize::try_from(count(range, width)).ok().filter(|count| *count <= MOST_BUCKETS) else {
            return Ok(None);
        };
        Ok(Some(Self { range, width, events: events(store, range, width, buckets)? }))
    }

    /// Other times (of matches) in the same buckets.
    pub fn count(&self, times: impl IntoIterator<Item = Option<i64>>) -> Counts {
        let mut counts = Counts::empty(self.events.buckets.len());
        for time in times {
            match time {
                None => counts.timeless += 1,
                Some(time) if time < self.range.from => counts.before += 1,
                Some(time) if time >= self.range.until => counts.after += 1,
                Some(time) => add(&mut counts, (time - self.range.from) / self.width, 1),
            }
        }
        counts
    }

    /// The time that a bucket covers.
    pub fn bucket(&self, place: usize) -> Option<TimeRange> {
        let place = i64::try_from(place).ok().filter(|place| *place < count(self.range, self.width))?;
        let from = self.range.from + place * self.width;
        Some(TimeRange { from, until: from + self.width })
    }

    /// The bucket that a time falls into.
    pub fn place(&self, time: i64) -> Option<usize> {
        let is_inside = self.range.contains(time);
        is_inside.then(|| usize::try_from((time - self.range.from) / self.width).ok()).flatten()
    }
}

fn add(counts: &mut Counts, place: i64, more: u64) {
    let bucket = usize::try_from(place).ok().and_then(|place| counts.buckets.get_mut(place));
    if let Some(bucket) = bucket {
        *bucket += more;
    }
}

fn events(store: &Store, range: TimeRange, width: i64, buckets: usize) -> Result<Counts, HuntError> {
    let connection = store.connection();
    let mut counts = Counts::empty(buckets);
    let mut statement = connection.prepare(BUCKET)?;
    for (bucket, place) in counts.buckets.iter_mut().zip(0_i64..) {
        let from = range.from.saturating_add(place.saturating_mul(width));
        let found: i64 = statement.query_row([from, from.saturating_add(width)], |row| row.get(0))?;
        *bucket = found.unsigned_abs();
    }
    let one = |sql: &str, bound: i64| -> Result<u64, HuntError> {
        let found: i64 = connection.query_row(sql, [bound], |row| row.get(0))?;
        Ok(found.unsigned_abs())
    };
    counts.before = one("SELECT count(*) FROM event_record WHERE time < ?1", range.from)?;
    counts.after = one("SELECT count(*) FROM event_record WHERE time >= ?1", range.until)?;
    counts.timeless = one("SELECT count(*) FROM event_record WHERE time IS NULL AND ?1 IS NOT NULL", 0)?;
    Ok(counts)
}

/// One walk along the index of times for each bucket: to sort a million quotients into groups takes six times as long.
const BUCKET: &str = "SELECT count(*) FROM event_record WHERE time >= ?1 AND time < ?2";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 600_000_000;
    const HOUR: i64 = 60 * MINUTE;
    /// A whole day in 2019.
    const DAY: i64 = 737_361 * 24 * HOUR;

    fn store(times: &[Option<i64>]) -> Store {
        let store = Store::in_memory().unwrap();
        store.create_indexes().unwrap();
        for (record, time) in (1i64..).zip(times) {
            let sql = "INSERT INTO event_record(source, record, time, block, position, identity)
                       VALUES (1, ?1, ?2, 1, 1, CAST(?1 AS BLOB))";
            store.connection().execute(sql, rusqlite::params![record, time]).unwrap();
        }
        store
    }

    #[test]
    fn outliers_and_rows_without_a_time_are_counted_and_do_not_flatten_the_rest() {
        let mut times: Vec<Option<i64>> = (0..1998).map(|event| Some(DAY + event * MINUTE)).collect();
        // 1601 and a clock in the future.
        times.extend([Some(504_911_232_000_000_000), Some(DAY * 2), None]);
        let store = store(&times);
        let timeline = Timeline::of(&store, None, 40).unwrap().unwrap();
        assert_eq!((timeline.range.from, timeline.width), (DAY, HOUR));
        let events = &timeline.events;
        assert_eq!((events.buckets.len(), events.highest()), (34, 60));
        // The 99.9th percentile leaves one more out, which lies in the last bucket all the same.
        assert_eq!((events.before, events.after, events.timeless, events.total()), (1, 1, 1, 2001));
        let matches = timeline.count([Some(DAY + MINUTE), Some(0), Some(DAY * 3), None]);
        assert_eq!((matches.before, matches.after, matches.timeless), (1, 1, 1));
        assert_eq!(matches.buckets.first(), Some(&1));
        assert_eq!(timeline.bucket(1), Some(TimeRange { from: DAY + HOUR, until: DAY + 2 * HOUR }));
        assert_eq!(timeline.place(DAY + HOUR), Some(1));
        assert_eq!((timeline.bucket(34), timeline.place(0)), (None, None));
    }

    #[test]
    fn in_a_small_store_too_times_of_before_event_logs_flatten_nothing() {
        // 1601 and 1970, among too few for a percentile to tell them.
        let times = [Some(504_911_232_000_000_000), Some(621_355_968_000_000_000), Some(DAY), Some(DAY + HOUR), None];
        let timeline = Timeline::of(&store(&times), None, 40).unwrap().unwrap();
        assert_eq!((timeline.range.from, timeline.events.before, timeline.events.timeless), (DAY, 2, 1));
        assert_eq!(Timeline::of(&store(&[Some(621_355_968_000_000_000)]), None, 40).unwrap(), None);
    }

    #[test]
    fn a_store_without_times_has_no_timeline_and_one_event_has_one_bar() {
        assert_eq!(Timeline::of(&store(&[None]), None, 40).unwrap(), None);
        let timeline = Timeline::of(&store(&[Some(DAY + 5)]), None, 40).unwrap().unwrap();
        assert_eq!((timeline.events.buckets.as_slice(), timeline.width), (&[1][..], 10_000));
    }

    #[test]
    fn a_width_is_chosen_and_absurd_ones_are_refused() {
        let store = store(&[Some(DAY), Some(DAY + 90 * MINUTE)]);
        let range = TimeRange { from: DAY + MINUTE, until: DAY + 120 * MINUTE };
        let timeline = Timeline::with_width(&store, range, HOUR).unwrap().unwrap();
        assert_eq!(timeline.events.buckets, [1, 1]);
        assert_eq!(Timeline::with_width(&store, range, 1).unwrap(), None);
        assert_eq!(Timeline::with_width(&store, range, 0).unwrap(), None);
        let backwards = TimeRange { from: DAY, until: DAY };
        assert_eq!(Timeline::of(&store, Some(backwards), 9).unwrap(), None);
    }

    #[test]
    fn the_index_of_times_answers_alone() {
        let store = store(&[Some(DAY)]);
        for sql in [
            BUCKET.replace("?1", "5").replace("?2", "9"),
            "SELECT time FROM event_record WHERE time >= 7 ORDER BY time DESC LIMIT 1 OFFSET 7".to_owned(),
            "SELECT count(*) FROM event_record WHERE time < 7".to_owned(),
            "SELECT count(*) FROM event_record WHERE time >= 7".to_owned(),
        ] {
            let connection = store.connection();
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> = statement.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            let text = plan.join("; ");
            assert!(text.contains("USING COVERING INDEX event_time"), "{sql}: {text}");
        }
    }

    proptest! {
        // Each case makes a store.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_readable_width_fits_and_nothing_is_lost(
            times in prop::collection::vec(prop::option::of(0i64..3_000_000_000_000_000_000), 0..30),
            from in 0i64..3_000_000_000_000_000_000,
            length in 1i64..1_000_000_000_000_000_000,
            buckets in 1usize..200,
        ) {
            let range = TimeRange { from, until: from + length };
            let timeline = Timeline::of(&store(&times), Some(range), buckets).unwrap().unwrap();
            prop_assert!(timeline.events.buckets.len() <= buckets.max(2));
            prop_assert!(timeline.range.from <= range.from && range.until <= timeline.range.until);
            prop_assert_eq!(timeline.events.total(), times.len() as u64);
        }
    }
}
