//! Dynamic values: arrays, sets, property bags.

use super::parameter::{BOOL, BOXED, DYNAMIC, LONG, STRING};
use super::{FunctionRow, ResultName, of};
use crate::schema::ScalarType::{Bool, Dynamic, Long, Real};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::scalar(
        "array_length",
        &[of("array_length", &[DYNAMIC], Long)],
        "Members of an array, nulls included; null for anything else.",
    )
    .aliases(&["arraylength"]),
    FunctionRow::scalar("dcount_hll", &[of("array_length", &[DYNAMIC], Long)], "The distinct values that `hll` kept.")
        .named(ResultName::Prefix("dcount_hll")),
    FunctionRow::scalar(
        "array_concat",
        &[of("array_concat", &[DYNAMIC], Dynamic).repeats(1)],
        "All members in order; what is no array counts as empty, in the engine.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "array_index_of",
        &[of("array_index_of", &[DYNAMIC, BOXED, LONG, LONG, LONG], Long).optional(3)],
        "Place of a value, from 0, or -1. Numbers compare by value.",
    ),
    FunctionRow::scalar(
        "array_slice",
        &[of("array_slice", &[DYNAMIC, LONG, LONG], Dynamic)],
        "Members from one place to another, both included; negative places count from the end.",
    ),
    FunctionRow::scalar(
        "array_split",
        &[of("array_split", &[DYNAMIC, DYNAMIC], Dynamic), of("array_split", &[DYNAMIC, BOXED], Dynamic)],
        "Cuts an array at one or several places.",
    ),
    FunctionRow::scalar("array_reverse", &[of("array_reverse", &[DYNAMIC], Dynamic)], "Null for what is no array."),
    FunctionRow::scalar(
        "array_rotate_left",
        &[of("array_rotate_left", &[DYNAMIC, LONG], Dynamic)],
        "Null for what is no array.",
    ),
    FunctionRow::scalar(
        "array_rotate_right",
        &[of("array_rotate_right", &[DYNAMIC, LONG], Dynamic)],
        "Null for what is no array.",
    ),
    FunctionRow::scalar(
        "array_shift_left",
        &[of("array_shift_left", &[DYNAMIC, LONG, BOXED], Dynamic).optional(1)],
        "The freed places take the given value; without one null, or \"\" in an array of strings.",
    ),
    FunctionRow::scalar(
        "array_shift_right",
        &[of("array_shift_right", &[DYNAMIC, LONG, BOXED], Dynamic).optional(1)],
        "The freed places take the given value; without one null, or \"\" in an array of strings.",
    ),
    FunctionRow::scalar(
        "array_sort_asc",
        &[of("array_sort_asc", &[DYNAMIC, BOOL], Dynamic).optional(1)],
        "Nulls last, unless the second argument is false; null for what is no array.",
    ),
    FunctionRow::scalar(
        "array_sort_desc",
        &[of("array_sort_desc", &[DYNAMIC, BOOL], Dynamic).optional(1)],
        "Nulls last, unless the second argument is false; null for what is no array.",
    ),
    FunctionRow::scalar(
        "array_sum",
        &[of("array_sum", &[DYNAMIC], Real)],
        "Always real; null where a member is no number.",
    ),
    FunctionRow::scalar(
        "array_iff",
        &[of("array_iff", &[DYNAMIC, BOXED, BOXED], Dynamic)],
        "Member by member: the second where the first is true, else the third.",
    )
    .aliases(&["array_iif"]),
    FunctionRow::scalar(
        "set_union",
        &[of("set_union", &[DYNAMIC], Dynamic).repeats(1)],
        "Distinct members of all arrays, in order of appearance.",
    ),
    FunctionRow::scalar(
        "set_intersect",
        &[of("set_intersect", &[DYNAMIC], Dynamic).repeats(1)],
        "Distinct members found in every array.",
    ),
    FunctionRow::scalar(
        "set_difference",
        &[of("set_difference", &[DYNAMIC, DYNAMIC], Dynamic).repeats(1)],
        "Distinct members of the first array found in no other.",
    ),
    FunctionRow::scalar(
        "set_has_element",
        &[of("set_has_element", &[DYNAMIC, BOXED], Bool)],
        "Whether an array holds a value; a number is not its text.",
    ),
    FunctionRow::scalar(
        "set_equals",
        &[of("set_equals", &[DYNAMIC, DYNAMIC], Bool)],
        "Whether two arrays hold the same members.",
    ),
    FunctionRow::scalar(
        "jaccard_index",
        &[of("jaccard_index", &[DYNAMIC, DYNAMIC], Real)],
        "Size of the intersection over that of the union.",
    ),
    FunctionRow::scalar(
        "pack_array",
        &[of("pack_array", &[BOXED], Dynamic).optional(1).repeats(1)],
        "An array of the values.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "bag_pack",
        &[of("bag_pack", &[STRING, BOXED], Dynamic).optional(2).repeats(2)],
        "A property bag of names and values.",
    )
    .aliases(&["pack", "pack_dictionary"])
    .handles_nulls(),
    FunctionRow::scalar(
        "bag_pack_columns",
        &[of("engine:bag_pack_columns", &[BOXED], Dynamic).repeats(1)],
        "A property bag of columns, called as they are.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "pack_all",
        &[of("engine:pack_all", &[BOOL], Dynamic).optional(1)],
        "A property bag of all columns of the row.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "bag_keys",
        &[of("bag_keys", &[DYNAMIC], Dynamic)],
        "The names in a property bag; null for anything else.",
    ),
    FunctionRow::scalar(
        "bag_has_key",
        &[of("bag_has_key", &[DYNAMIC, STRING], Bool)],
        "Whether a bag has a name; `$.a.b` is a path.",
    ),
    FunctionRow::scalar(
        "bag_merge",
        &[of("bag_merge", &[DYNAMIC, DYNAMIC], Dynamic).repeats(1)],
        "All names of all bags; the leftmost bag wins.",
    )
    .handles_nulls(),
    FunctionRow::scalar(
        "bag_remove_keys",
        &[of("bag_remove_keys", &[DYNAMIC, DYNAMIC], Dynamic)],
        "A bag without some names; `$.a.b` is a path.",
    ),
    FunctionRow::scalar(
        "bag_set_key",
        &[of("bag_set_key", &[DYNAMIC, STRING, BOXED], Dynamic)],
        "A bag with one name set.",
    ),
    FunctionRow::scalar(
        "bag_zip",
        &[of("bag_zip", &[DYNAMIC, DYNAMIC], Dynamic)],
        "A bag from an array of names and one of values.",
    ),
    FunctionRow::scalar(
        "zip",
        &[of("zip", &[DYNAMIC, DYNAMIC], Dynamic).repeats(1)],
        "An array of arrays, one for each place; short ones are filled with null.",
    ),
    FunctionRow::scalar(
        "treepath",
        &[of("treepath", &[DYNAMIC], Dynamic)],
        "The paths of all values in a dynamic value.",
    )
    .named(ResultName::Prefix("tree")),
];
