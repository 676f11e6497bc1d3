//! Detect the container, read records, normalise, insert in batches, report.
//!
//! One thread opens and hashes files, one reads and normalises, the caller's inserts; bounded channels between them
//! keep memory bounded. The stages are: `walk` (files) → `source` (`unpack`, `detect`: container) → `reader` (records with their places) → `normalise` (columns) →
//! `writer` (rows) → `enrich` (parents, accounts) → `report`.
//!
//! Knows nothing of rules.

mod batch;
mod custom;
mod detect;
mod dictionary;
mod enrich;
mod forget;
#[cfg(test)]
mod golden_tests;
mod lineage;
mod mapping;
mod normalise;
mod options;
mod probe;
mod profile;
mod reader;
mod report;
mod rows;
mod source;
pub mod time;
mod unpack;
mod walk;
mod writer;

use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use rusqlite::{Connection, OptionalExtension, params};

use self::batch::Batch;
use self::detect::Container;
use self::mapping::{Mapping, MappingError};
use self::normalise::Normaliser;
use self::probe::probe;
use self::reader::rows::for_each_row;
use self::reader::xml::for_each_event;
use self::reader::{Sink, Stop};
use self::report::MOST_REJECTIONS;
use self::rows::{Gather, RowNormaliser};
use self::source::{Opened, Ready};
use self::walk::Found;
use self::writer::Writer;
use crate::schema::Schema;
use crate::store::{Store, StoreError};

pub use self::forget::forget;
pub use self::options::Options;
pub use self::profile::import_profiles;
pub use self::report::{FileReport, ImportReport};

/// Batches on their way: with a chunk's records in each, some 20 MiB.
const IN_FLIGHT: usize = 48;
/// Files opened and hashed ahead of the one being read.
const OPEN_AHEAD: usize = 2;
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
    /// Another file begins.
    fn file(&mut self, path: &Path);
    /// Reading has come this far, counted over all files, with so many records seen.
    fn reached(&mut self, bytes: u64, records: u64);
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

enum Message {
    Start { path: PathBuf, bytes: u64, sha256: String, container: Container },
    Batch(Box<Batch>),
    End { records: u64, problem: Option<String>, notes: Vec<String> },
    LeftOut { path: PathBuf, bytes: u64, reason: String },
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
    let columns = match &options.table {
        Some(name) => Some((name.clone(), custom::prepare(store, name, paths, options)?)),
        None => None,
    };
    let found = walk::walk(paths, store.path(), &options.exclude);
    progress.begin(found.iter().map(|found| if let Found::File { bytes, .. } = found { *bytes } else { 0 }).sum());
    let schema = store.schema();
    // A mistake in the table is found before any file is touched.
    Mapping::built_in(schema)?;
    let mut report = std::thread::scope(|scope| {
        let (opener, opened) = crossbeam_channel::bounded(OPEN_AHEAD);
        scope.spawn(move || source::open_all(found, &opener));
        let (sender, receiver) = crossbeam_channel::bounded(IN_FLIGHT);
        let reading = scope.spawn(move || read_files(&opened, schema, options, &sender, cancelled));
        let written = write_files(store, &receiver, progress);
        // The reader stops at its next batch when nobody takes it, and the opener when the reader does.
        drop(receiver);
        let read = reading.join().map_err(|_| ImportError::Reader)?;
        let report = written?;
        read.map(|()| report)
    })?;
    report.table = columns;
    report.interrupted = cancelled.load(Ordering::Relaxed);
    finish(store, &mut report, progress)?;
    Ok(report)
}

/// The reading side: every file in turn.
fn read_files(
    opened: &Receiver<Opened>,
    schema: &Schema,
    options: &Options,
    sender: &Sender<Message>,
    cancelled: &AtomicBool,
) -> Result<(), ImportError> {
    let mut events = Normaliser::new(Mapping::built_in(schema)?);
    for opened in opened {
        if cancelled.load(Ordering::Relaxed) {
            break;
        }
        let sent = match opened {
            Opened::LeftOut { path, bytes, reason } => sender.send(Message::LeftOut { path, bytes, reason }).is_ok(),
            Opened::Ready(ready) => read_file(ready, &mut events, schema, options, sender, cancelled).is_some(),
        };
        if !sent {
            break;
        }
    }
    Ok(())
}

