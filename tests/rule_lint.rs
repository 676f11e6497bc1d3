//! What `whippet rule check` says of rules that are valid and yet suspicious, and how it tells a pipeline.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::BTreeSet;
use std::ffi::OsString;

use serde_json::Value;
use whippet::cli::{self, Exit};

fn check(name: &str, content: &str, more: &[&str]) -> (Exit, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let path = path.to_string_lossy().into_owned();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = ["whippet", "rule", "check", &path].into_iter().chain(more.iter().copied()).map(OsString::from);
    let exit = cli::run(arguments, &mut out, &mut err);
    assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
    (exit, String::from_utf8(out).unwrap())
}

/// The findings of a query: code and the text they point at.
fn findings(query: &str) -> Vec<(String, String)> {
    let (_, out) = check("a.kql", query, &["--format", "json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let place = |key: &str| usize::try_from(finding["span"][key].as_u64().unwrap()).unwrap();
            let slice = query.get(place("start")..place("end")).unwrap();
            (finding["code"].as_str().unwrap().to_owned(), slice.to_owned())
        })
        .collect()
}

fn process(predicate: &str) -> Vec<(String, String)> {
    findings(&format!("DeviceProcessEvents\n| where {predicate}\n"))
}

#[test]
fn each_check_finds_what_it_is_for_and_points_at_it() {
    for (predicate, code, place) in [
        (r#"FileName == "cmd.exe""#, "case-sensitive", "=="),
        (r#"FileName !in ("cmd.exe")"#, "case-sensitive", "!in"),
        (r#"FileName =~ "powreshell.exe""#, "mistyped-program", "\"powreshell.exe\""),
        (r#"FileName in~ ("powershel.exe", "cmd.exe")"#, "mistyped-program", "\"powershel.exe\""),
        (r#"FileName =~ "rundlll32.exe""#, "mistyped-program", "\"rundlll32.exe\""),
        (r#"FileName =~ "powershell""#, "not-a-program", "\"powershell\""),
        (r#"FileName in~ ("cmd.exe", "net.exe", "CMD.exe")"#, "duplicate-value", "\"CMD.exe\""),
        (r#"ActionType == "ProcessCreatd""#, "unknown-actiontype", "\"ProcessCreatd\""),
        (r#"ActionType == "processcreated""#, "unknown-actiontype", "\"processcreated\""),
        (r#"ActionType has "Process""#, "needle-cannot-match", "\"Process\""),
        (r#"ActionType == "ProcessCreated ""#, "needle-cannot-match", "\"ProcessCreated \""),
        (r#"FileName has "powersh""#, "needle-cannot-match", "\"powersh\""),
        (r#"FileName endswith @"\cmd.exe""#, "path-in-file-name", r#"@"\cmd.exe""#),
        (r#"SHA1 == "d41d8cd98f00b204e9800998ecf8427e""#, "impossible-hash", "\"d41d8cd98f00b204e9800998ecf8427e\""),
        (r#"ProcessCommandLine contains """#, "empty-needle", "\"\""),
        (r#"AccountName =~ "a" and AccountName =~ "b""#, "never-true", r#"AccountName =~ "b""#),
        (r#"AccountName in~ ("a", "b") and AccountName startswith "c""#, "never-true", r#"AccountName startswith "c""#),
        (r#"AccountName =~ "a" and not(AccountName startswith "a")"#, "never-true", r#"AccountName startswith "a""#),
        (r#"ProcessId == 1 and ProcessId == 2"#, "never-true", "ProcessId == 2"),
        (r#"isempty(AccountName) and AccountName == "x""#, "never-true", r#"AccountName == "x""#),
        (r#"AccountName == "" and isnotempty(AccountName)"#, "never-true", "isnotempty(AccountName)"),
        (r#"AccountName has "cmd" and AccountName !has "CMD""#, "never-true", r#"AccountName !has "CMD""#),
        (
            r#"FolderPath startswith @"C:\Temp" and FolderPath !contains "temp""#,
            "never-true",
            r#"FolderPath !contains "temp""#,
        ),
        ("ProcessId > 5 and ProcessId < 3", "never-true", "ProcessId < 3"),
        ("ProcessId > 5 and 5 >= ProcessId", "never-true", "5 >= ProcessId"),
        ("ProcessId == 5 and ProcessId > 6", "never-true", "ProcessId > 6"),
        ("ProcessId between (5 .. -3)", "never-true", "ProcessId between (5 .. -3)"),
        ("Timestamp > ago(1h) and Timestamp < ago(2h)", "never-true", "Timestamp < ago(2h)"),
        ("Timestamp between (now() .. -1h)", "never-true", "Timestamp between (now() .. -1h)"),
        (
            "Timestamp > datetime(2024-01-02) and Timestamp <= datetime(2024-01-01) + 1d - 1h",
            "never-true",
            "Timestamp <= datetime(2024-01-01) + 1d - 1h",
        ),
        ("ProcessId == 1 and false", "never-true", "false"),
        (
            r#"ProcessId > 4 and (AccountName =~ "x" or (AccountSid =~ "a" and AccountSid =~ "b"))"#,
            "never-true",
            r#"AccountSid =~ "b""#,
        ),
        (r#"AccountName !~ "a" or AccountName !~ "b""#, "always-true", r#"AccountName !~ "b""#),
        (
            r#"(AccountName !~ "a") or ProcessId > 1 or (AccountName !in~ ("b"))"#,
            "always-true",
            r#"AccountName !in~ ("b")"#,
        ),
        (r#"tolower(FileName) == "Cmd.exe""#, "folded-literal", "\"Cmd.exe\""),
        (r#"toupper(FileName) in ("CMD.EXE", "net.exe")"#, "folded-literal", "\"net.exe\""),
        (r#"FileName in (dynamic([]))"#, "empty-list", "FileName in (dynamic([]))"),
    ] {
        let found = process(predicate);
        assert!(found.contains(&(code.to_owned(), place.to_owned())), "{predicate}: {found:?}");
    }
}

#[test]
fn what_is_right_is_not_complained_of() {
    for predicate in [
        r#"FileName =~ "cmd.exe" and ProcessCommandLine has " -enc ""#,
        r#"tolower(FileName) == "cmd.exe""#,
        r#"FileName has "powershell" or FileName endswith ".scr""#,
        r#"ActionType startswith "Process""#,
        r#"AccountName =~ "a" or AccountName =~ "b""#,
        r#"AccountName !~ "a" and AccountName !~ "b""#,
        r#"AccountSid =~ "a" and AccountSid != "a""#,
        r#"AccountName in~ ("a", "b") and AccountName !~ "a""#,
        r#"tolower(AccountSid) == "a" and AccountSid != "a""#,
        r#"ProcessId == 5 and ProcessId == 5.0"#,
        r#"FolderPath endswith @"\cmd.exe""#,
        r#"SHA1 == "da39a3ee5e6b4b0d3255bfef95601890afd80709" or SHA1 == """#,
        r#"ProcessCommandLine has "a" and ProcessCommandLine has "b""#,
        r#"ProcessCommandLine has "cmd" and ProcessCommandLine !has "cmd.exe""#,
        r#"ProcessCommandLine contains "abc" and ProcessCommandLine !has "abc""#,
        r#"AccountName has "cmd" and AccountName !has_cs "CMD""#,
        r#"isnotempty(AccountName) and AccountName !~ "x""#,
        r#"FileName in~ ("diskmon.exe", "whois.exe", "sysmon64a.exe", "wermgr.exe")"#,
        "ProcessId >= 5 and ProcessId <= 5",
        "ProcessId > 5 and ProcessId < 6",
        "Timestamp > ago(2h) and Timestamp < ago(1h)",
        "Timestamp > ago(1h) and Timestamp < datetime(2020-01-01)",
        "Timestamp between (datetime(2024-01-01) .. 1d)",
    ] {
        assert_eq!(process(predicate), [], "{predicate}");
    }
    let body = "let f = (low: long) { DeviceProcessEvents | where ProcessId > low and ProcessId < 3 };\nlet low = 5;\nf(low)\n";
    assert_eq!(findings(body), []);
    let stages = "DeviceProcessEvents\n| where AccountName =~ \"a\"\n| extend AccountName = \"b\"\n| where AccountName =~ \"b\"\n";
    assert_eq!(findings(stages), []);
}

#[test]
fn what_one_stage_asks_and_the_next_forbids_is_told() {
    let query = "let least = 5;\nDeviceProcessEvents\n| where AccountName =~ \"a\" and ProcessId > least\n| order by Timestamp\n| where AccountName =~ \"b\"\n| where ProcessId < least - 1\n";
    let found: Vec<String> = findings(query).into_iter().map(|(code, place)| format!("{code}: {place}")).collect();
    assert_eq!(found, ["never-true: AccountName =~ \"b\"", "never-true: ProcessId < least - 1"]);
}

#[test]
fn ports_and_addresses_are_such_as_there_are() {
    let found = findings(
        "DeviceNetworkEvents\n| where RemotePort > 70000 or RemoteIP == \"10.0.0.0/8\"\n| where RemotePort == 70000\n",
    );
    let expected = [("impossible-address", "\"10.0.0.0/8\""), ("never-true", "RemotePort == 70000")]
        .map(|(code, place)| (code.to_owned(), place.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn registry_keys_are_written_with_full_hives() {
    let found = findings("DeviceRegistryEvents\n| where RegistryKey startswith @\"HKLM\\SOFTWARE\"\n");
    assert_eq!(found, [("registry-hive".to_owned(), "@\"HKLM\\SOFTWARE\"".to_owned())]);
}

const SCHEDULED: &str = "id: one
name: One
queryFrequency: 1h
queryPeriod: 1d
query: |
  let back = 14d;
  DeviceProcessEvents
  | where Timestamp > ago(back)
  | where Timestamp > ago(1h)
";

#[test]
fn a_look_back_beyond_the_query_period_is_told() {
    let (exit, out) = check("a.yaml", SCHEDULED, &[]);
    assert_eq!(exit, Exit::Done);
    assert_eq!(out.matches("warning[look-back]").count(), 1, "{out}");
    assert!(out.contains("looks back 14d, and the service gives the rule the data of 1d"), "{out}");
}

#[test]
fn the_exit_status_tells_errors_warnings_and_neither_apart() {
    let clean = "// A\nDeviceProcessEvents\n| where FileName =~ \"cmd.exe\"\n";
    let warned = "// A\nDeviceProcessEvents\n| where FileName == \"cmd.exe\"\n";
    let wrong = "// A\nDeviceProcessEvents\n| where FileNam =~ \"cmd.exe\"\n";
    for (query, strict, plain, denied) in [
        (clean, false, Exit::Done, Exit::Done),
        (warned, false, Exit::Done, Exit::Invalid),
        (wrong, true, Exit::Invalid, Exit::Invalid),
    ] {
        let strict: &[&str] = if strict { &["--strict"] } else { &[] };
        for format in ["text", "json", "sarif"] {
            let ask = |more: &[&str]| check("a.kql", query, &[strict, &["--format", format], more].concat()).0;
            assert_eq!((ask(&[]), ask(&["--deny-warnings"])), (plain, denied), "{query} {format}");
        }
    }
}

#[test]
fn sarif_has_what_its_standard_asks_for() {
    let query = "// é\nDeviceProcessEvents\n| where AccountName =~ \"é\" and FileName == \"cmd.exe\" and FileName == \"net.exe\"\n";
    let (_, out) = check("a b.kql", query, &["--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "whippet");
    let rules: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "each rule once: {rules:?}");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3, "{out}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], rules[index]);
        assert_eq!(result["level"], "warning");
        assert!(result["message"]["text"].as_str().unwrap().ends_with(['.', '?']));
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("file:///") && uri.ends_with("/a%20b.kql"), "{uri}");
        assert_eq!(place["region"]["startLine"], 3);
    }
    // Columns count characters, and the end stands behind the last.
    let region = &results[0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&Value::from(41), &Value::from(43)), "{out}");
}

#[test]
fn what_is_wrong_with_the_file_around_a_query_is_told_in_every_format() {
    for format in ["json", "sarif"] {
        let (exit, out) =
            check("a.yaml", "id: one\nname: One\nqueryPeriod: 14\nquery: |\n  DeviceEvents\n", &["--format", format]);
        assert_eq!(exit, Exit::Done);
        assert!(out.contains("rule-file"), "{out}");
    }
}

#[test]
fn what_keeps_a_rule_from_being_deployed_is_said_where_asked_for() {
    let query = "DeviceProcessEvents\n| join (DeviceNetworkEvents) on DeviceId\n| project FileName\n";
    let (_, silent) = check("a.kql", query, &[]);
    assert!(!silent.contains("deployable"), "{silent}");
    let (_, out) = check("a.kql", query, &["--deployable"]);
    assert!(out.contains("not deployable as a custom detection: the result has no Timestamp"), "{out}");
    assert!(out.contains("it reads 2 tables, and may read one; it uses join"), "{out}");
    let (exit, out) =
        check("a.kql", "DeviceProcessEvents\n| where FileName =~ \"cmd.exe\"\n", &["--deployable", "--deny-warnings"]);
    assert_eq!(exit, Exit::Done, "{out}");
}
