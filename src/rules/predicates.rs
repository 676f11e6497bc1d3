//! Predicates as the catalog reads them: a tree of leaves, each a field, a kind and values.
//!
//! Values are resolved through the rule's `let`s; what cannot be resolved is kept by name and marked so.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, ListOperator, LiteralValue, OperatorKind, UnaryOperator};

use super::pipeline::{LetBinding, LetKind, RulePipeline};
use super::{roles, walk};

#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Leaf(Leaf),
    /// Nothing a table row could show; the text is in the rule.
    Opaque(Span),
}

/// One comparison of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// The column, or the column and path below it; of an alias, what it stands for.
    pub field: String,
    pub kind: Kind,
    /// `!=`, `!has`, `!in`, …: the negation is in the operator.
    pub negative: bool,
    pub values: Vec<LeafValue>,
    /// Whether the operator looks at case; `None` where no text is compared.
    pub case_sensitive: Option<bool>,
    /// The whole comparison.
    pub span: Span,
    /// The operator alone, where it is one.
    pub operator_span: Option<Span>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LeafValue {
    pub text: String,
    /// `false`: the text is the name of something that only running the rule can tell.
    pub resolved: bool,
    /// Where the value is written: the literal, or the `dynamic(…)` that holds it.
    pub span: Span,
    /// The `let` that holds the value.
    pub from_let: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Cidr,
    Contains,
    EndsWith,
    Eq,
    /// Compared with another field.
    Fieldref,
    Ge,
    Gt,
    HasPrefix,
    HasSuffix,
    In,
    /// A member of what another table yields.
    InTable,
    IsNotNull,
    IsNull,
    Le,
    Lt,
    Match,
    RegexMatch,
    StartsWith,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cidr => "cidr",
            Self::Contains => "contains",
            Self::EndsWith => "ends_with",
            Self::Eq => "eq",
            Self::Fieldref => "fieldref",
            Self::Ge => "ge",
            Self::Gt => "gt",
            Self::HasPrefix => "has_prefix",
            Self::HasSuffix => "has_suffix",
            Self::In => "in",
            Self::InTable => "in_table",
            Self::IsNotNull => "is_not_null",
            Self::IsNull => "is_null",
            Self::Le => "le",
            Self::Lt => "lt",
            Self::Match => "match",
            Self::RegexMatch => "regex_match",
            Self::StartsWith => "starts_with",
        }
    }
}

impl Leaf {
    /// The kind as the catalog names it: `eq`, `ne`, `not_match`, ….
    pub fn kind_name(&self) -> String {
        match (self.kind, self.negative) {
            (Kind::Eq, true) => "ne".to_owned(),
            (kind, true) => format!("not_{}", kind.name()),
            (kind, false) => kind.name().to_owned(),
        }
    }
}

impl Predicate {
    /// All leaves with whether they stand below an odd number of `not(…)`.
    pub fn leaves(&self) -> Vec<(&Leaf, bool)> {
        let mut found = Vec::new();
        self.gather(false, &mut found);
        found
    }

    fn gather<'tree>(&'tree self, negated: bool, found: &mut Vec<(&'tree Leaf, bool)>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.gather(negated, found)),
            Self::Not(inner) => inner.gather(!negated, found),
            Self::Leaf(leaf) => found.push((leaf, negated)),
            Self::Opaque(_) => {}
        }
    }
}

/// Reads predicates in the light of one rule.
pub struct Reader<'rule> {
    lets: &'rule [LetBinding],
    /// Columns that `extend` or `project` made of another one as it is.
    aliases: BTreeMap<String, String>,
}

impl<'rule> Reader<'rule> {
    pub fn of(pipeline: &'rule RulePipeline, tree: &crate::kql::syntax::Query) -> Self {
        let mut reader = Self { lets: &pipeline.lets, aliases: BTreeMap::new() };
        let mut aliases = BTreeMap::new();
        for statement in &tree.statements {
            if let crate::kql::syntax::StatementKind::Let { value, .. }
            | crate::kql::syntax::StatementKind::Expression(value) = &statement.kind
            {
                walk::visit(value, &mut |expr| {
                    if let ExprKind::Pipeline(pipeline) = &expr.kind {
                        for operator in &pipeline.operators {
                            reader.collect_aliases(&operator.kind, &mut aliases);
                        }
                    }
                    true
                });
            }
        }
        reader.aliases = aliases;
        reader
    }

