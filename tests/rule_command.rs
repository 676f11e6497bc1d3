//! `whippet rule` as a user types it: rule files in the wild, wrong names, findings placed in their files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::ffi::OsString;
use std::path::Path;

use whippet::cli::{self, Exit};

struct Ran {
    exit: Exit,
    out: String,
    err: String,
}

fn whippet(arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("whippet").chain(arguments.iter().copied()).map(OsString::from);
    let exit = cli::run(arguments, &mut out, &mut err);
    Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn with_file(name: &str, content: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

fn check(name: &str, content: &[u8]) -> (Exit, Vec<serde_json::Value>) {
    let (_folder, path) = with_file(name, content);
    let ran = whippet(&["rule", "check", &path, "--format", "json"]);
    (ran.exit, serde_json::from_str(&ran.out).unwrap())
}

fn loaded(folder: &Path) -> Vec<serde_json::Value> {
    let ran = whippet(&["rule", "list", "--rules", &folder.to_string_lossy(), "--format", "json"]);
    assert_eq!(ran.exit, Exit::Done);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_rule_answers_to_its_id_title_file_and_unique_beginnings() {
    for name in [
        "2c81c0a0-9823-4a14-b21a-2b4acd3335d2",
        "java-executing-cmd-to-run-powershell",
        "Java Executing cmd to run Powershell",
        "2c81",
        "JAVA-EXEC",
    ] {
        let ran = whippet(&["rule", "show", name]);
        assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, ""), "{name}");
        assert!(ran.out.starts_with("Java Executing cmd to run Powershell\n"), "{name}");
    }
}

#[test]
fn a_wrong_or_ambiguous_name_says_what_there_is() {
    let ran = whippet(&["rule", "show", "stored-procedure"]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""));
    assert!(ran.err.contains("sql-stored-procedure-persistence"), "{}", ran.err);
    let ran = whippet(&["rule", "show", "sql"]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.err.contains("could be"), "{}", ran.err);
    let ran = whippet(&["rule", "list", "--rules", "no/such/folder"]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(ran.err.contains("cannot read no/such/folder"), "{}", ran.err);
}

#[test]
fn a_mistake_is_shown_in_the_file_it_is_made_in() {
    let rule = "name: Broken\r\nid: broken\r\ndescription: x\r\nquery: |\r\n  DeviceProcessEvents\r\n  | wehre FileName == 1\r\n";
    let (_folder, path) = with_file("broken.yaml", rule.as_bytes());
    let ran = whippet(&["rule", "check", &path]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains(&format!("{path}:6:5\n")), "{}", ran.out);
    assert!(ran.out.contains("6 |   | wehre FileName == 1\n  |     ^^^^^"), "{}", ran.out);
    assert!(ran.out.ends_with("1 rule checked: 1 error, 0 warnings\n"), "{}", ran.out);
    let ran = whippet(&["rule", "show", "broken", "--rules", &path]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains("This rule cannot be read"), "{}", ran.out);
}

#[test]
fn a_file_that_is_not_yaml_is_listed_with_its_error() {
    let (exit, found) = check("bad.yaml", b"id: bad\nname: Bad rule\ndescription: [unclosed\nquery: T\n");
    assert_eq!((exit, found.len()), (Exit::Invalid, 1));
    assert!(found[0]["message"].as_str().unwrap().starts_with("the YAML is not valid"), "{found:?}");
    let (folder, _) = with_file("bad.yaml", b"id: bad\nname: Bad rule\ndescription: [unclosed\nquery: T\n");
    let rules = loaded(folder.path());
    assert_eq!((rules[0]["title"].as_str(), rules[0]["readable"].as_bool()), (Some("Bad rule"), Some(false)));
}

#[test]
fn the_traps_of_rule_files_in_the_wild_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    // A byte order mark, empty tactics, a trailing blank in a duration, two documents.
    write(
        "a.yaml",
        b"\xef\xbb\xbfid: one\nname: One\ntactics:\nrelevantTechniques: []\nqueryFrequency: 5m \nqueryPeriod: 1.00:00:00\nquery: |\n  T\n---\nid: two\nname: Two\nquery: \"U\\n| take 5\"\n",
    );
    // Tabs where YAML wants blanks.
    write("b.yaml", b"id: three\nname: Three\nquery: |\n\tT\n\t| take 5\n");
    // Two platforms in one file.
    write(
        "c.md",
        b"# Four\n\n## Metadata\n**ID:** four\n\n## Detection\n**Platform:** M365 Security\n```C#\nT\n```\n## Detection\n**Platform:** Sentinel\n```c#\nU\n```\n",
    );
    // No header at all.
    write("d.kql", b"// Five\n// Uses T1059.001 a lot\nDeviceProcessEvents | take 5\n");
    // UTF-16, as Windows editors save.
    let utf16: Vec<u8> = "\u{feff}// Six\nT".encode_utf16().flat_map(u16::to_le_bytes).collect();
    write("e.txt", &utf16);
    write("README.md", b"# Not a rule\n");
    write("notes.md", b"# Notes\n\nNo query here.\n");
    let rules = loaded(folder.path());
    let seen: Vec<_> = rules
        .iter()
        .map(|rule| {
            let text = |key: &str| rule[key].as_str().unwrap_or("").to_owned();
            (
                text("id"),
                text("title"),
                text("variant"),
                rule["line"].as_u64().unwrap(),
                rule["readable"].as_bool().unwrap(),
            )
        })
        .collect();
    let row = |id: &str, title: &str, variant: &str, line: u64| {
        (id.to_owned(), title.to_owned(), variant.to_owned(), line, true)
    };
    assert_eq!(
        seen,
        [
            row("one", "One", "", 8),
            row("two", "Two", "", 13),
            row("three", "Three", "", 4),
            row("four", "Four", "M365 Security", 9),
            row("four:sentinel", "Four", "Sentinel", 14),
            row("d", "Five", "", 1),
            row("e", "Six", "", 1),
        ]
    );
    assert_eq!(rules[5]["attack"][0]["techniques"][0], "T1059.001 Command and Scripting Interpreter: PowerShell");
}

