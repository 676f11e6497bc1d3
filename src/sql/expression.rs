//! Typed expressions to SQL text.
//!
//! A column is either a value or an id into the `text` dictionary. Ids travel as they are; a value is looked up
//! where one is needed. A predicate on one dictionary column and constants is evaluated on the dictionary, once for
//! each distinct value, and becomes `column IN (SELECT id FROM text WHERE …)`, through the index of terms where the
//! predicate names some.

use foldhash::HashMap;

use super::dictionary::{constant_text, is_ascii_constant};
use super::functions::{Implementation, implementation};
use super::layout::quote_text;
use super::literal::literal;
use super::text_set::any_in;
use crate::kql::syntax::ListOperator;
use crate::plan::tree::{ColumnId, Expr, ExprKind, NodeId, OrderKey, WindowFunction};
use crate::schema::{ScalarType, Value};

/// What a function of SQLite certainly takes; 127 was its limit for long.
const MOST_ARGUMENTS: usize = 100;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Value,
    TextId,
}

/// How a column is written in the scope of one SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub sql: String,
    pub holds: Holds,
}

/// The columns in sight, and how other nodes are read.
pub(super) struct Scope<'a> {
    nodes: &'a dyn Nodes,
    /// What the input is called, where there are several.
    alias: Option<&'static str>,
    /// The columns that are not written as the input's column of that name.
    written: HashMap<ColumnId, Reference>,
}

/// What an expression must know of other nodes.
pub(super) trait Nodes {
    /// The name to read a node by.
    fn name(&self, node: NodeId) -> String;
    /// How a column is held: as it was where it was made, since the nodes that it passes through keep it so.
    fn holds(&self, column: ColumnId) -> Holds;
    /// Its order, as keys.
    fn order(&self, node: NodeId) -> Vec<OrderKey>;
    /// The number of the parameter that is the set of the texts for which a predicate with a constant holds. `texts`
    /// writes the SELECT of their ids.
    fn text_set(&self, symbol: &'static str, constant: &Expr, texts: &dyn Fn() -> String) -> usize;
    /// Notes a symbol that has no implementation.
    fn missing(&self, symbol: &str);
}

/// Symbols of the engine itself: they are not functions of the language.
fn engine_template(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "engine:is_true" => "({0} IS 1)",
        // value, the one before, the row's place: whether the value is new.
        "engine:changed" => "({2} = 1 OR {0} IS NOT {1})",
        "engine:place_if_changed" => "CASE WHEN {0} THEN {1} ELSE 0 END",
        "engine:array_text" => "coalesce(json_extract({0}, '$[' || {1} || ']'), '')",
        // value, start, step
        "engine:series_index" => "CAST(({0} - {1}) / {2} AS INTEGER)",
        // start, end, step
        "engine:series_count" => {
            "(CAST(({1} - {0}) / {2} AS INTEGER) + (({1} - {0}) > CAST(({1} - {0}) / {2} AS INTEGER) * {2}))"
        }
        "engine:series_count_inclusive" => "(CAST(({1} - {0}) / {2} AS INTEGER) + 1)",
        // start, step, count
        "engine:series_end" => "({0} + {1} * {2})",
        _ => return None,
    })
}

pub(super) fn column_name(id: ColumnId) -> String {
    let mut name = String::with_capacity(8);
    write_column(&mut name, id);
    name
}

/// Writes the name of a column. Queries over all tables name tens of thousands, which is why it is not formatted.
pub(super) fn write_column(sql: &mut String, id: ColumnId) {
    sql.push('c');
    sql.push_str(itoa::Buffer::new().format(id.0));
}

impl<'a> Scope<'a> {
    /// What reads one input.
    pub fn new(nodes: &'a dyn Nodes) -> Self {
        Self { nodes, alias: None, written: HashMap::default() }
    }

    /// What reads an input that is called `alias`.
    pub fn of(nodes: &'a dyn Nodes, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..Self::new(nodes) }
    }

