//! Aggregation to SQL.
//!
//! `arg_max` uses what SQLite promises for a single `max()`: the other columns come from the row that holds it. Where
//! there are several extremes, the values are first found with window functions.

use super::demand::ColumnSet;
use super::expression::{Holds, Nodes, Scope, order_by};
use super::generate::Generator;
use super::select_list::Item;
use crate::plan::tree::{Aggregate, AggregateKind, ColumnId, Expr, ExprKind, NodeId};
use crate::schema::ScalarType;

impl Generator<'_> {
    /// The select items, the source and the grouping of an aggregation.
    pub(super) fn aggregate(
        &self,
        input: NodeId,
        keys: &[(ColumnId, Expr)],
        aggregates: &[Aggregate],
        wanted: &ColumnSet,
    ) -> (Vec<Item>, String, String) {
        let scope = Scope::new(self);
        let mut items: Vec<Item> = keys.iter().map(|(id, expr)| Self::item(&scope, *id, expr)).collect();
        let used: Vec<&Aggregate> = aggregates.iter().filter(|aggregate| wanted.contains(aggregate.id)).collect();
        let mut from = self.name(input);
        if used.is_empty() {
            return if keys.is_empty() {
                let id = wanted.iter().next().unwrap_or(ColumnId(u32::MAX));
                (vec![Item::value(id, "count(*)".to_owned())], from, String::new())
            } else {
                let places: Vec<String> = (1..=keys.len()).map(|place| place.to_string()).collect();
                (items, from, format!(" GROUP BY {}", places.join(", ")))
            };
        }
        let mut extremes: Vec<(&Expr, bool)> = Vec::new();
        for aggregate in &used {
            if let AggregateKind::Extreme { by, maximum, .. } = &aggregate.kind
                && !extremes.contains(&(by, *maximum))
            {
                extremes.push((by, *maximum));
            }
        }
        let other_extreme = used.iter().any(|aggregate| match &aggregate.kind {
            AggregateKind::Call { symbol, .. } => symbol.starts_with("min") || symbol.starts_with("max"),
            _ => false,
        });
        let orderable = |by: &Expr| !matches!(by.scalar_type, ScalarType::Real | ScalarType::Decimal);
        let native = extremes.len() == 1 && !other_extreme && extremes.iter().all(|(by, _)| orderable(by));
        if !native && !extremes.is_empty() {
            from = self.with_extremes(&scope, &from, keys, &used);
        }
        let order = self.order(input);
        let order = order_by(&order, |column| scope.raw(column));
        let mut has_native = false;
        for aggregate in &used {
            let item = match &aggregate.kind {
                AggregateKind::Extreme { value, by, maximum } if native => {
                    if value == by && !has_native && by.scalar_type == ScalarType::String {
                        has_native = true;
                        Item::value(aggregate.id, extreme(&scope, by, *maximum))
                    } else {
                        Self::item(&scope, aggregate.id, value)
                    }
                }
                // The same in every row of the group.
                AggregateKind::Extreme { .. } => Item::value(aggregate.id, format!("max(x{})", aggregate.id.0)),
                AggregateKind::Any { value } => Self::item(&scope, aggregate.id, value),
                AggregateKind::First { value } => {
                    let item = Self::item(&scope, aggregate.id, value);
                    let sql = match (item.holds, value.scalar_type) {
                        // The id of the empty text is 0.
                        (Holds::TextId, _) => format!("coalesce(kql_take_any(nullif({}, 0)), 0)", item.sql),
                        (Holds::Value, ScalarType::String) => format!("kql_take_any_string({})", item.sql),
                        (Holds::Value, _) => format!("kql_take_any({})", item.sql),
                    };
                    Item { sql, ..item }
                }
                AggregateKind::Lineage(column) => {
                    Item::value(aggregate.id, format!("whippet_lineage({})", scope.sql(*column)))
                }
                AggregateKind::Call { symbol, arguments } => {
                    Item::value(aggregate.id, self.aggregate_call(&scope, symbol, arguments, &order))
                }
            };
            items.push(if keys.is_empty() { filled(item, aggregate.scalar_type) } else { item });
        }
        if native
            && !has_native
            && let Some((by, maximum)) = extremes.first()
        {
            items.push(Item::value(ColumnId(u32::MAX), extreme(&scope, by, *maximum)));
        }
        let only_any = used.iter().all(|one| matches!(one.kind, AggregateKind::Any { .. }));
        if keys.is_empty() && only_any {
            // Without an aggregate function the rows would not be grouped into one.
            items.push(Item::value(ColumnId(u32::MAX), "count(*)".to_owned()));
        }
        let tail = if keys.is_empty() {
            String::new()
        } else {
            let places: Vec<String> = (1..=keys.len()).map(|place| place.to_string()).collect();
            format!(" GROUP BY {}", places.join(", "))
        };
        (items, from, tail)
    }

    fn aggregate_call(&self, scope: &Scope<'_>, symbol: &str, arguments: &[Expr], order: &str) -> String {
        let values: Vec<String> = arguments
            .iter()
            .map(|argument| match (&argument.kind, symbol) {
                // Distinct ids are distinct texts.
                (ExprKind::Column(id), "dcount") => scope.sql(*id),
                _ => scope.value(argument),
            })
            .collect();
        let Some(call) = super::expression::render(symbol, &values) else {
            self.missing(symbol);
            return "NULL".to_owned();
        };
        let keeps_order = symbol.starts_with("make_list")
            || symbol.starts_with("makelist")
            || symbol.starts_with("make_set")
            || symbol.starts_with("makeset");
        match call.strip_suffix(')') {
            Some(open) if keeps_order && !order.is_empty() && call.starts_with("kql_") => format!("{open}{order})"),
            _ => call,
        }
    }

    /// The input with the values of each `arg_max` beside every row of its group.
    fn with_extremes(&self, scope: &Scope<'_>, from: &str, keys: &[(ColumnId, Expr)], used: &[&Aggregate]) -> String {
        let parts: Vec<String> = keys.iter().map(|(id, expr)| Self::item(scope, *id, expr).sql).collect();
        let partition = if parts.is_empty() { String::new() } else { format!("PARTITION BY {} ", parts.join(", ")) };
        let mut windows = Vec::new();
        for aggregate in used {
            if let AggregateKind::Extreme { value, by, maximum } = &aggregate.kind {
                let by = match by.scalar_type {
                    ScalarType::Decimal => format!("CAST({} AS REAL)", scope.value(by)),
                    // NaN is carried as text, which sorts after all numbers.
                    ScalarType::Real => format!("nullif({}, 'NaN')", scope.value(by)),
                    _ => scope.value(by),
                };
                let direction = if *maximum { "DESC" } else { "ASC" };
                windows.push(format!(
                    "first_value({}) OVER ({partition}ORDER BY {by} {direction} NULLS LAST, n_) AS x{}",
                    scope.value(value),
                    aggregate.id.0
                ));
            }
        }
        // Ties go to the first row: the number keeps them in the order they came.
        format!("(SELECT *, {} FROM (SELECT *, row_number() OVER () AS n_ FROM {from}))", windows.join(", "))
    }
}

/// The extreme that says which row the other columns come from: the first of those that hold it. Nulls stand behind
/// all values, so that it is the first row where there are only nulls.
fn extreme(scope: &Scope<'_>, by: &Expr, maximum: bool) -> String {
    let value = scope.value(by);
    let behind = match (by.scalar_type, maximum) {
        (ScalarType::String, _) => None,
        (ScalarType::Guid | ScalarType::Dynamic, true) => Some("''"),
        (ScalarType::Guid | ScalarType::Dynamic, false) => Some("char(1114111)"),
        (_, true) => Some("-9223372036854775808"),
        (_, false) => Some("9223372036854775807"),
    };
    let value = behind.map_or_else(|| value.clone(), |behind| format!("coalesce({value}, {behind})"));
    format!("{}({value})", if maximum { "max" } else { "min" })
}

/// Without groups an empty input still gives one row, in which strings are empty.
fn filled(item: Item, scalar_type: ScalarType) -> Item {
    if scalar_type != ScalarType::String {
        return item;
    }
    let empty = if item.holds == Holds::TextId { "0" } else { "''" };
    Item { sql: format!("coalesce({}, {empty})", item.sql), ..item }
}
