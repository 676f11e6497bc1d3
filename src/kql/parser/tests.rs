//! What the parser takes, what it refuses and how, and that no text harms it.

use proptest::prelude::*;

use super::{parse, parse_expression};
use crate::kql::lexer::{TokenKind, tokenize};
use crate::kql::syntax::{Expr, ExprKind, LiteralValue, OperatorKind, StatementKind};
use crate::kql::{print_expression, print_query};

/// The value of the only literal of `print x`.
fn literal(text: &str) -> LiteralValue {
    let parsed = parse_expression(text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    match parsed.expression.kind {
        ExprKind::Literal(literal) => literal.value,
        other => panic!("{text} is no literal but {other:?}"),
    }
}

fn accepts(text: &str) {
    let parsed = parse(text);
    assert!(!parsed.has_errors(), "{text}\n{:?}", parsed.diagnostics);
    let printed = print_query(&parsed.query);
    let again = parse(&printed);
    assert!(!again.has_errors(), "{text}\nprinted\n{printed}\n{:?}", again.diagnostics);
    assert_eq!(again.query.without_spans(), parsed.query.without_spans(), "{text}\nprinted\n{printed}");
}

fn codes(text: &str) -> Vec<&'static str> {
    parse(text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn every_literal_form_has_its_value() {
    const SECOND: i64 = 10_000_000;
    let string = |text: &str| LiteralValue::String(text.to_owned());
    for (text, value) in [
        ("5", LiteralValue::Long(Some(5))),
        ("0xff", LiteralValue::Long(Some(255))),
        ("long(-7)", LiteralValue::Long(Some(-7))),
        ("long(null)", LiteralValue::Long(None)),
        ("int(5)", LiteralValue::Int(Some(5))),
        ("int(null)", LiteralValue::Int(None)),
        ("-9223372036854775808", LiteralValue::Long(Some(i64::MIN))),
        ("1.5", LiteralValue::Real(Some(1.5))),
        ("1e3", LiteralValue::Real(Some(1000.0))),
        ("1.5e-3", LiteralValue::Real(Some(0.0015))),
        ("real(nan)", LiteralValue::Real(Some(f64::NAN))),
        ("real(+inf)", LiteralValue::Real(Some(f64::INFINITY))),
        ("double(-inf)", LiteralValue::Real(Some(f64::NEG_INFINITY))),
        ("decimal(0.10)", LiteralValue::Decimal(Some("0.10".to_owned()))),
        ("true", LiteralValue::Bool(Some(true))),
        ("bool(null)", LiteralValue::Bool(None)),
        ("bool(0)", LiteralValue::Bool(Some(false))),
        ("1d", LiteralValue::Timespan(Some(86_400 * SECOND))),
        ("1.5h", LiteralValue::Timespan(Some(5_400 * SECOND))),
        ("10ms", LiteralValue::Timespan(Some(100_000))),
        ("1microsecond", LiteralValue::Timespan(Some(10))),
        ("1tick", LiteralValue::Timespan(Some(1))),
        ("15minutes", LiteralValue::Timespan(Some(900 * SECOND))),
        ("timespan(2)", LiteralValue::Timespan(Some(2 * 86_400 * SECOND))),
        ("time(15 seconds)", LiteralValue::Timespan(Some(15 * SECOND))),
        ("timespan('0.12:00:00')", LiteralValue::Timespan(Some(43_200 * SECOND))),
        ("datetime(0001-01-02)", LiteralValue::Datetime(Some(86_400 * SECOND))),
        ("datetime(\"0001-01-01 00:00:01Z\")", LiteralValue::Datetime(Some(SECOND))),
        ("datetime(null)", LiteralValue::Datetime(None)),
        (
            "guid({74BE27DE-1e4e-49d9-b579-fe0b331d3642})",
            LiteralValue::Guid(Some("74be27de-1e4e-49d9-b579-fe0b331d3642".to_owned())),
        ),
        ("dynamic(null)", LiteralValue::Dynamic(None)),
        (
            "dynamic({'a': [1, -2.5, true, null], // note\n \"b\\\"\": datetime(2024-01-02), \"c\": 1h})",
            LiteralValue::Dynamic(Some(
                r#"{"a":[1,-2.5,true,null],"b\"":"2024-01-02T00:00:00.0000000Z","c":"01:00:00"}"#.to_owned(),
            )),
        ),
        ("'it''s'", string("its")),
        (
            r#""a\x41\u00e9" // two parts
            @"\n""#,
            string("aAé\\n"),
        ),
        ("h@'C:\\temp\\'", string("C:\\temp\\")),
        ("```a\n//b\"```", string("a\n//b\"")),
        ("~~~x~~~", string("x")),
        ("\"http://x\"", string("http://x")),
    ] {
        assert_eq!(literal(text), value, "{text}");
    }
}

#[test]
fn every_operator_and_statement_is_read_and_printed_back() {
    for text in [
        "T | where a == 1 and (b has 'x' or not(c)) | filter d !in~ ('a', 'b')",
        "T | where kind=nonempty a between (1 .. 5) and b !between (datetime(2024-01-01) .. 1d)",
        "T | where a has_any (dynamic(['x'])) and b in ((U | project x)) and c in (U | project x)",
        "T | extend A = 1, B = a.b['c'][-1].d, (C, D) = f(x), ['odd name'] = -1d, E = ago(-1d)",
        "T | project table, select, from, kind, type, count, title, database, order, step, by=1, ['a b']",
        "T | project-away A*, *_cs, b | project-keep * | project-reorder c, d* desc, e granny-asc | project-rename X = Y",
        "T | distinct * | distinct a, tostring(b.c)",
        "T | summarize | summarize count() by bin(Timestamp, 1h), b = tolower(c) | summarize hint.strategy=shuffle N = dcount(a)",
        "T | summarize arg_max(Timestamp, *), (A, B) = arg_min(x, y)",
        "T | sort by a asc nulls last, b desc, c | order by d | top 5 by a desc nulls first with others = 'rest'",
        "T | take 5 | limit N | sample 3 | sample-distinct 3 of a | count | count as N",
        "T | join kind=leftouter hint.strategy=broadcast (U | where x) on $left.a == $right.b, c",
        "T | join U on a | lookup kind=inner (V) on $left.a == $right.b and $left.c == $right.d",
        "union withsource=Source kind=outer isfuzzy=true (A | take 1), B*, database('d').C, cluster('c').database(\"d\").E",
        "T | union U, (V) | as hint.materialized=true W",
        "workspace('w').T | take 1; arg(\"\").Resources | take 1",
        "print a = 1, 'x' | extend b = 2",
        "range x from 1 to 10 step 2 | where x > 1",
        "T | mv-expand kind=array a = parse_json(b) to typeof(string), c limit 5 | mvexpand with_itemindex=i d",
        "T | mv-apply x = a to typeof(long) limit 5 on (where x > 1 | summarize max(x)) | take 1",
        "T | parse kind=regex flags=Ui a with * 'x' b:long \"y\" c * | parse-where d with e ',' f",
        "T | parse-kv a as (b:string, c:long) with (pair_delimiter=';', kv_delimiter='=')",
        "T | make-series n = count() default=0, avg(x) on Timestamp from ago(1d) to now() step 1h by a, b",
        "T | make-series sum(x) on t in range(ago(1d), now(), 1h) | make-series count() on t step 1h",
        "T | serialize | serialize r = row_number()",
        "T | scan with_match_id=m order by t asc partition by p declare (a:long = 0, b:string) with (step s output=last: x > 1 => a = s.a + 1, b = 'x'; step e optional: true;)",
        "T | partition hint.strategy=native by a (top 1 by b | project c) | partition by time { U | where x }",
        "T | top-nested 2 of a with others = 'rest' by s = sum(b) desc, top-nested of c by count()",
        "T | top-hitters 5 of a by b | reduce by a with threshold=0.1, characters='x'",
        "T | evaluate bag_unpack(a, 'p_') | evaluate hint.distribution=single pivot(a, sum(b)) : (x:long, y:string)",
        "evaluate some_plugin(T)",
        "T | invoke FileProfile(SHA1, 1000) | invoke f(n = 1) | invoke database('d').g(1)",
        "search in (T1, T2*) kind == 'x' and a:\"y\" | take 1",
        "search kind=case_sensitive \"x\" or *",
        "find withsource=S in (T1, database('d').T2) where a == 1 project a, b:string, pack(*)",
        "find where x has 'y' project-away z*; find 'x' | take 1",
        "T | getschema | render timechart with (title='x', ycolumns=a, b, ysplit=panels)",
        "T | render columnchart kind=stacked title='x'",
        "T | render or with (title='x')",
        "T | consume | fork a=(where x | take 1) (count) | facet by a, b.c with (take 1)",
        "T | assert a > 1, 'message' | make-graph a --> b with N on c",
        "T | graph-match (a)-[b]->(c) where x project y | take 1",
        "macro-expand isfuzzy=true G as X (X.T | take 1; )",
        "let a = 5; let f = (T:(*), U:(x:long, y:string), n:long = 5, s:string = 'x') { let z = n; T | take z }; let g = view () { U }; let h = () { 5 }; f(T, U, n=3)",
        "let a = datatable(x:long, ['y z']:string)[1, 'a', -2, 'b',]; a",
        "let a = externaldata(x:string, y:dynamic)[@\"https://h/x\",\n h'y'] with (format='csv', ignoreFirstRecord=true); a",
        "let a = materialize(T | where x); let b = toscalar(a | count); a | where n > b",
        "set notruncation; set query_now = datetime(2024-01-01); declare query_parameters(a:long = 1, b:dynamic = dynamic([])); T",
        "declare pattern P = (a:string) { ('x') = { T } }; alias database D = cluster('c').database('d'); restrict access to (T); T",
        "extend_me | where extend == 1 and where_ != 2 and print.x > 1",
        "T | extend x = iff(a matches regex @'\\d+' and b startswith_cs 'x', 1 + 2 * 3 - 4 / 5 % 6, -x)",
        "T | where a contains 'x' or b notcontains 'y' or c containscs 'z' | where x <> 1 | where * has 'x'",
        "T | extend x = typeof(long), y = extract('a', 1, b, typeof(string)), z = row_window_session(t, 1h, 5m, p != prev(p))",
        "let T = datatable(long:long, time:datetime)[1, datetime(2024-01-01)]; T | where time > ago(1d) | project long",
        "print +1, -2",
        "evaluate typeof(string)",
    ] {
        accepts(text);
    }
}

#[test]
fn layout_as_people_leave_it_is_read() {
    for text in [
        "\u{feff}let a = 1;\r\n\r\nT\r\n| where x == a // comment | not a stage\r\n\r\n  // another\r\n| take 5;\r\n;\r\n",
        "T\u{a0}|\u{202f}where\u{200b} x == 'a\u{a0}b'",
        "let a = 5;",
        "let a = 5; let b = 6",
        "// only a comment",
        "",
        "#connect cluster\nT | take 1",
        "T | // the next line\n take 5",
        "T\n| where a in (\n 'x' // one\n , 'y', // two\n 'z')",
    ] {
        accepts(text);
    }
    let parsed = parse("T | where x == 'a\u{a0}b'");
    assert!(print_query(&parsed.query).contains("a\u{a0}b"), "a no-break space in a string is text");
}

#[test]
fn operators_bind_as_in_kusto() {
    for (text, shape) in [
        ("a or b and c", "a or (b and c)"),
        ("a == b and c < d + e * f", "(a == b) and (c < (d + (e * f)))"),
        ("a - b - c", "(a - b) - c"),
        ("a + b has c", "a + (b has c)"),
        ("a < b == c", "(a < b) == c"),
        ("-a.b * c", "(-(a.b)) * c"),
        ("a in (1) and b between (1 .. 2 + 3)", "(a in (1)) and (b between (1 .. (2 + 3)))"),
    ] {
        let plain = parse_expression(text).expression.without_spans();
        let grouped = parse_expression(shape);
        assert_eq!(grouped.diagnostics, []);
        assert_eq!(plain, ungrouped(grouped.expression).without_spans(), "{text}");
    }
}

/// Without any parentheses.
fn ungrouped(mut expression: Expr) -> Expr {
    use crate::kql::walk::{VisitorMut, walk_expression_mut};
    struct Ungroup;
    impl VisitorMut for Ungroup {
        fn expression(&mut self, expression: &mut Expr) {
            while let ExprKind::Parenthesised(inner) = &mut expression.kind {
                *expression = (**inner).clone();
            }
            walk_expression_mut(self, expression);
        }
    }
    Ungroup.expression(&mut expression);
    expression
}

#[test]
fn a_hand_made_tree_gets_the_parentheses_it_needs() {
    let tree = ungrouped(
        parse_expression("(a or b) and not((c)) and (d + 1) * 2 == (e - (f - g)) and (a == b) == c").expression,
    );
    let printed = print_expression(&tree);
    assert_eq!(printed, "(a or b) and not(c) and (d + 1) * 2 == e - (f - g) and (a == b) == c");
    assert_eq!(ungrouped(parse_expression(&printed).expression).without_spans(), tree.without_spans());
}

#[test]
fn a_mistake_costs_its_stage_and_no_other() {
    let parsed = parse("T | wehre a | extend b = | take 5; U | project a b | count");
    let kinds: Vec<&str> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(kinds, ["unknown-operator", "syntax-error", "missing-comma"]);
    let StatementKind::Expression(Expr { kind: ExprKind::Pipeline(first), .. }) = &parsed.query.statements[0].kind
    else {
        panic!("no pipeline")
    };
    assert!(matches!(
        first.operators.iter().map(|operator| &operator.kind).collect::<Vec<_>>()[..],
        [OperatorKind::Error, OperatorKind::Error, OperatorKind::Take { .. }]
    ));
    assert_eq!(parsed.query.statements.len(), 2);
}

#[test]
fn what_is_no_kql_is_refused() {
    for (text, expected) in [
        ("T | where", "syntax-error"),
        ("T | where a ==", "syntax-error"),
        ("T | where and a", "syntax-error"),
        ("T | project a,", "hanging-comma"),
        ("T | join U", "syntax-error"),
        ("T | sort a", "syntax-error"),
        ("T | extend a.b = 5", "bad-assignment-target"),
        ("T | where a = 5", "assignment-for-comparison"),
        ("T | where a == b == c", "chained-comparison"),
        ("T | where a has b has c", "chained-comparison"),
        ("T | where a has_any (b) has c", "chained-comparison"),
        ("T | where a in (b) < c", "chained-comparison"),
        ("T | where a between (1 .. 2) + 3", "chained-comparison"),
        ("T | where a in 'x'", "syntax-error"),
        ("T | where f(a", "unbalanced-bracket"),
        ("T | where a)", "unbalanced-bracket"),
        ("T | where a == 'x", "unterminated-string"),
        ("T | where a == \"\\d\"", "invalid-escape"),
        ("print int(x)", "invalid-literal"),
        ("print dynamic([a])", "not-constant"),
        ("print 99999999999999999999", "number-out-of-range"),
        ("datatable(a:long, b:long)[1, 2, 3]", "incomplete-row"),
        ("T | T", "unknown-operator"),
        ("let a 5; T", "syntax-error"),
        ("T T", "unexpected-text"),
        ("T | where a == “x”", "smart-quote"),
        ("T ? 5", "stray-character"),
        (".show tables", "management-command"),
        ("f(a, )", "hanging-comma"),
    ] {
        let found = codes(text);
        assert!(found.contains(&expected), "{text}: {found:?}");
        assert!(parse(text).has_errors(), "{text}");
    }
}

#[test]
fn a_clean_parse_never_holds_an_error_node() {
    // Warnings do not crowd out errors.
    let many = format!("print dynamic([{}]); T | wehre x", "'a',\n'b'\n'c',\n".repeat(80));
    let parsed = parse(&many);
    assert!(parsed.has_errors());
    assert!(parsed.diagnostics.len() > 10);
}

/// Deep and long texts, each of which must end in an answer on an ordinary thread's stack.
#[test]
fn hostile_nesting_is_refused_and_not_followed() {
    let deep = 20_000;
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        nested("(", "1", ")", deep),
        nested("f(", "1", ")", deep),
        nested("a[", "1", "]", deep),
        nested("- ", "1", "", deep),
        nested("a in (", "1", ")", deep),
        nested("T | where x in (", "1", ")", deep),
        nested("T | join (", "T", ") on a", deep),
        nested("T | mv-apply a on (where b | fork (", "count", "))", deep),
        nested("let f = () {", "1", "};", deep),
        nested("T | partition by a {", "T", "}", deep),
        format!("print dynamic({})", nested("[", "1", "]", deep)),
        format!("print dynamic({})", nested("{'a':", "1", "}", deep)),
        nested("dynamic(", "1", ")", deep),
        format!("print {}", vec!["a"; deep].join(" - ")),
        format!("print {}", vec!["a"; deep].join(".")),
        nested("a between (", "1", " .. 2)", deep),
        "(".repeat(deep),
        ")".repeat(deep),
        "T | where (".repeat(deep / 10),
        "let a = ".repeat(deep / 10),
    ] {
        assert!(parse(&text).has_errors(), "{}", text.chars().take(40).collect::<String>());
    }
}

#[test]
fn nesting_within_reason_is_read() {
    let nested = |open: &str, middle: &str, close: &str| format!("{}{middle}{}", open.repeat(75), close.repeat(75));
    accepts(&format!("print {}", nested("(", "1", ")")));
    accepts(&format!("print {}", nested("iff(a, b, ", "1", ")")));
    accepts(&format!("T | where {}", vec!["a == 1"; 400].join(" or ")));
    // Long chains are balanced, and printed without the parentheses that a tree of this form has otherwise.
    for count in [501, 900, 10_000] {
        let text = format!("T\n| where {}", vec!["a == 1 and b"; count].join(" or "));
        accepts(&text);
        assert_eq!(crate::kql::print_query(&parse(&text).query).trim(), text);
    }
}

/// Pieces that mean something to the parser, for texts that are nearly KQL.
fn piece() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = "T a 5 1d 'x' \"y\" @'z' ( ) [ ] { } | ; , . .. : = == != =~ < > + - * / % => ! & # // \n ``` ~~~ “ \
         where extend project project-away summarize by sort order top take count join on kind=inner lookup union in in~ !in \
         has !has has_any between matches regex and or not parse with mv-expand mv-apply to typeof(string) make-series step from \
         range scan step declare partition top-nested of others evaluate invoke search find render fork facet reduce as print \
         let set declare datatable( externaldata( dynamic( dynamic([ datetime( datetime(2024-01-01) int(null) guid( view default=0 \
         $left.a $right.b * nulls last asc desc hint.strategy=shuffle graph-match materialize(T toscalar( \u{a0} \u{202e} é"
        .split(' ')
        .collect();
    prop_oneof![proptest::sample::select(words).prop_map(str::to_owned), "\\PC{0,3}"]
}

