//! The loaded rules: those built in, or those of a folder; finding one by name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use super::load;
use super::origin::SourceFile;
use super::rule::{Problem, Rule};
use crate::kql::nearest;
use crate::plan::Library;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// A rule file is text that a person wrote: what is larger is something else.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;
const DEEPEST_FOLDER: usize = 32;
const EXTENSIONS: &[&str] = &["yaml", "yml", "md", "kql", "csl", "txt"];

#[derive(Debug, Clone, Default)]
pub struct Catalog {
    rules: Vec<Rule>,
    /// Files that are no rules, and why.
    skipped: Vec<Skipped>,
    /// The functions of the folder `functions` beside the rules, and the values of query parameters.
    pub library: Library,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("cannot read {path}: {error}", path = path.display())]
    Read { path: PathBuf, error: io::Error },
}

/// Why a name stands for no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    #[error("no rule is called '{name}'{}", nearest_note(nearest))]
    Unknown { name: String, nearest: Vec<String> },
    #[error("'{name}' could be {}", candidates.join(" or "))]
    Ambiguous { name: String, candidates: Vec<String> },
}

fn nearest_note(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; the nearest are {}", nearest.join(", ")) }
}

impl Catalog {
    /// The rules that ship with the program.
    pub fn built_in() -> Self {
        let mut catalog = Self::default();
        let mut folders = vec![&BUILT_IN];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            files.extend(folder.files());
        }
        files.sort_by_key(|file| file.path());
        for file in files {
            if is_rule_name(file.path()) {
                catalog.add_bytes(&file.path().to_string_lossy(), true, file.contents());
            }
        }
        catalog
    }

    /// The rules of a file or a folder with its sub-folders.
    pub fn read(path: &Path) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        catalog.add_path(path)?;
        Ok(catalog)
    }

    /// The rules of `folder` in place of the built-in ones, where one is given.
    pub fn open(folder: Option<&Path>) -> Result<Self, CatalogError> {
        folder.map_or_else(|| Ok(Self::built_in()), Self::read)
    }

    /// Adds a file, or all rule files below a folder.
    pub fn add_path(&mut self, path: &Path) -> Result<(), CatalogError> {
        let failed = |error| CatalogError::Read { path: path.to_owned(), error };
        if fs::metadata(path).map_err(failed)?.is_dir() {
            let mut files = Vec::new();
            collect(path, 0, &mut files)?;
            files.sort();
            for file in files {
                if is_saved_function(path, &file) {
                    self.add_function(&file)?;
                } else {
                    self.add_file(&file)?;
                }
            }
            Ok(())
        } else {
            let before = self.rules.len();
            self.add_file(path)?;
            if self.rules.len() == before && !self.skipped.iter().any(|skipped| skipped.path == path.to_string_lossy())
            {
                self.skip(path, "it holds no rule");
            }
            Ok(())
        }
    }

    fn add_file(&mut self, path: &Path) -> Result<(), CatalogError> {
        let failed = |error| CatalogError::Read { path: path.to_owned(), error };
        let size = fs::metadata(path).map_err(failed)?.len();
        if size > LARGEST_FILE {
            self.skip(path, &format!("it has {size} bytes; rule files may have {LARGEST_FILE}"));
            return Ok(());
        }
        let bytes = fs::read(path).map_err(failed)?;
        self.add_bytes(&path.to_string_lossy(), false, &bytes);
        Ok(())
    }

    /// Adds the functions of a file, or of all files of a folder.
    pub fn add_functions(&mut self, path: &Path) -> Result<(), CatalogError> {
        let failed = |error| CatalogError::Read { path: path.to_owned(), error };
        let mut files = vec![path.to_owned()];
        if fs::metadata(path).map_err(failed)?.is_dir() {
            files.clear();
            collect(path, 0, &mut files)?;
            files.sort();
        }
        files.iter().try_for_each(|file| self.add_function(file))
    }

    fn add_function(&mut self, path: &Path) -> Result<(), CatalogError> {
        let failed = |error| CatalogError::Read { path: path.to_owned(), error };
        if fs::metadata(path).map_err(failed)?.len() > LARGEST_FILE {
            self.skip(path, &format!("functions may have {LARGEST_FILE} bytes"));
            return Ok(());
        }
        let bytes = fs::read(path).map_err(failed)?;
        let (file, _) = SourceFile::decode(&*path.to_string_lossy(), false, &bytes);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Err(reason) = self.library.add_file(&stem, &file.text) {
            self.skip(path, &reason);
        }
        Ok(())
    }

    fn skip(&mut self, path: &Path, reason: &str) {
        self.skipped.push(Skipped { path: path.to_string_lossy().into_owned(), reason: reason.to_owned() });
    }

    /// Adds the rules of one file's content.
    pub fn add_bytes(&mut self, path: &str, built_in: bool, bytes: &[u8]) {
        let (file, replaced) = SourceFile::decode(path, built_in, bytes);
        for mut rule in load::rules_of(&file, replaced) {
            if let Some(other) = self.rules.iter().find(|other| other.id == rule.id) {
                rule.problems.push(Problem::warning(format!("{} has the same id", other.origin.path)));
            }
            self.rules.push(rule);
        }
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The rule of this id, slug, file name, title, or unique beginning of one of these, whatever the case.
    pub fn find(&self, name: &str) -> Result<&Rule, LookupError> {
        let wanted = name.trim().to_lowercase();
        let exact: Vec<&Rule> = self.rules.iter().filter(|rule| names(rule).contains(&wanted)).collect();
        let found = if exact.is_empty() && !wanted.is_empty() {
            self.rules.iter().filter(|rule| names(rule).iter().any(|known| known.starts_with(&wanted))).collect()
        } else {
            exact
        };
        match found.as_slice() {
            [only] => Ok(only),
            // The variants of one file share a title and a stem: the first stands for the file.
            [first, rest @ ..] if rest.iter().all(|rule| rule.origin.path == first.origin.path) => Ok(first),
            [] => Err(LookupError::Unknown { name: name.to_owned(), nearest: self.nearest(&wanted) }),
            several => Err(LookupError::Ambiguous {
                name: name.to_owned(),
                candidates: several.iter().map(|rule| rule.slug.clone()).collect(),
            }),
        }
    }

    fn nearest(&self, wanted: &str) -> Vec<String> {
        let known: Vec<String> = self.rules.iter().map(|rule| rule.slug.clone()).collect();
        let mut near: Vec<&str> = nearest(wanted, known.iter().map(String::as_str)).into_iter().collect();
        // A slug is long: sharing a word with it is near enough.
        let words: Vec<&str> = wanted.split('-').filter(|word| word.len() > 2).collect();
        near.extend(known.iter().map(String::as_str).filter(|slug| words.iter().any(|word| slug.contains(word))));
        let mut unique: Vec<String> = Vec::new();
        for name in near {
            if !unique.iter().any(|seen| seen == name) {
                unique.push(name.to_owned());
            }
        }
        unique.truncate(3);
        unique
    }
}

/// The names a rule answers to, in lower case.
fn names(rule: &Rule) -> [String; 4] {
    [rule.id.to_lowercase(), rule.slug.clone(), rule.origin.stem().to_lowercase(), rule.title.to_lowercase()]
}

fn is_rule_name(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let is_readme = path.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
    !is_readme && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Whether a file below the rules' folder lies in its folder `functions`.
fn is_saved_function(rules: &Path, file: &Path) -> bool {
    let inside = file.strip_prefix(rules).unwrap_or(file);
    inside.components().next().is_some_and(|first| first.as_os_str() == "functions") && inside.components().count() > 1
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CatalogError> {
    if depth > DEEPEST_FOLDER {
        return Ok(());
    }
    let failed = |error| CatalogError::Read { path: folder.to_owned(), error };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        // A link to a folder may lead back here; a link to a file is that file.
        if kind.is_dir() {
            collect(&path, depth.saturating_add(1), files)?;
        } else if is_rule_name(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
