//! The JSONPath that KQL documents: `$`, `.name`, `['name']`, `[0]`.

use serde_json::Value as Json;

use super::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Place(i64),
}

/// Reads a path; `None` where it does not start with `$` or goes on with anything else.
pub(super) fn parse(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, tail) = after.split_at_checked(end)?;
            if name.is_empty() || name == "*" {
                return None;
            }
            steps.push(Step::Name(name.to_owned()));
            rest = tail;
        } else {
            let (inside, tail) = rest.strip_prefix('[')?.split_once(']')?;
            let inside = inside.trim();
            let quoted = ['\'', '"']
                .iter()
                .find_map(|quote| inside.strip_prefix(*quote).and_then(|name| name.strip_suffix(*quote)));
            steps.push(match quoted {
                Some(name) => Step::Name(name.to_owned()),
                None => Step::Place(inside.parse().ok()?),
            });
            rest = tail;
        }
    }
    Some(steps)
}

/// The value at a path.
pub(super) fn find<'a>(value: &'a str, steps: &[Step]) -> Option<&'a str> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => json::member(value, name),
        Step::Place(place) => json::element(value, *place),
    })
}

/// Puts a value at a path of names, making the bags on the way; `None` where the path asks for a place in an array, or
/// leads through what is no bag.
pub(super) fn set(value: &mut Json, steps: &[Step], new: Json) -> Option<()> {
    match steps {
        [Step::Name(name)] => {
            value.as_object_mut()?.insert(name.clone(), new);
            Some(())
        }
        [Step::Name(name), rest @ ..] => {
            let inner =
                value.as_object_mut()?.entry(name.clone()).or_insert_with(|| Json::Object(serde_json::Map::new()));
            set(inner, rest, new)
        }
        _ => None,
    }
}

/// Removes what a path leads to.
pub(super) fn remove(value: &mut Json, steps: &[Step]) {
    match steps {
        [] => {}
        [Step::Name(name)] => {
            if let Some(bag) = value.as_object_mut() {
                bag.shift_remove(name);
            }
        }
        [Step::Name(name), rest @ ..] => {
            if let Some(member) = value.get_mut(name) {
                remove(member, rest);
            }
        }
        [Step::Place(place), rest @ ..] => {
            if let Some(member) = usize::try_from(*place).ok().and_then(|place| value.get_mut(place)) {
                remove(member, rest);
            }
        }
    }
}
