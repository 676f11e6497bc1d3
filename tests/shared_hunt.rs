//! The hunt over real logs, when the checkout has them beside it: what the seeds find in public telemetry, where the
//! rows go, and why.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;
use whippet::cli::{Exit, run};

const SEED_1: &str = "sql-server-spawning-suspicious-child-process";
const SEED_2: &str = "sql-stored-procedures";

fn logs() -> Option<PathBuf> {
    let logs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/evtx");
    logs.is_dir().then_some(logs)
}

fn whippet(arguments: &[&str]) -> String {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let line = std::iter::once("whippet").chain(arguments.iter().copied()).map(OsString::from);
    let exit = run(line, &mut stdout, &mut stderr);
    assert_eq!(exit, Exit::Done, "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&whippet(arguments)).unwrap()
}

/// The grandchild of the database that the first seed is about.
fn cscript(db: &str) -> i64 {
    let query = "DeviceProcessEvents | where InitiatingProcessParentFileName =~ 'sqlservr.exe' and FileName =~ \
                 'cscript.exe' | project Event = event_id()";
    json(&["query", "--db", db, "--format", "json", query])[0]["Event"].as_i64().unwrap()
}

fn matches(found: &Value, title: &str) -> u64 {
    let rules = found["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["title"].as_str().unwrap().starts_with(title)).unwrap();
    assert_eq!(rule["status"], "ran", "{rule}");
    rule["matches"].as_u64().unwrap()
}

fn check(db: &str) {
    let found = json(&["hunt", "--db", db, "--format", "json"]);
    assert_eq!(matches(&found, "SQL stored procedure persistence"), 70);
    assert_eq!(matches(&found, "SQL Server spawning suspicious child process"), 0);
    let seed_2: Vec<&Value> = found["matches"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["values"]["DetectionType"] == "SQL_Server_OS_Command")
        .collect();
    assert_eq!(seed_2.len(), 70);
    assert!(seed_2.iter().all(|found| found["events"].as_array().unwrap().len() == 1));

    // The look-back is lifted, and one stage takes all that the database's grandchildren are.
    let funnel = json(&["rule", "funnel", SEED_1, "--db", db, "--format", "json"]);
    let stages: Vec<(&str, &str, &Value, &Value)> = funnel["sections"][0]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|stage| stage["units"].as_array().unwrap())
        .map(|unit| {
            let text = unit["text"].as_str().unwrap();
            (text, unit["state"].as_str().unwrap(), &unit["rows_in"]["counted"], &unit["rows_out"]["counted"])
        })
        .collect();
    assert_eq!(stages[0], ("ingestion_time() >= ago(timeframe)", "lifted", &Value::from(1237), &Value::from(1237)));
    let startswith = r#"InitiatingProcessCommandLine startswith "\"cmd.exe\" /c""#;
    assert_eq!(stages[3], (startswith, "on", &Value::from(70), &Value::from(0)));

    let event = cscript(db);
    let event_text = event.to_string();
    let why = json(&["explain", SEED_1, "--event", &event_text, "--db", db, "--format", "json"]);
    assert_eq!(why["matched"], false);
    let stages = why["legs"][0]["stages"].as_array().unwrap();
    let failing: Vec<&Value> = stages
        .iter()
        .flat_map(|stage| stage["conjuncts"].as_array().unwrap())
        .filter(|conjunct| conjunct["outcome"] == "fails")
        .collect();
    assert_eq!(failing.len(), 1);
    assert_eq!(failing[0]["text"], startswith);
    let was = failing[0]["found"].as_str().unwrap();
    assert!(was.starts_with(r#""C:\Windows\system32\cmd.exe" /c "#), "{was}");
    assert_eq!(why["nearest"][0]["text"], startswith);

    // Switched off, the rule matches it.
    let switched = json(&["hunt", "--db", db, "--format", "json", "--off", "5", SEED_1]);
    let events: Vec<&Value> = switched["matches"].as_array().unwrap().iter().map(|found| &found["events"][0]).collect();
    assert!(events.contains(&&Value::from(event)), "{events:?}");
    let matched = switched["matches"].as_array().unwrap().iter().find(|found| found["events"][0] == event).unwrap();
    let name = matched["match"].as_str().unwrap();

    for arguments in [["tree", "--db", db, "--event", &event_text], ["tree", "--db", db, "--match", name]] {
        let tree = whippet(&arguments);
        assert_eq!(tree.lines().next(), Some("sqlservr.exe → cmd.exe → cscript.exe → TVupu.exe"));
    }

    // An exclusion by its text hides those that have it, and nothing else.
    let excluded = json(&[
        "hunt",
        "--db",
        db,
        "--format",
        "json",
        "--exclude",
        "ProcessCommandLine has 'certutil' or FileName =~ 'cmd.exe'",
        SEED_2,
    ]);
    assert_eq!(matches(&excluded, "SQL stored procedure persistence"), 0);

    // What is exported has the exclusion between the author's markers and gives what is shown.
    let exported =
        whippet(&["rule", "export", SEED_1, "--db", db, "--off", "5", "--exclude", "FileName =~ 'conhost.exe'"]);
    let markers = "// Begin environment-specific filter.\n// X1\n| where not(FileName =~ 'conhost.exe')\n// End";
    assert!(exported.contains(markers), "{exported}");
    let lifted = exported.replace("ingestion_time() >= ago(timeframe)", "true");
    let again = json(&["query", "--db", db, "--format", "json", &lifted]);
    assert_eq!(again.as_array().unwrap().len(), 1);

    let twice = [whippet(&["hunt", "--db", db]), whippet(&["hunt", "--db", db])];
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn the_seeds_over_the_shared_logs() {
    let Some(logs) = logs() else { return };
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("hunt.db");
    let (db, logs): (&Path, &Path) = (&db, &logs);
    whippet(&["import", "--db", db.to_str().unwrap(), logs.to_str().unwrap()]);
    check(db.to_str().unwrap());
}
