//! Diagnostics on standard error, with the line and a caret.

use std::io::{self, Write};

use crate::kql::diagnostic::{Diagnostic, Severity};
use crate::kql::visible::visible;

/// Writes each diagnostic with the line it speaks of.
pub fn write(output: &mut dyn Write, source: &str, diagnostics: &[Diagnostic]) -> io::Result<()> {
    for diagnostic in diagnostics {
        let word = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(output, "{word}[{}]: {}", diagnostic.code, visible(&diagnostic.message))?;
        let before = source.get(..diagnostic.span.start).unwrap_or_default();
        let number = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = source.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let lead = visible(source.get(start..diagnostic.span.start).unwrap_or_default());
        let marked = visible(diagnostic.span.slice(source).lines().next().unwrap_or(""));
        writeln!(output, "  {number} | {}", visible(line))?;
        let indent = " ".repeat(number.to_string().len() + 5 + lead.chars().count());
        let label = diagnostic.label.as_deref().map(visible).unwrap_or_default();
        writeln!(output, "{indent}{} {label}", "^".repeat(marked.chars().count().max(1)))?;
        for help in &diagnostic.help {
            writeln!(output, "  help: {}", visible(help))?;
        }
    }
    Ok(())
}
