//! The relational plan: what a query means, after names are gone.
//!
//! A plan is an arena of nodes in which inputs stand before the nodes that read them; a node that is read twice
//! (a `let` used twice) stands there once. Columns are ids, unique in the plan, so a reference cannot mean the
//! wrong column; names stay only in the [`Field`]s a node shows. Every expression has its type.

use super::environment::DataRange;
use crate::kql::span::Span;
use crate::kql::syntax::ListOperator;
use crate::schema::{ScalarType, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnId(pub u32);

/// The place of a node in [`Plan::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// A column a node shows, under its KQL name.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub id: ColumnId,
    pub name: String,
    pub scalar_type: ScalarType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderKey {
    pub column: ColumnId,
    pub descending: bool,
    pub nulls_first: bool,
    /// Whether it is a real number: NaN then stands next to null, whichever way the rows are sorted.
    pub is_real: bool,
}

/// Columns that travel with the rows unseen. They cost nothing where nobody asks for them: the generator drops
/// what is not read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Carried {
    /// The order of the rows, first key first; empty where there is none.
    pub order: Vec<OrderKey>,
    /// Whether window functions may be used.
    pub serialized: bool,
    /// Set inside `mv-apply` and `partition`: rows of one value form a table of their own.
    pub partition: Option<ColumnId>,
    /// The event id of a row that is one row of a table.
    pub event: Option<ColumnId>,
    /// The row's time, which `ingestion_time()` gives.
    pub ingestion: Option<ColumnId>,
    /// The event ids behind the row: one id, or a JSON array of them.
    pub lineage: Option<ColumnId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub kind: NodeKind,
    pub fields: Vec<Field>,
    pub carried: Carried,
    pub span: Span,
    /// The operator's word (`where`), or the table's name for a source.
    pub label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    /// Left rows are first reduced to one for each key.
    InnerUnique,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
    RightSemi,
    RightAnti,
}

/// An output column of a join, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinOutput {
    pub id: ColumnId,
    pub source: ColumnId,
    pub from_right: bool,
    pub scalar_type: ScalarType,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub id: ColumnId,
    pub kind: AggregateKind,
    pub scalar_type: ScalarType,
}

#[derive(Debug, Clone, PartialEq)]
pub enum AggregateKind {
    /// A registered aggregate.
    Call { symbol: &'static str, arguments: Vec<Expr> },
    /// The value of `value` in the row where `by` is greatest or least (`arg_max`, `arg_min`).
    Extreme { value: Expr, by: Expr, maximum: bool },
    /// The value in any one row, the same row for all of one `take_any`.
    Any { value: Expr },
    /// The first value that is neither null nor an empty string (`take_any` of one column).
    First { value: Expr },
    /// The event ids behind the group.
    Lineage(ColumnId),
}

/// A column of a union.
#[derive(Debug, Clone, PartialEq)]
pub struct UnionColumn {
    pub id: ColumnId,
    pub scalar_type: ScalarType,
    /// What it is for the rows of an input, by the input's place, in their order. For the others it is null, or an empty
    /// string: of all tables hardly any has a given column.
    pub values: Vec<(usize, Expr)>,
}

/// A column that `mv-expand` makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    pub id: ColumnId,
    pub array: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    Table {
        table: String,
        /// The ids given to the table's columns, by name.
        columns: Vec<(ColumnId, String)>,
        event: ColumnId,
        /// The rows of the table that are there at all.
        range: DataRange,
        /// Whether there were none when the query was bound.
        is_empty: bool,
    },
    /// Rows written in the query (`datatable`, `print`) or taken from a mapped file.
    Rows {
        columns: Vec<ColumnId>,
        rows: Vec<Vec<Expr>>,
    },
    Range {
        column: ColumnId,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Filter {
        input: NodeId,
        predicate: Expr,
    },
    /// Shows its fields: the ones in `computed` are calculated, the others pass through.
    Project {
        input: NodeId,
        computed: Vec<(ColumnId, Expr)>,
    },
    Aggregate {
        input: NodeId,
        keys: Vec<(ColumnId, Expr)>,
        aggregates: Vec<Aggregate>,
    },
    Limit {
        input: NodeId,
        count: Expr,
    },
    Join {
        kind: JoinKind,
        left: NodeId,
        right: NodeId,
        /// Pairs of equal keys, each over the columns of its own side.
        keys: Vec<(Expr, Expr)>,
        outputs: Vec<JoinOutput>,
        /// The lineage columns of both sides, combined into the third.
        lineage: Option<(Option<ColumnId>, Option<ColumnId>, ColumnId)>,
    },
    Union {
        inputs: Vec<NodeId>,
        columns: Vec<UnionColumn>,
    },
    /// `mv-expand`: one row for each member of the arrays.
    Expand {
        input: NodeId,
        expansions: Vec<Expansion>,
        index: Option<ColumnId>,
        /// A bag becomes `[key, value]` pairs rather than bags of one entry.
        pairs: bool,
        limit: Option<Expr>,
    },
    /// `scan`: a row for each step that an input row matches, with what the steps keep between rows.
    Scan {
        input: NodeId,
        /// The rows' numbers, from 1, in their partition.
        number: ColumnId,
        partition: Option<ColumnId>,
        steps: Vec<ScanStepPlan>,
        memory: Vec<ScanMemory>,
        /// The columns that the steps give values to.
        declared: Vec<ColumnId>,
        match_id: Option<ColumnId>,
    },
}

/// A step of `scan`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanStepPlan {
    /// A match that takes over the state of the step before; the first step has none.
    pub handed: Option<ScanMatch>,
    /// A match within the step's own state.
    pub own: ScanMatch,
    pub output: ScanOutput,
    /// Whether the step's state holds a sequence, and which.
    pub active: ColumnId,
    pub sequence: ColumnId,
}

