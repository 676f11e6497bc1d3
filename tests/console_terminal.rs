//! The console in a real terminal: it draws, obeys keys and signals, and gives the terminal back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;

use terminal::{Session, Terminal};

fn demo(folder: &Path) -> Session {
    Session::start(&["demo", "xp-cmdshell"], folder)
}

#[test]
fn it_opens_moves_and_leaves_the_terminal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("36 matches");
    session.until("why it matched");
    session.keys("jjt");
    let screen = session.until("Process tree");
    assert!(screen.contains("[2 Tree]"), "{screen}");
    session.until("sqlservr.exe");
    // Drawing anew must not ask the terminal anything: the answer would be taken for keys.
    session.keys("\x0c/whoami\r");
    session.until("whoami");
    session.keys("M4");
    session.until("[4 Exclusions]");
    session.keys("Q");
    let (code, text) = session.end();
    assert_eq!(code, 0, "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");
}

#[test]
fn without_a_name_it_offers_the_scenarios() {
    for size in [(120, 36), (80, 24), (40, 10)] {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::start_in(&["demo"], folder.path(), &Terminal { size, ..Terminal::default() });
        session.until_that(|screen| screen.contains("q leave") && screen.contains("baseline"));
        let screen = session.until("▶ 1 xp-cmdshell");
        assert!(screen.contains("java-sysrv") && screen.contains("From a guessed password"), "{screen}");
        session.keys("j");
        session.until("▶ 2 java-sysrv");
        session.keys("\r");
        session.until_that(|screen| screen.contains("demo java-sysrv") && screen.contains("[1 Matches]"));
        session.keys("Q");
        assert_eq!(session.end().0, 0);
    }
}

#[test]
fn choosing_ends_as_the_console_does() {
    for (keys, signal) in [("q", ""), ("\x1b", ""), ("", "-TERM")] {
        let folder = tempfile::tempdir().unwrap();
        let mut session = Session::start(&["demo"], folder.path());
        session.until("▶ 1 xp-cmdshell");
        session.keys(keys);
        if !signal.is_empty() {
            session.signal(signal);
        }
        let (code, text) = session.end();
        assert!((code == 0) != text.contains("Terminated"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    }
}

#[test]
fn a_screen_reader_is_asked_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(&["demo", "--plain"], folder.path());
    let screen = session.until("Which one?");
    for name in ["xp-cmdshell", "java-sysrv", "baseline"] {
        assert!(screen.contains(name), "{screen}");
    }
    session.keys("2\r");
    session.until("demo java-sysrv");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn sigterm_gives_the_terminal_back_and_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("[1 Matches]");
    session.keys("M");
    session.until("mouse on");
    session.signal("-TERM");
    let (_, text) = session.end();
    assert!(text.contains("Terminated") || text.contains("15"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");
}

#[test]
fn without_a_terminal_the_hunt_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["demo", "xp-cmdshell"])
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in [
        "SQL stored procedure persistence: 23 matches",
        "SQL Server spawning suspicious child process: 9 matches",
        "Java Executing cmd to run Powershell: 0 matches",
        "sqlservr.exe → cmd.exe → whoami.exe",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the demonstration's store is gone");

    let output = std::process::Command::new(env!("CARGO_BIN_EXE_whippet")).args(["demo", "xp-cmd"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("xp-cmdshell"));
}

#[test]
fn sighup_gives_the_terminal_back_and_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("[1 Matches]");
    session.signal("-HUP");
    let (_, text) = session.end();
    assert!(text.contains("Hangup") || text.contains('1'), "{text}");
}

#[test]
fn ctrl_z_goes_back_to_the_shell_and_fg_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut session =
        Session::start_in(&["demo", "xp-cmdshell"], folder.path(), &Terminal { in_shell: true, ..Terminal::default() });
    session.until("36 matches");
    session.keys("t");
    session.until("[2 Tree]");
    session.keys("\x1a");
    session.until("Stopped");
    assert!(!session.screen.screen().alternate_screen(), "the shell has its screen");
    assert!(!session.screen.screen().hide_cursor(), "and its cursor");
    session.keys("fg\r");
    // The whole screen is drawn again, at the place that was left.
    session.until("[2 Tree]");
    session.until("sqlservr.exe");
    assert!(session.screen.screen().alternate_screen());
    session.keys("1");
    session.until("[1 Matches]");
    session.keys("Q");
    // The shell has said again that it listens.
    session.until_that(|contents| contents.trim_end().ends_with("prompt>"));
    session.keys("echo left with $?\r");
    session.until("left with 0");
    session.keys("exit\r");
    session.end();
}

#[test]
fn a_storm_of_resizes_ends_in_a_whole_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("36 matches");
    for step in 0..60u16 {
        session.resize(20 + (step * 37) % 180, 5 + (step * 11) % 60);
        session.keys(["j", "t", "1", "4", "5"][usize::from(step) % 5]);
    }
    session.keys("1");
    session.resize(80, 24);
    session.until_that(|contents| contents.contains("? help") && contents.contains("[1 Matches]"));
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

/// Sequences in the fields of an event that would act on a terminal: the title, the clipboard, colours, the screen.
const HOSTILE: &str = r#"{"Timestamp":"2026-03-02T09:00:00Z","DeviceName":"evil\u001b]0;owned\u0007","DeviceId":"d1","ReportId":1,"ActionType":"ProcessCreated","FileName":"cmd.exe","ProcessId":10,"ProcessCommandLine":"cmd \u001b]52;c;ZXZpbA==\u0007 \u001b[2J \u009b31m \u202egpj","InitiatingProcessFileName":"sqlservr\u001b]52;c;ZXZpbA==\u001b\\.exe","InitiatingProcessId":4}"#;

/// A store `evil.db` of these process events, and rules that match all of them.
fn import_with_a_rule_for_all(folder: &Path, events: &str) {
    let data = folder.join("DeviceProcessEvents.ndjson");
    std::fs::write(&data, events).unwrap();
    let rules = folder.join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(
        rules.join("all.kql"),
        "// ---\n// id: all\n// title: all\n// severity: high\n// ---\nDeviceProcessEvents\n",
    )
    .unwrap();
    let import = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["import", "--db", "evil.db"])
        .arg(&data)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
}

