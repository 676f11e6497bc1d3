//! Microsoft Sentinel rules: one YAML document a rule, the query in `query`.
//!
//! Our own additions (false positives, tests, …) stand under the key `whippet`, which the service does not know.

use serde_json::Value;

use super::Draft;
use super::fields::{self, Fields};
use crate::rules::duration;
use crate::rules::rule::{CustomDetail, EntityMapping, Metadata, Problem, Schedule};

pub fn read(file: &str) -> Vec<Draft> {
    let (text, tabs) = without_tab_indentation(file);
    let documents = match fields::documents(&text) {
        Ok(documents) => documents,
        Err(problem) => {
            // The rule is listed all the same, by whatever name can be told.
            let title = line_value(&text, "name:");
            return vec![Draft { title, id: line_value(&text, "id:"), problems: vec![problem], ..Draft::default() }];
        }
    };
    let mut from = 0;
    let mut drafts = Vec::new();
    for document in documents {
        let Value::Object(fields) = document else {
            drafts.push(Draft { problems: vec![Problem::error("the document is not a mapping")], ..Draft::default() });
            continue;
        };
        let mut draft = draft(&fields);
        if tabs {
            draft.problems.push(Problem::warning("the file is indented with tabs, which YAML forbids"));
        }
        let (key, body) = query_place(file, from);
        draft.from = body;
        from = if body > key { body } else { from };
        drafts.push(draft);
    }
    drafts
}

fn draft(fields: &Fields) -> Draft {
    let mut problems = Vec::new();
    let mut metadata = Metadata {
        description: fields::text(fields, "description").unwrap_or_default(),
        status: fields::text(fields, "status"),
        kind: fields::text(fields, "kind"),
        version: fields::text(fields, "version"),
        tags: fields::list(fields, "tags"),
        tactics: fields::list(fields, "tactics"),
        techniques: fields::list(fields, "relevantTechniques"),
        data_sources: data_sources(fields),
        entities: entities(fields),
        custom_details: custom_details(fields),
        ..Metadata::default()
    };
    if let Some(word) = fields::text(fields, "severity") {
        metadata.severity = fields::severity(&word, &mut problems);
    }
    if let Some(Value::Object(inner)) = fields.get("metadata") {
        metadata.author = match inner.get("author") {
            Some(Value::Object(author)) => fields::text(author, "name"),
            _ => fields::text(inner, "author"),
        };
    }
    metadata.schedule = schedule(fields, &mut problems);
    if let Some(Value::Object(ours)) = fields.get("whippet") {
        fields::apply_header(&mut metadata, ours, &mut problems);
    }
    let query = match fields.get("query") {
        Some(Value::String(query)) => query.clone(),
        _ => String::new(),
    };
    if query.trim().is_empty() {
        problems.push(Problem::error("the rule has no query: it stands under the key 'query'"));
    }
    Draft {
        id: fields::text(fields, "id"),
        title: fields::text(fields, "name"),
        metadata,
        query,
        problems,
        ..Draft::default()
    }
}

