//! Literals: the value behind each token, and the diagnostics for those that have none.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::{Token, TokenKind};
use crate::kql::span::Span;
use crate::kql::syntax::{Expr, ExprKind, Literal, LiteralValue, UnaryOperator};
use crate::kql::values::{decode_string, parse_datetime, parse_timespan, quote_string};
use crate::kql::visible::visible;

impl Parser<'_> {
    /// A literal with an optional sign, where nothing else may stand.
    pub(super) fn signed_literal(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        let operator = match self.kind(0) {
            Some(TokenKind::Minus) => UnaryOperator::Minus,
            Some(TokenKind::Plus) => UnaryOperator::Plus,
            _ => return self.literal_or_word(),
        };
        self.advance();
        let operand = Box::new(self.literal_or_word()?);
        Ok(Expr { kind: ExprKind::Unary { operator, operand }, span: self.span_from(start) })
    }

    fn literal_or_word(&mut self) -> Parse<Expr> {
        if let Some(token) = self.token(0).filter(|token| token.kind == TokenKind::Word) {
            let name = self.name_of(token);
            if let Some(form) = self.special_form(&name) {
                return form;
            }
        }
        self.literal()
    }

    pub(super) fn literal(&mut self) -> Parse<Expr> {
        let Some(token) = self.token(0) else { return Err(self.expected("a literal")) };
        if token.kind == TokenKind::String {
            return Ok(self.string());
        }
        let text = token.span.slice(self.text).to_owned();
        let value = match token.kind {
            TokenKind::Long => long_value(&text),
            TokenKind::Real => text.parse().ok().map(|value| LiteralValue::Real(Some(value))),
            TokenKind::Timespan => parse_timespan(&text).map(|ticks| LiteralValue::Timespan(Some(ticks))),
            TokenKind::TypedLiteral => return self.typed_literal(token, &text),
            _ => return Err(self.expected("a literal")),
        };
        self.advance();
        let Some(value) = value else {
            let diagnostic = Diagnostic::error("number-out-of-range", token.span, format!("`{text}` is too large"))
                .with_help("a long ends at 9223372036854775807; `real(…)` and `decimal(…)` reach further");
            self.fail(diagnostic);
            return Ok(Expr { kind: ExprKind::Error, span: token.span });
        };
        Ok(Expr { kind: ExprKind::Literal(Literal { value, text }), span: token.span })
    }

    /// One string literal, or several in a row, which KQL joins into one.
    pub(super) fn string(&mut self) -> Expr {
        let start = self.span_here();
        let mut value = String::new();
        let mut texts: Vec<String> = Vec::new();
        while let Some(token) = self.token(0).filter(|token| token.kind == TokenKind::String) {
            if !texts.is_empty() {
                self.note_concatenation(token);
            }
            let text = token.span.slice(self.text);
            let (piece, error) = decode_string(text);
            if let Some(error) = error
                && !self.damage.contains_key(&token.span.start)
            {
                self.report_escape(token.span, error.span, text);
            }
            value.push_str(&piece);
            // A printed stage is one line, so a string over several lines is printed with escapes.
            texts.push(if text.contains(['\n', '\r']) { quote_string(&piece) } else { text.to_owned() });
            self.advance();
        }
        let literal = Literal { value: LiteralValue::String(value), text: texts.join(" ") };
        Expr { kind: ExprKind::Literal(literal), span: self.span_from(start) }
    }

    /// Strings on different lines of a list are more often a forgotten comma than a string in two parts.
    fn note_concatenation(&mut self, token: Token) {
        let on_same_line = !self.on_new_line();
        let in_list = matches!(self.kind(1), Some(TokenKind::Comma)) || self.previous_was_listed();
        if on_same_line || !in_list {
            return;
        }
        self.report(
            Diagnostic::warning(
                "joined-strings",
                token.span,
                "two strings without a comma between them are one string",
            )
            .with_label("joined to the string before it")
            .with_help("write `,` between them if two values are meant"),
        );
    }

    fn previous_was_listed(&self) -> bool {
        let before = self.at.checked_sub(2).and_then(|index| self.tokens.get(index));
        before.is_some_and(|token| token.kind == TokenKind::Comma)
    }

    fn report_escape(&mut self, literal: Span, escape: Span, text: &str) {
        let span = Span::new(literal.start + escape.start, literal.start + escape.end);
        let shown = visible(escape.slice(text));
        let diagnostic = Diagnostic::error("invalid-escape", span, format!("`{shown}` is no escape sequence"))
            .with_label("a backslash starts an escape")
            .with_help("write `\\\\` for a backslash, or put `@` before the opening quote: @\"C:\\Windows\"");
        self.report(diagnostic);
    }

    /// `datetime(…)` and its like: the type word and the free text between the parentheses.
    fn typed_literal(&mut self, token: Token, text: &str) -> Parse<Expr> {
        let (type_word, inner) = text.split_once('(').unwrap_or((text, ""));
        let inner = inner.strip_suffix(')').unwrap_or(inner).trim();
        let value = typed_value(type_word.trim_end(), inner);
        let Some(value) = value else {
            if type_word.trim_end() == "datetime" && inner.starts_with(['"', '\'']) {
                return Ok(self.placeholder_datetime(token, text));
            }
            self.advance();
            self.report_bad_literal(token.span, type_word.trim_end(), inner);
            return Ok(Expr { kind: ExprKind::Error, span: token.span });
        };
        self.advance();
        let on_one_line = text.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ");
        let literal = Literal { value, text: if text.contains(['\n', '\r']) { on_one_line } else { text.to_owned() } };
        Ok(Expr { kind: ExprKind::Literal(literal), span: token.span })
    }

    /// `datetime("Insert date")`: Kusto takes any quoted text and yields null, so templates carry such placeholders.
    fn placeholder_datetime(&mut self, token: Token, text: &str) -> Expr {
        self.advance();
        self.report(
            Diagnostic::warning("placeholder-datetime", token.span, "this text is no datetime, so the literal is null")
                .with_label("comparing with null keeps no row")
                .with_help("write a date, as in `datetime(2024-01-02 03:04:05)`"),
        );
        let literal = Literal { value: LiteralValue::Datetime(None), text: text.to_owned() };
        Expr { kind: ExprKind::Literal(literal), span: token.span }
    }

    fn report_bad_literal(&mut self, span: Span, type_word: &str, inner: &str) {
        let (example, conversion) = match type_word {
            "bool" | "boolean" => ("bool(true)", "tobool"),
            "int" | "int32" => ("int(5)", "toint"),
            "long" | "int64" => ("long(5)", "tolong"),
            "real" | "double" => ("real(1.5)", "todouble"),
            "decimal" => ("decimal(1.5)", "todecimal"),
            "time" | "timespan" => ("timespan(1.02:03:04)", "totimespan"),
            "guid" | "uuid" | "uniqueid" => ("guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "toguid"),
            _ => ("datetime(2024-01-02 03:04:05)", "todatetime"),
        };
        let shown = visible(&inner.chars().take(40).collect::<String>());
        let diagnostic = Diagnostic::error("invalid-literal", span, format!("`{shown}` is no {type_word} literal"))
            .with_label(format!("expected a constant, as in `{example}`"))
            .with_help(format!("to convert a value use `{conversion}(…)`"));
        self.fail(diagnostic);
    }
}

