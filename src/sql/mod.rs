//! Plan to SQLite text, and the Rust functions registered with SQLite.
//!
//! Knows nothing of rules or files.

mod aggregate;
mod branches;
mod combine;
mod compile;
mod demand;
mod dictionary;
mod execute;
mod expression;
pub mod functions;
mod generate;
pub mod layout;
mod literal;
mod narrow;
mod pairs;
mod probe;
mod scan;
mod select_list;
mod support;
pub mod terms;
mod text_set;
mod texts;

pub use compile::{Compiled, Options, compile, generate};
pub use execute::{ExecuteError, Limits, Row, execute, for_each_row, register};
pub use probe::ConnectionProbe;
pub use texts::Texts;
