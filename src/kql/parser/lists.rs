//! Lists: comma-separated, bracketed, and the named expressions and options they hold.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, NamedExpr, NamedOption};
use crate::kql::words::is_tabular_operator;

/// Options that the service writes into queries itself; any operator may carry them.
const INTERNAL_OPTIONS: &[&str] =
    &["__crossCluster", "__crossDB", "__id", "__isFuzzy", "__noWithSource", "__packedColumn", "__sourceColumnIndex"];

impl Parser<'_> {
    /// One or more items with commas between. A forgotten comma is reported, and reading goes on.
    pub(super) fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let mut items = vec![item(self)?];
        loop {
            if self.eat(TokenKind::Comma) {
                self.reject_hanging_comma()?;
            } else if !self.lacks_comma() {
                return Ok(items);
            } else {
                self.report_missing_comma();
            }
            items.push(item(self)?);
        }
    }

    /// `open item, item close`, possibly empty, possibly with a comma after the last item.
    pub(super) fn bracketed_list<T>(
        &mut self,
        open: TokenKind,
        mut item: impl FnMut(&mut Self) -> Parse<T>,
    ) -> Parse<Vec<T>> {
        let opened = self.at;
        let (open_text, close, close_text) = match open {
            TokenKind::OpenBracket => ("`[`", TokenKind::CloseBracket, "`]`"),
            TokenKind::OpenBrace => ("`{`", TokenKind::CloseBrace, "`}`"),
            _ => ("`(`", TokenKind::CloseParen, "`)`"),
        };
        self.expect(open, open_text)?;
        let mut items = Vec::new();
        while !self.is(close) {
            items.push(item(self)?);
            if self.is(close) || self.eat(TokenKind::Comma) {
                continue;
            }
            if !self.lacks_comma() {
                break;
            }
            self.report_missing_comma();
        }
        self.close(opened, close, close_text)?;
        Ok(items)
    }

    /// As [`Self::bracketed_list`] in parentheses, but a comma must be followed by an item.
    pub(super) fn strict_list<T>(&mut self, item: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let items = self.bracketed_list(TokenKind::OpenParen, item)?;
        let before_close = self.at.checked_sub(2).and_then(|index| self.tokens.get(index)).copied();
        if let Some(comma) = before_close.filter(|token| token.kind == TokenKind::Comma) {
            let diagnostic = Diagnostic::error("hanging-comma", comma.span, "nothing follows this comma")
                .with_label("remove it, or add the missing item");
            self.fail(diagnostic);
        }
        Ok(items)
    }

    /// The closing bracket for the one at token `opened`. Where the text has none, that is said at the opening one.
    pub(super) fn close(&mut self, opened: usize, close: TokenKind, close_text: &str) -> Parse<()> {
        if self.eat(close) {
            return Ok(());
        }
        if self.partner(opened).is_some() {
            return Err(self.expected(&format!("`,` or {close_text}")));
        }
        let span = self.tokens.get(opened).map_or_else(|| self.span_here(), |token| token.span);
        let text = span.slice(self.text).to_owned();
        let missing = Diagnostic::error("unbalanced-bracket", span, format!("`{text}` is never closed"))
            .with_label("opened here")
            .with_help(format!("add the missing {close_text}"));
        Err(self.fail(missing))
    }

    fn lacks_comma(&self) -> bool {
        match self.kind(0) {
            Some(TokenKind::Word) => {
                let next_is_stage = self.on_new_line() && is_tabular_operator(&self.dashed_word().0);
                let follows_operand = !matches!(self.kind(1), None | Some(TokenKind::Colon));
                !next_is_stage && (follows_operand || !self.on_new_line()) && !self.at_clause_word()
            }
            Some(TokenKind::String | TokenKind::Long | TokenKind::Real | TokenKind::Timespan) => true,
            Some(TokenKind::TypedLiteral) => true,
            _ => false,
        }
    }

    /// Words that go on with the operator after a list.
    fn at_clause_word(&self) -> bool {
        const CLAUSE_WORDS: &[&str] = &[
            "as",
            "asc",
            "bin",
            "by",
            "declare",
            "default",
            "desc",
            "from",
            "id",
            "in",
            "is",
            "kind",
            "limit",
            "nulls",
            "of",
            "on",
            "output",
            "partition",
            "project",
            "range",
            "step",
            "to",
            "typeof",
            "where",
            "with",
        ];
        self.word(0).is_some_and(|word| CLAUSE_WORDS.contains(&word)) || self.dashed_word().1 > 1
    }

    fn report_missing_comma(&mut self) {
        let span = self.span_here();
        let found = self.found();
        let mut diagnostic = Diagnostic::error("missing-comma", span, format!("a comma is missing before {found}"))
            .with_label("expected `,` before this");
        let meant = self.word(0).and_then(crate::kql::habits::word);
        diagnostic.help.extend(meant.map(str::to_owned));
        self.fail(diagnostic);
        if meant.is_some() {
            // The rest of the phrase is that language's too.
            self.damage.insert(span.start, span.end);
        }
    }

    /// A comma with nothing after it: the list ends there all the same.
    fn reject_hanging_comma(&mut self) -> Parse<()> {
        let ends = matches!(self.kind(0), None | Some(TokenKind::Pipe | TokenKind::Semicolon | TokenKind::CloseParen));
        if !ends {
            return Ok(());
        }
        let end = self.end_of_last();
        let diagnostic =
            Diagnostic::error("hanging-comma", Span::new(end.saturating_sub(1), end), "nothing follows this comma")
                .with_label("remove it, or add the missing item");
        Err(self.fail(diagnostic))
    }

    /// `Name = expression`, `(A, B) = expression` or `expression`.
    pub(super) fn named_expression(&mut self) -> Parse<NamedExpr> {
        let mut names = Vec::new();
        if let Some((name, length)) = self.name_at(0)
            && self.kind(length) == Some(TokenKind::Assign)
        {
            self.at += length + 1;
            names.push(name);
        } else if self.is(TokenKind::OpenParen) && self.kind_after_bracket() == Some(TokenKind::Assign) {
            names = self.bracketed_list(TokenKind::OpenParen, |parser| parser.name("a column name"))?;
            self.advance();
        }
        let value = self.outside_predicate(Self::expression)?;
        if names.is_empty() && self.is(TokenKind::Assign) {
            let message = "only a name can stand before `=` here";
            let diagnostic = Diagnostic::error("bad-assignment-target", value.span, message)
                .with_label("not a column name")
                .with_help("values are compared with `==`");
            return Err(self.fail(diagnostic));
        }
        Ok(NamedExpr { names, value })
    }

    pub(super) fn named_expressions(&mut self) -> Parse<Vec<NamedExpr>> {
        self.comma_list(Self::named_expression)
    }

    /// Named expressions, or none where the stage ends or the clause word `stop` follows.
    pub(super) fn optional_named_expressions(&mut self, stop: &str) -> Parse<Vec<NamedExpr>> {
        let stops = !stop.is_empty() && self.is_word(stop) && self.kind(1) != Some(TokenKind::Assign);
        if self.at_stage_end() || stops { Ok(Vec::new()) } else { self.named_expressions() }
    }

    /// Whether nothing more of the current stage can follow.
    pub(super) fn at_stage_end(&self) -> bool {
        matches!(
            self.kind(0),
            None | Some(
                TokenKind::Pipe
                    | TokenKind::Semicolon
                    | TokenKind::CloseParen
                    | TokenKind::CloseBracket
                    | TokenKind::CloseBrace
            )
        )
    }

    /// Options before an operator's own arguments: `kind=inner`, `hint.strategy=shuffle`. Only the names that the
    /// operator knows (and any hint) are options, for `summarize Total = count()` looks just like one.
    pub(super) fn options(&mut self, known: &[&str]) -> Parse<Vec<NamedOption>> {
        let mut options = Vec::new();
        while let Some((name, length)) = self.option_name(known) {
            self.at += length + 1;
            let span = Span::new(name.start, name.end);
            let name = crate::kql::syntax::Name { text: span.slice(self.text).to_owned(), span };
            let value = self.option_value()?;
            options.push(NamedOption { name, value });
            let _comma = self.option_name_after_comma(known);
        }
        Ok(options)
    }

    fn option_name(&self, known: &[&str]) -> Option<(Span, usize)> {
        let mut span = self.token(0).filter(|token| token.kind == TokenKind::Word)?.span;
        let mut length = 1;
        while self.kind(length) == Some(TokenKind::Dot) && self.kind(length + 1) == Some(TokenKind::Word) {
            span = span.to(self.token(length + 1)?.span);
            length += 2;
        }
        let text = span.slice(self.text);
        let is_option = known.contains(&text) || text.starts_with("hint.") || INTERNAL_OPTIONS.contains(&text);
        (is_option && self.kind(length) == Some(TokenKind::Assign)).then_some((span, length))
    }

    /// Some write commas between options; the engine takes them.
    fn option_name_after_comma(&mut self, known: &[&str]) -> bool {
        if !self.is(TokenKind::Comma) {
            return false;
        }
        self.advance();
        let found = self.option_name(known).is_some();
        if !found {
            self.at -= 1;
        }
        found
    }

    fn option_value(&mut self) -> Parse<Expr> {
        if let Some((name, length)) = self.name_at(0)
            && !matches!(self.word(0), Some("true" | "false" | "dynamic"))
        {
            self.at += length;
            let span = name.span;
            return Ok(Expr { kind: ExprKind::Name(name), span });
        }
        self.signed_literal()
    }

    /// `with (name = value, …)`: the parenthesised options.
    pub(super) fn with_options(&mut self) -> Parse<Vec<NamedOption>> {
        let groups = self.bracketed_list(TokenKind::OpenParen, |parser| {
            let name = parser.name("an option name")?;
            parser.expect(TokenKind::Assign, "`=` and the option's value")?;
            let mut values = vec![parser.outside_predicate(Self::expression)?];
            // `ycolumns = A, B` lists columns; the list ends where the next `name =` begins.
            while parser.is(TokenKind::Comma) && parser.next_is_listed_value() {
                parser.advance();
                values.push(parser.outside_predicate(Self::expression)?);
            }
            Ok(values.into_iter().map(|value| NamedOption { name: name.clone(), value }).collect::<Vec<_>>())
        })?;
        Ok(groups.into_iter().flatten().collect())
    }

    fn next_is_listed_value(&self) -> bool {
        match self.name_at(1) {
            Some((_, length)) => self.kind(1 + length) != Some(TokenKind::Assign),
            None => self.kind(1) == Some(TokenKind::String),
        }
    }

    pub(super) fn outside_predicate<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        let outer = std::mem::replace(&mut self.in_predicate, false);
        let result = parse(self);
        self.in_predicate = outer;
        result
    }
}
