//! The pass after an import that joins events to the processes behind them, whichever file came first.
//!
//! It may be repeated: what the events said stays, what the pass filled earlier is found anew when more processes are
//! known, and nothing changes when nothing new came. Sysmon events name their process by GUID; Security events by
//! process id, which Windows reuses, so time, exits, restarts and the image's name have to agree.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement};

use super::accounts::{self, Role};
use super::direction::set_directions;
use super::lineage::{Fillable, LEARNT, Physical, ProcessFacts};
use super::merge::merge;
use super::normalise::device_id;
use super::presence::Presence;
use super::volumes::set_drives;
use crate::kql::values::TICKS_PER_SECOND as SECOND;
use crate::schema::Schema;
use crate::sql::layout::{quote_identifier, rows_table};
use crate::store::{ACTOR_COLUMNS, PROCESSES, StoreError};

/// Sysmon and Security time one start up to this far apart; a GUID's time has whole seconds.
const SAME_START: i64 = 2 * SECOND;
/// A logon and its privileges are written this near to each other.
const SAME_LOGON: i64 = 60 * SECOND;
/// Where processes end and logons are privileged.
const OTHERS: &str = "DeviceEvents";

/// Runs the pass over the whole store, inside the caller's transaction. `stored` has the tables that are there, `anew` is
/// set when events were taken out: what was found by GUID is then looked for again as well.
pub fn enrich(connection: &Connection, stored: &Schema, anew: bool) -> Result<(), StoreError> {
    if anew {
        accounts::forget_sids(connection, stored)?;
    }
    // A row that took something over may have children that copied it before.
    let anew = merge(connection, stored)? || anew;
    accounts::learn(connection)?;
    accounts::fill_sids(connection, stored, Role::Own)?;
    set_drives(connection, stored)?;
    mark_local_admins(connection, stored, anew)?;
    set_directions(connection, stored)?;
    let (ends, presence) = (Ends::read(connection, stored)?, Presence::read(connection)?);
    let mut tables = Fillable::tables(stored);
    // Processes first, oldest first: a child takes over what its parent learnt from the grandparent.
    tables.sort_by_key(|(name, _)| name != PROCESSES);
    for (name, fillable) in &tables {
        Pass::new(connection, name, fillable, &ends, &presence)?.run(anew)?;
    }
    // An account may be one that was taken from the actor just now.
    accounts::fill_sids(connection, stored, Role::Initiating)
}

/// Rows whose creation event of the actor is known, and all rows that have an actor, of one table.
pub fn resolved(connection: &Connection, table: &str) -> Result<(u64, u64), StoreError> {
    let sql = format!("SELECT count(actor), count(*) FROM {}", quote_identifier(&rows_table(table)));
    let (known, all): (i64, i64) = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((known.unsigned_abs(), all.unsigned_abs()))
}

/// A logon with special privileges (4672) is one of an administrator. Windows writes both at once; later the same id may
/// be another logon's, as ids begin anew when a host starts.
fn mark_local_admins(connection: &Connection, stored: &Schema, anew: bool) -> Result<(), StoreError> {
    if [OTHERS, "DeviceLogonEvents"].iter().any(|table| stored.table(table).is_none()) {
        return Ok(());
    }
    if anew {
        let unmark = format!(
            "UPDATE rows_DeviceLogonEvents SET IsLocalAdmin = NULL WHERE IsLocalAdmin IS NOT NULL AND {LOGONS}"
        );
        connection.execute(&unmark, [])?;
    }
    connection.execute(&marking_local_admins(), [])?;
    Ok(())
}

/// The rows that Security's logon events gave.
const LOGONS: &str = "id IN (SELECT id FROM event_record WHERE event_id = 4624 AND raw <> 0)";

/// The privileged logons are a table of their own, which SQLite indexes by logon: else it would read all of them for each.
fn marking_local_admins() -> String {
    format!(
        "WITH p(DeviceId, LogonId, Timestamp) AS MATERIALIZED
           (SELECT DeviceId, LogonId, Timestamp FROM rows_DeviceEvents WHERE ActionType =
             (SELECT id FROM text WHERE value = 'SpecialPrivilegesAssigned' COLLATE NOCASE))
         UPDATE rows_DeviceLogonEvents AS t SET IsLocalAdmin = 1
         WHERE t.IsLocalAdmin IS NULL AND t.{LOGONS} AND EXISTS
           (SELECT 1 FROM p WHERE p.LogonId = t.LogonId AND p.DeviceId = t.DeviceId
            AND t.Timestamp BETWEEN p.Timestamp - {SAME_LOGON} AND p.Timestamp + {SAME_LOGON})"
    )
}

