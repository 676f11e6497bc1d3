//! Operators that are parsed but not run yet: each is refused by name.

use super::binder::Binder;
use super::tree::NodeId;
use crate::kql::span::Span;
use crate::kql::syntax::{Argument, ColumnDeclaration, Expr, Name, NamedOption, ScanDeclaration, ScanStep, SortKey};

impl Binder<'_> {
    pub fn external_data(&mut self, _c: &[ColumnDeclaration], _u: &[Expr], _o: &[NamedOption], span: Span) -> NodeId {
        self.diagnostics.push(crate::kql::diagnostic::Diagnostic::needs_input(
            "externaldata",
            span,
            "externaldata reads a file that is not mapped",
        ));
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
}
