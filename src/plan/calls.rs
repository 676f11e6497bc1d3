//! Binding calls: the registry's functions, and the few that need the row set, the clock or the environment.

use super::binder::{Binder, Context, Value as Bound};
use super::expressions::negate;
use super::functions::{ArgumentShape, FunctionKind, Resolution, resolve_function};
use super::scope::Binding;
use super::tree::{Aggregate, AggregateKind, Expr, ExprKind, WindowFunction};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, BinaryOperator, LiteralValue, Name, TypeofItem};
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

    fn resolution_error(&mut self, error: &super::functions::ResolutionError, function: &Name, span: Span) {
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
                None => diagnostic.help.extend(super::expressions::did_you_mean(nearest)),
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

    /// Functions that the registry cannot compute: `None` where the name is not one of them.
    fn special(&mut self, function: &Name, arguments: &[Argument], span: Span, context: &mut Context) -> Option<Expr> {
        let values: Vec<&syntax::Expr> = arguments.iter().map(|argument| &argument.value).collect();
        Some(match (function.text.as_str(), values.as_slice()) {
            ("now", []) => Expr::constant(Value::Datetime(self.environment.now), ScalarType::Datetime),
            ("now" | "ago", [offset]) => {
                let span_of_offset = offset.span;
                let offset = self.scalar(offset, context);
                if offset.scalar_type.is_numeric() && !self.is_unknown_column(&offset) {
                    let message =
                        format!("{}() takes a timespan, and this is {}", function.text, offset.scalar_type.name());
                    let help = match offset.as_constant() {
                        Some(Value::Long(days)) => format!("give it a unit: '{days}d', '{days}h', '{days}m'"),
                        _ => "multiply it with a unit: '… * 1d'".to_owned(),
                    };
                    self.diagnostics.push(Diagnostic::error("argument-type", span_of_offset, message).with_help(help));
                    return Some(Expr::unknown());
                }
                let now = Expr::constant(Value::Datetime(self.environment.now), ScalarType::Datetime);
                let operator = if function.text == "now" { BinaryOperator::Add } else { BinaryOperator::Subtract };
                self.binary_of(operator, span, now, offset)
            }
            ("not", [operand]) => {
                let operand = self.predicate(operand, context);
                if operand.is_unknown() { operand } else { negate(operand) }
            }
            ("ingestion_time", []) => {
                let column = context.node.and_then(|node| self.carried(node).ingestion);
                match column {
                    Some(column) => Expr::new(ExprKind::Column(column), ScalarType::Datetime),
                    None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                    None => Expr::null(ScalarType::Datetime),
                }
            }
            ("event_id", []) => match context.node.and_then(|node| self.carried(node).event) {
                Some(column) => Expr::new(ExprKind::Column(column), ScalarType::Long),
                None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                None => Expr::null(ScalarType::Long),
            },
            ("column_ifexists" | "columnifexists", [column, default]) => {
                let name = match self.scalar(column, &mut Context::default()).as_constant() {
                    Some(Value::String(name)) => name.clone(),
                    _ => {
                        self.error("column-name", column.span, "the name of a column is wanted, as a constant string");
                        return Some(Expr::unknown());
                    }
                };
                match self.find_field(&name, context) {
                    Some(field) => self.field_expr(&field),
                    None if context.node.is_some_and(|node| self.open.contains(&node)) => Expr::unknown(),
                    None => self.scalar(default, context),
                }
            }
            ("toscalar", [table]) => self.scalar_of_table(table, context),
            ("materialize", [value]) if !self.is_tabular(value, &self.scope.clone()) => self.scalar(value, context),
            ("pack_all", rest) => self.pack_all(rest, span, context),
            ("pack_array", [all]) if matches!(&all.kind, syntax::ExprKind::Wildcard(name) if name.text == "*") => {
                let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
                self.registered("pack_array", fields.iter().map(Expr::column).collect(), span)
            }
            ("bag_pack_columns", [_, ..]) => {
                let mut members = Vec::new();
                for value in values {
                    let Some(name) = self.result_name(value) else {
                        self.error("column-name", value.span, "bag_pack_columns() takes columns");
                        return Some(Expr::unknown());
                    };
                    members.push(Expr::string(name));
                    members.push(self.scalar(value, context));
                }
                self.registered("bag_pack", members, span)
            }
            ("parse_user_agent", [agent, ..]) => {
                let _ = self.scalar(agent, context);
                self.diagnostics.push(
                    Diagnostic::warning(
                        "no-user-agent-data",
                        span,
                        "no table of browsers is configured; parse_user_agent() gives null",
                    )
                    .with_label("null for every user agent"),
                );
                Expr::null(ScalarType::Dynamic)
            }
            ("geo_info_from_ip_address", [address]) => {
                let _ = self.scalar(address, context);
                self.diagnostics.push(
                    Diagnostic::warning(
                        "no-geo-data",
                        span,
                        "no geographic data is configured; geo_info_from_ip_address() gives null",
                    )
                    .with_label("null for every address"),
                );
                Expr::null(ScalarType::Dynamic)
            }
            _ => return None,
        })
    }

    fn scalar_of_table(&mut self, table: &syntax::Expr, context: &mut Context) -> Expr {
        if !self.is_tabular(table, &self.scope.clone()) && !matches!(table.kind, syntax::ExprKind::Name(_)) {
            return self.scalar(table, context);
        }
        let node = self.table(table);
        let Some(field) = self.fields(node).first().cloned() else { return Expr::unknown() };
        if self.unknown.contains(&field.id) || self.open.contains(&node) {
            return Expr::unknown();
        }
        Expr::new(ExprKind::Scalar { node, column: field.id }, field.scalar_type)
    }

    fn pack_all(&mut self, arguments: &[&syntax::Expr], span: Span, context: &mut Context) -> Expr {
        let ignore_empty = arguments
            .first()
            .map(|argument| self.scalar(argument, context))
            .is_some_and(|argument| argument.as_constant() == Some(&Value::Bool(true)));
        let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
        let members = fields
            .iter()
            .filter(|field| !self.unknown.contains(&field.id))
            .flat_map(|field| [Expr::string(field.name.as_str()), Expr::column(field)])
            .collect::<Vec<_>>();
        if !ignore_empty {
            return self.registered("bag_pack", members, span);
        }
        self.packed(&fields)
    }

    /// The columns of a row that hold something, as a bag.
    pub fn packed(&mut self, fields: &[super::tree::Field]) -> Expr {
        let mut members = Vec::new();
        for field in fields {
            if !self.unknown.contains(&field.id) {
                members.push(Expr::string(field.name.as_str()));
                members.push(self.cast(Expr::column(field), ScalarType::Dynamic));
            }
        }
        Expr::call("bag_pack_filled", members, ScalarType::Dynamic)
    }

    /// Binds a window function: it is computed by a projection before the operator, and read as a column.
    fn window(&mut self, function: &Name, arguments: &[Argument], span: Span, context: &mut Context) -> Expr {
        let mut bound: Vec<Expr> = arguments.iter().map(|argument| self.scalar(&argument.value, context)).collect();
        if bound.iter().any(|argument| self.is_unknown_column(argument)) {
            return Expr::unknown();
        }
        let carried = context.node.map(|node| self.carried(node)).unwrap_or_default();
        if context.node.is_some_and(|node| self.open.contains(&node)) {
            return Expr::unknown();
        }
        if !carried.serialized || context.windows.is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    "not-serialized",
                    span,
                    format!("'{}' needs rows in an order, and these have none", function.text),
                )
                .with_help("put 'sort by …' or 'serialize' before this operator"),
            );
            return Expr::unknown();
        }
        let shapes: Vec<ArgumentShape> = bound.iter().map(shape).collect();
        let resolution = match resolve_function(&function.text, &shapes) {
            Ok(resolution) => resolution,
            Err(error) => {
                self.resolution_error(&error, function, span);
                return Expr::unknown();
            }
        };
        let name = function.text.as_str();
        if name == "prev" || name == "next" {
            let value = bound.first().map_or(ScalarType::Dynamic, |value| value.scalar_type);
            if bound.len() == 3
                && let Some(default) = bound.pop()
            {
                let default = self.cast(default, value);
                bound.push(default);
            }
            let window = if name == "prev" { WindowFunction::Previous } else { WindowFunction::Next };
            return self.hoist(window, bound, value, &[], context);
        }
        // A restart makes parts: their number is the count of restarts so far.
        let restart_at = if name == "row_window_session" { 3 } else { 1 };
        let restart = (bound.len() > restart_at).then(|| bound.remove(restart_at));
        let restart = restart.filter(|restart| restart.as_constant() != Some(&Value::Bool(false)));
        let part: Vec<_> = match restart {
            Some(restart) => {
                let count =
                    self.hoist(WindowFunction::CumulativeSum, vec![as_number(restart)], ScalarType::Long, &[], context);
                match count.kind {
                    ExprKind::Column(id) => vec![id],
                    _ => Vec::new(),
                }
            }
            None => Vec::new(),
        };
        match name {
            "row_window_session" => {
                let bound =
                    bound.into_iter().zip(resolution.parameters).map(|(value, to)| self.cast(value, to)).collect();
                self.hoist(WindowFunction::SessionStart, bound, ScalarType::Datetime, &part, context)
            }
            "row_number" => self.hoist(WindowFunction::RowNumber, bound, ScalarType::Long, &part, context),
            "row_cumsum" => {
                let scalar_type = resolution.returns;
                let bound = bound.into_iter().map(|value| self.cast(value, scalar_type)).collect();
                self.hoist(WindowFunction::CumulativeSum, bound, scalar_type, &part, context)
            }
            _ => {
                let Some(value) = bound.into_iter().next() else { return Expr::unknown() };
                let scalar_type = value.scalar_type;
                let before = self.hoist(WindowFunction::Previous, vec![value.clone()], scalar_type, &part, context);
                let place = self.hoist(WindowFunction::RowNumber, Vec::new(), ScalarType::Long, &part, context);
                let changed = Expr::call("engine:changed", vec![value, before, place.clone()], ScalarType::Long);
                if name == "row_rank_min" {
                    let first = Expr::call("engine:place_if_changed", vec![changed, place], ScalarType::Long);
                    self.hoist(WindowFunction::RunningMaximum, vec![first], ScalarType::Long, &part, context)
                } else {
                    self.hoist(WindowFunction::CumulativeSum, vec![changed], ScalarType::Long, &part, context)
                }
            }
        }
    }

    fn hoist(
        &mut self,
        function: WindowFunction,
        arguments: Vec<Expr>,
        scalar_type: ScalarType,
        part: &[super::tree::ColumnId],
        context: &mut Context,
    ) -> Expr {
        let carried = context.node.map(|node| self.carried(node)).unwrap_or_default();
        let partition = carried.partition.into_iter().chain(part.iter().copied()).collect();
        let kind = ExprKind::Window { function, arguments, order: carried.order, partition };
        let id = self.new_column();
        if let Some(windows) = &mut context.windows {
            windows.push((id, Expr::new(kind, scalar_type)));
        }
        Expr::new(ExprKind::Column(id), scalar_type)
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
            collected.push(Aggregate { id, kind: AggregateKind::Any { value: value.clone() }, scalar_type });
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

/// A condition counted as 0 or 1, null as 0.
fn as_number(condition: Expr) -> Expr {
    Expr::call("engine:is_true", vec![condition], ScalarType::Long)
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
