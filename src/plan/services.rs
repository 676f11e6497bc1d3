//! Binding invoke, and the functions of the service that answer from local tables.

use super::binder::{Binder, Context, Value as Bound};
use super::scope::Binding;
use super::tree::{Aggregate, AggregateKind, Expr, ExprKind, Field, JoinKind, NodeId};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::{self, Argument, BinaryOperator, LiteralValue, Name};
use crate::schema::{ScalarType, Value};

/// The store's table of file profiles, under the name the schema gives it.
const FILE_PROFILE: &str = "FileProfile()";

/// How many rows `FileProfile` looks up where the call does not say.
const DEFAULT_PROFILES: i64 = 100;

impl Binder<'_> {
    pub fn invoke(&mut self, input: NodeId, function: &Name, arguments: &[Argument], span: Span) -> NodeId {
        let user = match self.scope.get(&function.text) {
            Some(Binding::Function(user)) => Some(user),
            _ => self.service_function(&function.text, function.span),
        };
        if let Some(user) = user {
            return match self.call_user(&user, function, arguments, &mut Context::rows(input), Some(input)) {
                Bound::Table(node) => node,
                Bound::Scalar(_) => {
                    self.error("not-a-table", span, format!("'{}' gives a value, not a table", function.text));
                    self.unknown_table(span)
                }
            };
        }
        if function.text == "FileProfile" {
            return self.file_profile(input, arguments, span);
        }
        let mut diagnostic = Diagnostic::needs_input(
            "unknown-function",
            function.span,
            format!("there is no function '{}' to invoke", function.text),
        );
        let mut known = self.scope.all_names();
        known.push("FileProfile".to_owned());
        let near = crate::kql::nearest_few(&function.text, known.iter().map(String::as_str));
        diagnostic.help.extend(super::columns::did_you_mean(&near));
        self.diagnostics
            .push(diagnostic.with_help("define it with a let, or save it as functions/NAME.kql beside the rules"));
        self.unknown_table(span)
    }

    /// Adds what is known of a file to each row: `FileProfile(hash, most)`. An unknown hash is "Missing", with no
    /// prevalence; beyond the most rows the profile is empty, as in the service.
    fn file_profile(&mut self, input: NodeId, arguments: &[Argument], span: Span) -> NodeId {
        let given = |name: &str, place: usize| {
            arguments
                .iter()
                .find(|argument| argument.name.as_ref().is_some_and(|given| given.text == name))
                .or_else(|| arguments.get(place).filter(|argument| argument.name.is_none()))
                .map(|argument| argument.value.clone())
        };
        let most = match given("y", 1) {
            Some(most) => self.scalar(&most, &mut Context::default()),
            None => Expr::long(DEFAULT_PROFILES),
        };
        let hash = given("x", 0)
            .unwrap_or(syntax::Expr { kind: syntax::ExprKind::Name(Name { text: "SHA1".to_owned(), span }), span });
        // The column may be named by a string.
        let hash = match &hash.kind {
            syntax::ExprKind::Literal(syntax::Literal { value: LiteralValue::String(text), .. }) => syntax::Expr {
                kind: syntax::ExprKind::Name(Name { text: text.clone(), span: hash.span }),
                span: hash.span,
            },
            _ => hash,
        };
        let is_open = self.open.contains(&input);
        let written = self.result_name(&hash).unwrap_or_default();
        let key_name = ["SHA256", "MD5"].into_iter().find(|name| written.contains(name)).unwrap_or("SHA1");
        let value = self.scalar(&hash, &mut Context::rows(input));
        let Some(table) = self.environment.schema.table(FILE_PROFILE).cloned() else {
            self.unsupported(span, "FileProfile", "this store has no table for it");
            return input;
        };
        if is_open || self.is_unknown_column(&value) {
            return self.unknown_table(span);
        }
        let profiles = self.unique_profiles(&table, key_name, span);
        let Some((profiles, key)) = profiles else { return self.unknown_table(span) };
        let (numbered, number) = self.numbered(input, span);
        let number = Expr::new(ExprKind::Column(number), ScalarType::Long);
        let within = self.binary_of(BinaryOperator::LessOrEqual, span, number, most);
        let value = self.cast(value, ScalarType::String);
        let folded = self.registered("tolower", vec![value], span);
        let wanted = self.registered("iff", vec![within.clone(), folded, Expr::string("")], span);
        let wanted_field = self.new_field("$profile_key", ScalarType::String);
        let within_field = self.new_field("$profile_within", ScalarType::Bool);
        let outer = self.fields(input).to_vec();
        let mut fields = outer.clone();
        fields.push(wanted_field.clone());
        fields.push(within_field.clone());
        let computed = vec![(wanted_field.id, wanted), (within_field.id, within)];
        let left = self.projection(numbered, fields, computed, span, "FileProfile");
        let keys = vec![(Expr::column(&wanted_field), Expr::column(&key))];
        let joined = self.join_node(JoinKind::LeftOuter, left, profiles, keys, &[], span, "FileProfile");
        let joined_fields = self.fields(joined).to_vec();
        let outer_count = outer.len();
        let mut shown: Vec<Field> = joined_fields.iter().take(outer_count).cloned().collect();
        let within = joined_fields.get(outer_count + 1).cloned();
        let right: Vec<Field> = joined_fields.iter().skip(outer_count + 2).cloned().collect();
        let matched = right.first().cloned();
        let mut computed = Vec::new();
        // Columns the rows have already keep their own values.
        for (field, column) in right.iter().skip(1).zip(&table.columns) {
            if outer.iter().any(|old| old.name == column.name) {
                continue;
            }
            let mut field = Field { name: column.name.clone(), ..field.clone() };
            if column.name == "ProfileAvailability"
                && let (Some(within), Some(matched)) = (&within, &matched)
            {
                let is_missing = self.binary_of(BinaryOperator::Equal, span, Expr::column(matched), Expr::string(""));
                let known =
                    self.registered("iff", vec![is_missing, Expr::string("Missing"), Expr::column(&field)], span);
                let value = self.registered("iff", vec![Expr::column(within), known, Expr::string("")], span);
                field = self.new_field(column.name.as_str(), ScalarType::String);
                computed.push((field.id, value));
            }
            shown.push(field);
        }
        let node = self.projection(joined, shown, computed, span, "FileProfile");
        if let Some(node) = self.nodes.get_mut(node.0) {
            // A join loses the order; what `top` sorted before is not promised after.
            node.carried.serialized = false;
        }
        node
    }

    /// The profiles with one row for each hash, and the column of the folded hash, which comes first.
    fn unique_profiles(
        &mut self,
        table: &crate::schema::TableSchema,
        key_name: &str,
        span: Span,
    ) -> Option<(NodeId, Field)> {
        let source = self.table_node(table, span);
        let key = self.fields(source).iter().find(|field| field.name == key_name).cloned()?;
        let folded = self.registered("tolower", vec![Expr::column(&key)], span);
        let is_empty = self.binary_of(BinaryOperator::NotEqual, span, Expr::column(&key), Expr::string(""));
        let filtered = self.filter_by(source, is_empty, span, "FileProfile");
        let key_field = self.new_field("$hash", ScalarType::String);
        let mut fields = vec![key_field.clone()];
        let mut aggregates = Vec::new();
        for field in self.fields(source).to_vec() {
            let new = self.new_field(format!("${}", field.name), field.scalar_type);
            aggregates.push(Aggregate {
                id: new.id,
                kind: AggregateKind::Any { value: Expr::column(&field) },
                scalar_type: field.scalar_type,
            });
            fields.push(new);
        }
        let node = self.group(filtered, vec![(key_field.id, folded)], aggregates, fields, span, "FileProfile");
        // A profile is no event: it is not part of a row's lineage.
        if let Some(node) = self.nodes.get_mut(node.0) {
            node.carried.lineage = None;
        }
        Some((node, key_field))
    }

    /// A constant string, for arguments that name something.
    pub fn constant_string(&mut self, expression: &syntax::Expr) -> Option<String> {
        match self.scalar(expression, &mut Context::default()).as_constant() {
            Some(Value::String(text)) => Some(text.clone()),
            _ => {
                self.error("constant-string", expression.span, "a constant string is wanted here");
                None
            }
        }
    }
}
