//! From what events say about processes to the forest.
//!
//! Order of trust: GUID, then (device, pid, start time) with the slack that sources need, then (device, pid) with
//! the image's name among the processes alive at the time. What stays unknown becomes a ghost. Sources of the
//! rules and their traps: a pid that is used again, a process that names itself or its child as its parent, a
//! child logged before its parent, equal start times.

use std::collections::{BTreeMap, HashMap};

use super::{EventCounts, Forest, Node, NodeId, Process};
use crate::hunt::matches::EventId;

/// Start times of one process differ by up to this between sources: Sysmon's own time against the event's, and
/// the whole seconds that a process GUID carries.
const START_SLACK: i64 = 2 * 10_000_000;

/// A record of a process being created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Creation {
    pub event: EventId,
    /// `process.start` may be unknown; this is the record's time.
    pub time: Option<i64>,
    pub process: Process,
    pub parent: Option<Process>,
    pub grandparent: Option<Process>,
}

/// What a process did, grouped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    pub actor: Process,
    pub parent: Option<Process>,
    /// The time of the first of these events.
    pub time: Option<i64>,
    pub counts: EventCounts,
}

/// A record of a process's end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct End {
    pub process: Process,
    pub time: i64,
}

#[derive(Debug, Clone, Default)]
struct Draft {
    process: Process,
    events: Vec<EventId>,
    ghost: bool,
    /// When it is first heard of; the start where that is known.
    seen: Option<i64>,
    named_parent: Option<Process>,
    named_grandparent: Option<Process>,
    parent: Option<usize>,
    cut: bool,
    counts: EventCounts,
}

impl Draft {
    fn key(&self) -> (&str, Option<i64>, Option<EventId>, Option<i64>, &str, &str) {
        let process = &self.process;
        let first = self.events.iter().min().copied();
        (&process.device, process.start.or(self.seen), first, process.pid, &process.unique_id, &process.name)
    }
}

/// Builds the forest. The order of the input does not matter.
pub fn build(creations: &[Creation], activities: &[Activity], ends: &[End]) -> Forest {
    let mut builder = Builder::default();
    let mut creations: Vec<&Creation> = creations.iter().collect();
    // Records with a GUID first: those without may then join them.
    creations.sort_by_key(|creation| {
        let process = &creation.process;
        (process.unique_id.is_empty(), &process.device, process.start.or(creation.time), creation.event)
    });
    for creation in creations {
        builder.add_creation(creation);
    }
    builder.add_ends(ends);
    builder.link_parents(0);
    let mut activities: Vec<&Activity> = activities.iter().collect();
    activities.sort_by_key(|activity| {
        let actor = &activity.actor;
        (&actor.device, activity.time, actor.pid, &actor.unique_id, &actor.name, actor.start, &actor.path)
    });
    for activity in activities {
        builder.add_activity(activity);
    }
    builder.add_ends(ends);
    builder.cut_cycles();
    builder.finish()
}

#[derive(Default)]
struct Builder {
    drafts: Vec<Draft>,
    by_unique_id: HashMap<(String, String), usize>,
    by_pid: HashMap<(String, i64), Vec<usize>>,
}

impl Builder {
    fn insert(&mut self, draft: Draft) -> usize {
        let index = self.drafts.len();
        let device = draft.process.device.clone();
        if !draft.process.unique_id.is_empty() {
            self.by_unique_id.insert((device.clone(), draft.process.unique_id.clone()), index);
        }
        if let Some(pid) = draft.process.pid {
            self.by_pid.entry((device, pid)).or_default().push(index);
        }
        self.drafts.push(draft);
        index
    }

