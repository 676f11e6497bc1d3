//! What an event's row takes from the creation of its initiating process.
//!
//! A row is filled from one other row, the creation event of its actor; what the event itself said is never
//! overwritten, and a bit for each filled column remembers what came from the actor.

use crate::schema::{Schema, TableSchema};
use crate::store::{ACTOR_COLUMNS, has_actor};

/// A value as it lies in a physical table: the integer of a dictionary id, number or time.
pub type Physical = Option<i64>;

/// The values of a process-creation row that its children and its own events take over, in the order of
/// [`ACTOR_COLUMNS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessFacts {
    pub event: i64,
    // A word each: an import remembers them of thousands of processes.
    values: [i64; ACTOR_COLUMNS.len()],
}

/// No id, number or time.
const NOTHING: i64 = i64::MIN;

impl ProcessFacts {
    /// The facts that `value` tells of the columns by their index.
    pub fn read<E>(event: i64, mut value: impl FnMut(usize) -> Result<Physical, E>) -> Result<Self, E> {
        let mut values = [NOTHING; ACTOR_COLUMNS.len()];
        for (index, slot) in values.iter_mut().enumerate() {
            *slot = value(index)?.unwrap_or(NOTHING);
        }
        Ok(Self { event, values })
    }

    fn value(&self, index: usize) -> Physical {
        self.values.get(index).copied().filter(|value| *value != NOTHING)
    }
}

/// The columns of one table that can be filled: the index into [`ACTOR_COLUMNS`] and whether it is a dictionary id.
#[derive(Debug, Clone)]
pub struct Fillable {
    pub columns: Vec<(usize, &'static str, bool)>,
}

const ACCOUNT_NAME: &str = "InitiatingProcessAccountName";
const ACCOUNT_SID: &str = "InitiatingProcessAccountSid";
const ACCOUNT_PARTS: [&str; 2] = ["InitiatingProcessAccountDomain", ACCOUNT_SID];

/// Bits of `filled` after those of [`ACTOR_COLUMNS`]: a SID comes from another event that names the account.
pub const LEARNT_SID: i64 = 1 << 40;
pub const LEARNT_INITIATING_SID: i64 = 1 << 41;
/// A path named a volume's device, and has its drive letter from elsewhere.
pub const DRIVE_LETTER: i64 = 1 << 42;
pub const DRIVE_LETTER_OF_INITIATING: i64 = 1 << 43;
pub const LEARNT: i64 = LEARNT_SID | LEARNT_INITIATING_SID | DRIVE_LETTER | DRIVE_LETTER_OF_INITIATING;

impl Fillable {
    /// `None` for a table whose rows have no actor.
    pub fn of(table: &TableSchema) -> Option<Self> {
        has_actor(table).then(|| Self {
            columns: ACTOR_COLUMNS
                .iter()
                .enumerate()
                .filter_map(|(index, (target, _))| {
                    let column = table.column(target)?;
                    Some((index, *target, column.scalar_type == crate::schema::ScalarType::String))
                })
                .collect(),
        })
    }

    /// The tables that have actors, with their fillable columns.
    pub fn tables(schema: &Schema) -> Vec<(String, Self)> {
        schema.tables().filter_map(|table| Some((table.name.clone(), Self::of(table)?))).collect()
    }

    /// Fills the empty ones of `values` (in the order of `columns`) and says which, as bits.
    pub fn fill(&self, values: &mut [Physical], facts: &ProcessFacts) -> i64 {
        let named = self
            .columns
            .iter()
            .zip(values.iter())
            .any(|((_, target, _), value)| *target == ACCOUNT_NAME && !is_empty(*value, true));
        let mut filled = 0;
        for ((index, target, is_text), value) in self.columns.iter().zip(values.iter_mut()) {
            // The account the event names is not to be mixed with the one its process was started as.
            if named && ACCOUNT_PARTS.contains(target) {
                continue;
            }
            let Some(found) = facts.value(*index) else { continue };
            if is_empty(*value, *is_text) && !is_empty(Some(found), *is_text) {
                *value = Some(found);
                filled |= 1 << index;
            }
        }
        filled
    }

    /// Empties what an earlier pass filled, and the SID that was learnt for an account so filled. Says what of `filled`
    /// is still true.
    pub fn clear(&self, values: &mut [Physical], filled: i64) -> i64 {
        let mut learnt = filled & LEARNT;
        let named_by_actor =
            self.columns.iter().any(|(index, target, _)| *target == ACCOUNT_NAME && filled & (1 << index) != 0);
        for ((index, target, is_text), value) in self.columns.iter().zip(values.iter_mut()) {
            let follows_name = *target == ACCOUNT_SID && named_by_actor && filled & LEARNT_INITIATING_SID != 0;
            if filled & (1 << index) != 0 || follows_name {
                *value = is_text.then_some(0);
            }
            if follows_name {
                learnt &= !LEARNT_INITIATING_SID;
            }
        }
        learnt
    }
}

fn is_empty(value: Physical, is_text: bool) -> bool {
    match value {
        None => true,
        Some(id) => is_text && id == 0,
    }
}
