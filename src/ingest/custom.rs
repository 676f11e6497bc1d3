//! A table of the analyst's own: its columns and their types, from all rows of the files that fill it.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::detect::Container;
use super::options::Options;
use super::reader::Stop;
use super::reader::rows::for_each_row;
use super::source::{Opened, open_path};
use super::spares::Spares;
use super::walk::{Found, walk};
use super::widen::widen;
use super::{ImportError, time};
use crate::schema::{Column, ScalarType, TableSchema};
use crate::store::Store;

/// More columns than any export has; SQLite ends at two thousand.
const MOST_COLUMNS: usize = 1000;

/// Sees to it that the store has the table, and says its columns.
pub fn prepare(
    store: &mut Store,
    name: &str,
    paths: &[PathBuf],
    options: &Options,
) -> Result<Vec<(String, String)>, ImportError> {
    let refuse = |reason: String| ImportError::Table { table: name.to_owned(), reason };
    let custom: bool =
        store
            .connection()
            .query_row("SELECT EXISTS(SELECT 1 FROM custom_table WHERE name = ?1)", [name], |row| row.get(0))?;
    let known = store.schema().table(name).filter(|_| custom).cloned();
    if let Some(known) = known {
        let mut columns = Inferred::default();
        for found in walk(paths, store.path(), &options.exclude) {
            // What comes by standard input comes once, and has to fit.
            if let Found::File { path, bytes } = found {
                look_at(path, bytes, options, &mut columns).map_err(refuse)?;
            }
        }
        let wider = columns.widen(&known);
        if wider.columns != known.columns {
            widen(store, &known, wider)?;
        }
    } else {
        let first = name.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || name.len() > 128 {
            return Err(refuse("a table's name has letters, digits and '_' only, and no digit first".to_owned()));
        }
        let mut columns = Inferred::default();
        for found in walk(paths, store.path(), &options.exclude) {
            match found {
                Found::File { path, bytes } => look_at(path, bytes, options, &mut columns).map_err(refuse)?,
                Found::StandardInput => {
                    return Err(refuse(
                        "its columns are found by reading the rows twice: save them to a file".to_owned(),
                    ));
                }
                Found::Problem { .. } => {}
            }
        }
        if columns.columns.is_empty() {
            return Err(refuse("the files have no rows to see its columns by".to_owned()));
        }
        store.add_custom_table(TableSchema { name: name.to_owned(), columns: columns.finish() })?;
    }
    let table = store.schema().table(name).ok_or_else(|| refuse("no such table".to_owned()))?;
    Ok(table.columns.iter().map(|column| (column.name.clone(), column.scalar_type.name().to_owned())).collect())
}

fn look_at(path: PathBuf, bytes: u64, options: &Options, columns: &mut Inferred) -> Result<(), String> {
    let mut outcome = Ok(());
    open_path(path, bytes, &Spares::new(1), &mut |opened| {
        let Opened::Ready(ready) = opened else { return true };
        if !matches!(ready.container, Container::Csv | Container::Json) {
            return true;
        }
        let text = ready.container == Container::Csv;
        let read = for_each_row(ready.file, ready.container, &options.reading, &mut |placed| {
            // Broken rows are reported when they are imported.
            let Ok(row) = placed.row else { return Ok(()) };
            row.fields.iter().try_for_each(|(name, value)| columns.see(name, value, text, options)).map_err(Stop::File)
        });
        if let Err(Stop::File(reason)) = read {
            outcome = Err(reason);
        }
        outcome.is_ok()
    });
    outcome
}

/// What the values of one column could all be.
#[derive(Debug, Clone, Copy)]
struct Possible {
    boolean: bool,
    long: bool,
    real: bool,
    datetime: bool,
    dynamic: bool,
    seen: bool,
}

#[derive(Default)]
struct Inferred {
    columns: Vec<(String, Possible)>,
    places: std::collections::HashMap<String, usize>,
}

