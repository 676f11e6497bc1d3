//! What a switch costs: which statements the store is asked.

use std::path::Path;

use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::types::Value as SqlValue;

use super::*;
use crate::console::opening::Opening;
use crate::hunt::Hunt;
use crate::hunt::switches::ExclusionId;
use crate::hunt::testing::{insert, text};
use crate::rules::Catalog;

const RULE: &[u8] = b"DeviceProcessEvents | where ProcessId < 9 and FileName !contains 'a' | where not(ProcessId == 2)";
/// Its exclusions cannot be told apart in one run.
const COUNTS: &[u8] = b"DeviceProcessEvents | where not(FileName has 'd') | summarize count() by FileName";

fn shared(folder: &Path) -> Arc<Shared> {
    let path = folder.join("store.db");
    let store = Store::create_or_open(&path).unwrap();
    for (event, (name, pid)) in (1..).zip([("a", 1), ("b", 1), ("c", 2), ("bc", 3), ("d", 4)]) {
        let time = SqlValue::Integer(638_000_000_000_000_000);
        let cells = [("Timestamp", time), ("FileName", text(name)), ("ProcessId", SqlValue::Integer(pid))];
        insert(&store, event, "DeviceProcessEvents", &cells);
    }
    let mut catalog = Catalog::default();
    catalog.add_bytes("rule.kql", false, RULE);
    catalog.add_bytes("counts.kql", false, COUNTS);
    Shared::open(&path, catalog, Opening::default()).unwrap()
}

fn settings(enabled: [bool; 2]) -> Settings {
    let mut settings = Settings::default();
    for (number, (condition, enabled)) in (1..).zip(["FileName == 'b'", "FileName has 'c'"].into_iter().zip(enabled)) {
        let own = OwnExclusion { condition: condition.to_owned(), enabled, ..OwnExclusion::default() };
        settings.switches.apply(SwitchAction::Exclusion { id: ExclusionId(number), exclusion: Some(own) });
    }
    settings
}

fn answers(live: &mut Live, settings: &Settings) -> (Found, Answer) {
    let stop = Stop::default();
    let Answer::Matches(found) = live.answer(&Question::Matches(settings.clone()), &stop).unwrap() else {
        panic!("matches")
    };
    (found, live.answer(&Question::Effects(settings.clone()), &stop).unwrap())
}

#[test]
fn switching_an_exclusion_asks_the_store_nothing_and_says_what_running_all_anew_says() {
    let folder = tempfile::tempdir().unwrap();
    let shared_by_all = shared(folder.path());
    let mut live = Live::new(Arc::clone(&shared_by_all)).unwrap();
    answers(&mut live, &settings([false, false]));
    let deny = |_: AuthContext<'_>| Authorization::Deny;
    live.store.connection_mut().authorizer(Some(deny)).unwrap();
    assert!(live.store.event_count().is_err());
    let mut counted = Vec::new();
    for enabled in [[true, false], [true, true], [false, true], [false, false]] {
        let settings = settings(enabled);
        let (found, effects) = answers(&mut live, &settings);
        let mut case = shared_by_all.case.clone();
        case.switches = settings.switches.clone();
        let store = case.reader().unwrap();
        let survey = case.survey(&store, &[]).unwrap();
        let ids = |hunt: &Hunt| hunt.matches().iter().map(|found| found.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&found.shown), ids(&survey.shown(&case.switches)), "{enabled:?}");
        let anew = case.exclusion_effects(&store).unwrap();
        let (own, native): (Vec<_>, Vec<_>) =
            anew.into_iter().partition(|effect| matches!(effect.exclusion, ExclusionRef::Own(_)));
        assert_eq!((found.own, effects), (own, Answer::Effects(native)), "{enabled:?}");
        counted.push(found.shown.matches().len());
    }
    assert_eq!(counted, [5, 4, 6, 7]);
}

#[test]
fn why_a_match_is_there_is_said_from_the_run_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(folder.path());
    let live = Live::new(Arc::clone(&shared)).unwrap();
    let settings = settings([true, false]);
    let survey = live.survey(&settings, &Stop::default()).unwrap();
    let case = live.case(&settings);
    for rule in case.catalog.rules() {
        for event in 1..=5 {
            let known = case.explain_with(&live.store, &rule.id, event, Some(&survey)).unwrap();
            assert_eq!(known, case.explain(&live.store, &rule.id, event).unwrap(), "{event}");
        }
    }
}

/// What a stop leaves behind: `at` says after which hook of SQLite's the answer is no longer wanted. Then all is asked
/// again; false where the stop never came.
fn asked_again_after(folder: &Path, at: usize, hook: fn(&mut Live, usize, Stop), whole: &(Found, Answer)) -> bool {
    let shared = shared(folder);
    let settings = settings([true, false]);
    let mut live = Live::new(shared).unwrap();
    let stop = Stop::default();
    hook(&mut live, at, stop.clone());
    let _ = live.answer(&Question::Matches(settings.clone()), &stop);
    let _ = live.answer(&Question::Effects(settings.clone()), &stop);
    hook(&mut live, usize::MAX, Stop::default());
    let (found, effects) = answers(&mut live, &settings);
    let statuses = |found: &Found| found.all.runs.iter().map(|run| run.status.clone()).collect::<Vec<_>>();
    assert_eq!(statuses(&found), statuses(&whole.0), "at {at}");
    assert_eq!(found.shown.matches().len(), whole.0.shown.matches().len(), "at {at}");
    assert_eq!(effects, whole.1, "at {at}");
    stop.is_raised()
}

/// An interrupt while a statement is prepared comes out as the failure of whatever was at work.
fn fail_preparing(live: &mut Live, at: usize, stop: Stop) {
    let mut count = 0;
    let hook = move |_: AuthContext<'_>| {
        count += 1;
        if count < at {
            return Authorization::Allow;
        }
        stop.raise();
        Authorization::Deny
    };
    live.store.connection_mut().authorizer(Some(hook)).unwrap();
}

fn interrupt_running(live: &mut Live, at: usize, stop: Stop) {
    let mut count = 0;
    let hook = move || {
        count += 1;
        if count >= at {
            stop.raise();
        }
        count >= at
    };
    live.store.connection_mut().progress_handler(1, Some(hook)).unwrap();
}

#[test]
fn what_was_stopped_half_way_is_not_taken_for_the_answer_later() {
    for hook in [fail_preparing, interrupt_running] {
        let folder = tempfile::tempdir().unwrap();
        let whole = answers(&mut Live::new(shared(folder.path())).unwrap(), &settings([true, false]));
        let mut at = 1;
        while asked_again_after(tempfile::tempdir().unwrap().path(), at, hook, &whole) {
            at += 1 + at / 3;
        }
        assert!(at > 100, "stopped at more than a few places");
    }
}
