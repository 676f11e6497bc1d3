//! Binding union: which columns the tables have in common, and which split by type.

use foldhash::HashMap;

use super::binder::Binder;
use super::join::option_word;
use super::names::Names;
use super::scope::Binding;
use super::tree::{Carried, ColumnId, Expr, ExprKind, Field, JoinKind, Node, NodeId, NodeKind, UnionColumn};
use crate::kql::diagnostic::{Class, Diagnostic, Severity};
use crate::kql::span::Span;
use crate::kql::syntax::{self, NamedOption};
use crate::schema::ScalarType;

/// One of the columns that travel unseen.
type Carry = fn(&Carried) -> Option<ColumnId>;

impl Binder<'_> {
    /// `union a, b`, and `input | union a`.
    pub fn union_of(
        &mut self,
        tables: &[syntax::Expr],
        options: &[NamedOption],
        input: Option<NodeId>,
        span: Span,
    ) -> NodeId {
        let fuzzy = option_word(options, "isfuzzy").is_some_and(|(word, _)| word == "true");
        let mut inputs: Vec<(NodeId, Option<String>)> = Vec::new();
        if let Some(input) = input {
            let name = self.source_name(input);
            inputs.push((input, name));
        }
        for table in tables {
            if let syntax::ExprKind::Wildcard(pattern) = &table.kind {
                let matching = self.wildcard_tables(&pattern.text);
                let views = self.views_like(pattern, table.span);
                let is_unknown = matching.is_empty() && views.is_empty();
                inputs.extend(views);
                if is_unknown && !fuzzy {
                    self.error("no-table-matches", table.span, format!("no table is called like '{}'", pattern.text));
                }
                for name in matching {
                    if let Some(schema) = self.environment.schema.table(&name).cloned() {
                        let node = self.table_node(&schema, table.span);
                        inputs.push((node, Some(name)));
                    }
                }
                continue;
            }
            let before = self.diagnostics.len();
            let node = self.table(table);
            let missing = self.open.contains(&node)
                && self
                    .diagnostics
                    .iter()
                    .skip(before)
                    .all(|diagnostic| !diagnostic.is_error() || diagnostic.class == Class::NeedsInput);
            if fuzzy && missing && self.diagnostics.len() > before {
                for diagnostic in self.diagnostics.iter_mut().skip(before) {
                    diagnostic.severity = Severity::Warning;
                }
                continue;
            }
            let name = self.view_name(table).or_else(|| self.source_name(node));
            inputs.push((node, name));
        }
        if inputs.is_empty() {
            if fuzzy {
                self.diagnostics.push(Diagnostic::needs_input(
                    "unknown-table",
                    span,
                    "none of the tables of this union exists",
                ));
            }
            return self.unknown_table(span);
        }
        let inner = option_word(options, "kind").is_some_and(|(word, _)| word == "inner");
        let source = option_word(options, "withsource").or_else(|| option_word(options, "with_source"));
        let node = self.union_node(&inputs, inner, source.map(|(word, _)| word), "union_arg", span);
        if tables.iter().any(|table| matches!(&table.kind, syntax::ExprKind::Wildcard(pattern) if pattern.text == "*"))
        {
            self.every_table.insert(node);
        }
        node
    }

    /// The names of the tables a wildcard means.
    pub fn wildcard_tables(&self, pattern: &str) -> Vec<String> {
        self.environment
            .schema
            .tables()
            .filter(|table| super::stages::matches_pattern(pattern, &table.name))
            .map(|table| table.name.clone())
            .collect()
    }

    /// The `view` functions of the query that a wildcard means, called.
    pub fn views_like(&mut self, pattern: &syntax::Name, span: Span) -> Vec<(NodeId, Option<String>)> {
        let mut names = self.scope.all_names();
        names.retain(|name| self.is_view(name) && super::stages::matches_pattern(&pattern.text, name));
        names.sort_unstable();
        names.dedup();
        let mut found = Vec::new();
        for name in names {
            let call = syntax::ExprKind::Name(syntax::Name { text: name.clone(), span });
            found.push((self.table(&syntax::Expr { kind: call, span }), Some(name)));
        }
        found
    }

    /// The name of a `view` function of the query, where it stands by itself.
    pub fn view_name(&self, table: &syntax::Expr) -> Option<String> {
        let name = match &table.kind {
            syntax::ExprKind::Name(name) => name,
            syntax::ExprKind::Call { function, arguments } if arguments.is_empty() => function,
            _ => return None,
        };
        self.is_view(&name.text).then(|| name.text.clone())
    }

    fn is_view(&self, name: &str) -> bool {
        matches!(self.scope.get(name), Some(Binding::Function(function)) if function.is_view)
    }

    /// The name that `as` gave to a node's rows, or that of the table it reads them of, if it still is one table.
    pub fn source_name(&self, node: NodeId) -> Option<String> {
        if let Some(name) = self.named.get(&node) {
            return Some(name.clone());
        }
        let found = self.nodes.get(node.0)?;
        match &found.kind {
            NodeKind::Table { table, .. } => Some(table.clone()),
            NodeKind::Filter { input, .. } | NodeKind::Project { input, .. } | NodeKind::Limit { input, .. } => {
                self.source_name(*input)
            }
            _ => None,
        }
    }

    /// Within partition, a table from outside stands beside the rows of every part. Within mv-apply nobody says whether
    /// its rows have the columns of the outer row.
    fn in_every_part(&mut self, inputs: &[(NodeId, Option<String>)], span: Span) -> Vec<(NodeId, Option<String>)> {
        let mut inputs = inputs.to_vec();
        let Some(parted) = self.parted.last().copied() else { return inputs };
        let is_parted = |binder: &Self, node: NodeId| binder.carried(node).partition.is_some();
        if !inputs.first().is_some_and(|(first, _)| is_parted(self, *first)) {
            return inputs;
        }
        for (node, _) in &mut inputs {
            if is_parted(self, *node) {
                continue;
            }
            let Some(rows) = parted else {
                let instead = "join the table after mv-apply, or add its values to the array with array_concat()";
                self.unsupported(span, "a union with another table inside mv-apply", instead);
                break;
            };
            let parts = self.group(rows, Vec::new(), Vec::new(), Vec::new(), span, "union");
            let pairs = vec![(Expr::long(1), Expr::long(1))];
            *node = self.join_node(JoinKind::Inner, parts, *node, pairs, &[], span, "union");
        }
        inputs
    }

    /// Puts tables under each other. A name with several types splits into `name_type` columns.
    pub fn union_node(
        &mut self,
        inputs: &[(NodeId, Option<String>)],
        inner: bool,
        source: Option<String>,
        unnamed: &str,
        span: Span,
    ) -> NodeId {
        let inputs = &self.in_every_part(inputs, span);
        let found = Merged::of(inputs.iter().map(|(node, _)| self.fields(*node)));
        let mut any_open = false;
        for (node, _) in inputs {
            any_open |= self.open.contains(node);
        }
        let mut fields = Vec::new();
        // A column that is called `x_long` in a table keeps its name; one that splits off gets a number.
        let mut names = Names::default();
        for column in found.columns.iter().filter(|column| !found.splits(&column.name)) {
            names.claim(&column.name);
        }
        let mut columns: Vec<UnionColumn> = Vec::new();
        if let Some(name) = source {
            let field = self.new_field(name, ScalarType::String);
            let values = inputs
                .iter()
                .enumerate()
                .map(|(position, (_, table))| {
                    (position, Expr::string(table.clone().unwrap_or_else(|| format!("{unnamed}{position}"))))
                })
                .collect();
            columns.push(UnionColumn { id: field.id, scalar_type: ScalarType::String, values });
            fields.push(field);
        }
        for MergedColumn { name, scalar_type, branches } in &found.columns {
            let has = |node: NodeId| self.fields(node).iter().any(|field| field.name == *name);
            if inner && !inputs.iter().all(|(node, _)| has(*node)) {
                continue;
            }
            let unknown = branches.iter().any(|(_, id)| self.unknown.contains(id));
            let shown = match found.splits(name) && !unknown {
                true => names.unique(&format!("{name}_{}", scalar_type.name())),
                false => name.clone(),
            };
            let field = self.new_field(shown, *scalar_type);
            if unknown {
                self.unknown.insert(field.id);
            }
            let values =
                branches.iter().map(|(branch, id)| (*branch, Expr::new(ExprKind::Column(*id), *scalar_type))).collect();
            columns.push(UnionColumn { id: field.id, scalar_type: *scalar_type, values });
            fields.push(field);
        }
        let mut carried = Carried::default();
        let carrieds: Vec<Carried> = inputs.iter().map(|(node, _)| self.carried(*node)).collect();
        let pick: [(Carry, ScalarType); 3] = [
            (|carried| carried.event, ScalarType::Long),
            (|carried| carried.ingestion, ScalarType::Datetime),
            (|carried| carried.lineage, ScalarType::Dynamic),
        ];
        for (position, (get, scalar_type)) in pick.into_iter().enumerate() {
            if carrieds.iter().all(|one| get(one).is_none()) {
                continue;
            }
            let id = self.new_column();
            let of_branch = |(branch, one): (usize, &Carried)| {
                get(one).map(|column| (branch, Expr::new(ExprKind::Column(column), scalar_type)))
            };
            let values = carrieds.iter().enumerate().filter_map(of_branch).collect();
            columns.push(UnionColumn { id, scalar_type, values });
            match position {
                0 => carried.event = Some(id),
                1 => carried.ingestion = Some(id),
                _ => carried.lineage = Some(id),
            }
        }
        if let Some(partition) = carrieds.first().and_then(|one| one.partition) {
            let id = self.new_column();
            let of_branch = |one: &Carried| ExprKind::Column(one.partition.unwrap_or(partition));
            let values = carrieds.iter().map(|one| Expr::new(of_branch(one), ScalarType::Long)).enumerate().collect();
            columns.push(UnionColumn { id, scalar_type: ScalarType::Long, values });
            carried.partition = Some(id);
        }
        let node = self.add(Node {
            kind: NodeKind::Union { inputs: inputs.iter().map(|(node, _)| *node).collect(), columns },
            fields,
            carried,
            span,
            label: "union".to_owned(),
        });
        if any_open {
            self.open.insert(node);
        }
        node
    }
}

