//! Compares the tool loop with hand-written code: a command whose model calls a tool in four turns and then answers.
//! Also measures the cost of more tools: their definitions are encoded once per command, so that a turn with twenty
//! tools allocates as often as a turn with one.
//!
//! ```text
//! cargo bench --bench tools
//! ```
//!
//! Both sides send the same bytes in each turn to the same loopback server, a separate process that replies at once,
//! and read the same replies. CPU time is that of this process over many commands; the sides take turns, and the ratio
//! is the median of the rounds and of five processes. Goals: a ratio of at most 1.15, and the same number of
//! allocations for twenty tools as for one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its results and reads its environment"
)]

mod measure;

use alloy_runtime::{Command, WithTools, command, tool};
use alloy_tests::server::Said;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use self::measure::{Floor, Route, ServerProcess};

/// Number of commands in a round.
const COMMANDS: usize = 50;
/// Number of turns with a tool call before the answer.
const TURNS: usize = 4;
const PROMPT: &str = "Add up to ten.";

/// Add two integers.
#[tool]
#[allow(
    clippy::unused_async,
    reason = "the benchmark measures the call, not the tool"
)]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Defines tools that the model does not call.
macro_rules! idle {
    ($($name:ident)*) => {
        $(
            /// Repeats a text up to 255 times.
            #[tool]
            fn $name(
                /// The text.
                text: &str,
                /// How often.
                count: Option<u8>,
            ) -> String {
                text.repeat(count.unwrap_or(1).into())
            }
        )*
    };
}
idle!(a b c d e f g h i j k l m n o p q r s);

#[command(
    "Add up to ten.",
    model = "ollama:llama3.1",
    temperature = 0.0,
    tools(add)
)]
async fn one_native() -> String;

#[command(
    "Add up to ten.",
    model = "ollama:gpt-oss:20b",
    temperature = 0.0,
    tools(add)
)]
async fn one_openai_chat() -> String;

#[command(
    "Add up to ten.",
    model = "ollama:llama3.1",
    temperature = 0.0,
    tools(add, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
)]
async fn twenty_native() -> String;

#[command(
    "Add up to ten.",
    model = "ollama:gpt-oss:20b",
    temperature = 0.0,
    tools(add, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
)]
async fn twenty_openai_chat() -> String;

fn main() {
    measure::main(
        |_| serve(),
        measured,
        || ServerProcess::start("tools").measure("tool_loop"),
    );
}

