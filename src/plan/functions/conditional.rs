//! Choosing between values; logic.

use super::parameter::{BOOL, COMMON, COMMON_OR_DYNAMIC, STRING};
use super::{FunctionRow, Returns, of};
use crate::schema::ScalarType::{Bool, Dynamic, String};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar("not", &[of("not", &[BOOL], Bool)], "Null stays null."),
    FunctionRow::scalar(
        "iff",
        &[of("iff", &[BOOL, COMMON_OR_DYNAMIC, COMMON_OR_DYNAMIC], Dynamic).returns(Returns::Common)],
        "The second value where the condition is true, else (false or null) the third. Unlike values are dynamic.",
    )
    .aliases(&["iif"])
    .handles_nulls(),
    FunctionRow::scalar(
        "case",
        &[of("case", &[BOOL, COMMON_OR_DYNAMIC, COMMON_OR_DYNAMIC], Dynamic).returns(Returns::Common).repeats(2)],
        "The value after the first condition that is true, else the last value. Unlike values are dynamic.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "coalesce",
        &[
            of("coalesce_string", &[STRING, STRING], String).repeats(1),
            of("coalesce", &[COMMON, COMMON], Dynamic).returns(Returns::Common).repeats(1),
        ],
        "The first value that is neither null nor an empty string.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "max_of",
        &[of("max_of", &[COMMON, COMMON], Dynamic).returns(Returns::Common).repeats(1)],
        "The greatest value; nulls are passed over; NaN is greatest.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "min_of",
        &[of("min_of", &[COMMON, COMMON], Dynamic).returns(Returns::Common).repeats(1)],
        "The least value; nulls are passed over.",
    )
    .handles_nulls(),
];
