//! Scalar expressions: operators by precedence, lists, ranges, paths.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::nearest::nearest;
use crate::kql::span::Span;
use crate::kql::syntax::{BinaryOperator, Expr, ExprKind, ListOperator, Literal, LiteralValue, Name, UnaryOperator};
use crate::kql::words::{self, EQUALITY, LEANING_CHAIN};

/// What stands between two operands.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOperator),
    List(ListOperator),
    Between { negated: bool },
}

fn join(operator: BinaryOperator, left: Expr, operator_span: Span, right: Expr) -> Expr {
    let span = Span::new(left.span.start, right.span.end);
    Expr { kind: ExprKind::Binary { operator, operator_span, left: Box::new(left), right: Box::new(right) }, span }
}

/// Joins neighbours, round by round.
fn balanced(operator: BinaryOperator, mut members: Vec<Expr>, mut operators: Vec<Span>) -> Expr {
    while members.len() > 1 {
        let mut rest = members.into_iter();
        let mut between = operators.into_iter();
        let (mut joined, mut left_over) = (Vec::new(), Vec::new());
        while let Some(first) = rest.next() {
            match (rest.next(), between.next()) {
                (Some(second), Some(at)) => {
                    joined.push(join(operator, first, at, second));
                    left_over.extend(between.next());
                }
                _ => joined.push(first),
            }
        }
        members = joined;
        operators = left_over;
    }
    members.pop().unwrap_or(Expr { kind: ExprKind::Error, span: Span::default() })
}

impl Infix {
    fn precedence(self) -> u8 {
        match self {
            Infix::Binary(operator) => operator.precedence(),
            Infix::List(_) | Infix::Between { .. } => EQUALITY,
        }
    }
}