    /// The same with a column that is written in a way of its own.
    pub fn with(&self, columns: impl IntoIterator<Item = (ColumnId, Reference)>) -> Self {
        let mut written = self.written.clone();
        written.extend(columns);
        Self { nodes: self.nodes, alias: self.alias, written }
    }

    /// Where nothing else is in sight than one column.
    pub fn alone(&self, column: ColumnId, reference: Reference) -> Self {
        Scope::new(self.nodes).with([(column, reference)])
    }

    /// Writes a column.
    pub fn write(&self, sql: &mut String, id: ColumnId) {
        if let Some(reference) = self.written.get(&id) {
            sql.push_str(&reference.sql);
            return;
        }
        if let Some(alias) = self.alias {
            sql.push_str(alias);
            sql.push('.');
        }
        write_column(sql, id);
    }

    /// How a column is written.
    pub fn sql(&self, id: ColumnId) -> String {
        let mut sql = String::with_capacity(8);
        self.write(&mut sql, id);
        sql
    }

    /// Whether a column is written as its name alone.
    pub fn is_plain(&self, id: ColumnId) -> bool {
        self.alias.is_none() && (self.written.is_empty() || !self.written.contains_key(&id))
    }

    /// What a column holds.
    pub fn holds(&self, id: ColumnId) -> Holds {
        self.written.get(&id).map_or_else(|| self.nodes.holds(id), |reference| reference.holds)
    }

    /// The column as it is held.
    pub fn raw(&self, id: ColumnId) -> Reference {
        Reference { sql: self.sql(id), holds: self.holds(id) }
    }

    /// The column to sort by; unless it may be read in the order of an index, the `+` keeps SQLite from doing so.
    pub fn sorted(&self, id: ColumnId, by_index: bool) -> Reference {
        let reference = self.raw(id);
        match reference.holds {
            Holds::Value if !by_index => Reference { sql: format!("+{}", reference.sql), ..reference },
            _ => reference,
        }
    }

