//! Statements: `let`, `set`, `declare`, and the queries between them.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, Parameter, ParameterKind, Statement, StatementKind};

impl Parser<'_> {
    /// Statements up to the end of the text, or up to the closing bracket of the function body they are in.
    pub(super) fn statements(&mut self, closing: Option<TokenKind>) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            while self.eat(TokenKind::Semicolon) {}
            if self.at_end() || closing.is_some_and(|kind| self.is(kind)) {
                return statements;
            }
            let started = self.at;
            self.stage_start = started;
            let start = self.span_here();
            if let Ok(kind) = self.statement() {
                statements.push(Statement { kind, span: self.span_from(start) });
            } else {
                self.skip_stage(started);
                let span = self.span_from(start);
                statements
                    .push(Statement { kind: StatementKind::Expression(Expr { kind: ExprKind::Error, span }), span });
            }
            self.end_statement(closing, started);
        }
    }

    /// Sees to it that a statement is followed by `;` or the end, and that the parser has moved.
    fn end_statement(&mut self, closing: Option<TokenKind>, started: usize) {
        if self.at_end() || self.is(TokenKind::Semicolon) || closing.is_some_and(|kind| self.is(kind)) {
            return;
        }
        if !self.on_new_line() || !self.begins_statement() {
            self.report_leftover();
            while !(self.at_end() || self.is(TokenKind::Semicolon) || closing.is_some_and(|kind| self.is(kind))) {
                let before = self.at;
                self.skip_stage(self.at);
                self.at = self.at.max(before);
                if !self.is(TokenKind::Semicolon) && !self.at_end() && !closing.is_some_and(|kind| self.is(kind)) {
                    self.advance();
                }
            }
            return;
        }
        let end = self.end_of_last();
        let found = self.found();
        let diagnostic =
            Diagnostic::error("missing-semicolon", Span::new(end, end), format!("`;` is missing before {found}"))
                .with_label("end the statement here with `;`");
        self.fail(diagnostic);
        if self.at == started {
            self.advance();
        }
    }

    pub(super) fn begins_statement(&self) -> bool {
        match self.word(0) {
            Some("let" | "set" | "declare" | "print" | "union" | "search" | "find" | "range") => true,
            Some(_) => matches!(self.kind(1), Some(TokenKind::Pipe | TokenKind::OpenParen) | None),
            None => false,
        }
    }

    pub(super) fn report_leftover(&mut self) {
        let span = self.span_here();
        let unpaired = self.partner(self.at).is_none();
        let diagnostic = match self.kind(0) {
            Some(TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace) if unpaired => {
                let text = span.slice(self.text).to_owned();
                Diagnostic::error("unbalanced-bracket", span, format!("this `{text}` closes nothing"))
                    .with_label("remove it, or open it earlier")
            }
            _ => {
                let message = format!("unexpected {}", self.found());
                let diagnostic = Diagnostic::error("unexpected-text", span, message)
                    .with_label("expected `|`, `;` or the end of the query");
                self.with_syntax_help(diagnostic)
            }
        };
        self.fail(diagnostic);
    }

    fn statement(&mut self) -> Parse<StatementKind> {
        match (self.word(0), self.kind(1)) {
            (Some("let"), Some(TokenKind::Word | TokenKind::OpenBracket | TokenKind::Assign)) => self.let_statement(),
            (Some("set"), Some(TokenKind::Word | TokenKind::OpenBracket)) => self.set_statement(),
            (Some("declare"), Some(TokenKind::Word)) if self.word(1) == Some("query_parameters") => {
                self.at += 2;
                let parameters = self.bracketed_list(TokenKind::OpenParen, Self::parameter)?;
                Ok(StatementKind::DeclareParameters(parameters))
            }
            (Some("declare"), Some(TokenKind::Word)) if self.word(1) == Some("pattern") => self.other_statement(),
            (Some("alias"), Some(TokenKind::Word)) if self.word(1) == Some("database") => self.other_statement(),
            (Some("restrict"), Some(TokenKind::Word)) if self.word(1) == Some("access") => self.other_statement(),
            _ if self.is(TokenKind::Dot) => {
                let diagnostic = Diagnostic::unsupported(
                    "management-command",
                    self.span_here(),
                    "management commands are no queries",
                )
                .with_label("expected a query");
                Err(self.fail(diagnostic))
            }
            _ => Ok(StatementKind::Expression(self.tabular()?)),
        }
    }

    fn let_statement(&mut self) -> Parse<StatementKind> {
        self.advance();
        let name = self.name("a name after `let`")?;
        self.expect(TokenKind::Assign, "`=` and a value")?;
        let value = self.let_value()?;
        Ok(StatementKind::Let { name, value })
    }

    fn let_value(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        let view = self.is_word("view") && self.kind(1) == Some(TokenKind::OpenParen);
        self.at += usize::from(view);
        if !self.is(TokenKind::OpenParen) || self.kind_after_bracket() != Some(TokenKind::OpenBrace) {
            if view {
                self.at -= 1;
            }
            if self.at_stage_end() {
                return Err(self.expected("a value after `=`"));
            }
            return self.tabular();
        }
        let parameters = self.bracketed_list(TokenKind::OpenParen, Self::parameter)?;
        let opened = self.at;
        self.expect(TokenKind::OpenBrace, "`{`")?;
        let body = self.nested(|parser| {
            let outer_start = parser.stage_start;
            let body = parser.statements(Some(TokenKind::CloseBrace));
            parser.stage_start = outer_start;
            Ok(body)
        })?;
        self.close(opened, TokenKind::CloseBrace, "`}`")?;
        Ok(Expr { kind: ExprKind::Function { view, parameters, body }, span: self.span_from(start) })
    }

    /// `x:long = 5`, `T:(a:long)`, `T:(*)`.
    fn parameter(&mut self) -> Parse<Parameter> {
        let start = self.span_here();
        let name = self.name("a parameter name")?;
        self.expect(TokenKind::Colon, "`:` and the parameter's type")?;
        let kind = if self.is(TokenKind::OpenParen) {
            if self.kind(1) == Some(TokenKind::Star) && self.kind(2) == Some(TokenKind::CloseParen) {
                self.at += 3;
                ParameterKind::Tabular { columns: Vec::new(), open: true }
            } else {
                ParameterKind::Tabular { columns: self.row_schema()?, open: false }
            }
        } else {
            ParameterKind::Scalar(self.type_name()?)
        };
        let default = if self.eat(TokenKind::Assign) { Some(self.expression()?) } else { None };
        Ok(Parameter { name, kind, default, span: self.span_from(start) })
    }

    fn set_statement(&mut self) -> Parse<StatementKind> {
        self.advance();
        let name = self.name("an option name")?;
        let value = if self.eat(TokenKind::Assign) {
            match self.name_at(0) {
                Some((word, length)) if !matches!(word.text.as_str(), "true" | "false" | "dynamic") => {
                    self.at += length;
                    Some(super::expressions::name_expression(word))
                }
                _ => Some(self.signed_literal()?),
            }
        } else {
            None
        };
        Ok(StatementKind::Set { name, value })
    }

    /// A statement kept as text.
    fn other_statement(&mut self) -> Parse<StatementKind> {
        let keyword = self.name("a statement")?;
        let from = self.span_here();
        while !self.at_end() && !self.is(TokenKind::Semicolon) {
            self.skip_stage(self.at);
            if self.is(TokenKind::Pipe) {
                self.advance();
            } else if !self.is(TokenKind::Semicolon) {
                break;
            }
        }
        let text = self.one_line(from);
        Ok(StatementKind::Other { keyword, text })
    }

    /// The text from `from` to the last token taken, without comments and line breaks.
    pub(super) fn one_line(&self, from: Span) -> String {
        let mut line = String::new();
        let taken = self.tokens.iter().take(self.at).filter(|token| token.span.start >= from.start);
        for token in taken {
            if token.spaced && !line.is_empty() {
                line.push(' ');
            }
            let text = token.span.slice(self.text);
            if token.kind == TokenKind::String && text.contains(['\n', '\r']) {
                let (value, _) = crate::kql::values::decode_string(text);
                line.push_str(&crate::kql::values::quote_string(&value));
            } else {
                line.push_str(&text.replace(['\n', '\r'], " "));
            }
        }
        line
    }
}
