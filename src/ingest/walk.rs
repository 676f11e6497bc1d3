//! The files under the given paths, in a fixed order.

use std::path::{Path, PathBuf};

use super::options::{fits, is_pattern};

/// A file to look at, or a path that cannot be.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    File { path: PathBuf, bytes: u64 },
    Problem { path: PathBuf, reason: String },
    StandardInput,
}

/// Lists files, folders in depth. Linked folders are not entered: they may lead in circles. `except` is the store.
/// A path may be a pattern, which a shell other than Unix ones hands on as it is.
pub fn walk(paths: &[PathBuf], except: Option<&Path>, exclude: &[String]) -> Vec<Found> {
    let own = except.map(own_files).unwrap_or_default();
    let mut found = Vec::new();
    for path in paths {
        let text = path.to_string_lossy();
        if text == "-" {
            found.push(Found::StandardInput);
        } else if is_pattern(&text) && !path.exists() {
            expand(path, &own, &mut found);
        } else {
            visit(path, true, &own, &mut found);
        }
    }
    for entry in &mut found {
        if let Found::File { path, .. } = entry
            && let Some(pattern) = exclude.iter().find(|pattern| fits(pattern, &path.to_string_lossy()))
        {
            let reason = format!("excluded by '{pattern}'");
            *entry = Found::Problem { path: std::mem::take(path), reason };
        }
    }
    found
}

/// The files below the part of a pattern that is no pattern.
fn expand(pattern: &Path, own: &[PathBuf], found: &mut Vec<Found>) {
    let fixed: PathBuf =
        pattern.components().take_while(|part| !is_pattern(&part.as_os_str().to_string_lossy())).collect();
    let folder = if fixed.as_os_str().is_empty() { Path::new(".") } else { fixed.as_path() };
    let mut inside = Vec::new();
    visit(folder, true, own, &mut inside);
    let wanted = pattern.to_string_lossy();
    let wanted = wanted.strip_prefix("./").unwrap_or(&wanted);
    inside.retain(|entry| match entry {
        Found::File { path, .. } | Found::Problem { path, .. } => fits(wanted, &path.to_string_lossy()),
        Found::StandardInput => false,
    });
    if inside.is_empty() {
        found.push(Found::Problem { path: pattern.to_owned(), reason: "no file fits this pattern".to_owned() });
    }
    found.append(&mut inside);
}

/// The store's file and the files SQLite and the lock keep beside it.
fn own_files(store: &Path) -> Vec<PathBuf> {
    ["", "-wal", "-shm", "-journal", "-lock"]
        .iter()
        .filter_map(|ending| {
            let mut name = store.as_os_str().to_owned();
            name.push(ending);
            std::fs::canonicalize(PathBuf::from(name)).ok()
        })
        .collect()
}

fn visit(path: &Path, named: bool, own: &[PathBuf], found: &mut Vec<Found>) {
    let problem = |error: std::io::Error| Found::Problem { path: path.to_owned(), reason: error.to_string() };
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return found.push(problem(error)),
    };
    if metadata.is_dir() {
        let linked = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
        if linked && !named {
            let reason = "a link to a folder, which may lead in circles: name it to read it".to_owned();
            return found.push(Found::Problem { path: path.to_owned(), reason });
        }
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return found.push(problem(error)),
        };
        let mut inside: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        inside.sort();
        for path in inside {
            visit(&path, false, own, found);
        }
    } else if metadata.is_file() {
        let is_own = std::fs::canonicalize(path).is_ok_and(|real| own.contains(&real));
        if !is_own {
            found.push(Found::File { path: path.to_owned(), bytes: metadata.len() });
        } else if named {
            found.push(Found::Problem { path: path.to_owned(), reason: "the store that is written".to_owned() });
        }
    } else {
        found.push(Found::Problem { path: path.to_owned(), reason: "neither a file nor a folder".to_owned() });
    }
}
