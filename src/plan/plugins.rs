//! Binding evaluate: the plugins whose columns depend on the rows.
//!
//! What columns there are is asked of the store before the query is compiled (see [`Probe`]); without a store at hand
//! they must be written behind the plugin: `evaluate bag_unpack(d) : (a:long, b:string)`.

use super::binder::{Binder, Context};
use super::columns::did_you_mean;
use super::environment::Probe;
use super::names::Names;
use super::tree::{Expr, ExprKind, Field, NodeId, Plan};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, BinaryOperator, Name, PluginSchema};
use crate::schema::{ScalarType, Value};

/// The plugins, and how they are written.
const PLUGINS: &[(&str, &str)] = &[
    ("bag_unpack", "evaluate bag_unpack(Column)"),
    ("ipv4_lookup", "evaluate ipv4_lookup(Networks, AddressColumn, NetworkColumn)"),
    ("ipv6_lookup", "evaluate ipv6_lookup(Networks, AddressColumn, NetworkColumn)"),
    ("narrow", "evaluate narrow()"),
    ("pivot", "evaluate pivot(Column, count())"),
];

/// Other plugins of the service, and what to write instead.
const INSTEAD: &[(&str, &str)] = &[
    ("autocluster", "group with 'summarize count() by …' over the columns of interest"),
    ("basket", "group with 'summarize count() by …' over the columns of interest"),
    ("cosmosdb_sql_request", "save its result to a file, and read that with externaldata"),
    ("diffpatterns", "group both sides with 'summarize count() by …' and join them"),
    ("http_request", "save its result to a file, and read that with externaldata"),
    ("http_request_post", "save its result to a file, and read that with externaldata"),
    ("mysql_request", "save its result to a file, and read that with externaldata"),
    ("python", "export the rows with --format csv and run the script on them"),
    ("r", "export the rows with --format csv and run the script on them"),
    ("sql_request", "save its result to a file, and read that with externaldata"),
];

/// The aggregates that pivot takes, and the form of each that has a condition after its first argument.
const PIVOT_AGGREGATES: &[(&str, &str)] = &[
    ("any", "take_anyif"),
    ("avg", "avgif"),
    ("count", "countif"),
    ("count_distinct", "count_distinctif"),
    ("dcount", "dcountif"),
    ("make_bag", "make_bag_if"),
    ("make_list", "make_list_if"),
    ("make_set", "make_set_if"),
    ("max", "maxif"),
    ("min", "minif"),
    ("stdev", "stdevif"),
    ("sum", "sumif"),
    ("take_any", "take_anyif"),
    ("variance", "varianceif"),
];

