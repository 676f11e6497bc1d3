//! Binding what stands before the first `|`: tables, `let` tables, `datatable`, `externaldata`, `range`, `print`.

use super::binder::{Binder, Context, Value as Bound};
use super::columns::did_you_mean;
use super::expressions::literal;
use super::names::Names;
use super::scope::Binding;
use super::tree::{Carried, Expr, Field, Node, NodeId, NodeKind};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, ColumnDeclaration, Name, NamedExpr, OperatorKind};
use crate::schema::{ScalarType, TableSchema, Value};

impl Binder<'_> {
    /// Binds an expression that must be a table.
    pub fn bind_source(&mut self, expression: &syntax::Expr) -> NodeId {
        use syntax::ExprKind as Kind;
        let span = expression.span;
        match &expression.kind {
            Kind::Pipeline(pipeline) => {
                let mut node = self.bind_source(&pipeline.source);
                for operator in &pipeline.operators {
                    node = self.operator(operator, node);
                }
                node
            }
            Kind::Parenthesised(inner) => self.bind_source(inner),
            Kind::Name(name) => self.named_source(name),
            Kind::Wildcard(_) => self.union_of(std::slice::from_ref(expression), &[], None, span),
            Kind::Datatable { columns, values } => self.datatable(columns, values, span),
            Kind::Externaldata { columns, uris, options } => self.external_data(columns, uris, options, span),
            Kind::OperatorSource(operator) => self.source_operator(operator),
            Kind::Call { function, arguments } => self.call_source(function, arguments, span),
            Kind::Member { base, member } => {
                self.other_database(base);
                self.named_source(member)
            }
            Kind::MemberCall { base, function, arguments } => {
                self.other_database(base);
                if matches!(function.text.as_str(), "database" | "cluster") {
                    return self.unknown_table(span);
                }
                self.call_source(function, arguments, span)
            }
            Kind::Error => self.unknown_table(span),
            _ => {
                self.error("not-a-table", span, "a table is wanted here, and this is a scalar");
                self.unknown_table(span)
            }
        }
    }

    fn other_database(&mut self, base: &syntax::Expr) {
        self.warning("other-database", base.span, "there is only one store; the database named here is ignored");
    }

    fn named_source(&mut self, name: &Name) -> NodeId {
        match self.scope.get(&name.text) {
            Some(Binding::Table(node)) => return node,
            Some(Binding::Function(function)) => {
                return match self.call_user(&function, name, &[], &mut Context::default(), None) {
                    Bound::Table(node) => node,
                    Bound::Scalar(_) => {
                        self.error("not-a-table", name.span, format!("'{}' gives a value, not a table", name.text));
                        self.unknown_table(name.span)
                    }
                };
            }
            Some(Binding::Scalar(_)) => {
                self.error("not-a-table", name.span, format!("'{}' is a value, not a table", name.text));
                return self.unknown_table(name.span);
            }
            None => {}
        }
        match self.environment.schema.table(&name.text) {
            Some(table) => self.table_node(&table.clone(), name.span),
            None => self.no_such_table(name),
        }
    }

    fn no_such_table(&mut self, name: &Name) -> NodeId {
        let tables: Vec<String> = self.environment.schema.names().map(str::to_owned).collect();
        let known = tables.into_iter().chain(self.scope.all_names()).collect::<Vec<_>>();
        let near = nearest(&name.text, known.iter().map(String::as_str));
        let mut diagnostic =
            Diagnostic::needs_input("unknown-table", name.span, format!("there is no table '{}'", name.text));
        match did_you_mean(&near) {
            Some(help) => diagnostic.help.push(help),
            None => {
                diagnostic.help.push(format!("import a file whose records name the table '{}' to create it", name.text))
            }
        }
        self.diagnostics.push(diagnostic);
        self.unknown_table(name.span)
    }

    pub fn table_node(&mut self, table: &TableSchema, span: Span) -> NodeId {
        let fields: Vec<Field> =
            table.columns.iter().map(|column| self.new_field(column.name.as_str(), column.scalar_type)).collect();
        let event = self.new_column();
        let time = table.time_column().map(|column| column.name.as_str());
        let ingestion = fields.iter().find(|field| Some(field.name.as_str()) == time).map(|field| field.id);
        let columns = fields.iter().map(|field| (field.id, field.name.clone())).collect();
        let id = self.add(Node {
            kind: NodeKind::Table {
                table: table.name.clone(),
                columns,
                event,
                range: self.environment.range,
                is_empty: self.environment.probe.is_some_and(|probe| probe.is_empty(&table.name)),
            },
            fields,
            carried: Carried { event: Some(event), ingestion, lineage: Some(event), ..Carried::default() },
            span,
            label: table.name.clone(),
        });
        self.origin.insert(id, table.name.clone());
        id
    }

    fn call_source(&mut self, function: &Name, arguments: &[Argument], span: Span) -> NodeId {
        let user = match self.scope.get(&function.text) {
            Some(Binding::Function(user)) => Some(user),
            _ => self.service_function(&function.text, function.span),
        };
        if let Some(user) = user {
            return match self.call_user(&user, function, arguments, &mut Context::default(), None) {
                Bound::Table(node) => node,
                Bound::Scalar(_) => {
                    self.error("not-a-table", span, format!("'{}' gives a value, not a table", function.text));
                    self.unknown_table(span)
                }
            };
        }
        match (function.text.as_str(), arguments) {
            ("materialize" | "view", [table]) => self.bind_source(&table.value),
            ("table", [name, ..]) => match self.scalar(&name.value, &mut Context::default()).as_constant() {
                Some(Value::String(text)) => {
                    let name = Name { text: text.clone(), span: name.value.span };
                    self.named_source(&name)
                }
                _ => {
                    self.error("table-name", span, "the name of a table is wanted, as a constant string");
                    self.unknown_table(span)
                }
            },
            ("_GetWatchlist", [name, ..]) => self.watchlist(&name.value, span),
            _ => {
                let known = super::calls::find(&function.text).is_some();
                if known {
                    self.error("not-a-table", span, format!("'{}' gives a value, not a table", function.text));
                } else {
                    self.diagnostics.push(
                        Diagnostic::needs_input(
                            "unknown-function",
                            function.span,
                            format!("there is no function '{}' that gives a table", function.text),
                        )
                        .with_help("save it as functions/NAME.kql beside the rules, or define it with a let"),
                    );
                }
                self.unknown_table(span)
            }
        }
    }

    fn watchlist(&mut self, name: &syntax::Expr, span: Span) -> NodeId {
        let name = match self.scalar(name, &mut Context::default()).as_constant() {
            Some(Value::String(name)) => name.clone(),
            _ => {
                self.error("watchlist-name", span, "the name of a watchlist is wanted, as a constant string");
                return self.unknown_table(span);
            }
        };
        match self.environment.inputs.watchlist(&name) {
            Some(table) => self.constant_rows(&table.columns, &table.rows, span, "_GetWatchlist"),
            None => {
                self.diagnostics.push(
                    Diagnostic::needs_input(
                        "watchlist",
                        span,
                        format!("the watchlist '{name}' is not mapped to a file"),
                    )
                    .with_help(format!("supply it with --input {name}=FILE.csv")),
                );
                self.unknown_table(span)
            }
        }
    }

    fn constant_rows(
        &mut self,
        columns: &[crate::schema::Column],
        rows: &[Vec<Value>],
        span: Span,
        label: &str,
    ) -> NodeId {
        let fields: Vec<Field> =
            columns.iter().map(|column| self.new_field(column.name.as_str(), column.scalar_type)).collect();
        let rows = rows
            .iter()
            .map(|row| {
                row.iter()
                    .zip(columns)
                    .map(|(value, column)| Expr::constant(value.clone(), column.scalar_type))
                    .collect()
            })
            .collect();
        self.rows_node(fields, rows, span, label)
    }

    pub fn rows_node(&mut self, fields: Vec<Field>, rows: Vec<Vec<Expr>>, span: Span, label: &str) -> NodeId {
        let columns = fields.iter().map(|field| field.id).collect();
        self.add(Node {
            kind: NodeKind::Rows { columns, rows },
            fields,
            carried: Carried::default(),
            span,
            label: label.to_owned(),
        })
    }

    /// Fields of a declared schema; repeated names are an error.
    pub fn declared_fields(&mut self, columns: &[ColumnDeclaration]) -> Vec<Field> {
        let mut names = Names::default();
        let mut fields = Vec::new();
        for column in columns {
            if !names.claim(&column.name.text) {
                self.error("duplicate-column", column.name.span, format!("the column '{}' repeats", column.name.text));
            }
            let scalar_type = self.scalar_type(&column.type_name).unwrap_or(ScalarType::Dynamic);
            fields.push(self.new_field(column.name.text.as_str(), scalar_type));
        }
        fields
    }

    fn datatable(&mut self, columns: &[ColumnDeclaration], values: &[syntax::Expr], span: Span) -> NodeId {
        let fields = self.declared_fields(columns);
        if fields.is_empty() || !values.len().is_multiple_of(fields.len()) {
            self.error(
                "datatable-values",
                span,
                format!("{} values do not fill rows of {} columns", values.len(), fields.len()),
            );
            return self.unknown_table(span);
        }
        let mut rows = Vec::with_capacity(values.len() / fields.len());
        for row in values.chunks(fields.len()) {
            let mut bound = Vec::with_capacity(fields.len());
            for (value, field) in row.iter().zip(&fields) {
                let value = match &value.kind {
                    syntax::ExprKind::Literal(value) => literal(&value.value),
                    _ => self.scalar(value, &mut Context::default()),
                };
                bound.push(self.cast(value, field.scalar_type));
            }
            rows.push(bound);
        }
        self.rows_node(fields, rows, span, "datatable")
    }

    fn source_operator(&mut self, operator: &syntax::Operator) -> NodeId {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Print(values) => self.print(values, span),
            OperatorKind::Range { name, from, to, step } => self.range(name, [from, to, step], span),
            OperatorKind::Union { options, tables } => self.union_of(tables, options, None, span),
            OperatorKind::Search { tables, predicate, options } => self.search(None, tables, predicate, options, span),
            OperatorKind::Find { tables, predicate, projection, options } => {
                self.find_tables(tables, predicate, projection.as_ref(), options, span)
            }
            OperatorKind::Error => self.unknown_table(span),
            other => {
                self.unsupported(span, &format!("'{}' without a table before it", super::pipeline::word(other)), "");
                self.unknown_table(span)
            }
        }
    }

    fn print(&mut self, values: &[NamedExpr], span: Span) -> NodeId {
        let mut names = Names::default();
        let mut fields = Vec::new();
        let mut row = Vec::new();
        for (position, value) in values.iter().enumerate() {
            if let Some(columns) = self.tuple_columns(value, &mut names, &mut Context::default()) {
                // Kusto's own binder: of those that are named, no more than have names.
                let wanted = if value.names.is_empty() { usize::MAX } else { value.names.len() };
                for (name, bound) in columns.into_iter().take(wanted) {
                    fields.push(self.new_field(name, bound.scalar_type));
                    row.push(bound);
                }
                continue;
            }
            let bound = self.scalar(&value.value, &mut Context::default());
            let name = match value.names.as_slice() {
                // Kusto's binder gives no other name here, whatever the expression is.
                [] => format!("print_{position}"),
                [name, ..] => name.text.clone(),
            };
            let field = self.new_field(names.unique(&name), bound.scalar_type);
            if self.is_unknown_column(&bound) {
                self.unknown.insert(field.id);
            }
            fields.push(field);
            row.push(bound);
        }
        self.rows_node(fields, vec![row], span, "print")
    }

    fn range(&mut self, name: &Name, [from, to, step]: [&syntax::Expr; 3], span: Span) -> NodeId {
        let from = self.scalar(from, &mut Context::default());
        let to = self.scalar(to, &mut Context::default());
        let step = self.scalar(step, &mut Context::default());
        if [&from, &to, &step].into_iter().any(Expr::is_unknown) {
            return self.unknown_table(span);
        }
        let scalar_type = match (from.scalar_type, step.scalar_type) {
            (ScalarType::Datetime | ScalarType::Timespan, _) => from.scalar_type,
            (first, second) if first.is_numeric() && second.is_numeric() && to.scalar_type.is_numeric() => {
                let widest =
                    super::functions::casts::wider(super::functions::casts::wider(first, second), to.scalar_type);
                if widest == ScalarType::Int { ScalarType::Long } else { widest }
            }
            (other, _) => {
                self.error("range-type", span, format!("range cannot count in {}", other.name()));
                return self.unknown_table(span);
            }
        };
        if scalar_type == ScalarType::Decimal {
            self.unsupported(span, "range over decimals", "use todouble()");
            return self.unknown_table(span);
        }
        let (from, to) = (self.cast(from, scalar_type), self.cast(to, scalar_type));
        let step = if scalar_type == ScalarType::Real { self.cast(step, ScalarType::Real) } else { step };
        let field = self.new_field(name.text.as_str(), scalar_type);
        self.add(Node {
            kind: NodeKind::Range { column: field.id, from, to, step },
            fields: vec![field],
            carried: Carried { serialized: true, ..Carried::default() },
            span,
            label: "range".to_owned(),
        })
    }
}
