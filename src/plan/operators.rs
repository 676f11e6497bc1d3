//! The operators: which operand types each takes, what it gives, and the implementation's symbol.
//!
//! As for functions, the symbol is computed by `sql::functions`. Operands of unlike types are brought to one
//! type first, as `Resolution::parameters` says; what cannot be compared is refused, never guessed.
//!
//! Long, because it is one table, and the operators are many.

use crate::kql::syntax::{BinaryOperator, ListOperator, UnaryOperator};
use crate::schema::ScalarType::{
    self, Bool, Datetime, Decimal, Dynamic, Guid, Int, Long, Real, String as Text, Timespan,
};

use super::functions::{ArgumentShape, Resolution, ResolutionError, ResultName, ScalarTypeName, casts::wider};

/// How the implementation of a list operator wants the members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Members {
    /// One SQL argument each, after the value; all cast to `parameters[1]`.
    Inline,
    /// One SQL argument: a JSON array of all members, each boxed as dynamic. A member that is itself an array is flattened.
    Array,
}

/// A resolved `in`, `has_any`, ….
#[derive(Debug, Clone, PartialEq)]
pub struct ListResolution {
    /// `parameters` has two entries: the type of the value and the type of every member.
    pub resolution: Resolution,
    pub members: Members,
}

fn resolution(symbol: &'static str, parameters: Vec<ScalarType>, returns: ScalarType) -> Resolution {
    Resolution { row: None, symbol, parameters, returns, result_name: ResultName::None, cast_result: None }
}

/// The spelling of an operator, for messages.
pub const fn spelling(operator: BinaryOperator) -> &'static str {
    let (spelling, _) = text_of(operator);
    spelling
}

/// The spelling of every operator and, for the string operators, the symbol.
const fn text_of(operator: BinaryOperator) -> (&'static str, Option<&'static str>) {
    use BinaryOperator as Op;
    match operator {
        Op::Or => ("or", None),
        Op::And => ("and", None),
        Op::Equal => ("==", None),
        Op::NotEqual => ("!=", None),
        Op::Less => ("<", None),
        Op::LessOrEqual => ("<=", None),
        Op::Greater => (">", None),
        Op::GreaterOrEqual => (">=", None),
        Op::Add => ("+", None),
        Op::Subtract => ("-", None),
        Op::Multiply => ("*", None),
        Op::Divide => ("/", None),
        Op::Modulo => ("%", None),
        Op::EqualTilde => ("=~", Some("equal_ci")),
        Op::NotEqualTilde => ("!~", Some("not_equal_ci")),
        Op::Has => ("has", Some("has")),
        Op::NotHas => ("!has", Some("not_has")),
        Op::HasCs => ("has_cs", Some("has_cs")),
        Op::NotHasCs => ("!has_cs", Some("not_has_cs")),
        Op::HasPrefix => ("hasprefix", Some("hasprefix")),
        Op::NotHasPrefix => ("!hasprefix", Some("not_hasprefix")),
        Op::HasPrefixCs => ("hasprefix_cs", Some("hasprefix_cs")),
        Op::NotHasPrefixCs => ("!hasprefix_cs", Some("not_hasprefix_cs")),
        Op::HasSuffix => ("hassuffix", Some("hassuffix")),
        Op::NotHasSuffix => ("!hassuffix", Some("not_hassuffix")),
        Op::HasSuffixCs => ("hassuffix_cs", Some("hassuffix_cs")),
        Op::NotHasSuffixCs => ("!hassuffix_cs", Some("not_hassuffix_cs")),
        Op::Contains => ("contains", Some("contains")),
        Op::NotContains => ("!contains", Some("not_contains")),
        Op::ContainsCs => ("contains_cs", Some("contains_cs")),
        Op::NotContainsCs => ("!contains_cs", Some("not_contains_cs")),
        Op::StartsWith => ("startswith", Some("startswith")),
        Op::NotStartsWith => ("!startswith", Some("not_startswith")),
        Op::StartsWithCs => ("startswith_cs", Some("startswith_cs")),
        Op::NotStartsWithCs => ("!startswith_cs", Some("not_startswith_cs")),
        Op::EndsWith => ("endswith", Some("endswith")),
        Op::NotEndsWith => ("!endswith", Some("not_endswith")),
        Op::EndsWithCs => ("endswith_cs", Some("endswith_cs")),
        Op::NotEndsWithCs => ("!endswith_cs", Some("not_endswith_cs")),
        Op::MatchesRegex => ("matches regex", Some("matches_regex")),
        Op::Colon => (":", Some("has")),
    }
}

