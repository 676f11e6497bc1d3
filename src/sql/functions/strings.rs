//! String functions.

use rusqlite::functions::Context;

use super::json;
use super::regexes::{compiled, prepared, replacement};
use super::value::{Arguments, Output, Scalar, fallible, plain};

/// Character by character, so that the length never changes: ß stays ß.
fn mapped(text: &str, single: fn(char) -> Option<char>) -> String {
    text.chars().map(|character| single(character).unwrap_or(character)).collect()
}

fn single_upper(character: char) -> Option<char> {
    let mut mapped = character.to_uppercase();
    mapped.next().filter(|_| mapped.next().is_none())
}

fn single_lower(character: char) -> Option<char> {
    let mut mapped = character.to_lowercase();
    mapped.next().filter(|_| mapped.next().is_none())
}

/// The byte offset of a character.
fn offset(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn count(text: &str) -> i64 {
    i64::try_from(if text.is_ascii() { text.len() } else { text.chars().count() }).unwrap_or(i64::MAX)
}

fn substring(context: &Context<'_>) -> Output {
    let text = context.text(0);
    let Some(start) = context.integer(1) else { return Output::from("") };
    let length = if context.len() > 2 { context.integer(2) } else { Some(i64::MAX) };
    let Some(length) = length else { return Output::from("") };
    // A start before the text gives nothing, not the text's beginning.
    let start = if start < 0 { count(text).saturating_add(start) } else { start };
    if length < 0 || start < 0 {
        return Output::from("");
    }
    let from = offset(text, usize::try_from(start).unwrap_or(usize::MAX));
    let rest = text.get(from..).unwrap_or("");
    let to = offset(rest, usize::try_from(length).unwrap_or(usize::MAX));
    rest.get(..to).unwrap_or("").into()
}

/// Where the search of `indexof` begins and ends, as bytes of the text; `None` where the bounds make no sense.
fn window<'a>(context: &Context<'_>, text: &'a str, first: usize) -> Option<(usize, &'a str)> {
    let length = count(text);
    let mut start = if context.len() > first { context.integer(first)? } else { 0 };
    if start < 0 {
        start = length.checked_add(start).filter(|start| *start >= 0)?;
    }
    let span = if context.len() > first + 1 { context.integer(first + 1)? } else { -1 };
    if span < -1 || start > length {
        return None;
    }
    let from = offset(text, usize::try_from(start).ok()?);
    let rest = text.get(from..)?;
    let to = usize::try_from(span).map_or(rest.len(), |span| offset(rest, span));
    Some((from, rest.get(..to)?))
}

fn indexof(context: &Context<'_>) -> Output {
    let (text, needle) = (context.text(0), context.text(1));
    if needle.is_empty() {
        return Output::Null;
    }
    let occurrence = if context.len() > 4 { context.integer(4).unwrap_or(1) } else { 1 };
    let Some((from, searched)) = window(context, text, 2) else { return Output::Null };
    let Some(skipped) = occurrence.checked_sub(1).and_then(|skipped| usize::try_from(skipped).ok()) else {
        return Output::Null;
    };
    let found = searched.match_indices(needle).nth(skipped);
    found.map_or(-1, |(at, _)| text.get(..from + at).map_or(-1, count)).into()
}

fn indexof_regex(context: &Context<'_>) -> rusqlite::Result<Output> {
    let text = context.text(0);
    let pattern = prepared(context, 1)?;
    // Unlike `indexof`, which counts a negative start from the end.
    if context.len() > 2 && context.integer(2).is_some_and(|start| start < 0) {
        return Ok(Output::Null);
    }
    let occurrence = if context.len() > 4 { context.integer(4).unwrap_or(1) } else { 1 };
    let Some((from, searched)) = window(context, text, 2) else { return Ok(Output::Null) };
    let Some(skipped) = occurrence.checked_sub(1).and_then(|skipped| usize::try_from(skipped).ok()) else {
        return Ok(Output::Null);
    };
    let found = pattern.find_iter(searched).nth(skipped);
    Ok(found.map_or(-1, |one| text.get(..from + one.start()).map_or(-1, count)).into())
}

fn split(context: &Context<'_>) -> Output {
    let (text, delimiter) = (context.text(0), context.text(1));
    let pieces: Box<dyn Iterator<Item = &str>> =
        if delimiter.is_empty() { Box::new(std::iter::once(text)) } else { Box::new(text.split(delimiter)) };
    if context.len() < 3 {
        return json::array(pieces.map(json::quote)).into();
    }
    let wanted = context.integer(2).and_then(|place| usize::try_from(place).ok());
    let mut pieces = pieces;
    wanted.and_then(|place| pieces.nth(place)).map(|piece| json::array([json::quote(piece)])).into()
}

