//! Tabular operators, and the pieces they are made of.

use super::{Argument, ColumnDeclaration, Expr, Name, PluginSchema};
use crate::kql::span::Span;

/// `source | operator | operator`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    pub source: Expr,
    pub operators: Vec<Operator>,
}

/// One tabular operator. The span runs from its keyword to its end, without the leading `|`.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    pub kind: OperatorKind,
    pub span: Span,
}

/// `name = value` given to an operator (`kind=inner`, `hint.strategy=shuffle`, `isfuzzy=true`, `with (format="csv")`).
#[derive(Debug, Clone, PartialEq)]
pub struct NamedOption {
    pub name: Name,
    pub value: Expr,
}

/// `Name = expr`, `(A, B) = expr` or `expr`.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedExpr {
    pub names: Vec<Name>,
    pub value: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullsOrder {
    First,
    Last,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub value: NamedExpr,
    pub direction: Option<Direction>,
    pub nulls: Option<NullsOrder>,
}

/// A column pattern of `project-away`, `-keep`, `-reorder`: a name or wildcard, with an order for `-reorder`.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnPattern {
    /// May contain `*`.
    pub name: Name,
    pub direction: Option<PatternOrder>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PatternOrder {
    Ascending,
    Descending,
    GrannyAscending,
    GrannyDescending,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MvExpandColumn {
    pub value: NamedExpr,
    pub to_type: Option<Name>,
}

/// A piece of a `parse` pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum ParsePiece {
    /// `*`
    Skip(Span),
    /// A string to find (a regex in `kind=regex`).
    Text(Expr),
    /// `Name` or `Name:type`.
    Column { name: Name, type_name: Option<Name> },
}

