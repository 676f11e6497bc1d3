//! Which side of an inbound connection is the host's own.
//!
//! Sysmon names the destination as the local side of a connection that the host did not initiate, but for broadcasts
//! and some loopback rows it is the other way round. Where exactly one side is an address that the host is known by,
//! that side is local. What is known grows with the files, so rows say that they were turned and may be turned back.

use rusqlite::{Connection, params};

use super::dictionary::Dictionary;
use crate::schema::Schema;
use crate::store::StoreError;

/// Turns the rows whose sides are the wrong way round, and turns back those that no longer are.
pub fn set_directions(connection: &Connection, stored: &Schema) -> Result<(), StoreError> {
    if stored.table("DeviceNetworkEvents").is_none() {
        return Ok(());
    }
    let id = |text: &str| format!("(SELECT id FROM text WHERE value = '{text}' COLLATE NOCASE AND value = '{text}')");
    connection.execute_batch(&format!(
        "CREATE TEMP TABLE IF NOT EXISTS own_address(device INTEGER, address INTEGER, PRIMARY KEY(device, address))
           WITHOUT ROWID;
         DELETE FROM own_address;
         INSERT OR IGNORE INTO own_address
           SELECT DISTINCT DeviceId, LocalIP FROM rows_DeviceNetworkEvents
           WHERE ActionType IN ({}, {}) AND LocalIP <> 0;",
        id("ConnectionSuccess"),
        id("ListeningConnectionCreated"),
    ))?;
    let sql = format!(
        "SELECT id, turned, iif(turned, source, destination) FROM
           (SELECT n.id AS id, coalesce(n.fields ->> '$.SidesExchanged', 0) AS turned,
              n.fields ->> '$.SourceHostname' AS source, n.fields ->> '$.DestinationHostname' AS destination,
              EXISTS (SELECT 1 FROM own_address WHERE device = n.DeviceId AND address = n.LocalIP) AS local,
              EXISTS (SELECT 1 FROM own_address WHERE device = n.DeviceId AND address = n.RemoteIP) AS remote
            FROM (SELECT *, nullif(AdditionalFields, '') AS fields FROM rows_DeviceNetworkEvents
                  WHERE ActionType = {}) AS n
            JOIN event_record AS e ON e.id = n.id
            WHERE e.event_id = 3 AND e.provider = {} AND n.LocalIP <> 0 AND n.RemoteIP <> 0)
         WHERE iif(turned, NOT (local AND NOT remote), remote AND NOT local)",
        id("InboundConnectionAccepted"),
        id("Microsoft-Windows-Sysmon"),
    );
    let wrong: Vec<(i64, bool, Option<String>)> = connection
        .prepare(&sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    if wrong.is_empty() {
        return Ok(());
    }
    let mut dictionary = Dictionary::new(connection)?;
    let mut turn = connection.prepare(
        "UPDATE rows_DeviceNetworkEvents SET LocalIP = RemoteIP, RemoteIP = LocalIP, LocalPort = RemotePort,
           RemotePort = LocalPort, LocalIPType = RemoteIPType, RemoteIPType = LocalIPType, RemoteUrl = ?2,
           AdditionalFields = iif(?3, json_remove(AdditionalFields, '$.SidesExchanged'),
             json_set(coalesce(nullif(AdditionalFields, ''), '{}'), '$.SidesExchanged', json('true')))
         WHERE id = ?1",
    )?;
    for (id, turned, host) in wrong {
        let host = dictionary.id(host.as_deref().unwrap_or_default())?;
        turn.execute(params![id, host, turned])?;
    }
    Ok(())
}