    /// The value of an expression.
    pub fn value(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Constant(value) => literal(value),
            ExprKind::Column(id) => {
                let sql = self.sql(*id);
                match self.holds(*id) {
                    Holds::Value => sql,
                    Holds::TextId => decode(&sql),
                }
            }
            ExprKind::Unknown => "NULL".to_owned(),
            ExprKind::Scalar { node, column } => self.scalar(*node, *column, expr.scalar_type),
            ExprKind::Window { function, arguments, order, partition } => {
                self.window(*function, arguments, order, partition)
            }
            _ if expr.scalar_type == ScalarType::Bool && never_null(expr) && self.is_dictionary(expr) => {
                self.condition(expr)
            }
            ExprKind::Call { symbol, arguments } => self.call(symbol, arguments),
            ExprKind::And(operands) => balanced(operands.iter().map(|one| self.value(one)).collect(), "AND", "1"),
            ExprKind::Or(operands) => balanced(operands.iter().map(|one| self.value(one)).collect(), "OR", "0"),
            ExprKind::Not(operand) => format!("(NOT {})", self.value(operand)),
            ExprKind::InList { value, .. } | ExprKind::InTable { value, .. } | ExprKind::InArray { value, .. } => {
                let found = self.membership(expr);
                if never_null(value) { found } else { format!("coalesce({found}, 0)") }
            }
        }
    }

    /// An expression as a condition: null may become false, so indexes and the dictionary can be used.
    pub fn condition(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::And(operands) if !self.merges(operands) => {
                balanced(operands.iter().map(|one| self.condition(one)).collect(), "AND", "1")
            }
            ExprKind::Or(operands) if !self.merges(operands) => {
                let (anywhere, rest) = self.same_on_many(operands);
                let rest = rest.into_iter().map(|one| self.condition(one));
                balanced(anywhere.into_iter().chain(rest).collect(), "OR", "0")
            }
            ExprKind::Not(operand) if never_null(operand) => format!("(NOT {})", self.condition(operand)),
            ExprKind::InList { .. } | ExprKind::InTable { .. } | ExprKind::InArray { .. } => {
                self.on_dictionary(expr).unwrap_or_else(|| self.narrowed(expr, self.membership(expr)))
            }
            ExprKind::Call { symbol, arguments } => {
                self.on_dictionary(expr).unwrap_or_else(|| match (*symbol, arguments.as_slice()) {
                    ("equal", [left, right]) => format!("({} = {})", self.value(left), self.value(right)),
                    _ => self.narrowed(expr, self.call(symbol, arguments)),
                })
            }
            ExprKind::And(_) | ExprKind::Or(_) => {
                self.on_dictionary(expr).unwrap_or_else(|| self.value_without_dictionary(expr))
            }
            _ => self.value(expr),
        }
    }

    /// One predicate on many dictionary columns (`search`, `* has`): the row's texts are tested together, against the
    /// texts for which it holds. A subquery for each column would pass SQLite's limit on wide tables.
    fn same_on_many<'e>(&self, operands: &'e [Expr]) -> (Option<String>, Vec<&'e Expr>) {
        const MANY: usize = 8;
        let parts = |expr: &'e Expr| match &expr.kind {
            ExprKind::Call { symbol, arguments } => match arguments.as_slice() {
                [Expr { kind: ExprKind::Column(id), .. }, needle] if self.holds(*id) == Holds::TextId => {
                    needle.as_constant().is_some().then_some((*symbol, *id, needle))
                }
                _ => None,
            },
            _ => None,
        };
        let Some((symbol, column, needle)) = operands.iter().find_map(parts) else {
            return (None, operands.iter().collect());
        };
        let (mut ids, mut rest) = (Vec::new(), Vec::new());
        for operand in operands {
            match parts(operand) {
                Some((other, id, value)) if other == symbol && value == needle => ids.push(self.sql(id)),
                _ => rest.push(operand),
            }
        }
        // Where all operands are on the dictionary, there may be an index for each.
        let reads_rows = || rest.iter().any(|one| self.dictionary_column(one).is_none());
        if ids.len() < 2 || (ids.len() < MANY && !reads_rows()) {
            return (None, operands.iter().collect());
        }
        let texts = || {
            let value = Expr::new(ExprKind::Column(column), ScalarType::String);
            self.texts_where(column, &Expr::call(symbol, vec![value, needle.clone()], ScalarType::Bool))
        };
        let found = any_in(self.nodes.text_set(symbol, needle, &texts), &ids);
        (Some(found), rest)
    }

    fn value_without_dictionary(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::And(operands) => balanced(operands.iter().map(|one| self.value(one)).collect(), "AND", "1"),
            ExprKind::Or(operands) => balanced(operands.iter().map(|one| self.value(one)).collect(), "OR", "0"),
            _ => self.value(expr),
        }
    }

    fn call(&self, symbol: &str, arguments: &[Expr]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|argument| self.value(argument)).collect();
        render(symbol, &arguments).unwrap_or_else(|| {
            self.nodes.missing(symbol);
            "NULL".to_owned()
        })
    }

    fn scalar(&self, node: NodeId, column: ColumnId, scalar_type: ScalarType) -> String {
        let name = column_name(column);
        let value = match self.nodes.holds(column) {
            Holds::Value => name,
            Holds::TextId => decode(&name),
        };
        let order: Vec<OrderKey> = self.nodes.order(node);
        let order = order_by(&order, |id| Reference { sql: column_name(id), holds: self.nodes.holds(id) });
        let query = format!("(SELECT {value} FROM {}{order} LIMIT 1)", self.nodes.name(node));
        if scalar_type == ScalarType::String { format!("coalesce({query}, '')") } else { query }
    }

    fn window(
        &self,
        function: WindowFunction,
        arguments: &[Expr],
        order: &[OrderKey],
        partition: &[ColumnId],
    ) -> String {
        let values: Vec<String> = arguments.iter().map(|argument| self.value(argument)).collect();
        let value = values.first().cloned().unwrap_or_default();
        let mut over = Vec::new();
        if !partition.is_empty() {
            let columns: Vec<String> = partition.iter().map(|id| self.raw(*id).sql).collect();
            over.push(format!("PARTITION BY {}", columns.join(", ")));
        }
        let order = order_by(order, |id| self.raw(id));
        if !order.is_empty() {
            over.push(order.trim_start().to_owned());
        }
        let running = format!("{} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", over.join(" "));
        let over = over.join(" ");
        match function {
            WindowFunction::Previous | WindowFunction::Next => {
                let name = if function == WindowFunction::Previous { "lag" } else { "lead" };
                let offset = values.get(1).cloned().unwrap_or_else(|| "1".to_owned());
                let is_string = arguments.first().is_some_and(|one| one.scalar_type == ScalarType::String);
                let default =
                    values.get(2).cloned().unwrap_or_else(|| if is_string { "''" } else { "NULL" }.to_owned());
                format!("{name}({value}, {offset}, {default}) OVER ({over})")
            }
            WindowFunction::RowNumber => match values.first() {
                Some(start) => format!("(row_number() OVER ({over}) + {start} - 1)"),
                None => format!("row_number() OVER ({over})"),
            },
            WindowFunction::CumulativeSum => format!("coalesce(sum({value}) OVER ({running}), 0)"),
            WindowFunction::RunningMaximum => format!("max({value}) OVER ({running})"),
            WindowFunction::SessionStart => format!("kql_session_start({}) OVER ({running})", values.join(", ")),
        }
    }

    /// `value IN (…)` and its kin, without care for null values.
    fn membership(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::InList { operator, value, members } => {
                let text = self.value(value);
                let listed = || members.iter().map(|member| self.value(member)).collect::<Vec<_>>().join(", ");
                match operator {
                    ListOperator::In if members.iter().all(|one| one.as_constant() != Some(&Value::Null)) => {
                        format!("({text} IN ({}))", listed())
                    }
                    ListOperator::In => format!("coalesce({text} IN ({}), 0)", listed()),
                    ListOperator::InTilde if members.iter().all(is_ascii_constant) => {
                        format!("({text} COLLATE NOCASE IN ({}))", listed())
                    }
                    _ => {
                        let constants: Option<Vec<&str>> = members.iter().map(constant_text).collect();
                        let array = match constants {
                            Some(texts) => quote_text(&serde_json::Value::from(texts).to_string()),
                            None if members.len() <= MOST_ARGUMENTS => format!("json_array({})", listed()),
                            None => {
                                let rows: Vec<String> =
                                    members.iter().map(|member| format!("({})", self.value(member))).collect();
                                format!("(SELECT json_group_array(column1) FROM (VALUES {}))", rows.join(", "))
                            }
                        };
                        self.list_function(*operator, text, array)
                    }
                }
            }
            ExprKind::InArray { operator, value, array } => {
                let value = self.value(value);
                let array = self.value(array);
                self.list_function(*operator, value, array)
            }
            ExprKind::InTable { operator, value, node, column } => {
                let name = column_name(*column);
                let from = self.nodes.name(*node);
                let held = self.nodes.holds(*column);
                let decoded = match held {
                    Holds::Value => name.clone(),
                    Holds::TextId => decode(&name),
                };
                match operator {
                    ListOperator::In => {
                        if held == Holds::TextId
                            && let ExprKind::Column(id) = value.kind
                            && let Reference { sql, holds: Holds::TextId } = self.raw(id)
                        {
                            return format!("({sql} IN (SELECT {name} FROM {from}))");
                        }
                        format!("({} IN (SELECT {decoded} FROM {from}))", self.value(value))
                    }
                    ListOperator::InTilde => {
                        let fold = |text: String| render("tolower", &[text]).unwrap_or_default();
                        let value = fold(self.value(value));
                        format!("({value} IN (SELECT {} FROM {from}))", fold(decoded))
                    }
                    _ => {
                        let array = format!("(SELECT json_group_array({decoded}) FROM {from})");
                        self.list_function(*operator, self.value(value), array)
                    }
                }
            }
            _ => self.value(expr),
        }
    }

    fn list_function(&self, operator: ListOperator, value: String, array: String) -> String {
        let symbol = match operator {
            ListOperator::In | ListOperator::NotIn => "in_array",
            ListOperator::InTilde | ListOperator::NotInTilde => "in_ci",
            ListOperator::HasAny | ListOperator::NotHasAny => "has_any",
            ListOperator::HasAll | ListOperator::NotHasAll => "has_all",
        };
        render(symbol, &[value, array]).unwrap_or_else(|| {
            self.nodes.missing(symbol);
            "NULL".to_owned()
        })
    }
}

