//! The cases that process trees get wrong, each named, and the promise that holds for any input.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 10_000_000;

fn process(pid: i64, start: Option<i64>, name: &str) -> Process {
    Process {
        device: "host".to_owned(),
        pid: Some(pid),
        start: start.map(|seconds| seconds * SECOND),
        name: name.to_owned(),
        ..Process::default()
    }
}

fn created(event: i64, child: (i64, i64, &str), parent: (i64, Option<i64>, &str)) -> Creation {
    Creation {
        event,
        time: Some(child.1 * SECOND),
        process: process(child.0, Some(child.1), child.2),
        parent: Some(process(parent.0, parent.1, parent.2)),
        grandparent: None,
    }
}

fn with_guids(mut creation: Creation, own: &str, parent: &str) -> Creation {
    creation.process.unique_id = own.to_owned();
    if let Some(named) = &mut creation.parent {
        named.unique_id = parent.to_owned();
    }
    creation
}

/// `name(children)` of every root; a ghost has `?`, a cut link `!`.
fn shape(forest: &Forest) -> String {
    fn one(forest: &Forest, id: NodeId) -> String {
        let node = forest.node(id).unwrap();
        let marks = format!("{}{}", if node.ghost { "?" } else { "" }, if node.cut { "!" } else { "" });
        let children: Vec<String> = node.children.iter().map(|child| one(forest, *child)).collect();
        let inside = if children.is_empty() { String::new() } else { format!("({})", children.join(" ")) };
        format!("{}{marks}{inside}", node.process.name)
    }
    forest.roots.iter().map(|root| one(forest, *root)).collect::<Vec<_>>().join(" ")
}

fn shape_of(creations: &[Creation]) -> String {
    shape(&build(creations, &[], &[]))
}

#[test]
fn a_parent_never_logged_is_one_ghost_for_all_its_children() {
    let creations = [
        created(1, (20, 10, "a.exe"), (7, None, "services.exe")),
        created(2, (21, 11, "b.exe"), (7, None, "services.exe")),
    ];
    assert_eq!(shape_of(&creations), "services.exe?(a.exe b.exe)");
}

#[test]
fn a_grandparent_is_known_through_the_ghost() {
    let mut creation = created(1, (20, 10, "whoami.exe"), (7, None, "cmd.exe"));
    creation.grandparent = Some(process(3, None, "sqlservr.exe"));
    assert_eq!(shape_of(&[creation]), "sqlservr.exe?(cmd.exe?(whoami.exe))");
}

#[test]
fn a_pid_used_again_is_two_processes() {
    let creations = [
        created(1, (50, 10, "cmd.exe"), (1, None, "init")),
        created(2, (60, 11, "first.exe"), (50, None, "cmd.exe")),
        created(3, (50, 20, "cmd.exe"), (1, None, "init")),
        created(4, (61, 21, "second.exe"), (50, None, "cmd.exe")),
    ];
    assert_eq!(shape_of(&creations), "init?(cmd.exe(first.exe) cmd.exe(second.exe))");
    let uses: Vec<_> = build(&creations, &[], &[])
        .nodes
        .iter()
        .filter(|node| node.process.pid == Some(50))
        .map(|n| n.pid_use)
        .collect();
    assert_eq!(uses, [(1, 2), (2, 2)]);
}

#[test]
fn another_image_under_the_same_pid_is_not_the_parent() {
    let creations = [
        created(1, (50, 10, "notepad.exe"), (1, None, "init")),
        created(2, (60, 11, "child.exe"), (50, None, "cmd.exe")),
    ];
    assert_eq!(shape_of(&creations), "init?(notepad.exe) cmd.exe?(child.exe)");
}

#[test]
fn a_process_that_ended_before_is_not_the_parent() {
    let creations =
        [created(1, (50, 10, "cmd.exe"), (1, None, "init")), created(2, (60, 100, "child.exe"), (50, None, "cmd.exe"))];
    let ends = [End { process: process(50, None, "cmd.exe"), time: 20 * SECOND }];
    assert_eq!(shape(&build(&creations, &[], &ends)), "init?(cmd.exe) cmd.exe?(child.exe)");
}

#[test]
fn a_ghost_does_not_live_through_the_reuse_of_its_pid() {
    let creations = [
        created(1, (60, 10, "first.exe"), (50, None, "cmd.exe")),
        created(2, (50, 20, "other.exe"), (1, None, "init")),
        created(3, (61, 30, "second.exe"), (50, None, "cmd.exe")),
    ];
    assert_eq!(shape_of(&creations), "cmd.exe?(first.exe) init?(other.exe) cmd.exe?(second.exe)");
}

#[test]
fn a_process_that_names_itself_is_a_root() {
    assert_eq!(shape_of(&[created(1, (4, 10, "a"), (4, None, "a"))]), "a!");
    assert_eq!(shape_of(&[with_guids(created(1, (4, 10, "a"), (9, None, "a")), "g", "g")]), "a!");
}

#[test]
fn two_processes_that_name_each_other_are_cut_at_the_earlier() {
    let creations = [
        with_guids(created(1, (4, 10, "a"), (5, None, "b")), "ga", "gb"),
        with_guids(created(2, (5, 11, "b"), (4, None, "a")), "gb", "ga"),
    ];
    assert_eq!(shape_of(&creations), "a!(b)");
}

