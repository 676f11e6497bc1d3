//! Damaged text, unbalanced brackets, and where parsing goes on after a mistake.

use super::Parser;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::habits;
use crate::kql::lexer::{LexicalError, Token, TokenKind};
use crate::kql::span::Span;
use crate::kql::words::{binary_operator, is_operator_word};

/// Pairs each bracket with its partner. An opening bracket that something encloses wrongly stays alone.
pub(super) fn pair_brackets(tokens: &[Token]) -> Vec<Option<usize>> {
    let mut partners = vec![None; tokens.len()];
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    // Brackets left open below this depth can no longer be closed by the kind counted here.
    let mut waiting = [0usize; 3];
    for (index, token) in tokens.iter().enumerate() {
        let (slot, opens) = match token.kind {
            TokenKind::OpenParen | TokenKind::CloseParen => (0, TokenKind::OpenParen),
            TokenKind::OpenBracket | TokenKind::CloseBracket => (1, TokenKind::OpenBracket),
            TokenKind::OpenBrace | TokenKind::CloseBrace => (2, TokenKind::OpenBrace),
            _ => continue,
        };
        let Some(count) = waiting.get_mut(slot) else { continue };
        if token.kind == opens {
            *count += 1;
            open.push((opens, index));
            continue;
        }
        if *count == 0 {
            continue;
        }
        while let Some((kind, opened)) = open.pop() {
            let slot = match kind {
                TokenKind::OpenParen => 0,
                TokenKind::OpenBracket => 1,
                _ => 2,
            };
            if let Some(count) = waiting.get_mut(slot) {
                *count -= 1;
            }
            if kind == opens {
                if let Some(entry) = partners.get_mut(index) {
                    *entry = Some(opened);
                }
                if let Some(entry) = partners.get_mut(opened) {
                    *entry = Some(index);
                }
                break;
            }
        }
    }
    partners
}

