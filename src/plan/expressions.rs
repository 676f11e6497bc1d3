//! Binding scalar expressions: every one leaves here with a type.
//!
//! Operators and functions are resolved by the registry (`super::functions`); this file owns operators, paths into
//! dynamic values and casts. Names are in [`columns`](super::columns), lists in [`membership`](super::membership),
//! calls in [`calls`](super::calls).

use super::binder::{Binder, Context};
use super::calls::shape;
use super::columns::TABLE_AS_VALUE;
use super::functions::{Conversion, conversion};
use super::membership::as_written;
use super::operators::{resolve_between, resolve_operator, resolve_unary};
use super::tree::{Expr, ExprKind};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, BinaryOperator, LiteralValue, Name};
use crate::schema::{ScalarType, Value};

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
        let Err(bad) = crate::kql::pattern::check(text) else { return true };
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
        if matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual) {
            if let Some(right) = as_written(&right, left.scalar_type) {
                return self.binary_of(operator, span, left, right);
            }
            if let Some(left) = as_written(&left, right.scalar_type) {
                return self.binary_of(operator, span, left, right);
            }
        }
        match resolve_operator(operator, &shape(&left), &shape(&right)) {
            Ok(resolution) => self.apply(&resolution, vec![left, right]),
            Err(_) if is_bool_and_text(operator, &left, &right) => {
                self.bool_as_text(span);
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
    pub fn number_as_text(&mut self, span: Span) {
        self.warning("number-as-text", span, "a number and a string are compared as text");
    }

    /// As numbers: `IsAdmin == "true"` is in many rules.
    pub fn bool_as_text(&mut self, span: Span) {
        self.warning("bool-as-text", span, "a bool and a string are compared; the string is read as a bool");
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
