//! Regular expressions as KQL takes them: RE2's, without look-around and back-references.

use regex::Regex;

/// Why a pattern cannot run, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", instead.map(|instead| format!("; {instead}")).unwrap_or_default())]
pub struct BadPattern {
    pub message: String,
    pub instead: Option<&'static str>,
}

/// Compiles a pattern, or says why it cannot.
pub fn compile(pattern: &str) -> Result<Regex, BadPattern> {
    // RE2 reads `{1-3}` and a brace that opens nothing as themselves.
    Regex::new(pattern).or_else(|error| Regex::new(&with_literal_braces(pattern)).map_err(|_| reason(pattern, error)))
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
    fn reads_braces_as_re2_does() {
        for pattern in ["a{1-3}", "{x}", r"\{a{2,3}\}", r"\p{Lu}{2}", "a{,3}"] {
            assert_eq!(compile(pattern).map(drop), Ok(()), "{pattern}");
        }
        assert!(compile("a{1-3}").is_ok_and(|regex| regex.is_match("a{1-3}")));
    }
}
