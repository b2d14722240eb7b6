//! The only room that does I/O: requests out, whole replies back, over pooled connections.

mod failure;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client as HttpClient, Method, Request, Response, Url, redirect};
use tokio::time::{Instant, Sleep, sleep};

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

/// What to send, and where.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) url: &'a Url,
    pub(crate) authorization: Option<&'a Secret>,
    /// JSON to `POST`; without it the request is a `GET`.
    pub(crate) body: Option<Bytes>,
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
    pub(crate) fn exchange(
        &self,
        outgoing: Outgoing<'_>,
    ) -> impl Future<Output = Result<Answer, Error>> + use<'_> {
        let mut silence = Silence::of(outgoing.idle_timeout);
        let reply = self.http.execute(request(outgoing));
        // What is awaited holds as little as it can: it is moved into the future of every command.
        async move {
            let mut response = reply
                .await
                .map_err(|error| failure::of_send(&error, self.connect_timeout))?;
            let body = body(&mut response, &mut silence).await?;
            Ok(answer(&response, body))
        }
    }
}

fn request(outgoing: Outgoing<'_>) -> Request {
    let Outgoing {
        url,
        authorization,
        body,
        idle_timeout: _,
    } = outgoing;
    let method = match body {
        Some(_) => Method::POST,
        None => Method::GET,
    };
    let mut request = Request::new(method, url.clone());
    if let Some(body) = body {
        *request.body_mut() = Some(body.into());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
    }
    let authorization = authorization.and_then(|value| HeaderValue::from_str(value.expose()).ok());
    if let Some(mut authorization) = authorization {
        authorization.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, authorization);
    }
    request
}

/// A reply that was read to its end.
fn answer(response: &Response, body: Bytes) -> Answer {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name);
    // What only a reply that is none is asked for is not looked for in one that is.
    let (location, retry_after) = match status {
        200 => (None, None),
        _ => (header(LOCATION), header(RETRY_AFTER)),
    };
    // In seconds. A date would ask for a clock that both sides agree on.
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Answer {
        status,
        location: location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned()),
        retry_after: retry_after.map(Duration::from_secs),
        body,
    }
}

/// Reads a body to its end, within the limits of size and silence. One that comes in one piece, which is
/// the usual case, is not copied.
async fn body(response: &mut Response, silence: &mut Silence) -> Result<Bytes, Error> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(unreadable("it is compressed, which was not asked for"));
    }
    let too_large = || unreadable("it is larger than 16 MiB");
    let announced = response.content_length();
    let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if announced.is_some_and(|length| length > LARGEST_REPLY) {
        return Err(too_large());
    }
    let mut whole = Vec::new();
    loop {
        let chunk = {
            let mut chunk = pin!(response.chunk());
            poll_fn(|context| silence.poll(chunk.as_mut(), context)).await?
        };
        match chunk.map_err(|error| failure::of_body(&error))? {
            Some(chunk) if whole.is_empty() && announced == Some(chunk.len()) => return Ok(chunk),
            Some(chunk) if whole.len() + chunk.len() > LARGEST_REPLY => return Err(too_large()),
            Some(chunk) => {
                whole.reserve(announced.unwrap_or(0).saturating_sub(whole.len()));
                whole.extend_from_slice(&chunk);
            }
            None => return Ok(whole.into()),
        }
    }
}

/// How long a reply may be silent.
struct Silence {
    limit: Duration,
    /// Made at the first wait: what is there already, which is the usual case, costs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs for the piece that is waited for.
    runs: bool,
}

impl Silence {
    fn of(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            runs: false,
        }
    }

    /// Waits for a piece of a reply, but no longer than the limit.
    fn poll<F: Future>(
        &mut self,
        piece: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Error>> {
        if let Poll::Ready(piece) = piece.poll(context) {
            self.runs = false;
            return Poll::Ready(Ok(piece));
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.runs {
            self.runs = true;
            // A limit beyond what a clock can hold is none.
            let end = Instant::now().checked_add(limit);
            let end = end.unwrap_or_else(|| timer.deadline());
            timer.as_mut().reset(end);
        }
        let ended = timer.as_mut().poll(context);
        ended.map(|()| Err(timed_out(TimeLimit::Idle, limit)))
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
