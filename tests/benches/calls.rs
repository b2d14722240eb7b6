//! What Alloy costs beside hand-written code: allocations and CPU time of a typed and of a text call, on
//! both routes.
//!
//! ```text
//! cargo bench
//! ```
//!
//! Both sides talk to the same loopback server, in a process of its own, which answers at once; they
//! send the same bytes and read the same reply. Allocations are those of one call after a warm-up. CPU
//! time is that of this process over many calls; the sides take turns, and the ratio is the median of
//! the rounds. The goals: at most 10 allocations more, and a ratio of at most 1.10.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark is a program that talks to whoever runs it"
)]

use std::alloc::System;
use std::borrow::Cow;
use std::future::Future;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use alloy_runtime::command;
use alloy_tests::server::Said;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROUNDS: usize = 30;
const CALLS: usize = 500;
const TEXT: &str = "Jason is 25 years old";

#[derive(Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract: {text}", model = "ollama:llama3.1", temperature = 0.0)]
async fn extract_native(text: &str) -> User;

#[command("Extract: {text}", model = "ollama:gpt-oss:20b", temperature = 0.0)]
async fn extract_openai_chat(text: &str) -> User;

#[command("Extract: {text}", model = "ollama:llama3.1", temperature = 0.0)]
async fn say_native(text: &str) -> String;

#[command("Extract: {text}", model = "ollama:gpt-oss:20b", temperature = 0.0)]
async fn say_openai_chat(text: &str) -> String;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("typed_call") => serve(r#"{"name":"Jason","age":25}"#),
        Some("text_call") => serve("Hello! How can I help you today?"),
        // `cargo test --benches` and the like: nothing to test here.
        Some("--test") => {}
        _ => measure(),
    }
}

/// The server's process: tells its address, answers at once, and ends when its standard input does.
///
/// One thread serves all connections: with a thread a connection, the side whose thread happens to run
/// on this process's processor would look two times faster.
fn serve(answer: &str) {
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let reply = |body: String| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\n\r\n{body}",
            body.len(),
        )
    };
    let said = Said::new(answer);
    let replies = [said.native(), said.openai_chat()].map(|body| reply(body.to_string()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer_requests(stream, replies.clone()));
        }
    });
}

/// Reads requests as far as it must to know where each ends, and writes the reply.
async fn answer_requests(mut stream: TcpStream, [native, openai_chat]: [String; 2]) {
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
            let reply = match head.starts_with("POST /api/chat ") {
                true => &native,
                false => &openai_chat,
            };
            read.clear();
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
    }
}

struct ServerProcess {
    child: Child,
    host: String,
}

impl ServerProcess {
    fn start(mode: &str) -> Self {
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
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

fn measure() {
    // The host comes from the environment, as it does for users, and the environment is read once: each
    // measure is a process of its own.
    match std::env::var_os("ALLOY_BENCH_MEASURE") {
        Some(measure) => {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let host = std::env::var_os("OLLAMA_HOST")
                .unwrap()
                .into_string()
                .unwrap();
            let typed = measure.to_str() == Some("typed_call");
            for route in [Route::Native, Route::OpenaiChat] {
                match typed {
                    true => typed_call(&runtime, &host, route),
                    false => text_call(&runtime, &host, route),
                }
            }
        }
        None => {
            for measure in ["typed_call", "text_call"] {
                let server = ServerProcess::start(measure);
                let status = Command::new(std::env::current_exe().unwrap())
                    .env("ALLOY_BENCH_MEASURE", measure)
                    .env("OLLAMA_HOST", &server.host)
                    .status()
                    .unwrap();
                assert!(status.success());
            }
        }
    }
}

fn typed_call(runtime: &tokio::runtime::Runtime, host: &str, route: Route) {
    let extract = |text: &str| match route {
        Route::Native => extract_native(text),
        Route::OpenaiChat => extract_openai_chat(text),
    };
    let floor = Floor::new(host, route);
    let preview = extract(TEXT).preview().unwrap();
    let sent: serde_json::Value = serde_json::from_str(&preview.body).unwrap();
    let system = preview.messages[0].content.clone();
    let schema = match route {
        Route::Native => &sent["format"],
        Route::OpenaiChat => &sent["response_format"]["json_schema"]["schema"],
    };
    let schema = RawValue::from_string(schema.to_string()).unwrap();
    assert_eq!(
        floor.body(Some(&system), TEXT, Some(&schema)),
        preview.body,
        "both send the same bytes"
    );

    let alloy = async || {
        let user = extract(TEXT).await.unwrap();
        assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    };
    let by_hand = async || {
        let user: User = floor
            .call(Some(&system), TEXT, Some(&schema), |content| {
                serde_json::from_str(content).unwrap()
            })
            .await;
        assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    };
    report("typed_call", route, runtime, alloy, by_hand);
}

fn text_call(runtime: &tokio::runtime::Runtime, host: &str, route: Route) {
    let say = |text: &str| match route {
        Route::Native => say_native(text),
        Route::OpenaiChat => say_openai_chat(text),
    };
    let floor = Floor::new(host, route);
    let preview = say(TEXT).preview().unwrap();
    assert_eq!(
        floor.body(None, TEXT, None),
        preview.body,
        "both send the same bytes"
    );

    let alloy = async || assert!(say(TEXT).await.unwrap().starts_with("Hello"));
    let by_hand = async || {
        let text: String = floor.call(None, TEXT, None, str::to_owned).await;
        assert!(text.starts_with("Hello"));
    };
    report("text_call", route, runtime, alloy, by_hand);
}

#[derive(Clone, Copy)]
enum Route {
    Native,
    OpenaiChat,
}

impl Route {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::OpenaiChat => "openai_chat",
        }
    }
}

