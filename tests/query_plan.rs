//! How SQLite goes about what queries ask: which indexes it uses, and that predicates on text run over the dictionary.
//! Speed that depends on luck shows here, not in a timing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use whippet::plan::Environment;
use whippet::schema::Value;
use whippet::sql::{self, ConnectionProbe, Limits, Options};
use whippet::store::{Store, insert_row};

fn compile(store: &Store, query: &str) -> sql::Compiled {
    let parsed = whippet::kql::parse(query);
    assert!(!parsed.has_errors(), "{query}");
    let probe = ConnectionProbe::new(store.connection(), store.schema()).whole();
    let environment = Environment::new(store.schema(), 0).with_probe(&probe);
    sql::compile(&parsed.query, &environment, &Options::default()).expect(query)
}

/// The lines of SQLite's plan.
fn plan(query: &str) -> Vec<String> {
    let store = Store::in_memory().unwrap();
    let compiled = compile(&store, query);
    let mut lines = Vec::new();
    for sql in compiled.text_sets().chain([compiled.sql()]) {
        let mut statement = store.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = vec![None::<i64>; statement.parameter_count()];
        let found = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        lines.extend(found.collect::<Result<Vec<String>, _>>().unwrap());
    }
    lines
}

fn assert_line(query: &str, wanted: &str) {
    let plan = plan(query);
    assert!(plan.iter().any(|line| line.contains(wanted)), "{query}: no '{wanted}' in\n{}", plan.join("\n"));
}

fn assert_no_line(query: &str, unwanted: &str) {
    let plan = plan(query);
    assert!(!plan.iter().any(|line| line.contains(unwanted)), "{query}: '{unwanted}' in\n{}", plan.join("\n"));
}

#[test]
fn equality_on_names_and_actions_goes_through_indexes() {
    for (table, column, index) in [
        ("DeviceProcessEvents", "FileName", "process_file"),
        ("DeviceProcessEvents", "InitiatingProcessFileName", "process_parent_file"),
        ("DeviceProcessEvents", "InitiatingProcessParentFileName", "process_grandparent_file"),
        ("DeviceProcessEvents", "SHA1", "process_hash"),
        ("DeviceProcessEvents", "ProcessCommandLine", "process_command_line"),
        ("DeviceNetworkEvents", "InitiatingProcessFileName", "network_actor"),
        ("DeviceEvents", "ActionType", "device_event_action"),
    ] {
        for predicate in ["== 'a.exe'", "=~ 'a.exe'", "in ('a.exe', 'b.exe')", "in~ ('a.exe', 'b.exe')"] {
            let query = format!("{table} | where {column} {predicate}");
            assert_line(&query, &format!("SEARCH t USING INDEX {index} ("));
            assert_line(&query, "SEARCH text USING COVERING INDEX text_value (value=?)");
            assert_no_line(&query, "SCAN");
        }
    }
}

#[test]
fn the_start_of_a_text_is_a_range_of_the_dictionarys_index() {
    let query = "DeviceProcessEvents | where ProcessCommandLine startswith '\"cmd.exe\" /c' | count";
    assert_line(query, "SEARCH text USING COVERING INDEX text_value (value>? AND value<?)");
    assert_no_line(query, "SCAN text");
}

#[test]
fn a_text_is_searched_once_for_each_distinct_value() {
    for predicate in ["has '4688'", "contains 'whoami'", "has_any ('whoami', '7045')", "matches regex 'who.*'"] {
        // Through the index where the column has one, …
        let query = format!("DeviceProcessEvents | where ProcessCommandLine {predicate} | count");
        assert_line(&query, "SCAN text");
        assert_line(&query, "SEARCH t USING COVERING INDEX process_command_line");
        assert_no_line(&query, "CORRELATED");
        // … and by comparing ids where it has none.
        let query = format!("DeviceProcessEvents | where InitiatingProcessFolderPath {predicate} | count");
        assert_line(&query, "SCAN text");
        assert_line(&query, "LIST SUBQUERY");
        assert_no_line(&query, "CORRELATED");
    }
}

