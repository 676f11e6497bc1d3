//! XML as JSON, as `parse_xml` gives it: attributes are `@name`, text beside them `#text`, repeated elements arrays.
//!
//! A small reader of well-formed documents: no DTD, no external entities (a document from a hostile machine
//! must not reach out), depth bounded. Anything else is no XML and gives null.

use serde_json::{Map, Value as Json};

const DEEPEST: usize = 64;

pub(super) fn to_json(text: &str) -> Option<String> {
    let mut reader = Reader { rest: text.trim() };
    reader.skip_prologue()?;
    let (name, value) = reader.element(0)?;
    reader.skip_prologue()?;
    reader.rest.is_empty().then_some(())?;
    let mut document = Map::new();
    document.insert(name, value);
    Some(super::json::write(&Json::Object(document)))
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, prefix: &str) -> bool {
        self.rest.strip_prefix(prefix).map(|rest| self.rest = rest).is_some()
    }

    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Declarations and comments around the root.
    fn skip_prologue(&mut self) -> Option<()> {
        loop {
            self.skip_space();
            if self.eat("<?") {
                self.until("?>")?;
            } else if self.eat("<!--") {
                self.until("-->")?;
            } else {
                return Some(());
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let end = self
            .rest
            .find(|next: char| next.is_whitespace() || matches!(next, '>' | '/' | '=' | '<' | '"' | '\''))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn element(&mut self, depth: usize) -> Option<(String, Json)> {
        (depth < DEEPEST && self.eat("<")).then_some(())?;
        let name = self.name()?;
        let mut members = Map::new();
        loop {
            self.skip_space();
            if self.eat("/>") {
                return Some((name, finished(members, "")));
            }
            if self.eat(">") {
                break;
            }
            let attribute = self.name()?;
            self.skip_space();
            self.eat("=").then_some(())?;
            self.skip_space();
            let quote = if self.eat("\"") {
                "\""
            } else if self.eat("'") {
                "'"
            } else {
                return None;
            };
            let value = unescaped(self.until(quote)?);
            members.insert(format!("@{attribute}"), Json::from(value));
        }
        let mut text = String::new();
        loop {
            if self.eat("<![CDATA[") {
                text.push_str(self.until("]]>")?);
            } else if self.eat("<!--") {
                self.until("-->")?;
            } else if self.eat("<?") {
                self.until("?>")?;
            } else if self.eat("</") {
                (self.name()? == name).then_some(())?;
                self.skip_space();
                self.eat(">").then_some(())?;
                return Some((name, finished(members, text.trim())));
            } else if self.rest.starts_with('<') {
                let (child, value) = self.element(depth + 1)?;
                match members.get_mut(&child) {
                    Some(Json::Array(values)) => values.push(value),
                    Some(known) => *known = Json::Array(vec![known.take(), value]),
                    None => {
                        members.insert(child, value);
                    }
                }
            } else {
                let end = self.rest.find('<')?;
                let (piece, rest) = self.rest.split_at_checked(end)?;
                text.push_str(&unescaped(piece));
                self.rest = rest;
            }
        }
    }
}

fn finished(mut members: Map<String, Json>, text: &str) -> Json {
    if members.is_empty() {
        return if text.is_empty() { Json::Null } else { Json::from(text) };
    }
    if !text.is_empty() {
        members.insert("#text".to_owned(), Json::from(text));
    }
    Json::Object(members)
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        rest = match entity {
            Some((character, tail)) => {
                plain.push(character);
                tail
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