/// A column of a union, and the columns that branches give to it.
struct MergedColumn {
    name: String,
    scalar_type: ScalarType,
    /// By the branch's place; not all need have one.
    branches: Vec<(usize, ColumnId)>,
}

/// The columns of a union, in the order in which their names first come, those of one name beside each other. Forty
/// tables have thousands of columns, so they are found by hash.
#[derive(Default)]
struct Merged {
    columns: Vec<MergedColumn>,
    /// How many types a name has, and where it first comes.
    names: HashMap<String, (usize, usize)>,
}

impl Merged {
    /// Whether columns of this name have several types.
    fn splits(&self, name: &str) -> bool {
        self.names.get(name).is_some_and(|(types, _)| *types > 1)
    }

    fn of<'f>(inputs: impl Iterator<Item = &'f [Field]>) -> Self {
        let mut merged = Self::default();
        let mut places: HashMap<(&str, ScalarType), usize> = HashMap::default();
        for (branch, fields) in inputs.enumerate() {
            for field in fields {
                let place = *places.entry((field.name.as_str(), field.scalar_type)).or_insert_with(|| {
                    merged.names.entry(field.name.clone()).or_insert((0, merged.columns.len())).0 += 1;
                    merged.columns.push(MergedColumn {
                        name: field.name.clone(),
                        scalar_type: field.scalar_type,
                        branches: Vec::new(),
                    });
                    merged.columns.len() - 1
                });
                // Of two of one name, the first counts.
                if let Some(column) = merged.columns.get_mut(place)
                    && column.branches.last().is_none_or(|(last, _)| *last != branch)
                {
                    column.branches.push((branch, field.id));
                }
            }
        }
        let Self { columns, names } = &mut merged;
        columns.sort_by_key(|column| names.get(&column.name).map(|(_, first)| *first));
        merged
    }
}
