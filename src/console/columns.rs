//! The columns of the list of matches: which there are, how wide, which stay at the left when the others scroll.
//!
//! A column is known by its title, so that filters, sorting and widths survive other columns coming and going. Knows
//! nothing of what stands in a cell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::widgets::table::{Column, Width};

/// What is shown until somebody chooses otherwise, each from this width of the list on.
const STANDARD: [(&str, u16); 7] =
    [("TIME", 0), ("SEV", 0), ("RULE", 0), ("SUBJECT", 0), (NOTE, 60), ("HOST", 110), ("EVT", 46)];
pub const NOTE: &str = "NOTE";
/// An output column of a rule, before it is widened.
const OUTPUT_WIDTH: u16 = 18;
const NARROWEST: u16 = 3;
const WIDEST: u16 = 200;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchColumns {
    /// The columns somebody chose, in their order; the standard ones otherwise.
    picked: Option<Vec<String>>,
    widths: BTreeMap<String, u16>,
    /// So many stay at the left.
    pub frozen: usize,
    /// The first of the others that is on screen.
    left: usize,
}

impl MatchColumns {
    /// The titles of all columns that are shown, some of them perhaps to the right of the screen.
    pub fn titles(&self, width: u16, has_notes: bool) -> Vec<&str> {
        match &self.picked {
            Some(picked) => picked.iter().map(String::as_str).collect(),
            None => {
                let standard = STANDARD.iter().filter(|(title, from)| width >= *from && (has_notes || *title != NOTE));
                standard.map(|(title, _)| *title).collect()
            }
        }
    }

    /// Every column there is to choose from: the list's own, then the output columns of the rules.
    pub fn all<'a>(outputs: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let mut all: Vec<&str> = STANDARD.iter().map(|(title, _)| *title).collect();
        for output in outputs {
            if !all.contains(&output) {
                all.push(output);
            }
        }
        all
    }

    /// Shows a column, as the last, or leaves it out; one at least stays.
    pub fn toggle(&mut self, title: &str, shown: &[&str]) {
        let mut picked: Vec<String> = shown.iter().map(|title| (*title).to_owned()).collect();
        match picked.iter().position(|other| other == title) {
            Some(_) if picked.len() == 1 => return,
            Some(place) => {
                picked.remove(place);
                self.frozen = self.frozen.min(place);
            }
            None => picked.push(title.to_owned()),
        }
        self.picked = Some(picked);
    }

    pub fn reset(&mut self) {
        *self = Self::default();
    }

    pub fn widen(&mut self, title: &str, now: u16, by: i16) {
        self.widths.insert(title.to_owned(), now.saturating_add_signed(by).clamp(NARROWEST, WIDEST));
    }

    /// Keeps the columns up to this place at the left; again lets them go.
    pub fn freeze(&mut self, place: usize) -> usize {
        let wanted = place.saturating_add(1);
        self.frozen = if self.frozen == wanted { 0 } else { wanted };
        self.left = 0;
        self.frozen
    }

    /// The column of a title, as wide as somebody made it.
    pub fn column<'a>(&self, title: &'a str, time_width: u16) -> Column<'a> {
        let column = match title {
            "TIME" => Column::fixed(title, time_width),
            "SEV" => Column::fixed(title, 4),
            "RULE" => Column::share(title, 12, 4),
            "SUBJECT" => Column::share(title, 12, 6),
            NOTE => Column::share(title, 8, 3),
            "HOST" => Column::share(title, 8, 2),
            "EVT" => Column::number(title, 3),
            _ => Column::fixed(title, OUTPUT_WIDTH),
        };
        match self.widths.get(title) {
            Some(width) => Column { width: Width::Fixed(*width), ..column },
            None => column,
        }
    }

    /// The places of the columns that are on screen: all of them where they fit at their narrowest, else the frozen
    /// ones and what fits of the others from `left` on.
    pub fn on_screen(&self, columns: &[Column<'_>], width: u16) -> Vec<usize> {
        self.fitting(columns, width, self.left).into_iter().map(|(place, _)| place).collect()
    }

    /// The places on screen where `left` is the first of the columns that scroll, and whether each has its room.
    fn fitting(&self, columns: &[Column<'_>], width: u16, left: usize) -> Vec<(usize, bool)> {
        let left = left.max(self.frozen);
        let mut used = 2usize;
        let mut result = Vec::new();
        let needed: usize = columns.iter().map(|column| least(column).saturating_add(1)).sum();
        let fits = needed <= usize::from(width);
        for (place, column) in columns.iter().enumerate() {
            if !fits && place >= self.frozen && place < left {
                continue;
            }
            if used >= usize::from(width) {
                break;
            }
            used = used.saturating_add(least(column));
            result.push((place, used <= usize::from(width)));
            used = used.saturating_add(1);
        }
        result
    }

    /// The first of the columns that scroll, so that the chosen one is on screen.
    pub fn left_for(&self, columns: &[Column<'_>], width: u16, chosen: usize) -> usize {
        let left = self.left.max(self.frozen).min(columns.len());
        if chosen < self.frozen {
            return left;
        }
        let mut left = left.min(chosen);
        while left < chosen && !self.fitting(columns, width, left).contains(&(chosen, true)) {
            left = left.saturating_add(1);
        }
        left
    }

    pub const fn scroll_to(&mut self, left: usize) {
        self.left = left;
    }
}

fn least(column: &Column<'_>) -> usize {
    usize::from(match column.width {
        Width::Fixed(width) => width,
        Width::Share { minimum, .. } => minimum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_come_and_go_and_one_stays() {
        let mut columns = MatchColumns::default();
        assert_eq!(columns.titles(40, true), ["TIME", "SEV", "RULE", "SUBJECT"]);
        assert_eq!(columns.titles(120, false).last(), Some(&"EVT"));
        columns.toggle("FileName", &["TIME", "SEV"]);
        assert_eq!(columns.titles(40, true), ["TIME", "SEV", "FileName"]);
        columns.toggle("SEV", &["SEV"]);
        assert_eq!(columns.titles(40, true), ["TIME", "SEV", "FileName"]);
        columns.reset();
        assert_eq!(columns, MatchColumns::default());
        assert_eq!(MatchColumns::all(["FileName", "TIME"].into_iter()).last(), Some(&"FileName"));
    }

    proptest! {
        #[test]
        fn the_chosen_column_is_on_screen_and_frozen_ones_stay(
            count in 1usize..12, frozen in 0usize..4, chosen in 0usize..12, width in 0u16..160,
        ) {
            let titles: Vec<String> = (0..count).map(|place| format!("C{place}")).collect();
            let mut state = MatchColumns { frozen: frozen.min(count), ..MatchColumns::default() };
            let plain = MatchColumns::default();
            let columns: Vec<Column<'_>> = titles.iter().map(|title| plain.column(title, 8)).collect();
            let chosen = chosen.min(count - 1);
            let left = state.left_for(&columns, width, chosen);
            state.scroll_to(left);
            let shown = state.on_screen(&columns, width);
            let room = usize::from(width).saturating_sub(2) / usize::from(OUTPUT_WIDTH + 1);
            if room > state.frozen {
                prop_assert!(shown.contains(&chosen), "{shown:?}");
                prop_assert!((0..state.frozen).all(|place| shown.contains(&place)), "{shown:?}");
            }
        }
    }
}
