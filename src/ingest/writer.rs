//! Inserts batches: dictionary ids, event records, rows. One large transaction at a time.
//!
//! Rows whose actor is already known are filled as they are inserted, because updating them afterwards would cost as
//! much as inserting them; the rest waits for the pass in `enrich`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashSet, HashSetExt};
use rusqlite::{Connection, Statement, params};

use super::batch::{Batch, Cell, Record, Row, RowTemplate};
use super::dictionary::Dictionary;
use super::lineage::{Fillable, Physical, ProcessFacts};
use super::recent::Recent;
use crate::schema::{Schema, TableSchema};
use crate::sql::layout::physical_column;
use crate::store::{ACTOR_COLUMNS, IDENTITY_INDEX, PROCESSES, StoreError, create_table, insert_row};

/// Bytes of processes remembered for their events to come, in each of two generations; the pass finds the others.
const PROCESSES_BYTES: usize = 8 << 20;
/// Records of a first import whose identities are remembered, until their index is made: 40 MiB.
const MOST_IDENTITIES: usize = 1 << 20;

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub stored: u64,
    pub duplicates: u64,
}

pub struct Writer<'c> {
    connection: &'c Connection,
    schema: &'c Schema,
    dictionary: Dictionary<'c>,
    insert_record: Statement<'c>,
    insert_block: Statement<'c>,
    insert_account: Statement<'c>,
    shapes: HashMap<usize, Shape<'c>>,
    processes: Processes,
    identities: Option<HashSet<[u8; 16]>>,
    next_event: i64,
    next_block: i64,
    values: Vec<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    Null,
    Integer(i64),
    Real(f64),
    Inline(super::batch::Span),
}

impl Bound {
    fn physical(self) -> Physical {
        match self {
            Self::Integer(integer) => Some(integer),
            _ => None,
        }
    }
}

/// How rows of one template are inserted.
struct Shape<'c> {
    // Keeps the template alive: its address is the key.
    template: Arc<RowTemplate>,
    statement: Statement<'c>,
    /// What the statement has for its parameters from the row before: most of a row is as in that.
    bound: Vec<Bound>,
    width: usize,
    lineage: Option<Lineage>,
}

struct Lineage {
    fillable: Fillable,
    /// Where each fillable column stands among the bound values.
    places: Vec<usize>,
    actor: usize,
    filled: usize,
    device: Option<usize>,
    unique: Option<usize>,
    /// For process creations: their own key and the places of what others take over.
    own: Option<(usize, Vec<Option<usize>>)>,
}

