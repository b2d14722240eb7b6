//! The interface that the errors of all origins share.

use std::borrow::Cow;
use std::fmt;

use super::context::ErrorContext;
use super::kind::ErrorKind;

/// An error of one origin: its kind, its message and its help.
pub(super) trait ErrorOrigin: fmt::Debug {
    fn kind(&self) -> ErrorKind;

    /// Returns the message of this layer. For the kinds a newcomer meets first it ends with the next step, because
    /// most people see nothing else.
    fn message(&self, context: &ErrorContext) -> String;

    /// Returns the next step for a person.
    fn help(&self, context: &ErrorContext) -> Cow<'static, str>;

    /// Returns the texts that came from a server or a model: each may contain the key that was sent there.
    fn foreign_texts(&mut self) -> Vec<&mut String> {
        Vec::new()
    }

    /// Returns how often a request that ends in this error may be sent in total.
    fn max_transmissions(&self, _server_named_a_delay: bool) -> u32 {
        1
    }
}
