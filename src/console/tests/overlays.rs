//! What lies over the views: all of it can be read, in the smallest terminal too.

use super::fixture::Fixture;
use super::{Script, play};
use crate::console::run::Ending;
use crate::console::source::{Answer, Question, Source, Stop, Trouble};

/// A store whose records are long, and whose queries fail.
struct Odd;

impl Source for Odd {
    fn answer(&mut self, question: &Question, stop: &Stop) -> Result<Answer, Trouble> {
        match question {
            Question::Record(event) => Ok(Answer::Record(*event, format!("file a\n\n{}§", "x".repeat(6000)))),
            Question::Query(..) => Err(Trouble::Failed("the disk is full".to_owned())),
            other => Fixture.answer(other, stop),
        }
    }

    fn interrupter(&self) -> Box<dyn Fn() + Send + Sync> {
        Box::new(|| ())
    }
}

#[test]
fn a_record_of_one_long_line_is_read_to_its_end() {
    for (width, height) in [(120, 36), (80, 24), (40, 10)] {
        let end = |keys: &str| play(width, height, Script::new(Odd).keys(keys)).screen;
        assert!(width < 80 || end("j r").contains("more lines"), "{}", end("j r"));
        assert!(end("j r G").contains("§"), "{}", end("j r G"));
        assert!(!end("j r G k").contains("§") && end("j r G k j").contains("§"));
        assert!(end("j r G g").contains("file a"));
    }
}

#[test]
fn what_a_key_does_is_told_in_full() {
    for (width, height) in [(120, 36), (80, 24), (40, 10)] {
        let told = play(width, height, Script::new(Fixture).keys("? 'a column left' PgDn PgUp PgDn Up Up"));
        // Words of the end of a sentence that none of these has room for in one line.
        let words: Vec<&str> = told.screen.split(['│', ' ', '\n']).filter(|word| !word.is_empty()).collect();
        assert!(words.join(" ").contains("a bucket back"), "{}", told.screen);
    }
}

#[test]
fn a_query_that_cannot_run_or_failed_says_so_where_its_rows_would_be() {
    let end = |keys: &str| play(120, 36, Script::new(Fixture).keys(keys)).screen;
    let wrong = end("8 'DeviceProcessEvents' Ctrl-j '| where Nonsense == 1' Enter");
    for said in
        ["The query cannot be run:", "line 2, column 9: no column is called 'Nonsense'", "did you mean 'FileName'?"]
    {
        assert!(wrong.contains(said), "{said}: {wrong}");
    }
    assert!(!wrong.contains("Enter runs the query over this store"), "{wrong}");
    let failed = play(120, 36, Script::new(Odd).keys("8 'T' Enter")).screen;
    assert!(failed.contains("The query ran and failed:") && failed.contains("the disk is full"), "{failed}");
    let other = play(120, 36, Script::new(Odd).keys("8 'T' Enter 'x'")).screen;
    assert!(other.contains("Enter runs the query over this store"), "{other}");
}

#[test]
fn the_way_out_of_a_line_is_told_in_the_smallest_terminal() {
    for keys in ["8", "?", ":", "/", "a", "e", "x", "C"] {
        let screen = play(40, 10, Script::new(Fixture).keys(keys)).screen;
        assert!(screen.lines().last().unwrap().contains("Esc"), "{keys}: {screen}");
    }
}

#[test]
fn files_are_asked_for_where_they_are_taken_and_the_desk_is_saved_before() {
    let played = |keys: &str, takes_files: bool| {
        super::play_as(120, 36, Script::new(Fixture).keys(keys), |state| state.takes_files = takes_files)
    };
    let end = played("I", false);
    assert!(end.screen.contains("no files are taken here"), "{}", end.screen);
    let end = played("I Enter", true);
    assert!(end.screen.contains("nothing to import"), "{}", end.screen);
    let end = played("j I '/logs/a.evtx' Enter", true);
    assert_eq!(end.ending, Ending::Import(vec!["/logs/a.evtx".into()]));
    assert_eq!(end.log.last().map(String::as_str), Some("ask Save"));
}

#[test]
fn fields_of_an_exclusion_say_how_many_matches_and_rules_have_their_value() {
    let screen = play(120, 36, Script::new(Fixture).keys("x")).screen;
    // Of the three shells all are cmd.exe, and one is this one.
    let row = |name: &str| screen.lines().find(|line| line.contains(&format!("[ ] {name}"))).unwrap().to_owned();
    assert!(row("FileName").contains("3 of 3      4"), "{screen}");
    assert!(row("ProcessCommandLine").contains("1 of 3      0"), "{screen}");
    let long = format!("x e 'FileName has \"{}\" or FileName has \"END\"' Up", "y".repeat(90));
    let screen = play(120, 36, Script::new(Fixture).keys(&long)).screen;
    assert!(screen.contains("where not: FileName has") && screen.contains("END"), "{screen}");
}
