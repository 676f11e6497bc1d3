//! Tabular operators → text.

use super::expressions::expression;
use super::lists::{
    arguments, name, named_after_options, named_expression, named_expressions, options, pattern, plugin_schema,
    row_schema, separated, with_options,
};
use crate::kql::syntax::{
    ColumnPattern, Direction, Expr, FindProjection, MvExpandColumn, NullsOrder, Operator, OperatorKind, ParsePiece,
    PartitionBody, PatternOrder, ScanStep, SeriesRange, SortKey, TopNestedLevel,
};
use crate::kql::values::quote_name;

pub fn operator(text: &mut String, operator: &Operator) {
    match &operator.kind {
        OperatorKind::Where { options: list, predicate } => {
            with_keyword(text, "where", list);
            clause(text, " ", predicate);
        }
        OperatorKind::Extend(list) => keyword_list(text, "extend ", list, named_expression),
        OperatorKind::Project(list) if list.is_empty() => text.push_str("project"),
        OperatorKind::Project(list) => keyword_list(text, "project ", list, named_expression),
        OperatorKind::ProjectAway(list) => keyword_list(text, "project-away ", list, column_pattern),
        OperatorKind::ProjectKeep(list) => keyword_list(text, "project-keep ", list, column_pattern),
        OperatorKind::ProjectRename(list) => keyword_list(text, "project-rename ", list, named_expression),
        OperatorKind::ProjectReorder(list) => keyword_list(text, "project-reorder ", list, column_pattern),
        OperatorKind::Distinct { options: list, columns } => {
            with_keyword(text, "distinct", list);
            keyword_list(text, " ", columns, named_expression);
        }
        OperatorKind::Summarize { options: list, aggregates, by } => {
            with_keyword(text, "summarize", list);
            if !aggregates.is_empty() {
                keyword_list(text, " ", aggregates, named_expression);
            }
            if let Some(by) = by {
                keyword_list(text, " by ", by, named_expression);
            }
        }
        OperatorKind::Sort { options: list, keys } => {
            with_keyword(text, "sort", list);
            keyword_list(text, " by ", keys, sort_key);
        }
        OperatorKind::Top { options: list, count, by, with_others } => {
            with_keyword(text, "top", list);
            clause(text, " ", count);
            keyword_list(text, " by ", by, sort_key);
            optional_clause(text, " with others = ", with_others.as_ref());
        }
        OperatorKind::Take { count } => clause(text, "take ", count),
        OperatorKind::Sample { count } => clause(text, "sample ", count),
        OperatorKind::SampleDistinct { count, of } => {
            clause(text, "sample-distinct ", count);
            clause(text, " of ", of);
        }
        OperatorKind::Count { as_name } => {
            text.push_str("count");
            if let Some(as_name) = as_name {
                text.push_str(" as ");
                name(text, as_name);
            }
        }
        OperatorKind::Join { options: list, right, on } => join(text, "join", list, right, on),
        OperatorKind::Lookup { options: list, right, on } => join(text, "lookup", list, right, on),
        OperatorKind::Union { options: list, tables } => {
            with_keyword(text, "union", list);
            keyword_list(text, " ", tables, expression);
        }
        OperatorKind::As { options: list, name: found } => {
            with_keyword(text, "as", list);
            text.push(' ');
            name(text, found);
        }
        OperatorKind::Print(list) => keyword_list(text, "print ", list, named_expression),
        OperatorKind::Range { name: column, from, to, step } => {
            text.push_str("range ");
            name(text, column);
            clause(text, " from ", from);
            clause(text, " to ", to);
            clause(text, " step ", step);
        }
        OperatorKind::MvExpand { options: list, columns, limit } => {
            with_keyword(text, "mv-expand", list);
            keyword_list(text, " ", columns, mv_column);
            optional_clause(text, " limit ", limit.as_ref());
        }
        OperatorKind::MvApply { options: list, columns, limit, id, body } => {
            with_keyword(text, "mv-apply", list);
            keyword_list(text, " ", columns, mv_column);
            optional_clause(text, " limit ", limit.as_ref());
            optional_clause(text, " id ", id.as_ref());
            text.push_str(" on ");
            stages(text, body);
        }
        OperatorKind::Parse { filter, options: list, value, pattern } => {
            with_keyword(text, if *filter { "parse-where" } else { "parse" }, list);
            clause(text, " ", value);
            text.push_str(" with ");
            separated(text, pattern, " ", parse_piece);
        }
        OperatorKind::ParseKv { value, columns, options: list } => {
            clause(text, "parse-kv ", value);
            text.push_str(" as ");
            row_schema(text, columns);
            with_options(text, list);
        }
        OperatorKind::MakeSeries { options: list, aggregates, on, range, by } => {
            with_keyword(text, "make-series", list);
            keyword_list(text, " ", aggregates, |text, aggregate| {
                named_after_options(text, &aggregate.value);
                optional_clause(text, " default=", aggregate.default.as_ref());
            });
            text.push_str(" on ");
            named_expression(text, on);
            series_range(text, range);
            if !by.is_empty() {
                keyword_list(text, " by ", by, named_expression);
            }
        }
        OperatorKind::Serialize(list) if list.is_empty() => text.push_str("serialize"),
        OperatorKind::Serialize(list) => keyword_list(text, "serialize ", list, named_expression),
        OperatorKind::Scan { options: list, order_by, partition_by, declare, steps } => {
            with_keyword(text, "scan", list);
            if !order_by.is_empty() {
                keyword_list(text, " order by ", order_by, sort_key);
            }
            if !partition_by.is_empty() {
                keyword_list(text, " partition by ", partition_by, expression);
            }
            if !declare.is_empty() {
                keyword_list(text, " declare (", declare, |text, declaration| {
                    name(text, &declaration.name);
                    text.push(':');
                    text.push_str(&declaration.type_name.text);
                    optional_clause(text, " = ", declaration.default.as_ref());
                });
                text.push(')');
            }
            text.push_str(" with (");
            separated(text, steps, " ", scan_step);
            text.push(')');
        }
        OperatorKind::Partition { options: list, by, body } => {
            with_keyword(text, "partition", list);
            clause(text, " by ", by);
            text.push(' ');
            match body {
                PartitionBody::Operators(operators) => stages(text, operators),
                PartitionBody::Query(query) => {
                    clause(text, "{ ", query);
                    text.push_str(" }");
                }
            }
        }
        OperatorKind::TopNested(levels) => separated(text, levels, ", ", top_nested_level),
        OperatorKind::TopHitters { count, of, by } => {
            clause(text, "top-hitters ", count);
            text.push_str(" of ");
            named_expression(text, of);
            if let Some(by) = by {
                text.push_str(" by ");
                named_expression(text, by);
            }
        }
        OperatorKind::Evaluate { options: list, plugin, arguments: values, schema } => {
            with_keyword(text, "evaluate", list);
            text.push(' ');
            name(text, plugin);
            arguments(text, values);
            if let Some(schema) = schema {
                text.push_str(" : ");
                plugin_schema(text, schema);
            }
        }
        OperatorKind::Invoke { function, arguments: values } => {
            text.push_str("invoke ");
            name(text, function);
            arguments(text, values);
        }
        OperatorKind::Search { options: list, tables, predicate } => {
            with_keyword(text, "search", list);
            in_tables(text, tables);
            clause(text, " ", predicate);
        }
        OperatorKind::Find { options: list, tables, predicate, projection } => {
            with_keyword(text, "find", list);
            in_tables(text, tables);
            clause(text, " where ", predicate);
            if let Some(projection) = projection {
                find_projection(text, projection);
            }
        }
        OperatorKind::Getschema => text.push_str("getschema"),
        OperatorKind::Render { chart, options: list } => {
            text.push_str("render");
            if let Some(chart) = chart {
                // A bare word, also one that a name would have to be quoted for.
                text.push(' ');
                text.push_str(&chart.text);
            }
            with_options(text, list);
        }
        OperatorKind::Consume { options: list } => with_keyword(text, "consume", list),
        OperatorKind::Fork(branches) => keyword_list_by(text, "fork ", branches, " ", |text, branch| {
            if let Some(found) = &branch.name {
                name(text, found);
                text.push('=');
            }
            stages(text, &branch.operators);
        }),
        OperatorKind::Facet { by, body } => {
            keyword_list(text, "facet by ", by, expression);
            if let Some(body) = body {
                text.push_str(" with ");
                stages(text, body);
            }
        }
        OperatorKind::Reduce { by, options: list } => {
            clause(text, "reduce by ", by);
            if !list.is_empty() {
                keyword_list(text, " with ", list, |text, option| {
                    text.push_str(&quote_name(&option.name.text));
                    clause(text, "=", &option.value);
                });
            }
        }
        OperatorKind::Assert { condition, message } => {
            clause(text, "assert ", condition);
            clause(text, ", ", message);
        }
        OperatorKind::Other { keyword, text: rest } => {
            text.push_str(&keyword.text);
            if !rest.is_empty() {
                text.push(' ');
                text.push_str(rest);
            }
        }
        OperatorKind::Error => text.push_str("['unreadable text']"),
    }
}

