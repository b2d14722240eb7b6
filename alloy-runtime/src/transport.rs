//! The only room that does I/O: requests out, replies back, whole or piece by piece, over pooled connections.

mod failure;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Client as HttpClient, Method, Request, Response, Url, redirect};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};

use crate::config::Secret;
use crate::error::{Detail, Error, TimeLimit};
use crate::wire::Answer;

/// The largest reply that is read, in bytes. An answer of a model is a few thousand.
const LARGEST_REPLY: usize = 16 * 1024 * 1024;
/// The largest streamed reply, in bytes: each token of it is a few hundred of them.
const LARGEST_STREAM: usize = 256 * 1024 * 1024;
/// How many requests of one client are waited for by their callers at a time. Those beyond go into tasks.
const MOST_INLINE: usize = 32;
/// How many requests to one server wait for a reply in tasks at a time; the others wait for their turn. Each
/// holds a connection, for a moment two where one becomes free while another is being opened, and systems
/// give a process 256 descriptors or more.
///
/// In tasks, because a caller may hold a hundred commands and poll none of them until another is answered:
/// only what runs without its caller may take a turn from others. Streams are their callers' to read, and
/// take none.
const MOST_IN_TASKS: usize = 68;

/// A pool of connections. Cheap to clone; bound to the runtime that first used it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: HttpClient,
    shared: Arc<Shared>,
}

/// What the clones of a client have in common.
#[derive(Debug)]
struct Shared {
    /// How long opening a connection may take.
    connect_timeout: Duration,
    /// How many requests are waited for by their callers.
    inline: AtomicUsize,
    /// The turns of requests in tasks, by server.
    turns: Mutex<BTreeMap<String, Arc<Semaphore>>>,
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
    /// `HTTP_PROXY` and the like are honoured.
    pub(crate) fn new(loopback: bool, connect_timeout: Duration) -> Result<Self, Error> {
        let mut builder = HttpClient::builder()
            .user_agent(concat!("alloy-runtime/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            // Fewer would close connections in the midst of a crowd, to open others.
            .pool_max_idle_per_host(MOST_INLINE + MOST_IN_TASKS)
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
            shared: Arc::new(Shared {
                connect_timeout,
                inline: AtomicUsize::default(),
                turns: Mutex::default(),
            }),
        })
    }

    /// Sends a request and reads the whole reply, whatever its status. In a crowd it waits for its turn.
    ///
    /// # Errors
    ///
    /// Any way in which a connection can fail, and a reply beyond the limits of this room.
    pub(crate) fn exchange(
        &self,
        outgoing: Outgoing<'_>,
    ) -> impl Future<Output = Result<Answer, Error>> + use<'_> {
        let inline = Inline::of(&self.shared.inline);
        let turns = match inline {
            Some(_) => None,
            None => Some(self.turns_of(outgoing.url)),
        };
        let idle_timeout = outgoing.idle_timeout;
        let reply = self.http.execute(request(outgoing));
        // What is awaited holds as little as it can: it is moved into the future of every command.
        async move {
            let _inline = inline;
            if let Some(turns) = turns {
                return Box::pin(self.clone().in_turn(turns, reply, idle_timeout)).await;
            }
            let mut incoming =
                Incoming::of(reply.await, idle_timeout, self.shared.connect_timeout)?;
            let body = incoming.rest().await?;
            Ok(incoming.answer(body))
        }
    }

    /// The same, without waiting for a turn: for the few questions on whose answers others wait.
    pub(crate) async fn exchange_at_once(&self, outgoing: Outgoing<'_>) -> Result<Answer, Error> {
        self.begin(outgoing).await?.whole().await
    }

    /// The turns of requests to a server.
    fn turns_of(&self, url: &Url) -> Arc<Semaphore> {
        let mut turns = self
            .shared
            .turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let of_server = turns.entry(url.authority().to_owned());
        Arc::clone(of_server.or_insert_with(|| Arc::new(Semaphore::new(MOST_IN_TASKS))))
    }

    /// Waits for a turn and a reply in a task, which ends with this future.
    async fn in_turn(
        self,
        turns: Arc<Semaphore>,
        reply: impl Future<Output = Result<Response, reqwest::Error>> + Send + 'static,
        idle_timeout: Duration,
    ) -> Result<Answer, Error> {
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _turn = turns.acquire().await;
            let incoming = Incoming::of(reply.await, idle_timeout, self.shared.connect_timeout)?;
            incoming.whole().await
        });
        match task.join_next().await {
            Some(Ok(answer)) => answer,
            // The runtime is being shut down.
            Some(Err(_)) | None => Err(interrupted()),
        }
    }

    /// Sends a request and gives its reply as it comes, once its head has.
    ///
    /// # Errors
    ///
    /// Any way in which a connection can fail before that, and a reply that is compressed.
    pub(crate) fn begin(
        &self,
        outgoing: Outgoing<'_>,
    ) -> impl Future<Output = Result<Incoming, Error>> + use<> {
        let (idle_timeout, connect_timeout) = (outgoing.idle_timeout, self.shared.connect_timeout);
        let reply = self.http.execute(request(outgoing));
        async move { Incoming::of(reply.await, idle_timeout, connect_timeout) }
    }
}

/// A place among the requests that their callers wait for.
struct Inline<'a>(&'a AtomicUsize);

impl<'a> Inline<'a> {
    /// A place, where one is free.
    fn of(count: &'a AtomicUsize) -> Option<Self> {
        let place = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < MOST_INLINE).then_some(place)
    }
}

impl Drop for Inline<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A reply whose head has come, and whose body is on its way.
#[derive(Debug)]
pub(crate) struct Incoming {
    response: Response,
    idle: IdleTimer,
    /// The bytes of the body that have come.
    received: usize,
}

