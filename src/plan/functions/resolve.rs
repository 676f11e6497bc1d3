//! Choosing the overload of a call from the types of its arguments, or saying precisely why none fits.

use crate::kql::nearest_few as nearest;
use crate::kql::syntax::LiteralValue;
use crate::schema::ScalarType;

use super::casts::{Conversion, common_type, conversion, implicit_cost, wider};
use super::{FunctionRow, Overload, ParameterType, ResultName, Returns, find, rows};

/// What the binder knows of one argument.
#[derive(Debug, Clone, PartialEq)]
pub struct ArgumentShape {
    pub scalar_type: ScalarType,
    /// The value, where the argument is a constant.
    pub constant: Option<LiteralValue>,
    /// `typeof(T)` given as an argument; `scalar_type` is then T.
    pub is_typeof: bool,
}

impl ArgumentShape {
    /// A value that is not known before the query runs.
    pub const fn of(scalar_type: ScalarType) -> Self {
        Self { scalar_type, constant: None, is_typeof: false }
    }

    /// A constant.
    pub const fn constant(scalar_type: ScalarType, value: LiteralValue) -> Self {
        Self { scalar_type, constant: Some(value), is_typeof: false }
    }

    /// `typeof(T)`.
    pub const fn typeof_(scalar_type: ScalarType) -> Self {
        Self { scalar_type, constant: None, is_typeof: true }
    }
}

/// The chosen overload.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The function's row; `None` for an operator.
    pub row: Option<&'static FunctionRow>,
    /// The implementation in `sql::functions`.
    pub symbol: &'static str,
    /// The type to cast each argument to, in order; equal to the argument's own where it is passed as it is.
    pub parameters: Vec<ScalarType>,
    /// The type of the call, after `cast_result`.
    pub returns: ScalarType,
    pub result_name: ResultName,
    /// `typeof(T)` stood at this position: leave that argument out and cast the string result to T.
    pub cast_result: Option<(usize, ScalarType)>,
}

/// Why a call or an operator cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolutionError {
    #[error("there is no function '{name}'{}", or_meant(nearest))]
    UnknownFunction { name: String, nearest: Vec<String> },
    #[error("{name}() takes {expected}, not {found}")]
    ArgumentCount { name: String, expected: String, found: usize },
    /// `position` counts from 0.
    #[error("argument {} of {name}() is {found}, but it must be {expected}{}", position + 1, or_hint(hint))]
    ArgumentType { name: String, position: usize, expected: String, found: ScalarTypeName, hint: Option<String> },
    #[error("'{operator}' cannot take {left} and {right}{}", or_hint(hint))]
    OperandTypes { operator: String, left: ScalarTypeName, right: ScalarTypeName, hint: Option<String> },
    #[error("'{operator}' cannot take {operand}")]
    OperandType { operator: String, operand: ScalarTypeName },
    #[error("{name}() needs a constant as argument {}", position + 1)]
    NotConstant { name: String, position: usize },
}

/// A type as messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalarTypeName(pub ScalarType);

impl std::fmt::Display for ScalarTypeName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0.name())
    }
}

