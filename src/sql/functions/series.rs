//! Series: numeric arrays, as `make-series` yields them.

use rusqlite::functions::Context;

use super::bags::array_at;
use super::json::{self, Kind};
use super::value::{Arguments, Output, Scalar, plain};

/// The numbers of an array; `None` within stands for a gap.
fn numbers(json: &str) -> Option<Vec<Option<f64>>> {
    Some(json::elements(json)?.map(number).collect())
}

/// A member as a number; NaN and infinity travel as text.
fn number(json: &str) -> Option<f64> {
    match json::kind(json) {
        Kind::Number => json::number(json),
        Kind::Text => match json::unquote(json).as_ref() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn series_at(context: &Context<'_>, place: usize) -> Option<Vec<Option<f64>>> {
    context.maybe_text(place).and_then(numbers)
}

/// The numbers that are there.
fn present(context: &Context<'_>, place: usize) -> Option<Vec<f64>> {
    Some(series_at(context, place)?.into_iter().flatten().collect())
}

pub(super) fn written(value: Option<f64>) -> String {
    value.map_or_else(|| "null".to_owned(), json::real)
}

/// A series, or a scalar repeated as long as the other side is.
fn sides(context: &Context<'_>) -> Option<Vec<(Option<f64>, Option<f64>)>> {
    let read = |place| {
        let text = context.maybe_text(place)?;
        Some(numbers(text).map_or_else(|| (None, number(text)), |series| (Some(series), None)))
    };
    let ((left, left_scalar), (right, right_scalar)) = (read(0)?, read(1)?);
    let length = left.as_ref().map_or(0, Vec::len).max(right.as_ref().map_or(0, Vec::len));
    let member = |series: &Option<Vec<Option<f64>>>, scalar: Option<f64>, at: usize| match series {
        Some(series) => series.get(at).copied().flatten(),
        None => scalar,
    };
    Some((0..length).map(|at| (member(&left, left_scalar, at), member(&right, right_scalar, at))).collect())
}

/// Whole numbers stay whole where the operation keeps them so.
fn combined(context: &Context<'_>, operation: fn(f64, f64) -> f64) -> Output {
    let whole = [0, 1].iter().all(|place| {
        context
            .maybe_text(*place)
            .is_some_and(|text| !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E' | b'"')))
    });
    let write = |value: f64| {
        if whole && value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).to_string() } else { json::real(value) }
    };
    let pairs = sides(context);
    pairs
        .map(|pairs| {
            json::array(pairs.into_iter().map(|(left, right)| match left.zip(right) {
                Some((left, right)) => write(operation(left, right)),
                None => "null".to_owned(),
            }))
        })
        .into()
}

fn divided(context: &Context<'_>) -> Output {
    sides(context)
        .map(|pairs| {
            json::array(
                pairs.into_iter().map(|(left, right)| written(left.zip(right).map(|(left, right)| left / right))),
            )
        })
        .into()
}

fn compared(context: &Context<'_>, holds: fn(f64, f64) -> bool) -> Output {
    sides(context)
        .map(|pairs| {
            json::array(pairs.into_iter().map(|(left, right)| match left.zip(right) {
                Some((left, right)) => holds(left, right).to_string(),
                None => "null".to_owned(),
            }))
        })
        .into()
}

fn each(context: &Context<'_>, function: fn(f64) -> f64) -> Output {
    series_at(context, 0).map(|series| json::array(series.into_iter().map(|one| written(one.map(function))))).into()
}

/// Whether a member is a gap: null, or equal to the placeholder.
fn is_gap(member: &str, placeholder: Option<&str>) -> bool {
    member == "null" || placeholder.is_some_and(|placeholder| json::same(member, placeholder))
}

fn filled<'a>(members: impl Iterator<Item = &'a str>, placeholder: Option<&str>) -> Vec<&'a str> {
    let mut last = None;
    members
        .map(|member| {
            if is_gap(member, placeholder) {
                last.unwrap_or(member)
            } else {
                last = Some(member);
                member
            }
        })
        .collect()
}

