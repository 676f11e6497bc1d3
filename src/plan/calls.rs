//! Binding calls of the registry's functions and aggregates.

use super::binder::{Binder, Context, Value as Bound};
use super::functions::{ArgumentShape, FunctionKind, Resolution, resolve_function};
use super::scope::Binding;
use super::tree::{Aggregate, AggregateKind, Expr, ExprKind};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, LiteralValue, Name, TypeofItem};
use crate::schema::{ScalarType, Value};

pub(super) use super::functions::find;

impl Binder<'_> {
    /// Binds `function(arguments)` where a scalar is wanted.
    pub fn call(&mut self, function: &Name, arguments: &[Argument], span: Span, context: &mut Context) -> Expr {
        if let Some(Binding::Function(user)) = self.scope.get(&function.text) {
            return match self.call_user(&user, function, arguments, context, None) {
                Bound::Scalar(expr) => expr,
                Bound::Table(_) => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "unexpected-table",
                            span,
                            format!("'{}' gives a table, not a value", function.text),
                        )
                        .with_help("wrap it in toscalar() to take its first value"),
                    );
                    Expr::unknown()
                }
            };
        }
        if let Some(expr) = self.special(function, arguments, span, context) {
            return expr;
        }
        let call = self.call_of_registry(function, arguments, span, context);
        self.first_of_tuple(&function.text, call)
    }

    /// Binds a call of a function that only the registry knows.
    pub fn call_of_registry(
        &mut self,
        function: &Name,
        arguments: &[Argument],
        span: Span,
        context: &mut Context,
    ) -> Expr {
        match find(&function.text).map(|row| row.kind) {
            Some(FunctionKind::Window) => {
                return self.window(function, arguments, span, context);
            }
            Some(FunctionKind::Aggregate) => {
                if let ("count", Some(argument)) = (function.text.as_str(), arguments.first()) {
                    if let syntax::ExprKind::Wildcard(_) = &argument.value.kind {
                        self.error("count-argument", argument.value.span, "count() counts all rows: leave out the '*'");
                        return Expr::unknown();
                    }
                    let message = "count() counts all rows; its argument makes no difference";
                    self.diagnostics
                        .push(Diagnostic::warning("count-argument", argument.value.span, message).with_help(
                        "countif(isnotempty(Column)) counts the rows with a value, dcount(Column) the different values",
                    ));
                }
                return self.aggregate_call(function, arguments, span, context);
            }
            _ => {}
        }
        let mut bound = Vec::with_capacity(arguments.len());
        let mut shapes = Vec::with_capacity(arguments.len());
        let mut unknown = false;
        for argument in arguments {
            if let syntax::ExprKind::Typeof(items) = &argument.value.kind {
                let [TypeofItem::Type(name)] = items.as_slice() else {
                    self.error("typeof-argument", argument.value.span, "one type is wanted here");
                    return Expr::unknown();
                };
                let Some(scalar_type) = self.scalar_type(name) else { return Expr::unknown() };
                shapes.push(ArgumentShape::typeof_(scalar_type));
                bound.push(Expr::null(scalar_type));
                continue;
            }
            let value = self.scalar(&argument.value, context);
            unknown |= self.is_unknown_column(&value);
            shapes.push(shape(&value));
            bound.push(value);
        }
        if unknown {
            if find(&function.text).is_none() {
                self.unknown_function(function, &shapes);
            }
            return Expr::unknown();
        }
        if let Some((_, place)) = PATTERN_ARGUMENTS.iter().find(|(name, _)| *name == function.text)
            && let (Some(pattern), Some(argument)) = (bound.get(*place), arguments.get(*place))
            && !self.is_pattern(pattern, argument.value.span)
        {
            return Expr::unknown();
        }
        if let Some(argument) = arguments.first().filter(|_| PERIOD_FUNCTIONS.contains(&function.text.as_str()))
            && !self.is_period(bound.first(), argument.value.span)
        {
            return Expr::unknown();
        }
        if let Some(folded) = fold_array_concat(&function.text, &bound) {
            return folded;
        }
        if let Some(sorted) = sorted_arrays(&function.text, &bound) {
            return self.registered("pack_array", sorted, span);
        }
        match resolve_function(&function.text, &shapes) {
            Ok(resolution) => {
                if resolution.symbol.starts_with(super::functions::ENGINE) {
                    self.unsupported(span, &format!("the function '{}' here", function.text), "");
                    return Expr::unknown();
                }
                if matches!(resolution.symbol, "rand" | "new_guid") {
                    let message = format!("{}() gives other values on every run: matches will differ", function.text);
                    self.warning("random-values", function.span, message);
                }
                self.warn_of_period(function, &bound);
                self.apply(&resolution, bound)
            }
            Err(error) => {
                let at = argument_span(&error, arguments).unwrap_or(span);
                self.resolution_error(&error, function, at);
                Expr::unknown()
            }
        }
    }

    /// Whether a constant is the name of a period; another value is seen only when a row reaches it.
    fn is_period(&mut self, period: Option<&Expr>, span: Span) -> bool {
        let Some(Value::String(written)) = period.and_then(Expr::as_constant) else { return true };
        if PERIODS.iter().any(|known| known.eq_ignore_ascii_case(written)) {
            return true;
        }
        let near = crate::kql::nearest(&written.to_lowercase(), PERIODS.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("one of {}", PERIODS.join(", ")),
        };
        let diagnostic = Diagnostic::error("unknown-period", span, format!("'{written}' is no period"));
        self.diagnostics.push(diagnostic.with_help(help));
        false
    }

    fn unknown_function(&mut self, function: &Name, shapes: &[ArgumentShape]) {
        if let Err(error) = resolve_function(&function.text, shapes) {
            self.resolution_error(&error, function, function.span);
        }
    }

    pub fn resolution_error(&mut self, error: &super::functions::ResolutionError, function: &Name, span: Span) {
        use super::functions::ResolutionError as Error;
        if let Error::UnknownFunction { name, nearest } = error {
            if let Some(instead) = super::functions::refused(name) {
                self.unsupported(function.span, &format!("the function '{name}'"), instead);
                return;
            }
            let message = format!("there is no function '{name}'");
            let mut diagnostic = Diagnostic::error("unknown-function", function.span, message);
            if self.calls.contains(name) {
                diagnostic.message = format!("'{name}' calls itself, which a function of a query cannot");
            }
            match crate::kql::habits::function(name) {
                Some(help) => diagnostic.help.push(help.to_owned()),
                None => diagnostic.help.extend(super::columns::did_you_mean(nearest)),
            }
            self.diagnostics.push(diagnostic);
            return;
        }
        let (code, span) = match error {
            Error::ArgumentCount { .. } => ("argument-count", function.span),
            _ => ("argument-type", span),
        };
        self.error(code, span, error.to_string());
    }

    /// A call of the registry with arguments already bound.
    pub fn registered(&mut self, name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
        if arguments.iter().any(|argument| self.is_unknown_column(argument)) {
            return Expr::unknown();
        }
        let shapes: Vec<ArgumentShape> = arguments.iter().map(shape).collect();
        match resolve_function(name, &shapes) {
            Ok(resolution) => self.apply(&resolution, arguments),
            Err(error) => {
                self.error("argument-type", span, error.to_string());
                Expr::unknown()
            }
        }
    }

    /// Casts the arguments as the resolution says and makes the call.
    pub fn apply(&mut self, resolution: &Resolution, arguments: Vec<Expr>) -> Expr {
        let typeof_position = resolution.cast_result.map(|(position, _)| position);
        let arguments: Vec<Expr> = arguments
            .into_iter()
            .enumerate()
            .filter(|(position, _)| Some(*position) != typeof_position)
            .map(|(position, argument)| match resolution.parameters.get(position) {
                Some(wanted) => self.cast(argument, *wanted),
                None => argument,
            })
            .collect();
        match resolution.cast_result {
            Some((_, to)) => {
                let call = Expr::call(resolution.symbol, arguments, ScalarType::String);
                match to {
                    ScalarType::Dynamic => self.registered("parse_json", vec![call], Span::default()),
                    _ => self.cast(call, to),
                }
            }
            None => Expr::call(resolution.symbol, arguments, resolution.returns),
        }
    }

    fn aggregate_call(&mut self, function: &Name, arguments: &[Argument], span: Span, context: &mut Context) -> Expr {
        let Some(mut collected) = context.aggregates.take() else {
            self.diagnostics.push(
                Diagnostic::error(
                    "unexpected-aggregate",
                    span,
                    format!("'{}' is an aggregate and can only stand in summarize", function.text),
                )
                .with_help("move it to 'summarize', or use a scalar function"),
            );
            return Expr::unknown();
        };
        let bound: Vec<Expr> = arguments.iter().map(|argument| self.scalar(&argument.value, context)).collect();
        let result = self.aggregate_of(function, bound, arguments, span, &mut collected);
        context.aggregates = Some(collected);
        result
    }

    /// Adds an aggregate over bound arguments and gives the column that holds it.
    pub fn aggregate_of(
        &mut self,
        function: &Name,
        bound: Vec<Expr>,
        arguments: &[Argument],
        span: Span,
        collected: &mut Vec<Aggregate>,
    ) -> Expr {
        if bound.iter().any(|argument| self.is_unknown_column(argument)) {
            return Expr::unknown();
        }
        let id = self.new_column();
        if matches!(function.text.as_str(), "take_any" | "any" | "arbitrary")
            && let [value] = bound.as_slice()
        {
            let scalar_type = value.scalar_type;
            collected.push(Aggregate { id, kind: AggregateKind::First { value: value.clone() }, scalar_type });
            return Expr::new(ExprKind::Column(id), scalar_type);
        }
        if let ("arg_max" | "arg_min" | "argmax" | "argmin", [by, ..]) = (function.text.as_str(), bound.as_slice()) {
            let maximum = function.text.ends_with("max");
            let value = bound.last().unwrap_or(by).clone();
            let scalar_type = value.scalar_type;
            collected.push(Aggregate {
                id,
                kind: AggregateKind::Extreme { value, by: by.clone(), maximum },
                scalar_type,
            });
            return Expr::new(ExprKind::Column(id), scalar_type);
        }
        let shapes: Vec<ArgumentShape> = bound.iter().map(shape).collect();
        match resolve_function(&function.text, &shapes) {
            Ok(resolution) if resolution.symbol.starts_with(super::functions::ENGINE) => {
                self.unsupported(span, &format!("the aggregate '{}' here", function.text), "");
                Expr::unknown()
            }
            Ok(resolution) => {
                let scalar_type = resolution.returns;
                let arguments = match self.apply(&resolution, bound).kind {
                    ExprKind::Call { arguments, .. } => arguments,
                    _ => Vec::new(),
                };
                let kind = AggregateKind::Call { symbol: resolution.symbol, arguments };
                collected.push(Aggregate { id, kind, scalar_type });
                Expr::new(ExprKind::Column(id), scalar_type)
            }
            Err(error) => {
                let at = argument_span(&error, arguments).unwrap_or(span);
                self.resolution_error(&error, function, at);
                Expr::unknown()
            }
        }
    }
}

