//! How often each value that a rule looks for occurs in a store, on its own: without the rest of the rule.

use std::collections::BTreeMap;

use super::case::Case;
use super::error::HuntError;
use super::query::{Asker, QueryError};
use crate::kql::values::{quote_name, quote_string};
use crate::rules::coverage;
use crate::rules::indicators::{Indicator, IndicatorValue};
use crate::rules::rule::Rule;
use crate::schema::{ScalarType, Value, format};
use crate::store::Store;

/// One value a rule looks for, and how many events have it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IndicatorHits {
    pub field: String,
    pub kind: String,
    pub value: String,
    /// Rules of the catalog that look for the same, however they spell it; this one among them.
    pub corpus: u64,
    /// Events of the rule's tables; `None` where it cannot be counted (a column that a stage makes, a pattern of
    /// another kind).
    pub events: Option<u64>,
}

/// Counts the values of a rule's indicators over the tables the rule reads.
pub fn hits(
    case: &Case,
    store: &Store,
    rule: &Rule,
    indicators: &[Indicator],
) -> Result<Vec<IndicatorHits>, HuntError> {
    let asker = case.asker(store);
    let tables = coverage::tables(&rule.pipeline);
    let mut rows = Vec::new();
    for indicator in indicators {
        let counts = count(&asker, store, &tables, indicator)?;
        for (value, events) in indicator.values.iter().zip(counts) {
            rows.push(IndicatorHits {
                field: indicator.field.clone(),
                kind: indicator.kind.clone(),
                value: value.value.clone(),
                corpus: value.corpus.as_ref().map_or(0, |corpus| corpus.alike.total as u64),
                events,
            });
        }
    }
    Ok(rows)
}

/// One count a value of the indicator.
fn count(
    asker: &Asker<'_>,
    store: &Store,
    tables: &[String],
    indicator: &Indicator,
) -> Result<Vec<Option<u64>>, HuntError> {
    let mut counts: Vec<Option<u64>> = vec![None; indicator.values.len()];
    for table in tables {
        let column = store.schema().table(table).and_then(|known| known.column(&indicator.field));
        let Some(column) = column else { continue };
        let is_text = column.scalar_type == ScalarType::String;
        let found = if is_text && matches!(indicator.kind.as_str(), "eq" | "in") {
            equal(asker, table, indicator)?
        } else {
            let mut found = Vec::new();
            for value in &indicator.values {
                let condition = if value.resolved { condition(indicator, value, is_text) } else { None };
                found.push(match condition {
                    Some(condition) => ask(asker, &format!("{table}\n| where {condition}\n| count"))?,
                    None => None,
                });
            }
            found
        };
        for (total, more) in counts.iter_mut().zip(found) {
            *total = match (*total, more) {
                (Some(total), Some(more)) => Some(total.saturating_add(more)),
                (known, more) => known.or(more),
            };
        }
    }
    Ok(counts)
}

/// All values of an equality at once: a list may have hundreds.
fn equal(asker: &Asker<'_>, table: &str, indicator: &Indicator) -> Result<Vec<Option<u64>>, HuntError> {
    let field = &quote_name(&indicator.field);
    let exact = |value: &IndicatorValue| value.case_sensitive == Some(true);
    let mut counts = vec![None; indicator.values.len()];
    for case_sensitive in [true, false] {
        let wanted: Vec<&IndicatorValue> =
            indicator.values.iter().filter(|value| value.resolved && exact(value) == case_sensitive).collect();
        if wanted.is_empty() {
            continue;
        }
        let list: Vec<String> = wanted.iter().map(|value| quote_string(&value.value)).collect();
        let (operator, by) = if case_sensitive { ("in", field.clone()) } else { ("in~", format!("tolower({field})")) };
        let text = format!(
            "{table}\n| where {field} {operator} ({})\n| summarize Rows=count() by Found={by}",
            list.join(", ")
        );
        let rows = match asker.rows(&text) {
            Ok(rows) => rows.rows,
            Err(QueryError::Cancelled) => return Err(HuntError::Cancelled),
            Err(_) => continue,
        };
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            // `Found` is the key and comes first.
            if let [key, Value::Long(rows)] = row.as_slice() {
                found.insert(format::text(key), rows.unsigned_abs());
            }
        }
        for (value, count) in indicator.values.iter().zip(counts.iter_mut()) {
            if value.resolved && exact(value) == case_sensitive {
                let key = if case_sensitive { value.value.clone() } else { value.value.to_lowercase() };
                *count = Some(found.get(&key).copied().unwrap_or(0));
            }
        }
    }
    Ok(counts)
}

/// The indicator as a predicate; `None` for a kind that no one operator says.
fn condition(indicator: &Indicator, value: &IndicatorValue, is_text: bool) -> Option<String> {
    let exact = value.case_sensitive == Some(true);
    let operator = match (indicator.kind.as_str(), exact) {
        ("match", false) => "has",
        ("match", true) => "has_cs",
        ("contains", false) => "contains",
        ("contains", true) => "contains_cs",
        ("starts_with", false) => "startswith",
        ("starts_with", true) => "startswith_cs",
        ("ends_with", false) => "endswith",
        ("ends_with", true) => "endswith_cs",
        ("has_prefix", _) => "hasprefix",
        ("has_suffix", _) => "hassuffix",
        ("regex_match", _) => "matches regex",
        ("eq" | "in", _) => "==",
        ("lt", _) => "<",
        ("le", _) => "<=",
        ("gt", _) => ">",
        ("ge", _) => ">=",
        _ => return None,
    };
    // What a rule compares with a number stays a number.
    let operand = if is_text {
        quote_string(&value.value)
    } else {
        value.value.parse::<i64>().ok().map(|number| number.to_string())?
    };
    Some(format!("{} {operator} {operand}", quote_name(&indicator.field)))
}

fn ask(asker: &Asker<'_>, text: &str) -> Result<Option<u64>, HuntError> {
    match asker.count(text) {
        Ok(count) => Ok(Some(count)),
        Err(QueryError::Cancelled) => Err(HuntError::Cancelled),
        // A value that cannot be asked for on its own has no count; the rule's own run says what is wrong with it.
        Err(_) => Ok(None),
    }
}
