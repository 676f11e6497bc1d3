//! `whippet hunt --replay`: the alerts that the rules would have raised, and when.

use std::io::Write;

use super::hunt::{Format, padded};
use super::problem::Problem;
use super::query::exit_for;
use super::{Exit, json, report};
use crate::hunt::Case;
use crate::hunt::clock::display_time;
use crate::hunt::matches::{MatchId, RuleStatus};
use crate::hunt::replay::{Alert, Asked, Replay};
use crate::hunt::survey::status_line;
use crate::hunt::timetable::Wanted;
use crate::kql::values::{datetime_text, parse_datetime};
use crate::kql::visible::visible;
use crate::rules::duration;
use crate::store::Store;

/// How many matches of an alert the table names.
const NAMED: usize = 4;

#[derive(Debug, clap::Args)]
pub struct Replaying {
    /// Run the rules at every step of their schedules over the time of the store, and list the alerts they would have
    /// raised. Each run sees what its period shows; look-back predicates hold as written.
    #[arg(long, conflicts_with = "as_of")]
    pub replay: bool,
    /// How often the rules run, in place of their own schedules: 5m, 1h, 1d.
    #[arg(long, value_name = "DURATION", requires = "replay")]
    frequency: Option<String>,
    /// How far back each run sees, in place of their own schedules.
    #[arg(long, value_name = "DURATION", requires = "replay")]
    period: Option<String>,
    /// No run before this time (UTC).
    #[arg(long, value_name = "TIME", requires = "replay")]
    from: Option<String>,
    /// No run after this time (UTC).
    #[arg(long, value_name = "TIME", requires = "replay")]
    until: Option<String>,
}

impl Replaying {
    fn asked(&self) -> Result<Asked, Problem> {
        let span = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => {
                // A bare number would be days, which nobody expects.
                let is_bare = text.trim().bytes().all(|byte| byte.is_ascii_digit());
                match duration::parse(text).filter(|ticks| *ticks > 0 && !is_bare) {
                    Some(ticks) => Ok(Some(ticks)),
                    None => {
                        Err(Problem::Arguments(format!("{name} '{text}' is no duration; write it as 5m, 1h or 14d")))
                    }
                }
            }
        };
        let time = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => parse_datetime(text).map(Some).ok_or_else(|| {
                Problem::Arguments(format!(
                    "{name} '{text}' is no time; write it as 2019-11-03 or 2019-11-03T13:51:56Z"
                ))
            }),
        };
        Ok(Asked {
            timetable: Wanted {
                frequency: span("--frequency", &self.frequency)?,
                period: span("--period", &self.period)?,
            },
            from: time("--from", &self.from)?,
            until: time("--until", &self.until)?,
            ..Asked::default()
        })
    }
}

