//! The keys and values that `parse-kv` finds in a text.
//!
//! Three ways, as the operator's page has them: between given delimiters, between any characters that are neither
//! letter nor digit, and by a regular expression. Of a key that repeats, the first value stays.

use std::sync::Arc;

use regex::Regex;
use rusqlite::Result;
use rusqlite::functions::Context;
use serde_json::Value as Json;

use crate::kql::pattern::compile;

use super::support::text;

/// The settings of `parse-kv`, as the compiler writes them.
#[derive(serde::Deserialize)]
struct Settings {
    keys: Vec<String>,
    #[serde(default)]
    pair_delimiter: String,
    #[serde(default)]
    kv_delimiter: String,
    /// Each an opening and a closing character, or one for both.
    #[serde(default)]
    quote: Vec<String>,
    #[serde(default)]
    escape: Vec<String>,
    #[serde(default)]
    greedy: bool,
    #[serde(default)]
    regex: String,
}

/// How the pairs of one statement are found.
struct Pairs {
    settings: Settings,
    regex: Option<Regex>,
}

impl Pairs {
    fn read(settings: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let settings: Settings = serde_json::from_str(settings)?;
        let regex = if settings.regex.is_empty() { None } else { Some(compile(&settings.regex)?) };
        Ok(Self { settings, regex })
    }

    fn values(&self, text: &str) -> Vec<Option<String>> {
        let mut found = vec![None; self.settings.keys.len()];
        let mut take = |key: &str, value: &str| {
            let place = self.settings.keys.iter().position(|wanted| wanted == key);
            if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                slot.get_or_insert_with(|| value.to_owned());
            }
        };
        match &self.regex {
            Some(regex) => {
                for pair in regex.captures_iter(text) {
                    let group = |place| pair.get(place).map_or("", |group| group.as_str().trim());
                    take(group(1), group(2));
                }
            }
            None if self.settings.kv_delimiter.is_empty() => self.words(text, take),
            None => self.delimited(text, take),
        }
        found
    }

    fn delimited(&self, text: &str, mut take: impl FnMut(&str, &str)) {
        let Settings { pair_delimiter, kv_delimiter, .. } = &self.settings;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(kv_delimiter.as_str()) {
            // Spaces may stand around the delimiter, even where a space ends a pair.
            let after = after.trim_start_matches(|character: char| {
                character.is_whitespace() && !pair_delimiter.trim().is_empty()
                    || character == ' ' && pair_delimiter == " "
            });
            let (value, tail) = self.value(after);
            take(self.key(before), &value);
            rest = tail;
        }
    }

    /// The key that ends a text: what follows the last delimiter of pairs, or stands in the quotes that close it.
    fn key<'t>(&self, before: &'t str) -> &'t str {
        let before = before.trim();
        for quote in &self.settings.quote {
            let (open, close) = ends(quote);
            if let Some(inner) = before.strip_suffix(close)
                && let Some((_, key)) = inner.rsplit_once(open)
            {
                return key;
            }
        }
        match before.rsplit_once(self.settings.pair_delimiter.as_str()) {
            Some((_, key)) => key.trim(),
            None => before,
        }
    }

    /// A value and what follows its pair.
    fn value<'t>(&self, text: &'t str) -> (String, &'t str) {
        if let Some(quoted) = self.quoted(text) {
            return quoted;
        }
        let Settings { pair_delimiter, kv_delimiter, greedy, .. } = &self.settings;
        let ended = if *greedy {
            // The value goes on to the delimiter before the next key.
            text.split_once(kv_delimiter.as_str()).and_then(|(before, _)| {
                let (value, _) = before.trim_end().rsplit_once(pair_delimiter.as_str())?;
                Some((value, text.get(value.len()..)?))
            })
        } else {
            text.split_once(pair_delimiter.as_str())
        };
        match ended {
            Some((value, tail)) => (value.trim().to_owned(), tail),
            None => (text.trim().to_owned(), ""),
        }
    }

    /// What stands in quotes at the start of a text, with its escapes taken away, and what follows.
    fn quoted<'t>(&self, text: &'t str) -> Option<(String, &'t str)> {
        for quote in &self.settings.quote {
            let (open, close) = ends(quote);
            let Some(inner) = text.strip_prefix(open) else { continue };
            let mut value = String::new();
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                if character == close {
                    return Some((value, characters.as_str()));
                }
                let is_escape = self.settings.escape.iter().any(|escape| escape.starts_with(character));
                value.push(if is_escape { characters.next().unwrap_or(character) } else { character });
            }
        }
        None
    }

    /// Keys and values are the words of the text, and what stands in quotes; a key's value is the next one.
    fn words(&self, text: &str, mut take: impl FnMut(&str, &str)) {
        let mut words = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|character: char| {
                !character.is_alphanumeric() && !self.settings.quote.iter().any(|quote| ends(quote).0 == character)
            });
            let Some(first) = rest.chars().next() else { break };
            if first.is_alphanumeric() {
                let word = rest.find(|character: char| !character.is_alphanumeric());
                let (word, tail) = word.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
                words.push(word.to_owned());
                rest = tail;
            } else if let Some((value, tail)) = self.quoted(rest) {
                words.push(value);
                rest = tail;
            } else {
                rest = rest.get(first.len_utf8()..).unwrap_or("");
            }
        }
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if self.settings.keys.contains(word) {
                take(word, words.next().map_or("", String::as_str));
            }
        }
    }
}