/// How two operands of one kind compare: the symbols of `== != < <= > >=`.
struct Comparisons {
    operand: ScalarType,
    symbols: [&'static str; 6],
}

static COMPARISONS: &[Comparisons] = &[
    Comparisons {
        operand: Long,
        symbols: ["equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal"],
    },
    Comparisons {
        operand: Text,
        symbols: ["equal", "not_equal_string", "less", "less_or_equal", "greater", "greater_or_equal"],
    },
    Comparisons {
        operand: Real,
        symbols: [
            "equal_real",
            "not_equal_real",
            "less_real",
            "less_or_equal_real",
            "greater_real",
            "greater_or_equal_real",
        ],
    },
    Comparisons {
        operand: Decimal,
        symbols: [
            "equal_decimal",
            "not_equal_decimal",
            "less_decimal",
            "less_or_equal_decimal",
            "greater_decimal",
            "greater_or_equal_decimal",
        ],
    },
];

/// Arithmetic over two types: `(operator, left, right, symbol, result)`. Int operands count as long.
type ArithmeticRow = (BinaryOperator, ScalarType, ScalarType, &'static str, ScalarType);

static ARITHMETIC: &[ArithmeticRow] = &[
    (BinaryOperator::Add, Long, Long, "add_long", Long),
    (BinaryOperator::Subtract, Long, Long, "subtract_long", Long),
    (BinaryOperator::Multiply, Long, Long, "multiply_long", Long),
    (BinaryOperator::Divide, Long, Long, "divide_long", Long),
    (BinaryOperator::Modulo, Long, Long, "modulo_long", Long),
    (BinaryOperator::Add, Real, Real, "add_real", Real),
    (BinaryOperator::Subtract, Real, Real, "subtract_real", Real),
    (BinaryOperator::Multiply, Real, Real, "multiply_real", Real),
    (BinaryOperator::Divide, Real, Real, "divide_real", Real),
    (BinaryOperator::Modulo, Real, Real, "modulo_real", Real),
    (BinaryOperator::Add, Decimal, Decimal, "add_decimal", Decimal),
    (BinaryOperator::Subtract, Decimal, Decimal, "subtract_decimal", Decimal),
    (BinaryOperator::Multiply, Decimal, Decimal, "multiply_decimal", Decimal),
    (BinaryOperator::Divide, Decimal, Decimal, "divide_decimal", Decimal),
    (BinaryOperator::Modulo, Decimal, Decimal, "modulo_decimal", Decimal),
    (BinaryOperator::Add, Datetime, Timespan, "add_datetime_timespan", Datetime),
    (BinaryOperator::Add, Timespan, Datetime, "add_datetime_timespan", Datetime),
    (BinaryOperator::Subtract, Datetime, Timespan, "subtract_datetime_timespan", Datetime),
    (BinaryOperator::Subtract, Datetime, Datetime, "subtract_long", Timespan),
    (BinaryOperator::Add, Timespan, Timespan, "add_long", Timespan),
    (BinaryOperator::Subtract, Timespan, Timespan, "subtract_long", Timespan),
    (BinaryOperator::Divide, Timespan, Timespan, "divide_timespan", Real),
    // A time counts from the year 1.
    (BinaryOperator::Divide, Datetime, Timespan, "divide_timespan", Real),
    (BinaryOperator::Modulo, Timespan, Timespan, "modulo_long", Timespan),
    (BinaryOperator::Modulo, Datetime, Timespan, "modulo_long", Timespan),
    (BinaryOperator::Multiply, Timespan, Long, "multiply_long", Timespan),
    (BinaryOperator::Multiply, Long, Timespan, "multiply_long", Timespan),
    (BinaryOperator::Multiply, Timespan, Real, "multiply_timespan_real", Timespan),
    (BinaryOperator::Multiply, Real, Timespan, "multiply_timespan_real", Timespan),
    (BinaryOperator::Divide, Timespan, Long, "divide_long", Timespan),
    (BinaryOperator::Divide, Timespan, Real, "divide_timespan_real", Timespan),
];

/// Every symbol that an operator may resolve to, for the test that each is implemented.
pub fn symbols() -> Vec<&'static str> {
    let mut symbols: Vec<&str> = ARITHMETIC.iter().map(|row| row.3).collect();
    symbols.extend(COMPARISONS.iter().flat_map(|row| row.symbols));
    symbols.extend(["and", "or", "equal_dynamic", "not_equal_dynamic"]);
    symbols.extend(["negate_long", "negate_real", "negate_decimal", "negate_dynamic", "same"]);
    symbols.extend(BETWEENS.iter().flat_map(|(_, plain, negated)| [*plain, *negated]));
    symbols.extend(LISTS.iter().map(|(_, _, symbol)| *symbol));
    symbols.extend(["in_array", "not_in_array", "member", "element", "member_or_element"]);
    for operator in STRING_OPERATORS {
        symbols.extend(text_of(*operator).1);
    }
    symbols
}

const STRING_OPERATORS: &[BinaryOperator] = {
    use BinaryOperator as Op;
    &[
        Op::EqualTilde,
        Op::NotEqualTilde,
        Op::Has,
        Op::NotHas,
        Op::HasCs,
        Op::NotHasCs,
        Op::HasPrefix,
        Op::NotHasPrefix,
        Op::HasPrefixCs,
        Op::NotHasPrefixCs,
        Op::HasSuffix,
        Op::NotHasSuffix,
        Op::HasSuffixCs,
        Op::NotHasSuffixCs,
        Op::Contains,
        Op::NotContains,
        Op::ContainsCs,
        Op::NotContainsCs,
        Op::StartsWith,
        Op::NotStartsWith,
        Op::StartsWithCs,
        Op::NotStartsWithCs,
        Op::EndsWith,
        Op::NotEndsWith,
        Op::EndsWithCs,
        Op::NotEndsWithCs,
        Op::MatchesRegex,
        Op::Colon,
    ]
};

/// Resolves `left operator right`.
pub fn resolve_operator(
    operator: BinaryOperator,
    left: &ArgumentShape,
    right: &ArgumentShape,
) -> Result<Resolution, ResolutionError> {
    use BinaryOperator as Op;
    let types = (left.scalar_type, right.scalar_type);
    match operator {
        Op::And | Op::Or => logical(operator, types),
        Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
            comparison(operator, types)
        }
        Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => arithmetic(operator, types),
        _ => {
            let symbol = text_of(operator).1.unwrap_or("has");
            Ok(resolution(symbol, vec![Text, Text], Bool))
        }
    }
}

