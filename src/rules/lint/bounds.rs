//! Ranges: what `<`, `between` and their like leave of a column's values.
//!
//! Bounds are compared only where both are known by themselves: numbers, datetimes, timespans, and times before or after
//! `now()`. A column of whole numbers is not known to be one: `x > 5 and x < 6` is left alone.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::comparison::{bare, path};
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, LiteralValue, UnaryOperator};
use crate::rules::pipeline::LetBinding;

/// A value that can be put in order with others of its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quantity {
    Number(f64),
    /// Ticks of 100 ns since 0001-01-01 UTC.
    Datetime(i64),
    /// Ticks after `now()`.
    SinceNow(i64),
    /// Ticks.
    Timespan(i64),
}

impl Quantity {
    /// `None` where the two are of different kinds.
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(&right),
            (Self::Datetime(left), Self::Datetime(right))
            | (Self::SinceNow(left), Self::SinceNow(right))
            | (Self::Timespan(left), Self::Timespan(right)) => Some(left.cmp(&right)),
            _ => None,
        }
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Number(left), Self::Number(right)) => Self::Number(left + right),
            (Self::Datetime(time), Self::Timespan(span)) => Self::Datetime(time.checked_add(span)?),
            (Self::SinceNow(time), Self::Timespan(span)) => Self::SinceNow(time.checked_add(span)?),
            (Self::Timespan(left), Self::Timespan(right)) => Self::Timespan(left.checked_add(right)?),
            _ => return None,
        })
    }

    fn negated(self) -> Option<Self> {
        match self {
            Self::Number(number) => Some(Self::Number(-number)),
            Self::Timespan(span) => span.checked_neg().map(Self::Timespan),
            Self::Datetime(_) | Self::SinceNow(_) => None,
        }
    }

    fn of(expr: &Expr, lets: &[LetBinding]) -> Option<Self> {
        match &bare(expr).kind {
            ExprKind::Literal(literal) => match &literal.value {
                LiteralValue::Int(Some(number)) => Some(Self::Number(f64::from(*number))),
                LiteralValue::Long(Some(number)) => number.to_string().parse().ok().map(Self::Number),
                LiteralValue::Real(Some(number)) => number.is_finite().then_some(Self::Number(*number)),
                LiteralValue::Datetime(Some(ticks)) => Some(Self::Datetime(*ticks)),
                LiteralValue::Timespan(Some(ticks)) => Some(Self::Timespan(*ticks)),
                _ => None,
            },
            ExprKind::Unary { operator: UnaryOperator::Minus, operand } => Self::of(operand, lets)?.negated(),
            ExprKind::Name(name) => {
                let at = lets.iter().rposition(|binding| binding.name == name.text)?;
                // A `let` sees only those before it.
                Self::of(&lets.get(at)?.value, lets.get(..at)?)
            }
            ExprKind::Binary { operator: BinaryOperator::Add, left, right, .. } => {
                Self::of(left, lets)?.plus(Self::of(right, lets)?)
            }
            ExprKind::Binary { operator: BinaryOperator::Subtract, left, right, .. } => {
                Self::of(left, lets)?.plus(Self::of(right, lets)?.negated()?)
            }
            ExprKind::Call { function, arguments } => match (function.text.as_str(), arguments.as_slice()) {
                ("now", []) => Some(Self::SinceNow(0)),
                ("now", [offset]) => Self::SinceNow(0).plus(Self::of(&offset.value, lets)?),
                ("ago", [offset]) => Self::SinceNow(0).plus(Self::of(&offset.value, lets)?.negated()?),
                _ => None,
            },
            _ => None,
        }
    }
}

/// One end of a range.
#[derive(Debug, Clone, Copy)]
struct Edge {
    at: Quantity,
    /// The value itself is not in the range.
    open: bool,
    /// The comparison that says so.
    span: Span,
}

