//! Joins and unions to SQL: several inputs in one SELECT.

use std::collections::BTreeSet;

use super::expression::{Holds, Nodes, Scope, balanced, column_name, never_null};
use super::generate::{Generator, Item};
use crate::plan::tree::{ColumnId, Expr, ExprKind, JoinKind, Node, NodeId, NodeKind};
use crate::schema::{ScalarType, Value};

impl Generator<'_> {
    #[expect(clippy::too_many_arguments, reason = "the parts of a join node")]
    pub(super) fn join(
        &mut self,
        id: NodeId,
        kind: JoinKind,
        left: NodeId,
        right: NodeId,
        keys: &[(Expr, Expr)],
        node: &Node,
        wanted: &BTreeSet<ColumnId>,
    ) -> String {
        let NodeKind::Join { outputs, lineage, .. } = &node.kind else { return String::new() };
        let left_scope = self.scope_of(left, Some("l"));
        let right_scope = self.scope_of(right, Some("r"));
        let outer_left = matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter);
        let outer_right = matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter);
        let mut items = Vec::new();
        for output in outputs.iter().filter(|output| wanted.contains(&output.id)) {
            let (scope, outer) =
                if output.from_right { (&right_scope, outer_right) } else { (&left_scope, outer_left) };
            let mut reference = scope.raw(output.source);
            if outer && output.scalar_type == ScalarType::String {
                reference.sql = match reference.holds {
                    Holds::TextId => format!("coalesce({}, 0)", reference.sql),
                    Holds::Value => format!("coalesce({}, '')", reference.sql),
                };
            }
            items.push(Item::held(output.id, reference));
        }
        if let Some((from_left, from_right, merged)) = lineage
            && wanted.contains(merged)
        {
            let sql = match (from_left, from_right) {
                (Some(one), Some(other)) => {
                    format!("whippet_lineage_merge({}, {})", left_scope.raw(*one).sql, right_scope.raw(*other).sql)
                }
                (Some(one), None) => left_scope.raw(*one).sql,
                (None, Some(other)) => right_scope.raw(*other).sql,
                (None, None) => "NULL".to_owned(),
            };
            items.push(Item::value(*merged, sql));
        }
        let semi = !matches!(
            kind,
            JoinKind::Inner | JoinKind::InnerUnique | JoinKind::LeftOuter | JoinKind::RightOuter | JoinKind::FullOuter
        );
        let certain: Vec<bool> = keys.iter().map(|(one, other)| never_null(one) && never_null(other)).collect();
        let pairs: Vec<(String, String)> = keys
            .iter()
            .zip(&certain)
            .map(|((one, other), certain)| {
                let (first, second) =
                    (Self::item(&left_scope, ColumnId(0), one), Self::item(&right_scope, ColumnId(0), other));
                let (first, second) = if first.holds == second.holds {
                    (first.sql, second.sql)
                } else {
                    (left_scope.value(one), right_scope.value(other))
                };
                // Null keys meet each other; `IN` would not see that, so it compares the written values.
                if semi && !certain { (format!("quote({first})"), format!("quote({second})")) } else { (first, second) }
            })
            .collect();
        let list = self.list(id, items);
        let (from_left, from_right) = (self.name(left), self.name(right));
        let equal = |certain: bool| if certain { "=" } else { "IS" };
        let on = pairs.iter().zip(&certain).map(|((one, other), certain)| format!("{one} {} {other}", equal(*certain)));
        let on = balanced(on.collect(), "AND", "1");
        let lefts = pairs.iter().map(|(one, _)| one.as_str()).collect::<Vec<_>>().join(", ");
        let rights = pairs.iter().map(|(_, other)| other.as_str()).collect::<Vec<_>>().join(", ");
        let within = |outer: &str, alias: &str, values: &str, inner: &str, inner_alias: &str, inner_values: &str| {
            if pairs.is_empty() {
                format!("SELECT {list} FROM {outer} AS {alias} WHERE EXISTS (SELECT 1 FROM {inner})")
            } else {
                format!(
                    "SELECT {list} FROM {outer} AS {alias} WHERE (({values}) IN \
                     (SELECT {inner_values} FROM {inner} AS {inner_alias}))"
                )
            }
        };
        match kind {
            JoinKind::Inner => format!("SELECT {list} FROM {from_left} AS l JOIN {from_right} AS r ON {on}"),
            JoinKind::InnerUnique => {
                let unique = if pairs.is_empty() {
                    format!("(SELECT * FROM {from_left} LIMIT 1)")
                } else {
                    format!(
                        "(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY {lefts}) AS n_ \
                         FROM {from_left} AS l) WHERE n_ = 1)"
                    )
                };
                format!("SELECT {list} FROM {unique} AS l JOIN {from_right} AS r ON {on}")
            }
            JoinKind::LeftOuter => format!("SELECT {list} FROM {from_left} AS l LEFT JOIN {from_right} AS r ON {on}"),
            JoinKind::RightOuter => {
                format!("SELECT {list} FROM {from_left} AS l RIGHT JOIN {from_right} AS r ON {on}")
            }
            JoinKind::FullOuter => {
                format!("SELECT {list} FROM {from_left} AS l FULL JOIN {from_right} AS r ON {on}")
            }
            JoinKind::LeftSemi => within(&from_left, "l", &lefts, &from_right, "r", &rights),
            JoinKind::RightSemi => within(&from_right, "r", &rights, &from_left, "l", &lefts),
            JoinKind::LeftAnti => within(&from_left, "l", &lefts, &from_right, "r", &rights) + " IS NOT 1",
            JoinKind::RightAnti => within(&from_right, "r", &rights, &from_left, "l", &lefts) + " IS NOT 1",
        }
    }

    pub(super) fn union(
        &mut self,
        id: NodeId,
        inputs: &[NodeId],
        columns: &[(ColumnId, Vec<Expr>)],
        wanted: &BTreeSet<ColumnId>,
    ) -> String {
        let read: Vec<(usize, NodeId)> =
            inputs.iter().copied().enumerate().filter(|(_, input)| !self.is_without_rows(*input)).collect();
        let scopes: Vec<(usize, Scope<'_>)> =
            read.iter().map(|(place, input)| (*place, self.scope_of(*input, None))).collect();
        let is_empty_text = |expr: &Expr| expr.as_constant() == Some(&Value::String(String::new()));
        let mut shapes: Vec<(ColumnId, Holds)> = Vec::new();
        // The first branch names the columns for all.
        let mut lists: Vec<String> = vec![String::new(); read.len()];
        for (column, values) in columns.iter().filter(|(column, _)| wanted.contains(column)) {
            let values: Vec<(&Expr, &Scope<'_>)> =
                scopes.iter().filter_map(|(place, scope)| Some((values.get(*place)?, scope))).collect();
            let is_id = |value: &Expr, scope: &Scope<'_>| match value.kind {
                ExprKind::Column(id) => scope.holds(id) == Holds::TextId,
                _ => false,
            };
            let all_ids = values.iter().all(|(value, scope)| is_empty_text(value) || is_id(value, scope))
                && !values.iter().all(|(value, _)| is_empty_text(value));
            for (branch, ((value, scope), list)) in values.iter().zip(&mut lists).enumerate() {
                if !list.is_empty() {
                    list.push_str(", ");
                }
                match value.kind {
                    ExprKind::Column(id) if all_ids || scope.holds(id) == Holds::Value => list.push_str(&scope.sql(id)),
                    _ if all_ids => list.push('0'),
                    _ => list.push_str(&scope.value(value)),
                }
                if branch == 0 {
                    list.push_str(" AS ");
                    list.push_str(&column_name(*column));
                }
            }
            shapes.push((*column, if all_ids { Holds::TextId } else { Holds::Value }));
        }
        drop(scopes);
        if let Some(held) = self.holds.get_mut(id.0) {
            held.extend(shapes);
        }
        let selects: Vec<String> = lists
            .iter()
            .zip(&read)
            .map(|(list, (_, input))| {
                let list = if list.is_empty() { "1 AS c_" } else { list.as_str() };
                format!("SELECT {list} FROM {}", self.name(*input))
            })
            .collect();
        selects.join(" UNION ALL ")
    }
}
