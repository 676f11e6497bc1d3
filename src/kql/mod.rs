//! The KQL language: tokens, syntax tree with spans, parser, printer, diagnostics.
//!
//! Knows nothing of schemas, SQL or rules.

pub mod diagnostic;
pub mod lexer;
mod nearest;
mod parser;
pub mod span;
pub mod syntax;
pub mod values;
pub mod visible;
pub mod words;

pub use lexer::tokenize;
pub use nearest::nearest;
pub use parser::{Parsed, ParsedExpression, parse, parse_expression};
