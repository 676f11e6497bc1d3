//! Binding search and find: predicates over all columns of several tables.

use super::binder::{Binder, Context};
use super::join::option_word;
use super::tree::{Expr, ExprKind, Field, NodeId, NodeKind};
use crate::kql::span::Span;
use crate::kql::syntax::{self, BinaryOperator, FindProjection, LiteralValue, NamedOption};
use crate::kql::walk::{Visitor, walk_expression};
use crate::schema::ScalarType;

/// The column of `find` for what its other columns leave out.
const PACKED: &str = "pack_";

impl Binder<'_> {
    /// `search [in (tables)] predicate`, and `input | search predicate`.
    pub fn search(
        &mut self,
        input: Option<NodeId>,
        tables: &[syntax::Expr],
        predicate: &syntax::Expr,
        options: &[NamedOption],
        span: Span,
    ) -> NodeId {
        let exact = option_word(options, "kind").is_some_and(|(word, _)| word == "case_sensitive");
        let inputs = self.searched(input, tables, span);
        let mut found = Vec::new();
        for (node, name) in inputs {
            let condition = self.search_predicate(predicate, node, exact, tables.len() != 1);
            let node = self.filter_by(node, condition, span, "search");
            found.push((node, name));
        }
        if found.is_empty() {
            return self.unknown_table(span);
        }
        self.union_node(&found, false, Some("$table".to_owned()), "search_arg", span)
    }

    fn searched(
        &mut self,
        input: Option<NodeId>,
        tables: &[syntax::Expr],
        span: Span,
    ) -> Vec<(NodeId, Option<String>)> {
        let mut inputs = Vec::new();
        if let Some(input) = input {
            inputs.push((input, self.source_name(input)));
        }
        let patterns: Vec<syntax::Name> = if tables.is_empty() && input.is_none() {
            vec![syntax::Name { text: "*".to_owned(), span }]
        } else {
            tables
                .iter()
                .filter_map(|table| match &table.kind {
                    syntax::ExprKind::Wildcard(pattern) => Some(pattern.clone()),
                    _ => None,
                })
                .collect()
        };
        for pattern in patterns {
            inputs.extend(self.views_like(&pattern, span));
            for name in self.wildcard_tables(&pattern.text) {
                if let Some(schema) = self.environment.schema.table(&name).cloned()
                    && !name.ends_with("()")
                {
                    inputs.push((self.table_node(&schema, span), Some(name)));
                }
            }
        }
        for table in tables {
            if !matches!(table.kind, syntax::ExprKind::Wildcard(_)) {
                let node = self.table(table);
                let name = self.view_name(table).or_else(|| self.source_name(node));
                inputs.push((node, name));
            }
        }
        inputs
    }

    /// Binds a search predicate on one table: a lone string is sought in every column. Where several tables are
    /// searched, a table that lacks a column of the predicate has no matches.
    fn search_predicate(&mut self, predicate: &syntax::Expr, node: NodeId, exact: bool, several: bool) -> Expr {
        use syntax::ExprKind as Kind;
        match &predicate.kind {
            Kind::Parenthesised(inner) => self.search_predicate(inner, node, exact, several),
            Kind::Literal(literal) => match &literal.value {
                LiteralValue::String(text) => self.anywhere(text, node, exact, predicate.span),
                LiteralValue::Bool(Some(value)) => Expr::bool(*value),
                _ => self.anywhere(&literal.text, node, exact, predicate.span),
            },
            Kind::Wildcard(_) => Expr::bool(true),
            Kind::Binary { operator: operator @ (BinaryOperator::And | BinaryOperator::Or), left, right, .. } => {
                let operands = vec![
                    self.search_predicate(left, node, exact, several),
                    self.search_predicate(right, node, exact, several),
                ];
                let kind = match operator {
                    BinaryOperator::And => ExprKind::And(operands),
                    _ => ExprKind::Or(operands),
                };
                Expr::new(kind, ScalarType::Bool)
            }
            Kind::Call { function, arguments } if function.text == "not" => match arguments.as_slice() {
                [only] => super::expressions::negate(self.search_predicate(&only.value, node, exact, several)),
                _ => self.predicate(predicate, &mut Context::rows(node)),
            },
            Kind::Binary { operator: BinaryOperator::Colon, left, right, .. } => {
                if let (Kind::Name(column), Kind::Literal(literal)) = (&left.kind, &right.kind)
                    && let LiteralValue::String(text) = &literal.value
                {
                    let field = self.fields(node).iter().find(|field| field.name == column.text).cloned();
                    return match field {
                        Some(field) => {
                            let value = self.field_expr(&field);
                            self.term(value, text, exact, predicate.span)
                        }
                        None if several => Expr::bool(false),
                        None => self.predicate(left, &mut Context::rows(node)),
                    };
                }
                self.predicate(predicate, &mut Context::rows(node))
            }
            _ if several => self.predicate_where_known(predicate, node),
            _ => self.predicate(predicate, &mut Context::rows(node)),
        }
    }

    /// A predicate that is false where all that is wrong with it is a column that the table lacks.
    fn predicate_where_known(&mut self, predicate: &syntax::Expr, node: NodeId) -> Expr {
        let before = self.diagnostics.len();
        let outer = std::mem::replace(&mut self.terse, true);
        let bound = self.predicate(predicate, &mut Context::rows(node));
        self.terse = outer;
        if self.diagnostics.len() == before {
            return bound;
        }
        let only_missing = self.diagnostics.iter().skip(before).all(|found| found.code == "unknown-column");
        self.diagnostics.truncate(before);
        if only_missing { Expr::bool(false) } else { self.predicate(predicate, &mut Context::rows(node)) }
    }

    /// A term in any column. Real numbers are not searched, as in the engine.
    fn anywhere(&mut self, text: &str, node: NodeId, exact: bool, span: Span) -> Expr {
        // Of a table without rows one column is as good as all.
        let is_empty =
            matches!(self.nodes.get(node.0).map(|node| &node.kind), Some(NodeKind::Table { is_empty: true, .. }));
        let mut found = Vec::new();
        for field in self.fields(node).to_vec() {
            if may_hold(field.scalar_type, text) && !self.unknown.contains(&field.id) {
                found.push(self.term(Expr::column(&field), text, exact, span));
                if is_empty {
                    break;
                }
            }
        }
        Expr::new(ExprKind::Or(found), ScalarType::Bool)
    }

    /// `"x"` is a whole term, `"x*"` a prefix, `"*x"` a suffix, `"*x*"` any part, `"a*b"` a pattern.
    fn term(&mut self, value: Expr, text: &str, exact: bool, span: Span) -> Expr {
        use BinaryOperator as Op;
        let value = self.cast(value, ScalarType::String);
        let starts = text.starts_with('*');
        let ends = text.len() > 1 && text.ends_with('*');
        let inner = text.trim_start_matches('*').trim_end_matches('*');
        if text == "*" {
            return Expr::bool(true);
        }
        if inner.contains('*') {
            let parts: Vec<String> = inner.split('*').map(regex::escape).collect();
            let case = if exact { "" } else { "(?i)" };
            let pattern = format!("(?s){case}{}", parts.join(".*"));
            return self.binary_of(Op::MatchesRegex, span, value, Expr::string(pattern));
        }
        let operator = match (starts, ends, exact) {
            (true, true, false) => Op::Contains,
            (true, true, true) => Op::ContainsCs,
            (true, false, false) => Op::HasSuffix,
            (true, false, true) => Op::HasSuffixCs,
            (false, true, false) => Op::HasPrefix,
            (false, true, true) => Op::HasPrefixCs,
            (false, false, false) => Op::Has,
            (false, false, true) => Op::HasCs,
        };
        self.binary_of(operator, span, value, Expr::string(inner))
    }

    /// `find [in (tables)] where predicate [project …]`.
    pub fn find_tables(
        &mut self,
        tables: &[syntax::Expr],
        predicate: &syntax::Expr,
        projection: Option<&FindProjection>,
        options: &[NamedOption],
        span: Span,
    ) -> NodeId {
        let inputs = self.searched(None, tables, span);
        let mut asked: Vec<(NodeId, Option<String>, Expr)> = Vec::new();
        for (place, (node, name)) in inputs.into_iter().enumerate() {
            let condition = self.search_predicate(predicate, node, false, true);
            asked.push((node, name.or_else(|| Some(format!("find_arg{place}"))), condition));
        }
        // A table that lacks a column of the predicate is not read, unless none has it.
        if !asked.iter().all(|(_, _, condition)| is_never(condition)) {
            asked.retain(|(_, _, condition)| !is_never(condition));
        }
        let (columns, packs) = match projection {
            Some(FindProjection::Project(columns)) => {
                let packs = columns.iter().any(|column| column.name.text == "*");
                let columns = columns
                    .iter()
                    .filter(|column| column.name.text != "*")
                    .map(|column| {
                        let declared = column.type_name.as_ref().and_then(|name| self.scalar_type(name));
                        let found = asked.iter().find_map(|(node, ..)| {
                            self.fields(*node).iter().find(|field| field.name == column.name.text)
                        });
                        let found = declared.or_else(|| found.map(|field| field.scalar_type));
                        let scalar_type = found.unwrap_or_else(|| self.column_type_anywhere(&column.name.text));
                        Shown { name: column.name.text.clone(), scalar_type, declared: declared.is_some() }
                    })
                    .collect();
                (columns, packs)
            }
            Some(FindProjection::ProjectAway(_)) => {
                self.unsupported(span, "'project-away' of find", "say which columns to show: 'project A, B'");
                return self.unknown_table(span);
            }
            Some(FindProjection::ProjectSmart) | None => (self.smart_columns(&asked, predicate), true),
        };
        let shows = |field: &Field| columns.iter().any(|one| one.is(field));
        let packs = packs && asked.iter().any(|(node, ..)| !self.fields(*node).iter().all(shows));
        let mut found = Vec::new();
        for (node, name, condition) in asked {
            let node = self.filter_by(node, condition, span, "find");
            let mut fields = Vec::new();
            let mut computed = Vec::new();
            let rest: Vec<Field> = self.fields(node).iter().filter(|field| !shows(field)).cloned().collect();
            for column in &columns {
                match self.fields(node).iter().find(|field| column.is(field)).cloned() {
                    Some(field) if column.declared && field.scalar_type != column.scalar_type => {
                        let cast = self.new_field(column.name.as_str(), column.scalar_type);
                        let value = self.cast(Expr::column(&field), column.scalar_type);
                        computed.push((cast.id, value));
                        fields.push(cast);
                    }
                    Some(field) => fields.push(field),
                    None => {
                        let field = self.new_field(column.name.as_str(), column.scalar_type);
                        computed.push((field.id, Expr::null(column.scalar_type)));
                        fields.push(field);
                    }
                }
            }
            if packs {
                let field = self.new_field(PACKED, ScalarType::Dynamic);
                computed.push((field.id, self.packed(&rest)));
                fields.push(field);
            }
            found.push((self.projection(node, fields, computed, span, "find"), name));
        }
        if found.is_empty() {
            return self.unknown_table(span);
        }
        let source = option_word(options, "withsource").map_or_else(|| "source_".to_owned(), |(word, _)| word);
        let node = self.union_node(&found, false, Some(source), "find_arg", span);
        // Columns that split by type come before it too.
        let mut fields = self.fields(node).to_vec();
        fields.sort_by_key(|field| packs && field.name == PACKED);
        self.projection(node, fields, Vec::new(), span, "find")
    }

    /// What `find` shows unless told: the columns that all tables have which are read, then those that the condition
    /// names.
    fn smart_columns(&self, read: &[(NodeId, Option<String>, Expr)], predicate: &syntax::Expr) -> Vec<Shown> {
        let mut named = Named::default();
        named.expression(predicate);
        let everywhere = |field: &Field| {
            read.iter().all(|(node, ..)| {
                self.fields(*node).iter().any(|one| one.name == field.name && one.scalar_type == field.scalar_type)
            })
        };
        let fields = || read.iter().flat_map(|(node, ..)| self.fields(*node));
        let wanted = fields().filter(|field| everywhere(field));
        let wanted = wanted.chain(fields().filter(|field| named.names.contains(&field.name)));
        let mut shown: Vec<Shown> = Vec::new();
        for field in wanted {
            if !shown.iter().any(|one| one.is(field)) {
                shown.push(Shown { name: field.name.clone(), scalar_type: field.scalar_type, declared: false });
            }
        }
        shown
    }

    fn column_type_anywhere(&self, name: &str) -> ScalarType {
        self.environment
            .schema
            .tables()
            .find_map(|table| table.column(name))
            .map_or(ScalarType::String, |column| column.scalar_type)
    }
}

