//! What stands beside a list is about the row under the cursor, wherever one comes from.

use super::fixture::Fixture;
use super::{Script, Step, play};
use crate::console::action::{Action, View};
use crate::console::input::Input;
use crate::console::source::{Answer, Question, Source, Stop, Trouble};
use crate::hunt::timeline::TimeRange;

fn after(keys: &str) -> super::End {
    play(120, 36, Script::new(Fixture).keys(keys))
}

/// The match under the cursor is what is in focus, and what the details speak of.
fn is_of_the_row(end: &super::End) {
    let (_, found) = end.state.selected_row().unwrap();
    assert_eq!(end.state.focus.found.as_ref(), Some(&found.id), "{}", end.screen);
    assert!(end.state.focus.event.is_some_and(|event| found.events.contains(&event)), "{}", end.screen);
    assert!(!end.screen.contains("asking…"), "{}", end.screen);
}

#[test]
fn details_stand_beside_the_matches_after_a_page_of_a_rule() {
    for keys in ["j w 1", "5 Enter 1", "j w 2 t 1"] {
        let end = after(keys);
        assert_eq!(end.state.view, View::Matches);
        assert!(end.state.rules.open.is_some(), "the page stays open behind: {keys}");
        assert!(end.screen.contains("┌ Detail ") && end.screen.contains("why it matched"), "{keys}: {}", end.screen);
    }
}

#[test]
fn details_are_of_the_row_that_a_filter_of_another_view_left() {
    // The last match is in focus; a range around the first leaves it out.
    let first = after("").state.selected_row().unwrap().1.id.time.unwrap();
    let range = TimeRange { from: first, until: first + 1 };
    let script = Script::new(Fixture).keys("G 6").then(Step::Input(Input::Act(Action::FilterTime(Some(range)))));
    let end = play(120, 36, script.keys("1"));
    assert_eq!(end.state.matches.rows.len(), 1, "{}", end.screen);
    is_of_the_row(&end);
}

#[test]
fn details_are_of_the_row_after_an_event_that_is_in_no_match() {
    // services.exe is in no match.
    let end = after("j 2 g g j 1");
    is_of_the_row(&end);
    let end = after("j 7 j 1");
    is_of_the_row(&end);
}

#[test]
fn the_status_row_keeps_filters_and_advice_apart() {
    assert!(after("j l l f").screen.contains("| F clears · 1 rule did not run"));
    assert!(after("j 6 v Enter 1").screen.contains("| F clears · 1 rule did not run"));
}

#[test]
fn what_exclusions_hide_is_not_told_of_rules_that_did_not_run() {
    assert!(after("4").screen.contains("1 rule did not run: view 5 says why · HIDES: covered by this one"));
    let switched = after("4 Space j").screen;
    assert!(switched.contains("1 rule did not run: view 5 says why · 1 change this session"), "{switched}");
}

#[test]
fn a_pane_takes_the_whole_screen_and_gives_it_back() {
    // The text of a rule beside its stages.
    let keys = "j w K K Tab";
    assert!(after(keys).screen.contains("rows in → out"));
    for zoom in ["Enter", "="] {
        let end = after(&format!("{keys} {zoom}"));
        assert!(end.screen.contains("┌[KQL]───") && !end.screen.contains("rows in → out"), "{}", end.screen);
        let back = after(&format!("{keys} {zoom} Esc"));
        assert_eq!((back.state.zoomed, back.state.pane, back.state.rules.open.is_some()), (false, 1, true));
    }
    assert!(after(&format!("{keys} = =")).screen.contains("rows in → out"));
    // Another view shares the screen again.
    assert!(!after(&format!("{keys} = 1")).state.zoomed);
}

#[test]
fn in_a_small_terminal_a_match_opens_to_the_whole_screen() {
    let small = |keys: &str| play(80, 24, Script::new(Fixture).keys(keys));
    let open = small("j Enter");
    assert!(open.screen.contains("[Detail]") && open.screen.contains("ProcessCommandLine"), "{}", open.screen);
    assert!(!open.screen.contains("SUBJECT"), "{}", open.screen);
    let back = small("j Enter Esc");
    assert!(back.screen.contains("SUBJECT") && back.state.pane == 0, "{}", back.screen);
}

#[test]
fn values_of_a_column_are_seen_whole_and_in_the_zone_of_the_rows() {
    let end = super::play_as(120, 36, Script::new(Fixture).keys("7"), |state| {
        state.zone = crate::console::zone::Zone::named("Europe/Berlin").unwrap();
    });
    assert!(end.screen.contains("│▶      1 2026-03-02 10:02:14.000│"), "{}", end.screen);
    let end = after("7 Tab");
    assert!(end.screen.contains("Enter keeps the rows with this value"), "{}", end.screen);
}

#[test]
fn the_tree_of_a_hunt_without_a_match_is_open_as_far_as_a_screen_goes() {
    let script = Script::new(Quiet(0)).keys("2");
    let end = play(120, 36, script);
    assert_eq!(end.state.all_count(), 0, "{}", end.screen);
    for name in ["wininit.exe", "services.exe", "sqlservr.exe", "whoami.exe"] {
        assert!(end.screen.contains(&format!(" {name} ")), "{name}\n{}", end.screen);
    }
}

/// The case with so many of its matches.
struct Quiet(usize);

impl Source for Quiet {
    fn answer(&mut self, question: &Question, stop: &Stop) -> Result<Answer, Trouble> {
        let mut answer = Fixture.answer(question, stop)?;
        if let Answer::Matches(found) = &mut answer {
            for hunt in [&mut found.all, &mut found.shown] {
                let mut left = self.0;
                for run in &mut std::sync::Arc::make_mut(hunt).runs {
                    run.matches.truncate(left);
                    left -= run.matches.len();
                }
            }
        }
        Ok(answer)
    }

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        Fixture.interrupter()
    }
}

#[test]
fn what_is_done_in_the_difference_is_about_its_row_before_the_cursor_moves() {
    // The match in focus is the last of the list; the difference begins with the first.
    let end = after("G 4 D t");
    assert_eq!(end.state.focus.found.as_ref().map(|id| &id.rule), Some(&super::fixture::SHELL.to_owned()));
    let first = end.state.exclusions.diff.rows.first().map(|row| row.found.id.clone());
    assert_eq!(end.state.focus.found, first, "{}", end.screen);
}

#[test]
fn a_text_of_many_lines_is_told_of_by_its_first() {
    let end = after("j t g y");
    assert!(end.screen.contains("sent to the clipboard: wininit.exe and 5 more lines"), "{}", end.screen);
}

#[test]
fn one_match_is_one() {
    let screen = play(120, 36, Script::new(Quiet(1))).screen;
    assert!(screen.lines().nth(1).unwrap().ends_with(" 1 match"), "{screen}");
}
