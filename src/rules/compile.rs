//! A rule against the known tables: what the binder says of it, the columns it emits, its SQL.

use serde::Serialize;

use super::coverage;
use super::rule::Rule;
use crate::kql::diagnostic::{Diagnostic, Severity};
use crate::plan::Environment;
use crate::schema::{ScalarType, Schema};
use crate::sql::{self, Compiled, Options};

/// A column that a rule's rows have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmittedColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub scalar_type: ScalarType,
    /// Whether the rule makes it: no table that it reads has a column of the name.
    pub added: bool,
}

/// Compiles a rule. The errors are all findings, warnings among them, with spans of [`Rule::query`]; a rule that does not
/// parse gives what its parser says.
pub fn compile(rule: &Rule, environment: &Environment<'_>) -> Result<Compiled, Vec<Diagnostic>> {
    if rule.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(rule.diagnostics.clone());
    }
    let compiled = sql::compile(&rule.tree, environment, &Options::default())?;
    // A query may only define names; a rule must give rows.
    if compiled.warnings.iter().any(|warning| warning.code == "no-result") {
        let as_errors = |warning| Diagnostic { severity: Severity::Error, ..warning };
        return Err(compiled.warnings.into_iter().map(as_errors).collect());
    }
    Ok(compiled)
}

/// The columns of a compiled rule.
pub fn emitted(rule: &Rule, compiled: &Compiled, schema: &Schema) -> Vec<EmittedColumn> {
    let tables: Vec<_> = coverage::tables(&rule.pipeline).iter().filter_map(|name| schema.table(name)).collect();
    compiled
        .columns
        .iter()
        .map(|column| EmittedColumn {
            name: column.name.clone(),
            scalar_type: column.scalar_type,
            added: !tables.iter().any(|table| table.column(&column.name).is_some()),
        })
        .collect()
}
