//! Queries with their results: each folder of `tests/goldens` holds `query.kql` and the `result.json` it must give,
//! as `whippet query --format kusto` prints it. The SQL is always executed, on an empty store.
//!
//! `WRITE_GOLDENS=1 cargo test --test goldens` writes the results anew; read the difference before keeping it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::fs;
use std::path::Path;

fn answer(query: &str) -> serde_json::Value {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let arguments = ["whippet", "query", "--format", "kusto", query].map(std::ffi::OsString::from);
    let exit = whippet::cli::run(arguments, &mut stdout, &mut stderr);
    assert_eq!(exit, whippet::cli::Exit::Done, "{query}\n{}", String::from_utf8_lossy(&stderr));
    let response: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    let table = &response["Tables"][0];
    let columns: Vec<String> = table["Columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| format!("{}:{}", column["ColumnName"].as_str().unwrap(), column["ColumnType"].as_str().unwrap()))
        .collect();
    serde_json::json!({"columns": columns, "rows": table["Rows"]})
}

#[test]
fn every_golden_query_gives_its_result() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 30, "the goldens are missing");
    let mut failed = Vec::new();
    for path in names {
        let query = fs::read_to_string(path.join("query.kql")).unwrap();
        let found = answer(&query);
        let file = path.join("result.json");
        if std::env::var_os("WRITE_GOLDENS").is_some() {
            let rows: Vec<String> = found["rows"].as_array().unwrap().iter().map(|row| format!("    {row}")).collect();
            let text =
                format!("{{\n  \"columns\": {},\n  \"rows\": [\n{}\n  ]\n}}\n", found["columns"], rows.join(",\n"));
            fs::write(&file, text).unwrap();
        }
        let wanted: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        if wanted != found {
            failed.push(format!("{}\n  wanted {wanted}\n  found  {found}", path.file_name().unwrap().display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
