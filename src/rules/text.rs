//! Query text for reading: comments and the blank lines they leave are taken out, strings are left alone.

use crate::kql::lexer::{TokenKind, tokenize};

/// `query` without its comments.
pub fn without_comments(query: &str) -> String {
    let mut kept = String::with_capacity(query.len());
    let mut at = 0;
    for token in tokenize(query) {
        if token.kind == TokenKind::Comment {
            kept.push_str(query.get(at..token.span.start).unwrap_or(""));
            at = token.span.end;
        }
    }
    kept.push_str(query.get(at..).unwrap_or(""));
    let lines: Vec<&str> = kept.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let cases = [
            ("T // all\n| take 5", "T\n| take 5"),
            ("// first\n\nT", "T"),
            ("print 'http://x' // y", "print 'http://x'"),
            (r#"print @"c:\" // y"#, r#"print @"c:\""#),
            ("print ```\n// kept\n```", "print ```\n// kept\n```"),
            ("", ""),
        ];
        for (query, wanted) in cases {
            assert_eq!(without_comments(query), wanted, "{query}");
        }
    }
}
