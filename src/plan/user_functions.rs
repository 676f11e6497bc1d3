//! Functions that a query defines with `let`, saved functions, and the parameters that a query declares.

use std::rc::Rc;

use super::binder::{Binder, Context, Value};
use super::scope::{Binding, Scope, UserFunction};
use super::tree::{Expr, NodeId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, Name, Parameter, ParameterKind, StatementKind};
use crate::schema::ScalarType;

/// How deep function calls may nest: KQL has no recursion, so more than this is a cycle through the environment.
const MAXIMUM_CALL_DEPTH: usize = 60;

impl Binder<'_> {
    pub fn declare_parameters(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            let ParameterKind::Scalar(type_name) = &parameter.kind else {
                self.unsupported(parameter.span, "a tabular query parameter", "use a let with a table");
                continue;
            };
            let Some(scalar_type) = self.scalar_type(type_name) else { continue };
            let value = if let Some(written) = self.environment.library.parameters.get(&parameter.name.text) {
                self.parameter_value(written, parameter, scalar_type)
            } else if let Some(default) = &parameter.default {
                self.scalar(default, &mut Context::default())
            } else {
                self.diagnostics.push(
                    Diagnostic::needs_input(
                        "query-parameter",
                        parameter.span,
                        format!("the query parameter '{}' has no value", parameter.name.text),
                    )
                    .with_help(format!("give it with --param {}=VALUE", parameter.name.text)),
                );
                Expr::unknown()
            };
            let value = self.cast(value, scalar_type);
            self.scope.set(&parameter.name.text, Binding::Scalar(value));
        }
    }

    /// The value of a query parameter from outside: text as it is, everything else as KQL writes it.
    fn parameter_value(&mut self, written: &str, parameter: &Parameter, scalar_type: ScalarType) -> Expr {
        if scalar_type == ScalarType::String {
            return Expr::string(written);
        }
        if scalar_type == ScalarType::Datetime
            && let Some(ticks) = crate::kql::values::parse_datetime(written)
        {
            return Expr::constant(crate::schema::Value::Datetime(ticks), scalar_type);
        }
        let parsed = crate::kql::parse_expression(written);
        let before = self.diagnostics.len();
        let value = self.scalar(&parsed.expression, &mut Context::default());
        self.diagnostics.truncate(before);
        match parsed.diagnostics.is_empty().then_some(value) {
            Some(value) if value.as_constant().is_some() && parameter_fits(value.scalar_type, scalar_type) => value,
            _ => {
                let name = &parameter.name.text;
                let message = format!("--param {name}={written}: '{written}' is no {}", scalar_type.name());
                self.error("query-parameter", parameter.span, message);
                Expr::unknown()
            }
        }
    }

    pub fn function_is_tabular(&self, function: &UserFunction, depth: usize) -> bool {
        if depth > MAXIMUM_CALL_DEPTH {
            return false;
        }
        let Some(last) = function.body.iter().rev().find_map(|statement| match &statement.kind {
            StatementKind::Expression(expression) => Some(expression),
            _ => None,
        }) else {
            return false;
        };
        self.body_is_tabular(last, function, depth)
    }

    fn body_is_tabular(&self, last: &syntax::Expr, function: &UserFunction, depth: usize) -> bool {
        match &last.kind {
            syntax::ExprKind::Parenthesised(inner) => self.body_is_tabular(inner, function, depth),
            syntax::ExprKind::Name(name) => {
                if let Some(parameter) = function.parameters.iter().find(|parameter| parameter.name.text == name.text) {
                    return matches!(parameter.kind, ParameterKind::Tabular { .. });
                }
                let local = function.body.iter().rev().find_map(|statement| match &statement.kind {
                    StatementKind::Let { name: local, value } if local.text == name.text => Some(value),
                    _ => None,
                });
                match local {
                    Some(value) if value != last => self.body_is_tabular(value, function, depth + 1),
                    _ => match function.scope.get(&name.text) {
                        Some(Binding::Function(inner)) => self.function_is_tabular(&inner, depth + 1),
                        _ => self.is_tabular(last, &function.scope),
                    },
                }
            }
            syntax::ExprKind::Call { function: called, .. } => match function.scope.get(&called.text) {
                Some(Binding::Function(inner)) => self.function_is_tabular(&inner, depth + 1),
                _ => self.is_tabular(last, &function.scope),
            },
            _ => self.is_tabular(last, &function.scope),
        }
    }

    /// Calls a function of the query by binding its body anew with the parameters bound to the arguments.
    pub fn call_user(
        &mut self,
        function: &Rc<UserFunction>,
        name: &Name,
        arguments: &[Argument],
        context: &mut Context,
        piped: Option<NodeId>,
    ) -> Value {
        if self.depth >= MAXIMUM_CALL_DEPTH {
            self.error("recursive-function", name.span, format!("'{}' calls itself", name.text));
            return Value::Scalar(Expr::unknown());
        }
        let inner = Scope::child(&function.scope);
        let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
        let mut used = 0;
        let mut piped = piped;
        for argument in arguments {
            if let Some(given) = &argument.name
                && !function.parameters.iter().any(|parameter| parameter.name.text == given.text)
            {
                self.error(
                    "unknown-parameter",
                    given.span,
                    format!("'{}' has no parameter '{}'", name.text, given.text),
                );
            }
        }
        for parameter in &function.parameters {
            if let (ParameterKind::Tabular { .. }, Some(node)) = (&parameter.kind, piped) {
                piped = None;
                self.check_tabular_argument(node, parameter, name.span);
                inner.set(&parameter.name.text, Binding::Table(node));
                continue;
            }
            let named = arguments
                .iter()
                .find(|argument| argument.name.as_ref().is_some_and(|given| given.text == parameter.name.text));
            let given = named.or_else(|| {
                used += 1;
                positional.next()
            });
            let binding = match (&parameter.kind, given) {
                (ParameterKind::Tabular { .. }, Some(argument)) => {
                    let node = self.table(&argument.value);
                    self.check_tabular_argument(node, parameter, argument.value.span);
                    Binding::Table(node)
                }
                (ParameterKind::Scalar(type_name), Some(argument)) => {
                    let value = self.scalar(&argument.value, context);
                    Binding::Scalar(match self.scalar_type(type_name) {
                        Some(wanted) => self.cast(value, wanted),
                        None => value,
                    })
                }
                (kind, None) => match (&parameter.default, kind) {
                    (Some(default), ParameterKind::Scalar(type_name)) => {
                        let value = self.scalar(default, &mut Context::default());
                        Binding::Scalar(match self.scalar_type(type_name) {
                            Some(wanted) => self.cast(value, wanted),
                            None => value,
                        })
                    }
                    _ => {
                        self.error(
                            "missing-argument",
                            name.span,
                            format!("'{}' needs an argument for '{}'", name.text, parameter.name.text),
                        );
                        match kind {
                            ParameterKind::Scalar(_) => Binding::Scalar(Expr::unknown()),
                            ParameterKind::Tabular { .. } => Binding::Table(self.unknown_table(name.span)),
                        }
                    }
                },
            };
            inner.set(&parameter.name.text, binding);
        }
        let extra = positional.count();
        if extra > 0 {
            self.error(
                "too-many-arguments",
                name.span,
                format!(
                    "'{}' takes {} argument{}, not {}",
                    name.text,
                    function.parameters.len(),
                    if function.parameters.len() == 1 { "" } else { "s" },
                    used + extra
                ),
            );
        }
        let saved = std::mem::replace(&mut self.scope, Scope::child(&inner));
        self.depth += 1;
        self.calls.push(name.text.clone());
        let first_new = self.diagnostics.len();
        let result = self.statements(&function.body, false);
        self.calls.pop();
        // The body of a saved function is another text: its spans would point into this one.
        if function.is_saved {
            for diagnostic in self.diagnostics.iter_mut().skip(first_new) {
                diagnostic.span = name.span;
                diagnostic.label = None;
                diagnostic.message = format!("in the saved function '{}': {}", name.text, diagnostic.message);
            }
        }
        self.depth -= 1;
        self.scope = saved;
        result.unwrap_or_else(|| {
            self.error("empty-function", name.span, format!("the body of '{}' gives no value", name.text));
            Value::Scalar(Expr::unknown())
        })
    }

    fn check_tabular_argument(&mut self, node: NodeId, parameter: &Parameter, span: Span) {
        let ParameterKind::Tabular { columns, .. } = &parameter.kind else { return };
        if self.open.contains(&node) {
            return;
        }
        for column in columns {
            if !self.fields(node).iter().any(|field| field.name == column.name.text) {
                self.error(
                    "missing-column",
                    span,
                    format!("'{}' needs a column '{}', which this table lacks", parameter.name.text, column.name.text),
                );
            }
        }
    }
}

/// Whether a value of one type may stand for a query parameter of another without losing anything.
fn parameter_fits(from: ScalarType, to: ScalarType) -> bool {
    from == to
        || matches!(
            (from, to),
            (ScalarType::Int, ScalarType::Long)
                | (ScalarType::Long, ScalarType::Int)
                | (ScalarType::Int | ScalarType::Long, ScalarType::Real | ScalarType::Decimal)
                | (ScalarType::Real, ScalarType::Decimal)
        )
        || to == ScalarType::Dynamic
}
