//! Plan to SQL: one common table expression for each node that is read.
//!
//! SQLite flattens those read once into their reader, so a chain of operators runs as one loop; those read twice it
//! computes once. What it must not flatten (an expression that would be written out again and again) is marked.

use std::cell::RefCell;
use std::collections::BTreeSet;

use foldhash::HashMap;

use super::branches::branches_of_wide_unions;
use super::demand::{ColumnSet, Demand};
use super::expression::{Holds, Nodes, Scope, order_by};
use super::layout::{Storage, layout, quote_identifier};
use super::select_list::{Item, SelectList};
use super::text_set::TextSet;
use crate::plan::tree::{Carried, ColumnId, Expr, ExprKind, Node, NodeId, NodeKind, OrderKey};
use crate::plan::{DataRange, Plan};
use crate::schema::{ScalarType, Schema};

/// By so much at most an expression grows through those that it uses, which are written out in it.
const HEAVY: usize = 400;

pub(super) struct Generator<'a> {
    pub plan: &'a Plan,
    pub schema: &'a Schema,
    pub demand: Demand,
    pub prefix: &'a str,
    /// By the column's number, whether it holds ids of texts. What is not in it holds its value.
    text_ids: RefCell<Vec<bool>>,
    weights: HashMap<ColumnId, usize>,
    materialized: BTreeSet<NodeId>,
    missing: RefCell<BTreeSet<String>>,
    /// What many columns are tested against; a search asks each table for the same.
    text_sets: RefCell<Vec<TextSet>>,
    without_rows: Vec<bool>,
    /// The nodes that are written where they are read.
    within: BTreeSet<NodeId>,
    /// Their SQL, until the reader takes it.
    written: RefCell<HashMap<NodeId, String>>,
}

impl Nodes for Generator<'_> {
    fn name(&self, node: NodeId) -> String {
        format!("{}{}", self.prefix, node.0)
    }

    fn holds(&self, column: ColumnId) -> Holds {
        match self.text_ids.borrow().get(place_of(column)) {
            Some(true) => Holds::TextId,
            _ => Holds::Value,
        }
    }

    fn order(&self, node: NodeId) -> Vec<OrderKey> {
        self.plan.node(node).map(|node| node.carried.order.clone()).unwrap_or_default()
    }

    fn text_set(&self, symbol: &'static str, constant: &Expr, texts: &dyn Fn() -> String) -> usize {
        let is_same = |set: &TextSet| set.symbol == symbol && set.constant == *constant;
        let known = self.text_sets.borrow().iter().position(is_same);
        let place = known.unwrap_or_else(|| {
            let (constant, texts) = (constant.clone(), texts());
            let mut sets = self.text_sets.borrow_mut();
            sets.push(TextSet { symbol, constant, texts });
            sets.len() - 1
        });
        place + 1
    }

    fn missing(&self, symbol: &str) {
        self.missing.borrow_mut().insert(symbol.to_owned());
    }
}

