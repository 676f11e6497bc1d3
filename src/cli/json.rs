//! JSON on an output that may be a terminal: what JSON leaves as it is and a terminal would act on (C1 controls,
//! bidirectional overrides, TAG characters, …) is written as `\u` escapes, which read back as the same text.

use std::io::{self, Write};

use serde::Serialize;

use crate::kql::visible::harmless_json as harmless;

/// Writes a value over several lines, and a line end.
pub fn write_pretty<T: Serialize + ?Sized>(output: &mut dyn Write, value: &T) -> io::Result<()> {
    writeln!(output, "{}", harmless(&serde_json::to_string_pretty(value)?))
}

/// Writes a value on one line, and a line end.
pub fn write_line<T: Serialize + ?Sized>(output: &mut dyn Write, value: &T) -> io::Result<()> {
    writeln!(output, "{}", harmless(&serde_json::to_string(value)?))
}

/// Adds a text as a JSON string.
pub fn push_text(json: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    // Nearly every text is printable ASCII, paths with their backslashes among them, and an answer has millions of them.
    if text.bytes().fold(false, |any, byte| any | !(b' '..=b'~').contains(&byte)) {
        return push(json, text);
    }
    json.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((before, [special, after @ ..])) =
        memchr::memchr2(b'"', b'\\', rest).and_then(|place| rest.split_at_checked(place))
    {
        json.extend_from_slice(before);
        json.extend_from_slice(&[b'\\', *special]);
        rest = after;
    }
    json.extend_from_slice(rest);
    json.push(b'"');
    Ok(())
}

/// Adds a value as JSON.
pub fn push<T: Serialize + ?Sized>(json: &mut Vec<u8>, value: &T) -> serde_json::Result<()> {
    json.extend_from_slice(harmless(&serde_json::to_string(value)?).as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::visible::visible;
    use proptest::prelude::*;

    fn line(text: &str) -> String {
        let mut output = Vec::new();
        write_line(&mut output, text).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert_eq!(
            line("a\u{1b}[31m\u{9b}\u{202e}\u{e0041}\u{7f}é"),
            "\"a\\u001b[31m\\u009b\\u202e\\udb40\\udc41\\u007fé\"\n"
        );
    }

    proptest! {
        #[test]
        fn it_reads_back_as_the_same_text(text in prop_oneof![".*", "[ -~]*"]) {
            let written = line(&text);
            prop_assert_eq!(visible(written.trim_end_matches('\n')), written.trim_end_matches('\n'));
            prop_assert_eq!(&serde_json::from_str::<String>(&written).unwrap(), &text);
            let mut pushed = Vec::new();
            push_text(&mut pushed, &text).unwrap();
            prop_assert_eq!(String::from_utf8(pushed).unwrap() + "\n", written);
        }
    }
}
