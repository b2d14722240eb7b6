//! The HTTP client.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client as ReqwestClient, Method, Request, Response, Url, redirect};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connect::ConnectSettings;
use super::error::interrupted;
use super::permits::{InlinePermit, Limit, TaskPermits};
use super::response::HttpResponse;
use crate::config::{Proxies, Secret};
use crate::error::Error;
use crate::wire::RawReply;

/// HTTP client with a connection pool. Cheap to clone. It is bound to the async runtime that first used it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: ReqwestClient,
    state: Arc<ClientState>,
}

/// State shared by the clones of a client.
#[derive(Debug)]
struct ClientState {
    connect: ConnectSettings,
    /// Number of requests that run inside their callers' futures.
    inline: AtomicUsize,
    permits: TaskPermits,
}

/// An HTTP request: a `POST` of JSON, or a `GET`.
#[derive(Debug)]
pub(crate) struct HttpRequest<'a> {
    pub(crate) url: &'a Url,
    pub(crate) authorization: Option<&'a Secret>,
    /// JSON to `POST`. Without a body the request is a `GET`.
    pub(crate) body: Option<Bytes>,
    /// Maximum silence within a response, once its head was received. Before the head there is no limit, since
    /// loading a model may take minutes.
    pub(crate) idle_timeout: Duration,
    /// Maximum number of requests to the server that wait for a reply.
    pub(crate) max_concurrency: u32,
    /// Set while the request waits for a permit.
    pub(crate) is_queued: Option<Arc<AtomicBool>>,
}

/// The permits that a request in a task waits for.
struct Queue {
    permits: Arc<Semaphore>,
    /// Set while the request waits.
    is_queued: Option<Arc<AtomicBool>>,
}

impl Client {
    /// Creates a client.
    ///
    /// `proxies` are those of the environment, which the HTTP client reads as well. A client for servers on this
    /// machine uses none.
    ///
    /// # Errors
    ///
    /// The system's certificates or a proxy variable are not valid.
    pub(crate) fn new(proxies: Option<Proxies>, connect_timeout: Duration) -> Result<Self, Error> {
        let mut builder = ReqwestClient::builder()
            .user_agent(concat!("alloy-runtime/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(connect_timeout)
            // A redirected POST loses its body, or sends it to a host that nobody named.
            .redirect(redirect::Policy::none())
            .http1_only();
        if proxies.is_none() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Error::configuration(
                "the HTTP client could not be created",
                "Look at the cause: usually the system's certificates, or a proxy variable that is not a valid URL.",
            )
            .with_source(error.without_url())
        })?;
        Ok(Self {
            http,
            state: Arc::new(ClientState {
                connect: ConnectSettings {
                    timeout: connect_timeout,
                    proxies,
                },
                inline: AtomicUsize::default(),
                permits: TaskPermits::default(),
            }),
        })
    }

    /// Sends a request and reads the whole response, whatever its status. Under load it waits for a concurrency
    /// permit.
    ///
    /// # Errors
    ///
    /// The connection failed, the response is compressed or is larger than 16 MiB, or it was silent for longer
    /// than the idle timeout.
    pub(crate) fn exchange(
        &self,
        mut request: HttpRequest<'_>,
    ) -> impl Future<Output = Result<RawReply, Error>> + use<'_> {
        let limit = Limit::new(request.max_concurrency);
        let inline_permit = InlinePermit::try_acquire(&self.state.inline, limit);
        let queue = inline_permit.is_none().then(|| {
            Box::new(Queue {
                permits: self.state.permits.for_server(request.url, limit),
                is_queued: request.is_queued.take(),
            })
        });
        let idle_timeout = request.idle_timeout;
        let response = self.http.execute(to_reqwest(request));
        // Every command's future contains this one: it captures no more than it needs.
        async move {
            let _inline_permit = inline_permit;
            if let Some(queue) = queue {
                let sent = self.clone().send_in_task(*queue, response, idle_timeout);
                return Box::pin(sent).await;
            }
            let mut response =
                HttpResponse::new(response.await, idle_timeout, &self.state.connect)?;
            let body = response.read_body().await?;
            Ok(response.to_raw_reply(body))
        }
    }

    /// Sends a request like [`exchange`](Self::exchange), without a permit. It serves the few requests whose
    /// responses other requests wait for.
    pub(crate) async fn exchange_at_once(
        &self,
        request: HttpRequest<'_>,
    ) -> Result<RawReply, Error> {
        self.begin(request).await?.into_raw_reply().await
    }

    /// Waits for a permit and the response in a task, which is aborted when this future is dropped.
    async fn send_in_task(
        self,
        queue: Queue,
        response: impl Future<Output = Result<Response, reqwest::Error>> + Send + 'static,
        idle_timeout: Duration,
    ) -> Result<RawReply, Error> {
        let mut task = JoinSet::new();
        task.spawn(async move {
            let wait = |waits: bool| {
                if let Some(flag) = &queue.is_queued {
                    flag.store(waits, Ordering::Relaxed);
                }
            };
            wait(true);
            let _permit = queue.permits.acquire().await;
            wait(false);
            let response = HttpResponse::new(response.await, idle_timeout, &self.state.connect)?;
            response.into_raw_reply().await
        });
        match task.join_next().await {
            Some(Ok(reply)) => reply,
            // The runtime is being shut down.
            Some(Err(_)) | None => Err(interrupted()),
        }
    }

    /// Sends a request and returns the response as soon as its head was received.
    ///
    /// # Errors
    ///
    /// The connection failed, or the response is compressed.
    pub(crate) fn begin(
        &self,
        request: HttpRequest<'_>,
    ) -> impl Future<Output = Result<HttpResponse, Error>> + use<> {
        let (idle_timeout, state) = (request.idle_timeout, Arc::clone(&self.state));
        let response = self.http.execute(to_reqwest(request));
        async move { HttpResponse::new(response.await, idle_timeout, &state.connect) }
    }
}

fn to_reqwest(request: HttpRequest<'_>) -> Request {
    let HttpRequest {
        url,
        authorization,
        body,
        idle_timeout: _,
        max_concurrency: _,
        is_queued: _,
    } = request;
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
