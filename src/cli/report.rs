//! Diagnostics on standard error, with the line and a caret.

use std::io::{self, Write};

use crate::kql::diagnostic::Diagnostic;
use crate::kql::{Colours, render};

/// Whoever has this many mistakes mends these first.
const MOST_SHOWN: usize = 20;

/// Writes the diagnostics with the lines they speak of. `origin` says what `source` is.
pub fn write(output: &mut dyn Write, origin: &str, source: &str, diagnostics: &[Diagnostic]) -> io::Result<()> {
    let shown = diagnostics.get(..MOST_SHOWN).unwrap_or(diagnostics);
    write!(output, "{}", render(shown, source, origin, Colours::Plain))?;
    match diagnostics.len().saturating_sub(shown.len()) {
        0 => Ok(()),
        more => writeln!(output, "\n… and {more} more"),
    }
}
