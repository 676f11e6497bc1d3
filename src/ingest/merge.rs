//! Two records of one fact: one row. Sysmon 1 and Security 4688 of a process creation, Security 4697 and System 7045 of
//! a service that was installed.
//!
//! Two records are one creation where host, process id, image and time agree, and what they say of the parent does not
//! differ. Sysmon's row stays, because it says more. Where Sysmon itself knows no parent the rows stay apart: each
//! says what the other does not; and two parents for one process are a finding, not a duplicate. Of an installed
//! service host, name, file and time agree; Security's row stays, because it says who installed it.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::normalise::digest;
use crate::schema::Schema;
use crate::store::event_xml::{SECURITY, SYSMON};
use crate::store::merged::{CREATIONS, INSTALLS, Pairing};
use crate::store::{ACTOR_COLUMNS, StoreError};

/// Two logs time one fact up to this far apart, in ticks.
const SAME_TIME: i64 = 2 * 10_000_000;
/// Pairs are looked at again when a record that could be of the same fact was added this near to them.
const NEAR: i64 = 5 * SAME_TIME;

const SERVICES: &str = "Service Control Manager";

/// The other event, and the one whose row stays.
type Pair = (i64, i64);

/// Finds the pairs anew where something came or went. True if any pair of creations changed.
pub fn merge(connection: &Connection, stored: &Schema) -> Result<bool, StoreError> {
    let near = |column: &str| format!("o.{column} BETWEEN m.{column} - {NEAR} AND m.{column} + {NEAR}");
    let again = format!("o.ProcessId = m.ProcessId AND {}", near("ProcessCreationTime"));
    let changed = find_anew(connection, stored, &CREATIONS, &again, creations)?;
    // No index of the action: without statistics SQLite would go through all services for each.
    let again = format!("+o.ActionType = m.ActionType AND {}", near("Timestamp"));
    find_anew(connection, stored, &INSTALLS, &again, installs)?;
    Ok(changed)
}

/// Parts the pairs beside which, by the condition on `o`, a row came that could be of the same fact, and pairs anew.
fn find_anew(
    connection: &Connection,
    stored: &Schema,
    pairing: &Pairing,
    again: &str,
    candidates: fn(&Connection) -> Result<Vec<Pair>, StoreError>,
) -> Result<bool, StoreError> {
    if stored.table(pairing.table).is_none() {
        return Ok(false);
    }
    let before = pairing.pairs(connection)?;
    let (table, is_alone) = (pairing.table, pairing.is_alone(connection, "o.id")?);
    pairing.part(
        connection,
        stored,
        &format!(
            "NOT EXISTS (SELECT 1 FROM rows_{table} AS t WHERE t.id = m.into_event) OR EXISTS
               (SELECT 1 FROM rows_{table} AS o WHERE o.DeviceId = m.DeviceId AND {again} AND {is_alone})"
        ),
    )?;
    let candidates = candidates(connection)?;
    if !candidates.is_empty() {
        pairing.create(connection, stored)?;
    }
    let (mut others, mut staying) = (HashSet::new(), HashSet::new());
    for (other, stays) in candidates {
        // The nearest come first; a record is in one pair only.
        if !others.contains(&other) && !staying.contains(&stays) {
            others.insert(other);
            staying.insert(stays);
            pairing.merge(connection, stored, other, stays)?;
        }
    }
    Ok(pairing.pairs(connection)? != before)
}

fn provider(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM text WHERE value = ?1 COLLATE NOCASE AND value = ?1";
    Ok(connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).optional()?)
}

