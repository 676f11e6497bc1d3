//! Which function reads the arguments of which tabular operator, and the operators with few.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{Branch, ExprKind, Name, OperatorKind, PartitionBody};

impl Parser<'_> {
    /// The arguments of the operator whose keyword was just taken.
    pub(super) fn operator_arguments(&mut self, keyword: &str, keyword_span: Span) -> Parse<OperatorKind> {
        match keyword {
            "where" | "filter" => self.where_arguments(),
            "extend" => Ok(OperatorKind::Extend(self.named_expressions()?)),
            "project" => Ok(OperatorKind::Project(self.optional_named_expressions("")?)),
            "project-away" => Ok(OperatorKind::ProjectAway(self.comma_list(Self::column_pattern)?)),
            "project-keep" => Ok(OperatorKind::ProjectKeep(self.comma_list(Self::column_pattern)?)),
            "project-reorder" => Ok(OperatorKind::ProjectReorder(self.comma_list(Self::column_pattern)?)),
            "project-rename" => Ok(OperatorKind::ProjectRename(self.named_expressions()?)),
            "distinct" => self.distinct_arguments(),
            "summarize" => self.summarize_arguments(),
            "sort" | "order" => self.sort_arguments(),
            "top" => self.top_arguments(),
            "top-nested" => self.top_nested_arguments(),
            "top-hitters" => self.top_hitters_arguments(),
            "take" | "limit" => Ok(OperatorKind::Take { count: self.expression()? }),
            "sample" => Ok(OperatorKind::Sample { count: self.expression()? }),
            "sample-distinct" => {
                let count = self.expression()?;
                self.expect_word("of")?;
                Ok(OperatorKind::SampleDistinct { count, of: self.expression()? })
            }
            "count" => {
                let as_name = if self.eat_word("as") { Some(self.name("a name for the count")?) } else { None };
                Ok(OperatorKind::Count { as_name })
            }
            "join" => self.join_arguments(),
            "lookup" => self.lookup_arguments(),
            "union" => self.union_arguments(),
            "search" => self.search_arguments(),
            "find" => self.find_arguments(),
            "evaluate" => self.evaluate_arguments(),
            "invoke" => self.invoke_arguments(keyword_span),
            "print" => Ok(OperatorKind::Print(self.named_expressions()?)),
            "range" => self.range_arguments(),
            "mv-expand" | "mvexpand" => self.mv_expand_arguments(),
            "mv-apply" | "mvapply" => self.mv_apply_arguments(),
            "parse" => self.parse_arguments(false),
            "parse-where" => self.parse_arguments(true),
            "parse-kv" => self.parse_kv_arguments(),
            "make-series" => self.make_series_arguments(),
            "scan" => self.scan_arguments(),
            "serialize" => Ok(OperatorKind::Serialize(self.optional_named_expressions("")?)),
            "partition" => self.partition_arguments(),
            "getschema" => Ok(OperatorKind::Getschema),
            "consume" => Ok(OperatorKind::Consume { options: self.options(&["decodeblocks"])? }),
            "as" => {
                let options = self.options(&[])?;
                Ok(OperatorKind::As { options, name: self.name("a name after `as`")? })
            }
            "render" => self.render_arguments(),
            "fork" => self.fork_arguments(),
            "facet" => self.facet_arguments(),
            "reduce" => self.reduce_arguments(),
            "assert" => {
                let condition = self.expression()?;
                self.expect(TokenKind::Comma, "`,` and a message")?;
                Ok(OperatorKind::Assert { condition, message: self.expression()? })
            }
            _ => Ok(self.other_operator(keyword, keyword_span)),
        }
    }

    /// A known operator without a shape in the tree: its text up to the next `|`, for the engine to refuse by name.
    pub(super) fn other_operator(&mut self, keyword: &str, span: Span) -> OperatorKind {
        let from = self.span_here();
        let started = self.at;
        self.skip_stage(started);
        let text = if self.at > started { self.one_line(from) } else { String::new() };
        OperatorKind::Other { keyword: Name { text: keyword.to_owned(), span }, text }
    }

    fn where_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        self.skip_name_of_constant();
        self.in_predicate = true;
        let predicate = self.expression()?;
        Ok(OperatorKind::Where { options, predicate })
    }

    /// `where Flag = true`: Kusto lets a predicate have a name, so this filters by the constant `true` and keeps every
    /// row. Nobody means that, but the query runs, and so it must here; any other `=` in a predicate is an error.
    fn skip_name_of_constant(&mut self) {
        let Some((name, length)) = self.name_at(0) else { return };
        let constant = self.word(length + 1).filter(|word| matches!(*word, "true" | "false"));
        let ends = matches!(
            self.kind(length + 2),
            None | Some(TokenKind::Pipe | TokenKind::Semicolon | TokenKind::CloseParen)
        );
        let (TokenKind::Assign, Some(constant), true) = (self.kind(length).unwrap_or(TokenKind::At), constant, ends)
        else {
            return;
        };
        let kept = if constant == "true" { "keeps every row" } else { "drops every row" };
        self.at += length + 1;
        let message = format!("`=` compares nothing here: this filters by the constant `{constant}` and {kept}");
        let help = format!("to compare, write `{} == {constant}`", crate::kql::values::quote_name(&name.text));
        self.report(
            Diagnostic::warning("assignment-for-comparison", name.span.to(self.span_here()), message)
                .with_label("a name for the constant")
                .with_help(help),
        );
    }

    fn partition_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&["kind"])?;
        self.expect_word("by")?;
        // Not a call: `partition by time (take 1)` has its body in the parentheses.
        let name = self.name("a column to partition by")?;
        let mut by = super::expressions::name_expression(name);
        while self.eat(TokenKind::Dot) {
            let start = by.span;
            let member = self.name("a name after `.`")?;
            let kind = ExprKind::Member { base: Box::new(by), member };
            by = crate::kql::syntax::Expr { kind, span: self.span_from(start) };
            self.grow()?;
        }
        if self.is(TokenKind::OpenBrace) {
            let opened = self.at;
            self.advance();
            let query = self.tabular()?;
            self.close(opened, TokenKind::CloseBrace, "`}`")?;
            return Ok(OperatorKind::Partition { options, by, body: PartitionBody::Query(Box::new(query)) });
        }
        let body = PartitionBody::Operators(self.body_operators()?);
        Ok(OperatorKind::Partition { options, by, body })
    }

    /// `render chart with (…)`, and the old `render chart kind=stacked title="…"`.
    fn render_arguments(&mut self) -> Parse<OperatorKind> {
        const OLD_OPTIONS: &[&str] =
            &["kind", "title", "accumulate", "xtitle", "ytitle", "xcolumn", "ycolumns", "series", "legend"];
        let chart = match self.word(0) {
            Some("with") | None => None,
            Some(_) => Some(self.name("a chart type")?),
        };
        let mut options = Vec::new();
        loop {
            if self.is_word("with") && self.kind(1) == Some(TokenKind::OpenParen) {
                self.advance();
                options.extend(self.with_options()?);
            } else {
                let old = self.options(OLD_OPTIONS)?;
                if old.is_empty() {
                    return Ok(OperatorKind::Render { chart, options });
                }
                options.extend(old);
            }
        }
    }

    /// `fork name = (operators) (operators)`.
    fn fork_arguments(&mut self) -> Parse<OperatorKind> {
        let mut branches = Vec::new();
        loop {
            let start = self.span_here();
            let name = match self.name_at(0) {
                Some((name, length)) if self.kind(length) == Some(TokenKind::Assign) => {
                    self.at += length + 1;
                    Some(name)
                }
                _ => None,
            };
            if name.is_none() && !branches.is_empty() && !self.is(TokenKind::OpenParen) {
                return Ok(OperatorKind::Fork(branches));
            }
            let operators = self.body_operators()?;
            branches.push(Branch { name, operators, span: self.span_from(start) });
        }
    }

    fn facet_arguments(&mut self) -> Parse<OperatorKind> {
        self.expect_word("by")?;
        let by = self.comma_list(Self::postfix)?;
        let body = if self.eat_word("with") { Some(self.body_operators()?) } else { None };
        Ok(OperatorKind::Facet { by, body })
    }

    fn reduce_arguments(&mut self) -> Parse<OperatorKind> {
        self.expect_word("by")?;
        let by = self.expression()?;
        let mut options = Vec::new();
        if self.eat_word("with") {
            options = self.comma_list(|parser| {
                let name = parser.name("an option name")?;
                parser.expect(TokenKind::Assign, "`=` and the option's value")?;
                Ok(crate::kql::syntax::NamedOption { name, value: parser.expression()? })
            })?;
        }
        Ok(OperatorKind::Reduce { by, options })
    }
}
