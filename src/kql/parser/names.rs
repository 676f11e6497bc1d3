//! Names: bare, quoted, with stars; type words and column declarations.

use super::{Parse, Parser};
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{ColumnDeclaration, ColumnPattern, Name, PatternOrder};
use crate::kql::values::decode_string;

impl Parser<'_> {
    /// The name at `ahead` without taking it, and how many tokens it has: `Name` or `['any name']`.
    pub(super) fn name_at(&self, ahead: usize) -> Option<(Name, usize)> {
        let token = self.token(ahead)?;
        match token.kind {
            TokenKind::Word => Some((self.name_of(token), 1)),
            TokenKind::OpenBracket => {
                let string = self.token(ahead + 1).filter(|token| token.kind == TokenKind::String)?;
                let close = self.token(ahead + 2).filter(|token| token.kind == TokenKind::CloseBracket)?;
                let (text, _) = decode_string(string.span.slice(self.text));
                Some((Name { text, span: token.span.to(close.span) }, 3))
            }
            _ => None,
        }
    }

    pub(super) fn name(&mut self, what: &str) -> Parse<Name> {
        let Some((name, length)) = self.name_at(0) else { return Err(self.expected(what)) };
        self.at += length;
        Ok(name)
    }

    /// A name that may hold `*`: `Device*`, `*_cs`, `a*b`, `*`. Its pieces touch.
    pub(super) fn pattern_name(&mut self, what: &str) -> Parse<Name> {
        let start = self.span_here();
        let is_piece = |kind| matches!(kind, Some(TokenKind::Word | TokenKind::Star | TokenKind::Long));
        if !is_piece(self.kind(0)) {
            return self.name(what);
        }
        self.advance();
        while is_piece(self.kind(0)) && self.token(0).is_some_and(|token| !token.spaced) {
            self.advance();
        }
        let span = self.span_from(start);
        Ok(Name { text: span.slice(self.text).to_owned(), span })
    }

    /// Whether a name with a star in it stands here.
    pub(super) fn at_starred_name(&self) -> bool {
        let touching = |ahead: usize, kind| self.token(ahead).is_some_and(|token| token.kind == kind && !token.spaced);
        self.is(TokenKind::Star) || (self.is(TokenKind::Word) && touching(1, TokenKind::Star))
    }

    pub(super) fn column_pattern(&mut self) -> Parse<ColumnPattern> {
        let name = self.pattern_name("a column name")?;
        let direction = if self.eat_word("asc") {
            Some(PatternOrder::Ascending)
        } else if self.eat_word("desc") {
            Some(PatternOrder::Descending)
        } else if self.dashed_word().0 == "granny-asc" {
            self.at += 3;
            Some(PatternOrder::GrannyAscending)
        } else if self.dashed_word().0 == "granny-desc" {
            self.at += 3;
            Some(PatternOrder::GrannyDescending)
        } else {
            None
        };
        Ok(ColumnPattern { name, direction })
    }

    /// The words ahead that dashes glue together, as in `project-away`, and how many tokens they are.
    pub(super) fn dashed_word(&self) -> (String, usize, Span) {
        let Some(first) = self.token(0).filter(|token| token.kind == TokenKind::Word) else {
            return (String::new(), 0, self.span_here());
        };
        let mut span = first.span;
        let mut length = 1;
        loop {
            let dash = self.token(length).filter(|token| token.kind == TokenKind::Minus && !token.spaced);
            let word = self.token(length + 1).filter(|token| token.kind == TokenKind::Word && !token.spaced);
            let (Some(_), Some(word)) = (dash, word) else { break };
            span = span.to(word.span);
            length += 2;
        }
        (span.slice(self.text).to_owned(), length, span)
    }

    pub(super) fn type_name(&mut self) -> Parse<Name> {
        match self.word(0) {
            Some(_) => self.name("a type"),
            None => Err(self.expected("a type such as `string`, `long` or `datetime`")),
        }
    }

    /// `name:type`; the type may be missing only where a `parse` pattern allows it, which is not here.
    pub(super) fn column_declaration(&mut self) -> Parse<ColumnDeclaration> {
        let name = self.name("a column name")?;
        self.expect(TokenKind::Colon, "`:` and the column's type")?;
        let type_name = self.type_name()?;
        Ok(ColumnDeclaration { name, type_name })
    }

    /// `(a:long, b:string)`; a comma after the last one is allowed.
    pub(super) fn row_schema(&mut self) -> Parse<Vec<ColumnDeclaration>> {
        self.bracketed_list(TokenKind::OpenParen, Self::column_declaration)
    }
}
