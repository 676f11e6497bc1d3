//! Visiting the syntax tree: the expressions below an expression, and those of an operator.
//!
//! It stands beside `kql::walk` because what it finds keeps the life of the tree, so that facts can hold on to nodes, and
//! because it goes on without recursion.

use crate::kql::syntax::{
    Expr, ExprKind, NamedExpr, NamedOption, Operator, OperatorKind, ParsePiece, PartitionBody, SeriesRange, SortKey,
    StatementKind,
};

/// What stands directly below an expression.
#[derive(Default)]
pub struct Below<'tree> {
    pub expressions: Vec<&'tree Expr>,
    pub operators: Vec<&'tree Operator>,
}

/// The direct children of an expression.
pub fn below(expr: &Expr) -> Below<'_> {
    let mut found = Below::default();
    let list = &mut found.expressions;
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Name(_)
        | ExprKind::Wildcard(_)
        | ExprKind::Typeof(_)
        | ExprKind::Error
        | ExprKind::Externaldata { .. } => {}
        ExprKind::Member { base, .. } => list.push(base),
        ExprKind::Index { base, index } => list.extend([&**base, &**index]),
        ExprKind::Call { arguments, .. } => list.extend(arguments.iter().map(|argument| &argument.value)),
        ExprKind::MemberCall { base, arguments, .. } => {
            list.push(base);
            list.extend(arguments.iter().map(|argument| &argument.value));
        }
        ExprKind::Unary { operand, .. } => list.push(operand),
        ExprKind::Binary { left, right, .. } => list.extend([&**left, &**right]),
        ExprKind::Between { value, low, high, .. } => list.extend([&**value, &**low, &**high]),
        ExprKind::InList { value, list: members, .. } => {
            list.push(value);
            list.extend(members);
        }
        ExprKind::Parenthesised(inner) => list.push(inner),
        ExprKind::Pipeline(pipeline) => {
            list.push(&pipeline.source);
            found.operators.extend(&pipeline.operators);
        }
        ExprKind::Function { body, .. } => {
            for statement in body {
                match &statement.kind {
                    StatementKind::Let { value, .. } | StatementKind::Expression(value) => list.push(value),
                    StatementKind::Set { .. } | StatementKind::DeclareParameters(_) | StatementKind::Other { .. } => {}
                }
            }
        }
        ExprKind::Datatable { values, .. } => list.extend(values),
        ExprKind::OperatorSource(operator) => found.operators.push(operator),
    }
    found
}

fn named<'tree>(list: &mut Vec<&'tree Expr>, items: &'tree [NamedExpr]) {
    list.extend(items.iter().map(|item| &item.value));
}

fn optioned<'tree>(list: &mut Vec<&'tree Expr>, items: &'tree [NamedOption]) {
    // `kind=inner` and its like are words, not names of the row: only what can hold a value is visited.
    list.extend(items.iter().map(|item| &item.value).filter(|value| !matches!(value.kind, ExprKind::Name(_))));
}

fn keys<'tree>(list: &mut Vec<&'tree Expr>, items: &'tree [SortKey]) {
    list.extend(items.iter().map(|item| &item.value.value));
}

