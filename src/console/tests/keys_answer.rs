//! A key that is hinted at does something, or says why it does not.

use super::fixture::Fixture;
use super::{Script, play};
use crate::console::action_table::ACTIONS;
use crate::console::keymap::Keymap;

#[test]
fn every_hinted_key_answers() {
    let keymap = Keymap::standard().unwrap();
    let places = ["1 j", "j Tab", "j 2", "2 Tab", "3 j", "3 Tab", "4", "5 j", "j w", "j w Tab", "6", "7 j", "7 Tab"];
    for place in places.into_iter().chain(["8 'DeviceProcessEvents' Enter j", "j w ] j", "1 H", "j 2 z R G"]) {
        let before = play(120, 36, Script::new(Fixture).keys(place));
        let hints = before.screen.lines().last().unwrap().to_owned();
        for row in ACTIONS.iter().filter(|row| row.is_for(before.state.view)) {
            let Some((_, word)) = row.hint else { continue };
            let Some(key) = keymap.keys_of(row).into_iter().next() else { continue };
            // What moves the cursor has nowhere to go where there is one row, or a text that is seen whole.
            if word == "move" || !hints.contains(&format!(" {key} {word} ")) {
                continue;
            }
            let after = play(120, 36, Script::new(Fixture).keys(&format!("{place} {key}")));
            let is_same = (&after.screen, &after.reversed, after.log.len())
                == (&before.screen, &before.reversed, before.log.len());
            assert!(!is_same, "{place}: {key} {word}\n{}", after.screen);
        }
    }
}

#[test]
fn keys_that_have_nothing_to_do_say_so() {
    for (keys, said) in [
        ("1 H", "no exclusion hides a match"),
        ("1 F", "no filter is on"),
        ("3 F", "no filter is on"),
        ("1 z", "the first column stays at the left"),
        ("1 z z", "no column is kept at the left"),
        ("j t Enter", "no process was started by this one"),
        ("5 z R", "Enter opens it"),
    ] {
        let screen = play(120, 36, Script::new(Fixture).keys(keys)).screen;
        assert!(screen.contains(said), "{keys}: {said}\n{screen}");
    }
}

#[test]
fn the_pages_about_a_rule_turn_beside_the_list_too() {
    let title = |keys: &str, title: &str| {
        let screen = play(120, 36, Script::new(Fixture).keys(keys)).screen;
        assert!(screen.contains(&format!("┌ {title} ")), "{keys}: {screen}");
    };
    title("5 j", "About the rule");
    title("5 j K", "KQL");
    title("5 j K K", "SQL");
    title("5 j K K K", "About the rule");
    // On the page the why has a key of its own.
    title("j w K K", "KQL");
    title("j w K K w", "Why / why not");
}

#[test]
fn what_lies_beside_a_list_is_searched_in_the_list() {
    let end = play(120, 36, Script::new(Fixture).keys("g g Tab / 'net user' Enter"));
    assert_eq!((end.state.pane, end.state.matches.table.selected), (0, 2), "{}", end.screen);
}
