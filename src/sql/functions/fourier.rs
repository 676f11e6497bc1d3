//! The Fourier transform of a series, and back.
//!
//! Each frequency is summed up as it is defined: exact for every length, and the series of rules are short.

use rusqlite::functions::Context;

use super::json;
use super::series::series_at;
use super::value::{Output, Scalar, plain};

/// The longest series that is transformed: the time grows with the square of the length.
const MOST_MEMBERS: usize = 16_384;

/// A complex series; without imaginary parts they are 0. `None` where a part is no array of numbers as long as the other.
fn complex_series(context: &Context<'_>) -> Option<Vec<(f64, f64)>> {
    let real: Vec<f64> = series_at(context, 0)?.into_iter().collect::<Option<_>>()?;
    let imaginary: Vec<f64> = match context.len() {
        1 => vec![0.0; real.len()],
        _ => series_at(context, 1)?.into_iter().collect::<Option<_>>()?,
    };
    (real.len() == imaginary.len() && real.len() <= MOST_MEMBERS).then(|| real.into_iter().zip(imaginary).collect())
}

/// `way` is -1 for the transform and 1 for its inverse, which is divided by the length.
fn transformed(series: &[(f64, f64)], way: f64) -> Vec<(f64, f64)> {
    let length = series.len();
    let turns: Vec<(f64, f64)> = (0..length)
        .map(|place| {
            let (sine, cosine) = (std::f64::consts::TAU * place as f64 / length as f64).sin_cos();
            (cosine, way * sine)
        })
        .collect();
    let scale = if way > 0.0 { length as f64 } else { 1.0 };
    (0..length)
        .map(|frequency| {
            let at = (0..length).map(|place| frequency * place % length);
            let (real, imaginary) = series.iter().zip(at).fold((0.0, 0.0), |(real, imaginary), (member, at)| {
                let (cosine, sine) = turns.get(at).copied().unwrap_or((1.0, 0.0));
                (real + member.0 * cosine - member.1 * sine, imaginary + member.0 * sine + member.1 * cosine)
            });
            (real / scale, imaginary / scale)
        })
        .collect()
}

/// A bag of the two parts.
fn parts(context: &Context<'_>, way: f64) -> Output {
    let Some(series) = complex_series(context) else { return Output::Null };
    let (real, imaginary): (Vec<String>, Vec<String>) = transformed(&series, way)
        .into_iter()
        .map(|(real, imaginary)| (json::real(real), json::real(imaginary)))
        .unzip();
    format!("{{\"real\":{},\"imag\":{}}}", json::array(real), json::array(imaginary)).into()
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("series_fft_parts", |context| parts(context, -1.0)),
    plain("series_ifft_parts", |context| parts(context, 1.0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_gives_the_series_again() {
        let series = [(1.0, 0.5), (-2.0, 0.0), (3.5, -1.0), (0.0, 0.0), (7.0, 2.0)];
        let there_and_back = transformed(&transformed(&series, -1.0), 1.0);
        for ((real, imaginary), (wanted_real, wanted_imaginary)) in there_and_back.into_iter().zip(series) {
            assert!((real - wanted_real).abs() < 1e-12 && (imaginary - wanted_imaginary).abs() < 1e-12);
        }
    }
}
