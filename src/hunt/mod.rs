//! The hunt clock, running rules, match identity and lineage, funnel, explain, exclusion effects, process tree.
//!
//! Everything here is a transform on a rule's syntax tree followed by the ordinary compile: a unit that is
//! switched off is replaced by `true`, an exclusion is one more `where`, a funnel stage is a prefix of the
//! pipeline with `| count`. Knows nothing of the terminal.

pub mod case;
pub mod clock;
pub mod error;
pub mod exclusions;
pub mod explain;
pub mod funnel;
pub mod matches;
pub mod rewrite;
pub mod switches;
pub mod tree;

pub use case::Case;
pub use clock::{Clock, ClockMode};
pub use error::HuntError;
pub use exclusions::{Diff, ExclusionEffect};
pub use explain::Explanation;
pub use funnel::Funnel;
pub use matches::{EventId, Hunt, Match, MatchId, RuleRun};
pub use switches::{History, OwnExclusion, SwitchAction, Switches, UnitId};
pub use tree::{Forest, Node, NodeId, Process};
