//! Regular expressions in a statement: compiled once for it. Which ones there are, `kql::pattern` says.

use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::Context;

use super::value::failure;
use crate::kql::pattern::compile;

/// The compiled pattern at this place, kept for the statement.
pub(super) fn prepared(context: &Context<'_>, place: usize) -> rusqlite::Result<Arc<Regex>> {
    super::prepared::prepared(context, place, compiled)
}

/// The regular expression of a text.
pub(super) fn compiled(pattern: Option<&str>) -> rusqlite::Result<Regex> {
    compile(pattern.unwrap_or("")).map_err(|bad| failure(bad.to_string()))
}

/// `\1` in a replacement, as the regex crate writes it.
pub(super) fn replacement(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 4);
    let mut characters = text.chars().peekable();
    while let Some(next) = characters.next() {
        match (next, characters.peek().copied()) {
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                characters.next();
                written.push_str(&format!("${{{digit}}}"));
            }
            ('\\', Some('\\')) => {
                characters.next();
                written.push('\\');
            }
            ('$', _) => written.push_str("$$"),
            _ => written.push(next),
        }
    }
    written
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_written_with_backslashes() {
        assert_eq!(replacement(r"\2-\1$"), "${2}-${1}$$");
    }
}
