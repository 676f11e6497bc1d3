//! What is suspicious in a rule that is valid KQL: mistyped values, values listed twice, comparisons that look at case
//! where names do not, ActionTypes that no table has, tags that are out of date.
//!
//! Findings are warnings with a place in the query; the binder's findings are not repeated here.

use std::collections::BTreeMap;

use super::attack::Attack;
use super::coverage;
use super::pipeline::{LetKind, Role};
use super::predicates::{Kind, Leaf, LeafValue, Reader};
use super::rule::Rule;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest;
use crate::kql::span::Span;

const ACTION_TYPES: &str = include_str!("../../assets/schema/actiontypes.json");

/// Names of programs that rules look for, to tell a slip from a rare tool. Facts, gathered from Windows itself, the
/// Sysinternals suite and the LOLBAS project's index.
const PROGRAMS: &str = include_str!("programs.txt");

/// Columns that hold a file's name alone.
const NAME_COLUMNS: &[&str] = &[
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

/// The findings of a rule, in the order of the query.
pub fn lint(rule: &Rule, attack: &Attack) -> Vec<Diagnostic> {
    let reader = Reader::of(&rule.pipeline, &rule.tree);
    let mut found = Vec::new();
    let mut names: Vec<LeafValue> = Vec::new();
    for unit in rule.pipeline.units().filter(|unit| unit.role != Role::TimeFilter) {
        let predicate = reader.read(&unit.expression);
        for (leaf, _) in predicate.leaves() {
            case_sensitive(leaf, &mut found);
            if NAME_COLUMNS.contains(&leaf.field.as_str()) && matches!(leaf.kind, Kind::Eq | Kind::In) {
                names.extend(leaf.values.iter().filter(|value| value.resolved).cloned());
            }
            if leaf.field == "ActionType" && matches!(leaf.kind, Kind::Eq | Kind::In) {
                action_types(leaf, rule, &mut found);
            }
        }
    }
    program_names(&names, rule, &mut found);
    duplicates(&reader, rule, &mut found);
    let (_, notes) = attack.coverage(&rule.metadata);
    found.extend(notes.into_iter().map(|note| Diagnostic::warning("attack-tag", Span::new(0, 0), note)));
    found.sort_by_key(|finding| (finding.span.start, finding.code));
    found.dedup();
    found
}

fn case_sensitive(leaf: &Leaf, found: &mut Vec<Diagnostic>) {
    let field = leaf.field.as_str();
    let is_caseless = NAME_COLUMNS.contains(&field) || CASELESS_COLUMNS.contains(&field);
    let folds = leaf.values.iter().any(|value| value.text.to_lowercase() != value.text.to_uppercase());
    if leaf.case_sensitive != Some(true) || !is_caseless || !folds {
        return;
    }
    let (written, instead) = match (leaf.kind, leaf.negative) {
        (Kind::Eq, false) => ("==", "=~"),
        (Kind::Eq, true) => ("!=", "!~"),
        (Kind::In, false) => ("in", "in~"),
        (Kind::In, true) => ("!in", "!in~"),
        _ => return,
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

fn action_types(leaf: &Leaf, rule: &Rule, found: &mut Vec<Diagnostic>) {
    let Ok(known) = serde_json::from_str::<BTreeMap<String, Vec<String>>>(ACTION_TYPES) else { return };
    let tables = coverage::tables(&rule.pipeline);
    // Every table of the rule has to be known: a value may be meant for the one that is not.
    let lists: Option<Vec<&Vec<String>>> = tables.iter().map(|table| known.get(table)).collect();
    let Some(lists) = lists.filter(|lists| !lists.is_empty()) else { return };
    let names: Vec<&str> = lists.into_iter().flatten().map(String::as_str).collect();
    for value in leaf.values.iter().filter(|value| value.resolved) {
        if names.iter().any(|name| name.eq_ignore_ascii_case(&value.text)) {
            continue;
        }
        let message = format!("no table of this rule is known to have the ActionType '{}'", value.text);
        let mut finding = Diagnostic::warning("unknown-actiontype", place(value, rule), message);
        if let Some(near) = nearest(&value.text, names.iter().copied()) {
            finding = finding.with_help(format!("the nearest known one is '{near}'"));
        }
        found.push(finding);
    }
}

fn program_names(names: &[LeafValue], rule: &Rule, found: &mut Vec<Diagnostic>) {
    let programs: Vec<&str> = PROGRAMS.lines().filter(|line| !line.is_empty()).collect();
    for value in names {
        let name = value.text.to_lowercase();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let is_program = extension.is_some_and(|extension| PROGRAM_EXTENSIONS.contains(&extension));
        if !is_program {
            let message = match extension {
                Some(extension) => format!("'{}' ends in '.{extension}', which no program has", value.text),
                None => format!("'{}' has no extension, and a file name is compared with it as a whole", value.text),
            };
            let meant = format!("{}.exe", name.split('.').next().unwrap_or(&name));
            let mut finding = Diagnostic::warning("not-a-program", place(value, rule), message);
            if let Some(near) = programs.iter().find(|known| **known == meant) {
                finding = finding.with_help(format!("'{near}' is a known program"));
            }
            found.push(finding);
        } else if !programs.contains(&name.as_str())
            && name.len() > 8
            && let Some(near) = nearest(&name, programs.iter().copied()).filter(|near| is_one_slip(&name, near))
        {
            let message = format!("'{}' is no known program", value.text);
            let help = format!("'{near}' is one, a slip away");
            found.push(Diagnostic::warning("mistyped-program", place(value, rule), message).with_help(help));
        }
    }
}

/// Whether one letter more, less, other or swapped makes one name of the other: at most two letters apart in a pair, and
/// neither name with a digit or a letter put at its end, which is how tools are versioned.
fn is_one_slip(name: &str, near: &str) -> bool {
    let (name, near) = (name.trim_end_matches(".exe"), near.trim_end_matches(".exe"));
    name.len().abs_diff(near.len()) <= 1 && !name.starts_with(near) && !near.starts_with(name)
}

/// Values that stand in two of the lists a rule joins, or twice in one.
fn duplicates(reader: &Reader<'_>, rule: &Rule, found: &mut Vec<Diagnostic>) {
    for binding in rule.pipeline.lets.iter().filter(|binding| matches!(binding.kind, LetKind::List | LetKind::Scalar)) {
        let values = reader.values(&binding.value);
        let mut seen: BTreeMap<String, &LeafValue> = BTreeMap::new();
        for value in values.iter().filter(|value| value.resolved) {
            let Some(first) = seen.get(&value.text.to_lowercase()) else {
                seen.insert(value.text.to_lowercase(), value);
                continue;
            };
            let list = value.from_let.as_deref().unwrap_or(&binding.name);
            let message = match first.from_let.as_deref() {
                Some(other) if other != list => format!("'{}' stands in {other} and in {list}", value.text),
                _ => format!("'{}' stands twice in {list}", value.text),
            };
            found.push(Diagnostic::warning("duplicate-value", place(value, rule), message));
        }
    }
}

/// Where a value is written. A member of `dynamic([…])` has no span of its own: its text is looked for in the literal.
fn place(value: &LeafValue, rule: &Rule) -> Span {
    let literal = value.span.slice(&rule.query);
    for quote in ['"', '\''] {
        let written = format!("{quote}{}{quote}", value.text);
        if let Some(at) = literal.find(&written) {
            let start = value.span.start.saturating_add(at);
            return Span::new(start, start.saturating_add(written.len()));
        }
    }
    value.span
}