fn schedule(fields: &Fields, problems: &mut Vec<Problem>) -> Option<Schedule> {
    let mut read = |key: &str| {
        let word = fields::text(fields, key)?;
        let ticks = duration::parse(&word);
        if ticks.is_none() {
            problems
                .push(Problem::warning(format!("{key} '{word}' is not a duration (5m, 1h, 14d, PT5H, 1.00:00:00)")));
        }
        if let (Some(_), true) = (ticks, word.bytes().all(|byte| byte.is_ascii_digit())) {
            let note = format!("{key} '{word}' has no unit: the service reads it as {word} days");
            problems.push(Problem::warning(note));
        }
        ticks
    };
    let frequency = read("queryFrequency");
    let period = read("queryPeriod");
    let suppression = read("suppressionDuration");
    let operator = fields::text(fields, "triggerOperator");
    let threshold = fields::text(fields, "triggerThreshold").and_then(|word| word.parse().ok());
    let trigger = operator.zip(threshold);
    if let (Some(frequency), Some(period)) = (frequency, period)
        && period < frequency
    {
        problems
            .push(Problem::warning("queryPeriod is shorter than queryFrequency: events between runs are never seen"));
    }
    // Five hours is what the service takes where the file does not say.
    let suppressed = fields::text(fields, "suppressionEnabled").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let suppression = suppressed.then(|| suppression.or_else(|| duration::parse("5h"))).flatten();
    let grouping = fields.get("eventGroupingSettings").and_then(Value::as_object);
    let grouping = grouping.and_then(|settings| fields::text(settings, "aggregationKind"));
    let alert_per_row = grouping.is_some_and(|word| word.eq_ignore_ascii_case("AlertPerResult"));
    let is_stated = frequency.is_some() || period.is_some() || trigger.is_some() || suppressed || alert_per_row;
    is_stated.then_some(Schedule { frequency, period, trigger, suppression, alert_per_row })
}

fn data_sources(fields: &Fields) -> Vec<String> {
    let Some(Value::Array(connectors)) = fields.get("requiredDataConnectors") else { return Vec::new() };
    connectors
        .iter()
        .filter_map(Value::as_object)
        .map(|connector| {
            let name = fields::text(connector, "connectorId").unwrap_or_default();
            let types = fields::list(connector, "dataTypes").join(", ");
            if types.is_empty() { name } else { format!("{name}: {types}") }
        })
        .collect()
}

fn entities(fields: &Fields) -> Vec<EntityMapping> {
    match fields.get("entityMappings") {
        Some(Value::Array(mappings)) => mappings
            .iter()
            .filter_map(Value::as_object)
            .filter_map(|mapping| {
                let pairs = match mapping.get("fieldMappings") {
                    Some(Value::Array(pairs)) => pairs.as_slice(),
                    _ => &[],
                };
                let fields = pairs
                    .iter()
                    .filter_map(Value::as_object)
                    .filter_map(|pair| fields::text(pair, "identifier").zip(fields::text(pair, "columnName")))
                    .collect();
                Some(EntityMapping { entity: fields::text(mapping, "entityType")?, fields })
            })
            .collect(),
        // The old form: `Account: column`.
        Some(Value::Object(mappings)) => mappings
            .iter()
            .filter_map(|(entity, column)| {
                let fields = vec![("Name".to_owned(), fields::scalar(column)?)];
                Some(EntityMapping { entity: entity.clone(), fields })
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn custom_details(fields: &Fields) -> Vec<CustomDetail> {
    let Some(Value::Object(details)) = fields.get("customDetails") else { return Vec::new() };
    details
        .iter()
        .filter_map(|(key, column)| Some(CustomDetail { key: key.clone(), column: fields::scalar(column)? }))
        .collect()
}

/// The rest of the line that starts with `key`, for files that are not YAML.
fn line_value(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(key))?.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Where the next top-level `query:` key stands from `from` on, and where the line after it starts.
fn query_place(text: &str, from: usize) -> (usize, usize) {
    let mut at = from;
    for line in text.get(from..).unwrap_or("").split_inclusive('\n') {
        let next = at.saturating_add(line.len());
        if line.starts_with("query:") {
            return (at, next);
        }
        at = next;
    }
    (from, from)
}

/// YAML forbids tabs in indentation; files in the wild have them in their queries, where the service takes them.
fn without_tab_indentation(text: &str) -> (String, bool) {
    let mut found = false;
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let body = line.trim_start_matches([' ', '\t']);
            let indent = line.strip_suffix(body).unwrap_or("");
            if indent.starts_with('\t') {
                found = true;
                format!("{}{body}", indent.replace('\t', "    "))
            } else {
                line.to_owned()
            }
        })
        .collect();
    (lines.join("\n"), found)
}
