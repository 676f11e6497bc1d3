//! Findings of a rule, placed in its file.

use std::io::{self, Write};

use serde_json::Value;

use crate::kql::diagnostic::{Diagnostic, Severity};
use crate::kql::visible::visible;
use crate::kql::{Colours, Location, render, to_json};
use crate::rules::Rule;

/// The finding with the text its span is of, and what that text is: the file where it holds the query line by line, else
/// the query alone.
fn placed<'rule>(rule: &'rule Rule, finding: &Diagnostic) -> (Diagnostic, &'rule str, String) {
    match rule.origin.in_file(&rule.query, finding.span) {
        Some(span) => (Diagnostic { span, ..finding.clone() }, &rule.origin.raw, rule.origin.path.clone()),
        None => (finding.clone(), &rule.query, format!("{} (the query)", rule.origin.path)),
    }
}

/// Where in the rule's file the finding starts and ends, where the file holds the query line by line.
pub fn region(rule: &Rule, finding: &Diagnostic) -> Option<(Location, Location)> {
    let span = rule.origin.in_file(&rule.query, finding.span)?;
    Some((Location::of(&rule.origin.raw, span.start), Location::of(&rule.origin.raw, span.end)))
}

pub fn write(rule: &Rule, finding: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    // What is said of the whole rule has no place in its query.
    if finding.span.is_empty() && finding.severity == Severity::Warning {
        let message = format!("warning[{}]: {}", finding.code, finding.message);
        return writeln!(out, "{}\n --> {}", visible(&message), visible(&rule.origin.path));
    }
    let (finding, text, origin) = placed(rule, finding);
    write!(out, "{}", render(&[finding], text, &origin, Colours::Plain))
}

pub fn json(rule: &Rule, finding: &Diagnostic) -> Value {
    let (finding, text, origin) = placed(rule, finding);
    let mut record = match to_json(&[finding], text, &origin) {
        Value::Array(mut records) => records.pop().unwrap_or_default(),
        other => other,
    };
    if let Value::Object(fields) = &mut record {
        fields.insert("rule".to_owned(), Value::from(rule.id.as_str()));
    }
    record
}
