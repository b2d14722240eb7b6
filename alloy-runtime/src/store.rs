//! Accepted answers that are kept, so that a model is not asked again.
//!
//! `key` identifies a request and the model that answers it, `entry` is the form of an answer, and `cache` keeps entries
//! in memory or in a folder. The pipeline reads and writes them where a command begins and ends; nothing here knows
//! commands or servers.

mod cache;
mod entry;
mod folder;
mod key;
mod memory;
mod reply;

pub use self::cache::Cache;
pub(crate) use self::entry::KeptAnswer;
pub(crate) use self::key::{ModelIdentity, RequestKey};
#[cfg(feature = "testing")]
pub(crate) use self::reply::StoredReply;
