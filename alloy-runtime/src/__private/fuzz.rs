//! Entry points of the fuzz targets in `tests/fuzz`. They are compiled only with `cfg(fuzzing)`.

use crate::config::Api;
use crate::endpoint::Protocol;
use crate::error::Error;
use crate::global;
use crate::output::{Accept as _, AnswerText, Output, Repair, Slot};
use crate::wire;

/// Parses a text as an answer. Returns the value and the repairs.
pub fn read_answer<T: Output>(
    text: &str,
    thinking: Option<&str>,
) -> Result<(Option<T>, Vec<Repair>), Error> {
    let mut slot = Slot::new(None);
    let repairs = slot.accept(AnswerText { text, thinking }, global::output_spec::<T>())?;
    Ok((slot.into_value(), repairs))
}

/// Parses a streamed body. Returns its text, its thinking text, and the `Debug` form of its end.
pub fn read_stream<'a>(
    api: Api,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (String, String, String) {
    let protocol = match api {
        Api::Native => Protocol::Native,
        Api::OpenaiChat => Protocol::OpenaiChat,
    };
    let (text, thinking, end) = wire::read_stream(protocol, pieces);
    (text, thinking, format!("{end:?}"))
}

/// Loads a model file and generates a few tokens.
#[cfg(feature = "embedded")]
pub fn try_model_file(path: &std::path::Path) -> Result<(), Error> {
    crate::embedded::try_file(path)
}
