//! Plan to SQL: one common table expression for each node that is read.
//!
//! SQLite flattens those read once into their reader, so a chain of operators runs as one loop; those read twice it
//! computes once. What it must not flatten (an expression that would be written out again and again) is marked.

use std::cell::RefCell;
use std::collections::BTreeSet;

use foldhash::HashMap;

use super::demand::Demand;
use super::expression::{Holds, Nodes, Reference, Scope, column_name, decode, order_by};
use super::layout::{Storage, layout};
use crate::kql::span::Span;
use crate::plan::tree::{Carried, ColumnId, Expr, ExprKind, Node, NodeId, NodeKind, OrderKey};
use crate::plan::{DataRange, Plan};
use crate::schema::{ScalarType, Schema};

/// Above this size an expression is not to be written out again where it is used.
const HEAVY: usize = 400;

/// The SQL of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageSql {
    /// The name the other stages read it by.
    pub name: String,
    /// The operator's word, or the table's name.
    pub label: String,
    pub sql: String,
    pub span: Span,
    /// Whether it must be computed once and kept.
    pub materialized: bool,
}

pub(super) struct Generator<'a> {
    pub plan: &'a Plan,
    pub schema: &'a Schema,
    pub demand: Demand,
    pub prefix: &'a str,
    pub(super) holds: Vec<HashMap<ColumnId, Holds>>,
    weights: HashMap<ColumnId, usize>,
    materialized: BTreeSet<NodeId>,
    missing: RefCell<BTreeSet<String>>,
    without_rows: Vec<bool>,
}

impl Nodes for Generator<'_> {
    fn name(&self, node: NodeId) -> String {
        format!("{}{}", self.prefix, node.0)
    }

    fn holds(&self, node: NodeId, column: ColumnId) -> Holds {
        self.holds.get(node.0).and_then(|held| held.get(&column)).copied().unwrap_or(Holds::Value)
    }

    fn order(&self, node: NodeId) -> Vec<OrderKey> {
        self.plan.node(node).map(|node| node.carried.order.clone()).unwrap_or_default()
    }

    fn missing(&self, symbol: &str) {
        self.missing.borrow_mut().insert(symbol.to_owned());
    }
}

/// A column of a SELECT: its id, its SQL and what it holds.
pub(super) struct Item {
    pub id: ColumnId,
    pub sql: String,
    pub holds: Holds,
}

impl Item {
    pub fn value(id: ColumnId, sql: String) -> Self {
        Self { id, sql, holds: Holds::Value }
    }

    pub fn held(id: ColumnId, reference: Reference) -> Self {
        Self { id, sql: reference.sql, holds: reference.holds }
    }
}

/// The condition that keeps a table's rows within a range of time.
fn within(time: &str, range: DataRange) -> String {
    let bounds = [
        range.after.map(|after| format!("{time} > {after}")),
        range.until.map(|until| {
            // Half of the data and more passes a bound of its own: a walk through an index would cost, not save.
            let plus = if range.after.is_none() { "+" } else { "" };
            format!("{plus}{time} <= {until}")
        }),
    ];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) }
}

impl<'a> Generator<'a> {
    pub fn new(plan: &'a Plan, schema: &'a Schema, prefix: &'a str, lineage: bool) -> Self {
        let without_rows = plan.without_rows();
        Self {
            plan,
            schema,
            demand: Demand::of(plan, &without_rows, lineage),
            prefix,
            holds: vec![HashMap::default(); plan.nodes.len()],
            weights: HashMap::default(),
            materialized: BTreeSet::new(),
            missing: RefCell::default(),
            without_rows,
        }
    }

    /// Symbols that no implementation was found for.
    pub fn missing_symbols(&self) -> Vec<String> {
        self.missing.borrow().iter().cloned().collect()
    }

    pub fn stages(&mut self) -> Vec<StageSql> {
        let mut stages = Vec::new();
        let plan = self.plan;
        for (index, node) in plan.nodes.iter().enumerate() {
            let id = NodeId(index);
            let Some(wanted) = self.demand.columns(id).cloned() else { continue };
            self.weigh(id, node);
            let sql = self.select(id, node, &wanted);
            stages.push(StageSql {
                name: self.name(id),
                label: node.label.clone(),
                sql,
                span: node.span,
                materialized: false,
            });
        }
        for id in &self.materialized {
            let name = self.name(*id);
            if let Some(stage) = stages.iter_mut().find(|stage| stage.name == name) {
                stage.materialized = true;
            }
        }
        stages
    }

