//! Writes the generated files of `sample-data/`, or the records of a large estate for measuring.
//!
//! usage: cargo run --example generate_sample_data
//!        cargo run --release --example generate_sample_data -- PROCESSES > events.ndjson

mod generator;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

fn main() -> Result {
    match std::env::args().nth(1) {
        None => write_sample_data(),
        Some(processes) => write_estate(processes.parse()?),
    }
}

fn write_sample_data() -> Result {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    for (name, text) in generator::files()? {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
    }
    Ok(())
}

fn write_estate(processes: usize) -> Result {
    let schema = generator::Schema::load()?;
    let mut output = BufWriter::new(io::stdout().lock());
    for rows in generator::estate(processes, &schema) {
        output.write_all(generator::to_ndjson(&rows?).as_bytes())?;
    }
    Ok(output.flush()?)
}
