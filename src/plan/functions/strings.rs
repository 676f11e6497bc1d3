//! Strings: cutting, searching, replacing, joining.

use super::parameter::{ANY, DYNAMIC, LONG, REAL, STRING, TEXT, TYPEOF};
use super::{FunctionRow, ResultName, of};
use crate::schema::ScalarType::{Bool, Dynamic, Long, String};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "format_bytes",
        &[of("format_bytes", &[REAL, LONG, STRING], String).optional(2)],
        "A size in the largest unit it fills (or the given one: Bytes, KB, MB, …), to so many digits.",
    ).named_as_argument(),
    FunctionRow::scalar("strlen", &[of("strlen", &[STRING], Long)], "Characters (code points), not bytes.")
        .named(ResultName::Prefix("strlen")),
    FunctionRow::scalar("string_size", &[of("string_size", &[STRING], Long)], "Bytes in UTF-8.")
        .named(ResultName::Prefix("string_size")),
    FunctionRow::scalar("tolower", &[of("tolower", &[TEXT], String)], "Character by character; the length never changes."),
    FunctionRow::scalar("toupper", &[of("toupper", &[TEXT], String)], "Character by character: ß stays ß."),
    FunctionRow::scalar(
        "substring",
        &[of("substring", &[TEXT, LONG, LONG], String).optional(1)],
        "From a 0-based start; a negative start counts from the end. A start before the text, or a negative length, gives \"\".",
    ),
    FunctionRow::scalar(
        "indexof",
        &[of("indexof", &[TEXT, TEXT, LONG, LONG, LONG], Long).optional(3)],
        "Start of the occurrence, from 0; -1 where there is none; null where the needle is empty or the start is out of range.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "indexof_regex",
        &[of("indexof_regex", &[TEXT, TEXT, LONG, LONG, LONG], Long).optional(3)],
        "Start of the match, from 0; -1 where there is none.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "split",
        &[of("split", &[TEXT, STRING, LONG], Dynamic).optional(1)],
        "An array of the pieces; with an index, an array of that one piece, or null where there are fewer.",
    )
    .named_as_argument(),
    FunctionRow::scalar("strcat", &[of("strcat", &[TEXT], String).repeats(1)], "Joins the text of 1 to 64 values; null is \"\"."),
    FunctionRow::scalar(
        "strcat_delim",
        &[of("strcat_delim", &[TEXT, TEXT, TEXT], String).repeats(1)],
        "Joins the text of the values after the first, with the first between them.",
    ),
    FunctionRow::scalar(
        "strcat_array",
        &[of("strcat_array", &[DYNAMIC, TEXT], String)],
        "Joins the text of an array's members with a delimiter.",
    )
    .aliases(&["array_strcat"]),
    FunctionRow::scalar(
        "strrep",
        &[of("strrep", &[TEXT, LONG, TEXT], String).optional(1)],
        "Repeats a value, up to 1024 times, with an optional delimiter.",
    ),
    FunctionRow::scalar("reverse", &[of("reverse", &[TEXT], String)], "The characters backwards."),
    FunctionRow::scalar("strcmp", &[of("strcmp", &[TEXT, TEXT], Long)], "-1, 0 or 1 by ordinal order."),
    FunctionRow::scalar(
        "replace_string",
        &[of("replace_string", &[STRING, STRING, STRING], String)],
        "Replaces every occurrence of a text. An empty needle changes nothing.",
    ),
    FunctionRow::scalar(
        "replace_strings",
        &[of("replace_strings", &[STRING, DYNAMIC, DYNAMIC], String)],
        "Replaces each text of one array by the text at the same place in the other.",
    ),
    FunctionRow::scalar(
        "replace_regex",
        &[of("replace_regex", &[STRING, STRING, STRING], String)],
        "Replaces every match; `\\1` is the first group.",
    ),
    FunctionRow::scalar(
        "replace",
        &[of("replace_old", &[STRING, STRING, STRING], String)],
        "The old `replace(pattern, replacement, text)`: what `replace_regex` does, with the text last.",
    ),
    FunctionRow::scalar(
        "trim",
        &[of("trim", &[STRING, STRING], String)],
        "Removes one match of a regular expression from each end: `trim(\"x\", \"xxa\")` is `xa` in the engine; write `x+` for all.",
    ),
    FunctionRow::scalar("trim_start", &[of("trim_start", &[STRING, STRING], String)], "As `trim`, at the start only."),
    FunctionRow::scalar("trim_end", &[of("trim_end", &[STRING, STRING], String)], "As `trim`, at the end only."),
    FunctionRow::scalar(
        "translate",
        &[of("translate", &[STRING, STRING, STRING], String)],
        "Replaces each character of the first text by the one at the same place in the second (the last one repeats).",
    ),
    FunctionRow::scalar(
        "countof",
        &[of("countof", &[STRING, STRING, STRING], Long).optional(1)],
        "How often a text (overlaps count) or, with \"regex\", a pattern (no overlaps) occurs.",
    ),
    FunctionRow::scalar(
        "extract",
        &[
            of("extract", &[STRING, LONG, STRING], String),
            of("extract", &[STRING, LONG, STRING, TYPEOF], String),
        ],
        "A group of the first match (0 is all of it), or \"\"; with `typeof` cast to that type.",
    ),
    FunctionRow::scalar(
        "extract_all",
        &[
            of("extract_all", &[STRING, STRING], Dynamic),
            of("extract_all_groups", &[STRING, DYNAMIC, STRING], Dynamic),
        ],
        "An array of every match's groups (flat where the pattern has one group or none), or null.",
    )
    .aliases(&["extractall"]),
    FunctionRow::scalar(
        "has_any_index",
        &[of("has_any_index", &[STRING, DYNAMIC], Long)],
        "Place of the first member of the array that the text `has`, or -1.",
    ),
    FunctionRow::scalar(
        "isempty",
        &[of("isempty", &[STRING], Bool), of("isempty_dynamic", &[DYNAMIC], Bool), of("isnull", &[ANY], Bool)],
        "True for \"\", also in a dynamic value, and for null.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "isnotempty",
        &[of("isnotempty", &[STRING], Bool), of("isnotempty_dynamic", &[DYNAMIC], Bool), of("isnotnull", &[ANY], Bool)],
        "False for \"\", also in a dynamic value, and for null.",
    )
    .aliases(&["notempty"])
    .handles_nulls(),
    FunctionRow::scalar("isascii", &[of("isascii", &[TEXT], Bool)], "Whether every character is ASCII."),
    FunctionRow::scalar("isutf8", &[of("isutf8", &[TEXT], Bool)], "True: text is always valid UTF-8 here."),
    FunctionRow::scalar(
        "make_string",
        &[of("make_string", &[super::parameter::BOXED], String).repeats(1)],
        "The text of code points, given one by one or as arrays.",
    )
    .aliases(&["unicode_codepoints_to_string"]),
    FunctionRow::scalar(
        "to_utf8",
        &[of("unicode_codepoints", &[TEXT], Dynamic)],
        "The code points of a text, as an array.",
    )
    .aliases(&["unicode_codepoints_from_string"]),
    FunctionRow::scalar("regex_quote", &[of("regex_quote", &[TEXT], String)], "Escapes what a regular expression would read as syntax."),
    FunctionRow::scalar(
        "levenshtein_distance",
        &[of("levenshtein_distance", &[STRING, STRING], Long)],
        "Insertions, deletions and replacements between two texts.",
    ),
];
