//! The binder: its state, statements and scopes.
//!
//! Sources, operators, expressions and user functions have files of their own. The binder goes on after an error, so that one run
//! reports all that is wrong: what failed becomes [`ExprKind::Unknown`] or an *open*
//! node, whose columns nobody knows, and neither causes further reports.

use foldhash::{HashMap, HashSet};
use std::rc::Rc;

use super::columns::did_you_mean;
use super::environment::Environment;
use super::scope::{Binding, Scope, UserFunction};
use super::tree::{Aggregate, Carried, ColumnId, Expr, ExprKind, Field, Node, NodeId, NodeKind, Plan};
use crate::kql::diagnostic::{Diagnostic, Severity};
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Name, Query, Statement, StatementKind};
use crate::schema::ScalarType;

/// The result of binding: a plan where nothing was wrong.
#[derive(Debug)]
pub struct Bound {
    pub plan: Option<Plan>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What an expression may see and do.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// The rows whose columns are visible.
    pub node: Option<NodeId>,
    /// In `join … on`: the right side (`$right`).
    pub right: Option<NodeId>,
    /// Columns visible beside those of `node`, and before them.
    pub extra: Vec<Field>,
    /// Where aggregates are allowed: the ones met so far.
    pub aggregates: Option<Vec<Aggregate>>,
    /// Where window functions are allowed: the ones met so far.
    pub windows: Option<Vec<(ColumnId, Expr)>>,
    /// In `scan`: the state that is asked.
    pub state: Option<Box<super::scan::ScanState>>,
    /// Whether a missing column of a known table may stand for an empty one.
    pub lenient: bool,
    /// In `join … on`: which side the columns are of.
    pub side: Option<&'static str>,
}

impl Context {
    pub fn rows(node: NodeId) -> Self {
        Self { node: Some(node), ..Self::default() }
    }
}

pub(super) struct Binder<'a> {
    pub environment: &'a Environment<'a>,
    pub nodes: Vec<Node>,
    pub diagnostics: Vec<Diagnostic>,
    pub scope: Rc<Scope>,
    pub render: Option<String>,
    /// Nodes that may have columns nobody knows.
    pub open: HashSet<NodeId>,
    /// Nodes whose columns are named by values and that had no rows to name any: every name may have been meant.
    pub hollow: HashSet<NodeId>,
    /// Rows of `union *`: a column they lack may be one of a table that was not imported.
    pub every_table: HashSet<NodeId>,
    /// What `now()` is, in ticks.
    pub now: i64,
    /// The names that `as` gave.
    pub named: HashMap<NodeId, String>,
    /// What is wrong is said without what is near and what would help: whoever binds looks only whether anything is.
    pub terse: bool,
    /// Columns whose value is unknown.
    pub unknown: HashSet<ColumnId>,
    /// Which table's columns a node still shows, for the lenient reading of missing columns.
    pub origin: HashMap<NodeId, String>,
    /// What the `let`s of the query are called that are not bound yet.
    pub later_lets: HashSet<String>,
    /// Where `column_ifexists` named a column that its rows have not, when it was last bound.
    pub absent_columns: HashSet<Span>,
    /// The rows, with their parts, that the bodies of `partition` begin with, the innermost last; none for `mv-apply`.
    pub parted: Vec<Option<NodeId>>,
    /// The functions of the query whose bodies are being bound.
    pub calls: Vec<String>,
    next_column: u32,
    pub depth: usize,
}

/// A bound expression that may be a table.
pub(super) enum Value {
    Scalar(Expr),
    Table(NodeId),
}

/// Binds a query. The diagnostics are in the order they were found.
pub fn bind(query: &Query, environment: &Environment<'_>) -> Bound {
    let mut binder = Binder {
        environment,
        nodes: Vec::new(),
        diagnostics: Vec::new(),
        scope: Rc::new(Scope::default()),
        render: None,
        open: HashSet::default(),
        hollow: HashSet::default(),
        every_table: HashSet::default(),
        now: environment.now,
        named: HashMap::default(),
        terse: false,
        unknown: HashSet::default(),
        origin: HashMap::default(),
        later_lets: HashSet::default(),
        absent_columns: HashSet::default(),
        parted: Vec::new(),
        calls: Vec::new(),
        next_column: 0,
        depth: 0,
    };
    for (name, function) in &environment.library.functions {
        let function = UserFunction {
            parameters: function.parameters.clone(),
            body: function.body.clone(),
            scope: Rc::clone(&binder.scope),
            is_saved: true,
            is_view: false,
        };
        binder.scope.set(name, Binding::Function(Rc::new(function)));
    }
    binder.scope = Scope::child(&binder.scope);
    for statement in &query.statements {
        if let StatementKind::Let { name, .. } = &statement.kind {
            binder.later_lets.insert(name.text.clone());
        }
    }
    let root = binder.statements(&query.statements, true);
    let mut seen = HashSet::default();
    binder.diagnostics.retain(|diagnostic| seen.insert((diagnostic.span, diagnostic.code, diagnostic.message.clone())));
    let failed = binder.diagnostics.iter().any(Diagnostic::is_error);
    let plan = match root {
        Some(Value::Table(root)) if !failed => {
            Some(Plan { nodes: std::mem::take(&mut binder.nodes), root, render: binder.render.take() })
        }
        _ => {
            let span = query.statements.last().map_or(Span::default(), |statement| statement.span);
            let only_lets = root.is_none() && !query.statements.is_empty();
            let (severity, message) = match only_lets {
                true => (Severity::Warning, "the query only defines names: it gives no table"),
                false => (Severity::Error, "the query gives no table"),
            };
            if !failed {
                let diagnostic = Diagnostic { severity, ..Diagnostic::error("no-result", span, message) };
                binder.diagnostics.push(
                    diagnostic
                        .with_help("end it with a tabular expression: the name of a table or of a let, and operators"),
                );
            }
            let nothing = NodeKind::Rows { columns: Vec::new(), rows: Vec::new() };
            (only_lets && !failed).then(|| Plan {
                nodes: vec![Node {
                    kind: nothing,
                    fields: Vec::new(),
                    carried: Carried::default(),
                    span,
                    label: "nothing".to_owned(),
                }],
                root: NodeId(0),
                render: None,
            })
        }
    };
    Bound { plan, diagnostics: binder.diagnostics }
}

