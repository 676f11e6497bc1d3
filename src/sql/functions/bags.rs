//! Arrays, sets and property bags, over slices of their JSON text.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use rusqlite::functions::Context;

use super::json::{self, Kind};
use super::value::{Arguments, Output, Scalar, plain};

/// The members of an array argument; `None` where it is null or no array.
pub(super) fn array_at<'a>(context: &'a Context<'_>, place: usize) -> Option<Vec<&'a str>> {
    Some(context.maybe_text(place).and_then(json::elements)?.collect())
}

fn text_at<'a>(context: &'a Context<'_>, place: usize) -> &'a str {
    context.maybe_text(place).unwrap_or("null")
}

fn key_set<'a>(members: &[&'a str]) -> HashSet<Cow<'a, str>> {
    members.iter().map(|member| json::key(member)).collect()
}

/// Distinct members, in order of appearance.
fn distinct<'a>(members: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    members.into_iter().filter(|member| seen.insert(json::key(member))).collect()
}

/// A place in an array, counted from the end where negative, within `0..=length`.
fn place_in(length: usize, place: i64) -> usize {
    match usize::try_from(place) {
        Ok(place) => place.min(length),
        Err(_) => length.saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(length)),
    }
}

fn slice(context: &Context<'_>) -> Option<String> {
    let members = array_at(context, 0)?;
    let start = place_in(members.len(), context.integer(1)?);
    let last = context.integer(2)?;
    let end = if last < 0 {
        members.len().checked_sub(usize::try_from(last.unsigned_abs()).ok()?).map_or(0, |place| place + 1)
    } else {
        usize::try_from(last).ok()?.saturating_add(1).min(members.len())
    };
    Some(json::array(members.get(start..end).unwrap_or(&[])))
}

fn split(context: &Context<'_>) -> Option<String> {
    let members = array_at(context, 0)?;
    let index = text_at(context, 1);
    let mut places: Vec<usize> = json::elements(index)
        .map_or_else(|| vec![index], Iterator::collect)
        .into_iter()
        .filter_map(|place| place.parse().ok())
        .map(|place: i64| place_in(members.len(), place))
        .collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places.into_iter().chain([members.len()]) {
        pieces.push(json::array(members.get(from..place).unwrap_or(&[])));
        from = place;
    }
    Some(json::array(pieces))
}

fn rotated(context: &Context<'_>, to_left: bool) -> Option<String> {
    let mut members = array_at(context, 0)?;
    let count = context.integer(1)?;
    if members.is_empty() {
        return Some("[]".to_owned());
    }
    let length = i64::try_from(members.len()).ok()?;
    let count = usize::try_from(if to_left { count } else { count.checked_neg()? }.rem_euclid(length)).ok()?;
    members.rotate_left(count);
    Some(json::array(members))
}

fn shifted(context: &Context<'_>, to_left: bool) -> Option<String> {
    let members = array_at(context, 0)?;
    let count = context.integer(1)?;
    let count = if to_left { count } else { count.checked_neg()? };
    // Without a value of its own, the place of a string is taken by an empty one.
    let is_texts = !members.is_empty() && members.iter().all(|member| json::kind(member) == Kind::Text);
    let filler = if context.len() < 3 && is_texts { "\"\"" } else { text_at(context, 2) };
    let shifted = (0_i64..).zip(&members).map(|(place, _)| {
        let from = place.checked_add(count).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| members.get(from).copied()).unwrap_or(filler)
    });
    Some(json::array(shifted))
}

/// Where members of a kind stand in a sorted array, whichever way it is sorted: numbers, then strings, then the rest.
fn rank(member: &str) -> u8 {
    match json::kind(member) {
        Kind::Number => 0,
        Kind::Text => 1,
        _ => 2,
    }
}

