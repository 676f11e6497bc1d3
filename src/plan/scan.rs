//! Binding scan: steps that each keep a state, the records of the sequence they are in.
//!
//! Step k's state holds a record for each step up to k: the last row that matched it, with the declared columns.
//! `step.column` reads a record of the state that is being asked: the step's own, or that of the step before, which is
//! handed on when a row matches. What the expressions read becomes the memory that the generator carries from row to row.

use super::binder::{Binder, Context};
use super::scope::{Binding, Scope};
use super::tree::{
    ColumnId, Expr, ExprKind, Field, Node, NodeId, NodeKind, ScanMatch, ScanMemory, ScanOutput, ScanStepPlan,
    WindowFunction,
};
use crate::kql::span::Span;
use crate::kql::syntax::{self, NamedOption, ScanDeclaration, ScanStep, SortKey};
use crate::schema::ScalarType;

/// What an expression of a step may ask of its state.
#[derive(Debug, Clone)]
pub(super) struct ScanState {
    names: Vec<String>,
    /// The step whose state is asked.
    holder: usize,
    rows: NodeId,
    declared: Vec<Declared>,
    pub memory: Vec<ScanMemory>,
}

/// A column that scan declares.
#[derive(Debug, Clone)]
struct Declared {
    field: Field,
    default: Expr,
}

/// What stands around the steps in the query.
pub(super) struct ScanClauses<'a> {
    pub options: &'a [NamedOption],
    pub order_by: &'a [SortKey],
    pub partition_by: &'a [syntax::Expr],
    pub declare: &'a [ScanDeclaration],
}

