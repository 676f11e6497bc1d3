//! Binding scalar expressions: every one leaves here with a type.
//!
//! Operators and functions are resolved by the registry (`super::functions`); this file owns names, paths into
//! dynamic values, lists and casts. Calls are in [`calls`](super::calls).

use super::binder::{Binder, Context};
use super::calls::shape;
use super::environment::MissingColumns;
use super::functions::{Conversion, conversion};
use super::operators::{Members, resolve_between, resolve_list_operator, resolve_operator, resolve_unary};
use super::scope::Binding;
use super::tree::{Expr, ExprKind, Field, NodeId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{self, BinaryOperator, ListOperator, LiteralValue, Name};
use crate::schema::{ScalarType, Value, is_other_spelling};

/// A literal as a typed constant.
pub(super) fn literal(value: &LiteralValue) -> Expr {
    fn typed<T>(value: Option<T>, scalar_type: ScalarType, wrap: impl Fn(T) -> Value) -> Expr {
        Expr::constant(value.map_or(Value::Null, wrap), scalar_type)
    }
    match value {
        LiteralValue::Bool(value) => typed(*value, ScalarType::Bool, Value::Bool),
        LiteralValue::Int(value) => typed(*value, ScalarType::Int, Value::Int),
        LiteralValue::Long(value) => typed(*value, ScalarType::Long, Value::Long),
        LiteralValue::Real(value) => typed(*value, ScalarType::Real, Value::Real),
        LiteralValue::Decimal(value) => typed(value.clone(), ScalarType::Decimal, Value::Decimal),
        LiteralValue::String(value) => Expr::string(value.as_str()),
        LiteralValue::Datetime(value) => typed(*value, ScalarType::Datetime, Value::Datetime),
        LiteralValue::Timespan(value) => typed(*value, ScalarType::Timespan, Value::Timespan),
        LiteralValue::Dynamic(value) => typed(value.clone(), ScalarType::Dynamic, Value::Dynamic),
        LiteralValue::Guid(value) => typed(value.clone(), ScalarType::Guid, Value::Guid),
    }
}

impl Binder<'_> {
    /// Binds an expression that must be a scalar.
    pub fn scalar(&mut self, expression: &syntax::Expr, context: &mut Context) -> Expr {
        use syntax::ExprKind as Kind;
        let span = expression.span;
        match &expression.kind {
            Kind::Literal(value) => literal(&value.value),
            Kind::Name(name) => self.name(name, context),
            Kind::Parenthesised(inner) => self.scalar(inner, context),
            Kind::Member { base, member } => self.member(base, member, context),
            Kind::Index { base, index } => self.index(base, index, span, context),
            Kind::Call { function, arguments } => self.call(function, arguments, span, context),
            Kind::MemberCall { base, function, .. } => {
                if let Kind::Name(name) = &base.kind
                    && (self.find_field(&name.text, context).is_some() || function.text.starts_with(char::is_uppercase))
                {
                    let message = format!("KQL has no methods: '{}' is no function of a value", function.text);
                    let lower = function.text.to_lowercase();
                    let help = match crate::kql::words::is_operator_word(&lower) {
                        true => format!("write '{} {lower} …'", name.text),
                        false => format!("a function takes the value as its argument: 'tolower({})'", name.text),
                    };
                    self.diagnostics.push(Diagnostic::error("no-methods", span, message).with_help(help));
                    return Expr::unknown();
                }
                self.unsupported(
                    span,
                    &format!("'{}' of another database in an expression", function.text),
                    "define it with a let in this query",
                );
                Expr::unknown()
            }
            Kind::Unary { operator, operand } => {
                let operand = self.scalar(operand, context);
                if self.is_unknown_column(&operand) {
                    return Expr::unknown();
                }
                if let Some(folded) = fold_sign(*operator, &operand) {
                    return folded;
                }
                match resolve_unary(*operator, &shape(&operand)) {
                    Ok(resolution) => self.apply(&resolution, vec![operand]),
                    Err(error) => {
                        self.error("operand-type", span, error.to_string());
                        Expr::unknown()
                    }
                }
            }
            Kind::Binary { operator, operator_span, left, right } => {
                self.binary(*operator, *operator_span, left, right, context)
            }
            Kind::Between { negated, value, low, high } => self.between(*negated, [value, low, high], span, context),
            Kind::InList { operator, operator_span, value, list } => {
                self.in_list(*operator, *operator_span, value, list, context)
            }
            Kind::Wildcard(name) => {
                self.error("unexpected-wildcard", name.span, "'*' cannot stand here");
                Expr::unknown()
            }
            Kind::Typeof(_) => {
                self.error("unexpected-typeof", span, "typeof() cannot stand here");
                Expr::unknown()
            }
            Kind::Function { .. } => {
                self.error("unexpected-function", span, "a function can only be the value of a let");
                Expr::unknown()
            }
            Kind::Pipeline(_) | Kind::Datatable { .. } | Kind::Externaldata { .. } | Kind::OperatorSource(_) => {
                self.diagnostics.push(
                    Diagnostic::error("unexpected-table", span, "a table cannot be a scalar value")
                        .with_help(TABLE_AS_VALUE),
                );
                Expr::unknown()
            }
            Kind::Error => Expr::unknown(),
        }
    }

    /// Binds a condition: anything that is not a boolean is an error.
    pub fn predicate(&mut self, expression: &syntax::Expr, context: &mut Context) -> Expr {
        let bound = self.scalar(expression, context);
        if self.is_unknown_column(&bound) {
            return Expr::unknown();
        }
        match bound.scalar_type {
            ScalarType::Bool => bound,
            ScalarType::Dynamic | ScalarType::Int | ScalarType::Long => self.cast(bound, ScalarType::Bool),
            other => {
                let message = format!("a condition must be bool, and this is {}", other.name());
                let help = match (&expression.kind, other) {
                    (syntax::ExprKind::Name(name), ScalarType::String) => {
                        format!("compare it, or test it with isnotempty({})", name.text)
                    }
                    _ => "compare it with a value; each side of 'and' and 'or' is a condition of its own".to_owned(),
                };
                self.diagnostics.push(Diagnostic::error("not-a-condition", expression.span, message).with_help(help));
                Expr::unknown()
            }
        }
    }

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

    fn name(&mut self, name: &Name, context: &mut Context) -> Expr {
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
        let tables: Vec<&str> = self
            .environment
            .schema
            .tables()
            .filter(|table| table.column(&name.text).is_some())
            .map(|table| table.name.as_str())
            .collect();
        if context.node.is_some_and(|node| self.hollow.contains(&node)) {
            let message = format!("no row has a bag that names '{}'; an empty column stands for it", name.text);
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

    fn member(&mut self, base: &syntax::Expr, member: &Name, context: &mut Context) -> Expr {
        if let syntax::ExprKind::Name(side) = &base.kind
            && (side.text == "$left" || side.text == "$right")
            && context.right.is_some()
        {
            let (side, node) = if side.text == "$left" { ("left", context.node) } else { ("right", context.right) };
            return self.side_column(Some(side), node, member);
        }
        if let Some(state) = self.scan_state(base, member, context) {
            return state;
        }
        let before = self.diagnostics.len();
        let written = base;
        let base = self.scalar(base, context);
        if self.is_unknown_column(&base) {
            self.explain_dotted(written, member, context, before);
            return Expr::unknown();
        }
        let Some(base) = self.as_dynamic(base, member.span) else { return Expr::unknown() };
        Expr::call("engine:dynamic_index", vec![base, Expr::string(member.text.as_str())], ScalarType::Dynamic)
    }

    /// Says what `cmd.exe` and `Table.Column` were meant as, where the name before the dot is none.
    fn explain_dotted(&mut self, base: &syntax::Expr, member: &Name, context: &Context, before: usize) {
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

    fn side_column(&mut self, side_name: Option<&'static str>, node: Option<NodeId>, member: &Name) -> Expr {
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

    /// The base of a path: dynamic as it is, text read as JSON (the service declares some JSON columns as string).
    fn as_dynamic(&mut self, base: Expr, span: Span) -> Option<Expr> {
        match base.scalar_type {
            ScalarType::Dynamic => Some(base),
            ScalarType::String => {
                self.warning("path-into-string", span, "a path into a string; the string is read as JSON");
                Some(self.registered("parse_json", vec![base], span))
            }
            other => {
                self.error("path-into-scalar", span, format!("a {} has no members", other.name()));
                None
            }
        }
    }

    fn index(&mut self, base: &syntax::Expr, index: &syntax::Expr, span: Span, context: &mut Context) -> Expr {
        let base = self.scalar(base, context);
        let index = self.scalar(index, context);
        if self.is_unknown_column(&base) || self.is_unknown_column(&index) {
            return Expr::unknown();
        }
        let Some(base) = self.as_dynamic(base, span) else { return Expr::unknown() };
        Expr::call("engine:dynamic_index", vec![base, index], ScalarType::Dynamic)
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        operator_span: Span,
        left: &syntax::Expr,
        right: &syntax::Expr,
        context: &mut Context,
    ) -> Expr {
        if matches!(operator, BinaryOperator::And | BinaryOperator::Or) {
            return self.logical(operator, left, right, context);
        }
        if let syntax::ExprKind::Wildcard(name) = &left.kind
            && name.text == "*"
        {
            return self.any_column(operator, operator_span, right, context);
        }
        let pattern_span = right.span;
        let left = self.scalar(left, context);
        let right = self.scalar(right, context);
        if operator == BinaryOperator::MatchesRegex && !self.is_pattern(&right, pattern_span) {
            return Expr::unknown();
        }
        self.binary_of(operator, operator_span, left, right)
    }

    /// Whether a constant is a regular expression that can run; says why where it is not.
    pub fn is_pattern(&mut self, pattern: &Expr, span: Span) -> bool {
        let Some(Value::String(text)) = pattern.as_constant() else { return true };
        let Err(bad) = crate::kql::pattern::compile(text) else { return true };
        let mut diagnostic = Diagnostic::error("regular-expression", span, bad.message);
        diagnostic.help.extend(bad.instead.map(str::to_owned));
        self.diagnostics.push(diagnostic);
        false
    }

    /// `* has "x"`: some column does.
    fn any_column(
        &mut self,
        operator: BinaryOperator,
        span: Span,
        right: &syntax::Expr,
        context: &mut Context,
    ) -> Expr {
        let right = self.scalar(right, context);
        let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
        let comparisons = fields
            .iter()
            .filter(|field| !self.unknown.contains(&field.id))
            .map(|field| (Expr::column(field), field.scalar_type))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|(column, _)| {
                let column = self.cast(column, ScalarType::String);
                self.binary_of(operator, span, column, right.clone())
            })
            .collect();
        Expr::new(ExprKind::Or(comparisons), ScalarType::Bool)
    }

    /// Flattens chains of `and` / `or`: rules have hundreds of members, and SQLite's depth is limited.
    fn logical(
        &mut self,
        operator: BinaryOperator,
        left: &syntax::Expr,
        right: &syntax::Expr,
        context: &mut Context,
    ) -> Expr {
        let mut members = vec![right];
        let mut rest = left;
        while let syntax::ExprKind::Binary { operator: inner, left, right, .. } = &rest.kind {
            if *inner != operator {
                break;
            }
            members.push(right);
            rest = left;
        }
        members.push(rest);
        members.reverse();
        let operands: Vec<Expr> = members.into_iter().map(|member| self.predicate(member, context)).collect();
        if operands.iter().any(Expr::is_unknown) {
            return Expr::unknown();
        }
        let kind = if operator == BinaryOperator::And { ExprKind::And(operands) } else { ExprKind::Or(operands) };
        Expr::new(kind, ScalarType::Bool)
    }

    pub fn binary_of(&mut self, operator: BinaryOperator, span: Span, left: Expr, right: Expr) -> Expr {
        if self.is_unknown_column(&left) || self.is_unknown_column(&right) {
            return Expr::unknown();
        }
        if let Some(positive) = positive(operator) {
            let found = self.binary_of(positive, span, left, right);
            return if found.is_unknown() { found } else { negate(found) };
        }
        if operator == BinaryOperator::NotEqual
            && left.scalar_type == ScalarType::String
            && right.scalar_type == ScalarType::String
        {
            return negate(self.binary_of(BinaryOperator::Equal, span, left, right));
        }
        match resolve_operator(operator, &shape(&left), &shape(&right)) {
            Ok(resolution) => self.apply(&resolution, vec![left, right]),
            Err(_) if is_bool_and_text(operator, &left, &right) => {
                self.warning("bool-as-text", span, "a bool and a string are compared; the string is read as a bool");
                let (left, right) = (self.cast(left, ScalarType::Bool), self.cast(right, ScalarType::Bool));
                self.binary_of(operator, span, left, right)
            }
            Err(_) if is_number_and_text(operator, &left, &right) => {
                self.number_as_text(span);
                let (left, right) = (self.cast(left, ScalarType::String), self.cast(right, ScalarType::String));
                self.binary_of(operator, span, left, right)
            }
            Err(error) => {
                self.error("operand-type", span, error.to_string());
                Expr::unknown()
            }
        }
    }

    /// Rules compare ports and ids with quoted numbers; the portal takes that, and so does the engine, aloud.
    fn number_as_text(&mut self, span: Span) {
        self.warning("number-as-text", span, "a number and a string are compared as text");
    }

    fn between(
        &mut self,
        negated: bool,
        [value, low, high]: [&syntax::Expr; 3],
        span: Span,
        context: &mut Context,
    ) -> Expr {
        let value = self.scalar(value, context);
        let low = self.scalar(low, context);
        let high = self.scalar(high, context);
        if [&value, &low, &high].into_iter().any(|expr| self.is_unknown_column(expr)) {
            return Expr::unknown();
        }
        match resolve_between(negated, &shape(&value), &shape(&low), &shape(&high)) {
            Ok(resolution) => self.apply(&resolution, vec![value, low, high]),
            Err(error) => {
                self.error("operand-type", span, error.to_string());
                Expr::unknown()
            }
        }
    }

    fn in_list(
        &mut self,
        operator: ListOperator,
        span: Span,
        value: &syntax::Expr,
        list: &[syntax::Expr],
        context: &mut Context,
    ) -> Expr {
        if let syntax::ExprKind::Wildcard(name) = &value.kind
            && name.text == "*"
        {
            let fields = context.node.map(|node| self.fields(node).to_vec()).unwrap_or_default();
            let (operator, negated) = positive_list(operator);
            let mut members = Vec::new();
            for field in &fields {
                if self.unknown.contains(&field.id) {
                    continue;
                }
                let column = self.cast(Expr::column(field), ScalarType::String);
                members.push(self.in_list_of(operator, span, column, list, context));
            }
            if members.iter().any(Expr::is_unknown) {
                return Expr::unknown();
            }
            let found = Expr::new(ExprKind::Or(members), ScalarType::Bool);
            return if negated { negate(found) } else { found };
        }
        let value = self.scalar(value, context);
        let (operator, negated) = positive_list(operator);
        let found = self.in_list_of(operator, span, value, list, context);
        if negated && !found.is_unknown() { negate(found) } else { found }
    }

    fn in_list_of(
        &mut self,
        operator: ListOperator,
        span: Span,
        value: Expr,
        list: &[syntax::Expr],
        context: &mut Context,
    ) -> Expr {
        let textual = !matches!(operator, ListOperator::In);
        let unknown = self.is_unknown_column(&value);
        let value = if textual { self.cast(value, ScalarType::String) } else { value };
        if let [only] = list
            && self.is_tabular_member(only)
        {
            let node = self.table(only);
            let Some(field) = self.fields(node).first().cloned() else { return Expr::unknown() };
            if unknown || self.unknown.contains(&field.id) {
                return Expr::unknown();
            }
            let value = self.unify_member(value, field.scalar_type);
            return Expr::new(
                ExprKind::InTable { operator, value: Box::new(value), node, column: field.id },
                ScalarType::Bool,
            );
        }
        let mut members = Vec::new();
        let mut arrays = Vec::new();
        let mut is_missing = unknown;
        for member in list {
            let member = self.scalar(member, context);
            if self.is_unknown_column(&member) {
                is_missing = true;
                continue;
            }
            let constants = match member.scalar_type {
                ScalarType::Dynamic => constant_members(&member, textual),
                _ => None,
            };
            match (constants, member.scalar_type) {
                (Some(found), _) => members.extend(found),
                (None, ScalarType::Dynamic) => arrays.push(member),
                (None, _) => members.push(member),
            }
        }
        if is_missing {
            return Expr::unknown();
        }
        let mut value = value;
        let is_text = |expr: &Expr| expr.scalar_type == ScalarType::String;
        if operator == ListOperator::In && !members.is_empty() && arrays.is_empty() {
            let texts = members.iter().filter(|member| is_text(member)).count();
            let mixed = (is_text(&value) && texts == 0) || (value.scalar_type.is_numeric() && texts == members.len());
            if mixed && members.iter().all(|member| is_text(member) || member.scalar_type.is_numeric()) {
                self.number_as_text(span);
                value = self.cast(value, ScalarType::String);
                members = members.into_iter().map(|member| self.cast(member, ScalarType::String)).collect();
            }
        }
        let shapes: Vec<_> = members.iter().chain(&arrays).map(shape).collect();
        let resolved = match resolve_list_operator(operator, &shape(&value), &shapes) {
            Ok(resolved) => resolved,
            Err(error) => {
                self.error("operand-type", span, error.to_string());
                return Expr::unknown();
            }
        };
        // Constants of a mixed array compare by value with a dynamic, as members of a list they must be alike.
        let inline = textual || (arrays.is_empty() && resolved.members == Members::Inline);
        let mut parts = Vec::new();
        if inline && (!members.is_empty() || arrays.is_empty()) {
            let wanted = if textual {
                ScalarType::String
            } else {
                resolved.resolution.parameters.get(1).copied().unwrap_or(value.scalar_type)
            };
            let value = self.cast(value.clone(), wanted);
            let members = members.into_iter().map(|member| self.cast(member, wanted)).collect();
            parts.push(Expr::new(ExprKind::InList { operator, value: Box::new(value), members }, ScalarType::Bool));
        } else if !members.is_empty() {
            let packed = members.into_iter().map(|member| self.cast(member, ScalarType::Dynamic)).collect();
            arrays.push(self.registered("pack_array", packed, span));
        }
        for array in arrays {
            let value = self.cast(value.clone(), if textual { ScalarType::String } else { ScalarType::Dynamic });
            let kind = ExprKind::InArray { operator, value: Box::new(value), array: Box::new(array) };
            parts.push(Expr::new(kind, ScalarType::Bool));
        }
        match (parts.len(), operator) {
            (1, _) => parts.swap_remove(0),
            (_, ListOperator::HasAll) => Expr::new(ExprKind::And(parts), ScalarType::Bool),
            _ => Expr::new(ExprKind::Or(parts), ScalarType::Bool),
        }
    }

    fn is_tabular_member(&self, expression: &syntax::Expr) -> bool {
        match &expression.kind {
            syntax::ExprKind::Parenthesised(inner) => self.is_tabular_member(inner),
            _ => self.is_tabular(expression, &self.scope.clone()),
        }
    }

    fn unify_member(&mut self, value: Expr, wanted: ScalarType) -> Expr {
        let from = value.scalar_type;
        if from == wanted || (from.is_numeric() && wanted.is_numeric()) || wanted == ScalarType::Dynamic {
            value
        } else {
            self.cast(value, wanted)
        }
    }

    /// Converts a value as `to…` functions do.
    pub fn cast(&mut self, value: Expr, to: ScalarType) -> Expr {
        if value.is_unknown() || value.scalar_type == to {
            return value;
        }
        if matches!(value.kind, ExprKind::Constant(Value::Null)) {
            return Expr::null(to);
        }
        match conversion(value.scalar_type, to) {
            Some(Conversion::Same) => retype(value, to),
            Some(Conversion::Symbol(symbol)) => Expr::call(symbol, vec![value], to),
            None => Expr::null(to),
        }
    }
}

/// The same representation under another type: constants must change their variant.
fn retype(value: Expr, to: ScalarType) -> Expr {
    let kind = match (value.kind, to) {
        (ExprKind::Constant(Value::Int(number)), ScalarType::Long) => ExprKind::Constant(Value::Long(number.into())),
        (kind, _) => kind,
    };
    Expr::new(kind, to)
}

/// The members of a constant array, flattened, as constants.
fn constant_members(expr: &Expr, textual: bool) -> Option<Vec<Expr>> {
    let Value::Dynamic(text) = expr.as_constant()? else { return None };
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let members = match json {
        serde_json::Value::Array(members) => members,
        other => vec![other],
    };
    members
        .into_iter()
        .map(|member| {
            Some(match member {
                serde_json::Value::String(text) => Expr::string(text),
                serde_json::Value::Bool(value) if !textual => Expr::bool(value),
                serde_json::Value::Number(number) if !textual => match number.as_i64() {
                    Some(value) => Expr::long(value),
                    None => Expr::constant(Value::Real(number.as_f64()?), ScalarType::Real),
                },
                serde_json::Value::Number(number) => Expr::string(number.to_string()),
                serde_json::Value::Bool(value) => Expr::string(value.to_string()),
                _ => return None,
            })
        })
        .collect()
}

pub(super) fn negate(expr: Expr) -> Expr {
    Expr::new(ExprKind::Not(Box::new(expr)), ScalarType::Bool)
}

fn is_bool_and_text(operator: BinaryOperator, left: &Expr, right: &Expr) -> bool {
    let types = [left.scalar_type, right.scalar_type];
    types.contains(&ScalarType::Bool)
        && types.contains(&ScalarType::String)
        && matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual)
}

fn is_number_and_text(operator: BinaryOperator, left: &Expr, right: &Expr) -> bool {
    let types = (left.scalar_type, right.scalar_type);
    let mixed = (types.0.is_numeric() && types.1 == ScalarType::String)
        || (types.0 == ScalarType::String && types.1.is_numeric());
    mixed && matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual)
}

fn fold_sign(operator: syntax::UnaryOperator, operand: &Expr) -> Option<Expr> {
    if operator == syntax::UnaryOperator::Plus && operand.scalar_type.is_numeric() {
        return Some(operand.clone());
    }
    let value = match operand.as_constant()? {
        Value::Int(value) => Value::Int(value.checked_neg()?),
        Value::Long(value) => Value::Long(value.checked_neg()?),
        Value::Real(value) => Value::Real(-value),
        Value::Timespan(value) => Value::Timespan(value.checked_neg()?),
        _ => return None,
    };
    (operator == syntax::UnaryOperator::Minus).then(|| Expr::constant(value, operand.scalar_type))
}

/// The operator that a negated string operator negates.
fn positive(operator: BinaryOperator) -> Option<BinaryOperator> {
    use BinaryOperator as Op;
    Some(match operator {
        Op::NotEqualTilde => Op::EqualTilde,
        Op::NotHas => Op::Has,
        Op::NotHasCs => Op::HasCs,
        Op::NotHasPrefix => Op::HasPrefix,
        Op::NotHasPrefixCs => Op::HasPrefixCs,
        Op::NotHasSuffix => Op::HasSuffix,
        Op::NotHasSuffixCs => Op::HasSuffixCs,
        Op::NotContains => Op::Contains,
        Op::NotContainsCs => Op::ContainsCs,
        Op::NotStartsWith => Op::StartsWith,
        Op::NotStartsWithCs => Op::StartsWithCs,
        Op::NotEndsWith => Op::EndsWith,
        Op::NotEndsWithCs => Op::EndsWithCs,
        _ => return None,
    })
}

fn positive_list(operator: ListOperator) -> (ListOperator, bool) {
    use ListOperator as Op;
    match operator {
        Op::NotIn => (Op::In, true),
        Op::NotInTilde => (Op::InTilde, true),
        Op::NotHasAny => (Op::HasAny, true),
        Op::NotHasAll => (Op::HasAll, true),
        other => (other, false),
    }
}

pub(super) fn did_you_mean(names: &[String]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let (last, rest) = quoted.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}

/// What a table is used as where a value is wanted.
const TABLE_AS_VALUE: &str = "wrap it in toscalar() to take its first value, or use it after 'in'";

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
