//! The backend of model files: the engine in this process.

use super::exchange::{BackendReply, EncodedRequest, Inquiry, Inspection, StreamedReply};
use crate::embedded::Generation;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::global;

pub(super) async fn send(request: &EncodedRequest) -> Result<BackendReply, Error> {
    let reply = generate(request)?.whole().await?;
    Ok(BackendReply::Decoded(Box::new(reply)))
}

/// Waits for the first event, so that an error before it is the error of this request.
pub(super) async fn stream(request: &EncodedRequest) -> Result<StreamedReply, Error> {
    let events = generate(request)?.begin().await?;
    Ok(StreamedReply::Events(Box::pin(events)))
}

pub(super) fn inspect(inquiry: Inquiry<'_>) -> Inspection {
    match inquiry {
        Inquiry::Capabilities { .. } => {
            Inspection::Capabilities(["completion", "tools"].map(str::to_owned).into())
        }
        // The engine reports a prompt that is too long as an error.
        Inquiry::InstalledModels { .. }
        | Inquiry::LoadedContext { .. }
        | Inquiry::Digest { .. } => Inspection::Unknown,
    }
}

/// Hands a request to the thread of its model file.
fn generate(request: &EncodedRequest) -> Result<Generation, Error> {
    match &request.info.resolved.endpoint {
        Endpoint::ModelFile(path) => global::generate(path, request.body.clone()),
        // NOTE: `ActiveBackend::select` gives a server to HTTP.
        Endpoint::Ollama { .. } | Endpoint::ChatCompletions { .. } => {
            Err(Error::configuration("a server has no model file", ""))
        }
    }
}
