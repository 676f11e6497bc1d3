//! Aggregates that gather values: lists, sets, bags, schemas, any value.

use rusqlite::functions::Context;

use super::Accumulator;
use crate::sql::functions::json::{self, Kind};
use crate::sql::functions::value::{Arguments, Output};

/// The most members a list, set or bag holds.
const MOST_MEMBERS: i64 = 1_048_576;

fn limit(context: &Context<'_>) -> usize {
    usize::try_from(context.integer(1).unwrap_or(MOST_MEMBERS).clamp(0, MOST_MEMBERS)).unwrap_or(0)
}

/// With `DYNAMIC`, nulls are kept and arrays flattened, as the engine does for dynamic values.
#[derive(Default)]
pub(super) struct List<const DYNAMIC: bool> {
    json: String,
    count: usize,
}

impl<const DYNAMIC: bool> List<DYNAMIC> {
    fn push(&mut self, member: &str, limit: usize) {
        if self.count >= limit {
            return;
        }
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.json.push_str(member);
        self.count += 1;
    }
}

impl<const DYNAMIC: bool> Accumulator for List<DYNAMIC> {
    fn take(&mut self, context: &Context<'_>) {
        let limit = limit(context);
        match context.maybe_text(0) {
            None if DYNAMIC => self.push("null", limit),
            None => {}
            Some(value) => match json::elements(value).filter(|_| DYNAMIC) {
                Some(elements) => elements.for_each(|element| self.push(element, limit)),
                None => self.push(value, limit),
            },
        }
    }

    fn finish(mut self) -> Output {
        if self.count == 0 {
            return Output::from("[]");
        }
        self.json.push(']');
        self.json.into()
    }
}

#[derive(Default)]
pub(super) struct Set {
    seen: std::collections::HashSet<String>,
    list: List<true>,
}

impl Accumulator for Set {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0) else { return };
        let limit = limit(context);
        let mut add = |member: &str| {
            let key = json::key(member);
            if member != "null" && self.list.count < limit && !self.seen.contains(key.as_ref()) {
                self.seen.insert(key.into_owned());
                self.list.push(member, limit);
            }
        };
        match json::elements(value) {
            Some(elements) => elements.for_each(add),
            None => add(value),
        }
    }

    fn finish(self) -> Output {
        self.list.finish()
    }
}

/// The first value of a name stays.
#[derive(Default)]
pub(super) struct Bag {
    names: std::collections::HashSet<String>,
    json: String,
}

impl Accumulator for Bag {
    fn take(&mut self, context: &Context<'_>) {
        let limit = limit(context);
        for (name, value) in context.maybe_text(0).and_then(json::entries).into_iter().flatten() {
            if self.names.len() < limit && self.names.insert(name.to_owned()) {
                self.json.push(if self.json.is_empty() { '{' } else { ',' });
                self.json.push_str(name);
                self.json.push(':');
                self.json.push_str(value);
            }
        }
    }

    fn finish(mut self) -> Output {
        if self.json.is_empty() {
            return Output::from("{}");
        }
        self.json.push('}');
        self.json.into()
    }
}

/// The union of the shapes of all values.
#[derive(Default)]
pub(super) struct SchemaOfValues {
    types: Vec<&'static str>,
    members: Vec<(String, SchemaOfValues)>,
    indexer: Option<Box<SchemaOfValues>>,
}

impl SchemaOfValues {
    fn add(&mut self, value: &str) {
        let name = match json::kind(value) {
            Kind::Null => return,
            Kind::Bool => "bool",
            Kind::Number if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => "long",
            Kind::Number => "double",
            Kind::Text => "string",
            Kind::Array => {
                let indexer = self.indexer.get_or_insert_default();
                json::elements(value).into_iter().flatten().for_each(|element| indexer.add(element));
                return;
            }
            Kind::Bag => {
                for (name, member) in json::entries(value).into_iter().flatten() {
                    let place = self.members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                        self.members.push((name.to_owned(), Self::default()));
                        self.members.len() - 1
                    });
                    if let Some((_, schema)) = self.members.get_mut(place) {
                        schema.add(member);
                    }
                }
                return;
            }
        };
        if !self.types.contains(&name) {
            self.types.push(name);
        }
    }

    fn json(&self) -> String {
        let mut shapes: Vec<String> = self.types.iter().map(|name| json::quote(name)).collect();
        let mut members: Vec<String> =
            self.members.iter().map(|(name, schema)| format!("{name}:{}", schema.json())).collect();
        if let Some(indexer) = &self.indexer {
            members.push(format!("\"`indexer`\":{}", indexer.json()));
        }
        if !members.is_empty() {
            shapes.push(format!("{{{}}}", members.join(",")));
        }
        match shapes.as_slice() {
            [single] => single.clone(),
            [] => "\"null\"".to_owned(),
            several => json::array(several),
        }
    }
}

impl Accumulator for SchemaOfValues {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.maybe_text(0) {
            self.add(value);
        }
    }

    fn finish(self) -> Output {
        self.json().into()
    }
}

#[derive(Default)]
pub(super) struct AnyValue(Option<Output>);

impl Accumulator for AnyValue {
    fn take(&mut self, context: &Context<'_>) {
        use rusqlite::types::ValueRef;
        if self.0.is_none() {
            self.0 = match context.raw(0) {
                ValueRef::Integer(value) => Some(Output::Integer(value)),
                ValueRef::Real(value) => Some(Output::Real(value)),
                ValueRef::Text(_) => Some(Output::from(context.text(0))),
                _ => None,
            };
        }
    }

    fn finish(self) -> Output {
        self.0.unwrap_or(Output::Null)
    }
}

#[derive(Default)]
pub(super) struct AnyString(String);

impl Accumulator for AnyString {
    fn take(&mut self, context: &Context<'_>) {
        if self.0.is_empty() {
            context.text(0).clone_into(&mut self.0);
        }
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}
