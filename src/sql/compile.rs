//! The way from a parsed query to SQL: bind, then generate.

use super::generate::{Generator, StageSql};
use super::layout::quote_identifier;
use crate::kql::diagnostic::Diagnostic;
use crate::kql::span::Span;
use crate::kql::syntax::Query;
use crate::plan::{Environment, Plan, bind};
use crate::schema::Column;

/// What to compile for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Adds a last column `$lineage`: the id of the event behind a row, or a JSON array of ids.
    pub lineage: bool,
    /// What the names of stages start with; `s` where empty.
    pub prefix: String,
}

/// A SELECT whose columns may hold ids of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    pub sql: String,
    /// For each column, whether it does.
    pub is_text_id: Vec<bool>,
}

/// A query as SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// One SELECT.
    pub sql: String,
    /// What is run in its place: ids of texts stay ids, which the reader of the rows looks up.
    pub fetch: Option<Fetch>,
    /// The columns of the result, without `$lineage`.
    pub columns: Vec<Column>,
    /// Whether the last column of a row is the lineage.
    pub lineage: bool,
    /// The stages in the order they are defined.
    pub stages: Vec<StageSql>,
    /// What reads the last stage.
    pub final_select: String,
    /// What `render` asked for.
    pub render: Option<String>,
    pub warnings: Vec<Diagnostic>,
}

impl Compiled {
    /// The same query as a chain of views, the last of which is called `name`.
    pub fn views(&self, name: &str) -> Vec<String> {
        let mut views: Vec<String> = self
            .stages
            .iter()
            .map(|stage| format!("CREATE TEMP VIEW {} AS {}", quote_identifier(&stage.name), stage.sql))
            .collect();
        views.push(format!("CREATE TEMP VIEW {} AS {}", quote_identifier(name), self.final_select));
        views
    }
}

/// Compiles a query that parsed without errors. The errors are all that binding found, warnings among them.
pub fn compile(query: &Query, environment: &Environment<'_>, options: &Options) -> Result<Compiled, Vec<Diagnostic>> {
    let bound = bind(query, environment);
    match bound.plan {
        Some(plan) => generate(&plan, environment, options, bound.diagnostics),
        None => Err(bound.diagnostics),
    }
}

/// Generates the SQL of a plan.
pub fn generate(
    plan: &Plan,
    environment: &Environment<'_>,
    options: &Options,
    mut diagnostics: Vec<Diagnostic>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let prefix = if options.prefix.is_empty() { "s" } else { &options.prefix };
    let mut generator = Generator::new(plan, environment.schema, prefix, options.lineage);
    let stages = generator.stages();
    let final_select = generator.final_select(options.lineage, true);
    let is_text_id = generator.text_ids();
    let missing = generator.missing_symbols();
    if !missing.is_empty() {
        for symbol in missing {
            diagnostics.push(Diagnostic::unsupported(
                "unsupported",
                Span::default(),
                format!("'{}' is not supported by this engine yet", symbol.trim_start_matches("engine:")),
            ));
        }
        return Err(diagnostics);
    }
    let with = with_clause(&stages, final_select.len());
    let fetch = is_text_id.contains(&true).then(|| {
        let mut sql = with.clone();
        sql.push_str(&generator.final_select(options.lineage, false));
        Fetch { sql, is_text_id }
    });
    let mut sql = with;
    sql.push_str(&final_select);
    let columns = plan
        .node(plan.root)
        .map(|root| {
            root.fields.iter().map(|field| Column::new(field.name.as_str(), field.scalar_type)).collect::<Vec<_>>()
        })
        .unwrap_or_default();
    Ok(Compiled {
        sql,
        fetch,
        columns,
        lineage: options.lineage,
        stages,
        final_select,
        render: plan.render.clone(),
        warnings: diagnostics,
    })
}

/// The stages as common table expressions, with room for what reads them: of many tables these are hundreds of
/// kilobytes, which are better not copied again and again.
fn with_clause(stages: &[StageSql], room: usize) -> String {
    let length: usize = stages.iter().map(|stage| stage.sql.len() + stage.name.len() + 24).sum();
    let mut with = String::with_capacity(length + room + 8);
    for (place, stage) in stages.iter().enumerate() {
        with.push_str(if place == 0 { "WITH " } else { ",\n" });
        with.push_str(&stage.name);
        with.push_str(if stage.materialized { " AS MATERIALIZED (" } else { " AS (" });
        with.push_str(&stage.sql);
        with.push(')');
    }
    with.push('\n');
    with
}
