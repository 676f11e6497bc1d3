//! Distances on the globe.

use rusqlite::functions::Context;

use super::value::{Arguments, Scalar, plain};

/// The sphere the service computes on (that of the S2 library), in metres.
const RADIUS: f64 = 6_371_010.0;

/// A point as (longitude, latitude) in radians, where there is such a point.
fn point(context: &Context<'_>, place: usize) -> Option<(f64, f64)> {
    let (longitude, latitude) = (context.real(place)?, context.real(place + 1)?);
    let exists = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
    exists.then(|| (longitude.to_radians(), latitude.to_radians()))
}

fn distance(context: &Context<'_>) -> Option<f64> {
    let ((from_longitude, from_latitude), (to_longitude, to_latitude)) = (point(context, 0)?, point(context, 2)?);
    let half_sine = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let chord = half_sine(from_latitude, to_latitude)
        + from_latitude.cos() * to_latitude.cos() * half_sine(from_longitude, to_longitude);
    Some(2.0 * RADIUS * chord.sqrt().min(1.0).asin())
}

pub(super) static SCALARS: &[Scalar] = &[
    plain("geo_distance_2points", |context| distance(context).into()),
    plain("geo_point_in_circle", |context| {
        let radius = context.real(4).filter(|radius| *radius >= 0.0);
        distance(context).zip(radius).map(|(distance, radius)| distance <= radius).into()
    }),
];