impl<'c> Writer<'c> {
    pub fn new(connection: &'c Connection, schema: &'c Schema) -> Result<Self, StoreError> {
        let next = |table: &str| {
            let sql = format!("SELECT coalesce(max(id), 0) + 1 FROM {table}");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        Ok(Self {
            connection,
            schema,
            dictionary: Dictionary::new(connection)?,
            insert_record: connection.prepare(
                "INSERT OR IGNORE INTO event_record(id, source, record, time, channel, provider, event_id, level,
                   computer, raw, block, position, identity)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?,
            insert_block: connection.prepare("INSERT INTO record_block(id, data) VALUES (?1, ?2)")?,
            insert_account: connection.prepare(
                "INSERT OR IGNORE INTO account(source, host, domain, name, sid) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            shapes: HashMap::new(),
            processes: Recent::new(PROCESSES_BYTES, |_| size_of::<((i64, i64), ProcessFacts)>()),
            identities: identities(connection)?,
            next_event: next("event_record")?,
            next_block: next("record_block")?,
            values: Vec::new(),
        })
    }

    /// Inserts a batch. The caller holds the transaction.
    pub fn write(&mut self, source: i64, batch: &Batch) -> Result<Written, StoreError> {
        let mut written = Written::default();
        for (position, record) in (0i64..).zip(&batch.records) {
            if self.write_record(source, position, record, batch)? {
                written.stored += 1;
            } else {
                written.duplicates += 1;
            }
        }
        if written.stored > 0 {
            self.insert_block.execute(params![self.next_block, batch.block])?;
            self.next_block += 1;
        }
        for account in &batch.accounts {
            let host = self.dictionary.id(&account.computer)?;
            self.insert_account.execute(params![source, host, account.domain, account.name, account.sid])?;
        }
        Ok(written)
    }

    fn write_record(&mut self, source: i64, position: i64, record: &Record, batch: &Batch) -> Result<bool, StoreError> {
        let channel = self.dictionary.id(batch.text(record.channel))?;
        let provider = self.dictionary.id(batch.text(record.provider))?;
        let computer = self.dictionary.id(batch.text(record.computer))?;
        let event = self.next_event;
        if self.known(&record.identity)? {
            return Ok(false);
        }
        let inserted = self.insert_record.execute(params![
            event,
            source,
            record.number,
            record.time,
            channel,
            provider,
            record.event_id,
            record.level,
            computer,
            record.raw,
            self.next_block,
            position,
            record.identity.as_slice(),
        ])?;
        if inserted == 0 {
            return Ok(false);
        }
        self.next_event += 1;
        for row in record.rows.iter() {
            self.write_row(event, row, batch)?;
        }
        Ok(true)
    }

    /// Whether a first import had this record before. Later ones ask the index.
    fn known(&mut self, identity: &[u8; 16]) -> Result<bool, StoreError> {
        let Some(known) = &mut self.identities else { return Ok(false) };
        if known.len() >= MOST_IDENTITIES {
            self.connection.execute_batch(IDENTITY_INDEX)?;
            self.identities = None;
            return Ok(false);
        }
        Ok(!known.insert(*identity))
    }

    fn write_row(&mut self, event: i64, row: &Row, batch: &Batch) -> Result<(), StoreError> {
        let key = Arc::as_ptr(&row.template).addr();
        if !self.shapes.contains_key(&key) {
            let name = &row.template.table;
            let table = self.schema.table(name);
            let table =
                table.ok_or_else(|| StoreError::CustomTable(name.clone(), "the schema has none of this name"))?;
            let shape = Shape::new(self.connection, table, &row.template)?;
            self.shapes.insert(key, shape);
        }
        let Some(shape) = self.shapes.get_mut(&key) else { return Ok(()) };
        debug_assert_eq!(shape.template.table, row.template.table);
        self.values.clear();
        self.values.push(Bound::Integer(event));
        for cell in batch.cells(row) {
            self.values.push(match cell {
                Cell::Null => Bound::Null,
                Cell::Integer(integer) => Bound::Integer(*integer),
                Cell::Real(real) => Bound::Real(*real),
                Cell::Dictionary(span) => Bound::Integer(self.dictionary.id(batch.text(*span))?),
                Cell::Inline(span) => Bound::Inline(*span),
            });
        }
        if let Some(lineage) = &shape.lineage {
            lineage.complete(&mut self.values, shape.width, &mut self.processes);
            lineage.remember(event, &self.values, &mut self.processes);
        }
        shape.bound.resize(self.values.len(), Bound::Null);
        for ((index, value), before) in (1usize..).zip(&self.values).zip(&mut shape.bound) {
            // A span is of its batch, and zero has a sign.
            if *value == *before && matches!(value, Bound::Null | Bound::Integer(_)) {
                continue;
            }
            *before = *value;
            match value {
                Bound::Null => shape.statement.raw_bind_parameter(index, rusqlite::types::Null)?,
                Bound::Integer(integer) => shape.statement.raw_bind_parameter(index, integer)?,
                // SQLite would make NULL of it.
                Bound::Real(real) if real.is_nan() => shape.statement.raw_bind_parameter(index, "NaN")?,
                Bound::Real(real) => shape.statement.raw_bind_parameter(index, real)?,
                Bound::Inline(span) => shape.statement.raw_bind_parameter(index, batch.text(*span))?,
            }
        }
        shape.statement.raw_execute()?;
        Ok(())
    }
}

/// An empty set for an empty store that has no index of identities yet; nothing where the index tells.
fn identities(connection: &Connection) -> Result<Option<HashSet<[u8; 16]>>, StoreError> {
    let fresh: bool = connection.query_row(
        "SELECT NOT EXISTS(SELECT 1 FROM sqlite_schema WHERE name = 'event_identity')
           AND NOT EXISTS(SELECT 1 FROM event_record)",
        [],
        |row| row.get(0),
    )?;
    if !fresh {
        connection.execute_batch(IDENTITY_INDEX)?;
    }
    Ok(fresh.then(HashSet::new))
}

/// Processes whose creation was written, by device and unique id.
type Processes = Recent<(i64, i64), Rc<ProcessFacts>>;

impl<'c> Shape<'c> {
    fn new(connection: &'c Connection, table: &TableSchema, template: &Arc<RowTemplate>) -> rusqlite::Result<Self> {
        let mut names: Vec<String> = vec!["id".to_owned()];
        names.extend(template.columns.iter().map(|column| physical_column(column)));
        let fillable = Fillable::of(table);
        let lineage = fillable.map(|fillable| {
            let mut place = |name: &str| match names.iter().position(|known| known == name) {
                Some(index) => index,
                None => {
                    names.push(name.to_owned());
                    names.len() - 1
                }
            };
            let places = fillable.columns.iter().map(|(_, target, _)| place(target)).collect();
            let actor = place("actor");
            let filled = place("filled");
            let find = |name: &str| names.iter().position(|known| known == name);
            let own = (template.table == PROCESSES)
                .then(|| {
                    let sources = ACTOR_COLUMNS.iter().map(|(_, source)| find(source)).collect();
                    Some((find("ProcessUniqueId")?, sources))
                })
                .flatten();
            Lineage {
                places,
                actor,
                filled,
                device: find("DeviceId"),
                unique: find("InitiatingProcessUniqueId"),
                own,
                fillable,
            }
        });
        connection.execute_batch(&create_table(table))?;
        Ok(Self {
            template: template.clone(),
            statement: connection.prepare(&insert_row(table, &names))?,
            bound: Vec::new(),
            width: names.len(),
            lineage,
        })
    }
}

impl Lineage {
    /// Adds the columns the template lacks, filled from the actor if it is known.
    fn complete(&self, values: &mut Vec<Bound>, width: usize, processes: &mut Processes) {
        let given = values.len();
        values.resize(width, Bound::Null);
        for ((_, _, is_text), place) in self.fillable.columns.iter().zip(&self.places) {
            if *is_text
                && *place >= given
                && let Some(value) = values.get_mut(*place)
            {
                *value = Bound::Integer(0);
            }
        }
        set(values, self.filled, Bound::Integer(0));
        let key = self.key(values, self.unique);
        let Some(facts) = key.and_then(|key| processes.get(&key, drop)) else { return };
        let mut current: Vec<Physical> =
            self.places.iter().map(|place| values.get(*place).and_then(|value| value.physical())).collect();
        let filled = self.fillable.fill(&mut current, &facts);
        for (place, value) in self.places.iter().zip(current) {
            set(values, *place, value.map_or(Bound::Null, Bound::Integer));
        }
        set(values, self.actor, Bound::Integer(facts.event));
        set(values, self.filled, Bound::Integer(filled));
    }

    fn remember(&self, event: i64, values: &[Bound], processes: &mut Processes) {
        let Some((unique, sources)) = &self.own else { return };
        let Some(key) = self.key(values, Some(*unique)) else { return };
        let value = |index: usize| values.get((*sources.get(index)?)?)?.physical();
        let Ok(facts) = ProcessFacts::read(event, |index| Ok::<_, Infallible>(value(index)));
        processes.insert(key, Rc::new(facts), drop);
    }

    fn key(&self, values: &[Bound], unique: Option<usize>) -> Option<(i64, i64)> {
        let device = values.get(self.device?)?.physical()?;
        let unique = values.get(unique?)?.physical()?;
        (unique != 0).then_some((device, unique))
    }
}

fn set(values: &mut [Bound], place: usize, value: Bound) {
    if let Some(slot) = values.get_mut(place) {
        *slot = value;
    }
}
