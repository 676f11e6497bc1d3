//! Detect the container, read records, normalise, insert in batches, report.
//!
//! One thread opens and hashes files, one for each core reads and normalises pieces of them, the caller's inserts. The
//! stages are: `walk` (files) → `source` (`unpack`, `detect`: container) → `reading` (`dispatch`: pieces to threads,
//! which `perform`) → `reader` (records with their places) → `normalise`, `gather` (columns) → `writer` (rows) →
//! `enrich` (parents, accounts) → `report`.
//!
//! Knows nothing of rules.

mod accounts;
mod batch;
mod budget;
mod custom;
mod detect;
mod dictionary;
mod direction;
mod dispatch;
mod enrich;
mod forget;
mod gather;
#[cfg(test)]
mod golden_tests;
mod lanes;
mod lineage;
mod mapping;
mod merge;
mod normalise;
mod options;
mod perform;
mod presence;
mod probe;
mod profile;
mod reader;
mod reading;
mod recent;
mod report;
mod row_record;
mod rows;
mod seen;
mod source;
mod spares;
pub mod time;
mod unpack;
mod values;
mod volumes;
mod walk;
mod widen;
mod writer;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use rusqlite::{Connection, OptionalExtension, params};

use self::detect::Container;
use self::lanes::{Buffers, INTERRUPTED, Lane, Message, Plan};
use self::mapping::MappingError;
use self::report::MOST_REJECTIONS;
use self::seen::Seen;
use self::source::scaled;
use self::walk::Found;
use self::writer::Writer;
use crate::store::{Store, StoreError};

pub use self::forget::forget;
pub use self::options::Options;
pub use self::profile::import_profiles;
pub use self::report::{FileReport, ImportReport};

/// Events in one transaction.
const TRANSACTION: u64 = 50_000;
/// Set, to a [`Due`], while events are in the store that the enrichment pass has not seen.
const ENRICHMENT_DUE: &str = "enrichment due";

/// What changed since the enrichment pass last ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Due {
    Added,
    /// Events were taken out.
    Anew,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error("the records of {path} do not add up: {records} read, {accounted} accounted for")]
    Unbalanced { path: String, records: u64, accounted: u64 },
    #[error("the table '{table}' cannot be filled: {reason}")]
    Table { table: String, reason: String },
    #[error("the reading thread ended unexpectedly")]
    Reader,
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Is told how far the import is.
pub trait Progress {
    /// The files were listed: so many bytes are to be read.
    fn begin(&mut self, bytes: u64);
    /// Which files those are, in the order in which they are read, each with its bytes. Members of an archive have
    /// names only when they are read.
    fn listed(&mut self, _files: &[(String, u64)]) {}
    /// Another file begins.
    fn file(&mut self, path: &Path);
    /// Reading has come this far, counted over all files, with so many records seen.
    fn reached(&mut self, bytes: u64, records: u64);
    /// What became of the records of the file that is being read, as far as it is read.
    fn counted(&mut self, _file: &FileReport) {}
    /// Nothing more is read of this file, or it was left out.
    fn done(&mut self, _file: &FileReport) {}
    /// A stage that counts nothing: indexes, parents.
    fn stage(&mut self, name: &str);
}

/// For whom progress is nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: u64) {}
    fn file(&mut self, _: &Path) {}
    fn reached(&mut self, _: u64, _: u64) {}
    fn stage(&mut self, _: &str) {}
}

