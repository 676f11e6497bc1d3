//! The index of terms changes how fast a query is answered and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use proptest::prelude::*;
use whippet::plan::Environment;
use whippet::schema::Value;
use whippet::sql::{self, Limits, Options};
use whippet::store::{Store, insert_row};

const OPERATORS: [&str; 14] = [
    "has",
    "has_cs",
    "!has",
    "hasprefix",
    "hassuffix",
    "contains",
    "!contains",
    "startswith",
    "endswith",
    "has_any",
    "has_all",
    "contains_cs",
    "=~",
    "in~",
];

/// Adds a process event: its id, and the id of its command line.
fn insertion(store: &Store) -> String {
    insert_row(store.schema().table("DeviceProcessEvents").unwrap(), &["id", "ProcessCommandLine"])
}

/// A store of process events with these command lines.
fn store(texts: &[String], indexed: bool) -> Store {
    let store = Store::in_memory().unwrap();
    let connection = store.connection();
    connection.execute_batch("BEGIN").unwrap();
    let mut add = connection.prepare("INSERT INTO text(id, value) VALUES (?1, ?2)").unwrap();
    let mut row = connection.prepare(&insertion(&store)).unwrap();
    for (id, text) in (1_i64..).zip(texts) {
        add.execute((id, text)).unwrap();
        row.execute([id, id]).unwrap();
    }
    drop((add, row));
    connection.execute_batch("COMMIT").unwrap();
    if indexed {
        store.create_indexes().unwrap();
    }
    store
}

fn rows(store: &Store, predicate: &str) -> Vec<Vec<Value>> {
    rows_of(store, &format!("where {predicate}"))
}

