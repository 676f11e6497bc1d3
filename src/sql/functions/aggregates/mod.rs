//! Aggregates: one accumulator each. Nulls are passed over unless the accumulator says otherwise.
//!
//! SQLite's `FILTER (WHERE …)` gives the `…if` forms, its `COUNT(DISTINCT …)` the exact `dcount`.

mod collections;
mod numbers;
mod percentiles;
mod session;

use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context};

use super::value::Output;
use collections::{AnyString, AnyValue, Bag, List, SchemaOfValues, Set};
use numbers::{
    AverageDecimal, AverageLong, AverageReal, AverageTime, Bits, Covariance, ExtremeDecimal, Spread, SumDecimal,
    SumLong, SumReal,
};
use percentiles::{Percentile, Percentiles};

pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("count", "COUNT(*)"),
    ("countif", "COUNT(*) FILTER (WHERE {0})"),
    ("dcount", "COUNT(DISTINCT {0})"),
    ("dcountif", "COUNT(DISTINCT {0}) FILTER (WHERE {1})"),
    ("sumif_long", "kql_sum_long({0}) FILTER (WHERE {1})"),
    ("sumif_real", "kql_sum_real({0}) FILTER (WHERE {1})"),
    ("sumif_decimal", "kql_sum_decimal({0}) FILTER (WHERE {1})"),
    ("avgif_long", "kql_avg_long({0}) FILTER (WHERE {1})"),
    ("avgif_real", "kql_avg_real({0}) FILTER (WHERE {1})"),
    ("avgif_decimal", "kql_avg_decimal({0}) FILTER (WHERE {1})"),
    ("avgif_time", "kql_avg_time({0}) FILTER (WHERE {1})"),
    ("min", "MIN({0})"),
    ("max", "MAX({0})"),
    ("min_string", "COALESCE(MIN({0}), '')"),
    ("max_string", "COALESCE(MAX({0}), '')"),
    ("minif", "MIN({0}) FILTER (WHERE {1})"),
    ("maxif", "MAX({0}) FILTER (WHERE {1})"),
    ("stdevif", "kql_stdev({0}) FILTER (WHERE {1})"),
    ("stdevpif", "kql_stdevp({0}) FILTER (WHERE {1})"),
    ("variancepif", "kql_variancep({0}) FILTER (WHERE {1})"),
    ("varianceif", "kql_variance({0}) FILTER (WHERE {1})"),
    ("covarianceif", "kql_covariance({0}, {1}) FILTER (WHERE {2})"),
    ("covariancepif", "kql_covariancep({0}, {1}) FILTER (WHERE {2})"),
    ("makelist", "kql_make_list({0}, 128)"),
    ("makelist_dynamic", "kql_make_list_dynamic({0}, 128)"),
    ("makeset", "kql_make_set({0}, 128)"),
    // An array is one value of its own.
    ("hll", "kql_make_set('[' || {0} || ']')"),
    ("hll_if", "kql_make_set('[' || {0} || ']') FILTER (WHERE {1})"),
    ("hll_merge", "kql_make_set({0})"),
    ("take_anyif", "kql_take_any({0}) FILTER (WHERE {1})"),
    ("take_anyif_string", "kql_take_any_string({0}) FILTER (WHERE {1})"),
];

/// `…_if(value, condition[, limit])` over an aggregate that takes `(value[, limit])`.
fn filtered(name: &str, arguments: &[String]) -> String {
    match arguments {
        [value, condition] => format!("kql_{name}({value}) FILTER (WHERE {condition})"),
        [value, condition, limit] => format!("kql_{name}({value}, {limit}) FILTER (WHERE {condition})"),
        _ => "NULL".to_owned(),
    }
}

pub(super) const EXPANSIONS: &[super::Expansion] = &[
    ("make_list_if", |arguments| filtered("make_list", arguments)),
    ("make_list_if_dynamic", |arguments| filtered("make_list_dynamic", arguments)),
    ("make_set_if", |arguments| filtered("make_set", arguments)),
    ("make_bag_if", |arguments| filtered("make_bag", arguments)),
];

/// What gathers the rows of one group.
trait Accumulator: Default + Send + UnwindSafe + RefUnwindSafe {
    fn take(&mut self, context: &Context<'_>);
    fn finish(self) -> Output;
}

struct Of<A>(PhantomData<fn() -> A>);

impl<A: Accumulator> Aggregate<A, Output> for Of<A> {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<A> {
        Ok(A::default())
    }

    fn step(&self, context: &mut Context<'_>, accumulator: &mut A) -> rusqlite::Result<()> {
        accumulator.take(context);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, accumulator: Option<A>) -> rusqlite::Result<Output> {
        Ok(accumulator.unwrap_or_default().finish())
    }
}

type Register = fn(&Connection, &str) -> rusqlite::Result<()>;

fn add<A: Accumulator + 'static>(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection.create_aggregate_function(name, -1, super::FLAGS, Of::<A>(PhantomData))
}

/// Symbols that are registered aggregates.
pub(super) const AGGREGATES: &[(&str, Register)] = &[
    ("session_start", session::add),
    ("sum_long", add::<SumLong>),
    ("sum_real", add::<SumReal>),
    ("sum_decimal", add::<SumDecimal>),
    ("avg_long", add::<AverageLong>),
    ("avg_real", add::<AverageReal>),
    ("avg_decimal", add::<AverageDecimal>),
    ("avg_time", add::<AverageTime>),
    ("min_decimal", add::<ExtremeDecimal<false>>),
    ("max_decimal", add::<ExtremeDecimal<true>>),
    ("variance", add::<Spread<true, false>>),
    ("variancep", add::<Spread<false, false>>),
    ("stdev", add::<Spread<true, true>>),
    ("stdevp", add::<Spread<false, true>>),
    ("covariance", add::<Covariance<true>>),
    ("covariancep", add::<Covariance<false>>),
    ("percentile", add::<Percentile<f64, false>>),
    ("percentile_long", add::<Percentile<i64, false>>),
    ("percentiles_array", add::<Percentiles<f64, false>>),
    ("percentiles_array_long", add::<Percentiles<i64, false>>),
    ("percentilesw_array", add::<Percentiles<f64, true>>),
    ("percentilesw_array_long", add::<Percentiles<i64, true>>),
    ("percentilew", add::<Percentile<f64, true>>),
    ("percentilew_long", add::<Percentile<i64, true>>),
    ("make_list", add::<List<false>>),
    ("make_list_dynamic", add::<List<true>>),
    ("make_set", add::<Set>),
    ("make_bag", add::<Bag>),
    ("buildschema", add::<SchemaOfValues>),
    ("take_any", add::<AnyValue>),
    ("take_any_string", add::<AnyString>),
    ("binary_all_and", add::<Bits<0>>),
    ("binary_all_or", add::<Bits<1>>),
    ("binary_all_xor", add::<Bits<2>>),
];
