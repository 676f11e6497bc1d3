//! An import that goes on behind the console: its screen, which is seen when somebody asks for it.

use std::time::Duration;

use super::{Importing, Taken};
use crate::console::input::Input;

pub struct Behind {
    importing: Importing,
    /// How long it had been running when the console's clock began.
    ahead: Duration,
    /// Its screen lies over the console.
    pub is_shown: bool,
    /// The store takes nothing else while it is written: what was to be kept meanwhile is kept afterwards.
    pub unsaved: bool,
    /// When somebody who was leaving was told that it is running.
    pub told: Option<Duration>,
}

impl Behind {
    pub fn new(importing: Importing, ahead: Duration) -> Self {
        let importing = Importing { is_within: true, ..importing };
        Self { importing, ahead, is_shown: false, unsaved: false, told: None }
    }

    pub fn take(&mut self, input: Input, now: Duration) -> Taken {
        self.importing.take(input, now.saturating_add(self.ahead))
    }

    pub fn is_running(&self) -> bool {
        self.importing.outcome.is_none()
    }

    /// In a few words how far it is.
    pub fn glance(&self) -> String {
        match &self.importing.outcome {
            Some(Ok(report)) if report.interrupted => "import stopped".to_owned(),
            Some(Ok(_)) => "import over".to_owned(),
            Some(Err(_)) => "import failed".to_owned(),
            None => self.importing.briefly(),
        }
    }

    pub fn how_far(&self) -> String {
        self.importing.how_far()
    }

    pub fn screen(&mut self) -> &mut Importing {
        &mut self.importing
    }
}
