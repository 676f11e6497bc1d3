//! The tokens of KQL: a kind and a byte span. A token holds no text and no value.

use crate::kql::span::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
    /// Whether blank or a comment stands before it: `a-b` and `a - b` differ in operator names.
    pub spaced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A name or a keyword: KQL has no reserved words, the parser decides by position.
    Word,
    /// `!in`, `!has`, `!in~`, …: a `!` glued to a word.
    BangWord,
    /// `in~`.
    InTilde,
    Long,
    Real,
    Timespan,
    String,
    /// `datetime(…)`, `guid(…)`, `int(null)`, …: the type word, the parentheses and what is between them.
    TypedLiteral,
    Comment,
    /// A line that starts with `#`: a directive to the tool, which Kusto skips as it does comments.
    Directive,
    Pipe,
    Semicolon,
    Comma,
    Colon,
    Dot,
    DotDot,
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Assign,
    FatArrow,
    Equal,
    NotEqual,
    EqualTilde,
    NotTilde,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    At,
    Error(LexicalError),
}

/// Why a piece of text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LexicalError {
    /// A string without its closing quote: it ends with the line (or, for a multi-line string, the text).
    UnterminatedString,
    /// A typographic quote, as word processors and web pages put in place of `"`.
    SmartQuote,
    /// A comment between `/*` and `*/`, which KQL has not.
    BlockComment,
    /// A character that no KQL token starts with.
    StrayCharacter,
}
