//! Taking a series apart into a trend, a season and what neither explains, as `series_decompose` and its kin do.
//!
//! The steps are those of the documentation: the trend is learnt (mean, line or none), the season is the median of
//! each place in the period of what the trend leaves, the baseline is both together. The service's own detection of a
//! period is not published: here it is the lag of the highest peak of the autocorrelation, and the binder says so.

use rusqlite::functions::Context;

use super::json;
use super::series::{both, line, scores, series_at, written};
use super::value::{Arguments, Scalar, plain};

type Series = Vec<Option<f64>>;

/// What is asked of a decomposition.
struct Plan<'a> {
    /// Bins of a period; 0 for none, -1 to find one.
    period: i64,
    trend: &'a str,
    /// Values at the end that are not learnt from.
    test_points: usize,
    /// How much of itself a series must repeat to have a period.
    threshold: f64,
}

struct Parts {
    baseline: Vec<f64>,
    seasonal: Vec<f64>,
    trend: Vec<f64>,
    residual: Series,
}

fn text_at(context: &Context<'_>, place: usize, default: &'static str) -> String {
    context.maybe_text(place).map_or_else(|| default.to_owned(), |text| json::plain_text(text).to_lowercase())
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some((values.get(values.len() / 2 - 1)? + upper) / 2.0)
}

fn decompose(series: &[Option<f64>], plan: &Plan<'_>) -> Option<Parts> {
    let learnt = series.get(..series.len().checked_sub(plan.test_points)?)?;
    let known: Vec<f64> = learnt.iter().copied().flatten().collect();
    if known.is_empty() {
        return None;
    }
    let trend: Vec<f64> = match plan.trend {
        "none" => vec![0.0; series.len()],
        "linefit" => line(&known).at(series.len()).collect(),
        "avg" => vec![known.iter().sum::<f64>() / known.len() as f64; series.len()],
        _ => return None,
    };
    let left: Series = learnt.iter().zip(&trend).map(|(value, trend)| value.map(|value| value - trend)).collect();
    let period = match usize::try_from(plan.period) {
        Ok(period) => (period > 0).then_some(period),
        Err(_) => {
            let values: Vec<f64> = left.iter().map(|one| one.unwrap_or(0.0)).collect();
            best_period(&values, 2, values.len() / 2).filter(|(_, score)| *score >= plan.threshold).map(|(lag, _)| lag)
        }
    };
    let seasonal = match period {
        Some(period) => season(&left, period, series.len()),
        None => vec![0.0; series.len()],
    };
    let baseline: Vec<f64> = trend.iter().zip(&seasonal).map(|(trend, seasonal)| trend + seasonal).collect();
    let residual = series.iter().zip(&baseline).map(|(value, base)| value.map(|value| value - base)).collect();
    Some(Parts { baseline, seasonal, trend, residual })
}

/// The median at each place of the period, over `length` places.
fn season(values: &[Option<f64>], period: usize, length: usize) -> Vec<f64> {
    let places: Vec<f64> = (0..period)
        .map(|place| {
            let mut found: Vec<f64> = values.iter().skip(place).step_by(period).copied().flatten().collect();
            median(&mut found).unwrap_or(0.0)
        })
        .collect();
    places.iter().copied().cycle().take(length).collect()
}

/// The share of a series that repeats after `lag` places, between -1 and 1.
fn repetition(values: &[f64], lag: usize) -> f64 {
    let average = values.iter().sum::<f64>() / values.len() as f64;
    let spread: f64 = values.iter().map(|one| (one - average).powi(2)).sum();
    let pairs = values.len().saturating_sub(lag);
    if spread == 0.0 || pairs == 0 {
        return 0.0;
    }
    let shared: f64 =
        values.iter().zip(values.iter().skip(lag)).map(|(one, other)| (one - average) * (other - average)).sum();
    // Fewer pairs at longer lags must not count against them.
    shared / spread * (values.len() as f64 / pairs as f64)
}

/// The lag within the bounds at which the autocorrelation has its highest peak, and how high it is.
fn best_period(values: &[f64], least: usize, most: usize) -> Option<(usize, f64)> {
    peaks(values, least, most).into_iter().next()
}

