//! What the fuzz targets and the property tests hold of any text. A body panics where a promise is broken.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use whippet::kql;
use whippet::plan::Environment;
use whippet::schema::Schema;
use whippet::sql::{self, Compiled};

/// The built-in tables.
pub fn schema() -> Schema {
    Schema::built_in().expect("the built-in tables are read")
}

/// Tokens cover the text in order, and none is empty or cuts a character.
pub fn lexer(text: &str) {
    let mut at = 0;
    for token in kql::tokenize(text) {
        assert!(token.span.start >= at, "tokens overlap at {}", token.span.start);
        assert!(text.get(token.span.start..token.span.end).is_some(), "a token cuts a character");
        at = token.span.end;
    }
    assert!(at <= text.len(), "a token ends behind the text");
}

/// Whatever the text is, its mistakes can be shown; what has none prints as a query that is the same.
pub fn parser(text: &str) {
    let parsed = kql::parse(text);
    for diagnostic in &parsed.diagnostics {
        assert!(diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= text.len(), "{diagnostic:?}");
    }
    let _ = kql::render(&parsed.diagnostics, text, "query", kql::Colours::Plain);
    if !parsed.has_errors() {
        let printed = kql::print_query(&parsed.query);
        let again = kql::parse(&printed);
        assert!(!again.has_errors(), "what was printed does not parse: {printed}\n{:?}", again.diagnostics);
        assert!(again.query.without_spans() == parsed.query.without_spans(), "printing changed it: {printed}");
    }
}

/// What parses is either compiled or refused with a reason that can be shown. Gives what was compiled.
pub fn binder(text: &str, schema: &Schema) -> Option<Compiled> {
    let parsed = kql::parse(text);
    if parsed.has_errors() {
        return None;
    }
    let environment = Environment::new(schema, 638_000_000_000_000_000);
    match sql::compile(&parsed.query, &environment, &sql::Options { lineage: true, ..sql::Options::default() }) {
        Ok(compiled) => {
            let _ = kql::render(&compiled.warnings, text, "query", kql::Colours::Plain);
            Some(compiled)
        }
        Err(diagnostics) => {
            assert!(diagnostics.iter().any(kql::diagnostic::Diagnostic::is_error), "refused without an error");
            let _ = kql::render(&diagnostics, text, "query", kql::Colours::Plain);
            None
        }
    }
}
