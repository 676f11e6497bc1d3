//! Small questions to a tree and small changes to it, for those who take rules apart.

use super::span::Span;
use super::syntax::{BinaryOperator, Expr, ExprKind, Operator, Query, Statement};
use super::walk::{VisitorMut, walk_expression_mut};

/// The conditions that a predicate joins by `and`, in order, looking through parentheses.
/// A predicate without `and` is its own only condition.
pub fn conjuncts(predicate: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut waiting = vec![predicate];
    while let Some(expression) = waiting.pop() {
        match &expression.kind {
            ExprKind::Binary { operator: BinaryOperator::And, left, right, .. } => {
                waiting.push(right);
                waiting.push(left);
            }
            ExprKind::Parenthesised(inner) if joins_by_and(inner) => waiting.push(inner),
            _ => found.push(expression),
        }
    }
    found
}

fn joins_by_and(expression: &Expr) -> bool {
    let mut expression = expression;
    while let ExprKind::Parenthesised(inner) = &expression.kind {
        expression = inner;
    }
    matches!(expression.kind, ExprKind::Binary { operator: BinaryOperator::And, .. })
}

/// The expression without the parentheses around it.
pub fn without_parentheses(expression: &Expr) -> &Expr {
    let mut expression = expression;
    while let ExprKind::Parenthesised(inner) = &expression.kind {
        expression = inner;
    }
    expression
}

/// Puts `replacement` in the place of the outermost expression with exactly this span. Says whether there was one.
pub fn replace_expression(query: &mut Query, span: Span, replacement: Expr) -> bool {
    struct Replacing {
        span: Span,
        replacement: Option<Expr>,
    }
    impl VisitorMut for Replacing {
        fn expression(&mut self, expression: &mut Expr) {
            if expression.span == self.span {
                if let Some(replacement) = self.replacement.take() {
                    *expression = replacement;
                }
            } else if self.replacement.is_some() {
                walk_expression_mut(self, expression);
            }
        }
    }
    let mut replacing = Replacing { span, replacement: Some(replacement) };
    query.statements.iter_mut().for_each(|statement| replacing.statement(statement));
    replacing.replacement.is_none()
}

struct Unplaced;

impl VisitorMut for Unplaced {
    fn span(&mut self, span: &mut Span) {
        *span = Span::default();
    }
}

impl Query {
    /// The same tree with every span empty: two texts that differ in layout only give equal ones.
    #[must_use]
    pub fn without_spans(&self) -> Query {
        Query { statements: self.statements.iter().map(Statement::without_spans).collect() }
    }
}

impl Statement {
    #[must_use]
    pub fn without_spans(&self) -> Statement {
        let mut copy = self.clone();
        Unplaced.statement(&mut copy);
        copy
    }
}

impl Operator {
    #[must_use]
    pub fn without_spans(&self) -> Operator {
        let mut copy = self.clone();
        Unplaced.operator(&mut copy);
        copy
    }
}

impl Expr {
    #[must_use]
    pub fn without_spans(&self) -> Expr {
        let mut copy = self.clone();
        Unplaced.expression(&mut copy);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::{parse, parse_expression, print_expression, print_query};

    #[test]
    fn a_predicate_comes_apart_at_every_and_outside_or_and_not() {
        let predicate = parse_expression("a == 1 and (b == 2 and (c or d)) and not(e and f) and ((g))").expression;
        let parts: Vec<String> = conjuncts(&predicate).into_iter().map(print_expression).collect();
        assert_eq!(parts, ["a == 1", "b == 2", "(c or d)", "not(e and f)", "((g))"]);
    }

    #[test]
    fn an_expression_is_replaced_where_it_stands_and_nowhere_else() {
        let text = "T | where a == 1 and b == 1 | join (U | where a == 1) on a";
        let mut query = parse(text).query;
        let at = text.rfind("a == 1").unwrap();
        let replacement = parse_expression("true").expression;
        assert!(replace_expression(&mut query, Span::new(at, at + 6), replacement.clone()));
        assert_eq!(print_query(&query), "T\n| where a == 1 and b == 1\n| join (U | where true) on a");
        assert!(!replace_expression(&mut query, Span::new(1, 2), replacement));
    }
}
