//! The KQL language: tokens, syntax tree with spans, parser, printer, diagnostics.
//!
//! Knows nothing of schemas, SQL or rules.

pub mod diagnostic;
pub mod habits;
pub mod lexer;
mod nearest;
mod parser;
pub mod pattern;
mod printer;
mod render;
pub mod span;
pub mod syntax;
mod transform;
pub mod values;
pub mod visible;
pub mod walk;
pub mod words;

pub use lexer::tokenize;
pub use nearest::{is_near, nearest, nearest_few};
pub use parser::{Parsed, ParsedExpression, parse, parse_expression};
pub use printer::{print_expression, print_operator, print_query, print_statement};
pub use render::{Colours, Location, render, to_json};
pub use transform::{conjuncts, replace_expression, without_parentheses};