impl Parser<'_> {
    pub(super) fn report_damage(&mut self, error: LexicalError, span: Span) {
        let first = span.slice(self.text).chars().next().unwrap_or(' ');
        let diagnostic = match error {
            LexicalError::UnterminatedString => {
                Diagnostic::error("unterminated-string", span, "this string has no closing quote")
                    .with_label("starts here")
                    .with_help("a string ends on its own line; between ``` marks it may run over several")
                    .with_help("a backslash escapes the quote after it; a path is written @\"C:\\Windows\\\"")
            }
            LexicalError::SmartQuote => {
                Diagnostic::error("smart-quote", span, format!("`{first}` is a typographic quote, not a string quote"))
                    .with_label("copied from a document or web page?")
                    .with_help("write \" or ' instead")
            }
            LexicalError::BlockComment => {
                Diagnostic::error("block-comment", span, "KQL has no comments between `/*` and `*/`")
                    .with_help("each line of a comment starts with `//`")
            }
            LexicalError::StrayCharacter => {
                let shown: String = span.slice(self.text).chars().take(2).collect();
                let shown = if first.is_ascii_graphic() {
                    format!("`{shown}`")
                } else {
                    format!("the character U+{:04X}", u32::from(first))
                };
                let diagnostic = Diagnostic::error("stray-character", span, format!("{shown} means nothing in KQL"));
                match first {
                    '#' => diagnostic.with_help("comments start with `//`"),
                    '!' => {
                        diagnostic.with_help("negate with `not(…)`, or with `!` directly before an operator: `!has`")
                    }
                    '&' => diagnostic.with_help("combine conditions with `and`"),
                    _ => diagnostic,
                }
            }
        };
        self.report(diagnostic);
    }

    /// Moves to where the stage that began at token `start` ends: `|`, `;`, or the bracket that closes what encloses it.
    pub(super) fn skip_stage(&mut self, start: usize) {
        self.at = self.at.max(start);
        if self.at_end() {
            return;
        }
        // Out of every bracket that the stage itself opened.
        let enclosing =
            (start..self.at).filter_map(|index| self.partner(index)).filter(|closes| *closes >= self.at).max();
        if let Some(closes) = enclosing {
            self.at = closes + 1;
        }
        while let Some(token) = self.token(0) {
            let partner = self.partner(self.at);
            match token.kind {
                TokenKind::Pipe | TokenKind::Semicolon => return,
                TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace => {
                    self.at = partner.unwrap_or(self.at);
                }
                TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace
                    if partner.is_some_and(|opened| opened < start) =>
                {
                    return;
                }
                _ => {}
            }
            self.advance();
        }
    }

    /// Adds what is most likely meant, judged by the token standing here.
    pub(super) fn with_syntax_help(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.kind(0) {
            Some(TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace)
                if self.partner(self.at).is_none() =>
            {
                diagnostic.with_help("this bracket closes nothing")
            }
            Some(TokenKind::Word | TokenKind::OpenBracket) if self.previous_word() == Some("not") => {
                diagnostic.with_help("negate with `not(…)`")
            }
            Some(TokenKind::Word) => match self.word(0).map(str::to_lowercase) {
                Some(lower) if self.word(0) != Some(lower.as_str()) && binary_operator(&lower).is_some() => {
                    diagnostic.with_help(format!("operators are written in lower case: `{lower}`"))
                }
                Some(lower) if self.kind(1) == Some(TokenKind::OpenParen) && is_operator_word(&lower) => {
                    diagnostic.with_help(format!("an operator stands between its values: `Column {lower} value`"))
                }
                Some(lower) if lower == "by" => {
                    diagnostic.with_help("`summarize count() by Column` counts the rows of each group")
                }
                Some(lower) => match habits::word(&lower) {
                    Some(help) => diagnostic.with_help(help),
                    None if self.is_within_let() => diagnostic.with_help("a `let` ends with `;`"),
                    None => diagnostic,
                },
                None => diagnostic,
            },
            Some(TokenKind::Equal | TokenKind::EqualTilde | TokenKind::NotEqual | TokenKind::NotTilde)
                if matches!(self.previous_word(), Some("and" | "or")) =>
            {
                diagnostic.with_help("each side is a condition of its own: `A == 1 or A == 2`, or `A in (1, 2)`")
            }
            Some(TokenKind::Pipe) if self.previous_kind() == Some(TokenKind::Semicolon) => {
                diagnostic.with_help("`;` ended the query: remove it")
            }
            Some(TokenKind::Comma) => match self.operator_before_bracket() {
                Some(operator) => diagnostic.with_help(format!(
                    "`{operator}` takes one value; for several write `has_any (…)`, or join conditions with `or`"
                )),
                None => diagnostic,
            },
            Some(TokenKind::Assign) => diagnostic.with_help("`=` names a column; values are compared with `==`"),
            _ => diagnostic,
        }
    }

    fn previous_kind(&self) -> Option<TokenKind> {
        self.at.checked_sub(1).and_then(|index| self.tokens.get(index)).map(|token| token.kind)
    }

    /// Whether the statement at hand is a `let`.
    fn is_within_let(&self) -> bool {
        let before = self.tokens.get(..self.at).unwrap_or_default();
        let start = before.iter().rposition(|token| token.kind == TokenKind::Semicolon).map_or(0, |place| place + 1);
        before.get(start).is_some_and(|token| token.span.slice(self.text) == "let")
    }

    /// The operator whose value is the bracket that is open here: `contains` in `contains ("a", "b")`.
    fn operator_before_bracket(&self) -> Option<&str> {
        let mut depth = 0_usize;
        for index in (0..self.at).rev() {
            match self.tokens.get(index)?.kind {
                TokenKind::CloseParen => depth += 1,
                TokenKind::OpenParen if depth > 0 => depth -= 1,
                TokenKind::OpenParen => {
                    let before = self.tokens.get(index.checked_sub(1)?)?.span.slice(self.text);
                    return binary_operator(before).is_some().then_some(before);
                }
                _ => {}
            }
        }
        None
    }

    fn previous_word(&self) -> Option<&str> {
        let token = self.at.checked_sub(1).and_then(|index| self.tokens.get(index))?;
        (token.kind == TokenKind::Word).then(|| token.span.slice(self.text))
    }
}
