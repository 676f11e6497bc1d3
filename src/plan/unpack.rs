//! Binding `evaluate bag_unpack`: the members of bags as columns.

use super::binder::{Binder, Context};
use super::tree::{ColumnId, Expansion, Expr, ExprKind, Field, Node, NodeId, NodeKind};
use crate::kql::nearest_few as nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{Argument, PluginSchema};
use crate::schema::{ScalarType, Value};

/// What a member does whose name the source has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conflict {
    Error,
    ReplaceSource,
    KeepSource,
}

const CONFLICTS: &[(&str, Conflict)] =
    &[("error", Conflict::Error), ("replace_source", Conflict::ReplaceSource), ("keep_source", Conflict::KeepSource)];

/// The arguments after the column.
struct Options {
    prefix: String,
    conflict: Conflict,
    ignored: Vec<String>,
}

/// The optional arguments, in the order in which they stand without names.
const NAMES: &[&str] = &["OutputColumnPrefix", "columnsConflict", "ignoredProperties"];

impl Binder<'_> {
    pub fn bag_unpack(
        &mut self,
        input: NodeId,
        bag: &Argument,
        rest: &[Argument],
        schema: Option<&PluginSchema>,
        span: Span,
    ) -> NodeId {
        let Some(options) = self.unpack_options(rest) else { return self.unknown_table(span) };
        let value = self.scalar(&bag.value, &mut Context::rows(input));
        let ExprKind::Column(bag_id) = value.kind else {
            if !self.is_unknown_column(&value) {
                self.error("bag-column", bag.value.span, "bag_unpack wants a dynamic column");
            }
            return self.unknown_table(span);
        };
        let before = self.fields(input).to_vec();
        let source_has = |name: &str| before.iter().any(|field| field.name == name && field.id != bag_id);
        let mut members = match schema {
            Some(schema) => {
                self.declared_fields(&schema.columns).into_iter().map(|field| (field.name, field.scalar_type)).collect()
            }
            None => match self.bag_keys(input, &value, span) {
                Some(keys) if keys.is_empty() => {
                    let node = self.without_bag(input, bag_id, span);
                    self.hollow.insert(node);
                    return node;
                }
                Some(keys) => keys
                    .into_iter()
                    .filter(|(name, _)| !options.ignored.contains(name))
                    .map(|(name, kind)| (format!("{}{name}", options.prefix), kind))
                    .collect::<Vec<_>>(),
                None => return self.unknown_table(span),
            },
        };
        match options.conflict {
            Conflict::ReplaceSource => {}
            // A column of the schema that the source has is the source's.
            _ if schema.is_some() => {}
            Conflict::KeepSource => members.retain(|(name, _)| !source_has(name)),
            Conflict::Error => {
                if let Some((name, _)) = members.iter().find(|(name, _)| source_has(name)) {
                    let message = format!(
                        "bag_unpack would make a second column '{name}'; give a prefix, or columnsConflict='replace_source'"
                    );
                    self.error("duplicate-column", span, message);
                    return self.unknown_table(span);
                }
            }
        }
        let replaces = options.conflict == Conflict::ReplaceSource;
        let mut computed = Vec::new();
        let mut made = Vec::new();
        for (name, scalar_type) in members {
            if schema.is_some()
                && !replaces
                && let Some(field) = before.iter().find(|field| field.name == name && field.id != bag_id)
            {
                made.push(field.clone());
                continue;
            }
            let key = name.strip_prefix(options.prefix.as_str()).unwrap_or(&name).to_owned();
            let member =
                Expr::call("engine:dynamic_index", vec![value.clone(), Expr::string(key)], ScalarType::Dynamic);
            let member = self.cast(member, scalar_type);
            let field = self.new_field(name, scalar_type);
            computed.push((field.id, member));
            made.push(field);
        }
        let is_made = |name: &str| made.iter().any(|field| field.name == name);
        let mut fields: Vec<Field> = Vec::new();
        if schema.is_none_or(|schema| schema.with_source) {
            fields.extend(before.iter().filter(|field| field.id != bag_id && !is_made(&field.name)).cloned());
        }
        // A member of the bag's own name takes its place.
        let own = before.iter().find(|field| field.id == bag_id).map(|field| field.name.clone());
        let place = before.iter().position(|field| field.id == bag_id).unwrap_or_default();
        let own = own.and_then(|own| made.iter().position(|new| new.name == own));
        if let Some(new) = own.filter(|_| schema.is_none()) {
            let field = made.remove(new);
            fields.insert(place.min(fields.len()), field);
        }
        fields.extend(made);
        self.projection(input, fields, computed, span, "evaluate")
    }

    fn unpack_options(&mut self, arguments: &[Argument]) -> Option<Options> {
        let mut options = Options { prefix: String::new(), conflict: Conflict::Error, ignored: Vec::new() };
        for (place, argument) in arguments.iter().enumerate() {
            let name = match &argument.name {
                Some(name) => name.text.as_str(),
                None => NAMES.get(place).copied().unwrap_or_default(),
            };
            match name {
                "OutputColumnPrefix" => options.prefix = self.constant_string(&argument.value)?,
                "columnsConflict" => {
                    let wanted = self.constant_string(&argument.value)?;
                    match CONFLICTS.iter().find(|(name, _)| *name == wanted) {
                        Some((_, conflict)) => options.conflict = *conflict,
                        None => {
                            let message = "columnsConflict is 'error', 'replace_source' or 'keep_source'";
                            self.error("option-value", argument.value.span, message);
                            return None;
                        }
                    }
                }
                "ignoredProperties" => {
                    let bound = self.scalar(&argument.value, &mut Context::default());
                    let text = match bound.as_constant() {
                        Some(Value::Dynamic(text)) => text.clone(),
                        _ => {
                            self.error(
                                "constant-array",
                                argument.value.span,
                                "a constant array of names is wanted here",
                            );
                            return None;
                        }
                    };
                    options.ignored = serde_json::from_str::<Vec<String>>(&text).unwrap_or_default();
                }
                _ => {
                    let near = nearest(name, NAMES.iter().copied());
                    let mut message = format!("bag_unpack has no argument '{name}'");
                    if name.is_empty() {
                        message =
                            "bag_unpack takes a column, a prefix, columnsConflict and ignoredProperties".to_owned();
                    } else if let Some(one) = near.first() {
                        message = format!("{message}; did you mean '{one}'?");
                    }
                    self.error("unknown-argument", argument.value.span, message);
                    return None;
                }
            }
        }
        Some(options)
    }

    fn without_bag(&mut self, input: NodeId, bag: ColumnId, span: Span) -> NodeId {
        let fields = self.fields(input).iter().filter(|field| field.id != bag).cloned().collect();
        self.projection(input, fields, Vec::new(), span, "evaluate")
    }

    /// The names in all bags, sorted, each with the one type its values have.
    fn bag_keys(&mut self, input: NodeId, bag: &Expr, span: Span) -> Option<Vec<(String, ScalarType)>> {
        let pair = self.new_field("pair", ScalarType::Dynamic);
        let expanded = self.add(Node {
            kind: NodeKind::Expand {
                input,
                expansions: vec![Expansion { id: pair.id, array: bag.clone() }],
                index: None,
                pairs: true,
                limit: None,
            },
            fields: vec![pair.clone()],
            carried: super::tree::Carried::default(),
            span,
            label: "bag_unpack".to_owned(),
        });
        let part = |place: i64| {
            Expr::call("engine:dynamic_index", vec![Expr::column(&pair), Expr::long(place)], ScalarType::Dynamic)
        };
        let key = self.cast(part(0), ScalarType::String);
        let kind = self.registered("gettype", vec![part(1)], span);
        let key_field = self.new_field("key", ScalarType::String);
        let kind_field = self.new_field("type", ScalarType::String);
        let keys = vec![(key_field.id, key), (kind_field.id, kind)];
        let distinct = self.group(expanded, keys, Vec::new(), vec![key_field, kind_field], span, "bag_unpack");
        let rows = self.probe(distinct, "bag_unpack", span)?;
        let mut found: std::collections::BTreeMap<String, ScalarType> = std::collections::BTreeMap::new();
        for row in rows {
            let [Value::String(key), Value::String(kind)] = row.as_slice() else { continue };
            if key.is_empty() {
                continue;
            }
            let scalar_type = match kind.as_str() {
                "long" | "int" => ScalarType::Long,
                "double" | "real" => ScalarType::Real,
                "bool" => ScalarType::Bool,
                "string" => ScalarType::String,
                "null" => continue,
                _ => ScalarType::Dynamic,
            };
            let entry = found.entry(key.clone()).or_insert(scalar_type);
            if *entry != scalar_type {
                *entry = ScalarType::Dynamic;
            }
        }
        Some(found.into_iter().collect())
    }
}
