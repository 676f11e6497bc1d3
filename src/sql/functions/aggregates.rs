//! Aggregates: one accumulator each. Nulls are passed over unless the accumulator says otherwise.
//!
//! SQLite's `FILTER (WHERE …)` gives the `…if` forms, its `COUNT(DISTINCT …)` the exact `dcount`.

use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context};

use super::decimal::Decimal;
use super::json::{self, Kind};
use super::value::{Arguments, Output};

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
    ("makelist", "kql_make_list({0}, 128)"),
    ("makelist_dynamic", "kql_make_list_dynamic({0}, 128)"),
    ("makeset", "kql_make_set({0}, 128)"),
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
    ("percentile", add::<Percentile>),
    ("percentile_long", add::<PercentileLong>),
    ("percentiles_array", add::<PercentilesArray>),
    ("percentiles_array_of", add::<PercentilesArray>),
    ("percentilew", add::<Weighted>),
    ("percentilew_long", add::<WeightedLong>),
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

#[derive(Default)]
struct SumLong(i64);

impl Accumulator for SumLong {
    fn take(&mut self, context: &Context<'_>) {
        self.0 = self.0.wrapping_add(context.integer(0).unwrap_or(0));
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}

#[derive(Default)]
struct SumReal(f64);

impl Accumulator for SumReal {
    fn take(&mut self, context: &Context<'_>) {
        self.0 += context.real(0).unwrap_or(0.0);
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}

/// Broken once 128 bits do not hold the sum.
#[derive(Default)]
struct SumDecimal {
    sum: Option<Decimal>,
    count: i64,
    is_broken: bool,
}

impl Accumulator for SumDecimal {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0).and_then(Decimal::parse) else { return };
        self.count += 1;
        match self.sum {
            None => self.sum = Some(value),
            Some(sum) => match sum.plus(value) {
                Some(sum) => self.sum = Some(sum),
                None => self.is_broken = true,
            },
        }
    }

    fn finish(self) -> Output {
        if self.is_broken {
            return Output::Null;
        }
        self.sum.map_or_else(|| "0".to_owned(), |sum| sum.to_string()).into()
    }
}

#[derive(Default)]
struct AverageLong {
    sum: i64,
    count: i64,
}

impl Accumulator for AverageLong {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.integer(0) {
            self.sum = self.sum.wrapping_add(value);
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        (self.sum as f64 / self.count as f64).into()
    }
}

#[derive(Default)]
struct AverageReal {
    sum: f64,
    count: i64,
}

impl Accumulator for AverageReal {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.real(0) {
            self.sum += value;
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        (self.sum / self.count as f64).into()
    }
}

#[derive(Default)]
struct AverageDecimal(SumDecimal);

impl Accumulator for AverageDecimal {
    fn take(&mut self, context: &Context<'_>) {
        self.0.take(context);
    }

    fn finish(self) -> Output {
        let count = Decimal::parse(&self.0.count.to_string());
        let average = self.0.sum.filter(|_| !self.0.is_broken).zip(count).and_then(|(sum, count)| sum.over(count));
        average.map(|value| value.to_string()).into()
    }
}

#[derive(Default)]
struct AverageTime {
    sum: i128,
    count: i128,
}

impl Accumulator for AverageTime {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.integer(0) {
            self.sum += i128::from(value);
            self.count += 1;
        }
    }

    fn finish(self) -> Output {
        self.sum.checked_div(self.count).and_then(|ticks| i64::try_from(ticks).ok()).into()
    }
}

#[derive(Default)]
struct ExtremeDecimal<const GREATEST: bool>(Option<Decimal>);

impl<const GREATEST: bool> Accumulator for ExtremeDecimal<GREATEST> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0).and_then(Decimal::parse) else { return };
        if self.0.is_none_or(|best| value.compare(best).is_gt() == GREATEST) {
            self.0 = Some(value);
        }
    }

    fn finish(self) -> Output {
        self.0.map(|value| value.to_string()).into()
    }
}

/// Variance and standard deviation (Welford's recurrence).
#[derive(Default)]
struct Spread<const SAMPLE: bool, const ROOT: bool> {
    count: f64,
    mean: f64,
    squares: f64,
}

impl<const SAMPLE: bool, const ROOT: bool> Accumulator for Spread<SAMPLE, ROOT> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.real(0) else { return };
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn finish(self) -> Output {
        let variance =
            if self.count == 1.0 { 0.0 } else { self.squares / if SAMPLE { self.count - 1.0 } else { self.count } };
        if self.count == 0.0 {
            return f64::NAN.into();
        }
        (if ROOT { variance.sqrt() } else { variance }).into()
    }
}

#[derive(Default)]
struct Covariance<const SAMPLE: bool> {
    count: f64,
    left: f64,
    right: f64,
    products: f64,
}

