//! Real logs, when the checkout has them beside it: the figures an independent reader gives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use whippet::ingest::{Silent, import};
use whippet::store::Store;

fn logs() -> Option<PathBuf> {
    let logs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/evtx");
    logs.is_dir().then_some(logs)
}

fn count(store: &Store, sql: &str) -> i64 {
    store.connection().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_shared_logs_come_out_to_the_record() {
    let Some(logs) = logs() else { return };
    let mut store = Store::in_memory().unwrap();
    let report = import(&mut store, std::slice::from_ref(&logs), &AtomicBool::new(false), &mut Silent).unwrap();
    assert_eq!(report.event_files().count(), 168);
    assert_eq!(report.totals(), (3_223, 3_212, 11, 0));
    assert!(report.event_files().all(|file| file.problem.is_none()));
    assert_eq!(count(&store, "SELECT count(*) FROM DeviceProcessEvents WHERE ActionType = 'ProcessCreated'"), 1_237);

    let commands = "SELECT count(*) FROM DeviceProcessEvents
        WHERE lower(InitiatingProcessFileName) IN ('sqlservr.exe', 'sqlagent.exe') AND lower(FileName) IN ('cmd.exe',
          'powershell.exe', 'wscript.exe', 'cscript.exe', 'mshta.exe', 'certutil.exe', 'bitsadmin.exe',
          'rundll32.exe', 'net.exe', 'net1.exe', 'whoami.exe', 'ipconfig.exe')";
    assert_eq!(count(&store, commands), 70);

    let chain = "SELECT count(*) FROM DeviceProcessEvents AS payload
        JOIN rows_DeviceProcessEvents AS payload_row ON payload_row.id = payload.id
        JOIN DeviceProcessEvents AS script ON script.id = payload_row.actor
        WHERE payload.FileName = 'TVupu.exe' AND script.FileName = 'cscript.exe'
          AND script.InitiatingProcessFileName = 'cmd.exe'
          AND script.InitiatingProcessParentFileName = 'sqlservr.exe'
          AND script.InitiatingProcessCommandLine LIKE '\"C:\\Windows\\system32\\cmd.exe\" /c %'";
    assert_eq!(count(&store, chain), 1);

    // Again: nothing changes, every record is a duplicate of itself.
    let before = count(&store, "SELECT total_changes()");
    let again = import(&mut store, &[logs], &AtomicBool::new(false), &mut Silent).unwrap();
    assert_eq!(again.totals(), (3_223, 0, 3_223, 0));
    assert_eq!(again.tables, report.tables);
    assert_eq!(count(&store, "SELECT total_changes()"), before);
}
