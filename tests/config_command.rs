//! `whippet config` and the settings that the console is opened with.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;
use std::process::Command;

fn whippet(arguments: &[&str], home: &Path, named: Option<&Path>) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whippet"));
    command.args(arguments).env_remove("WHIPPET_CONFIG").env("XDG_CONFIG_HOME", home).env("APPDATA", home);
    if let Some(path) = named {
        command.env("WHIPPET_CONFIG", path);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn settings_are_shown_checked_and_found_where_the_platform_has_them() {
    let home = tempfile::tempdir().unwrap();
    let (status, path, _) = whippet(&["config", "path"], home.path(), None);
    let file = home.path().join("whippet").join("config.toml");
    assert_eq!((status, path.trim_end()), (Some(0), file.to_str().unwrap()));
    let (status, said, _) = whippet(&["config", "check"], home.path(), None);
    assert!(status == Some(0) && said.contains("not there"), "{said}");

    std::fs::create_dir(home.path().join("whippet")).unwrap();
    let (_, template, _) = whippet(&["config", "template"], home.path(), None);
    std::fs::write(&file, format!("theme = \"light\"\n{}tree = \"g t\"\n", template.replace("[keys]", "[keys]\n")))
        .unwrap();
    let (status, said, stderr) = whippet(&["config", "check"], home.path(), None);
    assert!(status == Some(0) && said.contains("1 action has keys"), "{said}{stderr}");
    let (_, shown, _) = whippet(&["config", "show"], home.path(), None);
    assert!(shown.contains("theme = \"light\"") && shown.contains("tree = \"g t\"  # changed"), "{shown}");
}

#[test]
fn what_is_wrong_is_told_before_any_work_and_never_left_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    std::fs::write(&file, "[keys]\nundoo = \"u\"\n").unwrap();
    let named = file.to_str().unwrap();
    for (arguments, variable) in [
        (vec!["config", "check", "--config", named], None),
        (vec!["config", "check"], Some(file.as_path())),
        (vec!["demo", "xp-cmdshell", "--config", named], None),
        (vec!["open", "no-such-store.db"], Some(file.as_path())),
    ] {
        let (status, stdout, stderr) = whippet(&arguments, home.path(), variable);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains("mine.toml:2:1: no action is called 'undoo'; did you mean 'undo'?"), "{stderr}");
    }
    let (status, _, stderr) = whippet(&["config", "check", "--config", "missing.toml"], home.path(), None);
    assert!(status == Some(2) && stderr.contains("missing.toml"), "{stderr}");
}