fn with_keyword(text: &mut String, keyword: &str, list: &[crate::kql::syntax::NamedOption]) {
    text.push_str(keyword);
    options(text, list);
}

fn clause(text: &mut String, introduction: &str, value: &Expr) {
    text.push_str(introduction);
    expression(text, value);
}

fn optional_clause(text: &mut String, introduction: &str, value: Option<&Expr>) {
    if let Some(value) = value {
        clause(text, introduction, value);
    }
}

fn keyword_list<T>(text: &mut String, introduction: &str, items: &[T], item: impl FnMut(&mut String, &T)) {
    keyword_list_by(text, introduction, items, ", ", item);
}

fn keyword_list_by<T>(
    text: &mut String,
    introduction: &str,
    items: &[T],
    separator: &str,
    item: impl FnMut(&mut String, &T),
) {
    text.push_str(introduction);
    separated(text, items, separator, item);
}

fn join(text: &mut String, keyword: &str, list: &[crate::kql::syntax::NamedOption], right: &Expr, on: &[Expr]) {
    with_keyword(text, keyword, list);
    clause(text, " ", right);
    keyword_list(text, " on ", on, expression);
}

/// `(operator | operator)`.
fn stages(text: &mut String, operators: &[Operator]) {
    text.push('(');
    separated(text, operators, " | ", operator);
    text.push(')');
}