#[test]
fn a_term_leads_to_the_texts_that_hold_it() {
    for predicate in [
        "has 'whoami'",
        "has_cs 'whoami'",
        "has_any ('whoami', 'xp_cmdshell')",
        "has_all ('whoami', '/all')",
        "hasprefix 'new-object net.web'",
        "contains '\\\\temp\\\\'",
        "has 'a' or ProcessCommandLine has 'b'",
        "has 'whoami' and ProcessCommandLine matches regex 'who.*'",
    ] {
        let query = format!("DeviceProcessEvents | where ProcessCommandLine {predicate} | count");
        assert_line(&query, "SEARCH a USING INTEGER PRIMARY KEY");
        assert_line(&query, "SEARCH text USING INTEGER PRIMARY KEY (rowid=?)");
        // Texts that the index does not reach.
        assert_line(&query, "SEARCH text USING INTEGER PRIMARY KEY (rowid>?)");
        assert_line(&query, "SEARCH t USING COVERING INDEX process_command_line");
        assert!(!plan(&query).contains(&"SCAN text".to_owned()), "{query}");
    }
}

#[test]
fn what_is_sought_in_all_columns_is_looked_up_once_and_not_in_each_row() {
    let query = "search in (DeviceProcessEvents, DeviceFileEvents) 'whoami' and 'xp_cmdshell' | count";
    assert_line(query, "SEARCH a USING INTEGER PRIMARY KEY");
    assert_line(query, "SEARCH text USING INTEGER PRIMARY KEY (rowid=?)");
    assert_no_line(query, "CORRELATED");
}

#[test]
fn the_newest_and_a_range_of_time_go_through_the_index_of_times() {
    for table in ["DeviceProcessEvents", "DeviceFileEvents", "DeviceEvents"] {
        for direction in ["asc", "desc"] {
            let newest = format!("{table} | sort by Timestamp {direction}");
            assert_line(&format!("{newest} | take 100"), "_time");
            assert_line(&format!("{newest} | project Timestamp"), "_time");
            // To fetch the rows one by one in the order of the index takes longer than to sort them.
            assert_no_line(&newest, "_time");
            assert_no_line(&format!("{table} | where ReportId == 4 | sort by Timestamp | take 100"), "_time");
        }
        assert_line(&format!("{table} | where Timestamp > datetime(2026-03-02) | count"), "_time (Timestamp>?)");
    }
}

#[test]
fn grouping_by_hash_reads_an_index_in_its_order() {
    let query = "DeviceProcessEvents | summarize dcount(DeviceId), count() by SHA1";
    assert_line(query, "SCAN t USING COVERING INDEX process_hash");
    assert_no_line(query, "TEMP B-TREE FOR GROUP BY");
}

#[test]
fn texts_with_a_nul_are_looked_up_in_an_index_of_their_own() {
    assert_line("DeviceProcessEvents | where ProcessCommandLine contains 'a'", "SCAN text USING INDEX text_nul");
}

