//! `--functions` and `--param`: what a query may use besides its own text.

use std::path::PathBuf;

use super::problem::Problem;
use crate::rules::Catalog;

#[derive(Debug, Clone, Default, clap::Args)]
pub struct LibraryArgs {
    /// Functions that queries may call: a file, or a folder of files, each with 'let NAME = (PARAMETERS) { … };'. The
    /// folder 'functions' beside the rules is read without being named.
    #[arg(long, value_name = "PATH")]
    functions: Vec<PathBuf>,
    /// The value of a parameter that a query declares with 'declare query_parameters'.
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
}

impl LibraryArgs {
    /// Adds them to what the catalog has; what is wrong with one of them ends the command.
    pub fn add_to(&self, catalog: &mut Catalog) -> Result<(), Problem> {
        let before = catalog.skipped().len();
        for path in &self.functions {
            catalog.add_functions(path)?;
        }
        if let Some(skipped) = catalog.skipped().get(before) {
            return Err(Problem::Arguments(format!("--functions: {}: {}", skipped.path, skipped.reason)));
        }
        for text in &self.param {
            let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
                return Err(Problem::Arguments(format!("--param wants NAME=VALUE, not '{text}'")));
            };
            catalog.library.parameters.insert(name.trim().to_owned(), value.to_owned());
        }
        Ok(())
    }
}
