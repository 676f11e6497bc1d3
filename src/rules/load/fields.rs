//! Reading metadata out of YAML, forgiving about shapes: a list may be one text, a text may be a number.

use serde_json::{Map, Value};

use crate::rules::rule::{Confidence, Metadata, Problem, RuleTest, Severity};

/// Refuses what a rule file never needs: alias bombs, endless nesting.
pub fn documents(text: &str) -> Result<Vec<Value>, Problem> {
    serde_saphyr::from_multiple::<Value>(text).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        let message = error.to_string();
        let message = message.lines().next().unwrap_or("not valid YAML");
        Problem { line, ..Problem::error(format!("the YAML is not valid: {message}")) }
    })
}

pub type Fields = Map<String, Value>;

/// A text, number or boolean as text; blank and null count as absent.
pub fn text(fields: &Fields, key: &str) -> Option<String> {
    fields.get(key).and_then(scalar)
}

pub fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A list of texts; one text is a list of one, null is empty.
pub fn list(fields: &Fields, key: &str) -> Vec<String> {
    match fields.get(key) {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(value) => scalar(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The keys of a `.kql` header and of the `whippet:` block of a Sentinel rule.
const HEADER_KEYS: &[&str] = &[
    "id",
    "title",
    "description",
    "severity",
    "confidence",
    "status",
    "version",
    "author",
    "license",
    "source",
    "references",
    "tags",
    "tactics",
    "techniques",
    "data_sources",
    "false_positives",
    "response",
    "blind_spots",
    "tests",
];

/// Lays our own header over what is there already: what the header leaves out stays.
pub fn apply_header(metadata: &mut Metadata, fields: &Fields, problems: &mut Vec<Problem>) {
    for key in fields.keys().filter(|key| !HEADER_KEYS.contains(&key.as_str())) {
        problems.push(Problem::warning(format!("the header has the unknown key '{key}'")));
    }
    let set = |slot: &mut Option<String>, key: &str| {
        if let Some(value) = text(fields, key) {
            *slot = Some(value);
        }
    };
    set(&mut metadata.status, "status");
    set(&mut metadata.version, "version");
    set(&mut metadata.author, "author");
    set(&mut metadata.license, "license");
    set(&mut metadata.source, "source");
    if let Some(description) = text(fields, "description") {
        metadata.description = description;
    }
    if let Some(word) = text(fields, "severity") {
        metadata.severity = severity(&word, problems);
    }
    if let Some(word) = text(fields, "confidence") {
        metadata.confidence = confidence(&word, problems);
    }
    let fill = |slot: &mut Vec<String>, key: &str| {
        let items = list(fields, key);
        if !items.is_empty() {
            *slot = items;
        }
    };
    fill(&mut metadata.references, "references");
    fill(&mut metadata.tags, "tags");
    fill(&mut metadata.tactics, "tactics");
    fill(&mut metadata.techniques, "techniques");
    fill(&mut metadata.data_sources, "data_sources");
    fill(&mut metadata.false_positives, "false_positives");
    fill(&mut metadata.response, "response");
    fill(&mut metadata.blind_spots, "blind_spots");
    if let Some(Value::Array(tests)) = fields.get("tests") {
        metadata.tests = tests.iter().filter_map(test).collect();
    }
}

fn test(value: &Value) -> Option<RuleTest> {
    let fields = value.as_object()?;
    Some(RuleTest {
        name: text(fields, "name")?,
        description: text(fields, "description").unwrap_or_default(),
        expected: list(fields, "expected"),
    })
}

pub fn severity(word: &str, problems: &mut Vec<Problem>) -> Option<Severity> {
    let found = Severity::from_name(word);
    if found.is_none() {
        let message = format!("'{word}' is not a severity; it is one of informational, low, medium, high, critical");
        problems.push(Problem::warning(message));
    }
    found
}

pub fn confidence(word: &str, problems: &mut Vec<Problem>) -> Option<Confidence> {
    let found = Confidence::from_name(word);
    if found.is_none() {
        problems.push(Problem::warning(format!("'{word}' is not a confidence; it is one of low, medium, high")));
    }
    found
}
