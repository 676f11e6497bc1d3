//! The ratatui application.
//!
//! Knows nothing of how anything is computed: it asks a [`source::Source`] on worker threads and draws what it
//! has. Input becomes an [`action::Action`], `update` changes the [`state`], drawing reads it and starts nothing.

pub mod action;
pub mod fuzzy;
pub mod input;
pub mod jobs;
pub mod keys;
pub mod paint;
pub mod shown;
pub mod source;
pub mod terminal;
pub mod theme;
pub mod widgets;