fn never_harmed(text: &str) -> Result<(), TestCaseError> {
    let tokens = tokenize(text);
    let mut position = 0;
    for token in &tokens {
        prop_assert!(token.span.start >= position && token.span.end > token.span.start);
        prop_assert!(text.get(token.span.start..token.span.end).is_some());
        position = token.span.end;
    }
    let damaged = tokens.iter().any(|token| matches!(token.kind, TokenKind::Error(_)));
    let parsed = parse(text);
    prop_assert!(parsed.has_errors() || !damaged);
    for diagnostic in &parsed.diagnostics {
        prop_assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?}");
    }
    if !parsed.has_errors() {
        prop_assert!(!format!("{:?}", parsed.query).contains("kind: Error"), "{:?}", parsed.query);
        let printed = print_query(&parsed.query);
        let again = parse(&printed);
        prop_assert!(!again.has_errors(), "printed {printed:?}: {:?}", again.diagnostics);
        prop_assert_eq!(again.query.without_spans(), parsed.query.without_spans(), "printed {}", printed);
    }
    Ok(())
}

proptest! {
    #[test]
    fn nearly_kql_never_harms_and_what_parses_prints_back(pieces in proptest::collection::vec(piece(), 0..25), glued in any::<bool>()) {
        never_harmed(&pieces.join(if glued { "" } else { " " }))?;
    }

    #[test]
    fn any_text_never_harms(text in any::<String>()) {
        never_harmed(&text)?;
    }
}
