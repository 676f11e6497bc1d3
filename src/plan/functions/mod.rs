//! The function registry: one row per KQL function and aggregate, and the rules that choose an overload.
//!
//! A row states what the language promises (types, result name, nulls); how SQLite computes it is the
//! matter of the implementation that `sql::functions` keeps under the overload's `symbol`.

mod aggregate;
mod bags;
mod conditional;
mod conversion;
mod datetime;
mod encoding;
mod environment;
mod geo;
mod ipv4;
mod math;
mod parsing;
mod refused;
mod resolve;
mod series;
mod strings;
mod window;

pub mod casts;

pub use casts::{Conversion, conversion};
pub use refused::refused;
pub use resolve::{ArgumentShape, Resolution, ResolutionError, ScalarTypeName, cast_function, resolve_function};

use crate::schema::ScalarType;

/// How the result column of an unnamed call is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultName {
    /// `Column1`, `Column2`, …
    None,
    /// The name of the first argument (`tostring(x)` is `x`, `bin(x, 1h)` is `x`).
    FirstArgument,
    /// The name of the argument where it is the only one (`make_datetime(x)` is `x`, of parts it has no name).
    OnlyArgument,
    /// `prefix_argument`: `count_`, `dcount_x`, `set_x` (the prefix may differ from the function's name).
    Prefix(&'static str),
    /// `prefix_argument_literal`: `percentile_x_95`.
    PrefixAndLiteral(&'static str),
    /// Always this name.
    Fixed(&'static str),
}

/// What a null argument does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Any null argument gives null (`""` where the result is a string).
    Propagate,
    /// The function says itself what nulls mean; `doc` says how.
    Handled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Scalar,
    /// Only in `summarize` and its kin.
    Aggregate,
    /// Only on a serialized row set: `prev`, `next`, `row_number`, …
    Window,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// This type; ints widen to long and real, dynamic is cast.
    Exactly(ScalarType),
    /// Any type, passed as it is.
    Any,
    /// int, long, real or decimal, passed as it is; dynamic is cast to real.
    Numeric,
    /// Any type, passed as its `tostring`.
    Text,
    /// Any type, passed as the JSON value `pack_array` would hold.
    Boxed,
    /// All parameters marked so take one common type (`coalesce`, `max_of`).
    Common,
    /// As `Common`; where they have no common type, all are dynamic (`iff`, `case`).
    CommonOrDynamic,
    /// `typeof(T)`: not passed on; the result is cast to that type.
    Typeof,
}

/// The type of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    Exactly(ScalarType),
    /// The type of the argument at this position, from 0.
    Argument(usize),
    /// The common type of the [`ParameterType::Common`] and [`ParameterType::CommonOrDynamic`] arguments.
    Common,
    /// The wider of the numeric arguments (`int` counts as `long`).
    Wider,
}

/// One signature of a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overload {
    pub parameters: &'static [ParameterType],
    /// How many of `parameters`, from the end, may be left out.
    pub optional: usize,
    /// How many of `parameters`, from the end, may repeat as a group (0 = none; `case` repeats 2 before its last, `strcat` 1).
    pub repeats: usize,
    pub returns: Returns,
    /// Only where the first argument is this constant text (`datetime_diff('week', …)` gives another type).
    pub only_for: Option<&'static str>,
    /// The name of the implementation in `sql::functions`.
    pub symbol: &'static str,
}

impl Overload {
    pub(crate) const fn optional(self, optional: usize) -> Self {
        Self { optional, ..self }
    }

    pub(crate) const fn only_for(self, first: &'static str) -> Self {
        Self { only_for: Some(first), ..self }
    }

    pub(crate) const fn repeats(self, repeats: usize) -> Self {
        Self { repeats, ..self }
    }

    pub(crate) const fn returns(self, returns: Returns) -> Self {
        Self { returns, ..self }
    }
}

/// One signature; rows are written with it.
const fn of(symbol: &'static str, parameters: &'static [ParameterType], returns: ScalarType) -> Overload {
    Overload { parameters, optional: 0, repeats: 0, returns: Returns::Exactly(returns), only_for: None, symbol }
}

/// One KQL function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FunctionRow {
    pub name: &'static str,
    /// Older spellings that mean the same (`iif`, `todynamic`, `makeset`).
    pub aliases: &'static [&'static str],
    pub kind: FunctionKind,
    pub overloads: &'static [Overload],
    pub result_name: ResultName,
    pub nulls: Nulls,
    /// One or two sentences: what it gives, where a rule comes from, where the engine differs from its documentation.
    pub doc: &'static str,
}

