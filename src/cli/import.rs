//! `whippet import`: event files into a store.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use indicatif::{ProgressBar, ProgressStyle};

use super::Exit;
use super::problem::Problem;
use crate::ingest::time::{DateOrder, Reading};
use crate::ingest::{self, ImportReport, Options, Progress};
use crate::kql::visible::visible;
use crate::store::Store;

/// Read event files and folders into a store: EVTX, event XML, and the CSV and JSON of Defender, Sentinel and the usual
/// collectors, also in gzip, zstd and zip. What a file is, its content says.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The store; made if there is none
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What FileProfile() answers: a CSV or JSON file with the service's columns
    #[arg(long, value_name = "FILE")]
    file_profile: Vec<PathBuf>,
    /// Leave out what fits this pattern; '*' and '?' stand for any characters
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Fill a table of your own with all rows: 'Name_CL'. The report shows the types found for its columns
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Which part of dates like 3/4/2025 is the day, where the file itself does not show it
    #[arg(long, value_enum, value_name = "ORDER")]
    dates: Option<Dates>,
    /// The zone of times that name none: 'Europe/Berlin', '+02:00'; without it they are UTC
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    time_zone: Option<jiff::tz::TimeZone>,
    /// Files and folders; '-' reads standard input
    #[arg(value_name = "PATH", required_unless_present = "file_profile")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Dates {
    Dmy,
    Mdy,
}

/// A zone by its name or its offset.
fn zone(text: &str) -> Result<jiff::tz::TimeZone, String> {
    use jiff::tz::{Offset, TimeZone};
    if text.eq_ignore_ascii_case("utc") || text == "Z" {
        return Ok(TimeZone::UTC);
    }
    let offset = || {
        let (sign, rest) = match text.strip_prefix('+') {
            Some(rest) => (1, rest),
            None => (-1, text.strip_prefix('-')?),
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let seconds = sign * (hours * 3600 + minutes * 60);
        (hours < 24 && (0..60).contains(&minutes)).then(|| Offset::from_seconds(seconds).ok()).flatten()
    };
    match offset() {
        Some(offset) => Ok(TimeZone::fixed(offset)),
        None => TimeZone::get(text).map_err(|_| "no such zone; write 'Europe/Berlin' or '+02:00'".to_owned()),
    }
}

pub fn run(arguments: &Args, stdout: &mut dyn Write) -> Result<Exit, Problem> {
    let report = import(arguments)?;
    match arguments.format {
        Format::Text => write!(stdout, "{}", visible_lines(&report.to_text()))?,
        Format::Json => super::json::write_pretty(stdout, &report)?,
    }
    let all_there = report.files.iter().all(|file| file.kind.is_some() || file.bytes > 0 || exists(&file.path));
    let anything = report.event_files().next().is_some() || report.profiles > 0;
    if report.files.is_empty() && !anything && arguments.format == Format::Text {
        writeln!(stdout, "nothing to import: there are no files in what was named")?;
    }
    Ok(if all_there && anything && !report.interrupted { Exit::Done } else { Exit::Failed })
}

fn exists(path: &str) -> bool {
    // Members of archives, patterns and standard input are no paths, but were looked at.
    path == "-" || path.contains("!/") || Path::new(path).exists()
}

fn import(arguments: &Args) -> Result<ImportReport, Problem> {
    let mut store = Store::create_or_open(&arguments.db)?;
    let order = arguments.dates.map(|dates| match dates {
        Dates::Dmy => DateOrder::DayFirst,
        Dates::Mdy => DateOrder::MonthFirst,
    });
    let options = Options {
        exclude: arguments.exclude.clone(),
        table: arguments.table.clone(),
        reading: Reading { order, zone: arguments.time_zone.clone() },
        threads: None,
    };
    let mut bar = Bar::new();
    let cancelled = Arc::new(AtomicBool::new(false));
    // The first Ctrl-C keeps what is complete and says so.
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGINT, cancelled.clone())
        .map_err(|error| Problem::Failed(format!("Ctrl-C cannot be listened for: {error}")))?;
    let report = ingest::import_with(&mut store, &arguments.paths, &options, &cancelled, &mut bar);
    bar.bar.finish_and_clear();
    let mut report = report?;
    for path in &arguments.file_profile {
        ingest::import_profiles(&mut store, path, &mut report)?;
    }
    Ok(report)
}

/// Names and reasons come from the files: nothing of them reaches the terminal unescaped but the line ends.
fn visible_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').map_or_else(|| visible(line), |line| visible(line) + "\n"))
        .collect()
}

/// A progress bar on a terminal, nothing elsewhere.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:24} {bytes}/{total_bytes}  {msg}  {eta} left");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("##-"));
        }
        Self { bar }
    }
}

impl Progress for Bar {
    fn begin(&mut self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn file(&mut self, _path: &Path) {}

    fn reached(&mut self, bytes: u64, records: u64) {
        self.bar.set_position(bytes);
        let seconds = self.bar.elapsed().as_secs_f64();
        let rate = if seconds > 0.0 { records as f64 / seconds } else { 0.0 };
        self.bar.set_message(format!("{records} records, {rate:.0}/s"));
    }

    fn stage(&mut self, name: &str) {
        self.bar.set_message(name.to_owned());
    }
}