#[derive(Debug, Clone, PartialEq)]
pub struct SeriesAggregate {
    pub value: NamedExpr,
    pub default: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TopNestedLevel {
    pub count: Option<Expr>,
    pub by: NamedExpr,
    pub with_others: Option<Expr>,
    pub aggregate: NamedExpr,
    pub aggregate_direction: Option<Direction>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScanStep {
    pub name: Name,
    pub optional: bool,
    /// `output = all|last|none`.
    pub output: Option<Name>,
    pub condition: Expr,
    pub assignments: Vec<NamedExpr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ScanDeclaration {
    pub name: Name,
    pub type_name: Name,
    pub default: Option<Expr>,
}

/// Which columns of which tables `find` projects.
#[derive(Debug, Clone, PartialEq)]
pub enum FindProjection {
    Project(Vec<FindColumn>),
    ProjectAway(Vec<Name>),
    ProjectSmart,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FindColumn {
    /// `*` stands for `pack(*)`.
    pub name: Name,
    pub type_name: Option<Name>,
}

/// A fork or facet branch: `name = (operators)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    pub name: Option<Name>,
    pub operators: Vec<Operator>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OperatorKind {
    /// `where` and its old spelling `filter`.
    Where {
        options: Vec<NamedOption>,
        predicate: Expr,
    },
    Extend(Vec<NamedExpr>),
    Project(Vec<NamedExpr>),
    ProjectAway(Vec<ColumnPattern>),
    ProjectKeep(Vec<ColumnPattern>),
    /// `new = old`; both names in `value`.
    ProjectRename(Vec<NamedExpr>),
    ProjectReorder(Vec<ColumnPattern>),
    /// `distinct a, b`; `distinct *` is a [`super::ExprKind::Wildcard`].
    Distinct {
        options: Vec<NamedOption>,
        columns: Vec<NamedExpr>,
    },
    Summarize {
        options: Vec<NamedOption>,
        aggregates: Vec<NamedExpr>,
        by: Option<Vec<NamedExpr>>,
    },
    /// `sort` and `order`.
    Sort {
        options: Vec<NamedOption>,
        keys: Vec<SortKey>,
    },
    Top {
        options: Vec<NamedOption>,
        count: Expr,
        by: Vec<SortKey>,
        with_others: Option<Expr>,
    },
    /// `take` and `limit`.
    Take {
        count: Expr,
    },
    Sample {
        count: Expr,
    },
    SampleDistinct {
        count: Expr,
        of: Expr,
    },
    Count {
        as_name: Option<Name>,
    },
    Join {
        options: Vec<NamedOption>,
        right: Expr,
        on: Vec<Expr>,
    },
    Lookup {
        options: Vec<NamedOption>,
        right: Expr,
        on: Vec<Expr>,
    },
    Union {
        options: Vec<NamedOption>,
        tables: Vec<Expr>,
    },
    As {
        options: Vec<NamedOption>,
        name: Name,
    },
    Print(Vec<NamedExpr>),
    Range {
        name: Name,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    MvExpand {
        options: Vec<NamedOption>,
        columns: Vec<MvExpandColumn>,
        limit: Option<Expr>,
    },
    MvApply {
        options: Vec<NamedOption>,
        columns: Vec<MvExpandColumn>,
        limit: Option<Expr>,
        id: Option<Expr>,
        body: Vec<Operator>,
    },
    /// `parse` and, with `filter` set, `parse-where`.
    Parse {
        filter: bool,
        options: Vec<NamedOption>,
        value: Expr,
        pattern: Vec<ParsePiece>,
    },
    ParseKv {
        value: Expr,
        columns: Vec<ColumnDeclaration>,
        options: Vec<NamedOption>,
    },
    MakeSeries {
        options: Vec<NamedOption>,
        aggregates: Vec<SeriesAggregate>,
        on: NamedExpr,
        range: SeriesRange,
        by: Vec<NamedExpr>,
    },
    Serialize(Vec<NamedExpr>),
    Scan {
        options: Vec<NamedOption>,
        order_by: Vec<SortKey>,
        partition_by: Vec<Expr>,
        declare: Vec<ScanDeclaration>,
        steps: Vec<ScanStep>,
    },
    Partition {
        options: Vec<NamedOption>,
        by: Expr,
        body: PartitionBody,
    },
    TopNested(Vec<TopNestedLevel>),
    TopHitters {
        count: Expr,
        of: NamedExpr,
        by: Option<NamedExpr>,
    },
    /// `evaluate plugin(arguments) : (schema)`.
    Evaluate {
        options: Vec<NamedOption>,
        plugin: Name,
        arguments: Vec<Argument>,
        schema: Option<PluginSchema>,
    },
    Invoke {
        function: Name,
        arguments: Vec<Argument>,
    },
    Search {
        options: Vec<NamedOption>,
        tables: Vec<Expr>,
        predicate: Expr,
    },
    Find {
        options: Vec<NamedOption>,
        tables: Vec<Expr>,
        predicate: Expr,
        projection: Option<FindProjection>,
    },
    Getschema,
    Render {
        chart: Option<Name>,
        options: Vec<NamedOption>,
    },
    Consume {
        options: Vec<NamedOption>,
    },
    Fork(Vec<Branch>),
    Facet {
        by: Vec<Expr>,
        body: Option<Vec<Operator>>,
    },
    Reduce {
        by: Expr,
        options: Vec<NamedOption>,
    },
    Assert {
        condition: Expr,
        message: Expr,
    },
    /// `graph-match`, `make-graph`, `macro-expand`, …: known operators kept as text, refused by name later.
    Other {
        keyword: Name,
        text: String,
    },
    /// Recovered text after a syntax error in this operator.
    Error,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SeriesRange {
    /// `from a to b step c`; `from` and `to` may be absent.
    FromToStep { from: Option<Expr>, to: Option<Expr>, step: Expr },
    /// The old `in range(a, b, c)`.
    InRange { from: Expr, to: Expr, step: Expr },
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartitionBody {
    /// `( operators )`, run on each partition.
    Operators(Vec<Operator>),
    /// `{ query }`, a whole sub-query (legacy).
    Query(Box<Expr>),
}
