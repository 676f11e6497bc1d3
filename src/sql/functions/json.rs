//! Dynamic values without building them: finding members in compact JSON text, and writing JSON.
//!
//! Slices of the text stand for its parts, so that reaching `AdditionalFields.a.b` copies nothing and numbers
//! keep the digits they came with.

use std::borrow::Cow;

use serde_json::Value as Json;

/// What a JSON text holds, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    Text,
    Array,
    Bag,
}

pub fn kind(json: &str) -> Kind {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => Kind::Bag,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Null,
    }
}

/// Where the value that starts at `start` ends.
fn end_of_value(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => end_of_text(bytes, start),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = start;
            loop {
                match bytes.get(at)? {
                    b'"' => {
                        at = end_of_text(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
        }
        _ => {
            let rest = bytes.get(start..)?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))
                .unwrap_or(rest.len());
            (length > 0).then_some(start + length)
        }
    }
}

fn end_of_text(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The members of an array, as JSON texts.
pub struct Elements<'a> {
    json: &'a str,
    at: usize,
}

/// Steps through an array; `None` where the text is no array.
pub fn elements(json: &str) -> Option<Elements<'_>> {
    let at = skip_space(json.as_bytes(), 0);
    (json.as_bytes().get(at) == Some(&b'[')).then_some(Elements { json, at: at + 1 })
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.json.as_bytes();
        let start = skip_space(bytes, self.at);
        if bytes.get(start)? == &b']' {
            return None;
        }
        let end = end_of_value(bytes, start)?;
        let after = skip_space(bytes, end);
        self.at = if bytes.get(after) == Some(&b',') { after + 1 } else { after };
        self.json.get(start..end)
    }
}

/// The names (still quoted) and values of a bag.
pub struct Entries<'a> {
    json: &'a str,
    at: usize,
}

/// Steps through a bag; `None` where the text is no bag.
pub fn entries(json: &str) -> Option<Entries<'_>> {
    let at = skip_space(json.as_bytes(), 0);
    (json.as_bytes().get(at) == Some(&b'{')).then_some(Entries { json, at: at + 1 })
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let bytes = self.json.as_bytes();
        let start = skip_space(bytes, self.at);
        if bytes.get(start)? != &b'"' {
            return None;
        }
        let name_end = end_of_text(bytes, start)?;
        let colon = skip_space(bytes, name_end);
        if bytes.get(colon)? != &b':' {
            return None;
        }
        let value_start = skip_space(bytes, colon + 1);
        let value_end = end_of_value(bytes, value_start)?;
        let after = skip_space(bytes, value_end);
        self.at = if bytes.get(after) == Some(&b',') { after + 1 } else { after };
        Some((self.json.get(start..name_end)?, self.json.get(value_start..value_end)?))
    }
}

/// The value under a name; `None` where it is missing or null.
pub fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    entries(json)?.find(|(quoted, _)| unquote(quoted) == name).map(|(_, value)| value).filter(|value| *value != "null")
}

/// The member of an array at a place, counted from the end where negative; `None` where missing or null.
pub fn element(json: &str, place: i64) -> Option<&str> {
    let found = if let Ok(place) = usize::try_from(place) {
        elements(json)?.nth(place)
    } else {
        let all: Vec<&str> = elements(json)?.collect();
        let from_end = usize::try_from(place.unsigned_abs()).ok()?;
        all.len().checked_sub(from_end).and_then(|place| all.get(place).copied())
    };
    found.filter(|value| *value != "null")
}

/// The text of a JSON string; any other JSON text as it is.
pub fn unquote(json: &str) -> Cow<'_, str> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(json);
    };
    if inner.contains('\\') {
        serde_json::from_str(json).map_or(Cow::Borrowed(inner), Cow::Owned)
    } else {
        Cow::Borrowed(inner)
    }
}

/// A JSON value as `tostring` gives it.
pub fn plain_text(json: &str) -> Cow<'_, str> {
    if json == "null" { Cow::Borrowed("") } else { unquote(json) }
}

/// A text as a JSON string.
pub fn quote(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_quoted(&mut json, text);
    json
}

/// Appends a text as a JSON string.
pub fn push_quoted(json: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if is_plain {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&Json::from(text).to_string());
    }
}

/// Reads text as JSON; compact, or `None` where it is none.
pub fn compact(text: &str) -> Option<String> {
    serde_json::from_str::<Json>(text).ok().map(|value| write(&value))
}