/// Programs named in scripts that are wide, run from right to left, combine, or hide something.
const NAMES: [&str; 7] = [
    "עברית.exe",
    "العربية.exe",
    "日本語のプログラム.exe",
    "e\u{301}te\u{301}.exe",
    "👩‍💻.exe",
    "an\u{200b}ne\u{202e}gpj.exe",
    "\u{1112}\u{1161}\u{11ab}.exe",
];

#[test]
fn names_in_every_script_keep_their_columns() {
    let folder = tempfile::tempdir().unwrap();
    let event = |(position, name): (usize, &&str)| {
        let (second, pid) = (position + 10, position + 100);
        serde_json::json!({
            "Timestamp": format!("2026-03-02T09:00:{second}Z"), "DeviceName": "host", "DeviceId": "d1",
            "ReportId": position, "ActionType": "ProcessCreated", "FileName": name, "ProcessId": pid,
            "ProcessCommandLine": format!("{name} /x"), "InitiatingProcessFileName": name, "InitiatingProcessId": 4,
        })
        .to_string()
    };
    let events: Vec<String> = NAMES.iter().enumerate().map(event).collect();
    import_with_a_rule_for_all(folder.path(), &format!("{}\n", events.join("\n")));
    for size in [(120, 36), (80, 24), (40, 10)] {
        let mut session = Session::start_in(
            &["open", "evil.db", "--rules", "rules", "--fresh"],
            folder.path(),
            &Terminal { size, ..Terminal::default() },
        );
        let is_whole =
            |line: &&str| line.contains("09:00:1") && line.contains("HIGH") && (size.0 < 120 || line.contains("││"));
        let wanted = if size.1 == 10 { 5 } else { NAMES.len() };
        session.until_that(|screen| screen.lines().filter(is_whole).count() == wanted);
        let screen = session.screen.screen();
        let cell = |row: u16, column: u16| screen.cell(row, column).map(|cell| cell.contents().to_owned());
        let is_match = |row: &u16| {
            let start: String = (0..14).filter_map(|column| cell(*row, column)).collect();
            start.contains("09:00:1")
        };
        let rows: Vec<u16> = (0..size.1).filter(is_match).collect();
        for row in rows {
            let line: Vec<String> = (0..size.0).filter_map(|column| cell(row, column)).collect();
            // Where one name took other cells than was thought, what stands right of it would have moved.
            let place = line.windows(4).position(|part| part.concat() == "HIGH");
            let first = if size.0 == 120 { 12 } else { 11 };
            assert_eq!(place, Some(first), "{}", screen.contents());
            if size.0 == 120 {
                assert_eq!(line.iter().position(|cell| cell == "│"), Some(0), "{}", screen.contents());
                assert!(line.windows(2).any(|pair| pair.concat() == "││"), "{}", screen.contents());
                let edge = line.windows(2).position(|pair| pair.concat() == "││").unwrap();
                assert_eq!(edge, 71, "{}", screen.contents());
            }
        }
        assert!(!screen.contents().contains(['\u{202e}', '\u{200b}']), "{}", screen.contents());
        session.keys("Q");
        assert_eq!(session.end().0, 0);
    }
}

