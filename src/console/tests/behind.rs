//! An import that goes on behind the console.

use std::time::Duration;

use super::fixture::Fixture;
use super::{End, Script, Step, play_as};
use crate::console::importing::Importing;
use crate::console::importing::behind::Behind;
use crate::console::importing::work::News;
use crate::console::input::Input;
use crate::console::run::Ending;
use crate::ingest::{FileReport, ImportReport};

fn news(news: News) -> Step {
    Step::Input(Input::Import(Box::new(news)))
}

/// Of two files one is read.
fn running() -> Behind {
    let mut importing = Importing::new("case.db", false);
    let file = |path: &str, bytes| News::File { path: path.to_owned(), bytes };
    for told in [
        News::Begins { bytes: 1_000 },
        News::Listed(vec![("/logs/a.evtx".to_owned(), 400), ("/logs/b.evtx".to_owned(), 600)]),
        file("/logs/a.evtx", 400),
        News::Reached { bytes: 400, records: 70 },
    ] {
        importing.take(Input::Import(Box::new(told)), Duration::ZERO);
    }
    Behind::new(importing, Duration::from_secs(2))
}

fn over(interrupted: bool) -> News {
    let file = FileReport {
        path: "/logs/a.evtx".to_owned(),
        kind: Some("EVTX".to_owned()),
        bytes: 400,
        records: 70,
        stored: 70,
        ..FileReport::default()
    };
    News::Over(Ok(Box::new(ImportReport { files: vec![file], interrupted, ..ImportReport::default() })))
}

fn played(script: Script) -> End {
    play_as(120, 36, script, |state| {
        state.takes_files = true;
        state.behind = Some(running());
    })
}

fn saves(end: &End) -> usize {
    end.log.iter().filter(|line| *line == "ask Save").count()
}

#[test]
fn how_far_it_is_stands_in_the_header_and_its_screen_is_a_key_away() {
    let end = played(Script::new(Fixture).keys("j"));
    assert!(end.screen.lines().next().unwrap().contains("importing, 40 %: I"), "{}", end.screen);
    let end = played(Script::new(Fixture).keys("I"));
    assert!(end.screen.contains("/logs/b.evtx") && end.screen.contains("b behind"), "{}", end.screen);
    let end = played(Script::new(Fixture).keys("I b 2"));
    assert!(end.screen.contains("[2 Tree]") && end.ending == Ending::Closed("end of script".to_owned()));
    let end = played(Script::new(Fixture).keys("I Esc"));
    assert_eq!(end.log.last().map(String::as_str), Some("stop import"));
}

#[test]
fn when_it_is_over_the_console_begins_anew_once_somebody_wants_it() {
    let end = played(Script::new(Fixture).keys("2").then(news(over(false))));
    assert!(end.screen.contains("[2 Tree]") && end.screen.contains("imported: 70 stored"), "{}", end.screen);
    assert!(end.screen.lines().next().unwrap().contains("import over: I"), "{}", end.screen);
    let end = played(Script::new(Fixture).then(news(over(false))).keys("I Enter"));
    assert_eq!(end.ending, Ending::Anew);
    let failed = News::Over(Err("the disk is full".to_owned()));
    let end = played(Script::new(Fixture).then(news(failed)).keys("I"));
    assert!(end.screen.contains("the disk is full"), "{}", end.screen);
}

#[test]
fn what_is_switched_meanwhile_is_saved_afterwards() {
    let switched = || Script::new(Fixture).keys("4 Space");
    assert_eq!(saves(&play_as(120, 36, switched(), |_| ())), 1);
    assert_eq!(saves(&played(switched())), 0);
    assert_eq!(saves(&played(switched().then(news(over(false))))), 1);
}

#[test]
fn leaving_is_asked_for_twice_and_waits_for_what_is_complete() {
    let end = played(Script::new(Fixture).keys("Q"));
    assert!(end.screen.contains("files are still being read: Q again ends that"), "{}", end.screen);
    assert_eq!(end.ending, Ending::Closed("end of script".to_owned()));
    let end = played(Script::new(Fixture).keys("4 Space Q Q").then(news(over(true))));
    assert_eq!((end.ending.clone(), saves(&end)), (Ending::Quit, 1), "{:?}", end.log);
    assert!(end.log.iter().any(|line| line == "stop import"));
    let late = Script::new(Fixture).keys("Q").then(Step::Wait(Duration::from_secs(60))).keys("Q");
    assert_eq!(played(late).ending, Ending::Closed("end of script".to_owned()));
    // To open what is ready was asked for before: leaving is what counts.
    let end = played(Script::new(Fixture).keys("4 Space I Enter b Q Q").then(news(over(true))));
    assert_eq!((end.ending.clone(), saves(&end)), (Ending::Quit, 1), "{:?}", end.log);
    // Whoever cannot wait does not have to.
    let end = played(Script::new(Fixture).keys("Q Q Q"));
    assert_eq!(end.ending, Ending::Quit);
}
