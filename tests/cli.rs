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