    fn add_creation(&mut self, creation: &Creation) {
        let mut process = creation.process.clone();
        process.start = process.start.or(creation.time);
        let same = self.same_creation(&process);
        let draft = Draft {
            events: vec![creation.event],
            seen: process.start,
            named_parent: creation.parent.clone(),
            named_grandparent: creation.grandparent.clone(),
            process,
            ..Draft::default()
        };
        match same.and_then(|index| self.drafts.get_mut(index)) {
            Some(known) => {
                known.events.extend(draft.events);
                complete(&mut known.process, &draft.process);
                known.named_parent = known.named_parent.take().or(draft.named_parent);
                known.named_grandparent = known.named_grandparent.take().or(draft.named_grandparent);
            }
            None => {
                self.insert(draft);
            }
        }
    }

    /// The draft of the same creation: by GUID, by pid and start, or another source's record of it.
    fn same_creation(&self, process: &Process) -> Option<usize> {
        if !process.unique_id.is_empty() {
            return self.by_unique_id.get(&(process.device.clone(), process.unique_id.clone())).copied();
        }
        let start = process.start?;
        let candidates = self.by_pid.get(&(process.device.clone(), process.pid?))?;
        candidates
            .iter()
            .copied()
            .filter_map(|index| {
                let known = &self.drafts.get(index)?.process;
                let distance = known.start?.abs_diff(start);
                let other_source = !known.unique_id.is_empty()
                    && distance <= START_SLACK.unsigned_abs()
                    && known.name.eq_ignore_ascii_case(&process.name);
                (distance == 0 || other_source).then_some((distance, index))
            })
            .min()
            .map(|(_, index)| index)
    }

    fn link_parents(&mut self, from: usize) {
        let mut next = from;
        let mut again: Vec<usize> = Vec::new();
        loop {
            let index = match again.pop() {
                Some(index) => index,
                None if next < self.drafts.len() => {
                    next += 1;
                    next - 1
                }
                None => return,
            };
            if let Some(parent) = self.link(index) {
                // A child may know its grandparent better than the parent's own record does.
                let grandparent = self.drafts.get(index).and_then(|draft| draft.named_grandparent.clone());
                if let (Some(grandparent), Some(draft)) = (grandparent, self.drafts.get_mut(parent))
                    && draft.named_parent.is_none()
                    && !draft.cut
                {
                    draft.named_parent = Some(grandparent);
                    if parent < next {
                        again.push(parent);
                    }
                }
            }
        }
    }

    /// Finds or makes the parent of a draft; returns it.
    fn link(&mut self, index: usize) -> Option<usize> {
        let draft = self.drafts.get(index)?;
        let named = draft.named_parent.clone().filter(is_known)?;
        let own = &draft.process;
        let is_itself = (!own.unique_id.is_empty() && own.unique_id == named.unique_id)
            || (named.pid.is_some() && named.pid == own.pid && own.device == named.device);
        if is_itself {
            if let Some(draft) = self.drafts.get_mut(index) {
                draft.cut = true;
            }
            return None;
        }
        let at = own.start.or(draft.seen);
        let grandparent = draft.named_grandparent.clone();
        let parent = match self.resolve(&named, at, Some(index)) {
            Some(parent) => parent,
            None => self.insert(Draft {
                ghost: true,
                seen: named.start.or(at),
                process: named,
                named_parent: grandparent,
                ..Draft::default()
            }),
        };
        self.drafts.get_mut(index)?.parent = Some(parent);
        Some(parent)
    }

    /// The draft that a mention at time `at` means, not `other_than`.
    fn resolve(&self, named: &Process, at: Option<i64>, other_than: Option<usize>) -> Option<usize> {
        if !named.unique_id.is_empty()
            && let Some(index) = self.by_unique_id.get(&(named.device.clone(), named.unique_id.clone()))
        {
            return Some(*index);
        }
        let candidates = self.by_pid.get(&(named.device.clone(), named.pid?))?;
        candidates
            .iter()
            .copied()
            .filter(|index| Some(*index) != other_than)
            .filter_map(|index| {
                let draft = self.drafts.get(index)?;
                let distance = self.fits(draft, named, at, candidates)?;
                // The nearest; real before ghost; then the earliest made, which is a fixed order.
                Some((draft.ghost, distance, index))
            })
            .min()
            .map(|(_, _, index)| index)
    }