impl<const SAMPLE: bool> Accumulator for Covariance<SAMPLE> {
    fn take(&mut self, context: &Context<'_>) {
        let Some((left, right)) = context.real(0).zip(context.real(1)) else { return };
        self.count += 1.0;
        let distance = left - self.left;
        self.left += distance / self.count;
        self.right += (right - self.right) / self.count;
        self.products += distance * (right - self.right);
    }

    fn finish(self) -> Output {
        if self.count <= 1.0 {
            return (if self.count == 0.0 { f64::NAN } else { 0.0 }).into();
        }
        (self.products / if SAMPLE { self.count - 1.0 } else { self.count }).into()
    }
}

/// The place of the nearest rank among `count` sorted values.
fn rank(percent: f64, count: usize) -> usize {
    let place = (percent.clamp(0.0, 100.0) / 100.0 * count as f64).ceil() as usize;
    place.saturating_sub(1)
}

#[derive(Default)]
struct Percentile {
    values: Vec<f64>,
    percent: f64,
}

impl Accumulator for Percentile {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0));
        self.percent = context.real(1).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(f64::total_cmp);
        self.values.get(rank(self.percent, self.values.len())).copied().into()
    }
}

#[derive(Default)]
struct PercentileLong {
    values: Vec<i64>,
    percent: f64,
}

impl Accumulator for PercentileLong {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.integer(0));
        self.percent = context.real(1).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_unstable();
        self.values.get(rank(self.percent, self.values.len())).copied().into()
    }
}

#[derive(Default)]
struct PercentilesArray {
    values: Vec<f64>,
    percents: Vec<f64>,
}

impl Accumulator for PercentilesArray {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0));
        if self.percents.is_empty() {
            for place in 1..context.len() {
                match context.maybe_text(place).and_then(json::elements) {
                    Some(elements) => self.percents.extend(elements.filter_map(json::number)),
                    None => self.percents.extend(context.real(place)),
                }
            }
        }
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(f64::total_cmp);
        let found = self.percents.iter().map(|percent| {
            self.values.get(rank(*percent, self.values.len())).map_or_else(|| "null".to_owned(), |one| json::real(*one))
        });
        json::array(found).into()
    }
}

/// The value at which the running weight reaches the percentage of all weight.
fn weighted<T: Copy>(values: &[(T, i64)], percent: f64) -> Option<T> {
    let total: f64 = values.iter().map(|(_, weight)| *weight as f64).sum();
    let wanted = percent.clamp(0.0, 100.0) / 100.0 * total;
    let mut running = 0.0;
    values
        .iter()
        .find(|(_, weight)| {
            running += *weight as f64;
            running >= wanted
        })
        .map(|(value, _)| *value)
}

#[derive(Default)]
struct Weighted {
    values: Vec<(f64, i64)>,
    percent: f64,
}

impl Accumulator for Weighted {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.real(0).zip(context.integer(1)).filter(|(_, weight)| *weight > 0));
        self.percent = context.real(2).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_by(|left, right| left.0.total_cmp(&right.0));
        weighted(&self.values, self.percent).into()
    }
}

#[derive(Default)]
struct WeightedLong {
    values: Vec<(i64, i64)>,
    percent: f64,
}

impl Accumulator for WeightedLong {
    fn take(&mut self, context: &Context<'_>) {
        self.values.extend(context.integer(0).zip(context.integer(1)).filter(|(_, weight)| *weight > 0));
        self.percent = context.real(2).unwrap_or(50.0);
    }

    fn finish(mut self) -> Output {
        self.values.sort_unstable();
        weighted(&self.values, self.percent).into()
    }
}

/// The most members a list, set or bag holds.
const MOST_MEMBERS: i64 = 1_048_576;

fn limit(context: &Context<'_>) -> usize {
    usize::try_from(context.integer(1).unwrap_or(MOST_MEMBERS).clamp(0, MOST_MEMBERS)).unwrap_or(0)
}

/// With `DYNAMIC`, nulls are kept and arrays flattened, as the engine does for dynamic values.
#[derive(Default)]
struct List<const DYNAMIC: bool> {
    json: String,
    count: usize,
}

impl<const DYNAMIC: bool> List<DYNAMIC> {
    fn push(&mut self, member: &str, limit: usize) {
        if self.count >= limit {
            return;
        }
        self.json.push(if self.count == 0 { '[' } else { ',' });
        self.json.push_str(member);
        self.count += 1;
    }
}

impl<const DYNAMIC: bool> Accumulator for List<DYNAMIC> {
    fn take(&mut self, context: &Context<'_>) {
        let limit = limit(context);
        match context.maybe_text(0) {
            None if DYNAMIC => self.push("null", limit),
            None => {}
            Some(value) => match json::elements(value).filter(|_| DYNAMIC) {
                Some(elements) => elements.for_each(|element| self.push(element, limit)),
                None => self.push(value, limit),
            },
        }
    }

    fn finish(mut self) -> Output {
        if self.count == 0 {
            return Output::from("[]");
        }
        self.json.push(']');
        self.json.into()
    }
}

