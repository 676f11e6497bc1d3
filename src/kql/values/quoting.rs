//! Names and strings → KQL text that reads back as the same name or string.

/// Words that stand where a name could, and so need quoting to be read as one.
const NEVER_BARE: &[&str] = &[
    "and", "alias", "declare", "let", "restrict", "set", "or", "by", "of", "on", "with", "evaluate", "find", "print",
    "search", "union", "true", "false", "True", "False", "TRUE", "FALSE", "dynamic", "typeof",
];

/// Whether a name can be written without `['…']`.
pub fn is_plain_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '$')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !NEVER_BARE.contains(&name)
        && !crate::kql::words::is_operator_word(name)
}

/// The name as KQL text: bare where it can be, else `['…']`.
pub fn quote_name(name: &str) -> String {
    if is_plain_name(name) { name.to_owned() } else { format!("[{}]", quoted(name, '\'')) }
}

/// A string as a KQL literal. Verbatim where there are backslashes and nothing that needs an escape, as people write
/// paths; control, format and line-breaking characters are always escaped.
pub fn quote_string(text: &str) -> String {
    let plain = !text.chars().any(needs_escape);
    if plain && text.contains('\\') {
        return format!("@\"{}\"", text.replace('"', "\"\""));
    }
    quoted(text, '"')
}

fn needs_escape(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn quoted(text: &str, quote: char) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push(quote);
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            _ if character == quote => {
                literal.push('\\');
                literal.push(character);
            }
            _ if needs_escape(character) => {
                let code = u32::from(character);
                let escaped = if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
                literal.push_str(&escaped);
            }
            _ => literal.push(character),
        }
    }
    literal.push(quote);
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::values::decode_string;
    use proptest::prelude::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, text) in [("Timestamp", "Timestamp"), ("a b", "['a b']"), ("it's", r"['it\'s']"), ("and", "['and']")]
        {
            assert_eq!(quote_name(name), text);
        }
        assert_eq!(quote_string("\\MSSQL\\"), "@\"\\MSSQL\\\"");
        assert_eq!(quote_string("a\u{202e}b\n"), "\"a\\u202eb\\n\"");
    }

    proptest! {
        #[test]
        fn a_quoted_string_reads_back(text in any::<String>()) {
            prop_assert_eq!(decode_string(&quote_string(&text)), (text, None));
        }
    }
}
