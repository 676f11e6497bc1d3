//! The hunt clock, running rules, match identity and lineage, funnel, explain, exclusion effects, process tree.
//!
//! Everything here is a transform on a rule's syntax tree followed by the ordinary compile: a unit that is
//! switched off is replaced by `true`, an exclusion is one more `where`, a funnel stage is a prefix of the
//! pipeline with `| count`. Knows nothing of the terminal.

pub mod browse;
pub mod case;
pub mod chains;
pub mod clock;
pub mod complete;
pub mod conjunct;
pub mod dossier;
pub mod error;
pub mod exclusions;
pub mod explain;
pub mod export;
pub mod find;
pub mod funnel;
pub mod indicators;
pub mod matches;
pub mod moments;
mod nearest;
pub mod prepare;
pub mod query;
pub mod record;
mod relax;
pub mod replay;
pub mod rewrite;
pub mod rows;
pub mod seen;
pub mod sightings;
pub mod survey;
pub mod switches;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod timetable;
pub mod tree;
mod why;

pub use case::Case;
pub use clock::{Clock, ClockMode};
pub use error::HuntError;
pub use exclusions::{Diff, ExclusionEffect};
pub use explain::Explanation;
pub use funnel::Funnel;
pub use matches::{EventId, Hunt, Match, MatchId, RuleRun};
pub use survey::Survey;
pub use switches::{History, OwnExclusion, ParameterId, SwitchAction, Switches, UnitId};
pub use tree::{Forest, Node, NodeId, Process};
