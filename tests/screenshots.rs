//! The committed screenshots are what the program makes of its own screens, by the commands beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;
use std::process::Command;

/// The words of a command line: in double quotes (with `\"`), or between spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut characters) = (false, line.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => words.last_mut().unwrap().extend(characters.next()),
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

fn whippet(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_whippet")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_committed_screenshots_are_what_the_program_makes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screenshots");
    let commands = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let update = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    let mut made = 0;
    for line in commands.lines().filter_map(|line| line.strip_prefix("whippet ")) {
        let (command, file) = line.split_once(" > ").unwrap();
        let arguments = words(command);
        let (status, svg, stderr) = whippet(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((status, stderr.as_str()), (Some(0), ""), "{line}");
        let path = folder.join(file);
        if update {
            std::fs::write(&path, &svg).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(svg == committed, "{file} is not what the screen is now: see {}/README.md", folder.display());
        made += 1;
    }
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "svg"));
    assert_eq!(made, files.count(), "each file has its command");
}

#[test]
fn wrong_scripts_sizes_and_themes_are_named() {
    for (arguments, said) in [
        (["--keys", "Hyper"], "'Hyper' is not a key"),
        (["--keys", ":tre"], "did you mean 'tree'?"),
        (["--size", "1x1"], "from 20x5 to 400x200"),
        (["--theme", "mauve"], "high-contrast"),
    ] {
        let (status, stdout, stderr) = whippet(&["screenshot", "xp-cmdshell", arguments[0], arguments[1]]);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains(said), "{stderr}");
    }
}

#[test]
fn a_run_on_the_day_after_the_last_event_says_its_day() {
    let (_, svg, _) = whippet(&["screenshot", "xp-cmdshell", "--keys", "R"]);
    assert!(svg.contains("2026-03-02 04:00:00") && svg.contains("2026-03-03 00:00:00"), "{svg}");
}
