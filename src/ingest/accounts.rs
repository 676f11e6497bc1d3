//! SIDs of accounts that events name without one, where a Security event of the same host gave it.
//!
//! A bit in a row's `filled` remembers that a SID was learnt, so that it can be forgotten with the source that told it.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::dictionary::Dictionary;
use super::lineage::{LEARNT_INITIATING_SID, LEARNT_SID};
use super::normalise::device_id;
use crate::schema::Schema;
use crate::sql::layout::{quote_identifier, rows_table};
use crate::store::merged::{self, CREATIONS};
use crate::store::{StoreError, has_actor};

/// Whose account a column names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Own,
    Initiating,
}

impl Role {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Own => "",
            Self::Initiating => "InitiatingProcess",
        }
    }

    const fn bit(self) -> i64 {
        match self {
            Self::Own => LEARNT_SID,
            Self::Initiating => LEARNT_INITIATING_SID,
        }
    }
}

/// Tables that name accounts in a role, as they are called in the store.
fn tables(schema: &Schema, role: Role) -> impl Iterator<Item = String> {
    let columns = ["AccountName", "AccountDomain", "AccountSid"].map(|part| format!("{}{part}", role.prefix()));
    let named = schema.tables().filter(|table| has_actor(table));
    named
        .filter(move |table| columns.iter().all(|column| table.column(column).is_some()))
        .map(|table| quote_identifier(&rows_table(&table.name)))
}

/// Takes what was learnt out of the rows again.
pub fn forget_sids(connection: &Connection, schema: &Schema) -> Result<(), StoreError> {
    if CREATIONS.is_there(connection)? {
        let sql = format!(
            "UPDATE {} SET kept_AccountSid = 0 WHERE into_event IN
               (SELECT id FROM {} WHERE filled & {LEARNT_SID})",
            CREATIONS.hidden,
            quote_identifier(&rows_table(CREATIONS.table))
        );
        connection.execute(&sql, [])?;
    }
    let hidden = merged::present(connection)?;
    for role in [Role::Own, Role::Initiating] {
        for rows in tables(schema, role).chain(hidden.iter().map(|pairing| pairing.hidden.to_owned())) {
            connection.execute(
                &format!(
                    "UPDATE {rows} SET \"{}AccountSid\" = 0, filled = filled & ~{bit} WHERE filled & {bit}",
                    role.prefix(),
                    bit = role.bit()
                ),
                [],
            )?;
        }
    }
    Ok(())
}

/// Gathers what the sources tell, each account by the first of them. Names are texts of the dictionary in every spelling
/// that it holds.
pub fn learn(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS known_sid(device INTEGER, name INTEGER, domain INTEGER, sid INTEGER,
           PRIMARY KEY(device, name, domain)) WITHOUT ROWID;
         DELETE FROM known_sid;",
    )?;
    let accounts: Vec<(String, String, String, String)> = connection
        .prepare("SELECT (SELECT value FROM text WHERE id = host), domain, name, sid FROM account ORDER BY source")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let mut dictionary = Dictionary::new(connection)?;
    let mut insert = connection.prepare(
        "INSERT OR IGNORE INTO known_sid SELECT ?1, n.id, d.id, ?2 FROM text AS n, text AS d
         WHERE n.value = ?3 COLLATE NOCASE AND d.value = ?4 COLLATE NOCASE",
    )?;
    let mut told = HashSet::new();
    for (host, domain, name, sid) in accounts {
        let device = dictionary.id(&device_id(&host))?;
        if told.insert((device, domain.to_ascii_lowercase(), name.to_ascii_lowercase())) {
            let sid = dictionary.id(&sid)?;
            insert.execute(params![device, sid, name, domain])?;
        }
    }
    Ok(())
}

/// Fills in what is known.
pub fn fill_sids(connection: &Connection, schema: &Schema, role: Role) -> Result<(), StoreError> {
    let known = "SELECT EXISTS(SELECT 1 FROM known_sid)";
    if !connection.query_row(known, [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    for rows in tables(schema, role) {
        connection.execute(
            &format!(
                "UPDATE {rows} AS t SET \"{prefix}AccountSid\" = k.sid, filled = t.filled | {bit} FROM known_sid AS k
                 WHERE t.\"{prefix}AccountSid\" = 0 AND t.\"{prefix}AccountName\" <> 0 AND k.device = t.\"DeviceId\"
                   AND k.name = t.\"{prefix}AccountName\" AND k.domain = t.\"{prefix}AccountDomain\"",
                prefix = role.prefix(),
                bit = role.bit()
            ),
            [],
        )?;
    }
    Ok(())
}
