//! What is written to files: each view with what was on, in each format, and never over a file.

use super::fixture::{CHILDREN, Fixture};
use super::{Script, play};

fn after(keys: &str) -> super::End {
    play(120, 36, Script::new(Fixture).keys(keys))
}

#[test]
fn the_exclusions_are_exported_as_kql_for_rule_files() {
    let end = after("4 e Ctrl-u 'all.kql' Enter");
    assert!(end.screen.contains("no exclusion of yours yet"), "{}", end.screen);
    // One for the rule at hand that is on, one for any rule that is switched off again.
    let end = after("x Space Enter Space 1 x Tab j Space Enter e Ctrl-u 'all.kql' Enter");
    let text = end.log.iter().find_map(|line| line.strip_prefix("write all.kql\n")).unwrap();
    insta::assert_snapshot!("exclusions_as_kql", text);
    let stages: String = text.lines().filter(|line| !line.starts_with("//")).map(|line| format!("{line}\n")).collect();
    let parsed = crate::kql::parse(&format!("T\n{stages}"));
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
}

#[test]
fn a_view_is_exported_with_what_was_on_and_never_over_a_file() {
    let end = after("j l l f e Enter");
    let written: Vec<&String> = end.log.iter().filter(|line| line.starts_with("write ")).collect();
    assert!(written[0].starts_with("write matches.csv\nTime,Severity,Rule"), "{written:?}");
    assert_eq!(written[0].lines().count(), 4);
    assert!(written[1].starts_with("write matches.csv.about.txt\n"), "{written:?}");
    for said in
        ["filters: RULE = Suspicious grandchild of SQL Server", "exclusions on: none", "clock: whole", "rows: 2"]
    {
        assert!(written[1].contains(said), "{said}: {written:?}");
    }
    assert!(end.screen.contains("written to matches.csv: 2 rows"), "{}", end.screen);
    let end = after("e Enter e Enter");
    assert!(end.screen.contains("not written: matches.csv is there already"), "{}", end.screen);
    assert_eq!(end.log.iter().filter(|line| line.starts_with("write ")).count(), 2);
    let end = after("j w e Enter");
    assert!(end.log.contains(&format!("write rule.kql\n// {CHILDREN}\nT\n")), "{:?}", end.log);
    assert!(end.screen.contains("checked: the text gives the same 4 matches"), "{}", end.screen);
    let end = after("x Space Enter Space w Enter");
    let diff = end.log.iter().find(|line| line.starts_with("write diff.md\n")).unwrap();
    for said in
        ["# Difference of matches", "exclusion on: X1", "3 hidden, 0 new, 2 kept", "## Matches by rule", "| hidden |"]
    {
        assert!(diff.contains(said), "{said}: {diff}");
    }
    let end = after("e Ctrl-u 'layer.json' Enter");
    let layer = end.log.iter().find_map(|line| line.strip_prefix("write layer.json\n")).unwrap();
    let layer: serde_json::Value = serde_json::from_str(layer).unwrap();
    assert_eq!(layer["techniques"][0]["techniqueID"], "T1059.003");
    for key in ["2", "3", "4", "5"] {
        for name in ["a.csv", "a.jsonl", "a.md", "a.html", "a.txt"] {
            let end = after(&format!("{key} e Ctrl-u '{name}' Enter"));
            assert!(
                end.log.iter().any(|line| line.starts_with(&format!("write {name}\n"))),
                "{key} {name}: {:?}",
                end.log
            );
        }
    }
    let end = after("7 e Ctrl-u 'events.ndjson' Enter");
    assert!(end.log.iter().any(|line| line.starts_with("write events.ndjson\n{\"Timestamp\":")), "{:?}", end.log);
    let end = after("8 'T | take 1' Esc e Ctrl-u 'my.kql' Enter");
    assert!(
        end.log.iter().any(|line| line.starts_with("write my.kql\n// ---\n// id: \"my\"\n// title: \"my\"\n")
            && line.ends_with("T | take 1\n")),
        "{:?}",
        end.log
    );
}