    fn collect_aliases(&self, operator: &OperatorKind, aliases: &mut BTreeMap<String, String>) {
        let (OperatorKind::Extend(items) | OperatorKind::Project(items) | OperatorKind::ProjectRename(items)) =
            operator
        else {
            return;
        };
        for item in items {
            if let [name] = item.names.as_slice()
                && let Some(field) = self.field(&item.value)
                && field != name.text
            {
                aliases.entry(name.text.clone()).or_insert(field);
            }
        }
    }

    pub fn read(&self, expr: &Expr) -> Predicate {
        let expr = walk::peel(expr);
        match &expr.kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right, .. } => {
                Predicate::And(vec![self.read(left), self.read(right)])
            }
            ExprKind::Binary { operator: BinaryOperator::Or, left, right, .. } => {
                Predicate::Or(vec![self.read(left), self.read(right)])
            }
            ExprKind::Binary { operator, operator_span, left, right } => {
                self.comparison(expr, *operator, *operator_span, left, right)
            }
            ExprKind::InList { operator, operator_span, value, list } => {
                self.membership(expr, *operator, *operator_span, value, list)
            }
            ExprKind::Between { negated, value, low, high } => {
                let bound = |kind: Kind, bound: &Expr| {
                    let leaf = self.leaf(value, kind, self.values(bound), expr.span)?;
                    Some(Predicate::Leaf(leaf))
                };
                let parts: Option<Vec<_>> = [bound(Kind::Ge, low), bound(Kind::Le, high)].into_iter().collect();
                match parts {
                    Some(parts) if *negated => Predicate::Not(Box::new(Predicate::And(parts))),
                    Some(parts) => Predicate::And(parts),
                    None => Predicate::Opaque(expr.span),
                }
            }
            ExprKind::Call { function, arguments } => {
                let first = arguments.first().map(|argument| &argument.value);
                match (function.text.as_str(), first) {
                    ("not", Some(inner)) => Predicate::Not(Box::new(self.read(inner))),
                    (name, Some(value)) => {
                        let rest: Vec<&Expr> = arguments.iter().skip(1).map(|argument| &argument.value).collect();
                        self.test_call(name, value, &rest, expr.span)
                    }
                    (_, None) => Predicate::Opaque(expr.span),
                }
            }
            _ => Predicate::Opaque(expr.span),
        }
    }

    fn test_call(&self, name: &str, value: &Expr, rest: &[&Expr], span: Span) -> Predicate {
        let kind = match name {
            "isempty" | "isnull" => Kind::IsNull,
            "isnotempty" | "isnotnull" | "notnull" | "notempty" => Kind::IsNotNull,
            "ipv4_is_in_range"
            | "ipv4_is_in_any_range"
            | "ipv4_is_match"
            | "ipv6_is_in_range"
            | "ipv6_is_in_any_range"
            | "ipv6_is_match"
            | "has_ipv4_prefix"
            | "has_any_ipv4_prefix" => Kind::Cidr,
            "has_ipv4" | "has_any_ipv4" => Kind::Match,
            _ => return Predicate::Opaque(span),
        };
        let values = rest.iter().flat_map(|value| self.values(value)).collect();
        self.leaf(value, kind, values, span).map_or(Predicate::Opaque(span), Predicate::Leaf)
    }

    fn leaf(&self, value: &Expr, kind: Kind, values: Vec<LeafValue>, span: Span) -> Option<Leaf> {
        let field = self.resolved_field(value)?;
        Some(Leaf { field, kind, negative: false, values, case_sensitive: None, span, operator_span: None })
    }

    fn comparison(&self, whole: &Expr, operator: BinaryOperator, at: Span, left: &Expr, right: &Expr) -> Predicate {
        let Some((kind, flipped)) = kind_of(operator) else { return Predicate::Opaque(whole.span) };
        let (field, kind, values) = match (self.resolved_field(left), self.resolved_field(right)) {
            (Some(field), Some(other)) if kind != Kind::Match => {
                let value = LeafValue { text: other, resolved: false, span: right.span, from_let: None };
                (field, Kind::Fieldref, vec![value])
            }
            (Some(field), _) => (field, kind, self.values(right)),
            (None, Some(field)) => (field, flipped, self.values(left)),
            (None, None) => return Predicate::Opaque(whole.span),
        };
        let is_text = values.iter().any(|value| value.text.parse::<f64>().is_err());
        Predicate::Leaf(Leaf {
            field,
            kind,
            negative: roles::is_negative(operator),
            values,
            case_sensitive: roles::binary_case(operator, is_text),
            span: whole.span,
            operator_span: Some(at),
        })
    }

    fn membership(&self, whole: &Expr, operator: ListOperator, at: Span, value: &Expr, list: &[Expr]) -> Predicate {
        let Some(field) = self.resolved_field(value) else { return Predicate::Opaque(whole.span) };
        let is_table = list.iter().any(|member| self.is_tabular(member));
        let kind = match operator {
            ListOperator::In | ListOperator::NotIn | ListOperator::InTilde | ListOperator::NotInTilde if is_table => {
                Kind::InTable
            }
            ListOperator::In | ListOperator::NotIn | ListOperator::InTilde | ListOperator::NotInTilde => Kind::In,
            ListOperator::HasAny | ListOperator::NotHasAny | ListOperator::HasAll | ListOperator::NotHasAll => {
                Kind::Match
            }
        };
        let values: Vec<LeafValue> = list.iter().flat_map(|member| self.values(member)).collect();
        let is_text = values.iter().any(|value| value.text.parse::<f64>().is_err());
        Predicate::Leaf(Leaf {
            field,
            kind,
            negative: roles::is_negative_list(operator),
            values,
            case_sensitive: roles::list_case(operator, is_text),
            span: whole.span,
            operator_span: Some(at),
        })
    }

    fn binding(&self, name: &str) -> Option<(usize, &'rule LetBinding)> {
        self.lets.iter().enumerate().find(|(_, binding)| binding.name == name)
    }

    fn is_tabular(&self, expr: &Expr) -> bool {
        match &walk::peel(expr).kind {
            ExprKind::Pipeline(_) | ExprKind::OperatorSource(_) | ExprKind::Datatable { .. } => true,
            ExprKind::Name(name) => {
                self.binding(&name.text).is_some_and(|(_, binding)| binding.kind == LetKind::Tabular)
            }
            _ => false,
        }
    }

    fn resolved_field(&self, expr: &Expr) -> Option<String> {
        let mut field = self.field(expr)?;
        // An alias may be made of another one; each step is an earlier `extend`, and a circle ends all the same.
        for _ in 0..self.aliases.len() {
            let base = field.split(['.', '[']).next().unwrap_or(&field);
            let (path, made_of) = match (self.aliases.get(&field), self.aliases.get(base)) {
                (Some(made_of), _) => ("", made_of),
                (None, Some(made_of)) => (field.strip_prefix(base).unwrap_or(""), made_of),
                (None, None) => break,
            };
            // `extend Fields = Fields.Inner` names itself: one step says it all.
            let is_own = made_of.split(['.', '[']).next() == Some(base);
            field = format!("{made_of}{path}");
            if is_own {
                break;
            }
        }
        Some(field)
    }

    /// The column an expression reads, through functions that only change its form.
    fn field(&self, expr: &Expr) -> Option<String> {
        match &walk::peel(expr).kind {
            ExprKind::Name(name) if self.binding(&name.text).is_none() => Some(name.text.clone()),
            ExprKind::Member { base, member } => Some(format!("{}.{}", self.field(base)?, member.text)),
            ExprKind::Index { base, index } => {
                let base = self.field(base)?;
                match &walk::peel(index).kind {
                    ExprKind::Literal(literal) => match &literal.value {
                        LiteralValue::String(key) => Some(format!("{base}.{key}")),
                        LiteralValue::Long(Some(position)) => Some(format!("{base}[{position}]")),
                        _ => None,
                    },
                    _ => None,
                }
            }
            ExprKind::Call { function, arguments } => {
                let at = match function.text.as_str() {
                    "tolower" | "toupper" | "tostring" | "toint" | "tolong" | "todouble" | "toreal" | "tobool"
                    | "todatetime" | "todynamic" | "parse_json" | "trim_start" | "trim_end" | "coalesce" | "bin" => 0,
                    "trim" => 1,
                    _ => return None,
                };
                let arguments = if function.text.starts_with("trim_") { arguments.get(1) } else { arguments.get(at) };
                self.field(&arguments?.value)
            }
            _ => None,
        }
    }

    /// The values an expression stands for.
    pub fn values(&self, expr: &Expr) -> Vec<LeafValue> {
        self.values_before(expr, self.lets.len(), None)
    }

    /// As [`Reader::values`], with only the first `visible` `let`s in scope: they cannot name later ones.
    fn values_before(&self, expr: &Expr, visible: usize, from_let: Option<&str>) -> Vec<LeafValue> {
        let expr = walk::peel(expr);
        let unresolved = |text: String| {
            vec![LeafValue { text, resolved: false, span: expr.span, from_let: from_let.map(str::to_owned) }]
        };
        match &expr.kind {
            ExprKind::Literal(literal) => literal_texts(&literal.value)
                .into_iter()
                .map(|text| LeafValue { text, resolved: true, span: expr.span, from_let: from_let.map(str::to_owned) })
                .collect(),
            ExprKind::Unary { operator: UnaryOperator::Minus, operand } => {
                let mut values = self.values_before(operand, visible, from_let);
                values.iter_mut().for_each(|value| value.text.insert(0, '-'));
                values
            }
            ExprKind::Name(name) => match self.binding(&name.text) {
                Some((at, binding)) if at < visible && binding.kind != LetKind::Tabular => {
                    self.values_before(&binding.value, at, Some(&binding.name))
                }
                _ => unresolved(name.text.clone()),
            },
            ExprKind::Call { function, arguments } => match function.text.as_str() {
                "array_concat" | "pack_array" | "set_union" | "dynamic" | "todynamic" | "tolower" | "toupper" => {
                    arguments
                        .iter()
                        .flat_map(|argument| self.values_before(&argument.value, visible, from_let))
                        .collect()
                }
                name => unresolved(format!("{name}(…)")),
            },
            _ => unresolved("…".to_owned()),
        }
    }
}