/// Which of the rows that match a step of scan are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanOutput {
    All,
    /// The last of the rows that follow each other in one sequence's step.
    Last,
    None,
}

impl ScanStepPlan {
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let matches = self.handed.iter().chain([&self.own]);
        matches.flat_map(|one| [&one.condition].into_iter().chain(&one.values))
    }
}

/// What a row must meet, and the values of the declared columns where it does.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanMatch {
    pub condition: Expr,
    pub values: Vec<Expr>,
}

/// A column of a step's record in a state.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanMemory {
    pub id: ColumnId,
    /// The step whose state it is in.
    pub holder: usize,
    /// The step whose last row it remembers.
    pub record: usize,
    /// The place among the declared columns, or the input's column.
    pub declared: Option<usize>,
    pub source: Option<ColumnId>,
    /// What it is where there is no such record.
    pub empty: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub scalar_type: ScalarType,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Constant(Value),
    Column(ColumnId),
    /// A registered function; `symbol` names its implementation.
    Call {
        symbol: &'static str,
        arguments: Vec<Expr>,
    },
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// `value op (members)`; the operator is one of the positive ones.
    InList {
        operator: ListOperator,
        value: Box<Expr>,
        members: Vec<Expr>,
    },
    /// `value op array`, where the array is dynamic.
    InArray {
        operator: ListOperator,
        value: Box<Expr>,
        array: Box<Expr>,
    },
    /// `value op (table)`: the table's column.
    InTable {
        operator: ListOperator,
        value: Box<Expr>,
        node: NodeId,
        column: ColumnId,
    },
    /// The first row's column of a table (`toscalar`).
    Scalar {
        node: NodeId,
        column: ColumnId,
    },
    /// A function over the rows in order; stands only directly in a [`NodeKind::Project`].
    Window {
        function: WindowFunction,
        arguments: Vec<Expr>,
        order: Vec<OrderKey>,
        partition: Vec<ColumnId>,
    },
    /// Something already reported as wrong, or a column of a table nobody knows.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowFunction {
    /// value, offset, default
    Previous,
    Next,
    /// start, restart
    RowNumber,
    /// value, restart
    CumulativeSum,
    /// value: the greatest so far
    RunningMaximum,
    /// time, longest session, longest gap: the time at which the row's session started
    SessionStart,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub nodes: Vec<Node>,
    pub root: NodeId,
    /// What `render` asked for, kept as a hint.
    pub render: Option<String>,
}

impl Plan {
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// For each node, whether it certainly yields no rows.
    pub fn without_rows(&self) -> Vec<bool> {
        let mut known: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let found = node.is_without_rows(|input| known.get(input.0).copied().unwrap_or(false));
            known.push(found);
        }
        known
    }
}

impl Expr {
    pub fn new(kind: ExprKind, scalar_type: ScalarType) -> Self {
        Self { kind, scalar_type }
    }

    pub fn constant(value: Value, scalar_type: ScalarType) -> Self {
        Self::new(ExprKind::Constant(value), scalar_type)
    }

    pub fn null(scalar_type: ScalarType) -> Self {
        match scalar_type {
            ScalarType::String => Self::string(""),
            _ => Self::constant(Value::Null, scalar_type),
        }
    }

    pub fn string(text: impl Into<String>) -> Self {
        Self::constant(Value::String(text.into()), ScalarType::String)
    }

    pub fn long(value: i64) -> Self {
        Self::constant(Value::Long(value), ScalarType::Long)
    }

    pub fn bool(value: bool) -> Self {
        Self::constant(Value::Bool(value), ScalarType::Bool)
    }

    pub fn column(field: &Field) -> Self {
        Self::new(ExprKind::Column(field.id), field.scalar_type)
    }

    pub fn call(symbol: &'static str, arguments: Vec<Expr>, scalar_type: ScalarType) -> Self {
        Self::new(ExprKind::Call { symbol, arguments }, scalar_type)
    }

