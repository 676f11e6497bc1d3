//! Making untrusted text displayable: the one function that stands between the bytes of an event, a rule or a
//! file name and a terminal.
//!
//! Nothing is dropped: an analyst must see what an attacker wrote. Controls become caret forms (`^[`), C1 controls
//! `M-^[`, and whatever would draw nothing, draw like a space or reorder its neighbours (format, bidi, TAG,
//! unassigned, private use, odd spaces, surplus combining marks) becomes its code point, `<U+202E>`.
//! It lives in the first module because diagnostics quote untrusted text too.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// Combining marks on one base character beyond this many are written out: a pile of them spills over other rows.
const MARKS_PER_BASE: usize = 4;

/// Bytes that [`plain_start`] looks at together.
const PIECE: usize = 64;

/// Displayable text, and which of its bytes are escapes rather than the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visible {
    pub text: String,
    pub escapes: Vec<Range<usize>>,
}

/// The displayable form of `text`. Applied to its own result it changes nothing.
pub fn visible(text: &str) -> String {
    escape(text).text
}

/// JSON text with what a terminal would act on as `\u` escapes, which read back as the same. Outside its strings JSON
/// is ASCII, so whatever is to be escaped stands in a string.
pub fn harmless_json(json: &str) -> Cow<'_, str> {
    let (plain, mut rest) = json.split_at(plain_start(json));
    if rest.is_empty() {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    text.push_str(plain);
    while let Some(character) = rest.chars().next() {
        let (alone, after) = rest.split_at(character.len_utf8());
        // Controls below the space are escaped by JSON itself; what is left of them is layout.
        if character == '\n' || visible(alone) == alone {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
        let (plain, after) = after.split_at(plain_start(after));
        text.push_str(plain);
        rest = after;
    }
    Cow::Owned(text)
}

/// As [`visible`], with the places of the escapes so that a screen can mark them.
pub fn escape(text: &str) -> Visible {
    let mut result = Visible { text: String::with_capacity(text.len()), escapes: Vec::new() };
    let mut marks = MARKS_PER_BASE;
    let mut rest = text;
    loop {
        let (plain, after) = rest.split_at(plain_start(rest));
        if !plain.is_empty() {
            result.text.push_str(plain);
            marks = 0;
        }
        let mut characters = after.chars();
        let Some(character) = characters.next() else { return result };
        rest = characters.as_str();
        let is_mark = is_mark(character);
        let fits = !is_mark || marks < MARKS_PER_BASE;
        if fits && is_shown_as_itself(character) {
            result.text.push(character);
            marks = if is_mark { marks.saturating_add(1) } else { 0 };
        } else {
            let start = result.text.len();
            push_escape(&mut result.text, character);
            result.escapes.push(start..result.text.len());
            // A mark after an escape would join the escape's last character.
            marks = MARKS_PER_BASE;
        }
    }
}

/// How many bytes at the start of the text draw as themselves, one column each: nearly all there are.
fn plain_start(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.wrapping_sub(b' ') <= b'~' - b' ';
    // Whole pieces, in bytes and without a way out in between: so the compiler looks at many at once.
    let is_plain_piece =
        |piece: &&[u8]| piece.iter().map(|byte| u8::from(!is_plain(byte))).fold(0, |one, other| one | other) == 0;
    let bytes = text.as_bytes();
    let pieces = bytes.chunks(PIECE).take_while(is_plain_piece).count();
    let start = bytes.len().min(pieces * PIECE);
    start + bytes.iter().skip(start).take_while(|byte| is_plain(byte)).count()
}

fn push_escape(text: &mut String, character: char) {
    let code = u32::from(character);
    let caret = |low: u32| char::from_u32(low ^ 0x40).unwrap_or('?');
    // Writing to a String cannot fail.
    let _ = match code {
        0..0x20 | 0x7f => write!(text, "^{}", caret(code)),
        0x80..0xa0 => write!(text, "M-^{}", caret(code - 0x80)),
        _ => write!(text, "<U+{code:04X}>"),
    };
}

/// Whether the character draws as itself and as nothing else.
fn is_shown_as_itself(character: char) -> bool {
    !is_invisible(character) && is_printable(character)
}

/// The standard library knows which characters are printable (neither control, format, unassigned, private use nor
/// a separator) and says so only through `escape_debug`: in a string, a character after the first is escaped when
/// it is not printable, and when it is a quote or a backslash.
fn is_printable(character: char) -> bool {
    if matches!(character, '"' | '\'' | '\\') {
        return true;
    }
    let mut buffer = [b'a'; 5];
    let length = match buffer.get_mut(1..) {
        Some(rest) => character.encode_utf8(rest).len(),
        None => 0,
    };
    let text = buffer.get(..=length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    text.escape_debug().count() == 2
}

/// Assigned characters that are letters or marks by category and still draw nothing
/// (Unicode's Default_Ignorable_Code_Point without the format characters), and the blank Braille pattern.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether the character joins the one before it: `char::escape_debug` escapes exactly those among the printable.
fn is_mark(character: char) -> bool {
    !matches!(character, '"' | '\'' | '\\') && character.escape_debug().count() > 1 && is_printable(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_an_attacker_writes_is_seen() {
        for (input, output) in [
            ("plain C:\\Windows \"quoted\" 'text'", "plain C:\\Windows \"quoted\" 'text'"),
            ("Grüße, 日本語, עברית", "Grüße, 日本語, עברית"),
            ("a\tb\r\n\0\x7f", "a^Ib^M^J^@^?"),
            ("\x1b]52;c;ZXZpbA==\x07", "^[]52;c;ZXZpbA==^G"),
            ("\u{9b}31m", "M-^[31m"),
            ("gpj.\u{202e}exe", "gpj.<U+202E>exe"),
            ("a\u{200b}b\u{200d}c\u{feff}\u{ad}", "a<U+200B>b<U+200D>c<U+FEFF><U+00AD>"),
            ("\u{e0041}\u{2028}\u{3164}\u{a0}\u{3000}", "<U+E0041><U+2028><U+3164><U+00A0><U+3000>"),
            ("\u{e000}\u{378}\u{fffe}", "<U+E000><U+0378><U+FFFE>"),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}x", "<U+0301>x"),
            ("\x1b\u{301}", "^[<U+0301>"),
        ] {
            assert_eq!(visible(input), output, "{input:?}");
        }
        assert_eq!(visible(&format!("z{}", "\u{301}".repeat(6))), "z\u{301}\u{301}\u{301}\u{301}<U+0301><U+0301>");
    }

    #[test]
    fn escapes_are_marked() {
        assert_eq!(escape("a\x1bb\u{202e}"), Visible { text: "a^[b<U+202E>".into(), escapes: vec![1..3, 4..12] });
    }

    fn is_hostile(character: char) -> bool {
        character.is_control()
            || (character.is_whitespace() && character != ' ')
            || matches!(character,
                '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
    }

    proptest! {
        #[test]
        fn nothing_hostile_comes_out(text in proptest::collection::vec(
            prop_oneof![any::<char>(), (0u32..0xa0).prop_filter_map("char", char::from_u32),
                (0x2000u32..0x2070).prop_filter_map("char", char::from_u32),
                (0xe0000u32..0xe0080).prop_filter_map("char", char::from_u32),
                (0x300u32..0x370).prop_filter_map("char", char::from_u32)], 0..40)) {
            let text: String = text.into_iter().collect();
            let once = visible(&text);
            prop_assert!(!once.chars().any(is_hostile), "{once:?}");
            prop_assert_eq!(visible(&once), once);
        }

        #[test]
        fn harmless_json_says_the_same(texts in proptest::collection::vec(
            prop_oneof!["[ -~]{0,200}", "\\PC{0,40}", any::<String>(), Just("Microsoft® \u{202e}exe".to_owned())], 0..6)) {
            let json = serde_json::to_string(&texts).unwrap();
            let harmless = harmless_json(&json);
            prop_assert!(!harmless.chars().any(is_hostile), "{harmless:?}");
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&harmless).unwrap(), texts);
        }
    }
}
