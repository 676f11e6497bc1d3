//! Sysmon 1 and Security 4688 of one process creation: one row.
//!
//! Two records are one creation where host, process id, image and time agree, and what they say of the parent does not
//! differ. Sysmon's row stays, because it says more. Where Sysmon itself knows no parent the rows stay apart: each
//! says what the other does not; and two parents for one process are a finding, not a duplicate.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::schema::Schema;
use crate::store::{ACTOR_COLUMNS, StoreError, merged};

/// Sysmon and Security time one creation up to this far apart, in ticks.
const SAME_TIME: i64 = 2 * 10_000_000;
/// Pairs are looked at again when a creation of the same process id was added this near to them.
const NEAR: i64 = 5 * SAME_TIME;

/// Finds the pairs anew where something came or went. True if any pair changed.
pub fn merge(connection: &Connection, schema: &Schema) -> Result<bool, StoreError> {
    let before = pairs(connection)?;
    merged::part(
        connection,
        schema,
        &format!(
            "NOT EXISTS (SELECT 1 FROM rows_DeviceProcessEvents AS t WHERE t.id = m.into_event) OR EXISTS
               (SELECT 1 FROM rows_DeviceProcessEvents AS o WHERE o.DeviceId = m.DeviceId AND o.ProcessId = m.ProcessId
                AND o.ProcessCreationTime BETWEEN m.ProcessCreationTime - {NEAR} AND m.ProcessCreationTime + {NEAR}
                AND o.id NOT IN (SELECT into_event FROM merged_process))"
        ),
    )?;
    let (mut others, mut staying) = (HashSet::new(), HashSet::new());
    for (other, stays) in candidates(connection)? {
        // The nearest come first; a record is in one pair only.
        if !others.contains(&other) && !staying.contains(&stays) {
            others.insert(other);
            staying.insert(stays);
            merged::merge(connection, schema, other, stays)?;
        }
    }
    Ok(pairs(connection)? != before)
}

fn pairs(connection: &Connection) -> Result<HashSet<(i64, i64)>, StoreError> {
    let mut statement = connection.prepare("SELECT id, into_event FROM merged_process")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Pairs that could be, the nearest first, in an order that does not depend on the order of import.
fn candidates(connection: &Connection) -> Result<Vec<(i64, i64)>, StoreError> {
    let provider = |name: &str| {
        let sql = "SELECT id FROM text WHERE value = ?1 COLLATE NOCASE AND value = ?1";
        connection.query_row(sql, [name], |row| row.get::<_, i64>(0)).optional()
    };
    let (Some(sysmon), Some(security)) =
        (provider("Microsoft-Windows-Sysmon")?, provider("Microsoft-Windows-Security-Auditing")?)
    else {
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
           AND y.id NOT IN (SELECT into_event FROM merged_process)
           AND {image}
           AND {parent_y} <> 0 AND ({parent_s} = 0 OR {parents})
           AND coalesce({parent_id_s} = {parent_id_y}, 1)
         ORDER BY abs(y.ProcessCreationTime - s.ProcessCreationTime), y.ProcessCreationTime, s.ProcessCreationTime,
           y.ReportId, s.ReportId",
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
