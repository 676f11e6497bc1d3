//! The commands as a person meets them: a real process, its two outputs and its exit status.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::process::{Command, Output, Stdio};

/// 0 done, 1 failed, 2 wrong, 3 needs input.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

fn whippet(arguments: &[&str]) -> Ran {
    let output: Output =
        Command::new(env!("CARGO_BIN_EXE_whippet")).args(arguments).stdin(Stdio::null()).output().unwrap();
    Ran {
        status: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let help = whippet(&["--help"]);
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("Usage: whippet"), "{}", help.stdout);
    let version = whippet(&["--version"]);
    assert_eq!((version.status, version.stdout.as_str()), (0, concat!("whippet ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn wrong_arguments_are_named_on_standard_error() {
    let wrong = whippet(&["--no-such-option"]);
    assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("--no-such-option"), "{}", wrong.stderr);
}

/// Bytes that would steer a terminal or deceive its reader, in a form that each file format can carry.
const HOSTILE: [char; 4] = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'];

fn assert_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(HOSTILE), "{text:?}");
    }
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_rules_that_ship_are_listed_shown_and_pass_their_check() {
    let list = whippet(&["rule", "list", "--format", "json"]);
    assert_eq!((list.status, list.stderr.as_str()), (0, ""));
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules")).unwrap();
    let files = shipped.filter(|entry| entry.as_ref().unwrap().file_name() != "README.md").count();
    assert_eq!(list.as_array().unwrap().len(), files);

    let show = whippet(&["rule", "show", "sql-server-spawning-suspicious-child-process"]);
    assert_eq!(show.status, 0, "{}", show.stderr);
    assert!(show.stdout.contains("InitiatingProcessParentFileName =~ \"sqlservr.exe\""), "{}", show.stdout);

    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let check = whippet(&["rule", "check", rules]);
    assert_eq!(check.status, 0, "{}", check.stderr);
}

#[test]
fn an_unknown_rule_is_wrong_and_a_missing_folder_is_a_failure() {
    let unknown = whippet(&["rule", "show", "no-such-rule"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("no-such-rule"), "{}", unknown.stderr);
    let missing = whippet(&["rule", "check", "no-such-folder"]);
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("no-such-folder"), "{}", missing.stderr);
}

#[test]
fn a_rule_that_cannot_run_is_shown_with_its_place() {
    let folder = folder_with(&[("broken.kql", "DeviceProcessEvents\n| where FileName ==\n| take 1")]);
    let check = whippet(&["rule", "check", folder.path().to_str().unwrap()]);
    assert_eq!(check.status, 2);
    let said = check.stdout + &check.stderr;
    assert!(said.contains("broken.kql:2:") || said.contains("broken.kql:3:"), "{said}");
}

#[test]
fn hostile_bytes_of_a_rule_reach_the_terminal_only_escaped() {
    let rule = "// ---\n// title: \"Ev\\e]52;c;AAAA\\x07il \\u202E title\"\n// ---\n\
                DeviceProcessEvents | where FileName == \"\u{1b}[31mred\u{9b}\u{202e}\" | where NoSuch == 1";
    let folder = folder_with(&[("hostile.kql", rule)]);
    let path = folder.path().to_str().unwrap();
    for arguments in [vec!["rule", "check", path], vec!["rule", "list", "--rules", path]] {
        let ran = whippet(&arguments);
        assert_harmless(&ran);
        assert!((ran.stdout + &ran.stderr).contains("^["), "{arguments:?} shows the byte");
    }
    let name = "no\u{1b}[2Jsuch\u{202e}rule";
    assert_harmless(&whippet(&["rule", "show", name]));
    assert_harmless(&whippet(&["rule", "check", name]));
    assert_harmless(&whippet(&[name]));
    assert_harmless(&whippet(&["rule", name]));
}