impl Incoming {
    fn of(
        reply: Result<Response, reqwest::Error>,
        idle_timeout: Duration,
        connect_timeout: Duration,
    ) -> Result<Self, Error> {
        let response = reply.map_err(|error| failure::of_send(&error, connect_timeout))?;
        let encoding = response.headers().get(CONTENT_ENCODING);
        let is_plain = |encoding: &HeaderValue| {
            let encoding = encoding.as_bytes().trim_ascii();
            encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity")
        };
        if !encoding.is_none_or(is_plain) {
            return Err(unreadable("it is compressed, which was not asked for"));
        }
        Ok(Self {
            response,
            idle: IdleTimer::of(idle_timeout),
            received: 0,
        })
    }

    /// Whether it says that it is one document, and no stream.
    pub(crate) fn is_document(&self) -> bool {
        let kind = self.response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        ["application/json", "text/html"]
            .iter()
            .any(|document| kind.eq_ignore_ascii_case(document))
    }

    /// Whether the status says that what follows is an answer.
    pub(crate) fn is_answer(&self) -> bool {
        self.response.status().as_u16() == 200
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        // What waits for a piece holds nothing of it: it is made anew each time.
        let piece = pin!(self.response.chunk());
        let piece = ready!(self.idle.poll(piece, context))?;
        let piece = piece.map_err(|error| failure::of_body(&error))?;
        self.received += piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(match self.received > LARGEST_STREAM {
            true => Err(unreadable("it is larger than 256 MiB")),
            false => Ok(piece),
        })
    }

    /// The reply, read to its end.
    pub(crate) async fn whole(mut self) -> Result<Answer, Error> {
        let body = self.rest().await?;
        Ok(self.answer(body))
    }

    /// Reads a body to its end, within the limits of size and silence. One that comes in one piece, which is
    /// the usual case, is not copied.
    async fn rest(&mut self) -> Result<Bytes, Error> {
        let too_large = || unreadable("it is larger than 16 MiB");
        let announced = self.response.content_length();
        let announced = announced.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if announced.is_some_and(|length| length > LARGEST_REPLY) {
            return Err(too_large());
        }
        let mut whole = Vec::new();
        loop {
            match poll_fn(|context| self.poll_piece(context)).await? {
                Some(piece) if whole.is_empty() && announced == Some(piece.len()) => {
                    return Ok(piece);
                }
                Some(piece) if whole.len() + piece.len() > LARGEST_REPLY => {
                    return Err(too_large());
                }
                Some(piece) => {
                    whole.reserve(announced.unwrap_or(0).saturating_sub(whole.len()));
                    whole.extend_from_slice(&piece);
                }
                None => return Ok(whole.into()),
            }
        }
    }

    /// The reply with its body.
    fn answer(&self, body: Bytes) -> Answer {
        let status = self.response.status().as_u16();
        let header = |name| self.response.headers().get(name);
        // What only a reply that is none is asked for is not looked for in one that is.
        let (location, retry_after) = match status {
            200 => (None, None),
            _ => (
                header(LOCATION),
                retry_after(header(RETRY_AFTER), header(DATE)),
            ),
        };
        Answer {
            status,
            location: location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned()),
            retry_after,
            body,
        }
    }
}

/// When a server wants to be asked again: in so many seconds, or at a date, which is taken by the server's
/// own clock.
fn retry_after(wanted: Option<&HeaderValue>, date: Option<&HeaderValue>) -> Option<Duration> {
    let wanted = wanted?.to_str().ok()?.trim();
    if let Ok(seconds) = wanted.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wanted = httpdate::parse_http_date(wanted).ok()?;
    let now = httpdate::parse_http_date(date?.to_str().ok()?).ok()?;
    // A date that has passed means at once.
    Some(wanted.duration_since(now).unwrap_or_default())
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

/// How long a reply may be silent.
///
/// A timer rings a few times in that span, and whoever has heard it ring for all of the span without a piece
/// of the reply has waited too long, by an eighth of the span at most: to look at the clock, or to set a timer,
/// for each piece would cost more than the piece.
#[derive(Debug)]
struct IdleTimer {
    limit: Duration,
    /// Made at the first wait: what is there already, which is the usual case, costs no timer.
    timer: Option<Pin<Box<Sleep>>>,
    /// How often it rang since the last piece.
    rung: u32,
}

impl IdleTimer {
    /// How often the timer rings within the limit. The time from the last piece to the first ring is not
    /// known, and not counted.
    const RINGS: u32 = 8;

    fn of(limit: Duration) -> Self {
        Self {
            limit,
            timer: None,
            rung: 0,
        }
    }

    /// Waits for a piece of a reply, but no longer than the limit, and an eighth of it.
    fn poll<F: Future>(
        &mut self,
        piece: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Error>> {
        if let Poll::Ready(piece) = piece.poll(context) {
            self.rung = 0;
            return Poll::Ready(Ok(piece));
        }
        let span = self.limit / Self::RINGS;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(span)));
        while timer.as_mut().poll(context).is_ready() {
            self.rung += 1;
            if self.rung > Self::RINGS {
                return Poll::Ready(Err(timed_out(TimeLimit::Idle, self.limit)));
            }
            // A span beyond what a clock can hold is none, and its timer rings in many years.
            if let Some(next) = Instant::now().checked_add(span) {
                timer.as_mut().reset(next);
            }
        }
        Poll::Pending
    }
}

/// The connection was lost before the first byte of a reply, or there never was one.
fn interrupted() -> Error {
    Error::new(Detail::Interrupted { begun: false })
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
