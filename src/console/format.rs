//! Values as people read them: times, counts, KQL literals.

use super::zone::Zone;
use crate::kql::values::{TICKS_PER_SECOND, quote_string};
use crate::schema::Value;

/// How much of a time is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeStyle {
    /// `09:02:14`: all events are of one day.
    Clock,
    #[default]
    /// `2026-03-02 09:02:14`.
    Full,
    /// `2026-03-02 09:02:14.331`.
    Exact,
}

impl TimeStyle {
    /// The shortest that still tells the events of a store apart.
    pub fn for_range(zone: &Zone, first: Option<i64>, last: Option<i64>) -> Self {
        match (first, last) {
            (Some(first), Some(last)) if zone.is_one_day(first, last) => Self::Clock,
            _ => Self::Full,
        }
    }

    pub const fn width(self) -> u16 {
        match self {
            Self::Clock => 8,
            Self::Full => 19,
            Self::Exact => 23,
        }
    }
}

/// A time in UTC; what lies outside the calendar is shown as its ticks.
pub fn time(ticks: i64, style: TimeStyle) -> String {
    Zone::default().time(ticks, style)
}

/// A span of ticks: `4m20s`, `331 ms`, `2d03h`.
pub fn span(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let per_second = TICKS_PER_SECOND.unsigned_abs();
    let seconds = ticks / per_second;
    let text = match seconds {
        0 => format!("{} ms", ticks / (per_second / 1000)),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    };
    format!("{sign}{text}")
}

/// `142,816`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut result = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    result
}

/// `1 event`, `142,816 events`.
pub fn events(number: u64) -> String {
    format!("{} {}", count(number), if number == 1 { "event" } else { "events" })
}

/// A count that has no room: without commas, else in thousands and so on, rounded down. Never only its first digits,
/// which would be another number.
pub fn count_within(number: u64, width: usize) -> String {
    let units = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000)];
    let scaled = units.into_iter().map(|(unit, size): (&str, u64)| format!("{}{unit}", number / size));
    let mut texts = [count(number), number.to_string()].into_iter().chain(scaled);
    texts.find(|text| text.len() <= width).unwrap_or_else(|| "…".to_owned())
}

/// A value as it is read, without quotes.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Datetime(ticks) => time(*ticks, TimeStyle::Exact),
        Value::Timespan(ticks) => span(*ticks),
        Value::String(text) | Value::Decimal(text) | Value::Dynamic(text) | Value::Guid(text) => text.clone(),
    }
}

/// A value as KQL writes it; `None` where a comparison with it would not be exact or not possible.
pub fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Dynamic(_) | Value::Real(_) | Value::Decimal(_) | Value::Timespan(_) => None,
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Long(number) => Some(number.to_string()),
        Value::Datetime(ticks) => {
            let second = ticks.div_euclid(TICKS_PER_SECOND) * TICKS_PER_SECOND;
            let fraction = ticks.rem_euclid(TICKS_PER_SECOND);
            Some(format!("datetime({}.{fraction:07}Z)", time(second, TimeStyle::Full)))
        }
        Value::Guid(text) => Some(format!("guid({text})")),
        Value::String(text) => Some(quote_string(text)),
    }
}

/// A command line without the program's own name in front: the tree shows that already.
pub fn arguments(command_line: &str) -> &str {
    let text = command_line.trim_start();
    let rest = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(_, rest)| rest),
        None => text.split_once(' ').map(|(_, rest)| rest),
    };
    rest.unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::kql::values::UNIX_EPOCH;

    const NOON: i64 = 639_080_389_344_310_000;

    #[test]
    fn times_are_utc() {
        assert_eq!(time(UNIX_EPOCH, TimeStyle::Exact), "1970-01-01 00:00:00.000");
        assert_eq!(time(0, TimeStyle::Full), "0001-01-01 00:00:00");
        assert_eq!(time(NOON, TimeStyle::Clock), "09:02:14");
        assert!(time(i64::MAX, TimeStyle::Full).starts_with("ticks "));
        let utc = Zone::default();
        assert_eq!(TimeStyle::for_range(&utc, Some(NOON), Some(NOON + TICKS_PER_SECOND)), TimeStyle::Clock);
        assert_eq!(TimeStyle::for_range(&utc, Some(0), Some(NOON)), TimeStyle::Full);
    }

    #[test]
    fn a_count_without_room_is_never_another_number() {
        let within = |width| count_within(1_274_628, width);
        assert_eq!([within(9), within(8), within(7)], ["1,274,628", "1274628", "1274628"]);
        assert_eq!([within(6), within(4), within(2), within(1)], ["1274k", "1M", "1M", "…"]);
        assert_eq!((count_within(999, 3), count_within(1_000, 3)), ("999".to_owned(), "1k".to_owned()));
    }

    #[test]
    fn spans_and_counts() {
        assert_eq!(span(260 * TICKS_PER_SECOND), "4m20s");
        assert_eq!((span(3_310_000), span(-15 * TICKS_PER_SECOND)), ("331 ms".to_owned(), "-15s".to_owned()));
        assert_eq!(span(51 * 3600 * TICKS_PER_SECOND), "2d03h");
        assert_eq!((count(0), count(1234), count(142_816)), ("0".into(), "1,234".into(), "142,816".into()));
    }

    #[test]
    fn literals_can_be_pasted_into_a_rule() {
        let of = |text: &str| literal(&Value::String(text.to_owned())).unwrap();
        assert_eq!(of("cmd.exe"), r#""cmd.exe""#);
        assert_eq!(of(r"C:\Veeam"), r#"@"C:\Veeam""#);
        assert_eq!(of("a\u{1b}\n"), r#""a\u001b\n""#);
        assert_eq!(literal(&Value::Datetime(NOON)).unwrap(), "datetime(2026-03-02 09:02:14.4310000Z)");
        assert_eq!(literal(&Value::Null), None);
    }

    #[test]
    fn arguments_leave_the_program_out() {
        for (line, rest) in [
            (r#""C:\Program Files\a.exe" -x 1"#, "-x 1"),
            ("whoami.exe /all", "/all"),
            ("whoami", ""),
            ("", ""),
            (r#""unclosed"#, ""),
        ] {
            assert_eq!(arguments(line), rest);
        }
    }
}
