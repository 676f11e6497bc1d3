//! One token at the cursor.

use super::cursor::{Cursor, continues_word, is_blank, is_line_end, starts_word};
use super::token::{LexicalError, TokenKind};
use crate::kql::values::{is_timespan_unit, is_type_with_literal};

/// Punctuation, longest first.
const PUNCTUATION: &[(&str, TokenKind)] = &[
    ("==", TokenKind::Equal),
    ("=~", TokenKind::EqualTilde),
    ("=>", TokenKind::FatArrow),
    ("=", TokenKind::Assign),
    ("!=", TokenKind::NotEqual),
    ("!~", TokenKind::NotTilde),
    ("<>", TokenKind::NotEqual),
    ("<=", TokenKind::LessOrEqual),
    ("<", TokenKind::Less),
    (">=", TokenKind::GreaterOrEqual),
    (">", TokenKind::Greater),
    ("..", TokenKind::DotDot),
    (".", TokenKind::Dot),
    ("|", TokenKind::Pipe),
    (";", TokenKind::Semicolon),
    (",", TokenKind::Comma),
    (":", TokenKind::Colon),
    ("(", TokenKind::OpenParen),
    (")", TokenKind::CloseParen),
    ("[", TokenKind::OpenBracket),
    ("]", TokenKind::CloseBracket),
    ("{", TokenKind::OpenBrace),
    ("}", TokenKind::CloseBrace),
    ("+", TokenKind::Plus),
    ("-", TokenKind::Minus),
    ("*", TokenKind::Star),
    ("/", TokenKind::Slash),
    ("%", TokenKind::Percent),
    ("@", TokenKind::At),
];

const MULTI_LINE_QUOTES: [&str; 2] = ["```", "~~~"];

/// The next token, or `None` at the end. Blank has been skipped.
pub fn token(cursor: &mut Cursor) -> Option<TokenKind> {
    let first = cursor.peek()?;
    if cursor.eat("//") {
        cursor.eat_while(|character| !is_line_end(character));
        return Some(TokenKind::Comment);
    }
    if cursor.eat("/*") {
        while !cursor.rest().is_empty() && !cursor.eat("*/") {
            cursor.bump();
        }
        return Some(TokenKind::Error(LexicalError::BlockComment));
    }
    if first == '#' && cursor.at_line_start() {
        cursor.eat_while(|character| !is_line_end(character));
        return Some(TokenKind::Directive);
    }
    if let Some(kind) = string(cursor) {
        return Some(kind);
    }
    if first.is_ascii_digit() {
        return Some(number(cursor));
    }
    if starts_word(first) {
        return Some(word(cursor));
    }
    if first == '!' && cursor.peek_second().is_some_and(char::is_alphabetic) {
        cursor.bump();
        cursor.eat_while(continues_word);
        if cursor.rest().starts_with('~') && !cursor.rest().starts_with("~~~") {
            cursor.bump();
        }
        return Some(TokenKind::BangWord);
    }
    for (text, kind) in PUNCTUATION {
        if cursor.eat(text) {
            return Some(*kind);
        }
    }
    if is_smart_quote(first) {
        return Some(smart_quoted(cursor));
    }
    // `&&` is one mistake.
    cursor.eat_while(|character| character == first);
    Some(TokenKind::Error(LexicalError::StrayCharacter))
}

/// A string literal of any form, or `None` with the cursor where it was.
fn string(cursor: &mut Cursor) -> Option<TokenKind> {
    let start = cursor.position();
    if cursor.peek().is_some_and(|character| character == 'h' || character == 'H') {
        cursor.bump();
    }
    for fence in MULTI_LINE_QUOTES {
        if cursor.eat(fence) {
            while !cursor.rest().is_empty() {
                if cursor.eat(fence) {
                    return Some(TokenKind::String);
                }
                cursor.bump();
            }
            return Some(TokenKind::Error(LexicalError::UnterminatedString));
        }
    }
    let verbatim = cursor.eat("@");
    let Some(quote @ ('"' | '\'')) = cursor.peek() else {
        cursor.rewind(start);
        return None;
    };
    cursor.bump();
    while let Some(character) = cursor.peek() {
        if is_line_end(character) {
            break;
        }
        cursor.bump();
        if character == quote {
            if !(verbatim && cursor.peek() == Some(quote)) {
                return Some(TokenKind::String);
            }
            cursor.bump();
        } else if character == '\\' && !verbatim && cursor.peek().is_some_and(|next| !is_line_end(next)) {
            cursor.bump();
        }
    }
    Some(TokenKind::Error(LexicalError::UnterminatedString))
}