    /// Marks the input of a projection as computed once where its expressions would grow beyond measure.
    fn weigh(&mut self, id: NodeId, node: &Node) {
        let NodeKind::Project { input, computed } = &node.kind else { return };
        let mut is_random = false;
        let mut weights: Vec<(ColumnId, usize)> = Vec::new();
        let mut heavy = false;
        for (id, expr) in computed {
            let mut weight = 0_usize;
            let mut is_window = false;
            expr.walk(&mut |part| {
                let own = match &part.kind {
                    ExprKind::Column(column) => self.weights.get(column).copied().unwrap_or(1),
                    ExprKind::Window { .. } => {
                        is_window = true;
                        1
                    }
                    ExprKind::Call { symbol: "rand" | "new_guid", .. } => {
                        is_random = true;
                        1
                    }
                    _ => 1,
                };
                weight = weight.saturating_add(own);
            });
            heavy |= weight > HEAVY && !is_window;
            weights.push((*id, if is_window { 1 } else { weight }));
        }
        if is_random {
            // Read twice, it must be the same.
            self.materialized.insert(id);
        }
        if heavy {
            self.materialized.insert(*input);
            self.weights.clear();
            for (_, weight) in &mut weights {
                *weight = (*weight).min(HEAVY);
            }
        }
        self.weights.extend(weights);
    }

