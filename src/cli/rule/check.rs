//! `whippet rule check`.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Common, Format, Stop, report};
use crate::cli::Exit;
use crate::kql::diagnostic::{Class, Diagnostic, Severity};
use crate::kql::visible::visible;
use crate::plan::Environment;
use crate::rules::attack::Attack;
use crate::rules::compile;
use crate::rules::lint::lint;
use crate::rules::{Catalog, Rule};

pub fn run(paths: &[PathBuf], strict: bool, common: &Common, out: &mut dyn Write) -> Result<Exit, Stop> {
    let catalog = if paths.is_empty() {
        super::load(common.rules.as_deref())?
    } else {
        let mut catalog = Catalog::default();
        for path in paths {
            catalog.add_path(path).map_err(|error| Stop::Said(Exit::Failed, error.to_string()))?;
        }
        catalog
    };
    let attack = super::attack()?;
    let schema = super::schema()?;
    let environment = super::environment(&schema, strict);
    let mut counts = Counts::default();
    // Whether every error so far is an input that is missing.
    let mut needs_input = true;
    let mut records = Vec::new();
    for rule in catalog.rules() {
        let findings = findings(rule, &attack, &environment);
        for problem in &rule.problems {
            counts.add(problem.severity);
            needs_input &= problem.severity != Severity::Error;
            match common.format {
                Format::Text => {
                    let word = if problem.severity == Severity::Error { "error" } else { "warning" };
                    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
                    let path = visible(&rule.origin.path);
                    writeln!(out, "{word}: {}\n --> {path}{line}", visible(&problem.message))?;
                }
                Format::Json => records.push(json!({
                    "origin": rule.origin.path,
                    "rule": rule.id,
                    "start": problem.line.map(|line| json!({ "line": line, "column": 1 })),
                    "severity": problem.severity,
                    "code": "rule-file",
                    "message": problem.message,
                })),
            }
        }
        for finding in &findings {
            counts.add(finding.severity);
            needs_input &= !finding.is_error() || finding.class == Class::NeedsInput;
            match common.format {
                Format::Text => report::write(rule, finding, out)?,
                Format::Json => records.push(report::json(rule, finding)),
            }
        }
    }
    for skipped in catalog.skipped() {
        counts.add(Severity::Error);
        needs_input = false;
        match common.format {
            Format::Text => writeln!(out, "error: {}\n --> {}", visible(&skipped.reason), visible(&skipped.path))?,
            Format::Json => records.push(json!({
                "origin": skipped.path,
                "severity": Severity::Error,
                "code": "rule-file",
                "message": skipped.reason,
            })),
        }
    }
    match common.format {
        Format::Json => super::write_json(&Value::Array(records), out)?,
        Format::Text => writeln!(
            out,
            "{} checked: {}, {}",
            counted(catalog.rules().len(), "rule"),
            counted(counts.errors, "error"),
            counted(counts.warnings, "warning")
        )?,
    }
    Ok(match (counts.errors, needs_input) {
        (0, _) => Exit::Done,
        (_, true) => Exit::NeedsInput,
        (_, false) => Exit::Invalid,
    })
}

/// Everything there is to say about a rule's query, in the order of its text.
fn findings(rule: &Rule, attack: &Attack, environment: &Environment<'_>) -> Vec<Diagnostic> {
    let mut found = rule.diagnostics.clone();
    // Binder and lint read the tree, and a tree with holes says wrong things.
    if rule.is_readable() {
        found.extend(match compile::compile(rule, environment) {
            Ok(compiled) => compiled.warnings,
            Err(findings) => findings,
        });
        found.extend(lint(rule, attack));
    }
    found.sort_by_key(|finding| finding.span.start);
    found
}

#[derive(Default)]
struct Counts {
    errors: usize,
    warnings: usize,
}

impl Counts {
    fn add(&mut self, severity: Severity) {
        let slot = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *slot = slot.saturating_add(1);
    }
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