/// Resolves `-operand` and `+operand`.
pub fn resolve_unary(operator: UnaryOperator, operand: &ArgumentShape) -> Result<Resolution, ResolutionError> {
    let from = operand.scalar_type;
    let refuse =
        |spelling: &str| ResolutionError::OperandType { operator: spelling.to_owned(), operand: ScalarTypeName(from) };
    let (to, symbol) = match from {
        Int | Long => (Long, "negate_long"),
        Timespan => (Timespan, "negate_long"),
        Real => (Real, "negate_real"),
        Dynamic => (Dynamic, "negate_dynamic"),
        Decimal => (Decimal, "negate_decimal"),
        Bool | Text | Datetime | Guid => {
            return Err(refuse(if operator == UnaryOperator::Minus { "-" } else { "+" }));
        }
    };
    let symbol = if operator == UnaryOperator::Minus { symbol } else { "same" };
    Ok(resolution(symbol, vec![to], to))
}

fn refusal(spelling: &str, (left, right): (ScalarType, ScalarType), hint: Option<String>) -> ResolutionError {
    ResolutionError::OperandTypes {
        operator: spelling.to_owned(),
        left: ScalarTypeName(left),
        right: ScalarTypeName(right),
        hint,
    }
}

fn logical(operator: BinaryOperator, types: (ScalarType, ScalarType)) -> Result<Resolution, ResolutionError> {
    let fits = |scalar_type| matches!(scalar_type, Bool | Dynamic | Int | Long);
    if !fits(types.0) || !fits(types.1) {
        return Err(refusal(spelling(operator), types, Some("both sides must be true or false".to_owned())));
    }
    let symbol = if operator == BinaryOperator::And { "and" } else { "or" };
    Ok(resolution(symbol, vec![Bool, Bool], Bool))
}