/// Orders members of one kind; kinds keep apart.
fn order(left: &str, right: &str) -> Ordering {
    match (json::kind(left), json::kind(right)) {
        (Kind::Number, Kind::Number) => match (left.parse::<i64>(), right.parse::<i64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => json::number(left).partial_cmp(&json::number(right)).unwrap_or(Ordering::Equal),
        },
        (Kind::Text, Kind::Text) => json::unquote(left).cmp(&json::unquote(right)),
        (left_kind, right_kind) if left_kind == right_kind => left.cmp(right),
        (left_kind, right_kind) => (left_kind as u8).cmp(&(right_kind as u8)),
    }
}

/// How two members stand in a sorted array.
fn sorted_order(left: &str, right: &str, descending: bool, nulls_last: bool) -> Ordering {
    let nulls = (left == "null").cmp(&(right == "null"));
    let nulls = if nulls_last { nulls } else { nulls.reverse() };
    nulls
        .then_with(|| rank(left).cmp(&rank(right)))
        .then_with(|| if descending { order(right, left) } else { order(left, right) })
}

fn sorted(context: &Context<'_>, descending: bool) -> Option<String> {
    let mut members = array_at(context, 0)?;
    let nulls_last = context.boolean(1).unwrap_or(true);
    members.sort_by(|left, right| sorted_order(left, right, descending, nulls_last));
    Some(json::array(members))
}

/// The second array in the order that sorting the first gives; null where they differ in length.
fn sorted_along(context: &Context<'_>, descending: bool) -> Option<String> {
    let (keys, members) = (array_at(context, 0)?, array_at(context, 1)?);
    let nulls_last = context.boolean(2).unwrap_or(true);
    if keys.len() != members.len() {
        return None;
    }
    let mut pairs: Vec<(&str, &str)> = keys.into_iter().zip(members).collect();
    pairs.sort_by(|(left, _), (right, _)| sorted_order(left, right, descending, nulls_last));
    Some(json::array(pairs.into_iter().map(|(_, member)| member)))
}

fn index_of(context: &Context<'_>) -> Option<i64> {
    let members = array_at(context, 0)?;
    let wanted = text_at(context, 1);
    let start = place_in(members.len(), context.integer(2).unwrap_or(0));
    let length = context.integer(3).and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
    let skipped = usize::try_from(context.integer(4).unwrap_or(1)).ok()?.checked_sub(1)?;
    let found = members
        .iter()
        .enumerate()
        .skip(start)
        .take(length)
        .filter(|(_, member)| json::same(member, wanted))
        .nth(skipped);
    Some(found.map_or(-1, |(place, _)| i64::try_from(place).unwrap_or(-1)))
}

fn sum(context: &Context<'_>) -> Option<f64> {
    let members = array_at(context, 0)?;
    members
        .into_iter()
        .filter(|member| *member != "null")
        .try_fold(0.0, |sum, member| Some(sum + json::number(member)?))
}

fn array_iff(context: &Context<'_>) -> Option<String> {
    let conditions = array_at(context, 0)?;
    let member = |place: usize, at: usize| match json::elements(text_at(context, place)) {
        Some(mut elements) => elements.nth(at).unwrap_or("null"),
        None => text_at(context, place),
    };
    let chosen = conditions.iter().enumerate().map(|(at, condition)| match *condition {
        "true" => member(1, at),
        "false" => member(2, at),
        other => match json::number(other) {
            Some(number) => member(if number == 0.0 { 2 } else { 1 }, at),
            None => "null",
        },
    });
    Some(json::array(chosen))
}

fn union(context: &Context<'_>) -> Output {
    let mut members = Vec::new();
    for place in 0..context.len() {
        let Some(more) = array_at(context, place) else { return Output::Null };
        members.extend(more);
    }
    json::array(distinct(members)).into()
}

/// Distinct members of the first array that are in every (`wanted`) or in no other.
fn filtered(context: &Context<'_>, wanted: bool) -> Option<String> {
    let others: Vec<HashSet<Cow<'_, str>>> =
        (1..context.len()).map(|place| array_at(context, place).map(|one| key_set(&one))).collect::<Option<_>>()?;
    let members = distinct(array_at(context, 0)?);
    let kept = members.into_iter().filter(|member| {
        let key = json::key(member);
        if wanted {
            others.iter().all(|other| other.contains(&key))
        } else {
            !others.iter().any(|other| other.contains(&key))
        }
    });
    Some(json::array(kept))
}

