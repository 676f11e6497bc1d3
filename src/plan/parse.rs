//! Binding parse, parse-where and parse-kv.
//!
//! A parse pattern becomes one regular expression here, with a group for each column; the match is made by an SQL
//! function, and the typed columns are casts of its groups.

use super::binder::{Binder, Context};
use super::expressions::negate;
use super::join::option_word;
use super::tree::{ColumnId, Expr, ExprKind, Field, NodeId};
use crate::kql::span::Span;
use crate::kql::syntax::{self, ColumnDeclaration, NamedOption, ParsePiece};
use crate::schema::{ScalarType, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Relaxed,
    Regex,
}

/// Puts new fields among others: of the same name in its place, others at the end.
pub(super) fn put(fields: &mut Vec<Field>, new: &[Field]) {
    for column in new {
        match fields.iter_mut().find(|field| field.name == column.name) {
            Some(old) => *old = column.clone(),
            None => fields.push(column.clone()),
        }
    }
}

impl Binder<'_> {
    pub fn parse(
        &mut self,
        input: NodeId,
        filter: bool,
        options: &[NamedOption],
        value: &syntax::Expr,
        pattern: &[ParsePiece],
        span: Span,
    ) -> NodeId {
        let kind = match option_word(options, "kind") {
            None => Kind::Simple,
            Some((word, _)) if word == "simple" => Kind::Simple,
            Some((word, _)) if word == "relaxed" => Kind::Relaxed,
            Some((word, _)) if word == "regex" => Kind::Regex,
            Some((word, at)) => {
                self.error("parse-kind", at, format!("there is no parse kind '{word}': simple, relaxed or regex"));
                Kind::Simple
            }
        };
        let flags = option_word(options, "flags").map(|(word, _)| word).unwrap_or_default();
        let value = self.scalar(value, &mut Context::rows(input));
        let unknown = self.is_unknown_column(&value);
        let value = self.cast(value, ScalarType::String);
        let Some((regex, columns)) = self.parse_pattern(kind, &flags, pattern, span) else {
            return self.unknown_table(span);
        };
        let columns: Vec<Field> =
            columns.into_iter().map(|(name, scalar_type)| self.new_field(name, scalar_type)).collect();
        if unknown {
            for column in &columns {
                self.unknown.insert(column.id);
            }
            let fields = self.with_fields(input, &columns);
            return self.projection(input, fields, Vec::new(), span, "parse");
        }
        let groups = Expr::call(
            "engine:parse_pattern",
            vec![value, Expr::string(regex), Expr::long(i64::try_from(columns.len()).unwrap_or(0))],
            ScalarType::Dynamic,
        );
        let (node, matched) = self.extracted(input, groups, &columns, kind != Kind::Relaxed, span, "parse");
        if !filter {
            return node;
        }
        let matched = Expr::new(ExprKind::Column(matched), ScalarType::Dynamic);
        let is_null = self.registered("isnull", vec![matched], span);
        self.filter_by(node, negate(is_null), span, "parse-where")
    }

    /// The fields of a node with new ones: of the same name in its place, others at the end.
    pub fn with_fields(&self, input: NodeId, new: &[Field]) -> Vec<Field> {
        let mut fields = self.fields(input).to_vec();
        put(&mut fields, new);
        fields
    }

    /// Columns cast from the members of an array of texts. With `strict`, one cast that fails empties all. Gives the
    /// node and the column that is null where nothing matched.
    fn extracted(
        &mut self,
        input: NodeId,
        groups: Expr,
        columns: &[Field],
        strict: bool,
        span: Span,
        label: &str,
    ) -> (NodeId, ColumnId) {
        let before = self.fields(input).to_vec();
        let groups_id = self.new_column();
        let matched = self.projection(input, before.clone(), vec![(groups_id, groups)], span, label);
        let mut typed: Vec<(ColumnId, Expr)> = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            let place = Expr::long(i64::try_from(place).unwrap_or(0));
            let array = Expr::new(ExprKind::Column(groups_id), ScalarType::Dynamic);
            let text = Expr::call("engine:array_text", vec![array, place], ScalarType::String);
            // A column of type dynamic is what the text says as JSON.
            let value = match column.scalar_type {
                ScalarType::Dynamic => self.registered("parse_json", vec![text], span),
                scalar_type => self.cast(text, scalar_type),
            };
            typed.push((self.new_column(), value));
        }
        let casts: Vec<(ColumnId, ScalarType)> =
            typed.iter().zip(columns).map(|((id, _), column)| (*id, column.scalar_type)).collect();
        let middle = self.projection(matched, before, typed, span, label);
        let mut whole = Vec::new();
        for (id, scalar_type) in casts.iter().filter(|(_, scalar_type)| *scalar_type != ScalarType::String) {
            let cast = Expr::new(ExprKind::Column(*id), *scalar_type);
            let is_null = self.registered("isnull", vec![cast], span);
            whole.push(negate(is_null));
        }
        let ok_id = self.new_column();
        let has_condition = strict && !whole.is_empty();
        let groups = Expr::new(ExprKind::Column(groups_id), ScalarType::Dynamic);
        let ok = if has_condition {
            let all = Expr::new(ExprKind::And(whole), ScalarType::Bool);
            self.registered("iff", vec![all, groups, Expr::null(ScalarType::Dynamic)], span)
        } else {
            groups
        };
        let mut computed = vec![(ok_id, ok)];
        for ((id, scalar_type), column) in casts.iter().zip(columns) {
            let value = Expr::new(ExprKind::Column(*id), *scalar_type);
            computed.push((column.id, value));
        }
        let fields = self.with_fields(input, columns);
        let done = self.projection(middle, fields.clone(), computed, span, label);
        if !has_condition {
            return (done, ok_id);
        }
        let mut emptied = Vec::new();
        let mut shown = fields;
        for column in columns {
            let matched = Expr::new(ExprKind::Column(ok_id), ScalarType::Dynamic);
            let failed = self.registered("isnull", vec![matched], span);
            let value =
                self.registered("iff", vec![failed, Expr::null(column.scalar_type), Expr::column(column)], span);
            let field = self.new_field(column.name.as_str(), column.scalar_type);
            emptied.push((field.id, value));
            if let Some(old) = shown.iter_mut().find(|old| old.id == column.id) {
                *old = field;
            }
        }
        (self.projection(done, shown, emptied, span, label), ok_id)
    }

    /// The regular expression of a pattern, and its columns.
    fn parse_pattern(
        &mut self,
        kind: Kind,
        flags: &str,
        pattern: &[ParsePiece],
        span: Span,
    ) -> Option<(String, Vec<(String, ScalarType)>)> {
        let mut regex = String::new();
        let mut columns = Vec::new();
        let is_regex = kind == Kind::Regex;
        if is_regex {
            let flags: String = "imsU".chars().filter(|flag| *flag == 's' || flags.contains(*flag)).collect();
            regex.push_str(&format!("(?{flags})"));
        } else {
            regex.push_str("(?s)^");
        }
        for (place, piece) in pattern.iter().enumerate() {
            let next = pattern.get(place + 1);
            match piece {
                ParsePiece::Skip(_) => regex.push_str(if next.is_none() { ".*" } else { ".*?" }),
                ParsePiece::Text(text) => {
                    let text = match self.scalar(text, &mut Context::default()).as_constant() {
                        Some(Value::String(text)) => text.clone(),
                        _ => {
                            self.error("parse-pattern", span, "a parse pattern must be constant");
                            return None;
                        }
                    };
                    if is_regex {
                        regex.push_str(&format!("(?:{text})"));
                    } else {
                        regex.push_str(&regex::escape(&text));
                    }
                }
                ParsePiece::Column { name, type_name } => {
                    let scalar_type = match type_name {
                        Some(type_name) => self.scalar_type(type_name)?,
                        None => ScalarType::String,
                    };
                    let number = match scalar_type {
                        ScalarType::Int | ScalarType::Long => Some(r"\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+)\s*"),
                        ScalarType::Real | ScalarType::Decimal => {
                            Some(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
                        }
                        _ => None,
                    };
                    // Greedy in kind=regex, as the engine has it.
                    let any = if is_regex || next.is_none() { ".*" } else { ".*?" };
                    let group = match number {
                        // What is no number is passed over, and gives null.
                        Some(number) if kind == Kind::Relaxed => format!("{number}|{any}"),
                        Some(number) => number.to_owned(),
                        None => any.to_owned(),
                    };
                    regex.push_str(&format!("(?P<c{}>{group})", columns.len()));
                    columns.push((name.text.clone(), scalar_type));
                }
            }
        }
        if !is_regex {
            regex.push('$');
        }
        if let Err(error) = crate::kql::pattern::compile(&regex) {
            self.error("parse-pattern", span, error.to_string());
            return None;
        }
        Some((regex, columns))
    }

    pub fn parse_kv(
        &mut self,
        input: NodeId,
        value: &syntax::Expr,
        columns: &[ColumnDeclaration],
        options: &[NamedOption],
        span: Span,
    ) -> NodeId {
        let value = self.scalar(value, &mut Context::rows(input));
        let unknown = self.is_unknown_column(&value);
        let value = self.cast(value, ScalarType::String);
        let columns = self.declared_fields(columns);
        if unknown {
            for column in &columns {
                self.unknown.insert(column.id);
            }
            let fields = self.with_fields(input, &columns);
            return self.projection(input, fields, Vec::new(), span, "parse-kv");
        }
        let Some(settings) = self.pair_settings(options, &columns, span) else { return self.unknown_table(span) };
        let groups = Expr::call("engine:parse_kv", vec![value, Expr::string(settings)], ScalarType::Dynamic);
        self.extracted(input, groups, &columns, false, span, "parse-kv").0
    }

    /// How `parse-kv` finds its pairs, as JSON for the implementation.
    fn pair_settings(&mut self, options: &[NamedOption], columns: &[Field], span: Span) -> Option<String> {
        let mut settings = serde_json::Map::new();
        for option in options {
            let name = option.name.text.as_str();
            match name {
                "pair_delimiter" | "kv_delimiter" | "regex" => {
                    settings.insert(name.to_owned(), self.constant_string(&option.value)?.into());
                }
                "quote" | "escape" => {
                    let text = self.constant_string(&option.value)?;
                    let all = settings.entry(name).or_insert_with(|| serde_json::Value::Array(Vec::new()));
                    if let Some(all) = all.as_array_mut() {
                        all.push(text.into());
                    }
                }
                "greedy" => {
                    let value = self.scalar(&option.value, &mut Context::default());
                    settings.insert(name.to_owned(), (value.as_constant() == Some(&Value::Bool(true))).into());
                }
                _ => self.unsupported(option.name.span, &format!("'{name}' of parse-kv"), ""),
            }
        }
        let given = |name: &str| settings.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
        if let Some(regex) = given("regex") {
            let groups = crate::kql::pattern::compile(regex).map(|regex| regex.captures_len() - 1);
            if !matches!(groups, Ok(2)) {
                self.error("parse-pattern", span, "the regex of parse-kv needs two groups: the key and the value");
                return None;
            }
        } else if given("pair_delimiter").is_some() != given("kv_delimiter").is_some() {
            self.error("parse-delimiters", span, "parse-kv takes both delimiters, or neither");
            return None;
        } else if given("kv_delimiter").is_none()
            && let Some(column) = columns.iter().find(|column| !column.name.chars().all(char::is_alphanumeric))
        {
            let message = format!("without delimiters a key is letters and digits, which '{}' is not", column.name);
            self.error("parse-delimiters", span, message);
            return None;
        }
        let names = columns.iter().map(|column| serde_json::Value::String(column.name.clone())).collect();
        settings.insert("keys".to_owned(), serde_json::Value::Array(names));
        Some(serde_json::Value::Object(settings).to_string())
    }
}
