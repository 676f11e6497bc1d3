//! What a store has of what a rule speaks of: the events it reads, the signals its tests should leave, the values it
//! looks for.
//!
//! An expected signal is prose. What can be looked for in it are the names of programs and the number of an event; what
//! has neither is said to be so, and never guessed.

use super::case::Case;
use super::error::HuntError;
use super::indicators::{self, IndicatorHits};
use super::query::{Asker, QueryError};
use crate::kql::values::quote_string;
use crate::rules::coverage::EventRow;
use crate::rules::indicators::Indicator;
use crate::store::Store;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dossier {
    pub rule: String,
    /// How many events of each row of the event coverage the store has; `None` where it cannot be counted.
    pub telemetry: Vec<Option<u64>>,
    /// For each test, its expected signals.
    pub tests: Vec<Vec<Signal>>,
    pub hits: Vec<IndicatorHits>,
}

/// A signal that a test should leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signal {
    pub text: String,
    /// What of it was looked for, in words; empty where nothing can be.
    pub looked_for: String,
    pub events: Option<u64>,
}

/// What the signals of a test came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestState {
    /// Every signal that can be looked for is there.
    Seen,
    /// Some are.
    Partly,
    NotSeen,
    /// None of them names anything to look for.
    Unknown,
}

impl TestState {
    pub fn of(signals: &[Signal]) -> Self {
        let counts: Vec<u64> = signals.iter().filter_map(|signal| signal.events).collect();
        match counts.iter().filter(|count| **count > 0).count() {
            _ if counts.is_empty() => Self::Unknown,
            0 => Self::NotSeen,
            seen if seen == counts.len() => Self::Seen,
            _ => Self::Partly,
        }
    }
}

impl Case {
    /// Looks a rule's events, tests and indicators up in a store, over all of its time.
    pub fn dossier(
        &self,
        store: &Store,
        name: &str,
        events: &[EventRow],
        wanted: &[Indicator],
    ) -> Result<Dossier, HuntError> {
        let rule = self.rule(name)?;
        let asker = self.asker(store);
        let telemetry = events.iter().map(|row| telemetry(&asker, row)).collect::<Result<_, _>>()?;
        let tests =
            rule.metadata.tests.iter().map(|test| {
                test.expected.iter().map(|text| signal(&asker, text)).collect::<Result<Vec<_>, HuntError>>()
            });
        Ok(Dossier {
            rule: rule.id.clone(),
            telemetry,
            tests: tests.collect::<Result<_, _>>()?,
            hits: indicators::hits(self, store, rule, wanted)?,
        })
    }
}

/// The names that records have for what the coverage calls a provider, as patterns of SQL's LIKE.
const PROVIDERS: &[(&str, &str)] = &[
    ("Sysmon", "Microsoft-Windows-Sysmon"),
    ("Security-Auditing", "Microsoft-Windows-Security-Auditing"),
    ("Security", "Microsoft-Windows-Security-Auditing"),
    // Instances are named MSSQL$NAME.
    ("MSSQLSERVER", "MSSQL%"),
];

fn telemetry(asker: &Asker<'_>, row: &EventRow) -> Result<Option<u64>, HuntError> {
    if let Some(table) = row.provider.strip_prefix("Defender-") {
        let condition = match row.event.as_str() {
            "any" => String::new(),
            action => format!("\n| where ActionType =~ {}", quote_string(action)),
        };
        return count(asker, &format!("{table}{condition}\n| count"));
    }
    let provider = PROVIDERS.iter().find(|(known, _)| *known == row.provider).map(|(_, pattern)| *pattern);
    match (row.event.strip_prefix("Event ID ").and_then(|number| number.parse().ok()), provider) {
        (Some(event), Some(provider)) => recorded(asker.store, Some(provider), event).map(Some),
        _ => Ok(None),
    }
}

