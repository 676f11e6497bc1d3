//! What was computed last for all rules, kept for every state of the switches that it answers for: then switching one of
//! the analyst's exclusions, or a pin, is a look-up in it.

use std::sync::{Arc, Mutex, PoisonError};

use super::source::{Settings, Stop};
use crate::hunt::switches::SwitchAction;
use crate::hunt::{HuntError, OwnExclusion};

/// What all workers share of it, and the settings it was made for.
#[derive(Debug)]
pub struct Last<Made>(Mutex<Option<(Settings, Arc<Made>)>>);

impl<Made> Default for Last<Made> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<Made> Last<Made> {
    /// What answers for these settings, made where it is not there. Nothing is kept of what was stopped: a rule whose
    /// statement was being prepared when the stop came is one that failed, like any other.
    pub fn or_make(
        &self,
        settings: &Settings,
        stop: &Stop,
        make: impl FnOnce() -> Result<Made, HuntError>,
    ) -> Result<Arc<Made>, HuntError> {
        if let Some(known) = self.made_for(settings) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        if stop.is_raised() {
            return Err(HuntError::Cancelled);
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((key(settings), Arc::clone(&made)));
        Ok(made)
    }

    /// What is there, where it answers for these settings.
    pub fn made_for(&self, settings: &Settings) -> Option<Arc<Made>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let key = key(settings);
        last.filter(|(made_for, _)| *made_for == key).map(|(_, made)| made)
    }
}

/// The part of the settings that the rows of the rules depend on, with what the analyst's exclusions say of them.
fn key(settings: &Settings) -> Settings {
    let mut key = settings.clone();
    let pins: Vec<_> = key.switches.pins().cloned().collect();
    for subject in pins {
        key.switches.apply(SwitchAction::Pin { subject, on: false });
    }
    let notes: Vec<_> = key.switches.notes().map(|(subject, _)| subject.clone()).collect();
    for subject in notes {
        key.switches.apply(SwitchAction::Note { subject, text: None });
    }
    let own: Vec<_> = key.switches.exclusions().map(|(id, own)| (id, own.clone())).collect();
    for (id, own) in own {
        let exclusion = Some(OwnExclusion { enabled: false, note: String::new(), owner: String::new(), ..own });
        key.switches.apply(SwitchAction::Exclusion { id, exclusion });
    }
    key
}
