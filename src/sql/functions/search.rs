//! Finding a needle in text: the term operators, `contains` and its kin, and equality without regard to case.
//!
//! Case folds by the simple upper-case mapping, as .NET's ordinal comparison does (ı and ſ stay themselves), so
//! an ASCII needle matches ASCII bytes only and can be searched for as bytes.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

/// Folds a character for comparison.
pub fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    if matches!(character, 'ı' | 'ſ') {
        return character;
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

/// A text folded for comparison.
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(fold).collect() }
}

/// Whether two texts differ in case at most.
pub fn equal_ci(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(fold).eq(right.chars().map(fold))
}

/// What to look for.
#[derive(Debug)]
pub struct Needle {
    text: String,
    is_ascii: bool,
    opens_with_term: bool,
    closes_with_term: bool,
}

impl Needle {
    pub fn new(text: &str) -> Self {
        Self {
            is_ascii: text.is_ascii(),
            opens_with_term: text.chars().next().is_some_and(char::is_alphanumeric),
            closes_with_term: text.chars().next_back().is_some_and(char::is_alphanumeric),
            text: text.to_owned(),
        }
    }

    fn find_from(&self, haystack: &str, from: usize, case_sensitive: bool) -> Option<(usize, usize)> {
        let rest = haystack.get(from..)?;
        if case_sensitive {
            return rest.find(&self.text).map(|at| (from + at, from + at + self.text.len()));
        }
        if self.is_ascii {
            let bytes = rest.as_bytes();
            let Some(first) = self.text.as_bytes().first() else { return Some((from, from)) };
            let length = self.text.len();
            return memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes)
                .find(|at| {
                    bytes.get(*at..*at + length).is_some_and(|slice| slice.eq_ignore_ascii_case(self.text.as_bytes()))
                })
                .map(|at| (from + at, from + at + length));
        }
        rest.char_indices().find_map(|(at, _)| {
            let tail = rest.get(at..)?;
            prefix_length(tail, &self.text).map(|length| (from + at, from + at + length))
        })
    }

    /// Whether the needle occurs, with the edges of a term where they are asked for and the needle has one there.
    fn occurs(&self, haystack: &str, case_sensitive: bool, left_edge: bool, right_edge: bool) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let mut from = 0;
        while let Some((start, end)) = self.find_from(haystack, from, case_sensitive) {
            if (!left_edge || self.stands_left(haystack, start)) && (!right_edge || self.stands_right(haystack, end)) {
                return true;
            }
            from = start + haystack.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        }
        false
    }

    fn stands_left(&self, haystack: &str, start: usize) -> bool {
        !self.opens_with_term
            || !haystack.get(..start).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric)
    }

    fn stands_right(&self, haystack: &str, end: usize) -> bool {
        !self.closes_with_term
            || !haystack.get(end..).and_then(|after| after.chars().next()).is_some_and(char::is_alphanumeric)
    }

    /// Whether the text holds the needle as whole terms. The needle's own edges decide where a term must end.
    pub fn is_had_by(&self, haystack: &str) -> bool {
        self.occurs(haystack, false, true, true)
    }
}

/// How many bytes at the start of `text` match `prefix`, case aside.
fn prefix_length(text: &str, prefix: &str) -> Option<usize> {
    let mut characters = text.chars();
    for wanted in prefix.chars() {
        if fold(characters.next()?) != fold(wanted) {
            return None;
        }
    }
    Some(text.len() - characters.as_str().len())
}

/// The string predicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicate {
    Equal,
    Has,
    HasPrefix,
    HasSuffix,
    Contains,
    StartsWith,
    EndsWith,
}

impl Predicate {
    pub fn holds(self, haystack: &str, needle: &Needle, case_sensitive: bool) -> bool {
        let text = needle.text.as_str();
        match self {
            Self::Equal if case_sensitive => haystack == text,
            Self::Equal => equal_ci(haystack, text),
            Self::Has => needle.occurs(haystack, case_sensitive, true, true),
            Self::HasPrefix => needle.occurs(haystack, case_sensitive, true, false),
            Self::HasSuffix => needle.occurs(haystack, case_sensitive, false, true),
            Self::Contains => needle.occurs(haystack, case_sensitive, false, false),
            Self::StartsWith if case_sensitive => haystack.starts_with(text),
            Self::StartsWith if needle.is_ascii => {
                haystack.as_bytes().get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
            }
            Self::StartsWith => prefix_length(haystack, text).is_some(),
            Self::EndsWith if case_sensitive => haystack.ends_with(text),
            Self::EndsWith if needle.is_ascii => haystack
                .len()
                .checked_sub(text.len())
                .and_then(|at| haystack.as_bytes().get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(text.as_bytes())),
            Self::EndsWith => {
                let count = text.chars().count();
                let Some(skipped) = haystack.chars().count().checked_sub(count) else { return false };
                haystack.chars().skip(skipped).map(fold).eq(text.chars().map(fold))
            }
        }
    }
}

