//! SQL functions that operators need, beside those of the language: unpacking, paths, lineage.
//!
//! They are called `whippet_…`, so that they cannot be taken for functions of KQL.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};
use serde_json::Value as Json;

use crate::kql::pattern::compile;

/// How many event ids the lineage of one row keeps.
pub const MAXIMUM_LINEAGE: usize = 1000;

/// Whether a function of this name (without `whippet_`) may be called from the plan.
pub(super) fn is_function(name: &str) -> bool {
    matches!(name, "dynamic_index" | "parse_pattern" | "parse_kv" | "series" | "series_axis")
}

/// Registers the functions of this module.
pub fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("whippet_dynamic_index", 2, flags, dynamic_index)?;
    connection.create_scalar_function("whippet_expand", -1, flags, expand)?;
    connection.create_scalar_function("whippet_lineage_merge", 2, flags, |context| {
        let mut ids = Lineage::default();
        ids.add(context.get_raw(0));
        ids.add(context.get_raw(1));
        Ok(ids.value())
    })?;
    connection.create_aggregate_function("whippet_lineage", 1, flags, LineageAggregate)?;
    connection.create_scalar_function("whippet_parse_pattern", 3, flags, parse_pattern)?;
    connection.create_scalar_function("whippet_parse_kv", 2, flags, super::pairs::parse_kv)?;
    connection.create_scalar_function("whippet_series_axis", 4, flags, series_axis)?;
    connection.create_aggregate_function("whippet_series", 4, flags, SeriesAggregate)?;
    Ok(())
}

pub(super) fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn json(value: ValueRef<'_>) -> Option<Json> {
    match value {
        ValueRef::Text(bytes) => serde_json::from_slice(bytes).ok(),
        ValueRef::Integer(number) => Some(Json::from(number)),
        ValueRef::Real(number) => Some(Json::from(number)),
        _ => None,
    }
}

fn to_dynamic(value: &Json) -> Option<String> {
    if value.is_null() { None } else { Some(value.to_string()) }
}

/// `base[key]` and `base.key`.
fn dynamic_index(context: &Context<'_>) -> Result<Option<String>> {
    let Some(base) = json(context.get_raw(0)) else { return Ok(None) };
    let member = match context.get_raw(1) {
        ValueRef::Integer(place) => base.as_array().and_then(|array| {
            let place = if place < 0 { place.checked_add(i64::try_from(array.len()).ok()?)? } else { place };
            array.get(usize::try_from(place).ok()?)
        }),
        key => text(key).and_then(|key| base.as_object().and_then(|object| object.get(key))),
    };
    Ok(member.and_then(to_dynamic))
}

/// `expand(pairs, limit, array, …)`: a JSON array of rows, each an array of the members' JSON texts.
fn expand(context: &Context<'_>) -> Result<String> {
    let pairs = context.get::<i64>(0)? != 0;
    let limit = context.get::<Option<i64>>(1)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let columns: Vec<Vec<Json>> =
        (2..context.len()).map(|place| members(json(context.get_raw(place)), pairs)).collect();
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0).min(limit);
    let rows: Vec<Json> = (0..rows)
        .map(|row| {
            let cells =
                columns.iter().map(|column| column.get(row).and_then(to_dynamic).map_or(Json::Null, Json::String));
            Json::Array(cells.collect())
        })
        .collect();
    Ok(Json::Array(rows).to_string())
}

/// What `mv-expand` makes of a value: null is one null, a scalar itself, a bag one entry a row.
fn members(value: Option<Json>, pairs: bool) -> Vec<Json> {
    match value {
        None => vec![Json::Null],
        Some(Json::Array(members)) => members,
        Some(Json::Object(entries)) => entries
            .into_iter()
            .map(|(key, value)| {
                if pairs {
                    Json::Array(vec![Json::String(key), value])
                } else {
                    Json::Object(std::iter::once((key, value)).collect())
                }
            })
            .collect(),
        Some(scalar) => vec![scalar],
    }
}