fn column_pattern(text: &mut String, column: &ColumnPattern) {
    pattern(text, &column.name);
    text.push_str(match column.direction {
        None => "",
        Some(PatternOrder::Ascending) => " asc",
        Some(PatternOrder::Descending) => " desc",
        Some(PatternOrder::GrannyAscending) => " granny-asc",
        Some(PatternOrder::GrannyDescending) => " granny-desc",
    });
}

fn direction(text: &mut String, direction: Option<Direction>) {
    text.push_str(match direction {
        None => "",
        Some(Direction::Ascending) => " asc",
        Some(Direction::Descending) => " desc",
    });
}

fn sort_key(text: &mut String, key: &SortKey) {
    named_expression(text, &key.value);
    direction(text, key.direction);
    text.push_str(match key.nulls {
        None => "",
        Some(NullsOrder::First) => " nulls first",
        Some(NullsOrder::Last) => " nulls last",
    });
}

fn mv_column(text: &mut String, column: &MvExpandColumn) {
    named_after_options(text, &column.value);
    if let Some(to_type) = &column.to_type {
        text.push_str(" to typeof(");
        text.push_str(&to_type.text);
        text.push(')');
    }
}

fn parse_piece(text: &mut String, piece: &ParsePiece) {
    match piece {
        ParsePiece::Skip(_) => text.push('*'),
        ParsePiece::Text(value) => expression(text, value),
        ParsePiece::Column { name: column, type_name } => {
            name(text, column);
            if let Some(type_name) = type_name {
                text.push(':');
                text.push_str(&type_name.text);
            }
        }
    }
}

fn series_range(text: &mut String, range: &SeriesRange) {
    match range {
        SeriesRange::FromToStep { from, to, step } => {
            optional_clause(text, " from ", from.as_ref());
            optional_clause(text, " to ", to.as_ref());
            clause(text, " step ", step);
        }
        SeriesRange::InRange { from, to, step } => {
            clause(text, " in range(", from);
            clause(text, ", ", to);
            clause(text, ", ", step);
            text.push(')');
        }
    }
}

fn scan_step(text: &mut String, step: &ScanStep) {
    text.push_str("step ");
    name(text, &step.name);
    if step.optional {
        text.push_str(" optional");
    }
    if let Some(output) = &step.output {
        text.push_str(" output=");
        name(text, output);
    }
    clause(text, ": ", &step.condition);
    if !step.assignments.is_empty() {
        text.push_str(" => ");
        named_expressions(text, &step.assignments);
    }
    text.push(';');
}

fn top_nested_level(text: &mut String, level: &TopNestedLevel) {
    text.push_str("top-nested");
    optional_clause(text, " ", level.count.as_ref());
    text.push_str(" of ");
    named_expression(text, &level.by);
    optional_clause(text, " with others = ", level.with_others.as_ref());
    text.push_str(" by ");
    named_expression(text, &level.aggregate);
    direction(text, level.aggregate_direction);
}

fn in_tables(text: &mut String, tables: &[Expr]) {
    if !tables.is_empty() {
        keyword_list(text, " in (", tables, expression);
        text.push(')');
    }
}

fn find_projection(text: &mut String, projection: &FindProjection) {
    match projection {
        FindProjection::Project(columns) => keyword_list(text, " project ", columns, |text, column| {
            match &column.type_name {
                _ if column.name.text == "*" => text.push_str("pack(*)"),
                None => name(text, &column.name),
                Some(type_name) => {
                    name(text, &column.name);
                    text.push(':');
                    text.push_str(&type_name.text);
                }
            };
        }),
        FindProjection::ProjectAway(columns) => keyword_list(text, " project-away ", columns, pattern),
        FindProjection::ProjectSmart => text.push_str(" project-smart"),
    }
}