impl Binder<'_> {
    pub fn evaluate(
        &mut self,
        input: NodeId,
        plugin: &Name,
        arguments: &[Argument],
        schema: Option<&PluginSchema>,
        span: Span,
    ) -> NodeId {
        match (plugin.text.as_str(), arguments) {
            ("bag_unpack", [bag, rest @ ..]) => self.bag_unpack(input, bag, rest, schema, span),
            ("pivot", [column, rest @ ..]) => self.pivot(input, column, rest, schema, span),
            ("narrow", []) => self.narrow(input, span),
            (name, arguments) => match self.network_lookup(input, name, arguments, span) {
                Some(node) => node,
                None => {
                    self.no_such_plugin(plugin);
                    self.unknown_table(span)
                }
            },
        }
    }

    fn no_such_plugin(&mut self, plugin: &Name) {
        let known = PLUGINS.iter().map(|(name, _)| *name);
        let instead = INSTEAD.iter().find(|(name, _)| *name == plugin.text).map(|(_, instead)| *instead);
        let form = PLUGINS.iter().find(|(name, _)| *name == plugin.text).map(|(_, form)| format!("write '{form}'"));
        let mut diagnostic = match form {
            Some(_) => {
                let message = format!("these are not the arguments of the plugin '{}'", plugin.text);
                Diagnostic::error("argument-count", plugin.span, message)
            }
            None => {
                let message = format!("the plugin '{}' is not supported by this engine", plugin.text);
                Diagnostic::unsupported("unsupported", plugin.span, message)
            }
        };
        diagnostic.help.extend(form);
        diagnostic.help.extend(instead.map(str::to_owned));
        diagnostic.help.extend(did_you_mean(&nearest(&plugin.text, known)).filter(|_| diagnostic.help.is_empty()));
        self.diagnostics.push(diagnostic);
    }

    /// Runs a part of the query on the store at hand.
    pub(super) fn probe(&mut self, root: NodeId, construct: &str, span: Span) -> Option<Vec<Vec<Value>>> {
        if self.diagnostics.iter().any(crate::kql::diagnostic::Diagnostic::is_error) {
            return None;
        }
        let Some(probe) = self.environment.probe else {
            self.unsupported(
                span,
                &format!("{construct} without a store to ask for its columns"),
                "write the columns behind it: ': (name:type, …)'",
            );
            return None;
        };
        let plan = Plan { nodes: self.nodes.clone(), root, render: None };
        match Probe::rows(probe, &plan) {
            Ok(table) => Some(table.rows),
            Err(reason) => {
                self.error("probe", span, format!("the columns of {construct} cannot be found: {reason}"));
                None
            }
        }
    }

    /// `pivot(column, aggregate, kept columns…)`: a column for each value of the pivot column.
    fn pivot(
        &mut self,
        input: NodeId,
        column: &Argument,
        rest: &[Argument],
        schema: Option<&PluginSchema>,
        span: Span,
    ) -> NodeId {
        let value = self.scalar(&column.value, &mut Context::rows(input));
        if self.is_unknown_column(&value) {
            return self.unknown_table(span);
        }
        let count = Name { text: "count".to_owned(), span };
        let (function, measured) = match rest.first().map(|argument| &argument.value.kind) {
            Some(syntax::ExprKind::Call { function, arguments }) => (function.clone(), arguments.clone()),
            _ => (count, Vec::new()),
        };
        let Some((_, conditional)) = PIVOT_AGGREGATES.iter().find(|(name, _)| *name == function.text) else {
            let known: Vec<&str> = PIVOT_AGGREGATES.iter().map(|(name, _)| *name).collect();
            self.unsupported(function.span, &format!("'{}' in pivot", function.text), &known.join(", "));
            return self.unknown_table(span);
        };
        let measured: Vec<Expr> =
            measured.iter().map(|argument| self.scalar(&argument.value, &mut Context::rows(input))).collect();
        let used: Vec<_> = std::iter::once(&value)
            .chain(&measured)
            .filter_map(|expr| match expr.kind {
                ExprKind::Column(id) => Some(id),
                _ => None,
            })
            .collect();
        let mut kept: Vec<Field> = Vec::new();
        for argument in rest.iter().skip(1) {
            if let ExprKind::Column(id) = self.scalar(&argument.value, &mut Context::rows(input)).kind {
                kept.extend(self.fields(input).iter().find(|field| field.id == id).cloned());
            }
        }
        if rest.len() < 2 {
            kept = self.fields(input).iter().filter(|field| !used.contains(&field.id)).cloned().collect();
        }
        let text = self.cast(value, ScalarType::String);
        let shown = match schema {
            Some(schema) => {
                let declared = self.declared_fields(&schema.columns);
                // What the input has of the declared columns is kept, the others are values of the pivot column.
                kept.retain(|field| schema.with_source || declared.iter().any(|one| one.name == field.name));
                let is_kept = |name: &str| kept.iter().any(|field| field.name == name);
                declared.iter().filter(|field| !is_kept(&field.name)).map(|field| field.name.clone()).collect()
            }
            None => match self.pivot_values(input, &text, span) {
                Some(values) => values,
                None => return self.unknown_table(span),
            },
        };
        let mut names = Names::default();
        let mut keys = Vec::new();
        let mut fields = Vec::new();
        for field in kept {
            let new = self.new_field(names.unique(&field.name), field.scalar_type);
            keys.push((new.id, Expr::column(&field)));
            fields.push(new);
        }
        let mut collected = Vec::new();
        for value in shown {
            let here = self.binary_of(BinaryOperator::Equal, span, text.clone(), Expr::string(value.as_str()));
            let mut arguments = measured.clone();
            arguments.insert(arguments.len().min(1), here);
            let function = Name { text: (*conditional).to_owned(), span };
            let aggregate = self.aggregate_of(&function, arguments, &[], span, &mut collected);
            if let ExprKind::Column(id) = aggregate.kind {
                fields.push(Field { id, name: names.unique(&value), scalar_type: aggregate.scalar_type });
            }
        }
        let is_hollow = schema.is_none() && fields.len() == keys.len();
        let node = self.group(input, keys, collected, fields, span, "pivot");
        if is_hollow {
            self.hollow.insert(node);
        }
        node
    }

    /// The values of the pivot column, in order.
    fn pivot_values(&mut self, input: NodeId, text: &Expr, span: Span) -> Option<Vec<String>> {
        let field = self.new_field("value", ScalarType::String);
        let values = self.group(input, vec![(field.id, text.clone())], Vec::new(), vec![field], span, "pivot");
        let rows = self.probe(values, "pivot", span)?;
        let mut found: Vec<String> = rows
            .into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(Value::String(text)) => Some(text),
                _ => None,
            })
            .collect();
        found.sort();
        Some(found)
    }

    /// `narrow()`: a row for each cell.
    fn narrow(&mut self, input: NodeId, span: Span) -> NodeId {
        let (numbered, number) = self.numbered(input, span);
        let mut branches = Vec::new();
        for field in self.fields(input).to_vec() {
            let row = self.new_field("Row", ScalarType::Long);
            let column = self.new_field("Column", ScalarType::String);
            let value = self.new_field("Value", ScalarType::String);
            let place = Expr::new(ExprKind::Column(number), ScalarType::Long);
            let place = self.binary_of(BinaryOperator::Subtract, span, place, Expr::long(1));
            let text = self.cast(Expr::column(&field), ScalarType::String);
            let computed = vec![(row.id, place), (column.id, Expr::string(field.name.as_str())), (value.id, text)];
            branches.push((self.projection(numbered, vec![row, column, value], computed, span, "narrow"), None));
        }
        self.union_node(&branches, false, None, "narrow", span)
    }
}
