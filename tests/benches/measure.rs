//! What the benchmarks share: a server in a process of its own, and the measures.

use std::alloc::System;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ProcessTime;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 30;
const PROCESSES: usize = 5;

/// What a reply is written in.
pub(crate) type Parts = Arc<[Vec<u8>]>;

/// The two routes, as hand-written code has them.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    Native,
    OpenaiChat,
}

impl Route {
    pub(crate) const ALL: [Self; 2] = [Self::Native, Self::OpenaiChat];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiChat => "openai_chat",
        }
    }

    /// Where its requests go.
    fn url(self, host: &str) -> reqwest::Url {
        let path = match self {
            Self::Native => "/api/chat",
            Self::OpenaiChat => "/v1/chat/completions",
        };
        format!("http://{host}{path}").parse().unwrap()
    }
}

/// Hand-written code: what a careful person would write for one thing. Each benchmark says what.
pub(crate) struct Floor {
    client: reqwest::Client,
    url: reqwest::Url,
    pub(crate) route: Route,
}

impl Floor {
    pub(crate) fn new(host: &str, route: Route) -> Self {
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: route.url(host),
            route,
        }
    }

    pub(crate) fn post(&self, body: String) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url.clone()).body(body);
        request.header("content-type", "application/json")
    }
}

/// The runtime of one side, of the other, and of the server.
pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Is the server, one measure, or the whole benchmark, as it was started.
pub(crate) fn main(
    serve: impl FnOnce(&str),
    measured: impl FnOnce(&str, &str),
    benchmark: impl FnOnce(),
) {
    let mode = std::env::args().nth(1);
    // The host comes from the environment, as it does for users, and the environment is read once: each
    // measure is a process of its own.
    let variable = |name| std::env::var(name).ok();
    match (mode.as_deref(), variable("ALLOY_BENCH_MEASURE")) {
        // `cargo test --benches` and the like: nothing to test here.
        (Some("--test"), _) => {}
        (None | Some("--bench"), None) => benchmark(),
        (None, Some(measure)) => measured(&measure, &variable("OLLAMA_HOST").unwrap()),
        (Some(mode), _) => serve(mode),
    }
}

/// The server's process: tells its address, answers at once what `reply` says to a request's bytes, and
/// ends when its standard input does. A reply is written part by part.
///
/// One thread serves all connections: with a thread a connection, the side whose thread happens to run
/// on this process's processor would look two times faster.
pub(crate) fn serve(reply: impl Fn(&str) -> Parts + 'static) {
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let reply = Arc::new(reply);
    tokio::task::LocalSet::new().block_on(&runtime(), async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let reply = Arc::clone(&reply);
            tokio::task::spawn_local(async move { answer_requests(stream, &*reply).await });
        }
    });
}

/// Reads requests as far as it must to know where each ends, and writes the reply.
async fn answer_requests(mut stream: TcpStream, reply: &impl Fn(&str) -> Parts) {
    stream.set_nodelay(true).unwrap();
    let mut read = Vec::with_capacity(16 * 1024);
    while stream
        .read_buf(&mut read)
        .await
        .is_ok_and(|count| count > 0)
    {
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let length = lines
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        if body.len() >= length.parse().unwrap() {
            let parts = reply(&text);
            read.clear();
            for part in &*parts {
                if stream.write_all(part).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A server in a process of its own.
pub(crate) struct ServerProcess {
    child: Child,
    host: String,
}

impl ServerProcess {
    pub(crate) fn start(mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut host = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut host)
            .unwrap();
        Self {
            child,
            host: host.trim().to_owned(),
        }
    }

    /// Runs one measure against it, in several processes, and prints what they say: of ratios the median. Where
    /// code and data lie differs from process to process, and with it the last per cents of a ratio.
    pub(crate) fn measure(&self, measure: &str) {
        let said: Vec<String> = (0..PROCESSES).map(|_| self.said(measure)).collect();
        for (number, line) in said[0].lines().enumerate() {
            let Some((name, _)) = line.split_once("ratio=") else {
                println!("{line}");
                continue;
            };
            let ratio = |said: &String| -> f64 {
                let line = said.lines().nth(number).unwrap();
                line.rsplit('=').next().unwrap().parse().unwrap()
            };
            let mut ratios: Vec<f64> = said.iter().map(ratio).collect();
            ratios.sort_by(f64::total_cmp);
            println!("{name}ratio={:.2}", ratios[PROCESSES / 2]);
        }
    }

    fn said(&self, measure: &str) -> String {
        let output = Command::new(std::env::current_exe().unwrap())
            .env("ALLOY_BENCH_MEASURE", measure)
            .env("OLLAMA_HOST", &self.host)
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// The fewest allocations of one call: background work of the client may fall into any one.
pub(crate) async fn allocations<F: Future<Output = ()>>(call: &impl Fn() -> F) -> usize {
    let mut fewest = usize::MAX;
    for _ in 0..ROUNDS {
        let region = Region::new(ALLOCATOR);
        call().await;
        let change = region.change();
        fewest = fewest.min(change.allocations + change.reallocations);
    }
    fewest
}

/// The CPU time of this process over so many calls.
pub(crate) async fn cpu_time<F: Future<Output = ()>>(
    calls: usize,
    call: &impl Fn() -> F,
) -> Duration {
    let start = ProcessTime::now();
    for _ in 0..calls {
        call().await;
    }
    start.elapsed()
}

/// The first side's time by the second's: the median of the rounds, in which they take turns at being first.
pub(crate) async fn ratio(
    ours: impl AsyncFn() -> Duration,
    theirs: impl AsyncFn() -> Duration,
) -> f64 {
    let mut ratios = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let (ours, theirs) = if round % 2 == 0 {
            let ours = ours().await;
            (ours, theirs().await)
        } else {
            let theirs = theirs().await;
            (ours().await, theirs)
        };
        ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    ratios[ROUNDS / 2]
}
