//! The timeline on the screen: which buckets are asked for, the cursor among them, the stretch that is chosen.
//!
//! Knows nothing of drawing, nor of how events are counted.

use super::state::MatchRow;
use super::widgets::table::TableState;
use crate::hunt::matches::Severity;
use crate::hunt::moments::Moment;
use crate::hunt::timeline::{TimeRange, Timeline, coarser, finer};

/// What a timeline is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// What the store is about, in at most so many buckets.
    Whole { buckets: usize },
    /// So many buckets of one width from a time on.
    Part { from: i64, width: i64, buckets: usize },
}

/// The matches of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bar {
    pub count: u64,
    pub worst: Severity,
}

#[derive(Debug, Default)]
pub struct TimelineView {
    pub shown: Option<Timeline>,
    /// The answer came, whatever it was.
    pub is_known: bool,
    pub asked: Option<Window>,
    /// What the store is about.
    whole: Option<TimeRange>,
    /// The first bucket and the width of a part that was zoomed to.
    zoom: Option<(i64, i64)>,
    /// A time within the bucket of the cursor.
    pub cursor: Option<i64>,
    /// Where a stretch that is being chosen begins.
    pub anchor: Option<i64>,
    /// The stretch that matches and events are limited to.
    pub range: Option<TimeRange>,
    /// The clock goes where the cursor goes.
    pub scrubbing: bool,
    /// The matches that all filters but the stretch of time keep.
    pub rows: Vec<MatchRow>,
    pub bars: Vec<Bar>,
    /// Matches that no bucket holds.
    pub unplaced: u64,
    /// The matches of the cursor's bucket.
    pub here: Vec<MatchRow>,
    pub moments_asked: Option<TimeRange>,
    /// The kinds of events in a stretch, which is the cursor's bucket once the answer is there.
    pub moments: Option<(TimeRange, Vec<Moment>)>,
    pub table: TableState,
}

impl TimelineView {
    /// The place of the cursor's bucket.
    pub fn place(&self) -> Option<usize> {
        self.shown.as_ref()?.place(self.cursor?)
    }

    /// The time of the cursor's bucket.
    pub fn bucket(&self) -> Option<TimeRange> {
        self.shown.as_ref()?.bucket(self.place()?)
    }

    /// The stretch between the anchor and the cursor, both buckets whole.
    pub fn selection(&self) -> Option<TimeRange> {
        let shown = self.shown.as_ref()?;
        let anchor = self.anchor?;
        // The anchor's bucket may lie outside of what is shown by now.
        let from = anchor.div_euclid(shown.width).saturating_mul(shown.width);
        let anchor = TimeRange { from, until: from.saturating_add(shown.width) };
        let here = self.bucket()?;
        Some(TimeRange { from: anchor.from.min(here.from), until: anchor.until.max(here.until) })
    }

    /// The kinds of events of the cursor's bucket, where they are known.
    pub fn moments_here(&self) -> Option<&[Moment]> {
        let (range, moments) = self.moments.as_ref()?;
        (self.moments_asked == Some(*range)).then_some(moments.as_slice())
    }

    /// What is to be asked for where so many columns are to be filled. A part that was zoomed to follows the cursor.
    pub fn window(&mut self, columns: usize) -> Window {
        let columns = columns.max(1);
        let (Some((from, width)), Some(cursor)) = (self.zoom, self.cursor) else {
            return Window::Whole { buckets: columns };
        };
        let length = width.saturating_mul(i64::try_from(columns).unwrap_or(i64::MAX));
        let from = if cursor >= from && cursor < from.saturating_add(length) {
            from
        } else {
            self.around(cursor, width, length)
        };
        self.zoom = Some((from, width));
        Window::Part { from, width, buckets: columns }
    }

    /// The start of a part with the cursor in its middle, or nearer to an end of the whole; at the border of a bucket.
    fn around(&self, cursor: i64, width: i64, length: i64) -> i64 {
        let border = |time: i64| time.div_euclid(width).saturating_mul(width);
        let middle = cursor.saturating_sub(length / 2);
        let from = match self.whole {
            Some(whole) => middle.min(whole.until.saturating_sub(length)).max(whole.from),
            None => middle,
        };
        // A part of few buckets could end at the border before the cursor.
        border(from).max(border(cursor).saturating_add(width).saturating_sub(length))
    }

    pub fn arrived(&mut self, asked: Window, shown: Option<Timeline>) {
        if matches!(asked, Window::Whole { .. }) {
            self.whole = shown.as_ref().map(|timeline| timeline.range);
        }
        self.shown = shown;
        self.is_known = true;
    }

