//! The syntax tree of KQL.
//!
//! What the parser yields and the printer consumes. It knows nothing of schemas or types: a name is a
//! name, whether a table, a column or a `let`. Every node keeps its [`Span`]; nodes compare by
//! structure only through [`Query::without_spans`].
//!
//! KQL has one expression grammar: a pipeline is an expression (`toscalar(T | count)`, a `let` body, a
//! parenthesised join side), so [`ExprKind::Pipeline`] sits beside the scalar forms.

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
    /// `distinct a, b`; `distinct *` is a [`ExprKind::Wildcard`].
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
