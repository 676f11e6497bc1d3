//! A conjunct taken apart for explaining: which value it looks at, and what it asks of it.

use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind};
use crate::rules::walk;

/// One comparison of a conjunct. All spans are into the rule's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub whole: Span,
    /// The value that is looked at.
    pub subject: Span,
    /// The words and the operand that ask something of it: `startswith "x"`, `isempty`.
    pub wanted: String,
    negated: bool,
}

impl Comparison {
    /// Whether it stands within an odd number of `not(…)`.
    pub fn is_negated(&self) -> bool {
        self.negated
    }
}

/// The comparisons in a conjunct, through `and`, `or`, `not` and parentheses, in the order of the text.
pub fn comparisons(conjunct: &Expr, source: &str) -> Vec<Comparison> {
    let mut found = Vec::new();
    let mut waiting = vec![(conjunct, false)];
    while let Some((expr, negated)) = waiting.pop() {
        let expr = walk::peel(expr);
        match &expr.kind {
            ExprKind::Binary { operator: BinaryOperator::And | BinaryOperator::Or, left, right, .. } => {
                waiting.push((right, negated));
                waiting.push((left, negated));
            }
            ExprKind::Call { function, arguments } if function.text == "not" => {
                waiting.extend(arguments.iter().map(|argument| (&argument.value, !negated)));
            }
            _ => found.push(comparison(expr, negated, source)),
        }
    }
    found
}

fn comparison(expr: &Expr, negated: bool, source: &str) -> Comparison {
    let subject = match &expr.kind {
        // `5 < x`: the side that is no constant is the one looked at.
        ExprKind::Binary { left, right, .. } if is_constant(left) && !is_constant(right) => right.span,
        ExprKind::Binary { left, .. } => left.span,
        ExprKind::InList { value, .. } | ExprKind::Between { value, .. } => value.span,
        ExprKind::Call { arguments, .. } => arguments.first().map_or(expr.span, |argument| argument.value.span),
        _ => expr.span,
    };
    let asked = match &expr.kind {
        ExprKind::Binary { left, right, .. } if is_constant(left) && !is_constant(right) => {
            Span::new(expr.span.start, subject.start).slice(source).trim().to_owned()
        }
        ExprKind::Call { function, arguments } => match arguments.as_slice() {
            [] | [_] => function.text.clone(),
            [_, rest @ ..] => {
                let rest: Vec<&str> = rest.iter().map(|argument| argument.value.span.slice(source)).collect();
                format!("{}(…, {})", function.text, rest.join(", "))
            }
        },
        _ => Span::new(subject.end, expr.span.end).slice(source).trim().to_owned(),
    };
    let wanted = match (asked.is_empty(), negated) {
        (true, false) => "true".to_owned(),
        (true, true) => "false".to_owned(),
        (false, false) => asked,
        (false, true) => format!("not({asked})"),
    };
    Comparison { whole: expr.span, subject, wanted, negated }
}

fn is_constant(expr: &Expr) -> bool {
    let mut constant = true;
    walk::visit(expr, &mut |part| {
        constant &= !matches!(part.kind, ExprKind::Name(_) | ExprKind::Pipeline(_));
        true
    });
    constant
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `subject ⟨wanted⟩` of each comparison.
    fn taken_apart(source: &str) -> Vec<String> {
        let parsed = crate::kql::parse_expression(source);
        assert!(!parsed.has_errors(), "{source}");
        let parts = comparisons(&parsed.expression, source);
        parts.iter().map(|part| format!("{} ⟨{}⟩", part.subject.slice(source), part.wanted)).collect()
    }

    #[test]
    fn a_comparison_is_a_subject_and_what_is_wanted_of_it() {
        assert_eq!(
            taken_apart(r#"InitiatingProcessCommandLine startswith "\"cmd.exe\" /c""#),
            [r#"InitiatingProcessCommandLine ⟨startswith "\"cmd.exe\" /c"⟩"#]
        );
        assert_eq!(taken_apart("250 > coalesce(a, 0)"), ["coalesce(a, 0) ⟨250 >⟩"]);
        assert_eq!(taken_apart("FileName in~ (names)"), ["FileName ⟨in~ (names)⟩"]);
        assert_eq!(taken_apart("x between (1 .. 5)"), ["x ⟨between (1 .. 5)⟩"]);
        assert_eq!(taken_apart("isempty(SHA1)"), ["SHA1 ⟨isempty⟩"]);
        assert_eq!(taken_apart("ipv4_is_in_range(IP, '10.0.0.0/8')"), ["IP ⟨ipv4_is_in_range(…, '10.0.0.0/8')⟩"]);
        assert_eq!(taken_apart("IsLocalAdmin"), ["IsLocalAdmin ⟨true⟩"]);
    }

    #[test]
    fn a_compound_is_its_comparisons_and_keeps_its_negations() {
        assert_eq!(
            taken_apart(r#"a == "x" or (b has "y" and not(isempty(c)))"#),
            [r#"a ⟨== "x"⟩"#, r#"b ⟨has "y"⟩"#, "c ⟨not(isempty)⟩"]
        );
    }
}
