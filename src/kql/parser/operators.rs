//! Which function reads the arguments of which tabular operator, and the operators with few.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{Branch, ExprKind, Name, OperatorKind, PartitionBody};

/// Reads what follows an operator's keyword, given the span of the keyword.
type Reader = for<'t> fn(&mut Parser<'t>, Span) -> Parse<OperatorKind>;

/// One row an operator. A table and not one large `match`, whose stack frame would hold the parts of all of them.
const READERS: &[(&str, Reader)] = &[
    ("as", |parser, _| parser.as_arguments()),
    ("assert", |parser, _| parser.assert_arguments()),
    ("consume", |parser, _| Ok(OperatorKind::Consume { options: parser.options(&["decodeblocks"])? })),
    ("count", |parser, _| parser.count_arguments()),
    ("distinct", |parser, _| parser.distinct_arguments()),
    ("evaluate", |parser, _| parser.evaluate_arguments()),
    ("extend", |parser, _| Ok(OperatorKind::Extend(parser.named_expressions()?))),
    ("facet", |parser, _| parser.facet_arguments()),
    ("filter", |parser, _| parser.where_arguments()),
    ("find", |parser, _| parser.find_arguments()),
    ("fork", |parser, _| parser.fork_arguments()),
    ("getschema", |_, _| Ok(OperatorKind::Getschema)),
    ("invoke", |parser, keyword| parser.invoke_arguments(keyword)),
    ("join", |parser, _| parser.join_arguments()),
    ("limit", |parser, _| Ok(OperatorKind::Take { count: parser.expression()? })),
    ("lookup", |parser, _| parser.lookup_arguments()),
    ("make-series", |parser, _| parser.make_series_arguments()),
    ("mv-apply", |parser, _| parser.mv_apply_arguments()),
    ("mvapply", |parser, _| parser.mv_apply_arguments()),
    ("mv-expand", |parser, _| parser.mv_expand_arguments()),
    ("mvexpand", |parser, _| parser.mv_expand_arguments()),
    ("order", |parser, _| parser.sort_arguments()),
    ("parse", |parser, _| parser.parse_arguments(false)),
    ("parse-kv", |parser, _| parser.parse_kv_arguments()),
    ("parse-where", |parser, _| parser.parse_arguments(true)),
    ("partition", |parser, _| parser.partition_arguments()),
    ("print", |parser, _| Ok(OperatorKind::Print(parser.named_expressions()?))),
    ("project", |parser, _| Ok(OperatorKind::Project(parser.optional_named_expressions("")?))),
    ("project-away", |parser, _| Ok(OperatorKind::ProjectAway(parser.comma_list(Parser::column_pattern)?))),
    ("project-keep", |parser, _| Ok(OperatorKind::ProjectKeep(parser.comma_list(Parser::column_pattern)?))),
    ("project-rename", |parser, _| Ok(OperatorKind::ProjectRename(parser.named_expressions()?))),
    ("project-reorder", |parser, _| Ok(OperatorKind::ProjectReorder(parser.comma_list(Parser::column_pattern)?))),
    ("range", |parser, _| parser.range_arguments()),
    ("reduce", |parser, _| parser.reduce_arguments()),
    ("render", |parser, _| parser.render_arguments()),
    ("sample", |parser, _| Ok(OperatorKind::Sample { count: parser.expression()? })),
    ("sample-distinct", |parser, _| parser.sample_distinct_arguments()),
    ("scan", |parser, _| parser.scan_arguments()),
    ("search", |parser, _| parser.search_arguments()),
    ("serialize", |parser, _| Ok(OperatorKind::Serialize(parser.optional_named_expressions("")?))),
    ("sort", |parser, _| parser.sort_arguments()),
    ("summarize", |parser, _| parser.summarize_arguments()),
    ("take", |parser, _| Ok(OperatorKind::Take { count: parser.expression()? })),
    ("top", |parser, _| parser.top_arguments()),
    ("top-hitters", |parser, _| parser.top_hitters_arguments()),
    ("top-nested", |parser, _| parser.top_nested_arguments()),
    ("union", |parser, _| parser.union_arguments()),
    ("where", |parser, _| parser.where_arguments()),
];

impl Parser<'_> {
    /// The arguments of the operator whose keyword was just taken.
    pub(super) fn operator_arguments(&mut self, keyword: &str, keyword_span: Span) -> Parse<OperatorKind> {
        match READERS.iter().find(|(known, _)| *known == keyword) {
            Some((_, read)) => read(self, keyword_span),
            None => Ok(self.other_operator(keyword, keyword_span)),
        }
    }

    fn as_arguments(&mut self) -> Parse<OperatorKind> {
        let options = self.options(&[])?;
        Ok(OperatorKind::As { options, name: self.name("a name after `as`")? })
    }

    fn assert_arguments(&mut self) -> Parse<OperatorKind> {
        let condition = self.expression()?;
        self.expect(TokenKind::Comma, "`,` and a message")?;
        Ok(OperatorKind::Assert { condition, message: self.expression()? })
    }

    fn count_arguments(&mut self) -> Parse<OperatorKind> {
        let as_name = if self.eat_word("as") { Some(self.name("a name for the count")?) } else { None };
        Ok(OperatorKind::Count { as_name })
    }

    fn sample_distinct_arguments(&mut self) -> Parse<OperatorKind> {
        let count = self.expression()?;
        self.expect_word("of")?;
        Ok(OperatorKind::SampleDistinct { count, of: self.expression()? })
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
