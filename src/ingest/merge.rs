//! Two records of one fact: one row. Sysmon 1 and Security 4688 of a process creation, Security 4697 and System 7045 of
//! a service that was installed.
//!
//! Two records are one creation where host, process id, image and time agree, and what they say of the parent does not
//! differ. Sysmon's row stays, because it says more. Where Sysmon itself knows no parent the rows stay apart: each
//! says what the other does not; and two parents for one process are a finding, not a duplicate. Of an installed
//! service host, name, file and time agree; Security's row stays, because it says who installed it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::schema::Schema;
use crate::store::merged::{CREATIONS, INSTALLS, Pairing};
use crate::store::{ACTOR_COLUMNS, StoreError};

/// Two logs time one fact up to this far apart, in ticks.
const SAME_TIME: i64 = 2 * 10_000_000;
/// Pairs are looked at again when a record that could be of the same fact was added this near to them.
const NEAR: i64 = 5 * SAME_TIME;

const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const SERVICES: &str = "Service Control Manager";

/// The other event, and the one whose row stays.
type Pair = (i64, i64);

/// Finds the pairs anew where something came or went. True if any pair of creations changed.
pub fn merge(connection: &Connection, schema: &Schema) -> Result<bool, StoreError> {
    let near = |column: &str| format!("o.{column} BETWEEN m.{column} - {NEAR} AND m.{column} + {NEAR}");
    let again = format!("o.ProcessId = m.ProcessId AND {}", near("ProcessCreationTime"));
    let changed = find_anew(connection, schema, &CREATIONS, &again, creations)?;
    // No index of the action: without statistics SQLite would go through all services for each.
    let again = format!("+o.ActionType = m.ActionType AND {}", near("Timestamp"));
    find_anew(connection, schema, &INSTALLS, &again, installs)?;
    Ok(changed)
}

/// Parts the pairs beside which, by the condition on `o`, a row came that could be of the same fact, and pairs anew.
fn find_anew(
    connection: &Connection,
    schema: &Schema,
    pairing: &Pairing,
    again: &str,
    candidates: fn(&Connection) -> Result<Vec<Pair>, StoreError>,
) -> Result<bool, StoreError> {
    let before = pairing.pairs(connection)?;
    let (table, is_alone) = (pairing.table, pairing.is_alone(connection, "o.id")?);
    pairing.part(
        connection,
        schema,
        &format!(
            "NOT EXISTS (SELECT 1 FROM rows_{table} AS t WHERE t.id = m.into_event) OR EXISTS
               (SELECT 1 FROM rows_{table} AS o WHERE o.DeviceId = m.DeviceId AND {again} AND {is_alone})"
        ),
    )?;
    let candidates = candidates(connection)?;
    if !candidates.is_empty() {
        pairing.create(connection, schema)?;
    }
    let (mut others, mut staying) = (HashSet::new(), HashSet::new());
    for (other, stays) in candidates {
        // The nearest come first; a record is in one pair only.
        if !others.contains(&other) && !staying.contains(&stays) {
            others.insert(other);
            staying.insert(stays);
            pairing.merge(connection, schema, other, stays)?;
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
    ids(connection, &sql, params![sysmon, security])
}

/// The same of installed services. Each record's texts are read once, and records are joined by a number of the time
/// they are of, which SQLite makes an index of: it knows nothing of how the rows lie yet.
fn installs(connection: &Connection) -> Result<Vec<Pair>, StoreError> {
    let (Some(services), Some(security)) = (provider(connection, SERVICES)?, provider(connection, SECURITY)?) else {
        return Ok(Vec::new());
    };
    ids(connection, &finding_installs(&INSTALLS.is_alone(connection, "t.id")?), params![services, security])
}

fn finding_installs(is_alone: &str) -> String {
    // Rows of an export may have any text there; those of these records have JSON.
    let said = |field: &str| format!("lower(nullif(t.AdditionalFields, '') ->> '$.{field}')");
    let records = |id: i64, provider: &str, condition: &str| {
        format!(
            "SELECT t.id, t.DeviceId AS device, t.Timestamp AS time, t.Timestamp / {SAME_TIME} AS span,
               t.ReportId AS report, {} AS name, {} AS file
             FROM event_record AS e CROSS JOIN rows_DeviceEvents AS t ON t.id = e.id
             WHERE e.event_id = {id} AND e.raw <> 0 AND e.provider = {provider} AND {condition}",
            said("ServiceName"),
            said("ServiceFileName")
        )
    };
    format!(
        "WITH s AS MATERIALIZED ({}), y AS MATERIALIZED ({}), next(step) AS (VALUES (-1), (0), (1))
         SELECT s.id, y.id FROM s CROSS JOIN next CROSS JOIN y
           ON y.device = s.device AND y.span = s.span + next.step AND y.name = s.name AND y.file = s.file
         WHERE abs(y.time - s.time) <= {SAME_TIME}
         ORDER BY abs(y.time - s.time), y.time, s.time, y.report, s.report",
        records(7045, "?1", "true"),
        records(4697, "?2", is_alone),
    )
}

fn ids(connection: &Connection, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<Pair>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn installed_services_are_joined_by_an_index_before_anything_is_known_of_them() {
        let store = crate::store::Store::in_memory().unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {}", finding_installs("true"));
        let mut statement = store.connection().prepare(&explain).unwrap();
        let steps = statement.query_map([0, 0], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH y USING AUTOMATIC")), "{steps:#?}");
        assert!(!steps.iter().any(|step| step.contains("device_event_action")), "{steps:#?}");
    }
}
