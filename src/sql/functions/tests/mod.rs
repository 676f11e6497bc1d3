//! Every symbol through real SQL, against the recorded answers of the engine and its documentation.

#![allow(clippy::unwrap_used)]

mod aggregates;
mod collections;
mod scalars;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::{Implementation, implementation, register};
use crate::plan::functions::{Conversion, ENGINE, conversion, rows};
use crate::plan::operators;
use crate::schema::ScalarType;

pub(super) fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    register(&connection).unwrap();
    connection
}

/// What a symbol gives for these SQL arguments, as text.
pub(super) fn call(connection: &Connection, symbol: &str, arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let Some(found) = implementation(symbol) else { return format!("{symbol} is not implemented") };
    evaluate(connection, &found.render(&arguments))
}

pub(super) fn evaluate(connection: &Connection, sql: &str) -> String {
    let result = connection.query_row(&format!("SELECT {sql}"), [], |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Null => "null".to_owned(),
            ValueRef::Integer(value) => value.to_string(),
            ValueRef::Real(value) => format!("{value:?}"),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(_) => "blob".to_owned(),
        })
    });
    result.unwrap_or_else(|error| error.to_string())
}

/// Cases of `(symbol, arguments, expected)`.
pub(super) fn check(cases: &[(&str, &[&str], &str)]) {
    let connection = open();
    for (symbol, arguments, expected) in cases {
        assert_eq!(call(&connection, symbol, arguments), *expected, "{symbol}({})", arguments.join(", "));
    }
}

#[test]
fn every_symbol_is_implemented() {
    let types = [
        ScalarType::Bool,
        ScalarType::Int,
        ScalarType::Long,
        ScalarType::Real,
        ScalarType::Decimal,
        ScalarType::String,
        ScalarType::Datetime,
        ScalarType::Timespan,
        ScalarType::Dynamic,
        ScalarType::Guid,
    ];
    let casts = types.iter().flat_map(|from| types.iter().filter_map(|to| conversion(*from, *to)));
    let symbols = rows()
        .flat_map(|row| row.overloads.iter().map(|overload| overload.symbol))
        .chain(operators::symbols())
        .chain(casts.filter_map(|cast| if let Conversion::Symbol(symbol) = cast { Some(symbol) } else { None }))
        .filter(|symbol| !symbol.starts_with(ENGINE));
    let mut missing: Vec<&str> = symbols.filter(|symbol| implementation(symbol).is_none()).collect();
    missing.sort_unstable();
    missing.dedup();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn templates_take_their_arguments() {
    let template = Implementation::Template("f({1}, {0}{2})");
    assert_eq!(template.render(&["a".to_owned(), "b".to_owned()]), "f(b, a)");
}
