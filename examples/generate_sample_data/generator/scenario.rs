//! A scenario: the rows of one host and what each rule that ships must make of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::host::{Act, Host};
use super::record::{Schema, UnknownName};

/// The rules that the scenarios were written for, by the names they have in `rules/`.
pub const SHELL_CHILD: &str = "sql-server-spawning-suspicious-child-process";
pub const STORED_PROCEDURES: &str = "sql-stored-procedure-persistence";
pub const JAVA_CRADLE: &str = "java-executing-cmd-to-run-powershell";
pub const OPTION_ENABLED: &str = "sql-server-option-that-runs-code-enabled";
pub const JAVA_DOWNLOAD: &str = "java-service-starts-a-shell-that-downloads-a-script";
const RULES: [&str; 5] = [SHELL_CHILD, STORED_PROCEDURES, OPTION_ENABLED, JAVA_CRADLE, JAVA_DOWNLOAD];

/// How the rows of a scenario are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All in `events.ndjson`.
    Lines,
    /// A CSV file a table, which takes half the space.
    Tables,
}

struct Expectation {
    rule: &'static str,
    act: Act,
    why: &'static str,
}

/// Collects what is to be expected while the events are made.
#[derive(Default)]
pub struct Expectations {
    matches: Vec<Expectation>,
    near_misses: Vec<Expectation>,
}

impl Expectations {
    pub fn matches(&mut self, rule: &'static str, act: Act, why: &'static str) {
        self.matches.push(Expectation { rule, act, why });
    }

    /// An event that looks like a match and is none; `why` says which predicate holds it back.
    pub fn misses(&mut self, rule: &'static str, act: Act, why: &'static str) {
        self.near_misses.push(Expectation { rule, act, why });
    }
}

pub struct Scenario {
    pub folder: &'static str,
    pub form: Form,
    pub rows: Vec<Map<String, Value>>,
    /// The text of `expected.json`.
    pub expected: String,
}

impl Scenario {
    pub fn new(
        folder: &'static str,
        form: Form,
        host: Host,
        expectations: Expectations,
        schema: &Schema,
    ) -> Result<Self, UnknownName> {
        let (rows, reports) = host.finish(schema)?;
        let table_of: BTreeMap<i64, &Value> =
            rows.iter().filter_map(|row| Some((row.get("ReportId")?.as_i64()?, row.get("Type")?))).collect();
        let listed = |expectations: &[Expectation], rule: &str| -> Vec<Value> {
            let mut found: Vec<(i64, &str)> =
                expectations.iter().filter(|one| one.rule == rule).map(|one| (reports.of(one.act), one.why)).collect();
            found.sort_unstable();
            found
                .iter()
                .map(|(report, why)| json!({"table": table_of.get(report), "reportId": report, "why": why}))
                .collect()
        };
        let rules: Map<String, Value> = RULES
            .iter()
            .map(|rule| {
                let matches = listed(&expectations.matches, rule);
                let near_misses = listed(&expectations.near_misses, rule);
                ((*rule).to_owned(), json!({"matches": matches, "nearMisses": near_misses}))
            })
            .collect();
        let expected = serde_json::to_string_pretty(&json!({"scenario": folder, "events": rows.len(), "rules": rules}));
        let expected = format!("{}\n", expected.unwrap_or_default());
        Ok(Scenario { folder, form, rows, expected })
    }
}
