//! How SQLite computes each symbol of the function registry: native SQL where that is exactly right, a Rust
//! function registered with the connection where it is not.
//!
//! Knows the representation of values (`value`), not the queries that call.

pub mod value;

use rusqlite::Connection;

/// How a symbol is computed.
#[derive(Debug, Clone, Copy)]
pub enum Implementation {
    /// SQL with `{0}`, `{1}`, … for the arguments.
    Template(&'static str),
    /// The registered function `kql_` + this name.
    Function(&'static str),
    /// SQL that depends on how many arguments there are.
    Expansion(fn(&[String]) -> String),
}

impl Implementation {
    /// The SQL expression over these argument expressions.
    pub fn render(&self, arguments: &[String]) -> String {
        match self {
            Self::Function(name) => format!("kql_{name}({})", arguments.join(", ")),
            Self::Expansion(expand) => expand(arguments),
            Self::Template(template) => {
                let mut sql = String::with_capacity(template.len() + 16);
                let mut rest = *template;
                while let Some((before, after)) = rest.split_once('{') {
                    sql.push_str(before);
                    let Some((place, tail)) = after.split_once('}') else { break };
                    if let Some(argument) = place.parse().ok().and_then(|place: usize| arguments.get(place)) {
                        sql.push_str(argument);
                    }
                    rest = tail;
                }
                sql.push_str(rest);
                sql
            }
        }
    }
}

/// The implementation of a registry symbol; `None` for symbols the engine expands itself.
pub fn implementation(symbol: &str) -> Option<Implementation> {
    let _ = symbol;
    None
}

/// Registers every function with a connection. All are deterministic and free of side effects.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    let _ = connection;
    Ok(())
}