fn or_meant(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

fn or_hint(hint: &Option<String>) -> String {
    hint.as_ref().map_or_else(String::new, |hint| format!(": {hint}"))
}

/// Chooses the overload of `name` for these arguments.
pub fn resolve_function(name: &str, arguments: &[ArgumentShape]) -> Result<Resolution, ResolutionError> {
    let row = find(name).ok_or_else(|| ResolutionError::UnknownFunction {
        name: name.to_owned(),
        nearest: nearest(name, rows().map(|row| row.name)),
    })?;
    let fitting: Vec<(&Overload, Vec<ParameterType>)> = row
        .overloads
        .iter()
        .filter(|overload| is_meant(overload, arguments))
        .filter_map(|overload| expand(overload, arguments.len()).map(|parameters| (overload, parameters)))
        .collect();
    if fitting.is_empty() {
        return Err(ResolutionError::ArgumentCount {
            name: name.to_owned(),
            expected: expected_count(row),
            found: arguments.len(),
        });
    }
    let mut best: Option<(u32, Resolution)> = None;
    let mut complaint: Option<(usize, ResolutionError)> = None;
    for (overload, parameters) in fitting {
        match fit(name, row, overload, &parameters, arguments) {
            Ok((cost, resolution)) => {
                if best.as_ref().is_none_or(|(lowest, _)| cost < *lowest) {
                    best = Some((cost, resolution));
                }
            }
            // The overload that fits furthest is the one the writer meant.
            Err((position, error)) => {
                if complaint.as_ref().is_none_or(|(furthest, _)| position > *furthest) {
                    complaint = Some((position, error));
                }
            }
        }
    }
    match (best, complaint) {
        (Some((_, resolution)), _) => Ok(resolution),
        (None, Some((position, error))) => Err(merge_expectations(error, row, position, arguments)),
        (None, None) => Err(ResolutionError::ArgumentCount {
            name: name.to_owned(),
            expected: expected_count(row),
            found: arguments.len(),
        }),
    }
}

/// Whether the first argument is the constant that the overload is kept for.
fn is_meant(overload: &Overload, arguments: &[ArgumentShape]) -> bool {
    let Some(wanted) = overload.only_for else { return true };
    let first = arguments.first().and_then(|argument| argument.constant.as_ref());
    matches!(first, Some(LiteralValue::String(text)) if text.eq_ignore_ascii_case(wanted))
}

/// The parameter of each of `count` arguments, or `None` where the overload does not take so many.
fn expand(overload: &Overload, count: usize) -> Option<Vec<ParameterType>> {
    let listed = overload.parameters.len();
    if count < listed.saturating_sub(overload.optional) {
        return None;
    }
    if count <= listed {
        return Some(overload.parameters.iter().take(count).copied().collect());
    }
    if overload.repeats == 0 || !(count - listed).is_multiple_of(overload.repeats) {
        return None;
    }
    // `case` repeats its pairs and keeps its last parameter: what the groups leave over stays at the end.
    let tail = listed % overload.repeats;
    let head = overload.parameters.get(..listed - tail)?;
    let group = head.get(head.len().checked_sub(overload.repeats)?..)?;
    let mut parameters = head.to_vec();
    while parameters.len() + tail < count {
        parameters.extend_from_slice(group);
    }
    parameters.extend(overload.parameters.iter().skip(listed - tail));
    Some(parameters)
}

fn expected_count(row: &FunctionRow) -> String {
    let least = row.overloads.iter().map(|one| one.parameters.len() - one.optional).min().unwrap_or(0);
    let most = row.overloads.iter().map(|one| one.parameters.len()).max().unwrap_or(0);
    let plural = |count: usize| if count == 1 { "argument" } else { "arguments" };
    if row.name == "case" {
        "pairs of a condition and a value, and one value for all else: an odd number of arguments".to_owned()
    } else if row.overloads.iter().any(|one| one.repeats > 0) {
        format!("at least {least} {}", plural(least))
    } else if least == most {
        format!("{least} {}", plural(least))
    } else {
        format!("{least} to {most} arguments")
    }
}

type Misfit = (usize, ResolutionError);

fn fit(
    name: &str,
    row: &'static FunctionRow,
    overload: &Overload,
    parameters: &[ParameterType],
    arguments: &[ArgumentShape],
) -> Result<(u32, Resolution), Misfit> {
    let common = common_of(name, parameters, arguments)?;
    let mut cost = 0;
    let mut types = Vec::with_capacity(arguments.len());
    let mut cast_result = None;
    for (position, (parameter, argument)) in parameters.iter().zip(arguments).enumerate() {
        let from = argument.scalar_type;
        let misfit = |expected: String| {
            let hint = hint(*parameter, from);
            (
                position,
                ResolutionError::ArgumentType {
                    name: name.to_owned(),
                    position,
                    expected,
                    found: ScalarTypeName(from),
                    hint,
                },
            )
        };
        if argument.is_typeof != (*parameter == ParameterType::Typeof) {
            return Err(misfit(describe(*parameter)));
        }
        let (to, step) = match parameter {
            ParameterType::Exactly(to) => (*to, implicit_cost(from, *to).ok_or_else(|| misfit(describe(*parameter)))?),
            ParameterType::Any => (from, 5),
            ParameterType::Numeric if from.is_numeric() => (from, 1),
            ParameterType::Numeric if from == ScalarType::Dynamic => (ScalarType::Real, 9),
            ParameterType::Numeric => return Err(misfit(describe(*parameter))),
            ParameterType::Text => (ScalarType::String, u32::from(from != ScalarType::String) * 5),
            ParameterType::Boxed => (ScalarType::Dynamic, u32::from(from != ScalarType::Dynamic) * 5),
            ParameterType::Common | ParameterType::CommonOrDynamic => {
                (common.unwrap_or(from), u32::from(common != Some(from)))
            }
            ParameterType::Typeof => {
                cast_result = Some((position, from));
                (from, 0)
            }
        };
        cost += step;
        types.push(to);
    }
    let returns = match (cast_result, overload.returns) {
        (Some((_, to)), _) => to,
        (None, Returns::Exactly(scalar_type)) => scalar_type,
        (None, Returns::Argument(position)) => types.get(position).copied().unwrap_or(ScalarType::Dynamic),
        (None, Returns::Common) => common.unwrap_or(ScalarType::Dynamic),
        (None, Returns::Wider) => {
            types.iter().copied().filter(|scalar_type| scalar_type.is_numeric()).fold(ScalarType::Long, wider)
        }
    };
    let resolution = Resolution {
        row: Some(row),
        symbol: overload.symbol,
        parameters: types,
        returns,
        result_name: row.result_name,
        cast_result,
    };
    Ok((cost, resolution))
}

fn common_of(
    name: &str,
    parameters: &[ParameterType],
    arguments: &[ArgumentShape],
) -> Result<Option<ScalarType>, Misfit> {
    let mut common: Option<ScalarType> = None;
    let mut is_unlike = false;
    for (position, (parameter, argument)) in parameters.iter().zip(arguments).enumerate() {
        let may_be_dynamic = match parameter {
            ParameterType::Common => false,
            ParameterType::CommonOrDynamic => true,
            _ => continue,
        };
        let found = argument.scalar_type;
        common = match common {
            None => Some(found),
            // Kusto's own binder: a choice between unlike values is dynamic.
            Some(so_far) if may_be_dynamic && (is_unlike || !are_alike(so_far, found)) => {
                is_unlike = true;
                Some(ScalarType::Dynamic)
            }
            Some(so_far) => Some(common_type(so_far, found).ok_or_else(|| {
                let hint = (so_far == ScalarType::String).then(|| "wrap it in tostring()".to_owned());
                let error = ResolutionError::ArgumentType {
                    name: name.to_owned(),
                    position,
                    expected: format!("{} like the others", so_far.name()),
                    found: ScalarTypeName(found),
                    hint,
                };
                (position, error)
            })?),
        };
    }
    Ok(common)
}

/// Whether two values of a choice have a common type; a boolean is no number there.
fn are_alike(left: ScalarType, right: ScalarType) -> bool {
    let is_bool = |scalar_type: ScalarType| scalar_type == ScalarType::Bool;
    common_type(left, right).is_some_and(|common| is_bool(common) || !(is_bool(left) || is_bool(right)))
}

fn describe(parameter: ParameterType) -> String {
    match parameter {
        ParameterType::Exactly(scalar_type) => scalar_type.name().to_owned(),
        ParameterType::Numeric => "a number".to_owned(),
        ParameterType::Typeof => "typeof(a type)".to_owned(),
        _ => "a value".to_owned(),
    }
}

/// What to write instead.
fn hint(parameter: ParameterType, from: ScalarType) -> Option<String> {
    let to = match parameter {
        ParameterType::Exactly(to) => to,
        ParameterType::Numeric => ScalarType::Real,
        _ => return None,
    };
    matches!(conversion(from, to), Some(Conversion::Symbol(_))).then(|| format!("wrap it in {}()", cast_function(to)))
}

/// The KQL function that casts to this type.
pub fn cast_function(to: ScalarType) -> &'static str {
    match to {
        ScalarType::Bool => "tobool",
        ScalarType::Int => "toint",
        ScalarType::Long => "tolong",
        ScalarType::Real => "todouble",
        ScalarType::Decimal => "todecimal",
        ScalarType::String => "tostring",
        ScalarType::Datetime => "todatetime",
        ScalarType::Timespan => "totimespan",
        ScalarType::Dynamic => "parse_json",
        ScalarType::Guid => "toguid",
    }
}

