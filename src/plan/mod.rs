//! Binding names and types; the typed relational plan; the function registry.
//!
//! Knows nothing of SQLite.

mod aggregate;
mod binder;
mod calls;
mod columns;
mod environment;
mod expand;
mod expressions;
mod external;
pub mod functions;
mod hitters;
mod join;
pub mod library;
mod lookup;
mod membership;
mod names;
mod nested;
pub mod operators;
mod parse;
mod pipeline;
mod plugins;
mod scan;
mod scope;
mod search;
mod series;
mod service_functions;
mod services;
mod sources;
mod special;
mod stages;
pub mod tree;
mod tuples;
mod union;
mod unpack;
mod user_functions;
mod windows;

pub use binder::{Bound, bind};
pub use environment::{DataRange, Environment, Inputs, MissingColumns, NoInputs, Probe};
pub use library::Library;
pub use tree::Plan;