/// The groups `c0`, `c1`, … of a match as a JSON array, or null where the text does not match.
fn parse_pattern(context: &Context<'_>) -> Result<Option<String>> {
    let regex: Arc<Regex> = context.get_or_create_aux(1, |value| {
        compile(value.as_str()?).map_err(|error| -> Box<dyn std::error::Error + Send + Sync> { Box::new(error) })
    })?;
    let Some(text) = text(context.get_raw(0)) else { return Ok(None) };
    let Some(found) = regex.captures(text) else { return Ok(None) };
    let groups = (0..context.get::<i64>(2)?)
        .map(|place| found.name(&format!("c{place}")).map_or(Json::Null, |group| Json::from(group.as_str())));
    Ok(Some(Json::Array(groups.collect()).to_string()))
}

/// `series_axis(from, step, count, type)`: the values of an axis.
fn series_axis(context: &Context<'_>) -> Result<Option<String>> {
    let count = context.get::<Option<i64>>(2)?.unwrap_or(0).clamp(0, MAXIMUM_SERIES);
    let kind = context.get::<String>(3)?;
    let values: Vec<Json> = match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Integer(from), ValueRef::Integer(step)) => (0..count)
            .map(|place| {
                let ticks = from.saturating_add(step.saturating_mul(place));
                match kind.as_str() {
                    "datetime" => Json::from(crate::kql::values::datetime_text(ticks)),
                    "timespan" => Json::from(crate::kql::values::timespan_text(ticks)),
                    _ => Json::from(ticks),
                }
            })
            .collect(),
        (ValueRef::Real(from), ValueRef::Real(step)) => {
            #[expect(clippy::cast_precision_loss, reason = "a series is far shorter than 2^53")]
            let values = (0..count).map(|place| Json::from(from + step * place as f64));
            values.collect()
        }
        _ => return Ok(None),
    };
    Ok(Some(Json::Array(values).to_string()))
}

/// Longer series are cut: the service refuses them as well.
const MAXIMUM_SERIES: i64 = 1_048_576;

/// A series under construction: the default and the values at their places.
struct Series {
    values: Vec<Json>,
}

struct SeriesAggregate;

impl Aggregate<Option<Series>, Option<String>> for SeriesAggregate {
    fn init(&self, _context: &mut Context<'_>) -> Result<Option<Series>> {
        Ok(None)
    }

    /// place, value, count, default
    fn step(&self, context: &mut Context<'_>, series: &mut Option<Series>) -> Result<()> {
        let count = context.get::<Option<i64>>(2)?.unwrap_or(0).clamp(0, MAXIMUM_SERIES);
        let series = series.get_or_insert_with(|| {
            let default = json(context.get_raw(3)).unwrap_or(Json::Null);
            Series { values: vec![default; usize::try_from(count).unwrap_or(0)] }
        });
        let place = context.get::<Option<i64>>(0)?.and_then(|place| usize::try_from(place).ok());
        if let Some(slot) = place.and_then(|place| series.values.get_mut(place)) {
            *slot = json(context.get_raw(1)).unwrap_or(Json::Null);
        }
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, series: Option<Option<Series>>) -> Result<Option<String>> {
        Ok(series.flatten().map(|series| Json::Array(series.values).to_string()))
    }
}

/// Event ids gathered from ids and arrays of ids.
#[derive(Debug, Default)]
struct Lineage(BTreeSet<i64>);

impl Lineage {
    fn add(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Integer(id) if self.0.len() < MAXIMUM_LINEAGE => {
                self.0.insert(id);
            }
            ValueRef::Text(_) => {
                let ids = json(value).and_then(|ids| ids.as_array().cloned()).unwrap_or_default();
                let room = MAXIMUM_LINEAGE.saturating_sub(self.0.len());
                self.0.extend(ids.iter().filter_map(Json::as_i64).take(room));
            }
            _ => {}
        }
    }

    fn value(&self) -> Sql {
        Sql::Text(Json::from(self.0.iter().copied().collect::<Vec<i64>>()).to_string())
    }
}

struct LineageAggregate;

impl Aggregate<Lineage, Sql> for LineageAggregate {
    fn init(&self, _context: &mut Context<'_>) -> Result<Lineage> {
        Ok(Lineage::default())
    }

    fn step(&self, context: &mut Context<'_>, lineage: &mut Lineage) -> Result<()> {
        lineage.add(context.get_raw(0));
        Ok(())
    }

    fn finalize(&self, _context: &mut Context<'_>, lineage: Option<Lineage>) -> Result<Sql> {
        Ok(lineage.unwrap_or_default().value())
    }
}
