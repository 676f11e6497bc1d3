//! `dynamic(…)`: JSON as KQL writes it, with either quote, nested literals and comments, → compact JSON text.

use super::{Parse, Parser};
use crate::kql::diagnostic::Diagnostic;
use crate::kql::lexer::TokenKind;
use crate::kql::syntax::{Expr, ExprKind, Literal, LiteralValue};
use crate::kql::values::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// A value read twice over: as JSON, and as KQL text on one line.
struct Json {
    json: String,
    text: String,
}

impl Json {
    fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { json: text.clone(), text }
    }
}

impl Parser<'_> {
    pub(super) fn dynamic_literal(&mut self) -> Parse<Expr> {
        let start = self.span_here();
        self.advance();
        let opened = self.at;
        self.expect(TokenKind::OpenParen, "`(`")?;
        let is_null = self.is_word("null") || self.is(TokenKind::CloseParen);
        let value = if self.is(TokenKind::CloseParen) { Json::same("null") } else { self.json()? };
        self.close(opened, TokenKind::CloseParen, "`)`")?;
        let json = if is_null { None } else { Some(value.json) };
        let literal = Literal { value: LiteralValue::Dynamic(json), text: format!("dynamic({})", value.text) };
        Ok(Expr { kind: ExprKind::Literal(literal), span: self.span_from(start) })
    }

    fn json(&mut self) -> Parse<Json> {
        self.nested(|parser| match parser.kind(0) {
            Some(TokenKind::OpenBracket) => {
                let items = parser.bracketed_list(TokenKind::OpenBracket, Self::json)?;
                Ok(joined("[", &items, "]"))
            }
            Some(TokenKind::OpenBrace) => {
                let pairs = parser.bracketed_list(TokenKind::OpenBrace, Self::json_pair)?;
                Ok(joined("{", &pairs, "}"))
            }
            Some(TokenKind::Minus) => {
                parser.advance();
                let value = parser.json_scalar()?;
                Ok(Json { json: format!("-{}", value.json), text: format!("-{}", value.text) })
            }
            _ => parser.json_scalar(),
        })
    }

    fn json_pair(&mut self) -> Parse<Json> {
        if !self.is(TokenKind::String) {
            return Err(self.expected("a property name in quotes"));
        }
        let name = self.json_scalar()?;
        self.expect(TokenKind::Colon, "`:` and the property's value")?;
        let value = self.json()?;
        Ok(Json { json: format!("{}:{}", name.json, value.json), text: format!("{}: {}", name.text, value.text) })
    }

    fn json_scalar(&mut self) -> Parse<Json> {
        if let Some(word) = self.word(0) {
            let lower = word.to_ascii_lowercase();
            if matches!(lower.as_str(), "true" | "false" | "null") {
                self.advance();
                return Ok(Json::same(lower));
            }
            if word == "dynamic" {
                self.advance();
                let opened = self.at;
                self.expect(TokenKind::OpenParen, "`(`")?;
                let inner = self.json()?;
                self.close(opened, TokenKind::CloseParen, "`)`")?;
                return Ok(Json { text: format!("dynamic({})", inner.text), json: inner.json });
            }
            let diagnostic = Diagnostic::error(
                "not-constant",
                self.span_here(),
                format!("`dynamic(…)` holds constants only, and {} is a name", self.found()),
            )
            .with_help("build it from columns with `pack_array(…)` or `bag_pack(…)`");
            return Err(self.fail(diagnostic));
        }
        let expression = match self.kind(0) {
            Some(
                TokenKind::String | TokenKind::Long | TokenKind::Real | TokenKind::Timespan | TokenKind::TypedLiteral,
            ) => self.literal()?,
            _ => return Err(self.expected("a JSON value")),
        };
        let ExprKind::Literal(literal) = expression.kind else { return Err(super::Failed) };
        Ok(Json { json: literal_json(&literal.value), text: literal.text })
    }
}

fn joined(open: &str, items: &[Json], close: &str) -> Json {
    let json: Vec<&str> = items.iter().map(|item| item.json.as_str()).collect();
    let text: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
    Json { json: format!("{open}{}{close}", json.join(",")), text: format!("{open}{}{close}", text.join(", ")) }
}

fn literal_json(value: &LiteralValue) -> String {
    match value {
        LiteralValue::Bool(Some(value)) => value.to_string(),
        LiteralValue::Int(Some(value)) => value.to_string(),
        LiteralValue::Long(Some(value)) => value.to_string(),
        LiteralValue::Real(Some(value)) if value.is_finite() => format!("{value:?}"),
        LiteralValue::Decimal(Some(text)) | LiteralValue::Guid(Some(text)) | LiteralValue::String(text) => {
            serde_json::Value::from(text.as_str()).to_string()
        }
        LiteralValue::Datetime(Some(ticks)) => format!("\"{}\"", datetime_text(*ticks)),
        LiteralValue::Timespan(Some(ticks)) => format!("\"{}\"", timespan_text(*ticks)),
        LiteralValue::Real(Some(value)) if value.is_nan() => "\"NaN\"".to_owned(),
        LiteralValue::Real(Some(value)) if *value > 0.0 => "\"Infinity\"".to_owned(),
        LiteralValue::Real(Some(_)) => "\"-Infinity\"".to_owned(),
        LiteralValue::Dynamic(Some(json)) => json.clone(),
        _ => "null".to_owned(),
    }
}

/// A datetime inside dynamic becomes its ISO text, seven digits and a `Z`.
fn datetime_text(ticks: i64) -> String {
    let (days, time) = (ticks.div_euclid(TICKS_PER_DAY), ticks.rem_euclid(TICKS_PER_DAY));
    // Counted from 0000-03-01 so that the leap day ends the year; 400 years are 146,097 days.
    let shifted = days + 306;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{}Z", clock_text(time))
}

fn timespan_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs().cast_signed();
    let days = ticks / TICKS_PER_DAY;
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let clock = clock_text(ticks % TICKS_PER_DAY);
    format!("{sign}{days}{}", clock.strip_suffix(".0000000").unwrap_or(&clock))
}

fn clock_text(ticks: i64) -> String {
    let (seconds, fraction) = (ticks / TICKS_PER_SECOND, ticks % TICKS_PER_SECOND);
    format!("{:02}:{:02}:{:02}.{fraction:07}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kql::values::parse_datetime;

    #[test]
    fn datetimes_and_timespans_become_the_text_the_service_stores() {
        for text in ["0001-01-01T00:00:00.0000000Z", "2024-02-29T12:34:56.1234567Z", "9999-12-31T23:59:59.9999999Z"] {
            assert_eq!(parse_datetime(text).map(datetime_text).as_deref(), Some(text));
        }
        assert_eq!(timespan_text(-TICKS_PER_DAY - 5), "-1.00:00:00.0000005");
        assert_eq!(timespan_text(i64::MAX - i64::MAX % TICKS_PER_SECOND), "10675199.02:48:05");
    }
}