/// How many records have a number, of one provider or of any.
fn recorded(store: &Store, provider: Option<&str>, event: i64) -> Result<u64, HuntError> {
    let sql = "SELECT count(*) FROM event_record WHERE event_id = ?1 AND raw <> 0
               AND (?2 IS NULL OR provider IN (SELECT id FROM text WHERE value LIKE ?2))";
    let count: i64 = store.connection().query_row(sql, rusqlite::params![event, provider], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

fn count(asker: &Asker<'_>, query: &str) -> Result<Option<u64>, HuntError> {
    match asker.count(query) {
        Ok(count) => Ok(Some(count)),
        Err(QueryError::Cancelled) => Err(HuntError::Cancelled),
        // A table that no one imported has no events of the kind, but that is not known.
        Err(_) => Ok(None),
    }
}

fn signal(asker: &Asker<'_>, text: &str) -> Result<Signal, HuntError> {
    let programs = programs(text);
    if !programs.is_empty() {
        let is = |program: &String| {
            let name = quote_string(program);
            format!(
                "(FileName =~ {name} or InitiatingProcessFileName =~ {name} or InitiatingProcessParentFileName =~ {name})"
            )
        };
        let conditions: Vec<String> = programs.iter().map(is).collect();
        let query = format!("DeviceProcessEvents\n| where {}\n| count", conditions.join(" and "));
        let looked_for = format!("process events with {}", programs.join(" and "));
        return Ok(Signal { text: text.to_owned(), looked_for, events: count(asker, &query)? });
    }
    let Some((provider, event)) = numbered(text) else {
        return Ok(Signal { text: text.to_owned(), ..Signal::default() });
    };
    let events = Some(recorded(asker.store, provider, event)?);
    Ok(Signal { text: text.to_owned(), looked_for: format!("records with event id {event}"), events })
}

const PROGRAM_ENDS: [&str; 7] = [".exe", ".dll", ".ps1", ".vbs", ".bat", ".cmd", ".com"];

/// The names of programs in a text, each once.
fn programs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let breaks = |character: char| !(character.is_alphanumeric() || matches!(character, '.' | '_' | '-'));
    for word in text.split(breaks) {
        let word = word.trim_matches('.').to_lowercase();
        let is_program = PROGRAM_ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end));
        if is_program && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The number of an event that a text gives: `Security 4688 …`, `… (15457)`.
fn numbered(text: &str) -> Option<(Option<&'static str>, i64)> {
    let number = |word: &str| word.trim_matches(|c: char| !c.is_ascii_digit()).parse::<i64>().ok();
    for (name, pattern) in PROVIDERS {
        let after = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        if let Some(event) = after.and_then(|rest| number(rest.split(' ').next()?)) {
            return Some((Some(pattern), event));
        }
    }
    let inside = text.split_once('(')?.1.split_once(')')?.0;
    inside.bytes().all(|byte| byte.is_ascii_digit()).then(|| inside.parse().ok()).flatten().map(|event| (None, event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::testing::{browsed, insert, text};
    use crate::rules::Catalog;

    #[test]
    fn what_can_be_looked_for_in_a_signal_is_taken_from_its_words() {
        assert_eq!(programs("Sysmon 1: sqlservr.exe starts CMD.EXE with /c whoami"), ["sqlservr.exe", "cmd.exe"]);
        assert_eq!(numbered("Security 4688 in the context of"), Some((Some(PROVIDERS[1].1), 4688)));
        assert_eq!(numbered("Application log: configuration change (15457)"), Some((None, 15457)));
        assert_eq!(numbered("SQL Server error log: login event (of the user)"), None);
    }

    #[test]
    fn a_dossier_says_what_is_there_what_is_not_and_what_cannot_be_told() {
        let (mut case, store) = browsed();
        insert(&store, 9, "DeviceFileEvents", &[("ActionType", text("FileCreated"))]);
        let mut catalog = Catalog::default();
        let rule = "// ---\n// title: A\n// tests:\n//   - name: One\n//     expected: ['cmd.exe runs', 'a log line']\n\
                    //   - name: Two\n//     expected: ['nc.exe runs']\n// ---\nDeviceProcessEvents | where FileName =~ 'cmd.exe'";
        catalog.add_bytes("a.kql", false, rule.as_bytes());
        case.catalog = catalog.into();
        let row = |provider: &str, event: &str| EventRow {
            provider: provider.to_owned(),
            event: event.to_owned(),
            title: String::new(),
        };
        let rows = [
            row("Defender-DeviceFileEvents", "FileCreated"),
            row("Defender-DeviceFileEvents", "FileDeleted"),
            row("Sysmon", "Event ID 1"),
            row("Somewhere", "any"),
        ];
        let name = case.catalog.rules().first().unwrap().id.clone();
        let dossier = case.dossier(&store, &name, &rows, &[]).unwrap();
        assert_eq!(dossier.telemetry, [Some(1), Some(0), Some(0), None]);
        let states: Vec<TestState> = dossier.tests.iter().map(|signals| TestState::of(signals)).collect();
        assert_eq!(states, [TestState::Seen, TestState::NotSeen]);
        let counts: Vec<Option<u64>> = dossier.tests[0].iter().map(|signal| signal.events).collect();
        assert_eq!(counts, [Some(2), None]);
    }
}
