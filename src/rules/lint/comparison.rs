//! Comparisons as they are written: a column, an operator, literals. Unlike the catalog's reading they do not see through
//! functions, so that what is concluded from two of them holds.

use super::super::predicates::{LeafValue, Reader};
use super::super::{roles, walk};
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, ListOperator, LiteralValue};
use crate::sql::functions::{Needle, TextPredicate};

/// A function around the column that leaves one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    Lower,
    Upper,
}

#[derive(Debug, Clone)]
pub struct Comparison {
    /// The column, or the path below it.
    pub subject: String,
    pub folding: Option<Folding>,
    pub test: TextPredicate,
    pub negative: bool,
    pub case_sensitive: bool,
    /// Whether every value has to be found, rather than one.
    pub all: bool,
    /// Whether the operator takes a list.
    pub is_list: bool,
    /// Literals; empty where the list is.
    pub values: Vec<LeafValue>,
    pub span: Span,
    pub operator_span: Span,
}

impl Comparison {
    /// Whether the subject has to be one of the values.
    fn is_finite(&self) -> bool {
        self.test == TextPredicate::Equal && !self.negative
    }

    /// `isempty(x)`: the subject is the empty text.
    pub fn with_empty(value: &Expr, span: Span, operator_span: Span) -> Option<Self> {
        let (subject, folding) = subject(value)?;
        let empty = LeafValue { text: String::new(), resolved: true, span, from_let: None };
        let (test, values) = (TextPredicate::Equal, vec![empty]);
        let (negative, case_sensitive, all, is_list) = (false, true, false, false);
        Some(Self { subject, folding, test, negative, case_sensitive, all, is_list, values, span, operator_span })
    }

    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negative = !self.negative;
        self
    }

    /// Whether no value of the subject passes both.
    pub fn excludes(&self, other: &Self) -> bool {
        if self.subject != other.subject || self.folding != other.folding {
            return false;
        }
        let refutes = |finite: &Self, other: &Self| {
            finite.is_finite()
                && !finite.values.is_empty()
                && finite.values.iter().all(|value| !other.may_hold(&value.text, !finite.case_sensitive))
        };
        refutes(self, other) || refutes(other, self) || self.forbids(other) || other.forbids(self)
    }

    /// Whether a negation takes away all that the other lets pass: `!contains "a"` what `has "a b"` finds.
    fn forbids(&self, other: &Self) -> bool {
        // One that looks at case lets the other's finds in another case pass.
        let takes_any_case = other.case_sensitive || !self.case_sensitive;
        let is_negation = takes_any_case && self.negative && !other.negative;
        let ([taken], [found]) = (self.values.as_slice(), other.values.as_slice()) else { return false };
        let is_within = self.test == TextPredicate::Contains && other.test != TextPredicate::Equal;
        let same = self.test == other.test;
        is_negation
            && !found.text.is_empty()
            && ((is_within
                && TextPredicate::Contains.holds(&found.text, &Needle::new(&taken.text), self.case_sensitive))
                || (same && TextPredicate::Equal.holds(&found.text, &Needle::new(&taken.text), self.case_sensitive)))
    }

    /// Whether a subject of this text (or, `folded`, of this text in any case) may pass.
    fn may_hold(&self, text: &str, folded: bool) -> bool {
        if folded && self.negative && self.case_sensitive {
            return true;
        }
        let hits = |value: &LeafValue| {
            let same_number = self.test == TextPredicate::Equal
                && matches!((text.parse::<f64>(), value.text.parse::<f64>()), (Ok(left), Ok(right)) if left.total_cmp(&right).is_eq());
            same_number || self.test.holds(text, &Needle::new(&value.text), self.case_sensitive && !folded)
        };
        let hit = if self.all { self.values.iter().all(hits) } else { self.values.iter().any(hits) };
        hit != self.negative
    }
}

/// All comparisons at or below an expression.
pub fn all(expr: &Expr, reader: &Reader<'_>) -> Vec<Comparison> {
    let mut found = Vec::new();
    walk::visit(expr, &mut |inner| {
        found.extend(of(inner, reader));
        true
    });
    found
}

