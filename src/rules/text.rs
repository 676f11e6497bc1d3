//! Query text for reading: comments and the blank lines they leave are taken out, strings are left alone.

/// `query` without its `//` comments.
pub fn without_comments(query: &str) -> String {
    let mut kept = String::with_capacity(query.len());
    let mut rest = query.chars().peekable();
    let mut previous = ' ';
    while let Some(character) = rest.next() {
        match character {
            '"' | '\'' => {
                kept.push(character);
                let verbatim = previous == '@';
                while let Some(inner) = rest.next() {
                    kept.push(inner);
                    if inner == character || inner == '\n' {
                        break;
                    }
                    if inner == '\\' && !verbatim {
                        kept.extend(rest.next());
                    }
                }
            }
            '/' if rest.peek() == Some(&'/') => {
                while rest.peek().is_some_and(|next| *next != '\n') {
                    rest.next();
                }
            }
            _ => kept.push(character),
        }
        previous = character;
    }
    let lines: Vec<&str> = kept.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.join("\n").trim().to_owned()
}
