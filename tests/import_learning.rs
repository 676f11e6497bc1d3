//! What the events of a host tell about each other: SIDs of accounts, drives of volumes; and that it is forgotten with
//! the source that told it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::sync::atomic::AtomicBool;

use whippet::ingest::{Silent, forget, import};
use whippet::store::Store;

const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const SVCHOST: &str = "C:\\Windows\\System32\\svchost.exe";
const DEVICE: &str = "\\device\\harddiskvolume3\\windows\\system32\\svchost.exe";

fn event(provider: &str, id: u32, record: u32, fields: &[(&str, &str)]) -> String {
    let data: String = fields.iter().map(|(name, value)| format!("<Data Name=\"{name}\">{value}</Data>")).collect();
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
         <EventID>{id}</EventID><TimeCreated SystemTime='2025-01-02T03:04:{record:02}.5Z'/>\
         <EventRecordID>{record}</EventRecordID><Channel>{provider}</Channel><Computer>H1</Computer></System>\
         <EventData>{data}</EventData></Event>\n"
    )
}

fn started(record: u32, image: &str, own: u32, parent: u32) -> String {
    let guid = |number: u32| format!("{{00000001-3000-6776-0000-{number:012}}}");
    let utc = format!("2025-01-02 03:04:{record:02}.100");
    event(
        SYSMON,
        1,
        record,
        &[
            ("UtcTime", &utc),
            ("ProcessGuid", &guid(own)),
            ("ProcessId", &own.to_string()),
            ("Image", image),
            ("User", "CORP\\Ann"),
            ("ParentProcessGuid", &guid(parent)),
            ("ParentProcessId", &parent.to_string()),
        ],
    )
}

fn logon(record: u32) -> String {
    let fields = [("TargetUserSid", "S-1-5-21-1-2-3-1001"), ("TargetUserName", "ann"), ("TargetDomainName", "CORP")];
    event(SECURITY, 4624, record, &fields)
}

fn connection(record: u32) -> String {
    let fields = [
        ("ProcessID", "820"),
        ("Application", DEVICE),
        ("Direction", "%%14593"),
        ("SourceAddress", "10.0.0.5"),
        ("DestAddress", "10.0.0.9"),
        ("DestPort", "443"),
        ("Protocol", "6"),
    ];
    event(SECURITY, 5156, record, &fields)
}

fn mounted(record: u32, drive: &str, volume: u32) -> String {
    let device = format!("\\Device\\HarddiskVolume{volume}");
    event("Microsoft-Windows-Ntfs", 98, record, &[("DriveName", drive), ("DeviceName", &device)])
}

struct Case {
    folder: tempfile::TempDir,
    store: Store,
}

impl Case {
    fn of(files: &[(&str, String)]) -> Self {
        let mut case = Self { folder: tempfile::tempdir().unwrap(), store: Store::in_memory().unwrap() };
        files.iter().for_each(|(name, events)| case.import(name, events));
        case
    }

    fn import(&mut self, name: &str, events: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, events).unwrap();
        let report = import(&mut self.store, &[path], &AtomicBool::new(false), &mut Silent).unwrap();
        assert_eq!(report.totals().3, 0, "{report:#?}");
    }

    fn forget(&mut self, name: &str) {
        let source = self.store.find_sources(name).unwrap().remove(0);
        forget(&mut self.store, &source).unwrap();
    }

    fn list(&self, sql: &str) -> Vec<String> {
        let mut statement = self.store.connection().prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn sids(&self) -> Vec<String> {
        self.list("SELECT AccountSid || ' ' || InitiatingProcessAccountSid FROM DeviceProcessEvents ORDER BY ProcessId")
    }

    fn actors(&self) -> Vec<String> {
        self.list("SELECT InitiatingProcessFolderPath || ' ' || AdditionalFields FROM DeviceNetworkEvents ORDER BY 1")
    }
}

