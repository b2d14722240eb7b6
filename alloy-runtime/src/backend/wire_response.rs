//! The response of a server to a streamed request: live, or a stand-in.

use std::task::{Context, Poll};

use bytes::Bytes;

use crate::error::Error;
use crate::transport::HttpResponse;
#[cfg(feature = "testing")]
use crate::transport::body_format;
use crate::wire::{BodyFormat, RawReply};

/// A response whose head has arrived and whose body follows in chunks.
pub(crate) enum WireResponse {
    Live(HttpResponse),
    /// A response that is played from a recording, or copied into one.
    #[cfg(feature = "testing")]
    StandIn(Box<dyn StandInResponse>),
}

/// The head of a response, as far as a reply needs it.
#[cfg(feature = "testing")]
#[derive(Clone, Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<std::time::Duration>,
}

/// A response other than a live one.
#[cfg(feature = "testing")]
pub(crate) trait StandInResponse: Send {
    fn head(&self) -> &ResponseHead;

    /// See [`WireResponse::poll_chunk`].
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>>;
}

impl WireResponse {
    /// Returns the format of the body by its content type; `None` if that does not tell.
    pub(crate) fn format(&self) -> Option<BodyFormat> {
        match self {
            Self::Live(response) => response.format(),
            #[cfg(feature = "testing")]
            Self::StandIn(response) => body_format(response.head().content_type.as_deref()?),
        }
    }

    /// Returns `true` if the status is 200, which means that the body is an answer.
    pub(crate) fn is_success(&self) -> bool {
        match self {
            Self::Live(response) => response.is_success(),
            #[cfg(feature = "testing")]
            Self::StandIn(response) => response.head().status == 200,
        }
    }

    /// Polls for the next chunk of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// The body broke off.
    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        match self {
            Self::Live(response) => response.poll_chunk(context),
            #[cfg(feature = "testing")]
            Self::StandIn(response) => response.poll_chunk(context),
        }
    }

    /// Reads the response to its end.
    ///
    /// # Errors
    ///
    /// The body broke off.
    pub(crate) async fn into_raw_reply(self) -> Result<RawReply, Error> {
        match self {
            Self::Live(response) => response.into_raw_reply().await,
            #[cfg(feature = "testing")]
            Self::StandIn(mut response) => {
                let mut body = Vec::new();
                while let Some(chunk) =
                    std::future::poll_fn(|context| response.poll_chunk(context)).await?
                {
                    body.extend_from_slice(&chunk);
                }
                let ResponseHead {
                    status,
                    location,
                    retry_after,
                    ..
                } = response.head().clone();
                Ok(RawReply {
                    status,
                    location,
                    retry_after,
                    body: body.into(),
                })
            }
        }
    }

    /// Returns the head of the response.
    #[cfg(feature = "testing")]
    pub(crate) fn head(&self) -> ResponseHead {
        match self {
            Self::Live(response) => {
                let RawReply {
                    status,
                    location,
                    retry_after,
                    ..
                } = response.to_raw_reply(Bytes::new());
                ResponseHead {
                    status,
                    content_type: response.content_type().map(str::to_owned),
                    location,
                    retry_after,
                }
            }
            Self::StandIn(response) => response.head().clone(),
        }
    }
}
