//! Random expressions mean the same to the engine and to a small interpreter written from the language's rules:
//! three-valued logic, whole numbers, comparisons with null, string operators. The interpreter knows nothing of SQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Number {
    Literal(i64),
    Null,
    X,
    Y,
    Length(Box<Text>),
    Arithmetic(char, Box<Number>, Box<Number>),
    If(Box<Truth>, Box<Number>, Box<Number>),
    Coalesce(Box<Number>, Box<Number>),
}

#[derive(Debug, Clone)]
enum Text {
    Literal(String),
    S,
    T,
    Joined(Box<Text>, Box<Text>),
    Lower(Box<Text>),
    If(Box<Truth>, Box<Text>, Box<Text>),
    OfNumber(Box<Number>),
}

#[derive(Debug, Clone)]
enum Truth {
    Literal(bool),
    B,
    Compare(&'static str, Box<Number>, Box<Number>),
    Match(&'static str, Box<Text>, Box<Text>),
    In(Box<Number>, Vec<i64>),
    Between(Box<Number>, i64, i64),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    Not(Box<Truth>),
    IsNull(Box<Number>),
    IsEmpty(Box<Text>),
}

/// A row of the table the expressions are over.
#[derive(Debug, Clone)]
struct Row {
    x: Option<i64>,
    y: Option<i64>,
    s: String,
    t: String,
    b: Option<bool>,
}

impl Number {
    fn kql(&self) -> String {
        match self {
            Self::Literal(value) => format!("({value})"),
            Self::Null => "long(null)".to_owned(),
            Self::X => "x".to_owned(),
            Self::Y => "y".to_owned(),
            Self::Length(text) => format!("strlen({})", text.kql()),
            Self::Arithmetic(operator, left, right) => format!("({} {operator} {})", left.kql(), right.kql()),
            Self::If(condition, yes, no) => format!("iff({}, {}, {})", condition.kql(), yes.kql(), no.kql()),
            Self::Coalesce(first, second) => format!("coalesce({}, {})", first.kql(), second.kql()),
        }
    }

    fn value(&self, row: &Row) -> Option<i64> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::Null => None,
            Self::X => row.x,
            Self::Y => row.y,
            Self::Length(text) => Some(text.value(row).chars().count() as i64),
            Self::Arithmetic(operator, left, right) => {
                let (left, right) = (left.value(row)?, right.value(row)?);
                match operator {
                    '+' => Some(left.wrapping_add(right)),
                    '-' => Some(left.wrapping_sub(right)),
                    '*' => Some(left.wrapping_mul(right)),
                    // Towards zero; the remainder is never negative.
                    '/' => (right != 0).then(|| left.wrapping_div(right)),
                    _ => (right != 0).then(|| left.wrapping_rem_euclid(right)),
                }
            }
            Self::If(condition, yes, no) => if condition.value(row) == Some(true) { yes } else { no }.value(row),
            Self::Coalesce(first, second) => first.value(row).or_else(|| second.value(row)),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Text {
    fn kql(&self) -> String {
        match self {
            Self::Literal(text) => quoted(text),
            Self::S => "s".to_owned(),
            Self::T => "t".to_owned(),
            Self::Joined(left, right) => format!("strcat({}, {})", left.kql(), right.kql()),
            Self::Lower(text) => format!("tolower({})", text.kql()),
            Self::If(condition, yes, no) => format!("iff({}, {}, {})", condition.kql(), yes.kql(), no.kql()),
            Self::OfNumber(number) => format!("tostring({})", number.kql()),
        }
    }

    fn value(&self, row: &Row) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::S => row.s.clone(),
            Self::T => row.t.clone(),
            Self::Joined(left, right) => left.value(row) + &right.value(row),
            Self::Lower(text) => text.value(row).to_lowercase(),
            Self::If(condition, yes, no) => if condition.value(row) == Some(true) { yes } else { no }.value(row),
            Self::OfNumber(number) => number.value(row).map_or_else(String::new, |value| value.to_string()),
        }
    }
}

/// Whether `needle` occurs with no letter or digit beside it where it begins or ends with one itself.
fn has(text: &str, needle: &str, at_start: bool, at_end: bool) -> bool {
    let (text, needle): (Vec<char>, Vec<char>) = (text.chars().collect(), needle.chars().collect());
    let Some((first, last)) = needle.first().zip(needle.last()) else { return true };
    (0..=text.len()).any(|place| {
        let Some(rest) = text.get(place..).filter(|rest| rest.starts_with(&needle)) else { return false };
        let before = place.checked_sub(1).map(|place| text[place]);
        let after = rest.get(needle.len());
        let is_free = |edge: &char, beside: Option<&char>| {
            !edge.is_alphanumeric() || !beside.is_some_and(|beside| beside.is_alphanumeric())
        };
        (!at_start || is_free(first, before.as_ref())) && (!at_end || is_free(last, after))
    })
}

fn matches(operator: &str, left: &str, right: &str) -> bool {
    if let Some(positive) = operator.strip_prefix('!') {
        return match positive {
            "=" => left != right,
            "~" => left.to_lowercase() != right.to_lowercase(),
            positive => !matches(positive, left, right),
        };
    }
    if let Some(insensitive) = operator.strip_suffix("_cs") {
        return match insensitive {
            "has" => has(left, right, true, true),
            "contains" => left.contains(right),
            "startswith" => left.starts_with(right),
            "endswith" => left.ends_with(right),
            "hasprefix" => has(left, right, true, false),
            _ => has(left, right, false, true),
        };
    }
    match operator {
        "==" => left == right,
        "=~" => left.to_lowercase() == right.to_lowercase(),
        insensitive => matches(&format!("{insensitive}_cs"), &left.to_lowercase(), &right.to_lowercase()),
    }
}

impl Truth {
    fn kql(&self) -> String {
        match self {
            Self::Literal(value) => value.to_string(),
            Self::B => "b".to_owned(),
            Self::Compare(operator, left, right) => format!("({} {operator} {})", left.kql(), right.kql()),
            Self::Match(operator, left, right) => format!("({} {operator} {})", left.kql(), right.kql()),
            Self::In(value, list) => {
                let list: Vec<String> = list.iter().map(i64::to_string).collect();
                format!("({} in ({}))", value.kql(), list.join(", "))
            }
            Self::Between(value, low, high) => format!("({} between ({low} .. {high}))", value.kql()),
            Self::And(left, right) => format!("({} and {})", left.kql(), right.kql()),
            Self::Or(left, right) => format!("({} or {})", left.kql(), right.kql()),
            Self::Not(inner) => format!("not({})", inner.kql()),
            Self::IsNull(number) => format!("isnull({})", number.kql()),
            Self::IsEmpty(text) => format!("isempty({})", text.kql()),
        }
    }

