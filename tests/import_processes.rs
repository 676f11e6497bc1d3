//! Which process is which: one creation told by two sources, ids used again, restarts, parents that are missing,
//! clocks that differ, and processes that claim to descend from each other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use whippet::hunt::tree::{self, facts};
use whippet::ingest::{Silent, forget, import};
use whippet::store::Store;

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const SQL: &str = "C:\\SQL\\sqlservr.exe";

fn event(provider: &str, channel: &str, id: u32, record: u32, time: &str, fields: &[(&str, &str)]) -> String {
    let data: String = fields.iter().map(|(name, value)| format!("<Data Name=\"{name}\">{value}</Data>")).collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
         <EventID>{id}</EventID><TimeCreated SystemTime='{time}'/><EventRecordID>{record}</EventRecordID>\
         <Channel>{channel}</Channel><Computer>H1</Computer></System><EventData>{data}</EventData></Event>\n"
    )
}

/// A process's Sysmon GUID, from the second it started at.
fn guid(second: u32, pid: u32) -> String {
    // 2025-01-02T03:00:00Z and so many seconds: the second and third group.
    let start = 0x6776_0130_u32 + second;
    format!("{{00000001-{:04X}-{:04X}-0000-{pid:012}}}", start & 0xffff, start >> 16)
}

struct Sysmon<'s> {
    second: u32,
    pid: u32,
    image: &'s str,
    parent: Option<(u32, u32, &'s str)>,
}

fn time(second: u32, fraction: &str) -> String {
    format!("2025-01-02T03:{:02}:{:02}.{fraction}Z", second / 60, second % 60)
}

fn sysmon(made: &Sysmon<'_>) -> String {
    let (pid, own) = (made.pid.to_string(), guid(made.second, made.pid));
    let utc = time(made.second, "100").replace('T', " ").replace('Z', "");
    let parent = made.parent.map(|(second, pid, image)| (guid(second, pid), pid.to_string(), image));
    let (parent_guid, parent_pid, parent_image) =
        parent.unwrap_or_else(|| ("{00000000-0000-0000-0000-000000000000}".to_owned(), "0".to_owned(), "-"));
    event(
        "Microsoft-Windows-Sysmon",
        "Microsoft-Windows-Sysmon/Operational",
        1,
        made.second * 100 + made.pid,
        &time(made.second, "900"),
        &[
            ("UtcTime", &utc),
            ("ProcessGuid", &own),
            ("ProcessId", &pid),
            ("Image", made.image),
            ("CommandLine", "whoami /all"),
            ("User", "CORP\\ann"),
            ("ParentProcessGuid", &parent_guid),
            ("ParentProcessId", &parent_pid),
            ("ParentImage", parent_image),
        ],
    )
}

fn security(second: u32, pid: u32, image: &str, parent: u32, parent_image: &str) -> String {
    event(
        "Microsoft-Windows-Security-Auditing",
        "Security",
        4688,
        second * 100 + pid + 50_000,
        &time(second, "150"),
        &[
            ("SubjectUserSid", "S-1-5-21-1-2-3-1001"),
            ("SubjectUserName", "ann"),
            ("SubjectDomainName", "CORP"),
            ("SubjectLogonId", "0x1234"),
            ("NewProcessId", &format!("{pid:#x}")),
            ("NewProcessName", image),
            ("TokenElevationType", "%%1937"),
            ("ProcessId", &format!("{parent:#x}")),
            ("CommandLine", ""),
            ("ParentProcessName", parent_image),
        ],
    )
}

struct Case {
    folder: tempfile::TempDir,
    store: Store,
}

