//! Expressions: literals, operators between values, calls, and a pipeline where a value may stand.

use super::{ColumnDeclaration, Name, NamedOption, Operator, Parameter, Pipeline, Statement};
use crate::kql::span::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Literal(Literal),
    /// A column, table, `let` or function name used without arguments.
    Name(Name),
    /// A name with `*` in it (`Device*`, `*_cs`), or `*` alone.
    Wildcard(Name),
    /// `base.member`.
    Member {
        base: Box<Expr>,
        member: Name,
    },
    /// `base[index]`; the index is any scalar expression.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `function(arguments)`. `base.function(arguments)` (`database("x").F()`) is a [`ExprKind::MemberCall`].
    Call {
        function: Name,
        arguments: Vec<Argument>,
    },
    MemberCall {
        base: Box<Expr>,
        function: Name,
        arguments: Vec<Argument>,
    },
    Unary {
        operator: UnaryOperator,
        operand: Box<Expr>,
    },
    Binary {
        operator: BinaryOperator,
        operator_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `value between (low .. high)`.
    Between {
        negated: bool,
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `value in (a, b)`, `value has_any (…)`: the list as written, one member where it is a table or array.
    InList {
        operator: ListOperator,
        operator_span: Span,
        value: Box<Expr>,
        list: Vec<Expr>,
    },
    /// `(inner)`, kept so that printing gives the text back.
    Parenthesised(Box<Expr>),
    /// A tabular expression with at least one operator, or a parenthesised one used as a source.
    Pipeline(Box<Pipeline>),
    /// `(a:long, T:(*)) { statements }`, only as the value of a `let`; `view` marks `view () { … }`.
    Function {
        view: bool,
        parameters: Vec<Parameter>,
        body: Vec<Statement>,
    },
    /// `datatable(a:long)[1, 2]`.
    Datatable {
        columns: Vec<ColumnDeclaration>,
        values: Vec<Expr>,
    },
    /// `externaldata(a:string)[uri, …] with (…)`.
    Externaldata {
        columns: Vec<ColumnDeclaration>,
        uris: Vec<Expr>,
        options: Vec<NamedOption>,
    },
    /// `typeof(long)` and `typeof(a:long, b:string)`, as an argument or after `to`.
    Typeof(Vec<TypeofItem>),
    /// `print`, `range`, `union`, `search`, `find`, `evaluate` used as a source: an operator without input.
    OperatorSource(Box<Operator>),
    /// What the parser could not read; a diagnostic says why. Never reaches the binder of a clean query.
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TypeofItem {
    Type(Name),
    Column(ColumnDeclaration),
}

/// One argument of a call; `name = value` for named arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub name: Option<Name>,
    pub value: Expr,
}

/// A literal with its value decoded. `text` is the source form, which the printer gives back.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    pub value: LiteralValue,
    pub text: String,
}

#[derive(Debug, Clone)]
pub enum LiteralValue {
    /// `true`, `bool(false)`; `None` is `bool(null)`, as for every typed literal below.
    Bool(Option<bool>),
    /// `int(5)`.
    Int(Option<i32>),
    /// `5`, `0xff`, `long(5)`.
    Long(Option<i64>),
    /// `1.5`, `1e3`, `real(nan)`.
    Real(Option<f64>),
    /// `decimal(1.5)`: the digits as written.
    Decimal(Option<String>),
    String(String),
    /// Ticks of 100 ns since 0001-01-01 UTC.
    Datetime(Option<i64>),
    /// Ticks of 100 ns.
    Timespan(Option<i64>),
    /// `dynamic(…)` as compact JSON text; `None` is `dynamic(null)`.
    Dynamic(Option<String>),
    Guid(Option<String>),
}

/// Literals are equal when they denote the same value, and `real(nan)` denotes the same as itself.
impl PartialEq for LiteralValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Long(left), Self::Long(right))
            | (Self::Datetime(left), Self::Datetime(right))
            | (Self::Timespan(left), Self::Timespan(right)) => left == right,
            (Self::Real(left), Self::Real(right)) => left.map(f64::to_bits) == right.map(f64::to_bits),
            (Self::Decimal(left), Self::Decimal(right))
            | (Self::Dynamic(left), Self::Dynamic(right))
            | (Self::Guid(left), Self::Guid(right)) => left == right,
            (Self::String(left), Self::String(right)) => left == right,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    Minus,
    Plus,
}

/// Operators that take one value on each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    EqualTilde,
    NotEqualTilde,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Has,
    NotHas,
    HasCs,
    NotHasCs,
    HasPrefix,
    NotHasPrefix,
    HasPrefixCs,
    NotHasPrefixCs,
    HasSuffix,
    NotHasSuffix,
    HasSuffixCs,
    NotHasSuffixCs,
    Contains,
    NotContains,
    ContainsCs,
    NotContainsCs,
    StartsWith,
    NotStartsWith,
    StartsWithCs,
    NotStartsWithCs,
    EndsWith,
    NotEndsWith,
    EndsWithCs,
    NotEndsWithCs,
    MatchesRegex,
    /// `Column : "term"`, in `search`.
    Colon,
}

/// Operators that take a list in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListOperator {
    In,
    NotIn,
    InTilde,
    NotInTilde,
    HasAny,
    NotHasAny,
    HasAll,
    NotHasAll,
}