    /// Moves the cursor by buckets, within the whole. Yields whether it moved.
    pub fn step(&mut self, steps: isize) -> bool {
        let Some((shown, whole)) = self.shown.as_ref().zip(self.whole) else { return false };
        let steps = i64::try_from(steps).unwrap_or_default();
        let last = whole.until.saturating_sub(1);
        let before = self.cursor;
        let from = before.unwrap_or(whole.from).div_euclid(shown.width).saturating_mul(shown.width);
        let to = from.saturating_add(steps.saturating_mul(shown.width));
        // Past an end the cursor stays in the bucket it has, where it is.
        let is_inside = to.saturating_add(shown.width) > whole.from && to <= last;
        if is_inside {
            self.cursor = Some(to.max(whole.from));
        }
        self.cursor != before
    }

    /// Narrower buckets around the cursor, or wider ones. Yields whether there are such.
    pub fn zoom(&mut self, closer: bool, columns: usize) -> bool {
        let Some((shown, whole)) = self.shown.as_ref().zip(self.whole) else { return false };
        let cursor = self.cursor.unwrap_or(whole.from);
        let next = if closer { finer(shown.width) } else { coarser(shown.width) };
        let (Some(width), true) = (next, closer || self.zoom.is_some()) else { return false };
        let length = width.saturating_mul(i64::try_from(columns.max(1)).unwrap_or(i64::MAX));
        self.zoom = if length >= whole.until.saturating_sub(whole.from) && !closer {
            None
        } else {
            Some((self.around(cursor, width, length), width))
        };
        self.cursor = Some(cursor);
        true
    }

    pub const fn is_zoomed(&self) -> bool {
        self.zoom.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::timeline::Counts;
    use proptest::prelude::*;

    const MINUTE: i64 = 600_000_000;

    /// What a store of two hours answers.
    fn answer(window: Window) -> Timeline {
        let (from, width, buckets) = match window {
            Window::Whole { .. } => (0, 10 * MINUTE, 12),
            Window::Part { from, width, buckets } => (from, width, buckets),
        };
        let until = from + width * i64::try_from(buckets).unwrap();
        Timeline {
            range: TimeRange { from, until },
            width,
            events: Counts { buckets: vec![1; buckets], ..Counts::default() },
        }
    }

    fn settle(view: &mut TimelineView) {
        let window = view.window(20);
        view.arrived(window, Some(answer(window)));
    }

    #[test]
    fn zooming_keeps_the_cursor_and_comes_back_to_the_whole() {
        let mut view = TimelineView { cursor: Some(65 * MINUTE), ..TimelineView::default() };
        settle(&mut view);
        assert!(!view.zoom(false, 20));
        assert!(view.zoom(true, 20));
        settle(&mut view);
        let shown = view.shown.clone().unwrap();
        assert_eq!((shown.width, view.bucket().map(|bucket| bucket.from)), (5 * MINUTE, Some(65 * MINUTE)));
        assert!(view.is_zoomed() && view.zoom(false, 20));
        settle(&mut view);
        assert_eq!((view.is_zoomed(), view.place()), (false, Some(6)));
    }

    #[test]
    fn a_stretch_is_of_whole_buckets_whichever_end_came_first() {
        let mut view = TimelineView { cursor: Some(65 * MINUTE), ..TimelineView::default() };
        settle(&mut view);
        view.anchor = view.cursor;
        assert_eq!(view.selection(), Some(TimeRange { from: 60 * MINUTE, until: 70 * MINUTE }));
        view.step(-2);
        assert_eq!(view.selection(), Some(TimeRange { from: 40 * MINUTE, until: 70 * MINUTE }));
    }

    proptest! {
        #[test]
        fn the_cursor_always_has_a_bucket(acts in prop::collection::vec((0u8..4, 1usize..40), 0..40)) {
            let mut view = TimelineView { cursor: Some(65 * MINUTE), ..TimelineView::default() };
            settle(&mut view);
            for (act, columns) in acts {
                match act {
                    0 => { view.step(1); }
                    1 => { view.step(-1); }
                    2 => { view.zoom(true, columns); }
                    _ => { view.zoom(false, columns); }
                }
                let window = view.window(columns);
                view.arrived(window, Some(answer(window)));
                prop_assert!(view.bucket().is_some(), "{:?}", view.cursor);
            }
        }
    }
}
