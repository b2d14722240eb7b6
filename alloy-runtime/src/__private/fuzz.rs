//! What the fuzz targets of `tests/fuzz` reach, in builds of theirs alone.

use crate::config::Api;
use crate::error::Error;
use crate::global;
use crate::output::{Accept as _, Output, Repair, Said, Slot};
use crate::wire;

/// Reads a text as an answer: the value, and what had to be done for it.
pub fn read_answer<T: Output>(
    text: &str,
    thinking: Option<&str>,
) -> Result<(Option<T>, Vec<Repair>), Error> {
    let mut slot = Slot::new(None);
    let repairs = slot.accept(Said { text, thinking }, global::expectation::<T>())?;
    Ok((slot.into_value(), repairs))
}

/// Reads a stream whose body comes in these pieces: its text, its thinking text, and how it ended, in words.
pub fn read_stream<'a>(
    api: Api,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, String, String) {
    let (text, thinking, end) = wire::read_stream(api, pieces);
    (text, thinking, format!("{end:?}"))
}

/// Loads a model file, and asks it for a few tokens.
#[cfg(feature = "embedded")]
pub fn try_model_file(path: &std::path::Path) -> Result<(), Error> {
    crate::embedded::try_file(path)
}
