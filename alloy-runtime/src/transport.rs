//! HTTP client: sends requests over pooled connections and reads their responses, whole or in chunks.
//!
//! This module does all network I/O of the crate.

mod client;
mod connect;
mod error;
mod idle_timer;
mod permits;
mod response;
#[cfg(test)]
#[cfg(feature = "tls")]
mod tests;

pub(crate) use self::client::{Client, HttpRequest};
pub(crate) use self::response::HttpResponse;
#[cfg(feature = "testing")]
pub(crate) use self::response::body_format;
