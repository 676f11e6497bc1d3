//! Generated trees print to text that parses back to the same tree.

use proptest::prelude::*;

use crate::kql::span::Span;
use crate::kql::syntax::*;
use crate::kql::values::quote_string;
use crate::kql::words::{BINARY_OPERATORS, LIST_OPERATORS};
use crate::kql::{parse, print_query};

fn expression(kind: ExprKind) -> Expr {
    Expr { kind, span: Span::default() }
}

fn name_of(text: String) -> Name {
    Name { text, span: Span::default() }
}

fn name() -> BoxedStrategy<Name> {
    let keywords = proptest::sample::select(vec![
        "by",
        "on",
        "has",
        "in",
        "and",
        "where",
        "project",
        "kind",
        "count",
        "type",
        "with",
        "of",
        "to",
        "step",
        "range",
        "union",
        "search",
        "find",
        "print",
        "let",
        "set",
        "datetime",
        "dynamic",
        "typeof",
        "time",
        "true",
        "view",
        "asc",
        "default",
        "from",
        "desc",
        "nulls",
        "as",
        "h",
        "matches",
        "between",
        "not",
        "datatable",
        "evaluate",
        "macro",
    ]);
    prop_oneof![
        3 => "[A-Z][a-z]{0,4}",
        2 => keywords.prop_map(str::to_owned),
        1 => "\\PC{1,6}",
    ]
    .prop_map(name_of)
    .boxed()
}

fn literal() -> BoxedStrategy<Expr> {
    let of = |value: LiteralValue, text: String| expression(ExprKind::Literal(Literal { value, text }));
    prop_oneof![
        any::<String>().prop_map(move |text| of(LiteralValue::String(text.clone()), quote_string(&text))),
        (0..i64::MAX).prop_map(move |value| of(LiteralValue::Long(Some(value)), value.to_string())),
        any::<bool>().prop_map(move |value| of(LiteralValue::Bool(Some(value)), value.to_string())),
        (0..1000i64).prop_map(move |days| of(LiteralValue::Timespan(Some(days * 864_000_000_000)), format!("{days}d"))),
        Just(of(LiteralValue::Datetime(Some(0)), "datetime(0001-01-01)".to_owned())),
        Just(of(LiteralValue::Real(Some(f64::NAN)), "real(nan)".to_owned())),
        Just(of(LiteralValue::Dynamic(Some("[1,\"a\"]".to_owned())), "dynamic([1, 'a'])".to_owned())),
        Just(of(LiteralValue::Int(None), "int(null)".to_owned())),
    ]
    .boxed()
}

fn parenthesised(inner: Expr) -> Expr {
    expression(ExprKind::Parenthesised(Box::new(inner)))
}

/// An operand that holds together by itself: anything else goes in parentheses, as the parser would have it.
fn operand(inner: Expr) -> Expr {
    match inner.kind {
        ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Parenthesised(_) => inner,
        _ => parenthesised(inner),
    }
}

/// What a path starts from, which is never a bare number.
fn path_base(inner: Expr) -> Box<Expr> {
    Box::new(if matches!(inner.kind, ExprKind::Literal(_)) { parenthesised(inner) } else { operand(inner) })
}