#[test]
fn equal_start_times_still_find_the_parent() {
    let creations = [created(1, (4, 10, "a"), (5, Some(10), "b")), created(2, (5, 10, "b"), (6, None, "root"))];
    assert_eq!(shape_of(&creations), "root?(b(a))");
    let without_start = [created(1, (4, 10, "a"), (5, None, "b")), created(2, (5, 10, "b"), (4, None, "a"))];
    assert_eq!(shape_of(&without_start), "a!(b)");
}

#[test]
fn a_child_logged_before_its_parent_is_joined_by_guid() {
    let creations = [
        with_guids(created(1, (4, 10, "child"), (5, None, "parent")), "gc", "gp"),
        with_guids(created(2, (5, 12, "parent"), (6, None, "root")), "gp", "gr"),
    ];
    assert_eq!(shape_of(&creations), "root?(parent(child))");
}

#[test]
fn the_records_of_two_sources_are_one_process() {
    let sysmon = with_guids(created(1, (4, 10, "cmd.exe"), (5, None, "p")), "g", "gp");
    let mut security = created(2, (4, 11, "CMD.EXE"), (5, None, "p"));
    security.process.account = "alice".to_owned();
    let forest = build(&[security, sysmon], &[], &[]);
    assert_eq!(shape(&forest), "p?(cmd.exe)");
    let node = forest.nodes.iter().find(|node| !node.ghost).unwrap();
    assert_eq!((node.events.as_slice(), node.process.account.as_str()), ([1, 2].as_slice(), "alice"));
}

#[test]
fn devices_do_not_mix() {
    let mut other = created(2, (60, 11, "child.exe"), (50, None, "cmd.exe"));
    other.process.device = "other".to_owned();
    other.parent.as_mut().unwrap().device = "other".to_owned();
    assert_eq!(
        shape_of(&[created(1, (50, 10, "cmd.exe"), (1, None, "init")), other]),
        "init?(cmd.exe) cmd.exe?(child.exe)"
    );
}

#[test]
fn what_a_process_did_is_counted_at_the_use_of_the_pid_it_belongs_to() {
    let creations =
        [created(1, (50, 10, "cmd.exe"), (1, None, "init")), created(2, (50, 20, "cmd.exe"), (1, None, "init"))];
    let did = |time: i64, files| Activity {
        actor: process(50, None, "cmd.exe"),
        parent: None,
        time: Some(time * SECOND),
        counts: EventCounts { files, ..EventCounts::default() },
    };
    let forest = build(&creations, &[did(12, 1), did(25, 2)], &[]);
    let files: Vec<u64> = forest.nodes.iter().filter(|node| !node.ghost).map(|node| node.counts.files).collect();
    assert_eq!(files, [1, 2]);
}

fn any_creation() -> impl Strategy<Value = Creation> {
    let guid = prop_oneof![Just(String::new()), "[a-d]"];
    let named = |pid: i64, start: Option<i64>, name: String, guid: String| Process {
        unique_id: guid,
        ..process(pid, start, &name)
    };
    (
        (0i64..40, 0i64..5, 0i64..6, "[xy]", guid.clone()),
        prop::option::of((0i64..5, prop::option::of(0i64..6), "[xy]?", guid.clone())),
        prop::option::of((0i64..5, prop::option::of(0i64..6), "[xy]?", guid)),
    )
        .prop_map(move |((event, pid, start, name, guid), parent, grandparent)| Creation {
            event,
            time: Some(start * SECOND),
            process: named(pid, Some(start), name, guid),
            parent: parent.map(|(pid, start, name, guid)| named(pid, start, name, guid)),
            grandparent: grandparent.map(|(pid, start, name, guid)| named(pid, start, name, guid)),
        })
}

proptest! {
    #[test]
    fn any_input_gives_a_forest_with_each_process_once(
        creations in prop::collection::vec(any_creation(), 0..40),
        seed in any::<u64>(),
    ) {
        let forest = build(&creations, &[], &[]);
        // Every node is reached from the roots exactly once.
        let mut seen = vec![0; forest.nodes.len()];
        let mut stack = forest.roots.clone();
        while let Some(id) = stack.pop() {
            seen[id.0] += 1;
            prop_assert!(seen[id.0] == 1);
            for child in &forest.nodes[id.0].children {
                prop_assert_eq!(forest.nodes[child.0].parent, Some(id));
                stack.push(*child);
            }
        }
        prop_assert!(seen.iter().all(|count| *count == 1));
        // Every record belongs to a node that is no ghost, and every logged node has one.
        for creation in &creations {
            let count = forest.nodes.iter().filter(|node| node.events.contains(&creation.event)).count();
            let repeats = creations.iter().filter(|other| other.event == creation.event).count();
            prop_assert!(count >= 1 && count <= repeats);
        }
        prop_assert!(forest.nodes.iter().all(|node| node.ghost == node.events.is_empty()));
        // No two nodes are the same process.
        let mut guids: Vec<&str> =
            forest.nodes.iter().map(|node| node.process.unique_id.as_str()).filter(|guid| !guid.is_empty()).collect();
        let all = guids.len();
        guids.sort_unstable();
        guids.dedup();
        prop_assert_eq!(guids.len(), all);
        // Distinct event ids make the order of the input irrelevant.
        let mut distinct: Vec<Creation> = creations;
        for (event, creation) in (0i64..).zip(&mut distinct) {
            creation.event = event;
        }
        let before = build(&distinct, &[], &[]);
        let shift = usize::try_from(seed % 41).unwrap_or(0) % distinct.len().max(1);
        distinct.rotate_left(shift);
        prop_assert_eq!(before, build(&distinct, &[], &[]));
    }
}
