//! `whippet rule list`.

use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::Format;
use crate::kql::visible::visible;
use crate::rules::attack::Attack;
use crate::rules::{Catalog, Rule};

pub fn run(catalog: &Catalog, attack: &Attack, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => {
            let rules: Vec<Value> = catalog.rules().iter().map(|rule| summary(rule, attack)).collect();
            super::write_json(&Value::Array(rules), out)
        }
        Format::Text => text(catalog, out),
    }
}

/// What identifies a rule, for machines.
pub fn summary(rule: &Rule, attack: &Attack) -> Value {
    let (coverage, _) = attack.coverage(&rule.metadata);
    json!({
        "id": rule.id,
        "slug": rule.slug,
        "title": rule.title,
        "variant": rule.origin.variant,
        "severity": rule.metadata.severity,
        "confidence": rule.metadata.confidence,
        "attack": coverage,
        "path": rule.origin.path,
        "built_in": rule.origin.built_in,
        "format": rule.origin.format,
        "line": rule.origin.line,
        "sha256": rule.origin.sha256,
        "readable": rule.is_readable(),
    })
}

fn text(catalog: &Catalog, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = catalog
        .rules()
        .iter()
        .map(|rule| {
            let severity = rule.metadata.severity.map_or("-", |severity| severity.name());
            let mut title = rule.title.clone();
            if let Some(variant) = &rule.origin.variant {
                title = format!("{title} ({variant})");
            }
            if !rule.is_readable() {
                title.push_str("  [cannot be read: see rule check]");
            }
            [severity.to_owned(), rule.metadata.techniques.join(" "), visible(&rule.slug), visible(&title)]
        })
        .collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&visible(cell));
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()).saturating_add(2)));
        }
        writeln!(out, "{line}{}", row.last().map_or("", String::as_str))?;
    }
    for skipped in catalog.skipped() {
        writeln!(out, "skipped {}: {}", visible(&skipped.path), visible(&skipped.reason))?;
    }
    Ok(())
}
