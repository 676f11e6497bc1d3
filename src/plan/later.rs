//! Operators that are parsed but not run yet: each is refused by name.

use super::binder::Binder;
use super::tree::NodeId;
use crate::kql::span::Span;
use crate::kql::syntax::{
    self, Argument, ColumnDeclaration, Expr, FindProjection, MvExpandColumn, Name, NamedExpr, NamedOption, Operator,
    ParsePiece, PartitionBody, ScanDeclaration, ScanStep, SeriesAggregate, SeriesRange, SortKey, TopNestedLevel,
};

impl Binder<'_> {
    pub fn external_data(&mut self, _c: &[ColumnDeclaration], _u: &[Expr], _o: &[NamedOption], span: Span) -> NodeId {
        self.diagnostics.push(crate::kql::diagnostic::Diagnostic::needs_input(
            "externaldata",
            span,
            "externaldata reads a file that is not mapped",
        ));
        self.unknown_table(span)
    }
    pub fn parse(
        &mut self,
        _i: NodeId,
        _f: bool,
        _o: &[NamedOption],
        _v: &Expr,
        _p: &[ParsePiece],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "parse", "");
        self.unknown_table(span)
    }
    pub fn parse_kv(
        &mut self,
        _i: NodeId,
        _v: &Expr,
        _c: &[ColumnDeclaration],
        _o: &[NamedOption],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "parse-kv", "");
        self.unknown_table(span)
    }
    #[expect(clippy::too_many_arguments, reason = "x")]
    pub fn make_series(
        &mut self,
        _i: NodeId,
        _a: &[SeriesAggregate],
        _o: &NamedExpr,
        _r: &SeriesRange,
        _b: &[NamedExpr],
        _p: &[NamedOption],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "make-series", "");
        self.unknown_table(span)
    }
    pub fn top_nested(&mut self, _i: NodeId, _l: &[TopNestedLevel], span: Span) -> NodeId {
        self.unsupported(span, "top-nested", "");
        self.unknown_table(span)
    }
    pub fn scan(
        &mut self,
        _i: NodeId,
        _o: &[SortKey],
        _p: &[Expr],
        _d: &[ScanDeclaration],
        _s: &[ScanStep],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "scan", "");
        self.unknown_table(span)
    }
    pub fn evaluate(
        &mut self,
        _i: NodeId,
        _p: &Name,
        _a: &[Argument],
        _s: Option<&[ColumnDeclaration]>,
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "evaluate", "");
        self.unknown_table(span)
    }
    pub fn search(
        &mut self,
        _i: Option<NodeId>,
        _t: &[syntax::Expr],
        _p: &Expr,
        _o: &[NamedOption],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "search", "");
        self.unknown_table(span)
    }
    pub fn find_tables(
        &mut self,
        _t: &[Expr],
        _p: &Expr,
        _j: Option<&FindProjection>,
        _o: &[NamedOption],
        span: Span,
    ) -> NodeId {
        self.unsupported(span, "find", "");
        self.unknown_table(span)
    }
}
