//! Rule file formats, metadata, catalog, facts.
//!
//! Knows nothing of the screen.

mod flatten;
pub mod pipeline;
pub mod roles;
mod text;
pub mod walk;
