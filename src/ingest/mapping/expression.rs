//! The expressions of the mapping table: `leaf(Image)`, `first(TargetSid, SubjectSid)`, `"literal"`.
//!
//! An expression is read once when the table is loaded; an unknown function is an error then, not at the first event.

use std::borrow::Cow;
use std::cell::Cell;

use super::{derive, sql_server};
use crate::ingest::time;
use crate::store::event_xml::EventXml;
use crate::store::logon_type;

/// What an expression yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Derived<'a> {
    Nothing,
    Text(Cow<'a, str>),
    Integer(i64),
    True,
    /// Names and values that are members of their own.
    Members(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl<'a> Derived<'a> {
    fn text(value: impl Into<Cow<'a, str>>) -> Self {
        let value = value.into();
        if value.is_empty() { Self::Nothing } else { Self::Text(value) }
    }

    fn optional(value: Option<impl Into<Cow<'a, str>>>) -> Self {
        value.map_or(Self::Nothing, Self::text)
    }

    fn number(value: Option<i64>) -> Self {
        value.map_or(Self::Nothing, Self::Integer)
    }

    fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing | Self::Members(_) => Cow::Borrowed(""),
            Self::True => Cow::Borrowed("true"),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(integer) => Cow::Owned(integer.to_string()),
        }
    }
}

#[derive(Debug)]
pub enum Expression {
    /// A field by name. Events of one kind keep their order, so the last place it was found is tried first.
    Field {
        name: String,
        place: Cell<usize>,
    },
    Literal(String),
    /// True, as JSON has it.
    True,
    Call {
        function: Function,
        arguments: Vec<Expression>,
    },
}

/// One function of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    AntivirusPath,
    Audit,
    CommonName,
    Context,
    Data,
    Elevation,
    Equals,
    Field,
    First,
    Guid,
    GuidTime,
    Hash,
    ImageOf,
    Int,
    Integrity,
    Ip,
    IpType,
    Join,
    Leaf,
    LogonFailure,
    LogonType,
    Protocol,
    Registry,
    RegistryData,
    RegistryKey,
    RegistryKernel,
    RegistryType,
    RegistryTypeCode,
    RegistryValue,
    SidOf,
    SqlBinary,
    SqlClient,
    System,
    Trim,
    UserDomain,
    UserName,
    Utc,
    Zone,
}

/// Name, function, number of arguments (at least, at most), and whether the last argument is a word, not a field.
const FUNCTIONS: &[(&str, Function, usize, usize, bool)] = &[
    ("av_path", Function::AntivirusPath, 1, 1, false),
    ("audit", Function::Audit, 1, 1, true),
    ("common_name", Function::CommonName, 1, 1, false),
    ("context", Function::Context, 2, 2, true),
    ("data", Function::Data, 1, 1, true),
    ("elevation", Function::Elevation, 1, 1, false),
    ("equals", Function::Equals, 2, 2, true),
    ("field", Function::Field, 1, 1, true),
    ("first", Function::First, 1, 8, false),
    ("guid", Function::Guid, 1, 1, false),
    ("guid_time", Function::GuidTime, 1, 1, false),
    ("hash", Function::Hash, 2, 2, true),
    ("image_of", Function::ImageOf, 1, 1, false),
    ("int", Function::Int, 1, 1, false),
    ("integrity", Function::Integrity, 1, 1, false),
    ("ip", Function::Ip, 1, 1, false),
    ("iptype", Function::IpType, 1, 1, false),
    ("join", Function::Join, 2, 8, false),
    ("leaf", Function::Leaf, 1, 1, false),
    ("ntstatus", Function::LogonFailure, 2, 2, false),
    ("logon_type", Function::LogonType, 1, 1, false),
    ("protocol", Function::Protocol, 1, 1, false),
    ("registry", Function::Registry, 1, 1, false),
    ("registry_data", Function::RegistryData, 1, 1, false),
    ("registry_key", Function::RegistryKey, 1, 1, false),
    ("registry_nt", Function::RegistryKernel, 1, 1, false),
    ("registry_type", Function::RegistryType, 1, 1, false),
    ("registry_type_code", Function::RegistryTypeCode, 1, 1, false),
    ("registry_value", Function::RegistryValue, 1, 1, false),
    ("sid_of", Function::SidOf, 1, 1, false),
    ("sql_binary", Function::SqlBinary, 1, 1, true),
    ("sql_client", Function::SqlClient, 1, 1, false),
    ("system", Function::System, 1, 1, true),
    ("trim", Function::Trim, 1, 1, false),
    ("user_domain", Function::UserDomain, 1, 1, false),
    ("user_name", Function::UserName, 1, 1, false),
    ("utc", Function::Utc, 1, 1, false),
    ("zone", Function::Zone, 2, 2, true),
];

