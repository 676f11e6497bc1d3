//! Values that are mistyped, listed twice, of the wrong form, or compared by case where names have none.

use std::collections::{BTreeMap, BTreeSet};

use super::super::pipeline::LetKind;
use super::super::predicates::{Kind, LeafValue};
use super::Context;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::{is_near, nearest};
use crate::sql::functions::TextPredicate;

const ACTION_TYPES: &str = include_str!("../../../assets/schema/actiontypes.json");

/// Names of programs that rules look for, to tell a slip from a rare tool. Facts, gathered from Windows itself, the
/// Sysinternals suite and the LOLBAS project's index.
const PROGRAMS: &str = include_str!("programs.txt");

/// Columns that hold a file's name alone.
pub const NAME_COLUMNS: &[&str] = &[
    "FileName",
    "InitiatingProcessFileName",
    "InitiatingProcessParentFileName",
    "ProcessVersionInfoOriginalFileName",
    "InitiatingProcessVersionInfoOriginalFileName",
];

/// Columns of Windows paths, keys and command lines, where case means nothing.
const CASELESS_COLUMNS: &[&str] = &[
    "FolderPath",
    "InitiatingProcessFolderPath",
    "ProcessCommandLine",
    "InitiatingProcessCommandLine",
    "RegistryKey",
    "RegistryValueName",
    "DeviceName",
    "AccountName",
];

/// Extensions under which Windows starts a program.
const PROGRAM_EXTENSIONS: &[&str] = &[
    "exe", "com", "scr", "pif", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "msi", "dll",
    "cpl", "sys", "jar", "py", "lnk", "msc",
];

pub fn case_sensitive(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    // `tolower(FileName) == …`: the case of the literal is another check's.
    let folded = context.comparisons.iter().filter(|comparison| comparison.folding.is_some());
    let folded: BTreeSet<_> = folded.map(|comparison| (comparison.span.start, comparison.span.end)).collect();
    for leaf in &context.leaves {
        let field = leaf.field.as_str();
        let is_caseless = NAME_COLUMNS.contains(&field) || CASELESS_COLUMNS.contains(&field);
        let folds = leaf.values.iter().any(|value| value.text.to_lowercase() != value.text.to_uppercase());
        if leaf.case_sensitive != Some(true)
            || !is_caseless
            || !folds
            || folded.contains(&(leaf.span.start, leaf.span.end))
        {
            continue;
        }
        let (written, instead) = match (leaf.kind, leaf.negative) {
            (Kind::Eq, false) => ("==", "=~"),
            (Kind::Eq, true) => ("!=", "!~"),
            (Kind::In, false) => ("in", "in~"),
            (Kind::In, true) => ("!in", "!in~"),
            _ => continue,
        };
        let span = leaf.operator_span.unwrap_or(leaf.span);
        found.push(
            Diagnostic::warning(
                "case-sensitive",
                span,
                format!("'{written}' looks at case, and {field} is written in any"),
            )
            .with_label("looks at case")
            .with_help(format!("use '{instead}' to match whatever the case")),
        );
    }
}

/// The ActionTypes of the tables, where they are known for every one: a value may be meant for the one that is not.
pub fn known_action_types(tables: &[String]) -> Option<Vec<&'static str>> {
    let known: BTreeMap<&'static str, Vec<&'static str>> = serde_json::from_str(ACTION_TYPES).ok()?;
    let lists: Option<Vec<_>> = tables.iter().map(|table| known.get(table.as_str())).collect();
    let names: Vec<&str> = lists?.into_iter().flatten().copied().collect();
    (!names.is_empty()).then_some(names)
}

