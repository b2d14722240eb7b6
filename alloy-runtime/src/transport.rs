//! The only room that does I/O: requests out, whole replies back, over pooled connections.

mod failure;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client as HttpClient, Response, Url, redirect};

use crate::config::Secret;
use crate::error::{Detail, Error, TimeLimit};
use crate::wire::Answer;

/// How many connections to one server are kept open while nobody uses them.
const MOST_IDLE: usize = 32;
/// The largest reply that is read, in bytes. An answer of a model is a few thousand.
const LARGEST_REPLY: usize = 16 * 1024 * 1024;

/// A pool of connections. Cheap to clone; bound to the runtime that first used it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: HttpClient,
    /// How long opening a connection may take.
    connect_timeout: Duration,
}

/// What to send, and where. No `Debug`: the URL may hold a password.
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a Url,
    pub(crate) api_key: Option<&'a Secret>,
    /// JSON to `POST`; without it the request is a `GET`.
    pub(crate) body: Option<Vec<u8>>,
    /// How long a reply may be silent once its head has come. Before that a model may load for minutes.
    pub(crate) idle_timeout: Duration,
}

impl Client {
    /// A client for servers on this machine, which no proxy stands before, or for all others, where
    /// `HTTP_PROXY` and its kin are honoured.
    pub(crate) fn new(loopback: bool, connect_timeout: Duration) -> Result<Self, Error> {
        let mut builder = HttpClient::builder()
            .user_agent(concat!("alloy-runtime/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            .pool_max_idle_per_host(MOST_IDLE)
            // A redirected POST loses its body, or takes it to a host that nobody named.
            .redirect(redirect::Policy::none())
            .http1_only();
        if loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::configuration(
                "the HTTP client could not be made",
                "Look at the cause: usually the system's certificates, or a proxy variable that is no URL.",
            )
            .with_source(error.without_url())
        })?;
        Ok(Self {
            http: client,
            connect_timeout,
        })
    }

    /// Sends a request and reads the whole reply, whatever its status.
    ///
    /// # Errors
    ///
    /// Any way in which a connection can fail, and a reply beyond the limits of this room.
    pub(crate) async fn exchange(&self, outgoing: Outgoing<'_>) -> Result<Answer, Error> {
        let Outgoing {
            url,
            api_key,
            body,
            idle_timeout,
        } = outgoing;
        let mut request = match body {
            Some(body) => self
                .http
                .post(url.clone())
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body),
            None => self.http.get(url.clone()),
        };
        // A host's own credentials, which the client sends by itself, are the more specific ones: no
        // request has two.
        let key = api_key.filter(|_| url.username().is_empty() && url.password().is_none());
        if let Some(mut key) = key.and_then(|key| HeaderValue::from_str(key.expose()).ok()) {
            key.set_sensitive(true);
            request = request.header(AUTHORIZATION, key);
        }
        let response = request.send().await;
        let response = response.map_err(|error| failure::of_send(&error, self.connect_timeout))?;

        let status = response.status().as_u16();
        let header = |name| response.headers().get(name);
        if header(CONTENT_ENCODING)
            .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
        {
            return Err(unreadable("it is compressed, which was not asked for"));
        }
        // What only a reply that is none is asked for is not looked for in one that is.
        let (location, retry_after) = match status {
            200 => (None, None),
            _ => (header(LOCATION), header(RETRY_AFTER)),
        };
        let location = location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
        // In seconds. A date would ask for a clock that both sides agree on.
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok(Answer {
            status,
            location,
            retry_after: retry_after.map(Duration::from_secs),
            body: read(response, idle_timeout).await?,
        })
    }
}

/// Reads a body to its end, within the limits of size and silence.
async fn read(mut response: Response, idle_timeout: Duration) -> Result<Vec<u8>, Error> {
    let too_large = || unreadable("it is larger than 16 MiB");
    let announced = response.content_length().unwrap_or(0);
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > LARGEST_REPLY {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced);
    loop {
        let chunk = soon(pin!(response.chunk()), idle_timeout).await?;
        match chunk.map_err(|error| failure::of_body(&error))? {
            Some(chunk) if body.len() + chunk.len() > LARGEST_REPLY => return Err(too_large()),
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(body),
        }
    }
}

/// Waits for a piece of a reply, but no longer than it may be silent. A piece that is there already,
/// which is the usual case, costs no timer.
async fn soon<F: Future>(
    mut piece: Pin<&mut F>,
    idle_timeout: Duration,
) -> Result<F::Output, Error> {
    match poll_fn(|context| Poll::Ready(piece.as_mut().poll(context))).await {
        Poll::Ready(piece) => Ok(piece),
        Poll::Pending => {
            let piece = tokio::time::timeout(idle_timeout, piece).await;
            piece.map_err(|_| timed_out(TimeLimit::Idle, idle_timeout))
        }
    }
}

fn unreadable(found: &'static str) -> Error {
    Error::new(Detail::Protocol {
        found: found.into(),
        excerpt: String::new(),
    })
}

fn timed_out(limit: TimeLimit, after: Duration) -> Error {
    Error::new(Detail::TimedOut { limit, after })
}
