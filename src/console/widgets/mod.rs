//! Pieces that several views draw with.
//!
//! A widget has a state that `update` changes and a function that draws it; neither knows what is shown.

pub mod scrolled;
pub mod table;
pub mod tree;