    pub fn unknown() -> Self {
        Self::new(ExprKind::Unknown, ScalarType::Dynamic)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.kind, ExprKind::Unknown)
    }

    pub fn as_constant(&self) -> Option<&Value> {
        match &self.kind {
            ExprKind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `visit` on this expression and all below it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        let (first, second, rest): (Option<&Expr>, Option<&Expr>, &[Expr]) = match &self.kind {
            ExprKind::Constant(_) | ExprKind::Column(_) | ExprKind::Scalar { .. } | ExprKind::Unknown => return,
            ExprKind::Call { arguments, .. } | ExprKind::Window { arguments, .. } => (None, None, arguments),
            ExprKind::And(operands) | ExprKind::Or(operands) => (None, None, operands),
            ExprKind::Not(operand) => (Some(operand), None, &[]),
            ExprKind::InList { value, members, .. } => (Some(value), None, members),
            ExprKind::InArray { value, array, .. } => (Some(value), Some(array), &[]),
            ExprKind::InTable { value, .. } => (Some(value), None, &[]),
        };
        for child in first.into_iter().chain(second).chain(rest) {
            child.walk(visit);
        }
    }
}

impl Node {
    /// Whether the node certainly yields no rows, where that is known of its inputs.
    fn is_without_rows(&self, of_input: impl Fn(NodeId) -> bool) -> bool {
        match &self.kind {
            NodeKind::Table { is_empty, .. } => *is_empty,
            NodeKind::Rows { rows, .. } => rows.is_empty(),
            NodeKind::Range { .. } => false,
            // Without keys there is one row, whatever comes in.
            NodeKind::Aggregate { input, keys, .. } => !keys.is_empty() && of_input(*input),
            NodeKind::Filter { input, .. }
            | NodeKind::Project { input, .. }
            | NodeKind::Limit { input, .. }
            | NodeKind::Expand { input, .. }
            | NodeKind::Scan { input, .. } => of_input(*input),
            NodeKind::Join { kind, left, right, .. } => match kind {
                JoinKind::Inner | JoinKind::InnerUnique | JoinKind::LeftSemi | JoinKind::RightSemi => {
                    of_input(*left) || of_input(*right)
                }
                JoinKind::LeftOuter | JoinKind::LeftAnti => of_input(*left),
                JoinKind::RightOuter | JoinKind::RightAnti => of_input(*right),
                JoinKind::FullOuter => of_input(*left) && of_input(*right),
            },
            NodeKind::Union { inputs, .. } => inputs.iter().all(|input| of_input(*input)),
        }
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The nodes this one reads as its input, without those its expressions read.
    pub fn inputs(&self) -> Vec<NodeId> {
        match &self.kind {
            NodeKind::Table { .. } | NodeKind::Rows { .. } | NodeKind::Range { .. } => Vec::new(),
            NodeKind::Filter { input, .. }
            | NodeKind::Project { input, .. }
            | NodeKind::Aggregate { input, .. }
            | NodeKind::Limit { input, .. }
            | NodeKind::Expand { input, .. }
            | NodeKind::Scan { input, .. } => vec![*input],
            NodeKind::Join { left, right, .. } => vec![*left, *right],
            NodeKind::Union { inputs, .. } => inputs.clone(),
        }
    }

    /// All expressions of the node, outermost first.
    pub fn expressions(&self) -> Vec<&Expr> {
        match &self.kind {
            NodeKind::Table { .. } => Vec::new(),
            NodeKind::Rows { rows, .. } => rows.iter().flatten().collect(),
            NodeKind::Range { from, to, step, .. } => vec![from, to, step],
            NodeKind::Filter { predicate, .. } => vec![predicate],
            NodeKind::Project { computed, .. } => computed.iter().map(|(_, expr)| expr).collect(),
            NodeKind::Aggregate { keys, aggregates, .. } => keys
                .iter()
                .map(|(_, expr)| expr)
                .chain(aggregates.iter().flat_map(|aggregate| match &aggregate.kind {
                    AggregateKind::Call { arguments, .. } => arguments.iter().collect::<Vec<_>>(),
                    AggregateKind::Extreme { value, by, .. } => vec![value, by],
                    AggregateKind::Any { value } | AggregateKind::First { value } => vec![value],
                    AggregateKind::Lineage(_) => Vec::new(),
                }))
                .collect(),
            NodeKind::Limit { count, .. } => vec![count],
            NodeKind::Join { keys, .. } => keys.iter().flat_map(|(left, right)| [left, right]).collect(),
            NodeKind::Union { columns, .. } => {
                columns.iter().flat_map(|column| &column.values).map(|(_, value)| value).collect()
            }
            NodeKind::Expand { expansions, limit, .. } => {
                expansions.iter().map(|expansion| &expansion.array).chain(limit).collect()
            }
            NodeKind::Scan { steps, memory, .. } => {
                steps.iter().flat_map(ScanStepPlan::expressions).chain(memory.iter().map(|one| &one.empty)).collect()
            }
        }
    }
}
