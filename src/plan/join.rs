//! Binding join and lookup.

use super::binder::{Binder, Context};
use super::names::Names;
use super::tree::{Carried, Expr, ExprKind, Field, JoinKind, JoinOutput, Node, NodeId, NodeKind};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, BinaryOperator, NamedOption};
use crate::schema::ScalarType;

impl Binder<'_> {
    pub fn join(
        &mut self,
        left: NodeId,
        options: &[NamedOption],
        right: &syntax::Expr,
        on: &[syntax::Expr],
        span: Span,
    ) -> NodeId {
        let kind = match option_word(options, "kind") {
            None => JoinKind::InnerUnique,
            Some((word, at)) => match word.as_str() {
                "inner" => JoinKind::Inner,
                "innerunique" => JoinKind::InnerUnique,
                "leftouter" => JoinKind::LeftOuter,
                "rightouter" => JoinKind::RightOuter,
                "fullouter" => JoinKind::FullOuter,
                "leftsemi" => JoinKind::LeftSemi,
                "rightsemi" => JoinKind::RightSemi,
                "leftanti" | "anti" | "leftantisemi" => JoinKind::LeftAnti,
                "rightanti" | "rightantisemi" => JoinKind::RightAnti,
                other => {
                    let mut diagnostic = Diagnostic::error("join-kind", at, format!("there is no join kind '{other}'"));
                    if let "left" | "right" | "full" = other {
                        diagnostic = diagnostic.with_help(format!("did you mean '{other}outer'?"));
                    }
                    self.diagnostics.push(diagnostic.with_help(
                        "one of innerunique, inner, leftouter, rightouter, fullouter, leftsemi, rightsemi, leftanti, \
                         rightanti",
                    ));
                    JoinKind::InnerUnique
                }
            },
        };
        let right = self.table(right);
        let keys = self.join_keys(left, right, on);
        self.join_node(kind, left, right, keys, &[], span, "join")
    }

    pub fn lookup(
        &mut self,
        left: NodeId,
        options: &[NamedOption],
        right: &syntax::Expr,
        on: &[syntax::Expr],
        span: Span,
    ) -> NodeId {
        let kind = match option_word(options, "kind") {
            None => JoinKind::LeftOuter,
            Some((word, _)) if word == "leftouter" => JoinKind::LeftOuter,
            Some((word, _)) if word == "inner" => JoinKind::Inner,
            Some((word, at)) => {
                self.diagnostics.push(
                    Diagnostic::error("lookup-kind", at, format!("there is no lookup kind '{word}'"))
                        .with_help("one of leftouter, inner"),
                );
                JoinKind::LeftOuter
            }
        };
        let right = self.table(right);
        let keys = self.join_keys(left, right, on);
        // The right keys are not repeated.
        let hidden: Vec<_> = keys
            .iter()
            .filter_map(|(_, key)| {
                let mut column = None;
                key.walk(&mut |part| {
                    if let ExprKind::Column(id) = part.kind {
                        column = Some(id);
                    }
                });
                column
            })
            .collect();
        self.join_node(kind, left, right, keys, &hidden, span, "lookup")
    }

    /// Pairs of keys of `on a, $left.b == $right.c`.
    fn join_keys(&mut self, left: NodeId, right: NodeId, on: &[syntax::Expr]) -> Vec<(Expr, Expr)> {
        let mut keys = Vec::new();
        let mut pending: Vec<&syntax::Expr> = on.iter().rev().collect();
        while let Some(condition) = pending.pop() {
            match &condition.kind {
                syntax::ExprKind::Parenthesised(inner) => pending.push(inner),
                syntax::ExprKind::Binary { operator: BinaryOperator::And, left, right, .. } => {
                    pending.push(right);
                    pending.push(left);
                }
                syntax::ExprKind::Name(_) => {
                    let on = |side, node| Context { side: Some(side), ..Context::rows(node) };
                    let first = self.scalar(condition, &mut on("left", left));
                    let second = self.scalar(condition, &mut on("right", right));
                    self.push_key_pair(&mut keys, first, second, condition.span);
                }
                syntax::ExprKind::Binary { operator: BinaryOperator::Equal, left: one, right: other, .. } => {
                    let (first, second) = if side(one) == Some("$right") { (other, one) } else { (one, other) };
                    if side(first) == Some("$right") || side(second) == Some("$left") {
                        self.error("join-condition", condition.span, "one side must be $left and the other $right");
                        continue;
                    }
                    let mut context = Context { right: Some(right), ..Context::rows(left) };
                    let first = self.scalar(first, &mut context);
                    let mut context = Context { right: Some(right), ..Context::rows(left) };
                    if side(second).is_none() {
                        context.node = Some(right);
                    }
                    let second = self.scalar(second, &mut context);
                    self.push_key_pair(&mut keys, first, second, condition.span);
                }
                _ => self.diagnostics.push(
                    Diagnostic::error("join-condition", condition.span, "a join condition must be an equality")
                        .with_help("write 'on Column' or 'on $left.A == $right.B', and filter after the join"),
                ),
            }
        }
        keys
    }

    fn push_key_pair(&mut self, keys: &mut Vec<(Expr, Expr)>, left: Expr, right: Expr, span: Span) {
        if self.is_unknown_column(&left) || self.is_unknown_column(&right) {
            return;
        }
        let (first, second) = (left.scalar_type, right.scalar_type);
        let pair = if first == second || (first.is_integer() && second.is_integer()) {
            (left, right)
        } else if first.is_numeric() && second.is_numeric() {
            let common = super::functions::casts::wider(first, second);
            (self.cast(left, common), self.cast(right, common))
        } else if first == ScalarType::Dynamic || second == ScalarType::Dynamic {
            let wanted = if first == ScalarType::Dynamic { second } else { first };
            (self.cast(left, wanted), self.cast(right, wanted))
        } else {
            self.diagnostics.push(
                Diagnostic::error(
                    "join-types",
                    span,
                    format!("the keys have different types: {} and {}", first.name(), second.name()),
                )
                .with_help("cast one of them in an extend before the join"),
            );
            return;
        };
        keys.push(pair);
    }

    #[expect(clippy::too_many_arguments, reason = "one place makes all joins")]
    pub fn join_node(
        &mut self,
        kind: JoinKind,
        left: NodeId,
        right: NodeId,
        keys: Vec<(Expr, Expr)>,
        hidden: &[super::tree::ColumnId],
        span: Span,
        label: &str,
    ) -> NodeId {
        let mut names = Names::default();
        let mut fields: Vec<Field> = Vec::new();
        let mut outputs = Vec::new();
        // A column that only the right side has keeps its name, even one that looks numbered.
        let shown = self.fields(right).iter().filter(|field| !hidden.contains(&field.id));
        let is_left = |name: &str| self.fields(left).iter().any(|field| field.name == name);
        let own: Vec<String> = shown.filter(|field| !is_left(&field.name)).map(|field| field.name.clone()).collect();
        let keeps_left = !matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let keeps_right = !matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
        for (node, from_right, keep) in [(left, false, keeps_left), (right, true, keeps_right)] {
            if !keep {
                continue;
            }
            if from_right && keeps_left {
                own.iter().for_each(|name| {
                    names.claim(name);
                });
            }
            for field in self.fields(node).to_vec() {
                if from_right && hidden.contains(&field.id) {
                    continue;
                }
                let is_own = from_right && keeps_left && own.contains(&field.name);
                let name = if is_own { field.name.clone() } else { names.unique(&field.name) };
                let new = self.new_field(name, field.scalar_type);
                if self.unknown.contains(&field.id) {
                    self.unknown.insert(new.id);
                }
                outputs.push(JoinOutput { id: new.id, source: field.id, from_right, scalar_type: field.scalar_type });
                fields.push(new);
            }
        }
        let (left_carried, right_carried) = (self.carried(left), self.carried(right));
        let mut carried = Carried::default();
        if let Some(partition) = left_carried.partition.filter(|_| keeps_left) {
            let id = self.new_column();
            outputs.push(JoinOutput { id, source: partition, from_right: false, scalar_type: ScalarType::Long });
            carried.partition = Some(id);
        }
        // A joined row still stands for the event of its left side; the other side adds to what is behind it.
        if let Some(event) = left_carried.event.filter(|_| keeps_left) {
            let id = self.new_column();
            outputs.push(JoinOutput { id, source: event, from_right: false, scalar_type: ScalarType::Long });
            carried.event = Some(id);
        }
        let sides = (left_carried.lineage.filter(|_| keeps_left), right_carried.lineage.filter(|_| keeps_right));
        let lineage = (sides.0.is_some() || sides.1.is_some()).then(|| (sides.0, sides.1, self.new_column()));
        carried.lineage = lineage.map(|(_, _, id)| id);
        self.add(Node {
            kind: NodeKind::Join { kind, left, right, keys, outputs, lineage },
            fields,
            carried,
            span,
            label: label.to_owned(),
        })
    }
}

fn side(expression: &syntax::Expr) -> Option<&str> {
    match &expression.kind {
        syntax::ExprKind::Parenthesised(inner) => side(inner),
        syntax::ExprKind::Member { base, .. } => match &base.kind {
            syntax::ExprKind::Name(name) if name.text.starts_with('$') => Some(&name.text),
            _ => side(base),
        },
        _ => None,
    }
}

/// The word given to an option, and where it stands.
pub(super) fn option_word(options: &[NamedOption], name: &str) -> Option<(String, Span)> {
    let option = options.iter().find(|option| option.name.text == name)?;
    let word = match &option.value.kind {
        syntax::ExprKind::Name(word) => word.text.clone(),
        syntax::ExprKind::Literal(literal) => match &literal.value {
            syntax::LiteralValue::String(text) => text.clone(),
            _ => literal.text.clone(),
        },
        _ => return None,
    };
    Some((word, option.value.span))
}