/// The type two compared operands are both brought to.
fn comparable(left: ScalarType, right: ScalarType) -> Option<ScalarType> {
    match (left, right) {
        (same, other) if same == other => Some(same),
        (one, other) if one.is_numeric() && other.is_numeric() => Some(wider(wider(one, other), Long)),
        (Bool, other) | (other, Bool) if other.is_integer() => Some(Long),
        (Bool, Real) | (Real, Bool) => Some(Real),
        (Bool, Decimal) | (Decimal, Bool) => Some(Decimal),
        (Guid, Text) | (Text, Guid) => Some(Guid),
        // A JSON number may have a fraction: 1.5 is above 1.
        (Dynamic, other) | (other, Dynamic) => Some(if other.is_integer() { Real } else { other }),
        _ => None,
    }
}

fn comparison(operator: BinaryOperator, types: (ScalarType, ScalarType)) -> Result<Resolution, ResolutionError> {
    let place = match operator {
        BinaryOperator::Equal => 0,
        BinaryOperator::NotEqual => 1,
        BinaryOperator::Less => 2,
        BinaryOperator::LessOrEqual => 3,
        BinaryOperator::Greater => 4,
        _ => 5,
    };
    let is_dynamic = types.0 == Dynamic || types.1 == Dynamic;
    if is_dynamic && place < 2 {
        // A dynamic value compares by value with a scalar: the JSON number 5 is not the string "5".
        let symbol = if place == 0 { "equal_dynamic" } else { "not_equal_dynamic" };
        return Ok(resolution(symbol, vec![Dynamic, Dynamic], Bool));
    }
    let Some(operand) = comparable(types.0, types.1).filter(|operand| *operand != Dynamic) else {
        return Err(refusal(spelling(operator), types, Some(comparison_hint(types))));
    };
    let kind = match operand {
        Real | Decimal | Text => operand,
        Guid => Text,
        _ => Long,
    };
    let symbol = COMPARISONS
        .iter()
        .find(|row| row.operand == kind)
        .and_then(|row| row.symbols.get(place).copied())
        .unwrap_or("equal");
    Ok(resolution(symbol, vec![operand, operand], Bool))
}

fn comparison_hint((left, right): (ScalarType, ScalarType)) -> String {
    use super::functions::cast_function;
    match (left, right) {
        (Dynamic, Dynamic) => "cast both, for example with tolong() or todatetime()".to_owned(),
        (Text, other) => {
            format!("wrap the string in {}(), or the {} in tostring()", cast_function(other), other.name())
        }
        (other, Text) => {
            format!("wrap the string in {}(), or the {} in tostring()", cast_function(other), other.name())
        }
        (Datetime, Timespan) | (Timespan, Datetime) => {
            "a time does not compare with a span of time; ago(7d) is the time seven days back".to_owned()
        }
        (Datetime, other) | (other, Datetime) if other.is_numeric() => {
            "write a time as datetime(2024-01-31) or datetime(2024-01-31 12:00)".to_owned()
        }
        (one, other) => format!("{} and {} do not compare; cast one side", one.name(), other.name()),
    }
}

fn arithmetic(operator: BinaryOperator, types: (ScalarType, ScalarType)) -> Result<Resolution, ResolutionError> {
    let widened = |scalar_type| if scalar_type == Int { Long } else { scalar_type };
    let (mut left, mut right) = (widened(types.0), widened(types.1));
    match (left, right) {
        (Dynamic, Dynamic) => {
            let hint = "say what the dynamic values are, for example with tolong() or todouble()".to_owned();
            return Err(refusal(spelling(operator), types, Some(hint)));
        }
        (Dynamic, other) => left = partner(operator, other),
        (other, Dynamic) => right = partner(operator, other),
        (one, other) if one.is_numeric() && other.is_numeric() => {
            left = wider(one, other);
            right = left;
        }
        (Timespan, Decimal) => right = Real,
        (Decimal, Timespan) => left = Real,
        _ => {}
    }
    ARITHMETIC
        .iter()
        .find(|row| row.0 == operator && row.1 == left && row.2 == right)
        .map(|row| resolution(row.3, vec![row.1, row.2], row.4))
        .ok_or_else(|| {
            let joins = operator == BinaryOperator::Add && (left == Text || right == Text);
            let is_time = |side: ScalarType| matches!(side, Datetime | Timespan);
            let hint = if joins {
                Some("join strings with strcat()".to_owned())
            } else if left == Text || right == Text {
                let is_with_time = is_time(left) || is_time(right);
                let hint = if is_with_time {
                    "write a timespan without quotes (1d), or turn the string into one with totimespan()"
                } else {
                    "turn the string into a number with tolong() or todouble()"
                };
                Some(hint.to_owned())
            } else {
                None
            };
            refusal(spelling(operator), types, hint)
        })
}