fn scalar() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![literal(), name().prop_map(|name| expression(ExprKind::Name(name)))];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let boxed = inner.clone().prop_map(|inner| Box::new(operand(inner)));
        let binary =
            proptest::sample::select(BINARY_OPERATORS.iter().map(|(_, operator)| *operator).collect::<Vec<_>>());
        let list = proptest::sample::select(LIST_OPERATORS.iter().map(|(_, operator)| *operator).collect::<Vec<_>>());
        let arguments = proptest::collection::vec(
            (proptest::option::of(name()), inner.clone()).prop_map(|(name, value)| Argument { name, value }),
            0..3,
        )
        .boxed();
        prop_oneof![
            (binary, boxed.clone(), boxed.clone()).prop_map(|(operator, left, right)| expression(ExprKind::Binary {
                operator,
                operator_span: Span::default(),
                left,
                right
            })),
            (list, boxed.clone(), proptest::collection::vec(inner.clone(), 0..4)).prop_map(
                |(operator, value, list)| {
                    expression(ExprKind::InList { operator, operator_span: Span::default(), value, list })
                }
            ),
            (any::<bool>(), boxed.clone(), inner.clone(), inner.clone()).prop_map(|(negated, value, low, high)| {
                expression(ExprKind::Between { negated, value, low: Box::new(low), high: Box::new(high) })
            }),
            boxed
                .clone()
                .prop_map(|operand| { expression(ExprKind::Unary { operator: UnaryOperator::Minus, operand }) }),
            (name(), arguments.clone())
                .prop_map(|(function, arguments)| expression(ExprKind::Call { function, arguments })),
            (inner.clone().prop_map(path_base), name())
                .prop_filter("no wildcard", |(_, member)| !member.text.contains('*'))
                .prop_map(|(base, member)| expression(ExprKind::Member { base, member })),
            (inner.clone().prop_map(path_base), inner.clone())
                .prop_map(|(base, index)| expression(ExprKind::Index { base, index: Box::new(index) })),
            (inner.clone().prop_map(path_base), name(), arguments)
                .prop_map(|(base, function, arguments)| expression(ExprKind::MemberCall { base, function, arguments })),
            inner.prop_map(parenthesised),
        ]
    })
    .boxed()
}

fn named() -> BoxedStrategy<NamedExpr> {
    prop_oneof![
        4 => (proptest::collection::vec(name(), 0..2), scalar()),
        1 => (proptest::collection::vec(name(), 2..4), scalar()),
    ]
    .prop_map(|(names, value)| NamedExpr { names, value })
    .boxed()
}

fn named_list() -> impl Strategy<Value = Vec<NamedExpr>> {
    proptest::collection::vec(named(), 1..4)
}

fn sort_key() -> impl Strategy<Value = SortKey> {
    let direction = prop_oneof![Just(Direction::Ascending), Just(Direction::Descending)];
    let nulls = prop_oneof![Just(NullsOrder::First), Just(NullsOrder::Last)];
    (named(), proptest::option::of(direction), proptest::option::of(nulls))
        .prop_map(|(value, direction, nulls)| SortKey { value, direction, nulls })
}

fn column() -> impl Strategy<Value = ColumnDeclaration> {
    let types = proptest::sample::select(vec!["string", "long", "datetime", "dynamic"]);
    (name(), types).prop_map(|(name, type_name)| ColumnDeclaration { name, type_name: name_of(type_name.to_owned()) })
}

fn pattern() -> impl Strategy<Value = ColumnPattern> {
    let starred = "[A-Z][a-z]{0,3}\\*[a-z]{0,3}".prop_map(name_of);
    let plain = name().prop_filter("a star would make it a pattern", |name| !name.text.contains('*'));
    prop_oneof![plain.boxed(), starred.boxed()].prop_map(|name| ColumnPattern { name, direction: None })
}

