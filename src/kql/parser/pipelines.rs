//! Pipelines: a source and the operators after each `|`.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::habits;
use crate::kql::lexer::TokenKind;
use crate::kql::nearest::nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, Operator, OperatorKind, Pipeline};
use crate::kql::words::{OTHER_OPERATORS, TABULAR_OPERATORS, is_operator_word, is_tabular_operator};

impl Parser<'_> {
    /// A source with operators, or a scalar expression where no `|` follows.
    pub(super) fn tabular(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        let outer_start = std::mem::replace(&mut self.stage_start, self.at);
        let source = self.source();
        let source = self.recovered(source, |span| Expr { kind: ExprKind::Error, span });
        let operators = self.operators_after_source()?;
        self.stage_start = outer_start;
        if operators.is_empty() {
            return Ok(source);
        }
        let kind = ExprKind::Pipeline(Box::new(Pipeline { source, operators }));
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// What a parse gave, or a stand-in with the parser moved to the end of the stage.
    fn recovered<T>(&mut self, result: Parse<T>, stand_in: impl FnOnce(Span) -> T) -> T {
        result.unwrap_or_else(|_| {
            let start = self.tokens.get(self.stage_start).map_or_else(|| self.span_here(), |token| token.span);
            self.skip_stage(self.stage_start);
            stand_in(self.span_from(start))
        })
    }

    fn source(&mut self) -> Parse<Expr> {
        if !self.at_source_operator() {
            return self.expression();
        }
        let operator = self.operator()?;
        Ok(Expr { span: operator.span, kind: ExprKind::OperatorSource(Box::new(operator)) })
    }

    /// `| operator` again and again. Operators may follow without `|` after a mistake; that is reported here too.
    fn operators_after_source(&mut self) -> Parse<Vec<Operator>> {
        let mut operators = Vec::new();
        loop {
            if self.is(TokenKind::Pipe) {
                let bar = self.span_here();
                self.advance();
                if self.is(TokenKind::Pipe) && self.token(0).is_some_and(|token| !token.spaced) {
                    operators.push(self.doubled_bar(bar));
                    continue;
                }
                if self.ends_after_bar() {
                    self.report_hanging_bar(bar);
                    return Ok(operators);
                }
            } else if self.at_operator_without_bar() {
                let found = self.found();
                let diagnostic =
                    Diagnostic::error("missing-pipe", self.span_here(), format!("`|` is missing before {found}"))
                        .with_label("expected `|` before this operator");
                self.fail(diagnostic);
            } else if self.at_leftover() {
                self.report_leftover();
                self.skip_stage(self.stage_start);
                continue;
            } else {
                return Ok(operators);
            }
            operators.push(self.stage());
        }
    }

    /// Operators after `(`, without a source: the body of `mv-apply`, `partition`, `fork`, `facet`.
    pub(super) fn body_operators(&mut self) -> Parse<Vec<Operator>> {
        let opened = self.at;
        self.expect(TokenKind::OpenParen, "`(` and the operators to run")?;
        let outer_start = self.stage_start;
        self.eat(TokenKind::Pipe);
        let mut operators = vec![self.stage()];
        operators.extend(self.operators_after_source()?);
        self.stage_start = outer_start;
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        Ok(operators)
    }

    /// One operator; after a mistake in it an [`OperatorKind::Error`] up to the next `|`.
    fn stage(&mut self) -> Operator {
        self.stage_start = self.at;
        let outer_predicate = std::mem::replace(&mut self.in_predicate, false);
        let operator = self.operator();
        self.in_predicate = outer_predicate;
        self.recovered(operator, |span| Operator { kind: OperatorKind::Error, span })
    }

    fn operator(&mut self) -> Parse<Operator> {
        let (keyword, length, span) = self.dashed_word();
        if length == 0 {
            return Err(self.expected("an operator such as `where`"));
        }
        if !is_tabular_operator(&keyword) {
            return Err(self.unknown_operator(&keyword, span));
        }
        self.at += length;
        let kind = self.nested(|parser| parser.operator_arguments(&keyword, span))?;
        Ok(Operator { kind, span: self.span_from(span) })
    }

    fn unknown_operator(&mut self, keyword: &str, span: Span) -> super::Failed {
        let mut diagnostic = Diagnostic::error("unknown-operator", span, format!("`{keyword}` is no tabular operator"));
        diagnostic = match (nearest(keyword, TABULAR_OPERATORS.iter().copied()), keyword.to_ascii_lowercase().as_str())
        {
            (_, "select") => diagnostic.with_label("`project` chooses columns"),
            (_, "group" | "groupby") => diagnostic.with_label("`summarize … by` groups rows"),
            (_, "orderby" | "sortby") => diagnostic.with_label("did you mean `sort by`?"),
            (_, "and" | "or") => diagnostic.with_label("a condition goes on without `|`"),
            (_, other) if habits::word(other).is_some() => {
                diagnostic.help.extend(habits::word(other).map(str::to_owned));
                diagnostic
            }
            (Some(near), _) => diagnostic.with_label(format!("did you mean `{near}`?")),
            (None, _) => diagnostic.with_label("expected an operator such as `where`"),
        };
        self.fail(diagnostic)
    }

    /// Whether an operator that reads no input begins a query here, rather than a column or table of that name.
    fn at_source_operator(&self) -> bool {
        let next = self.kind(1);
        match self.word(0) {
            Some("range") => self.name_at(1).is_some_and(|(_, length)| self.word(1 + length) == Some("from")),
            Some("print") if next == Some(TokenKind::Plus) => true,
            Some("print" | "union") => self.operand_may_follow(1),
            Some("search" | "find") => {
                let in_tables = self.word(1) == Some("in") && self.kind(2) == Some(TokenKind::OpenParen);
                in_tables || self.operand_may_follow(1)
            }
            Some("evaluate") => {
                matches!(next, Some(TokenKind::Word | TokenKind::OpenBracket)) && self.operand_may_follow(1)
            }
            Some("macro" | "graph") => OTHER_OPERATORS.contains(&self.dashed_word().0.as_str()),
            _ => false,
        }
    }

    fn operand_may_follow(&self, ahead: usize) -> bool {
        match self.kind(ahead) {
            Some(TokenKind::Word) => {
                !self.word(ahead).is_some_and(|word| is_operator_word(word) || word == "and" || word == "or")
            }
            Some(
                TokenKind::String
                | TokenKind::Long
                | TokenKind::Real
                | TokenKind::Timespan
                | TokenKind::TypedLiteral
                | TokenKind::OpenParen
                | TokenKind::Star
                | TokenKind::Minus,
            ) => true,
            // `union ['a b']`, but `search["x"]` is a column's member.
            Some(TokenKind::OpenBracket) => self.token(ahead).is_some_and(|token| token.spaced),
            _ => false,
        }
    }

    /// Whether an operator stands here that lacks its `|`.
    fn at_operator_without_bar(&self) -> bool {
        let (keyword, length, _) = self.dashed_word();
        let no_clause_word = !matches!(keyword.as_str(), "range" | "in" | "as" | "print" | "find" | "search");
        no_clause_word
            && is_tabular_operator(&keyword)
            && (matches!(keyword.as_str(), "count" | "getschema" | "consume") || self.operand_may_follow(length))
    }

    /// Whether text follows that belongs neither to this stage nor to what comes after it.
    fn at_leftover(&self) -> bool {
        let closes_nothing =
            matches!(self.kind(0), Some(TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace))
                && self.partner(self.at).is_none();
        let next_statement = self.on_new_line() && self.begins_statement();
        closes_nothing || !(next_statement || self.at_stage_end() || self.is(TokenKind::Comma))
    }

    /// `||` between conditions, as other languages write `or`.
    fn doubled_bar(&mut self, bar: Span) -> Operator {
        let span = bar.to(self.span_here());
        self.advance();
        let diagnostic = Diagnostic::error("stray-character", span, "`||` means nothing in KQL")
            .with_help("combine conditions with `or`");
        self.fail(diagnostic);
        self.stage_start = self.at;
        self.skip_stage(self.at);
        Operator { kind: OperatorKind::Error, span }
    }

    fn ends_after_bar(&self) -> bool {
        self.at_stage_end() && !self.is(TokenKind::Pipe)
    }

    fn report_hanging_bar(&mut self, bar: Span) {
        self.stage_start = self.at.saturating_sub(1);
        let diagnostic = Diagnostic::error("hanging-pipe", bar, "no operator follows this `|`")
            .with_label("remove it, or add an operator");
        self.fail(diagnostic);
    }
}
