//! A lesson with keys of one's own: what is told names them, and the way that is shown does not depend on them.

use std::sync::Arc;
use std::time::Duration;

use super::fixture::Fixture;
use super::{Script, Step, play_as};
use crate::console::action::View;
use crate::console::keymap::{Keymap, Overrides};
use crate::console::keys;
use crate::console::walkthrough::lesson;

const LESSON: &str = r#"
[[lesson]]
name = "one"
title = "One"
about = "About it"
[[lesson.step]]
title = "Go"
text = "Show the tree: {tree}."
why = "Because {path-only} is next."
hints = ["{search} finds gpj."]
solve = "/ 'gpj' Enter g g j t"
[[lesson.step.goal]]
say = "the tree is shown"
view = "tree"
"#;

#[test]
fn the_way_is_shown_and_told_with_other_keys() {
    let own = |key: &str| vec![keys::sequence(key).unwrap()];
    let keymap = Keymap::with(&Overrides::from([
        ("tree", own("Ctrl-t")),
        ("search", own("Ctrl-f")),
        ("first", own("Ctrl-g")),
        ("down", own("Ctrl-j")),
        ("path-only", Vec::new()),
        // What the script presses for something else.
        ("why", own("t")),
    ]))
    .unwrap();
    let mut script = Script::new(Fixture).keys("L Enter , h .");
    for _ in 0..14 {
        script = script.then(Step::Wait(Duration::from_secs(1)));
    }
    let end = play_as(120, 36, script, |state| {
        state.keymap = keymap;
        state.lessons = lesson::parse(LESSON).unwrap().into_iter().map(Arc::new).collect();
    });
    assert_eq!((end.state.view, end.state.rules.open.clone()), (View::Tree, None), "{}", end.screen);
    for told in ["Show the tree: Ctrl-t.", "[x] the tree is shown", "Because :path-only is next.", "Ctrl-f finds gpj."]
    {
        assert!(end.screen.contains(told), "{told}:\n{}", end.screen);
    }
    assert!(end.state.playing.is_none());
}

#[test]
fn a_lesson_begins_with_the_whole_data_in_the_order_of_time() {
    let script = Script::new(Fixture).keys("> > s s c Ctrl-u '2026-03-02 09:02:15' Enter L Enter");
    let end = play_as(120, 36, script, |state| {
        state.lessons = lesson::parse(LESSON).unwrap().into_iter().map(Arc::new).collect();
    });
    assert!(end.screen.contains("clock: whole"), "{}", end.screen);
    let times: Vec<_> = end.state.matches.rows.iter().filter_map(|row| end.state.match_at(*row)?.id.time).collect();
    assert!(times.len() > 3 && times.is_sorted(), "{}", end.screen);
}
