//! Functions of the row's place: they need an ordered (serialized) row set, and the engine computes them.

use super::parameter::{ANY, BOOL, LONG, REAL, TIMESPAN};
use super::{FunctionRow, Returns, of};
use crate::schema::ScalarType::{Dynamic, Long, Real, Timespan};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::window(
        "prev",
        &[of("engine:prev", &[ANY, LONG, ANY], Dynamic).optional(2).returns(Returns::Argument(0))],
        "The value some rows before, or the given default.",
    ),
    FunctionRow::window(
        "next",
        &[of("engine:next", &[ANY, LONG, ANY], Dynamic).optional(2).returns(Returns::Argument(0))],
        "The value some rows after, or the given default.",
    ),
    FunctionRow::window(
        "row_number",
        &[of("engine:row_number", &[LONG, BOOL], Long).optional(2)],
        "Counts from a start (1), afresh where the second argument is true.",
    ),
    FunctionRow::window(
        "row_cumsum",
        &[
            of("engine:row_cumsum", &[LONG, BOOL], Long).optional(1),
            of("engine:row_cumsum", &[REAL, BOOL], Real).optional(1),
            of("engine:row_cumsum", &[TIMESPAN, BOOL], Timespan).optional(1),
        ],
        "Sums up, afresh where the second argument is true.",
    ),
    FunctionRow::window(
        "row_rank_dense",
        &[of("engine:row_rank_dense", &[ANY, BOOL], Long).optional(1)],
        "One more at each new value.",
    ),
    FunctionRow::window(
        "row_rank_min",
        &[of("engine:row_rank_min", &[ANY, BOOL], Long).optional(1)],
        "The place of the first row of this value.",
    ),
    FunctionRow::window(
        "row_window_session",
        &[of(
            "engine:row_window_session",
            &[super::parameter::DATETIME, TIMESPAN, TIMESPAN, BOOL],
            crate::schema::ScalarType::Datetime,
        )
        .optional(1)],
        "The start of the session the row belongs to.",
    ),
];