impl Binder<'_> {
    pub fn scan(&mut self, input: NodeId, clauses: &ScanClauses<'_>, steps: &[ScanStep], span: Span) -> NodeId {
        if let Some(first) = clauses.partition_by.first() {
            self.unsupported(
                first.span,
                "'partition by' of scan",
                "write 'partition by Column (… | scan …)' around it",
            );
            return self.unknown_table(span);
        }
        let mut match_id = None;
        for option in clauses.options {
            match (option.name.text.as_str(), &option.value.kind) {
                ("with_match_id", syntax::ExprKind::Name(name)) => {
                    match_id = Some(self.new_field(name.text.as_str(), ScalarType::Long));
                }
                (other, _) => self.unsupported(option.name.span, &format!("'{other}' of scan"), ""),
            }
        }
        for step in steps {
            if step.optional {
                self.unsupported(step.span, "an optional step", "");
                return self.unknown_table(span);
            }
        }
        let input = if clauses.order_by.is_empty() { input } else { self.sort(input, clauses.order_by, span, "scan") };
        if !self.carried(input).serialized && !self.open.contains(&input) {
            self.error("not-serialized", span, "'scan' needs rows in an order: put 'sort by …' before it");
            return self.unknown_table(span);
        }
        let (rows, number) = self.numbered_within(input, span);
        let outer = std::rc::Rc::clone(&self.scope);
        self.scope = Scope::child(&outer);
        let declared = self.scan_declarations(clauses.declare);
        let mut state = ScanState {
            names: steps.iter().map(|step| step.name.text.clone()).collect(),
            holder: 0,
            rows,
            declared,
            memory: Vec::new(),
        };
        let mut plans = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            let handed = (place > 0).then(|| self.scan_match(step, place - 1, &mut state));
            let own = self.scan_match(step, place, &mut state);
            let output = self.scan_output(step);
            let active = self.new_column();
            let sequence = self.new_column();
            plans.push(ScanStepPlan { handed, own, output, active, sequence });
        }
        self.scope = outer;
        let kept: Vec<(usize, String)> = (0..steps.len())
            .flat_map(|step| state.declared.iter().map(move |one| (step, one.field.name.clone())))
            .collect();
        for (step, column) in kept {
            self.scan_memory(step, step, &column, &mut state);
        }
        self.scan_close(&mut state);
        let mut fields = self.fields(rows).to_vec();
        fields.extend(state.declared.iter().map(|one| one.field.clone()));
        fields.extend(match_id.clone());
        let unknown = plans.iter().flat_map(ScanStepPlan::expressions).any(|one| self.is_unknown_column(one));
        if unknown {
            for one in &state.declared {
                self.unknown.insert(one.field.id);
            }
        }
        let carried = self.carried(rows);
        self.add(Node {
            kind: NodeKind::Scan {
                input: rows,
                number,
                partition: carried.partition,
                steps: plans,
                memory: state.memory,
                declared: state.declared.into_iter().map(|one| one.field.id).collect(),
                match_id: match_id.map(|field| field.id),
            },
            fields,
            carried,
            span,
            label: "scan".to_owned(),
        })
    }

    fn scan_output(&mut self, step: &ScanStep) -> ScanOutput {
        match step.output.as_ref().map(|output| (output.text.as_str(), output.span)) {
            None | Some(("all", _)) => ScanOutput::All,
            Some(("last", _)) => ScanOutput::Last,
            Some(("none", _)) => ScanOutput::None,
            Some((other, span)) => {
                self.error("scan-output", span, format!("a step has no output '{other}': all, last or none"));
                ScanOutput::All
            }
        }
    }

    fn scan_declarations(&mut self, declare: &[ScanDeclaration]) -> Vec<Declared> {
        let mut declared = Vec::new();
        for declaration in declare {
            let scalar_type = self.scalar_type(&declaration.type_name).unwrap_or(ScalarType::Dynamic);
            let default = match &declaration.default {
                Some(default) => {
                    let bound = self.scalar(default, &mut Context::default());
                    self.cast(bound, scalar_type)
                }
                None => Expr::null(scalar_type),
            };
            // Without a step before it, the name of a declared column is its default.
            self.scope.set(&declaration.name.text, Binding::Scalar(default.clone()));
            let field = self.new_field(declaration.name.text.as_str(), scalar_type);
            declared.push(Declared { field, default });
        }
        declared
    }

    /// The condition and the declared columns of a step, read against the state of step `holder`.
    fn scan_match(&mut self, step: &ScanStep, holder: usize, state: &mut ScanState) -> ScanMatch {
        state.holder = holder;
        let mut context = Context { state: Some(Box::new(state.clone())), ..Context::rows(state.rows) };
        let condition = self.predicate(&step.condition, &mut context);
        let mut values = Vec::new();
        for one in &state.declared {
            let assigned = step
                .assignments
                .iter()
                .find(|assignment| assignment.names.first().is_some_and(|name| name.text == one.field.name));
            values.push(match assigned {
                Some(assignment) => {
                    let bound = self.scalar(&assignment.value, &mut context);
                    self.cast(bound, one.field.scalar_type)
                }
                None => one.default.clone(),
            });
        }
        for name in step.assignments.iter().filter_map(|assignment| assignment.names.first()) {
            if !state.declared.iter().any(|one| one.field.name == name.text) {
                self.error("unknown-state", name.span, format!("'{}' is not declared by this scan", name.text));
            }
        }
        if let Some(asked) = context.state {
            state.memory = asked.memory;
        }
        ScanMatch { condition, values }
    }

    /// `step.column` in a condition or value of scan.
    pub fn scan_state(&mut self, base: &syntax::Expr, member: &syntax::Name, context: &mut Context) -> Option<Expr> {
        let syntax::ExprKind::Name(step) = &base.kind else { return None };
        let state = context.state.as_mut()?;
        let record = state.names.iter().position(|name| *name == step.text)?;
        let is_known = state.declared.iter().any(|one| one.field.name == member.text)
            || self.fields(state.rows).iter().any(|field| field.name == member.text);
        if !is_known {
            let message = format!("neither the rows nor scan's declarations have a column '{}'", member.text);
            self.error("unknown-column", member.span, message);
            return Some(Expr::unknown());
        }
        let holder = state.holder;
        let memory = self.scan_memory(holder, record, &member.text, state)?;
        if record > holder {
            // The state of an earlier step has no record of a later one.
            return Some(memory.empty);
        }
        let scalar_type = memory.empty.scalar_type;
        Some(Expr::new(ExprKind::Column(memory.id), scalar_type))
    }

    /// The memory of a column of a record in a step's state, made where it is not there yet.
    fn scan_memory(&mut self, holder: usize, record: usize, column: &str, state: &mut ScanState) -> Option<ScanMemory> {
        let declared = state.declared.iter().position(|one| one.field.name == column);
        let empty = match declared.and_then(|place| state.declared.get(place)) {
            Some(one) => one.default.clone(),
            None => Expr::null(self.fields(state.rows).iter().find(|field| field.name == column)?.scalar_type),
        };
        let source = match declared {
            Some(_) => None,
            None => self.fields(state.rows).iter().find(|field| field.name == column).map(|field| field.id),
        };
        let found = state.memory.iter().find(|one| {
            one.holder == holder && one.record == record && one.declared == declared && one.source == source
        });
        if let Some(found) = found {
            return Some(found.clone());
        }
        let memory = ScanMemory { id: self.new_column(), holder, record, declared, source, empty };
        if record <= holder {
            state.memory.push(memory.clone());
        }
        Some(memory)
    }

    /// What a state holds of an earlier step was handed on by the states between.
    fn scan_close(&mut self, state: &mut ScanState) {
        let mut place = 0;
        while let Some(one) = state.memory.get(place).cloned() {
            place += 1;
            if one.record == one.holder {
                continue;
            }
            let holder = one.holder - 1;
            let is_there = state.memory.iter().any(|other| {
                (other.holder, other.record, other.declared, other.source)
                    == (holder, one.record, one.declared, one.source)
            });
            if !is_there {
                state.memory.push(ScanMemory { id: self.new_column(), holder, ..one });
            }
        }
    }

    /// The rows with their number within their partition.
    fn numbered_within(&mut self, input: NodeId, span: Span) -> (NodeId, ColumnId) {
        let id = self.new_column();
        let carried = self.carried(input);
        let kind = ExprKind::Window {
            function: WindowFunction::RowNumber,
            arguments: Vec::new(),
            order: carried.order,
            partition: carried.partition.into_iter().collect(),
        };
        let fields = self.fields(input).to_vec();
        let node = self.projection(input, fields, vec![(id, Expr::new(kind, ScalarType::Long))], span, "number");
        (node, id)
    }
}