impl FunctionRow {
    pub(crate) const fn scalar(name: &'static str, overloads: &'static [Overload], doc: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind: FunctionKind::Scalar,
            overloads,
            result_name: ResultName::None,
            nulls: Nulls::Propagate,
            doc,
        }
    }

    pub(crate) const fn aggregate(name: &'static str, overloads: &'static [Overload], doc: &'static str) -> Self {
        Self {
            kind: FunctionKind::Aggregate,
            nulls: Nulls::Handled,
            result_name: ResultName::Prefix(name),
            ..Self::scalar(name, overloads, doc)
        }
    }

    pub(crate) const fn window(name: &'static str, overloads: &'static [Overload], doc: &'static str) -> Self {
        Self { kind: FunctionKind::Window, nulls: Nulls::Handled, ..Self::scalar(name, overloads, doc) }
    }

    pub(crate) const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(crate) const fn named(self, result_name: ResultName) -> Self {
        Self { result_name, ..self }
    }

    /// The column is called as the first argument.
    pub(crate) const fn named_as_argument(self) -> Self {
        self.named(ResultName::FirstArgument)
    }

    pub(crate) const fn handles_nulls(self) -> Self {
        Self { nulls: Nulls::Handled, ..self }
    }

    /// Whether the engine computes this itself (it has no implementation among the SQL functions).
    pub fn is_engine_made(&self) -> bool {
        self.overloads.iter().all(|overload| overload.symbol.starts_with(ENGINE))
    }
}

/// Symbols with this prefix are expanded by the engine, not by `sql::functions`: they need the row set
/// (`prev`, `arg_max`), the clock (`now`) or tables outside the query (`FileProfile`).
pub const ENGINE: &str = "engine:";

/// All rows, by area.
static AREAS: &[&[FunctionRow]] = &[
    aggregate::ROWS,
    bags::ROWS,
    conditional::ROWS,
    conversion::ROWS,
    datetime::ROWS,
    encoding::ROWS,
    environment::ROWS,
    geo::ROWS,
    ipv4::ROWS,
    math::ROWS,
    parsing::ROWS,
    series::ROWS,
    strings::ROWS,
    window::ROWS,
];

/// Every function the engine knows.
pub fn rows() -> impl Iterator<Item = &'static FunctionRow> {
    AREAS.iter().flat_map(|rows| rows.iter())
}

/// The row of this name or alias. Function names are case-sensitive, as in KQL.
pub fn find(name: &str) -> Option<&'static FunctionRow> {
    rows().find(|row| row.name == name || row.aliases.contains(&name))
}

/// The parameter types that rows are written with.
pub(crate) mod parameter {
    use super::ParameterType;
    use crate::schema::ScalarType;

    pub(crate) const ANY: ParameterType = ParameterType::Any;
    pub(crate) const TEXT: ParameterType = ParameterType::Text;
    pub(crate) const BOXED: ParameterType = ParameterType::Boxed;
    pub(crate) const COMMON: ParameterType = ParameterType::Common;
    pub(crate) const COMMON_OR_DYNAMIC: ParameterType = ParameterType::CommonOrDynamic;
    pub(crate) const TYPEOF: ParameterType = ParameterType::Typeof;
    pub(crate) const BOOL: ParameterType = ParameterType::Exactly(ScalarType::Bool);
    pub(crate) const INT: ParameterType = ParameterType::Exactly(ScalarType::Int);
    pub(crate) const LONG: ParameterType = ParameterType::Exactly(ScalarType::Long);
    pub(crate) const REAL: ParameterType = ParameterType::Exactly(ScalarType::Real);
    pub(crate) const DECIMAL: ParameterType = ParameterType::Exactly(ScalarType::Decimal);
    pub(crate) const STRING: ParameterType = ParameterType::Exactly(ScalarType::String);
    pub(crate) const DATETIME: ParameterType = ParameterType::Exactly(ScalarType::Datetime);
    pub(crate) const TIMESPAN: ParameterType = ParameterType::Exactly(ScalarType::Timespan);
    pub(crate) const DYNAMIC: ParameterType = ParameterType::Exactly(ScalarType::Dynamic);
    pub(crate) const GUID: ParameterType = ParameterType::Exactly(ScalarType::Guid);
}