/// Many needles at once.
#[derive(Debug)]
pub struct Needles {
    needles: Vec<Needle>,
    /// Over the ASCII needles, where there are enough of them; `places` leads back to `needles`.
    automaton: Option<AhoCorasick>,
    places: Vec<usize>,
    others: Vec<usize>,
}

/// Below this, looking for one needle after the other is faster than an automaton.
const MANY: usize = 4;

impl Needles {
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let needles: Vec<Needle> = texts.into_iter().map(|text| Needle::new(text.as_ref())).collect();
        let (places, others): (Vec<usize>, Vec<usize>) = (0..needles.len())
            .partition(|place| needles.get(*place).is_some_and(|needle| needle.is_ascii && !needle.text.is_empty()));
        let automaton = (places.len() >= MANY)
            .then(|| {
                AhoCorasickBuilder::new()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::Standard)
                    .build(places.iter().filter_map(|place| needles.get(*place)).map(|needle| needle.text.as_bytes()))
                    .ok()
            })
            .flatten();
        let others = if automaton.is_some() { others } else { (0..needles.len()).collect() };
        Self { needles, automaton, places, others }
    }

    /// Whether the text holds one of the needles as terms.
    pub fn any_is_had_by(&self, haystack: &str) -> bool {
        let by_automaton = self.automaton.as_ref().is_some_and(|automaton| {
            automaton.find_overlapping_iter(haystack).any(|found| {
                let needle = self.places.get(found.pattern().as_usize()).and_then(|place| self.needles.get(*place));
                needle.is_some_and(|needle| {
                    needle.stands_left(haystack, found.start()) && needle.stands_right(haystack, found.end())
                })
            })
        });
        by_automaton
            || self.others.iter().filter_map(|place| self.needles.get(*place)).any(|one| one.is_had_by(haystack))
    }

    /// Whether the text holds every needle as terms.
    pub fn all_are_had_by(&self, haystack: &str) -> bool {
        self.needles.iter().all(|needle| needle.is_had_by(haystack))
    }

    /// The place of the first needle that the text holds as terms.
    pub fn first_had_by(&self, haystack: &str) -> Option<usize> {
        self.needles.iter().position(|needle| needle.is_had_by(haystack))
    }

    /// Whether the text is one of the needles, case aside.
    pub fn holds_ci(&self, text: &str) -> bool {
        self.needles.iter().any(|needle| equal_ci(text, &needle.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has(haystack: &str, needle: &str) -> bool {
        Needle::new(needle).is_had_by(haystack)
    }

    #[test]
    fn terms_end_at_the_needles_own_edges() {
        for (haystack, needle, expected) in [
            ("host.contoso.com", ".", true),
            ("xcmd cmd", "cmd", true),
            ("foo_bar", "foo", true),
            ("x4688", "4688", false),
            ("a \\MSSQL\\b", "\\MSSQL\\", true),
            ("powershell  iex", "powershell iex", false),
            ("x-enc y", "-enc", true),
            ("-encoded", "-enc", false),
            ("", "", true),
            ("ПриветМир", "привет", false),
            ("МИР привет", "ПРИВЕТ", true),
            ("CAFÉ RÉSUMÉ", "café", true),
        ] {
            assert_eq!(has(haystack, needle), expected, "{haystack} has {needle}");
        }
    }

    #[test]
    fn case_folds_beyond_ascii() {
        assert!(equal_ci("Straße", "sTRAße"));
        assert!(!equal_ci("STRASSE", "straße"));
        assert!(!equal_ci("ſ", "s"));
        assert!(!equal_ci("ı", "I"));
        assert!(!equal_ci("\u{212a}", "k"));
        assert!(Predicate::EndsWith.holds("aÉ", &Needle::new("é"), false));
        assert!(!Predicate::EndsWith.holds("b", &Needle::new("ab"), false));
    }

    proptest! {
        #[test]
        fn an_automaton_finds_what_single_searches_find(
            haystack in "[a-cé. ]{0,20}",
            needles in prop::collection::vec("[a-cé.]{0,3}", 0..8),
        ) {
            let all = Needles::new(&needles);
            prop_assert_eq!(all.any_is_had_by(&haystack), needles.iter().any(|one| has(&haystack, one)));
        }
    }
}
