//! Series: numeric arrays as `make-series` yields them. A member that is no number is a gap (null).

use super::parameter::{BOOL, BOXED, DYNAMIC, LONG, REAL, STRING};
use super::{FunctionRow, of};
use crate::schema::ScalarType::{Dynamic, Real};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "series_add",
        &[of("series_add", &[DYNAMIC, BOXED], Dynamic), of("series_add", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_subtract",
        &[of("series_subtract", &[DYNAMIC, BOXED], Dynamic), of("series_subtract", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_multiply",
        &[of("series_multiply", &[DYNAMIC, BOXED], Dynamic), of("series_multiply", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_divide",
        &[of("series_divide", &[DYNAMIC, BOXED], Dynamic), of("series_divide", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member, as real.",
    ),
    FunctionRow::scalar(
        "series_pow",
        &[of("series_pow", &[DYNAMIC, BOXED], Dynamic), of("series_pow", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_equals",
        &[of("series_equals", &[DYNAMIC, BOXED], Dynamic), of("series_equals", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_not_equals",
        &[of("series_not_equals", &[DYNAMIC, BOXED], Dynamic), of("series_not_equals", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_greater",
        &[of("series_greater", &[DYNAMIC, BOXED], Dynamic), of("series_greater", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_greater_equals",
        &[
            of("series_greater_equals", &[DYNAMIC, BOXED], Dynamic),
            of("series_greater_equals", &[BOXED, DYNAMIC], Dynamic),
        ],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_less",
        &[of("series_less", &[DYNAMIC, BOXED], Dynamic), of("series_less", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar(
        "series_less_equals",
        &[of("series_less_equals", &[DYNAMIC, BOXED], Dynamic), of("series_less_equals", &[BOXED, DYNAMIC], Dynamic)],
        "Member by member.",
    ),
    FunctionRow::scalar("series_abs", &[of("series_abs", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_sign", &[of("series_sign", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_exp", &[of("series_exp", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_log", &[of("series_log", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_sin", &[of("series_sin", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_cos", &[of("series_cos", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_tan", &[of("series_tan", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_floor", &[of("series_floor", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_ceiling", &[of("series_ceiling", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_sum", &[of("series_sum", &[DYNAMIC], Real)], "Sum of the numbers."),
    FunctionRow::scalar("series_product", &[of("series_product", &[DYNAMIC], Real)], "Product of the numbers."),
    FunctionRow::scalar(
        "series_dot_product",
        &[of("series_dot_product", &[BOXED, BOXED], Real)],
        "Sum of the products.",
    ),
    FunctionRow::scalar("series_magnitude", &[of("series_magnitude", &[DYNAMIC], Real)], "Root of the sum of squares."),
    FunctionRow::scalar(
        "series_cosine_similarity",
        &[of("series_cosine_similarity", &[DYNAMIC, DYNAMIC], Real)],
        "Cosine of the angle between two series.",
    ),
    FunctionRow::scalar(
        "series_pearson_correlation",
        &[of("series_pearson_correlation", &[DYNAMIC, DYNAMIC], Real)],
        "Pearson's correlation.",
    ),
    FunctionRow::scalar(
        "series_fill_const",
        &[of("series_fill_const", &[DYNAMIC, BOXED, BOXED], Dynamic).optional(1)],
        "Gaps (null, or the given placeholder) take a value.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_fill_forward",
        &[of("series_fill_forward", &[DYNAMIC, BOXED], Dynamic).optional(1)],
        "Gaps take the value before them.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_fill_backward",
        &[of("series_fill_backward", &[DYNAMIC, BOXED], Dynamic).optional(1)],
        "Gaps take the value after them.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_fill_linear",
        &[of("series_fill_linear", &[DYNAMIC, BOXED, BOOL, BOXED], Dynamic).optional(3)],
        "Gaps are interpolated; the edges take the nearest value.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_fir",
        &[of("series_fir", &[DYNAMIC, DYNAMIC, BOOL, BOOL], Dynamic).optional(2)],
        "A finite impulse response filter; before the start the series counts as 0.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_iir",
        &[of("series_iir", &[DYNAMIC, DYNAMIC, DYNAMIC], Dynamic)],
        "An infinite impulse response filter.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "series_stats_dynamic",
        &[of("series_stats_dynamic", &[DYNAMIC, BOOL], Dynamic).optional(1)],
        "A bag: min, min_idx, max, max_idx, avg, stdev, variance, sum, len.",
    ),
    FunctionRow::scalar(
        "series_stats",
        &[of("series_stats_dynamic", &[DYNAMIC, BOOL], Dynamic).optional(1)],
        "Seven columns, of `series_stats_dynamic`.",
    ),
    FunctionRow::scalar(
        "series_fit_line_dynamic",
        &[of("series_fit_line_dynamic", &[DYNAMIC], Dynamic)],
        "A bag: rsquare, slope, variance, rvariance, interception, line_fit.",
    ),
    FunctionRow::scalar(
        "series_fit_line",
        &[of("series_fit_line_dynamic", &[DYNAMIC], Dynamic)],
        "Six columns, of `series_fit_line_dynamic`.",
    ),
    FunctionRow::scalar(
        "series_fit_2lines_dynamic",
        &[of("series_fit_2lines_dynamic", &[DYNAMIC], Dynamic)],
        "A bag: rsquare, split_idx, variance, rvariance, line_fit, and one bag for each line.",
    ),
    FunctionRow::scalar(
        "series_fit_2lines",
        &[of("series_fit_2lines_dynamic", &[DYNAMIC], Dynamic)],
        "Fifteen columns, of `series_fit_2lines_dynamic`.",
    ),
    FunctionRow::scalar(
        "series_outliers",
        &[of("series_outliers", &[DYNAMIC, BOXED, REAL, REAL, REAL], Dynamic).optional(4)],
        "Tukey's score of each member: above 1.5 mild, above 3 strong.",
    )
    .named_as_argument(),
    FunctionRow::scalar("series_asin", &[of("series_asin", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_acos", &[of("series_acos", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar("series_atan", &[of("series_atan", &[DYNAMIC], Dynamic)], "Each member."),
    FunctionRow::scalar(
        "series_fft",
        &[of("series_fft_parts", &[DYNAMIC, DYNAMIC], Dynamic).optional(1)],
        "Two columns: real and imag, of at most 16,384 members; null where a member is no number.",
    ),
    FunctionRow::scalar(
        "series_ifft",
        &[of("series_ifft_parts", &[DYNAMIC, DYNAMIC], Dynamic).optional(1)],
        "Two columns: real and imag, of at most 16,384 members; null where a member is no number.",
    ),
    FunctionRow::scalar(
        "series_decompose",
        &[of("series_decompose_parts", &[DYNAMIC, LONG, STRING, LONG, REAL], Dynamic).optional(4)],
        "Four columns: baseline, seasonal, trend, residual. A period of -1 is found by autocorrelation; the service's detection is not published and may find another.",
    ),
    FunctionRow::scalar(
        "series_decompose_anomalies",
        &[of("series_decompose_anomalies_parts", &[DYNAMIC, REAL, LONG, STRING, LONG, STRING, REAL], Dynamic)
            .optional(6)],
        "Three columns: ad_flag, ad_score, baseline. The period is found as for `series_decompose`.",
    ),
    FunctionRow::scalar(
        "series_decompose_forecast",
        &[of("series_decompose_forecast", &[DYNAMIC, LONG, LONG, STRING, REAL], Dynamic).optional(3)],
        "The baseline, learnt without the last points. The period is found as for `series_decompose`.",
    ),
    FunctionRow::scalar(
        "series_seasonal",
        &[of("series_seasonal", &[DYNAMIC, LONG, LONG], Dynamic).optional(2)],
        "The median at each place of the period.",
    ),
    FunctionRow::scalar(
        "series_periods_detect",
        &[of("series_periods_detect_parts", &[DYNAMIC, REAL, REAL, LONG], Dynamic)],
        "Two columns: periods and scores, by autocorrelation; the service's detection is not published.",
    ),
    FunctionRow::scalar(
        "series_periods_validate",
        &[of("series_periods_validate_parts", &[DYNAMIC, REAL], Dynamic).repeats(1)],
        "Two columns: periods and scores, by autocorrelation; the service's detection is not published.",
    ),
    FunctionRow::scalar(
        "series_fit_poly",
        &[
            of("series_fit_poly_parts", &[DYNAMIC, LONG], Dynamic).optional(1),
            of("series_fit_poly_parts", &[DYNAMIC, DYNAMIC, LONG], Dynamic).optional(1),
        ],
        "Of values and, where given, their places, by a degree of 1 unless told. Five columns: rsquare, coefficients, variance, rvariance, poly_fit.",
    ),
];
