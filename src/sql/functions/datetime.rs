//! Times and spans: parts, starts and ends of periods, sums and differences.

use rusqlite::functions::Context;

use crate::kql::values::{
    Civil, LAST_TICK, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_EPOCH, days_in_month,
    days_of, in_range,
};

use super::math::bin_long;
use super::value::{Arguments, Output, Scalar, failure, fallible, plain};

/// The periods that `datetime_add`, `datetime_diff` and `startof…` know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    /// This many months.
    Months(i64),
    Week,
    /// This many ticks.
    Ticks(i64),
}

const PERIODS: &[(&str, Period)] = &[
    ("year", Period::Months(12)),
    ("quarter", Period::Months(3)),
    ("month", Period::Months(1)),
    ("week", Period::Week),
    ("day", Period::Ticks(TICKS_PER_DAY)),
    ("hour", Period::Ticks(TICKS_PER_HOUR)),
    ("minute", Period::Ticks(TICKS_PER_MINUTE)),
    ("second", Period::Ticks(TICKS_PER_SECOND)),
    ("millisecond", Period::Ticks(10_000)),
    ("microsecond", Period::Ticks(10)),
    // A tick is 100 ns; below it nothing is counted.
    ("nanosecond", Period::Ticks(0)),
];

fn period(name: &str) -> rusqlite::Result<Period> {
    PERIODS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, period)| *period).ok_or_else(|| {
        let names: Vec<&str> = PERIODS.iter().map(|(name, _)| *name).collect();
        failure(format!("'{name}' is no period; write one of {}", names.join(", ")))
    })
}

/// Adds months; a day that the month lacks becomes its last.
fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let civil = Civil::of(ticks);
    let total = (civil.year * 12 + civil.month - 1).checked_add(months)?;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    (1..=9999).contains(&year).then_some(())?;
    Civil { year, month, day: civil.day.min(days_in_month(year, month)), ..civil }.ticks()
}

fn add(period: Period, amount: i64, ticks: i64) -> Option<i64> {
    match period {
        Period::Months(months) => add_months(ticks, amount.checked_mul(months)?),
        Period::Week => ticks.checked_add(amount.checked_mul(7 * TICKS_PER_DAY)?).and_then(in_range),
        Period::Ticks(0) => ticks.checked_add(amount / 100).and_then(in_range),
        Period::Ticks(unit) => ticks.checked_add(amount.checked_mul(unit)?).and_then(in_range),
    }
}

/// The Sunday on or before a time. The first week of year 1 starts before it, outside the range.
fn week_start(ticks: i64) -> i64 {
    // 0001-01-01 was a Monday.
    (ticks + TICKS_PER_DAY).div_euclid(7 * TICKS_PER_DAY) * 7 * TICKS_PER_DAY - TICKS_PER_DAY
}

/// How many of the period's boundaries lie between.
fn difference(period: Period, later: i64, earlier: i64) -> i64 {
    match period {
        Period::Months(months) => {
            let count = |ticks| {
                let civil = Civil::of(ticks);
                (civil.year * 12 + civil.month - 1).div_euclid(months)
            };
            count(later) - count(earlier)
        }
        Period::Week => (week_start(later) - week_start(earlier)) / (7 * TICKS_PER_DAY),
        Period::Ticks(0) => (later - earlier).saturating_mul(100),
        Period::Ticks(unit) => later.div_euclid(unit) - earlier.div_euclid(unit),
    }
}

/// The first tick of the period a time lies in.
fn start_of(period: Period, ticks: i64) -> Option<i64> {
    match period {
        Period::Months(months) => {
            let civil = Civil::of(ticks);
            let month = (civil.month - 1) / months * months + 1;
            Some(days_of(civil.year, month, 1) * TICKS_PER_DAY)
        }
        Period::Week => Some(week_start(ticks)),
        Period::Ticks(unit) => bin_long(ticks, unit),
    }
}

/// `startofmonth(time, offset)`: offset first, so that the result is a start.
fn start(context: &Context<'_>, period: Period) -> Option<i64> {
    let ticks = context.integer(0)?;
    let offset = if context.len() > 1 { context.integer(1)? } else { 0 };
    shifted_start(period, ticks, offset).and_then(in_range)
}

fn shifted_start(period: Period, ticks: i64, offset: i64) -> Option<i64> {
    let first = start_of(period, ticks)?;
    match period {
        Period::Months(months) => {
            let civil = Civil::of(first);
            let total = (civil.year * 12 + civil.month - 1).checked_add(offset.checked_mul(months)?)?;
            let year = total.div_euclid(12);
            // Year 10000 is let through: its start less one tick is the end of year 9999.
            (1..=10_000).contains(&year).then(|| days_of(year, total.rem_euclid(12) + 1, 1) * TICKS_PER_DAY)
        }
        Period::Week => first.checked_add(offset.checked_mul(7 * TICKS_PER_DAY)?),
        Period::Ticks(unit) => first.checked_add(offset.checked_mul(unit)?),
    }
}

