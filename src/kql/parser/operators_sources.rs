//! Operators that bring in other tables: `join`, `lookup`, `union`, `search`, `find`; plugins and functions.

use super::{Parse, Parser};
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, FindColumn, FindProjection, Name, OperatorKind, PluginSchema};

impl Parser<'_> {
    pub(super) fn join_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        let right = self.table_expression()?;
        let on = self.on_clause()?;
        Ok(OperatorKind::Join { options, right, on })
    }

    pub(super) fn lookup_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        let right = self.table_expression()?;
        let on = self.on_clause()?;
        Ok(OperatorKind::Lookup { options, right, on })
    }

    fn table_expression(&mut self) -> Parse<Expr> {
        if self.at_stage_end() || self.is_word("on") {
            return Err(self.expected("a table, or a query in parentheses"));
        }
        self.postfix()
    }

    fn on_clause(&mut self) -> Parse<Vec<Expr>> {
        if !self.eat_word("on") {
            return Err(self.expected("`on` and the columns to match"));
        }
        self.in_predicate = true;
        let on = self.comma_list(Self::expression);
        self.in_predicate = false;
        on
    }

    pub(super) fn union_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind", "isfuzzy", "withsource", "with_source"])?;
        let tables = self.comma_list(Self::table_pattern)?;
        Ok(OperatorKind::Union { options, tables })
    }

    /// A table, a name with stars, `database("d").T*`, or a query in parentheses.
    fn table_pattern(&mut self) -> Parse<Expr> {
        if self.at_starred_name() {
            let name = self.pattern_name("a table name")?;
            return Ok(Expr { span: name.span, kind: ExprKind::Wildcard(name) });
        }
        self.table_expression()
    }

    pub(super) fn search_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        let tables = self.in_tables()?;
        self.in_predicate = true;
        let predicate = self.expression()?;
        Ok(OperatorKind::Search { options, tables, predicate })
    }

    /// `in (T1, T2*, database("d").T)`, or nothing.
    fn in_tables(&mut self) -> Parse<Vec<Expr>> {
        if self.is_word("in") && self.kind(1) == Some(TokenKind::OpenParen) {
            self.advance();
            self.bracketed_list(TokenKind::OpenParen, |parser| {
                if parser.at_starred_name() { parser.table_pattern() } else { parser.tabular() }
            })
        } else {
            Ok(Vec::new())
        }
    }

    pub(super) fn find_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["withsource", "with_source"])?;
        let tables = self.in_tables()?;
        let _where = self.eat_word("where");
        self.in_predicate = true;
        let predicate = self.expression()?;
        self.in_predicate = false;
        let (keyword, length, _) = self.dashed_word();
        let projection = match keyword.as_str() {
            "project" => {
                self.at += length;
                Some(FindProjection::Project(self.comma_list(Self::find_column)?))
            }
            "project-away" => {
                self.at += length;
                let columns = self.comma_list(|parser| parser.pattern_name("a column name"))?;
                Some(FindProjection::ProjectAway(columns))
            }
            "project-smart" => {
                self.at += length;
                Some(FindProjection::ProjectSmart)
            }
            _ => None,
        };
        Ok(OperatorKind::Find { options, tables, predicate, projection })
    }

    /// `Name`, `Name:type`, `pack(*)` or `pack_all()`.
    fn find_column(&mut self) -> Parse<FindColumn> {
        if self.is_word("pack") && self.kind(1) == Some(TokenKind::OpenParen) && self.kind(2) == Some(TokenKind::Star) {
            let opened = self.at + 1;
            self.at += 2;
            let name = self.pattern_name("`*`")?;
            self.close(opened, TokenKind::CloseParen, "`)`")?;
            return Ok(FindColumn { name, type_name: None });
        }
        if self.is_word("pack_all")
            && self.kind(1) == Some(TokenKind::OpenParen)
            && self.kind(2) == Some(TokenKind::CloseParen)
        {
            let start = self.span_here();
            self.at += 3;
            return Ok(FindColumn {
                name: Name { text: "*".to_owned(), span: self.span_from(start) },
                type_name: None,
            });
        }
        let name = self.name("a column name")?;
        let type_name = if self.eat(TokenKind::Colon) { Some(self.type_name()?) } else { None };
        Ok(FindColumn { name, type_name })
    }

    pub(super) fn evaluate_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        let plugin = self.name("a plugin name")?;
        if !self.is(TokenKind::OpenParen) {
            return Err(self.expected("`(` and the plugin's arguments"));
        }
        let arguments = self.arguments()?;
        let schema = if self.eat(TokenKind::Colon) { Some(self.plugin_schema()?) } else { None };
        Ok(OperatorKind::Evaluate { options, plugin, arguments, schema })
    }

    /// `(name:type, …)`, `(*, name:type, …)` or `(*)`.
    fn plugin_schema(&mut self) -> Parse<PluginSchema> {
        let with_source = self.is(TokenKind::OpenParen) && self.kind(1) == Some(TokenKind::Star);
        if !with_source {
            return Ok(PluginSchema { with_source, columns: self.row_schema()? });
        }
        let opened = self.at;
        self.at += 2;
        let columns = if self.eat(TokenKind::Comma) { self.comma_list(Self::column_declaration)? } else { Vec::new() };
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        Ok(PluginSchema { with_source, columns })
    }

    pub(super) fn invoke_arguments(&mut self, keyword: Span) -> Parse<OperatorKind> {
        let started = self.at;
        let function = self.name("a function name")?;
        if !self.is(TokenKind::OpenParen) {
            return Err(self.expected("`(` and the function's arguments"));
        }
        let arguments = self.arguments()?;
        if self.is(TokenKind::Dot) {
            // `invoke database("d").f()`: a function of another database, which has no shape in the tree.
            self.at = started;
            return Ok(self.other_operator("invoke", keyword));
        }
        Ok(OperatorKind::Invoke { function, arguments })
    }

    pub(super) fn range_arguments(&mut self) -> Parse<OperatorKind> {
        let name: Name = self.name("a column name")?;
        self.expect_word("from")?;
        let from = self.expression()?;
        self.expect_word("to")?;
        let to = self.expression()?;
        self.expect_word("step")?;
        let step = self.expression()?;
        Ok(OperatorKind::Range { name, from, to, step })
    }
}
