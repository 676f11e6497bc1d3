//! From a syntax tree to [`RulePipeline`]: which `let` is a stage of the rule and which is a binding.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::kql::conjuncts;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, LiteralValue, Operator, OperatorKind, Query, Statement, StatementKind};

use super::pipeline::{LetBinding, LetKind, RulePipeline, Section, SectionKind, Stage, Unit};
use super::{roles, text, walk};

/// Functions of the language and of the service whose value is a table.
const TABULAR_FUNCTIONS: &[&str] =
    &["table", "workspace", "database", "cluster", "adx", "arg", "app", "resource", "external_table", "union"];

pub(super) fn flatten(query: &Query, source: &str) -> RulePipeline {
    let mut flattener = Flattener { source, lets: Vec::new(), main: Vec::new(), beside: Vec::new(), number: 0 };
    for statement in &query.statements {
        flattener.collect_let(statement);
    }
    let last = query.statements.iter().rev().find_map(|statement| match &statement.kind {
        StatementKind::Expression(expr) => Some((statement.span, expr)),
        _ => None,
    });
    if let Some((statement, expr)) = last {
        flattener.main_line(expr, statement, SectionKind::Whole);
    }
    flattener.bindings();
    RulePipeline { lets: flattener.lets, main: flattener.main, beside: flattener.beside }
}

struct Flattener<'source> {
    source: &'source str,
    lets: Vec<LetBinding>,
    main: Vec<Section>,
    beside: Vec<Section>,
    number: usize,
}

/// Where the stages of one pipeline go.
struct Place {
    statement: Span,
    /// `""` on the main line.
    label: String,
    within: Option<String>,
    cuttable: bool,
}

impl Place {
    fn id(&self, number: usize) -> String {
        if self.label.is_empty() { number.to_string() } else { format!("{}/{number}", self.label) }
    }
}

