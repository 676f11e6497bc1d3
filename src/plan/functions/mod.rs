//! The function registry: one row per KQL function, operator and aggregate.
//!
//! A row states what the language promises (types, result name, nulls); how SQLite computes it is the
//! matter of the implementation that `sql` keeps under the overload's `symbol`.

use crate::schema::ScalarType;

/// How the result column of an unnamed call is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultName {
    /// `Column1`, `Column2`, …
    None,
    /// The name of the first argument (`tostring(x)` is `x`, `bin(x, 1h)` is `x`).
    FirstArgument,
    /// `prefix_argument`: `count_`, `dcount_x`, `set_x` (the prefix may differ from the function's name).
    Prefix(&'static str),
    /// Always this name.
    Fixed(&'static str),
}

/// What a null argument does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Any null argument gives null.
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
    /// Any of bool, int, long, real, decimal, datetime, timespan, string, guid, dynamic, passed as it is.
    Any,
    /// int, long, real or decimal, passed as it is.
    Numeric,
    /// Any type, passed as its `tostring`.
    Text,
    /// All parameters marked so take one common type (`iff`, `coalesce`, `case`, `max_of`).
    Common,
}

/// The type of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    Exactly(ScalarType),
    /// The type of the argument at this position, from 0.
    Argument(usize),
    /// The common type of the [`ParameterType::Common`] arguments.
    Common,
    /// The wider of the numeric arguments.
    Wider,
}

/// One signature of a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overload {
    pub parameters: &'static [ParameterType],
    /// How many of `parameters`, from the end, may be left out.
    pub optional: usize,
    /// How many of `parameters`, from the end, may repeat as a group (0 = none; `case` repeats 2, `strcat` 1).
    pub repeats: usize,
    pub returns: Returns,
    /// The name of the implementation in `sql::functions`.
    pub symbol: &'static str,
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
