//! Indicators: what a rule looks for, field by field, and how many rules of the catalog look for the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::catalog::Catalog;
use super::pipeline::{Role, RulePipeline, Section, SectionKind};
use super::predicates::{Kind, Leaf, Reader};
use super::rule::Rule;

/// One row: a field, an operator, the values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Indicator {
    pub field: String,
    /// As the catalog names it: `eq`, `ne`, `in`, `match`, ….
    pub kind: String,
    pub values: Vec<IndicatorValue>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndicatorValue {
    pub value: String,
    /// `false`: `value` is a name that only running the rule could replace; it is in no corpus.
    pub resolved: bool,
    /// The `let` that holds the value.
    pub from_let: Option<String>,
    pub case_sensitive: Option<bool>,
    /// The units the value is asked for in.
    pub units: Vec<String>,
    /// Absent until a catalog is counted.
    pub corpus: Option<CorpusCount>,
}

/// How many rules look for the same, this one included.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CorpusCount {
    /// As public catalogs count: same field name, same operator, same spelling, exclusions included.
    pub same: Tally,
    /// Same canonical field, same family of operator, case folded where the operator folds it, exclusions apart.
    pub alike: Tally,
    /// Rules that exclude it, counted as `alike` is.
    pub excluded: Tally,
}

/// Rules by the language they are written in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub total: usize,
    pub by_source: BTreeMap<String, usize>,
}

impl std::fmt::Display for Tally {
    /// `7 (5 kusto, 2 sigma)`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.total)?;
        let parts: Vec<String> = self.by_source.iter().map(|(source, count)| format!("{count} {source}")).collect();
        if parts.is_empty() { Ok(()) } else { write!(formatter, " ({})", parts.join(", ")) }
    }
}

/// A positive leaf of a rule with the unit and section it stands in.
struct Found<'rule> {
    leaf: Leaf,
    excluded: bool,
    unit: &'rule str,
    actor_is_parent: bool,
}

fn leaves<'rule>(pipeline: &'rule RulePipeline, reader: &Reader<'_>) -> Vec<Found<'rule>> {
    let mut found = Vec::new();
    for section in pipeline.sections() {
        let actor_is_parent = reads_processes(section, pipeline, 0);
        for unit in section.stages.iter().flat_map(|stage| &stage.units).filter(|unit| unit.role != Role::TimeFilter) {
            let predicate = reader.read(&unit.expression);
            found.extend(predicate.leaves().into_iter().map(|(leaf, below_not)| Found {
                leaf: leaf.clone(),
                excluded: below_not != leaf.negative,
                unit: &unit.id,
                actor_is_parent,
            }));
        }
    }
    found
}

/// Whether the section's rows are of DeviceProcessEvents, where the initiating process is the parent.
fn reads_processes(section: &Section, pipeline: &RulePipeline, depth: usize) -> bool {
    if depth > pipeline.lets.len() {
        return false;
    }
    let over: &[String] = match &section.kind {
        SectionKind::Outer { over } => over,
        _ => &section.sources,
    };
    over.iter().any(|name| {
        name == "DeviceProcessEvents"
            || pipeline
                .sections()
                .any(|other| other.binding() == Some(name) && reads_processes(other, pipeline, depth.saturating_add(1)))
    })
}

/// The indicator rows of a rule, sorted by field and kind, without corpus counts.
pub fn indicators(pipeline: &RulePipeline, reader: &Reader<'_>) -> Vec<Indicator> {
    let mut rows: BTreeMap<(String, String), Vec<IndicatorValue>> = BTreeMap::new();
    for Found { leaf, excluded, unit, .. } in leaves(pipeline, reader) {
        // `!=` is an indicator too, as catalogs have it; every other negation is an exclusion alone.
        let is_ne = leaf.negative && leaf.kind == Kind::Eq;
        if (excluded && !is_ne) || matches!(leaf.kind, Kind::InTable) {
            continue;
        }
        let row = rows.entry((leaf.field.clone(), leaf.kind_name())).or_default();
        for value in &leaf.values {
            match row.iter_mut().find(|known| known.value == value.text) {
                Some(known) => {
                    if !known.units.iter().any(|seen| seen == unit) {
                        known.units.push(unit.to_owned());
                    }
                }
                None => row.push(IndicatorValue {
                    value: value.text.clone(),
                    resolved: value.resolved,
                    from_let: value.from_let.clone(),
                    case_sensitive: leaf.case_sensitive,
                    units: vec![unit.to_owned()],
                    corpus: None,
                }),
            }
        }
    }
    rows.into_iter().map(|((field, kind), values)| Indicator { field, kind, values }).collect()
}

/// What every rule of a catalog looks for.
#[derive(Debug, Clone, Default)]
pub struct Corpus {
    same: BTreeMap<(String, String, String), BTreeSet<usize>>,
    alike: BTreeMap<Key, BTreeSet<usize>>,
    excluded: BTreeMap<Key, BTreeSet<usize>>,
    sources: Vec<&'static str>,
    titles: Vec<String>,
}

/// Canonical field, family of the operator, folded value.
type Key = (String, Kind, String);