#[test]
fn nothing_in_an_event_acts_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    import_with_a_rule_for_all(folder.path(), &format!("{HOSTILE}\n"));
    let mut session = Session::start(&["open", "evil.db", "--rules", "rules"], folder.path());
    session.until("1 match");
    session.until("^[]52;c;ZXZpbA==^G");
    session.keys("t");
    session.until("[2 Tree]");
    session.keys("7");
    session.until("[7 Events]");
    session.keys("\r");
    session.until("^[]52");
    session.keys("q1");
    session.until("[1 Matches]");
    session.keys("Q");
    let raw = session.raw_to_end();
    let text = String::from_utf8_lossy(&raw);
    assert!(!text.contains("\u{1b}]52"), "no clipboard");
    assert!(!text.contains("\u{1b}]0;"), "no title");
    assert!(!text.contains('\u{202e}') && !text.contains('\u{9b}'), "no reordering, no C1");
}

#[test]
fn what_a_person_copies_is_the_only_osc_52() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until("why it matched");
    session.keys("y");
    session.until("sent to the clipboard");
    session.keys("Q");
    let raw = session.raw_to_end();
    assert_eq!(String::from_utf8_lossy(&raw).matches("\u{1b}]52;c;").count(), 1);
}

#[test]
fn poor_terminals_show_severity_in_words_and_the_cursor_by_a_sign() {
    for (variables, has_colour) in [
        (vec![("NO_COLOR", "1")], false),
        (vec![("TERM", "dumb")], false),
        (vec![("TERM", "linux")], true),
        (vec![("TERM", "xterm-16color")], true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let terminal = Terminal { variables: &variables, size: (80, 24), ..Terminal::default() };
        let mut session = Session::start_in(&["demo", "xp-cmdshell"], folder.path(), &terminal);
        session.until("why it matched");
        let screen = session.until("▶");
        assert!(screen.contains("HIGH") && screen.contains("MED"), "{variables:?}\n{screen}");
        let colours = session.colours();
        assert_eq!(colours.len() > 1, has_colour, "{variables:?} {colours:?}");
        // Sixteen colours are enough: none is asked for by its components.
        assert!(!colours.iter().any(|colour| colour.contains("Rgb")), "{variables:?} {colours:?}");
        session.keys("Q");
        assert_eq!(session.end().0, 0, "{variables:?}");
    }
}

#[test]
fn a_light_background_gets_colours_that_are_read_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let light = Terminal { variables: &[("COLORFGBG", "0;15")], ..Terminal::default() };
    let mut session = Session::start_in(&["demo", "xp-cmdshell"], folder.path(), &light);
    session.until("why it matched");
    let colours = session.colours();
    assert!(is_for_light(&colours), "no yellow on white: {colours:?}");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

const WHITE: &str = "\x1b]11;rgb:ffff/ffff/ffff\x07";

/// Neither the yellow nor the bright red that vanish on white, and colours nevertheless.
fn is_for_light(colours: &std::collections::BTreeSet<String>) -> bool {
    colours.len() > 1 && !colours.contains("Idx(3)") && !colours.contains("Idx(9)")
}

#[test]
fn a_terminal_that_says_its_background_is_light_gets_colours_for_that() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    // The answer may come in time, or after nobody waits for it: it is the same in the end.
    session.until_raw(b"\x1b]11;?");
    session.keys(WHITE);
    session.until("why it matched");
    session.until_colours(is_for_light);
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn a_late_answer_of_the_terminal_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = demo(folder.path());
    session.until_raw(b"\x1b]11;?");
    session.until("why it matched");
    // As keys these would go to another view, and more.
    session.keys(WHITE);
    session.until_colours(is_for_light);
    session.keys("2");
    let screen = session.until("[2 Tree]");
    assert!(!screen.contains("does nothing here"), "{screen}");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn a_plain_console_draws_no_lines_and_answers_in_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(&["demo", "xp-cmdshell", "--plain"], folder.path());
    session.until("36 matches");
    session.keys("j");
    let screen = session.until("Matches, row 2 of 36: ");
    assert!(!screen.contains(['│', '─', '┌', '█', '⣿']), "{screen}");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn a_recording_is_played_to_the_same_files_and_followed_by_a_presenter() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::start(&["record", "j.whippet", "xp-cmdshell"], folder.path());
    session.until("36 matches");
    session.keys("L");
    session.until("From a database to a shell");
    session.keys("\r");
    session.until("Step 1 of 5");
    session.keys("/whoami\rn");
    session.until("✓");
    session.keys(",h,n");
    session.until("Step 2 of 5");
    let present = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["present", "j.whippet", "--once"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(present.stdout).unwrap();
    for part in ["step 2 of 5", "1 of 5 done", "1 hint used", "goal", "solves it", "next"] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
    session.keys(",q/backup01\r");
    session.keys("x\r");
    session.until("choose a field with Space");
    session.keys(" \r");
    session.until("[4 Exclusions]");
    session.keys(" ");
    session.until("shown (");
    session.keys("1e\x15a.csv\r");
    session.until("written to a.csv");
    session.keys("3");
    session.until("row 1/202");
    session.keys("e\x15b.md\r");
    session.until("written to b.md");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
    std::fs::create_dir(folder.path().join("again")).unwrap();
    let play = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["play", "j.whippet", "--check", "--into", "again"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(play.status.success(), "{}", String::from_utf8_lossy(&play.stderr));
    for name in ["a.csv", "a.csv.about.txt", "b.md"] {
        let (first, again) = (folder.path().join(name), folder.path().join("again").join(name));
        assert_eq!(std::fs::read_to_string(first).unwrap(), std::fs::read_to_string(again).unwrap(), "{name}");
    }
}

#[test]
fn a_store_is_found_as_it_was_left_and_a_read_only_one_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/xp-cmdshell");
    let import = std::process::Command::new(env!("CARGO_BIN_EXE_whippet"))
        .args(["import", "--db", "a.db"])
        .arg(&data)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(import.status.success());
    let before = std::fs::read(folder.path().join("a.db")).unwrap();
    let mut session = Session::start(&["open", "a.db", "--read-only"], folder.path());
    session.until("[RO]");
    session.until("why it matched");
    session.keys(" t");
    session.until("[2 Tree]");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
    assert_eq!(std::fs::read(folder.path().join("a.db")).unwrap(), before, "not a byte was written");

    let mut session = Session::start(&["open", "a.db"], folder.path());
    session.until("why it matched");
    session.keys("/whoami\rt");
    session.until("[2 Tree]");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
    let mut session = Session::start(&["open", "a.db"], folder.path());
    session.until("[2 Tree]");
    let screen = session.until("▶");
    assert!(screen.lines().any(|line| line.contains('▶') && line.contains("whoami")), "{screen}");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}

#[test]
fn keys_of_ones_own_are_in_the_hints_and_in_the_help() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("c.toml"), "[keys]\ntree = \"Ctrl-t\"\nhelp = \"F2\"\n").unwrap();
    let mut session = Session::start(&["demo", "xp-cmdshell", "--config", "c.toml"], folder.path());
    session.until("36 matches");
    session.until("Ctrl-t tree");
    session.until("F2 help");
    session.keys("\x14");
    session.until("[2 Tree]");
    session.keys("Q");
    assert_eq!(session.end().0, 0);
}