fn jaccard(context: &Context<'_>) -> Option<f64> {
    let (left, right) = (array_at(context, 0)?, array_at(context, 1)?);
    let (left, right) = (key_set(&left), key_set(&right));
    let shared = left.intersection(&right).count();
    Some(shared as f64 / (left.len() + right.len() - shared) as f64)
}

/// Builds a bag; the first value of a name stays.
#[derive(Default)]
struct BagBuilder<'a> {
    names: HashSet<Cow<'a, str>>,
    json: String,
}

impl<'a> BagBuilder<'a> {
    fn push(&mut self, name: Cow<'a, str>, value: &str) {
        if self.names.contains(&name) {
            return;
        }
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        json::push_quoted(&mut self.json, &name);
        self.json.push(':');
        self.json.push_str(value);
        self.names.insert(name);
    }

    fn finish(mut self) -> String {
        if self.json.is_empty() {
            return "{}".to_owned();
        }
        self.json.push('}');
        self.json
    }
}

fn pack(context: &Context<'_>, keeps: fn(&str) -> bool) -> Output {
    let mut bag = BagBuilder::default();
    for place in (0..context.len()).step_by(2) {
        let value = text_at(context, place + 1);
        if keeps(value) {
            bag.push(Cow::Borrowed(context.text(place)), value);
        }
    }
    bag.finish().into()
}

fn merge(context: &Context<'_>) -> Output {
    let mut bag = BagBuilder::default();
    let mut found = false;
    for place in 0..context.len() {
        let Some(entries) = context.maybe_text(place).and_then(json::entries) else { continue };
        found = true;
        entries.for_each(|(name, value)| bag.push(json::unquote(name), value));
    }
    if found { bag.finish().into() } else { Output::Null }
}

fn set_key(context: &Context<'_>) -> Option<String> {
    let name = context.text(1);
    if let Some(steps) = super::json_path::parse(name) {
        let mut bag: serde_json::Value = serde_json::from_str(context.maybe_text(0)?).ok()?;
        let value = serde_json::from_str(text_at(context, 2)).ok()?;
        bag.is_object().then_some(())?;
        super::json_path::set(&mut bag, &steps, value)?;
        return Some(json::write(&bag));
    }
    let entries = context.maybe_text(0).and_then(json::entries)?;
    let mut bag = BagBuilder::default();
    for (known, value) in entries {
        let known = json::unquote(known);
        let value = if known == name { text_at(context, 2) } else { value };
        bag.push(known, value);
    }
    bag.push(Cow::Borrowed(name), text_at(context, 2));
    Some(bag.finish())
}

/// Removes names, and paths such as `$.a.b`.
fn remove_keys(context: &Context<'_>) -> Option<String> {
    let bag = context.maybe_text(0)?;
    json::entries(bag)?;
    let names: Vec<String> =
        array_at(context, 1)?.into_iter().map(|name| json::plain_text(name).into_owned()).collect();
    let mut value: serde_json::Value = serde_json::from_str(bag).ok()?;
    for name in &names {
        let steps = super::json_path::parse(name).unwrap_or_else(|| vec![super::json_path::Step::Name(name.clone())]);
        super::json_path::remove(&mut value, &steps);
    }
    Some(json::write(&value))
}

fn has_key(context: &Context<'_>) -> Option<bool> {
    let bag = context.maybe_text(0)?;
    let name = context.text(1);
    if let Some(steps) = super::json_path::parse(name) {
        return Some(super::json_path::find(bag, &steps).is_some());
    }
    Some(json::entries(bag)?.any(|(known, _)| json::unquote(known) == name))
}

fn bag_zip(context: &Context<'_>) -> Option<String> {
    let (names, values) = (array_at(context, 0)?, array_at(context, 1).unwrap_or_default());
    let mut bag = BagBuilder::default();
    // A name that is no text takes its value with it.
    for (place, name) in names.into_iter().enumerate().filter(|(_, name)| json::kind(name) == json::Kind::Text) {
        bag.push(json::plain_text(name), values.get(place).copied().unwrap_or("null"));
    }
    Some(bag.finish())
}

