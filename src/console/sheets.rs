//! A rule in the console's words: what its page shows of it, whatever the data.

use crate::hunt::matches::Severity;
use crate::hunt::timetable::{Timetable, Wanted};
use crate::kql::diagnostic::Diagnostic;
use crate::plan::Environment;
use crate::rules::indicators::{Indicator, IndicatorValue};
use crate::rules::pipeline::LetKind;
use crate::rules::predicates::Reader;
use crate::rules::{Facts, Rule, compile};

/// What a rule says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSheet {
    pub name: String,
    pub title: String,
    pub severity: Severity,
    pub description: String,
    pub author: String,
    pub licence: String,
    pub source: String,
    /// Tactic and technique, as text.
    pub attack: Vec<(String, String)>,
    pub coverage: Vec<Coverage>,
    /// Status, kind, version, schedule and the like, as label and text.
    pub header: Vec<(String, String)>,
    pub parameters: Vec<(String, String)>,
    pub bindings: Vec<SheetBinding>,
    pub indicators: Vec<SheetIndicator>,
    /// Column, and the operator that makes it.
    pub outputs: Vec<(String, String)>,
    pub tests: Vec<SheetTest>,
    pub false_positives: Vec<String>,
    pub response: Vec<String>,
    pub blind_spots: Vec<String>,
    pub references: Vec<String>,
    /// Further sections of the rule's file: heading and text.
    pub notes: Vec<(String, String)>,
    pub query: String,
    /// The SQL it becomes, or why it does not.
    pub sql: Result<String, String>,
}

/// A `let` of a list or a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetBinding {
    pub name: String,
    pub text: String,
    pub derived_from: Vec<String>,
    /// Of a list of literals.
    pub members: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetIndicator {
    pub field: String,
    pub kind: String,
    pub value: String,
    /// Rules of the catalog that look for the same, and by what they are written in.
    pub corpus: usize,
    pub by_source: String,
    /// The `let` that holds the value.
    pub from_let: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetTest {
    pub name: String,
    pub description: String,
    pub expected: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    pub provider: String,
    pub event: String,
    pub title: String,
}

pub fn sheet(rule: &Rule, known: &Facts, severity: Severity, environment: &Environment<'_>) -> RuleSheet {
    let metadata = &rule.metadata;
    let mut attack = Vec::new();
    for row in &known.attack {
        if row.techniques.is_empty() {
            attack.push((row.tactic.clone(), "no specific technique".to_owned()));
        }
        attack.extend(row.techniques.iter().map(|technique| (row.tactic.clone(), technique.clone())));
    }
    let coverage = known.events.iter().map(|row| Coverage {
        provider: row.provider.clone(),
        event: row.event.clone(),
        title: row.title.clone(),
    });
    let tests = metadata.tests.iter().map(|test| SheetTest {
        name: test.name.clone(),
        description: test.description.clone(),
        expected: test.expected.clone(),
    });
    RuleSheet {
        name: rule.id.clone(),
        title: rule.title.clone(),
        severity,
        description: metadata.description.clone(),
        author: metadata.author.clone().unwrap_or_default(),
        licence: metadata.license.clone().unwrap_or_default(),
        source: rule.origin.path.clone(),
        attack,
        coverage: coverage.collect(),
        header: header(rule, known),
        parameters: known.parameters.iter().map(|binding| (binding.name.clone(), binding.text.clone())).collect(),
        bindings: bindings(rule, known),
        indicators: known.indicators.iter().flat_map(indicators).collect(),
        outputs: known.outputs.iter().map(|output| (output.name.clone(), source_of(output))).collect(),
        tests: tests.collect(),
        false_positives: metadata.false_positives.clone(),
        response: metadata.response.clone(),
        blind_spots: metadata.blind_spots.clone(),
        references: metadata.references.clone(),
        notes: metadata.notes.iter().map(|note| (note.heading.clone(), note.text.clone())).collect(),
        query: rule.query.clone(),
        sql: sql(rule, environment),
    }
}

fn header(rule: &Rule, known: &Facts) -> Vec<(String, String)> {
    let header = &known.header;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let schedule = Timetable::of(rule, Wanted::default()).map(|timetable| timetable.sentence()).unwrap_or_default();
    let rows = [
        ("status", text(&header.status)),
        ("kind", text(&header.kind)),
        ("confidence", header.confidence.map(|word| word.name().to_owned()).unwrap_or_default()),
        ("version", text(&header.version)),
        ("window", text(&header.time_window)),
        ("group by", header.group_by.join(", ")),
        ("schedule", schedule),
        ("data", rule.metadata.data_sources.join("; ")),
        ("tags", rule.metadata.tags.join(", ")),
        ("published", text(&header.source)),
    ];
    let stated = rows.into_iter().filter(|(_, value)| !value.is_empty());
    stated.map(|(label, value)| (label.to_owned(), value)).collect()
}

fn bindings(rule: &Rule, known: &Facts) -> Vec<SheetBinding> {
    let reader = Reader::of(&rule.pipeline, &rule.tree);
    let members = |name: &str| {
        let list = rule.pipeline.binding(name).filter(|binding| binding.kind == LetKind::List);
        let values = list.map(|binding| reader.values(&binding.value)).unwrap_or_default();
        values.into_iter().map(|value| value.text).collect()
    };
    let bindings = known.bindings.iter().map(|binding| SheetBinding {
        name: binding.name.clone(),
        text: binding.text.clone(),
        derived_from: binding.derived_from.clone(),
        members: members(&binding.name),
    });
    bindings.collect()
}

fn indicators(indicator: &Indicator) -> Vec<SheetIndicator> {
    let of = |value: &IndicatorValue| {
        let alike = value.corpus.as_ref().map(|corpus| &corpus.alike);
        let by_source = alike.map(|tally| {
            let parts: Vec<String> = tally.by_source.iter().map(|(name, count)| format!("{name} {count}")).collect();
            parts.join(", ")
        });
        SheetIndicator {
            field: indicator.field.clone(),
            kind: indicator.kind.clone(),
            value: value.value.clone(),
            corpus: alike.map_or(0, |tally| tally.total),
            by_source: by_source.unwrap_or_default(),
            from_let: value.from_let.clone(),
        }
    };
    indicator.values.iter().map(of).collect()
}

fn source_of(output: &crate::rules::facts::OutputField) -> String {
    if output.mapped.is_empty() {
        output.source.clone()
    } else {
        format!("{}, {}", output.source, output.mapped.join(", "))
    }
}

/// The SQL of the rule as it stands in its file.
fn sql(rule: &Rule, environment: &Environment<'_>) -> Result<String, String> {
    if !rule.is_readable() && rule.diagnostics.is_empty() {
        let problems: Vec<&str> = rule.problems.iter().map(|problem| problem.message.as_str()).collect();
        return Err(problems.join("\n"));
    }
    let problems = |diagnostics: Vec<Diagnostic>| {
        let errors = diagnostics.into_iter().filter(Diagnostic::is_error);
        errors.map(|found| found.message).collect::<Vec<_>>().join("\n")
    };
    compile::compile(rule, environment).map(|compiled| compiled.statements()).map_err(problems)
}
