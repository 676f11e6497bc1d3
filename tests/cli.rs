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