/// A call of a symbol over argument texts.
pub(super) fn render(symbol: &str, arguments: &[String]) -> Option<String> {
    if let Some(template) = engine_template(symbol) {
        return Some(Implementation::Template(template).render(arguments));
    }
    if let Some(name) = symbol.strip_prefix("engine:") {
        return super::support::is_function(name).then(|| format!("whippet_{name}({})", arguments.join(", ")));
    }
    implementation(symbol).map(|found| found.render(arguments))
}

/// The value of a dictionary id.
pub(super) fn decode(id: &str) -> String {
    format!("(SELECT value FROM text WHERE id = {id})")
}

/// ` ORDER BY …`, or nothing.
pub(super) fn order_by(keys: &[OrderKey], reference: impl Fn(ColumnId) -> Reference) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = keys
        .iter()
        .map(|key| {
            let found = reference(key.column);
            let value = match found.holds {
                Holds::Value => found.sql,
                Holds::TextId => decode(&found.sql),
            };
            let direction = if key.descending { "DESC" } else { "ASC" };
            let nulls = if key.nulls_first { "FIRST" } else { "LAST" };
            // NaN is kept as text, which SQLite sorts after all numbers.
            let beside_nulls = if key.is_real {
                let way = if key.nulls_first { "DESC" } else { "ASC" };
                format!("typeof({value}) IN ('text', 'null') {way}, {value} IS NULL {way}, ")
            } else {
                String::new()
            };
            format!("{beside_nulls}{value} {direction} NULLS {nulls}")
        })
        .collect();
    format!(" ORDER BY {}", keys.join(", "))
}