    fn value(&self, row: &Row) -> Option<bool> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::B => row.b,
            Self::Compare("!=", left, right) => match (left.value(row), right.value(row)) {
                (None, None) => None,
                (left, right) => Some(left != right),
            },
            Self::Compare(operator, left, right) => {
                let order = left.value(row)?.cmp(&right.value(row)?);
                Some(match *operator {
                    "==" => order.is_eq(),
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Self::Match(operator, left, right) => Some(matches(operator, &left.value(row), &right.value(row))),
            Self::In(value, list) => Some(value.value(row).is_some_and(|value| list.contains(&value))),
            Self::Between(value, low, high) => value.value(row).map(|value| (*low..=*high).contains(&value)),
            Self::And(left, right) => match (left.value(row), right.value(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.value(row), right.value(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.value(row).map(|value| !value),
            Self::IsNull(number) => Some(number.value(row).is_none()),
            Self::IsEmpty(text) => Some(text.value(row).is_empty()),
        }
    }
}

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const MATCHES: [&str; 28] = [
    "==",
    "!=",
    "=~",
    "!~",
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "contains",
    "!contains",
    "contains_cs",
    "!contains_cs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "!startswith_cs",
    "endswith",
    "!endswith",
    "endswith_cs",
    "!endswith_cs",
    "hasprefix",
    "!hasprefix",
    "hasprefix_cs",
    "!hasprefix_cs",
    "hassuffix",
    "!hassuffix",
    "hassuffix_cs",
    "!hassuffix_cs",
];

fn words() -> impl Strategy<Value = String> {
    "[abAB1é_ .-]{0,5}"
}

type Expressions = (BoxedStrategy<Number>, BoxedStrategy<Text>, BoxedStrategy<Truth>);

/// Expressions of each type, so many levels deep.
fn expressions(depth: u32) -> Expressions {
    let number =
        prop_oneof![(-9_i64..10).prop_map(Number::Literal), Just(Number::X), Just(Number::Y), Just(Number::Null)];
    let text = prop_oneof![words().prop_map(Text::Literal), Just(Text::S), Just(Text::T)];
    let truth = prop_oneof![any::<bool>().prop_map(Truth::Literal), Just(Truth::B)];
    if depth == 0 {
        return (number.boxed(), text.boxed(), truth.boxed());
    }
    let (n, t, b) = expressions(depth - 1);
    let (numbers, texts, truths) =
        (|| n.clone().prop_map(Box::new), || t.clone().prop_map(Box::new), || b.clone().prop_map(Box::new));
    let operators = proptest::sample::select(vec!['+', '-', '*', '/', '%']);
    let number = prop_oneof![
        number,
        texts().prop_map(Number::Length),
        (operators, numbers(), numbers()).prop_map(|(operator, left, right)| Number::Arithmetic(operator, left, right)),
        (truths(), numbers(), numbers()).prop_map(|(condition, yes, no)| Number::If(condition, yes, no)),
        (numbers(), numbers()).prop_map(|(first, second)| Number::Coalesce(first, second)),
    ];
    let text = prop_oneof![
        text,
        (texts(), texts()).prop_map(|(left, right)| Text::Joined(left, right)),
        texts().prop_map(Text::Lower),
        (truths(), texts(), texts()).prop_map(|(condition, yes, no)| Text::If(condition, yes, no)),
        numbers().prop_map(Text::OfNumber),
    ];
    let list = proptest::collection::vec(-9_i64..10, 1..4);
    let truth = prop_oneof![
        truth,
        (proptest::sample::select(&COMPARISONS[..]), numbers(), numbers())
            .prop_map(|(operator, left, right)| Truth::Compare(operator, left, right)),
        (proptest::sample::select(&MATCHES[..]), texts(), texts())
            .prop_map(|(operator, left, right)| Truth::Match(operator, left, right)),
        (numbers(), list).prop_map(|(value, list)| Truth::In(value, list)),
        (numbers(), -9_i64..10, -9_i64..10).prop_map(|(value, low, high)| Truth::Between(value, low, high)),
        (truths(), truths()).prop_map(|(left, right)| Truth::And(left, right)),
        (truths(), truths()).prop_map(|(left, right)| Truth::Or(left, right)),
        truths().prop_map(Truth::Not),
        numbers().prop_map(Truth::IsNull),
        texts().prop_map(Truth::IsEmpty),
    ];
    (number.boxed(), text.boxed(), truth.boxed())
}

fn row() -> impl Strategy<Value = Row> {
    let number = || proptest::option::weighted(0.8, -9_i64..10);
    (number(), number(), words(), words(), proptest::option::weighted(0.8, any::<bool>()))
        .prop_map(|(x, y, s, t, b)| Row { x, y, s, t, b })
}

fn table(rows: &[Row]) -> String {
    let long = |value: Option<i64>| value.map_or_else(|| "long(null)".to_owned(), |value| value.to_string());
    let cells: Vec<String> = rows
        .iter()
        .map(|row| {
            let b = row.b.map_or_else(|| "bool(null)".to_owned(), |value| value.to_string());
            format!("{}, {}, {}, {}, {b}", long(row.x), long(row.y), quoted(&row.s), quoted(&row.t))
        })
        .collect();
    format!("datatable(x:long, y:long, s:string, t:string, b:bool)[{}]", cells.join(",\n"))
}

fn answer(query: &str) -> serde_json::Value {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = ["whippet", "query", "--format", "kusto", query].map(std::ffi::OsString::from);
    let exit = whippet::cli::run(arguments, &mut stdout, &mut stderr);
    assert_eq!(exit, whippet::cli::Exit::Done, "{query}\n{}", String::from_utf8_lossy(&stderr));
    let response: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    response["Tables"][0]["Rows"].clone()
}

/// A bool of the response, which Kusto writes as a number or as a word.
fn truth_of(cell: &serde_json::Value) -> Option<bool> {
    cell.as_bool().or_else(|| cell.as_i64().map(|value| value != 0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_and_the_rules_of_the_language_agree(
        rows in proptest::collection::vec(row(), 1..6),
        numbers in proptest::collection::vec(expressions(3).0, 4),
        texts in proptest::collection::vec(expressions(3).1, 4),
        truths in proptest::collection::vec(expressions(3).2, 8),
    ) {
        let columns: Vec<String> = numbers
            .iter()
            .map(Number::kql)
            .chain(texts.iter().map(Text::kql))
            .chain(truths.iter().map(Truth::kql))
            .enumerate()
            .map(|(place, text)| format!("r{place} = {text}"))
            .collect();
        let query = format!("{}\n| project {}", table(&rows), columns.join(",\n  "));
        let found = answer(&query);
        prop_assert_eq!(found.as_array().unwrap().len(), rows.len());
        for (row, cells) in rows.iter().zip(found.as_array().unwrap()) {
            for (place, number) in numbers.iter().enumerate() {
                prop_assert_eq!(cells[place].as_i64(), number.value(row), "{} over {:?}", number.kql(), row);
            }
            for (place, text) in texts.iter().enumerate() {
                let cell = cells[numbers.len() + place].as_str().unwrap_or_default().to_owned();
                prop_assert_eq!(cell, text.value(row), "{} over {:?}", text.kql(), row);
            }
            for (place, truth) in truths.iter().enumerate() {
                let cell = truth_of(&cells[numbers.len() + texts.len() + place]);
                prop_assert_eq!(cell, truth.value(row), "{} over {:?}", truth.kql(), row);
            }
        }
    }
}