impl Case {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: Store::in_memory().unwrap() }
    }

    fn import(&mut self, name: &str, events: &str) -> &mut Self {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, events).unwrap();
        let report = import(&mut self.store, &[path], &AtomicBool::new(false), &mut Silent).unwrap();
        assert_eq!(report.totals().3, 0, "{report:#?}");
        self
    }

    fn of(files: &[&str]) -> Self {
        let mut case = Self::new();
        for (index, events) in files.iter().enumerate() {
            case.import(&index.to_string(), events);
        }
        case
    }

    /// The rows of process creations, as queries see them, whatever their order and ids.
    fn rows(&self) -> Vec<String> {
        let sql = "SELECT Timestamp, FileName, ProcessId, ProcessCommandLine, AccountSid, ProcessTokenElevation,
              InitiatingProcessFileName, InitiatingProcessCommandLine, InitiatingProcessTokenElevation,
              InitiatingProcessAccountSid, InitiatingProcessParentFileName, AdditionalFields
            FROM DeviceProcessEvents ORDER BY 1, 2, 3, 4";
        let mut statement = self.store.connection().prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let cells: Vec<String> = (0..12)
                .map(|index| match row.get_ref(index).unwrap() {
                    rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    other => format!("{other:?}"),
                })
                .collect();
            Ok(cells.join("|"))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.store.connection().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn started(second: u32, pid: u32, image: &str, parent: (u32, u32, &str)) -> String {
    sysmon(&Sysmon { second, pid, image, parent: Some(parent) })
}

#[test]
fn two_records_of_one_creation_are_one_row_in_any_order() {
    let parent = started(10, 100, SQL, (1, 4, "System"));
    let both = [
        started(20, 200, CMD, (10, 100, SQL)),
        security(20, 200, &CMD.to_uppercase(), 100, SQL),
        started(30, 300, "C:\\w.exe", (20, 200, CMD)),
    ];
    let expected = Case::of(&[&(parent.clone() + &both.concat())]).rows();
    assert_eq!(expected.len(), 3, "{expected:#?}");
    let merged = &expected[1];
    assert!(merged.contains("|S-1-5-21-1-2-3-1001|TokenElevationTypeFull|sqlservr.exe|whoami /all|"), "{merged}");
    assert!(merged.ends_with("\"Sources\":[\"Sysmon\",\"Security\"]}"), "{merged}");
    // The child takes over what its parent has from the other record.
    assert!(expected[2].contains("|cmd.exe|whoami /all|TokenElevationTypeFull|"), "{}", expected[2]);
    let [one, two, three] = both.each_ref().map(String::as_str);
    for files in [
        [&parent, one, two, three],
        [&parent, two, one, three],
        [three, two, one, &parent],
        [three, one, &parent, two],
        [two, three, &parent, one],
    ] {
        let case = Case::of(&files);
        assert_eq!(case.rows(), expected);
        assert_eq!(case.number("SELECT count(*) FROM event_record"), 4);
        assert_eq!(case.number("SELECT count(*) FROM merged_process"), 1);
    }
}

#[test]
fn both_records_lead_to_the_row_and_the_node() {
    let case = Case::of(&[&security(20, 200, CMD, 100, SQL), &started(20, 200, CMD, (10, 100, SQL))]);
    assert_eq!(case.store.merged_creations().unwrap(), [(1, 2)]);
    assert_eq!(case.store.same_fact(1).unwrap(), [2]);
    assert_eq!(case.store.same_fact(2).unwrap(), [1]);
    assert_eq!(case.store.row_of(1).unwrap(), case.store.row_of(2).unwrap());
    let raw = |event| String::from_utf8(case.store.original_record(event).unwrap().unwrap()).unwrap();
    assert!(raw(1).contains("<EventID>4688<") && raw(2).contains("<EventID>1<"));
    let forest = facts::forest(&case.store, None).unwrap();
    let node = facts::locate(&case.store, &forest, 1).unwrap().unwrap();
    assert_eq!(facts::locate(&case.store, &forest, 2).unwrap(), Some(node));
    assert_eq!(forest.node(node).unwrap().events, [1, 2]);
}

#[test]
fn a_second_pass_and_a_second_import_change_nothing() {
    let (one, two) = (started(20, 200, CMD, (10, 100, SQL)), security(20, 200, CMD, 100, SQL));
    let mut case = Case::of(&[&one, &two]);
    let before = case.rows();
    let changes = case.number("SELECT total_changes()");
    case.import("0", &one).import("1", &two);
    assert_eq!(case.number("SELECT total_changes()"), changes);
    // Something else arrives: the pass runs, the pair stays.
    case.import("other", &started(50, 500, CMD, (10, 100, SQL)));
    assert_eq!(case.rows()[..1], before[..]);
    assert_eq!(case.number("SELECT count(*) FROM merged_process"), 1);
}

#[test]
fn taking_one_record_out_leaves_the_other_as_it_was() {
    let (one, two) = (started(20, 200, CMD, (10, 100, SQL)), security(20, 200, CMD, 100, SQL));
    let child = started(30, 300, "C:\\w.exe", (20, 200, CMD));
    for (goes, stays) in [(0, &two), (1, &one)] {
        let mut case = Case::of(&[&one, &two, &child]);
        let source = case.store.sources().unwrap().remove(goes);
        forget(&mut case.store, &source).unwrap();
        case.store.vacuum().unwrap();
        // What a record taught of the host's accounts stays known.
        let rows = |case: &Case| case.rows().join("\n").replace("S-1-5-21-1-2-3-1001", "");
        assert_eq!(rows(&case), rows(&Case::of(&[stays, &child])));
    }
}

#[test]
fn what_differs_is_not_merged() {
    let sysmon_row = started(20, 200, CMD, (10, 100, SQL));
    for (what, other) in [
        ("another process id", security(20, 201, CMD, 100, SQL)),
        ("another image", security(20, 200, "C:\\Windows\\cmd.exe", 100, SQL)),
        ("another time", security(23, 200, CMD, 100, SQL)),
        ("another parent", security(20, 200, CMD, 101, SQL)),
        ("another parent's image", security(20, 200, CMD, 100, "C:\\other.exe")),
    ] {
        assert_eq!(Case::of(&[&sysmon_row, &other]).rows().len(), 2, "{what}");
    }
    // Sysmon knows no parent, the other record does.
    let orphan = sysmon(&Sysmon { second: 20, pid: 200, image: CMD, parent: None });
    assert_eq!(Case::of(&[&orphan, &security(20, 200, CMD, 100, SQL)]).rows().len(), 2);
}

#[test]
fn the_nearest_records_are_pairs_when_an_id_is_used_again_at_once() {
    let first = [started(20, 200, CMD, (10, 100, SQL)), security(20, 200, CMD, 100, SQL)];
    let second = [started(21, 200, CMD, (10, 100, SQL)), security(21, 200, CMD, 100, SQL)];
    let expected = Case::of(&[&(first.concat() + &second.concat())]);
    assert_eq!(expected.rows().len(), 2);
    for files in [[&first[0], &second[1], &first[1], &second[0]], [&second[0], &first[1], &first[0], &second[1]]] {
        let case = Case::of(&files.map(String::as_str));
        assert_eq!(case.rows(), expected.rows());
        assert_eq!(case.number("SELECT count(*) FROM merged_process"), 2);
    }
}

fn parent_of(case: &Case, image: &str) -> String {
    let sql = "SELECT InitiatingProcessCommandLine FROM DeviceProcessEvents WHERE FileName = ?1";
    case.store.connection().query_row(sql, [image], |row| row.get(0)).unwrap()
}

#[test]
fn a_restart_ends_all_processes() {
    let with = |between: &str| {
        let parent = started(10, 100, CMD, (1, 4, "System"));
        let child = security(40, 400, "C:\\child.exe", 100, CMD);
        Case::of(&[&(parent + between + &child)])
    };
    assert_eq!(parent_of(&with(""), "child.exe"), "whoami /all");
    for (provider, channel, id) in [
        ("Microsoft-Windows-Kernel-General", "System", 12),
        ("EventLog", "System", 6005),
        ("EventLog", "System", 6009),
        ("Microsoft-Windows-Security-Auditing", "Security", 4608),
    ] {
        let boot = event(provider, channel, id, 7, &time(25, "5"), &[]);
        assert_eq!(parent_of(&with(&boot), "child.exe"), "", "{provider} {id}");
    }
}

#[test]
fn a_parent_that_no_event_created_is_a_ghost() {
    let case = Case::of(&[&started(20, 200, CMD, (10, 100, SQL))]);
    let forest = facts::forest(&case.store, None).unwrap();
    let child = facts::locate(&case.store, &forest, 1).unwrap().unwrap();
    let parent = forest.node(forest.node(child).unwrap().parent.unwrap()).unwrap();
    assert!(parent.ghost && parent.events.is_empty());
    assert_eq!(parent.process.name, "sqlservr.exe");
}

#[test]
fn a_child_logged_before_its_parent_finds_it_by_its_guid() {
    // The child's record carries an earlier time than its parent's: clocks are set, records are late.
    let case =
        Case::of(&[&started(15, 200, "C:\\child.exe", (20, 100, CMD)), &started(20, 100, CMD, (1, 4, "System"))]);
    assert_eq!(parent_of(&case, "child.exe"), "whoami /all");
    let forest = facts::forest(&case.store, None).unwrap();
    let child = facts::locate(&case.store, &forest, 1).unwrap().unwrap();
    assert_eq!(forest.node(child).unwrap().parent, facts::locate(&case.store, &forest, 2).unwrap());
}

#[test]
fn processes_that_descend_from_each_other_do_not_hang_the_import() {
    let one = started(20, 200, "C:\\one.exe", (21, 210, "C:\\two.exe"));
    let two = started(21, 210, "C:\\two.exe", (20, 200, "C:\\one.exe"));
    let own = started(30, 300, "C:\\own.exe", (30, 300, "C:\\own.exe"));
    let case = Case::of(&[&one, &two, &own]);
    assert_eq!(case.rows().len(), 3);
    assert_eq!(parent_of(&case, "own.exe"), "");
    let forest = facts::forest(&case.store, None).unwrap();
    let reached: usize = forest.roots.iter().map(|root| depth_first(&forest, *root)).sum();
    assert_eq!(reached, forest.nodes.len());
}

fn depth_first(forest: &tree::Forest, id: tree::NodeId) -> usize {
    1 + forest.node(id).unwrap().children.iter().map(|child| depth_first(forest, *child)).sum::<usize>()
}
