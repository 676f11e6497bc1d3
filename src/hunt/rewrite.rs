//! Changing a rule's text: units off, rows narrowed, stages added; and finding the way back from a place in the
//! changed text to the rule as written.
//!
//! The text and not the tree is changed, so that what was not touched stays as its author wrote it, comments and all.

use crate::kql::span::Span;

/// Puts `replacement` in the place of `span`; an empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
}

impl Edit {
    pub fn replace(span: Span, replacement: impl Into<String>) -> Self {
        Self { span, replacement: replacement.into() }
    }

    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), text)
    }
}

/// A changed text that knows where its pieces come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rewritten {
    pub text: String,
    /// In the order of the text: the place in it, and what of the source stands there. Replacements stand for the
    /// span they replaced.
    pieces: Vec<(Span, Span)>,
}

impl Rewritten {
    /// The part `range` of `source` with the edits that lie in it. Edits inside a replaced span are gone with it.
    pub fn of(source: &str, range: Span, edits: &[Edit]) -> Self {
        let mut rewritten = Self::default();
        rewritten.append(source, range, edits);
        rewritten
    }

    pub fn append(&mut self, source: &str, range: Span, edits: &[Edit]) {
        let mut edits: Vec<&Edit> =
            edits.iter().filter(|edit| range.start <= edit.span.start && edit.span.end <= range.end).collect();
        // Stable: several insertions at one place keep their order.
        edits.sort_by_key(|edit| (edit.span.start, std::cmp::Reverse(edit.span.end)));
        let mut at = range.start;
        for edit in edits {
            if edit.span.start < at {
                continue;
            }
            let before = Span::new(at, edit.span.start);
            self.push(before.slice(source), before);
            self.push(&edit.replacement, edit.span);
            at = edit.span.end;
        }
        let rest = Span::new(at, range.end);
        self.push(rest.slice(source), rest);
    }

    /// Adds text that stands for the place `at` of the source.
    pub fn push_text(&mut self, text: &str, at: usize) {
        self.push(text, Span::new(at, at));
    }

    fn push(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push((Span::new(start, self.text.len()), source));
    }

    /// Where a place of the changed text comes from.
    pub fn to_source(&self, span: Span) -> Span {
        let place = |offset: usize, is_end: bool| {
            let piece = self.pieces.iter().find(|(here, _)| {
                if is_end {
                    here.start < offset && offset <= here.end
                } else {
                    here.start <= offset && offset < here.end
                }
            });
            match piece.or_else(|| self.pieces.last()) {
                // A piece as long as its source is the source, or stands for it well enough.
                Some((here, source)) if here.end - here.start == source.end - source.start => {
                    source.start + offset.saturating_sub(here.start).min(source.end - source.start)
                }
                Some((_, source)) if is_end => source.end,
                Some((_, source)) => source.start,
                None => 0,
            }
        };
        let start = place(span.start, false);
        let end = if span.is_empty() { start } else { place(span.end, true) };
        Span::new(start, end.max(start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SOURCE: &str = "T | where a == 1 | where b";

    #[test]
    fn what_is_not_touched_maps_back_to_itself() {
        let unit = Span::new(10, 16);
        assert_eq!(unit.slice(SOURCE), "a == 1");
        let edits = [Edit::replace(unit, "true"), Edit::insert(SOURCE.len(), "\n| where not(c)")];
        let rewritten = Rewritten::of(SOURCE, Span::new(0, SOURCE.len()), &edits);
        assert_eq!(rewritten.text, "T | where true | where b\n| where not(c)");
        let b = rewritten.text.find('b').unwrap();
        assert_eq!(rewritten.to_source(Span::new(b, b + 1)).slice(SOURCE), "b");
        let replaced = rewritten.text.find("true").unwrap();
        assert_eq!(rewritten.to_source(Span::new(replaced, replaced + 4)), unit);
        let added = rewritten.text.find('c').unwrap();
        assert_eq!(rewritten.to_source(Span::new(added, added + 1)), Span::new(SOURCE.len(), SOURCE.len()));
    }

    #[test]
    fn an_edit_inside_a_replaced_span_is_gone() {
        let edits = [Edit::replace(Span::new(14, 15), "2"), Edit::replace(Span::new(10, 16), "true")];
        assert_eq!(Rewritten::of(SOURCE, Span::new(0, 16), &edits).text, "T | where true");
    }

    proptest! {
        #[test]
        fn every_place_maps_into_the_source(
            edits in prop::collection::vec((0usize..26, 0usize..6, "[xyz]{0,3}"), 0..6),
            place in 0usize..60,
            length in 0usize..8,
        ) {
            let edits: Vec<Edit> = edits
                .into_iter()
                .map(|(start, length, text)| Edit::replace(Span::new(start, (start + length).min(SOURCE.len())), text))
                .collect();
            let rewritten = Rewritten::of(SOURCE, Span::new(0, SOURCE.len()), &edits);
            let back = rewritten.to_source(Span::new(place, place + length));
            prop_assert!(back.start <= back.end && back.end <= SOURCE.len());
            let none = Rewritten::of(SOURCE, Span::new(0, SOURCE.len()), &[]);
            let inside = Span::new(place.min(20), place.min(20) + length.min(6));
            prop_assert_eq!(none.to_source(inside), inside);
        }
    }
}
