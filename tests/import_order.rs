//! Holds the order of imports: a module may use only the modules above it, so that the compiler never learns of
//! the screen and the tree never learns of the terminal.
//!
//! It reads source text, not the compiled crate: a path such as `crate::hunt::Tree` counts wherever it stands in
//! code, in a `use`, in a group, in an expression or in a test. Comments and doc links do not count.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Top to bottom: a module imports only from those before it.
const ORDER: [&str; 10] = ["kql", "schema", "plan", "sql", "store", "ingest", "rules", "hunt", "console", "cli"];

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The top-level module a file belongs to, or none for the crate root and the binary.
fn module_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(source_root()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    match first.as_str() {
        "lib.rs" | "main.rs" => None,
        _ => Some(first.trim_end_matches(".rs").to_owned()),
    }
}

/// How many modules lie between the crate root and the file: 1 for `sql/mod.rs`, 2 for `sql/layout.rs`.
fn depth_of(file: &Path) -> usize {
    let inside = file.strip_prefix(source_root()).unwrap();
    let names = inside.components().count();
    if inside.ends_with("mod.rs") { names - 1 } else { names }
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// The first names of the paths in a group, `{a::b, c::{d, e}}` gives a and c. `text` starts after the brace.
fn names_in_group(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut name = String::new();
    let mut reading = true;
    for character in text.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut name));
                reading = true;
            }
            _ if depth > 0 => {}
            _ if character.is_alphanumeric() || character == '_' => {
                if reading {
                    name.push(character);
                }
            }
            _ if character.is_whitespace() && name.is_empty() => {}
            _ => reading = false,
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// The top-level modules that code in a file at `depth` names.
fn modules_named(text: &str, depth: usize) -> Vec<String> {
    let code = without_comments(text);
    let mut named = Vec::new();
    let from_root = Regex::new(r"\bcrate::(\{|[a-z_][a-z0-9_]*)").unwrap();
    for found in from_root.captures_iter(&code) {
        let name = found.get(1).unwrap();
        if name.as_str() == "{" {
            named.extend(names_in_group(&code[name.end()..]));
        } else {
            named.push(name.as_str().to_owned());
        }
    }
    // `super::super::hunt` reaches the root by climbing. In the tests of a file one more step is needed, and a
    // submodule may bear the name of a top-level module, so only the code before them is read this way.
    let before_tests = code.split("#[cfg(test)]").next().unwrap_or_default();
    let by_climbing = Regex::new(r"\b((?:super::)+)([a-z_][a-z0-9_]*)").unwrap();
    for found in by_climbing.captures_iter(before_tests) {
        if found[1].matches("super::").count() >= depth {
            named.push(found[2].to_owned());
        }
    }
    named
}

fn place_in_order(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

#[test]
fn a_module_imports_only_from_the_modules_above_it() {
    let mut wrong = Vec::new();
    let mut edges = 0;
    for file in rust_files(&source_root()) {
        let Some(module) = module_of(&file) else { continue };
        let place = place_in_order(&module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        for named in modules_named(&fs::read_to_string(&file).unwrap(), depth_of(&file)) {
            let Some(used) = place_in_order(&named) else { continue };
            edges += 1;
            if used > place {
                let shown = file.strip_prefix(source_root()).unwrap().display().to_string();
                wrong.push(format!("src/{shown}: {module} may not use {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the order {}:\n{}", ORDER.join(" → "), wrong.join("\n"));
    assert!(edges > 0, "no import was recognised, so nothing was checked");
}

#[test]
fn the_crate_root_declares_the_modules_in_that_order() {
    let declared = Regex::new(r"(?m)^pub mod ([a-z_]+);").unwrap();
    let text = fs::read_to_string(source_root().join("lib.rs")).unwrap();
    let names: Vec<&str> = declared.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(names, ORDER);
}

#[test]
fn the_binary_only_calls_cli() {
    let text = without_comments(&fs::read_to_string(source_root().join("main.rs")).unwrap());
    let used = Regex::new(r"\bwhippet::([a-z_]+)").unwrap();
    let names: Vec<&str> = used.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(!names.is_empty() && names.iter().all(|name| *name == "cli"), "main.rs uses {names:?}");
}

#[test]
fn every_way_to_write_an_import_is_seen() {
    let text = "
        use crate::plan::functions::Function;
        use crate::{
            hunt::Tree,
            console::{Action, rules::Page},
            cli,
        };
        // crate::ingest does not count
        /// nor does [`crate::store::Store`]
        fn f() -> crate::schema::Value { crate::sql::layout::rows_table(\"\") }
        use super::super::rules::Rule;
        use super::layout::Storage;
    ";
    let named = modules_named(text, 2);
    assert_eq!(named, ["plan", "hunt", "console", "cli", "schema", "sql", "rules"]);
}