/// `None` when nobody listens any more.
fn read_file(
    ready: Ready,
    events: &mut Normaliser,
    schema: &Schema,
    options: &Options,
    sender: &Sender<Message>,
    cancelled: &AtomicBool,
) -> Option<()> {
    let Ready { path, bytes, sha256, container, mut file } = ready;
    let left_out = |reason: String| Message::LeftOut { path: path.clone(), bytes, reason };
    let forced = options.table.clone();
    if forced.is_some() && matches!(container, Container::Evtx | Container::Xml) {
        return sender.send(left_out("event records have tables of their own: leave out --table".to_owned())).ok();
    }
    let mut rows = RowNormaliser::new(schema, forced, options.reading.clone());
    let mut decided = Vec::new();
    if matches!(container, Container::Csv | Container::Json) {
        match file.try_clone().map_err(|error| error.to_string()).and_then(|again| probe(again, container, &mut rows)) {
            Ok(notes) => decided = notes,
            Err(reason) => return sender.send(left_out(reason)).ok(),
        }
    }
    if let Err(error) = file.seek(SeekFrom::Start(0)) {
        return sender.send(left_out(error.to_string())).ok();
    }
    let grown = file.try_clone().ok();
    sender.send(Message::Start { path: path.clone(), bytes, sha256, container }).ok()?;
    let mut sink = Counting { sender, cancelled, records: 0 };
    let read = match container {
        Container::Evtx => reader::evtx::read(file, events, &mut sink).map(|()| Vec::new()),
        Container::Xml | Container::Csv | Container::Json => {
            let reading = rows.reading.clone();
            let mut gather = Gather::new(&mut rows, events, container, &mut sink);
            let read = match container {
                Container::Xml => for_each_event(file, &mut |placed| gather.take(placed)),
                _ => for_each_row(file, container, &reading, &mut |placed| gather.take(placed)),
            };
            // What came before the trouble is kept.
            let flushed = gather.flush();
            if gather.zone_missing {
                decided.push("times without a zone were read as UTC; --time-zone changes that".to_owned());
            }
            read.and(flushed).map(|()| rows.take_notes())
        }
    };
    let (problem, notes) = match read {
        Ok(notes) => (None, notes),
        Err(Stop::File(reason)) => (Some(reason), Vec::new()),
        Err(Stop::Cancelled) => (Some("interrupted".to_owned()), Vec::new()),
    };
    decided.extend(notes);
    if grown.and_then(|file| file.metadata().ok()).is_some_and(|metadata| metadata.len() != bytes) {
        decided.push("its size changed while it was read: import it again when nobody writes it".to_owned());
    }
    sender.send(Message::End { records: sink.records, problem, notes: decided }).ok()
}

struct Counting<'s> {
    sender: &'s Sender<Message>,
    cancelled: &'s AtomicBool,
    records: u64,
}

impl Sink for Counting<'_> {
    fn send(&mut self, batch: Batch) -> Result<(), Stop> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        self.records += (batch.records.len() + batch.rejections.len()) as u64;
        self.sender.send(Message::Batch(Box::new(batch))).map_err(|_| Stop::Cancelled)
    }
}

/// The source a file's records belong to.
struct OpenSource {
    id: i64,
    complete: bool,
    stored_before: u64,
    report: FileReport,
}

