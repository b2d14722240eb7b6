//! The seam between a command and what answers it.
//!
//! A backend takes an [`EncodedRequest`] and returns the reply as it came: the bytes of HTTP, or the events of the
//! engine. The pipeline above it owns the deadline, retries, decoding, thinking, redaction and the context of errors;
//! a backend owns its connections and permits, and nothing else.
//!
//! HTTP and the engine are called statically, so that a real call pays for no boxed future. Any other backend implements
//! [`Exchange`] in one file of this module.

mod engine;
mod exchange;
#[cfg(feature = "testing")]
mod fake;
mod forbid;
mod http;
mod ollama_api;
#[cfg(feature = "testing")]
mod portable;
#[cfg(test)]
mod tests;
mod wire_response;

use std::sync::Arc;

#[cfg(feature = "testing")]
pub(crate) use self::exchange::Operation;
pub(crate) use self::exchange::{
    BackendReply, CallInfo, EncodedRequest, Exchange, Inquiry, Inspection, ReplyEvents,
    StreamedReply,
};
#[cfg(feature = "testing")]
pub(crate) use self::fake::FakeBackend;
use self::forbid::Forbid;
use self::http::HttpBackend;
#[cfg(feature = "testing")]
pub(crate) use self::portable::{file_name, portable_body};
pub(crate) use self::wire_response::WireResponse;
#[cfg(feature = "testing")]
pub(crate) use self::wire_response::{ResponseHead, StandInResponse};
use crate::config::Backend;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::global;

/// The backend of one command.
#[derive(Clone)]
pub(crate) enum ActiveBackend {
    Http(HttpBackend),
    /// The engine in this process.
    Engine,
    /// A backend from the settings, which takes the place of the endpoint's own.
    Custom(Arc<dyn Exchange>),
}

/// A custom backend as the opaque [`Backend`] of the settings holds it.
struct CustomExchange(Arc<dyn Exchange>);

/// Wraps a custom backend for the settings.
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "the feature `testing` has the custom backends")
)]
pub(crate) fn custom(name: &'static str, exchange: impl Exchange + 'static) -> Backend {
    Backend::custom(name, Arc::new(CustomExchange(Arc::new(exchange))))
}

impl ActiveBackend {
    /// Selects the backend of the settings, or else that of the endpoint.
    ///
    /// # Errors
    ///
    /// HTTP needs a tokio runtime, and its client may not be available (certificates, proxies).
    pub(crate) fn select(backend: &Backend, endpoint: &Endpoint) -> Result<Self, Error> {
        let custom = backend.exchange().and_then(|any| any.downcast_ref());
        if let Some(CustomExchange(exchange)) = custom {
            return Ok(Self::Custom(Arc::clone(exchange)));
        }
        #[cfg(feature = "testing")]
        if backend.is_fake() {
            return Ok(Self::Custom(Arc::new(FakeBackend::default())));
        }
        match backend.is_forbidden() {
            true => Ok(Self::Custom(Arc::new(Forbid))),
            false => Self::real(endpoint),
        }
    }

    /// Selects the backend of the endpoint itself, unless requests are forbidden. A custom backend that records uses it.
    ///
    /// # Errors
    ///
    /// Those of [`select`](Self::select).
    pub(crate) fn real(endpoint: &Endpoint) -> Result<Self, Error> {
        if global::forbids_requests() {
            return Ok(Self::Custom(Arc::new(Forbid)));
        }
        match endpoint.connection() {
            Some(connection) => Ok(Self::Http(HttpBackend::new(endpoint, connection)?)),
            None => Ok(Self::Engine),
        }
    }

    /// Returns `true` if a pause between two requests would wait for a server.
    pub(crate) fn has_server(&self) -> bool {
        match self {
            Self::Http(_) => true,
            Self::Engine => false,
            Self::Custom(exchange) => exchange.has_server(),
        }
    }

    /// Sends a request once, and returns its whole reply.
    ///
    /// # Errors
    ///
    /// There was no reply. An error that the server replied is not decoded here.
    pub(crate) async fn send(&self, request: &EncodedRequest) -> Result<BackendReply, Error> {
        match self {
            Self::Http(http) => http.send(request).await,
            // Boxed: a command that asks a server does not hold the engine's future.
            Self::Engine => Box::pin(engine::send(request)).await,
            Self::Custom(exchange) => exchange.send(request.clone()).await,
        }
    }

    /// Sends a request once, and returns its reply once it has begun.
    ///
    /// # Errors
    ///
    /// There was no reply. An error that the server replied is not decoded here.
    pub(crate) async fn stream(&self, request: &EncodedRequest) -> Result<StreamedReply, Error> {
        match self {
            Self::Http(http) => http.stream(request).await,
            Self::Engine => engine::stream(request).await,
            Self::Custom(exchange) => exchange.stream(request.clone()).await,
        }
    }

    /// Asks an endpoint a question other than chat.
    ///
    /// # Errors
    ///
    /// There was no reply, or the server replied with an error.
    pub(crate) async fn inspect(
        &self,
        endpoint: &Endpoint,
        inquiry: Inquiry<'_>,
    ) -> Result<Inspection, Error> {
        match self {
            Self::Http(http) => http.inspect(endpoint, inquiry).await,
            Self::Engine => Ok(engine::inspect(inquiry)),
            Self::Custom(exchange) => exchange.inspect(endpoint, inquiry).await,
        }
    }
}
