//! Rule file formats, metadata, catalog, facts.
//!
//! Knows nothing of the screen.
