//! Ollama's API other than chat: installed models, capabilities, loaded contexts. Other servers do not have it.

use super::exchange::{Inquiry, Inspection};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::transport::{Client, HttpRequest};
use crate::wire::{RawReply, ollama_api};

/// Asks an Ollama server. Any other server is [`Inspection::Unknown`].
///
/// # Errors
///
/// There was no reply, or the server replied with an error.
pub(super) async fn inspect(
    client: &Client,
    endpoint: &Endpoint,
    inquiry: Inquiry<'_>,
) -> Result<Inspection, Error> {
    match inquiry {
        Inquiry::InstalledModels { .. } => {
            let reply = request(client, endpoint, ollama_api::TAGS, None).await?;
            let models = reply.as_ref().map(ollama_api::decode_tags).transpose()?;
            Ok(models.map_or(Inspection::Unknown, Inspection::InstalledModels))
        }
        Inquiry::Capabilities { model } => {
            let body = ollama_api::encode_show(model);
            let reply = request(client, endpoint, ollama_api::SHOW, Some(body)).await?;
            let capabilities = reply
                .as_ref()
                .map(ollama_api::decode_capabilities)
                .transpose()?;
            let capabilities = capabilities.flatten();
            Ok(capabilities.map_or(Inspection::Unknown, Inspection::Capabilities))
        }
        Inquiry::LoadedContext { model } => {
            let reply = request(client, endpoint, ollama_api::PS, None).await?;
            let tokens = reply.and_then(|reply| ollama_api::decode_context_length(&reply, model));
            Ok(tokens.map_or(Inspection::Unknown, Inspection::LoadedContext))
        }
        Inquiry::Digest { model } => {
            let reply = request(client, endpoint, ollama_api::TAGS, None).await?;
            let digest = reply.map(|reply| ollama_api::decode_digest(&reply, model));
            let digest = digest.transpose()?.flatten();
            Ok(digest.map_or(Inspection::Unknown, Inspection::Digest))
        }
    }
}

/// Sends a request that waits for no permit, because others wait for its reply; `None` if the server is not Ollama's.
async fn request(
    client: &Client,
    endpoint: &Endpoint,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<Option<RawReply>, Error> {
    let (Some(url), Some(connection)) = (endpoint.ollama_url(path), endpoint.connection()) else {
        return Ok(None);
    };
    let request = HttpRequest {
        url: &url,
        authorization: connection.key.as_ref(),
        body: body.map(Into::into),
        idle_timeout: connection.idle_timeout,
        max_concurrency: connection.max_concurrency,
        is_queued: None,
    };
    client.exchange_at_once(request).await.map(Some)
}
