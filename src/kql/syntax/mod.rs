//! The syntax tree of KQL.
//!
//! What the parser yields and the printer consumes. It knows nothing of schemas or types: a name is a
//! name, whether a table, a column or a `let`. Every node keeps its [`Span`]; nodes compare by
//! structure only through [`Query::without_spans`].
//!
//! KQL has one expression grammar: a pipeline is an expression (`toscalar(T | count)`, a `let` body, a
//! parenthesised join side), so [`ExprKind::Pipeline`] sits beside the scalar forms.

mod expression;
mod operator;

pub use expression::{
    Argument, BinaryOperator, Expr, ExprKind, ListOperator, Literal, LiteralValue, TypeofItem, UnaryOperator,
};
pub use operator::{
    Branch, ColumnPattern, Direction, FindColumn, FindProjection, MvExpandColumn, NamedExpr, NamedOption, NullsOrder,
    Operator, OperatorKind, ParsePiece, PartitionBody, PatternOrder, Pipeline, ScanDeclaration, ScanStep,
    SeriesAggregate, SeriesRange, SortKey, TopNestedLevel,
};

use super::span::Span;

/// An identifier as written. `text` is the name itself, without `['…']` quoting.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// A whole query text: statements separated by `;`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `let name = value`. `value` may be an [`ExprKind::Function`].
    Let { name: Name, value: Expr },
    /// `set name` or `set name = literal`.
    Set { name: Name, value: Option<Expr> },
    /// `declare query_parameters(a:long = 1, …)`.
    DeclareParameters(Vec<Parameter>),
    /// `declare pattern …`, `alias database …`, `restrict access to (…)`: kept as text, refused by name later.
    Other { keyword: Name, text: String },
    /// A tabular (or, inside a function body, scalar) expression statement.
    Expression(Expr),
}

/// A declared parameter of a function or of `declare query_parameters`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub kind: ParameterKind,
    pub default: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ParameterKind {
    /// `x:long`; the type word as written.
    Scalar(Name),
    /// `T:(a:long, b:string)`; `T:(*)` has `open` set and no columns.
    Tabular { columns: Vec<ColumnDeclaration>, open: bool },
}

/// `name:type`, as in datatable, externaldata, tabular parameters, `to typeof`, parse-kv.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDeclaration {
    pub name: Name,
    pub type_name: Name,
}

/// `(name:type, …)` behind a plugin; with `*` first, after the columns of the source.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginSchema {
    pub with_source: bool,
    pub columns: Vec<ColumnDeclaration>,
}
