//! Calls, and the forms that look like calls: `typeof`, `datatable`, `externaldata`, `dynamic`.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::syntax::{Argument, ColumnDeclaration, Expr, ExprKind, Literal, LiteralValue, Name, TypeofItem};

impl Parser<'_> {
    /// The forms that a word begins without being a name. `None` where the word is a plain name or function.
    pub(super) fn special_form(&mut self, word: &Name) -> Option<Parse<Expr>> {
        match (word.text.as_str(), self.kind(1)) {
            ("true" | "True" | "TRUE" | "false" | "False" | "FALSE", _) => {
                self.advance();
                let value = LiteralValue::Bool(Some(word.text.eq_ignore_ascii_case("true")));
                let literal = Literal { value, text: word.text.clone() };
                Some(Ok(Expr { kind: ExprKind::Literal(literal), span: word.span }))
            }
            ("dynamic", Some(TokenKind::OpenParen)) => Some(self.nested(Self::dynamic_literal)),
            ("typeof", Some(TokenKind::OpenParen)) => Some(self.typeof_expression()),
            ("datatable", Some(TokenKind::OpenParen)) => Some(self.nested(Self::datatable)),
            ("externaldata" | "external_data", Some(TokenKind::OpenParen)) => Some(self.nested(Self::externaldata)),
            ("entity_group", Some(TokenKind::OpenBracket)) => {
                let message = "entity groups span several clusters, which this engine does not read";
                let diagnostic = Diagnostic::unsupported("unsupported-entity-group", word.span, message);
                Some(Err(self.fail(diagnostic)))
            }
            _ => None,
        }
    }

    pub(super) fn call(&mut self, function: Name) -> Parse<Expr> {
        let start = function.span;
        let arguments = self.arguments()?;
        Ok(Expr { kind: ExprKind::Call { function, arguments }, span: self.span_from(start) })
    }

    /// `(a, name = b, …)`. An argument may be a whole sub-query.
    pub(super) fn arguments(&mut self) -> Parse<Vec<Argument>> {
        self.outside_predicate(|parser| {
            parser.strict_list(|parser| {
                let mut name = None;
                if let Some((found, length)) = parser.name_at(0)
                    && parser.kind(length) == Some(TokenKind::Assign)
                {
                    parser.at += length + 1;
                    name = Some(found);
                }
                Ok(Argument { name, value: parser.tabular()? })
            })
        })
    }

    /// `typeof(long)`, `typeof(a:long, b:string)`.
    pub(super) fn typeof_expression(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        self.expect_word("typeof")?;
        let items = self.bracketed_list(TokenKind::OpenParen, |parser| {
            let name = parser.pattern_name("a type")?;
            if parser.eat(TokenKind::Colon) {
                return Ok(TypeofItem::Column(ColumnDeclaration { name, type_name: parser.type_name()? }));
            }
            Ok(TypeofItem::Type(name))
        })?;
        Ok(Expr { kind: ExprKind::Typeof(items), span: self.span_from(start) })
    }

    /// `typeof(long)` where exactly one type can stand.
    pub(super) fn single_typeof(&mut self) -> Parse<Name> {
        let found = self.typeof_expression()?;
        match found.kind {
            ExprKind::Typeof(items) => match <[TypeofItem; 1]>::try_from(items) {
                Ok([TypeofItem::Type(name)]) => Ok(name),
                _ => {
                    let diagnostic =
                        Diagnostic::error("syntax-error", found.span, "expected one type, as in `typeof(string)`");
                    Err(self.fail(diagnostic))
                }
            },
            _ => Err(self.expected("`typeof(…)`")),
        }
    }

    fn datatable(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        self.advance();
        let columns = self.row_schema()?;
        let values =
            self.bracketed_list(TokenKind::OpenBracket, |parser| parser.outside_predicate(Self::expression))?;
        if !columns.is_empty() && !values.len().is_multiple_of(columns.len()) {
            let span = self.span_from(start);
            let message = format!("{} values do not fill rows of {} columns", values.len(), columns.len());
            let diagnostic = Diagnostic::error("incomplete-row", span, message)
                .with_help("two strings with no comma between them are one string");
            self.fail(diagnostic);
        }
        Ok(Expr { kind: ExprKind::Datatable { columns, values }, span: self.span_from(start) })
    }

    fn externaldata(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        self.advance();
        let columns = self.row_schema()?;
        let uris = self.bracketed_list(TokenKind::OpenBracket, |parser| parser.outside_predicate(Self::expression))?;
        let options = if self.is_word("with") && self.kind(1) == Some(TokenKind::OpenParen) {
            self.advance();
            self.with_options()?
        } else {
            Vec::new()
        };
        Ok(Expr { kind: ExprKind::Externaldata { columns, uris, options }, span: self.span_from(start) })
    }
}
