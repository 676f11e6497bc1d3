//! `whippet rule`: the catalog, a rule's page, and what is wrong with rule files.

mod check;
mod finding;
mod list;
mod page;
mod report;
mod sarif;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Exit;
use super::library::LibraryArgs;
use super::problem::Problem;
use crate::kql::visible::visible;
use crate::plan::{Environment, Library, MissingColumns};
use crate::rules::attack::Attack;
use crate::rules::compile;
use crate::rules::indicators::Corpus;
use crate::rules::{Catalog, Facts, Rule};
use crate::schema::Schema;

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    command: RuleCommand,
}

#[derive(Debug, Subcommand)]
enum RuleCommand {
    /// List the rules.
    List(Common),
    /// Print a rule's page: stages, exclusions, indicators, coverage, tests.
    Show {
        /// Id, slug, file name or title of the rule, or a beginning of one that no other rule shares.
        name: String,
        #[command(flatten)]
        common: Common,
    },
    Export(super::export::Args),
    Funnel(super::funnel::Args),
    /// Print the SQL a rule becomes.
    Sql {
        /// Id, slug, file name or title of the rule, or a beginning of one that no other rule shares.
        name: String,
        /// Make a column that its table lacks an error everywhere.
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Check rule files: what is wrong, where, and what to do instead. Exits with 2 when a rule cannot run.
    Check(check::Args),
}

#[derive(Debug, ClapArgs)]
struct Common {
    /// Read the rules of this folder in place of the built-in ones.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    library: LibraryArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn run(arguments: Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    match arguments.command {
        RuleCommand::Export(arguments) => super::export::run(&arguments, stdout, stderr),
        RuleCommand::Funnel(arguments) => super::funnel::run(&arguments, stdout),
        RuleCommand::List(common) => {
            let catalog = load(common.rules.as_deref(), &common.library)?;
            list::run(&catalog, &attack()?, common.format, stdout)?;
            Ok(Exit::Done)
        }
        RuleCommand::Show { name, common } => show(&name, &common, stdout),
        RuleCommand::Sql { name, strict, common } => print_sql(&name, strict, &common, stdout, stderr),
        RuleCommand::Check(arguments) => check::run(&arguments, stdout),
    }
}

fn load(folder: Option<&Path>, library: &LibraryArgs) -> Result<Catalog, Problem> {
    let mut catalog = Catalog::open(folder)?;
    library.add_to(&mut catalog)?;
    Ok(catalog)
}

fn attack() -> Result<Attack, Problem> {
    Attack::load().map_err(|error| Problem::Failed(error.to_string()))
}

fn find<'catalog>(catalog: &'catalog Catalog, name: &str) -> Result<&'catalog Rule, Problem> {
    catalog.find(name).map_err(|error| Problem::Arguments(format!("{error}\n  whippet rule list  prints all rules")))
}

fn show(name: &str, common: &Common, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let catalog = load(common.rules.as_deref(), &common.library)?;
    let rule = find(&catalog, name)?;
    let attack = attack()?;
    let facts = Facts::of(rule, &attack, Some(&Corpus::of(&catalog)));
    let schema = schema()?;
    let compiled = compile::compile(rule, &environment(&schema, &catalog.library, false)).ok();
    let columns = compiled.map(|compiled| compile::emitted(rule, &compiled, &schema));
    match common.format {
        Format::Text => page::write(rule, &facts, columns.as_deref(), stdout)?,
        Format::Json => {
            let value = serde_json::json!({
                "rule": list::summary(rule, &attack),
                "metadata": rule.metadata,
                "facts": facts,
                "columns": columns,
                "query": rule.query,
            });
            write_json(&value, stdout)?;
        }
    }
    // The page of a rule that cannot be read says so; the status does too.
    Ok(if rule.is_readable() { Exit::Done } else { Exit::Invalid })
}

fn print_sql(
    name: &str,
    strict: bool,
    common: &Common,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<Exit, Problem> {
    let catalog = load(common.rules.as_deref(), &common.library)?;
    let rule = find(&catalog, name)?;
    let schema = schema()?;
    let (compiled, findings) = match compile::compile(rule, &environment(&schema, &catalog.library, strict)) {
        Ok(compiled) => (Some(compiled.statements()), compiled.warnings),
        Err(findings) => (None, findings),
    };
    for problem in rule.problems.iter().filter(|_| rule.query.is_empty()) {
        writeln!(stderr, "error: {}", visible(&problem.message))?;
    }
    for finding in &findings {
        report::write(rule, finding, stderr)?;
    }
    match (compiled, common.format) {
        (Some(sql), Format::Text) => writeln!(stdout, "{sql};")?,
        (sql, Format::Json) => {
            let findings: Vec<_> = findings.iter().map(|finding| report::json(rule, finding)).collect();
            write_json(&serde_json::json!({ "sql": sql, "findings": findings }), stdout)?;
        }
        (None, Format::Text) => {}
    }
    let failed = findings.iter().any(crate::kql::diagnostic::Diagnostic::is_error) || rule.query.is_empty();
    Ok(if failed { super::query::exit_for(&findings) } else { Exit::Done })
}

fn schema() -> Result<Schema, Problem> {
    Schema::built_in().map_err(|error| Problem::Failed(error.to_string()))
}

/// What a rule is compiled against without a store: the known tables, and the wall clock for `now()`.
fn environment<'a>(schema: &'a Schema, library: &'a Library, strict: bool) -> Environment<'a> {
    let missing = if strict { MissingColumns::Strict } else { MissingColumns::Lenient };
    Environment::new(schema, super::query::system_ticks()).with_library(library).with_missing_columns(missing)
}

fn write_json(value: &serde_json::Value, stdout: &mut dyn Write) -> Result<(), std::io::Error> {
    super::json::write_pretty(stdout, value)
}
