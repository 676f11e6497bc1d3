//! A regular expression made wider: without regard to case, and without the ends it is tied to.

/// The pattern in the ways that may match more, the closest to what is written first.
pub fn widened(pattern: &str) -> Vec<String> {
    let any_case = |pattern: &str| if has_flag(pattern) { pattern.to_owned() } else { format!("(?i){pattern}") };
    let untied = untied(pattern);
    let mut ways = vec![any_case(pattern)];
    if untied != pattern {
        ways.extend([untied.clone(), any_case(&untied)]);
    }
    // What is written as one blank is often typed as several.
    let blanks = untied.replace(' ', r"\s+");
    if blanks != untied && !untied.contains('[') {
        ways.push(any_case(&blanks));
    }
    ways.dedup();
    ways
}

/// The pattern for a whole text, where it was for a part of one.
pub fn tied(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

/// Whether the pattern begins with flags of its own: whoever wrote them thought of case.
fn has_flag(pattern: &str) -> bool {
    let flags = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    flags.is_some_and(|(flags, _)| !flags.is_empty() && flags.chars().all(|flag| flag.is_ascii_alphabetic()))
}

/// Without `^` and `$` at the ends.
fn untied(pattern: &str) -> String {
    let start = pattern.strip_prefix('^').unwrap_or(pattern);
    match start.strip_suffix('$') {
        // A dollar behind an odd number of backslashes is a dollar.
        Some(rest) if rest.chars().rev().take_while(|character| *character == '\\').count() % 2 == 0 => rest.to_owned(),
        _ => start.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_lose_case_and_ends() {
        assert_eq!(widened("^cmd"), ["(?i)^cmd", "cmd", "(?i)cmd"]);
        assert_eq!(widened(r"a\$"), [r"(?i)a\$"]);
        assert_eq!(widened("(?i)a b$"), ["(?i)a b$", "(?i)a b", r"(?i)a\s+b"]);
        assert_eq!(widened("a[ b]"), ["(?i)a[ b]"]);
    }
}
