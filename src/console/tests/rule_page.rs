//! The page of a rule: sections that fold, parameters that are set, what the store has of what the rule speaks of.

use super::fixture::{CHILDREN, Fixture};
use super::{Script, play};
use crate::console::rule_page::{Content, Section};
use crate::hunt::ParameterId;

fn after(keys: &str) -> super::End {
    play(120, 36, Script::new(Fixture).keys(keys))
}

fn timeframe() -> ParameterId {
    ParameterId { rule: CHILDREN.to_owned(), name: "timeframe".to_owned() }
}

#[test]
fn a_parameter_is_set_shown_as_set_and_taken_back() {
    let end = after("j w ] i");
    assert!(end.screen.contains("nothing to write here"), "a heading is no parameter: {}", end.screen);
    let set = "j w ] j i Ctrl-u '30m' Enter";
    let end = after(set);
    assert_eq!(end.state.switches.parameter(&timeframe()), Some("30m"));
    for said in ["let timeframe = 30m", " set ", "the rule's own: 2*1h", "timeframe = 30m (u undoes)"] {
        assert!(end.screen.contains(said), "{said}: {}", end.screen);
    }
    assert!(end.log.iter().filter(|line| *line == "ask Matches").count() == 2, "{:?}", end.log);
    assert_eq!(after(&format!("{set} u")).state.switches.parameter(&timeframe()), None);
    assert_eq!(after(&format!("{set} u U")).state.switches.parameter(&timeframe()), Some("30m"));
    // The rule's own value, or none, is no change.
    for back in ["2*1h", ""] {
        let end = after(&format!("{set} i Ctrl-u '{back}' Enter"));
        assert_eq!(end.state.switches.parameter(&timeframe()), None);
    }
    let end = after("j w ] j i Ctrl-u '1h) or (true' Enter");
    assert!(end.screen.contains("not a value:"), "{}", end.screen);
    assert_eq!(end.state.switches.parameter(&timeframe()), None);
}

#[test]
fn sections_fold_and_are_gone_to() {
    let section = |keys: &str| {
        let end = after(keys);
        let row = end.state.rules.page[end.state.rules.stages.selected].clone();
        (row.section, matches!(row.content, Content::Heading { .. }))
    };
    assert_eq!(section("j w ]"), (Section::Parameters, true));
    assert_eq!(section("j w ] ] ["), (Section::Parameters, true));
    assert_eq!(section("j w h"), (Section::Stages, true));
    let count = |keys: &str| after(keys).state.rules.page.len();
    assert_eq!(count("j w z M"), 11);
    assert_eq!(count("j w h"), count("j w h l") - 9);
    assert_eq!(count("j w h Enter Enter"), count("j w h"));
    // The members of a list come below it.
    assert_eq!(count("j w ] ] j Enter"), count("j w") + 2);
    assert!(after("j w ] ] j l").screen.contains("whoami.exe"));
    assert!(after("j w z R").state.rules.page.len() > count("j w"));
}

#[test]
fn the_page_says_what_of_the_rule_is_in_the_store() {
    let screen = after("j w").screen;
    for said in [
        "absent in this store",
        "Persistence  T1505.001",
        "1 of 1 in full here",
        "FileName in net.exe  (kusto 12, sigma 29)",
    ] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    let end = after("j w / 'error log' Enter");
    assert!(end.screen.contains("names no program and no event to look for"), "{}", end.screen);
    // Every key of the page at every size.
    for (width, height) in [(40, 10), (20, 5), (1, 1), (80, 24)] {
        play(width, height, Script::new(Fixture).keys("j w ] ] ] j l h K K K z M z R G g g i Esc Enter"));
    }
}
