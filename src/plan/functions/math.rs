//! Arithmetic and bits. Out of a function's domain is NaN, as in C, save where a row says otherwise.

use super::parameter::{DECIMAL, INT, LONG, REAL, TIMESPAN};
use super::{FunctionRow, ResultName, of};
use crate::schema::ScalarType::{Bool, Decimal, Int, Long, Real, Timespan};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "abs",
        &[
            of("abs_long", &[LONG], Long),
            of("abs_real", &[REAL], Real),
            of("abs_decimal", &[DECIMAL], Decimal),
            of("abs_long", &[TIMESPAN], Timespan),
        ],
        "The value without its sign.",
    )
    .named_as_argument(),
    FunctionRow::scalar("sign", &[of("sign", &[REAL], Real)], "-1, 0 or 1."),
    FunctionRow::scalar(
        "ceiling",
        &[
            of("same", &[INT], Int),
            of("same", &[LONG], Long),
            of("ceiling", &[REAL], Real),
            of("ceiling_decimal", &[DECIMAL], Decimal),
        ],
        "The least whole number not below.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "round",
        &[
            of("round_long", &[INT, LONG], Int).optional(1),
            of("round_long", &[LONG, LONG], Long).optional(1),
            of("round", &[REAL, LONG], Real).optional(1),
            of("round_decimal", &[DECIMAL, LONG], Decimal).optional(1),
        ],
        "To a number of digits; halves away from zero. A whole number stays one.",
    )
    .named_as_argument(),
    FunctionRow::scalar("sqrt", &[of("sqrt", &[REAL], Real)], "NaN below 0.").named_as_argument(),
    FunctionRow::scalar("exp", &[of("exp", &[REAL], Real)], "e to the power.").named_as_argument(),
    FunctionRow::scalar("exp2", &[of("exp2", &[REAL], Real)], "2 to the power.").named_as_argument(),
    FunctionRow::scalar("exp10", &[of("exp10", &[REAL], Real)], "10 to the power.").named_as_argument(),
    FunctionRow::scalar("log", &[of("log", &[REAL], Real)], "Natural logarithm; null below 0, in the engine.")
        .named_as_argument(),
    FunctionRow::scalar("log2", &[of("log2", &[REAL], Real)], "Logarithm to base 2; null below 0, in the engine.")
        .named_as_argument(),
    FunctionRow::scalar("log10", &[of("log10", &[REAL], Real)], "Logarithm to base 10; null below 0, in the engine.")
        .named_as_argument(),
    FunctionRow::scalar("loggamma", &[of("loggamma", &[REAL], Real)], "Logarithm of the gamma function.")
        .named_as_argument(),
    FunctionRow::scalar("gamma", &[of("gamma", &[REAL], Real)], "The gamma function.").named_as_argument(),
    FunctionRow::scalar("erf", &[of("erf", &[REAL], Real)], "The error function.").named_as_argument(),
    FunctionRow::scalar("erfc", &[of("erfc", &[REAL], Real)], "What the error function leaves to 1.")
        .named_as_argument(),
    FunctionRow::scalar(
        "beta_cdf",
        &[of("beta_cdf", &[REAL, REAL, REAL], Real)],
        "The cumulative beta distribution; NaN for a value outside 0 to 1 or a shape outside 0 to 10000.",
    ),
    FunctionRow::scalar(
        "beta_pdf",
        &[of("beta_pdf", &[REAL, REAL, REAL], Real)],
        "The density of the beta distribution; NaN for a value not between 0 and 1 or a shape not above 0.",
    ),
    FunctionRow::scalar(
        "welch_test",
        &[of("welch_test", &[REAL, REAL, REAL, REAL, REAL, REAL], Real)],
        "How likely two samples, each given by mean, variance and count, differ so much in their means by chance.",
    ),
    FunctionRow::scalar("pow", &[of("pow", &[REAL, REAL], Real)], "Always real.").named_as_argument(),
    FunctionRow::scalar("sin", &[of("sin", &[REAL], Real)], "Sine.").named_as_argument(),
    FunctionRow::scalar("cos", &[of("cos", &[REAL], Real)], "Cosine.").named_as_argument(),
    FunctionRow::scalar("tan", &[of("tan", &[REAL], Real)], "Tangent.").named_as_argument(),
    FunctionRow::scalar("cot", &[of("cot", &[REAL], Real)], "Cotangent."),
    FunctionRow::scalar("asin", &[of("asin", &[REAL], Real)], "Inverse sine.").named_as_argument(),
    FunctionRow::scalar("acos", &[of("acos", &[REAL], Real)], "Inverse cosine.").named_as_argument(),
    FunctionRow::scalar("atan", &[of("atan", &[REAL], Real)], "Inverse tangent.").named_as_argument(),
    FunctionRow::scalar("atan2", &[of("atan2", &[REAL, REAL], Real)], "The angle of (x, y), given y first.")
        .named_as_argument(),
    FunctionRow::scalar("degrees", &[of("degrees", &[REAL], Real)], "From radians."),
    FunctionRow::scalar("radians", &[of("radians", &[REAL], Real)], "From degrees."),
    FunctionRow::scalar("pi", &[of("pi", &[], Real)], "3.14159…."),
    FunctionRow::scalar("isnan", &[of("isnan", &[REAL], Bool)], "Whether the value is NaN."),
    FunctionRow::scalar("isinf", &[of("isinf", &[REAL], Bool)], "Whether the value is plus or minus infinity."),
    FunctionRow::scalar("isfinite", &[of("isfinite", &[REAL], Bool)], "Neither infinite nor NaN."),
    FunctionRow::scalar(
        "around",
        &[
            of("around", &[REAL, REAL, REAL], Bool),
            of("around_long", &[LONG, LONG, LONG], Bool),
            of("around_long", &[super::parameter::DATETIME, super::parameter::DATETIME, TIMESPAN], Bool),
            of("around_long", &[TIMESPAN, TIMESPAN, TIMESPAN], Bool),
        ],
        "Whether a value lies within a distance of another, both ends included.",
    ),
    FunctionRow::scalar(
        "rand",
        &[of("rand", &[LONG], Real).optional(1)],
        "From 0 to below 1, or a whole number from 0 to below the argument; another one for each row and on every run.",
    )
    .named_as_argument(),
    FunctionRow::scalar("binary_and", &[of("binary_and", &[LONG, LONG], Long)], "Bitwise and.").named_as_argument(),
    FunctionRow::scalar("binary_or", &[of("binary_or", &[LONG, LONG], Long)], "Bitwise or.").named_as_argument(),
    FunctionRow::scalar("binary_xor", &[of("binary_xor", &[LONG, LONG], Long)], "Bitwise exclusive or.")
        .named_as_argument(),
    FunctionRow::scalar("binary_not", &[of("binary_not", &[LONG], Long)], "Bitwise complement.").named_as_argument(),
    FunctionRow::scalar(
        "binary_shift_left",
        &[of("binary_shift_left", &[LONG, LONG], Long)],
        "Shifts by the count modulo 64; null for a negative count.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "binary_shift_right",
        &[of("binary_shift_right", &[LONG, LONG], Long)],
        "Arithmetic shift by the count modulo 64; null for a negative count.",
    )
    .named_as_argument(),
    FunctionRow::scalar("bitset_count_ones", &[of("bitset_count_ones", &[LONG], Long)], "The bits that are 1.")
        .named_as_argument(),
    FunctionRow::scalar(
        "range",
        &[
            of("range_array_long", &[LONG, LONG, LONG], crate::schema::ScalarType::Dynamic).optional(1),
            of("range_array_real", &[REAL, REAL, REAL], crate::schema::ScalarType::Dynamic).optional(1),
            of(
                "range_array_datetime",
                &[super::parameter::DATETIME, super::parameter::DATETIME, TIMESPAN],
                crate::schema::ScalarType::Dynamic,
            )
            .optional(1),
            of("range_array_timespan", &[TIMESPAN, TIMESPAN, TIMESPAN], crate::schema::ScalarType::Dynamic).optional(1),
        ],
        "An array of equally spaced values, at most 1,048,576.",
    ),
    FunctionRow::scalar(
        "repeat",
        &[of("repeat", &[super::parameter::BOXED, LONG], crate::schema::ScalarType::Dynamic)],
        "An array of one value repeated.",
    )
    .named(ResultName::Prefix("repeat")),
];