/// Replays the rules asked for, or all.
pub fn answer(
    arguments: &Replaying,
    (case, store, rules): (&Case, &Store, &[String]),
    (format, raw_cells): (Format, bool),
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<Exit, Problem> {
    let asked = arguments.asked()?;
    let mut replays = Vec::new();
    for rule in case.rules(rules)? {
        replays.push(case.replay(store, &rule.id, &asked, &mut |_, _| true)?);
    }
    match format {
        Format::Table => write_table(&replays, stdout)?,
        Format::Json => json::write_pretty(stdout, &replays.iter().map(replay_json).collect::<Vec<_>>())?,
        Format::Ndjson => {
            for (replay, alert, suppressed) in in_order(&replays) {
                json::write_line(stdout, &alert_json(replay, alert, suppressed))?;
            }
        }
        Format::Csv => write_csv(&replays, raw_cells, stdout)?,
    }
    let mut exit = Exit::Done;
    for replay in replays.iter().filter(|replay| replay.status != RuleStatus::Ran) {
        writeln!(stderr, "{} was not replayed: {}", visible(&replay.title), visible(&status_line(&replay.status)))?;
        let status = match &replay.status {
            RuleStatus::Invalid(found) | RuleStatus::NeedsInput(found) => {
                let query = case.rule(&replay.rule).map(|rule| rule.query.as_str()).unwrap_or_default();
                report::write(stderr, &replay.title, query, found)?;
                exit_for(found)
            }
            _ => Exit::Invalid,
        };
        // The others have been answered; only a rule that was asked for by name decides the status.
        if !rules.is_empty() {
            exit = status;
        }
    }
    Ok(exit)
}

/// All alerts of all rules by time, and whether each was suppressed.
fn in_order(replays: &[Replay]) -> Vec<(&Replay, &Alert, bool)> {
    let mut all: Vec<(&Replay, &Alert, bool)> = Vec::new();
    for replay in replays {
        all.extend(replay.alerts.iter().map(|alert| (replay, alert, false)));
        all.extend(replay.suppressed.iter().map(|alert| (replay, alert, true)));
    }
    all.sort_by(|(left, one, _), (right, other, _)| {
        one.time.cmp(&other.time).then(right.severity.cmp(&left.severity)).then_with(|| left.rule.cmp(&right.rule))
    });
    all
}

fn write_table(replays: &[Replay], stdout: &mut dyn Write) -> Result<(), Problem> {
    let alerts = in_order(replays);
    if !alerts.is_empty() {
        writeln!(stdout, "{:<23}  {:<4}  {:<40}  {:>6}  MATCHES", "RUN AT", "SEV", "RULE", "ROWS")?;
    }
    for (replay, alert, suppressed) in &alerts {
        let mut named: Vec<String> = alert.matches.iter().take(NAMED).map(|one| visible(&short(one))).collect();
        if alert.matches.len() > NAMED {
            named.push(format!("+{}", alert.matches.len() - NAMED));
        }
        if *suppressed {
            named.push("(suppressed)".to_owned());
        }
        writeln!(
            stdout,
            "{:<23}  {:<4}  {}  {:>6}  {}",
            display_time(alert.time),
            replay.severity.word(),
            padded(&visible(&replay.title), 40),
            alert.rows,
            named.join(" "),
        )?;
    }
    if !alerts.is_empty() {
        writeln!(stdout)?;
    }
    for replay in replays {
        let alerts = match replay.alerts.len() {
            1 => "1 alert".to_owned(),
            count => format!("{count} alerts"),
        };
        writeln!(stdout, "{}  {}", padded(&visible(&replay.title), 56), outcome(replay, &alerts))?;
        let Some(timetable) = &replay.timetable else { continue };
        writeln!(stdout, "    {}; {} runs, {} steps without events", timetable.sentence(), replay.runs, replay.empty)?;
        for note in &timetable.notes {
            writeln!(stdout, "    note: {}", visible(note))?;
        }
    }
    Ok(())
}

fn outcome(replay: &Replay, alerts: &str) -> String {
    match &replay.status {
        RuleStatus::Ran if replay.suppressed.is_empty() => alerts.to_owned(),
        RuleStatus::Ran => format!("{alerts}, {} more suppressed", replay.suppressed.len()),
        status => format!("not replayed: {}", visible(&status_line(status))),
    }
}

/// The part of a match's name after its rule, with the `#`.
fn short(one: &MatchId) -> String {
    let name = one.name();
    name.rsplit_once('#').map_or_else(|| name.clone(), |(_, subject)| format!("#{subject}"))
}

fn alert_json(replay: &Replay, alert: &Alert, suppressed: bool) -> serde_json::Value {
    serde_json::json!({
        "time": datetime_text(alert.time),
        "sees-after": datetime_text(alert.after),
        "rule": replay.rule,
        "title": &*replay.title,
        "severity": replay.severity,
        "rows": alert.rows,
        "matches": alert.matches.iter().map(MatchId::name).collect::<Vec<_>>(),
        "suppressed": suppressed,
    })
}

fn replay_json(replay: &Replay) -> serde_json::Value {
    let timetable = replay.timetable.as_ref().map(|timetable| {
        serde_json::json!({
            "frequency": duration::display(timetable.frequency),
            "period": duration::display(timetable.period),
            "trigger": timetable.trigger,
            "suppression": timetable.suppression.map(duration::display),
            "alert-per-row": timetable.alert_per_row,
            "origin": timetable.origin,
            "notes": timetable.notes,
        })
    });
    let alerts = |alerts: &[Alert], suppressed| {
        alerts.iter().map(|alert| alert_json(replay, alert, suppressed)).collect::<Vec<_>>()
    };
    serde_json::json!({
        "rule": replay.rule,
        "title": &*replay.title,
        "severity": replay.severity,
        "status": if replay.status == RuleStatus::Ran { "ran" } else { "failed" },
        "reason": (replay.status != RuleStatus::Ran).then(|| status_line(&replay.status)),
        "timetable": timetable,
        "steps": replay.steps,
        "runs": replay.runs,
        "steps-without-events": replay.empty,
        "alerts": alerts(&replay.alerts, false),
        "suppressed": alerts(&replay.suppressed, true),
    })
}

fn write_csv(replays: &[Replay], raw_cells: bool, stdout: &mut dyn Write) -> Result<(), Problem> {
    let mut writer = csv::Writer::from_writer(stdout);
    writer.write_record(["Time", "SeesAfter", "Rule", "Severity", "Rows", "Suppressed", "Matches"])?;
    for (replay, alert, suppressed) in in_order(replays) {
        let names: Vec<String> = alert.matches.iter().map(MatchId::name).collect();
        let cells = [
            datetime_text(alert.time),
            datetime_text(alert.after),
            replay.title.to_string(),
            replay.severity.word().to_owned(),
            alert.rows.to_string(),
            suppressed.to_string(),
            names.join(" "),
        ];
        writer.write_record(cells.into_iter().map(|cell| if raw_cells { cell } else { super::format::cell(&cell) }))?;
    }
    writer.flush()?;
    Ok(())
}