fn is_smart_quote(character: char) -> bool {
    matches!(character, '\u{2018}'..='\u{201f}' | '\u{00ab}' | '\u{00bb}' | '\u{2032}' | '\u{2033}')
}

/// Takes the whole quoted text where its end stands on the same line, so that one mistake is one diagnostic.
fn smart_quoted(cursor: &mut Cursor) -> TokenKind {
    cursor.bump();
    let after_quote = cursor.position();
    while let Some(character) = cursor.peek().filter(|character| !is_line_end(*character)) {
        cursor.bump();
        if is_smart_quote(character) || character == '"' {
            return TokenKind::Error(LexicalError::SmartQuote);
        }
    }
    cursor.rewind(after_quote);
    TokenKind::Error(LexicalError::SmartQuote)
}

/// A number, a timespan such as `1.5h`, or a name that starts with digits such as `3Dchart`.
fn number(cursor: &mut Cursor) -> TokenKind {
    if cursor.rest().starts_with("0x") || cursor.rest().starts_with("0X") {
        let start = cursor.position();
        cursor.bump();
        cursor.bump();
        let digits = cursor.position();
        cursor.eat_while(|character| character.is_ascii_hexdigit());
        if cursor.position() > digits && !cursor.peek().is_some_and(continues_word) {
            return TokenKind::Long;
        }
        cursor.rewind(start);
    }
    cursor.eat_while(|character| character.is_ascii_digit());
    let mut kind = TokenKind::Long;
    if cursor.peek() == Some('.') && cursor.peek_second() != Some('.') && !cursor.peek_second().is_some_and(starts_word)
    {
        cursor.bump();
        cursor.eat_while(|character| character.is_ascii_digit());
        kind = TokenKind::Real;
    }
    if exponent(cursor) {
        kind = TokenKind::Real;
    }
    let suffix_start = cursor.position();
    cursor.eat_while(continues_word);
    let suffix = cursor.since(suffix_start);
    if suffix.is_empty() {
        kind
    } else if is_timespan_unit(suffix) {
        TokenKind::Timespan
    } else if kind == TokenKind::Long {
        TokenKind::Word
    } else {
        cursor.rewind(suffix_start);
        kind
    }
}

/// `e3`, `E-7`: only where digits follow and no word goes on after them.
fn exponent(cursor: &mut Cursor) -> bool {
    let start = cursor.position();
    if !(cursor.eat("e") || cursor.eat("E")) {
        return false;
    }
    let _sign = cursor.eat("+") || cursor.eat("-");
    let digits = cursor.position();
    cursor.eat_while(|character| character.is_ascii_digit());
    let found = cursor.position() > digits && !cursor.peek().is_some_and(continues_word);
    if !found {
        cursor.rewind(start);
    }
    found
}

fn word(cursor: &mut Cursor) -> TokenKind {
    let start = cursor.position();
    cursor.bump();
    cursor.eat_while(continues_word);
    let text = cursor.since(start);
    if text == "in" && cursor.rest().starts_with('~') && !cursor.rest().starts_with("~~~") {
        cursor.bump();
        return TokenKind::InTilde;
    }
    if is_type_with_literal(text) && literal_tail(cursor) {
        return TokenKind::TypedLiteral;
    }
    TokenKind::Word
}

/// The `(…)` after a type word. What it holds is free text (`2024-01-02 03:04`), so it is no sequence of tokens.
/// Parentheses inside must pair, so that `datetime(ago(1d))` is one wrong literal and not two mistakes.
fn literal_tail(cursor: &mut Cursor) -> bool {
    let start = cursor.position();
    cursor.eat_while(is_blank);
    if !cursor.eat("(") {
        cursor.rewind(start);
        return false;
    }
    // After a blank only what looks like a value: `partition by time (take 1)` has a column named `time`.
    let spaced = cursor.since(start).len() > 1;
    let content = cursor.rest().trim_start();
    let looks_like_value = content.starts_with(|first: char| first.is_ascii_digit() || "\"'+-".contains(first))
        || content.starts_with('{')
        || ["null", "true", "false"].iter().any(|word| content.starts_with(word));
    if spaced && !looks_like_value {
        cursor.rewind(start);
        return false;
    }
    let mut depth = 1usize;
    while let Some(character) = cursor.peek() {
        match character {
            '"' | '\'' => {
                if string(cursor) != Some(TokenKind::String) {
                    break;
                }
                continue;
            }
            '|' | ';' => break,
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        cursor.bump();
        if depth == 0 {
            return true;
        }
    }
    cursor.rewind(start);
    false
}