/// What a comparison leaves of a subject's values.
#[derive(Debug)]
struct Range {
    subject: String,
    low: Option<Edge>,
    high: Option<Edge>,
}

/// Two comparisons (or one, with an empty range of its own) that leave a subject no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Empty {
    pub first: Span,
    pub second: Span,
}

/// The subjects that nothing is left of when all of the conjuncts hold.
pub fn empty(conjuncts: &[&Expr], lets: &[LetBinding]) -> Vec<Empty> {
    let mut by_subject: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    for range in conjuncts.iter().filter_map(|conjunct| range(conjunct, lets)) {
        by_subject.entry(range.subject.clone()).or_default().push(range);
    }
    by_subject.into_values().filter_map(|ranges| gap(&ranges)).collect()
}

/// A low end above a high end.
fn gap(ranges: &[Range]) -> Option<Empty> {
    let highs: Vec<Edge> = ranges.iter().filter_map(|range| range.high).collect();
    ranges.iter().filter_map(|range| range.low).find_map(|low| {
        let high = highs.iter().find(|high| match low.at.order(high.at) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => low.open || high.open,
            Some(Ordering::Less) | None => false,
        })?;
        let (first, second) = (low.span.min(high.span), low.span.max(high.span));
        Some(Empty { first, second })
    })
}

fn range(conjunct: &Expr, lets: &[LetBinding]) -> Option<Range> {
    let conjunct = bare(conjunct);
    let edge = |at: Quantity, open: bool| Some(Edge { at, open, span: conjunct.span });
    match &conjunct.kind {
        ExprKind::Binary { operator, left, right, .. } => {
            let (subject, at, is_left) = match (path(left), path(right)) {
                (Some(subject), _) if Quantity::of(right, lets).is_some() => {
                    (subject, Quantity::of(right, lets)?, true)
                }
                (_, Some(subject)) => (subject, Quantity::of(left, lets)?, false),
                _ => return None,
            };
            let (is_low, open) = match operator {
                BinaryOperator::Greater => (is_left, true),
                BinaryOperator::GreaterOrEqual => (is_left, false),
                BinaryOperator::Less => (!is_left, true),
                BinaryOperator::LessOrEqual => (!is_left, false),
                BinaryOperator::Equal => return Some(Range { subject, low: edge(at, false), high: edge(at, false) }),
                _ => return None,
            };
            let (low, high) = if is_low { (edge(at, open), None) } else { (None, edge(at, open)) };
            Some(Range { subject, low, high })
        }
        ExprKind::Between { negated: false, value, low, high } => {
            let (low, high) = (Quantity::of(low, lets), Quantity::of(high, lets));
            // `between (time .. timespan)` is so long from that time on.
            let high = match (low, high) {
                (Some(low @ (Quantity::Datetime(_) | Quantity::SinceNow(_))), Some(high @ Quantity::Timespan(_))) => {
                    low.plus(high)
                }
                _ => high,
            };
            let edge = |at: Option<Quantity>| at.and_then(|at| edge(at, false));
            Some(Range { subject: path(value)?, low: edge(low), high: edge(high) })
        }
        _ => None,
    }
}

/// The ports there are.
const PORTS: std::ops::RangeInclusive<f64> = 0.0..=65535.0;

/// A comparison that asks a port to be what no port is.
pub fn beyond_ports(conjunct: &Expr, lets: &[LetBinding]) -> Option<Span> {
    let range = range(conjunct, lets).filter(|range| range.subject.ends_with("Port"))?;
    let number = |edge: Option<Edge>| match edge {
        Some(Edge { at: Quantity::Number(number), open, .. }) => Some((number, open)),
        _ => None,
    };
    let above = number(range.low).is_some_and(|(low, open)| low > *PORTS.end() || (open && low >= *PORTS.end()));
    let below =
        number(range.high).is_some_and(|(high, open)| high < *PORTS.start() || (open && high <= *PORTS.start()));
    (above || below).then_some(bare(conjunct).span)
}
