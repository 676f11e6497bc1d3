//! The ways to open a store.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use super::ddl::{APPLICATION_ID, OLDEST, VERSION};
use super::{Store, StoreError, ddl, functions};
use crate::schema::Schema;
use crate::sql::terms;

/// The header every SQLite file begins with.
const SQLITE_HEADER: &[u8] = b"SQLite format 3\0";

impl Store {
    /// Opens a store for writing, and makes it if there is none.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        // First: nothing is put beside somebody else's file.
        refuse_other_files(path)?;
        let lock = lock_for_writing(path)?;
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(|error| cannot_open(path, &error))?;
        // SQLite opens for reading what it may not write.
        if connection.is_readonly("main")? {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        // Large pages: blocks of records span fewer, and each costs a copy and a checksum of the write-ahead log. That
        // is taken over when it has 256 MiB: each time costs waiting for the disk, and pages are often written again.
        connection.execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;
             PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 16384;",
        )?;
        let empty: bool =
            connection.query_row("SELECT NOT EXISTS(SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
        if empty {
            let sql = ddl::create(&Schema::built_in()?);
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {sql} COMMIT;"))?;
        }
        check_version(&connection, path)?;
        connection.execute_batch(terms::TABLES)?;
        let names_sources = "SELECT EXISTS(SELECT 1 FROM pragma_table_info('account') WHERE name = 'source')";
        if !connection.query_row(names_sources, [], |row| row.get::<_, bool>(0))? {
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {} COMMIT;", ddl::ACCOUNTS_UPDATE))?;
        }
        Self::finish(connection, Some(path.to_owned()), Some(lock))
    }

    /// Opens a store for reading. Whatever SQL reaches this connection can neither write nor attach another file.
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        refuse_other_files(path)?;
        let connection = open_reader(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection
            .execute_batch("PRAGMA cache_size = -32768; PRAGMA mmap_size = 2147418112; PRAGMA temp_store = MEMORY;")?;
        check_version(&connection, path)?;
        let has_terms = "SELECT EXISTS(SELECT 1 FROM sqlite_schema WHERE name = 'term_chunk')";
        if !connection.query_row(has_terms, [], |row| row.get::<_, bool>(0))? {
            connection.execute_batch(terms::STAND_INS)?;
        }
        let mut store = Self::finish(connection, Some(path.to_owned()), None)?;
        store.connection.authorizer(Some(only_reading))?;
        Ok(store)
    }

    /// An empty store in memory that knows all tables.
    pub fn in_memory() -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory()?;
        let schema = Schema::built_in()?;
        let tables: String = schema.tables().map(ddl::create_table).collect();
        connection.execute_batch(&format!("BEGIN; {}{tables} COMMIT;", ddl::create(&schema)))?;
        let store = Self::finish(connection, None, None)?;
        store.create_indexes()?;
        Ok(store)
    }

    fn finish(connection: Connection, path: Option<PathBuf>, lock: Option<File>) -> Result<Self, StoreError> {
        functions::register(&connection)?;
        crate::sql::register(&connection)?;
        connection.set_prepared_statement_cache_capacity(256);
        let mut schema = Schema::built_in()?;
        let custom: Vec<(String, String)> = connection
            .prepare("SELECT name, columns FROM custom_table")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (name, columns) in custom {
            let table =
                serde_json::to_string(&name).map_err(|source| StoreError::State { key: name.clone(), source })?;
            let read = Schema::from_json(&format!("{{{table}:{columns}}}"))?;
            if let Some(table) = read.table(&name) {
                schema.insert(table.clone());
            }
        }
        Ok(Self { connection, schema, path, _writer_lock: lock })
    }
}

fn cannot_open(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Open { path: path.to_owned(), reason: error.to_string() }
}

fn lock_for_writing(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(PathBuf::from(name))
        .map_err(|error| cannot_open(path, &error))?;
    match file.try_lock() {
        Ok(()) => {
            // For whoever comes second. What cannot be said there is no reason not to write the store.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.to_owned(), writer: writer(&file) }),
        Err(TryLockError::Error(error)) => Err(cannot_open(path, &error)),
    }
}

/// Which process holds the lock, as it wrote there itself.
fn writer(lock: &File) -> String {
    let mut text = String::new();
    let read = lock.take(20).read_to_string(&mut text);
    let process: Option<u32> = read.ok().and_then(|_| text.trim().parse().ok());
    process.map_or_else(String::new, |process| format!(" (process {process})"))
}

/// SQLite would call any other file "malformed" only at the first query, and would adopt an empty one silently, which
/// is right: an import killed while it made the store leaves one.
fn refuse_other_files(path: &Path) -> Result<(), StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot_open(path, &error)),
    };
    let mut header = Vec::new();
    Read::by_ref(&mut file).take(16).read_to_end(&mut header).map_err(|error| cannot_open(path, &error))?;
    if header.is_empty() || header == SQLITE_HEADER {
        Ok(())
    } else {
        Err(StoreError::NotAStore { path: path.to_owned() })
    }
}

impl Store {
    /// Refuses a store of an older version: its records are told apart otherwise, and would be stored again.
    pub fn takes_events(&self) -> Result<(), StoreError> {
        let found: i64 = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found >= VERSION {
            return Ok(());
        }
        let path = self.path.clone().unwrap_or_default();
        let advice = "what is in it can be read; to add to it, import all of its event files into a new store";
        Err(StoreError::Version { path, found, supported: VERSION, advice })
    }
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(StoreError::NotAStore { path: path.to_owned() });
    }
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let advice = match found {
        OLDEST..=VERSION => return Ok(()),
        ..OLDEST => "import the event files into a new store",
        _ => "a newer whippet wrote it: update this one",
    };
    Err(StoreError::Version { path: path.to_owned(), found, supported: VERSION, advice })
}

/// A store in a folder that cannot be written has no place for the files of write-ahead logging. If no log is left
/// from a writer, the file itself is complete and is opened as one that does not change.
fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usual = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, &error))?;
    let readable = usual.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let Err(error) = readable else { return Ok(usual) };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if PathBuf::from(log).exists() {
        return Err(cannot_open(path, &error));
    }
    let absolute = std::path::absolute(path).map_err(|error| cannot_open(path, &error))?;
    let Some(text) = absolute.to_str() else { return Err(cannot_open(path, &error)) };
    let escaped: String = text
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            b'\\' => "/".to_owned(),
            other => format!("%{other:02x}"),
        })
        .collect();
    let uri = format!("file:{}{escaped}?immutable=1", if escaped.starts_with('/') { "" } else { "/" });
    Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).map_err(|error| cannot_open(path, &error))
}

fn only_reading(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. } => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}
