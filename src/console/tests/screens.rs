//! Every view and overlay at the designed sizes, as text; and at every size without a panic.

use super::fixture::Fixture;
use super::{Script, play};

fn check(name: &str, keys: &str) {
    for (width, height) in [(120, 36), (80, 24), (40, 10)] {
        let end = play(width, height, Script::new(Fixture).keys(keys));
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), end.screen);
    }
}

#[test]
fn matches() {
    check("matches", "j");
    check("matches_detail", "j Tab");
}

#[test]
fn tree() {
    check("tree", "j j t");
}

#[test]
fn indicators() {
    check("indicators", "3");
    // In the smallest the other pane is a key away.
    let end = play(40, 10, Script::new(Fixture).keys("3 j Tab"));
    assert!(end.screen.contains("Seen here") && end.screen.contains("whoami.exe"), "{}", end.screen);
}

#[test]
fn exclusions() {
    // One written from a row and switched on, one pin it would not hide, and the diff below.
    check("exclusions", "Space x Space Enter Space");
}

#[test]
fn rules() {
    check("rules", "5 j");
}

#[test]
fn rule_page() {
    check("rule_page", "j w j j");
    check("rule_page_why_not", "j w 2 / 'gpj' Enter w Tab");
    check("rule_page_folded", "j w z M");
    check("rule_page_text", "j w K K Tab j");
    check("rule_parameter", "j w ] j i");
}

#[test]
fn chosen_columns_and_a_note() {
    check("matches_columns", "j a 'maintenance? 日本' Enter C 'Acc' Space Esc");
    check("matches_picker", "C");
    check("record", "j r");
}

#[test]
fn timeline() {
    check("timeline", "j 6");
    check("timeline_selecting", "6 ] ] v ]");
}

#[test]
fn events() {
    check("events", "7 l l j");
    check("events_tables", "7 o 'proc'");
}

#[test]
fn query() {
    check("query_completing", "8 'DeviceProcessEvents | where File'");
    check("query_wrong", "8 'DeviceProcessEvents' Ctrl-j '| where Nonsense == 1' Ctrl-j '| take 5'");
    check("query_result", "8 'DeviceProcessEvents' Enter j j");
}

#[test]
fn lines_that_are_asked_for() {
    check("clock", "c");
    check("export", "e");
    check("search", "/ 'who'");
    check("note", "a 'as every night'");
}

#[test]
fn lessons() {
    const LESSON: &str = "[[lesson]]\nname = 'one'\ntitle = 'From a database to a shell'\nabout = 'Follow one match to where \
        the intruder came in.'\n[[lesson.step]]\ntitle = 'See where it sits'\ntext = 'Show the process tree at this \
        match: {tree}.'\nwhy = 'A name says little.'\nhints = ['The key is {tree}.']\nsolve = 't'\n\
        [[lesson.step.goal]]\nsay = 'the tree is shown'\nview = 'tree'\n";
    for (name, keys) in [("lessons", "L"), ("lesson_step", "L Enter , h"), ("lesson_steps", "L Enter , j")] {
        for (width, height) in [(120, 36), (80, 24), (40, 10)] {
            let end = super::play_as(width, height, Script::new(Fixture).keys(keys), |state| {
                let lessons = crate::console::walkthrough::lesson::parse(LESSON).unwrap();
                state.lessons = lessons.into_iter().map(std::sync::Arc::new).collect();
            });
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), end.screen);
        }
    }
}

#[test]
fn exclusion_form() {
    check("exclusion_form", "Space x Space j l");
}

#[test]
fn replay() {
    check("replay", "R j");
}

#[test]
fn help_and_palette() {
    check("help", "?");
    check("palette", ": 'copy'");
}

#[test]
fn small_terminals_have_their_hints_and_large_ones_too() {
    for keys in [
        "1",
        "j t",
        "3",
        "4",
        "5",
        "j w",
        "x Space",
        "?",
        ":",
        "/",
        "6",
        "6 v ] ] + +",
        "C",
        "a 'note'",
        "r",
        "C 'Acc' Space Esc l l l l l l",
        "7",
        "7 o",
        "8",
        "8 'File'",
        "8 'File' Enter",
    ] {
        for (width, height) in
            [(1, 1), (2, 40), (19, 5), (20, 4), (20, 5), (40, 10), (59, 15), (60, 16), (250, 80), (9, 200)]
        {
            let end = play(width, height, Script::new(Fixture).keys(keys));
            let last = end.screen.lines().last().unwrap_or_default().to_owned();
            if width >= 40 && height >= 10 {
                assert!(!last.is_empty(), "{keys} at {width}x{height}:\n{}", end.screen);
            }
        }
    }
    assert_eq!(play(18, 4, Script::new(Fixture)).screen.lines().next(), Some("needs 20×5 or more"));
}

#[test]
fn plain_screens_have_no_drawn_lines_and_a_sentence() {
    for (name, keys) in [("matches", "j"), ("tree", "j j t"), ("exclusions", "x Space Enter Space"), ("timeline", "6")]
    {
        let end = super::play_as(100, 30, Script::new(Fixture).keys(keys), |state| state.plain = true);
        let is_drawn = |character: char| matches!(character, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}');
        assert!(!end.screen.contains(is_drawn), "{}", end.screen);
        insta::assert_snapshot!(format!("plain_{name}_100x30"), end.screen);
    }
}

#[test]
fn marks_on_the_axis_leave_times_whole_or_out() {
    for (width, height) in [(120, 36), (80, 24)] {
        for keys in ["6 v", "1 v", "6 v v", "6 + + v"] {
            for steps in 0..12 {
                let keys = format!("{keys}{}", " ]".repeat(steps));
                let screen = play(width, height, Script::new(Fixture).keys(&keys)).screen;
                let Some(axis) = screen.lines().find(|line| line.contains('▲')) else { continue };
                for text in axis.split([' ', '│', '├', '┤', '─', '▲']).filter(|text| !text.is_empty()) {
                    assert!(text.len() >= 5 && text.contains(':'), "{keys}: {axis}");
                }
            }
        }
    }
}