/// A JSON value as compact text, its reals as the engine prints them.
pub fn write(value: &Json) -> String {
    let mut text = String::new();
    push(&mut text, value);
    text
}

fn push(text: &mut String, value: &Json) {
    match value {
        Json::Number(number) if number.is_f64() => {
            text.push_str(&crate::schema::real::real_text(number.as_f64().unwrap_or(0.0)));
        }
        Json::Array(members) => {
            text.push('[');
            for (place, member) in members.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                push(text, member);
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (place, (name, member)) in members.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                push_quoted(text, name);
                text.push(':');
                push(text, member);
            }
            text.push('}');
        }
        Json::String(inner) => push_quoted(text, inner),
        other => text.push_str(&other.to_string()),
    }
}

/// A real as JSON; what JSON lacks is a string.
pub fn real(value: f64) -> String {
    if value.is_nan() {
        "\"NaN\"".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "\"Infinity\"".to_owned() } else { "\"-Infinity\"".to_owned() }
    } else {
        crate::schema::real::real_text(value)
    }
}

/// An array of JSON texts.
pub fn array<T: AsRef<str>>(members: impl IntoIterator<Item = T>) -> String {
    let mut json = String::from("[");
    for member in members {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(member.as_ref());
    }
    json.push(']');
    json
}

/// A number in JSON text.
pub fn number(json: &str) -> Option<f64> {
    (kind(json) == Kind::Number).then(|| json.parse().ok())?
}

/// Whether two JSON values are the same; numbers compare by value, bags without regard to order.
pub fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (kind(left), kind(right)) {
        (Kind::Number, Kind::Number) => number(left) == number(right),
        (Kind::Text, Kind::Text) => unquote(left) == unquote(right),
        (Kind::Array, Kind::Array) | (Kind::Bag, Kind::Bag) => key(left) == key(right),
        _ => false,
    }
}

/// A text that is equal for equal values.
pub fn key(json: &str) -> Cow<'_, str> {
    match kind(json) {
        Kind::Number if json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => match json.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && value.abs() < 9e15 => Cow::Owned((value as i64).to_string()),
            Ok(value) => Cow::Owned(value.to_string()),
            Err(_) => Cow::Borrowed(json),
        },
        Kind::Text if json.contains('\\') => Cow::Owned(quote(&unquote(json))),
        Kind::Array | Kind::Bag => {
            serde_json::from_str(json).map_or(Cow::Borrowed(json), |value| Cow::Owned(write(&sorted(value))))
        }
        _ => Cow::Borrowed(json),
    }
}

/// The value with the names of every bag sorted.
pub fn sorted(value: Json) -> Json {
    match value {
        Json::Array(members) => Json::Array(members.into_iter().map(sorted).collect()),
        Json::Object(members) => {
            let mut pairs: Vec<(String, Json)> =
                members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            pairs.sort_by(|left, right| left.0.cmp(&right.0));
            Json::Object(pairs.into_iter().collect())
        }
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn finds_parts() {
        let json = r#"{"a":{"b":[1,"x,]}",null,{"c":2}]},"q\"":true,"n":null}"#;
        assert_eq!(member(json, "q\""), Some("true"));
        assert_eq!(member(json, "n"), None);
        let array = member(member(json, "a").unwrap(), "b").unwrap();
        assert_eq!(elements(array).unwrap().collect::<Vec<_>>(), ["1", "\"x,]}\"", "null", "{\"c\":2}"]);
        assert_eq!(element(array, -1), Some("{\"c\":2}"));
        assert_eq!(element(array, 2), None);
        assert_eq!(element(array, 9), None);
        assert_eq!(elements("[]").unwrap().count(), 0);
        assert!(elements("{}").is_none());
    }

    #[test]
    fn compares_by_value() {
        assert!(same("15", "15.0"));
        assert!(same("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"));
        assert!(!same("2", "\"2\""));
        assert!(same("\"\\u0061\"", "\"a\""));
    }

    proptest! {
        #[test]
        fn nothing_panics_on_broken_json(text in ".{0,30}", place in -3_i64..3) {
            let _ = (member(&text, "a"), element(&text, place), key(&text), unquote(&text), compact(&text));
        }

        #[test]
        fn quoting_comes_back(text in ".{0,30}") {
            let quoted = quote(&text);
            prop_assert_eq!(unquote(&quoted), text);
        }
    }
}
