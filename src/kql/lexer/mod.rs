//! Text → tokens. Never fails: what is no token becomes an error token, and the parser words the diagnostic.
//!
//! Knows nothing of grammar, and decodes no value.

mod cursor;
mod scan;
mod token;

pub use cursor::is_blank;
pub use token::{LexicalError, Token, TokenKind};

use cursor::Cursor;

/// Every token of `text` in order, comments included, blank left out. Spans never overlap.
pub fn tokenize(text: &str) -> Vec<Token> {
    let mut cursor = Cursor::new(text);
    let mut tokens = Vec::new();
    let mut spaced = false;
    loop {
        while cursor.peek().is_some_and(is_blank) {
            cursor.bump();
            spaced = true;
        }
        let start = cursor.position();
        let Some(kind) = scan::token(&mut cursor) else { break };
        tokens.push(Token { kind, span: crate::kql::span::Span::new(start, cursor.position()), spaced });
        spaced = matches!(kind, TokenKind::Comment | TokenKind::Directive);
    }
    tokens
}