fn zip(context: &Context<'_>) -> Output {
    let arrays: Vec<Vec<&str>> = (0..context.len()).map(|place| array_at(context, place).unwrap_or_default()).collect();
    let longest = arrays.iter().map(Vec::len).max().unwrap_or(0);
    let rows =
        (0..longest).map(|place| json::array(arrays.iter().map(|one| one.get(place).copied().unwrap_or("null"))));
    json::array(rows).into()
}

/// `['a']['b']`, `['a'][0]`: the path of every value; all members of an array have the path of its first.
fn paths(value: &str, prefix: &str, found: &mut Vec<String>) {
    for (name, member) in json::entries(value).into_iter().flatten() {
        let path = format!("{prefix}['{}']", json::unquote(name));
        found.push(path.clone());
        paths(member, &path, found);
    }
    for member in json::elements(value).into_iter().flatten() {
        let path = format!("{prefix}[0]");
        found.push(path.clone());
        paths(member, &path, found);
    }
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("array_length", |context| context.maybe_text(0).and_then(json::elements).map(Iterator::count).into()),
    plain("array_concat", |context| {
        let all = (0..context.len()).flat_map(|place| array_at(context, place).unwrap_or_default());
        json::array(all).into()
    }),
    plain("array_index_of", |context| index_of(context).into()),
    plain("array_slice", |context| slice(context).into()),
    plain("array_split", |context| split(context).into()),
    plain("array_reverse", |context| array_at(context, 0).map(|all| json::array(all.into_iter().rev())).into()),
    plain("array_rotate_left", |context| rotated(context, true).into()),
    plain("array_rotate_right", |context| rotated(context, false).into()),
    plain("array_shift_left", |context| shifted(context, true).into()),
    plain("array_shift_right", |context| shifted(context, false).into()),
    plain("array_sort_asc", |context| sorted(context, false).into()),
    plain("array_sort_desc", |context| sorted(context, true).into()),
    plain("array_sort_along_asc", |context| sorted_along(context, false).into()),
    plain("array_sort_along_desc", |context| sorted_along(context, true).into()),
    plain("array_sum", |context| sum(context).into()),
    plain("array_iff", |context| array_iff(context).into()),
    plain("set_union", union),
    plain("set_intersect", |context| filtered(context, true).into()),
    plain("set_difference", |context| filtered(context, false).into()),
    plain("set_has_element", |context| {
        let wanted = text_at(context, 1);
        array_at(context, 0).map(|members| members.iter().any(|member| json::same(member, wanted))).into()
    }),
    plain("set_equals", |context| {
        array_at(context, 0).zip(array_at(context, 1)).map(|(left, right)| key_set(&left) == key_set(&right)).into()
    }),
    plain("jaccard_index", |context| jaccard(context).into()),
    plain("pack_array", |context| json::array((0..context.len()).map(|place| text_at(context, place))).into()),
    plain("bag_pack", |context| pack(context, |_| true)),
    // What `pack_all(true)` gives.
    plain("bag_pack_filled", |context| pack(context, |value| value != "null" && value != "\"\"")),
    plain("bag_keys", |context| {
        context.maybe_text(0).and_then(json::entries).map(|entries| json::array(entries.map(|(name, _)| name))).into()
    }),
    plain("bag_has_key", |context| has_key(context).into()),
    plain("bag_merge", merge),
    plain("bag_remove_keys", |context| remove_keys(context).into()),
    plain("bag_set_key", |context| set_key(context).into()),
    plain("bag_zip", |context| bag_zip(context).into()),
    plain("zip", zip),
    plain("treepath", |context| {
        let mut found = Vec::new();
        paths(text_at(context, 0), "", &mut found);
        let mut seen = HashSet::new();
        found.retain(|path| seen.insert(path.clone()));
        json::array(found.iter().map(|path| json::quote(path))).into()
    }),
];
