//! A case: a store, the rules, the clock and the switches, everything a screen asks questions of.
//!
//! Questions are synchronous functions of a case and a reader connection to its store. Whoever asks runs them on
//! a thread of their own and stops them with the connection's interrupt handle; the answer is then
//! [`super::HuntError::Cancelled`]. Opening and asking have these shapes:
//!
//! - `Case::open(store: &Path, catalog: Arc<Catalog>) -> Result<Case, HuntError>`: clock *whole*, switches as saved.
//! - `case.reader() -> Result<Connection, HuntError>`: read-only, with the functions of the engine.
//! - `case.hunt(&Connection, rules: &[String]) -> Result<Hunt, HuntError>`; `case.run(&Connection, rule) -> Result<RuleRun, _>` for one.
//! - `case.funnel(&Connection, rule: &str, limit: Duration) -> Result<Funnel, HuntError>`
//! - `case.explain(&Connection, rule: &str, event: EventId) -> Result<Explanation, HuntError>`
//! - `case.forest(&Connection, device: Option<&str>) -> Result<Forest, HuntError>`
//! - `case.node_events(&Connection, &Forest, NodeId, limit) -> Result<Vec<NodeEvent>, HuntError>`
//! - `case.exclusion_effects(&Connection) -> Result<Vec<ExclusionEffect>, HuntError>`; `Diff::between(&Hunt, &Hunt)`.
//! - `case.export_rule(rule: &str) -> Result<String, HuntError>`: its KQL with the exclusions written in.

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
