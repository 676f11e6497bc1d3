//! What depends on the query, the clock, the row set or tables outside the query: the engine expands these.

use super::parameter::{ANY, BOOL, STRING, TIMESPAN};
use super::{FunctionRow, ResultName, Returns, of};
use crate::schema::ScalarType::{Bool, Datetime, Dynamic, Guid};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "now",
        &[of("engine:now", &[TIMESPAN], Datetime).optional(1)],
        "The hunt clock, the same all through a statement.",
    ),
    FunctionRow::scalar("ago", &[of("engine:ago", &[TIMESPAN], Datetime)], "The hunt clock less a span."),
    FunctionRow::scalar(
        "ingestion_time",
        &[of("engine:ingestion_time", &[], Datetime)],
        "The event's own time, unless its source says when it arrived.",
    )
    .named(ResultName::Fixed("$IngestionTime")),
    FunctionRow::scalar(
        "column_ifexists",
        &[of("engine:column_ifexists", &[STRING, ANY], Dynamic).returns(Returns::Argument(1))],
        "A column by name, or the default where the table lacks it.",
    )
    .aliases(&["columnifexists"]),
    FunctionRow::scalar("new_guid", &[of("new_guid", &[], Guid)], "Another one for each row and on every run."),
    FunctionRow::scalar(
        "geo_info_from_ip_address",
        &[of("engine:geo_info_from_ip_address", &[STRING], Dynamic)],
        "A bag: country, state, city, latitude, longitude, from a MaxMind file.",
    ),
    FunctionRow::scalar(
        "assert",
        &[of("assert", &[BOOL, STRING], Bool)],
        "Ends the query with a message where the condition, which no row may decide, is false.",
    ),
];
