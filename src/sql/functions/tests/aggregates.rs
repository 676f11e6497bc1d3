//! Aggregates.

use super::*;

/// Cases of `(symbol, arguments over columns a and b, rows, expected)`.
fn check_aggregates(cases: &[(&str, &[&str], &str, &str)]) {
    let connection = open();
    for (symbol, arguments, rows, expected) in cases {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let aggregate = implementation(symbol).unwrap().render(&arguments);
        let source = if rows.is_empty() { "SELECT 1 a, 1 b WHERE 0".to_owned() } else { format!("VALUES {rows}") };
        let found = evaluate(&connection, &format!("{aggregate} FROM (WITH t(a, b) AS ({source}) SELECT * FROM t)"));
        assert_eq!(found, *expected, "{symbol} over {rows}");
    }
}

#[test]
fn aggregates_are_the_engines() {
    check_aggregates(&[
        ("sum_long", &["a"], "", "0"),
        ("sum_long", &["a"], "(9223372036854775807, 0), (1, 0), (2, 0)", "-9223372036854775806"),
        ("avg_long", &["a"], "", "NaN"),
        ("avg_long", &["a"], "(9223372036854775806, 0), (1, 0), (9223372036854775807, 0)", "-0.6666666666666666"),
        ("avg_real", &["a"], "(NULL, 0), (2.0, 0), (3, 0)", "2.5"),
        ("avgif_long", &["a", "b"], "(1, 1), (3, 1), (100, 0), (7, NULL)", "2.0"),
        ("avg_decimal", &["a"], "('1.1', 0), ('2.2', 0), ('3.3', 0)", "2.2"),
        ("sum_decimal", &["a"], "('0.1', 0), ('0.2', 0)", "0.3"),
        ("max_decimal", &["a"], "('9', 0), ('10', 0)", "10"),
        ("variance", &["a"], "(1, 0), (2, 0), (3, 0), (4, 0)", "1.6666666666666667"),
        ("stdev", &["a"], "(5, 0)", "0.0"),
        ("count", &["a"], "(NULL, 0), (1, 0)", "2"),
        ("countif", &["b"], "(1, NULL), (1, 1), (1, 0)", "1"),
        ("dcount", &["a"], "('x', 0), ('', 0), ('x', 0)", "2"),
        ("min_string", &["a"], "", ""),
        ("max", &["a"], "(1, 0), (9, 0), (NULL, 0)", "9"),
        ("percentile_long", &["a", "50"], "(1, 0), (2, 0), (3, 0), (4, 0)", "2"),
        ("percentile", &["a", "95"], "(1, 0), (2, 0), (3, 0), (4, 0)", "4.0"),
        ("percentilew_long", &["a", "b", "50"], "(1, 10), (2, 1), (3, 1)", "1"),
        ("percentiles_array", &["a", "'[25,100]'"], "(1, 0), (2, 0), (3, 0), (4, 0)", "[1.0,4.0]"),
        ("make_list", &["a"], "('1', 0), (NULL, 0), ('2', 0)", "[1,2]"),
        ("make_list", &["a"], "", "[]"),
        ("make_list", &["a", "1"], "('1', 0), ('2', 0)", "[1]"),
        ("make_list_dynamic", &["a"], "('[1,2]', 0), (NULL, 0), ('{\"x\":1}', 0)", "[1,2,null,{\"x\":1}]"),
        ("make_list_if", &["a", "b", "1"], "('1', 0), ('2', 1), ('3', 1)", "[2]"),
        ("make_set", &["a"], "('\"b\"', 0), ('\"a\"', 0), ('\"b\"', 0), ('[1,1.0]', 0)", "[\"b\",\"a\",1]"),
        ("make_bag", &["a"], "('{\"1\":10}', 0), ('{\"1\":null,\"2\":null}', 0), (NULL, 0)", "{\"1\":10,\"2\":null}"),
        ("make_bag", &["a"], "", "{}"),
        (
            "buildschema",
            &["a"],
            "('{\"x\":1}', 0), ('{\"x\":\"a\",\"y\":[1.5]}', 0)",
            "{\"x\":[\"long\",\"string\"],\"y\":{\"`indexer`\":\"double\"}}",
        ),
        ("take_any", &["a"], "(NULL, 0), (3, 0)", "3"),
        ("take_any_string", &["a"], "('', 0), ('x', 0)", "x"),
        ("binary_all_or", &["a"], "(1, 0), (4, 0)", "5"),
        ("covariance", &["a", "b"], "(1, 2), (2, 4), (3, 6)", "2.0"),
    ]);
}