/// The last tick of the period: the start of the next, less one.
fn end(context: &Context<'_>, period: Period) -> Option<i64> {
    let ticks = context.integer(0)?;
    let offset = if context.len() > 1 { context.integer(1)? } else { 0 };
    shifted_start(period, ticks, offset.checked_add(1)?)?.checked_sub(1).and_then(in_range)
}

fn civil(context: &Context<'_>) -> Option<Civil> {
    context.integer(0).map(Civil::of)
}

fn day_of_year(civil: Civil) -> i64 {
    days_of(civil.year, civil.month, civil.day) - days_of(civil.year, 1, 1) + 1
}

/// The ISO 8601 week: that of the week's Thursday.
fn iso_week(ticks: i64) -> i64 {
    let days = ticks.div_euclid(TICKS_PER_DAY);
    // Day 0 is a Monday.
    let thursday = days - days.rem_euclid(7) + 3;
    let (year, _, _) = crate::kql::values::date_of(thursday);
    (thursday - days_of(year, 1, 1)) / 7 + 1
}

type Part = fn(i64) -> i64;

const PARTS: &[(&str, Part)] = &[
    ("year", |ticks| Civil::of(ticks).year),
    ("quarter", |ticks| (Civil::of(ticks).month - 1) / 3 + 1),
    ("month", |ticks| Civil::of(ticks).month),
    ("week_of_year", iso_week),
    ("weekofyear", iso_week),
    ("week", iso_week),
    ("day", |ticks| Civil::of(ticks).day),
    ("dayofyear", |ticks| day_of_year(Civil::of(ticks))),
    ("hour", |ticks| Civil::of(ticks).hour),
    ("minute", |ticks| Civil::of(ticks).minute),
    ("second", |ticks| Civil::of(ticks).second),
    ("millisecond", |ticks| Civil::of(ticks).fraction / 10_000),
    ("microsecond", |ticks| Civil::of(ticks).fraction / 10),
    ("nanosecond", |ticks| Civil::of(ticks).fraction * 100),
];

fn part(context: &Context<'_>) -> rusqlite::Result<Output> {
    let name = context.text(0);
    let found = PARTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, part) = found.ok_or_else(|| {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        failure(format!("'{name}' is no part of a time; write one of {}", names.join(", ")))
    })?;
    Ok(context.integer(1).map(part).into())
}

fn make_datetime(context: &Context<'_>) -> Option<i64> {
    let at = |place: usize| if place < context.len() { context.integer(place) } else { Some(0) };
    let seconds = if context.len() > 5 { context.real(5)? } else { 0.0 };
    if !(0.0..60.0).contains(&seconds) {
        return None;
    }
    let ticks = (seconds * TICKS_PER_SECOND as f64).round() as i64;
    let civil =
        Civil { year: at(0)?, month: at(1)?, day: at(2)?, hour: at(3)?, minute: at(4)?, second: 0, fraction: 0 };
    civil.ticks()?.checked_add(ticks).and_then(in_range)
}

/// Hours, minutes and seconds from `first` on; hours stay below 24 where there are days.
fn make_timespan(context: &Context<'_>, first: usize) -> Option<i64> {
    let days = if first > 0 { context.integer(0)? } else { 0 };
    let (hours, minutes) = (context.integer(first)?, context.integer(first + 1)?);
    let seconds = if context.len() > first + 2 { context.real(first + 2)? } else { 0.0 };
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes) && (0.0..60.0).contains(&seconds);
    fits.then_some(())?;
    let ticks = (seconds * TICKS_PER_SECOND as f64).round() as i64;
    days.checked_mul(TICKS_PER_DAY)?.checked_add(hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + ticks)
}

/// A number of units of this many ticks since 1970.
fn since_epoch(context: &Context<'_>, unit: i64) -> Output {
    context.integer(0).and_then(|count| count.checked_mul(unit)?.checked_add(UNIX_EPOCH)).and_then(in_range).into()
}

fn since_epoch_real(context: &Context<'_>, unit: f64) -> Output {
    context
        .real(0)
        .map(|count| count * unit)
        .filter(|ticks| ticks.abs() < 9e18)
        .and_then(|ticks| UNIX_EPOCH.checked_add(ticks.round() as i64))
        .and_then(in_range)
        .into()
}