fn joined(context: &Context<'_>, first: usize, delimiter: &str) -> Output {
    let mut text = String::new();
    for place in first..context.len() {
        if place > first {
            text.push_str(delimiter);
        }
        text.push_str(context.text(place));
    }
    text.into()
}

fn replace_string(context: &Context<'_>) -> Output {
    let (text, needle) = (context.text(0), context.text(1));
    if needle.is_empty() || !text.contains(needle) {
        return Output::Argument(0);
    }
    text.replace(needle, context.text(2)).into()
}

fn replace_strings(context: &Context<'_>) -> Output {
    let list = |place| {
        context.maybe_text(place).and_then(json::elements).map(|all| all.map(json::plain_text).collect::<Vec<_>>())
    };
    let (Some(needles), Some(replacements)) = (list(1), list(2)) else { return Output::Argument(0) };
    // One pass: what was put in is not looked at again, and the first needle of several at a place is the one.
    let mut text = String::new();
    let mut rest = context.text(0);
    'places: while let Some(next) = rest.chars().next() {
        for (place, needle) in needles.iter().enumerate().filter(|(_, needle)| !needle.is_empty()) {
            if let Some(after) = rest.strip_prefix(needle.as_ref()) {
                text.push_str(replacements.get(place).map_or("", AsRef::as_ref));
                rest = after;
                continue 'places;
            }
        }
        text.push(next);
        rest = rest.get(next.len_utf8()..).unwrap_or_default();
    }
    text.into()
}

/// A pattern at the start or the end of a text, in two groups that are each anchored to one.
struct Ends(regex::Regex);

fn trim(context: &Context<'_>, at_start: bool, at_end: bool) -> rusqlite::Result<Output> {
    let Ends(pattern) = &*super::prepared::prepared(context, 0, |pattern| {
        let pattern = pattern.unwrap_or("");
        compiled(Some(&format!("(?<start>\\A(?:{pattern}))|(?<end>(?:{pattern})\\z)"))).map(Ends)
    })?;
    let mut text = context.text(1);
    if at_start && let Some(found) = pattern.captures(text).and_then(|groups| groups.name("start")) {
        text = text.get(found.end()..).unwrap_or("");
    }
    if at_end {
        let end = pattern.captures_iter(text).find_map(|groups| groups.name("end").map(|found| found.start()));
        // The start alternative may have eaten the only match; then the whole text is one.
        let whole =
            || pattern.captures(text).and_then(|groups| groups.name("start")).filter(|one| one.end() == text.len());
        if let Some(end) = end {
            text = text.get(..end).unwrap_or("");
        } else if whole().is_some() {
            text = "";
        }
    }
    Ok(text.into())
}

fn translate(context: &Context<'_>) -> Output {
    let from: Vec<char> = context.text(0).chars().collect();
    let to: Vec<char> = context.text(1).chars().collect();
    let text = context.text(2);
    text.chars()
        .filter_map(|character| match from.iter().position(|wanted| *wanted == character) {
            Some(place) => to.get(place).or(to.last()).copied(),
            None => Some(character),
        })
        .collect::<String>()
        .into()
}

fn countof(context: &Context<'_>) -> rusqlite::Result<Output> {
    let (text, needle) = (context.text(0), context.text(1));
    if context.text(2).eq_ignore_ascii_case("regex") {
        return Ok(prepared(context, 1)?.find_iter(text).count().into());
    }
    if needle.is_empty() {
        return Ok(Output::from(0_i64));
    }
    let found = text.char_indices().filter(|(at, _)| text.get(*at..).is_some_and(|rest| rest.starts_with(needle)));
    Ok(found.count().into())
}

fn extract(context: &Context<'_>) -> rusqlite::Result<Output> {
    let pattern = prepared(context, 0)?;
    let text = context.text(2);
    let group = context.integer(1).and_then(|group| usize::try_from(group).ok());
    let found = match group {
        Some(0) => pattern.find(text),
        Some(group) => pattern.captures(text).and_then(|groups| groups.get(group)),
        None => None,
    };
    Ok(found.map_or("", |one| one.as_str()).into())
}

/// Every match as its groups; flat where one group is asked for.
fn extract_all(context: &Context<'_>, groups: Option<&str>, text: &str) -> rusqlite::Result<Output> {
    let pattern = prepared(context, 0)?;
    let wanted: Vec<usize> = match groups {
        None if pattern.captures_len() == 1 => vec![0],
        None => (1..pattern.captures_len()).collect(),
        Some(list) => json::elements(list)
            .into_iter()
            .flatten()
            .filter_map(|group| {
                let name = json::unquote(group);
                name.parse().ok().or_else(|| pattern.capture_names().position(|one| one == Some(name.as_ref())))
            })
            .collect(),
    };
    let matches: Vec<String> = pattern
        .captures_iter(text)
        .map(|found| {
            let mut texts = wanted.iter().map(|group| json::quote(found.get(*group).map_or("", |one| one.as_str())));
            if wanted.len() == 1 { texts.next().unwrap_or_default() } else { json::array(texts) }
        })
        .collect();
    Ok(if matches.is_empty() { Output::Null } else { json::array(matches).into() })
}

