//! Binding a pipeline: which operator is bound where, and which are refused, with what to write instead.

use super::binder::Binder;
use super::scan::ScanClauses;
use super::tree::{Expr, NodeId};
use crate::kql::syntax::{NamedExpr, Operator, OperatorKind};

/// The word an operator is written with.
pub(super) fn word(kind: &OperatorKind) -> &str {
    match kind {
        OperatorKind::Where { .. } => "where",
        OperatorKind::Extend(_) => "extend",
        OperatorKind::Project(_) => "project",
        OperatorKind::ProjectAway(_) => "project-away",
        OperatorKind::ProjectKeep(_) => "project-keep",
        OperatorKind::ProjectRename(_) => "project-rename",
        OperatorKind::ProjectReorder(_) => "project-reorder",
        OperatorKind::Distinct { .. } => "distinct",
        OperatorKind::Summarize { .. } => "summarize",
        OperatorKind::Sort { .. } => "sort",
        OperatorKind::Top { .. } => "top",
        OperatorKind::Take { .. } => "take",
        OperatorKind::Sample { .. } => "sample",
        OperatorKind::SampleDistinct { .. } => "sample-distinct",
        OperatorKind::Count { .. } => "count",
        OperatorKind::Join { .. } => "join",
        OperatorKind::Lookup { .. } => "lookup",
        OperatorKind::Union { .. } => "union",
        OperatorKind::As { .. } => "as",
        OperatorKind::Print(_) => "print",
        OperatorKind::Range { .. } => "range",
        OperatorKind::MvExpand { .. } => "mv-expand",
        OperatorKind::MvApply { .. } => "mv-apply",
        OperatorKind::Parse { filter: false, .. } => "parse",
        OperatorKind::Parse { .. } => "parse-where",
        OperatorKind::ParseKv { .. } => "parse-kv",
        OperatorKind::MakeSeries { .. } => "make-series",
        OperatorKind::Serialize(_) => "serialize",
        OperatorKind::Scan { .. } => "scan",
        OperatorKind::Partition { .. } => "partition",
        OperatorKind::TopNested(_) => "top-nested",
        OperatorKind::TopHitters { .. } => "top-hitters",
        OperatorKind::Evaluate { .. } => "evaluate",
        OperatorKind::Invoke { .. } => "invoke",
        OperatorKind::Search { .. } => "search",
        OperatorKind::Find { .. } => "find",
        OperatorKind::Getschema => "getschema",
        OperatorKind::Render { .. } => "render",
        OperatorKind::Consume { .. } => "consume",
        OperatorKind::Fork(_) => "fork",
        OperatorKind::Facet { .. } => "facet",
        OperatorKind::Reduce { .. } => "reduce",
        OperatorKind::Assert { .. } => "assert",
        OperatorKind::Other { keyword, .. } => &keyword.text,
        OperatorKind::Error => "error",
    }
}

