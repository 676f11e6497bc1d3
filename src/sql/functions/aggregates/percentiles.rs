//! Percentiles, plain and weighted, of whole numbers and of reals.

use std::cmp::Ordering;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rusqlite::functions::Context;

use super::Accumulator;
use crate::sql::functions::json;
use crate::sql::functions::value::{Arguments, Output};

/// What percentiles are taken of.
pub(super) trait Ranked: Copy + Send + UnwindSafe + RefUnwindSafe + Into<Output> {
    fn read(context: &Context<'_>) -> Option<Self>;
    fn order(&self, other: &Self) -> Ordering;
    fn json(self) -> String;
}

impl Ranked for f64 {
    fn read(context: &Context<'_>) -> Option<Self> {
        context.real(0)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.total_cmp(other)
    }

    fn json(self) -> String {
        json::real(self)
    }
}

impl Ranked for i64 {
    fn read(context: &Context<'_>) -> Option<Self> {
        context.integer(0)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }

    fn json(self) -> String {
        self.to_string()
    }
}

/// The values of a group and how often each counts: once, unless `WEIGHTED`.
struct Values<T, const WEIGHTED: bool>(Vec<(T, i64)>);

impl<T, const WEIGHTED: bool> Default for Values<T, WEIGHTED> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ranked, const WEIGHTED: bool> Values<T, WEIGHTED> {
    /// Where the ranks begin among the arguments.
    const RANKS: usize = if WEIGHTED { 2 } else { 1 };

    fn take(&mut self, context: &Context<'_>) {
        let weight = if WEIGHTED { context.integer(1) } else { Some(1) };
        self.0.extend(T::read(context).zip(weight).filter(|(_, weight)| *weight > 0));
    }

    fn sort(&mut self) {
        self.0.sort_by(|left, right| left.0.order(&right.0));
    }

    /// The value of the nearest rank, or where the running weight reaches the percentage of all weight.
    fn at(&self, percent: f64) -> Option<T> {
        let share = percent.clamp(0.0, 100.0) / 100.0;
        if !WEIGHTED {
            let place = (share * self.0.len() as f64).ceil() as usize;
            return self.0.get(place.saturating_sub(1)).map(|(value, _)| *value);
        }
        let wanted = share * self.0.iter().map(|(_, weight)| *weight as f64).sum::<f64>();
        let mut running = 0.0;
        let reached = self.0.iter().find(|(_, weight)| {
            running += *weight as f64;
            running >= wanted
        });
        reached.map(|(value, _)| *value)
    }
}

pub(super) struct Percentile<T, const WEIGHTED: bool> {
    values: Values<T, WEIGHTED>,
    percent: f64,
}

impl<T, const WEIGHTED: bool> Default for Percentile<T, WEIGHTED> {
    fn default() -> Self {
        Self { values: Values::default(), percent: 50.0 }
    }
}

impl<T: Ranked, const WEIGHTED: bool> Accumulator for Percentile<T, WEIGHTED> {
    fn take(&mut self, context: &Context<'_>) {
        self.values.take(context);
        self.percent = context.real(Values::<T, WEIGHTED>::RANKS).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort();
        self.values.at(self.percent).map_or(Output::Null, Into::into)
    }
}

/// An array of percentiles; their ranks are given one by one, or as an array.
pub(super) struct Percentiles<T, const WEIGHTED: bool> {
    values: Values<T, WEIGHTED>,
    percents: Vec<f64>,
}

impl<T, const WEIGHTED: bool> Default for Percentiles<T, WEIGHTED> {
    fn default() -> Self {
        Self { values: Values::default(), percents: Vec::new() }
    }
}

impl<T: Ranked, const WEIGHTED: bool> Accumulator for Percentiles<T, WEIGHTED> {
    fn take(&mut self, context: &Context<'_>) {
        self.values.take(context);
        if self.percents.is_empty() {
            for place in Values::<T, WEIGHTED>::RANKS..context.len() {
                match context.maybe_text(place).and_then(json::elements) {
                    Some(elements) => self.percents.extend(elements.filter_map(json::number)),
                    None => self.percents.extend(context.real(place)),
                }
            }
        }
    }

    fn finish(mut self) -> Output {
        self.values.sort();
        let found = self
            .percents
            .iter()
            .map(|percent| self.values.at(*percent).map_or_else(|| "null".to_owned(), Ranked::json));
        json::array(found).into()
    }
}