/// Pairs of creations that could be, the nearest first, in an order that does not depend on the order of import.
fn creations(connection: &Connection) -> Result<Vec<Pair>, StoreError> {
    let (Some(sysmon), Some(security)) = (provider(connection, SYSMON)?, provider(connection, SECURITY)?) else {
        return Ok(Vec::new());
    };
    // What the pass filled in is not what the event said.
    let said = |alias: &str, column: &str, nothing: &str| {
        let index = ACTOR_COLUMNS.iter().position(|(target, _)| *target == column).unwrap_or_default();
        format!("iif({alias}.filled & {}, {nothing}, {alias}.{column})", 1i64 << index)
    };
    let parent = |alias: &str| said(alias, "InitiatingProcessFolderPath", "0");
    let parent_id = |alias: &str| said(alias, "InitiatingProcessId", "NULL");
    let alike = |one: &str, other: &str| {
        format!(
            "({one} = {other} OR (SELECT value FROM text WHERE id = {one}) = (SELECT value FROM text WHERE id = {other}) COLLATE NOCASE)"
        )
    };
    let sql = format!(
        "SELECT s.id, y.id FROM event_record AS e
         CROSS JOIN rows_DeviceProcessEvents AS s ON s.id = e.id
         CROSS JOIN rows_DeviceProcessEvents AS y ON y.DeviceId = s.DeviceId AND y.ProcessId = s.ProcessId
           AND y.ProcessCreationTime BETWEEN s.ProcessCreationTime - {SAME_TIME} AND s.ProcessCreationTime + {SAME_TIME}
         CROSS JOIN event_record AS ye ON ye.id = y.id
         WHERE e.event_id = 4688 AND e.raw <> 0 AND e.provider = ?2 AND ye.event_id = 1 AND ye.provider = ?1
           AND {is_alone}
           AND {image}
           AND {parent_y} <> 0 AND ({parent_s} = 0 OR {parents})
           AND coalesce({parent_id_s} = {parent_id_y}, 1)
         ORDER BY abs(y.ProcessCreationTime - s.ProcessCreationTime), y.ProcessCreationTime, s.ProcessCreationTime,
           y.ReportId, s.ReportId",
        is_alone = CREATIONS.is_alone(connection, "y.id")?,
        image = alike("s.FolderPath", "y.FolderPath"),
        parents = alike("s.InitiatingProcessFolderPath", "y.InitiatingProcessFolderPath"),
        parent_y = parent("y"),
        parent_s = parent("s"),
        parent_id_s = parent_id("s"),
        parent_id_y = parent_id("y"),
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map(params![sysmon, security], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A record of an installed service.
struct Install {
    id: i64,
    time: i64,
    report: i64,
}

/// Records of one service that was installed on one host: device, and a digest of name and file.
type Installs = HashMap<(i64, [u8; 16]), Vec<Install>>;

/// As many of the records around it in time are looked at for each.
const NEIGHBOURS: usize = 16;

/// The same of installed services. Found here and not by a join: before anything is known of how the rows lie, SQLite
/// would compare each with each.
fn installs(connection: &Connection) -> Result<Vec<Pair>, StoreError> {
    let (Some(services), Some(security)) = (provider(connection, SERVICES)?, provider(connection, SECURITY)?) else {
        return Ok(Vec::new());
    };
    let others = read_installs(connection, 7045, services, "true")?;
    let staying = read_installs(connection, 4697, security, &INSTALLS.is_alone(connection, "t.id")?)?;
    let mut found = Vec::new();
    for (service, others) in &others {
        let staying = staying.get(service).map(Vec::as_slice).unwrap_or_default();
        for other in others {
            let place = staying.partition_point(|install| install.time < other.time);
            let around = staying.iter().take(place + NEIGHBOURS).skip(place.saturating_sub(NEIGHBOURS));
            for stays in around {
                let apart = (stays.time - other.time).abs();
                if apart <= SAME_TIME {
                    found.push(((apart, stays.time, other.time, stays.report, other.report), (other.id, stays.id)));
                }
            }
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, pair)| pair).collect())
}

/// The records of one kind, those of a service in the order of their times.
fn read_installs(connection: &Connection, event: i64, provider: i64, condition: &str) -> Result<Installs, StoreError> {
    let mut statement = connection.prepare(&format!(
        "SELECT t.id, t.DeviceId, t.Timestamp, t.ReportId, t.AdditionalFields
         FROM event_record AS e CROSS JOIN rows_DeviceEvents AS t ON t.id = e.id
         WHERE e.event_id = ?1 AND e.raw <> 0 AND e.provider = ?2 AND t.Timestamp IS NOT NULL AND {condition}"
    ))?;
    let mut rows = statement.query([event, provider])?;
    let mut found = Installs::new();
    while let Some(row) = rows.next()? {
        let install =
            Install { id: row.get(0)?, time: row.get(2)?, report: row.get::<_, Option<i64>>(3)?.unwrap_or_default() };
        let fields: serde_json::Value =
            serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or_default()).unwrap_or_default();
        let said = |name: &str| fields.get(name).and_then(serde_json::Value::as_str).map(str::to_lowercase);
        if let (Some(name), Some(file)) = (said("ServiceName"), said("ServiceFileName")) {
            found.entry((row.get(1)?, digest(&[&name, &file]))).or_default().push(install);
        }
    }
    for installs in found.values_mut() {
        installs.sort_unstable_by_key(|install| (install.time, install.report));
    }
    Ok(found)
}
