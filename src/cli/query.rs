//! `whippet query`: runs one query and prints its result.

use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::Exit;
use super::format::{self, Format};
use super::library::LibraryArgs;
use super::problem::Problem;
use super::report;
use crate::kql;
use crate::kql::diagnostic::{Class, Diagnostic};
use crate::plan::{Environment, Inputs, MissingColumns};
use crate::rules::Catalog;
use crate::schema::{Column, ScalarType, Table, Value};
use crate::sql::{self, ConnectionProbe, Limits, Options};
use crate::store::Store;

/// Run a KQL query and print its result.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The query, or '-' to read it from standard input.
    #[arg(default_value = "-", value_name = "KQL")]
    query: String,
    /// The store to query; without it, an empty one that knows all tables.
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Print the SQL instead of running it.
    #[arg(long)]
    sql: bool,
    /// Make a column that its table lacks an error everywhere.
    #[arg(long)]
    strict: bool,
    /// Map an externaldata URI or a watchlist to a local file.
    #[arg(long, value_name = "NAME=FILE")]
    input: Vec<String>,
    #[command(flatten)]
    library: LibraryArgs,
    /// What now() gives; the newest event's time by default.
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// Add the ids of the events behind each row, as a last column '$lineage'.
    #[arg(long)]
    lineage: bool,
    /// Print at most this many rows.
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
    /// Give up after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Files mapped to names on the command line.
struct FileInputs {
    files: BTreeMap<String, PathBuf>,
}

impl Inputs for FileInputs {
    fn external_data(&self, uri: &str) -> Option<String> {
        std::fs::read_to_string(self.files.get(uri)?).ok()
    }

    fn watchlist(&self, name: &str) -> Option<Table> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(self.files.get(name)?).ok()?;
        let columns: Vec<Column> =
            reader.headers().ok()?.iter().map(|name| Column::new(name, ScalarType::String)).collect();
        let rows = reader
            .records()
            .map(|record| {
                let record = record.ok()?;
                Some(
                    (0..columns.len())
                        .map(|place| Value::String(record.get(place).unwrap_or_default().to_owned()))
                        .collect(),
                )
            })
            .collect::<Option<_>>()?;
        Some(Table { columns, rows })
    }
}

pub fn run(arguments: &Args, stdout: &mut dyn Write, stderr: &mut dyn Write) -> Result<Exit, Problem> {
    let text = if arguments.query == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Problem::Failed(format!("standard input: {error}")))?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        arguments.query.clone()
    };
    let mut files = BTreeMap::new();
    for input in &arguments.input {
        let Some((name, file)) = input.rsplit_once('=') else {
            return Err(Problem::Arguments(format!("--input wants NAME=FILE, not '{input}'")));
        };
        files.insert(name.to_owned(), PathBuf::from(file));
    }
    let mut catalog = Catalog::default();
    arguments.library.add_to(&mut catalog)?;
    let parsed = kql::parse(&text);
    if parsed.has_errors() {
        report::write(stderr, "query", &text, &parsed.diagnostics)?;
        return Ok(Exit::Invalid);
    }
    // What SQLite holds ends with the process: to give it back piece by piece would be a part of what a short query takes.
    let store = ManuallyDrop::new(match &arguments.db {
        Some(path) => Store::open_read_only(path)?,
        None => Store::in_memory()?,
    });
    let now = match &arguments.now {
        Some(time) => match crate::kql::values::parse_datetime(time) {
            Some(ticks) => ticks,
            None => return Err(Problem::Arguments("--now wants a time like 2024-01-31T12:00:00Z".to_owned())),
        },
        None => match arguments.db {
            Some(_) => store.newest_event_time()?.unwrap_or_else(system_ticks),
            None => system_ticks(),
        },
    };
    let inputs = FileInputs { files };
    let missing = if arguments.strict { MissingColumns::Strict } else { MissingColumns::Lenient };
    let probe = ConnectionProbe::new(store.connection(), store.schema());
    let probe = if arguments.sql { probe.whole() } else { probe };
    let environment = Environment::new(store.schema(), now)
        .with_inputs(&inputs)
        .with_library(&catalog.library)
        .with_missing_columns(missing)
        .with_probe(&probe);
    let options = Options { lineage: arguments.lineage, ..Options::default() };
    let compiled = match sql::compile(&parsed.query, &environment, &options) {
        Ok(compiled) => compiled,
        Err(diagnostics) => {
            report::write(stderr, "query", &text, &diagnostics)?;
            return Ok(exit_for(&diagnostics));
        }
    };
    report::write(stderr, "query", &text, &compiled.warnings)?;
    if arguments.sql {
        writeln!(stdout, "{};", compiled.statements())?;
        return Ok(Exit::Done);
    }
    let limits = Limits { rows: arguments.limit, time: arguments.timeout.map(Duration::from_secs) };
    let mut columns = compiled.columns.clone();
    if compiled.lineage {
        columns.push(Column::new("$lineage", ScalarType::Dynamic));
    }
    let mut output = format::Output::new(stdout, columns, arguments.format)?;
    let mut written = Ok(());
    let ran = sql::for_each_row(store.connection(), &compiled, &limits, |row| {
        let mut values = row.values;
        if compiled.lineage {
            values.push(Value::Dynamic(serde_json::Value::from(row.lineage).to_string()));
        }
        written = output.row(values);
        written.is_ok()
    });
    written?;
    let error = match ran {
        Ok(()) => {
            output.finish()?;
            return Ok(Exit::Done);
        }
        Err(error) => error,
    };
    output.abandon();
    match error {
        // The query is at fault, not the run.
        sql::ExecuteError::TooLarge { .. } | sql::ExecuteError::Function(_) => {
            writeln!(stderr, "error: {}", kql::visible::visible(&error.to_string()))?;
            Ok(Exit::Invalid)
        }
        error => Err(Problem::Failed(error.to_string())),
    }
}

/// A missing input is another thing than a wrong query, which the exit status says.
pub fn exit_for(diagnostics: &[Diagnostic]) -> Exit {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).peekable();
    if errors.peek().is_some() && errors.all(|diagnostic| diagnostic.class == Class::NeedsInput) {
        Exit::NeedsInput
    } else {
        Exit::Invalid
    }
}

/// The wall clock in ticks since year 1.
pub fn system_ticks() -> i64 {
    kql::values::ticks_of(SystemTime::now())
}