/// The comparison that an expression is, with a `not(…)` around it taken in.
pub fn of(expr: &Expr, reader: &Reader<'_>) -> Option<Comparison> {
    let expr = bare(expr);
    match &expr.kind {
        ExprKind::Binary { operator, operator_span, left, right } => {
            let (test, case_sensitive) = text_test(*operator)?;
            let (side, value) = if subject(left).is_some() { (left, right) } else { (right, left) };
            // Only equality means the same with its sides swapped.
            if test != TextPredicate::Equal && subject(left).is_none() {
                return None;
            }
            let (subject, folding) = subject(side)?;
            let values = literals(value, reader)?;
            let [_] = values.as_slice() else { return None };
            Some(Comparison {
                subject,
                folding,
                test,
                negative: roles::is_negative(*operator),
                case_sensitive,
                all: false,
                is_list: false,
                values,
                span: expr.span,
                operator_span: *operator_span,
            })
        }
        ExprKind::InList { operator, operator_span, value, list } => {
            use ListOperator as Op;
            let (test, case_sensitive) = match operator {
                Op::In | Op::NotIn => (TextPredicate::Equal, true),
                Op::InTilde | Op::NotInTilde => (TextPredicate::Equal, false),
                Op::HasAny | Op::NotHasAny | Op::HasAll | Op::NotHasAll => (TextPredicate::Has, false),
            };
            let (subject, folding) = subject(value)?;
            let mut values = Vec::new();
            for member in list {
                values.extend(literals(member, reader)?);
            }
            Some(Comparison {
                subject,
                folding,
                test,
                negative: roles::is_negative_list(*operator),
                case_sensitive,
                all: matches!(operator, Op::HasAll | Op::NotHasAll),
                is_list: true,
                values,
                span: expr.span,
                operator_span: *operator_span,
            })
        }
        _ => None,
    }
}

/// The expression without parentheses.
pub fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    while let ExprKind::Parenthesised(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

fn literals(expr: &Expr, reader: &Reader<'_>) -> Option<Vec<LeafValue>> {
    if let ExprKind::Literal(literal) = &bare(expr).kind
        && matches!(literal.value, LiteralValue::Datetime(_) | LiteralValue::Timespan(_) | LiteralValue::Dynamic(None))
    {
        return None;
    }
    let values = reader.values(expr);
    values.iter().all(|value| value.resolved).then_some(values)
}

fn subject(expr: &Expr) -> Option<(String, Option<Folding>)> {
    let expr = bare(expr);
    if let ExprKind::Call { function, arguments } = &expr.kind {
        let folding = match function.text.as_str() {
            "tolower" => Some(Folding::Lower),
            "toupper" => Some(Folding::Upper),
            "tostring" => None,
            _ => return None,
        };
        let (inner, none) = subject(&arguments.first()?.value)?;
        return none.is_none().then_some((inner, folding));
    }
    Some((path(expr)?, None))
}

/// The column, or the path below it.
pub fn path(expr: &Expr) -> Option<String> {
    match &bare(expr).kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member { base, member } => Some(format!("{}.{}", path(base)?, member.text)),
        _ => None,
    }
}

fn text_test(operator: BinaryOperator) -> Option<(TextPredicate, bool)> {
    use BinaryOperator as Op;
    use TextPredicate as Test;
    Some(match operator {
        Op::Equal | Op::NotEqual => (Test::Equal, true),
        Op::EqualTilde | Op::NotEqualTilde => (Test::Equal, false),
        Op::Has | Op::NotHas => (Test::Has, false),
        Op::HasCs | Op::NotHasCs => (Test::Has, true),
        Op::HasPrefix | Op::NotHasPrefix => (Test::HasPrefix, false),
        Op::HasPrefixCs | Op::NotHasPrefixCs => (Test::HasPrefix, true),
        Op::HasSuffix | Op::NotHasSuffix => (Test::HasSuffix, false),
        Op::HasSuffixCs | Op::NotHasSuffixCs => (Test::HasSuffix, true),
        Op::Contains | Op::NotContains => (Test::Contains, false),
        Op::ContainsCs | Op::NotContainsCs => (Test::Contains, true),
        Op::StartsWith | Op::NotStartsWith => (Test::StartsWith, false),
        Op::StartsWithCs | Op::NotStartsWithCs => (Test::StartsWith, true),
        Op::EndsWith | Op::NotEndsWith => (Test::EndsWith, false),
        Op::EndsWithCs | Op::NotEndsWithCs => (Test::EndsWith, true),
        _ => return None,
    })
}
