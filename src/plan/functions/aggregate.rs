//! Aggregates. Nulls are passed over, except by `count` and where a row says otherwise.

use super::parameter::{ANY, BOOL, BOXED, DATETIME, DECIMAL, DYNAMIC, INT, LONG, REAL, STRING, TIMESPAN};
use super::{FunctionRow, ResultName, Returns, of};
use crate::schema::ScalarType::{Datetime, Decimal, Dynamic, Int, Long, Real, String, Timespan};

pub(super) static ROWS: &[FunctionRow] = &[
    FunctionRow::aggregate("count", &[of("count", &[ANY], Long).optional(1)], "Rows. The engine takes an argument and counts all rows all the same."),
    FunctionRow::aggregate("countif", &[of("countif", &[BOOL], Long)], "Rows for which the condition is true."),
    FunctionRow::aggregate("dcount", &[of("dcount", &[ANY, LONG], Long).optional(1)], "Distinct values, exactly: the service estimates (HyperLogLog), which an exact answer lies within."),
    FunctionRow::aggregate("dcountif", &[of("dcountif", &[ANY, BOOL, LONG], Long).optional(1)], "Distinct values of the rows for which the condition is true."),
    FunctionRow::aggregate("count_distinct", &[of("dcount", &[ANY], Long)], "Distinct values."),
    FunctionRow::aggregate("count_distinctif", &[of("dcountif", &[ANY, BOOL], Long)], "Distinct values of the rows for which the condition is true."),
    FunctionRow::aggregate(
        "sum",
        &[of("sum_long", &[LONG], Long), of("sum_real", &[REAL], Real), of("sum_decimal", &[DECIMAL], Decimal), of("sum_long", &[TIMESPAN], Timespan)],
        "0 without rows; wraps around where 64 bits do not hold it.",
    ),
    FunctionRow::aggregate(
        "sumif",
        &[
            of("sumif_long", &[LONG, BOOL], Long),
            of("sumif_real", &[REAL, BOOL], Real),
            of("sumif_decimal", &[DECIMAL, BOOL], Decimal),
            of("sumif_long", &[TIMESPAN, BOOL], Timespan),
        ],
        "As `sum`, over the rows for which the condition is true.",
    ),
    FunctionRow::aggregate(
        "avg",
        &[
            of("avg_long", &[LONG], Real),
            of("avg_real", &[REAL], Real),
            of("avg_decimal", &[DECIMAL], Decimal),
            of("avg_time", &[TIMESPAN], Timespan),
            of("avg_time", &[DATETIME], Datetime),
        ],
        "NaN without rows, in the engine; the sum of longs wraps around before it is divided.",
    ),
    FunctionRow::aggregate(
        "avgif",
        &[
            of("avgif_long", &[LONG, BOOL], Real),
            of("avgif_real", &[REAL, BOOL], Real),
            of("avgif_decimal", &[DECIMAL, BOOL], Decimal),
            of("avgif_time", &[TIMESPAN, BOOL], Timespan),
            of("avgif_time", &[DATETIME, BOOL], Datetime),
        ],
        "As `avg`, over the rows for which the condition is true.",
    ),
    FunctionRow::aggregate(
        "min",
        &[of("min_decimal", &[DECIMAL], Decimal), of("min_string", &[STRING], String), of("min", &[ANY], Dynamic).returns(Returns::Argument(0))],
        "The least value; \"\" is a value.",
    ),
    FunctionRow::aggregate(
        "max",
        &[of("max_decimal", &[DECIMAL], Decimal), of("max_string", &[STRING], String), of("max", &[ANY], Dynamic).returns(Returns::Argument(0))],
        "The greatest value.",
    ),
    FunctionRow::aggregate("minif", &[of("minif", &[ANY, BOOL], Dynamic).returns(Returns::Argument(0))], "As `min`, over the rows for which the condition is true."),
    FunctionRow::aggregate("maxif", &[of("maxif", &[ANY, BOOL], Dynamic).returns(Returns::Argument(0))], "As `max`, over the rows for which the condition is true."),
    FunctionRow::aggregate("stdev", &[of("stdev", &[REAL], Real), of("stdev", &[TIMESPAN], Real), of("stdev", &[DATETIME], Real)], "Of a sample; 0 for one value. Times count in ticks."),
    FunctionRow::aggregate("stdevif", &[of("stdevif", &[REAL, BOOL], Real), of("stdevif", &[TIMESPAN, BOOL], Real), of("stdevif", &[DATETIME, BOOL], Real)], "As `stdev`, over the rows for which the condition is true."),
    FunctionRow::aggregate("stdevp", &[of("stdevp", &[REAL], Real), of("stdevp", &[TIMESPAN], Real), of("stdevp", &[DATETIME], Real)], "Of a whole population."),
    FunctionRow::aggregate("variance", &[of("variance", &[REAL], Real), of("variance", &[TIMESPAN], Real), of("variance", &[DATETIME], Real)], "Of a sample; 0 for one value. Times count in ticks."),
    FunctionRow::aggregate("varianceif", &[of("varianceif", &[REAL, BOOL], Real), of("varianceif", &[TIMESPAN, BOOL], Real), of("varianceif", &[DATETIME, BOOL], Real)], "As `variance`, over the rows for which the condition is true."),
    FunctionRow::aggregate("variancep", &[of("variancep", &[REAL], Real), of("variancep", &[TIMESPAN], Real), of("variancep", &[DATETIME], Real)], "Of a whole population."),
    FunctionRow::aggregate("stdevpif", &[of("stdevpif", &[REAL, BOOL], Real), of("stdevpif", &[TIMESPAN, BOOL], Real), of("stdevpif", &[DATETIME, BOOL], Real)], "As `stdevp`, over the rows for which the condition is true."),
    FunctionRow::aggregate("variancepif", &[of("variancepif", &[REAL, BOOL], Real), of("variancepif", &[TIMESPAN, BOOL], Real), of("variancepif", &[DATETIME, BOOL], Real)], "As `variancep`, over the rows for which the condition is true."),
    FunctionRow::aggregate("covariance", &[of("covariance", &[REAL, REAL], Real)], "Of a sample."),
    FunctionRow::aggregate("covariancep", &[of("covariancep", &[REAL, REAL], Real)], "Of a whole population."),
    FunctionRow::aggregate("covarianceif", &[of("covarianceif", &[REAL, REAL, BOOL], Real)], "As `covariance`, over the rows for which the condition is true."),
    FunctionRow::aggregate("covariancepif", &[of("covariancepif", &[REAL, REAL, BOOL], Real)], "As `covariancep`, over the rows for which the condition is true."),
    FunctionRow::aggregate(
        "percentile",
        &[
            of("percentile", &[REAL, REAL], Real),
            of("percentile_long", &[LONG, REAL], Long),
            of("percentile_long", &[DATETIME, REAL], Datetime),
            of("percentile_long", &[TIMESPAN, REAL], Timespan),
        ],
        "The nearest rank, exactly: the service estimates for many rows.",
    )
    .named(ResultName::PrefixAndLiteral("percentile")),
    FunctionRow::aggregate("percentiles", &[of("engine:percentiles", &[ANY, REAL], Dynamic).repeats(1)], "One column of `percentile` for each rank.")
        .named(ResultName::PrefixAndLiteral("percentile")),
    FunctionRow::aggregate("percentiles_array", &[
        of("percentiles_array_long", &[LONG, DYNAMIC], Dynamic),
        of("percentiles_array", &[REAL, DYNAMIC], Dynamic),
        of("percentiles_array_long", &[LONG, REAL], Dynamic).repeats(1),
        of("percentiles_array", &[REAL, REAL], Dynamic).repeats(1),
    ], "An array of percentiles.").named(ResultName::Prefix("percentiles")),
    FunctionRow::aggregate("percentilesw_array", &[
        of("percentilesw_array_long", &[LONG, LONG, DYNAMIC], Dynamic),
        of("percentilesw_array", &[REAL, LONG, DYNAMIC], Dynamic),
        of("percentilesw_array_long", &[LONG, LONG, REAL], Dynamic).repeats(1),
        of("percentilesw_array", &[REAL, LONG, REAL], Dynamic).repeats(1),
    ], "An array of weighted percentiles.").named(ResultName::Prefix("percentiles")),
    FunctionRow::aggregate(
        "percentilew",
        &[of("percentilew", &[REAL, LONG, REAL], Real), of("percentilew_long", &[LONG, LONG, REAL], Long)],
        "A percentile where each value counts as often as its weight says.",
    )
    .named(ResultName::PrefixAndLiteral("percentile")),
    FunctionRow::aggregate("percentilesw", &[of("engine:percentilesw", &[ANY, LONG, REAL], Dynamic).repeats(1)], "One column of `percentilew` for each rank.")
        .named(ResultName::PrefixAndLiteral("percentile")),
    FunctionRow::aggregate(
        "make_list",
        &[of("make_list_dynamic", &[DYNAMIC, LONG], Dynamic).optional(1), of("make_list", &[BOXED, LONG], Dynamic).optional(1)],
        "An array of the values, in the order of the rows. Arrays are flattened and dynamic nulls kept, in the engine.",
    )
    .named(ResultName::Prefix("list")),
    FunctionRow::aggregate(
        "makelist",
        &[of("makelist_dynamic", &[DYNAMIC], Dynamic), of("makelist", &[BOXED], Dynamic), of("make_list", &[BOXED, LONG], Dynamic)],
        "The old `make_list`, of at most 128 values.",
    )
    .named(ResultName::Prefix("list")),
    FunctionRow::aggregate(
        "make_list_if",
        &[of("make_list_if_dynamic", &[DYNAMIC, BOOL, LONG], Dynamic).optional(1), of("make_list_if", &[BOXED, BOOL, LONG], Dynamic).optional(1)],
        "As `make_list`, over the rows for which the condition is true.",
    )
    .named(ResultName::Prefix("list")),
    FunctionRow::aggregate("make_list_with_nulls", &[of("make_list_dynamic", &[BOXED], Dynamic)], "As `make_list`, nulls included.").named(ResultName::Prefix("list")),
    FunctionRow::aggregate(
        "make_set",
        &[of("make_set", &[BOXED, LONG], Dynamic).optional(1)],
        "An array of the distinct values, in order of appearance. Arrays are flattened.",
    )
    .named(ResultName::Prefix("set")),
    FunctionRow::aggregate(
        "hll",
        &[of("hll", &[BOXED, LONG], Dynamic).optional(1)],
        "What `dcount_hll` counts: here the distinct values themselves, so that the count is exact.",
    )
    .named(ResultName::Prefix("hll")),
    FunctionRow::aggregate(
        "hll_if",
        &[of("hll_if", &[BOXED, BOOL, LONG], Dynamic).optional(1)],
        "As `hll`, over the rows for which the condition is true.",
    )
    .named(ResultName::Prefix("hll_if")),
    FunctionRow::aggregate("hll_merge", &[of("hll_merge", &[DYNAMIC], Dynamic)], "Several of `hll` as one.")
        .named(ResultName::Prefix("hll_merge")),
    FunctionRow::aggregate("makeset", &[of("makeset", &[BOXED], Dynamic), of("make_set", &[BOXED, LONG], Dynamic)], "The old `make_set`, of at most 128 values.")
        .named(ResultName::Prefix("set")),
    FunctionRow::aggregate("make_set_if", &[of("make_set_if", &[BOXED, BOOL, LONG], Dynamic).optional(1)], "As `make_set`, over the rows for which the condition is true.")
        .named(ResultName::Prefix("set")),
    FunctionRow::aggregate("make_bag", &[of("make_bag", &[DYNAMIC, LONG], Dynamic).optional(1)], "One bag of all names; the first value of a name stays.")
        .named(ResultName::Prefix("bag")),
    FunctionRow::aggregate("make_dictionary", &[of("make_bag", &[DYNAMIC, LONG], Dynamic).optional(1)], "The old `make_bag`: the column is called `dictionary_x`.")
        .named(ResultName::Prefix("dictionary")),
    FunctionRow::aggregate("make_bag_if", &[of("make_bag_if", &[DYNAMIC, BOOL, LONG], Dynamic).optional(1)], "As `make_bag`, over the rows for which the condition is true.")
        .named(ResultName::Prefix("bag")),
    FunctionRow::aggregate("buildschema", &[of("buildschema", &[DYNAMIC], Dynamic)], "The schema that all values fit.").named(ResultName::Prefix("schema")),
    FunctionRow::aggregate("arg_max", &[of("engine:arg_max", &[ANY, ANY], Dynamic).optional(1).repeats(1)], "The row with the greatest value.").named(ResultName::FirstArgument),
    FunctionRow::aggregate("arg_min", &[of("engine:arg_min", &[ANY, ANY], Dynamic).optional(1).repeats(1)], "The row with the least value.").named(ResultName::FirstArgument),
    FunctionRow::aggregate("argmax", &[of("engine:argmax", &[ANY, ANY], Dynamic).optional(1).repeats(1)], "The old `arg_max`: columns are called `max_T`, `max_T_a`.").named(ResultName::Prefix("max")),
    FunctionRow::aggregate("argmin", &[of("engine:argmin", &[ANY, ANY], Dynamic).optional(1).repeats(1)], "The old `arg_min`: columns are called `min_T`, `min_T_a`.").named(ResultName::Prefix("min")),
    FunctionRow::aggregate(
        "take_any",
        &[of("take_any_string", &[STRING], String), of("take_any", &[ANY], Dynamic).returns(Returns::Argument(0)), of("engine:take_any", &[ANY, ANY], Dynamic).repeats(1)],
        "A value of the group, not null or \"\" where there is another; here the first. The engine expands `*` and several columns.",
    )
    .named_as_argument(),
    FunctionRow::aggregate(
        "any",
        &[of("take_any_string", &[STRING], String), of("take_any", &[ANY], Dynamic).returns(Returns::Argument(0)), of("engine:any", &[ANY, ANY], Dynamic).repeats(1)],
        "The old `take_any`: the column is called `any_x`.",
    ),
    FunctionRow::aggregate(
        "take_anyif",
        &[of("take_anyif_string", &[STRING, BOOL], String), of("take_anyif", &[ANY, BOOL], Dynamic).returns(Returns::Argument(0))],
        "As `take_any`, over the rows for which the condition is true.",
    )
    .named_as_argument(),
    FunctionRow::aggregate(
        "anyif",
        &[of("take_anyif_string", &[STRING, BOOL], String), of("take_anyif", &[ANY, BOOL], Dynamic).returns(Returns::Argument(0))],
        "The old `take_anyif`: the column is called `anyif_x`.",
    ),
    FunctionRow::aggregate("binary_all_and", &[of("binary_all_and", &[INT], Int), of("binary_all_and", &[LONG], Long)], "Bitwise and of all values.").named_as_argument(),
    FunctionRow::aggregate("binary_all_or", &[of("binary_all_or", &[INT], Int), of("binary_all_or", &[LONG], Long)], "Bitwise or of all values.").named_as_argument(),
    FunctionRow::aggregate("binary_all_xor", &[of("binary_all_xor", &[INT], Int), of("binary_all_xor", &[LONG], Long)], "Bitwise exclusive or of all values.").named_as_argument(),
];
