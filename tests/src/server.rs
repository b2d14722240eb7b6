//! A loopback server that speaks Ollama's protocol byte for byte.
//!
//! It answers from a script, records what it was sent, refuses what a real server would refuse, and
//! can be as rude as a socket allows. Plain threads and blocking sockets, so that nothing of what it
//! tests is used to test it.

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

/// Where the two chat endpoints are.
pub const NATIVE: &str = "/api/chat";
/// See [`NATIVE`].
pub const OPENAI_CHAT: &str = "/v1/chat/completions";

/// A model that a server has.
#[derive(Clone, Debug)]
pub struct Installed {
    name: String,
    /// `None`: the server does not say.
    capabilities: Option<Vec<String>>,
    context_length: u64,
}

impl Installed {
    /// A model that can chat, with a context of 4096 tokens.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            capabilities: Some(vec!["completion".to_owned()]),
            context_length: 4096,
        }
    }

    /// The same, able to do this as well.
    #[must_use]
    pub fn able(mut self, capability: &str) -> Self {
        let known = self.capabilities.get_or_insert_default();
        known.push(capability.to_owned());
        self
    }

    /// The same, but the server does not say what it can do, as those before 0.6.4.
    #[must_use]
    pub fn untold(mut self) -> Self {
        self.capabilities = None;
        self
    }
}

/// A running server. Dropping it stops it, and fails the test if one of its threads panicked.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    /// The replies that are left, next first.
    script: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<Request>>,
    /// `None`: the list never comes.
    models: Option<Vec<Installed>>,
    /// The paths that were asked beside chat, oldest first.
    inquiries: Mutex<Vec<String>>,
    /// What each of them is answered, where that is told.
    told: Mutex<Option<Reply>>,
    connections: AtomicUsize,
    /// Connections that the client has closed, or the server has.
    closed: AtomicUsize,
    stopping: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Server {
    /// Starts a server that gives these replies to chat requests, in this order.
    ///
    /// # Panics
    ///
    /// Where the machine has no port to give.
    #[must_use]
    pub fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_models(&["llama3.1:latest"], script)
    }

    /// The same, with these models installed, which `/api/tags` lists.
    ///
    /// # Panics
    ///
    /// Where the machine has no port to give.
    #[must_use]
    pub fn with_models(models: &[&str], script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_installed(models.iter().map(|name| Installed::new(name)), script)
    }

    /// The same, with models that differ in what they can do.
    ///
    /// # Panics
    ///
    /// Where the machine has no port to give.
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

    /// The same, but the list of installed models never comes.
    ///
    /// # Panics
    ///
    /// Where the machine has no port to give.
    #[must_use]
    pub fn with_silent_tags(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::run(None, script.into_iter().collect())
    }

    fn run(models: Option<Vec<Installed>>, script: VecDeque<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let shared = Arc::new(Shared {
            address: listener.local_addr().expect("the listener has an address"),
            script: Mutex::new(script),
            requests: Mutex::default(),
            models,
            inquiries: Mutex::default(),
            told: Mutex::default(),
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

    /// Gives this reply to whatever is asked beside chat.
    #[must_use]
    pub fn inquiries_answered_by(self, reply: Reply) -> Self {
        *lock(&self.shared.told) = Some(reply);
        self
    }

    /// The server's address, as `OLLAMA_HOST` takes it: `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// The chat requests that came, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// The one chat request that came.
    ///
    /// # Panics
    ///
    /// Where there were none or several.
    #[must_use]
    pub fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "chat requests: {requests:#?}");
        requests.remove(0)
    }

    /// The paths that were asked beside chat, oldest first.
    #[must_use]
    pub fn inquiries(&self) -> Vec<String> {
        lock(&self.shared.inquiries).clone()
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many of them are closed.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.shared.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The accepting thread waits for a connection: give it one.
        drop(TcpStream::connect(self.shared.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("the accepting thread");
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

/// Answers the requests of one connection until either side has enough.
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

/// Takes the next reply if it is a reset, which comes before the request is read.
fn take_reset(script: &mut VecDeque<Reply>) -> bool {
    let reset = script.front().is_some_and(Reply::is_reset);
    if reset {
        script.pop_front();
    }
    reset
}

fn answer(request: Request, shared: &Shared) -> Reply {
    if let Some(refusal) = rules::refuse(&request) {
        return refusal;
    }
    if !rules::is_chat(&request.path) {
        lock(&shared.inquiries).push(request.path.clone());
        if let Some(told) = &*lock(&shared.told) {
            return told.clone();
        }
        let Some(models) = &shared.models else {
            return Reply::raw("").then_silence();
        };
        return match request.path.as_str() {
            "/api/tags" => Reply::tags(models),
            "/api/ps" => Reply::ps(models),
            _ => Reply::show(models, request.json()["model"].as_str().unwrap_or_default()),
        };
    }
    lock(&shared.requests).push(request);
    lock(&shared.script).pop_front().unwrap_or_else(|| {
        *lock(&shared.failure) = Some("a chat request came after the script's end".to_owned());
        Reply::error(500, "the script is at its end")
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
