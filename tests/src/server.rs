//! Loopback server that speaks Ollama's protocol byte for byte.
//!
//! It replies from a script, records the requests, rejects what a real server rejects, and can break connections in
//! any way a socket allows. It uses plain threads and blocking sockets, so that it shares no code with the client
//! under test.

mod http;
mod reply;
mod rules;

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use self::http::Connection;
pub use self::http::Request;
pub use self::reply::{Reply, Said, chat};

/// Path of the native chat endpoint.
pub const NATIVE: &str = "/api/chat";
/// Path of the Chat Completions endpoint.
pub const OPENAI_CHAT: &str = "/v1/chat/completions";

/// A model installed on the server.
#[derive(Clone, Debug)]
pub struct Installed {
    name: String,
    /// `None`: the server does not report capabilities.
    capabilities: Option<Vec<String>>,
    /// `true` if the list of models has `completion` alone.
    is_understated: bool,
    context_length: u64,
}

impl Installed {
    /// Creates a model that can chat, with a context window of 4096 tokens.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            capabilities: Some(vec!["completion".to_owned()]),
            is_understated: false,
            context_length: 4096,
        }
    }

    /// Adds a capability.
    #[must_use]
    pub fn able(mut self, capability: &str) -> Self {
        let known = self.capabilities.get_or_insert_default();
        known.push(capability.to_owned());
        self
    }

    /// Lists the model with `completion` alone, as Ollama 0.33 does with a template in Jinja: only `/api/show` has the rest.
    #[must_use]
    pub fn understated(mut self) -> Self {
        self.is_understated = true;
        self
    }

    /// Removes the capabilities from the server's report, as in servers before 0.6.4.
    #[must_use]
    pub fn untold(mut self) -> Self {
        self.capabilities = None;
        self
    }
}

/// A running server. Dropping it stops the server, and panics if one of its threads panicked.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    /// Remaining replies, next first.
    script: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
    /// `None`: the server never sends the list.
    models: Option<Vec<Installed>>,
    /// The digest of each model.
    digest: Mutex<String>,
    /// Paths of requests to other endpoints than chat, oldest first.
    inquiries: Mutex<Vec<String>>,
    /// Reply to all of them, if it is set.
    inquiry_reply: Mutex<Option<Reply>>,
    connections: AtomicUsize,
    /// Connections closed by either side.
    closed: AtomicUsize,
    stopping: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Server {
    /// Starts a server that sends these replies to chat requests, in this order.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_models(&["llama3.1:latest"], script)
    }

    /// Starts a server with these installed models, which `/api/tags` lists.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn with_models(models: &[&str], script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_installed(models.iter().map(|name| Installed::new(name)), script)
    }

    /// Starts a server with installed models that have different capabilities.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn with_installed(
        models: impl IntoIterator<Item = Installed>,
        script: impl IntoIterator<Item = Reply>,
    ) -> Self {
        Self::run(
            Some(models.into_iter().collect()),
            script.into_iter().collect(),
        )
    }

    /// Starts a server that never sends the list of installed models.
    ///
    /// # Panics
    ///
    /// If no port is free.
    #[must_use]
    pub fn with_silent_tags(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(None, script.into_iter().collect())
    }

    fn run(models: Option<Vec<Installed>>, script: VecDeque<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("no port is free");
        let shared = Arc::new(Shared {
            address: listener.local_addr().expect("the listener has no address"),
            script: Mutex::new(script),
            requests: Mutex::default(),
            models,
            digest: Mutex::new("sha256:1".to_owned()),
            inquiries: Mutex::default(),
            inquiry_reply: Mutex::default(),
            connections: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            failure: Mutex::default(),
        });
        let accepting = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            shared,
            accepting: Some(accepting),
        }
    }

    /// Sends this reply to every request that is not a chat request.
    #[must_use]
    pub fn inquiries_answered_by(self, reply: Reply) -> Self {
        *lock(&self.shared.inquiry_reply) = Some(reply);
        self
    }

    /// Changes the digest of each model, as if it was pulled again.
    pub fn set_digest(&self, digest: &str) {
        digest.clone_into(&mut lock(&self.shared.digest));
    }

    /// Returns the server's address in the format of `OLLAMA_HOST`: `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// Returns the chat requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Returns the only chat request.
    ///
    /// # Panics
    ///
    /// If there was none, or more than one.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(
            requests.len(),
            1,
            "expected one chat request, found {requests:#?}"
        );
        requests.remove(0)
    }

    /// Returns the paths of requests to other endpoints than chat, oldest first.
    #[must_use]
    pub fn inquiries(&self) -> Vec<String> {
        lock(&self.shared.inquiries).clone()
    }

    /// Returns the number of opened connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns the number of closed connections.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.shared.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Unblocks the accepting thread.
        drop(TcpStream::connect(self.shared.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread panicked");
        }
        if std::thread::panicking() {
            return;
        }
        if let Some(failure) = lock(&self.shared.failure).take() {
            panic!("the test server: {failure}");
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let served = std::panic::catch_unwind(|| serve(stream, &shared));
            shared.closed.fetch_add(1, Ordering::SeqCst);
            if let Err(panic) = served {
                let text = panic.downcast_ref::<String>().cloned();
                *lock(&shared.failure) =
                    Some(text.unwrap_or_else(|| "a thread panicked".to_owned()));
            }
        });
    }
}

/// Answers the requests of one connection until either side closes it.
fn serve(stream: TcpStream, shared: &Shared) {
    let mut connection = Connection::new(stream);
    loop {
        if take_reset(&mut lock(&shared.script)) {
            return connection.reset();
        }
        let Some(request) = connection.read_request() else {
            return;
        };
        let path = request.path.clone();
        let reply = answer(request, shared);
        if !connection.write_reply(&reply, &path) {
            return;
        }
    }
}

/// Takes the next reply if it is a reset, which happens before the request is read.
fn take_reset(script: &mut VecDeque<Reply>) -> bool {
    let reset = script.front().is_some_and(Reply::is_reset);
    if reset {
        script.pop_front();
    }
    reset
}

fn answer(request: Request, shared: &Shared) -> Reply {
    if let Some(refusal) = rules::reject(&request) {
        return refusal;
    }
    if !rules::is_chat(&request.path) {
        lock(&shared.inquiries).push(request.path.clone());
        if let Some(inquiry_reply) = &*lock(&shared.inquiry_reply) {
            return inquiry_reply.clone();
        }
        let Some(models) = &shared.models else {
            return Reply::raw("").then_silence();
        };
        return match request.path.as_str() {
            "/api/tags" => Reply::tags(models, &lock(&shared.digest)),
            "/api/ps" => Reply::ps(models),
            _ => Reply::show(models, request.json()["model"].as_str().unwrap_or_default()),
        };
    }
    lock(&shared.requests).push(request);
    lock(&shared.script).pop_front().unwrap_or_else(|| {
        *lock(&shared.failure) =
            Some("the client sent a chat request after the last scripted reply".to_owned());
        Reply::error(500, "the script has no further reply")
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
