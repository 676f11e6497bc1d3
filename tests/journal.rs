//! Journals and scripts: what was recorded is done again to the byte, without a terminal and in a hunt.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;
use std::process::Command;

fn whippet(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_whippet")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// By hand, as a reader of the help would write it.
const SCRIPT: &str = "#whippet journal 1\n#scenario xp-cmdshell\n#size 100x30\n\n# the backup is known\n\
    :add-exclusion='{\"rule\":null,\"condition\":\"ProcessCommandLine has \\\"backup01\\\"\",\"note\":\"CHG-118\",\"enabled\":true}'\n\
    @2.5 :matches :set-search='whoami' :export-to='matches.csv'\n3 e Ctrl-u 'indicators.md' Enter\n";

#[test]
fn a_script_writes_the_same_files_each_time_it_is_played() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.whippet"), SCRIPT).unwrap();
    let mut files: Vec<Vec<Vec<u8>>> = Vec::new();
    for into in ["one", "two"] {
        std::fs::create_dir(folder.path().join(into)).unwrap();
        let (status, stdout, stderr) = whippet(folder.path(), &["play", "s.whippet", "--check", "--into", into]);
        assert_eq!((status, stderr.as_str()), (Some(0), ""), "{stdout}");
        assert!(stdout.contains("0 cannot be done; 33 of 36 matches are shown"), "{stdout}");
        let names = ["matches.csv", "matches.csv.about.txt", "indicators.md"];
        files.push(names.iter().map(|name| std::fs::read(folder.path().join(into).join(name)).unwrap()).collect());
    }
    assert_eq!(files[0], files[1]);
    // What is there is never written over.
    let (status, _, stderr) = whippet(folder.path(), &["play", "s.whippet", "--check", "--into", "one"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("matches.csv is there already"), "{stderr}");
}

#[test]
fn a_hunt_lists_what_a_script_leaves_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let profile = data.join("file-profile.csv");
    let scenario = data.join("xp-cmdshell");
    let import = ["import", "--db", "a.db", scenario.to_str().unwrap(), "--file-profile", profile.to_str().unwrap()];
    assert_eq!(whippet(folder.path(), &import).0, Some(0));
    std::fs::write(folder.path().join("s.whippet"), SCRIPT).unwrap();
    let hunt = ["hunt", "--db", "a.db", "--script", "s.whippet", "--format", "ndjson"];
    let (status, listed, stderr) = whippet(folder.path(), &hunt);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{listed}");
    assert_eq!(listed.lines().count(), 33);
    assert!(!listed.contains("backup01"));
    // Pins and notes are said beside the matches, in each form that has room for them.
    std::fs::write(folder.path().join("n.whippet"), "g g Space a 'the nightly backup' Enter\n").unwrap();
    let noted = ["hunt", "--db", "a.db", "--script", "n.whippet", "--format", "json"];
    let noted: serde_json::Value = serde_json::from_str(&whippet(folder.path(), &noted).1).unwrap();
    let told = |key: &str| {
        noted["matches"].as_array().unwrap().iter().filter(|found| found[key] != false && !found[key].is_null()).count()
    };
    assert_eq!(
        (noted["matches"][0]["note"].as_str(), noted["matches"][0]["pinned"].as_bool()),
        (Some("the nightly backup"), Some(true))
    );
    assert_eq!((told("note"), told("pinned")), (1, 1));
    // The script kept nothing in the store.
    let (_, plain, _) = whippet(folder.path(), &["hunt", "--db", "a.db", "--format", "ndjson"]);
    assert_eq!(plain.lines().count(), 36);
    // A filter of the script is one of the list.
    std::fs::write(folder.path().join("f.whippet"), "g g / 'stored procedure' Enter l l f\n").unwrap();
    let (_, filtered, _) =
        whippet(folder.path(), &["hunt", "--db", "a.db", "--script", "f.whippet", "--format", "ndjson"]);
    assert_eq!(filtered.lines().count(), 23);
}

#[test]
fn a_script_that_is_wrong_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    for (text, said) in [
        ("t\n:tre\n", "line 2: no action is called 'tre'; did you mean 'tree'?"),
        ("#whippet journal 9\n", "of another version"),
        (":tree\n", "name a store with --db"),
        ("#scenario xp-cmdshel\n", "no scenario is called 'xp-cmdshel'"),
    ] {
        std::fs::write(folder.path().join("s.whippet"), text).unwrap();
        let (status, _, stderr) = whippet(folder.path(), &["play", "s.whippet", "--check"]);
        assert!(status == Some(2) && stderr.contains(said), "{text}: {status:?} {stderr}");
    }
    for path in ["../outside.csv", "/tmp/whippet-outside.csv"] {
        let text = format!("#scenario baseline\n:export-to='{path}'\n");
        std::fs::write(folder.path().join("s.whippet"), text).unwrap();
        let (status, _, stderr) = whippet(folder.path(), &["play", "s.whippet", "--check"]);
        assert!(status == Some(1) && stderr.contains("below the folder"), "{path}: {stderr}");
        assert!(!folder.path().join(path).exists());
    }
}