/// Joins with an operator as a balanced tree: SQLite limits the depth of expressions.
pub(super) fn balanced(mut parts: Vec<String>, operator: &str, empty: &str) -> String {
    const FLAT: usize = 40;
    if parts.is_empty() {
        return empty.to_owned();
    }
    while parts.len() > FLAT {
        parts = parts.chunks(FLAT).map(|chunk| format!("({})", chunk.join(&format!(" {operator} ")))).collect();
    }
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(&format!(" {operator} "))) }
}

/// Whether an expression is certain to have a value: strings always have one, and so do predicates on them.
pub(super) fn never_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(value) => *value != Value::Null,
        ExprKind::Column(_) | ExprKind::Scalar { .. } | ExprKind::Window { .. } => {
            expr.scalar_type == ScalarType::String
        }
        ExprKind::Call { symbol, arguments } => {
            expr.scalar_type == ScalarType::String
                || (expr.scalar_type == ScalarType::Bool
                    && !symbol.starts_with("bool_from")
                    && arguments.iter().all(|one| one.scalar_type == ScalarType::String || never_null(one)))
        }
        ExprKind::And(operands) | ExprKind::Or(operands) => operands.iter().all(never_null),
        ExprKind::Not(operand) => never_null(operand),
        ExprKind::InList { value, .. } | ExprKind::InTable { value, .. } | ExprKind::InArray { value, .. } => {
            never_null(value)
        }
        ExprKind::Unknown => false,
    }
}