/// What a dynamic operand is read as beside one of this type.
const fn partner(operator: BinaryOperator, other: ScalarType) -> ScalarType {
    match (operator, other) {
        (BinaryOperator::Multiply | BinaryOperator::Divide, Timespan) => Real,
        // Kusto's own binder: the difference of two times.
        (BinaryOperator::Subtract, Datetime) => Datetime,
        (_, Datetime) => Timespan,
        (_, other) => other,
    }
}

/// Resolves `base[index]`; `base.name` is an index by a string.
pub fn resolve_index(base: &ArgumentShape, index: &ArgumentShape) -> Result<Resolution, ResolutionError> {
    if base.scalar_type != Dynamic {
        let hint = Some("only dynamic values have members; wrap it in parse_json()".to_owned());
        return Err(refusal("[]", (base.scalar_type, index.scalar_type), hint));
    }
    let (symbol, parameter) = match index.scalar_type {
        Int | Long => ("element", Long),
        Text => ("member", Text),
        Dynamic => ("member_or_element", Dynamic),
        other => return Err(refusal("[]", (Dynamic, other), None)),
    };
    Ok(resolution(symbol, vec![Dynamic, parameter], Dynamic))
}

const BETWEENS: &[(ScalarType, &str, &str)] = &[
    (Long, "between", "not_between"),
    (Real, "between_real", "not_between_real"),
    (Decimal, "between_decimal", "not_between_decimal"),
    (Datetime, "between", "not_between"),
    (Timespan, "between", "not_between"),
    (Text, "between", "not_between"),
    // `datetime between (a .. 1h)`: the end is `a + 1h`.
    (Bool, "between_span", "not_between_span"),
];

/// Resolves `value between (low .. high)`.
pub fn resolve_between(
    negated: bool,
    value: &ArgumentShape,
    low: &ArgumentShape,
    high: &ArgumentShape,
) -> Result<Resolution, ResolutionError> {
    let spelling = if negated { "!between" } else { "between" };
    let types = (value.scalar_type, low.scalar_type, high.scalar_type);
    let (kind, parameters) = match types {
        (Datetime | Dynamic, Datetime, Timespan) => (Bool, vec![Datetime, Datetime, Timespan]),
        (value, low, high) => {
            let operand = comparable(value, low)
                .and_then(|so_far| comparable(so_far, high))
                .filter(|operand| !matches!(operand, Dynamic | Bool | Guid));
            let Some(operand) = operand else {
                let other = if comparable(value, low).is_none() { low } else { high };
                return Err(refusal(spelling, (value, other), Some(comparison_hint((value, other)))));
            };
            (operand, vec![operand; 3])
        }
    };
    let (_, plain, negative) =
        BETWEENS.iter().find(|row| row.0 == kind).copied().unwrap_or((Long, "between", "not_between"));
    Ok(resolution(if negated { negative } else { plain }, parameters, Bool))
}

const LISTS: &[(ListOperator, &str, &str)] = &[
    (ListOperator::In, "in", "in"),
    (ListOperator::NotIn, "!in", "not_in"),
    (ListOperator::InTilde, "in~", "in_ci"),
    (ListOperator::NotInTilde, "!in~", "not_in_ci"),
    (ListOperator::HasAny, "has_any", "has_any"),
    (ListOperator::NotHasAny, "!has_any", "not_has_any"),
    (ListOperator::HasAll, "has_all", "has_all"),
    (ListOperator::NotHasAll, "!has_all", "not_has_all"),
];

