//! The way from a parsed query to SQL: bind, then generate.

use super::generate::Generator;
use super::text_set::TextSet;
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

/// A query as SQL.
///
/// It is run in two steps: first what finds the sets of texts, then the SELECT that reads rows, to which the sets are
/// given. Written out in one, SQLite would count the tables of each set again at each place that names it, and refuse
/// a search for a few words in a dozen tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    text_sets: Vec<TextSet>,
    /// The stages as common table expressions, `s0 AS (…), …`.
    stages: String,
    /// What reads the last stage: ids of texts stay ids, which the reader of the rows looks up.
    select: String,
    /// The same with values, where there are such columns.
    decoded: Option<String>,
    /// For each column of `select`, whether it holds ids of texts.
    is_text_id: Vec<bool>,
    /// The columns of the result, without `$lineage`.
    pub columns: Vec<Column>,
    /// Whether the last column of a row is the lineage.
    pub lineage: bool,
    /// What `render` asked for.
    pub render: Option<String>,
    pub warnings: Vec<Diagnostic>,
}

impl Compiled {
    /// For each parameter of the query, the SELECT of one value that finds it: a set of texts.
    pub fn text_sets(&self) -> impl Iterator<Item = String> + '_ {
        self.text_sets.iter().map(TextSet::select)
    }

    /// One SELECT whose columns are values.
    pub fn sql(&self) -> String {
        self.written(self.decoded.as_ref().unwrap_or(&self.select))
    }

    /// All of it, to be looked at: what finds the sets of texts, then the SELECT.
    pub fn statements(&self) -> String {
        let sets = self.text_sets().enumerate().map(|(place, sql)| format!("{sql}; -- ?{}\n", place + 1));
        sets.collect::<String>() + &self.sql()
    }

    /// The SELECT that is run.
    pub(super) fn fetch(&self) -> String {
        self.written(&self.select)
    }

    /// For each column of what is run, whether it holds ids of texts.
    pub(super) fn is_text_id(&self, position: usize) -> bool {
        self.is_text_id.get(position).copied().unwrap_or(false)
    }

    /// The same with another SELECT of the same columns, all of them values.
    pub fn reading(self, select: String) -> Self {
        Self { stages: String::new(), select, decoded: None, is_text_id: Vec::new(), ..self }
    }

    fn written(&self, select: &str) -> String {
        if self.stages.is_empty() { select.to_owned() } else { ["WITH ", &self.stages, "\n", select].concat() }
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
    let is_text_id = generator.text_ids();
    let select = generator.final_select(options.lineage, false);
    let decoded = is_text_id.contains(&true).then(|| generator.final_select(options.lineage, true));
    let columns = plan
        .node(plan.root)
        .map(|root| {
            root.fields.iter().map(|field| Column::new(field.name.as_str(), field.scalar_type)).collect::<Vec<_>>()
        })
        .unwrap_or_default();
    Ok(Compiled {
        text_sets: generator.into_text_sets(),
        stages,
        select,
        decoded,
        is_text_id,
        columns,
        lineage: options.lineage,
        render: plan.render.clone(),
        warnings: diagnostics,
    })
}
