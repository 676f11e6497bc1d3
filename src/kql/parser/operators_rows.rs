//! Operators that choose, order and group rows.

use super::{Parse, Parser};
use crate::kql::lexer::TokenKind;
use crate::kql::syntax::{Direction, MvExpandColumn, NamedExpr, NullsOrder, OperatorKind, SortKey, TopNestedLevel};

impl Parser<'_> {
    pub(super) fn distinct_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        let columns = self.named_expressions()?;
        Ok(OperatorKind::Distinct { options, columns })
    }

    pub(super) fn summarize_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        let aggregates = self.optional_named_expressions("by")?;
        let by = if self.eat_word("by") { Some(self.named_expressions()?) } else { None };
        Ok(OperatorKind::Summarize { options, aggregates, by })
    }

    pub(super) fn sort_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        self.expect_word("by")?;
        Ok(OperatorKind::Sort { options, keys: self.sort_keys()? })
    }

    pub(super) fn sort_keys(&mut self) -> Parse<Vec<SortKey>> {
        self.comma_list(|parser| {
            let value = parser.named_expression()?;
            let direction = parser.direction();
            let nulls = if parser.eat_word("nulls") {
                match parser.word(0) {
                    Some("first") => Some(NullsOrder::First),
                    Some("last") => Some(NullsOrder::Last),
                    _ => return Err(parser.expected("`first` or `last`")),
                }
            } else {
                None
            };
            parser.at += usize::from(nulls.is_some());
            Ok(SortKey { value, direction, nulls })
        })
    }

    pub(super) fn direction(&mut self) -> Option<Direction> {
        if self.eat_word("asc") {
            Some(Direction::Ascending)
        } else if self.eat_word("desc") {
            Some(Direction::Descending)
        } else {
            None
        }
    }

    pub(super) fn top_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        let count = self.expression()?;
        self.expect_word("by")?;
        let by = self.sort_keys()?;
        let with_others = if self.is_word("with") && self.word(1) == Some("others") {
            self.at += 2;
            self.expect(TokenKind::Assign, "`=` and a value for the other rows")?;
            Some(self.expression()?)
        } else {
            None
        };
        Ok(OperatorKind::Top { options, count, by, with_others })
    }

    /// `top-nested 2 of A with others = "rest" by count() desc, top-nested …`.
    pub(super) fn top_nested_arguments(&mut self) -> Parse<OperatorKind> {
        let mut levels = Vec::new();
        loop {
            let start = self.span_here();
            let count = if self.is_word("of") { None } else { Some(self.expression()?) };
            self.expect_word("of")?;
            let by = self.named_expression()?;
            let mut with_others = None;
            if self.eat_word("with") {
                self.expect_word("others")?;
                self.expect(TokenKind::Assign, "`=` and a value for the other rows")?;
                with_others = Some(self.expression()?);
            }
            self.expect_word("by")?;
            let aggregate = self.named_expression()?;
            let aggregate_direction = self.direction();
            let span = self.span_from(start);
            levels.push(TopNestedLevel { count, by, with_others, aggregate, aggregate_direction, span });
            if !self.eat(TokenKind::Comma) {
                return Ok(OperatorKind::TopNested(levels));
            }
            let (keyword, length, _) = self.dashed_word();
            if keyword != "top-nested" {
                return Err(self.expected("`top-nested` for the next level"));
            }
            self.at += length;
        }
    }

    pub(super) fn top_hitters_arguments(&mut self) -> Parse<OperatorKind> {
        let count = self.expression()?;
        self.expect_word("of")?;
        let of = self.named_expression()?;
        let by = if self.eat_word("by") { Some(self.named_expression()?) } else { None };
        Ok(OperatorKind::TopHitters { count, of, by })
    }

    pub(super) fn mv_expand_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.mv_options()?;
        let columns = self.comma_list(Self::mv_column)?;
        let limit = self.row_limit()?;
        Ok(OperatorKind::MvExpand { options, columns, limit })
    }

    pub(super) fn mv_apply_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.mv_options()?;
        let columns = self.comma_list(Self::mv_column)?;
        let limit = self.row_limit()?;
        let id = if self.eat_word("id") { Some(self.literal()?) } else { None };
        self.expect_word("on")?;
        let body = self.body_operators()?;
        Ok(OperatorKind::MvApply { options, columns, limit, id, body })
    }

    /// `kind` is an option only before `array` or `bag`: a column may be called so too.
    fn mv_options(&mut self) -> Parse<Vec<crate::kql::syntax::NamedOption>> {
        let kind_is_column = self.is_word("kind") && !matches!(self.word(2), Some("array" | "bag"));
        if kind_is_column {
            return Ok(Vec::new());
        }
        self.options(&["kind", "bagexpansion", "with_itemindex"])
    }

    fn mv_column(&mut self) -> Parse<MvExpandColumn> {
        let value: NamedExpr = self.named_expression()?;
        let to_type = if self.eat_word("to") { Some(self.single_typeof()?) } else { None };
        Ok(MvExpandColumn { value, to_type })
    }

    fn row_limit(&mut self) -> Parse<Option<crate::kql::syntax::Expr>> {
        if self.eat_word("limit") { Ok(Some(self.expression()?)) } else { Ok(None) }
    }
}
