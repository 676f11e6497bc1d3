//! Aggregates of numbers: sums, averages, spreads, bits.

use rusqlite::functions::Context;

use super::Accumulator;
use crate::sql::functions::decimal::Decimal;
use crate::sql::functions::value::{Arguments, Output};

#[derive(Default)]
pub(super) struct SumLong(i64);

impl Accumulator for SumLong {
    fn take(&mut self, context: &Context<'_>) {
        self.0 = self.0.wrapping_add(context.integer(0).unwrap_or(0));
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}

#[derive(Default)]
pub(super) struct SumReal(f64);

impl Accumulator for SumReal {
    fn take(&mut self, context: &Context<'_>) {
        self.0 += context.real(0).unwrap_or(0.0);
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}

/// Broken once 128 bits do not hold the sum.
#[derive(Default)]
pub(super) struct SumDecimal {
    sum: Option<Decimal>,
    count: i64,
    is_broken: bool,
}

impl Accumulator for SumDecimal {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0).and_then(Decimal::parse) else { return };
        self.count += 1;
        match self.sum {
            None => self.sum = Some(value),
            Some(sum) => match sum.plus(value) {
                Some(sum) => self.sum = Some(sum),
                None => self.is_broken = true,
            },
        }
    }

    fn finish(self) -> Output {
        if self.is_broken {
            return Output::Null;
        }
        self.sum.map_or_else(|| "0".to_owned(), |sum| sum.to_string()).into()
    }
}

#[derive(Default)]
pub(super) struct AverageLong {
    sum: i64,
    count: i64,
}

impl Accumulator for AverageLong {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.integer(0) {
            self.sum = self.sum.wrapping_add(value);
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        (self.sum as f64 / self.count as f64).into()
    }
}

#[derive(Default)]
pub(super) struct AverageReal {
    sum: f64,
    count: i64,
}

impl Accumulator for AverageReal {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.real(0) {
            self.sum += value;
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        (self.sum / self.count as f64).into()
    }
}

#[derive(Default)]
pub(super) struct AverageDecimal(SumDecimal);

impl Accumulator for AverageDecimal {
    fn take(&mut self, context: &Context<'_>) {
        self.0.take(context);
    }

    fn finish(self) -> Output {
        let count = Decimal::parse(&self.0.count.to_string());
        let average = self.0.sum.filter(|_| !self.0.is_broken).zip(count).and_then(|(sum, count)| sum.over(count));
        average.map(|value| value.to_string()).into()
    }
}

#[derive(Default)]
pub(super) struct AverageTime {
    sum: i128,
    count: i128,
}

impl Accumulator for AverageTime {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.integer(0) {
            self.sum += i128::from(value);
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        self.sum.checked_div(self.count).and_then(|ticks| i64::try_from(ticks).ok()).into()
    }
}

#[derive(Default)]
pub(super) struct ExtremeDecimal<const GREATEST: bool>(Option<Decimal>);

impl<const GREATEST: bool> Accumulator for ExtremeDecimal<GREATEST> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0).and_then(Decimal::parse) else { return };
        if self.0.is_none_or(|best| value.compare(best).is_gt() == GREATEST) {
            self.0 = Some(value);
        }
    }

    fn finish(self) -> Output {
        self.0.map(|value| value.to_string()).into()
    }
}

/// Variance and standard deviation (Welford's recurrence).
#[derive(Default)]
pub(super) struct Spread<const SAMPLE: bool, const ROOT: bool> {
    count: f64,
    mean: f64,
    squares: f64,
}

impl<const SAMPLE: bool, const ROOT: bool> Accumulator for Spread<SAMPLE, ROOT> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.real(0) else { return };
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn finish(self) -> Output {
        // Of one value, and of none, as summarize has it without rows.
        let variance =
            if self.count <= 1.0 { 0.0 } else { self.squares / if SAMPLE { self.count - 1.0 } else { self.count } };
        (if ROOT { variance.sqrt() } else { variance }).into()
    }
}

#[derive(Default)]
pub(super) struct Covariance<const SAMPLE: bool> {
    count: f64,
    left: f64,
    right: f64,
    products: f64,
}

impl<const SAMPLE: bool> Accumulator for Covariance<SAMPLE> {
    fn take(&mut self, context: &Context<'_>) {
        let Some((left, right)) = context.real(0).zip(context.real(1)) else { return };
        self.count += 1.0;
        let distance = left - self.left;
        self.left += distance / self.count;
        self.right += (right - self.right) / self.count;
        self.products += distance * (right - self.right);
    }

    fn finish(self) -> Output {
        if self.count <= 1.0 {
            return (if self.count == 0.0 { f64::NAN } else { 0.0 }).into();
        }
        (self.products / if SAMPLE { self.count - 1.0 } else { self.count }).into()
    }
}

/// `OPERATION`: 0 and, 1 or, 2 exclusive or.
#[derive(Default)]
pub(super) struct Bits<const OPERATION: u8>(Option<i64>);

impl<const OPERATION: u8> Accumulator for Bits<OPERATION> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.integer(0) else { return };
        self.0 = Some(self.0.map_or(value, |so_far| match OPERATION {
            0 => so_far & value,
            1 => so_far | value,
            _ => so_far ^ value,
        }));
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}