/// Imports files and folders into a store. `cancelled` ends it early: what is complete stays.
pub fn import(
    store: &mut Store,
    paths: &[PathBuf],
    cancelled: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<ImportReport, ImportError> {
    import_with(store, paths, &Options::default(), cancelled, progress)
}

/// Imports as the analyst says.
pub fn import_with(
    store: &mut Store,
    paths: &[PathBuf],
    options: &Options,
    cancelled: &AtomicBool,
    progress: &mut dyn Progress,
) -> Result<ImportReport, ImportError> {
    store.takes_events()?;
    let columns = match &options.table {
        Some(name) => Some((name.clone(), custom::prepare(store, name, paths, options)?)),
        None => None,
    };
    let found = walk::walk(paths, store.path(), &options.exclude);
    let listed = listed(&found);
    progress.begin(listed.iter().map(|(_, bytes)| bytes).sum());
    progress.listed(&listed);
    let schema = store.schema();
    let spares = Buffers::default();
    let mut report = std::thread::scope(|scope| {
        let (lanes, threads) = reading::start(scope, found, Plan { schema, options, cancelled, spares: &spares });
        let written = write_files(store, lanes, &spares, progress);
        // The threads stop when nobody takes what they have.
        let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        let report = written?;
        for thread in ended {
            thread.map_err(|_| ImportError::Reader)??;
        }
        Ok::<_, ImportError>(report)
    })?;
    report.table = columns;
    report.interrupted = cancelled.load(Ordering::Relaxed);
    if report.interrupted {
        report.remaining = remaining(listed, &report);
    }
    finish(store, &mut report, progress)?;
    Ok(report)
}

/// The files that are to be read.
fn listed(found: &[Found]) -> Vec<(String, u64)> {
    let path = |found: &Found| match found {
        Found::File { path, bytes, .. } => Some((path.to_string_lossy().into_owned(), *bytes)),
        Found::Problem { .. } | Found::StandardInput => None,
    };
    found.iter().filter_map(path).collect()
}

/// How many of the files are not in the report, or not whole. Members of an archive stand for it.
fn remaining(listed: Vec<(String, u64)>, report: &ImportReport) -> usize {
    let name = |file: &FileReport| file.path.split("!/").next().unwrap_or_default().to_owned();
    let (cut, read): (Vec<&FileReport>, Vec<&FileReport>) =
        report.files.iter().partition(|file| file.problem.as_deref() == Some(INTERRUPTED));
    let (cut, read): (HashSet<String>, HashSet<String>) =
        (cut.into_iter().map(name).collect(), read.into_iter().map(name).collect());
    listed.into_iter().filter(|(path, _)| cut.contains(path) || !read.contains(path)).count()
}

/// The source a file's records belong to.
struct OpenSource {
    id: i64,
    complete: bool,
    stored_before: u64,
    /// Of the bytes that were listed.
    share: u64,
    /// Records that the readers say there were, and what they saw.
    read: u64,
    seen: Seen,
    report: FileReport,
}

/// The writing side.
fn write_files(
    store: &Store,
    lanes: Receiver<Lane>,
    spares: &Buffers,
    progress: &mut dyn Progress,
) -> Result<ImportReport, ImportError> {
    let connection = store.connection();
    let mut writer = Writer::new(connection, store.schema())?;
    let mut report = ImportReport::default();
    let mut source: Option<OpenSource> = None;
    let mut transaction = connection.unchecked_transaction()?;
    let (mut pending, mut bytes_before, mut records) = (0, 0, 0);
    for message in lanes.into_iter().flatten() {
        match message {
            Message::LeftOut { path, bytes, share, reason } => {
                bytes_before += share;
                let path = path.to_string_lossy().into_owned();
                let left_out = FileReport { path, bytes, problem: Some(reason), ..FileReport::default() };
                progress.done(&left_out);
                report.files.push(left_out);
            }
            Message::Start { path, bytes, share, sha256, container } => {
                progress.file(&path);
                let path = path.to_string_lossy().into_owned();
                let opened = open_source(connection, path, bytes, &sha256, container)?;
                source = Some(OpenSource { share, ..opened });
            }
            Message::Batch(mut batch) => {
                let Some(source) = source.as_mut() else { continue };
                let written = writer.write(source.id, &batch)?;
                if written.stored > 0 && pending == 0 && store.state::<Due>(ENRICHMENT_DUE)?.is_none() {
                    store.set_state(ENRICHMENT_DUE, 1, &Due::Added)?;
                }
                pending += written.stored;
                records += (batch.records.len() + batch.rejections.len()) as u64;
                source.report.stored += written.stored;
                source.report.duplicates += written.duplicates;
                source.report.rejected += batch.rejections.len() as u64;
                let room = MOST_REJECTIONS.saturating_sub(source.report.rejections.len());
                source.report.rejections.extend(batch.rejections.drain(..).take(room));
                progress.reached(bytes_before + scaled(batch.reached, source.share, source.report.bytes), records);
                spares.batches.give(*batch);
                progress.counted(&source.report);
                if pending >= TRANSACTION {
                    save_stored(connection, source)?;
                    transaction.commit()?;
                    transaction = connection.unchecked_transaction()?;
                    pending = 0;
                }
            }
            Message::Part { records: read, problem, seen } => {
                let Some(source) = source.as_mut() else { continue };
                source.read += read;
                source.seen.merge(seen);
                source.report.problem = source.report.problem.take().or(problem);
            }
            Message::End { problem, notes } => {
                let Some(mut source) = source.take() else { continue };
                let file = &mut source.report;
                file.records = file.stored + file.duplicates + file.rejected;
                if file.records != source.read {
                    let path = file.path.clone();
                    return Err(ImportError::Unbalanced { path, records: source.read, accounted: file.records });
                }
                file.problem = file.problem.take().or(problem);
                file.notes = notes;
                file.notes.extend(std::mem::take(&mut source.seen).notes(file.problem.is_none()));
                bytes_before += source.share;
                progress.reached(bytes_before, records);
                progress.done(&source.report);
                close_source(connection, &source)?;
                report.files.push(source.report);
            }
        }
    }
    transaction.commit()?;
    Ok(report)
}

fn open_source(
    connection: &Connection,
    path: String,
    bytes: u64,
    sha256: &str,
    container: Container,
) -> Result<OpenSource, ImportError> {
    let known: Option<(i64, bool, i64)> = connection
        .prepare_cached("SELECT id, complete, stored FROM source WHERE path = ?1 AND sha256 = ?2")?
        .query_row([path.as_str(), sha256], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (id, complete, stored) = match known {
        Some(known) => known,
        None => {
            connection
                .prepare_cached("INSERT INTO source(path, sha256, bytes, kind) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![path, sha256, bytes.cast_signed(), container.name()])?;
            (connection.last_insert_rowid(), false, 0)
        }
    };
    let kind = Some(container.name().to_owned());
    let report = FileReport { path, kind, bytes, ..FileReport::default() };
    Ok(OpenSource {
        id,
        complete,
        stored_before: stored.unsigned_abs(),
        share: 0,
        read: 0,
        seen: Seen::default(),
        report,
    })
}

/// Keeps the count right in every transaction, so that an interrupted import can go on.
fn save_stored(connection: &Connection, source: &OpenSource) -> Result<(), ImportError> {
    if source.report.stored == 0 {
        return Ok(());
    }
    let stored = source.stored_before + source.report.stored;
    connection
        .prepare_cached("UPDATE source SET stored = ?2 WHERE id = ?1")?
        .execute(params![source.id, stored.cast_signed()])?;
    Ok(())
}

fn close_source(connection: &Connection, source: &OpenSource) -> Result<(), ImportError> {
    save_stored(connection, source)?;
    if source.complete || source.report.problem.as_deref() == Some(INTERRUPTED) {
        return Ok(());
    }
    let file = &source.report;
    let stored = source.stored_before + file.stored;
    // Records that an interrupted import stored come again as duplicates of themselves.
    let duplicates = file.records.saturating_sub(stored + file.rejected);
    connection
        .prepare_cached("UPDATE source SET records = ?2, duplicates = ?3, rejected = ?4, complete = 1 WHERE id = ?1")?
        .execute(params![
            source.id,
            file.records.cast_signed(),
            duplicates.cast_signed(),
            file.rejected.cast_signed()
        ])?;
    connection.prepare_cached("DELETE FROM rejection WHERE source = ?1")?.execute([source.id])?;
    for rejection in &file.rejections {
        connection.execute(
            "INSERT INTO rejection(source, place, reason) VALUES (?1, ?2, ?3)",
            params![source.id, rejection.place, rejection.reason],
        )?;
    }
    Ok(())
}

/// Runs the enrichment pass if something changed since it last ran. What is written goes from the log of writes into the
/// file when `beside` is done with what was written before.
fn enrich_if_due(store: &Store, beside: Option<JoinHandle<()>>) -> Result<(), ImportError> {
    let Some((_, due)) = store.state::<Due>(ENRICHMENT_DUE)? else { return Ok(()) };
    let connection = store.connection();
    let transaction = connection.unchecked_transaction()?;
    enrich::enrich(connection, &store.stored_schema()?, due == Due::Anew)?;
    connection.execute("DELETE FROM state WHERE key = ?1", [ENRICHMENT_DUE])?;
    transaction.commit()?;
    store.analyze()?;
    // A fault there leaves all of it to this one.
    if let Some(thread) = beside {
        let _ = thread.join();
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Indexes, enrichment, and what the report says of the whole store.
fn finish(store: &mut Store, report: &mut ImportReport, progress: &mut dyn Progress) -> Result<(), ImportError> {
    let is_due = store.state::<Due>(ENRICHMENT_DUE)?.is_some();
    let beside = if is_due { store.checkpoint_beside() } else { None };
    progress.stage("indexes");
    store.create_indexes()?;
    if is_due {
        progress.stage("parents");
        enrich_if_due(store, beside)?;
    }
    let (resolved, processes) = enrich::resolved(store.connection(), "DeviceProcessEvents")?;
    report.parents_resolved = resolved;
    report.processes = processes;
    report.tables = store.table_counts()?.into_iter().collect();
    report.set_times(store.time_range()?);
    Ok(())
}