/// The opening and the closing character of a pair of quotes.
fn ends(quote: &str) -> (char, char) {
    let mut characters = quote.chars();
    let open = characters.next().unwrap_or('"');
    (open, characters.next().unwrap_or(open))
}

/// The values of the wanted keys as a JSON array.
pub(super) fn parse_kv(context: &Context<'_>) -> Result<Option<String>> {
    let pairs: Arc<Pairs> = context.get_or_create_aux(1, |value| Pairs::read(value.as_str()?))?;
    let Some(text) = text(context.get_raw(0)) else { return Ok(None) };
    let values = pairs.values(text).into_iter().map(|value| value.map_or(Json::Null, Json::String));
    Ok(Some(Json::Array(values.collect()).to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn values(settings: &str, text: &str) -> Vec<String> {
        Pairs::read(settings).unwrap().values(text).into_iter().map(|value| value.unwrap_or("-".to_owned())).collect()
    }

    #[test]
    fn quotes_wrap_keys_and_values() {
        let plain = r#"{"keys":["user name","from"],"pair_delimiter":" ","kv_delimiter":"=","quote":["\"","()"]}"#;
        assert_eq!(values(plain, r#"x=1 "user name"="Ann Lee" from=(far away)"#), ["Ann Lee", "far away"]);
        let escaped = r#"{"keys":["a","b"],"pair_delimiter":" ","kv_delimiter":"=","quote":["'"],"escape":["\\"]}"#;
        assert_eq!(values(escaped, r"a='it\'s' b='open"), ["it's", "'open"]);
    }

    #[test]
    fn a_greedy_value_ends_before_the_next_key() {
        let greedy = r#"{"keys":["who","where"],"pair_delimiter":" ","kv_delimiter":"=","greedy":true}"#;
        assert_eq!(values(greedy, "who=Ann Lee where=New York"), ["Ann Lee", "New York"]);
        assert_eq!(values(&greedy.replace("true", "false"), "who=Ann Lee where=New York"), ["Ann", "New"]);
        assert_eq!(values(greedy, "who="), ["", "-"]);
    }

    #[test]
    fn without_delimiters_words_are_pairs() {
        let words = r#"{"keys":["Text","Id"],"quote":["'"],"escape":["\\"]}"#;
        assert_eq!(values(words, r"[INFO] Id:45, x: Text: 'it\'s up' Text: no"), ["it's up", "45"]);
        assert_eq!(values(words, "Id"), ["-", ""]);
    }

    #[test]
    fn a_regular_expression_names_the_groups() {
        let regex = r#"{"keys":["a b","c"],"regex":"\"([\\w ]+)\\s*:\\s*([^\"]*)\""}"#;
        assert_eq!(values(regex, r#"["a b: 1", "c : 2 ", "c: 3"]"#), ["1", "2"]);
    }
}