/// Whether a condition is false for every row, as that of a table without the column is.
fn is_never(condition: &Expr) -> bool {
    match &condition.kind {
        ExprKind::And(operands) => operands.iter().any(is_never),
        ExprKind::Or(operands) => operands.iter().all(is_never),
        _ => *condition == Expr::bool(false),
    }
}

/// Whether a value of a type may have what is sought in it: the text of a number has digits alone.
fn may_hold(scalar_type: ScalarType, text: &str) -> bool {
    let mut sought = text.chars().filter(|character| *character != '*');
    match scalar_type {
        ScalarType::String | ScalarType::Dynamic => true,
        ScalarType::Int | ScalarType::Long => sought.all(|one| one.is_ascii_digit() || one == '-'),
        ScalarType::Guid => sought.all(|one| one.is_ascii_hexdigit() || one == '-'),
        _ => false,
    }
}

/// A column of find's result.
struct Shown {
    name: String,
    scalar_type: ScalarType,
    /// The type was asked for, `Name:type`: other types are cast to it.
    declared: bool,
}

impl Shown {
    fn is(&self, field: &Field) -> bool {
        self.name == field.name
    }
}

/// The names in an expression.
#[derive(Default)]
struct Named {
    names: std::collections::HashSet<String>,
}

impl Visitor for Named {
    fn expression(&mut self, expression: &syntax::Expr) {
        if let syntax::ExprKind::Name(name) = &expression.kind {
            self.names.insert(name.text.clone());
        }
        walk_expression(self, expression);
    }
}
