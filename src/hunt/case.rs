//! A case: a store, the rules, the clock and the switches, everything a screen asks questions of.
//!
//! Questions are synchronous functions of a case and a reader of its store. Whoever asks runs them on a thread of
//! their own and stops them with the store's interrupt handle; the answer is then
//! [`super::HuntError::Cancelled`]. Opening and asking have these shapes:
//!
//! - `Case::open(store: &Path, catalog: Arc<Catalog>) -> Result<Case, HuntError>`: clock *whole*, switches as saved.
//! - `case.reader() -> Result<Store, HuntError>`: a read-only [`crate::store::Store`].
//! - `case.hunt(&Store, rules: &[String]) -> Result<Hunt, HuntError>`; `case.run(&Store, rule) -> Result<RuleRun, _>`.
//! - `case.funnel(&Store, rule: &str, limit: Duration) -> Result<Funnel, HuntError>`
//! - `case.explain(&Store, rule: &str, event: EventId) -> Result<Explanation, HuntError>`
//! - `case.exclusion_effects(&Store) -> Result<Vec<ExclusionEffect>, HuntError>`; `Diff::between(&Hunt, &Hunt)`.
//! - `case.export_rule(rule: &str) -> Result<String, HuntError>`: its KQL with the exclusions written in.
//!
//! The tree needs no case: [`super::tree::facts`] reads it from a store.

use std::path::PathBuf;

use super::clock::Clock;
use super::switches::Switches;

/// What the console opens. Cheap to clone, so that a worker thread answers for one state while the next is made.
#[derive(Debug, Clone)]
pub struct Case {
    pub store: PathBuf,
    pub clock: Clock,
    pub switches: Switches,
}