/// Functions that take a regular expression, and at which place.
const PATTERN_ARGUMENTS: &[(&str, usize)] = &[
    ("extract", 0),
    ("extract_all", 0),
    ("extractall", 0),
    ("replace", 0),
    ("replace_regex", 1),
    ("trim", 0),
    ("trim_end", 0),
    ("trim_start", 0),
];

/// Functions whose first argument names a period.
const PERIOD_FUNCTIONS: &[&str] = &["datetime_add", "dateadd", "datetime_diff", "datediff"];

const PERIODS: &[&str] = &[
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];

/// Joins constant arrays now: lists of names are built so, and a constant list can use an index.
fn fold_array_concat(name: &str, arguments: &[Expr]) -> Option<Expr> {
    if name != "array_concat" {
        return None;
    }
    let mut members = Vec::new();
    for argument in arguments {
        let Value::Dynamic(text) = argument.as_constant()? else { return None };
        let serde_json::Value::Array(found) = serde_json::from_str(text).ok()? else { return None };
        members.extend(found);
    }
    let text = serde_json::Value::Array(members).to_string();
    Some(Expr::constant(Value::Dynamic(text), ScalarType::Dynamic))
}

/// Several arrays, each in the order that sorting the first gives; `None` where it is no such call.
pub(super) fn sorted_arrays(name: &str, arguments: &[Expr]) -> Option<Vec<Expr>> {
    let symbol = match name {
        "array_sort_asc" => "array_sort_along_asc",
        "array_sort_desc" => "array_sort_along_desc",
        _ => return None,
    };
    let (arrays, nulls_last) = match arguments {
        [arrays @ .., last] if last.scalar_type == ScalarType::Bool => (arrays, last.clone()),
        _ => (arguments, Expr::bool(true)),
    };
    let (Some(first), 2..) = (arrays.first(), arrays.len()) else { return None };
    if arrays.iter().any(|array| array.scalar_type != ScalarType::Dynamic) {
        return None;
    }
    let along =
        |array: &Expr| Expr::call(symbol, vec![first.clone(), array.clone(), nulls_last.clone()], ScalarType::Dynamic);
    Some(arrays.iter().map(along).collect())
}

