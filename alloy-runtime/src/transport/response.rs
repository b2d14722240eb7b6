//! A response whose body is still being received.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::Response;

use super::connect::ConnectSettings;
use super::error::{from_body_error, from_send_error, unreadable};
use super::idle_timer::IdleTimer;
use crate::error::Error;
use crate::wire::{BodyFormat, RawReply};

/// Maximum size of a whole body, in bytes. An answer of a model has a few thousand.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// Maximum size of a streamed body, in bytes. Each token takes a few hundred.
const MAX_STREAM: usize = 256 * 1024 * 1024;

/// A response whose head was received.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    response: Response,
    idle: IdleTimer,
    /// Number of bytes of the body received so far.
    received: usize,
}

impl HttpResponse {
    /// Wraps the result of sending a request.
    ///
    /// # Errors
    ///
    /// The request failed, or the response is compressed.
    pub(super) fn new(
        response: Result<Response, reqwest::Error>,
        idle_timeout: Duration,
        connect: &ConnectSettings,
    ) -> Result<Self, Error> {
        let response = response.map_err(|error| from_send_error(&error, connect))?;
        let encoding = response.headers().get(CONTENT_ENCODING);
        let is_identity = |encoding: &HeaderValue| {
            let encoding = encoding.as_bytes().trim_ascii();
            encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity")
        };
        if !encoding.is_none_or(is_identity) {
            return Err(unreadable("it is compressed, which was not requested"));
        }
        Ok(Self {
            response,
            idle: IdleTimer::new(idle_timeout),
            received: 0,
        })
    }

    /// Returns the format of the body by its content type; `None` if that does not tell.
    pub(crate) fn format(&self) -> Option<BodyFormat> {
        body_format(self.content_type()?)
    }

    /// Returns the content type, if the server sent a valid one.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.response.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// Returns `true` if the status is 200, which means that the body is an answer.
    pub(crate) fn is_success(&self) -> bool {
        self.response.status().as_u16() == 200
    }

    /// Polls for the next chunk of the body; `None` at its end.
    ///
    /// # Errors
    ///
    /// The connection was lost, the body is larger than 256 MiB, or it was silent for longer than the idle
    /// timeout.
    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        // A `chunk` future holds no data, so dropping it and making another for the next poll loses nothing.
        let chunk = pin!(self.response.chunk());
        let chunk = ready!(self.idle.poll(chunk, context))?;
        let chunk = chunk.map_err(|error| from_body_error(&error))?;
        self.received += chunk.as_ref().map_or(0, Bytes::len);
        Poll::Ready(match self.received > MAX_STREAM {
            true => Err(unreadable("it is larger than 256 MiB")),
            false => Ok(chunk),
        })
    }

    /// Reads the response to its end.
    ///
    /// # Errors
    ///
    /// The connection was lost, the body is larger than 16 MiB, or it was silent for longer than the idle
    /// timeout.
    pub(crate) async fn into_raw_reply(mut self) -> Result<RawReply, Error> {
        let body = self.read_body().await?;
        Ok(self.to_raw_reply(body))
    }

    /// Reads the body to its end. A body that arrives in one chunk, which is the usual case, is not copied.
    pub(super) async fn read_body(&mut self) -> Result<Bytes, Error> {
        let too_large = || unreadable("it is larger than 16 MiB");
        let announced = self.response.content_length();
        let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced.is_some_and(|length| length > MAX_BODY) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        loop {
            match poll_fn(|context| self.poll_chunk(context)).await? {
                Some(chunk) if body.is_empty() && announced == Some(chunk.len()) => {
                    return Ok(chunk);
                }
                Some(chunk) if body.len() + chunk.len() > MAX_BODY => {
                    return Err(too_large());
                }
                Some(chunk) => {
                    body.reserve(announced.unwrap_or(0).saturating_sub(body.len()));
                    body.extend_from_slice(&chunk);
                }
                None => return Ok(body.into()),
            }
        }
    }

    /// Combines the head with a body that was read.
    pub(crate) fn to_raw_reply(&self, body: Bytes) -> RawReply {
        let status = self.response.status().as_u16();
        let header = |name| self.response.headers().get(name);
        // Only failures use these headers: a successful response is spared the look-up.
        let (location, retry_after) = match status {
            200 => (None, None),
            _ => (
                header(LOCATION),
                parse_retry_after(header(RETRY_AFTER), header(DATE)),
            ),
        };
        RawReply {
            status,
            location: location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned()),
            retry_after,
            body,
        }
    }
}

/// Returns the format of a body by its content type; `None` if that does not tell.
pub(crate) fn body_format(content_type: &str) -> Option<BodyFormat> {
    let media_type = content_type.split(';').next()?.trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            Some(BodyFormat::Lines)
        }
        "text/event-stream" => Some(BodyFormat::Events),
        "application/json" | "text/html" => Some(BodyFormat::Document),
        _ => None,
    }
}

/// Parses `Retry-After`: a number of seconds, or a date, which is compared with the server's own clock (`Date`).
fn parse_retry_after(value: Option<&HeaderValue>, date: Option<&HeaderValue>) -> Option<Duration> {
    let value = value?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let retry_at = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(date?.to_str().ok()?).ok()?;
    // A date in the past means: retry at once.
    Some(retry_at.duration_since(now).unwrap_or_default())
}