fn rows_of(store: &Store, stage: &str) -> Vec<Vec<Value>> {
    let query = format!("DeviceProcessEvents | {stage} | project Id = event_id() | sort by Id asc");
    let parsed = whippet::kql::parse(&query);
    assert!(!parsed.has_errors(), "{query}");
    let compiled =
        sql::compile(&parsed.query, &Environment::new(store.schema(), 0), &Options::default()).expect(&query);
    sql::execute(store.connection(), &compiled, &Limits::default()).unwrap().rows
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn predicate(operator: &str, needles: &[String]) -> String {
    match operator {
        "has_any" | "has_all" | "in~" => {
            let list: Vec<String> = needles.iter().map(|needle| quoted(needle)).collect();
            format!("ProcessCommandLine {operator} ({})", list.join(", "))
        }
        _ => format!("ProcessCommandLine {operator} {}", quoted(&needles[0])),
    }
}

fn chunks(store: &Store) -> i64 {
    store.connection().query_row("SELECT count(*) FROM term_chunk", [], |row| row.get(0)).unwrap()
}

/// Enough texts to be indexed: ordinary ones, each told apart, and then the interesting ones.
fn many(special: Vec<String>) -> Vec<String> {
    let ordinary = (0..5000).map(|number| format!("C:\\Windows\\app{number}z.exe /quiet word{}q", number % 40));
    let mut texts: Vec<String> = ordinary.collect();
    for (place, text) in special.into_iter().enumerate() {
        texts.insert(place * 7, text);
    }
    texts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn answers_are_the_same_with_and_without(
        special in prop::collection::vec("[aBé1_. \\\\\0-]{0,12}", 1..60),
        needles in prop::collection::vec(("[abé1_. \\\\-]{0,5}", "[aB]{1,2}[_. ]?[ab1]{0,2}"), 3),
    ) {
        let texts = many(special);
        let (with, without) = (store(&texts, true), store(&texts, false));
        prop_assert_eq!((chunks(&with), chunks(&without)), (1, 0));
        for (one, other) in needles {
            for operator in OPERATORS {
                for list in [vec![one.clone(), other.clone()], vec![other.clone(), one.clone()]] {
                    let asked = predicate(operator, &list);
                    prop_assert_eq!(rows(&with, &asked), rows(&without, &asked), "{}", asked);
                }
            }
            // No other column has a text: what is sought in all of them is found in this one.
            for (pattern, operator) in
                [(other.clone(), "has"), (format!("{other}*"), "hasprefix"), (format!("*{other}*"), "contains")]
            {
                let sought = rows(&without, &predicate(operator, std::slice::from_ref(&other)));
                for store in [&with, &without] {
                    let found = rows_of(store, &format!("search {}", quoted(&pattern)));
                    prop_assert_eq!(&found, &sought, "search {}", pattern);
                }
            }
        }
    }
}

#[test]
fn common_terms_rare_ones_and_new_texts_are_all_found() {
    let mut texts = many(vec!["cmd /c whoami".to_owned(), "xp_cmdshell".to_owned(), "naïvewhoami".to_owned()]);
    let indexed = store(&texts, true);
    let connection = indexed.connection();
    for text in ["net user whoami", "app7z"] {
        texts.push(text.to_owned());
        let id = i64::try_from(texts.len()).unwrap();
        connection.execute("INSERT INTO text(id, value) VALUES (?1, ?2)", (id, text)).unwrap();
        connection.execute(&insertion(&indexed), [id, id]).unwrap();
    }
    let plain = store(&texts, false);
    for (asked, count) in [
        ("ProcessCommandLine has 'whoami'", 2),
        ("ProcessCommandLine has 'APP7Z'", 2),
        ("ProcessCommandLine has 'windows'", 5000),
        ("ProcessCommandLine has_any ('xp_cmdshell', 'app9z.exe')", 2),
        ("ProcessCommandLine has_any ('xp_cmdshell', 'exe')", 5001),
        ("ProcessCommandLine has 'word7q' and ProcessCommandLine has 'app47z'", 1),
        ("ProcessCommandLine has 'word7q' or ProcessCommandLine has 'whoami'", 127),
        ("ProcessCommandLine !has 'windows'", 5),
        ("not(ProcessCommandLine has 'word7q') and ProcessCommandLine has 'app47z'", 0),
        ("ProcessCommandLine contains '\\\\app47z.'", 1),
    ] {
        assert_eq!(rows(&indexed, asked).len(), count, "{asked}");
        assert_eq!(rows(&indexed, asked), rows(&plain, asked), "{asked}");
    }
}

#[test]
fn an_older_store_without_the_index_answers_and_gets_one_when_it_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    {
        let store = Store::create_or_open(&path).unwrap();
        for (id, text) in (1_i64..).zip(many(vec!["cmd /c whoami".to_owned()])) {
            store.connection().execute("INSERT INTO text(id, value) VALUES (?1, ?2)", (id, text)).unwrap();
            store.connection().execute(&insertion(&store), [id, id]).unwrap();
        }
        store.connection().execute_batch("DROP TABLE term; DROP TABLE term_chunk").unwrap();
    }
    let found = |store: &Store| rows(store, "ProcessCommandLine has 'whoami'").len();
    assert_eq!(found(&Store::open_read_only(&path).unwrap()), 1);
    let mut store = Store::create_or_open(&path).unwrap();
    store.create_indexes().unwrap();
    assert_eq!((found(&store), chunks(&store)), (1, 1));
    // Texts whose ids come again must not be taken for those that had them.
    store.connection().execute_batch("DELETE FROM rows_DeviceProcessEvents WHERE id > 4000").unwrap();
    store.vacuum().unwrap();
    let last: i64 = store.connection().query_row("SELECT max(id) FROM text", [], |row| row.get(0)).unwrap();
    assert_eq!((last, chunks(&store)), (4000, 0));
    store.connection().execute("INSERT INTO text(id, value) VALUES (4001, 'whoami /all')", []).unwrap();
    store.connection().execute(&insertion(&store), [4001, 4001]).unwrap();
    assert_eq!(found(&store), 2);
}
