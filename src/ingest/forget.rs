//! Takes a source out of a store, and finds parents anew among what stays.

use super::{Due, ENRICHMENT_DUE, ImportError, enrich_if_due};
use crate::store::{Forgotten, Source, Store};

/// Takes out all events of a source. What other sources hold of them has to be imported again.
pub fn forget(store: &mut Store, source: &Source) -> Result<Forgotten, ImportError> {
    store.set_state(ENRICHMENT_DUE, 1, &Due::Anew)?;
    let forgotten = store.forget(source)?;
    enrich_if_due(store, None)?;
    Ok(forgotten)
}