/// The peaks of the autocorrelation, highest first; of equals the shorter lag.
fn peaks(values: &[f64], least: usize, most: usize) -> Vec<(usize, f64)> {
    let least = least.max(2);
    let mut found: Vec<(usize, f64)> = (least..=most.min(values.len() / 2))
        .map(|lag| (lag, repetition(values, lag)))
        .filter(|(lag, score)| {
            *score > 0.0 && *score >= repetition(values, lag - 1) && *score >= repetition(values, lag + 1)
        })
        .map(|(lag, score)| (lag, score.min(1.0)))
        .collect();
    found.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    found
}

fn reals(values: &[f64]) -> String {
    json::array(values.iter().map(|one| json::real(*one)))
}

/// `(series, period, trend, test points, threshold)`.
fn plain_parts(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let trend = text_at(context, 2, "avg");
    let parts = decompose(
        &series,
        &Plan {
            period: context.integer(1).unwrap_or(-1),
            trend: &trend,
            test_points: context.integer(3).and_then(|points| usize::try_from(points).ok()).unwrap_or(0),
            threshold: context.real(4).unwrap_or(0.6),
        },
    )?;
    Some(format!(
        "{{\"baseline\":{},\"seasonal\":{},\"trend\":{},\"residual\":{}}}",
        reals(&parts.baseline),
        reals(&parts.seasonal),
        reals(&parts.trend),
        json::array(parts.residual.into_iter().map(written)),
    ))
}

/// `(series, threshold, period, trend, test points, method, seasonality threshold)`.
fn anomalies(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let limit = context.real(1).unwrap_or(1.5);
    let trend = text_at(context, 3, "avg");
    let is_classic = text_at(context, 5, "ctukey") == "tukey";
    let parts = decompose(
        &series,
        &Plan {
            period: context.integer(2).unwrap_or(-1),
            trend: &trend,
            test_points: context.integer(4).and_then(|points| usize::try_from(points).ok()).unwrap_or(0),
            threshold: context.real(6).unwrap_or(0.6),
        },
    )?;
    let (low, high) = if is_classic { (25.0, 75.0) } else { (10.0, 90.0) };
    let scores = scores(&parts.residual, low, high)?;
    let flags = scores.iter().map(|score| match score {
        Some(score) if *score > limit => "1",
        Some(score) if *score < -limit => "-1",
        Some(_) => "0",
        None => "null",
    });
    Some(format!(
        "{{\"ad_flag\":{},\"ad_score\":{},\"baseline\":{}}}",
        json::array(flags),
        json::array(scores.iter().copied().map(written)),
        reals(&parts.baseline),
    ))
}

/// `(series, points, period, trend, seasonality threshold)`: the baseline, learnt without the last points.
fn forecast(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let trend = text_at(context, 3, "linefit");
    let parts = decompose(
        &series,
        &Plan {
            period: context.integer(2).unwrap_or(-1),
            trend: &trend,
            test_points: usize::try_from(context.integer(1)?).ok()?,
            threshold: context.real(4).unwrap_or(0.6),
        },
    )?;
    Some(reals(&parts.baseline))
}

/// `(series, period, test points)`: the season of the series as it is.
fn seasonal(context: &Context<'_>) -> Option<String> {
    let series = series_at(context, 0)?;
    let points = context.integer(2).and_then(|points| usize::try_from(points).ok()).unwrap_or(0);
    let learnt = series.get(..series.len().checked_sub(points)?)?;
    let period = match context.integer(1).map(usize::try_from) {
        Some(Ok(period)) if period > 0 => period,
        _ => {
            let values: Vec<f64> = learnt.iter().map(|one| one.unwrap_or(0.0)).collect();
            best_period(&values, 2, values.len() / 2)?.0
        }
    };
    Some(reals(&season(learnt, period, series.len())))
}

/// `(series, periods…)`: how well each period explains the series.
fn validate(context: &Context<'_>) -> Option<String> {
    let values: Vec<f64> = series_at(context, 0)?.into_iter().map(|one| one.unwrap_or(0.0)).collect();
    let periods: Vec<f64> = (1..context.len()).filter_map(|place| context.real(place)).collect();
    let scores: Vec<f64> =
        periods.iter().map(|period| repetition(&values, period.round() as usize).clamp(0.0, 1.0)).collect();
    Some(format!("{{\"periods\":{},\"scores\":{}}}", reals(&periods), reals(&scores)))
}

