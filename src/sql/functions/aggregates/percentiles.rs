//! Percentiles, plain and weighted.

use rusqlite::functions::Context;

use super::Accumulator;
use crate::sql::functions::json;
use crate::sql::functions::value::{Arguments, Output};

/// The place of the nearest rank among `count` sorted values.
fn rank(percent: f64, count: usize) -> usize {
    let place = (percent.clamp(0.0, 100.0) / 100.0 * count as f64).ceil() as usize;
    place.saturating_sub(1)
}

#[derive(Default)]
pub(super) struct Percentile {
    values: Vec<f64>,
    percent: f64,
}

impl Accumulator for Percentile {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0));
        self.percent = context.real(1).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(f64::total_cmp);
        self.values.get(rank(self.percent, self.values.len())).copied().into()
    }
}

#[derive(Default)]
pub(super) struct PercentileLong {
    values: Vec<i64>,
    percent: f64,
}

impl Accumulator for PercentileLong {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.integer(0));
        self.percent = context.real(1).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_unstable();
        self.values.get(rank(self.percent, self.values.len())).copied().into()
    }
}

#[derive(Default)]
pub(super) struct PercentilesArray {
    values: Vec<f64>,
    percents: Vec<f64>,
}

impl Accumulator for PercentilesArray {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0));
        if self.percents.is_empty() {
            for place in 1..context.len() {
                match context.maybe_text(place).and_then(json::elements) {
                    Some(elements) => self.percents.extend(elements.filter_map(json::number)),
                    None => self.percents.extend(context.real(place)),
                }
            }
        }
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(f64::total_cmp);
        let found = self.percents.iter().map(|percent| {
            self.values.get(rank(*percent, self.values.len())).map_or_else(|| "null".to_owned(), |one| json::real(*one))
        });
        json::array(found).into()
    }
}

/// The value at which the running weight reaches the percentage of all weight.
fn weighted<T: Copy>(values: &[(T, i64)], percent: f64) -> Option<T> {
    let total: f64 = values.iter().map(|(_, weight)| *weight as f64).sum();
    let wanted = percent.clamp(0.0, 100.0) / 100.0 * total;
    let mut running = 0.0;
    values
        .iter()
        .find(|(_, weight)| {
            running += *weight as f64;
            running >= wanted
        })
        .map(|(value, _)| *value)
}

#[derive(Default)]
pub(super) struct Weighted {
    values: Vec<(f64, i64)>,
    percent: f64,
}

impl Accumulator for Weighted {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0).zip(context.integer(1)).filter(|(_, weight)| *weight > 0));
        self.percent = context.real(2).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(|left, right| left.0.total_cmp(&right.0));
        weighted(&self.values, self.percent).into()
    }
}

#[derive(Default)]
pub(super) struct WeightedLong {
    values: Vec<(i64, i64)>,
    percent: f64,
}

impl Accumulator for WeightedLong {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.integer(0).zip(context.integer(1)).filter(|(_, weight)| *weight > 0));
        self.percent = context.real(2).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_unstable();
        weighted(&self.values, self.percent).into()
    }
}