fn fill_linear(context: &Context<'_>) -> Option<String> {
    let members = array_at(context, 0)?;
    let placeholder = context.maybe_text(1);
    let fills_edges = context.boolean(2).unwrap_or(true);
    let constant = context.maybe_text(3).unwrap_or("0");
    let known: Vec<(usize, f64)> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| !is_gap(member, placeholder))
        .filter_map(|(place, member)| Some((place, number(member)?)))
        .collect();
    // Between whole numbers only, what is filled in is whole.
    let is_whole = members.iter().all(|member| is_gap(member, placeholder) || member.parse::<i64>().is_ok());
    let written = |value: f64| if is_whole { (value.trunc() as i64).to_string() } else { json::real(value) };
    let filled = members.iter().enumerate().map(|(place, member)| {
        if !is_gap(member, placeholder) {
            return (*member).to_owned();
        }
        let before = known.iter().rev().find(|(at, _)| *at < place);
        let after = known.iter().find(|(at, _)| *at > place);
        match (before, after) {
            (Some((from, low)), Some((to, high))) => {
                let share = (place - from) as f64 / (to - from) as f64;
                written(low + (high - low) * share)
            }
            (Some((_, edge)), None) | (None, Some((_, edge))) if fills_edges => written(*edge),
            (None, None) => constant.to_owned(),
            // What stands at the edges stays.
            _ => (*member).to_owned(),
        }
    });
    Some(json::array(filled))
}

/// `y[n] = Σ b[i] x[n - i]`; a centred filter looks half its length ahead.
fn fir(context: &Context<'_>) -> Option<String> {
    let series: Vec<f64> = series_at(context, 0)?.into_iter().map(|one| one.unwrap_or(0.0)).collect();
    let mut filter = present(context, 1)?;
    // A filter is scaled to sum 1, which is not defined for one with negative values.
    let has_negative = filter.iter().any(|one| *one < 0.0);
    if context.boolean(2).unwrap_or(!has_negative) {
        if has_negative {
            return None;
        }
        let sum: f64 = filter.iter().sum();
        if sum != 0.0 {
            filter.iter_mut().for_each(|one| *one /= sum);
        }
    }
    let ahead = if context.boolean(3).unwrap_or(false) { filter.len() / 2 } else { 0 };
    let values = (0..series.len()).map(|place| {
        filter
            .iter()
            .enumerate()
            .filter_map(|(back, factor)| Some(factor * series.get((place + ahead).checked_sub(back)?)?))
            .sum()
    });
    Some(json::array(values.map(json::real)))
}

/// `a[0] y[n] = Σ b[i] x[n - i] - Σ a[j] y[n - j]`.
fn iir(context: &Context<'_>) -> Option<String> {
    let series: Vec<f64> = series_at(context, 0)?.into_iter().map(|one| one.unwrap_or(0.0)).collect();
    let (forward, back) = (present(context, 1)?, present(context, 2)?);
    let scale = back.first().copied().filter(|first| *first != 0.0)?;
    let mut values: Vec<f64> = Vec::with_capacity(series.len());
    for place in 0..series.len() {
        let fed: f64 = (0_usize..)
            .zip(&forward)
            .filter_map(|(lag, factor)| Some(factor * series.get(place.checked_sub(lag)?)?))
            .sum();
        let kept: f64 = (0_usize..)
            .zip(&back)
            .skip(1)
            .filter_map(|(lag, factor)| Some(factor * values.get(place.checked_sub(lag)?)?))
            .sum();
        values.push((fed - kept) / scale);
    }
    Some(json::array(values.into_iter().map(json::real)))
}

fn stats(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let ignores = context.boolean(1).unwrap_or(false);
    if !ignores && series.iter().any(|one| !one.is_some_and(f64::is_finite)) {
        return None;
    }
    let series: Vec<Option<f64>> = series.into_iter().map(|one| one.filter(|value| value.is_finite())).collect();
    let known: Vec<(usize, f64)> =
        series.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).collect();
    let count = known.len() as f64;
    let sum: f64 = known.iter().map(|(_, value)| value).sum();
    let average = sum / count;
    let squares: f64 = known.iter().map(|(_, value)| (value - average).powi(2)).sum();
    let variance = if known.len() > 1 { squares / (count - 1.0) } else { 0.0 };
    let least = known.iter().copied().reduce(|best, next| if next.1 < best.1 { next } else { best })?;
    let greatest = known.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    Some(format!(
        "{{\"min\":{},\"min_idx\":{},\"max\":{},\"max_idx\":{},\"avg\":{},\"stdev\":{},\"variance\":{},\"sum\":{},\"len\":{}}}",
        json::real(least.1),
        least.0,
        json::real(greatest.1),
        greatest.0,
        json::real(average),
        json::real(variance.sqrt()),
        json::real(variance),
        json::real(sum),
        series.len(),
    ))
}