/// Resolves `value in (members)` and its kin. A member of dynamic type is an array or a scalar inside one; where
/// the list is a table, give the shape of its first column.
pub fn resolve_list_operator(
    operator: ListOperator,
    value: &ArgumentShape,
    members: &[ArgumentShape],
) -> Result<ListResolution, ResolutionError> {
    let (_, spelling, symbol) =
        LISTS.iter().find(|row| row.0 == operator).copied().unwrap_or((ListOperator::In, "in", "in"));
    let is_plain = matches!(operator, ListOperator::In | ListOperator::NotIn);
    if !is_plain {
        let resolution = resolution(symbol, vec![Text, Dynamic], Bool);
        return Ok(ListResolution { resolution, members: Members::Array });
    }
    let has_array = members.iter().any(|member| member.scalar_type == Dynamic);
    let mut operand = value.scalar_type;
    for member in members {
        let types = (value.scalar_type, member.scalar_type);
        // Members are compared with reals by value, where true is not 1.0.
        let is_bool_and_real = matches!(types, (Bool, Real | Decimal) | (Real | Decimal, Bool));
        operand = comparable(operand, member.scalar_type)
            .filter(|_| !is_bool_and_real)
            .ok_or_else(|| refusal(spelling, types, Some(comparison_hint(types))))?;
    }
    if has_array || value.scalar_type == Dynamic || matches!(operand, Real | Decimal) {
        let symbol = if operator == ListOperator::In { "in_array" } else { "not_in_array" };
        let resolution = resolution(symbol, vec![Dynamic, Dynamic], Bool);
        return Ok(ListResolution { resolution, members: Members::Array });
    }
    let resolution = resolution(symbol, vec![operand, operand], Bool);
    Ok(ListResolution { resolution, members: Members::Inline })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn resolve(
        operator: BinaryOperator,
        left: ScalarType,
        right: ScalarType,
    ) -> Result<(&'static str, ScalarType), std::string::String> {
        resolve_operator(operator, &ArgumentShape::of(left), &ArgumentShape::of(right))
            .map(|found| (found.symbol, found.returns))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn arithmetic_widens() {
        assert_eq!(resolve(BinaryOperator::Add, Int, Int), Ok(("add_long", Long)));
        assert_eq!(resolve(BinaryOperator::Divide, Int, Real), Ok(("divide_real", Real)));
        assert_eq!(resolve(BinaryOperator::Subtract, Datetime, Datetime), Ok(("subtract_long", Timespan)));
        assert_eq!(resolve(BinaryOperator::Divide, Timespan, Timespan), Ok(("divide_timespan", Real)));
        assert_eq!(resolve(BinaryOperator::Multiply, Int, Timespan), Ok(("multiply_long", Timespan)));
        assert_eq!(resolve(BinaryOperator::Add, Dynamic, Long), Ok(("add_long", Long)));
    }

    #[test]
    fn errors_say_what_to_do() {
        insta::assert_snapshot!(resolve(BinaryOperator::Add, Text, Text).unwrap_err(), @"'+' cannot take string and string: join strings with strcat()");
        insta::assert_snapshot!(resolve(BinaryOperator::Equal, Text, Long).unwrap_err(), @"'==' cannot take string and long: wrap the string in tolong(), or the long in tostring()");
        insta::assert_snapshot!(resolve(BinaryOperator::Greater, Datetime, Text).unwrap_err(), @"'>' cannot take datetime and string: wrap the string in todatetime(), or the datetime in tostring()");
        insta::assert_snapshot!(resolve(BinaryOperator::And, Text, Bool).unwrap_err(), @"'and' cannot take string and bool: both sides must be true or false");
        insta::assert_snapshot!(resolve(BinaryOperator::Add, Dynamic, Dynamic).unwrap_err(), @"'+' cannot take dynamic and dynamic: say what the dynamic values are, for example with tolong() or todouble()");
    }

    #[test]
    fn a_span_ends_a_time_range() {
        let shape = ArgumentShape::of;
        let found = resolve_between(false, &shape(Datetime), &shape(Datetime), &shape(Timespan)).unwrap();
        assert_eq!(found.symbol, "between_span");
        let found = resolve_between(true, &shape(Int), &shape(Long), &shape(Real)).unwrap();
        assert_eq!((found.symbol, found.parameters.first()), ("not_between_real", Some(&Real)));
    }

    #[test]
    fn lists_with_dynamic_members_compare_by_value() {
        let found = resolve_list_operator(ListOperator::In, &ArgumentShape::of(Text), &[ArgumentShape::of(Dynamic)]);
        assert_eq!(found.unwrap().resolution.symbol, "in_array");
        let found = resolve_list_operator(ListOperator::NotIn, &ArgumentShape::of(Text), &[ArgumentShape::of(Text)]);
        assert_eq!(found.unwrap().members, Members::Inline);
    }
}
