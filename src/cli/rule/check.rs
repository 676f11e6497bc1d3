//! `whippet rule check`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::Value;

use super::finding::Finding;
use super::{report, sarif};
use crate::cli::Exit;
use crate::cli::library::LibraryArgs;
use crate::cli::problem::Problem;
use crate::kql::diagnostic::{Class, Diagnostic, Severity};
use crate::kql::visible::visible;
use crate::plan::Environment;
use crate::rules::attack::Attack;
use crate::rules::compile;
use crate::rules::lint::{deployability, lint};
use crate::rules::{Catalog, Rule};

#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Rule files, or folders of them; without any, the rules that are loaded.
    paths: Vec<PathBuf>,
    /// Make a column that its table lacks an error everywhere.
    #[arg(long)]
    strict: bool,
    /// Exit with 2 for warnings too.
    #[arg(long)]
    deny_warnings: bool,
    /// Say of each rule whether the service takes it as a custom detection, and as one that runs continuously.
    #[arg(long)]
    deployable: bool,
    /// Read the rules of this folder in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    #[command(flatten)]
    library: LibraryArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Text,
    Json,
    /// SARIF 2.1.0, which code hosts show beside the lines.
    Sarif,
}

pub fn run(arguments: &Args, out: &mut dyn Write) -> Result<Exit, Problem> {
    let catalog = if arguments.paths.is_empty() {
        super::load(arguments.rules.as_deref(), &arguments.library)?
    } else {
        let mut catalog = Catalog::default();
        for path in &arguments.paths {
            catalog.add_path(path)?;
        }
        arguments.library.add_to(&mut catalog)?;
        catalog
    };
    let attack = super::attack()?;
    let schema = super::schema()?;
    let environment = super::environment(&schema, &catalog.library, arguments.strict);
    let mut found = Vec::new();
    for rule in catalog.rules() {
        found.extend(rule.problems.iter().map(|problem| Finding::of_file(rule, problem)));
        let diagnostics = diagnostics(rule, &attack, &environment, arguments.deployable);
        found.extend(diagnostics.into_iter().map(|diagnostic| Finding::of_query(rule, diagnostic)));
    }
    found.extend(catalog.skipped().iter().map(Finding::of_skipped));
    match arguments.format {
        CheckFormat::Json => super::write_json(&found.iter().map(Finding::json).collect::<Value>(), out)?,
        CheckFormat::Sarif => super::write_json(&sarif::log(&found), out)?,
        CheckFormat::Text => write_text(&found, catalog.rules().len(), out)?,
    }
    Ok(exit(&found, arguments.deny_warnings))
}

fn write_text(found: &[Finding<'_>], rules: usize, out: &mut dyn Write) -> Result<(), Problem> {
    for finding in found {
        match finding {
            Finding::Query { rule, diagnostic } => report::write(rule, diagnostic, out)?,
            Finding::File { path, line, severity, message, .. } => {
                let word = if *severity == Severity::Error { "error" } else { "warning" };
                let line = line.map(|line| format!(":{line}")).unwrap_or_default();
                writeln!(out, "{word}: {}\n --> {}{line}", visible(message), visible(path))?;
            }
        }
    }
    let count = |severity| found.iter().filter(|finding| finding.severity() == severity).count();
    writeln!(
        out,
        "{} checked: {}, {}",
        counted(rules, "rule"),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning")
    )?;
    Ok(())
}

fn exit(found: &[Finding<'_>], deny_warnings: bool) -> Exit {
    let errors: Vec<_> = found.iter().filter(|finding| finding.severity() == Severity::Error).collect();
    if errors.is_empty() {
        return if deny_warnings && !found.is_empty() { Exit::Invalid } else { Exit::Done };
    }
    if errors.iter().all(|finding| finding.class() == Class::NeedsInput) { Exit::NeedsInput } else { Exit::Invalid }
}

/// Everything there is to say about a rule's query, in the order of its text.
fn diagnostics(rule: &Rule, attack: &Attack, environment: &Environment<'_>, deployable: bool) -> Vec<Diagnostic> {
    let mut found = rule.diagnostics.clone();
    // Binder and lint read the tree, and a tree with holes says wrong things.
    if rule.is_readable() {
        match compile::compile(rule, environment) {
            Ok(compiled) => {
                found.extend(compiled.warnings);
                if deployable {
                    let columns: Vec<String> = compiled.columns.into_iter().map(|column| column.name).collect();
                    found.extend(undeployable(rule, &columns));
                }
            }
            Err(findings) => found.extend(findings),
        }
        found.extend(lint(rule, attack));
    }
    found.sort_by_key(|finding| finding.span.start);
    found
}

fn undeployable(rule: &Rule, columns: &[String]) -> Vec<Diagnostic> {
    let deployability = deployability(rule, columns);
    let whole = crate::kql::span::Span::new(0, 0);
    let tell = |code, kind: &str, reasons: &[String]| {
        let message = format!("not deployable as {kind}: {}", reasons.join("; "));
        (!reasons.is_empty()).then(|| Diagnostic::warning(code, whole, message))
    };
    let custom = tell("custom-detection", "a custom detection", &deployability.custom_detection);
    let continuous = tell("continuous-detection", "a detection that runs continuously", &deployability.continuous);
    custom.into_iter().chain(continuous).collect()
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