/// What the registry may know of an argument.
pub(super) fn shape(expr: &Expr) -> ArgumentShape {
    match expr.as_constant() {
        Some(value) => ArgumentShape::constant(expr.scalar_type, literal_of(value, expr.scalar_type)),
        None => ArgumentShape::of(expr.scalar_type),
    }
}

fn literal_of(value: &Value, scalar_type: ScalarType) -> LiteralValue {
    match value {
        Value::Bool(value) => LiteralValue::Bool(Some(*value)),
        Value::Int(value) => LiteralValue::Int(Some(*value)),
        Value::Long(value) => LiteralValue::Long(Some(*value)),
        Value::Real(value) => LiteralValue::Real(Some(*value)),
        Value::Decimal(value) => LiteralValue::Decimal(Some(value.clone())),
        Value::String(value) => LiteralValue::String(value.clone()),
        Value::Datetime(value) => LiteralValue::Datetime(Some(*value)),
        Value::Timespan(value) => LiteralValue::Timespan(Some(*value)),
        Value::Dynamic(value) => LiteralValue::Dynamic(Some(value.clone())),
        Value::Guid(value) => LiteralValue::Guid(Some(value.clone())),
        Value::Null => match scalar_type {
            ScalarType::Bool => LiteralValue::Bool(None),
            ScalarType::Int => LiteralValue::Int(None),
            ScalarType::Long => LiteralValue::Long(None),
            ScalarType::Real => LiteralValue::Real(None),
            ScalarType::Decimal => LiteralValue::Decimal(None),
            ScalarType::String => LiteralValue::String(String::new()),
            ScalarType::Datetime => LiteralValue::Datetime(None),
            ScalarType::Timespan => LiteralValue::Timespan(None),
            ScalarType::Dynamic => LiteralValue::Dynamic(None),
            ScalarType::Guid => LiteralValue::Guid(None),
        },
    }
}

/// The argument a resolution error speaks of.
fn argument_span(error: &super::functions::ResolutionError, arguments: &[Argument]) -> Option<Span> {
    use super::functions::ResolutionError as Error;
    match error {
        Error::ArgumentType { position, .. } | Error::NotConstant { position, .. } => {
            arguments.get(*position).map(|argument| argument.value.span)
        }
        _ => None,
    }
}