impl Inferred {
    fn see(&mut self, name: &str, value: &Json, text: bool, options: &Options) -> Result<(), String> {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                if name.trim().is_empty() {
                    return Err("a column has no name".to_owned());
                }
                if self.columns.len() >= MOST_COLUMNS {
                    return Err(format!("the rows have more than {MOST_COLUMNS} columns"));
                }
                let all =
                    Possible { boolean: true, long: true, real: true, datetime: true, dynamic: !text, seen: false };
                self.columns.push((name.to_owned(), all));
                self.places.insert(name.to_owned(), self.columns.len() - 1);
                self.columns.len() - 1
            }
        };
        let Some((_, possible)) = self.columns.get_mut(place) else { return Ok(()) };
        let nothing = value.is_null() || value.as_str() == Some("");
        if !nothing {
            possible.narrow(value, text, &options.reading);
        }
        Ok(())
    }

    /// A table that has room for these values beside those it has.
    fn widen(self, known: &TableSchema) -> TableSchema {
        let mut wider = known.clone();
        for (name, possible) in self.columns {
            match wider.columns.iter_mut().find(|column| column.name == name) {
                Some(column) => column.scalar_type = possible.beside(column.scalar_type),
                None => wider.columns.push(Column::new(&name, possible.scalar_type())),
            }
        }
        wider
    }

    fn finish(self) -> Vec<Column> {
        self.columns.into_iter().map(|(name, possible)| Column::new(&name, possible.scalar_type())).collect()
    }
}

impl Possible {
    fn narrow(&mut self, value: &Json, text: bool, reading: &time::Reading) {
        self.seen = true;
        match value {
            Json::Bool(_) => self.keep(true, false, false, false, true),
            Json::Number(number) => {
                let whole = number.as_i64().is_some();
                self.keep(false, whole, true, false, true);
            }
            Json::String(value) if text => {
                let value = value.trim();
                // A leading zero is part of a number that is a name.
                let digits = value.strip_prefix('-').unwrap_or(value);
                let named = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
                let boolean = matches!(value.to_ascii_lowercase().as_str(), "true" | "false");
                let long = !named && !value.starts_with('+') && value.parse::<i64>().is_ok();
                let numeric = digits.starts_with(|first: char| first.is_ascii_digit());
                let real = !named && numeric && value.parse::<f64>().is_ok_and(f64::is_finite);
                self.keep(boolean, long, real, is_date(value, reading), false);
            }
            Json::String(value) => self.keep(false, false, false, is_date(value, reading), false),
            _ => self.keep(false, false, false, false, true),
        }
    }

    fn keep(&mut self, boolean: bool, long: bool, real: bool, datetime: bool, dynamic: bool) {
        self.boolean &= boolean;
        self.long &= long;
        self.real &= real;
        self.datetime &= datetime;
        self.dynamic &= dynamic;
    }

    /// The type of a column that has values of one type already.
    fn beside(self, known: ScalarType) -> ScalarType {
        let fits = match known {
            ScalarType::Bool => self.boolean,
            ScalarType::Long => self.long,
            ScalarType::Real => self.real,
            ScalarType::Datetime => self.datetime,
            _ => true,
        };
        match (known, self.scalar_type()) {
            _ if fits || !self.seen => known,
            (ScalarType::Long, ScalarType::Real) => ScalarType::Real,
            (_, ScalarType::Dynamic) => ScalarType::Dynamic,
            _ => ScalarType::String,
        }
    }

    fn scalar_type(self) -> ScalarType {
        match self {
            Self { seen: false, .. } => ScalarType::String,
            Self { boolean: true, .. } => ScalarType::Bool,
            Self { long: true, .. } => ScalarType::Long,
            Self { real: true, .. } => ScalarType::Real,
            Self { datetime: true, .. } => ScalarType::Datetime,
            Self { dynamic: true, .. } => ScalarType::Dynamic,
            _ => ScalarType::String,
        }
    }
}

/// A number is no date here, whatever its size.
fn is_date(text: &str, reading: &time::Reading) -> bool {
    text.len() >= 8 && text.contains(['-', '/', ',']) && reading.parse(text).is_some()
}
