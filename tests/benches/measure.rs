//! Shared parts of the benchmarks: a server in its own process, and the measurements.

#![allow(dead_code, reason = "each benchmark uses some of these")]

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

/// Parts of a reply, each of which is one write.
pub(crate) type Parts = Arc<[Vec<u8>]>;

/// Creates a reply of JSON that is one write.
pub(crate) fn json_reply(body: &serde_json::Value) -> Parts {
    let body = body.to_string();
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    Parts::from([reply.into_bytes()])
}

/// The two routes to a server.
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

    /// Returns the URL of the chat endpoint.
    fn url(self, host: &str) -> reqwest::Url {
        let path = match self {
            Self::Native => "/api/chat",
            Self::OpenaiChat => "/v1/chat/completions",
        };
        format!("http://{host}{path}").parse().unwrap()
    }
}

/// The baseline: code written by hand for one request. Each benchmark adds its requests.
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

/// Creates the runtime that both sides and the server use.
pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Runs the server, one measurement or the whole benchmark, depending on how the process was started.
pub(crate) fn main(
    serve: impl FnOnce(&str),
    measured: impl FnOnce(&str, &str),
    benchmark: impl FnOnce(),
) {
    let mode = std::env::args().nth(1);
    // The host comes from the environment, as it does for users. The environment is read once, so each measurement is
    // its own process.
    let variable = |name| std::env::var(name).ok();
    match (mode.as_deref(), variable("ALLOY_BENCH_MEASURE")) {
        // `cargo test --benches` has nothing to test here.
        (Some("--test"), _) => {}
        (None | Some("--bench"), None) => benchmark(),
        (None, Some(measure)) => measured(&measure, &variable("OLLAMA_HOST").unwrap()),
        (Some(mode), _) => serve(mode),
    }
}

/// Runs the server: prints its address, replies at once with the parts that `reply` returns for a request, and exits
/// when its standard input ends.
///
/// One thread serves all connections. With a thread for each connection, the side whose thread happens to run on this
/// process's processor would look two times faster.
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

/// Reads each request to its end and writes the reply.
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
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        // A `GET` has none.
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
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

/// A server in its own process.
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

    /// Runs one measurement in one process and prints its results.
    pub(crate) fn measure_once(&self, measure: &str) {
        print!("{}", self.output_of(measure));
    }

    /// Runs one measurement in several processes and prints the results, of ratios the median. The memory layout differs
    /// between processes, and changes a ratio by a few percent.
    pub(crate) fn measure(&self, measure: &str) {
        let outputs: Vec<String> = (0..PROCESSES).map(|_| self.output_of(measure)).collect();
        for (number, line) in outputs[0].lines().enumerate() {
            let Some((name, _)) = line.split_once("ratio=") else {
                println!("{line}");
                continue;
            };
            let ratio = |output: &String| -> f64 {
                let line = output.lines().nth(number).unwrap();
                line.rsplit('=').next().unwrap().parse().unwrap()
            };
            let mut ratios: Vec<f64> = outputs.iter().map(ratio).collect();
            ratios.sort_by(f64::total_cmp);
            println!("{name}ratio={:.2}", ratios[PROCESSES / 2]);
        }
    }

    fn output_of(&self, measure: &str) -> String {
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

/// Returns the lowest number of allocations of one call, because background work of the client may fall into any call.
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

/// Returns how many bytes of the heap are in use.
pub(crate) fn heap() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Returns the CPU time of this process over `calls` calls.
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

/// Returns the ratio of the first side's time to the second's: the median of rounds in which the sides take turns at
/// being first.
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
