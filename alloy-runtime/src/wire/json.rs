//! Writing a JSON body once, from pieces of which some are JSON already.

use std::io::Write as _;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Writes JSON into one buffer. The caller writes the structure; this writes values.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Appends what is JSON already, or a piece of its structure.
    pub(super) fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Appends a string or a number.
    pub(super) fn value(&mut self, value: impl Serialize) -> &mut Self {
        // NOTE: Neither the buffer nor a string or number can fail to be written; a number that JSON
        // cannot hold becomes `null`.
        let written = serde_json::to_writer(&mut self.0, &value);
        debug_assert!(written.is_ok(), "{written:?}");
        self
    }

    /// Appends the system message's text: the user's own, and the form, escaped already, after it.
    pub(super) fn system_text(&mut self, own: Option<&str>, form: Option<&str>) -> &mut Self {
        self.value(own.unwrap_or_default());
        if let Some(form) = form {
            // The closing quote moves behind the form.
            self.0.pop();
            if own.is_some() {
                self.raw("\\n\\n");
            }
            self.raw(form).raw("\"");
        }
        self
    }

    /// Appends a number of seconds, whole where it is whole.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "whole seconds of `KeepAlive` are fewer than 10 to the power of 10"
    )]
    pub(super) fn seconds(&mut self, seconds: f64) -> &mut Self {
        match seconds.fract() == 0.0 {
            true => self.value(seconds as i64),
            false => self.value(seconds),
        }
    }

    /// Appends bytes in base64, without quotes.
    pub(super) fn base64(&mut self, bytes: &[u8]) -> &mut Self {
        let written = write!(self.0, "{}", Base64Display::new(bytes, &STANDARD));
        debug_assert!(written.is_ok(), "{written:?}");
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// What [`Writer::system_text`] writes, as the server reads it.
pub(crate) fn system_text(own: Option<&str>, form: Option<&str>) -> Option<String> {
    if own.is_none() && form.is_none() {
        return None;
    }
    let mut out = Writer::with_capacity(0);
    out.system_text(own, form);
    // NOTE: What was just written is a JSON string.
    serde_json::from_slice(&out.into_bytes()).ok()
}
