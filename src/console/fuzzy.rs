//! Fuzzy search over short lists, behind a trait of our own: the library may change, the palette need not.

use fuzzy_matcher::FuzzyMatcher;
use fuzzy_matcher::skim::SkimMatcherV2;

/// Beyond this a pattern is no longer typed by a person, and matching costs its length.
const LONGEST_PATTERN: usize = 64;

pub trait Fuzzy {
    /// How well `text` fits `pattern`; `None` if not at all. An empty pattern fits everything.
    fn score(&self, text: &str, pattern: &str) -> Option<i64>;
}

/// The matcher of the skim finder: case matters only where the pattern has an upper-case letter.
#[derive(Default)]
pub struct Skim(SkimMatcherV2);

impl Fuzzy for Skim {
    fn score(&self, text: &str, pattern: &str) -> Option<i64> {
        let pattern: String = pattern.chars().take(LONGEST_PATTERN).collect();
        self.0.fuzzy_match(text, &pattern)
    }
}

/// The positions of the items that fit, best first; equals keep their order.
pub fn rank<'a>(fuzzy: &impl Fuzzy, pattern: &str, items: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut found: Vec<(i64, usize)> =
        items.enumerate().filter_map(|(position, text)| Some((fuzzy.score(text, pattern)?, position))).collect();
    found.sort_by_key(|(score, position)| (-score, *position));
    found.into_iter().map(|(_, position)| position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_and_all_come_without_a_pattern() {
        let items = ["copy the row", "cancel", "show the process tree"];
        assert_eq!(rank(&Skim::default(), "", items.into_iter()), [0, 1, 2]);
        assert_eq!(rank(&Skim::default(), "tree", items.into_iter()), [2]);
        assert_eq!(rank(&Skim::default(), "cr", items.into_iter()).first(), Some(&0));
        assert!(rank(&Skim::default(), "zzz", items.into_iter()).is_empty());
    }
}
