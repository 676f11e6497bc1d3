//! Detect the container, read records, normalise, insert in batches, report.
//!
//! Knows nothing of rules.