impl Parser<'_> {
    /// A scalar expression: no `|` outside parentheses.
    pub(super) fn expression(&mut self) -> Parse<Expr> {
        self.nested(|parser| parser.binary(1))
    }

    fn binary(&mut self, lowest: u8) -> Parse<Expr> {
        let outer_height = std::mem::take(&mut self.height);
        let mut left = self.unary()?;
        let mut compared_at = None;
        while let Some((infix, length)) = self.infix() {
            let precedence = infix.precedence();
            if precedence < lowest {
                break;
            }
            let operator_span = self.operator_span(length);
            // What binds tighter was read with the right side, but for that of a list.
            if compared_at.is_some_and(|compared| precedence >= compared) {
                return Err(self.chained_comparison(operator_span));
            }
            if words::compares(precedence) {
                compared_at = Some(precedence);
            }
            self.note_misused_assign();
            self.at += length;
            let kind = match infix {
                Infix::Binary(operator @ (BinaryOperator::And | BinaryOperator::Or)) => {
                    left = self.chain(operator, operator_span, left)?;
                    continue;
                }
                Infix::Binary(operator) => {
                    let right = self.binary(precedence + 1)?;
                    ExprKind::Binary { operator, operator_span, left: Box::new(left), right: Box::new(right) }
                }
                Infix::List(operator) => self.in_list(operator, operator_span, left)?,
                Infix::Between { negated } => self.between(negated, left)?,
            };
            let start = match &kind {
                ExprKind::Binary { left: operand, .. }
                | ExprKind::InList { value: operand, .. }
                | ExprKind::Between { value: operand, .. } => operand.span,
                _ => operator_span,
            };
            left = Expr { kind, span: self.span_from(start) };
            self.grow()?;
        }
        self.height = outer_height.max(self.height);
        Ok(left)
    }

    /// `left or b or c …`, from behind the first operator on. Generated rules have thousands of members: so many become
    /// a balanced tree, which means the same and which recursion can walk; fewer lean to the left as they are written.
    fn chain(&mut self, operator: BinaryOperator, operator_span: Span, left: Expr) -> Parse<Expr> {
        let precedence = Infix::Binary(operator).precedence();
        let mut members = vec![left];
        let mut operators = vec![operator_span];
        members.push(self.binary(precedence + 1)?);
        while let Some((infix, length)) = self.infix() {
            if !matches!(infix, Infix::Binary(next) if next == operator) {
                break;
            }
            operators.push(self.operator_span(length));
            self.note_misused_assign();
            self.at += length;
            members.push(self.binary(precedence + 1)?);
        }
        let is_long = members.len() > LEANING_CHAIN;
        let levels = if is_long { members.len().ilog2() as usize + 1 } else { operators.len() };
        for _ in 0..levels {
            self.grow()?;
        }
        let joined = if is_long {
            balanced(operator, members, operators)
        } else {
            let mut rest = members.into_iter();
            let first = rest.next().ok_or(super::Failed)?;
            operators.into_iter().zip(rest).fold(first, |left, (at, right)| join(operator, left, at, right))
        };
        Ok(joined)
    }

    /// The operator standing here and how many tokens it has.
    fn infix(&self) -> Option<(Infix, usize)> {
        let token = self.token(0)?;
        let text = token.span.slice(self.text);
        match token.kind {
            TokenKind::Word | TokenKind::BangWord | TokenKind::InTilde => match text {
                "between" => Some((Infix::Between { negated: false }, 1)),
                "!between" => Some((Infix::Between { negated: true }, 1)),
                // `make-series … on T in range(a, b, c)`
                "in" if self.word(1) == Some("range") => None,
                "matches" if self.word(1) == Some("regex") => Some((Infix::Binary(BinaryOperator::MatchesRegex), 2)),
                _ => {
                    let binary = words::binary_operator(text).map(Infix::Binary);
                    binary.or_else(|| words::list_operator(text).map(Infix::List)).map(|infix| (infix, 1))
                }
            },
            TokenKind::Assign if self.in_predicate => Some((Infix::Binary(BinaryOperator::Equal), 1)),
            TokenKind::Equal
            | TokenKind::NotEqual
            | TokenKind::EqualTilde
            | TokenKind::NotTilde
            | TokenKind::Less
            | TokenKind::LessOrEqual
            | TokenKind::Greater
            | TokenKind::GreaterOrEqual
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Slash
            | TokenKind::Percent
            | TokenKind::Colon => words::binary_operator(text).map(|operator| (Infix::Binary(operator), 1)),
            _ => None,
        }
    }

    fn operator_span(&self, length: usize) -> Span {
        let last = self.token(length.saturating_sub(1)).map_or_else(|| self.span_here(), |token| token.span);
        self.span_here().to(last)
    }

    fn note_misused_assign(&mut self) {
        if self.is(TokenKind::Assign) {
            let diagnostic =
                Diagnostic::error("assignment-for-comparison", self.span_here(), "`=` does not compare values")
                    .with_label("write `==`")
                    .with_help("`==` compares exactly, `=~` ignores case");
            self.fail(diagnostic);
        }
    }

    fn chained_comparison(&mut self, span: Span) -> super::Failed {
        let diagnostic = Diagnostic::error("chained-comparison", span, "comparisons do not chain")
            .with_label("a second comparison of the same value")
            .with_help("join two comparisons with `and`, or use `between (low .. high)`");
        self.fail(diagnostic)
    }

    fn in_list(&mut self, operator: ListOperator, operator_span: Span, value: Expr) -> Parse<ExprKind> {
        if !self.is(TokenKind::OpenParen) {
            return Err(self.expected(&format!("`(` and the values for `{}`", operator.text())));
        }
        let list = self.outside_predicate(|parser| parser.strict_list(Self::tabular))?;
        Ok(ExprKind::InList { operator, operator_span, value: Box::new(value), list })
    }

    fn between(&mut self, negated: bool, value: Expr) -> Parse<ExprKind> {
        let opened = self.at;
        self.expect(TokenKind::OpenParen, "`(low .. high)`")?;
        let low = self.expression()?;
        self.expect(TokenKind::DotDot, "`..` and the upper end")?;
        let high = self.expression()?;
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        Ok(ExprKind::Between { negated, value: Box::new(value), low: Box::new(low), high: Box::new(high) })
    }

    fn unary(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        let operator = match self.kind(0) {
            Some(TokenKind::Minus) => UnaryOperator::Minus,
            Some(TokenKind::Plus) => UnaryOperator::Plus,
            _ => return self.postfix(),
        };
        self.advance();
        if operator == UnaryOperator::Minus && self.smallest_long_follows() {
            self.advance();
            let span = self.span_from(start);
            let literal = Literal { value: LiteralValue::Long(Some(i64::MIN)), text: i64::MIN.to_string() };
            return Ok(Expr { kind: ExprKind::Literal(literal), span });
        }
        let operand = Box::new(self.nested(Self::unary)?);
        Ok(Expr { kind: ExprKind::Unary { operator, operand }, span: self.span_from(start) })
    }

    /// `-9223372036854775808` is a long, though its digits alone are none.
    fn smallest_long_follows(&self) -> bool {
        self.token(0).is_some_and(|token| {
            token.kind == TokenKind::Long && !token.spaced && token.span.slice(self.text) == "9223372036854775808"
        })
    }

    /// A primary expression with `.member`, `.function(…)` and `[index]` after it.
    pub(super) fn postfix(&mut self) -> Parse<Expr> {
        let mut base = self.primary()?;
        if is_number(&base) && matches!(self.kind(0), Some(TokenKind::Dot | TokenKind::OpenBracket)) {
            return Err(self.expected("an operator: a number has no members"));
        }
        loop {
            if self.is(TokenKind::Dot) {
                self.advance();
                if self.is(TokenKind::OpenBracket) && self.name_at(0).is_none() {
                    continue;
                }
                base = self.member(base)?;
            } else if self.is(TokenKind::OpenBracket) {
                let start = base.span;
                let opened = self.at;
                self.advance();
                let index = Box::new(self.outside_predicate(Self::expression)?);
                self.close(opened, TokenKind::CloseBracket, "`]`")?;
                base = Expr { kind: ExprKind::Index { base: Box::new(base), index }, span: self.span_from(start) };
            } else {
                return Ok(base);
            }
            self.grow()?;
        }
    }

    fn member(&mut self, base: Expr) -> Parse<Expr> {
        let start = base.span;
        let member = if self.at_starred_name() && !self.is_multiplication() {
            self.pattern_name("a name after `.`")?
        } else {
            self.name("a name after `.`")?
        };
        let kind = if self.is(TokenKind::OpenParen) && self.token(0).is_some_and(|token| !token.spaced) {
            let arguments = self.arguments()?;
            ExprKind::MemberCall { base: Box::new(base), function: member, arguments }
        } else {
            ExprKind::Member { base: Box::new(base), member }
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// Whether the star after the name here multiplies (`a.b*2`) rather than widens the name (`database("d").T*`).
    fn is_multiplication(&self) -> bool {
        self.is(TokenKind::Word)
            && !matches!(
                self.kind(2),
                None | Some(TokenKind::Pipe | TokenKind::Comma | TokenKind::CloseParen | TokenKind::Semicolon)
            )
    }

    fn primary(&mut self) -> Parse<Expr> {
        let Some(token) = self.token(0) else { return Err(self.expected("an expression")) };
        match token.kind {
            TokenKind::String | TokenKind::Long | TokenKind::Real | TokenKind::Timespan | TokenKind::TypedLiteral => {
                self.literal()
            }
            TokenKind::OpenParen => self.parenthesised(),
            TokenKind::Star => {
                self.advance();
                Ok(Expr { kind: ExprKind::Wildcard(self.name_of(token)), span: token.span })
            }
            TokenKind::OpenBracket => {
                let name = self.name("an expression")?;
                if self.is(TokenKind::OpenParen) && self.token(0).is_some_and(|token| !token.spaced) {
                    return self.call(name);
                }
                let span = name.span;
                Ok(Expr { kind: ExprKind::Name(name), span })
            }
            TokenKind::Word => self.word_expression(),
            TokenKind::BangWord => Err(self.misplaced_negation(token.span)),
            _ => Err(self.expected("an expression")),
        }
    }

    fn misplaced_negation(&mut self, span: Span) -> super::Failed {
        let written = span.slice(self.text).to_owned();
        let word = written.trim_start_matches('!');
        let help = if words::list_operator(&written).or(words::list_operator(word)).is_some()
            || words::binary_operator(&written).is_some()
        {
            format!("`{written}` stands between two values")
        } else {
            format!("negate with `not({word}…)`")
        };
        let diagnostic =
            Diagnostic::error("misplaced-negation", span, format!("expected an expression, found `{written}`"))
                .with_help(help);
        self.fail(diagnostic)
    }

    fn parenthesised(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        let opened = self.at;
        self.advance();
        // Without a closing partner the pipe that follows belongs to the query, not to a sub-query.
        let inner = if self.partner(opened).is_some() { self.tabular()? } else { self.expression()? };
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        Ok(Expr { kind: ExprKind::Parenthesised(Box::new(inner)), span: self.span_from(start) })
    }

    fn word_expression(&mut self) -> Parse<Expr> {
        let Some(token) = self.token(0) else { return Err(self.expected("an expression")) };
        let name = self.name_of(token);
        if let Some(expression) = self.special_form(&name) {
            return expression;
        }
        if self.is_out_of_place(&name.text) {
            return Err(self.expected("an expression"));
        }
        self.advance();
        if self.is(TokenKind::OpenParen) {
            return self.call(name);
        }
        self.note_unknown_operator();
        Ok(Expr { span: name.span, kind: ExprKind::Name(name) })
    }

    /// An operator word where a value should stand. As a column name it is fine, if what follows shows that it is one.
    fn is_out_of_place(&self, word: &str) -> bool {
        if matches!(word, "and" | "or" | "by") {
            return true;
        }
        words::is_operator_word(word)
            && matches!(
                self.kind(1),
                Some(
                    TokenKind::String
                        | TokenKind::Word
                        | TokenKind::OpenParen
                        | TokenKind::Long
                        | TokenKind::Real
                        | TokenKind::Timespan
                        | TokenKind::TypedLiteral
                )
            )
    }

    /// `Column hass "x"`: a word between two values that is nearly an operator.
    fn note_unknown_operator(&mut self) {
        let Some(token) = self.token(0) else { return };
        let text = token.span.slice(self.text).to_owned();
        let value_follows = matches!(
            self.kind(1),
            Some(
                TokenKind::String
                    | TokenKind::Long
                    | TokenKind::OpenParen
                    | TokenKind::TypedLiteral
                    | TokenKind::Timespan
            )
        );
        let unknown = match token.kind {
            TokenKind::BangWord => {
                words::binary_operator(&text).is_none() && words::list_operator(&text).is_none() && text != "!between"
            }
            TokenKind::Word => self.in_predicate && !self.on_new_line() && !words::is_operator_word(&text),
            _ => false,
        };
        if !unknown || !(value_follows || token.kind == TokenKind::BangWord) {
            return;
        }
        let spellings = words::BINARY_OPERATORS.iter().map(|(spelling, _)| *spelling);
        let spellings = spellings.chain(words::LIST_OPERATORS.iter().map(|(spelling, _)| *spelling));
        let near = nearest(&text, spellings.filter(|spelling| spelling.len() > 1).chain(["between", "!between"]));
        let mut diagnostic = Diagnostic::error("unknown-operator", token.span, format!("`{text}` is no operator"));
        if let Some(near) = near {
            diagnostic = diagnostic.with_label(format!("did you mean `{near}`?"));
        }
        diagnostic.help.extend(crate::kql::habits::word(&text).map(str::to_owned));
        self.fail(diagnostic);
        self.damage.insert(token.span.start, token.span.end);
    }
}

fn is_number(expression: &Expr) -> bool {
    let ExprKind::Literal(literal) = &expression.kind else { return false };
    matches!(literal.value, LiteralValue::Long(_) | LiteralValue::Real(_) | LiteralValue::Timespan(_))
}

/// A name expression, for places that hold names only.
pub(super) fn name_expression(name: Name) -> Expr {
    Expr { span: name.span, kind: ExprKind::Name(name) }
}