/// The direct children of an operator: its expressions, and the operators of a body it runs.
pub fn below_operator(operator: &Operator) -> Below<'_> {
    let mut found = Below::default();
    let list = &mut found.expressions;
    match &operator.kind {
        OperatorKind::Where { options, predicate } => {
            optioned(list, options);
            list.push(predicate);
        }
        OperatorKind::Extend(items)
        | OperatorKind::Project(items)
        | OperatorKind::Print(items)
        | OperatorKind::ProjectRename(items)
        | OperatorKind::Serialize(items) => named(list, items),
        OperatorKind::ProjectAway(_)
        | OperatorKind::ProjectKeep(_)
        | OperatorKind::ProjectReorder(_)
        | OperatorKind::Count { .. }
        | OperatorKind::As { .. }
        | OperatorKind::Getschema
        | OperatorKind::Render { .. }
        | OperatorKind::Consume { .. }
        | OperatorKind::Other { .. }
        | OperatorKind::Error => {}
        OperatorKind::Distinct { columns, .. } => named(list, columns),
        OperatorKind::Summarize { aggregates, by, .. } => {
            named(list, aggregates);
            named(list, by.as_deref().unwrap_or_default());
        }
        OperatorKind::Sort { keys: by, .. } => keys(list, by),
        OperatorKind::Top { count, by, with_others, .. } => {
            list.push(count);
            keys(list, by);
            list.extend(with_others);
        }
        OperatorKind::Take { count } | OperatorKind::Sample { count } => list.push(count),
        OperatorKind::SampleDistinct { count, of } => list.extend([count, of]),
        OperatorKind::Join { right, on, .. } | OperatorKind::Lookup { right, on, .. } => {
            list.push(right);
            list.extend(on);
        }
        OperatorKind::Union { tables, .. } => list.extend(tables),
        OperatorKind::Range { from, to, step, .. } => list.extend([from, to, step]),
        OperatorKind::MvExpand { columns, limit, .. } => {
            list.extend(columns.iter().map(|column| &column.value.value));
            list.extend(limit);
        }
        OperatorKind::MvApply { columns, limit, id, body, .. } => {
            list.extend(columns.iter().map(|column| &column.value.value));
            list.extend(limit);
            list.extend(id);
            found.operators.extend(body);
        }
        OperatorKind::Parse { value, pattern, .. } => {
            list.push(value);
            list.extend(pattern.iter().filter_map(|piece| match piece {
                ParsePiece::Text(text) => Some(text),
                ParsePiece::Skip(_) | ParsePiece::Column { .. } => None,
            }));
        }
        OperatorKind::ParseKv { value, .. } => list.push(value),
        OperatorKind::MakeSeries { aggregates, on, range, by, .. } => {
            for aggregate in aggregates {
                list.push(&aggregate.value.value);
                list.extend(&aggregate.default);
            }
            list.push(&on.value);
            match range {
                SeriesRange::FromToStep { from, to, step } => {
                    list.extend(from);
                    list.extend(to);
                    list.push(step);
                }
                SeriesRange::InRange { from, to, step } => list.extend([from, to, step]),
            }
            named(list, by);
        }
        OperatorKind::Scan { order_by, partition_by, declare, steps, .. } => {
            keys(list, order_by);
            list.extend(partition_by);
            list.extend(declare.iter().filter_map(|declaration| declaration.default.as_ref()));
            for step in steps {
                list.push(&step.condition);
                named(list, &step.assignments);
            }
        }
        OperatorKind::Partition { by, body, .. } => {
            list.push(by);
            match body {
                PartitionBody::Operators(operators) => found.operators.extend(operators),
                PartitionBody::Query(query) => list.push(query),
            }
        }
        OperatorKind::TopNested(levels) => {
            for level in levels {
                list.extend(&level.count);
                list.push(&level.by.value);
                list.extend(&level.with_others);
                list.push(&level.aggregate.value);
            }
        }
        OperatorKind::TopHitters { count, of, by } => {
            list.extend([count, &of.value]);
            list.extend(by.iter().map(|item| &item.value));
        }
        OperatorKind::Evaluate { arguments, .. } | OperatorKind::Invoke { arguments, .. } => {
            list.extend(arguments.iter().map(|argument| &argument.value));
        }
        OperatorKind::Search { tables, predicate, .. } | OperatorKind::Find { tables, predicate, .. } => {
            list.extend(tables);
            list.push(predicate);
        }
        OperatorKind::Fork(branches) => {
            found.operators.extend(branches.iter().flat_map(|branch| &branch.operators));
        }
        OperatorKind::Facet { by, body } => {
            list.extend(by);
            found.operators.extend(body.iter().flatten());
        }
        OperatorKind::Reduce { by, .. } => list.push(by),
        OperatorKind::Assert { condition, message } => list.extend([condition, message]),
    }
    found
}

enum Node<'tree> {
    Expression(&'tree Expr),
    Operator(&'tree Operator),
}

/// Calls `visitor` on `expr` and everything below it in source order; `false` leaves a branch out.
pub fn visit<'tree>(expr: &'tree Expr, visitor: &mut dyn FnMut(&'tree Expr) -> bool) {
    run(vec![Node::Expression(expr)], visitor);
}

/// As [`visit`], from an operator.
pub fn visit_operator<'tree>(operator: &'tree Operator, visitor: &mut dyn FnMut(&'tree Expr) -> bool) {
    run(vec![Node::Operator(operator)], visitor);
}

fn run<'tree>(mut waiting: Vec<Node<'tree>>, visitor: &mut dyn FnMut(&'tree Expr) -> bool) {
    while let Some(node) = waiting.pop() {
        let found = match node {
            Node::Expression(expr) if visitor(expr) => below(expr),
            Node::Expression(_) => continue,
            Node::Operator(operator) => below_operator(operator),
        };
        // Reversed, so that popping gives source order; operators come after their source.
        waiting.extend(found.operators.into_iter().rev().map(Node::Operator));
        waiting.extend(found.expressions.into_iter().rev().map(Node::Expression));
    }
}

/// The expression inside parentheses and `materialize(…)`, which change nothing for a reader of the rule.
pub fn peel(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Parenthesised(inner) => peel(inner),
        ExprKind::Call { function, arguments } if function.text == "materialize" => match arguments.first() {
            Some(argument) => peel(&argument.value),
            None => expr,
        },
        ExprKind::Pipeline(pipeline) if pipeline.operators.is_empty() => peel(&pipeline.source),
        _ => expr,
    }
}

/// The names a pipeline reads rows from: its source, the members of a union, the right sides of joins.
pub fn source_names(expr: &Expr) -> Vec<String> {
    let mut names = Vec::new();
    match &peel(expr).kind {
        ExprKind::Name(name) | ExprKind::Wildcard(name) => names.push(name.text.clone()),
        ExprKind::OperatorSource(operator) => names.extend(operator_source_names(&operator.kind)),
        // `database("x").T`, `workspace("x").T`
        ExprKind::Member { member, .. } => names.push(member.text.clone()),
        _ => {}
    }
    names
}

/// As [`source_names`], of an operator that takes in other tables.
pub fn operator_source_names(operator: &OperatorKind) -> Vec<String> {
    match operator {
        OperatorKind::Union { tables, .. }
        | OperatorKind::Search { tables, .. }
        | OperatorKind::Find { tables, .. } => tables.iter().flat_map(source_names).collect(),
        OperatorKind::Join { right, .. } | OperatorKind::Lookup { right, .. } => source_names(right),
        _ => Vec::new(),
    }
}