fn operator_kind() -> impl Strategy<Value = OperatorKind> {
    prop_oneof![
        scalar().prop_map(|predicate| OperatorKind::Where { options: Vec::new(), predicate }),
        named_list().prop_map(OperatorKind::Extend),
        named_list().prop_map(OperatorKind::Project),
        proptest::collection::vec(pattern(), 1..4).prop_map(OperatorKind::ProjectAway),
        proptest::collection::vec(pattern(), 1..4).prop_map(OperatorKind::ProjectReorder),
        (proptest::collection::vec(named(), 0..3), proptest::option::of(named_list()))
            .prop_map(|(aggregates, by)| OperatorKind::Summarize { options: Vec::new(), aggregates, by }),
        proptest::collection::vec(sort_key(), 1..3).prop_map(|keys| OperatorKind::Sort { options: Vec::new(), keys }),
        (scalar(), proptest::collection::vec(sort_key(), 1..3), proptest::option::of(scalar()))
            .prop_map(|(count, by, with_others)| OperatorKind::Top { options: Vec::new(), count, by, with_others }),
        scalar().prop_map(|count| OperatorKind::Take { count }),
        (scalar(), scalar()).prop_map(|(count, of)| OperatorKind::SampleDistinct { count, of }),
        proptest::option::of(name()).prop_map(|as_name| OperatorKind::Count { as_name }),
        (name(), scalar(), scalar(), scalar()).prop_map(|(name, from, to, step)| OperatorKind::Range {
            name,
            from,
            to,
            step
        }),
        (named(), proptest::option::of(scalar())).prop_map(|(value, limit)| OperatorKind::MvExpand {
            options: Vec::new(),
            columns: vec![MvExpandColumn { value, to_type: Some(name_of("string".to_owned())) }],
            limit
        }),
        (scalar(), proptest::collection::vec((name(), any::<String>()), 1..3)).prop_map(|(value, pieces)| {
            let text = |text: &String| {
                let literal = Literal { value: LiteralValue::String(text.clone()), text: quote_string(text) };
                ParsePiece::Text(expression(ExprKind::Literal(literal)))
            };
            let pattern = pieces
                .iter()
                .flat_map(|(name, between)| {
                    [
                        ParsePiece::Skip(Span::default()),
                        text(between),
                        ParsePiece::Column { name: name.clone(), type_name: None },
                    ]
                })
                .collect();
            OperatorKind::Parse { filter: false, options: Vec::new(), value, pattern }
        }),
        (scalar(), proptest::collection::vec(column(), 1..3)).prop_map(|(value, columns)| OperatorKind::ParseKv {
            value,
            columns,
            options: Vec::new()
        }),
        (named(), proptest::option::of(scalar()), named(), scalar(), proptest::collection::vec(named(), 0..2))
            .prop_map(|(value, default, on, step, by)| OperatorKind::MakeSeries {
                options: Vec::new(),
                aggregates: vec![SeriesAggregate { value, default }],
                on,
                range: SeriesRange::FromToStep { from: None, to: None, step },
                by
            }),
        (name(), scalar()).prop_map(|(right, key)| OperatorKind::Join {
            options: Vec::new(),
            right: expression(ExprKind::Name(right)),
            on: vec![key]
        }),
        (name(), named(), named()).prop_map(|(name, by, aggregate)| OperatorKind::TopNested(vec![TopNestedLevel {
            count: Some(expression(ExprKind::Name(name))),
            by,
            with_others: None,
            aggregate,
            aggregate_direction: Some(Direction::Ascending),
            span: Span::default(),
        }])),
    ]
}

fn statement() -> impl Strategy<Value = Statement> {
    let operators =
        proptest::collection::vec(operator_kind().prop_map(|kind| Operator { kind, span: Span::default() }), 1..4);
    let pipeline = (name(), operators).prop_map(|(source, operators)| {
        expression(ExprKind::Pipeline(Box::new(Pipeline { source: expression(ExprKind::Name(source)), operators })))
    });
    let value = prop_oneof![pipeline, scalar()];
    let kind = prop_oneof![
        (name(), value.clone()).prop_map(|(name, value)| StatementKind::Let { name, value }),
        value.prop_map(StatementKind::Expression),
    ];
    kind.prop_map(|kind| Statement { kind, span: Span::default() })
}

proptest! {
    #[test]
    fn a_printed_tree_parses_back_to_itself(statements in proptest::collection::vec(statement(), 1..3)) {
        let query = Query { statements };
        let printed = print_query(&query);
        let parsed = parse(&printed);
        prop_assert!(!parsed.has_errors(), "{printed}\n{:?}", parsed.diagnostics);
        let again = print_query(&parsed.query);
        prop_assert!(parsed.query.without_spans() == query, "printed\n{printed}\nreads as\n{again}");
    }
}
