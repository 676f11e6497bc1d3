//! Makes the scenarios of `sample-data/` out of nothing but a seed: the same bytes on every machine.

mod actor;
mod baseline;
mod bulk;
mod habits;
mod host;
mod images;
mod java_sysrv;
mod ordinary;
mod profile;
mod random;
mod record;
mod scenario;
mod xp_cmdshell;

pub use record::Schema;
use record::{SECOND, Ticks};
use serde_json::{Map, Value};

use scenario::{Form, Scenario};

/// 2 March 2026, 00:00 UTC.
const MONDAY: Ticks = 20_514 * DAY;
const DAY: Ticks = 86_400 * SECOND;

/// A file to write: its path below `sample-data/`, with slashes, and its text.
pub type File = (String, String);

/// Every generated file.
pub fn files() -> Result<Vec<File>, Box<dyn std::error::Error>> {
    let schema = Schema::load()?;
    let scenarios = [
        xp_cmdshell::xp_cmdshell(MONDAY, &schema)?,
        java_sysrv::java_sysrv(MONDAY + DAY, &schema)?,
        baseline::baseline(MONDAY, &schema)?,
    ];
    let mut files = vec![("file-profile.csv".to_owned(), profile::file_profile()?)];
    for Scenario { folder, form, rows, expected } in scenarios {
        let events = match form {
            Form::Lines => vec![("events.ndjson".to_owned(), record::to_ndjson(&rows))],
            Form::Tables => record::to_csv(&schema, &rows)?,
        };
        files.extend(events.into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)));
        files.push((format!("{folder}/expected.json"), expected));
    }
    Ok(files)
}

/// Rows of an estate with so many process events, host by host, each an object that names its table.
pub fn estate(
    processes: usize,
    schema: &Schema,
) -> impl Iterator<Item = Result<Vec<Map<String, Value>>, record::UnknownName>> + '_ {
    bulk::bulk(processes, MONDAY, schema)
}

pub use record::to_ndjson;
