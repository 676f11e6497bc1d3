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
    let survey = live.survey(&settings).unwrap();
    let case = live.case(&settings);
    for rule in case.catalog.rules() {
        for event in 1..=5 {
            let known = case.explain_with(&live.store, &rule.id, event, Some(&survey)).unwrap();
            assert_eq!(known, case.explain(&live.store, &rule.id, event).unwrap(), "{event}");
        }
    }
}
