//! Compares Alloy with hand-written code on both routes: allocations and CPU time of a typed and of a text call, and
//! the throughput of a thousand concurrent calls, and of a thousand rows of a batch.
//!
//! ```text
//! cargo bench
//! ```
//!
//! Both sides send the same bytes to the same loopback server, a separate process that replies at once, and read the
//! same reply. Allocations are those of one call after a warm-up. CPU time is that of this process over many calls;
//! the sides take turns, and the ratio is the median of the rounds and of five processes. Goals: at most 10 more
//! allocations, a ratio of at most 1.10, and a throughput of at least 0.95.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its results and reads its environment"
)]

mod measure;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_runtime::{batch, command};
use alloy_tests::server::Said;
use futures::stream::{self, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use self::measure::{Floor, Route, ServerProcess};

const CALLS: usize = 200;
const CROWD: usize = 1000;
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
    measure::main(
        |mode| {
            serve(match mode {
                "typed_call" => r#"{"name":"Jason","age":25}"#,
                _ => "Hello! How can I help you today?",
            });
        },
        measured,
        measure,
    );
}

/// Serves this answer.
fn serve(answer: &str) {
    let said = Said::new(answer);
    let [native, openai_chat] =
        [said.native(), said.openai_chat()].map(|body| measure::json_reply(&body));
    measure::serve(move |request| {
        match request.starts_with("POST /api/chat ") {
            true => &native,
            false => &openai_chat,
        }
        .clone()
    });
}

fn measure() {
    for measure in ["typed_call", "text_call", "concurrent", "batch"] {
        let server = ServerProcess::start(match measure {
            "text_call" => "text_call",
            _ => "typed_call",
        });
        server.measure(measure);
    }
}

/// Runs one measurement in its own process.
fn measured(measure: &str, host: &str) {
    let runtime = measure::runtime();
    for route in Route::ALL {
        match measure {
            "typed_call" => typed_call(&runtime, host, route),
            "text_call" => text_call(&runtime, host, route),
            "batch" => {
                for concurrency in [16, 64] {
                    rows(&runtime, host, route, concurrency);
                }
            }
            _ => concurrent(&runtime, host, route),
        }
    }
}

/// Returns what a typed call sends besides its text: the system message and the schema.
fn typed_parts(extract: &impl Fn(&str) -> Extract, floor: &Floor) -> (String, Box<RawValue>) {
    let preview = extract(TEXT).preview().unwrap();
    let sent: serde_json::Value = serde_json::from_str(&preview.body).unwrap();
    let system = preview.messages[0].content.clone();
    let schema = match floor.route {
        Route::Native => &sent["format"],
        Route::OpenaiChat => &sent["response_format"]["json_schema"]["schema"],
    };
    let schema = RawValue::from_string(schema.to_string()).unwrap();
    assert_eq!(
        floor.body(Some(&system), TEXT, Some(&schema)),
        preview.body,
        "both send the same bytes"
    );
    (system, schema)
}

fn typed_call(runtime: &tokio::runtime::Runtime, host: &str, route: Route) {
    let extract = extract_on(route);
    let floor = Floor::new(host, route);
    let (system, schema) = typed_parts(&extract, &floor);

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

/// Compares the throughput of a thousand concurrent commands with hand-written code.
fn concurrent(runtime: &tokio::runtime::Runtime, host: &str, route: Route) {
    let extract = extract_on(route);
    let floor = Arc::new(Floor::new(host, route));
    let parts = Arc::new(typed_parts(&extract, &floor));
    let alloy = async || {
        let start = Instant::now();
        let mut crowd: JoinSet<_> = (0..CROWD).map(|_| extract(TEXT)).collect();
        while let Some(user) = crowd.join_next().await {
            assert_eq!(user.unwrap().unwrap().age, 25);
        }
        start.elapsed()
    };
    let by_hand = async || {
        let start = Instant::now();
        let calls = (0..CROWD).map(|_| {
            let (floor, parts) = (Arc::clone(&floor), Arc::clone(&parts));
            async move {
                let (system, schema) = &*parts;
                let read = |content: &str| serde_json::from_str::<User>(content).unwrap();
                floor.call(Some(system), TEXT, Some(schema), read).await
            }
        });
        let mut crowd: JoinSet<_> = calls.collect();
        while let Some(user) = crowd.join_next().await {
            assert_eq!(user.unwrap().age, 25);
        }
        start.elapsed()
    };
    runtime.block_on(async {
        alloy().await;
        by_hand().await;
        // The throughput ratio is the inverse of the ratio of times.
        let ratio = measure::ratio(by_hand, alloy).await;
        println!("concurrent {} throughput ratio={ratio:.2}", route.name());
    });
}

/// Compares a batch with hand-written code that keeps as many calls in flight, in the order of the rows.
fn rows(runtime: &tokio::runtime::Runtime, host: &str, route: Route, concurrency: usize) {
    let extract = extract_on(route);
    let floor = Floor::new(host, route);
    let parts = typed_parts(&extract, &floor);
    let alloy = async || {
        let rows = batch(0..CROWD, |_: &usize| extract(TEXT));
        let mut results = rows.concurrency(concurrency);
        while let Some(item) = results.next().await {
            assert_eq!(item.unwrap().result.unwrap().value.age, 25);
        }
    };
    let by_hand = async || {
        let (system, schema) = &parts;
        let calls = (0..CROWD).map(|_| {
            let read = |content: &str| serde_json::from_str::<User>(content).unwrap();
            floor.call(Some(system), TEXT, Some(schema), read)
        });
        let mut results = stream::iter(calls).buffered(concurrency);
        while let Some(user) = results.next().await {
            assert_eq!(user.age, 25);
        }
    };
    runtime.block_on(async {
        alloy().await;
        by_hand().await;
        let ratio = measure::ratio(async || time(&by_hand).await, async || time(&alloy).await);
        let name = format!("batch of {concurrency} {}", route.name());
        println!("{name} throughput ratio={:.2}", ratio.await);
        let ratio = measure::ratio(
            async || measure::cpu_time(1, &alloy).await,
            async || measure::cpu_time(1, &by_hand).await,
        );
        println!("{name} cpu ratio={:.2}", ratio.await);
    });
}

async fn time<F: Future<Output = ()>>(run: &impl Fn() -> F) -> Duration {
    let start = Instant::now();
    run().await;
    start.elapsed()
}

type Extract = alloy_runtime::Command<User>;

/// Returns the typed command of a route.
fn extract_on(route: Route) -> impl Fn(&str) -> Extract + Copy {
    move |text| match route {
        Route::Native => extract_native(text),
        Route::OpenaiChat => extract_openai_chat(text),
    }
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
        let mut request = self.post(self.body(system, text, schema));
        if let Route::OpenaiChat = self.route {
            request = request.header("authorization", "Bearer ollama");
        }
        let response = request.send().await.unwrap();
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

/// Measures both sides and prints one line for each measurement.
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
            measure::allocations(&alloy).await,
            measure::allocations(&floor).await
        );
        let ratio = measure::ratio(
            async || measure::cpu_time(CALLS, &alloy).await,
            async || measure::cpu_time(CALLS, &floor).await,
        );
        println!("{name} {} cpu ratio={:.2}", route.name(), ratio.await);
    });
}
