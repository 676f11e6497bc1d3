//! The SQL function that decodes stored records: `record_column(block, position, data, table, column)`.
//!
//! A query asks for several columns of one record and for the records of one block in turn, so each connection keeps
//! the last block unpacked and the last record parsed. `record_block_is_known(block)` says whether it is this one: then
//! the data need not be read again, and may be NULL.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value as SqlValue};

use super::block::Block;
use super::error::StoreError;
use super::raw_columns::{RawRecord, RawValue};

#[derive(Default)]
struct Cache {
    block_id: Option<i64>,
    block: Block,
    position: Option<i64>,
    record: Option<RawRecord>,
}

impl Cache {
    fn record(&mut self, block_id: i64, position: i64, data: Option<&[u8]>) -> Result<Option<&RawRecord>, StoreError> {
        if self.block_id != Some(block_id) {
            let data = data.ok_or(StoreError::DamagedRecord("the block is missing"))?;
            *self = Self { block: Block::decode(data)?, block_id: Some(block_id), ..Self::default() };
        }
        if self.position != Some(position) {
            let index = usize::try_from(position).unwrap_or(usize::MAX);
            self.record = self.block.record(index).and_then(RawRecord::read);
            self.position = Some(position);
        }
        Ok(self.record.as_ref())
    }
}

/// Registers the store's own SQL functions.
pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    // A connection is used by one thread at a time, which SQLite does not say in a type.
    let cache = Arc::new(Mutex::new(Cache::default()));
    let known = Arc::clone(&cache);
    // Not deterministic: the answer is that of the moment.
    connection.create_scalar_function("record_block_is_known", 1, FunctionFlags::SQLITE_UTF8, move |context| {
        let block: i64 = context.get(0)?;
        let cache = known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(cache.block_id == Some(block))
    })?;
    connection.create_scalar_function(
        "record_column",
        5,
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC,
        move |context: &Context<'_>| {
            let failed = |error: StoreError| rusqlite::Error::UserFunctionError(Box::new(error));
            let data = context.get_raw(2).as_blob_or_null()?;
            let table = context.get_raw(3).as_str()?;
            let column = context.get_raw(4).as_str()?;
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            let record = cache.record(context.get(0)?, context.get(1)?, data).map_err(failed)?;
            let Some(record) = record else {
                return Err(failed(StoreError::DamagedRecord("it is neither an event nor a JSON object")));
            };
            Ok(ToSqlOutput::Owned(match record.column(table, column) {
                RawValue::Null => SqlValue::Null,
                RawValue::Integer(integer) => SqlValue::Integer(integer),
                RawValue::Real(real) => SqlValue::Real(real),
                RawValue::Text(text) => SqlValue::Text(text),
            }))
        },
    )
}
