//! What the analyst says about an import.

use std::num::NonZeroUsize;

use super::time::Reading;

/// What the analyst says about an import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Paths to leave out: `*` and `?` stand for any characters, a pattern may begin after any `/`.
    pub exclude: Vec<String>,
    /// A table of the analyst's own that takes all rows.
    pub table: Option<String>,
    /// How dates are read that can be read two ways, or name no zone.
    pub reading: Reading,
    /// Threads that read; as many as there are cores if nothing is said.
    pub threads: Option<NonZeroUsize>,
}

/// Whether a path fits a pattern, whole or from after one of its separators on.
pub fn fits(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.replace('\\', "/").chars().collect();
    let path = path.replace('\\', "/");
    let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
    starts.filter_map(|at| path.get(at..)).any(|part| glob(&pattern, &part.chars().collect::<Vec<_>>()))
}

/// Whether a text is a pattern rather than a name.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Linear but for the last star, to which it goes back.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut at, mut star, mut from) = (0, None, 0);
    let mut place = 0;
    while let Some(character) = text.get(place) {
        match pattern.get(at) {
            Some('*') => {
                star = Some(at);
                from = place;
                at += 1;
            }
            Some(wanted) if wanted == character || *wanted == '?' => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some(star) = star else { return false };
                from += 1;
                place = from;
                at = star + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_from_any_folder_on() {
        assert!(fits("*.evtx", "a/b/Security.evtx"));
        assert!(fits("old/*", "case/old/x/y.evtx"));
        assert!(fits("case?", "case1"));
        assert!(!fits("*.evtx", "a/b.evtx.txt"));
        assert!(!fits("b.evtx", "ab.evtx"));
        assert!(fits("a*b*c", "axxbxxbc"));
    }
}
