use proptest::prelude::*;

use super::*;
use crate::hunt::conjunct::comparisons;

fn ways(conjunct: &str, found: Value) -> Vec<String> {
    let parsed = crate::kql::parse_expression(conjunct);
    assert!(!parsed.has_errors(), "{conjunct}");
    let parts = comparisons(&parsed.expression, conjunct);
    let part = parts.last().unwrap();
    let edits = relaxed(&parsed.expression, (part.whole, part.is_negated()), conjunct, &found);
    edits.into_iter().map(|edit| edit.replacement).collect()
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn an_equality_becomes_one_without_case_an_end_or_a_list() {
    assert_eq!(
        ways(r#"FileName == "cmd.exe""#, string(r"C:\Windows\CMD.EXE")),
        [
            r#"FileName =~ "cmd.exe""#,
            r#"FileName endswith "cmd.exe""#,
            r#"FileName startswith "cmd.exe""#,
            r#"FileName has "cmd.exe""#,
            r#"FileName contains "cmd.exe""#,
            r#"FileName in~ ("cmd.exe", @"C:\Windows\CMD.EXE")"#,
        ]
    );
    assert_eq!(ways("a == 5", Value::Long(7)), ["a in (5, 7)"]);
}

#[test]
fn a_beginning_becomes_what_both_share() {
    let found = string(r#""C:\Windows\system32\cmd.exe" /c whoami"#);
    assert_eq!(
        ways(r#"Line startswith "\"cmd.exe\" /c""#, found),
        [
            r#"Line has "\"cmd.exe\" /c""#,
            r#"Line contains "\"cmd.exe\" /c""#,
            r#"Line has "cmd.exe\" /c""#,
            r#"Line contains "cmd.exe\" /c""#,
        ]
    );
    // Two letters that happen to be there say nothing of what the author wanted.
    assert!(!ways(r#"a startswith "powershell""#, string("cmd.exe /c she")).iter().any(|way| way.contains("\"she\"")));
}

#[test]
fn a_list_takes_the_value_and_an_exclusion_loses_it() {
    assert_eq!(
        ways("FileName in~ (names)", string("a.exe")),
        [r#"FileName in~ (names, "a.exe")"#, r#"(FileName in~ (names) or FileName =~ "a.exe")"#]
    );
    assert_eq!(ways(r#"a in ("x", "y")"#, string("X")).first().unwrap(), r#"a in~ ("x", "y")"#);
    assert_eq!(ways(r#"a !in~ ("x", "y")"#, string("X")), [r#"a !in~ ("y")"#]);
    assert_eq!(ways(r#"a !in~ ("x")"#, string("x")), [""; 0]);
    assert_eq!(
        ways(r#"a has_all ("one", "two")"#, string("TWO three")),
        [r#"a has_all ("two")"#, r#"a has_all ("one")"#]
    );
    assert_eq!(ways(r#"a !contains "x""#, string("ax")).get(1).unwrap(), r#"a !has "x""#);
    assert_eq!(ways("FileName in~ (names)", string(&"x".repeat(200))), [""; 0]);
}

#[test]
fn bounds_move_to_the_value() {
    assert_eq!(ways("a > 5", Value::Long(3)), ["a >= 3"]);
    assert_eq!(ways("a between (1 .. 5)", Value::Long(9)), ["a between (1 .. 9)", "a between (9 .. 5)"]);
    assert_eq!(ways("a > 5", Value::Null), [""; 0]);
}

#[test]
fn terms_are_looked_for_within_words_or_join_the_list() {
    assert_eq!(
        ways(r#"Line has_any ("DownloadString", "iwr")"#, string("x DownloadStringAsync")),
        [
            r#"(Line has_any ("DownloadString", "iwr") or Line contains "DownloadString")"#,
            r#"Line has_any ("DownloadString", "iwr", "x DownloadStringAsync")"#,
            r#"(Line has_any ("DownloadString", "iwr") or Line has "x DownloadStringAsync")"#,
        ]
    );
    assert_eq!(
        ways(r#"Line has_any ("xp_cmdshell", "clr")"#, string(&format!("{} xp_cmd", "y".repeat(90)))),
        [
            r#"Line has_any ("xp_cmdshell", "clr", "xp_cmd")"#,
            r#"(Line has_any ("xp_cmdshell", "clr") or Line contains "xp_cmd")"#,
        ]
    );
    assert_eq!(
        ways("Line has_any (names)", string("abc")),
        [r#"Line has_any (names, "abc")"#, r#"(Line has_any (names) or Line has "abc")"#]
    );
    assert_eq!(ways(r#"Line has_any ("a")"#, string("")), [""; 0]);
    assert_eq!(ways(r#"Line !has_any ("one", "two")"#, string("TWO three")), [r#"Line !has_any ("one")"#]);
}

#[test]
fn a_pattern_loses_its_case_and_its_ends() {
    assert_eq!(
        ways(r#"Line matches regex @"^cmd\.exe""#, string("CMD.EXE")),
        [
            r#"Line matches regex @"(?i)^cmd\.exe""#,
            r#"Line matches regex @"cmd\.exe""#,
            r#"Line matches regex @"(?i)cmd\.exe""#,
        ]
    );
}

#[test]
fn what_is_negated_becomes_narrower() {
    assert_eq!(
        ways(r#"not(Line contains "cmd")"#, string("x cmd")),
        [
            r#"Line contains_cs "cmd""#,
            r#"Line has "cmd""#,
            r#"Line startswith "cmd""#,
            r#"Line endswith "cmd""#,
            r#"Line =~ "cmd""#,
            r#"Line == "cmd""#,
        ]
    );
    assert_eq!(ways("not(Size > 5)", Value::Long(7)), ["Size > 7"]);
    assert_eq!(ways(r#"not(a in~ ("x", "y"))"#, string("X")), [r#"a in~ ("y")"#]);
    assert_eq!(ways(r#"not(a has_any ("x", "y"))"#, string("x z")), [r#"a has_any ("y")"#]);
    assert_eq!(ways(r#"not(a matches regex "x+")"#, string("axa")), [r#"a matches regex "^(?:x+)$""#]);
    assert_eq!(ways("not(isempty(a))", string("")), [""; 0]);
}

proptest! {
    #[test]
    fn every_way_is_kql(
        operator in prop::sample::select(vec!["==", "=~", "!=", "!~", "has", "!has", "contains_cs", "startswith",
            "!endswith", "hasprefix_cs", "matches regex", "in", "!in~", "has_all", "has_any", "!has_any"]),
        negated: bool,
        wanted in "[a-zé\\\\\"'/ .\u{1b}]{0,12}",
        found in "[a-zé\\\\\"'/ .\u{1b}\u{202e}日]{0,30}",
    ) {
        let wanted = quote_string(&wanted);
        let list = ["in", "!in~", "has_all", "has_any", "!has_any"].contains(&operator);
        let text = if list { format!("a {operator} ({wanted}, \"x\")") } else { format!("a {operator} {wanted}") };
        let text = if negated { format!("not({text})") } else { text };
        for way in ways(&text, string(&found)) {
            prop_assert!(!crate::kql::parse_expression(&way).has_errors(), "{way}");
        }
    }
}