/// When processes ended and hosts started: between a start and an event neither may lie.
struct Ends {
    exits: HashMap<(i64, i64), Vec<i64>>,
    boots: HashMap<i64, Vec<i64>>,
}

impl Ends {
    fn read(connection: &Connection, stored: &Schema) -> Result<Self, StoreError> {
        let mut exits: HashMap<(i64, i64), Vec<i64>> = HashMap::new();
        if stored.table(OTHERS).is_some() {
            let mut statement = connection.prepare(
                "SELECT DeviceId, ProcessId, Timestamp FROM rows_DeviceEvents
                 WHERE ActionType = (SELECT id FROM text WHERE value = 'ProcessTerminated' COLLATE NOCASE)
                   AND ProcessId IS NOT NULL AND Timestamp IS NOT NULL ORDER BY Timestamp",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                exits.entry((row.get(0)?, row.get(1)?)).or_default().push(row.get(2)?);
            }
        }
        let mut boots: HashMap<i64, Vec<i64>> = HashMap::new();
        let mut statement = connection.prepare(
            "SELECT (SELECT value FROM text WHERE id = e.computer), e.time
             FROM event_record AS e
             WHERE e.time IS NOT NULL AND e.event_id IN (12, 4608, 6005, 6009) AND e.raw <> 0 AND e.provider IN
               (SELECT id FROM text WHERE value IN ('Microsoft-Windows-Kernel-General', 'EventLog',
                'Microsoft-Windows-Security-Auditing'))
             ORDER BY e.time",
        )?;
        let found: Vec<(String, i64)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let mut devices: HashMap<String, Option<i64>> = HashMap::new();
        for (host, time) in found {
            let device = match devices.get(&host) {
                Some(known) => *known,
                None => {
                    let find = "SELECT id FROM text WHERE value = ?1 COLLATE NOCASE";
                    let device = connection.query_row(find, [device_id(&host)], |row| row.get(0)).optional()?;
                    *devices.entry(host).or_insert(device)
                }
            };
            if let Some(device) = device {
                boots.entry(device).or_default().push(time);
            }
        }
        Ok(Self { exits, boots })
    }

    /// Whether the process that started then was gone at that time.
    fn gone(&self, device: i64, pid: i64, started: i64, at: i64) -> bool {
        let between = |times: Option<&Vec<i64>>, until: i64| {
            times.is_some_and(|times| {
                let first = times.partition_point(|time| *time <= started);
                times.get(first).is_some_and(|time| *time < until)
            })
        };
        // The last events of a process may be written just after its exit.
        between(self.exits.get(&(device, pid)), at - SECOND) || between(self.boots.get(&device), at)
    }
}

/// The pass over one table.
struct Pass<'p> {
    connection: &'p Connection,
    rows: String,
    /// Rows of this table are actors themselves, and learn from their own first.
    ordered: bool,
    fillable: &'p Fillable,
    ends: &'p Ends,
    presence: &'p Presence,
    by_guid: Statement<'p>,
    by_pid: Statement<'p>,
    facts: Statement<'p>,
    same_text: Statement<'p>,
}

/// A row whose actor is looked for.
struct Candidate {
    id: i64,
    actor: Option<i64>,
    filled: i64,
    reference: Reference,
}

impl Candidate {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let reference = Reference {
            device: row.get(1)?,
            time: row.get(2)?,
            unique: row.get(5)?,
            pid: row.get(6)?,
            created: row.get(7)?,
            path: row.get(8)?,
            file: row.get(9)?,
        };
        Ok(Self { id: row.get(0)?, actor: row.get(3)?, filled: row.get(4)?, reference })
    }
}

/// Reads and writes the columns that are taken from actors.
struct Filling<'p> {
    select: Statement<'p>,
    update: Statement<'p>,
}

impl<'p> Filling<'p> {
    fn new(connection: &'p Connection, rows: &str, fillable: &Fillable) -> Result<Self, StoreError> {
        let columns: Vec<String> = fillable.columns.iter().map(|(_, target, _)| quote_identifier(target)).collect();
        let assignments: Vec<String> =
            (4..).zip(&columns).map(|(index, column)| format!("{column} = ?{index}")).collect();
        let assignments = assignments.join(", ");
        Ok(Self {
            select: connection.prepare(&format!("SELECT {} FROM {rows} WHERE id = ?1", columns.join(", ")))?,
            update: connection
                .prepare(&format!("UPDATE {rows} SET actor = ?2, filled = ?3, {assignments} WHERE id = ?1"))?,
        })
    }

