//! Looking at and taking tokens.

use super::{Failed, Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::{Token, TokenKind};
use crate::kql::span::Span;
use crate::kql::syntax::Name;
use crate::kql::visible::visible;

impl<'t> Parser<'t> {
    pub(super) fn token(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    pub(super) fn kind(&self, ahead: usize) -> Option<TokenKind> {
        self.token(ahead).map(|token| token.kind)
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind(0) == Some(kind)
    }

    /// The text of a word ahead, or `None` where another token stands.
    pub(super) fn word(&self, ahead: usize) -> Option<&'t str> {
        self.token(ahead).filter(|token| token.kind == TokenKind::Word).map(|token| token.span.slice(self.text))
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.word(0) == Some(word)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.is(kind);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, kind: TokenKind, what: &str) -> Parse<Span> {
        let span = self.span_here();
        if self.eat(kind) { Ok(span) } else { Err(self.expected(what)) }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parse<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    /// The span of the next token; at the end the empty span after the last one.
    pub(super) fn span_here(&self) -> Span {
        self.token(0).map_or_else(
            || {
                let end = self.tokens.last().map_or(0, |token| token.span.end);
                Span::new(end, end)
            },
            |token| token.span,
        )
    }

    /// The end of the last token taken.
    pub(super) fn end_of_last(&self) -> usize {
        self.at.checked_sub(1).and_then(|index| self.tokens.get(index)).map_or(0, |token| token.span.end)
    }

    pub(super) fn span_from(&self, start: Span) -> Span {
        Span::new(start.start, self.end_of_last().max(start.start))
    }

    pub(super) fn name_of(&self, token: Token) -> Name {
        Name { text: token.span.slice(self.text).to_owned(), span: token.span }
    }

    /// Whether a line break stands between the last token taken and the next one.
    pub(super) fn on_new_line(&self) -> bool {
        let gap = Span::new(self.end_of_last(), self.span_here().start);
        gap.slice(self.text).contains('\n')
    }

    /// Whether the bracket at this index of the token list is closed somewhere.
    pub(super) fn partner(&self, index: usize) -> Option<usize> {
        self.partners.get(index).copied().flatten()
    }

    /// The token kind after the bracket that pairs with the one standing next.
    pub(super) fn kind_after_bracket(&self) -> Option<TokenKind> {
        self.tokens.get(self.partner(self.at)? + 1).map(|token| token.kind)
    }

    /// The next token in words, for "found …".
    pub(super) fn found(&self) -> String {
        let Some(token) = self.token(0) else { return "the end of the query".to_owned() };
        let text = token.span.slice(self.text);
        match token.kind {
            TokenKind::String => "a string".to_owned(),
            _ if text.chars().count() > 40 => format!("`{}…`", visible(&text.chars().take(40).collect::<String>())),
            _ => format!("`{}`", visible(text)),
        }
    }

    /// Says what should stand here, unless the text here was damaged before and that has been said.
    pub(super) fn expected(&mut self, what: &str) -> Failed {
        let message = format!("expected {what}, found {}", self.found());
        let diagnostic = Diagnostic::error("syntax-error", self.span_here(), message);
        let diagnostic = self.with_syntax_help(diagnostic).with_label(format!("expected {what}"));
        self.fail(diagnostic)
    }

    /// Reports a syntax error, unless an earlier one explains it.
    pub(super) fn fail(&mut self, diagnostic: Diagnostic) -> Failed {
        let from = self.tokens.get(self.stage_start).map_or(0, |token| token.span.start);
        let to = diagnostic.span.end;
        let damaged = self.damage.range(..=to).next_back().is_some_and(|(_, end)| *end >= from);
        if !damaged && !self.gave_up {
            self.report(diagnostic);
        }
        Failed
    }
}
