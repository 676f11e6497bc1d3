//! The process tree: a forest with every process once.
//!
//! Identity is the process's GUID, else (device, pid, start time). A parent that was never logged is a ghost,
//! labelled as such, never an invented process. Knows nothing of drawing.

pub mod ancestors;
pub mod build;
mod columns;
pub mod facts;
pub mod text;

use super::matches::EventId;

/// A place in [`Forest::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
pub struct NodeId(pub usize);

/// What an event says about one process. Texts are raw text of the event.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Process {
    pub device: String,
    pub pid: Option<i64>,
    /// The GUID of the process, lower-case; empty where the source has none.
    pub unique_id: String,
    /// Ticks of 100 ns since 0001-01-01 UTC.
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub name: String,
    pub path: String,
    pub command_line: String,
    pub account: String,
    pub integrity: String,
    pub sha256: String,
    pub sha1: String,
}

/// Events that a process caused, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct EventCounts {
    pub processes: u64,
    pub files: u64,
    pub registry: u64,
    pub network: u64,
    pub images: u64,
    pub logons: u64,
    pub other: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Node {
    pub id: NodeId,
    pub process: Process,
    pub parent: Option<NodeId>,
    /// In the order of start time, then event id: never in another.
    pub children: Vec<NodeId>,
    /// Known only from what others say of it.
    pub ghost: bool,
    /// The events that logged its creation (Sysmon and Security may both have); empty for a ghost.
    pub events: Vec<EventId>,
    /// Which use of its pid on this device this is, from 1, and how many there are: 1 of 1 unless reused.
    pub pid_use: (u32, u32),
    /// Its record named a parent that would have closed a cycle; the link was cut here.
    pub cut: bool,
    pub counts: EventCounts,
}

/// Every process of the store, or of one device.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Forest {
    /// Indexed by [`NodeId`].
    pub nodes: Vec<Node>,
    /// Nodes without a parent, by device, then start time.
    pub roots: Vec<NodeId>,
}

impl Forest {
    /// Puts the trees of another forest, of other devices, behind these.
    pub fn append(&mut self, other: Self) {
        let offset = self.nodes.len();
        let moved = |id: NodeId| NodeId(id.0 + offset);
        self.roots.extend(other.roots.into_iter().map(moved));
        self.nodes.extend(other.nodes.into_iter().map(|node| Node {
            id: moved(node.id),
            parent: node.parent.map(moved),
            children: node.children.into_iter().map(moved).collect(),
            ..node
        }));
    }

    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// From the root down to the node, both included.
    pub fn path(&self, id: NodeId) -> Vec<NodeId> {
        let mut path: Vec<NodeId> =
            std::iter::successors(Some(id), |at| self.node(*at).and_then(|node| node.parent)).collect();
        path.reverse();
        path
    }

    /// The process that a mention at time `at` means: by GUID, else by pid, name and time.
    pub fn find(&self, named: &Process, at: Option<i64>) -> Option<NodeId> {
        let by_unique_id = (!named.unique_id.is_empty())
            .then(|| self.nodes.iter().find(|node| is_named(node, named) && node.process.unique_id == named.unique_id));
        if let Some(Some(node)) = by_unique_id {
            return Some(node.id);
        }
        let wanted = named.start.or(at);
        self.nodes
            .iter()
            .filter(|node| node.process.pid.is_some() && node.process.pid == named.pid && is_named(node, named))
            .filter(|node| {
                named.start.is_some() || node.process.start.is_none_or(|start| at.is_none_or(|at| start <= at))
            })
            .min_by_key(|node| {
                let distance = node.process.start.zip(wanted).map(|(start, wanted)| start.abs_diff(wanted));
                (distance.is_none(), distance, node.id)
            })
            .map(|node| node.id)
    }

    pub fn ghosts(&self) -> usize {
        self.nodes.iter().filter(|node| node.ghost).count()
    }

    /// How many links were cut because they would have closed a cycle.
    pub fn cuts(&self) -> usize {
        self.nodes.iter().filter(|node| node.cut).count()
    }
}

/// Whether nothing in the mention speaks against the node.
fn is_named(node: &Node, named: &Process) -> bool {
    let agree = |left: &str, right: &str| left.is_empty() || right.is_empty() || left.eq_ignore_ascii_case(right);
    let process = &node.process;
    process.device.eq_ignore_ascii_case(&named.device)
        && agree(&process.unique_id, &named.unique_id)
        && agree(&process.name, &named.name)
}
