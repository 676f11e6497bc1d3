//! Regular expressions as KQL takes them: RE2's, without look-around and back-references.

use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Why a pattern cannot run, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", instead.map(|instead| format!("; {instead}")).unwrap_or_default())]
pub struct BadPattern {
    pub message: String,
    pub instead: Option<&'static str>,
}

/// Compiles a pattern, or says why it cannot.
pub fn compile(pattern: &str) -> Result<Regex, BadPattern> {
    Regex::new(pattern).or_else(|error| Regex::new(&as_re2_reads(pattern)).map_err(|_| reason(pattern, error)))
}

/// Says why a pattern cannot run. One that is well formed and small is not compiled, which may take milliseconds.
pub fn check(pattern: &str) -> Result<(), BadPattern> {
    if regex_syntax::parse(pattern).is_ok_and(|tree| weight(&tree) <= LIGHT) {
        return Ok(());
    }
    compile(pattern).map(drop)
}

/// Below this weight a pattern cannot pass the limit on the size of a program, 10 MiB.
const LIGHT: usize = 200_000;

/// About how many states the program of a pattern has.
fn weight(tree: &Hir) -> usize {
    let of_all = |parts: &[Hir]| parts.iter().map(weight).fold(1, usize::saturating_add);
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        // A range of code points is several of bytes.
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(4),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or_else(|| repetition.min.saturating_add(1));
            weight(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX).max(1))
        }
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => of_all(parts),
    }
}

fn reason(pattern: &str, error: regex::Error) -> BadPattern {
    let lookaround = ["(?=", "(?!", "(?<=", "(?<!"].iter().find(|group| pattern.contains(**group));
    if let Some(group) = lookaround {
        return BadPattern {
            message: format!("the regular expression has a look-around '{group}…)', which KQL does not have"),
            instead: Some("match without it, and test what must not be there with another predicate"),
        };
    }
    let plain = |message: &str| BadPattern { message: message.to_owned(), instead: None };
    match error {
        regex::Error::Syntax(text) if text.contains("backreferences are not supported") => BadPattern {
            message: "the regular expression refers back to a group (\\1), which KQL does not have".to_owned(),
            instead: Some("take both parts out with extract() and compare them"),
        },
        regex::Error::Syntax(text) => {
            let last = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it cannot be read");
            plain(&format!("the regular expression is not valid: {last}"))
        }
        regex::Error::CompiledTooBig(_) => plain("the regular expression is too large"),
        _ => plain("the regular expression cannot be compiled"),
    }
}

/// `\0` and `\12` are numbers of characters; `\1` alone refers back to a group.
fn is_octal(after: &str) -> bool {
    match after.as_bytes() {
        [b'0', ..] => true,
        [b'1'..=b'7', second, ..] => matches!(second, b'0'..=b'7'),
        _ => false,
    }
}

/// Writes for the regex crate what RE2 takes beyond it: `{1-3}` and a brace that opens nothing stand for themselves, as
/// does `[` within a class, and `\0` or `\12` is a character's octal number.
fn as_re2_reads(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut opened = false;
    // How many characters of the class at hand were read.
    let mut in_class: Option<usize> = None;
    while let Some(next) = rest.chars().next() {
        let (head, tail) = rest.split_at_checked(next.len_utf8()).unwrap_or((rest, ""));
        let place = in_class;
        in_class = in_class.map(|read| read + usize::from(read > 0 || next != '^'));
        match next {
            '\\' if is_octal(tail) => {
                let digits = tail.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
                let (number, after) = tail.split_at_checked(digits).unwrap_or((tail, ""));
                escaped.push_str(&format!("\\x{{{:x}}}", u32::from_str_radix(number, 8).unwrap_or(0)));
                rest = after;
                continue;
            }
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
            '[' if place.is_none() => {
                in_class = Some(0);
                escaped.push('[');
            }
            '[' if !tail.starts_with(':') => escaped.push_str("\\["),
            // The first one stands for itself.
            ']' if place == Some(0) => escaped.push_str("\\]"),
            ']' => {
                let closes_named = place.is_some() && escaped.ends_with(':');
                in_class = if closes_named { place } else { None };
                escaped.push(']');
            }
            _ if place.is_some() => escaped.push_str(head),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_a_pattern_cannot_run() {
        for (pattern, why) in [
            ("a(?!b)", "the regular expression has a look-around '(?!…)', which KQL does not have; match without it"),
            (r"(a)\1", r"the regular expression refers back to a group (\1), which KQL does not have; take both"),
            ("a(b", "the regular expression is not valid: unclosed group"),
            ("*a", "the regular expression is not valid: repetition operator missing expression"),
        ] {
            let said = compile(pattern).unwrap_err().to_string();
            assert!(said.starts_with(why), "{pattern}: {said}");
        }
    }

    #[test]
    fn what_is_checked_is_what_runs() {
        for pattern in
            ["a(?!b)", r"(a)\1", "a(b", "a{1-3}", r"[\d|\w]{1,4}(x{7})+", r"(\w{100}){100}", "((a{9}){99}){99}"]
        {
            assert_eq!(check(pattern), compile(pattern).map(drop), "{pattern}");
        }
        assert!(check(r"((\w{100}){100}){9}").is_err());
    }

    #[test]
    fn reads_braces_as_re2_does() {
        for pattern in ["a{1-3}", "{x}", r"\{a{2,3}\}", r"\p{Lu}{2}", "a{,3}"] {
            assert_eq!(compile(pattern).map(drop), Ok(()), "{pattern}");
        }
        assert!(compile("a{1-3}").is_ok_and(|regex| regex.is_match("a{1-3}")));
    }

    #[test]
    fn reads_classes_and_octal_numbers_as_re2_does() {
        for (pattern, matches, other) in [
            (r#"^[[",\]]$"#, "[", "x"),
            (r"^[^[a]$", "b", "["),
            (r"^[][{]$", "]", "a"),
            (r"^a\0b$", "a\0b", "a0b"),
            (r"^\012$", "\n", "\0"),
            (r"^\101$", "A", "1"),
            ("^[[:alpha:][{1-3}]+$", "b{", "%"),
        ] {
            let regex = compile(pattern).unwrap_or_else(|bad| panic!("{pattern}: {bad}"));
            assert!(regex.is_match(matches), "{pattern} on {matches}");
            assert!(!regex.is_match(other), "{pattern} on {other}");
        }
    }
}