fn long_value(text: &str) -> Option<LiteralValue> {
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // Sixteen hexadecimal digits are the bits of a signed number.
        Some(digits) => u64::from_str_radix(digits, 16).ok()?.cast_signed(),
        None => text.parse().ok()?,
    };
    Some(LiteralValue::Long(Some(value)))
}

/// The value between the parentheses of a typed literal; quotes around it are allowed.
fn typed_value(type_word: &str, inner: &str) -> Option<LiteralValue> {
    let null = inner == "null" || inner.is_empty();
    let unquoted;
    let inner = if inner.starts_with(['"', '\'', '@']) {
        unquoted = decode_string(inner).0;
        unquoted.trim()
    } else {
        inner
    };
    let present = |value: LiteralValue| Some(value);
    match type_word {
        "bool" | "boolean" => match inner.to_ascii_lowercase().as_str() {
            _ if null => present(LiteralValue::Bool(None)),
            "true" | "1" => present(LiteralValue::Bool(Some(true))),
            "false" | "0" => present(LiteralValue::Bool(Some(false))),
            _ => None,
        },
        "int" | "int32" if null => present(LiteralValue::Int(None)),
        "int" | "int32" => i32::try_from(signed_whole(inner)?).ok().map(|value| LiteralValue::Int(Some(value))),
        "long" | "int64" if null => present(LiteralValue::Long(None)),
        "long" | "int64" => i64::try_from(signed_whole(inner)?).ok().map(|value| LiteralValue::Long(Some(value))),
        "real" | "double" if null => present(LiteralValue::Real(None)),
        "real" | "double" => real(inner).map(|value| LiteralValue::Real(Some(value))),
        "decimal" if null => present(LiteralValue::Decimal(None)),
        "decimal" => is_decimal(inner).then(|| LiteralValue::Decimal(Some(inner.to_owned()))),
        "datetime" | "date" if null => present(LiteralValue::Datetime(None)),
        "datetime" | "date" => parse_datetime(inner).map(|ticks| LiteralValue::Datetime(Some(ticks))),
        "time" | "timespan" if null => present(LiteralValue::Timespan(None)),
        "time" | "timespan" => parse_timespan(inner).map(|ticks| LiteralValue::Timespan(Some(ticks))),
        "guid" | "uuid" | "uniqueid" if null => present(LiteralValue::Guid(None)),
        "guid" | "uuid" | "uniqueid" => guid(inner).map(|value| LiteralValue::Guid(Some(value))),
        _ => None,
    }
}

fn signed_whole(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits.trim_start()),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => i128::from(i64::from_str_radix(digits, 16).ok()?),
        None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        None => return None,
    };
    Some(sign * value)
}

fn real(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        lower if lower.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => lower.parse().ok(),
        _ => None,
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !(whole.is_empty() && fraction.is_empty())
        && all_digits(whole)
        && all_digits(fraction)
        && !exponent.is_empty()
        && exponent.len() <= 3
        && all_digits(exponent)
}

/// A guid in any of its usual spellings, as lower-case text with dashes.
fn guid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let digits: String = inner.chars().filter(|character| *character != '-').collect::<String>().to_ascii_lowercase();
    let shaped = inner.len() == 32 || inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if !shaped || digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("");
    Some(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}
