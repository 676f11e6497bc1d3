//! Binding top-hitters: `summarize` and `top` in one, exact where the service estimates.

use super::binder::Binder;
use super::tree::NodeId;
use crate::kql::span::Span;
use crate::kql::syntax::{Argument, Direction, Expr, ExprKind, Name, NamedExpr, SortKey};

impl Binder<'_> {
    pub fn top_hitters(
        &mut self,
        input: NodeId,
        count: &Expr,
        of: &NamedExpr,
        by: Option<&NamedExpr>,
        span: Span,
    ) -> NodeId {
        let summed = by.unwrap_or(of);
        let called = match summed.names.first() {
            Some(name) => name.text.clone(),
            None => self.result_name(&summed.value).unwrap_or_default(),
        };
        let function = if by.is_some() { "sum" } else { "count" };
        let name = Name { text: format!("approximate_{function}_{called}"), span };
        let call = ExprKind::Call {
            function: Name { text: function.to_owned(), span },
            arguments: by.iter().map(|by| Argument { name: None, value: by.value.clone() }).collect(),
        };
        let total = NamedExpr { names: vec![name.clone()], value: Expr { kind: call, span } };
        let grouped = self.summarize(input, &[total], std::slice::from_ref(of), span);
        let value = NamedExpr { names: Vec::new(), value: Expr { kind: ExprKind::Name(name), span } };
        let key = SortKey { value, direction: Some(Direction::Descending), nulls: None };
        let sorted = self.sort(grouped, &[key], span, "top-hitters");
        self.limit(sorted, count, span, "top-hitters")
    }
}