pub fn action_types(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(names) = known_action_types(&context.tables) else { return };
    let asked =
        context.leaves.iter().filter(|leaf| leaf.field == "ActionType" && matches!(leaf.kind, Kind::Eq | Kind::In));
    for leaf in asked {
        for value in leaf.values.iter().filter(|value| value.resolved) {
            let same = names.iter().find(|name| name.eq_ignore_ascii_case(&value.text));
            match same {
                Some(name) if *name == value.text || leaf.case_sensitive != Some(true) => continue,
                Some(name) => found.push(
                    Diagnostic::warning(
                        "unknown-actiontype",
                        context.place(value),
                        format!("the ActionType is written '{name}', and this comparison looks at case"),
                    )
                    .with_help(format!("write '{name}'")),
                ),
                None => {
                    let message = format!("no table of this rule is known to have the ActionType '{}'", value.text);
                    let mut finding = Diagnostic::warning("unknown-actiontype", context.place(value), message);
                    if let Some(near) = nearest(&value.text, names.iter().copied()) {
                        finding = finding.with_help(format!("the nearest known one is '{near}'"));
                    }
                    found.push(finding);
                }
            }
        }
    }
}

pub fn programs() -> Vec<&'static str> {
    PROGRAMS.lines().filter(|line| !line.is_empty()).collect()
}