    /// The scope of a SELECT that reads one node under no alias, or under `alias`.
    pub fn scope_of(&self, node: NodeId, alias: Option<&str>) -> Scope<'_> {
        let mut columns = HashMap::default();
        for id in self.demand.columns(node).into_iter().flatten() {
            let holds = self.holds(node, *id);
            let sql = match alias {
                // What a scope does not list is its value under its own name.
                None if holds == Holds::Value => continue,
                None => column_name(*id),
                Some(alias) => format!("{alias}.{}", column_name(*id)),
            };
            columns.insert(*id, Reference { sql, holds });
        }
        Scope { columns, nodes: self }
    }

    /// An expression as a column: ids stay ids.
    pub fn item(scope: &Scope<'_>, id: ColumnId, expr: &Expr) -> Item {
        match &expr.kind {
            ExprKind::Column(column) => Item::held(id, scope.raw(*column)),
            _ => Item::value(id, scope.value(expr)),
        }
    }

    /// Writes a select list and notes what its columns hold.
    pub(super) fn list(&mut self, node: NodeId, items: Vec<Item>) -> String {
        let mut written = String::with_capacity(items.len() * 16);
        for item in items {
            if !written.is_empty() {
                written.push_str(", ");
            }
            let name = column_name(item.id);
            written.push_str(&item.sql);
            if item.sql != name {
                written.push_str(" AS ");
                written.push_str(&name);
            }
            if let Some(held) = self.holds.get_mut(node.0) {
                held.insert(item.id, item.holds);
            }
        }
        if written.is_empty() { "1 AS c_".to_owned() } else { written }
    }

    pub(super) fn is_without_rows(&self, node: NodeId) -> bool {
        self.without_rows.get(node.0).copied().unwrap_or(false)
    }

    fn select(&mut self, id: NodeId, node: &Node, wanted: &BTreeSet<ColumnId>) -> String {
        if self.is_without_rows(id) {
            let list = self.list(id, wanted.iter().map(|column| Item::value(*column, "NULL".to_owned())).collect());
            return format!("SELECT {list} WHERE 0");
        }
        match &node.kind {
            NodeKind::Table { table, columns, event, range, .. } => {
                self.table(id, table, columns, (*event, *range), wanted)
            }
            NodeKind::Rows { columns, rows } => self.rows(id, columns, rows, wanted),
            NodeKind::Range { column, from, to, step } => self.range(id, *column, from, to, step),
            NodeKind::Filter { input, predicate } => {
                let scope = self.scope_of(*input, None);
                let items = wanted.iter().map(|column| Item::held(*column, scope.raw(*column))).collect();
                let condition = scope.condition(predicate);
                let list = self.list(id, items);
                format!("SELECT {list} FROM {} WHERE {condition}", self.name(*input))
            }
            NodeKind::Project { input, computed } => {
                let scope = self.scope_of(*input, None);
                // A search of all tables has thousands of columns.
                let computed: HashMap<ColumnId, &Expr> = computed.iter().rev().map(|(id, expr)| (*id, expr)).collect();
                let items = wanted
                    .iter()
                    .map(|column| match computed.get(column) {
                        Some(expr) => Self::item(&scope, *column, expr),
                        None => Item::held(*column, scope.raw(*column)),
                    })
                    .collect();
                let list = self.list(id, items);
                format!("SELECT {list} FROM {}", self.name(*input))
            }
            NodeKind::Aggregate { input, keys, aggregates } => {
                let (items, from, tail) = self.aggregate(*input, keys, aggregates, wanted);
                let list = self.list(id, items);
                format!("SELECT {list} FROM {from}{tail}")
            }
            NodeKind::Limit { input, count } => self.limit(id, *input, count, wanted),
            NodeKind::Join { kind, left, right, keys, .. } => self.join(id, *kind, *left, *right, keys, node, wanted),
            NodeKind::Union { inputs, columns } => self.union(id, inputs, columns, wanted),
            NodeKind::Expand { input, expansions, index, pairs, limit } => {
                let scope = self.scope_of(*input, Some("i"));
                let mut items = Vec::new();
                for column in wanted {
                    let position = expansions.iter().position(|expansion| expansion.id == *column);
                    if let Some(position) = position {
                        items.push(Item::value(*column, format!("json_extract(j.value, '$[{position}]')")));
                    } else if Some(*column) == *index {
                        items.push(Item::value(*column, "j.key".to_owned()));
                    } else {
                        items.push(Item::held(*column, scope.raw(*column)));
                    }
                }
                let arrays: Vec<String> = expansions.iter().map(|expansion| scope.value(&expansion.array)).collect();
                let limit = limit.as_ref().map_or_else(|| "NULL".to_owned(), |limit| scope.value(limit));
                let list = self.list(id, items);
                format!(
                    "SELECT {list} FROM {} AS i, json_each(whippet_expand({}, {limit}, {})) AS j",
                    self.name(*input),
                    u8::from(*pairs),
                    arrays.join(", ")
                )
            }
            NodeKind::Scan { input, .. } => {
                self.materialized.insert(*input);
                self.scan(id, &node.kind, wanted)
            }
        }
    }

    fn table(
        &mut self,
        id: NodeId,
        table: &str,
        columns: &[(ColumnId, String)],
        (event, range): (ColumnId, DataRange),
        wanted: &BTreeSet<ColumnId>,
    ) -> String {
        let Some(schema) = self.schema.table(table) else { return "SELECT 1 AS c_ WHERE 0".to_owned() };
        let layout = layout(schema);
        let mut items = Vec::new();
        for ((column, _), stored) in columns.iter().zip(&layout.columns) {
            if wanted.contains(column) {
                items.push(match &stored.storage {
                    Storage::Plain(sql) if stored.scalar_type == ScalarType::String => {
                        Item::value(*column, format!("coalesce({sql}, '')"))
                    }
                    Storage::Plain(sql) => Item::value(*column, sql.clone()),
                    Storage::Dictionary(sql) => Item { id: *column, sql: sql.clone(), holds: Holds::TextId },
                });
            }
        }
        if wanted.contains(&event) {
            items.push(Item::value(event, layout.event_id.clone()));
        }
        let list = self.list(id, items);
        let time = schema.time_column().and_then(|time| {
            layout.columns.iter().find(|column| column.name == time.name).map(|column| &column.storage)
        });
        let condition = match time {
            Some(Storage::Plain(time)) => within(time, range),
            _ => String::new(),
        };
        format!("SELECT {list} FROM {}{condition}", layout.from)
    }

    fn rows(&mut self, id: NodeId, columns: &[ColumnId], rows: &[Vec<Expr>], wanted: &BTreeSet<ColumnId>) -> String {
        let scope = Scope { columns: HashMap::default(), nodes: self };
        let kept: Vec<usize> =
            columns.iter().enumerate().filter(|(_, column)| wanted.contains(column)).map(|(place, _)| place).collect();
        let written: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells: Vec<String> =
                    kept.iter().filter_map(|place| row.get(*place)).map(|cell| scope.value(cell)).collect();
                if cells.is_empty() { "(1)".to_owned() } else { format!("({})", cells.join(", ")) }
            })
            .collect();
        let is_empty = rows.is_empty();
        let items: Vec<Item> = kept
            .iter()
            .enumerate()
            .filter_map(|(position, place)| {
                let sql = if is_empty { "NULL".to_owned() } else { format!("column{}", position + 1) };
                columns.get(*place).map(|column| Item::value(*column, sql))
            })
            .collect();
        let list = self.list(id, items);
        if is_empty {
            format!("SELECT {list} WHERE 0")
        } else {
            format!("SELECT {list} FROM (VALUES {})", written.join(", "))
        }
    }

    fn range(&mut self, id: NodeId, column: ColumnId, from: &Expr, to: &Expr, step: &Expr) -> String {
        let scope = Scope { columns: HashMap::default(), nodes: self };
        let (from, to, step) = (scope.value(from), scope.value(to), scope.value(step));
        let list = self.list(id, vec![Item::value(column, "v".to_owned())]);
        // Counted from the start, so that reals do not gather the errors of each step.
        format!(
            "SELECT {list} FROM (WITH RECURSIVE g(n, v, f, t, s) AS (SELECT 0, {from}, {from}, {to}, {step} \
             UNION ALL SELECT n + 1, f + (n + 1) * s, f, t, s FROM g WHERE (s > 0 AND f + (n + 1) * s <= t) OR (s < 0 AND f + (n + 1) * s >= t)) \
             SELECT v FROM g WHERE (s > 0 AND v <= t) OR (s < 0 AND v >= t))"
        )
    }

    fn limit(&mut self, id: NodeId, input: NodeId, count: &Expr, wanted: &BTreeSet<ColumnId>) -> String {
        let carried: Carried = self.plan.node(input).map(|node| node.carried.clone()).unwrap_or_default();
        let scope = self.scope_of(input, None);
        let by_index = self.is_whole_table(input);
        let order = order_by(&carried.order, |column| scope.sorted(column, by_index));
        let count = scope.value(count);
        let partition = carried.partition.map(|column| scope.raw(column).sql);
        let items = wanted.iter().map(|column| Item::held(*column, scope.raw(*column))).collect();
        let from = self.name(input);
        let list = self.list(id, items);
        match partition {
            Some(partition) => format!(
                "SELECT {list} FROM (SELECT *, row_number() OVER (PARTITION BY {partition}{order}) AS n_ FROM {from}) \
                 WHERE n_ <= {count}"
            ),
            None => format!("SELECT {list} FROM {from}{order} LIMIT {count}"),
        }
    }

    /// For each column of the result, whether the root holds it as the id of a text.
    pub fn text_ids(&self) -> Vec<bool> {
        let fields = self.plan.node(self.plan.root).into_iter().flat_map(|root| &root.fields);
        fields.map(|field| self.holds(self.plan.root, field.id) == Holds::TextId).collect()
    }

    /// The query that reads the root: the columns in their order, sorted; texts or their ids.
    pub fn final_select(&self, lineage: bool, decoded: bool) -> String {
        let Some(root) = self.plan.node(self.plan.root) else { return String::new() };
        let scope = self.scope_of(self.plan.root, None);
        let mut items: Vec<String> = root
            .fields
            .iter()
            .map(|field| {
                let reference = scope.raw(field.id);
                let value = match reference.holds {
                    Holds::TextId if decoded => decode(&reference.sql),
                    _ => reference.sql,
                };
                format!("{value} AS {}", super::layout::quote_identifier(&field.name))
            })
            .collect();
        if lineage {
            let value = root.carried.lineage.map_or_else(|| "NULL".to_owned(), |id| scope.raw(id).sql);
            items.push(format!("{value} AS \"$lineage\""));
        }
        if items.is_empty() {
            items.push("1".to_owned());
        }
        let by_index = self.is_whole_table(self.plan.root) && self.reads_times_alone();
        let order = order_by(&root.carried.order, |column| scope.sorted(column, by_index));
        format!("SELECT {} FROM {}{order}", items.join(", "), self.name(self.plan.root))
    }

    /// Whether a node has all the rows of a table: only then do its first rows in the order of an index come soon.
    fn is_whole_table(&self, node: NodeId) -> bool {
        match self.plan.node(node).map(|node| &node.kind) {
            Some(NodeKind::Project { input, .. }) => self.is_whole_table(*input),
            Some(NodeKind::Table { .. }) => true,
            _ => false,
        }
    }

    /// Whether an index of times answers all that is read of the tables: to fetch each row in its order would take
    /// longer than to sort them.
    fn reads_times_alone(&self) -> bool {
        self.plan.nodes.iter().enumerate().all(|(place, node)| {
            let (NodeKind::Table { table, columns, event, .. }, Some(wanted)) =
                (&node.kind, self.demand.columns(NodeId(place)))
            else {
                return true;
            };
            let time = self.schema.table(table).and_then(|schema| schema.time_column());
            let is_time = |name: &String| time.is_some_and(|time| time.name == *name);
            wanted.iter().all(|id| *id == *event || columns.iter().any(|(column, name)| column == id && is_time(name)))
        })
    }
}
