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
    /// Those rules by the language they are written in: `41 (12 kusto, 29 sigma)`.
    pub by_source: String,
    /// The tables that the rule reads and that have the field.
    pub tables: Vec<String>,
    /// The indicator as a condition in KQL; `None` for a kind that no one operator says.
    pub condition: Option<String>,
    /// Events of the rule's tables; `None` where it cannot be counted (a column that a stage makes, a pattern of
    /// another kind).
    pub events: Option<u64>,
}

/// Up to so many different texts in a column, it is cheaper to try the values on the texts of the column than on
/// every text of the store.
const FEW_TEXTS: u64 = 20_000;
/// Values that one query counts: a statement has an end.
const AT_ONCE: usize = 100;

/// Counts the values of a rule's indicators over the tables the rule reads: one pass a column, however many values.
pub fn hits(
    case: &Case,
    store: &Store,
    rule: &Rule,
    indicators: &[Indicator],
) -> Result<Vec<IndicatorHits>, HuntError> {
    let asker = case.asker(store);
    let mut counts: Vec<Vec<Option<u64>>> =
        indicators.iter().map(|indicator| vec![None; indicator.values.len()]).collect();
    for table in coverage::tables(&rule.pipeline) {
        let mut columns: BTreeMap<&str, (bool, Vec<Wanted<'_>>)> = BTreeMap::new();
        for (at, indicator) in indicators.iter().enumerate() {
            let column = store.schema().table(&table).and_then(|known| known.column(&indicator.field));
            let Some(column) = column else { continue };
            let is_text = column.scalar_type == ScalarType::String;
            if is_text && matches!(indicator.kind.as_str(), "eq" | "in") {
                let found = equal(&asker, &table, indicator)?;
                found.into_iter().enumerate().for_each(|(value, count)| add(&mut counts, (at, value), count));
                continue;
            }
            let (_, wanted) = columns.entry(&indicator.field).or_insert((is_text, Vec::new()));
            let resolved = indicator.values.iter().enumerate().filter(|(_, value)| value.resolved);
            wanted.extend(resolved.map(|(place, value)| Wanted { place: (at, place), indicator, value }));
        }
        for (field, (is_text, wanted)) in columns {
            let is_few = is_text && is_worth(&asker, &table, field, wanted.len())?;
            for some in wanted.chunks(AT_ONCE) {
                let found = together(&asker, (&table, field), is_text, is_few, some)?;
                some.iter().zip(found).for_each(|(wanted, count)| add(&mut counts, wanted.place, count));
            }
        }
    }
    let mut rows = Vec::new();
    let read = coverage::tables(&rule.pipeline);
    for (indicator, counts) in indicators.iter().zip(counts) {
        let schemas: Vec<_> = read.iter().filter_map(|table| store.schema().table(table)).collect();
        let columns: Vec<_> =
            schemas.into_iter().filter_map(|table| Some((table, table.column(&indicator.field)?))).collect();
        let is_text = columns.first().is_some_and(|(_, column)| column.scalar_type == ScalarType::String);
        for (value, events) in indicator.values.iter().zip(counts) {
            rows.push(IndicatorHits {
                by_source: value.corpus.as_ref().map(|corpus| corpus.alike.to_string()).unwrap_or_default(),
                tables: columns.iter().map(|(table, _)| table.name.clone()).collect(),
                condition: value.resolved.then(|| whole(indicator, value, is_text)).flatten(),
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

/// A value to count, and where its count goes.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    place: (usize, usize),
    indicator: &'a Indicator,
    value: &'a IndicatorValue,
}

fn add(counts: &mut [Vec<Option<u64>>], (indicator, value): (usize, usize), more: Option<u64>) {
    if let (Some(total), Some(more)) = (counts.get_mut(indicator).and_then(|values| values.get_mut(value)), more) {
        *total = Some(total.unwrap_or_default().saturating_add(more));
    }
}

/// Whether a column has so few texts that each value should be tried on them.
fn is_worth(asker: &Asker<'_>, table: &str, field: &str, values: usize) -> Result<bool, HuntError> {
    if values < 2 {
        return Ok(false);
    }
    let field = quote_name(field);
    let texts = ask(asker, &format!("{table}\n| distinct {field}\n| take {}\n| count", FEW_TEXTS + 1))?;
    Ok(texts.is_some_and(|texts| texts <= FEW_TEXTS))
}

/// One count a value, all in one query. Where that cannot be run, each value is asked for by itself, so that one that
/// is no good (a pattern that does not parse) does not take the others with it.
fn together(
    asker: &Asker<'_>,
    (table, field): (&str, &str),
    is_text: bool,
    is_few: bool,
    wanted: &[Wanted<'_>],
) -> Result<Vec<Option<u64>>, HuntError> {
    let subject = if is_few { "whippet_text".to_owned() } else { quote_name(field) };
    let conditions: Vec<Option<String>> =
        wanted.iter().map(|one| condition(&subject, one.indicator, one.value, is_text)).collect();
    let columns: Vec<String> = conditions
        .iter()
        .enumerate()
        .filter_map(|(place, condition)| {
            let condition = condition.as_ref()?;
            Some(match is_few {
                true => format!("whippet_{place} = sumif(whippet_rows, {condition})"),
                false => format!("whippet_{place} = countif({condition})"),
            })
        })
        .collect();
    if columns.is_empty() {
        return Ok(vec![None; wanted.len()]);
    }
    // `strcat` makes a text of the id that a text is stored by, once for each.
    let texts = format!(
        "| summarize whippet_rows = count() by whippet_found = {}\n\
         | project whippet_rows, whippet_text = strcat(whippet_found, '')\n",
        quote_name(field)
    );
    let query = format!("{table}\n{}| summarize {}", if is_few { &texts } else { "" }, columns.join(", "));
    let row = match asker.values(&query) {
        Ok(found) => found.rows.into_iter().next().unwrap_or_default(),
        Err(QueryError::Cancelled) => return Err(HuntError::Cancelled),
        Err(_) => {
            let subject = quote_name(field);
            let alone = wanted.iter().map(|one| match condition(&subject, one.indicator, one.value, is_text) {
                Some(condition) => ask(asker, &format!("{table}\n| where {condition}\n| count")),
                None => Ok(None),
            });
            return alone.collect();
        }
    };
    let mut cells = row.into_iter();
    let counts = conditions.iter().map(|condition| {
        condition.as_ref()?;
        match cells.next() {
            Some(Value::Long(count)) => Some(count.unsigned_abs()),
            // The sum of nothing.
            Some(_) => Some(0),
            None => None,
        }
    });
    Ok(counts.collect())
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
        let rows = match asker.values(&text) {
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
fn condition(subject: &str, indicator: &Indicator, value: &IndicatorValue, is_text: bool) -> Option<String> {
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
    Some(format!("{subject} {operator} {operand}"))
}

/// The indicator as it is counted, on its own column.
fn whole(indicator: &Indicator, value: &IndicatorValue, is_text: bool) -> Option<String> {
    let field = quote_name(&indicator.field);
    let is_folded = is_text && value.case_sensitive != Some(true);
    match indicator.kind.as_str() {
        "eq" | "in" if is_folded => Some(format!("{field} =~ {}", quote_string(&value.value))),
        _ => condition(&field, indicator, value, is_text),
    }
}

fn ask(asker: &Asker<'_>, text: &str) -> Result<Option<u64>, HuntError> {
    match asker.count(text) {
        Ok(count) => Ok(Some(count)),
        Err(QueryError::Cancelled) => Err(HuntError::Cancelled),
        // A value that cannot be asked for on its own has no count; the rule's own run says what is wrong with it.
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::hunt::testing::{insert, text};
    use crate::hunt::{Clock, Switches};
    use crate::rules::Catalog;

    fn value(value: &str, case_sensitive: bool) -> IndicatorValue {
        IndicatorValue {
            value: value.to_owned(),
            resolved: true,
            from_let: None,
            case_sensitive: Some(case_sensitive),
            units: Vec::new(),
            corpus: None,
        }
    }

    fn indicator(field: &str, kind: &str, values: &[(&str, bool)]) -> Indicator {
        let values = values.iter().map(|(text, exact)| value(text, *exact)).collect();
        Indicator { field: field.to_owned(), kind: kind.to_owned(), values }
    }

    #[test]
    fn values_are_counted_together_as_they_are_alone() {
        let store = Store::in_memory().unwrap();
        let commands = ["cmd /c whoami", "cmd /c whoami", "CMD /c echo", "powershell -enc AAAA", ""];
        for (event, command) in (1..).zip(commands) {
            let cells = [("ProcessCommandLine", text(command)), ("ProcessId", event.into())];
            insert(&store, event, "DeviceProcessEvents", &cells);
        }
        let mut catalog = Catalog::default();
        catalog.add_bytes("rule.kql", false, b"DeviceProcessEvents | where ProcessId > 0");
        let rule = catalog.rules().first().unwrap().clone();
        let case = Case {
            store: PathBuf::new(),
            catalog: Arc::new(catalog),
            clock: Clock::whole(0),
            switches: Switches::default(),
        };
        let together = [
            indicator("ProcessCommandLine", "match", &[("cmd", false), ("cmd", true), ("nothing", false)]),
            indicator("ProcessCommandLine", "starts_with", &[("power", false)]),
            indicator("ProcessCommandLine", "eq", &[("CMD /C ECHO", false), ("CMD /C ECHO", true)]),
            indicator("ProcessId", "gt", &[("2", true), ("many", true)]),
            indicator("ProcessId", "lt", &[("2", true)]),
            indicator("NoSuchColumn", "match", &[("a", true)]),
            indicator("ProcessCommandLine", "ne", &[("a", true)]),
        ];
        let counts = |indicators: &[Indicator]| -> Vec<Option<u64>> {
            hits(&case, &store, &rule, indicators).unwrap().into_iter().map(|hit| hit.events).collect()
        };
        let expected = [Some(3), Some(2), Some(0), Some(1), Some(1), Some(0), Some(3), None, Some(1), None, None];
        assert_eq!(counts(&together), expected);
        let alone = together.iter().flat_map(|one| {
            let single = |value: &IndicatorValue| Indicator { values: vec![value.clone()], ..one.clone() };
            one.values.iter().map(single).flat_map(|one| counts(&[one])).collect::<Vec<_>>()
        });
        assert_eq!(alone.collect::<Vec<_>>(), expected);
        // A pattern that is no pattern has no count, and costs no other value its own.
        let wrong = indicator("ProcessCommandLine", "regex_match", &[("(", true), ("c.d", true), ("ech", true)]);
        assert_eq!(counts(&[wrong]), [None, Some(2), Some(1)]);
    }
}
