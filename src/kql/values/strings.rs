//! String literals → their characters.

use crate::kql::span::Span;

/// An escape that means nothing, at a byte range of the literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapeError {
    pub span: Span,
}

/// Decodes one literal with its prefix and quotes. The lexer has seen to the quotes.
/// On a bad escape the text is kept as it stands, beside the error.
pub fn decode_string(literal: &str) -> (String, Option<EscapeError>) {
    let body = literal.strip_prefix(['h', 'H']).unwrap_or(literal);
    for fence in ["```", "~~~"] {
        if let Some(inner) = body.strip_prefix(fence) {
            return (inner.strip_suffix(fence).unwrap_or(inner).to_owned(), None);
        }
    }
    if let Some(quoted) = body.strip_prefix('@') {
        let Some(quote) = quoted.chars().next() else { return (String::new(), None) };
        let inner = quoted.strip_prefix(quote).unwrap_or(quoted);
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        return (inner.replace(&format!("{quote}{quote}"), &quote.to_string()), None);
    }
    let Some(quote) = body.chars().next() else { return (String::new(), None) };
    let inner = body.strip_prefix(quote).unwrap_or(body);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    unescape(inner, literal.len() - body.len() + quote.len_utf8())
}

fn unescape(inner: &str, offset: usize) -> (String, Option<EscapeError>) {
    let mut decoded = String::with_capacity(inner.len());
    let mut first_error = None;
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        decoded.push_str(before);
        let (character, length) = escape(from).unwrap_or_else(|| {
            let start = offset + inner.len() - from.len();
            let length = 1 + from.chars().nth(1).map_or(0, char::len_utf8);
            first_error.get_or_insert(EscapeError { span: Span::new(start, start + length) });
            ('\\', 1)
        });
        decoded.push(character);
        rest = from.get(length..).unwrap_or("");
    }
    decoded.push_str(rest);
    (decoded, first_error)
}

/// The character that an escape at the start of `text` stands for, and its length in bytes.
fn escape(text: &str) -> Option<(char, usize)> {
    let mut characters = text.chars();
    characters.next()?;
    let simple = match characters.next()? {
        '\\' => '\\',
        '"' => '"',
        '\'' => '\'',
        '/' => '/',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => return hexadecimal(text, 2),
        'u' => return hexadecimal(text, 4).or_else(|| surrogate_pair(text)),
        'U' => return hexadecimal(text, 8),
        '0'..='7' => return octal(text),
        _ => return None,
    };
    Some((simple, 2))
}

fn hexadecimal(text: &str, digits: usize) -> Option<(char, usize)> {
    Some((char::from_u32(hexadecimal_value(text.get(2..2 + digits)?)?)?, 2 + digits))
}

fn hexadecimal_value(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// `\ud83d\ude00`: UTF-16 halves, as JSON writes characters beyond the first plane.
fn surrogate_pair(text: &str) -> Option<(char, usize)> {
    let high = hexadecimal_value(text.get(2..6)?)?;
    let low = hexadecimal_value(text.get(6..)?.strip_prefix("\\u")?.get(..4)?)?;
    let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 12))
}

fn octal(text: &str) -> Option<(char, usize)> {
    let length = text.bytes().skip(1).take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    let (digits, length) = match text.get(1..=length) {
        Some(digits) if length == 3 && digits.as_bytes().first().is_some_and(|first| *first > b'3') => {
            (digits.get(..2)?, 2)
        }
        digits => (digits?, length),
    };
    Some((char::from_u32(u32::from_str_radix(digits, 8).ok()?)?, 1 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quoting_gives_its_characters() {
        for (literal, value) in [
            (r#""a\\b\t\"c\"""#, "a\\b\t\"c\""),
            (r"'it\'s'", "it's"),
            (r#"@"C:\Windows ""x"""#, r#"C:\Windows "x""#),
            (r#"h@'a''b'"#, "a'b"),
            (r#"H"x\x41\u00e9\U0001F600""#, "xAé😀"),
            (r#""\ud83d\ude00\101\7""#, "😀A\u{7}"),
            ("```a\n\"b\\```", "a\n\"b\\"),
            ("~~~x~~~", "x"),
        ] {
            assert_eq!(decode_string(literal), (value.to_owned(), None), "{literal}");
        }
    }

    #[test]
    fn a_bad_escape_is_placed_and_kept_as_text() {
        let (value, error) = decode_string(r#"h"a\Program""#);
        assert_eq!(value, "a\\Program");
        assert_eq!(error, Some(EscapeError { span: Span::new(3, 5) }));
    }
}
