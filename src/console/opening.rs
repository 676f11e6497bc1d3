//! A store as it is opened for the console: what all workers share of it, and what of the desk is kept in it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use super::last::Last;
use super::session::Session;
use super::source::Kept;
use super::trees::Trees;
use crate::hunt::browse::EventsAsked;
use crate::hunt::exclusions::NativeReach;
use crate::hunt::moments::Totals;
use crate::hunt::switches::Switches;
use crate::hunt::{Case, Clock, EventId, HuntError, Survey, case};
use crate::kql::values::ticks_of;
use crate::rules::Catalog;
use crate::rules::attack::Attack;
use crate::rules::indicators::Corpus;
use crate::store::Store;

/// How a store is looked at.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The store's file name, or the scenario's.
    pub name: String,
    /// The text of a demo scenario.
    pub lesson: Option<String>,
    /// The desk is not to be as it was left.
    pub fresh: bool,
    /// Nothing is to be kept in the store.
    pub read_only: bool,
    /// The switches that the store keeps are left alone.
    pub bare: bool,
}

/// What all workers of a console share: read once, never changed.
pub struct Shared {
    pub(super) case: Case,
    pub(super) attack: Attack,
    pub(super) corpus: Corpus,
    pub(super) name: String,
    pub(super) lesson: Option<String>,
    pub(super) session: Option<Session>,
    pub(super) read_only: bool,
    /// The last survey and what it was made for: switching an exclusion is a look-up in it.
    pub(super) survey: Last<Survey>,
    /// As the survey, for the exclusions in the texts of the rules.
    pub(super) reaches: Last<Vec<NativeReach>>,
    pub(super) trees: Trees,
    /// The last list of events, and what it was made for: scrolling reads pages of it.
    pub(super) events: Mutex<Option<EventList>>,
    /// How many events of each kind there are: a pass over all of them.
    pub(super) totals: Mutex<Option<Arc<Totals>>>,
}

pub(super) type EventList = (Option<Clock>, EventsAsked, Arc<Vec<EventId>>);

impl Shared {
    pub fn open(path: &Path, catalog: Catalog, opening: Opening) -> Result<Arc<Self>, HuntError> {
        let Opening { name, lesson, fresh, read_only, bare } = opening;
        let corpus = Corpus::of(&catalog);
        let mut case = Case::open(path, Arc::new(catalog))?;
        if bare {
            case.switches = Switches::default();
        }
        let attack = Attack::load()
            .map_err(|error| HuntError::Failed { what: "the ATT&CK names".to_owned(), reason: error.to_string() })?;
        let session = if fresh { None } else { saved_session(&case.reader()?)? };
        Ok(Arc::new(Self {
            case,
            attack,
            corpus,
            name,
            lesson,
            session,
            read_only: read_only || !is_writable(path),
            survey: Last::default(),
            reaches: Last::default(),
            trees: Trees::default(),
            events: Mutex::new(None),
            totals: Mutex::new(None),
        }))
    }

    /// Saves through a connection of its own, open only for this: readers stay readers.
    pub(super) fn save(&self, kept: &Kept) -> Result<(), HuntError> {
        if self.read_only {
            return Ok(());
        }
        let mut writer = Store::create_or_open(&self.case.store)?;
        let now = ticks_of(std::time::SystemTime::now());
        case::save_switches(&mut writer, &kept.switches, now)?;
        Ok(writer.set_state(SESSION_KEY, SESSION_VERSION, &kept.session)?)
    }
}

/// The key of the desk in the store's saved state.
const SESSION_KEY: &str = "console.session";
const SESSION_VERSION: i64 = 1;

/// The desk as the store keeps it; one that this version cannot read is left alone.
fn saved_session(store: &Store) -> Result<Option<Session>, HuntError> {
    let saved = store.state::<serde_json::Value>(SESSION_KEY)?;
    Ok(saved
        .filter(|(version, _)| *version == SESSION_VERSION)
        .and_then(|(_, value)| serde_json::from_value(value).ok()))
}

/// Whether the file takes writing. Opening it so changes nothing.
fn is_writable(path: &Path) -> bool {
    std::fs::OpenOptions::new().append(true).open(path).is_ok()
}
