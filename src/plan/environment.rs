//! What a query is bound against: everything from outside comes through here, nothing is global.

use super::library::Library;
use super::tree::Plan;
use crate::schema::{Schema, Table};

/// What a column name does that its table lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingColumns {
    /// In lists of columns to show, bind an empty column and warn; elsewhere an error.
    #[default]
    Lenient,
    /// Always an error.
    Strict,
}

/// Inputs that the analyst maps to names: files for `externaldata`, watchlists, profile data.
pub trait Inputs {
    /// The text of the local file mapped to a URI of `externaldata`.
    fn external_data(&self, uri: &str) -> Option<String>;

    /// The rows of a watchlist; all columns are strings.
    fn watchlist(&self, name: &str) -> Option<Table>;
}

/// No inputs at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoInputs;

impl Inputs for NoInputs {
    fn external_data(&self, _uri: &str) -> Option<String> {
        None
    }

    fn watchlist(&self, _name: &str) -> Option<Table> {
        None
    }
}

/// What a store can tell before a query is bound.
pub trait Probe {
    /// Runs a part of the query: some plugins have columns only their rows tell.
    fn rows(&self, plan: &Plan) -> Result<Table, String>;

    /// Whether a table certainly has no rows: what is done to them need not be compiled, only which columns come out.
    fn is_empty(&self, _table: &str) -> bool {
        false
    }
}

/// The part of the data that a query sees, whatever its text says: rows whose own time is later than `after` and not
/// later than `until`, both in ticks. Rows without a time are then not seen; tables without a time column are, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DataRange {
    pub after: Option<i64>,
    pub until: Option<i64>,
}

impl DataRange {
    /// Everything there is.
    pub const ALL: Self = Self { after: None, until: None };
}

/// Everything a query may see besides its own text.
pub struct Environment<'a> {
    pub schema: &'a Schema,
    pub range: DataRange,
    /// `now()` in ticks; one statement has one now.
    pub now: i64,
    pub missing_columns: MissingColumns,
    pub library: &'a Library,
    pub inputs: &'a dyn Inputs,
    pub probe: Option<&'a dyn Probe>,
}

impl<'a> Environment<'a> {
    /// An environment with these tables and nothing else.
    pub fn new(schema: &'a Schema, now: i64) -> Self {
        Self {
            schema,
            range: DataRange::ALL,
            now,
            missing_columns: MissingColumns::default(),
            library: Library::EMPTY,
            inputs: &NoInputs,
            probe: None,
        }
    }

    #[must_use]
    pub fn with_range(mut self, range: DataRange) -> Self {
        self.range = range;
        self
    }

    #[must_use]
    pub fn with_library(mut self, library: &'a Library) -> Self {
        self.library = library;
        self
    }

    #[must_use]
    pub fn with_inputs(mut self, inputs: &'a dyn Inputs) -> Self {
        self.inputs = inputs;
        self
    }

    #[must_use]
    pub fn with_probe(mut self, probe: &'a dyn Probe) -> Self {
        self.probe = Some(probe);
        self
    }

    #[must_use]
    pub fn with_missing_columns(mut self, missing_columns: MissingColumns) -> Self {
        self.missing_columns = missing_columns;
        self
    }
}
