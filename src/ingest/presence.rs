//! Which processes the store may know: a filter that says no for sure, so that an event of a process that nobody
//! recorded costs no look into an index. Most events of a short log are of such processes.
//!
//! One bit for each hash, in memory of a fixed size: where bits coincide a question is asked in vain, no more.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use rusqlite::Connection;

use crate::store::StoreError;

/// Bits of one filter, 2 MiB: of a million processes one in seventeen questions is asked in vain.
const BITS: u64 = 1 << 24;

/// The processes with a creation event.
pub struct Presence {
    by_guid: Filter,
    by_pid: Filter,
}

impl Presence {
    pub fn read(connection: &Connection) -> Result<Self, StoreError> {
        let mut presence = Self { by_guid: Filter::new(), by_pid: Filter::new() };
        // Each is read off an index that holds no more than this.
        let mut statement =
            connection.prepare("SELECT ProcessUniqueId FROM rows_DeviceProcessEvents ORDER BY ProcessUniqueId")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            presence.by_guid.add(&row.get::<_, i64>(0)?);
        }
        let mut statement = connection.prepare(
            "SELECT DeviceId, ProcessId FROM rows_DeviceProcessEvents WHERE ProcessId IS NOT NULL
             ORDER BY ProcessId, DeviceId",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            presence.by_pid.add(&(row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        }
        Ok(presence)
    }

    /// Whether a process of this unique id may be there.
    pub fn may_have_guid(&self, unique: i64) -> bool {
        self.by_guid.may_have(&unique)
    }

    /// Whether a process of this id may have been started on this device.
    pub fn may_have_pid(&self, device: i64, pid: i64) -> bool {
        self.by_pid.may_have(&(device, pid))
    }
}

struct Filter(Vec<u64>);

impl Filter {
    fn new() -> Self {
        Self(vec![0; (BITS / 64) as usize])
    }

    fn place(key: &impl std::hash::Hash) -> (usize, u64) {
        let bit = FixedState::default().hash_one(key) % BITS;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    fn add(&mut self, key: &impl std::hash::Hash) {
        let (word, bit) = Self::place(key);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn may_have(&self, key: &impl std::hash::Hash) -> bool {
        let (word, bit) = Self::place(key);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_never_denied_and_little_else_is_let_through() {
        let mut filter = Filter::new();
        (0..10_000i64).for_each(|key| filter.add(&(key, key * 4)));
        assert!((0..10_000i64).all(|key| filter.may_have(&(key, key * 4))));
        let in_vain = (10_000..20_000i64).filter(|key| filter.may_have(&(*key, key * 4))).count();
        assert!(in_vain < 100, "{in_vain}");
    }
}
