//! Names in expressions: columns and lets, and what to say of a name that is neither.
//!
//! Whether an empty column may stand for one that a table lacks is decided here.

use super::binder::{Binder, Context};
use super::environment::MissingColumns;
use super::scope::Binding;
use super::tree::{Expr, Field, NodeId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest_few as nearest;
use crate::kql::syntax::{self, Name};
use crate::schema::{ScalarType, is_other_spelling};

/// What a Log Analytics workspace keeps with every row, whichever columns the reference of the table lists
/// (learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns).
const STANDARD: &[(&str, ScalarType)] = &[
    ("TenantId", ScalarType::String),
    ("SourceSystem", ScalarType::String),
    ("MG", ScalarType::String),
    ("ManagementGroupName", ScalarType::String),
    ("_TimeReceived", ScalarType::Datetime),
    ("_ItemId", ScalarType::String),
    ("_ResourceId", ScalarType::String),
    ("_SubscriptionId", ScalarType::String),
    ("_WorkspaceId", ScalarType::String),
    ("_IsBillable", ScalarType::String),
    ("_BilledSize", ScalarType::Real),
];

impl Binder<'_> {
    /// The column of this name that the context sees.
    pub fn find_field(&self, name: &str, context: &Context) -> Option<Field> {
        context
            .extra
            .iter()
            .chain(context.node.map(|node| self.fields(node)).unwrap_or_default())
            .find(|field| field.name == name)
            .cloned()
    }

    pub fn field_expr(&self, field: &Field) -> Expr {
        if self.unknown.contains(&field.id) { Expr::unknown() } else { Expr::column(field) }
    }

    pub fn name(&mut self, name: &Name, context: &mut Context) -> Expr {
        if let Some(field) = self.find_field(&name.text, context) {
            return self.field_expr(&field);
        }
        match self.scope.get(&name.text) {
            Some(Binding::Scalar(expr)) => return expr,
            Some(Binding::Function(function)) => {
                return match self.call_user(&function, name, &[], context, None) {
                    super::binder::Value::Scalar(expr) => expr,
                    super::binder::Value::Table(_) => {
                        self.error("unexpected-table", name.span, format!("'{}' is a table, not a value", name.text));
                        Expr::unknown()
                    }
                };
            }
            Some(Binding::Table(_)) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "unexpected-table",
                        name.span,
                        format!("'{}' is a table, not a value", name.text),
                    )
                    .with_help("wrap it in toscalar() to take its first value, or use it after 'in'"),
                );
                return Expr::unknown();
            }
            None => {}
        }
        if context.node.is_some_and(|node| self.open.contains(&node)) {
            return Expr::unknown();
        }
        self.missing_column(name, context)
    }

    /// A name that is neither column nor `let`: an empty column with a warning where that is allowed, else an error.
    fn missing_column(&mut self, name: &Name, context: &Context) -> Expr {
        let fields = context.node.map(|node| self.fields(node)).unwrap_or_default();
        if let Some(field) = fields.iter().find(|field| is_other_spelling(&name.text, &field.name)) {
            return Expr::column(field);
        }
        if context.node.is_some_and(|node| self.hollow.contains(&node)) {
            let message = format!("no row tells of a column '{}'; an empty one stands for it", name.text);
            self.warning("missing-column", name.span, message);
            return Expr::null(ScalarType::Dynamic);
        }
        if self.environment.missing_columns == MissingColumns::Lenient
            && context.node.is_some_and(|node| self.every_table.contains(&node))
        {
            let message = format!("no table at hand has a column '{}'; an empty one stands for it", name.text);
            self.warning("missing-column", name.span, message);
            return Expr::null(ScalarType::String);
        }
        let origin = context.node.and_then(|node| self.origin.get(&node).cloned());
        if let Some((_, scalar_type)) = STANDARD.iter().find(|(standard, _)| *standard == name.text)
            && let Some(table) = origin.as_ref().filter(|table| self.is_whole(table, context))
            && self.environment.missing_columns == MissingColumns::Lenient
        {
            let message = format!("a workspace keeps '{}' with the rows of {table}; here it is empty", name.text);
            self.warning("missing-column", name.span, message);
            return Expr::null(*scalar_type);
        }
        if self.terse && !context.lenient {
            self.error("unknown-column", name.span, format!("there is no column '{}' here", name.text));
            return Expr::unknown();
        }
        let tables: Vec<&str> = self
            .environment
            .schema
            .tables()
            .filter(|table| table.column(&name.text).is_some())
            .map(|table| table.name.as_str())
            .collect();
        // A column of another table may be lacking; a name no table has, one slip from a column here, is that column
        // misspelt, and an empty column for it would be a wrong answer.
        let is_misspelt = tables.is_empty()
            && context.node.is_some_and(|node| {
                crate::kql::nearest(&name.text, self.fields(node).iter().map(|field| field.name.as_str())).is_some()
            });
        if context.lenient
            && !is_misspelt
            && self.environment.missing_columns == MissingColumns::Lenient
            && let Some(origin) = &origin
        {
            let scalar_type = tables
                .first()
                .and_then(|table| self.environment.schema.table(table))
                .and_then(|table| table.column(&name.text))
                .map_or(ScalarType::String, |column| column.scalar_type);
            self.diagnostics.push(
                Diagnostic::warning(
                    "missing-column",
                    name.span,
                    format!("{origin} has no column '{}'; an empty one stands for it", name.text),
                )
                .with_help("--strict makes this an error"),
            );
            return Expr::null(scalar_type);
        }
        let mut known: Vec<String> = context.extra.iter().map(|field| field.name.clone()).collect();
        if let Some(node) = context.node {
            known.extend(self.fields(node).iter().map(|field| field.name.clone()));
        }
        known.extend(self.scope.all_names());
        let near = nearest(&name.text, known.iter().map(String::as_str));
        let message = match (context.side, context.node) {
            (Some(side), _) => format!("the {side} side has no column '{}'", name.text),
            (None, Some(_)) => format!("there is no column '{}' here", name.text),
            (None, None) => format!("there are no columns here, and no let is called '{}'", name.text),
        };
        let mut diagnostic = Diagnostic::error("unknown-column", name.span, message);
        let dropped = context.node.and_then(|node| self.table_below(node, &tables));
        if self.later_lets.contains(&name.text) {
            diagnostic = diagnostic.with_help(format!("'let {} = …' stands further down: move it up", name.text));
        } else if self.environment.schema.table(&name.text).is_some() {
            diagnostic.message = format!("'{}' is a table, not a value", name.text);
            diagnostic = diagnostic.with_help(TABLE_AS_VALUE);
        } else if let Some(table) = dropped.filter(|_| context.side.is_none()) {
            diagnostic = diagnostic.with_help(format!(
                "{table} has this column, but an operator before this one leaves it out: keep it there"
            ));
        } else {
            let is_function = super::functions::find(&name.text).is_some();
            if name.text.eq_ignore_ascii_case("null") {
                let help = "isnull(x) asks for a missing value, isempty(x) for a missing text; int(null) is one";
                diagnostic.help.push(help.to_owned());
            } else if is_function && !near.contains(&format!("{}_", name.text)) {
                diagnostic.help.push(format!("'{}' is a function: write {}()", name.text, name.text));
            } else {
                diagnostic.help.extend(did_you_mean(&near));
            }
            diagnostic.help.extend(which_tables(&tables).filter(|_| context.node.is_some()));
        }
        self.diagnostics.push(diagnostic);
        Expr::unknown()
    }

    /// Whether the rows at hand still have all columns of their table: what it does not list goes with the first that
    /// is left out.
    fn is_whole(&self, table: &str, context: &Context) -> bool {
        let fields = context.node.map(|node| self.fields(node)).unwrap_or_default();
        let columns = self.environment.schema.table(table).map(|table| table.columns.as_slice()).unwrap_or_default();
        !columns.is_empty() && columns.iter().all(|column| fields.iter().any(|field| field.name == column.name))
    }

    /// The one of the tables that the rows of a node come from.
    fn table_below(&self, node: NodeId, tables: &[&str]) -> Option<String> {
        let mut waiting = vec![node];
        let mut seen = std::collections::HashSet::new();
        while let Some(next) = waiting.pop() {
            if !seen.insert(next) {
                continue;
            }
            let found = self.nodes.get(next.0)?;
            if let super::tree::NodeKind::Table { table, .. } = &found.kind
                && tables.contains(&table.as_str())
            {
                return Some(table.clone());
            }
            waiting.extend(found.inputs());
        }
        None
    }

    /// Says what `cmd.exe` and `Table.Column` were meant as, where the name before the dot is none.
    pub fn explain_dotted(&mut self, base: &syntax::Expr, member: &Name, context: &Context, before: usize) {
        let syntax::ExprKind::Name(name) = &base.kind else { return };
        let is_table = self.environment.schema.table(&name.text).is_some();
        for diagnostic in self.diagnostics.iter_mut().skip(before).filter(|one| one.code == "unknown-column") {
            if is_table && context.right.is_some() {
                let column = &member.text;
                diagnostic.help =
                    vec![format!("the sides of a join are $left and $right: $left.{column} == $right.{column}")];
            } else if !is_table && diagnostic.help.is_empty() {
                diagnostic.help.push(format!("put text in quotes: \"{}.{}\"", name.text, member.text));
            }
        }
    }

    pub fn side_column(&mut self, side_name: Option<&'static str>, node: Option<NodeId>, member: &Name) -> Expr {
        let mut side = node.map(Context::rows).unwrap_or_default();
        if let Some(field) = self.find_field(&member.text, &side) {
            return self.field_expr(&field);
        }
        if node.is_some_and(|node| self.open.contains(&node)) {
            return Expr::unknown();
        }
        side.lenient = false;
        side.side = side_name;
        self.missing_column(member, &side)
    }
}

/// What a table is used as where a value is wanted.
pub(super) const TABLE_AS_VALUE: &str = "wrap it in toscalar() to take its first value, or use it after 'in'";

pub(super) fn did_you_mean(names: &[String]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let (last, rest) = quoted.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}

/// The tables that have a column, those of endpoints first: rules are mostly about them.
fn which_tables(tables: &[&str]) -> Option<String> {
    let mut tables = tables.to_vec();
    tables.sort_by_key(|table| !table.starts_with("Device"));
    let shown = tables.get(..4).unwrap_or(&tables);
    let more = tables.len() - shown.len();
    match (shown, more) {
        ([], _) => None,
        ([only], 0) => Some(format!("{only} has a column of this name")),
        (shown, 0) => Some(format!("{} have a column of this name", shown.join(", "))),
        (shown, 1) => Some(format!("{} and 1 more table have a column of this name", shown.join(", "))),
        (shown, more) => Some(format!("{} and {more} more tables have a column of this name", shown.join(", "))),
    }
}