#[test]
fn a_bare_number_is_named_for_the_days_it_is() {
    let (exit, found) = check("a.yaml", b"id: one\nname: One\nqueryPeriod: 14\nquery: |\n  DeviceEvents\n");
    assert_eq!(exit, Exit::Done);
    assert_eq!(found[0]["message"], "queryPeriod '14' has no unit: the service reads it as 14 days");
}

#[test]
fn what_a_rule_file_says_reaches_the_terminal_escaped() {
    let rule = "id: evil\nname: \"evil \\e]0;title\\a \\u202e\"\ndescription: \"a\\eb\"\nquery: |\n  T | where A == \"\u{1b}[31m\"\n";
    let (folder, path) = with_file("evil.yaml", rule.as_bytes());
    for arguments in [
        &["rule", "list", "--rules", &folder.path().to_string_lossy()][..],
        &["rule", "show", "evil", "--rules", &path],
        &["rule", "check", &path],
        &["rule", "show", "\u{1b}[2J", "--rules", &path],
    ] {
        let ran = whippet(arguments);
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{arguments:?}: {text:?}");
        }
    }
}

#[test]
fn the_built_in_rules_pass_the_check_and_compile() {
    let ran = whippet(&["rule", "check"]);
    assert_eq!(ran.exit, Exit::Done, "{}", ran.out);
    assert!(ran.out.contains("5 rules checked: 0 errors"), "{}", ran.out);
    let page = whippet(&["rule", "show", "0xff-0178", "--format", "json"]);
    let page: serde_json::Value = serde_json::from_str(&page.out).unwrap();
    let columns = page["columns"].as_array().unwrap();
    let added = |name: &str| columns.iter().any(|column| column["name"] == name && column["added"] == true);
    assert!(["SHA11", "DeviceCount", "GlobalPrevalence"].into_iter().all(added), "what the join brings in");
}

#[test]
fn a_column_that_a_table_lacks_is_a_warning_and_strictly_an_error() {
    let file = "rules/sql-stored-procedures.kql";
    let ran = whippet(&["rule", "check", file]);
    assert_eq!(ran.exit, Exit::Done);
    assert_eq!(ran.out.matches("warning[missing-column]").count(), 2, "{}", ran.out);
    let ran = whippet(&["rule", "check", "--strict", file]);
    assert_eq!(ran.exit, Exit::Invalid);
    assert!(ran.out.contains("error[unknown-column]"), "{}", ran.out);
    assert!(
        ran.out.contains("70 | | project Timestamp, DeviceName, AccountName, FileName, FolderPath,"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("InitiatingProcessAccountName"), "the nearest name: {}", ran.out);
    let ran = whippet(&["rule", "sql", "--strict", "sql-stored"]);
    assert_eq!((ran.exit, ran.out.as_str()), (Exit::Invalid, ""));
}

#[test]
fn a_rule_prints_the_sql_it_becomes() {
    let ran = whippet(&["rule", "sql", "java-executing"]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, ""));
    assert!(ran.out.starts_with("WITH ") && ran.out.ends_with(";\n"), "{}", ran.out);
}

#[test]
fn a_page_tells_the_columns_that_the_rule_makes() {
    let ran = whippet(&["rule", "show", "java-executing", "--format", "json"]);
    let page: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let columns = page["columns"].as_array().unwrap();
    let added: Vec<_> = columns.iter().filter(|column| column["added"] == true).map(|column| &column["name"]).collect();
    assert_eq!(added, ["HostName", "DnsDomain"]);
    assert!(columns.len() > 40, "and all columns of the table");
}

#[test]
fn a_yaml_rule_without_a_query_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.yaml");
    std::fs::write(&path, "---\nid: x\nname: A rule\nseverity: High\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["rule", "check", path.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("the rule has no query: it stands under the key 'query'"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
