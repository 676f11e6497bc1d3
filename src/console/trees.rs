//! The process trees of the hosts that are asked for: read once, put behind one another, so that a process keeps its
//! place while more hosts come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::source::{Placed, Stop, Trouble};
use crate::hunt::tree::facts;
use crate::hunt::{EventId, Forest, HuntError, NodeId};
use crate::store::Store;

/// Trees of some hosts, with the processes that events started.
#[derive(Debug, Default)]
pub struct Grove {
    pub devices: Vec<String>,
    pub forest: Arc<Forest>,
    started: HashMap<EventId, NodeId>,
    /// What the store said of the events that started none: chains are looked along at every switch.
    caused: Mutex<HashMap<EventId, Option<NodeId>>>,
}

impl Grove {
    fn with(&self, store: &Store, devices: &[String]) -> Result<Self, HuntError> {
        let mut grown = Self { devices: self.devices.clone(), started: self.started.clone(), ..Self::default() };
        let mut forest = Forest::clone(&self.forest);
        for device in devices.iter().filter(|device| !self.devices.contains(device)) {
            forest.append(facts::forest(store, Some(device))?);
            grown.devices.push(device.clone());
        }
        grown.started = starts(&forest);
        grown.forest = Arc::new(forest);
        Ok(grown)
    }

    /// The process that an event started, or that caused it.
    pub fn node_of(&self, store: &Store, event: EventId) -> Result<Option<NodeId>, HuntError> {
        if let Some(node) = self.started.get(&event) {
            return Ok(Some(*node));
        }
        if let Some(node) = self.caused.lock().unwrap_or_else(PoisonError::into_inner).get(&event) {
            return Ok(*node);
        }
        let node = facts::actor_of(store, &self.forest, event)?;
        self.caused.lock().unwrap_or_else(PoisonError::into_inner).insert(event, node);
        Ok(node)
    }
}

/// Which process each event started.
pub fn starts(forest: &Forest) -> HashMap<EventId, NodeId> {
    forest.nodes.iter().flat_map(|node| node.events.iter().map(|event| (*event, node.id))).collect()
}

/// What all workers share.
#[derive(Debug, Default)]
pub struct Trees {
    grove: Mutex<Arc<Grove>>,
}

impl Trees {
    pub fn known(&self) -> Arc<Grove> {
        Arc::clone(&self.grove.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The trees of these hosts, in this order, read where they are not known yet.
    pub fn of(&self, store: &Store, devices: &[String]) -> Result<Arc<Grove>, HuntError> {
        let known = self.known();
        if known.devices == devices {
            return Ok(known);
        }
        // A list that goes on where the known one ends keeps the places of its processes.
        let grown = if devices.starts_with(&known.devices) {
            known.with(store, devices)?
        } else {
            Grove::default().with(store, devices)?
        };
        let grown = Arc::new(grown);
        *self.grove.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&grown);
        Ok(grown)
    }

    /// Which processes these events belong to; and the hosts of those that belong to none, where they are other ones.
    pub fn places(
        &self,
        store: &Store,
        devices: &[String],
        events: &[EventId],
        stop: &Stop,
    ) -> Result<Placed, Trouble> {
        let failed = |error: HuntError| Trouble::Failed(error.to_string());
        let grove = self.of(store, devices).map_err(failed)?;
        let mut placed = Placed::default();
        for event in events {
            stop.check()?;
            if let Some(node) = grove.node_of(store, *event).map_err(failed)? {
                placed.nodes.insert(*event, node);
                continue;
            }
            placed.lost.push(*event);
            if let Some(device) = facts::device_of(store, *event).map_err(failed)? {
                let is = |known: &String| known.eq_ignore_ascii_case(&device);
                if !devices.iter().any(is) && !placed.devices.iter().any(is) {
                    placed.devices.push(device);
                }
            }
        }
        Ok(placed)
    }
}
