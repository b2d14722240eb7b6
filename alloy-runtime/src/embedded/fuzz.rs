//! Entry point of the fuzz target of model files.

use std::path::Path;
use std::time::Duration;

use super::generator::{AnswerFailure, TextListener};
use super::model::Model;
use super::request::EngineRequest;
use crate::error::Error;

/// Loads a file and generates a few tokens on this thread.
///
/// # Errors
///
/// The file cannot be opened or cannot be run.
pub(crate) fn try_file(path: &Path) -> Result<(), Error> {
    struct DiscardText;

    impl TextListener for DiscardText {
        fn on_text(&self, _text: &str) {}

        fn is_gone(&self) -> bool {
            false
        }
    }

    let body =
        br#"{"messages":[{"role":"user","content":"Say hello"}],"options":{"num_predict":2}}"#;
    let mut model = Model::load(path)?;
    let request = EngineRequest::from_body(body).map_err(|error| Error::prompt(error.into()))?;
    match model.answer(&request, &DiscardText, Duration::ZERO) {
        Ok(_) | Err(AnswerFailure::Cancelled) => Ok(()),
        Err(AnswerFailure::Error(error)) => Err(error),
    }
}