impl Expression {
    /// Reads an expression; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let expression = parse(&mut rest)?;
        if rest.trim().is_empty() { Ok(expression) } else { Err(format!("'{rest}' is left over in '{text}'")) }
    }

    /// The value for one event.
    pub fn evaluate<'a>(&'a self, event: &'a EventXml<'a>) -> Derived<'a> {
        match self {
            Self::Literal(text) => Derived::text(text.as_str()),
            Self::True => Derived::True,
            Self::Field { name, place } => match field(event, name, place) {
                // Windows writes a dash where it has nothing to say.
                Some("-") | None => Derived::Nothing,
                Some(value) => Derived::text(value),
            },
            Self::Call { function, arguments } => call(*function, arguments, event),
        }
    }
}

fn field<'a>(event: &'a EventXml<'a>, name: &str, place: &Cell<usize>) -> Option<&'a str> {
    if let Some(found) = event.fields.get(place.get()).filter(|field| field.name == name) {
        return Some(&found.value);
    }
    let index = event.fields.iter().position(|field| field.name == name)?;
    place.set(index);
    event.fields.get(index).map(|field| field.value.as_ref())
}

fn call<'a>(function: Function, arguments: &'a [Expression], event: &'a EventXml<'a>) -> Derived<'a> {
    let argument = |index: usize| arguments.get(index).map_or(Derived::Nothing, |inner| inner.evaluate(event));
    let word = match arguments.last() {
        Some(Expression::Literal(word)) => word.as_str(),
        _ => "",
    };
    match function {
        Function::First => arguments
            .iter()
            .map(|inner| inner.evaluate(event))
            .find(|value| {
                let text = value.as_text();
                // Some readers write a number with all its digits.
                let zero = text.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|digit| digit == b'0'));
                !zero && !matches!(text.as_ref(), "" | "-" | "S-1-0-0")
            })
            .unwrap_or(Derived::Nothing),
        Function::Join => {
            let parts: Vec<Derived<'a>> = arguments.iter().map(|inner| inner.evaluate(event)).collect();
            Derived::text(parts.iter().map(|part| part.as_text()).collect::<String>())
        }
        Function::Audit if word == "all" => {
            let lines = sql_server::audit_lines(event.positional(0).unwrap_or_default());
            Derived::Members(lines.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
        }
        Function::Audit => Derived::optional(event.positional(0).and_then(|text| sql_server::audit(text, word))),
        Function::Field => Derived::optional(event.field(word).filter(|value| *value != "-")),
        Function::Data => data(event, word),
        Function::System => system(event, word),
        Function::SqlBinary => sql_server::sql_binary(&event.binary, word).unwrap_or(Derived::Nothing),
        Function::LogonFailure => {
            Derived::optional(derive::logon_failure(&argument(0).as_text(), &argument(1).as_text()))
        }
        _ => match argument(0) {
            Derived::Nothing | Derived::True | Derived::Members(_) => Derived::Nothing,
            Derived::Integer(integer) => on_text(function, Cow::Owned(integer.to_string()), word),
            Derived::Text(text) => on_text(function, text, word),
        },
    }
}

