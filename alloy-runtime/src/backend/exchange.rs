//! The interface of a backend: requests, replies and the three operations.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;

use super::wire_response::WireResponse;
use crate::deadline::Deadline;
use crate::endpoint::{Endpoint, Resolved};
use crate::error::Error;
use crate::installed::InstalledModel;
#[cfg(feature = "testing")]
use crate::output::Conditions;
use crate::output::OutputSpec;
use crate::reply::{Reply, ReplyEvent};
use crate::tool::Toolset;
use crate::wire::RawReply;

/// A boxed future of an operation of [`Exchange`].
pub(crate) type Operation<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The events of a reply as they arrive.
pub(crate) type ReplyEvents = Pin<Box<dyn Stream<Item = Result<ReplyEvent, Error>> + Send>>;

/// The parts of a command that stay the same for all of its requests.
#[derive(Debug)]
pub(crate) struct CallInfo {
    /// The command's name.
    pub(crate) command: &'static str,
    /// The settings, the model and the endpoint.
    pub(crate) resolved: Arc<Resolved>,
    pub(crate) output: &'static OutputSpec,
    /// The `#[ensure]` conditions, for stand-ins.
    #[cfg(feature = "testing")]
    pub(crate) conditions: Option<Conditions>,
    /// The tools that the model may call.
    pub(crate) toolset: Option<Arc<Toolset>>,
    pub(crate) deadline: Deadline,
}

/// One request, ready to be sent. Cheap to clone: a retry sends the same bytes.
#[derive(Clone, Debug)]
pub(crate) struct EncodedRequest {
    pub(crate) info: Arc<CallInfo>,
    /// The body in the protocol of the endpoint.
    pub(crate) body: Bytes,
}

/// A whole reply.
#[derive(Debug)]
pub(crate) enum BackendReply {
    /// The bytes of a server, whatever their status.
    Wire(RawReply),
    /// A reply that needs no decoding: the engine's, or a custom backend's.
    Decoded(Box<Reply>),
}

/// A reply that has begun.
pub(crate) enum StreamedReply {
    /// The response of a server, whatever its status.
    Wire(WireResponse),
    /// Decoded deltas, then [`ReplyEvent::Done`]. The text of `Done` is ignored: the deltas are the text.
    Events(ReplyEvents),
}

/// A question to an endpoint other than chat.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inquiry<'a> {
    /// The models that are installed.
    InstalledModels {
        /// `true` if an error of a command is to suggest models: the program did not ask.
        #[cfg_attr(
            not(feature = "testing"),
            allow(dead_code, reason = "a cassette of the feature `testing` reads it")
        )]
        is_for_error: bool,
    },
    /// The capabilities of a model: `tools`, `vision`, `thinking`, ….
    Capabilities { model: &'a str },
    /// The context that a model was loaded with, in tokens.
    LoadedContext { model: &'a str },
    /// The digest of a model, which changes with its files.
    Digest { model: &'a str },
}

/// The answer to an [`Inquiry`].
#[derive(Debug)]
pub(crate) enum Inspection {
    InstalledModels(Vec<InstalledModel>),
    Capabilities(Vec<String>),
    LoadedContext(u64),
    Digest(String),
    /// The endpoint does not say.
    Unknown,
}

#[cfg(feature = "testing")]
impl Inspection {
    /// Answers for a stand-in of a test, which can do whatever a command asks for.
    pub(crate) fn of_stand_in(inquiry: Inquiry<'_>) -> Self {
        match inquiry {
            Inquiry::Capabilities { .. } => {
                let all = ["completion", "tools", "vision", "thinking"];
                Self::Capabilities(all.map(str::to_owned).into())
            }
            Inquiry::InstalledModels { .. }
            | Inquiry::LoadedContext { .. }
            | Inquiry::Digest { .. } => Self::Unknown,
        }
    }
}

/// Something that answers requests in place of a real endpoint.
pub(crate) trait Exchange: Send + Sync {
    /// Returns `true` if a pause between two requests waits for a real server.
    fn has_server(&self) -> bool {
        false
    }

    /// See [`ActiveBackend::send`](super::ActiveBackend::send).
    fn send(&self, request: EncodedRequest) -> Operation<'_, BackendReply>;

    /// See [`ActiveBackend::stream`](super::ActiveBackend::stream).
    fn stream(&self, request: EncodedRequest) -> Operation<'_, StreamedReply>;

    /// See [`ActiveBackend::inspect`](super::ActiveBackend::inspect).
    fn inspect<'a>(
        &'a self,
        _endpoint: &'a Endpoint,
        _inquiry: Inquiry<'a>,
    ) -> Operation<'a, Inspection> {
        Box::pin(async { Ok(Inspection::Unknown) })
    }
}