impl Corpus {
    pub fn of(catalog: &Catalog) -> Self {
        let mut corpus = Self::default();
        for (index, rule) in catalog.rules().iter().enumerate() {
            corpus.sources.push(source_language(rule));
            corpus.titles.push(rule.title.clone());
            let reader = Reader::of(&rule.pipeline, &rule.tree);
            for found in leaves(&rule.pipeline, &reader) {
                for value in found.leaf.values.iter().filter(|value| value.resolved) {
                    let same = (found.leaf.field.clone(), found.leaf.kind_name(), value.text.clone());
                    corpus.same.entry(same).or_default().insert(index);
                    let side = if found.excluded { &mut corpus.excluded } else { &mut corpus.alike };
                    side.entry(key(&found.leaf.field, found.leaf.kind, &value.text, found.actor_is_parent))
                        .or_default()
                        .insert(index);
                }
            }
        }
        corpus
    }

    /// Fills the counts into a rule's indicators.
    pub fn count(&self, rule: &Rule, rows: &mut [Indicator]) {
        let reader = Reader::of(&rule.pipeline, &rule.tree);
        let mut places: BTreeMap<(String, String), (Kind, bool)> = BTreeMap::new();
        for found in leaves(&rule.pipeline, &reader) {
            places
                .entry((found.leaf.field.clone(), found.leaf.kind_name()))
                .or_insert((found.leaf.kind, found.actor_is_parent));
        }
        for row in rows {
            let Some((kind, actor_is_parent)) = places.get(&(row.field.clone(), row.kind.clone())) else { continue };
            for value in row.values.iter_mut().filter(|value| value.resolved) {
                let same = (row.field.clone(), row.kind.clone(), value.value.clone());
                let alike = key(&row.field, *kind, &value.value, *actor_is_parent);
                value.corpus = Some(CorpusCount {
                    same: self.tally(self.same.get(&same)),
                    alike: self.tally(self.alike.get(&alike)),
                    excluded: self.tally(self.excluded.get(&alike)),
                });
            }
        }
    }

    /// The titles of the rules that look for the same, however they spell it.
    pub fn rules_alike(&self, field: &str, kind: Kind, value: &str, actor_is_parent: bool) -> Vec<&str> {
        let found = self.alike.get(&key(field, kind, value, actor_is_parent));
        found.into_iter().flatten().filter_map(|index| self.titles.get(*index)).map(String::as_str).collect()
    }

    fn tally(&self, rules: Option<&BTreeSet<usize>>) -> Tally {
        let mut tally = Tally::default();
        for index in rules.into_iter().flatten() {
            tally.total = tally.total.saturating_add(1);
            if let Some(source) = self.sources.get(*index) {
                let count = tally.by_source.entry((*source).to_owned()).or_default();
                *count = count.saturating_add(1);
            }
        }
        tally
    }
}

/// The language a rule is written in, as catalogs name their halves.
fn source_language(_rule: &Rule) -> &'static str {
    "kusto"
}

fn key(field: &str, kind: Kind, value: &str, actor_is_parent: bool) -> Key {
    let family = if kind == Kind::In { Kind::Eq } else { kind };
    (canonical(field, actor_is_parent).to_owned(), family, value.trim().to_lowercase())
}

/// The same fact has a name in every schema; one of them stands for all.
const CANONICAL: &[(&str, &str)] = &[
    ("FileName", "file_name"),
    ("NewProcessName", "Image"),
    ("ProcessCommandLine", "CommandLine"),
    ("ProcessVersionInfoOriginalFileName", "OriginalFileName"),
    ("ProcessIntegrityLevel", "IntegrityLevel"),
    ("AccountName", "user"),
    ("TargetUserName", "user"),
    ("SubjectUserName", "user"),
    ("AccountDomain", "user_domain"),
    ("AccountSid", "user_sid"),
    ("ActionType", "EventType"),
    ("RegistryKey", "TargetObject"),
    ("RegistryValueData", "Details"),
    ("RemoteIP", "DestinationIp"),
    ("RemotePort", "DestinationPort"),
    ("RemoteUrl", "DestinationHostname"),
    ("SHA1", "sha1"),
    ("SHA256", "sha256"),
    ("MD5", "md5"),
];

/// The initiating process is the parent where the row is about a process, and the actor itself elsewhere.
const ACTOR: &[(&str, &str, &str)] = &[
    ("InitiatingProcessFileName", "parent_process_name", "file_name"),
    ("InitiatingProcessFolderPath", "ParentImage", "Image"),
    ("InitiatingProcessCommandLine", "ParentCommandLine", "CommandLine"),
    ("InitiatingProcessParentFileName", "grandparent_process_name", "parent_process_name"),
];

fn canonical(field: &str, actor_is_parent: bool) -> &str {
    if let Some((_, parent, own)) = ACTOR.iter().find(|(known, _, _)| *known == field) {
        return if actor_is_parent { parent } else { own };
    }
    match (field, actor_is_parent) {
        ("FolderPath", true) => "Image",
        ("FolderPath", false) => "TargetFilename",
        _ => CANONICAL.iter().find(|(known, _)| *known == field).map_or(field, |(_, canonical)| canonical),
    }
}