#[test]
fn a_query_needs_no_store_and_prints_what_is_asked_for() {
    let table = whippet(&["query", "print answer = 42, word = 'yes'"]);
    assert_eq!((table.status, table.stderr.as_str()), (0, ""));
    assert!(table.stdout.starts_with("answer  word\n"), "{}", table.stdout);

    let lines = whippet(&["query", "--format", "ndjson", "range n from 1 to 3 step 1"]);
    assert_eq!(lines.stdout, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let csv = whippet(&["query", "--format", "csv", "print formula = '=1+1', plain = 'a,b'"]);
    assert_eq!(csv.stdout.lines().collect::<Vec<_>>(), ["formula,plain", "'=1+1,\"a,b\""]);
    let kusto = whippet(&["query", "--format", "kusto", "print x = 1"]);
    let kusto: serde_json::Value = serde_json::from_str(&kusto.stdout).unwrap();
    assert_eq!(kusto["Tables"][0]["Rows"], serde_json::json!([[1]]));

    let empty = whippet(&["query", "--format", "json", "DeviceProcessEvents | where FileName =~ 'cmd.exe'"]);
    assert_eq!((empty.status, empty.stdout.trim()), (0, "[]"));
}

#[test]
fn a_wrong_query_is_shown_with_its_place_and_the_nearest_name() {
    let wrong = whippet(&["query", "DeviceProcessEvents | where FileNam == 'x'"]);
    assert_eq!((wrong.status, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("'FileNam'") && wrong.stderr.contains("'FileName'"), "{}", wrong.stderr);
    assert!(wrong.stderr.lines().any(|line| line.trim_start_matches([' ', '|']) == "^^^^^^^"), "{}", wrong.stderr);
}

#[test]
fn a_query_that_lacks_an_input_ends_with_a_status_of_its_own() {
    for (query, named) in [
        ("externaldata(a: string) ['https://example.com/list.csv']", "externaldata"),
        ("_GetWatchlist('visitors')", "visitors"),
        ("NoSuchTable_CL | take 1", "NoSuchTable_CL"),
    ] {
        let ran = whippet(&["query", query]);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{query}");
        assert!(ran.stderr.contains(named), "{}", ran.stderr);
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_was() {
    let folder = folder_with(&[("notes.txt", "not a database")]);
    let path = folder.path().join("notes.txt");
    let notes = path.to_str().unwrap();
    for arguments in [vec!["query", "--db", notes, "print 1"], vec!["import", "--db", notes, "."]] {
        let ran = whippet(&arguments);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{arguments:?}");
        assert!(ran.stderr.contains("notes.txt"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a database");
    let missing = whippet(&["query", "--db", "no-such.db", "print 1"]);
    assert_eq!(missing.status, 1);
    assert!(missing.stderr.contains("whippet import --db no-such.db"), "{}", missing.stderr);
}

#[test]
fn hostile_bytes_of_a_query_and_its_result_reach_the_terminal_only_escaped() {
    let hostile: String = HOSTILE.iter().collect();
    assert_harmless(&whippet(&["query", &format!("print x = '{hostile}'")]));
    assert_harmless(&whippet(&["query", &format!("print x = {hostile}")]));
    assert_harmless(&whippet(&["query", "--db", &format!("{hostile}.db"), "print 1"]));
    for format in ["table", "json", "ndjson", "csv", "kusto"] {
        let query = "print x = '\\u001b[31m\\u0007\\u009b\\u202e\\r', y = dynamic({'\\u202e': '\\u009b'})";
        let ran = whippet(&["query", "--format", format, query]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_harmless(&ran);
    }
    let shown = whippet(&["query", "print x = '\\u001b[31m'"]);
    assert!(shown.stdout.contains("^[[31m"), "{}", shown.stdout);
}

#[test]
fn an_import_that_found_no_event_says_so_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("hunt.db");
    let (empty, text) = (folder.path().join("empty"), folder.path().join("notes.txt"));
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(&text, "hello world").unwrap();
    let itself = "the store that is written";
    for (path, words) in [(&empty, "nothing to import"), (&text, "text, but neither JSON nor rows"), (&store, itself)] {
        let import = whippet(&["import", "--db", store.to_str().unwrap(), path.to_str().unwrap()]);
        assert_eq!(import.status, 1, "{}{}", import.stdout, import.stderr);
        assert!(import.stdout.contains(words), "{}", import.stdout);
    }
}

#[test]
fn a_hunt_leads_from_the_import_to_the_reason_and_the_chain() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("hunt.db");
    let store = store.to_str().unwrap();
    let events = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-data/xp-cmdshell/events.ndjson");
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-data/file-profile.csv");
    let import = whippet(&["import", "--db", store, events, "--file-profile", profile]);
    assert_eq!(import.status, 0, "{}{}", import.stdout, import.stderr);
    assert!(import.stdout.contains("314 records = 314 stored + 0 duplicates + 0 rejected"), "{}", import.stdout);
    let again = whippet(&["import", "--db", store, events]);
    assert!(again.stdout.contains("314 records = 0 stored + 314 duplicates + 0 rejected"), "{}", again.stdout);

    let rule = "sql-server-spawning-suspicious-child-process";
    let hunt = whippet(&["hunt", "--db", store, rule, "--format", "ndjson"]);
    assert_eq!((hunt.status, hunt.stdout.lines().count()), (0, 9), "{}", hunt.stderr);
    let off = whippet(&["hunt", "--db", store, rule, "--format", "ndjson", "--off", "5.1"]);
    assert_eq!(off.stdout.lines().count(), 10);

    let query = "DeviceProcessEvents | where ProcessCommandLine == 'whoami  /priv' | project FileName";
    let found = whippet(&["query", "--db", store, "--lineage", "--format", "ndjson", query]);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let event = found["$lineage"].to_string().trim_matches(|bracket: char| !bracket.is_ascii_digit()).to_owned();
    let explain = whippet(&["explain", rule, "--event", &event, "--db", store]);
    assert_eq!(explain.status, 0, "{}", explain.stderr);
    assert!(explain.stdout.contains(r#""C:\Windows\system32\cmd.exe" /c whoami /priv"#), "{}", explain.stdout);
    let tree = whippet(&["tree", "--event", &event, "--db", store]);
    assert!(tree.stdout.contains("services.exe → sqlservr.exe → cmd.exe → whoami.exe"), "{}", tree.stdout);

    // The nine matches come in two runs of the two hours that the rule looks back.
    let replay = whippet(&["hunt", "--replay", "--db", store, rule, "--format", "json"]);
    let replay: serde_json::Value = serde_json::from_str(&replay.stdout).unwrap();
    let alerts = replay[0]["alerts"].as_array().unwrap();
    let alerts: Vec<_> = alerts.iter().map(|alert| (alert["time"].as_str().unwrap(), alert["rows"].clone())).collect();
    assert_eq!(alerts, [("2026-03-02T04:00:00.0000000Z", 1.into()), ("2026-03-02T10:00:00.0000000Z", 8.into())]);
    assert_eq!(replay[0]["timetable"]["origin"], "look-back");
    let table = whippet(&["hunt", "--replay", "--db", store]);
    assert_eq!((table.status, table.stderr.as_str()), (0, ""));
    assert!(table.stdout.contains("every 1h over 1h, alert when rows > 0; 11 runs"), "{}", table.stdout);
    for wrong in [["--frequency", "14"], ["--period", "soon"], ["--from", "then"], ["--as-of", "2026-03-02"]] {
        let arguments: Vec<&str> = ["hunt", "--replay", "--db", store].into_iter().chain(wrong).collect();
        assert_eq!(whippet(&arguments).status, 2, "{wrong:?}");
    }

    let exclusion = "ProcessCommandLine has 'backup01.corp.example'";
    let excluded = whippet(&["hunt", "--db", store, rule, "--format", "ndjson", "--exclude", exclusion]);
    assert_eq!(excluded.stdout.lines().count(), 8);
    assert_eq!(whippet(&["explain", rule, "--event", "999999", "--db", store]).status, 2);
    assert_eq!(whippet(&["hunt", "--db", store, "no-such-rule"]).status, 2);
}

#[test]
fn hostile_bytes_of_an_event_reach_the_terminal_only_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("hostile.db");
    let store = store.to_str().unwrap();
    let hostile: String = HOSTILE.iter().collect();
    let record = serde_json::json!({
        "Type": "DeviceProcessEvents", "Timestamp": "2026-03-02T09:00:00Z", "DeviceName": format!("host{hostile}"),
        "ActionType": "ProcessCreated", "FileName": "cmd.exe", "FolderPath": format!("C:\\{hostile}\\cmd.exe"),
        "ProcessCommandLine": format!("cmd /c powershell iex(x.DownloadString('{hostile}'))"),
        "ProcessId": 44, "ProcessCreationTime": "2026-03-02T09:00:00Z", "InitiatingProcessFileName": "java.exe",
        "InitiatingProcessId": 40, "InitiatingProcessCreationTime": "2026-03-02T08:00:00Z",
        "InitiatingProcessCommandLine": hostile, "ReportId": 1,
    });
    let events = folder.path().join(format!("events{hostile}.ndjson"));
    std::fs::write(&events, format!("{record}\n{{\"Type\": \"{hostile}\n")).unwrap();
    for format in ["text", "json"] {
        assert_harmless(&whippet(&["import", "--db", store, "--format", format, events.to_str().unwrap()]));
    }
    let rule = "java-executing-cmd-to-run-powershell";
    for format in ["table", "json", "ndjson", "csv"] {
        let ran = whippet(&["hunt", "--db", store, "--format", format]);
        assert_harmless(&ran);
        assert!(ran.stdout.contains("cmd.exe"), "{} {}", ran.stdout, ran.stderr);
    }
    let explain = whippet(&["explain", rule, "--event", "1", "--db", store]);
    assert_eq!(explain.status, 0, "{}", explain.stderr);
    assert_harmless(&explain);
    assert_harmless(&whippet(&["tree", "--db", store]));
    assert_harmless(&whippet(&["query", "--db", store, "DeviceProcessEvents"]));
}

#[test]
fn the_demonstration_without_a_terminal_hunts_in_every_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_whippet"))
        .arg("demo")
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let parts: Vec<&str> = text.split("whippet demo ").skip(1).collect();
    let names: Vec<&str> = parts.iter().filter_map(|part| part.split(':').next()).collect();
    assert_eq!(names, ["xp-cmdshell", "java-sysrv", "baseline"]);
    assert!(parts[0].contains("SQL Server spawning suspicious child process: 9 matches"), "{text}");
    assert!(parts[0].contains("SQL stored procedure persistence: 23 matches"), "{text}");
    assert!(parts[0].contains("sqlservr.exe → cmd.exe → whoami.exe"), "{text}");
    assert!(parts[1].contains("Java Executing cmd to run Powershell: 3 matches"), "{text}");
    // Nothing happens on the quiet day.
    let found = parts[2].lines().filter(|line| line.ends_with("matches") && !line.ends_with(": 0 matches"));
    assert_eq!(found.count(), 0, "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's stores are gone");
}

#[test]
fn every_lesson_can_be_done_by_its_script() {
    let ran = whippet(&["scenario", "test"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines,
        [
            "xp-cmdshell chain: 5 of 5 steps reached",
            "xp-cmdshell tuning: 6 of 6 steps reached",
            "xp-cmdshell why-not: 4 of 4 steps reached",
            "java-sysrv cradle: 5 of 5 steps reached",
            "baseline quiet: 3 of 3 steps reached"
        ]
    );
}

#[test]
fn a_lesson_that_cannot_be_done_is_found() {
    let step = |title: &str, solve: &str, goal: &str| {
        format!(
            "[[lesson.step]]\ntitle = '{title}'\ntext = ''\nwhy = ''\nhints = []\nsolve = '{solve}'\n\
             [[lesson.step.goal]]\nsay = ''\n{goal}\n"
        )
    };
    let lesson = format!(
        "[[lesson]]\nname = 'bad'\ntitle = 'Bad'\nabout = ''\n{}{}",
        step("Held", "j", "view = 'matches'"),
        step("Missed", "3", "view = 'tree'")
    );
    let folder = folder_with(&[("bad.toml", &lesson), ("wrong.toml", &lesson.replace("'3'", "':tre'"))]);
    let test = |name: &str| {
        let file = folder.path().join(name);
        whippet(&["scenario", "test", "xp-cmdshell", "--steps", file.to_str().unwrap()])
    };
    let ran = test("bad.toml");
    assert_eq!(ran.status, 2);
    assert_eq!(
        ran.stdout,
        "xp-cmdshell bad: 0 of 2 steps reached\n  step 1 (Held): its goals hold before anything is done\n  step 2 \
         (Missed): its script does not reach its goals\n"
    );
    let ran = test("wrong.toml");
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("step 2: the solving script: no action is called 'tre'"), "{}", ran.stderr);
}

#[test]
fn functions_beside_the_rules_and_parameters_are_there_for_queries_and_rules() {
    let functions =
        "// Shells.\nlet StartedBy = (T:(FileName:string), name:string=\"cmd.exe\") { T | where FileName =~ name };\n";
    let rule = "declare query_parameters(name:string=\"cmd.exe\");\nAllProcesses | invoke StartedBy(name)\n";
    let folder = folder_with(&[("uses.kql", rule)]);
    std::fs::create_dir(folder.path().join("functions")).unwrap();
    std::fs::write(folder.path().join("functions/Started.kql"), functions).unwrap();
    std::fs::write(folder.path().join("functions/AllProcesses.kql"), "DeviceProcessEvents | where true").unwrap();
    let rules = folder.path().to_str().unwrap();

    let check = whippet(&["rule", "check", rules]);
    assert_eq!(
        (check.status, check.stdout.as_str()),
        (0, "1 rule checked: 0 errors, 0 warnings\n"),
        "{}",
        check.stderr
    );

    let path = folder.path().join("functions");
    let query = "declare query_parameters(most:long, since:datetime, name:string); \
                 datatable(FileName:string)[\"a\", \"B\"] | invoke StartedBy(name) | extend most, since";
    let arguments = ["query", "--functions", path.to_str().unwrap(), "--format", "csv"];
    let parameters = ["--param", "most=7", "--param", "since=2024-02-03", "--param", "name=b"];
    let ran = whippet(&[&arguments[..], &parameters[..], &[query]].concat());
    let wanted = "FileName,most,since\nB,7,2024-02-03T00:00:00.0000000Z\n";
    assert_eq!((ran.status, ran.stdout.replace('\r', "").as_str(), ran.stderr.as_str()), (0, wanted, ""));

    let wrong = whippet(&[&arguments[..], &["--param", "most=many", "--param", "since=2024-02-03", query]].concat());
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("'many' is no long"), "{}", wrong.stderr);

    let missing = whippet(&[&arguments[..], &[query]].concat());
    assert!(missing.stderr.contains("give it with --param most=VALUE"), "{}", missing.stderr);

    std::fs::write(path.join("Broken.kql"), "let f = (x:long) { nosuch(x) };").unwrap();
    let broken = whippet(&[&arguments[..], &["print f(1)"]].concat());
    assert!(broken.stderr.contains("in the saved function 'f': there is no function 'nosuch'"), "{}", broken.stderr);
}

/// A reader that has seen enough (`| head`) is no failure.
#[test]
fn a_pipe_that_closes_early_ends_a_query_quietly() {
    use std::io::Read;
    for format in ["table", "json", "ndjson", "csv", "kusto"] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
            .args(["query", "--format", format, "range Number from 1 to 50000 step 1"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0u8; 4];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""), "{format}");
    }
}
