//! Opening, migrating and tuning the database; tables, indexes, views; saved state.
//!
//! Knows nothing of the screen.