/// A straight line through values at places `from`, `from + 1`, ….
pub(super) struct Line {
    slope: f64,
    intercept: f64,
    /// Sum of squared distances from the line.
    residual: f64,
    /// Sum of squared distances from the mean.
    total: f64,
    count: f64,
}

pub(super) fn line(values: &[f64]) -> Line {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let average = values.iter().sum::<f64>() / count;
    let places = || (0_u32..).map(f64::from);
    let spread: f64 = places().take(values.len()).map(|place| (place - middle).powi(2)).sum();
    let product: f64 = places().zip(values).map(|(place, value)| (place - middle) * (value - average)).sum();
    let slope = if spread == 0.0 { 0.0 } else { product / spread };
    let intercept = average - slope * middle;
    let residual = places().zip(values).map(|(place, value)| (value - intercept - slope * place).powi(2)).sum();
    let total = values.iter().map(|value| (value - average).powi(2)).sum();
    Line { slope, intercept, residual, total, count }
}

impl Line {
    fn r_square(&self) -> f64 {
        if self.total == 0.0 { 1.0 } else { 1.0 - self.residual / self.total }
    }

    pub(super) fn at(&self, count: usize) -> impl Iterator<Item = f64> {
        let (slope, intercept) = (self.slope, self.intercept);
        (0_u32..).take(count).map(move |place| intercept + slope * f64::from(place))
    }

    fn over_degrees(&self, sum: f64, lost: f64) -> f64 {
        if self.count > lost { sum / (self.count - lost) } else { 0.0 }
    }

    fn bag(&self, fitted: &str) -> String {
        format!(
            "{{\"rsquare\":{},\"slope\":{},\"variance\":{},\"rvariance\":{},\"interception\":{},\"line_fit\":{fitted}}}",
            json::real(self.r_square()),
            json::real(self.slope),
            json::real(self.over_degrees(self.total, 1.0)),
            json::real(self.over_degrees(self.residual, 1.0)),
            // The line's value one place before the series, as the service counts places from 1.
            json::real(self.intercept - self.slope),
        )
    }
}

fn fit_line(context: &Context<'_>) -> Option<String> {
    let values = present(context, 0).filter(|values| !values.is_empty())?;
    let fitted = line(&values);
    Some(fitted.bag(&json::array(fitted.at(values.len()).map(json::real))))
}

/// Two lines that together leave the least residual.
fn fit_2lines(context: &Context<'_>) -> Option<String> {
    let values = present(context, 0).filter(|values| values.len() > 3)?;
    let whole = line(&values);
    let (split, left, right) = (2..=values.len() - 2)
        .filter_map(|split| {
            let (before, after) = values.split_at_checked(split)?;
            Some((split, line(before), line(after)))
        })
        .min_by(|one, other| (one.1.residual + one.2.residual).total_cmp(&(other.1.residual + other.2.residual)))?;
    let residual = left.residual + right.residual;
    let r_square = if whole.total == 0.0 { 1.0 } else { 1.0 - residual / whole.total };
    let fitted = left.at(split).chain(right.at(values.len() - split));
    Some(format!(
        "{{\"rsquare\":{},\"split_idx\":{split},\"variance\":{},\"rvariance\":{},\"line_fit\":{},\"right\":{},\"left\":{}}}",
        json::real(r_square),
        json::real(whole.over_degrees(whole.total, 1.0)),
        json::real(whole.over_degrees(residual, 1.0)),
        json::array(fitted.map(json::real)),
        right.bag(&json::array(right.at(values.len() - split).map(json::real))),
        left.bag(&json::array(left.at(split).map(json::real))),
    ))
}

/// A percentile between two members, interpolated.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)? as f64);
    let low = sorted.get(place.floor() as usize)?;
    let high = sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

/// Tukey's fences: how many multiples of the spread between two percentiles each member lies outside them.
pub(super) fn scores(series: &[Option<f64>], low: f64, high: f64) -> Option<Vec<Option<f64>>> {
    let mut sorted: Vec<f64> = series.iter().copied().flatten().collect();
    sorted.sort_by(f64::total_cmp);
    let low = quantile(&sorted, low / 100.0)?;
    let high = quantile(&sorted, high / 100.0)?;
    let spread = high - low;
    let score = |value: f64| {
        // Without a spread, whatever lies outside is infinitely far: an outlier of a flat series is not lost.
        if value > high {
            (value - high) / spread
        } else if value < low {
            (value - low) / spread
        } else {
            0.0
        }
    };
    Some(series.iter().map(|one| one.map(score)).collect())
}