    /// How far in time a draft of the same pid is from what a mention says; `None` where it cannot be meant.
    fn fits(&self, draft: &Draft, named: &Process, at: Option<i64>, same_pid: &[usize]) -> Option<u64> {
        let process = &draft.process;
        let differ =
            |left: &str, right: &str| !left.is_empty() && !right.is_empty() && !left.eq_ignore_ascii_case(right);
        if differ(&process.unique_id, &named.unique_id) || differ(&process.name, &named.name) {
            return None;
        }
        match (process.start, named.start, at) {
            (Some(start), Some(named_start), _) => {
                Some(start.abs_diff(named_start)).filter(|distance| *distance <= START_SLACK.unsigned_abs())
            }
            // Alive at the time: started before, not ended, and its pid not given to another since.
            (Some(start), None, Some(at)) => {
                let ended = process.end.is_some_and(|end| end.saturating_add(START_SLACK) < at);
                (start <= at && !ended && !self.reused(same_pid, start, at)).then(|| at.abs_diff(start))
            }
            (None, None, Some(at)) => {
                let seen = draft.seen.unwrap_or(at);
                (!self.reused(same_pid, seen.min(at), seen.max(at))).then(|| at.abs_diff(seen))
            }
            (None, Some(_), _) => None,
            (_, None, None) => Some(u64::MAX),
        }
    }

    /// Whether a logged process of this pid started after `from`, up to `to`.
    fn reused(&self, same_pid: &[usize], from: i64, to: i64) -> bool {
        same_pid
            .iter()
            .filter_map(|index| self.drafts.get(*index))
            .filter(|draft| !draft.ghost)
            .filter_map(|draft| draft.process.start)
            .any(|start| start > from && start <= to)
    }

    fn add_activity(&mut self, activity: &Activity) {
        if !is_known(&activity.actor) {
            return;
        }
        let index = match self.resolve(&activity.actor, activity.time, None) {
            Some(index) => index,
            None => {
                let index = self.insert(Draft {
                    ghost: true,
                    seen: activity.actor.start.or(activity.time),
                    process: activity.actor.clone(),
                    named_parent: activity.parent.clone(),
                    ..Draft::default()
                });
                self.link_parents(index);
                index
            }
        };
        if let Some(draft) = self.drafts.get_mut(index) {
            draft.counts.add(activity.counts);
            if draft.ghost {
                complete(&mut draft.process, &activity.actor);
            }
        }
    }

    fn add_ends(&mut self, ends: &[End]) {
        for end in ends {
            if let Some(index) = self.resolve(&end.process, Some(end.time), None)
                && let Some(draft) = self.drafts.get_mut(index)
                && draft.process.start.is_none_or(|start| start <= end.time)
            {
                // Several records of one end differ by a hair: the earliest is as good as any, and a fixed choice.
                draft.process.end = Some(draft.process.end.map_or(end.time, |known| known.min(end.time)));
            }
        }
    }

    /// Takes the parent from the earliest process of each cycle.
    fn cut_cycles(&mut self) {
        let mut done = vec![false; self.drafts.len()];
        for start in 0..self.drafts.len() {
            let mut path: Vec<usize> = Vec::new();
            let mut on_path: HashMap<usize, usize> = HashMap::new();
            let mut at = Some(start);
            while let Some(index) = at {
                if done.get(index).copied().unwrap_or(true) {
                    break;
                }
                if let Some(position) = on_path.get(&index) {
                    let cycle = path.iter().skip(*position).copied();
                    let earliest = cycle.filter_map(|index| Some((self.drafts.get(index)?.key(), index))).min();
                    if let Some(index) = earliest.map(|(_, index)| index)
                        && let Some(draft) = self.drafts.get_mut(index)
                    {
                        draft.parent = None;
                        draft.cut = true;
                    }
                    break;
                }
                on_path.insert(index, path.len());
                path.push(index);
                at = self.drafts.get(index).and_then(|draft| draft.parent);
            }
            for index in path {
                if let Some(done) = done.get_mut(index) {
                    *done = true;
                }
            }
        }
    }

