//! Whole flows: what a person does, and what the screen and the state are then.
//!
//! Long, because a flow is told from its first key to its last: half of one says nothing.

use std::time::Duration;

use super::fixture::{CHILDREN, Fixture, SHELL};
use super::{Script, Step, play, play_as};
use crate::console::action::View;
use crate::console::input::{Input, Mouse};
use crate::console::run::Ending;
use crate::console::source::{Answer, Question, Source, Stop, Trouble};
use crate::hunt::NodeId;

fn after(keys: &str) -> super::End {
    play(120, 36, Script::new(Fixture).keys(keys))
}

#[test]
fn the_tuning_loop_goes_from_match_to_tree_to_exclusion_and_back() {
    let end = after("j t");
    assert_eq!(end.state.view, View::Tree);
    assert_eq!(end.state.tree.tree.selected(), Some(NodeId(5)), "{}", end.screen);

    // x in the tree: FileName =~ "whoami.exe" for this rule; still off.
    let end = after("j t x Space Enter");
    assert_eq!(end.state.view, View::Exclusions);
    assert_eq!((end.state.shown_count(), end.state.all_count()), (5, 5));
    let (_, own) = end.state.switches.exclusions().next().unwrap();
    assert_eq!(own.condition, r#"FileName =~ "whoami.exe""#);
    assert_eq!(own.rule.as_deref(), Some(CHILDREN));
    assert!(end.screen.contains("(+1)"), "{}", end.screen);

    let end = after("j t x Space Enter Space");
    assert_eq!((end.state.shown_count(), end.state.all_count()), (4, 5));
    assert!(end.screen.contains("− 1 hidden   + 0 new   = 4 kept"), "{}", end.screen);
    assert!(end.screen.contains("4 of 5 shown (1 excluded)"), "{}", end.screen);

    let end = after("j t x Space Enter Space u 1");
    assert_eq!((end.state.shown_count(), end.state.view), (5, View::Matches));
    let end = after("j t x Space Enter Space u u U U 1");
    assert_eq!(end.state.shown_count(), 4);
}

#[test]
fn hidden_matches_can_be_shown_and_are_marked() {
    let exclude = "x Space Enter Space 1";
    let hidden = after(exclude);
    assert!(!hidden.screen.contains("sqlservr.exe→cmd.exe"), "{}", hidden.screen);
    let shown = after(&format!("{exclude} H g g"));
    assert!(shown.screen.contains("▶·"), "{}", shown.screen);
}

#[test]
fn a_pin_warns_before_an_exclusion_hides_it() {
    let end = after("Space x Space");
    assert!(end.screen.contains("! hides what you pinned: ★ 09:02:14"), "{}", end.screen);
    let end = after("Space x Space Enter");
    assert!(end.screen.contains("! X1 would hide what you pinned"), "{}", end.screen);
}

#[test]
fn the_rule_page_says_why_not_and_what_would_keep_it() {
    // powershell.exe is a grandchild too, behind a cmd.exe with its full path.
    let end = after("t / 'powershell -enc SQ' Enter n");
    assert_eq!(end.state.view, View::Tree);
    let end = after("j w 2 / 'gpj' Enter w");
    assert_eq!(end.state.rules.open.as_deref(), Some(CHILDREN));
    for text in [
        "✗ not kept by the rule",
        "was \"C:\\Windows\\system32\\cmd.exe\"",
        "one change would keep it",
        "InitiatingProcessCommandLine has",
        "the rule gives 6 rows",
    ] {
        assert!(end.screen.contains(text), "{text}:\n{}", end.screen);
    }
    // Switching the predicate off makes the rule match it.
    let end = after("j w 2 / 'gpj' Enter w j j Space");
    assert!(end.screen.contains("✓ kept by the rule"), "{}", end.screen);
    assert_eq!(end.state.all_count(), 6);
}

#[test]
fn bytes_of_events_reach_the_screen_escaped() {
    let end = after("2 z R / 'gpj' Enter");
    assert!(end.screen.contains("SQBFAFgA<U+2"), "{}", end.screen);
    assert!(end.screen.contains("-enc ^[[31m"), "{}", end.screen);
    for keys in ["j", "G", "2 z R", "3", "4", "5", "G w", "x"] {
        let screen = after(keys).screen;
        assert!(!screen.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{keys}");
    }
}

#[test]
fn back_and_forward_lead_through_the_places() {
    assert_eq!(after("j t 3 Backspace").state.view, View::Tree);
    assert_eq!(after("j t 3 Backspace Backspace").state.view, View::Matches);
    assert_eq!(after("j t 3 Ctrl-o Ctrl-o Ctrl-n").state.view, View::Tree);
    let end = after("j w q");
    assert_eq!((end.state.view, end.state.rules.open.clone()), (View::Rules, None));
}

#[test]
fn esc_and_q_never_quit() {
    let end = after("q q q Esc Esc q");
    assert_eq!(end.ending, Ending::Closed("end of script".to_owned()));
    assert_eq!(after("q Q j j").ending, Ending::Quit);
    assert_eq!(after(": 'quit' Enter").ending, Ending::Quit);
}

#[test]
fn filters_sort_and_search_keep_to_what_is_asked() {
    // The rule's column is the third.
    let end = after("j l l f");
    assert_eq!(end.state.matches.rows.len(), 2);
    assert!(end.screen.contains("RULE = Suspicious grandchild"), "{}", end.screen);
    assert_eq!(after("j l l !").state.matches.rows.len(), 3);
    assert_eq!(after("j l l f F").state.matches.rows.len(), 5);
    let end = after("l s s");
    assert_eq!(end.state.matches.rows.first().map(|row| row.run), Some(1));
    let end = after("/ 'sqlagent' Enter");
    assert_eq!(end.state.selected_row().unwrap().1.id.rule, SHELL);
    let end = after("/ 'no such thing' Enter");
    assert!(end.screen.contains("nothing here has 'no such thing'"), "{}", end.screen);
}

#[test]
fn the_selection_shows_without_colour() {
    let end = after("j");
    let marked: Vec<&String> = end.reversed.iter().filter(|row| !row.trim().is_empty()).collect();
    // The row of the list, and the bucket of the strip in both of its rows.
    assert_eq!(marked.len(), 3);
    assert!(end.screen.lines().any(|line| line.contains("▶") && line.contains("CRIT")), "{}", end.screen);
}

#[test]
fn stale_answers_are_dropped_and_cancel_ends_what_runs() {
    // Two toggles while the worker is busy: only the newest answer counts.
    let script =
        Script::new(Fixture).keys("x Space Enter").then(Step::Hold(true)).keys("Space Space").then(Step::Release);
    let end = play(120, 36, script);
    assert_eq!((end.state.shown_count(), end.state.all_count()), (5, 5));

    let script = Script::new(Fixture)
        .keys("x Space Enter")
        .then(Step::Hold(true))
        .keys("Space")
        .then(Step::Wait(Duration::from_millis(1200)));
    let end = play(120, 36, script);
    assert!(end.screen.contains("running the rules 1 s · Esc stops it"), "{}", end.screen);
    assert!(end.screen.contains("counting…"), "{}", end.screen);

    let script = Script::new(Fixture)
        .then(Step::Hold(true))
        .keys("x Space")
        .then(Step::Wait(Duration::from_millis(1200)))
        .keys("Esc Esc");
    let end = play(120, 36, script);
    assert!(end.log.contains(&"cancel".to_owned()), "{:?}", end.log);
    assert_eq!(super::super::update::next_tick(&end.state), None);
}

#[test]
fn nothing_is_asked_and_nothing_ticks_when_idle() {
    let end = after("j k");
    assert_eq!(super::super::update::next_tick(&end.state), None);
}

#[test]
fn copying_says_what_was_copied() {
    let end = after("j l l l y");
    assert_eq!(end.log.last().map(String::as_str), Some("copy cmd.exe→whoami.exe"));
    let end = after("j g y");
    assert_eq!(
        end.log.last().map(String::as_str),
        Some(
            "copy wininit.exe\n  C:\\Windows\\system32\\services.exe\n    \"C:\\Program Files\\Microsoft SQL \
             Server\\sqlservr.exe\" -sMSSQLSERVER\n      \"cmd.exe\" /c whoami /all\n        whoami /all\n\
             depth 5 · elapsed 1h02m · tactics: defense evasion"
        )
    );
}

#[test]
fn signals_and_the_mouse() {
    let end = play(120, 36, Script::new(Fixture).then(Step::Input(Input::Terminate(15))).keys("j"));
    assert_eq!(end.ending, Ending::Signal(15));
    let end = play(120, 36, Script::new(Fixture).keys("M Ctrl-z").then(Step::Input(Input::Continued)));
    assert_eq!(
        end.log.iter().filter(|line| !line.starts_with("ask")).collect::<Vec<_>>(),
        ["mouse true", "suspend", "mouse true", "retake", "mouse true"]
    );
    // The third row of the list: header, tabs, strip, frame and titles are above it.
    let end =
        play(120, 36, Script::new(Fixture).keys("M").then(Step::Input(Input::Mouse(Mouse::Click { x: 10, y: 11 }))));
    assert_eq!(end.state.matches.table.selected, 2);
    let end = play(120, 36, Script::new(Fixture).then(Step::Input(Input::Mouse(Mouse::Click { x: 14, y: 1 }))));
    assert_eq!(end.state.view, View::Tree);
    let click = Step::Input(Input::Mouse(Mouse::Click { x: 11, y: 3 }));
    let end = play(120, 36, Script::new(Fixture).then(click));
    assert_eq!(end.state.timeline.place(), Some(0));
}

#[test]
fn pasted_text_is_text_and_never_commands() {
    let end = play(120, 36, Script::new(Fixture).then(Step::Input(Input::Paste("Q\r5".to_owned()))));
    assert_eq!((end.ending, end.state.view), (Ending::Closed("end of script".to_owned()), View::Matches));
    let script = Script::new(Fixture).keys("/").then(Step::Input(Input::Paste("net\nuser".to_owned())));
    assert!(play(120, 36, script).screen.contains("search: netuser"));
}

struct Broken;

impl Source for Broken {
    fn answer(&mut self, question: &Question, stop: &Stop) -> Result<Answer, Trouble> {
        match question {
            Question::Matches(_) | Question::Forest(_) => Err(Trouble::Failed("disk I/O error".to_owned())),
            other => Fixture.answer(other, stop),
        }
    }

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        Box::new(|| {})
    }
}

#[test]
fn a_failure_is_said_and_the_console_goes_on() {
    let end = play(120, 36, Script::new(Broken));
    assert!(end.screen.contains("disk I/O error"), "{}", end.screen);
    assert!(end.screen.contains("The rules have not run"), "{}", end.screen);
    let end = play(120, 36, Script::new(Broken).keys("5"));
    assert!(end.screen.contains("SQL Server spawns a shell"), "{}", end.screen);
}

#[test]
fn leaving_waits_until_the_work_is_saved() {
    let script = Script::new(Fixture).then(Step::Hold(true)).keys("Space Q");
    let end = play(120, 36, script);
    assert_ne!(end.ending, Ending::Quit);
    assert!(end.screen.contains("saving your switches"), "{}", end.screen);
    let script = Script::new(Fixture).then(Step::Hold(true)).keys("Space Q").then(Step::Release).keys("j");
    assert_eq!(play(120, 36, script).ending, Ending::Quit);
    let script = Script::new(Fixture).then(Step::Hold(true)).keys("Space Q Q j");
    assert_eq!(play(120, 36, script).ending, Ending::Quit);
}

#[test]
fn events_are_listed_filtered_and_lead_to_their_process() {
    let end = after("7");
    assert_eq!((end.state.view, end.state.events.asked.table.as_str()), (View::Events, "DeviceProcessEvents"));
    // The column without a value is left out until it is asked for.
    assert!(!end.screen.contains("MD5"), "{}", end.screen);
    assert!(after("7 C 'MD5' Space Esc").screen.contains("MD5"));
    assert!(after("7 C Tab Esc").screen.contains("MD5"));
    // Cell under the cursor: FileName is the third column.
    let end = after("7 l l j j j j f");
    assert_eq!(end.state.events.asked.conditions, ["FileName == \"cmd.exe\""]);
    assert_eq!(end.state.events.page.as_ref().map(|page| page.total), Some(4));
    assert_eq!(after("7 l l j j j j f F").state.events.asked.conditions, Vec::<String>::new());
    // From the values of the column: the first is cmd.exe.
    assert_eq!(after("7 l l Tab Enter").state.events.asked.conditions, ["FileName == \"cmd.exe\""]);
    let end = after("7 j j j j j t");
    assert_eq!((end.state.view, end.state.tree.tree.selected()), (View::Tree, Some(NodeId(5))), "{}", end.screen);
    let end = after("7 j j j j j Enter");
    assert!(end.screen.contains("Event #88205"), "{}", end.screen);
    assert_eq!(after("7 s s").state.events.asked.sort, Some(("Timestamp".to_owned(), true)));
    assert_eq!(after("7 o 'DeviceEv' Enter").state.events.asked.table, "DeviceEvents");
}

#[test]
fn a_query_is_completed_run_recalled_and_narrowed_by_a_cell() {
    let end = after("8 'DeviceP' Tab ' | where Fil' Down Tab");
    assert_eq!(end.state.query.editor.text(), "DeviceProcessEvents | where FileSize");
    let end = after("8 'DeviceProcessEvents' Enter j j");
    assert_eq!((end.state.pane, end.state.query.grid.table.selected), (1, 2));
    let end = after("8 'DeviceProcessEvents' Enter l l f");
    assert_eq!(end.state.query.editor.text(), "DeviceProcessEvents\n| where FileName == \"wininit.exe\"");
    let end = after("8 'DeviceProcessEvents' Enter s s");
    assert_eq!(end.state.query.editor.text(), "DeviceProcessEvents\n| sort by Timestamp desc");
    // Each is a line of the query, and taken back one at a time.
    let text = |keys: &str| after(keys).state.query.editor.text().to_owned();
    let filtered = "8 'DeviceProcessEvents' Enter l l f";
    let whole = text(filtered);
    assert_eq!(text(&format!("{filtered} s")).lines().count(), 3);
    assert_eq!(text(&format!("{filtered} s u")), whole);
    assert_eq!(text(&format!("{filtered} s u u")), "DeviceProcessEvents");
    assert_eq!(text(&format!("{filtered} s u u U")), whole);
    // What is typed is no filter: it is taken back with the keys of a text.
    assert_eq!(text("8 'DeviceProcessEvents' Enter u"), "DeviceProcessEvents");
    // A filter elsewhere is taken back alone.
    assert_eq!(text("j l l f 8 'DeviceProcessEvents' Enter u"), "DeviceProcessEvents");
    let end = after(&format!("{filtered} 1 u"));
    assert_eq!((end.state.view, end.state.query.editor.text()), (View::Query, "DeviceProcessEvents"));
    let end = after("8 'one' Enter i Ctrl-u 'two' Enter i Up Up");
    assert_eq!(end.state.query.editor.text(), "one");
    let end = after("8 'T | where Nonsense' Enter");
    assert!(end.screen.contains("^^^^^^^^ no column is called 'Nonsense'"), "{}", end.screen);
    assert_eq!(end.state.pane, 0);
    // What is written are letters and no commands, until Esc leads out.
    let end = after("8 'Q1' Esc 1");
    assert_eq!((end.state.view, end.state.query.editor.text()), (View::Matches, "Q1"));
}

#[test]
fn the_clock_goes_to_a_time_and_back_to_the_whole() {
    let end = after("c");
    assert!(end.screen.contains("as of (UTC): 2026-03-02 09:02:14.000"), "{}", end.screen);
    let end = after("c Up Enter");
    assert!(end.screen.contains("· as of 2026-03-02 10:02:14"), "{}", end.screen);
    assert_eq!(end.state.settings().clock.map(|clock| clock.mode), Some(crate::hunt::ClockMode::AsOf));
    // In the zone that times are shown in, and it says which.
    let berlin = |state: &mut crate::console::state::State| {
        state.zone = crate::console::zone::Zone::named("Europe/Berlin").unwrap();
    };
    let written = |keys: &str| play_as(120, 36, Script::new(Fixture).keys(keys), berlin);
    let end = written("c");
    assert!(end.screen.contains(" as of (Europe/Berlin): 2026-03-02 10:0"), "{}", end.screen);
    let now = |end: &super::End| end.state.settings().clock.map(|clock| crate::kql::values::datetime_text(clock.now));
    let end = written("c Ctrl-u '2026-03-02 10:03' Enter");
    assert_eq!(now(&end).as_deref(), Some("2026-03-02T09:03:00.0000000Z"));
    assert!(end.screen.contains("as of 2026-03-02 10:03:00.000 +01:00"), "{}", end.screen);
    assert_eq!(
        now(&written("c Ctrl-u '2026-03-02T09:03Z' Up Down Enter")).as_deref(),
        Some("2026-03-02T09:03:00.0000000Z")
    );
    let end = written("c Ctrl-u 'soon' Enter");
    assert!(end.screen.contains("not a time") && end.screen.contains(": soon"), "{}", end.screen);
    let end = after("c Enter c Ctrl-u Enter");
    assert_eq!(end.state.settings().clock.map(|clock| clock.mode), Some(crate::hunt::ClockMode::Whole));
    assert!(after("c Ctrl-u 'tomorrow' Enter").screen.contains("not a time: write"));
}

#[test]
fn a_stretch_of_time_limits_matches_events_and_tree_until_it_is_cleared() {
    // The strip is above the matches; the first match is in the last bucket but one.
    let end = after("j v ] v");
    let range = end.state.timeline.range.unwrap();
    assert_eq!((range.until - range.from) / 600_000_000, 10, "{}", end.screen);
    assert_eq!(end.state.matches.rows.len(), 5);
    // Only the bucket before: no match is in it, and the line says what to do.
    let end = after("j [ v v");
    assert_eq!((end.state.matches.rows.len(), end.state.all_count()), (0, 5));
    for said in ["No match fits the filters (5 without them)", "time 08:55:00–09:00:00"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    assert!(end.state.marks.is_empty());
    // It survives a change of views, and clearing it in one clears it everywhere.
    let end = after("j [ v v 7");
    assert_eq!(end.state.events.page.as_ref().map(|page| page.total), Some(0), "{}", end.screen);
    let end = after("j [ v v 7 F 1");
    assert_eq!((end.state.timeline.range, end.state.matches.rows.len()), (None, 5));
    assert_eq!(after("j [ v Esc v Esc").state.timeline.range, None);
}

#[test]
fn the_timeline_shows_a_bucket_and_leads_to_its_matches_and_events() {
    let end = after("j 6");
    assert_eq!(end.state.view, View::Timeline);
    for said in ["ServiceInstalled", "Suspicious grandchild", "2 before this, too far off to draw"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    let end = after("j 6 j j Enter");
    assert_eq!((end.state.view, end.state.matches.table.selected), (View::Matches, 2));
    let end = after("j 6 / 'ProcessCreated' Enter Enter");
    assert_eq!(end.state.view, View::Events, "{}", end.screen);
    assert_eq!(end.state.events.asked.conditions, ["ActionType == \"ProcessCreated\""]);
    assert!(end.state.events.asked.range.is_some() && end.state.timeline.range.is_none());
    assert_eq!(after("j 6 / 'ProcessCreated' Enter Enter Backspace").state.view, View::Timeline);
}

#[test]
fn the_clock_follows_the_cursor_of_the_timeline_until_it_is_let_go() {
    let end = after("j 6 Space");
    assert!(end.screen.contains("as of 2026-03-02 09:04:59"), "{}", end.screen);
    let end = after("j 6 Space h");
    assert!(end.screen.contains("as of 2026-03-02 08:59:59"), "{}", end.screen);
    assert!(end.log.iter().filter(|line| *line == "ask Matches").count() >= 3);
    let end = after("j 6 Space h Space");
    assert_eq!(end.state.settings().clock.map(|clock| clock.mode), Some(crate::hunt::ClockMode::Whole));
}

#[test]
fn a_timeline_that_is_counted_shows_no_number_before_it_is_done() {
    let script =
        Script::new(Fixture).keys("6").then(Step::Hold(true)).keys("+").then(Step::Wait(Duration::from_millis(200)));
    let end = play(120, 36, script);
    assert!(end.screen.contains("counting events over time"), "{}", end.screen);
    let script = Script::new(Fixture).then(Step::Hold(true)).keys("6").then(Step::Release).keys("6");
    assert!(play(120, 36, script).state.timeline.shown.is_some());
}

#[test]
fn a_note_stands_beside_its_match_is_exported_and_can_be_undone() {
    let end = after("j a 'ask the DBA' Enter");
    let note = |end: &super::End| end.state.switches.notes().map(|(_, text)| text.to_owned()).collect::<Vec<_>>();
    assert_eq!(note(&end), ["ask the DBA"]);
    assert!(end.log.contains(&"ask Save".to_owned()), "{:?}", end.log);
    for said in ["NOTE", "Note      ask the DBA"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    assert!(note(&after("j a 'ask the DBA' Enter u")).is_empty());
    assert!(note(&after("j a 'ask the DBA' Enter a Ctrl-u Enter")).is_empty());
    assert_eq!(note(&after("j a 'ask the DBA' Enter u U")), ["ask the DBA"]);
    let end = after("j a 'ask the DBA' Enter e Enter");
    assert!(
        end.log.iter().any(|line| line.contains(",HiddenBy,Pinned,Note,Row") && line.contains("ask the DBA")),
        "{:?}",
        end.log
    );
    assert_eq!(after("a 'late' Enter j j j / 'late' Enter").state.matches.table.selected, 0);
}

#[test]
fn columns_are_chosen_widened_frozen_and_filtered_by() {
    let end = after("C 'AccountN' Space Esc");
    assert!(end.screen.contains("AccountName") && end.screen.contains("MSSQLSERVER"), "{}", end.screen);
    // It is the last one; its cell filters, and the filter says so.
    let end = after("C 'FileN' Space Esc l l l l l f");
    assert!(end.screen.contains("FileName = cmd.exe"), "{}", end.screen);
    assert_eq!(end.state.matches.rows.len(), 3);
    let end = after("C 'FileN' Space Esc l l l l l s");
    assert_eq!(end.state.matches.sort, Some(("FileName".to_owned(), false)));
    // Leaving a column out and putting the standard ones back.
    assert!(!after("C 'SEV' Space Esc").screen.contains("SEV"));
    assert!(after("C 'SEV' Space Tab Esc").screen.contains("SEV"));
    // Too wide for the screen: the frozen column stays while the others scroll.
    let end = after("z l l } } } } } } } } } } } } } } l");
    assert!(end.screen.contains("TIME") && !end.screen.contains(" SEV "), "{}", end.screen);
}

#[test]
fn the_record_is_shown_with_its_bytes_written_out() {
    let end = after("j r");
    for said in ["Event #88205 as it was recorded", "Security.evtx", "<Event>88205^[]52;c;^G</Event>"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
}

#[test]
fn filters_are_undone_in_the_order_they_came_among_the_switches() {
    let end = after("j l l f Space u u");
    assert!(end.state.matches.chips.is_empty() && end.state.switches.pins().next().is_none(), "{}", end.screen);
    let end = after("j l l f Space u");
    assert_eq!((end.state.matches.chips.len(), end.state.switches.pins().count()), (1, 0));
    let end = after("j l l f Space u u U U");
    assert_eq!((end.state.matches.chips.len(), end.state.switches.pins().count()), (1, 1));
    let end = after("j [ v v u");
    assert_eq!((end.state.timeline.range, end.state.matches.rows.len()), (None, 5));
    let end = after("7 l l j j j j f u");
    assert_eq!(end.state.events.page.as_ref().map(|page| page.total), Some(12));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn undoing_everything_gives_back_the_filters_and_the_switches(
        acts in proptest::collection::vec(0usize..14, 0..14),
    ) {
        const ACTS: [&str; 14] =
            ["j", "l", "f", "!", "F", "Space", "1 a 'x' Enter", "v ] v", "[", "u", "U", "3 l f", "7 l f", "1"];
        let keys: Vec<&str> = acts.into_iter().map(|act| ACTS[act]).collect();
        let keys = keys.join(" ");
        let state = |keys: &str| {
            let state = after(keys).state;
            (state.matches.chips.clone(), state.indicator.chips.clone(), state.timeline.range, state.switches.clone(),
             state.events.asked.conditions.clone(), state.matches.rows.len())
        };
        // Where no match is left to note, the letters mean something else and may open a form.
        let undone = state(&format!("{keys} Esc Esc {}", "u ".repeat(16)));
        proptest::prop_assert_eq!(undone, state(""), "{}", keys);
    }
}

#[test]
fn events_are_searched_beyond_the_rows_that_are_here() {
    let end = after("7 / 'cmd.exe' Enter");
    assert_eq!(end.state.events.grid.table.selected, 4, "{}", end.screen);
    assert!(end.screen.contains("1 of 4 events that have 'cmd.exe'"), "{}", end.screen);
    assert_eq!(after("7 / 'cmd.exe' Enter n").state.events.grid.table.selected, 6);
    assert_eq!(after("7 / 'cmd.exe' Enter N").state.events.grid.table.selected, 11);
    assert_eq!(after("7 / 'cmd.exe' Enter n n n n").state.events.grid.table.selected, 4);
    assert!(after("7 / 'nothing' Enter").screen.contains("no event here has 'nothing'"));
    // It is asked for once, and again after a filter.
    let asked = |end: &super::End| end.log.iter().filter(|line| *line == "ask Hits").count();
    assert_eq!(asked(&after("7 / 'cmd.exe' Enter n n n")), 1);
    assert_eq!(asked(&after("7 / 'cmd.exe' Enter l l f n")), 2);
}

#[test]
fn an_indicator_leads_to_its_events_and_its_rule() {
    let end = after("3");
    for said in ["first 08:00:03", "last 09:05:01", "7 (7 kusto)"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    let end = after("3 Enter");
    assert_eq!((end.state.view, end.state.events.asked.table.as_str()), (View::Events, "DeviceProcessEvents"));
    assert_eq!(end.state.events.asked.conditions.len(), 1);
    assert_eq!(after("3 Enter Backspace").state.view, View::Indicators);
    assert_eq!(after("3 w").state.rules.open.as_deref(), Some(CHILDREN));
    assert!(after("3 G Enter").screen.contains("w opens its rule"));
}

#[test]
fn the_chosen_view_has_its_tab_however_narrow_the_screen() {
    for (key, title) in [("1", "[1 Matches]"), ("5", "[5 Rules]"), ("8 Esc", "[8 Query]")] {
        let end = play(40, 10, Script::new(Fixture).keys(key));
        assert!(end.screen.contains(title), "{title}: {}", end.screen);
    }
}

#[test]
fn a_replay_leads_from_the_alerts_to_their_rows_and_to_the_match() {
    let end = after("R");
    for said in ["Replay: the alerts there would have been", "10:00:00", "suppressed", "cmd.exe→whoami.exe"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    assert!(end.screen.contains("was not replayed"), "{}", end.screen);
    // The first alert is the critical one's, with two rows.
    let end = after("R Enter j Enter");
    assert_eq!(end.state.view, View::Matches);
    let (_, found) = end.state.selected_row().unwrap();
    assert_eq!((found.id.rule.as_str(), found.subject.as_str()), (CHILDREN, "cmd.exe→net.exe"));
    assert!(end.state.overlay.is_none());
    assert!(after("c Ctrl-u 'replay' Enter").screen.contains("Replay: the alerts"));
    assert!(after("R q").state.overlay.is_none());
    for (width, height) in [(40, 10), (20, 5), (1, 1), (80, 24)] {
        play(width, height, Script::new(Fixture).keys("R j k G Enter j h q"));
    }
}