fn place_of(column: ColumnId) -> usize {
    column.0 as usize
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
        let demand = Demand::of(plan, &without_rows, lineage);
        Self {
            plan,
            schema,
            within: branches_of_wide_unions(plan, &demand, &without_rows),
            written: RefCell::default(),
            demand,
            prefix,
            text_ids: RefCell::default(),
            weights: HashMap::default(),
            materialized: BTreeSet::new(),
            missing: RefCell::default(),
            text_sets: RefCell::default(),
            without_rows,
        }
    }

    /// Symbols that no implementation was found for.
    pub fn missing_symbols(&self) -> Vec<String> {
        self.missing.borrow().iter().cloned().collect()
    }

    /// What many columns are tested against, in the order of the parameters.
    pub fn into_text_sets(self) -> Vec<TextSet> {
        self.text_sets.into_inner()
    }

    /// The stages as common table expressions. Of many tables they are hundreds of kilobytes.
    pub fn stages(&mut self) -> String {
        let mut stages: Vec<(NodeId, String)> = Vec::new();
        let plan = self.plan;
        for (index, node) in plan.nodes.iter().enumerate() {
            let id = NodeId(index);
            let Some(wanted) = self.demand.columns(id).cloned() else { continue };
            self.weigh(id, node);
            for input in node.inputs().into_iter().filter(|input| self.materialized.contains(input)) {
                let sql = self.written.borrow_mut().remove(&input);
                stages.extend(sql.map(|sql| (input, sql)));
            }
            let sql = self.select(id, node, &wanted);
            if self.within.contains(&id) && !self.materialized.contains(&id) {
                self.written.borrow_mut().insert(id, sql);
            } else {
                stages.push((id, sql));
            }
        }
        let mut written = String::with_capacity(stages.iter().map(|(_, sql)| sql.len() + 32).sum());
        for (id, sql) in stages {
            written.push_str(if written.is_empty() { "" } else { ",\n" });
            written.push_str(&self.name(id));
            written.push_str(if self.materialized.contains(&id) { " AS MATERIALIZED (" } else { " AS (" });
            written.push_str(&sql);
            written.push(')');
        }
        written
    }

    /// What to read a node's rows from, where nothing else gives a name to them.
    pub(super) fn rows_of(&self, node: NodeId) -> String {
        match self.written.borrow_mut().remove(&node) {
            Some(sql) => format!("({sql}) AS {}", self.name(node)),
            None => self.name(node),
        }
    }

    /// Marks the input of a projection as computed once where its expressions would grow beyond measure.
    fn weigh(&mut self, id: NodeId, node: &Node) {
        let NodeKind::Project { input, computed } = &node.kind else { return };
        let mut is_random = false;
        let mut weights: Vec<(ColumnId, usize)> = Vec::new();
        let mut heavy = false;
        for (id, expr) in computed {
            let (mut weight, mut size) = (0_usize, 0_usize);
            let mut is_window = false;
            expr.walk(&mut |part| {
                size += 1;
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
            // One that is long of itself, as a bag of two hundred columns is, is not written more often for it.
            heavy |= weight > size + HEAVY && !is_window;
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

    /// An expression as a column: ids stay ids.
    pub fn item(scope: &Scope<'_>, id: ColumnId, expr: &Expr) -> Item {
        match &expr.kind {
            ExprKind::Column(column) => Item::held(id, scope.raw(*column)),
            _ => Item::value(id, scope.value(expr)),
        }
    }

    /// Notes what a column holds.
    pub(super) fn note(&self, column: ColumnId, holds: Holds) {
        debug_assert!(holds == Holds::TextId || self.holds(column) == Holds::Value, "a column is held in one way");
        if holds == Holds::TextId {
            let mut text_ids = self.text_ids.borrow_mut();
            let length = text_ids.len().max(place_of(column) + 1);
            text_ids.resize(length, false);
            if let Some(is_text_id) = text_ids.get_mut(place_of(column)) {
                *is_text_id = true;
            }
        }
    }

    /// Writes a select list and notes what its columns hold.
    pub(super) fn list(&self, items: Vec<Item>) -> String {
        let mut list = SelectList::with_room_for(items.len());
        for item in items {
            self.note(item.id, item.holds);
            list.put(&item);
        }
        list.finish()
    }

    /// The select list of what only passes columns on.
    pub(super) fn passing(scope: &Scope<'_>, wanted: &ColumnSet) -> String {
        let mut list = SelectList::with_room_for(wanted.len());
        for column in wanted.iter() {
            list.pass(scope, column);
        }
        list.finish()
    }

    pub(super) fn is_without_rows(&self, node: NodeId) -> bool {
        self.without_rows.get(node.0).copied().unwrap_or(false)
    }

    fn select(&mut self, id: NodeId, node: &Node, wanted: &ColumnSet) -> String {
        if self.is_without_rows(id) {
            let list = self.list(wanted.iter().map(|column| Item::value(column, "NULL".to_owned())).collect());
            return format!("SELECT {list} WHERE 0");
        }
        match &node.kind {
            NodeKind::Table { table, columns, event, range, .. } => {
                self.table(table, columns, (*event, *range), wanted)
            }
            NodeKind::Rows { columns, rows } => self.rows(columns, rows, wanted),
            NodeKind::Range { column, from, to, step } => self.range(*column, from, to, step),
            NodeKind::Filter { input, predicate } => {
                let scope = Scope::new(self);
                let list = Self::passing(&scope, wanted);
                let condition = scope.condition(predicate);
                format!("SELECT {list} FROM {} WHERE {condition}", self.rows_of(*input))
            }
            NodeKind::Project { input, computed } => {
                let scope = Scope::new(self);
                // A search of all tables has thousands of columns.
                let computed: HashMap<ColumnId, &Expr> = computed.iter().rev().map(|(id, expr)| (*id, expr)).collect();
                let mut list = SelectList::with_room_for(wanted.len());
                for column in wanted.iter() {
                    match computed.get(&column) {
                        Some(expr) => {
                            let item = Self::item(&scope, column, expr);
                            self.note(column, item.holds);
                            list.put(&item);
                        }
                        None => list.pass(&scope, column),
                    }
                }
                format!("SELECT {} FROM {}", list.finish(), self.rows_of(*input))
            }
            NodeKind::Aggregate { input, keys, aggregates } => {
                let (items, from, tail) = self.aggregate(*input, keys, aggregates, wanted);
                let list = self.list(items);
                format!("SELECT {list} FROM {from}{tail}")
            }
            NodeKind::Limit { input, count } => self.limit(*input, count, wanted),
            NodeKind::Join { kind, left, right, keys, .. } => self.join(*kind, *left, *right, keys, node, wanted),
            NodeKind::Union { inputs, columns } => self.union(inputs, columns, wanted),
            NodeKind::Expand { input, expansions, index, pairs, limit } => {
                let scope = Scope::of(self, "i");
                let mut list = SelectList::with_room_for(wanted.len());
                for column in wanted.iter() {
                    let position = expansions.iter().position(|expansion| expansion.id == column);
                    if let Some(position) = position {
                        list.put(&Item::value(column, format!("json_extract(j.value, '$[{position}]')")));
                    } else if Some(column) == *index {
                        list.put(&Item::value(column, "j.key".to_owned()));
                    } else {
                        list.pass(&scope, column);
                    }
                }
                let arrays: Vec<String> = expansions.iter().map(|expansion| scope.value(&expansion.array)).collect();
                let limit = limit.as_ref().map_or_else(|| "NULL".to_owned(), |limit| scope.value(limit));
                let list = list.finish();
                format!(
                    "SELECT {list} FROM {} AS i, json_each(whippet_expand({}, {limit}, {})) AS j",
                    self.name(*input),
                    u8::from(*pairs),
                    arrays.join(", ")
                )
            }
            NodeKind::Scan { input, .. } => {
                self.materialized.insert(*input);
                self.scan(&node.kind, wanted)
            }
        }
    }

    fn table(
        &self,
        table: &str,
        columns: &[(ColumnId, String)],
        (event, range): (ColumnId, DataRange),
        wanted: &ColumnSet,
    ) -> String {
        let Some(schema) = self.schema.table(table) else { return "SELECT 1 AS c_ WHERE 0".to_owned() };
        let layout = layout(schema);
        let mut items = Vec::new();
        for ((column, _), stored) in columns.iter().zip(&layout.columns) {
            if wanted.contains(*column) {
                items.push(match &stored.storage {
                    Storage::Plain(sql) if stored.scalar_type == ScalarType::String => {
                        Item::value(*column, format!("coalesce({sql}, '')"))
                    }
                    Storage::Plain(sql) => Item::value(*column, sql.clone()),
                    Storage::Dictionary(sql) => Item { id: *column, sql: sql.clone(), holds: Holds::TextId },
                });
            }
        }
        if wanted.contains(event) {
            items.push(Item::value(event, layout.event_id.clone()));
        }
        let list = self.list(items);
        let time = schema.time_column().and_then(|time| {
            layout.columns.iter().find(|column| column.name == time.name).map(|column| &column.storage)
        });
        let condition = match time {
            Some(Storage::Plain(time)) => within(time, range),
            _ => String::new(),
        };
        format!("SELECT {list} FROM {}{condition}", layout.from)
    }

    fn rows(&self, columns: &[ColumnId], rows: &[Vec<Expr>], wanted: &ColumnSet) -> String {
        let scope = Scope::new(self);
        let kept: Vec<usize> = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| wanted.contains(**column))
            .map(|(place, _)| place)
            .collect();
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
        let list = self.list(items);
        if is_empty {
            format!("SELECT {list} WHERE 0")
        } else {
            format!("SELECT {list} FROM (VALUES {})", written.join(", "))
        }
    }

    fn range(&self, column: ColumnId, from: &Expr, to: &Expr, step: &Expr) -> String {
        let scope = Scope::new(self);
        let (from, to, step) = (scope.value(from), scope.value(to), scope.value(step));
        let list = self.list(vec![Item::value(column, "v".to_owned())]);
        // Counted from the start, so that reals do not gather the errors of each step.
        format!(
            "SELECT {list} FROM (WITH RECURSIVE g(n, v, f, t, s) AS (SELECT 0, {from}, {from}, {to}, {step} \
             UNION ALL SELECT n + 1, f + (n + 1) * s, f, t, s FROM g WHERE (s > 0 AND f + (n + 1) * s <= t) OR (s < 0 AND f + (n + 1) * s >= t)) \
             SELECT v FROM g WHERE (s > 0 AND v <= t) OR (s < 0 AND v >= t))"
        )
    }

    fn limit(&self, input: NodeId, count: &Expr, wanted: &ColumnSet) -> String {
        let carried: Carried = self.plan.node(input).map(|node| node.carried.clone()).unwrap_or_default();
        let scope = Scope::new(self);
        let by_index = self.is_whole_table(input);
        let order = order_by(&carried.order, |column| scope.sorted(column, by_index));
        let count = scope.value(count);
        let partition = carried.partition.map(|column| scope.sql(column));
        let from = self.rows_of(input);
        let list = Self::passing(&scope, wanted);
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
        fields.map(|field| self.holds(field.id) == Holds::TextId).collect()
    }

    /// The query that reads the root: the columns in their order, sorted; texts or their ids.
    pub fn final_select(&self, lineage: bool, decoded: bool) -> String {
        let Some(root) = self.plan.node(self.plan.root) else { return String::new() };
        let scope = Scope::new(self);
        let as_name = |name: &str| [" AS ", &quote_identifier(name)].concat();
        let mut items: Vec<String> = root
            .fields
            .iter()
            .map(|field| {
                let value = match scope.holds(field.id) {
                    Holds::TextId if decoded => scope.value(&Expr::column(field)),
                    _ => scope.sql(field.id),
                };
                value + &as_name(&field.name)
            })
            .collect();
        if lineage {
            let value = root.carried.lineage.map_or_else(|| "NULL".to_owned(), |id| scope.sql(id));
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
            wanted.iter().all(|id| id == *event || columns.iter().any(|(column, name)| *column == id && is_time(name)))
        })
    }
}
