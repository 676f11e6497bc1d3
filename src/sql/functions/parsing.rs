//! Text taken apart: URLs, paths, versions, command lines, CSV records, JSON paths.

use rusqlite::functions::Context;

use super::encoding::percent_decoded;
use super::json::{push_quoted, quote};
use super::json_path;
use super::value::{Arguments, Output, Scalar, plain};
use super::{json, xml};

/// A bag of text values, in order.
fn bag(entries: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (place, (name, value)) in entries.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        push_quoted(&mut text, name);
        text.push(':');
        push_quoted(&mut text, value);
    }
    text.push('}');
    text
}

/// `a=1&b=2` as a bag; the last value of a name stays.
fn query_parameters(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (percent_decoded(name, false), percent_decoded(value, false));
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => pairs.push((name, value)),
        }
    }
    let borrowed: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    bag(&borrowed)
}

fn parse_url(url: &str) -> String {
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(slash).unwrap_or((rest, ""));
    // Without a scheme there is no authority: all is path.
    let (authority, path) = if scheme.is_empty() { ("", rest) } else { (authority, path) };
    let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (address, ""),
    };
    let plain = bag(&[
        ("Scheme", scheme),
        ("Host", host),
        ("Port", port),
        ("Path", path),
        ("Username", username),
        ("Password", password),
    ]);
    let open = plain.strip_suffix('}').unwrap_or(&plain);
    format!("{open},\"Query Parameters\":{},\"Fragment\":{}}}", query_parameters(query), quote(fragment))
}

fn parse_path(path: &str) -> String {
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    let (rest, stream) = alternate_stream(rest);
    let cut = rest.rfind(['/', '\\']);
    let (directory, filename) = match cut {
        Some(at) => (rest.get(..at).unwrap_or(""), rest.get(at + 1..).unwrap_or("")),
        None => ("", rest),
    };
    let root =
        rest.get(..2).filter(|root| root.ends_with(':') && root.starts_with(|drive: char| drive.is_ascii_alphabetic()));
    let name_at = directory.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let directory_name = directory.get(name_at..).unwrap_or("");
    let extension = filename.rsplit_once('.').map_or("", |(_, extension)| extension);
    bag(&[
        ("Scheme", scheme),
        ("RootPath", root.unwrap_or("")),
        ("DirectoryPath", directory),
        ("DirectoryName", directory_name),
        ("Filename", filename),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ])
}

/// `file.txt:stream` cut in two.
fn alternate_stream(path: &str) -> (&str, &str) {
    let start = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let after_drive = if path.get(1..2) == Some(":") { start.max(2) } else { start };
    match path.get(after_drive..).and_then(|name| name.find(':')) {
        Some(at) => {
            let (name, stream) = path.split_at_checked(after_drive + at).unwrap_or((path, ""));
            (name, stream.strip_prefix(':').unwrap_or(stream))
        }
        None => (path, ""),
    }
}

/// Up to four parts of up to eight digits, as one number that orders versions.
fn parse_version(text: &str) -> Option<String> {
    let mut parts: Vec<&str> = text.trim().split('.').collect();
    if parts.len() > 4 {
        return None;
    }
    parts.resize(4, "0");
    let mut digits = String::new();
    for part in parts {
        let fits = !part.is_empty() && part.len() <= 8 && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then_some(())?;
        digits.push_str(&format!("{part:0>8}"));
    }
    let trimmed = digits.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
}

/// The arguments of a Windows command line, by the rules of the C runtime: quotes group, and backslashes escape
/// only before a quote.
fn parse_command_line(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(next) = characters.next() {
        match next {
            ' ' | '\t' if !quoted => arguments.extend(current.take()),
            '\\' => {
                let mut slashes = 1_usize;
                while characters.next_if_eq(&'\\').is_some() {
                    slashes += 1;
                }
                let argument = current.get_or_insert_default();
                if characters.peek() == Some(&'"') {
                    argument.push_str(&"\\".repeat(slashes / 2));
                    if slashes % 2 == 1 {
                        characters.next();
                        argument.push('"');
                    }
                } else {
                    argument.push_str(&"\\".repeat(slashes));
                }
            }
            '"' => {
                let argument = current.get_or_insert_default();
                if quoted && characters.next_if_eq(&'"').is_some() {
                    argument.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            other => current.get_or_insert_default().push(other),
        }
    }
    arguments.extend(current);
    arguments
}

/// The fields of the first record.
fn parse_csv(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    match reader.records().next() {
        Some(Ok(record)) => record.iter().map(str::to_owned).collect(),
        _ => vec![text.to_owned()],
    }
}

/// The value at a path as text; a string without its quotes.
fn extract_json(path: &str, document: &str) -> Option<String> {
    let steps = json_path::parse(path)?;
    let compact = json::compact(document)?;
    json_path::find(&compact, &steps).map(|value| json::plain_text(value).into_owned())
}

fn array_of_texts(texts: &[String]) -> Output {
    json::array(texts.iter().map(|text| quote(text))).into()
}

fn extracted(context: &Context<'_>, document: &str) -> Output {
    extract_json(context.text(0), document).unwrap_or_default().into()
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("parse_url", |context| parse_url(context.text(0)).into()),
    plain("parse_urlquery", |context| {
        let query = context.text(0);
        format!("{{\"Query Parameters\":{}}}", query_parameters(query.strip_prefix('?').unwrap_or(query))).into()
    }),
    plain("parse_path", |context| parse_path(context.text(0)).into()),
    plain("parse_version", |context| parse_version(context.text(0)).into()),
    plain("parse_command_line", |context| {
        let line = context.text(0);
        if line.is_empty() || !context.text(1).eq_ignore_ascii_case("windows") {
            return Output::Null;
        }
        array_of_texts(&parse_command_line(line))
    }),
    plain("parse_csv", |context| array_of_texts(&parse_csv(context.text(0)))),
    plain("parse_xml", |context| xml::to_json(context.text(0)).into()),
    plain("extract_json", |context| extracted(context, context.text(1))),
    plain("extract_json_dynamic", |context| extracted(context, context.maybe_text(1).unwrap_or("null"))),
];
