//! Walking a tree: once to look at it, once to change it.
//!
//! The two walks visit the same nodes in the same order, so one macro writes both.

use super::span::Span;
use super::syntax::*;

macro_rules! walker {
    ($visitor:ident, $walk_expression:ident, $walk_operator:ident, $walk_statement:ident, ($($mutability:tt)?)) => {
        /// Called for each node, parents first. A method that is overridden decides whether to go on into the node
        /// by calling the `walk` function of the same kind.
        pub trait $visitor {
            fn statement(&mut self, statement: &$($mutability)? Statement) {
                $walk_statement(self, statement);
            }
            fn expression(&mut self, expression: &$($mutability)? Expr) {
                $walk_expression(self, expression);
            }
            fn operator(&mut self, operator: &$($mutability)? Operator) {
                $walk_operator(self, operator);
            }
            /// Every name, whether used, given or a word of the language (types, chart kinds, option names).
            fn name(&mut self, name: &$($mutability)? Name) {
                self.span(&$($mutability)? name.span);
            }
            fn span(&mut self, _span: &$($mutability)? Span) {}

            fn named(&mut self, named: &$($mutability)? NamedExpr) {
                for name in &$($mutability)? named.names {
                    self.name(name);
                }
                self.expression(&$($mutability)? named.value);
            }
            fn column(&mut self, column: &$($mutability)? ColumnDeclaration) {
                self.name(&$($mutability)? column.name);
                self.name(&$($mutability)? column.type_name);
            }
            fn option(&mut self, option: &$($mutability)? NamedOption) {
                self.name(&$($mutability)? option.name);
                self.expression(&$($mutability)? option.value);
            }
            fn argument(&mut self, argument: &$($mutability)? Argument) {
                if let Some(name) = &$($mutability)? argument.name {
                    self.name(name);
                }
                self.expression(&$($mutability)? argument.value);
            }
            fn parameter(&mut self, parameter: &$($mutability)? Parameter) {
                self.span(&$($mutability)? parameter.span);
                self.name(&$($mutability)? parameter.name);
                match &$($mutability)? parameter.kind {
                    ParameterKind::Scalar(type_name) => self.name(type_name),
                    ParameterKind::Tabular { columns, .. } => columns.into_iter().for_each(|column| self.column(column)),
                }
                if let Some(default) = &$($mutability)? parameter.default {
                    self.expression(default);
                }
            }
        }

        pub fn $walk_statement<V: $visitor + ?Sized>(visitor: &mut V, statement: &$($mutability)? Statement) {
            visitor.span(&$($mutability)? statement.span);
            match &$($mutability)? statement.kind {
                StatementKind::Let { name, value } => {
                    visitor.name(name);
                    visitor.expression(value);
                }
                StatementKind::Set { name, value } => {
                    visitor.name(name);
                    if let Some(value) = value {
                        visitor.expression(value);
                    }
                }
                StatementKind::DeclareParameters(parameters) => {
                    parameters.into_iter().for_each(|parameter| visitor.parameter(parameter));
                }
                StatementKind::Other { keyword, .. } => visitor.name(keyword),
                StatementKind::Expression(value) => visitor.expression(value),
            }
        }

        pub fn $walk_expression<V: $visitor + ?Sized>(visitor: &mut V, expression: &$($mutability)? Expr) {
            visitor.span(&$($mutability)? expression.span);
            match &$($mutability)? expression.kind {
                ExprKind::Literal(_) | ExprKind::Error => {}
                ExprKind::Name(name) | ExprKind::Wildcard(name) => visitor.name(name),
                ExprKind::Member { base, member } => {
                    visitor.expression(base);
                    visitor.name(member);
                }
                ExprKind::Index { base, index } => {
                    visitor.expression(base);
                    visitor.expression(index);
                }
                ExprKind::Call { function, arguments } => {
                    visitor.name(function);
                    arguments.into_iter().for_each(|argument| visitor.argument(argument));
                }
                ExprKind::MemberCall { base, function, arguments } => {
                    visitor.expression(base);
                    visitor.name(function);
                    arguments.into_iter().for_each(|argument| visitor.argument(argument));
                }
                ExprKind::Unary { operand, .. } => visitor.expression(operand),
                ExprKind::Binary { operator_span, left, right, .. } => {
                    visitor.expression(left);
                    visitor.span(operator_span);
                    visitor.expression(right);
                }
                ExprKind::Between { value, low, high, .. } => {
                    visitor.expression(value);
                    visitor.expression(low);
                    visitor.expression(high);
                }
                ExprKind::InList { operator_span, value, list, .. } => {
                    visitor.expression(value);
                    visitor.span(operator_span);
                    list.into_iter().for_each(|item| visitor.expression(item));
                }
                ExprKind::Parenthesised(inner) => visitor.expression(inner),
                ExprKind::Pipeline(pipeline) => {
                    let Pipeline { source, operators } = &$($mutability)? **pipeline;
                    visitor.expression(source);
                    operators.into_iter().for_each(|operator| visitor.operator(operator));
                }
                ExprKind::Function { parameters, body, .. } => {
                    parameters.into_iter().for_each(|parameter| visitor.parameter(parameter));
                    body.into_iter().for_each(|statement| visitor.statement(statement));
                }
                ExprKind::Datatable { columns, values } => {
                    columns.into_iter().for_each(|column| visitor.column(column));
                    values.into_iter().for_each(|value| visitor.expression(value));
                }
                ExprKind::Externaldata { columns, uris, options } => {
                    columns.into_iter().for_each(|column| visitor.column(column));
                    uris.into_iter().for_each(|uri| visitor.expression(uri));
                    options.into_iter().for_each(|option| visitor.option(option));
                }
                ExprKind::Typeof(items) => {
                    for item in items {
                        match item {
                            TypeofItem::Type(name) => visitor.name(name),
                            TypeofItem::Column(column) => visitor.column(column),
                        }
                    }
                }
                ExprKind::OperatorSource(operator) => visitor.operator(operator),
            }
        }

        pub fn $walk_operator<V: $visitor + ?Sized>(visitor: &mut V, operator: &$($mutability)? Operator) {
            visitor.span(&$($mutability)? operator.span);
            match &$($mutability)? operator.kind {
                OperatorKind::Where { options, predicate } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.expression(predicate);
                }
                OperatorKind::Extend(list)
                | OperatorKind::Project(list)
                | OperatorKind::ProjectRename(list)
                | OperatorKind::Print(list)
                | OperatorKind::Serialize(list) => list.into_iter().for_each(|named| visitor.named(named)),
                OperatorKind::ProjectAway(list)
                | OperatorKind::ProjectKeep(list)
                | OperatorKind::ProjectReorder(list) => {
                    for pattern in list {
                        visitor.name(&$($mutability)? pattern.name);
                    }
                }
                OperatorKind::Distinct { options, columns } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    columns.into_iter().for_each(|named| visitor.named(named));
                }
                OperatorKind::Summarize { options, aggregates, by } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    aggregates.into_iter().for_each(|named| visitor.named(named));
                    for named in by.into_iter().flatten() {
                        visitor.named(named);
                    }
                }
                OperatorKind::Sort { options, keys } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    for key in keys {
                        visitor.named(&$($mutability)? key.value);
                    }
                }
                OperatorKind::Top { options, count, by, with_others } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.expression(count);
                    for key in by {
                        visitor.named(&$($mutability)? key.value);
                    }
                    with_others.into_iter().for_each(|value| visitor.expression(value));
                }
                OperatorKind::Take { count } | OperatorKind::Sample { count } => visitor.expression(count),
                OperatorKind::SampleDistinct { count, of } => {
                    visitor.expression(count);
                    visitor.expression(of);
                }
                OperatorKind::Count { as_name } => as_name.into_iter().for_each(|name| visitor.name(name)),
                OperatorKind::Join { options, right, on } | OperatorKind::Lookup { options, right, on } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.expression(right);
                    on.into_iter().for_each(|value| visitor.expression(value));
                }
                OperatorKind::Union { options, tables } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    tables.into_iter().for_each(|table| visitor.expression(table));
                }
                OperatorKind::As { options, name } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.name(name);
                }
                OperatorKind::Range { name, from, to, step } => {
                    visitor.name(name);
                    visitor.expression(from);
                    visitor.expression(to);
                    visitor.expression(step);
                }
                OperatorKind::MvExpand { options, columns, limit } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    for column in columns {
                        visitor.named(&$($mutability)? column.value);
                        (&$($mutability)? column.to_type).into_iter().for_each(|name| visitor.name(name));
                    }
                    limit.into_iter().for_each(|value| visitor.expression(value));
                }
                OperatorKind::MvApply { options, columns, limit, id, body } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    for column in columns {
                        visitor.named(&$($mutability)? column.value);
                        (&$($mutability)? column.to_type).into_iter().for_each(|name| visitor.name(name));
                    }
                    limit.into_iter().for_each(|value| visitor.expression(value));
                    id.into_iter().for_each(|value| visitor.expression(value));
                    body.into_iter().for_each(|operator| visitor.operator(operator));
                }
                OperatorKind::Parse { options, value, pattern, .. } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.expression(value);
                    for piece in pattern {
                        match piece {
                            ParsePiece::Skip(span) => visitor.span(span),
                            ParsePiece::Text(text) => visitor.expression(text),
                            ParsePiece::Column { name, type_name } => {
                                visitor.name(name);
                                type_name.into_iter().for_each(|name| visitor.name(name));
                            }
                        }
                    }
                }
                OperatorKind::ParseKv { value, columns, options } => {
                    visitor.expression(value);
                    columns.into_iter().for_each(|column| visitor.column(column));
                    options.into_iter().for_each(|option| visitor.option(option));
                }
                OperatorKind::MakeSeries { options, aggregates, on, range, by } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    for aggregate in aggregates {
                        visitor.named(&$($mutability)? aggregate.value);
                        (&$($mutability)? aggregate.default).into_iter().for_each(|value| visitor.expression(value));
                    }
                    visitor.named(on);
                    match range {
                        SeriesRange::FromToStep { from, to, step } => {
                            from.into_iter().for_each(|value| visitor.expression(value));
                            to.into_iter().for_each(|value| visitor.expression(value));
                            visitor.expression(step);
                        }
                        SeriesRange::InRange { from, to, step } => {
                            visitor.expression(from);
                            visitor.expression(to);
                            visitor.expression(step);
                        }
                    }
                    by.into_iter().for_each(|named| visitor.named(named));
                }
                OperatorKind::Scan { options, order_by, partition_by, declare, steps } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    for key in order_by {
                        visitor.named(&$($mutability)? key.value);
                    }
                    partition_by.into_iter().for_each(|value| visitor.expression(value));
                    for declaration in declare {
                        visitor.name(&$($mutability)? declaration.name);
                        visitor.name(&$($mutability)? declaration.type_name);
                        (&$($mutability)? declaration.default).into_iter().for_each(|value| visitor.expression(value));
                    }
                    for step in steps {
                        visitor.span(&$($mutability)? step.span);
                        visitor.name(&$($mutability)? step.name);
                        (&$($mutability)? step.output).into_iter().for_each(|name| visitor.name(name));
                        visitor.expression(&$($mutability)? step.condition);
                        for named in &$($mutability)? step.assignments {
                            visitor.named(named);
                        }
                    }
                }
                OperatorKind::Partition { options, by, body } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.expression(by);
                    match body {
                        PartitionBody::Operators(operators) => {
                            operators.into_iter().for_each(|operator| visitor.operator(operator));
                        }
                        PartitionBody::Query(query) => visitor.expression(query),
                    }
                }
                OperatorKind::TopNested(levels) => {
                    for level in levels {
                        visitor.span(&$($mutability)? level.span);
                        (&$($mutability)? level.count).into_iter().for_each(|value| visitor.expression(value));
                        visitor.named(&$($mutability)? level.by);
                        (&$($mutability)? level.with_others).into_iter().for_each(|value| visitor.expression(value));
                        visitor.named(&$($mutability)? level.aggregate);
                    }
                }
                OperatorKind::TopHitters { count, of, by } => {
                    visitor.expression(count);
                    visitor.named(of);
                    by.into_iter().for_each(|named| visitor.named(named));
                }
                OperatorKind::Evaluate { options, plugin, arguments, schema } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    visitor.name(plugin);
                    arguments.into_iter().for_each(|argument| visitor.argument(argument));
                    if let Some(PluginSchema { columns, .. }) = schema {
                        columns.into_iter().for_each(|column| visitor.column(column));
                    }
                }
                OperatorKind::Invoke { function, arguments } => {
                    visitor.name(function);
                    arguments.into_iter().for_each(|argument| visitor.argument(argument));
                }
                OperatorKind::Search { options, tables, predicate } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    tables.into_iter().for_each(|table| visitor.expression(table));
                    visitor.expression(predicate);
                }
                OperatorKind::Find { options, tables, predicate, projection } => {
                    options.into_iter().for_each(|option| visitor.option(option));
                    tables.into_iter().for_each(|table| visitor.expression(table));
                    visitor.expression(predicate);
                    match projection {
                        None | Some(FindProjection::ProjectSmart) => {}
                        Some(FindProjection::Project(columns)) => {
                            for column in columns {
                                visitor.name(&$($mutability)? column.name);
                                (&$($mutability)? column.type_name).into_iter().for_each(|name| visitor.name(name));
                            }
                        }
                        Some(FindProjection::ProjectAway(names)) => {
                            names.into_iter().for_each(|name| visitor.name(name));
                        }
                    }
                }
                OperatorKind::Render { chart, options } => {
                    chart.into_iter().for_each(|name| visitor.name(name));
                    options.into_iter().for_each(|option| visitor.option(option));
                }
                OperatorKind::Consume { options } => options.into_iter().for_each(|option| visitor.option(option)),
                OperatorKind::Fork(branches) => {
                    for branch in branches {
                        visitor.span(&$($mutability)? branch.span);
                        (&$($mutability)? branch.name).into_iter().for_each(|name| visitor.name(name));
                        for operator in &$($mutability)? branch.operators {
                            visitor.operator(operator);
                        }
                    }
                }
                OperatorKind::Facet { by, body } => {
                    by.into_iter().for_each(|value| visitor.expression(value));
                    for operator in body.into_iter().flatten() {
                        visitor.operator(operator);
                    }
                }
                OperatorKind::Reduce { by, options } => {
                    visitor.expression(by);
                    options.into_iter().for_each(|option| visitor.option(option));
                }
                OperatorKind::Assert { condition, message } => {
                    visitor.expression(condition);
                    visitor.expression(message);
                }
                OperatorKind::Other { keyword, .. } => visitor.name(keyword),
                OperatorKind::Getschema | OperatorKind::Error => {}
            }
        }
    };
}

walker!(Visitor, walk_expression, walk_operator, walk_statement, ());
walker!(VisitorMut, walk_expression_mut, walk_operator_mut, walk_statement_mut, (mut));
