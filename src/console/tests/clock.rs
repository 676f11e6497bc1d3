//! Another clock, seen from each view.

use super::fixture::Fixture;
use super::{Script, play};

#[test]
fn every_view_shows_its_rows_again_after_the_clock_is_turned() {
    let rows = |keys: &str| {
        let screen = play(120, 36, Script::new(Fixture).keys(keys)).screen;
        assert!(screen.contains("as of 2026-03-02 09:02:30"), "{keys}\n{screen}");
        let rows = screen.lines().filter(|line| line.starts_with('│')).map(str::to_owned);
        rows.collect::<Vec<String>>().join("\n")
    };
    for view in 1..=7 {
        let turned = format!("{view} c Ctrl-u '2026-03-02 09:02:30' Enter");
        assert_eq!(rows(&turned), rows(&format!("{turned} 1 {view}")), "view {view}");
    }
}
