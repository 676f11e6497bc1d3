//! The KQL language: tokens, syntax tree with spans, parser, printer, diagnostics.
//!
//! Knows nothing of schemas, SQL or rules.

pub mod diagnostic;
pub mod span;
pub mod syntax;
pub mod visible;