fn strrep(context: &Context<'_>) -> Output {
    let times = context.integer(1).and_then(|times| usize::try_from(times).ok()).unwrap_or(0).min(1024);
    vec![context.text(0); times].join(context.text(2)).into()
}

/// The code points of numbers and arrays of numbers.
fn code_points(json_text: &str, text: &mut String) {
    match json::elements(json_text) {
        Some(elements) => elements.for_each(|element| code_points(element, text)),
        None => text.extend(json_text.parse::<u32>().ok().and_then(char::from_u32)),
    }
}

fn levenshtein(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut last = row + 1;
        let mut current = vec![last];
        for (to, above) in right.iter().zip(previous.iter().skip(1)) {
            last = (diagonal + usize::from(from != *to)).min(above + 1).min(last + 1);
            diagonal = *above;
            current.push(last);
        }
        previous = current;
    }
    previous.last().copied().unwrap_or(0)
}

const BYTE_UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];

/// `(size, digits, unit)`.
fn format_bytes(context: &Context<'_>) -> Option<String> {
    let size = context.real(0)?;
    let digits = usize::try_from(context.integer(1).unwrap_or(0)).ok()?.min(15);
    let wanted = context.text(2);
    let place = if wanted.is_empty() {
        let filled = (1..BYTE_UNITS.len()).take_while(|place| size.abs() >= 1024_f64.powi(*place as i32));
        filled.last().unwrap_or(0)
    } else {
        BYTE_UNITS.iter().position(|unit| unit.eq_ignore_ascii_case(wanted))?
    };
    let scaled = size / 1024_f64.powi(place as i32);
    let mut text = format!("{scaled:.digits$}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    Some(format!("{text} {}", BYTE_UNITS.get(place)?))
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("format_bytes", |context| format_bytes(context).unwrap_or_default().into()),
    plain("strlen", |context| count(context.text(0)).into()),
    plain("string_size", |context| context.text(0).len().into()),
    plain("tolower", |context| {
        let text = context.text(0);
        if text.is_ascii() { text.to_ascii_lowercase().into() } else { mapped(text, single_lower).into() }
    }),
    plain("toupper", |context| {
        let text = context.text(0);
        if text.is_ascii() { text.to_ascii_uppercase().into() } else { mapped(text, single_upper).into() }
    }),
    plain("substring", substring),
    plain("indexof", indexof),
    fallible("indexof_regex", indexof_regex),
    plain("split", split),
    plain("strcat", |context| joined(context, 0, "")),
    plain("strcat_delim", |context| joined(context, 1, context.text(0))),
    plain("strcat_array", |context| {
        let members = context.maybe_text(0).and_then(json::elements).into_iter().flatten();
        members.map(json::plain_text).collect::<Vec<_>>().join(context.text(1)).into()
    }),
    plain("strrep", strrep),
    plain("reverse", |context| context.text(0).chars().rev().collect::<String>().into()),
    plain("strcmp", |context| (context.text(0).cmp(context.text(1)) as i64).into()),
    plain("replace_string", replace_string),
    plain("replace_strings", replace_strings),
    fallible("replace_regex", |context| {
        let pattern = prepared(context, 1)?;
        Ok(pattern.replace_all(context.text(0), replacement(context.text(2)).as_str()).into_owned().into())
    }),
    fallible("replace_old", |context| {
        let pattern = prepared(context, 0)?;
        Ok(pattern.replace_all(context.text(2), replacement(context.text(1)).as_str()).into_owned().into())
    }),
    fallible("trim", |context| trim(context, true, true)),
    fallible("trim_start", |context| trim(context, true, false)),
    fallible("trim_end", |context| trim(context, false, true)),
    plain("translate", translate),
    fallible("countof", countof),
    fallible("extract", extract),
    fallible("extract_all", |context| extract_all(context, None, context.text(1))),
    fallible("extract_all_groups", |context| extract_all(context, context.maybe_text(1), context.text(2))),
    plain("isascii", |context| context.text(0).is_ascii().into()),
    plain("isutf8", |_| Output::from(true)),
    plain("make_string", |context| {
        let mut text = String::new();
        (0..context.len()).filter_map(|place| context.maybe_text(place)).for_each(|one| code_points(one, &mut text));
        text.into()
    }),
    plain("unicode_codepoints", |context| {
        json::array(context.text(0).chars().map(|character| u32::from(character).to_string())).into()
    }),
    plain("regex_quote", |context| regex::escape(context.text(0)).into()),
    plain("levenshtein_distance", |context| levenshtein(context.text(0), context.text(1)).into()),
];
