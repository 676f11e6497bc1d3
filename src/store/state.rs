//! Saved state: the analyst's exclusions, and versioned JSON values for whoever needs to remember something.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};

/// An exclusion the analyst added. `created` is in ticks of 100 ns since 0001-01-01.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Exclusion {
    pub id: i64,
    /// The rule it applies to; `None` for every rule.
    pub scope_rule: Option<String>,
    pub condition_kql: String,
    pub reason: String,
    pub enabled: bool,
    pub created: i64,
}

impl Store {
    /// All exclusions, oldest first.
    pub fn exclusions(&self) -> Result<Vec<Exclusion>, StoreError> {
        let mut statement = self.connection().prepare_cached(
            "SELECT id, scope_rule, condition_kql, reason, enabled, created FROM exclusion ORDER BY id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Exclusion {
                id: row.get(0)?,
                scope_rule: row.get(1)?,
                condition_kql: row.get(2)?,
                reason: row.get(3)?,
                enabled: row.get(4)?,
                created: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds an exclusion and says its id.
    pub fn add_exclusion(
        &self,
        scope_rule: Option<&str>,
        condition_kql: &str,
        reason: &str,
        created: i64,
    ) -> Result<i64, StoreError> {
        self.connection().execute(
            "INSERT INTO exclusion(scope_rule, condition_kql, reason, created) VALUES (?1, ?2, ?3, ?4)",
            params![scope_rule, condition_kql, reason, created],
        )?;
        Ok(self.connection().last_insert_rowid())
    }

    /// Switches an exclusion; false if there is none of this id.
    pub fn set_exclusion_enabled(&self, id: i64, enabled: bool) -> Result<bool, StoreError> {
        let changed =
            self.connection().execute("UPDATE exclusion SET enabled = ?2 WHERE id = ?1", params![id, enabled])?;
        Ok(changed > 0)
    }

    /// Removes an exclusion; false if there is none of this id.
    pub fn remove_exclusion(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.connection().execute("DELETE FROM exclusion WHERE id = ?1", params![id])? > 0)
    }

    /// Reads a saved value and the version it was written with.
    pub fn state<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<Option<(i64, T)>, StoreError> {
        let found: Option<(i64, String)> = self
            .connection()
            .query_row("SELECT version, value FROM state WHERE key = ?1", [key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        found
            .map(|(version, text)| {
                let value =
                    serde_json::from_str(&text).map_err(|source| StoreError::State { key: key.to_owned(), source })?;
                Ok((version, value))
            })
            .transpose()
    }

    /// Saves a value under a key, replacing the one before.
    pub fn set_state<T: serde::Serialize>(&self, key: &str, version: i64, value: &T) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).map_err(|source| StoreError::State { key: key.to_owned(), source })?;
        self.connection().execute(
            "INSERT INTO state(key, version, value) VALUES (?1, ?2, ?3)
             ON CONFLICT(key) DO UPDATE SET version = ?2, value = ?3",
            params![key, version, text],
        )?;
        Ok(())
    }
}
