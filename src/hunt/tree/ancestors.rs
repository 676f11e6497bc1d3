//! The chains above some events, without the forest they stand in: of a million processes those are read that may be an
//! ancestor, by process id and GUID through the store's indexes.
//!
//! The rules of [`build`](super::build) decide, as they do for the whole forest. They look at all processes of one
//! device and process id, so these are read together, one generation after the other, until no chain grows.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::params;

use super::build::{Activity, Creation, End, build};
use super::columns::Columns;
use super::facts::{
    CREATED, OTHER_TABLE, TERMINATED, activity_behind, creation_of, end_of, select_creations, select_ends,
};
use super::{Forest, NodeId, Process};
use crate::hunt::error::HuntError;
use crate::hunt::matches::EventId;
use crate::sql::Texts;
use crate::store::{PROCESSES, Store};

/// The forest in which each of the events has its chain, up to the root; what else it holds is incomplete.
pub fn forest_above(store: &Store, events: &[EventId]) -> Result<Forest, HuntError> {
    let Some(mut reader) = Reader::new(store)? else { return Ok(Forest::default()) };
    let mut activities = Vec::new();
    for event in events {
        if !reader.read_event(*event)?
            && let Some(activity) = activity_behind(store, *event)?
        {
            reader.read_process(&activity.actor)?;
            activities.push(activity);
        }
    }
    loop {
        let forest = reader.forest(&activities);
        let mut grown = false;
        for node in chains(&forest, events, &activities) {
            if let Some(node) = forest.node(node) {
                grown |= reader.read_process(&node.process)?;
            }
        }
        if !grown {
            return Ok(forest);
        }
    }
}

/// The nodes of the chains above events and activities.
fn chains(forest: &Forest, events: &[EventId], activities: &[Activity]) -> HashSet<NodeId> {
    let wanted: HashSet<EventId> = events.iter().copied().collect();
    let created = forest.nodes.iter().filter(|node| node.events.iter().any(|event| wanted.contains(event)));
    let acting = activities.iter().filter_map(|activity| forest.find(&activity.actor, activity.time));
    let mut nodes = HashSet::new();
    for start in created.map(|node| node.id).chain(acting) {
        let mut at = Some(start);
        while let Some(id) = at.filter(|id| nodes.insert(*id)) {
            at = forest.node(id).and_then(|node| node.parent);
        }
    }
    nodes
}

/// Reads processes and remembers which.
struct Reader<'s> {
    store: &'s Store,
    columns: Columns,
    texts: Texts<'s>,
    creations: BTreeMap<EventId, Creation>,
    /// Events of ends by device and process id.
    ends_known: HashMap<(String, i64), Vec<EventId>>,
    ends: Vec<End>,
    pids: HashSet<(String, i64)>,
    unique_ids: HashSet<(String, String)>,
}

impl<'s> Reader<'s> {
    /// `None` where the store has no process events.
    fn new(store: &'s Store) -> Result<Option<Self>, HuntError> {
        let Some(columns) = Columns::of(store, PROCESSES)? else { return Ok(None) };
        Ok(Some(Self {
            ends_known: ends_known(store)?,
            store,
            columns,
            texts: Texts::new(store.connection()),
            creations: BTreeMap::new(),
            ends: Vec::new(),
            pids: HashSet::new(),
            unique_ids: HashSet::new(),
        }))
    }

    fn forest(&self, activities: &[Activity]) -> Forest {
        let creations: Vec<Creation> = self.creations.values().cloned().collect();
        build(&creations, activities, &self.ends)
    }

    /// Reads the process that an event created, and says whether it created one.
    fn read_event(&mut self, event: EventId) -> Result<bool, HuntError> {
        let event = self.store.merged_into(event)?.unwrap_or(event);
        self.read_creations(&format!("{} = ?2", self.columns.layout.event_id), &[&event])?;
        let process = self.creations.get(&event).map(|creation| creation.process.clone());
        match &process {
            Some(process) => self.read_process(process).map(|_| true),
            None => Ok(false),
        }
    }

    /// Reads all that may be this process or share its process id, and says whether that was not done before.
    fn read_process(&mut self, process: &Process) -> Result<bool, HuntError> {
        let device = process.device.to_ascii_lowercase();
        let mut grown = false;
        let on_device = self.columns.is_text("DeviceName", 2);
        if let Some(pid) = process.pid
            && self.pids.insert((device.clone(), pid))
        {
            grown = true;
            let condition = format!("{on_device} AND {} = ?3", self.columns.raw("ProcessId"));
            self.read_creations(&condition, &[&process.device, &pid])?;
            self.read_ends(&(device.clone(), pid))?;
        }
        if !process.unique_id.is_empty() && self.unique_ids.insert((device, process.unique_id.clone())) {
            grown = true;
            let condition = format!("{on_device} AND {}", self.columns.is_text("ProcessUniqueId", 3));
            self.read_creations(&condition, &[&process.device, &process.unique_id])?;
        }
        Ok(grown)
    }

    fn read_creations(&mut self, condition: &str, given: &[&dyn rusqlite::ToSql]) -> Result<(), HuntError> {
        let sql = format!("{} AND {condition}", select_creations(&self.columns));
        let mut statement = self.store.connection().prepare_cached(&sql)?;
        let mut parameters: Vec<&dyn rusqlite::ToSql> = vec![&CREATED];
        parameters.extend(given);
        let mut rows = statement.query(parameters.as_slice())?;
        while let Some(row) = rows.next()? {
            let creation = creation_of(row, &mut self.texts)?;
            // The node has the other records of this creation, too.
            for event in self.store.same_fact(creation.event)? {
                self.creations.insert(event, Creation { event, ..creation.clone() });
            }
            self.creations.insert(creation.event, creation);
        }
        Ok(())
    }

    fn read_ends(&mut self, key: &(String, i64)) -> Result<(), HuntError> {
        let Some(events) = self.ends_known.get(key) else { return Ok(()) };
        let Some(columns) = Columns::of(self.store, OTHER_TABLE)? else { return Ok(()) };
        let sql = format!("{} AND {} = ?2", select_ends(&columns), columns.layout.event_id);
        let mut statement = self.store.connection().prepare_cached(&sql)?;
        for event in events {
            let mut rows = statement.query(params![TERMINATED, event])?;
            while let Some(row) = rows.next()? {
                self.ends.push(end_of(row, &mut self.texts)?);
            }
        }
        Ok(())
    }
}

fn ends_known(store: &Store) -> Result<HashMap<(String, i64), Vec<EventId>>, HuntError> {
    let mut known: HashMap<(String, i64), Vec<EventId>> = HashMap::new();
    let Some(columns) = Columns::of(store, OTHER_TABLE)? else { return Ok(known) };
    let sql = format!(
        "SELECT {}, {}, {} FROM {} WHERE {} AND {} IS NOT NULL ORDER BY 1",
        columns.layout.event_id,
        columns.shown("DeviceName"),
        columns.raw("InitiatingProcessId"),
        columns.layout.from,
        columns.is_text("ActionType", 1),
        columns.raw("InitiatingProcessId"),
    );
    let mut statement = store.connection().prepare(&sql)?;
    let mut rows = statement.query([TERMINATED])?;
    while let Some(row) = rows.next()? {
        let device: String = row.get(1)?;
        known.entry((device.to_ascii_lowercase(), row.get(2)?)).or_default().push(row.get(0)?);
    }
    Ok(known)
}