/// The values that a file's name is compared with as a whole.
fn whole_names<'context>(context: &'context Context<'_>) -> impl Iterator<Item = &'context LeafValue> {
    context
        .leaves
        .iter()
        .filter(|leaf| NAME_COLUMNS.contains(&leaf.field.as_str()) && matches!(leaf.kind, Kind::Eq | Kind::In))
        .flat_map(|leaf| &leaf.values)
        .filter(|value| value.resolved && !value.text.is_empty() && !value.text.contains(['\\', '/']))
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn is_program(name: &str) -> bool {
    extension(name).is_some_and(|extension| PROGRAM_EXTENSIONS.contains(&extension))
}

pub fn not_programs(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let programs = programs();
    for value in whole_names(context) {
        let name = value.text.to_lowercase();
        if is_program(&name) {
            continue;
        }
        let message = match extension(&name) {
            Some(extension) => format!("'{}' ends in '.{extension}', which no program has", value.text),
            None => format!("'{}' has no extension, and a file name is compared with it as a whole", value.text),
        };
        let meant = format!("{}.exe", name.split('.').next().unwrap_or(&name));
        let mut finding = Diagnostic::warning("not-a-program", context.place(value), message);
        if let Some(near) = programs.iter().find(|known| **known == meant) {
            finding = finding.with_help(format!("'{near}' is a known program"));
        }
        found.push(finding);
    }
}

pub fn mistyped_programs(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let programs = programs();
    for value in whole_names(context) {
        let name = value.text.to_lowercase();
        if is_program(&name)
            && !programs.contains(&name.as_str())
            && name.len() > 8
            && let Some(near) = programs.iter().find(|near| is_one_slip(&name, near))
        {
            let message = format!("'{}' is no known program", value.text);
            let help = format!("'{near}' is one, a slip away");
            found.push(Diagnostic::warning("mistyped-program", context.place(value), message).with_help(help));
        }
    }
}

/// Whether one letter more, less, other or swapped with its neighbour makes one name of the other; not where it is put at
/// the end of the known name, which is how tools are versioned.
fn is_one_slip(name: &str, near: &str) -> bool {
    let (name, near) = (name.trim_end_matches(".exe"), near.trim_end_matches(".exe"));
    is_near(name, near, 1) && !name.starts_with(near)
}

/// Values that stand in two of the lists a rule joins, or twice in one.
pub fn duplicates(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let lets = &context.rule.pipeline.lets;
    for binding in lets.iter().filter(|binding| matches!(binding.kind, LetKind::List | LetKind::Scalar)) {
        let values = context.reader.values(&binding.value);
        for (first, value) in repeated(&values, true) {
            let list = value.from_let.as_deref().unwrap_or(&binding.name);
            let message = match first.from_let.as_deref() {
                Some(other) if other != list => format!("'{}' stands in {other} and in {list}", value.text),
                _ => format!("'{}' stands twice in {list}", value.text),
            };
            found.push(Diagnostic::warning("duplicate-value", context.place(value), message));
        }
    }
    // Lists that are written where they are used.
    for comparison in context.comparisons.iter().filter(|comparison| comparison.is_list) {
        for (_, value) in repeated(&comparison.values, !comparison.case_sensitive) {
            if value.from_let.is_none() {
                let message = format!("'{}' stands twice in this list", value.text);
                found.push(Diagnostic::warning("duplicate-value", context.place(value), message));
            }
        }
    }
}

/// Each value that stood before, with the first of its like.
fn repeated(values: &[LeafValue], folded: bool) -> Vec<(&LeafValue, &LeafValue)> {
    let mut seen: BTreeMap<String, &LeafValue> = BTreeMap::new();
    let mut found = Vec::new();
    for value in values.iter().filter(|value| value.resolved) {
        let key = if folded { value.text.to_lowercase() } else { value.text.clone() };
        match seen.get(&key) {
            Some(first) => found.push((*first, value)),
            None => {
                seen.insert(key, value);
            }
        }
    }
    found
}

/// Columns of hashes: the end of their name, and how many hexadecimal digits such a hash has.
const HASHES: &[(&str, usize)] = &[("SHA256", 64), ("SHA1", 40), ("MD5", 32)];

/// `SHA1 == "<64 digits>"`.
pub fn hashes(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for comparison in context.comparisons.iter().filter(|comparison| comparison.test == TextPredicate::Equal) {
        let Some((kind, digits)) = HASHES.iter().find(|(kind, _)| comparison.subject.ends_with(kind)) else { continue };
        for value in comparison.values.iter().filter(|value| !value.text.is_empty()) {
            let length = value.text.chars().count();
            let is_hexadecimal = value.text.chars().all(|character| character.is_ascii_hexdigit());
            if length == *digits && is_hexadecimal {
                continue;
            }
            let why =
                if is_hexadecimal { format!("this has {length}") } else { "this has other characters".to_owned() };
            let mut finding = Diagnostic::warning(
                "impossible-hash",
                context.place(value),
                format!("a {kind} hash has {digits} hexadecimal digits, and {why}"),
            );
            if let Some((other, _)) = HASHES.iter().find(|(_, digits)| is_hexadecimal && *digits == length) {
                finding = finding.with_help(format!("a hash of this length is compared with {other}"));
            }
            found.push(finding);
        }
    }
}

/// `RemoteIP == "10.0.0.0/8"`.
pub fn addresses(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let is_address = |subject: &str| subject.ends_with("IP") || subject.ends_with("IPAddress");
    let compared = context.comparisons.iter().filter(|comparison| comparison.test == TextPredicate::Equal);
    for comparison in compared.filter(|comparison| is_address(&comparison.subject)) {
        for value in comparison.values.iter().filter(|value| !value.text.is_empty()) {
            // Windows writes a dash for none; what is a number is another check's.
            let is_other = value.text == "-" || value.text.parse::<f64>().is_ok();
            if is_other || value.text.parse::<std::net::IpAddr>().is_ok() {
                continue;
            }
            let message = format!("{} is an IP address, and '{}' is none", comparison.subject, value.text);
            let mut finding = Diagnostic::warning("impossible-address", context.place(value), message);
            if value.text.contains('/') {
                let subject = &comparison.subject;
                finding = finding.with_help(format!("ipv4_is_in_range({subject}, \"{}\") takes a range", value.text));
            }
            found.push(finding);
        }
    }
}

/// Short names of the hives: what events have in their place.
const HIVES: &[(&str, &str)] = &[
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKU", "HKEY_USERS"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
];

/// `RegistryKey startswith "HKLM"`.
pub fn hives(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for comparison in context.comparisons.iter().filter(|comparison| comparison.subject.ends_with("RegistryKey")) {
        for value in &comparison.values {
            let first = value.text.trim_start_matches('\\').split(['\\', ':']).next().unwrap_or_default();
            if let Some((short, full)) = HIVES.iter().find(|(short, _)| first.eq_ignore_ascii_case(short)) {
                found.push(
                    Diagnostic::warning(
                        "registry-hive",
                        context.place(value),
                        format!("{} has '{full}' where this has '{short}'", comparison.subject),
                    )
                    .with_help(format!("write '{full}'")),
                );
            }
        }
    }
}