impl Binder<'_> {
    /// Binds one operator on the rows of `input`.
    pub fn operator(&mut self, operator: &Operator, input: NodeId) -> NodeId {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Where { predicate, .. } => self.filter(input, predicate, span),
            OperatorKind::Extend(values) => self.extend(input, values, span, "extend"),
            OperatorKind::Project(values) => self.project(input, values, span),
            OperatorKind::ProjectAway(patterns) => self.project_away(input, patterns, span),
            OperatorKind::ProjectKeep(patterns) => self.project_keep(input, patterns, span),
            OperatorKind::ProjectRename(values) => self.project_rename(input, values, span),
            OperatorKind::ProjectReorder(patterns) => self.project_reorder(input, patterns, span),
            OperatorKind::Distinct { columns, .. } => self.distinct(input, columns, span),
            OperatorKind::Summarize { aggregates, by, .. } => {
                self.summarize(input, aggregates, by.as_deref().unwrap_or_default(), span)
            }
            OperatorKind::Sort { keys, .. } => self.sort(input, keys, span, "sort"),
            OperatorKind::Top { count, by, with_others, .. } => {
                if let Some(others) = with_others {
                    self.unsupported(others.span, "'with others' of top", "");
                }
                let sorted = self.sort(input, by, span, "top");
                self.limit(sorted, count, span, "top")
            }
            OperatorKind::Take { count } => self.limit(input, count, span, "take"),
            OperatorKind::Sample { count } => self.limit(input, count, span, "sample"),
            OperatorKind::SampleDistinct { count, of } => {
                let column = NamedExpr { names: Vec::new(), value: of.clone() };
                let distinct = self.distinct(input, &[column], span);
                self.limit(distinct, count, span, "sample-distinct")
            }
            OperatorKind::Count { as_name } => self.count(input, as_name.as_ref(), span),
            OperatorKind::Join { options, right, on } => self.join(input, options, right, on, span),
            OperatorKind::Lookup { options, right, on } => self.lookup(input, options, right, on, span),
            OperatorKind::Union { options, tables } => self.union_of(tables, options, Some(input), span),
            OperatorKind::As { name, .. } => {
                let fields = self.fields(input).to_vec();
                let node = self.projection(input, fields, Vec::new(), span, "as");
                self.scope = super::scope::Scope::child(&self.scope);
                self.scope.set(&name.text, super::scope::Binding::Table(node));
                self.named.insert(node, name.text.clone());
                node
            }
            OperatorKind::MvExpand { options, columns, limit } => {
                self.mv_expand(input, options, columns, limit.as_ref(), span)
            }
            OperatorKind::MvApply { options, columns, limit, id, body } => {
                if let Some(id) = id {
                    self.unsupported(id.span, "'id' of mv-apply", "");
                }
                self.mv_apply(input, options, columns, limit.as_ref(), body, span)
            }
            OperatorKind::Parse { filter, options, value, pattern } => {
                self.parse(input, *filter, options, value, pattern, span)
            }
            OperatorKind::ParseKv { value, columns, options } => self.parse_kv(input, value, columns, options, span),
            OperatorKind::Serialize(values) => {
                let node = self.serialize(input, span);
                if values.is_empty() { node } else { self.extend(node, values, span, "serialize") }
            }
            OperatorKind::Partition { by, body, .. } => self.partition(input, by, body, span),
            OperatorKind::MakeSeries { aggregates, on, range, by, options } => {
                self.make_series(input, aggregates, on, range, by, options, span)
            }
            OperatorKind::TopNested(levels) => self.top_nested(input, levels, span),
            OperatorKind::Scan { options, order_by, partition_by, declare, steps } => {
                self.scan(input, &ScanClauses { options, order_by, partition_by, declare }, steps, span)
            }
            OperatorKind::Evaluate { plugin, arguments, schema, .. } => {
                self.evaluate(input, plugin, arguments, schema.as_ref(), span)
            }
            OperatorKind::Invoke { function, arguments } => self.invoke(input, function, arguments, span),
            OperatorKind::Search { options, tables, predicate } => {
                self.search(Some(input), tables, predicate, options, span)
            }
            OperatorKind::Getschema => self.getschema(input, span),
            OperatorKind::Render { chart, .. } => {
                self.render = Some(chart.as_ref().map_or_else(|| "table".to_owned(), |name| name.text.clone()));
                input
            }
            OperatorKind::Consume { .. } => self.filter_by(input, Expr::bool(false), span, "consume"),
            OperatorKind::Fork(_) => {
                self.unsupported(span, "'fork'", "write one query for each branch");
                input
            }
            OperatorKind::Facet { .. } => {
                self.unsupported(span, "'facet'", "write one 'summarize count() by …' for each column");
                input
            }
            OperatorKind::Reduce { .. } => {
                self.unsupported(span, "'reduce'", "group with 'summarize count() by …'");
                self.unknown_table(span)
            }
            OperatorKind::TopHitters { count, of, by } => self.top_hitters(input, count, of, by.as_ref(), span),
            OperatorKind::Find { .. } | OperatorKind::Print(_) | OperatorKind::Range { .. } => {
                self.error(
                    "operator-place",
                    span,
                    format!("'{}' starts a query; it cannot stand after '|'", word(&operator.kind)),
                );
                self.unknown_table(span)
            }
            OperatorKind::Assert { .. } | OperatorKind::Other { .. } => {
                let instead = match word(&operator.kind) {
                    graph if graph.contains("graph") => "join the table with itself, once for each step",
                    _ => "",
                };
                self.unsupported(span, &format!("the operator '{}'", word(&operator.kind)), instead);
                self.unknown_table(span)
            }
            OperatorKind::Error => self.unknown_table(span),
        }
    }
}
