//! The process tree as text: chains (`sqlservr.exe → cmd.exe → whoami.exe`) and an indented tree.
//!
//! The texts of events pass through the caller's `escape`, as nothing here knows where the lines go.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Forest, Node, NodeId};

/// How times and untrusted texts are shown.
pub struct Display<'a> {
    pub escape: &'a dyn Fn(&str) -> String,
    /// From ticks of 100 ns since 0001-01-01 UTC.
    pub time: &'a dyn Fn(i64) -> String,
    /// Whether a node is marked as the one that was asked for.
    pub focus: Option<NodeId>,
}

/// The image's name; what stands for it where no event says.
pub fn name(node: &Node) -> String {
    let process = &node.process;
    match (process.name.is_empty(), process.pid) {
        (false, _) => process.name.clone(),
        (true, Some(pid)) => format!("(pid {pid})"),
        (true, None) => "(unknown)".to_owned(),
    }
}

/// One line a way: from the root through the node to each of its last descendants, in the order of the tree.
pub fn chains(forest: &Forest, id: NodeId, escape: &dyn Fn(&str) -> String) -> Vec<String> {
    leaves(forest, id)
        .into_iter()
        .map(|leaf| {
            let names: Vec<String> = forest
                .path(leaf)
                .into_iter()
                .filter_map(|at| forest.node(at))
                .map(|node| escape(&name(node)))
                .collect();
            names.join(" → ")
        })
        .collect()
}

fn leaves(forest: &Forest, id: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut stack = vec![id];
    while let Some(at) = stack.pop() {
        let Some(node) = forest.node(at) else { continue };
        if node.children.is_empty() {
            found.push(at);
        }
        stack.extend(node.children.iter().rev());
    }
    found
}

/// The node, all above it and all below it.
pub fn lineage(forest: &Forest, id: NodeId) -> BTreeSet<NodeId> {
    let mut nodes: BTreeSet<NodeId> = forest.path(id).into_iter().collect();
    let mut stack = vec![id];
    while let Some(at) = stack.pop() {
        nodes.insert(at);
        stack.extend(forest.node(at).into_iter().flat_map(|node| node.children.iter().copied()));
    }
    nodes
}

/// The indented tree of the nodes in `shown`, which holds the ancestors of whatever it holds.
pub fn indented(forest: &Forest, shown: &dyn Fn(NodeId) -> bool, display: &Display<'_>) -> String {
    let mut text = String::new();
    let visible = |ids: &[NodeId]| ids.iter().copied().filter(|id| shown(*id)).collect::<Vec<_>>();
    // Depth is in the hands of whoever wrote the log, so the way down is kept here and not on the call stack.
    let roots = visible(&forest.roots);
    let device = |id: &NodeId| forest.node(*id).map(|node| node.process.device.as_str());
    let has_several = roots.iter().any(|root| device(root) != roots.first().and_then(device));
    let mut stack: Vec<(NodeId, String, String)> =
        roots.iter().rev().map(|id| (*id, String::new(), String::new())).collect();
    let mut heading = None;
    while let Some((id, lead, below)) = stack.pop() {
        let Some(node) = forest.node(id) else { continue };
        if has_several && node.parent.is_none() && heading != device(&id) {
            let gap = if heading.is_some() { "\n" } else { "" };
            heading = device(&id);
            let name = (display.escape)(heading.filter(|name| !name.is_empty()).unwrap_or("(no device)"));
            let _ = writeln!(text, "{gap}{name}");
        }
        let _ = writeln!(text, "{lead}{}", line(node, display));
        let children = visible(&node.children);
        for (place, child) in children.iter().enumerate().rev() {
            let is_last = place + 1 == children.len();
            let (branch, gap) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            stack.push((*child, format!("{below}{branch}"), format!("{below}{gap}")));
        }
    }
    text
}