/// Hand-written code: what a careful person would write for this one request.
struct Floor {
    client: reqwest::Client,
    url: reqwest::Url,
    route: Route,
}

#[derive(Serialize)]
struct NativeBody<'a> {
    model: &'a str,
    messages: &'a [Message<'a>],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    options: Options,
    truncate: bool,
}

#[derive(Serialize)]
struct OpenaiBody<'a> {
    model: &'a str,
    messages: &'a [Message<'a>],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    temperature: f64,
}

#[derive(Serialize)]
struct ResponseFormat<'a> {
    r#type: &'a str,
    json_schema: JsonSchema<'a>,
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a RawValue,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Serialize)]
struct Options {
    temperature: f64,
}

#[derive(Deserialize)]
struct NativeReply<'a> {
    #[serde(borrow)]
    message: Answer<'a>,
    done: bool,
}

#[derive(Deserialize)]
struct OpenaiReply<'a> {
    #[serde(borrow)]
    choices: [Choice<'a>; 1],
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Answer<'a>,
    finish_reason: &'a str,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
}

impl Floor {
    fn new(host: &str, route: Route) -> Self {
        let path = match route {
            Route::Native => "/api/chat",
            Route::OpenaiChat => "/v1/chat/completions",
        };
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            url: format!("http://{host}{path}").parse().unwrap(),
            route,
        }
    }

    fn body(&self, system: Option<&str>, text: &str, schema: Option<&RawValue>) -> String {
        let prompt = format!("Extract: {text}");
        let user = Message {
            role: "user",
            content: &prompt,
        };
        let with_system;
        let messages = match system {
            Some(content) => {
                with_system = [
                    Message {
                        role: "system",
                        content,
                    },
                    user,
                ];
                &with_system[..]
            }
            None => &[user][..],
        };
        let body = match self.route {
            Route::Native => serde_json::to_string(&NativeBody {
                model: "llama3.1",
                messages,
                stream: false,
                format: schema,
                options: Options { temperature: 0.0 },
                truncate: false,
            }),
            Route::OpenaiChat => serde_json::to_string(&OpenaiBody {
                model: "gpt-oss:20b",
                messages,
                stream: false,
                response_format: schema.map(|schema| ResponseFormat {
                    r#type: "json_schema",
                    json_schema: JsonSchema {
                        name: "output",
                        strict: true,
                        schema,
                    },
                }),
                temperature: 0.0,
            }),
        };
        body.unwrap()
    }

    async fn call<T>(
        &self,
        system: Option<&str>,
        text: &str,
        schema: Option<&RawValue>,
        read: impl FnOnce(&str) -> T,
    ) -> T {
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json");
        if let Route::OpenaiChat = self.route {
            request = request.header("authorization", "Bearer ollama");
        }
        let response = request
            .body(self.body(system, text, schema))
            .send()
            .await
            .unwrap();
        let bytes = response.error_for_status().unwrap().bytes().await.unwrap();
        match self.route {
            Route::Native => {
                let reply: NativeReply<'_> = serde_json::from_slice(&bytes).unwrap();
                assert!(reply.done);
                read(&reply.message.content)
            }
            Route::OpenaiChat => {
                let reply: OpenaiReply<'_> = serde_json::from_slice(&bytes).unwrap();
                let [choice] = reply.choices;
                assert_eq!(choice.finish_reason, "stop");
                read(&choice.message.content)
            }
        }
    }
}

/// Measures two sides that do the same, and prints a plain line a measure.
fn report<A, B>(
    name: &str,
    route: Route,
    runtime: &tokio::runtime::Runtime,
    alloy: impl Fn() -> A,
    floor: impl Fn() -> B,
) where
    A: Future<Output = ()>,
    B: Future<Output = ()>,
{
    runtime.block_on(async {
        for _ in 0..CALLS {
            alloy().await;
            floor().await;
        }
        println!(
            "{name} {} allocations alloy={} floor={}",
            route.name(),
            allocations(&alloy).await,
            allocations(&floor).await
        );
        let mut ratios = Vec::with_capacity(ROUNDS);
        for round in 0..ROUNDS {
            // The sides take turns at being first.
            let (ours, theirs) = if round % 2 == 0 {
                let ours = cpu_time(&alloy).await;
                (ours, cpu_time(&floor).await)
            } else {
                let theirs = cpu_time(&floor).await;
                (cpu_time(&alloy).await, theirs)
            };
            ratios.push(ours.as_secs_f64() / theirs.as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "{name} {} cpu ratio={:.2}",
            route.name(),
            ratios[ROUNDS / 2]
        );
    });
}

/// The fewest allocations of one call: background work of the client may fall into any one.
async fn allocations<F: Future<Output = ()>>(call: &impl Fn() -> F) -> usize {
    let mut fewest = usize::MAX;
    for _ in 0..ROUNDS {
        let region = Region::new(ALLOCATOR);
        call().await;
        let change = region.change();
        fewest = fewest.min(change.allocations + change.reallocations);
    }
    fewest
}

async fn cpu_time<F: Future<Output = ()>>(call: &impl Fn() -> F) -> Duration {
    let start = ProcessTime::now();
    for _ in 0..CALLS {
        call().await;
    }
    start.elapsed()
}