#[test]
fn a_sid_is_learnt_in_any_order_and_forgotten_with_the_last_source_that_told_it() {
    let processes = ("processes", started(1, "C:\\a.exe", 10, 4) + &started(2, "C:\\b.exe", 11, 10));
    let (one, other) = (("one", logon(3)), ("other", logon(4)));
    let known = ["S-1-5-21-1-2-3-1001 ", "S-1-5-21-1-2-3-1001 S-1-5-21-1-2-3-1001"];
    for files in [[&processes, &one, &other], [&one, &processes, &other], [&other, &one, &processes]] {
        let mut case = Case::of(&files.map(Clone::clone));
        assert_eq!(case.sids(), known);
        case.forget("one");
        assert_eq!(case.sids(), known);
        case.forget("other");
        assert_eq!(case.sids(), [" ", " "]);
        case.import("one", &one.1);
        assert_eq!(case.sids(), known);
    }
}

#[test]
fn a_logon_with_special_privileges_is_an_administrators_while_its_source_is_there() {
    let logon = |record: u32| {
        let fields = [("TargetUserName", "ann"), ("TargetDomainName", "CORP"), ("TargetLogonId", "0x1d51e")];
        event(SECURITY, 4624, record, &fields)
    };
    let privileges = |record: u32| event(SECURITY, 4672, record, &[("SubjectLogonId", "0x1d51e")]);
    let marked = |case: &Case| case.list("SELECT coalesce(IsLocalAdmin, 'no') || '' FROM DeviceLogonEvents");
    // The same id an hour later is another logon.
    let later = logon(5).replace("03:04:05.5Z", "04:04:05.5Z");
    let mut case = Case::of(&[("p", privileges(2)), ("l", logon(1) + &later)]);
    assert_eq!(marked(&case), ["1", "no"]);
    case.forget("p");
    assert_eq!(marked(&case), ["no", "no"]);
    case.import("p", &privileges(2));
    assert_eq!(marked(&case), ["1", "no"]);
}

#[test]
fn accounts_of_a_directory_and_of_another_language_are_learnt_too() {
    let logon = |name: &str, domain: &str, sid: &str| {
        event(SECURITY, 4624, 3, &[("TargetUserSid", sid), ("TargetUserName", name), ("TargetDomainName", domain)])
    };
    for (name, domain, sid) in [
        ("ann", "AzureAD", "S-1-12-1-1-2-3-4"),
        ("Système", "AUTORITE NT", "S-1-5-18"),
        // What a host does as itself says nothing of its account in the domain.
        ("H1$", "CORP", "S-1-5-18"),
    ] {
        let started = started(1, "C:\\a.exe", 10, 4).replace("CORP\\Ann", &format!("{domain}\\{name}"));
        let case = Case::of(&[("p", started), ("l", logon(name, domain, sid))]);
        let known = if name.ends_with('$') { "" } else { sid };
        assert_eq!(case.sids(), [format!("{known} ")]);
    }
}

#[test]
fn a_volume_has_the_drive_that_the_host_tells() {
    let said = format!("{DEVICE} ");
    let shown = |drive: &str| {
        let path = DEVICE.replace("\\device\\harddiskvolume3", drive);
        let device = DEVICE.replace('\\', "\\\\");
        format!("{path} {{\"InitiatingProcessDevicePath\":\"{device}\"}}")
    };
    assert_eq!(Case::of(&[("c", connection(1))]).actors()[0].split('{').next(), Some(said.as_str()));
    // What NTFS says, and what the path of a process says, whichever file comes first.
    for told in [mounted(2, "C:", 3), started(2, SVCHOST, 30, 4)] {
        let mut case = Case::of(&[("c", connection(1)), ("told", told.clone())]);
        assert_eq!(case.actors(), [shown("C:")]);
        case.forget("told");
        assert_eq!(case.actors()[0].split('{').next(), Some(said.as_str()));
        case.import("told", &told);
        assert_eq!(case.actors(), [shown("C:")]);
        assert_eq!(Case::of(&[("told", told), ("c", connection(1))]).actors(), [shown("C:")]);
    }
    // Another volume tells nothing, and two drives for one tell nothing for certain.
    assert!(Case::of(&[("c", connection(1)), ("x", mounted(2, "D:", 4))]).actors()[0].starts_with(&said));
    let both = mounted(2, "C:", 3) + &mounted(3, "E:", 3);
    assert!(Case::of(&[("m", mounted(2, "C:", 3)), ("c", connection(1)), ("x", both)]).actors()[0].starts_with(&said));
}