fn line(node: &Node, display: &Display<'_>) -> String {
    let process = &node.process;
    let mut parts = vec![(display.escape)(&name(node))];
    if let Some(pid) = process.pid.filter(|_| !process.name.is_empty()) {
        parts.push(format!("pid {pid}"));
    }
    if node.pid_use.1 > 1 {
        parts.push(format!("(use {} of {})", node.pid_use.0, node.pid_use.1));
    }
    if let Some(start) = process.start {
        parts.push((display.time)(start));
    }
    if node.ghost {
        parts.push("(ghost: its start is not in the log)".to_owned());
    }
    if node.cut {
        parts.push("(named a parent that would make a cycle)".to_owned());
    }
    if !process.command_line.is_empty() {
        parts.push((display.escape)(&process.command_line));
    }
    let counts = counts(node);
    if !counts.is_empty() {
        parts.push(format!("[{counts}]"));
    }
    if display.focus == Some(node.id) {
        parts.push("◀".to_owned());
    }
    parts.join("  ")
}

/// `3 files, 1 network`: what the process did besides starting others.
pub fn counts(node: &Node) -> String {
    let counts = &node.counts;
    [
        (counts.files, "files"),
        (counts.registry, "registry"),
        (counts.network, "network"),
        (counts.images, "images"),
        (counts.logons, "logons"),
        (counts.other, "other"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect::<Vec<_>>()
    .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::tree::Process;
    use crate::hunt::tree::build::{Creation, build};

    fn creation(event: i64, pid: i64, name: &str, parent: (i64, &str)) -> Creation {
        let process = |pid, name: &str, start| Process {
            device: "host".to_owned(),
            pid: Some(pid),
            name: name.to_owned(),
            start,
            ..Process::default()
        };
        Creation {
            event,
            time: Some(event),
            process: Process { command_line: format!("{name}\u{1b}[0m"), ..process(pid, name, Some(event)) },
            parent: Some(process(parent.0, parent.1, None)),
            grandparent: None,
        }
    }

    fn forest() -> Forest {
        build(
            &[
                creation(1, 20, "cmd.exe", (10, "sqlservr.exe")),
                creation(2, 30, "cscript.exe", (20, "cmd.exe")),
                creation(3, 31, "conhost.exe", (20, "cmd.exe")),
                creation(4, 40, "TVupu.exe", (30, "cscript.exe")),
            ],
            &[],
            &[],
        )
    }

    fn node(forest: &Forest, name: &str) -> NodeId {
        forest.nodes.iter().find(|node| node.process.name == name).unwrap().id
    }

    #[test]
    fn a_chain_runs_from_the_root_to_the_last_child() {
        let forest = forest();
        let same = |text: &str| text.to_owned();
        assert_eq!(
            chains(&forest, node(&forest, "cscript.exe"), &same),
            ["sqlservr.exe → cmd.exe → cscript.exe → TVupu.exe"]
        );
        assert_eq!(chains(&forest, node(&forest, "cmd.exe"), &same).len(), 2);
    }

    #[test]
    fn the_tree_of_an_event_is_its_lineage_and_escapes_the_log() {
        let forest = forest();
        let focus = node(&forest, "cscript.exe");
        let shown = lineage(&forest, focus);
        let display = Display {
            escape: &|text| text.replace('\u{1b}', "^["),
            time: &|ticks| format!("t{ticks}"),
            focus: Some(focus),
        };
        insta::assert_snapshot!(indented(&forest, &|id| shown.contains(&id), &display), @r"
        sqlservr.exe  pid 10  (ghost: its start is not in the log)
        └─ cmd.exe  pid 20  t1  cmd.exe^[[0m
           └─ cscript.exe  pid 30  t2  cscript.exe^[[0m  ◀
              └─ TVupu.exe  pid 40  t4  TVupu.exe^[[0m
        ");
    }

    #[test]
    fn a_chain_deeper_than_the_stack_is_printed() {
        let creations: Vec<Creation> = (1..20_000).map(|pid| creation(pid, pid, "a", (pid - 1, "a"))).collect();
        let forest = build(&creations, &[], &[]);
        let display = Display { escape: &str::to_owned, time: &|_| String::new(), focus: None };
        assert_eq!(forest.path(NodeId(forest.nodes.len() - 1)).len(), forest.nodes.len());
        let shown = |id: NodeId| id.0 < 300;
        assert_eq!(indented(&forest, &shown, &display).lines().count(), 300);
    }
}
