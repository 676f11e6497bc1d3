//! The manual page, the completions, and the help, as a person or a packager asks for them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::process::Command;

fn whippet(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_whippet")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_manual_has_topics_statuses_and_a_page_for_each_command() {
    let (status, page, _) = whippet(&["man"]);
    assert_eq!(status, Some(0));
    for part in [".TH whippet 1", ".SH \"EXIT STATUS\"", ".SH TOPICS", "getting\\-started", "WHIPPET_CONFIG"] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(whippet(&["man", folder.path().to_str().unwrap()]).0, Some(0));
    for command in ["import", "hunt", "open", "play", "rule", "help"] {
        let page = std::fs::read_to_string(folder.path().join(format!("whippet-{command}.1"))).unwrap();
        assert!(
            page.contains(&format!("whippet {command}")) || page.contains(&format!("whippet\\-{command}")),
            "{page}"
        );
    }
}

#[test]
fn each_shell_gets_its_completions() {
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef whippet"),
        ("fish", "complete -c whippet"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let (status, text, _) = whippet(&["completions", shell]);
        assert!(status == Some(0) && text.contains(mark) && text.contains("explain"), "{shell}");
    }
    assert_eq!(whippet(&["completions", "dos"]).0, Some(2));
}

#[test]
fn help_lists_topics_and_commands_and_refuses_what_is_neither() {
    let (status, text, _) = whippet(&["help"]);
    assert!(status == Some(0) && text.contains("getting-started") && text.contains("import"), "{text}");
    let (status, text, _) = whippet(&["help", "rule", "show"]);
    assert!(status == Some(0) && text.contains("Usage: whippet rule show"), "{text}");
    let (status, _, said) = whippet(&["help", "tunning"]);
    assert!(status == Some(2) && said.contains("did you mean 'tuning'?"), "{said}");
    assert!(whippet(&["--help"]).1.contains("whippet help"));
}