/// Serves a tool call until the request has `TURNS` results, then the answer.
fn serve() {
    let call = Said::call("add", json!({"a": 3, "b": 4}));
    let answer = Said::new("The result is 10.");
    let native = [call.native(), answer.native()].map(|body| measure::json_reply(&body));
    let openai_chat =
        [call.openai_chat(), answer.openai_chat()].map(|body| measure::json_reply(&body));
    measure::serve(move |request| {
        let replies = match request.starts_with("POST /api/chat ") {
            true => &native,
            false => &openai_chat,
        };
        let results = request.matches(r#""role":"tool""#).count();
        replies[usize::from(results >= TURNS)].clone()
    });
}

/// Runs one measurement in its own process.
fn measured(_: &str, host: &str) {
    let runtime = measure::runtime();
    for route in Route::ALL {
        let (one, twenty): (fn() -> Command<String, WithTools>, _) = match route {
            Route::Native => (one_native, twenty_native as fn() -> _),
            Route::OpenaiChat => (one_openai_chat, twenty_openai_chat as fn() -> _),
        };
        let floor = Loop::new(host, route, &one().preview().unwrap().body);
        let run = async |command: fn() -> Command<String, WithTools>| {
            assert_eq!(command().await.unwrap(), "The result is 10.");
        };
        let alloy = || run(one);
        let many = || run(twenty);
        let by_hand = async || assert_eq!(floor.run().await, "The result is 10.");
        let name = route.name();
        runtime.block_on(async {
            for _ in 0..COMMANDS {
                alloy().await;
                many().await;
                by_hand().await;
            }
            println!(
                "tool_loop {name} allocations alloy={} floor={}",
                measure::allocations(&alloy).await,
                measure::allocations(&by_hand).await
            );
            println!(
                "tool_loop {name} allocations one tool={} twenty tools={}",
                measure::allocations(&alloy).await,
                measure::allocations(&many).await
            );
            let ratio = measure::ratio(
                async || measure::cpu_time(COMMANDS, &alloy).await,
                async || measure::cpu_time(COMMANDS, &by_hand).await,
            );
            println!("tool_loop {name} cpu ratio={:.2}", ratio.await);
        });
    }
}

/// The baseline: a tool loop written by hand for this command.
struct Loop {
    floor: Floor,
    /// The tools, encoded once.
    tools: Box<RawValue>,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    tools: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
}

#[derive(Serialize)]
struct Options {
    temperature: f64,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call>,
}

#[derive(Deserialize, Serialize)]
struct Call {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
    function: Function,
}

#[derive(Deserialize, Serialize)]
struct Function {
    name: String,
    /// Arguments: an object, or in Chat Completions a string with an object.
    arguments: Box<RawValue>,
}

#[derive(Deserialize)]
struct Numbers {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
struct NativeReply {
    message: Answer,
    done: bool,
}

#[derive(Deserialize)]
struct OpenaiReply {
    choices: [Choice; 1],
}

#[derive(Deserialize)]
struct Choice {
    message: Answer,
}

#[derive(Deserialize)]
struct Answer {
    content: String,
    #[serde(default)]
    tool_calls: Vec<Call>,
}

impl Loop {
    fn new(host: &str, route: Route, body: &str) -> Self {
        let sent: serde_json::Value = serde_json::from_str(body).unwrap();
        let floor = Self {
            floor: Floor::new(host, route),
            tools: RawValue::from_string(sent["tools"].to_string()).unwrap(),
        };
        assert_eq!(
            floor.body(&[Message::user()]),
            body,
            "both send the same bytes"
        );
        floor
    }

    fn body(&self, messages: &[Message]) -> String {
        let native = matches!(self.floor.route, Route::Native);
        let body = Body {
            model: if native { "llama3.1" } else { "gpt-oss:20b" },
            messages,
            stream: false,
            tools: &self.tools,
            options: native.then_some(Options { temperature: 0.0 }),
            truncate: native.then_some(false),
            temperature: (!native).then_some(0.0),
        };
        serde_json::to_string(&body).unwrap()
    }

    async fn run(&self) -> String {
        let mut messages = vec![Message::user()];
        loop {
            let answer = self.send(self.body(&messages)).await;
            if answer.tool_calls.is_empty() {
                return answer.content;
            }
            let mut results = Vec::new();
            for call in &answer.tool_calls {
                results.push(self.call(call).await);
            }
            messages.push(Message {
                tool_calls: answer.tool_calls,
                ..Message::new("assistant", answer.content)
            });
            messages.extend(results);
        }
    }

    async fn call(&self, call: &Call) -> Message {
        assert_eq!(call.function.name, "add");
        let arguments = call.function.arguments.get();
        let Numbers { a, b } = match self.floor.route {
            Route::Native => serde_json::from_str(arguments).unwrap(),
            Route::OpenaiChat => {
                let text: String = serde_json::from_str(arguments).unwrap();
                serde_json::from_str(&text).unwrap()
            }
        };
        let native = matches!(self.floor.route, Route::Native);
        Message {
            tool_name: native.then(|| call.function.name.clone()),
            tool_call_id: Some(call.id.clone()),
            ..Message::new("tool", add(a, b).await.to_string())
        }
    }

    async fn send(&self, body: String) -> Answer {
        let mut request = self.floor.post(body);
        if let Route::OpenaiChat = self.floor.route {
            request = request.header("authorization", "Bearer ollama");
        }
        let response = request.send().await.unwrap();
        let bytes = response.error_for_status().unwrap().bytes().await.unwrap();
        match self.floor.route {
            Route::Native => {
                let reply: NativeReply = serde_json::from_slice(&bytes).unwrap();
                assert!(reply.done);
                reply.message
            }
            Route::OpenaiChat => {
                let reply: OpenaiReply = serde_json::from_slice(&bytes).unwrap();
                let [choice] = reply.choices;
                choice.message
            }
        }
    }
}

impl Message {
    fn user() -> Self {
        Self::new("user", PROMPT.to_owned())
    }

    fn new(role: &'static str, content: String) -> Self {
        Self {
            role,
            content,
            tool_name: None,
            tool_call_id: None,
            tool_calls: Vec::new(),
        }
    }
}