/// `LIKE` narrows the scan; what it knows no better than KQL must not be lost, nor what it takes for a wildcard kept.
#[test]
fn narrowing_loses_and_adds_no_row() {
    let texts = [
        "cmd /c WHOAMI /all",
        "a\0b whoami c",
        "\0whoami",
        "xp_cmdshell",
        "xpxcmdshell",
        "50% off",
        "50 percent off",
        "back\\slash",
        "ÀÉ whoami",
        "who ami",
        "İwhoami",
        "",
        "'quoted' \"text\"",
        "whoamis",
        "line\nwhoami\r\n",
    ];
    let needles = ["whoami", "xp_cmdshell", "50% off", "%", "_", "\\", "'quoted'", "c", "line", "é", "", "%who"];
    let operators = ["has", "has_cs", "hasprefix", "hassuffix", "contains", "contains_cs", "startswith", "endswith"];
    for with_nul in [false, true] {
        let store = Store::in_memory().unwrap();
        let kept: Vec<&str> = texts.iter().copied().filter(|text| with_nul || !text.contains('\0')).collect();
        for (place, text) in kept.iter().enumerate() {
            let id = i64::try_from(place).unwrap() + 1;
            store.connection().execute("INSERT INTO text(id, value) VALUES (?1, ?2)", (id, text)).unwrap();
            let table = store.schema().table("DeviceProcessEvents").unwrap();
            store.connection().execute(&insert_row(table, &["id", "ProcessCommandLine"]), [id, id]).unwrap();
        }
        // Joined with an empty text per row, the predicate is not one on the dictionary, and so not narrowed.
        let exact = "extend Text = strcat(ProcessCommandLine, substring(DeviceName, 0, 1))";
        let quoted = |needle: &str| format!("'{}'", needle.replace('\\', "\\\\").replace('\'', "\\'"));
        let rows = |query: &str| -> Vec<Vec<Value>> {
            sql::execute(store.connection(), &compile(&store, query), &Limits::default()).unwrap().rows
        };
        let mut predicates = Vec::new();
        for needle in needles {
            predicates.extend(operators.iter().map(|operator| format!("{operator} {}", quoted(needle))));
        }
        for pair in needles.windows(2) {
            let both = format!("({}, {})", quoted(pair[0]), quoted(pair[1]));
            predicates.extend(["has_any", "has_all"].map(|operator| format!("{operator} {both}")));
        }
        for predicate in predicates {
            let tail = "project ProcessCommandLine | sort by ProcessCommandLine asc";
            let narrowed = rows(&format!("DeviceProcessEvents | where ProcessCommandLine {predicate} | {tail}"));
            let whole = rows(&format!("DeviceProcessEvents | {exact} | where Text {predicate} | {tail}"));
            assert_eq!(narrowed, whole, "{predicate}");
        }
    }
}

/// SQLite counts the tables that a query reads at each place, and refuses more than a thousand.
#[test]
fn a_search_of_all_tables_finds_its_texts_once_however_many_words_it_has() {
    let store = Store::in_memory().unwrap();
    let words: Vec<String> = (0..12).map(|place| format!("'word{place}'")).collect();
    let query = format!("search {} | count", words.join(" or "));
    let compiled = compile(&store, &query);
    assert_eq!(compiled.text_sets().count(), words.len());
    assert!(compiled.sql().matches("whippet_any_in(").count() > 20 * words.len(), "each table is tested");
    let found = sql::execute(store.connection(), &compiled, &Limits::default()).unwrap();
    assert_eq!(found.rows, [[Value::Long(0)]]);
}

#[test]
fn all_tables_can_be_asked_at_once() {
    let store = Store::in_memory().unwrap();
    for query in [
        "find 'whoami'",
        "find where * has 'whoami' or * has 'cmd' or FileName has_any ('a', 'b')",
        "union * | where * has 'whoami' or * has 'cmd' | count",
        "search kind=case_sensitive 'a' and ('b*' or '*c*') and not('d') | take 10",
        "search *",
    ] {
        let found = sql::execute(store.connection(), &compile(&store, query), &Limits::default());
        assert!(found.is_ok(), "{query}: {}", found.unwrap_err());
    }
}

/// How many steps SQLite takes for a query over a store with so many processes.
fn steps(query: &str, processes: i64) -> i32 {
    let store = Store::in_memory().unwrap();
    let table = store.schema().table("DeviceProcessEvents").unwrap();
    let insert = insert_row(table, &["id", "ProcessId", "InitiatingProcessId"]);
    for id in 1..=processes {
        store.connection().execute(&insert, [id, id, -id]).unwrap();
    }
    store.create_indexes().unwrap();
    store.analyze().unwrap();
    let compiled = compile(&store, query);
    let mut statement = store.connection().prepare(&compiled.sql()).unwrap();
    let mut rows = statement.query([]).unwrap();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    statement.get_status(rusqlite::StatementStatus::VmStep)
}

#[test]
fn no_join_reads_one_side_for_each_row_of_the_other() {
    for kind in ["inner", "leftouter", "rightouter", "fullouter", "leftsemi", "rightsemi", "leftanti", "rightanti"] {
        for keys in ["DeviceId, $left.ProcessId == $right.InitiatingProcessId", "$left.ProcessId == $right.LogonId"] {
            let query = format!("DeviceProcessEvents | join kind={kind} DeviceProcessEvents on {keys} | count");
            let (few, many) = (steps(&query, 100), steps(&query, 400));
            assert!(many < 6 * few, "{kind} on {keys}: {few} steps for 100 rows, {many} for 400");
        }
    }
}
