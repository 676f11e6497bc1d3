//! Joins and unions to SQL: several inputs in one SELECT.

use super::demand::ColumnSet;
use super::expression::{Holds, Nodes, Scope, balanced, never_null, write_column};
use super::generate::Generator;
use super::select_list::Item;
use crate::plan::tree::{ColumnId, Expr, ExprKind, JoinKind, Node, NodeId, NodeKind, UnionColumn};
use crate::schema::{ScalarType, Value};

impl Generator<'_> {
    pub(super) fn join(
        &self,
        kind: JoinKind,
        left: NodeId,
        right: NodeId,
        keys: &[(Expr, Expr)],
        node: &Node,
        wanted: &ColumnSet,
    ) -> String {
        let NodeKind::Join { outputs, lineage, .. } = &node.kind else { return String::new() };
        let left_scope = Scope::of(self, "l");
        let right_scope = Scope::of(self, "r");
        let outer_left = matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter);
        let outer_right = matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter);
        let mut items = Vec::new();
        for output in outputs.iter().filter(|output| wanted.contains(output.id)) {
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
            && wanted.contains(*merged)
        {
            let sql = match (from_left, from_right) {
                (Some(one), Some(other)) => {
                    format!("whippet_lineage_merge({}, {})", left_scope.sql(*one), right_scope.sql(*other))
                }
                (Some(one), None) => left_scope.sql(*one),
                (None, Some(other)) => right_scope.sql(*other),
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
        let list = self.list(items);
        let (from_left, from_right) = (self.name(left), self.name(right));
        let equal = |certain: bool| if certain { "=" } else { "IS" };
        let on = pairs.iter().zip(&certain).map(|((one, other), certain)| format!("{one} {} {other}", equal(*certain)));
        let on = balanced(on.collect(), "AND", "1");
        let lefts = pairs.iter().map(|(one, _)| one.as_str()).collect::<Vec<_>>().join(", ");
        let rights = pairs.iter().map(|(_, other)| other.as_str()).collect::<Vec<_>>().join(", ");
        let within = |outer: &str, alias: &str, values: &str, inner: &str, inner_alias: &str, inner_values: &str| {
            let found = if pairs.is_empty() {
                format!("EXISTS (SELECT 1 FROM {inner})")
            } else {
                format!("(({values}) IN (SELECT {inner_values} FROM {inner} AS {inner_alias}))")
            };
            // Where null and false lead to different places, SQLite reads all of the other side for each row that it
            // has not: it does not know that no key is null. In a CASE they lead to one.
            let wanted = match kind {
                JoinKind::LeftAnti | JoinKind::RightAnti => format!("CASE WHEN {found} THEN 0 ELSE 1 END"),
                _ => found,
            };
            format!("SELECT {list} FROM {outer} AS {alias} WHERE {wanted}")
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
            JoinKind::LeftSemi | JoinKind::LeftAnti => within(&from_left, "l", &lefts, &from_right, "r", &rights),
            JoinKind::RightSemi | JoinKind::RightAnti => within(&from_right, "r", &rights, &from_left, "l", &lefts),
        }
    }

    pub(super) fn union(&self, inputs: &[NodeId], columns: &[UnionColumn], wanted: &ColumnSet) -> String {
        let scope = Scope::new(self);
        let read: Vec<(usize, NodeId)> =
            inputs.iter().copied().enumerate().filter(|(_, input)| !self.is_without_rows(*input)).collect();
        // The first branch names the columns for all.
        let mut lists: Vec<String> = vec![String::new(); read.len()];
        for column in columns.iter().filter(|column| wanted.contains(column.id)) {
            let holds = self.held_by_all(column, &read, &scope);
            let empty = match (holds, column.scalar_type) {
                (Holds::TextId, _) => "0",
                (Holds::Value, ScalarType::String) => "''",
                (Holds::Value, _) => "NULL",
            };
            let mut values = column.values.iter().peekable();
            for (branch, ((place, _), list)) in read.iter().zip(&mut lists).enumerate() {
                if !list.is_empty() {
                    list.push_str(", ");
                }
                while values.next_if(|(at, _)| at < place).is_some() {}
                match values.next_if(|(at, _)| at == place).map(|(_, value)| value) {
                    None => list.push_str(empty),
                    Some(value) => match value.kind {
                        ExprKind::Column(id) if scope.holds(id) == holds => scope.write(list, id),
                        _ if holds == Holds::TextId => list.push_str(empty),
                        _ => list.push_str(&scope.value(value)),
                    },
                }
                if branch == 0 {
                    list.push_str(" AS ");
                    write_column(list, column.id);
                }
            }
            self.note(column.id, holds);
        }
        let selects: Vec<String> = lists
            .iter()
            .zip(&read)
            .map(|(list, (_, input))| {
                let list = if list.is_empty() { "1 AS c_" } else { list.as_str() };
                format!("SELECT {list} FROM {}", self.rows_of(*input))
            })
            .collect();
        selects.join("\nUNION ALL ")
    }

    /// What a column of a union holds: ids, if all the inputs that are read hold ids or an empty text.
    fn held_by_all(&self, column: &UnionColumn, read: &[(usize, NodeId)], scope: &Scope<'_>) -> Holds {
        let is_read = |place: usize| read.binary_search_by_key(&place, |(at, _)| *at).is_ok();
        let mut any = false;
        for (_, value) in column.values.iter().filter(|(place, _)| is_read(*place)) {
            match &value.kind {
                ExprKind::Column(id) if scope.holds(*id) == Holds::TextId => any = true,
                ExprKind::Constant(Value::String(text)) if text.is_empty() => {}
                _ => return Holds::Value,
            }
        }
        if any && column.scalar_type == ScalarType::String { Holds::TextId } else { Holds::Value }
    }
}
