//! Tokens → syntax tree, by hand-written recursive descent with precedence climbing.
//!
//! A mistake gives one diagnostic and costs one pipeline stage or statement: parsing resumes at the next `|` or `;`.
//! Nesting and the height of the tree are bounded, so no text can exhaust the stack; the look-ahead is a table of
//! matching brackets, so no text takes more than linear time.

mod calls;
mod cursor;
mod dynamic;
mod expressions;
mod lists;
mod literals;
mod names;
mod operators;
mod operators_rows;
mod operators_series;
mod operators_sources;
mod operators_text;
mod pipelines;
mod recovery;
mod statements;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::diagnostic::Diagnostic;
use super::lexer::{LexicalError, Token, TokenKind, tokenize};
use super::span::Span;
use super::syntax::{Expr, ExprKind, Query};

/// How deep brackets, calls and sub-queries may nest. Unoptimised, a level takes up to 16 kB of stack, and a thread has
/// 2 MB of it.
const MAX_NESTING: usize = 80;
/// How high the tree may grow through chains such as `a + b + …`. Everything after the parser walks it recursively.
const MAX_HEIGHT: usize = 500;
/// After this many errors (and as many warnings) the rest is noise.
const MAX_DIAGNOSTICS: usize = 50;

/// A longer text is not a query: the service itself takes 10,000 characters of a rule.
const MAX_LENGTH: usize = 1 << 20;

/// A parsed query text: the tree, complete where it could be read, and what was wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub query: Query,
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether any diagnostic is an error; the tree then holds `Error` nodes or lacks parts.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// A parsed scalar expression.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedExpression {
    pub expression: Expr,
    pub diagnostics: Vec<Diagnostic>,
}

impl ParsedExpression {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Parses a whole query text.
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_LENGTH {
        let found = Diagnostic::error("too-long", Span::new(0, 0), format!("the query is {} bytes long", text.len()))
            .with_help(format!("at most {MAX_LENGTH} are read; long lists belong in a table or a watchlist"));
        return Parsed { query: Query::default(), diagnostics: vec![found] };
    }
    let mut parser = Parser::new(text);
    let statements = parser.statements(None);
    Parsed { query: Query { statements }, diagnostics: parser.finish() }
}

/// Parses one scalar expression, such as the predicate of an exclusion.
pub fn parse_expression(text: &str) -> ParsedExpression {
    let mut parser = Parser::new(text);
    parser.in_predicate = true;
    let expression = parser.expression().and_then(|expression| {
        if parser.at_end() { Ok(expression) } else { Err(parser.expected("the end of the expression")) }
    });
    let expression = expression.unwrap_or(Expr { kind: ExprKind::Error, span: Span::new(0, text.len()) });
    ParsedExpression { expression, diagnostics: parser.finish() }
}

/// Marks that a diagnostic has been given and the enclosing stage must recover.
#[derive(Debug, Clone, Copy)]
struct Failed;

type Parse<T> = Result<T, Failed>;

struct Parser<'t> {
    text: &'t str,
    /// Without comments; damaged strings stand as strings, stray characters are gone.
    tokens: Vec<Token>,
    /// For each bracket the index of the one it pairs with.
    partners: Vec<Option<usize>>,
    at: usize,
    diagnostics: Vec<Diagnostic>,
    /// Start → end of each place where the text is no token: a syntax error in the same stage is a consequence and stays unsaid.
    damage: BTreeMap<usize, usize>,
    gave_up: bool,
    stage_start: usize,
    nesting: usize,
    height: usize,
    /// Inside a predicate `=` can only be meant as `==`.
    in_predicate: bool,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        let mut parser = Parser {
            text,
            tokens: Vec::new(),
            partners: Vec::new(),
            at: 0,
            diagnostics: Vec::new(),
            damage: BTreeMap::new(),
            gave_up: false,
            stage_start: 0,
            nesting: 0,
            height: 0,
            in_predicate: false,
        };
        for token in tokenize(text) {
            match token.kind {
                TokenKind::Comment => {}
                TokenKind::Directive => parser.report(
                    Diagnostic::warning("directive-line", token.span, "a line that starts with `#` is skipped")
                        .with_help("comments start with `//`"),
                ),
                TokenKind::Error(error) => {
                    parser.report_damage(error, token.span);
                    parser.damage.insert(token.span.start, token.span.end);
                    if !matches!(error, LexicalError::StrayCharacter | LexicalError::BlockComment) {
                        parser.tokens.push(Token { kind: TokenKind::String, ..token });
                    }
                }
                _ => parser.tokens.push(token),
            }
        }
        parser.partners = recovery::pair_brackets(&parser.tokens);
        parser
    }

    fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
        self.diagnostics.dedup();
        self.diagnostics
    }

    /// Runs `parse` one level deeper, keeping account of nesting and tree height.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.nesting >= MAX_NESTING {
            return Err(self.too_deep(format!("this nests more than {MAX_NESTING} levels deep")));
        }
        self.nesting += 1;
        let outer_height = std::mem::take(&mut self.height);
        let result = parse(self);
        self.nesting -= 1;
        self.height = outer_height.max(self.height + 1);
        result
    }

    /// Notes that the expression just parsed becomes a child of another one.
    fn grow(&mut self) -> Parse<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT {
            return Err(self.too_deep(format!("this chains more than {MAX_HEIGHT} operators in one expression")));
        }
        Ok(())
    }

    fn too_deep(&mut self, message: String) -> Failed {
        let span = self.span_here();
        self.report(
            Diagnostic::error("too-deep", span, message)
                .with_help("move parts into `let` statements, or use a list operator such as `in` or `has_any`"),
        );
        self.at = self.tokens.len();
        self.gave_up = true;
        Failed
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let alike = self.diagnostics.iter().filter(|known| known.severity == diagnostic.severity).count();
        if alike < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else if diagnostic.is_error() {
            // What is not going to be said need not be found.
            self.at = self.tokens.len();
            self.gave_up = true;
        }
    }
}