/// Moves between UTC and a zone of the IANA database.
fn in_zone(context: &Context<'_>, to_local: bool) -> rusqlite::Result<Output> {
    let name = context.text(1);
    let zone = jiff::tz::TimeZone::get(name)
        .map_err(|_| failure(format!("'{name}' is no time zone of the IANA database, such as Europe/Berlin")))?;
    let moved = context.integer(0).and_then(|ticks| {
        let seconds = (ticks - UNIX_EPOCH).div_euclid(TICKS_PER_SECOND);
        let timestamp = jiff::Timestamp::from_second(seconds).ok()?;
        let offset = if to_local {
            zone.to_offset(timestamp)
        } else {
            let local = jiff::tz::Offset::UTC.to_datetime(timestamp);
            zone.to_ambiguous_zoned(local).compatible().ok()?.offset()
        };
        let shift = i64::from(offset.seconds()) * TICKS_PER_SECOND;
        ticks.checked_add(if to_local { shift } else { -shift }).and_then(in_range)
    });
    Ok(moved.into())
}

const DAY: Period = Period::Ticks(TICKS_PER_DAY);
const MONTH: Period = Period::Months(1);
const YEAR: Period = Period::Months(12);

pub(super) static SCALARS: &[Scalar] = &[
    plain("startofday", |context| start(context, DAY).into()),
    plain("startofweek", |context| start(context, Period::Week).into()),
    plain("startofmonth", |context| start(context, MONTH).into()),
    plain("startofyear", |context| start(context, YEAR).into()),
    plain("endofday", |context| end(context, DAY).into()),
    plain("endofweek", |context| end(context, Period::Week).into()),
    plain("endofmonth", |context| end(context, MONTH).into()),
    plain("endofyear", |context| end(context, YEAR).into()),
    // The engine looks one day ahead, and on the very last day there is none.
    plain("dayofweek", |context| {
        let ticks = context.integer(0).filter(|ticks| *ticks <= LAST_TICK - TICKS_PER_DAY);
        ticks.map(|ticks| (ticks - week_start(ticks)).div_euclid(TICKS_PER_DAY) * TICKS_PER_DAY).into()
    }),
    plain("dayofmonth", |context| civil(context).map(|civil| civil.day).into()),
    plain("dayofyear", |context| civil(context).map(day_of_year).into()),
    plain("hourofday", |context| civil(context).map(|civil| civil.hour).into()),
    plain("getmonth", |context| civil(context).map(|civil| civil.month).into()),
    plain("getyear", |context| civil(context).map(|civil| civil.year).into()),
    plain("week_of_year", |context| context.integer(0).map(iso_week).into()),
    fallible("datetime_part", part),
    fallible("datetime_diff", |context| {
        let period = period(context.text(0))?;
        let (later, earlier) = (context.integer(1), context.integer(2));
        Ok(later.zip(earlier).map(|(later, earlier)| difference(period, later, earlier)).into())
    }),
    plain("datetime_diff_week", |context| {
        let (later, earlier) = (context.integer(1), context.integer(2));
        later.zip(earlier).map(|(later, earlier)| difference(Period::Week, later, earlier) as f64).into()
    }),
    fallible("datetime_add", |context| {
        let period = period(context.text(0))?;
        let (amount, ticks) = (context.integer(1), context.integer(2));
        Ok(amount.zip(ticks).and_then(|(amount, ticks)| add(period, amount, ticks)).into())
    }),
    fallible("datetime_local_to_utc", |context| in_zone(context, false)),
    fallible("datetime_utc_to_local", |context| in_zone(context, true)),
    plain("make_datetime", |context| make_datetime(context).into()),
    plain("make_timespan", |context| make_timespan(context, 0).into()),
    plain("make_timespan_days", |context| make_timespan(context, 1).into()),
    plain("unixtime_seconds", |context| since_epoch_real(context, TICKS_PER_SECOND as f64)),
    plain("unixtime_seconds_long", |context| since_epoch(context, TICKS_PER_SECOND)),
    plain("unixtime_milliseconds", |context| since_epoch(context, 10_000)),
    plain("unixtime_milliseconds_real", |context| since_epoch_real(context, 10_000.0)),
    plain("unixtime_microseconds", |context| since_epoch(context, 10)),
    plain("unixtime_microseconds_real", |context| since_epoch_real(context, 10.0)),
    plain("unixtime_nanoseconds_real", |context| since_epoch_real(context, 0.01)),
    plain("unixtime_nanoseconds", |context| {
        context.integer(0).and_then(|count| UNIX_EPOCH.checked_add(count / 100)).and_then(in_range).into()
    }),
    plain("format_datetime", |context| {
        let Some(civil) = civil(context) else { return Output::from("") };
        super::time_format::datetime(civil, context.text(1)).into()
    }),
    plain("format_timespan", |context| {
        let Some(ticks) = context.integer(0) else { return Output::from("") };
        super::time_format::timespan(ticks, context.text(1)).into()
    }),
];
