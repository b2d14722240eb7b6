//! Sends a request again if its reply never began or the server was busy.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use super::active_call::ActiveCall;
use super::counters::Counters;
use super::inspect::enrich;
use super::reply_stream::{EventReplyStream, HttpReplyStream, ReplyStream};
use super::transcript::Transcript;
use crate::backend::{BackendReply, EncodedRequest, StreamedReply};
use crate::config::RetryEvent;
use crate::deadline::ServerPause;
use crate::error::Error;
use crate::output::split_thinking;
use crate::reply::Reply;
use crate::wire::{self, error_reply};

/// The longest pause that a server may ask for. A longer one is an error at once.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Sends a request with `send`, up to three times if its reply never began or the server was busy. Each transmission is
/// counted. `hook_transcript` completes the error that `on_retry` receives; `None` for a stream, which calls no hook.
///
/// # Errors
///
/// The error of the last transmission, completed by [`enrich`].
#[expect(
    clippy::manual_async_fn,
    reason = "the future of an async function holds its parameters twice"
)]
pub(super) fn send_with_retry<T, F>(
    call: &ActiveCall,
    counters: &mut Counters,
    hook_transcript: Option<&Transcript>,
    send: impl Fn() -> F,
) -> impl Future<Output = Result<T, Error>>
where
    F: Future<Output = Result<T, Error>>,
{
    async move {
        let mut transmissions = 0;
        loop {
            transmissions += 1;
            if let Some(pause) = shared_pause(call) {
                Box::pin(wait_until_ended(call, pause)).await?;
            }
            counters.requests += 1;
            let error = match send().await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if let (Some(shared), Some(wait)) = (shared_pause(call), error.retry_after()) {
                shared.extend(wait);
            }
            let pause = pause(&error, transmissions);
            let Some(pause) = pause.filter(|pause| call.deadline().allows(*pause)) else {
                return Err(Box::pin(enrich(call, error)).await);
            };
            let kind = error.kind();
            tracing::debug!(requests = transmissions, error.r#type = ?kind, ?pause, "sending again");
            if let Some(transcript) = hook_transcript.filter(|_| call.settings().has_retry_hook()) {
                call.settings().notify(&RetryEvent {
                    command: call.info.command,
                    attempt: counters.attempts + 1,
                    transmission: transmissions + 1,
                    pause,
                    error: &call.attach_to(error, *counters, transcript),
                });
            }
            // A stand-in is not busy.
            if call.backend.has_server() {
                Box::pin(sleep(pause)).await;
            }
        }
    }
}

/// Sends a request once, and decodes its reply.
pub(super) async fn send_once(
    call: &ActiveCall,
    request: &EncodedRequest,
) -> Result<Box<Reply>, Error> {
    let reply = call
        .deadline()
        .run(pin!(call.backend.send(request)))
        .await?;
    let mut reply = match reply {
        BackendReply::Wire(raw) => {
            let endpoint = &call.info.resolved.endpoint;
            let reply = wire::decode(endpoint.protocol(), endpoint.chat_path(), &raw);
            Box::new(reply.map_err(|error| error.with_retry_after(raw.retry_after))?)
        }
        BackendReply::Decoded(reply) => reply,
    };
    split_inline_thinking(&mut reply);
    Ok(reply)
}

/// Sends a request once, and returns its reply once it has begun.
pub(super) async fn stream_once(
    call: &ActiveCall,
    request: &EncodedRequest,
) -> Result<Box<dyn ReplyStream>, Error> {
    let endpoint = &call.info.resolved.endpoint;
    match call
        .deadline()
        .run(pin!(call.backend.stream(request)))
        .await?
    {
        StreamedReply::Events(events) => Ok(Box::new(EventReplyStream::new(events))),
        StreamedReply::Wire(response) if response.is_success() => Ok(Box::new(
            HttpReplyStream::new(endpoint.protocol(), response),
        )),
        StreamedReply::Wire(response) => {
            let raw = call.deadline().run(pin!(response.into_raw_reply())).await?;
            let error = error_reply::from_reply(&raw, endpoint.chat_path());
            Err(error.with_retry_after(raw.retry_after))
        }
    }
}

/// Moves inline thinking, such as `<think>` text, into `thinking`.
pub(super) fn split_inline_thinking(reply: &mut Reply) {
    if let Some((thinking, text)) = split_thinking(&reply.text) {
        reply.text = text.to_owned();
        // Some formats mark an answer without thinking, too.
        if !thinking.is_empty() {
            *reply.thinking.get_or_insert_default() += &thinking;
            reply.had_inline_thinking = true;
        }
    }
}

/// Returns the pause of the batch that the call belongs to, if it is about the server of the call.
fn shared_pause(call: &ActiveCall) -> Option<&ServerPause> {
    let pause = call.request.pause.as_deref()?;
    let address = call.info.resolved.endpoint.address();
    (address == Some(pause.address())).then_some(pause)
}

/// Waits for the end of a pause. One beyond the deadline is not waited for: the server's own error says more than a
/// time-out.
///
/// # Errors
///
/// The deadline of the call passed before.
async fn wait_until_ended(call: &ActiveCall, pause: &ServerPause) -> Result<(), Error> {
    let allowed = |remaining| call.deadline().allows(remaining);
    if !pause.remaining().is_some_and(allowed) {
        return Ok(());
    }
    let ended = pin!(async {
        pause.ended().await;
        Ok(())
    });
    call.deadline().run(ended).await
}

/// Returns the pause before a request is sent once more, after `transmissions` of it ended in `error`; `None` if it is
/// not sent again.
fn pause(error: &Error, transmissions: u32) -> Option<Duration> {
    if transmissions >= error.max_transmissions() {
        return None;
    }
    let pause = backoff(transmissions, RandomState::new().hash_one(transmissions));
    match error.retry_after() {
        None => Some(pause),
        Some(wait) if wait <= MAX_PAUSE => Some(wait.max(pause)),
        Some(_) => None,
    }
}

/// Exponential backoff from 250 ms with 50 % jitter, so that many clients do not come back at once.
fn backoff(transmissions: u32, random: u64) -> Duration {
    let longest = 250_u64 << transmissions.clamp(1, 4).saturating_sub(1);
    Duration::from_millis(longest / 2 + random % (longest / 2 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ServerError;

    fn busy(status: u16, retry_after: Option<Duration>) -> Error {
        let error = Error::new(ServerError::Overloaded {
            status,
            text: String::new(),
        });
        error.with_retry_after(retry_after)
    }

    // E2
    #[test]
    fn backoff_doubles_with_half_of_it_random() {
        let millis = |transmissions, random| backoff(transmissions, random).as_millis();
        assert_eq!((millis(1, 0), millis(1, 125)), (125, 250));
        assert_eq!((millis(2, 0), millis(2, 250)), (250, 500));
        assert!(millis(u32::MAX, u64::MAX) <= 32_000);
    }

    // E2
    #[test]
    fn retry_after_is_respected_up_to_a_limit() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(pause(&busy(503, seconds(7)), 1), seconds(7));
        assert_eq!(pause(&busy(503, seconds(3600)), 1), None);
        assert!(pause(&busy(503, seconds(0)), 1) >= Some(Duration::from_millis(125)));
        assert!(pause(&busy(503, None), 2).is_some());
        assert_eq!(pause(&busy(503, None), 3), None);
        assert_eq!(pause(&busy(429, None), 1), None);
        assert_eq!(pause(&busy(429, seconds(1)), 1), seconds(1));
    }
}
