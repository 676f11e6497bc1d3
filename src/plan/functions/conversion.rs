//! Casts that rules write: `tostring`, `tolong`, `todatetime`, ….

use super::parameter::{ANY, BOOL, BOXED, DATETIME, DECIMAL, DYNAMIC, GUID, INT, LONG, REAL, STRING, TEXT, TIMESPAN};
use super::{FunctionRow, ResultName, of};
use crate::schema::ScalarType::{Bool, Datetime, Decimal, Dynamic, Guid, Int, Long, Real, String, Timespan};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "tostring",
        &[of("same", &[TEXT], String)],
        "Text of any value. Booleans are \"True\" and \"False\" in the engine (inside dynamic \"true\" and \"false\"); null is \"\".",
    )
    .named_as_argument()
    .handles_nulls(),
    FunctionRow::scalar(
        "toint",
        &[
            of("same", &[INT], Int),
            of("int_from_long", &[LONG], Int),
            of("same", &[BOOL], Int),
            of("int_from_real", &[REAL], Int),
            of("int_from_decimal", &[DECIMAL], Int),
            of("int_from_string", &[STRING], Int),
            of("int_from_dynamic", &[DYNAMIC], Int),
            of("int_from_long", &[TIMESPAN], Int),
            of("int_from_long", &[DATETIME], Int),
        ],
        "Numbers are cut off, and wrap around where 32 bits do not hold them; text that is no 32-bit whole number is null.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "tolong",
        &[
            of("same", &[LONG], Long),
            of("same", &[BOOL], Long),
            of("long_from_real", &[REAL], Long),
            of("long_from_decimal", &[DECIMAL], Long),
            of("long_from_string", &[STRING], Long),
            of("long_from_dynamic", &[DYNAMIC], Long),
            of("same", &[TIMESPAN], Long),
            of("same", &[DATETIME], Long),
        ],
        "Numbers are cut off; text may be hexadecimal (0x1f); text that is no whole number is null. A time gives its ticks.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "todouble",
        &[
            of("same", &[REAL], Real),
            of("real_from_long", &[LONG], Real),
            of("real_from_long", &[BOOL], Real),
            of("real_from_decimal", &[DECIMAL], Real),
            of("real_from_string", &[STRING], Real),
            of("real_from_dynamic", &[DYNAMIC], Real),
            of("real_from_long", &[TIMESPAN], Real),
            of("real_from_long", &[DATETIME], Real),
        ],
        "A real number; text that is none is null. A time gives its ticks.",
    )
    .aliases(&["toreal"])
    .named_as_argument(),
    FunctionRow::scalar(
        "todecimal",
        &[
            of("same", &[DECIMAL], Decimal),
            of("decimal_from_long", &[LONG], Decimal),
            of("decimal_from_long", &[BOOL], Decimal),
            of("decimal_from_real", &[REAL], Decimal),
            of("decimal_from_string", &[STRING], Decimal),
            of("decimal_from_dynamic", &[DYNAMIC], Decimal),
            of("decimal_from_long", &[TIMESPAN], Decimal),
            of("decimal_from_long", &[DATETIME], Decimal),
        ],
        "A decimal number; text that is none is null. A time gives its ticks.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "tobool",
        &[
            of("same", &[BOOL], Bool),
            of("bool_from_long", &[LONG], Bool),
            of("bool_from_real", &[REAL], Bool),
            of("bool_from_decimal", &[DECIMAL], Bool),
            of("bool_from_string", &[STRING], Bool),
            of("bool_from_dynamic", &[DYNAMIC], Bool),
            of("bool_from_long", &[TIMESPAN], Bool),
            of("bool_from_long", &[DATETIME], Bool),
        ],
        "Numbers other than 0 are true; of text, \"true\" and \"false\" in any case and whole numbers count, all else is null.",
    )
    .aliases(&["toboolean"])
    .named_as_argument(),
    FunctionRow::scalar(
        "todatetime",
        &[
            of("same", &[DATETIME], Datetime),
            of("datetime_from_long", &[LONG], Datetime),
            of("datetime_from_real", &[REAL], Datetime),
            of("datetime_from_string", &[STRING], Datetime),
            of("datetime_from_dynamic", &[DYNAMIC], Datetime),
            of("datetime_from_long", &[TIMESPAN], Datetime),
        ],
        "Reads ISO 8601, RFC 822/850 and month-first dates; numbers are ticks; anything else is null.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "totimespan",
        &[
            of("same", &[TIMESPAN], Timespan),
            of("same", &[LONG], Timespan),
            of("long_from_real", &[REAL], Timespan),
            of("timespan_from_string", &[STRING], Timespan),
            of("timespan_from_dynamic", &[DYNAMIC], Timespan),
            of("same", &[DATETIME], Timespan),
        ],
        "Reads `d.hh:mm:ss.fffffff` and literals such as `1d`; numbers are ticks; anything else is null.",
    )
    .aliases(&["totime"])
    .named_as_argument(),
    FunctionRow::scalar(
        "toguid",
        &[
            of("same", &[GUID], Guid),
            of("guid_from_string", &[STRING], Guid),
            of("guid_from_dynamic", &[DYNAMIC], Guid),
        ],
        "A GUID in lower case, with or without braces in the text; anything else is null.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "tohex",
        &[of("tohex_int", &[INT, LONG], String).optional(1), of("tohex", &[LONG, LONG], String).optional(1)],
        "Lower-case hexadecimal digits, padded to a minimal length; negative numbers in two's complement.",
    )
    .named_as_argument(),
    FunctionRow::scalar(
        "parse_json",
        &[of("same", &[DYNAMIC], Dynamic), of("parse_json", &[STRING], Dynamic), of("same", &[BOXED], Dynamic)],
        "Reads text as JSON; text that is none becomes a JSON string; \"\" is null; a dynamic value stays as it is.",
    )
    .aliases(&["todynamic", "toobject", "parsejson"])
    .named_as_argument()
    .handles_nulls(),
    FunctionRow::scalar(
        "dynamic_to_json",
        &[
            of("dynamic_to_json", &[DYNAMIC], String),
            of("dynamic_to_json", &[STRING], String),
            of("dynamic_to_json", &[BOXED], String),
        ],
        "Canonical JSON text: the keys of every object sorted. A string is read as JSON.",
    ),
    FunctionRow::scalar(
        "gettype",
        &[
            of("gettype_bool", &[BOOL], String),
            of("gettype_int", &[INT], String),
            of("gettype_long", &[LONG], String),
            of("gettype_real", &[REAL], String),
            of("gettype_decimal", &[DECIMAL], String),
            of("gettype_string", &[STRING], String),
            of("gettype_datetime", &[DATETIME], String),
            of("gettype_timespan", &[TIMESPAN], String),
            of("gettype_guid", &[GUID], String),
            of("gettype_dynamic", &[DYNAMIC], String),
        ],
        "The type's name; for a dynamic value that of what it holds: null, bool, long, double, string, array, dictionary.",
    )
    .named(ResultName::Prefix("type"))
    .handles_nulls(),
    FunctionRow::scalar("isnull", &[of("never", &[STRING], Bool), of("isnull", &[ANY], Bool)], "Strings are never null.")
        .handles_nulls(),
    FunctionRow::scalar("isnotnull", &[of("always", &[STRING], Bool), of("isnotnull", &[ANY], Bool)], "Strings are never null.")
        .aliases(&["notnull"])
        .handles_nulls(),
];
