//! Accepted answers that are kept, so that a model is not asked again.
//!
//! `key` identifies a request and the model that answers it, `entry` is the form of an answer, and `cache` keeps entries
//! in memory or in a folder, and `journal` keeps those of a batch in one file. The pipeline reads and writes them where a command begins and ends; nothing here knows
//! commands or servers.

mod answer_places;
mod cache;
mod entry;
mod folder;
mod journal;
mod key;
mod memory;
mod reply;

pub(crate) use self::answer_places::AnswerPlaces;
pub use self::cache::Cache;
pub(crate) use self::entry::KeptAnswer;
pub use self::journal::Change;
pub(crate) use self::journal::{Journal, JournalHeader, JournalPlace, JournalProblem, Opening};
pub(crate) use self::key::{ModelIdentity, RequestKey};
#[cfg(feature = "testing")]
pub(crate) use self::reply::StoredReply;
