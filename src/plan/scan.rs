//! Binding scan with one step: a state that each matching row hands to the next.

use super::binder::{Binder, Context};
use super::scope::{Binding, Scope};
use super::tree::{ColumnId, Expr, ExprKind, Field, Node, NodeId, NodeKind, ScanState};
use crate::kql::span::Span;
use crate::kql::syntax::{self, ScanDeclaration, ScanStep, SortKey};
use crate::schema::ScalarType;

impl Binder<'_> {
    pub fn scan(
        &mut self,
        input: NodeId,
        order_by: &[SortKey],
        partition_by: &[syntax::Expr],
        declare: &[ScanDeclaration],
        steps: &[ScanStep],
        span: Span,
    ) -> NodeId {
        let [step] = steps else {
            self.unsupported(span, "scan with several steps", "");
            return self.unknown_table(span);
        };
        if let Some(first) = partition_by.first() {
            self.unsupported(first.span, "'partition by' of scan", "");
            return self.unknown_table(span);
        }
        if step.optional || step.output.is_some() {
            self.unsupported(step.span, "an optional step, or one with 'output'", "");
            return self.unknown_table(span);
        }
        let input = if order_by.is_empty() { input } else { self.sort(input, order_by, span, "scan") };
        if !self.carried(input).serialized && !self.open.contains(&input) {
            self.error("not-serialized", span, "'scan' needs rows in an order: put 'sort by …' before it");
            return self.unknown_table(span);
        }
        let (rows, number) = self.numbered(input, span);
        let mut defaults: Vec<(Field, ColumnId, Expr)> = Vec::new();
        let outer = std::rc::Rc::clone(&self.scope);
        self.scope = Scope::child(&outer);
        for declaration in declare {
            let scalar_type = self.scalar_type(&declaration.type_name).unwrap_or(ScalarType::Dynamic);
            let default = match &declaration.default {
                Some(default) => {
                    let bound = self.scalar(default, &mut Context::default());
                    self.cast(bound, scalar_type)
                }
                None => Expr::null(scalar_type),
            };
            // Without a step before it, the name of a state is its default.
            self.scope.set(&declaration.name.text, Binding::Scalar(default.clone()));
            let field = self.new_field(declaration.name.text.as_str(), scalar_type);
            defaults.push((field, self.new_column(), default));
        }
        let previous: Vec<Field> = defaults
            .iter()
            .map(|(field, id, _)| Field { id: *id, name: field.name.clone(), scalar_type: field.scalar_type })
            .collect();
        let mut context = Context { state: Some((step.name.text.clone(), previous)), ..Context::rows(rows) };
        let condition = self.predicate(&step.condition, &mut context);
        let mut states = Vec::new();
        for (field, previous, default) in &defaults {
            let assigned = step
                .assignments
                .iter()
                .find(|assignment| assignment.names.first().is_some_and(|name| name.text == field.name));
            let next = match assigned {
                Some(assignment) => {
                    let bound = self.scalar(&assignment.value, &mut context);
                    self.cast(bound, field.scalar_type)
                }
                None => default.clone(),
            };
            states.push(ScanState { id: field.id, previous: *previous, default: default.clone(), next });
        }
        for assignment in &step.assignments {
            if let Some(name) = assignment.names.first()
                && !defaults.iter().any(|(field, _, _)| field.name == name.text)
            {
                self.error("unknown-state", name.span, format!("'{}' is not declared by this scan", name.text));
            }
        }
        self.scope = outer;
        let fields: Vec<Field> =
            self.fields(rows).iter().cloned().chain(defaults.into_iter().map(|(field, _, _)| field)).collect();
        let carried = self.carried(rows);
        let unknown = states.iter().any(|state| self.is_unknown_column(&state.next)) || condition.is_unknown();
        if unknown {
            for state in &states {
                self.unknown.insert(state.id);
            }
        }
        if carried.partition.is_some() {
            self.unsupported(span, "scan within a partition", "");
        }
        self.add(Node {
            kind: NodeKind::Scan { input: rows, number, condition, states },
            fields,
            carried,
            span,
            label: "scan".to_owned(),
        })
    }

    /// `step.state`: the value the last matching row left.
    pub fn scan_state(&mut self, base: &syntax::Expr, member: &syntax::Name, context: &Context) -> Option<Expr> {
        let syntax::ExprKind::Name(step) = &base.kind else { return None };
        let (name, states) = context.state.as_ref()?;
        if *name != step.text {
            return None;
        }
        match states.iter().find(|field| field.name == member.text) {
            Some(field) => Some(Expr::new(ExprKind::Column(field.id), field.scalar_type)),
            None => {
                self.unsupported(member.span, "a column of the step's last row", "declare a state for it");
                Some(Expr::unknown())
            }
        }
    }
}
