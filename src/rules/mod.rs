//! Rule file formats, metadata, catalog, facts.
//!
//! Knows nothing of the screen.

pub mod attack;
pub mod catalog;
pub mod compile;
pub mod coverage;
pub mod duration;
pub mod facts;
mod flatten;
pub mod indicators;
pub mod lint;
mod load;
pub mod origin;
pub mod pipeline;
pub mod predicates;
pub mod roles;
pub mod rule;
mod text;
pub mod walk;

pub use catalog::{Catalog, CatalogError, LookupError};
pub use facts::Facts;
pub use rule::{Metadata, Problem, Rule};
