//! The ratatui application.
//!
//! Knows nothing of how anything is computed.