fn outliers(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let is_classic = context.maybe_text(1).is_some_and(|kind| json::unquote(kind).eq_ignore_ascii_case("tukey"));
    let (low, high) = if is_classic { (25.0, 75.0) } else { (10.0, 90.0) };
    let scores = scores(&series, context.real(3).unwrap_or(low), context.real(4).unwrap_or(high))?;
    Some(json::array(scores.into_iter().map(written)))
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// Of two series, or of a series and a number.
fn dot_product(context: &Context<'_>) -> Option<f64> {
    let pairs = sides(context).filter(|pairs| !pairs.is_empty())?;
    Some(pairs.into_iter().filter_map(|(left, right)| Some(left? * right?)).sum())
}

fn magnitude(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

pub(super) fn both(context: &Context<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
    present(context, 0).zip(present(context, 1))
}

fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let centred = |values: &[f64]| {
        let average = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - average).collect::<Vec<f64>>()
    };
    let (left, right) = (centred(left), centred(right));
    dot(&left, &right) / (dot(&left, &left) * dot(&right, &right)).sqrt()
}

fn bit(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("series_add", |context| combined(context, |left, right| left + right)),
    plain("series_subtract", |context| combined(context, |left, right| left - right)),
    plain("series_multiply", |context| combined(context, |left, right| left * right)),
    plain("series_pow", |context| combined(context, f64::powf)),
    plain("series_divide", divided),
    plain("series_equals", |context| compared(context, |left, right| left == right)),
    plain("series_not_equals", |context| compared(context, |left, right| left != right)),
    plain("series_greater", |context| compared(context, |left, right| left > right)),
    plain("series_greater_equals", |context| compared(context, |left, right| left >= right)),
    plain("series_less", |context| compared(context, |left, right| left < right)),
    plain("series_less_equals", |context| compared(context, |left, right| left <= right)),
    plain("series_abs", |context| each(context, f64::abs)),
    plain("series_sign", |context| each(context, |value| bit(value > 0.0) - bit(value < 0.0))),
    plain("series_exp", |context| each(context, f64::exp)),
    plain("series_log", |context| each(context, f64::ln)),
    plain("series_sin", |context| each(context, f64::sin)),
    plain("series_cos", |context| each(context, f64::cos)),
    plain("series_tan", |context| each(context, f64::tan)),
    plain("series_asin", |context| each(context, f64::asin)),
    plain("series_acos", |context| each(context, f64::acos)),
    plain("series_atan", |context| each(context, f64::atan)),
    plain("series_floor", |context| each(context, f64::floor)),
    plain("series_ceiling", |context| each(context, f64::ceil)),
    plain("series_sum", |context| {
        present(context, 0).map(|values| values.iter().fold(0.0, |sum, one| sum + one)).into()
    }),
    plain("series_product", |context| present(context, 0).map(|values| values.iter().product::<f64>()).into()),
    plain("series_dot_product", |context| dot_product(context).into()),
    plain("series_magnitude", |context| present(context, 0).map(|values| magnitude(&values)).into()),
    plain("series_cosine_similarity", |context| {
        both(context).map(|(left, right)| dot(&left, &right) / (magnitude(&left) * magnitude(&right))).into()
    }),
    plain("series_pearson_correlation", |context| both(context).map(|(left, right)| correlation(&left, &right)).into()),
    plain("series_fill_const", |context| {
        let constant = context.maybe_text(1).unwrap_or("null");
        let placeholder = context.maybe_text(2);
        let members = array_at(context, 0);
        members
            .map(|all| json::array(all.into_iter().map(|one| if is_gap(one, placeholder) { constant } else { one })))
            .into()
    }),
    plain("series_fill_forward", |context| {
        array_at(context, 0).map(|all| json::array(filled(all.into_iter(), context.maybe_text(1)))).into()
    }),
    plain("series_fill_backward", |context| {
        array_at(context, 0)
            .map(|all| json::array(filled(all.into_iter().rev(), context.maybe_text(1)).into_iter().rev()))
            .into()
    }),
    plain("series_fill_linear", |context| fill_linear(context).into()),
    plain("series_fir", |context| fir(context).into()),
    plain("series_iir", |context| iir(context).into()),
    plain("series_stats_dynamic", |context| stats(context).into()),
    plain("series_fit_line_dynamic", |context| fit_line(context).into()),
    plain("series_fit_2lines_dynamic", |context| fit_2lines(context).into()),
    plain("series_outliers", |context| outliers(context).into()),
];
