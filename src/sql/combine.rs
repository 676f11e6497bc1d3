//! Joins and unions to SQL: several inputs in one SELECT.

use super::demand::ColumnSet;
use super::expression::{Holds, Nodes, Scope, balanced, never_null, write_column};
use super::generate::Generator;
use super::select_list::Item;
use crate::plan::tree::{ColumnId, Expr, ExprKind, JoinKind, Node, NodeId, NodeKind, UnionColumn};
use crate::schema::{ScalarType, Value};

/// One side of a join whose rows are kept by whether the other has their keys.
struct Side<'a> {
    alias: &'static str,
    from: &'a str,
    /// Never null; empty where every row has every other.
    keys: String,
}

impl Side<'_> {
    fn is_had_by(&self, other: &Side<'_>) -> String {
        if self.keys.is_empty() {
            format!("EXISTS (SELECT 1 FROM {})", other.from)
        } else {
            format!("(({}) IN (SELECT {} FROM {} AS {}))", self.keys, other.keys, other.from, other.alias)
        }
    }

    fn that_have(&self, other: &Side<'_>, list: &str) -> String {
        format!("SELECT {list} FROM {} AS {} WHERE {}", self.from, self.alias, self.is_had_by(other))
    }

    /// Where null and false lead to different places, SQLite reads all of the other side for each row that it has not:
    /// it does not know that no key is null. In a CASE they lead to one.
    fn that_lack(&self, other: &Side<'_>, list: &str) -> String {
        let found = self.is_had_by(other);
        format!("SELECT {list} FROM {} AS {} WHERE CASE WHEN {found} THEN 0 ELSE 1 END", self.from, self.alias)
    }
}

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
        let certain: Vec<bool> = keys.iter().map(|(one, other)| never_null(one) && never_null(other)).collect();
        let pairs: Vec<(String, String)> = keys
            .iter()
            .map(|(one, other)| {
                let (first, second) =
                    (Self::item(&left_scope, ColumnId(0), one), Self::item(&right_scope, ColumnId(0), other));
                if first.holds == second.holds {
                    (first.sql, second.sql)
                } else {
                    (left_scope.value(one), right_scope.value(other))
                }
            })
            .collect();
        let list = self.list(items);
        let (from_left, from_right) = (self.name(left), self.name(right));
        let equal = |certain: bool| if certain { "=" } else { "IS" };
        let on = pairs.iter().zip(&certain).map(|((one, other), certain)| format!("{one} {} {other}", equal(*certain)));
        let on = balanced(on.collect(), "AND", "1");
        let lefts = pairs.iter().map(|(one, _)| one.as_str()).collect::<Vec<_>>().join(", ");
        // Null keys meet each other; `IN` would not see that, so it compares the written values.
        let written = |key: &String, certain: bool| if certain { key.clone() } else { format!("quote({key})") };
        let keys_of = |side: fn(&(String, String)) -> &String| {
            let keys = pairs.iter().zip(&certain).map(|(pair, certain)| written(side(pair), *certain));
            keys.collect::<Vec<_>>().join(", ")
        };
        let left = Side { alias: "l", from: &from_left, keys: keys_of(|pair| &pair.0) };
        let right = Side { alias: "r", from: &from_right, keys: keys_of(|pair| &pair.1) };
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
            // The other way round: for a right join SQLite makes no index, and would read all of one side for each row.
            JoinKind::RightOuter => format!("SELECT {list} FROM {from_right} AS r LEFT JOIN {from_left} AS l ON {on}"),
            JoinKind::FullOuter => {
                // A right row that no left row meets, in the same columns.
                let mut alone: Vec<String> = Vec::new();
                for output in outputs.iter().filter(|output| wanted.contains(output.id)) {
                    alone.push(match (output.from_right, output.scalar_type, self.holds(output.source)) {
                        (true, ..) => right_scope.sql(output.source),
                        (false, _, Holds::TextId) => "0".to_owned(),
                        (false, ScalarType::String, Holds::Value) => "''".to_owned(),
                        (false, ..) => "NULL".to_owned(),
                    });
                }
                if let Some((_, from_right, merged)) = lineage
                    && wanted.contains(*merged)
                {
                    alone.push(from_right.map_or_else(|| "NULL".to_owned(), |other| right_scope.sql(other)));
                }
                let alone = if alone.is_empty() { "1".to_owned() } else { alone.join(", ") };
                format!(
                    "SELECT {list} FROM {from_left} AS l LEFT JOIN {from_right} AS r ON {on}\nUNION ALL {}",
                    right.that_lack(&left, &alone)
                )
            }
            JoinKind::LeftSemi => left.that_have(&right, &list),
            JoinKind::RightSemi => right.that_have(&left, &list),
            JoinKind::LeftAnti => left.that_lack(&right, &list),
            JoinKind::RightAnti => right.that_lack(&left, &list),
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