impl Binder<'_> {
    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message));
    }

    pub fn unsupported(&mut self, span: Span, construct: &str, instead: &str) {
        let mut diagnostic =
            Diagnostic::unsupported("unsupported", span, format!("{construct} is not supported by this engine"));
        if !instead.is_empty() {
            diagnostic = diagnostic.with_help(instead);
        }
        self.diagnostics.push(diagnostic);
    }

    pub fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, span, message));
    }

    pub fn new_column(&mut self) -> ColumnId {
        let id = ColumnId(self.next_column);
        self.next_column += 1;
        id
    }

    pub fn new_field(&mut self, name: impl Into<String>, scalar_type: ScalarType) -> Field {
        Field { id: self.new_column(), name: name.into(), scalar_type }
    }

    pub fn fields(&self, node: NodeId) -> &[Field] {
        self.nodes.get(node.0).map_or(&[], |node| &node.fields)
    }

    pub fn carried(&self, node: NodeId) -> Carried {
        self.nodes.get(node.0).map(|node| node.carried.clone()).unwrap_or_default()
    }

    /// Adds a node. It is open where one of its inputs is, unless the operator fixes the columns (see `close`).
    pub fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len());
        if node.inputs().iter().any(|input| self.open.contains(input)) {
            self.open.insert(id);
        }
        if node.inputs().iter().any(|input| self.hollow.contains(input)) {
            self.hollow.insert(id);
        }
        if node.inputs().iter().any(|input| self.every_table.contains(input)) {
            self.every_table.insert(id);
        }
        if let [input] = node.inputs().as_slice()
            && let Some(origin) = self.origin.get(input)
        {
            let origin = origin.clone();
            self.origin.insert(id, origin);
        }
        self.nodes.push(node);
        id
    }

    /// Says that all columns of a node are known, whatever its inputs are.
    pub fn close(&mut self, node: NodeId) -> NodeId {
        self.open.remove(&node);
        self.hollow.remove(&node);
        self.every_table.remove(&node);
        node
    }

    /// A node nobody knows the columns of: what stands for a table that does not exist.
    pub fn unknown_table(&mut self, span: Span) -> NodeId {
        let id = self.add(Node {
            kind: NodeKind::Rows { columns: Vec::new(), rows: Vec::new() },
            fields: Vec::new(),
            carried: Carried::default(),
            span,
            label: "unknown".to_owned(),
        });
        self.open.insert(id);
        id
    }

    /// `set query_now = datetime(…)`: what `now()` is in this query.
    fn set_now(&mut self, value: &syntax::Expr) {
        match self.scalar(value, &mut Context::default()).as_constant() {
            Some(crate::schema::Value::Datetime(now)) => self.now = *now,
            _ => self.error("query-now", value.span, "query_now is a constant datetime"),
        }
    }

    /// Binds statements in the present scope and gives the value of the last expression.
    pub fn statements(&mut self, statements: &[Statement], top: bool) -> Option<Value> {
        let mut result = None;
        for statement in statements {
            match &statement.kind {
                StatementKind::Let { name, value } => {
                    self.later_lets.remove(&name.text);
                    self.bind_let(name, value);
                }
                StatementKind::Set { name, value: Some(value) } if name.text == "query_now" => self.set_now(value),
                // Other options tune the service (`notruncation`, `query_datascope`): rows mean the same.
                StatementKind::Set { .. } => {}
                StatementKind::DeclareParameters(parameters) => self.declare_parameters(parameters),
                StatementKind::Other { keyword, .. } => {
                    self.unsupported(statement.span, &format!("the statement '{}'", keyword.text), "");
                }
                StatementKind::Expression(expression) => {
                    if result.is_some() {
                        self.warning(
                            "several-results",
                            statement.span,
                            "the query has several result statements; only the last one is run",
                        );
                    }
                    result = Some(self.value(expression, &mut Context::default()));
                }
            }
        }
        if top && let Some(Value::Scalar(expr)) = &result {
            if !expr.is_unknown() {
                let span = statements.last().map_or(Span::default(), |statement| statement.span);
                self.diagnostics.push(
                    Diagnostic::error("not-a-table", span, "the query must end in a table, and this is a scalar")
                        .with_help("put 'print' before it"),
                );
            }
            return None;
        }
        result
    }

    fn bind_let(&mut self, name: &Name, value: &syntax::Expr) {
        let binding = match &value.kind {
            syntax::ExprKind::Function { parameters, body, view } => Binding::Function(Rc::new(UserFunction {
                parameters: parameters.clone(),
                body: body.clone(),
                scope: Rc::clone(&self.scope),
                is_saved: false,
                is_view: *view,
            })),
            _ => match self.value(value, &mut Context::default()) {
                Value::Scalar(expr) => Binding::Scalar(expr),
                Value::Table(node) => Binding::Table(node),
            },
        };
        // A later `let` must not be seen by functions defined before it: each opens a scope of its own.
        self.scope = Scope::child(&self.scope);
        self.scope.set(&name.text, binding);
    }

    pub fn scalar_type(&mut self, name: &Name) -> Option<ScalarType> {
        let found = ScalarType::from_name(&name.text.to_ascii_lowercase());
        if found.is_none() {
            let words = ["bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "dynamic", "guid"];
            let mut diagnostic =
                Diagnostic::error("unknown-type", name.span, format!("there is no type '{}'", name.text));
            diagnostic.help.extend(did_you_mean(&nearest(&name.text, words)));
            self.diagnostics.push(diagnostic);
        }
        found
    }

    /// Binds what may be a table or a scalar.
    pub fn value(&mut self, expression: &syntax::Expr, context: &mut Context) -> Value {
        if self.is_tabular(expression, &self.scope.clone()) {
            return Value::Table(self.table(expression));
        }
        if let syntax::ExprKind::Call { function, arguments } = &expression.kind
            && let Some(Binding::Function(user)) = self.scope.get(&function.text)
        {
            return self.call_user(&user, function, arguments, context, None);
        }
        match &expression.kind {
            syntax::ExprKind::Name(name) if self.scope.get(&name.text).is_none() && context.node.is_none() => {
                Value::Table(self.table(expression))
            }
            syntax::ExprKind::Parenthesised(inner) => self.value(inner, context),
            _ => Value::Scalar(self.scalar(expression, context)),
        }
    }

    /// Whether an expression is a table, by its form and by what its names are bound to.
    pub fn is_tabular(&self, expression: &syntax::Expr, scope: &Rc<Scope>) -> bool {
        use syntax::ExprKind as Kind;
        match &expression.kind {
            Kind::Pipeline(_) | Kind::Datatable { .. } | Kind::Externaldata { .. } | Kind::OperatorSource(_) => true,
            Kind::Wildcard(_) => true,
            Kind::Parenthesised(inner) => self.is_tabular(inner, scope),
            Kind::Name(name) => match scope.get(&name.text) {
                Some(Binding::Table(_)) => true,
                Some(Binding::Function(function)) => self.function_is_tabular(&function, 0),
                Some(Binding::Scalar(_)) => false,
                None => self.environment.schema.table(&name.text).is_some(),
            },
            Kind::Call { function, arguments } => match scope.get(&function.text) {
                Some(Binding::Function(user)) => self.function_is_tabular(&user, 0),
                _ => match function.text.as_str() {
                    "materialize" | "table" | "_GetWatchlist" | "view" => true,
                    "FileProfile" | "DeviceFromIP" | "SeenBy" | "AssignedIPAddresses" => true,
                    name if name.starts_with("_Im_") || name.starts_with("_ASim_") || name.starts_with("im") => {
                        arguments.iter().all(|argument| argument.name.is_some()) && super::calls::find(name).is_none()
                    }
                    _ => false,
                },
            },
            Kind::Member { base, .. } | Kind::MemberCall { base, .. } => match &base.kind {
                Kind::Call { function, .. } => {
                    matches!(function.text.as_str(), "database" | "cluster" | "workspace" | "app" | "adx" | "arg")
                        || self.is_tabular(base, scope)
                }
                Kind::MemberCall { .. } | Kind::Member { .. } => self.is_tabular(base, scope),
                _ => false,
            },
            _ => false,
        }
    }

    /// Binds an expression that must be a table.
    pub fn table(&mut self, expression: &syntax::Expr) -> NodeId {
        self.bind_source(expression)
    }

    pub fn is_unknown_column(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Unknown => true,
            ExprKind::Column(id) => self.unknown.contains(id),
            _ => false,
        }
    }
}
