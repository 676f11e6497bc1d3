//! Reading arguments from SQLite and handing results back, in the project's representation of values.
//!
//! Text is borrowed, never copied. NaN, which SQLite would turn into NULL, travels as the text `NaN`.

use rusqlite::functions::Context;
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};

/// What a function gives back.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    /// The argument at this place, as it came.
    Argument(usize),
}

impl ToSql for Output {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Integer(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Self::Real(value) if value.is_nan() => ToSqlOutput::Borrowed(ValueRef::Text(b"NaN")),
            Self::Real(value) => ToSqlOutput::Owned(Value::Real(*value)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Argument(place) => ToSqlOutput::Arg(*place),
        })
    }
}

impl From<bool> for Output {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<i64> for Output {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<usize> for Output {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Output {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<String> for Output {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Output {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Output {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Reads a stored value as text; `None` for null.
pub fn text_of(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => Some(str::from_utf8(bytes).unwrap_or("")),
        _ => None,
    }
}

/// Reads a stored value as a whole number; `None` for null.
pub fn integer_of(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(value) => Some(value),
        ValueRef::Real(value) => Some(value as i64),
        _ => None,
    }
}

/// Reads a stored value as a real number; `None` for null.
pub fn real_of(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(value) => Some(value as f64),
        ValueRef::Real(value) => Some(value),
        ValueRef::Text(b"NaN") => Some(f64::NAN),
        _ => None,
    }
}

/// Reading by place, for `Context`.
pub trait Arguments {
    /// The raw argument; null beyond the last.
    fn raw(&self, place: usize) -> ValueRef<'_>;

    /// A string; null is `""`, as strings have no null.
    fn text(&self, place: usize) -> &str {
        text_of(self.raw(place)).unwrap_or("")
    }

    /// A dynamic, guid or decimal value.
    fn maybe_text(&self, place: usize) -> Option<&str> {
        text_of(self.raw(place))
    }

    fn integer(&self, place: usize) -> Option<i64> {
        integer_of(self.raw(place))
    }

    fn real(&self, place: usize) -> Option<f64> {
        real_of(self.raw(place))
    }

    fn boolean(&self, place: usize) -> Option<bool> {
        self.integer(place).map(|value| value != 0)
    }

    fn is_null(&self, place: usize) -> bool {
        matches!(self.raw(place), ValueRef::Null)
    }
}

impl Arguments for Context<'_> {
    fn raw(&self, place: usize) -> ValueRef<'_> {
        if place < self.len() { self.get_raw(place) } else { ValueRef::Null }
    }
}

/// What a call computes.
#[derive(Clone, Copy)]
pub enum Body {
    Plain(fn(&Context<'_>) -> Output),
    /// May end the query with an error (a broken regular expression).
    Fallible(fn(&Context<'_>) -> rusqlite::Result<Output>),
}

/// A scalar function; SQLite knows it as `kql_` + symbol.
#[derive(Clone, Copy)]
pub struct Scalar {
    pub symbol: &'static str,
    pub body: Body,
}

/// A function that cannot fail.
pub const fn plain(symbol: &'static str, body: fn(&Context<'_>) -> Output) -> Scalar {
    Scalar { symbol, body: Body::Plain(body) }
}

/// A function that can end the query.
pub const fn fallible(symbol: &'static str, body: fn(&Context<'_>) -> rusqlite::Result<Output>) -> Scalar {
    Scalar { symbol, body: Body::Fallible(body) }
}

/// An error that ends the query, with words for the person who wrote it.
pub fn failure(message: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(message.into().into())
}
