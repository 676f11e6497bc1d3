//! Distributions: the error function, beta, and the test that compares two means.

use rusqlite::functions::Context;

use super::math::lanczos;
use super::value::{Arguments, Output, Scalar, plain};

/// The least that stands for nothing in a continued fraction.
const TINY: f64 = 1e-300;

/// Terms after which a series or a fraction has not converged and never will.
const MOST_TERMS: usize = 10_000;

/// The area under the bell up to `value`: its series where that converges fast, else what the tail leaves.
pub(super) fn error_function(value: f64) -> f64 {
    if value.is_nan() {
        return value;
    }
    if value.abs() > 2.0 {
        return value.signum() * (1.0 - tail(value.abs()));
    }
    let square = 2.0 * value * value;
    let (mut term, mut sum) = (value, value);
    for place in 1..MOST_TERMS {
        term *= square / (2.0 * place as f64 + 1.0);
        sum += term;
        if term.abs() <= sum.abs() * f64::EPSILON / 4.0 {
            break;
        }
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-value * value).exp() * sum
}

/// What the error function leaves to 1, exact to the last digits where that is little.
pub(super) fn complement(value: f64) -> f64 {
    if value > 2.0 { tail(value) } else { 1.0 - error_function(value) }
}

/// The complement of a value above 2, by its continued fraction (from the far end).
fn tail(value: f64) -> f64 {
    const DEPTH: i32 = 200;
    let fraction = (1..=DEPTH).rev().fold(0.0, |below, place| f64::from(place) / 2.0 / (value + below));
    (-value * value).exp() / (value + fraction) * std::f64::consts::FRAC_2_SQRT_PI / 2.0
}

/// The logarithm of the beta function.
fn ln_beta(alpha: f64, beta: f64) -> f64 {
    lanczos(alpha) + lanczos(beta) - lanczos(alpha + beta)
}

/// The regularised incomplete beta function, for a value from 0 to 1.
fn incomplete_beta(value: f64, alpha: f64, beta: f64) -> f64 {
    if value <= 0.0 || value >= 1.0 {
        return if value <= 0.0 { 0.0 } else { 1.0 };
    }
    // The fraction converges fast on one side of the mean; the other side is its mirror image.
    if value > (alpha + 1.0) / (alpha + beta + 2.0) {
        return 1.0 - incomplete_beta_fraction(1.0 - value, beta, alpha);
    }
    incomplete_beta_fraction(value, alpha, beta)
}

/// Lentz's evaluation of the continued fraction.
fn incomplete_beta_fraction(value: f64, alpha: f64, beta: f64) -> f64 {
    let front = (alpha * value.ln() + beta * (-value).ln_1p() - ln_beta(alpha, beta)).exp() / alpha;
    let held = |number: f64| if number.abs() < TINY { TINY } else { number };
    let (mut numerator, mut denominator) = (1.0, 1.0 / held(1.0 - (alpha + beta) * value / (alpha + 1.0)));
    let mut fraction = denominator;
    for place in 1..MOST_TERMS {
        let step = place as f64;
        let even = step * (beta - step) * value / ((alpha + 2.0 * step - 1.0) * (alpha + 2.0 * step));
        let odd = -(alpha + step) * (alpha + beta + step) * value / ((alpha + 2.0 * step) * (alpha + 2.0 * step + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = 1.0 / held(1.0 + coefficient * denominator);
            numerator = held(1.0 + coefficient / numerator);
            change = denominator * numerator;
            fraction *= change;
        }
        if (change - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    front * fraction
}

fn beta_cdf(value: f64, alpha: f64, beta: f64) -> f64 {
    let is_shape = |shape: f64| shape > 0.0 && shape <= 10_000.0;
    if !(0.0..=1.0).contains(&value) || !is_shape(alpha) || !is_shape(beta) {
        return f64::NAN;
    }
    incomplete_beta(value, alpha, beta)
}

fn beta_pdf(value: f64, alpha: f64, beta: f64) -> f64 {
    if value <= 0.0 || value >= 1.0 || alpha <= 0.0 || beta <= 0.0 {
        return f64::NAN;
    }
    ((alpha - 1.0) * value.ln() + (beta - 1.0) * (-value).ln_1p() - ln_beta(alpha, beta)).exp()
}

/// How likely two samples differ so much in their means by chance: mean, variance and count of each.
fn welch_test(context: &Context<'_>) -> Option<f64> {
    let spread = |place: usize| {
        let (mean, variance, count) = (context.real(place)?, context.real(place + 1)?, context.real(place + 2)?);
        Some((mean, variance / count, count))
    };
    let ((first, first_error, first_count), (second, second_error, second_count)) = (spread(0)?, spread(3)?);
    let error = first_error + second_error;
    let square = (first - second).powi(2) / error;
    let freedom =
        error.powi(2) / (first_error.powi(2) / (first_count - 1.0) + second_error.powi(2) / (second_count - 1.0));
    Some(incomplete_beta(freedom / (freedom + square), freedom / 2.0, 0.5))
}

fn three(context: &Context<'_>, function: fn(f64, f64, f64) -> f64) -> Output {
    let arguments = (context.real(0), context.real(1), context.real(2));
    let (Some(value), Some(alpha), Some(beta)) = arguments else { return Output::Null };
    function(value, alpha, beta).into()
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("erf", |context| context.real(0).map(error_function).into()),
    plain("erfc", |context| context.real(0).map(complement).into()),
    plain("beta_cdf", |context| three(context, beta_cdf)),
    plain("beta_pdf", |context| three(context, beta_pdf)),
    plain("welch_test", |context| welch_test(context).into()),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() <= wanted.abs() * 1e-13, "{found} is not {wanted}");
    }

    #[test]
    fn agrees_with_published_tables() {
        near(error_function(0.5), 0.520_499_877_813_046_5);
        near(error_function(-1.0), -0.842_700_792_949_714_9);
        near(error_function(2.5), 0.999_593_047_982_555);
        near(complement(0.5), 0.479_500_122_186_953_5);
        near(complement(3.0), 2.209_049_699_858_544e-5);
        near(complement(-3.0), 1.999_977_909_503_001_4);
        near(beta_pdf(0.5, 10.0, 20.0), 0.746_176_019_310_951);
        near(beta_cdf(0.5, 2.0, 3.0), 0.6875);
        near(beta_cdf(0.9, 10.0, 20.0), 0.999_999_999_999_959);
    }
}