/// The functions of one text.
fn on_text<'a>(function: Function, text: Cow<'a, str>, word: &str) -> Derived<'a> {
    match function {
        Function::AntivirusPath => part(text, derive::antivirus_path),
        Function::CommonName => part(text, derive::common_name),
        Function::Context => Derived::optional(derive::context(&text, word).map(str::to_owned)),
        Function::Elevation => Derived::optional(derive::elevation(&text).map(str::to_owned)),
        Function::Equals => Derived::text(if text == word { "true" } else { "false" }),
        Function::Guid => Derived::optional(derive::guid(&text)),
        Function::GuidTime => Derived::number(derive::guid_time(&text)),
        Function::Hash => Derived::optional(derive::hash(&text, word)),
        Function::ImageOf => part(text, derive::image_of),
        Function::Int => Derived::number(derive::integer(&text)),
        Function::Integrity => Derived::optional(derive::integrity(&text).map(str::to_owned)),
        Function::Ip => Derived::optional(derive::address(&text).map(|address| address.to_string())),
        Function::IpType => Derived::optional(derive::address_type(&text)),
        Function::Leaf => part(text, derive::leaf),
        Function::LogonType => match logon_type(text.trim()) {
            "" => Derived::text(text),
            name => Derived::text(name),
        },
        Function::Protocol => Derived::text(derive::protocol(&text).into_owned()),
        Function::Registry => Derived::text(derive::registry(&text).into_owned()),
        Function::RegistryData => Derived::text(derive::registry_details(&text).0.into_owned()),
        Function::RegistryKey => {
            let path = derive::registry(&text);
            Derived::text(derive::registry_parent(&path).to_owned())
        }
        Function::RegistryKernel => Derived::text(derive::registry_kernel(&text).into_owned()),
        Function::RegistryType => Derived::text(derive::registry_details(&text).1),
        Function::RegistryTypeCode => Derived::optional(derive::registry_type_code(&text)),
        Function::RegistryValue => part(text, derive::registry_value),
        Function::SidOf => Derived::optional(derive::well_known_sid(&text)),
        Function::SqlClient => Derived::optional(sql_server::sql_client(&text)),
        Function::Trim => part(text, str::trim),
        Function::UserDomain => part(text, |account| derive::user(account).0),
        Function::UserName => part(text, |account| derive::user(account).1),
        Function::Utc => Derived::number(time::parse(&text)),
        Function::Zone => Derived::optional(derive::zone(&text, word).map(str::to_owned)),
        Function::Audit
        | Function::Data
        | Function::Field
        | Function::First
        | Function::Join
        | Function::LogonFailure
        | Function::SqlBinary
        | Function::System => Derived::Nothing,
    }
}

/// A part of a text, borrowed where the text is.
fn part(text: Cow<'_, str>, take: impl Fn(&str) -> &str) -> Derived<'_> {
    match text {
        Cow::Borrowed(text) => Derived::text(take(text)),
        Cow::Owned(text) => Derived::text(take(&text).to_owned()),
    }
}

fn data<'a>(event: &'a EventXml<'a>, which: &str) -> Derived<'a> {
    let mut values = event.fields.iter().filter(|field| field.name.is_empty()).map(|field| field.value.as_ref());
    match which {
        "last" => Derived::optional(values.next_back()),
        "all" => {
            let list: Vec<&str> = values.collect();
            Derived::optional(serde_json::to_string(&list).ok().filter(|_| !list.is_empty()))
        }
        index => Derived::optional(index.parse().ok().and_then(|index| values.nth(index))),
    }
}

fn system<'a>(event: &'a EventXml<'a>, part: &str) -> Derived<'a> {
    match part {
        "TimeCreated" => Derived::number(time::parse(&event.time_created)),
        "ProcessID" => Derived::text(event.process_id.as_ref()),
        _ => Derived::text(event.user_id.as_ref()),
    }
}

fn parse(rest: &mut &str) -> Result<Expression, String> {
    *rest = rest.trim_start();
    if let Some(inside) = rest.strip_prefix('"') {
        let mut text = String::new();
        let mut characters = inside.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    *rest = inside.get(index + 1..).unwrap_or_default();
                    return Ok(Expression::Literal(text));
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        return Err(format!("'{rest}' has no closing quote"));
    }
    let end = rest
        .find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '_' | '.')))
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    if name.is_empty() {
        return Err(format!("a name is missing before '{rest}'"));
    }
    *rest = after;
    let Some(mut inside) = after.strip_prefix('(') else {
        return Ok(Expression::Field { name: name.to_owned(), place: Cell::new(0) });
    };
    let (_, function, least, most, takes_word) = FUNCTIONS
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| format!("the mapping has no function '{name}'"))?;
    let mut arguments = Vec::new();
    loop {
        arguments.push(parse(&mut inside)?);
        inside = inside.trim_start();
        if let Some(next) = inside.strip_prefix(',') {
            inside = next;
        } else if let Some(next) = inside.strip_prefix(')') {
            *rest = next;
            break;
        } else {
            return Err(format!("',' or ')' is missing before '{inside}'"));
        }
    }
    if !(*least..=*most).contains(&arguments.len()) {
        return Err(format!("'{name}' takes {least} to {most} arguments"));
    }
    if *takes_word && let Some(Expression::Field { name, .. }) = arguments.last() {
        let word = Expression::Literal(name.clone());
        arguments.pop();
        arguments.push(word);
    }
    Ok(Expression::Call { function: *function, arguments })
}