#[derive(Default)]
struct Set {
    seen: std::collections::HashSet<String>,
    list: List<true>,
}

impl Accumulator for Set {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.maybe_text(0) else { return };
        let limit = limit(context);
        let mut add = |member: &str| {
            let key = json::key(member);
            if member != "null" && self.list.count < limit && !self.seen.contains(key.as_ref()) {
                self.seen.insert(key.into_owned());
                self.list.push(member, limit);
            }
        };
        match json::elements(value) {
            Some(elements) => elements.for_each(add),
            None => add(value),
        }
    }

    fn finish(self) -> Output {
        self.list.finish()
    }
}

/// The first value of a name stays.
#[derive(Default)]
struct Bag {
    names: std::collections::HashSet<String>,
    json: String,
}

impl Accumulator for Bag {
    fn take(&mut self, context: &Context<'_>) {
        let limit = limit(context);
        for (name, value) in context.maybe_text(0).and_then(json::entries).into_iter().flatten() {
            if self.names.len() < limit && self.names.insert(name.to_owned()) {
                self.json.push(if self.json.is_empty() { '{' } else { ',' });
                self.json.push_str(name);
                self.json.push(':');
                self.json.push_str(value);
            }
        }
    }

    fn finish(mut self) -> Output {
        if self.json.is_empty() {
            return Output::from("{}");
        }
        self.json.push('}');
        self.json.into()
    }
}

/// The union of the shapes of all values.
#[derive(Default)]
struct SchemaOfValues {
    types: Vec<&'static str>,
    members: Vec<(String, SchemaOfValues)>,
    indexer: Option<Box<SchemaOfValues>>,
}

impl SchemaOfValues {
    fn add(&mut self, value: &str) {
        let name = match json::kind(value) {
            Kind::Null => return,
            Kind::Bool => "bool",
            Kind::Number if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => "long",
            Kind::Number => "double",
            Kind::Text => "string",
            Kind::Array => {
                let indexer = self.indexer.get_or_insert_default();
                json::elements(value).into_iter().flatten().for_each(|element| indexer.add(element));
                return;
            }
            Kind::Bag => {
                for (name, member) in json::entries(value).into_iter().flatten() {
                    let place = self.members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                        self.members.push((name.to_owned(), Self::default()));
                        self.members.len() - 1
                    });
                    if let Some((_, schema)) = self.members.get_mut(place) {
                        schema.add(member);
                    }
                }
                return;
            }
        };
        if !self.types.contains(&name) {
            self.types.push(name);
        }
    }

    fn json(&self) -> String {
        let mut shapes: Vec<String> = self.types.iter().map(|name| json::quote(name)).collect();
        let mut members: Vec<String> =
            self.members.iter().map(|(name, schema)| format!("{name}:{}", schema.json())).collect();
        if let Some(indexer) = &self.indexer {
            members.push(format!("\"`indexer`\":{}", indexer.json()));
        }
        if !members.is_empty() {
            shapes.push(format!("{{{}}}", members.join(",")));
        }
        match shapes.as_slice() {
            [single] => single.clone(),
            [] => "\"null\"".to_owned(),
            several => json::array(several),
        }
    }
}

impl Accumulator for SchemaOfValues {
    fn take(&mut self, context: &Context<'_>) {
        if let Some(value) = context.maybe_text(0) {
            self.add(value);
        }
    }

    fn finish(self) -> Output {
        self.json().into()
    }
}

#[derive(Default)]
struct AnyValue(Option<Output>);

impl Accumulator for AnyValue {
    fn take(&mut self, context: &Context<'_>) {
        use rusqlite::types::ValueRef;
        if self.0.is_none() {
            self.0 = match context.raw(0) {
                ValueRef::Integer(value) => Some(Output::Integer(value)),
                ValueRef::Real(value) => Some(Output::Real(value)),
                ValueRef::Text(_) => Some(Output::from(context.text(0))),
                _ => None,
            };
        }
    }

    fn finish(self) -> Output {
        self.0.unwrap_or(Output::Null)
    }
}

#[derive(Default)]
struct AnyString(String);

impl Accumulator for AnyString {
    fn take(&mut self, context: &Context<'_>) {
        if self.0.is_empty() {
            context.text(0).clone_into(&mut self.0);
        }
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}

/// `OPERATION`: 0 and, 1 or, 2 exclusive or.
#[derive(Default)]
struct Bits<const OPERATION: u8>(Option<i64>);

impl<const OPERATION: u8> Accumulator for Bits<OPERATION> {
    fn take(&mut self, context: &Context<'_>) {
        let Some(value) = context.integer(0) else { return };
        self.0 = Some(self.0.map_or(value, |so_far| match OPERATION {
            0 => so_far & value,
            1 => so_far | value,
            _ => so_far ^ value,
        }));
    }

    fn finish(self) -> Output {
        self.0.into()
    }
}