/// A literal as values: a list gives its members.
fn literal_texts(value: &LiteralValue) -> Vec<String> {
    match value {
        LiteralValue::Bool(Some(flag)) => vec![flag.to_string()],
        LiteralValue::Int(Some(number)) => vec![number.to_string()],
        LiteralValue::Long(Some(number)) => vec![number.to_string()],
        LiteralValue::Real(Some(number)) => vec![number.to_string()],
        LiteralValue::Decimal(Some(text)) | LiteralValue::String(text) | LiteralValue::Guid(Some(text)) => {
            vec![text.clone()]
        }
        LiteralValue::Dynamic(Some(json)) => match serde_json::from_str(json) {
            Ok(serde_json::Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                })
                .collect(),
            Ok(serde_json::Value::String(text)) => vec![text],
            _ => vec![json.clone()],
        },
        LiteralValue::Timespan(Some(ticks)) => vec![super::duration::display(*ticks)],
        LiteralValue::Datetime(Some(ticks)) => vec![format!("datetime ticks {ticks}")],
        LiteralValue::Bool(None)
        | LiteralValue::Int(None)
        | LiteralValue::Long(None)
        | LiteralValue::Real(None)
        | LiteralValue::Decimal(None)
        | LiteralValue::Datetime(None)
        | LiteralValue::Timespan(None)
        | LiteralValue::Dynamic(None)
        | LiteralValue::Guid(None) => vec!["null".to_owned()],
    }
}

