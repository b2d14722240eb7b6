//! What the fuzz targets of `tests/fuzz` reach, in builds of theirs alone.

use crate::error::Error;
use crate::global;
use crate::output::{Accept as _, Output, Repair, Said, Slot};

/// Reads a text as an answer: the value, and what had to be done for it.
pub fn read_answer<T: Output>(
    text: &str,
    thinking: Option<&str>,
) -> Result<(Option<T>, Vec<Repair>), Error> {
    let mut slot = Slot::new(None);
    let repairs = slot.accept(Said { text, thinking }, global::expectation::<T>())?;
    Ok((slot.into_value(), repairs))
}