/// The writing side.
fn write_files(
    store: &Store,
    receiver: &Receiver<Message>,
    progress: &mut dyn Progress,
) -> Result<ImportReport, ImportError> {
    let connection = store.connection();
    let mut writer = Writer::new(connection, store.schema())?;
    let mut report = ImportReport::default();
    let mut source: Option<OpenSource> = None;
    let mut transaction = connection.unchecked_transaction()?;
    let (mut pending, mut bytes_before, mut records) = (0, 0, 0);
    for message in receiver {
        match message {
            Message::LeftOut { path, bytes, reason } => {
                bytes_before += bytes;
                let path = path.to_string_lossy().into_owned();
                report.files.push(FileReport { path, bytes, problem: Some(reason), ..FileReport::default() });
            }
            Message::Start { path, bytes, sha256, container } => {
                progress.file(&path);
                let path = path.to_string_lossy().into_owned();
                source = Some(open_source(connection, path, bytes, &sha256, container)?);
            }
            Message::Batch(batch) => {
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
                source.report.rejections.extend(batch.rejections.into_iter().take(room));
                progress.reached(bytes_before + batch.reached, records);
                if pending >= TRANSACTION {
                    save_stored(connection, source)?;
                    transaction.commit()?;
                    transaction = connection.unchecked_transaction()?;
                    pending = 0;
                }
            }
            Message::End { records: read, problem, notes } => {
                let Some(mut source) = source.take() else { continue };
                let file = &mut source.report;
                file.records = file.stored + file.duplicates + file.rejected;
                if file.records != read {
                    let path = file.path.clone();
                    return Err(ImportError::Unbalanced { path, records: read, accounted: file.records });
                }
                file.problem = problem;
                file.notes = notes;
                bytes_before += file.bytes;
                progress.reached(bytes_before, records);
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
        .query_row(
            "SELECT id, complete, stored FROM source WHERE path = ?1 AND sha256 = ?2",
            [path.as_str(), sha256],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let (id, complete, stored) = match known {
        Some(known) => known,
        None => {
            connection.execute(
                "INSERT INTO source(path, sha256, bytes, kind) VALUES (?1, ?2, ?3, ?4)",
                params![path, sha256, bytes.cast_signed(), container.name()],
            )?;
            (connection.last_insert_rowid(), false, 0)
        }
    };
    let kind = Some(container.name().to_owned());
    let report = FileReport { path, kind, bytes, ..FileReport::default() };
    Ok(OpenSource { id, complete, stored_before: stored.unsigned_abs(), report })
}

/// Keeps the count right in every transaction, so that an interrupted import can go on.
fn save_stored(connection: &Connection, source: &OpenSource) -> Result<(), ImportError> {
    if source.report.stored == 0 {
        return Ok(());
    }
    let stored = source.stored_before + source.report.stored;
    connection.execute("UPDATE source SET stored = ?2 WHERE id = ?1", params![source.id, stored.cast_signed()])?;
    Ok(())
}

fn close_source(connection: &Connection, source: &OpenSource) -> Result<(), ImportError> {
    save_stored(connection, source)?;
    if source.complete || source.report.problem.as_deref() == Some("interrupted") {
        return Ok(());
    }
    let file = &source.report;
    let stored = source.stored_before + file.stored;
    // Records that an interrupted import stored come again as duplicates of themselves.
    let duplicates = file.records.saturating_sub(stored + file.rejected);
    connection.execute(
        "UPDATE source SET records = ?2, duplicates = ?3, rejected = ?4, complete = 1 WHERE id = ?1",
        params![source.id, file.records.cast_signed(), duplicates.cast_signed(), file.rejected.cast_signed()],
    )?;
    connection.execute("DELETE FROM rejection WHERE source = ?1", [source.id])?;
    for rejection in &file.rejections {
        connection.execute(
            "INSERT INTO rejection(source, place, reason) VALUES (?1, ?2, ?3)",
            params![source.id, rejection.place, rejection.reason],
        )?;
    }
    Ok(())
}

/// Runs the enrichment pass if something changed since it last ran.
fn enrich_if_due(store: &Store) -> Result<(), ImportError> {
    let Some((_, due)) = store.state::<Due>(ENRICHMENT_DUE)? else { return Ok(()) };
    let connection = store.connection();
    let transaction = connection.unchecked_transaction()?;
    enrich::enrich(connection, store.schema(), due == Due::Anew)?;
    connection.execute("DELETE FROM state WHERE key = ?1", [ENRICHMENT_DUE])?;
    transaction.commit()?;
    connection.execute_batch("PRAGMA analysis_limit = 400; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Indexes, enrichment, and what the report says of the whole store.
fn finish(store: &mut Store, report: &mut ImportReport, progress: &mut dyn Progress) -> Result<(), ImportError> {
    progress.stage("indexes");
    store.create_indexes()?;
    if store.state::<Due>(ENRICHMENT_DUE)?.is_some() {
        progress.stage("parents");
        enrich_if_due(store)?;
    }
    let (resolved, processes) = enrich::resolved(store.connection(), "DeviceProcessEvents")?;
    report.parents_resolved = resolved;
    report.processes = processes;
    report.tables = store.table_counts()?.into_iter().collect();
    report.set_times(store.time_range()?);
    Ok(())
}
