//! Operators that take columns out of text: `parse`, `parse-where`, `parse-kv`.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::syntax::{OperatorKind, ParsePiece};

impl Parser<'_> {
    pub(super) fn parse_arguments(&mut self, filter: bool) -> Parse<OperatorKind> {
        let options = self.options(&["kind", "flags"])?;
        let value = self.expression()?;
        self.expect_word("with")?;
        let mut pattern = Vec::new();
        while !self.at_stage_end() {
            match self.parse_piece()? {
                Some(piece) => pattern.push(piece),
                None => break,
            }
        }
        if pattern.is_empty() {
            return Err(self.expected("a pattern: strings, column names and `*`"));
        }
        Ok(OperatorKind::Parse { filter, options, value, pattern })
    }

    fn parse_piece(&mut self) -> Parse<Option<ParsePiece>> {
        match self.kind(0) {
            Some(TokenKind::Star) => {
                let span = self.span_here();
                self.advance();
                Ok(Some(ParsePiece::Skip(span)))
            }
            Some(TokenKind::String) => Ok(Some(ParsePiece::Text(self.string()))),
            Some(TokenKind::Comma) => {
                let diagnostic = Diagnostic::error("syntax-error", self.span_here(), "a pattern has no commas")
                    .with_label("remove it");
                Err(self.fail(diagnostic))
            }
            _ => match self.name_at(0) {
                Some((name, length)) => {
                    self.at += length;
                    let type_name = if self.eat(TokenKind::Colon) { Some(self.type_name()?) } else { None };
                    Ok(Some(ParsePiece::Column { name, type_name }))
                }
                None => Ok(None),
            },
        }
    }

    pub(super) fn parse_kv_arguments(&mut self) -> Parse<OperatorKind> {
        let value = self.expression()?;
        self.expect_word("as")?;
        let columns = self.row_schema()?;
        let options = if self.eat_word("with") { self.with_options()? } else { Vec::new() };
        Ok(OperatorKind::ParseKv { value, columns, options })
    }
}
