//! Durations as rule files write them, in ticks of 100 ns.

use crate::kql::values::{
    TICKS_PER_DAY as DAY, TICKS_PER_HOUR as HOUR, TICKS_PER_MINUTE as MINUTE, TICKS_PER_SECOND as SECOND,
};

/// Reads `5m`, `1h`, `14d`; .NET time spans (`1.00:00:00`, `00:05:00`, and `14`, which is 14 days); ISO 8601 (`P1DT2H`).
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    time_span(text).or_else(|| unit(text)).or_else(|| iso(text))
}

fn unit(text: &str) -> Option<i64> {
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(split)?;
    let ticks = match unit.trim() {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(ticks)
}

/// `[d.]hh:mm[:ss]` or days alone.
fn time_span(text: &str) -> Option<i64> {
    if let Ok(days) = text.parse::<u16>() {
        return i64::from(days).checked_mul(DAY);
    }
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) => (days.parse::<u16>().ok()?, clock),
        None => (0, text),
    };
    let parts: Vec<i64> =
        clock.split(':').map(|part| part.parse::<u8>().map(i64::from)).collect::<Result<_, _>>().ok()?;
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes] => (*hours, *minutes, 0),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(i64::from(days) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND)
}

fn iso(text: &str) -> Option<i64> {
    let rest = text.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').unwrap_or((rest, ""));
    let mut total: i64 = 0;
    for (part, units) in
        [(date, [('W', 7 * DAY), ('D', DAY), ('_', 0)]), (time, [('H', HOUR), ('M', MINUTE), ('S', SECOND)])]
    {
        let mut number = String::new();
        for character in part.chars() {
            if character.is_ascii_digit() {
                number.push(character);
                continue;
            }
            let (_, ticks) = units.iter().find(|(unit, _)| *unit == character)?;
            total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*ticks)?)?;
            number.clear();
        }
        if !number.is_empty() {
            return None;
        }
    }
    (rest.len() > 1).then_some(total)
}

/// The shortest exact form: `1h`, `14d`, `90m`.
pub fn display(ticks: i64) -> String {
    for (unit, size) in [("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)] {
        if ticks != 0 && ticks % size == 0 {
            return format!("{}{unit}", ticks / size);
        }
    }
    format!("{} ticks", ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_rule_file_is_read() {
        let cases = [
            ("5m", Some("5m")),
            ("1h", Some("1h")),
            ("24h", Some("1d")),
            (" 14d ", Some("14d")),
            ("14", Some("14d")),
            ("00:05:00", Some("5m")),
            ("1.00:00:00", Some("1d")),
            ("01:30", Some("90m")),
            ("PT5H", Some("5h")),
            ("P1D", Some("1d")),
            ("P1DT30M", Some("1470m")),
            ("25:00", None),
            ("1 week", None),
            ("", None),
            ("P", None),
            ("PT", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(parse(text).map(display).as_deref(), wanted, "{text}");
        }
    }
}