/// The kind of a comparison, and of the same one with its sides swapped.
fn kind_of(operator: BinaryOperator) -> Option<(Kind, Kind)> {
    use BinaryOperator as Op;
    let same = |kind| Some((kind, kind));
    match operator {
        Op::Equal | Op::EqualTilde | Op::NotEqual | Op::NotEqualTilde => same(Kind::Eq),
        Op::Less => Some((Kind::Lt, Kind::Gt)),
        Op::LessOrEqual => Some((Kind::Le, Kind::Ge)),
        Op::Greater => Some((Kind::Gt, Kind::Lt)),
        Op::GreaterOrEqual => Some((Kind::Ge, Kind::Le)),
        Op::Has | Op::NotHas | Op::HasCs | Op::NotHasCs | Op::Colon => same(Kind::Match),
        Op::HasPrefix | Op::NotHasPrefix | Op::HasPrefixCs | Op::NotHasPrefixCs => same(Kind::HasPrefix),
        Op::HasSuffix | Op::NotHasSuffix | Op::HasSuffixCs | Op::NotHasSuffixCs => same(Kind::HasSuffix),
        Op::Contains | Op::NotContains | Op::ContainsCs | Op::NotContainsCs => same(Kind::Contains),
        Op::StartsWith | Op::NotStartsWith | Op::StartsWithCs | Op::NotStartsWithCs => same(Kind::StartsWith),
        Op::EndsWith | Op::NotEndsWith | Op::EndsWithCs | Op::NotEndsWithCs => same(Kind::EndsWith),
        Op::MatchesRegex => same(Kind::RegexMatch),
        Op::Or | Op::And | Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => None,
    }
}
