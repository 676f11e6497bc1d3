//! Dates, times and spans. All times are UTC; a result before year 1 or after year 9999 is null.

use super::parameter::{DATETIME, DECIMAL, LONG, REAL, STRING, TIMESPAN};
use super::{FunctionRow, ResultName, of};
use crate::schema::ScalarType::{Datetime, Decimal, Int, Long, Real, String, Timespan};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar("startofday", &[of("startofday", &[DATETIME, LONG], Datetime).optional(1)], "Midnight, shifted by days.")
        .named_as_argument(),
    FunctionRow::scalar("startofweek", &[of("startofweek", &[DATETIME, LONG], Datetime).optional(1)], "Sunday, shifted by weeks."),
    FunctionRow::scalar("startofmonth", &[of("startofmonth", &[DATETIME, LONG], Datetime).optional(1)], "Shifted by months."),
    FunctionRow::scalar("startofyear", &[of("startofyear", &[DATETIME, LONG], Datetime).optional(1)], "Shifted by years."),
    FunctionRow::scalar("endofday", &[of("endofday", &[DATETIME, LONG], Datetime).optional(1)], "The day's last tick, shifted by days."),
    FunctionRow::scalar("endofweek", &[of("endofweek", &[DATETIME, LONG], Datetime).optional(1)], "Saturday's last tick, shifted by weeks."),
    FunctionRow::scalar("endofmonth", &[of("endofmonth", &[DATETIME, LONG], Datetime).optional(1)], "The month's last tick, shifted by months."),
    FunctionRow::scalar("endofyear", &[of("endofyear", &[DATETIME, LONG], Datetime).optional(1)], "The year's last tick, shifted by years."),
    FunctionRow::scalar("dayofweek", &[of("dayofweek", &[DATETIME], Timespan)], "Days since Sunday, as a timespan. Null on the last day of year 9999, in the engine."),
    FunctionRow::scalar("dayofmonth", &[of("dayofmonth", &[DATETIME], Int)], "1 to 31."),
    FunctionRow::scalar("dayofyear", &[of("dayofyear", &[DATETIME], Int)], "1 to 366."),
    FunctionRow::scalar("hourofday", &[of("hourofday", &[DATETIME], Int)], "0 to 23."),
    FunctionRow::scalar("monthofyear", &[of("getmonth", &[DATETIME], Int)], "1 to 12.").aliases(&["getmonth"]),
    FunctionRow::scalar("getyear", &[of("getyear", &[DATETIME], Int)], "1 to 9999."),
    FunctionRow::scalar("week_of_year", &[of("week_of_year", &[DATETIME], Int)], "The ISO 8601 week.").aliases(&["weekofyear"]),
    FunctionRow::scalar(
        "datetime_part",
        &[of("datetime_part", &[STRING, DATETIME], Int)],
        "year, quarter, month, week_of_year, day, dayOfYear, hour, minute, second, millisecond, microsecond or nanosecond.",
    )
    .aliases(&["datepart"]),
    FunctionRow::scalar(
        "datetime_diff",
        &[
            of("datetime_diff_week", &[STRING, DATETIME, DATETIME], Real).only_for("week"),
            of("datetime_diff", &[STRING, DATETIME, DATETIME], Long),
        ],
        "Boundaries of the period between the second time and the first. The engine gives weeks as real.",
    ),
    FunctionRow::scalar(
        "datetime_add",
        &[of("datetime_add", &[STRING, LONG, DATETIME], Datetime)],
        "Adds periods; a day that the month lacks becomes its last.",
    )
    .aliases(&["dateadd"]),
    FunctionRow::scalar(
        "datetime_local_to_utc",
        &[of("datetime_local_to_utc", &[DATETIME, STRING], Datetime)],
        "Reads a local time of an IANA time zone as UTC.",
    ),
    FunctionRow::scalar(
        "datetime_utc_to_local",
        &[of("datetime_utc_to_local", &[DATETIME, STRING], Datetime)],
        "The local time of an IANA time zone.",
    ),
    FunctionRow::scalar(
        "make_datetime",
        &[
            of("make_datetime", &[LONG, LONG, LONG], Datetime),
            of("make_datetime", &[LONG, LONG, LONG, LONG, LONG, REAL], Datetime).optional(1),
            of("datetime_from_string", &[STRING], Datetime),
            of("same", &[DATETIME], Datetime),
        ],
        "A time from its parts, or from text as `todatetime`; null where a part is out of range.",
    )
    .named(ResultName::OnlyArgument),
    FunctionRow::scalar(
        "make_timespan",
        &[of("make_timespan", &[LONG, LONG, REAL], Timespan).optional(1), of("make_timespan_days", &[LONG, LONG, LONG, REAL], Timespan), of("timespan_from_string", &[STRING], Timespan)],
        "A span from days, hours, minutes and seconds, or from text as `totimespan`; null where a part is out of range.",
    )
    .named(ResultName::OnlyArgument),
    FunctionRow::scalar("format_datetime", &[of("format_datetime", &[DATETIME, STRING], String)], "d, f, F, h, H, m, M, s, t, y in one or two letters (more for fractions and years). The engine knows no names of days or months: `dddd` is `dd` twice.").named_as_argument(),
    FunctionRow::scalar("format_timespan", &[of("format_timespan", &[TIMESPAN, STRING], String)], "d, h, H, m, s, f, F, with a leading minus for negative spans.").named_as_argument(),
    FunctionRow::scalar(
        "unixtime_seconds_todatetime",
        &[of("unixtime_seconds", &[REAL], Datetime), of("unixtime_seconds_long", &[LONG], Datetime)],
        "Seconds since 1970.",
    ),
    FunctionRow::scalar("unixtime_milliseconds_todatetime", &[of("unixtime_milliseconds", &[LONG], Datetime), of("unixtime_milliseconds_real", &[REAL], Datetime)], "Milliseconds since 1970."),
    FunctionRow::scalar("unixtime_microseconds_todatetime", &[of("unixtime_microseconds", &[LONG], Datetime), of("unixtime_microseconds_real", &[REAL], Datetime)], "Microseconds since 1970."),
    FunctionRow::scalar("unixtime_nanoseconds_todatetime", &[of("unixtime_nanoseconds", &[LONG], Datetime), of("unixtime_nanoseconds_real", &[REAL], Datetime)], "Nanoseconds since 1970."),
    FunctionRow::scalar(
        "bin",
        &[
            of("bin_long", &[LONG, LONG], Long),
            of("bin_real", &[REAL, REAL], Real),
            of("bin_decimal", &[DECIMAL, DECIMAL], Decimal),
            of("bin_datetime", &[DATETIME, TIMESPAN], Datetime),
            of("bin_long", &[TIMESPAN, TIMESPAN], Timespan),
            of("floor_real", &[REAL], Real),
        ],
        "The greatest multiple not above the value (from year 1 for times); null for a bin of 0 or less.",
    )
    .aliases(&["floor"])
    .named_as_argument(),
    FunctionRow::scalar(
        "bin_at",
        &[
            of("bin_at_long", &[LONG, LONG, LONG], Long),
            of("bin_at_real", &[REAL, REAL, REAL], Real),
            of("bin_at_decimal", &[DECIMAL, DECIMAL, DECIMAL], Decimal),
            of("bin_at_datetime", &[DATETIME, TIMESPAN, DATETIME], Datetime),
            of("bin_at_long", &[TIMESPAN, TIMESPAN, TIMESPAN], Timespan),
        ],
        "As `bin`, with the bins laid through a fixed point.",
    )
    .named_as_argument(),
    FunctionRow::scalar("bin_auto", &[of("engine:bin_auto", &[super::parameter::ANY], Long)], "Needs `set query_bin_auto_size`.").named_as_argument(),
];