    /// Fills a row anew, if that changes anything.
    fn fill(
        &mut self,
        candidate: &Candidate,
        fillable: &Fillable,
        facts: Option<&ProcessFacts>,
    ) -> Result<(), StoreError> {
        let before = self.select.query_row([candidate.id], |row| {
            (0..fillable.columns.len()).map(|index| row.get(index)).collect::<Result<Vec<Physical>, _>>()
        })?;
        let mut values = before.clone();
        let learnt = fillable.clear(&mut values, candidate.filled);
        let filled = learnt | facts.map_or(0, |facts| fillable.fill(&mut values, facts));
        let actor = facts.map(|facts| facts.event);
        if actor == candidate.actor && filled == candidate.filled && values == before {
            return Ok(());
        }
        self.update.raw_bind_parameter(1, candidate.id)?;
        self.update.raw_bind_parameter(2, actor)?;
        self.update.raw_bind_parameter(3, filled)?;
        for (index, value) in (4usize..).zip(&values) {
            self.update.raw_bind_parameter(index, value)?;
        }
        self.update.raw_execute()?;
        Ok(())
    }
}

/// What identifies the actor of a row.
struct Reference {
    device: i64,
    time: Option<i64>,
    unique: i64,
    pid: Option<i64>,
    created: Option<i64>,
    path: i64,
    file: i64,
}

impl<'p> Pass<'p> {
    fn new(
        connection: &'p Connection,
        table: &str,
        fillable: &'p Fillable,
        ends: &'p Ends,
        presence: &'p Presence,
    ) -> Result<Self, StoreError> {
        let sources: Vec<String> = ACTOR_COLUMNS.iter().map(|(_, source)| quote_identifier(source)).collect();
        Ok(Self {
            connection,
            rows: quote_identifier(&rows_table(table)),
            ordered: table == PROCESSES,
            fillable,
            ends,
            presence,
            by_guid: connection.prepare(
                "SELECT id FROM rows_DeviceProcessEvents WHERE ProcessUniqueId = ?1 AND DeviceId = ?2
                 ORDER BY id LIMIT 1",
            )?,
            by_pid: connection.prepare(
                "SELECT id, ProcessCreationTime, FolderPath, FileName, ProcessUniqueId FROM rows_DeviceProcessEvents
                 WHERE DeviceId = ?1 AND ProcessId = ?2 AND ProcessCreationTime <= ?3 AND id <> ?4
                 ORDER BY ProcessCreationTime DESC, id LIMIT 6",
            )?,
            facts: connection
                .prepare(&format!("SELECT {} FROM rows_DeviceProcessEvents WHERE id = ?1", sources.join(", ")))?,
            same_text: connection.prepare(
                "SELECT (SELECT value FROM text WHERE id = ?1) = (SELECT value FROM text WHERE id = ?2)
                 COLLATE NOCASE",
            )?,
        })
    }