impl Flattener<'_> {
    fn collect_let(&mut self, statement: &Statement) {
        let StatementKind::Let { name, value } = &statement.kind else { return };
        let binding = LetBinding {
            name: name.text.clone(),
            kind: self.kind_of(value),
            span: statement.span,
            text: text::without_comments(value.span.slice(self.source)),
            value: value.clone(),
            derived_from: self.names_in(|visitor| walk::visit(value, visitor)),
            inlined: false,
        };
        self.lets.push(binding);
    }

    /// The binding a name stands for in the statement that starts at `before`. Only earlier ones are in scope, which is
    /// also what keeps every walk along them finite.
    fn resolve(&self, name: &str, before: usize) -> Option<&LetBinding> {
        self.lets.iter().rev().find(|binding| binding.name == name && binding.span.start < before)
    }

    fn kind_of(&self, value: &Expr) -> LetKind {
        let known = |name: &str| self.lets.iter().rev().find(|binding| binding.name == name);
        let value = walk::peel(value);
        match &value.kind {
            ExprKind::Function { .. } => LetKind::Function,
            ExprKind::Pipeline(_)
            | ExprKind::OperatorSource(_)
            | ExprKind::Datatable { .. }
            | ExprKind::Externaldata { .. }
            | ExprKind::Wildcard(_) => LetKind::Tabular,
            ExprKind::Literal(literal) => match &literal.value {
                LiteralValue::Dynamic(Some(json)) if json.trim_start().starts_with('[') => LetKind::List,
                _ => LetKind::Scalar,
            },
            // A `let` sees no columns, so a name that is no earlier `let` is a table.
            ExprKind::Name(name) => known(&name.text).map_or(LetKind::Tabular, |binding| binding.kind),
            ExprKind::Call { function, .. } => match known(&function.text) {
                Some(binding) => self.returned_kind(binding),
                // The workspace functions of Sentinel (`_GetWatchlist`, `_Im_Dns`) yield tables.
                None if function.text.starts_with('_') => LetKind::Tabular,
                None if TABULAR_FUNCTIONS.contains(&function.text.as_str()) => LetKind::Tabular,
                None => LetKind::Scalar,
            },
            ExprKind::Member { base, .. } | ExprKind::MemberCall { base, .. } => match self.kind_of(base) {
                LetKind::Tabular => LetKind::Tabular,
                LetKind::Scalar | LetKind::List | LetKind::Function => LetKind::Scalar,
            },
            _ => LetKind::Scalar,
        }
    }

    fn returned_kind(&self, binding: &LetBinding) -> LetKind {
        let ExprKind::Function { body, .. } = &walk::peel(&binding.value).kind else { return LetKind::Scalar };
        let last = body.iter().rev().find_map(|statement| match &statement.kind {
            StatementKind::Expression(expr) => Some(walk::peel(expr)),
            _ => None,
        });
        match last.map(|expr| &expr.kind) {
            Some(
                ExprKind::Pipeline(_)
                | ExprKind::OperatorSource(_)
                | ExprKind::Datatable { .. }
                | ExprKind::Externaldata { .. },
            ) => LetKind::Tabular,
            _ => LetKind::Scalar,
        }
    }

    /// The known `let`s that the visited expressions name, in the order of their definition.
    fn names_in<'tree>(&self, visit: impl FnOnce(&mut dyn FnMut(&'tree Expr) -> bool)) -> Vec<String> {
        let mut used = BTreeSet::new();
        visit(&mut |expr| {
            match &expr.kind {
                ExprKind::Name(name) | ExprKind::Call { function: name, .. } => {
                    used.insert(name.text.as_str());
                }
                _ => {}
            }
            true
        });
        let mut names: Vec<String> = Vec::new();
        for binding in &self.lets {
            if used.contains(binding.name.as_str()) && !names.contains(&binding.name) {
                names.push(binding.name.clone());
            }
        }
        names
    }

    /// Lays out one pipeline of the main line: first what it starts from, then its own operators.
    fn main_line(&mut self, expr: &Expr, statement: Span, kind: SectionKind) {
        let (source, operators) = unroll(expr);
        let over = self.leading_sections(source, statement);
        let is_union = matches!(source.kind, ExprKind::OperatorSource(_));
        let within = match &kind {
            SectionKind::Let { name } | SectionKind::Leg { name: Some(name), .. } => Some(name.clone()),
            _ => None,
        };
        let place = Place { statement, label: String::new(), within, cuttable: true };
        let mut stages = Vec::new();
        if over.is_empty() || is_union {
            stages.push(self.source_stage(source, &place, None));
        }
        let mut sources = walk::source_names(source);
        for (start, operator) in operators {
            sources.extend(walk::operator_source_names(&operator.kind));
            stages.push(self.operator_stage(operator, start, &place, None));
        }
        if stages.is_empty() {
            return;
        }
        let kind = match (kind, over.is_empty()) {
            (SectionKind::Whole, false) => SectionKind::Outer { over },
            (kind, _) => kind,
        };
        self.main.push(Section { kind, statement, sources, stages });
    }

    /// Lays out what the main pipeline starts from; gives the names of the sections made.
    fn leading_sections(&mut self, source: &Expr, statement: Span) -> Vec<String> {
        match &source.kind {
            ExprKind::Name(name) => self.inline(&name.text, statement, |name| SectionKind::Let { name }),
            ExprKind::OperatorSource(operator) => match &operator.kind {
                OperatorKind::Union { tables, .. } => self.legs(tables, statement),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn legs(&mut self, tables: &[Expr], statement: Span) -> Vec<String> {
        let mut over = Vec::new();
        for (index, table) in tables.iter().enumerate() {
            let position = index.saturating_add(1);
            let leg = walk::peel(table);
            match &leg.kind {
                ExprKind::Name(name) => {
                    let made =
                        self.inline(&name.text, statement, |name| SectionKind::Leg { name: Some(name), position });
                    over.extend(made);
                }
                ExprKind::Pipeline(_) => {
                    self.main_line(leg, statement, SectionKind::Leg { name: None, position });
                    over.push(format!("leg {position}"));
                }
                _ => {}
            }
        }
        over
    }

    fn inline(&mut self, name: &str, statement: Span, kind: impl FnOnce(String) -> SectionKind) -> Vec<String> {
        let Some(binding) = self.resolve(name, statement.start) else { return Vec::new() };
        if binding.kind != LetKind::Tabular || binding.inlined {
            return Vec::new();
        }
        let (value, span) = (binding.value.clone(), binding.span);
        if let Some(binding) = self.lets.iter_mut().rev().find(|binding| binding.span == span) {
            binding.inlined = true;
        }
        self.main_line(&value, span, kind(name.to_owned()));
        vec![name.to_owned()]
    }

    /// The tabular `let`s and functions that the main line did not take in.
    fn bindings(&mut self) {
        let waiting: Vec<LetBinding> = self
            .lets
            .iter()
            .filter(|binding| !binding.inlined && matches!(binding.kind, LetKind::Tabular | LetKind::Function))
            .cloned()
            .collect();
        for binding in waiting {
            let kind = SectionKind::Binding { name: binding.name.clone() };
            let place = Place {
                statement: binding.span,
                label: binding.name.clone(),
                within: Some(binding.name.clone()),
                cuttable: binding.kind == LetKind::Tabular,
            };
            match &walk::peel(&binding.value).kind {
                ExprKind::Function { body, .. } => {
                    let parts: Vec<&Expr> = body
                        .iter()
                        .filter_map(|statement| match &statement.kind {
                            StatementKind::Let { value, .. } | StatementKind::Expression(value) => Some(value),
                            _ => None,
                        })
                        .filter(|value| matches!(walk::peel(value).kind, ExprKind::Pipeline(_)))
                        .collect();
                    self.side_line(&parts, kind, place);
                }
                _ => self.side_line(&[&binding.value], kind, place),
            }
        }
    }

    fn side_line(&mut self, parts: &[&Expr], kind: SectionKind, place: Place) {
        let mut stages = Vec::new();
        let at = self.beside.len();
        let mut number: usize = 0;
        let mut sources = Vec::new();
        for part in parts {
            let (source, operators) = unroll(part);
            sources.extend(walk::source_names(source));
            number = number.saturating_add(1);
            stages.push(self.source_stage(source, &place, Some(number)));
            for (start, operator) in operators {
                number = number.saturating_add(1);
                sources.extend(walk::operator_source_names(&operator.kind));
                stages.push(self.operator_stage(operator, start, &place, Some(number)));
            }
        }
        if !stages.is_empty() {
            // Before the sub-queries its stages hold, which were pushed meanwhile.
            self.beside.insert(at, Section { kind, statement: place.statement, sources, stages });
        }
    }

    fn next_number(&mut self) -> usize {
        self.number = self.number.saturating_add(1);
        self.number
    }

    fn source_stage(&mut self, source: &Expr, place: &Place, number: Option<usize>) -> Stage {
        if let ExprKind::OperatorSource(operator) = &source.kind {
            return self.operator_stage(operator, source.span.start, place, number);
        }
        let number = number.unwrap_or_else(|| self.next_number());
        let id = place.id(number);
        let references = self.names_in(|visitor| walk::visit(source, visitor));
        self.inline_queries(|visitor| walk::visit(source, visitor), &id, place);
        Stage {
            id,
            number,
            keyword: "source".to_owned(),
            span: source.span,
            text: text::without_comments(source.span.slice(self.source)),
            prefix: place.cuttable.then_some(source.span),
            units: Vec::new(),
            references,
            excludes: false,
        }
    }

    fn operator_stage(&mut self, operator: &Operator, start: usize, place: &Place, number: Option<usize>) -> Stage {
        let number = number.unwrap_or_else(|| self.next_number());
        let id = place.id(number);
        let written = operator.span.slice(self.source);
        let keyword: String =
            written.chars().take_while(|character| character.is_alphabetic() || *character == '-').collect();
        let units = self.units(operator, &id, place);
        let references = self.names_in(|visitor| walk::visit_operator(operator, visitor));
        let leading_union = start == operator.span.start && self.number == number;
        if !(leading_union && place.label.is_empty()) {
            self.inline_queries(|visitor| walk::visit_operator(operator, visitor), &id, place);
        }
        Stage {
            id,
            number,
            keyword,
            span: operator.span,
            text: text::without_comments(written),
            prefix: place.cuttable.then_some(Span::new(start, operator.span.end)),
            units,
            references,
            excludes: roles::is_anti_join(operator),
        }
    }

    fn units(&self, operator: &Operator, stage: &str, place: &Place) -> Vec<Unit> {
        let OperatorKind::Where { predicate, .. } = &operator.kind else { return Vec::new() };
        conjuncts(predicate)
            .into_iter()
            .enumerate()
            .map(|(index, expr)| {
                let position = index.saturating_add(1);
                let text = text::without_comments(expr.span.slice(self.source));
                Unit {
                    id: format!("{stage}.{position}-{}", digest(&text)),
                    stage: stage.to_owned(),
                    position,
                    span: expr.span,
                    role: roles::role(expr, &self.lets),
                    case: roles::case(expr),
                    text,
                    expression: expr.clone(),
                    within: place.within.clone(),
                }
            })
            .collect()
    }

    /// Lays out the sub-queries written inside a stage.
    fn inline_queries<'tree>(
        &mut self,
        visit: impl FnOnce(&mut dyn FnMut(&'tree Expr) -> bool),
        stage: &str,
        place: &Place,
    ) {
        let mut found: Vec<&'tree Expr> = Vec::new();
        visit(&mut |expr| {
            let is_query = matches!(&expr.kind, ExprKind::Pipeline(pipeline) if !pipeline.operators.is_empty());
            if is_query {
                found.push(expr);
            }
            !is_query
        });
        for (index, expr) in found.into_iter().enumerate() {
            let inner = Place {
                statement: place.statement,
                label: format!("{stage}+{}", index.saturating_add(1)),
                within: place.within.clone(),
                cuttable: place.cuttable,
            };
            self.side_line(&[expr], SectionKind::Inline { within: stage.to_owned() }, inner);
        }
    }
}

/// The source of a pipeline and its operators, through parentheses and `materialize()`; with each operator, where the
/// expression it belongs to starts.
fn unroll(expr: &Expr) -> (&Expr, Vec<(usize, &Operator)>) {
    let inner = walk::peel(expr);
    match &inner.kind {
        ExprKind::Pipeline(pipeline) => {
            let (source, mut operators) = unroll(&pipeline.source);
            operators.extend(pipeline.operators.iter().map(|operator| (inner.span.start, operator)));
            (source, operators)
        }
        _ => (inner, Vec::new()),
    }
}

/// Eight hexadecimal digits of the text, blanks folded.
fn digest(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Sha256::digest(folded.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