/// `(series, shortest, longest, how many)`.
fn detect(context: &Context<'_>) -> Option<String> {
    let values: Vec<f64> = series_at(context, 0)?.into_iter().map(|one| one.unwrap_or(0.0)).collect();
    let bound = |place| context.real(place).map_or(0, |bound| bound.max(0.0) as usize);
    let count = context.integer(3).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let mut found = peaks(&values, bound(1), bound(2));
    found.resize(count, (0, 0.0));
    let (periods, scores): (Vec<f64>, Vec<f64>) = found.into_iter().map(|(lag, score)| (lag as f64, score)).unzip();
    Some(format!("{{\"periods\":{},\"scores\":{}}}", reals(&periods), reals(&scores)))
}

/// The polynomial of least squares, by Gaussian elimination of the normal equations.
fn fit_poly(context: &Context<'_>) -> Option<String> {
    // The values come first, then their places.
    let has_places = context.maybe_text(1).is_some_and(|text| text.starts_with('['));
    let (y, x) = if has_places {
        both(context)?
    } else {
        let y: Vec<f64> = series_at(context, 0)?.into_iter().flatten().collect();
        let places = (1..=y.len()).map(|place| place as f64).collect();
        (y, places)
    };
    let degree = match (has_places, context.len()) {
        (true, 3) => context.integer(2)?,
        (false, 2) => context.integer(1)?,
        _ => 1,
    };
    let degree = usize::try_from(degree).ok().filter(|degree| (1..=5).contains(degree))?;
    let size = degree + 1;
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|row| {
            let power = |exponent: usize| x.iter().map(|x| x.powi(exponent as i32)).sum::<f64>();
            let right = x.iter().zip(&y).map(|(x, y)| x.powi(row as i32) * y).sum();
            (0..size).map(|column| power(row + column)).chain([right]).collect()
        })
        .collect();
    for pivot in 0..size {
        let best = (pivot..size).max_by(|one, other| {
            let at = |row: &usize| rows.get(*row).and_then(|row| row.get(pivot)).map_or(0.0, |value| value.abs());
            at(one).total_cmp(&at(other))
        })?;
        rows.swap(pivot, best);
        let lead = rows.get(pivot)?.clone();
        let head = *lead.get(pivot)?;
        if head == 0.0 {
            return None;
        }
        for (at, row) in rows.iter_mut().enumerate() {
            if at != pivot {
                let factor = row.get(pivot).copied()? / head;
                row.iter_mut().zip(&lead).for_each(|(value, lead)| *value -= factor * lead);
            }
        }
    }
    let coefficients: Vec<f64> =
        rows.iter().enumerate().map(|(at, row)| Some(row.last()? / row.get(at)?)).collect::<Option<_>>()?;
    let fitted: Vec<f64> = x
        .iter()
        .map(|x| coefficients.iter().zip(0..).map(|(factor, exponent)| factor * x.powi(exponent)).sum())
        .collect();
    let average = y.iter().sum::<f64>() / y.len() as f64;
    let total: f64 = y.iter().map(|y| (y - average).powi(2)).sum();
    let residual: f64 = y.iter().zip(&fitted).map(|(y, fitted)| (y - fitted).powi(2)).sum();
    let freedom = |lost: usize| (y.len().saturating_sub(lost)).max(1) as f64;
    // Highest power first, as the service writes them.
    let highest_first: Vec<f64> = coefficients.into_iter().rev().collect();
    Some(format!(
        "{{\"rsquare\":{},\"coefficients\":{},\"variance\":{},\"rvariance\":{},\"poly_fit\":{}}}",
        json::real(if total == 0.0 { 1.0 } else { 1.0 - residual / total }),
        reals(&highest_first),
        json::real(total / freedom(1)),
        json::real(residual / freedom(1)),
        reals(&fitted),
    ))
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("series_decompose_parts", |context| plain_parts(context).into()),
    plain("series_decompose_anomalies_parts", |context| anomalies(context).into()),
    plain("series_decompose_forecast", |context| forecast(context).into()),
    plain("series_seasonal", |context| seasonal(context).into()),
    plain("series_periods_detect_parts", |context| detect(context).into()),
    plain("series_periods_validate_parts", |context| validate(context).into()),
    plain("series_fit_poly_parts", |context| fit_poly(context).into()),
];
