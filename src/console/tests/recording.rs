//! What was recorded is done again: the same desk, the same switches, the same files.

use std::time::Duration;

use super::fixture::Fixture;
use super::{End, Script, Step, play};
use crate::console::input::Input;
use crate::console::script;
use crate::console::session::Session;

fn record(keys: &str) -> End {
    let mut script = Script::new(Fixture).keys(keys);
    script.records = true;
    play(120, 36, script)
}

fn replay(notes: &[String]) -> End {
    let mut script = Script::new(Fixture);
    for step in script::parse_file(&notes.join("\n")).unwrap() {
        if let script::Step::Act(action) = step {
            script = script.then(Step::Input(Input::Act(action)));
        }
    }
    play(120, 36, script)
}

fn files(end: &End) -> Vec<&String> {
    end.log.iter().filter(|line| line.starts_with("write ")).collect()
}

/// Whole sessions as people have them.
const SESSIONS: [&str; 10] = [
    "j j t",
    "j t x Space Enter Space u U 1 e Enter",
    "j l l f e Ctrl-u 'a.csv' Enter F s s e Ctrl-u 'b.md' Enter",
    "Space x Space Enter Space Space 4 d u Tab j 1 H",
    "j w j j Space q 5 j j Enter K K",
    "2 z R / 'gpj' Enter n h h p m o c Up Enter",
    "3 j j l s s f q q 2",
    "7 l l j j f s o 'DeviceEv' Enter j Tab j",
    "6 ] ] ] v ] ] v 1 e Enter",
    "8 'DeviceProcessEvents' Enter j j l l f i Ctrl-u 'T | take 1' Enter e Ctrl-u 'q.ndjson' Enter j t",
];

#[test]
fn a_recorded_session_is_done_again_to_the_byte() {
    for keys in SESSIONS {
        let first = record(keys);
        let again = replay(&first.notes);
        let said = || format!("{keys}\n{}", first.notes.join("\n"));
        assert_eq!(files(&first), files(&again), "{}", said());
        assert_eq!(first.state.switches, again.state.switches, "{}", said());
        assert_eq!(Session::of(&first.state), Session::of(&again.state), "{}", said());
        // The row above the hints tells what was done last, in other words where keys did it.
        let body = |end: &End| end.screen.lines().take(34).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(body(&first), body(&again), "{}", said());
        assert!(again.state.complaints.is_empty(), "{:?}", again.state.complaints);
    }
}

#[test]
fn boxes_and_keys_are_not_recorded_and_what_came_of_them_is() {
    let notes = record("j / 'net' Enter : 'undo' Enter ? Esc Space").notes;
    let without_times: Vec<&str> = notes.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    let names: Vec<&str> = without_times.iter().map(|line| line.split('=').next().unwrap()).collect();
    // Where the cursor stood comes first.
    assert_eq!(names, [":go-to", ":go-to", ":set-search", ":undo", ":switch"], "{notes:#?}");
    assert!(without_times[2].ends_with("'net'"));
    assert!(without_times[4].contains("\"pin\"") && without_times[4].contains("\"on\":true"), "{}", without_times[4]);
}

#[test]
fn the_desk_is_found_as_it_was_left() {
    for keys in SESSIONS {
        let first = record(keys);
        let session = Session::of(&first.state);
        // As the store would keep it.
        let kept: Session = serde_json::from_str(&serde_json::to_string(&session).unwrap()).unwrap();
        let script = Script::new(Fixture)
            .then(Step::Input(Input::Act(crate::console::action::Action::Restore(Box::new(kept)))))
            .then(Step::Wait(Duration::ZERO));
        let again = play(120, 36, script);
        assert_eq!(Session::of(&again.state), session, "{keys}");
    }
}

#[test]
fn leaving_keeps_the_desk_and_not_twice() {
    let saves = |keys: &str| {
        let end = play(120, 36, Script::new(Fixture).keys(keys));
        end.log.iter().filter(|line| *line == "ask Save").count()
    };
    assert_eq!(saves("j t Q"), 1);
    // The switch keeps the desk with it.
    assert_eq!(saves("Space Q"), 1);
    assert_eq!(saves("Space j Q"), 2);
}

#[test]
fn only_what_somebody_chose_of_the_tree_is_kept() {
    let kept = |keys: &str| Session::of(&play(120, 36, Script::new(Fixture).keys(keys)).state).chains_only;
    assert_eq!(kept("j t"), None, "what the data suggests may be otherwise when there is more of it");
    assert!(kept("j t o").is_some());
}
