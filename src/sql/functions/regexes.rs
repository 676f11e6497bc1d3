//! Regular expressions: checked when a query is bound, compiled once per statement.

use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::Context;

use super::value::{failure, text_of};

/// Why a pattern cannot run; `None` where it can.
fn reason(pattern: &str) -> Option<String> {
    let error = Regex::new(pattern).err()?;
    let lookaround = ["(?=", "(?!", "(?<=", "(?<!"].iter().find(|group| pattern.contains(**group));
    if let Some(group) = lookaround {
        return Some(format!(
            "the regular expression uses look-around ({group}…)), which KQL does not have; match more and compare the parts"
        ));
    }
    Some(match error {
        regex::Error::Syntax(text) if text.contains("backreferences are not supported") => {
            "the regular expression refers back to a group (\\1), which KQL does not have; extract both parts and compare them"
                .to_owned()
        }
        regex::Error::Syntax(text) => {
            let last = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it cannot be read");
            format!("the regular expression is not valid: {last}")
        }
        regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
        _ => "the regular expression cannot be compiled".to_owned(),
    })
}

/// Whether a pattern can run, or why not. The binder asks this for constant patterns.
pub fn check_regex(pattern: &str) -> Result<(), String> {
    compile(pattern).map(drop)
}

fn compile(pattern: &str) -> Result<Regex, String> {
    // RE2 reads `{1-3}` and a brace that opens nothing as themselves.
    Regex::new(pattern)
        .or_else(|_| Regex::new(&with_literal_braces(pattern)))
        .map_err(|_| reason(pattern).unwrap_or_else(|| "the regular expression cannot be compiled".to_owned()))
}

/// Escapes braces that are no repetition.
fn with_literal_braces(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut opened = false;
    while let Some(next) = rest.chars().next() {
        let (head, tail) = rest.split_at_checked(next.len_utf8()).unwrap_or((rest, ""));
        match next {
            '\\' => {
                let taken = tail.chars().next().map_or(0, char::len_utf8);
                let (character, after) = tail.split_at_checked(taken).unwrap_or(("", tail));
                escaped.push('\\');
                escaped.push_str(character);
                let named = matches!(character, "p" | "P" | "x" | "u") && after.starts_with('{');
                if named && let Some((group, after)) = after.split_once('}') {
                    escaped.push_str(group);
                    escaped.push('}');
                    rest = after;
                } else {
                    rest = after;
                }
                continue;
            }
            '{' => {
                let is_repetition = tail.split_once('}').is_some_and(|(inside, _)| {
                    let mut bounds = inside.split(',');
                    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                    bounds.next().is_some_and(is_number)
                        && bounds.next().is_none_or(|bound| bound.is_empty() || is_number(bound))
                        && bounds.next().is_none()
                });
                opened = is_repetition;
                escaped.push_str(if is_repetition { "{" } else { "\\{" });
            }
            '}' => {
                escaped.push_str(if opened { "}" } else { "\\}" });
                opened = false;
            }
            _ => escaped.push_str(head),
        }
        rest = tail;
    }
    escaped
}

/// The compiled pattern at this place, kept for the statement where it is constant.
pub(super) fn prepared(context: &Context<'_>, place: usize) -> rusqlite::Result<Arc<Regex>> {
    prepared_as(context, place, str::to_owned)
}

/// As [`prepared`], of a pattern made from the argument.
pub(super) fn prepared_as(
    context: &Context<'_>,
    place: usize,
    pattern: fn(&str) -> String,
) -> rusqlite::Result<Arc<Regex>> {
    if place >= context.len() {
        return Err(failure("a regular expression is missing"));
    }
    let slot = i32::try_from(place).unwrap_or(0);
    context.get_or_create_aux(slot, |value| compile(&pattern(text_of(value).unwrap_or(""))).map_err(failure))
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
    fn says_why_a_pattern_cannot_run() {
        insta::assert_snapshot!(check_regex("a(?!b)").unwrap_err(), @"the regular expression uses look-around ((?!…)), which KQL does not have; match more and compare the parts");
        insta::assert_snapshot!(check_regex(r"(a)\1").unwrap_err(), @r#"the regular expression refers back to a group (\1), which KQL does not have; extract both parts and compare them"#);
        insta::assert_snapshot!(check_regex("a(b").unwrap_err(), @"the regular expression is not valid: unclosed group");
        insta::assert_snapshot!(check_regex("*a").unwrap_err(), @"the regular expression is not valid: repetition operator missing expression");
    }

    #[test]
    fn reads_braces_as_re2_does() {
        for pattern in ["a{1-3}", "{x}", r"\{a{2,3}\}", r"\p{Lu}{2}", "a{,3}"] {
            assert_eq!(check_regex(pattern), Ok(()), "{pattern}");
        }
        assert!(compile("a{1-3}").is_ok_and(|regex| regex.is_match("a{1-3}")));
    }

    #[test]
    fn groups_are_written_with_backslashes() {
        assert_eq!(replacement(r"\2-\1$"), "${2}-${1}$$");
    }
}
