//! Places on the globe: what impossible-travel rules need. The globe is the service's, a sphere of 6,371,010 m.

use super::parameter::REAL;
use super::{FunctionRow, of};
use crate::schema::ScalarType::{Bool, Real};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "geo_distance_2points",
        &[of("geo_distance_2points", &[REAL, REAL, REAL, REAL], Real)],
        "Metres between two points, each longitude and latitude; null where one lies outside the globe.",
    ),
    FunctionRow::scalar(
        "geo_point_in_circle",
        &[of("geo_point_in_circle", &[REAL, REAL, REAL, REAL, REAL], Bool)],
        "Whether a point lies within so many metres of another; null where one lies outside the globe, or the radius is below 0.",
    ),
];
