//! The places in which the answer of one command is kept.

use super::journal::JournalPlace;
use super::key::RequestKey;

/// The places of a command's answer that was found in none of them.
#[derive(Debug, Default)]
pub(crate) struct AnswerPlaces {
    /// The key of the cache.
    pub(crate) key: Option<RequestKey>,
    /// The problem of the cache that hides its answer.
    pub(crate) problem: Option<String>,
    pub(crate) journal: Option<JournalPlace>,
}
