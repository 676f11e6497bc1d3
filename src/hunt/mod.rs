//! The hunt clock, running rules, match identity and lineage, funnel, explain, exclusion effects, process tree.
//!
//! Knows nothing of the terminal.
