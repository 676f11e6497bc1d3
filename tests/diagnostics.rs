//! What a person reads about each syntax mistake: one folder a mistake under `tests/diagnostics`, with the query,
//! the text as a terminal shows it, and the JSON. `UPDATE_GOLDEN=1 cargo test --test diagnostics` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::{Path, PathBuf};

use whippet::kql;

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

#[test]
fn each_mistake_is_told_as_its_folder_says() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for folder in folders() {
        let source = std::fs::read_to_string(folder.join("query.kql")).unwrap();
        let diagnostics = kql::parse(&source).diagnostics;
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