/// Names every type the argument might have been, where several overloads were refused at the same place.
fn merge_expectations(
    error: ResolutionError,
    row: &FunctionRow,
    position: usize,
    arguments: &[ArgumentShape],
) -> ResolutionError {
    let ResolutionError::ArgumentType { name, found, hint, expected, .. } = error else { return error };
    let mut wanted: Vec<String> = Vec::new();
    for overload in row.overloads {
        let described = expand(overload, arguments.len())
            .and_then(|parameters| parameters.get(position).copied())
            .filter(|parameter| !matches!(parameter, ParameterType::Common | ParameterType::CommonOrDynamic))
            .map(describe);
        if let Some(described) = described.filter(|one| !wanted.contains(one)) {
            wanted.push(described);
        }
    }
    let (expected, hint) = match wanted.as_slice() {
        [] | [_] => (expected, hint),
        [most @ .., last] => (format!("{} or {last}", most.join(", ")), hint.filter(|_| most.is_empty())),
    };
    ResolutionError::ArgumentType { name, position, expected, found, hint }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use ScalarType::{Bool, Datetime, Dynamic, Int, Long, Real, String as Text, Timespan};

    fn resolve(name: &str, types: &[ScalarType]) -> Result<Resolution, String> {
        let arguments: Vec<ArgumentShape> = types.iter().copied().map(ArgumentShape::of).collect();
        resolve_function(name, &arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = rows().flat_map(|row| row.aliases.iter().copied().chain([row.name])).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn every_row_is_documented() {
        for row in rows() {
            assert!(!row.doc.is_empty(), "{}", row.name);
        }
    }

    #[test]
    fn the_nearest_overload_wins() {
        let bin = resolve("bin", &[Int, Int]).unwrap();
        assert_eq!((bin.symbol, bin.returns), ("bin_long", Long));
        let bin = resolve("bin", &[Real, Long]).unwrap();
        assert_eq!((bin.symbol, bin.parameters.as_slice()), ("bin_real", [Real, Real].as_slice()));
        assert_eq!(resolve("floor", &[Datetime, Timespan]).unwrap().returns, Datetime);
        assert_eq!(resolve("iif", &[Bool, Int, Long]).unwrap().returns, Long);
        assert_eq!(resolve("todynamic", &[Dynamic]).unwrap().symbol, "same");
        assert_eq!(resolve("make_list", &[Dynamic]).unwrap().symbol, "make_list_dynamic");
        assert_eq!(resolve("sum", &[Int]).unwrap().symbol, "sum_long");
        assert_eq!(resolve("toint", &[Real]).unwrap().symbol, "int_from_real");
        assert_eq!(resolve("tostring", &[Bool]).unwrap().parameters, [Text]);
        let case = resolve("case", &[Bool, Text, Bool, Text, Bool, Text, Text]).unwrap();
        assert_eq!(case.parameters, [Bool, Text, Bool, Text, Bool, Text, Text]);
        let pack = resolve("pack", &[Text, Long, Text, Datetime]).unwrap();
        assert_eq!(pack.parameters, [Text, Dynamic, Text, Dynamic]);
    }

    #[test]
    fn a_typeof_argument_casts_the_result() {
        let arguments =
            [ArgumentShape::of(Text), ArgumentShape::of(Int), ArgumentShape::of(Text), ArgumentShape::typeof_(Long)];
        let extract = resolve_function("extract", &arguments).unwrap();
        assert_eq!((extract.cast_result, extract.returns), (Some((3, Long)), Long));
    }

    #[test]
    fn a_constant_may_choose_the_overload() {
        let week = LiteralValue::String("Week".to_owned());
        let mut arguments =
            vec![ArgumentShape::constant(Text, week), ArgumentShape::of(Datetime), ArgumentShape::of(Datetime)];
        assert_eq!(resolve_function("datetime_diff", &arguments).unwrap().returns, Real);
        arguments[0] = ArgumentShape::constant(Text, LiteralValue::String("day".to_owned()));
        assert_eq!(resolve_function("datetime_diff", &arguments).unwrap().returns, Long);
    }

    #[test]
    fn a_choice_between_unlike_values_is_dynamic() {
        let returns = |name, types: &[ScalarType]| resolve(name, types).unwrap().returns;
        assert_eq!(returns("iff", &[Bool, Text, Long]), Dynamic);
        assert_eq!(returns("iff", &[Bool, Bool, Long]), Dynamic);
        assert_eq!(returns("iff", &[Bool, Int, Real]), Real);
        assert_eq!(returns("iff", &[Bool, Dynamic, Text]), Text);
        assert_eq!(returns("case", &[Bool, Text, Bool, Long, Text]), Dynamic);
    }

    #[test]
    fn errors_say_what_is_wrong() {
        insta::assert_snapshot!(resolve("tostrng", &[Text]).unwrap_err(), @"there is no function 'tostrng'; did you mean tostring?");
        insta::assert_snapshot!(resolve("strlen", &[]).unwrap_err(), @"strlen() takes 1 argument, not 0");
        insta::assert_snapshot!(resolve("strlen", &[Long]).unwrap_err(), @"argument 1 of strlen() is long, but it must be string: wrap it in tostring()");
        insta::assert_snapshot!(resolve("substring", &[Text]).unwrap_err(), @"substring() takes 2 to 3 arguments, not 1");
        insta::assert_snapshot!(resolve("startofday", &[Text]).unwrap_err(), @"argument 1 of startofday() is string, but it must be datetime: wrap it in todatetime()");
        insta::assert_snapshot!(resolve("max_of", &[Text, Long]).unwrap_err(), @"argument 2 of max_of() is long, but it must be string like the others: wrap it in tostring()");
        insta::assert_snapshot!(resolve("bin", &[Text, Timespan]).unwrap_err(), @"argument 1 of bin() is string, but it must be long, real, decimal, datetime or timespan");
        insta::assert_snapshot!(resolve("case", &[Bool, Text, Bool, Text]).unwrap_err(), @"case() takes pairs of a condition and a value, and one value for all else: an odd number of arguments, not 4");
    }
}
