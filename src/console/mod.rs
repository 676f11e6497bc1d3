//! The ratatui application.
//!
//! Knows nothing of how anything is computed: it asks a [`source::Source`] on worker threads and draws what it
//! has. Input becomes an [`action::Action`], `update` changes the [`state`], drawing reads it and starts nothing.

pub mod action;
pub mod action_table;
pub mod background;
pub mod chooser;
pub mod columns;
pub mod config;
pub mod desk;
pub mod editor;
pub mod exclusion_form;
pub mod export;
pub mod format;
pub mod fuzzy;
pub mod grid;
pub mod headless;
pub mod importing;
pub mod input;
pub mod jobs;
pub mod journal;
pub mod keymap;
pub mod keys;
pub mod last;
pub mod layout;
pub mod live;
pub mod opening;
pub mod overlay;
pub mod paint;
pub mod replay;
pub mod rule_page;
pub mod run;
pub mod screenshot;
pub mod script;
pub mod session;
pub mod sheets;
pub mod shown;
pub mod source;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod timeline;
pub mod trees;
pub mod undo;
pub mod update;
pub mod view_state;
pub mod views;
pub mod walkthrough;
pub mod widgets;
pub mod zone;

#[cfg(test)]
mod tests;