    fn run(&mut self, anew: bool) -> Result<(), StoreError> {
        let connection = self.connection;
        // Rows found by GUID are final; rows found by process id are looked at again when processes were added.
        let wanted = format!(
            "FROM {} WHERE ({anew} OR actor IS NULL OR filled & {UNIQUE_BIT} OR InitiatingProcessUniqueId = 0)
               AND (InitiatingProcessUniqueId <> 0 OR InitiatingProcessId IS NOT NULL)",
            self.rows,
            anew = i64::from(anew)
        );
        let mut filling = Filling::new(connection, &self.rows, self.fillable)?;
        let columns = self.reference_columns();
        if !self.ordered {
            let mut statement = connection.prepare(&format!("SELECT {columns} {wanted}"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                self.look_at(&Candidate::read(row)?, &mut filling)?;
            }
            return Ok(());
        }
        let ids: Vec<i64> = connection
            .prepare(&format!("SELECT id {wanted} ORDER BY Timestamp, id"))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut select = connection.prepare(&format!("SELECT {columns} FROM {} WHERE id = ?1", self.rows))?;
        for id in ids {
            let candidate = select.query_row([id], Candidate::read)?;
            self.look_at(&candidate, &mut filling)?;
        }
        Ok(())
    }

    /// What [`Candidate::read`] reads. What an earlier pass filled in is not what the event said.
    fn reference_columns(&self) -> String {
        let said = |wanted: &str, nothing: &str| {
            let column = self.fillable.columns.iter().find(|(_, target, _)| *target == wanted);
            match column {
                Some((index, target, _)) => format!("iif(filled & {}, {nothing}, {target})", 1i64 << index),
                None => nothing.to_owned(),
            }
        };
        [
            "id, DeviceId, Timestamp, actor, filled".to_owned(),
            said("InitiatingProcessUniqueId", "0"),
            said("InitiatingProcessId", "NULL"),
            said("InitiatingProcessCreationTime", "NULL"),
            said("InitiatingProcessFolderPath", "0"),
            said("InitiatingProcessFileName", "0"),
        ]
        .join(", ")
    }

    fn look_at(&mut self, candidate: &Candidate, filling: &mut Filling<'_>) -> Result<(), StoreError> {
        let found = self.find(candidate.id, &candidate.reference)?;
        if found.is_none() && candidate.actor.is_none() && candidate.filled & !LEARNT == 0 {
            return Ok(());
        }
        let facts = found.map(|event| self.read_facts(event)).transpose()?;
        filling.fill(candidate, self.fillable, facts.as_ref())
    }

    fn find(&mut self, row: i64, reference: &Reference) -> Result<Option<i64>, StoreError> {
        let found = if reference.unique != 0 && self.presence.may_have_guid(reference.unique) {
            let by_guid = self
                .by_guid
                .query_row([reference.unique, reference.device], |found| found.get::<_, i64>(0))
                .optional()?;
            // A process cannot have created itself, whatever a forged event says.
            by_guid.filter(|found| *found != row)
        } else {
            None
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => self.find_by_pid(row, reference),
        }
    }

    fn find_by_pid(&mut self, row: i64, reference: &Reference) -> Result<Option<i64>, StoreError> {
        let (Some(pid), Some(time)) = (reference.pid, reference.time) else { return Ok(None) };
        if !self.presence.may_have_pid(reference.device, pid) {
            return Ok(None);
        }
        let mut found = self.by_pid.query([reference.device, pid, time, row])?;
        let Some(first) = found.next()?.map(Started::read).transpose()? else { return Ok(None) };
        if self.ends.gone(reference.device, pid, first.time, time) {
            return Ok(None);
        }
        if reference.created.is_some_and(|created| (created - first.time).abs() > SAME_START) {
            return Ok(None);
        }
        // A row that names a GUID belongs to that GUID's process or to a Security event of the same start.
        if reference.unique != 0 && (first.unique != 0 || reference.created.is_none()) {
            return Ok(None);
        }
        if !same_image(&mut self.same_text, reference, &first)? {
            return Ok(None);
        }
        // Sysmon and Security tell of one start twice; Sysmon says more.
        if reference.unique == 0 && first.unique == 0 {
            while let Some(other) = found.next()?.map(Started::read).transpose()? {
                if first.time - other.time > SAME_START {
                    break;
                }
                if other.unique != 0 && other.file == first.file {
                    return Ok(Some(other.id));
                }
            }
        }
        Ok(Some(first.id))
    }

    fn read_facts(&mut self, event: i64) -> Result<ProcessFacts, StoreError> {
        Ok(self.facts.query_row([event], |row| ProcessFacts::read(event, |index| row.get(index)))?)
    }
}

/// A process that was started, as it is found by its id.
struct Started {
    id: i64,
    time: i64,
    path: i64,
    file: i64,
    unique: i64,
}

impl Started {
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, time: row.get(1)?, path: row.get(2)?, file: row.get(3)?, unique: row.get(4)? })
    }
}

/// Whether the image the event names is the one that was started. Full paths are compared where both are full.
fn same_image(statement: &mut Statement<'_>, reference: &Reference, started: &Started) -> Result<bool, StoreError> {
    if reference.file == 0 || reference.file == started.file {
        return Ok(true);
    }
    let mut same = |one: i64, other: i64| {
        statement.query_row([one, other], |row| row.get::<_, Option<bool>>(0)).map(Option::unwrap_or_default)
    };
    Ok(same(reference.path, started.path)? || same(reference.file, started.file)?)
}

/// The bit of `InitiatingProcessUniqueId` in `filled`: set where the row had no GUID of its own.
const UNIQUE_BIT: i64 = 1 << 24;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_privileged_logon_is_looked_for_by_an_index() {
        let store = crate::store::Store::in_memory().unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {}", marking_local_admins());
        let mut statement = store.connection().prepare(&explain).unwrap();
        let steps = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH p USING AUTOMATIC")), "{steps:#?}");
    }

    #[test]
    fn the_unique_id_has_its_bit() {
        assert_eq!(ACTOR_COLUMNS[24].0, "InitiatingProcessUniqueId");
    }
}