    fn finish(self) -> Forest {
        let mut order: Vec<usize> = (0..self.drafts.len()).collect();
        order.sort_by(|left, right| {
            let key = |index: &usize| self.drafts.get(*index).map(Draft::key);
            key(left).cmp(&key(right)).then(left.cmp(right))
        });
        let mut place = vec![0; order.len()];
        for (position, index) in order.iter().enumerate() {
            if let Some(slot) = place.get_mut(*index) {
                *slot = position;
            }
        }
        let mut drafts: Vec<Option<Draft>> = self.drafts.into_iter().map(Some).collect();
        let mut nodes: Vec<Node> = Vec::with_capacity(order.len());
        for index in order {
            let Some(mut draft) = drafts.get_mut(index).and_then(Option::take) else { continue };
            draft.events.sort_unstable();
            draft.events.dedup();
            nodes.push(Node {
                id: NodeId(nodes.len()),
                parent: draft.parent.and_then(|parent| place.get(parent)).map(|position| NodeId(*position)),
                children: Vec::new(),
                ghost: draft.ghost,
                events: draft.events,
                pid_use: (1, 1),
                cut: draft.cut,
                counts: draft.counts,
                process: draft.process,
            });
        }
        number_pid_uses(&mut nodes);
        let mut roots = Vec::new();
        for (position, parent) in nodes.iter().map(|node| node.parent).enumerate().collect::<Vec<_>>() {
            let is_logged = nodes.get(position).is_some_and(|node| !node.ghost);
            match parent.and_then(|parent| nodes.get_mut(parent.0)) {
                Some(parent) => {
                    parent.children.push(NodeId(position));
                    parent.counts.processes += u64::from(is_logged);
                }
                None => roots.push(NodeId(position)),
            }
        }
        Forest { nodes, roots }
    }
}

fn number_pid_uses(nodes: &mut [Node]) {
    let mut uses: BTreeMap<(String, i64), u32> = BTreeMap::new();
    for node in nodes.iter_mut() {
        let Some(pid) = node.process.pid else { continue };
        let count = uses.entry((node.process.device.clone(), pid)).or_default();
        *count += 1;
        node.pid_use.0 = *count;
    }
    for node in nodes.iter_mut() {
        let Some(pid) = node.process.pid else { continue };
        node.pid_use.1 = uses.get(&(node.process.device.clone(), pid)).copied().unwrap_or(1);
    }
}

/// Whether a mention says enough to stand for a process: pid 0 without a name is the absence of a parent.
fn is_known(process: &Process) -> bool {
    !process.unique_id.is_empty() || !process.name.is_empty() || process.pid.is_some_and(|pid| pid != 0)
}

/// Fills what is unknown in one record from another of the same process.
fn complete(known: &mut Process, other: &Process) {
    let fill = |mine: &mut String, theirs: &String| {
        if mine.is_empty() {
            mine.clone_from(theirs);
        }
    };
    fill(&mut known.unique_id, &other.unique_id);
    fill(&mut known.name, &other.name);
    fill(&mut known.path, &other.path);
    fill(&mut known.command_line, &other.command_line);
    fill(&mut known.account, &other.account);
    fill(&mut known.integrity, &other.integrity);
    fill(&mut known.sha256, &other.sha256);
    fill(&mut known.sha1, &other.sha1);
    known.pid = known.pid.or(other.pid);
    known.start = known.start.or(other.start);
    known.end = known.end.or(other.end);
}

impl EventCounts {
    fn add(&mut self, other: EventCounts) {
        self.processes += other.processes;
        self.files += other.files;
        self.registry += other.registry;
        self.network += other.network;
        self.images += other.images;
        self.logons += other.logons;
        self.other += other.other;
    }
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
