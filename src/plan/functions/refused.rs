//! Functions that the service has and this engine does not compute: they exist, so a message must not deny it.
//!
//! Names from the list of scalar and aggregation functions of the Kusto reference.

/// Names, and what to write instead where there is anything.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["tdigest", "tdigest_merge", "merge_tdigest", "tdigest_if"],
        "digests are the service's own estimates; percentile() is exact here",
    ),
    (
        &["percentile_tdigest", "percentile_array_tdigest", "percentrank_tdigest", "rank_tdigest"],
        "percentile() and percentiles_array() answer from the rows themselves",
    ),
    (&["hash_combine", "hash_many"], "hash(strcat_delim(…)) is as good a key, though another value"),
    (&["gzip_compress_to_base64_string", "zlib_compress_to_base64_string"], ""),
    (&["beta_inv"], "beta_cdf() is there, whose inverse it is"),
    (
        &[
            "convert_angle",
            "convert_energy",
            "convert_force",
            "convert_length",
            "convert_mass",
            "convert_speed",
            "convert_temperature",
            "convert_volume",
        ],
        "multiply by the factor",
    ),
    (
        &[
            "geo_angle",
            "geo_azimuth",
            "geo_closest_point_on_line",
            "geo_closest_point_on_polygon",
            "geo_distance_point_to_line",
            "geo_distance_point_to_polygon",
            "geo_from_wkt",
            "geo_geohash_neighbors",
            "geo_geohash_to_central_point",
            "geo_geohash_to_polygon",
            "geo_h3cell_children",
            "geo_h3cell_level",
            "geo_h3cell_neighbors",
            "geo_h3cell_parent",
            "geo_h3cell_rings",
            "geo_h3cell_to_central_point",
            "geo_h3cell_to_polygon",
            "geo_intersection_2lines",
            "geo_intersection_2polygons",
            "geo_intersection_line_with_polygon",
            "geo_intersects_2lines",
            "geo_intersects_2polygons",
            "geo_intersects_line_with_polygon",
            "geo_line_buffer",
            "geo_line_centroid",
            "geo_line_densify",
            "geo_line_interpolate_point",
            "geo_line_length",
            "geo_line_locate_point",
            "geo_line_simplify",
            "geo_line_to_s2cells",
            "geo_point_buffer",
            "geo_point_in_polygon",
            "geo_point_to_geohash",
            "geo_point_to_h3cell",
            "geo_point_to_s2cell",
            "geo_polygon_area",
            "geo_polygon_buffer",
            "geo_polygon_centroid",
            "geo_polygon_densify",
            "geo_polygon_perimeter",
            "geo_polygon_simplify",
            "geo_polygon_to_h3cells",
            "geo_polygon_to_s2cells",
            "geo_s2cell_neighbors",
            "geo_s2cell_to_central_point",
            "geo_s2cell_to_polygon",
            "geo_simplify_polygons_array",
            "geo_union_lines_array",
            "geo_union_polygons_array",
        ],
        "geo_distance_2points() and geo_point_in_circle() answer what rules ask of places",
    ),
    (&["current_principal", "current_principal_details", "current_principal_is_member_of"], "nobody is signed in here"),
    (&["extent_id", "extent_tags"], "a store has no extents"),
    (&["current_cluster_endpoint", "current_database"], "there is no service here"),
    (&["cursor_after", "materialized_view_age"], "a store has neither cursors nor materialized views"),
    (&["estimate_data_size"], ""),
    (&["datetime_list_timezones"], ""),
];

/// What to write instead of a function of the service that is not computed here, which may be nothing; `None` where
/// the service has no such function, or the registry has it.
pub fn refused(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, instead)| *instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_in_the_registry() {
        for name in REFUSED.iter().flat_map(|(names, _)| *names) {
            assert!(super::super::find(name).is_none(), "{name} is computed");
        }
    }
}
