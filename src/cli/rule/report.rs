//! Findings of a rule, placed in its file.

use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::kql::diagnostic::{Diagnostic, Severity};
use crate::kql::span::Span;
use crate::kql::visible::visible;
use crate::rules::Rule;

/// A place in a text: line and column from 1, the column in characters.
struct Place<'text> {
    line: usize,
    column: usize,
    text: &'text str,
    /// Bytes of the line before the place and inside it.
    before: &'text str,
    marked: &'text str,
}

fn place(text: &str, span: Span) -> Option<Place<'_>> {
    let start = span.start.min(text.len());
    let head = text.get(..start)?;
    let line_start = head.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let rest = text.get(line_start..)?;
    let line = rest.lines().next().unwrap_or("");
    let before = text.get(line_start..start)?;
    let line_end = line_start.saturating_add(line.len());
    let marked = text.get(start..span.end.clamp(start, line_end.max(start)))?;
    Some(Place {
        line: head.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1),
        column: before.chars().count().saturating_add(1),
        text: line,
        before,
        marked,
    })
}

/// The line as it is shown, cut around the place where it is long, and how wide what stands before the place is.
fn clipped(place: &Place<'_>) -> (String, usize) {
    const BEFORE: usize = 40;
    const AFTER: usize = 60;
    let before = visible(place.before);
    let kept: Vec<char> = before.chars().rev().take(BEFORE).collect();
    let is_cut = before.chars().count() > BEFORE && place.text.chars().count() > BEFORE + AFTER;
    let shown: String = if is_cut { std::iter::once('…').chain(kept.into_iter().rev()).collect() } else { before };
    let after = place.text.get(place.before.len()..).map(visible).unwrap_or_default();
    let is_long = after.chars().count() > AFTER;
    let rest: String = after.chars().take(if is_long { AFTER } else { usize::MAX }).collect();
    let width = shown.width();
    (format!("{shown}{rest}{}", if is_long { "…" } else { "" }), width)
}

/// Where a finding of the query stands: in the file where the file holds the query line by line, else in the query.
fn found_at<'rule>(rule: &'rule Rule, finding: &Diagnostic) -> Option<(Place<'rule>, bool)> {
    match rule.origin.in_file(&rule.query, finding.span) {
        Some(span) => place(&rule.origin.raw, span).map(|place| (place, true)),
        None => place(&rule.query, finding.span).map(|place| (place, false)),
    }
}

pub fn write(rule: &Rule, finding: &Diagnostic, out: &mut dyn Write) -> io::Result<()> {
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    writeln!(out, "{word}[{}]: {}", finding.code, visible(&finding.message))?;
    let path = visible(&rule.origin.path);
    match found_at(rule, finding).filter(|_| !finding.span.is_empty() || finding.is_error()) {
        Some((place, in_file)) => {
            let of = if in_file { "" } else { " of the query" };
            let gutter = place.line.to_string();
            let margin = " ".repeat(gutter.len());
            writeln!(out, "{margin}--> {path}:{}:{}{of}", place.line, place.column)?;
            writeln!(out, "{margin} |")?;
            let (text, before) = clipped(&place);
            writeln!(out, "{gutter} | {text}")?;
            let room = text.width().saturating_sub(before).max(1);
            let carets = "^".repeat(visible(place.marked).width().clamp(1, room));
            let label = finding.label.as_deref().map(|label| format!(" {}", visible(label))).unwrap_or_default();
            writeln!(out, "{margin} | {}{carets}{label}", " ".repeat(before))?;
            for help in &finding.help {
                writeln!(out, "{margin} = help: {}", visible(help))?;
            }
        }
        None => {
            writeln!(out, " --> {path}")?;
            for help in &finding.help {
                writeln!(out, "  = help: {}", visible(help))?;
            }
        }
    }
    Ok(())
}

pub fn json(rule: &Rule, finding: &Diagnostic) -> Value {
    let found = found_at(rule, finding);
    json!({
        "path": rule.origin.path,
        "rule": rule.id,
        "in_file": found.as_ref().map(|(_, in_file)| *in_file),
        "line": found.as_ref().map(|(place, _)| place.line),
        "column": found.as_ref().map(|(place, _)| place.column),
        "severity": finding.severity,
        "class": finding.class,
        "code": finding.code,
        "message": finding.message,
        "label": finding.label,
        "help": finding.help,
        "query_span": finding.span,
    })
}
