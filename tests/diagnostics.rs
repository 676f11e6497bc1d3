//! What a person reads about each mistake: one folder a mistake under `tests/diagnostics`, with the query, the text as a
//! terminal shows it, and the JSON. What parses is bound against the known tables. `poor/` holds those whose message is
//! not good yet. `UPDATE_GOLDEN=1 cargo test --test diagnostics` writes all anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::{Path, PathBuf};

use whippet::kql;

use whippet::kql::diagnostic::Diagnostic;
use whippet::plan::{Environment, MissingColumns};
use whippet::schema::Schema;
use whippet::sql;

/// The folders that hold a query, those of `poor/` among them.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir() && !path.ends_with("poor")).collect()
    };
    let mut folders = below(&root);
    folders.extend(below(&root.join("poor")));
    folders.sort();
    folders
}

fn diagnostics(source: &str, schema: &Schema) -> Vec<Diagnostic> {
    let parsed = kql::parse(source);
    if parsed.has_errors() {
        return parsed.diagnostics;
    }
    let environment = Environment::new(schema, 0).with_missing_columns(MissingColumns::Strict);
    let bound = match sql::compile(&parsed.query, &environment, &sql::Options::default()) {
        Ok(compiled) => compiled.warnings,
        Err(diagnostics) => diagnostics,
    };
    parsed.diagnostics.into_iter().chain(bound).collect()
}

#[test]
fn each_mistake_is_told_as_its_folder_says() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let schema = Schema::built_in().unwrap();
    let mut different = Vec::new();
    for folder in folders() {
        let source = std::fs::read_to_string(folder.join("query.kql")).unwrap();
        let diagnostics = diagnostics(&source, &schema);
        assert!(!diagnostics.is_empty(), "{} has no mistake", folder.display());
        let rendered = kql::render(&diagnostics, &source, "query.kql", kql::Colours::Plain);
        let json = serde_json::to_string_pretty(&kql::to_json(&diagnostics, &source, "query.kql")).unwrap() + "\n";
        for (file, found) in [("rendered.txt", rendered), ("diagnostics.json", json)] {
            let path = folder.join(file);
            if update {
                std::fs::write(&path, found).unwrap();
            } else if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != found {
                different.push(format!("{}\n{found}", path.display()));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
