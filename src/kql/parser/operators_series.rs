//! Operators over ordered rows and series: `make-series`, `scan`.

use super::{Parse, Parser};
use crate::kql::lexer::TokenKind;
use crate::kql::syntax::{NamedExpr, OperatorKind, ScanDeclaration, ScanStep, SeriesAggregate, SeriesRange};

impl Parser<'_> {
    pub(super) fn make_series_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        let aggregates = self.comma_list(|parser| {
            let value = parser.named_expression()?;
            let mut default = None;
            if parser.eat_word("default") {
                parser.expect(TokenKind::Assign, "`=` and the value for empty bins")?;
                default = Some(parser.expression()?);
            }
            Ok(SeriesAggregate { value, default })
        })?;
        self.expect_word("on")?;
        let on = self.named_expression()?;
        let range = self.series_range()?;
        let by = if self.eat_word("by") { self.named_expressions()? } else { Vec::new() };
        Ok(OperatorKind::MakeSeries { options, aggregates, on, range, by })
    }

    fn series_range(&mut self) -> Parse<SeriesRange> {
        if self.is_word("in") && self.word(1) == Some("range") {
            self.at += 2;
            let opened = self.at;
            self.expect(TokenKind::OpenParen, "`(from, to, step)`")?;
            let from = self.expression()?;
            self.expect(TokenKind::Comma, "`,` and the end of the range")?;
            let to = self.expression()?;
            self.expect(TokenKind::Comma, "`,` and the step")?;
            let step = self.expression()?;
            self.close(opened, TokenKind::CloseParen, "`)`")?;
            return Ok(SeriesRange::InRange { from, to, step });
        }
        let from = if self.eat_word("from") { Some(self.expression()?) } else { None };
        let to = if self.eat_word("to") { Some(self.expression()?) } else { None };
        self.expect_word("step")?;
        Ok(SeriesRange::FromToStep { from, to, step: self.expression()? })
    }

    pub(super) fn scan_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind", "with_match_id", "with_step_name"])?;
        let mut order_by = Vec::new();
        if self.is_word("order") {
            self.advance();
            self.expect_word("by")?;
            order_by = self.sort_keys()?;
        }
        let mut partition_by = Vec::new();
        if self.eat_word("partition") {
            self.expect_word("by")?;
            partition_by = self.comma_list(Self::expression)?;
        }
        let declare = if self.eat_word("declare") {
            self.bracketed_list(TokenKind::OpenParen, Self::scan_declaration)?
        } else {
            Vec::new()
        };
        self.expect_word("with")?;
        let opened = self.at;
        self.expect(TokenKind::OpenParen, "`(` and the steps")?;
        let mut steps = Vec::new();
        while !self.is(TokenKind::CloseParen) && !self.at_end() {
            steps.push(self.scan_step()?);
        }
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        Ok(OperatorKind::Scan { options, order_by, partition_by, declare, steps })
    }

    fn scan_declaration(&mut self) -> Parse<ScanDeclaration> {
        let name = self.name("a column name")?;
        self.expect(TokenKind::Colon, "`:` and the column's type")?;
        let type_name = self.type_name()?;
        let default = if self.eat(TokenKind::Assign) { Some(self.expression()?) } else { None };
        Ok(ScanDeclaration { name, type_name, default })
    }

    /// `step name optional output=last: condition => a = 1, b = 2;`.
    fn scan_step(&mut self) -> Parse<ScanStep> {
        let start = self.span_here();
        self.expect_word("step")?;
        let name = self.name("a step name")?;
        let optional = self.eat_word("optional");
        let mut output = None;
        if self.eat_word("output") {
            self.expect(TokenKind::Assign, "`=` and `all`, `last` or `none`")?;
            output = Some(self.name("`all`, `last` or `none`")?);
        }
        self.expect(TokenKind::Colon, "`:` and the step's condition")?;
        let condition = self.expression()?;
        let mut assignments = Vec::new();
        if self.eat(TokenKind::FatArrow) {
            assignments = self.comma_list(|parser| {
                let name = parser.name("a declared column")?;
                parser.expect(TokenKind::Assign, "`=` and its value")?;
                Ok(NamedExpr { names: vec![name], value: parser.expression()? })
            })?;
        }
        self.expect(TokenKind::Semicolon, "`;` after the step")?;
        Ok(ScanStep { name, optional, output, condition, assignments, span: self.span_from(start) })
    }
}
