//! The backend of servers: one pooled HTTP client.

use super::exchange::{BackendReply, EncodedRequest, Inquiry, Inspection, StreamedReply};
use super::ollama_api;
use super::wire_response::WireResponse;
use crate::endpoint::{Connection, Endpoint};
use crate::error::Error;
use crate::global;
use crate::transport::{Client, HttpRequest};

/// Sends requests to a server.
#[derive(Clone)]
pub(crate) struct HttpBackend {
    client: Client,
}

impl HttpBackend {
    /// Takes the client of the current runtime.
    ///
    /// # Errors
    ///
    /// There is no tokio runtime, or the client cannot be built.
    pub(super) fn new(endpoint: &Endpoint, connection: &Connection) -> Result<Self, Error> {
        let client = global::client(endpoint.is_loopback(), connection.connect_timeout)?;
        Ok(Self { client })
    }

    pub(super) async fn send(&self, request: &EncodedRequest) -> Result<BackendReply, Error> {
        let reply = self.client.exchange(http_request(request)?);
        Ok(BackendReply::Wire(reply.await?))
    }

    pub(super) async fn stream(&self, request: &EncodedRequest) -> Result<StreamedReply, Error> {
        let response = self.client.begin(http_request(request)?);
        Ok(StreamedReply::Wire(WireResponse::Live(response.await?)))
    }

    pub(super) async fn inspect(
        &self,
        endpoint: &Endpoint,
        inquiry: Inquiry<'_>,
    ) -> Result<Inspection, Error> {
        ollama_api::inspect(&self.client, endpoint, inquiry).await
    }
}

fn http_request(request: &EncodedRequest) -> Result<HttpRequest<'_>, Error> {
    let endpoint = &request.info.resolved.endpoint;
    match (endpoint.chat_url(), endpoint.connection()) {
        (Some(url), Some(connection)) => Ok(HttpRequest {
            url,
            authorization: connection.key.as_ref(),
            body: Some(request.body.clone()),
            idle_timeout: connection.idle_timeout,
            max_concurrency: connection.max_concurrency,
            is_queued: request.info.deadline.queue_flag(),
        }),
        // NOTE: `ActiveBackend::select` gives a model file to the engine.
        _ => Err(Error::configuration("a model file has no server", "")),
    }
}
