//! What a function makes of a whole argument before it looks at a row: a needle, an automaton, a regular expression.
//!
//! SQLite keeps it for arguments that are constants. An argument that is found once in a statement, as the list of a
//! sub-select is, is none to it; what was made of such a text is kept for the statement under a place of its own.

use std::sync::Arc;

use rusqlite::functions::Context;

use super::value::Arguments;

/// How many texts are kept for a statement, each in the place that its ends and its length lead to.
const PLACES: u64 = 16;

struct Kept<T> {
    text: Option<String>,
    made: Arc<T>,
}

/// What `make` makes of an argument's text (`None` for null), if possible of an earlier row's. One type is made in one
/// way: what another function of the statement made of the same text is taken as well.
pub(super) fn prepared<T: Send + Sync + 'static>(
    context: &Context<'_>,
    place: usize,
    make: impl FnOnce(Option<&str>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Arc<T>> {
    if place >= context.len() {
        return make(None).map(Arc::new);
    }
    let slot = i32::try_from(place).unwrap_or(0);
    if let Some(constant) = context.get_aux::<Arc<T>>(slot)? {
        return Ok(Arc::clone(&constant));
    }
    let text = context.maybe_text(place);
    // A negative place is the whole statement's: what is there may be of another function.
    let shared = place_of(text);
    if let Ok(Some(kept)) = context.get_aux::<Kept<T>>(shared)
        && kept.text.as_deref() == text
    {
        return Ok(Arc::clone(&kept.made));
    }
    let made = Arc::new(make(text)?);
    context.set_aux(slot, Arc::clone(&made))?;
    context.set_aux(shared, Kept { text: text.map(str::to_owned), made: Arc::clone(&made) })?;
    Ok(made)
}

fn place_of(text: Option<&str>) -> i32 {
    let text = text.unwrap_or_default();
    let sum = text
        .bytes()
        .take(16)
        .chain(text.bytes().rev().take(16))
        .fold(text.len() as u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    -1 - i32::try_from(sum % PLACES).unwrap_or(0)
}
