//! Pins every byte that a model or a server reads: request bodies on each route, format instructions, the messages
//! that follow a rejected answer, and the messages of tools.
//!
//! The `.expected` files hold them. A difference there is a change of behaviour: caches, recordings and the small
//! model of this repository depend on these bytes. `UPDATE_EXPECT=1 cargo test pinned` writes them anew.

use std::fmt::{Debug, Write as _};
use std::time::Duration;

use alloy_runtime::{
    Abort, Api, Command, ErrorKind, Image, Json, KeepAlive, Message, Output, Think, Tool, ask,
    command, tool,
};
use alloy_tests::server::{Reply, Said, Server};
use expect_test::expect_file;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ROUTES;
use crate::types::{Visit, each};

/// A name for each way in which a request leaves, and the model that takes it.
const MODELS: [(&str, &str, Option<Api>); 4] = [
    ("native", "ollama:m", Some(Api::Native)),
    ("openai_chat", "ollama:m", Some(Api::OpenaiChat)),
    ("openai", "openai:m", None),
    ("gguf", "gguf:m.gguf", None),
];

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only its schema and its errors matter")]
struct User {
    /// full name
    name: String,
    #[schemars(range(min = 0, max = 130))]
    age: u8,
    email: Option<String>,
}

#[command("Answer: {text}", model = "m")]
async fn answer<T: Output>(text: &str) -> T;

/// Extract the user described in the text.
#[command(model = "m", system = "Be brief, {tone}.")]
async fn extract(text: &str, tone: &str, note: Option<Json<Vec<u8>>>) -> User;

#[command("Say {what}", model = "m")]
#[ensure(|text| text.len() > 3, "the text must be longer than three bytes")]
#[ensure(|text| text.is_ascii(), "the text must be ASCII")]
async fn say(what: &str) -> String;

#[command("Extract", model = "m")]
#[ensure(|user| user.age >= 18, "the user must be an adult")]
async fn adult() -> User;

/// Adds two numbers.
#[tool]
#[require(a >= 0, "a must not be negative")]
#[ensure(|sum| *sum < 100, "the sum must be below 100")]
fn add(
    /// The first of them.
    a: i64,
    #[tool(default = 1)] b: i64,
) -> alloy_runtime::Result<i64> {
    Ok(a + b)
}

/// Looks a word up.
#[tool]
#[allow(
    clippy::unused_async,
    reason = "an async tool, with nothing to wait for"
)]
async fn look_up(word: &str, language: Option<String>, pages: Vec<u16>) -> Result<String, String> {
    match word {
        "panic" => panic!("no such page"),
        "fail" => Err(format!("no `{word}` in {language:?}. ")),
        _ => Ok(format!("{word} on {pages:?}")),
    }
}

/// Ends the command.
#[tool]
fn give_up() -> Result<(), Abort> {
    Err(Abort::new("enough"))
}

/// A conversation with everything that a message can have.
fn history() -> Vec<Message> {
    let stored = json!([
        {"role": "user", "content": "What is in this \"picture\"?\n", "images": ["iVBORw0KGgo="]},
        {"role": "assistant", "content": "", "thinking": "Adding.\u{1}", "tool_calls": [
            {"id": "call_1", "name": "add", "arguments": {"a": 1, "b": [1.5, null, "é"]}},
            {"name": "look_up", "arguments": "no { JSON"},
            {"name": "look_up", "arguments": {}},
        ]},
        {"role": "tool", "content": "2", "tool_name": "add", "tool_call_id": "call_1"},
        {"role": "tool", "content": "second", "tool_name": "look_up"},
        {"role": "tool", "content": "third", "tool_name": "look_up"},
        {"role": "assistant", "content": "A cat.", "thinking": "A cat?"},
        {"role": "user", "content": "And here?", "images": ["/9j/4AAQ", "UklGRgAAAABXRUJQ", "R0lGODlh"]},
        {"role": "assistant", "content": "", "tool_calls": [{"name": "add", "arguments": {"a": 1}}]},
        {"role": "tool", "content": "1", "tool_name": "other"},
        {"role": "tool", "content": "one too many", "tool_name": "add"},
    ]);
    serde_json::from_value(stored).unwrap()
}

/// The bodies of one route.
struct Bodies {
    model: &'static str,
    api: Option<Api>,
    out: String,
}

impl Bodies {
    fn add<T: Output, M>(&mut self, name: &str, command: Command<T, M>) {
        let body = self.body(command);
        writeln!(self.out, "# {name}\n{body}\n").unwrap();
    }

    fn body<T: Output, M>(&self, command: Command<T, M>) -> String {
        let config = alloy_runtime::Config::new().base_url("http://127.0.0.1:9/v1");
        let command = command.model(self.model).config(config);
        let command = match self.api {
            Some(api) => command.api(api),
            None => command,
        };
        command.preview().unwrap().body
    }
}

impl Visit for Bodies {
    async fn row<T: Output + Debug>(&mut self, _reads: &[&str], _refuses: &[&str]) {
        let name = std::any::type_name::<T>();
        self.add(name, answer::<T>("x"));
        self.add(&format!("{name} as an argument"), {
            let tool = Tool::new("take", "Takes one.", |_: Argument<T>| ());
            answer::<String>("x").tool(tool)
        });
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(bound = "T: DeserializeOwned")]
#[allow(dead_code, reason = "only its schema and its errors matter")]
struct Argument<T> {
    /// the one to take
    value: T,
}

#[tokio::test]
async fn bodies_of_first_requests() {
    for (name, model, api) in MODELS {
        let mut bodies = Bodies {
            model,
            api,
            out: String::new(),
        };
        settings(&mut bodies);
        conversations(&mut bodies);
        each(&mut bodies).await;
        let path = format!("pinned/{name}.expected");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("suite")
            .join(path);
        expect_file![path].assert_eq(&bodies.out);
    }
}

fn settings(bodies: &mut Bodies) {
    let text = || answer::<String>("\u{7f}\"quoted\" \\ \n\t\u{1} é 🦊 </text>");
    bodies.add("a text", text());
    bodies.add("ignored", answer::<()>("x"));
    bodies.add("any JSON", answer::<Value>("x"));
    bodies.add("a system text", text().system("Be \"brief\".\n"));
    bodies.add("a blank system text", text().system("  "));
    bodies.add(
        "a system text and an answer's form",
        answer::<User>("x").system("Be brief."),
    );
    bodies.add("no form", answer::<User>("x").schema_in_prompt(false));
    for temperature in [0.0, 0.7, 1.0, 2.0] {
        bodies.add(
            &format!("temperature {temperature}"),
            text().temperature(temperature),
        );
    }
    bodies.add("max_tokens", text().max_tokens(200));
    for think in [
        Think::Off,
        Think::On,
        Think::Low,
        Think::Medium,
        Think::High,
        Think::Max,
    ] {
        bodies.add(&format!("think {think}"), text().think(think));
    }
    for (name, keep_alive) in [
        ("zero", KeepAlive::For(Duration::ZERO)),
        ("1.5 s", KeepAlive::For(Duration::from_millis(1500))),
        ("10 min", KeepAlive::For(Duration::from_mins(10))),
        ("for ever", KeepAlive::Forever),
    ] {
        bodies.add(
            &format!("keep_alive {name}"),
            text().keep_alive(keep_alive).temperature(0.5),
        );
    }
    let options = [
        ("seed", json!(-7)),
        ("stop", json!("END")),
        ("stop", json!(["END", "\n"])),
        ("top_p", json!(0.9)),
        ("presence_penalty", json!(1)),
        ("frequency_penalty", json!(0.5)),
        ("num_ctx", json!(8192)),
        ("num_keep", json!(5)),
        ("top_k", json!(40)),
        ("min_p", json!(0.05)),
        ("repeat_last_n", json!(64)),
        ("repeat_penalty", json!(1.1)),
        ("num_gpu", json!(1)),
        ("use_mmap", json!(true)),
        ("truncate", json!(true)),
        ("truncate", json!(false)),
        ("shift", json!(false)),
        ("new \"one\"", json!({"a": [1, null]})),
    ];
    for (name, value) in &options {
        bodies.add(
            &format!("option {name} {value}"),
            text().option(name, value),
        );
    }
    let mut all = answer::<User>("x")
        .temperature(0.2)
        .max_tokens(9)
        .think(Think::Low);
    for (name, value) in &options {
        all = all.option(name, value);
    }
    bodies.add(
        "all settings",
        all.keep_alive(KeepAlive::Forever).system("s"),
    );
    let note = Some(Json(vec![1, 2]));
    bodies.add(
        "blocks and a template",
        extract("a </text> b", "friend", note),
    );
    bodies.add(
        "no optional block",
        extract("a", "{friend}", None).system("Other."),
    );
    bodies.add(
        "context",
        ask("Sum up.").context("order", &json!({"a": [1]})),
    );
}

fn conversations(bodies: &mut Bodies) {
    let image = || Image::new(*b"\x89PNG\r\n\x1a\n");
    let jpeg = || Image::new(*b"\xff\xd8\xff\xe0");
    bodies.add("a history", answer::<User>("x").history(history()));
    bodies.add("images", answer::<String>("x").image(image()).image(jpeg()));
    bodies.add(
        "a history, images and truncate",
        answer::<String>("x")
            .history(history())
            .image(image())
            .option("truncate", false),
    );
    bodies.add(
        "tools and a text",
        answer::<String>("x").tools([add::tool(), look_up::tool(), give_up::tool()]),
    );
    bodies.add(
        "tools and a typed answer",
        answer::<User>("x").tools([add::tool(), look_up::tool()]),
    );
    bodies.add(
        "a history with tools",
        answer::<User>("x").history(history()).tool(add::tool()),
    );
}

/// Writes what followed the first request of an exchange, on both routes.
async fn exchange<T: Output + Debug, M>(
    out: &mut String,
    name: &str,
    command: impl Fn() -> Command<T, M>,
    replies: &[Reply],
) {
    writeln!(out, "# {name}\n").unwrap();
    for api in ROUTES {
        let server = Server::start(replies.to_vec());
        let command = command().api(api).host(server.host());
        let outcome = command.outcome().await;
        for request in server.requests() {
            writeln!(out, "{api}: {}", request.body).unwrap();
        }
        match outcome {
            Ok(outcome) => {
                // The conversation as the engine in this process would read it.
                let next = ask("Next").model("gguf:m.gguf").history(outcome.messages);
                writeln!(out, "gguf: {}\n", next.preview().unwrap().body).unwrap();
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ToolAborted, "{error:?}");
                writeln!(out, "ends: {:?}\n", error.kind()).unwrap();
            }
        }
    }
}

const ANN: &str = r#"{"name":"Ann","age":41,"email":null}"#;

#[tokio::test]
async fn bodies_of_further_answers() {
    let out = &mut String::new();
    let invalid = |text: &str| [Reply::answer(text), Reply::answer(ANN)];
    for (name, text) in [
        ("a wrong type", r#"{"name":"Ann","age":"old","email":null}"#),
        ("a missing field", r#"{"name":"Ann"}"#),
        ("a limit", r#"{"name":"Ann","age":131,"email":null}"#),
        ("no JSON", "Ann is \"41\" years old."),
        ("broken JSON", "{\"name\": \"Ann\", \"age\": }"),
        ("a list", "[1, 2]"),
        ("two objects", "{\"a\": 1} and {\"b\": 2}"),
        ("an empty answer", " \n"),
        (
            "thinking without an end",
            "<think>{\"name\":\"Ann\",\"age\":41,\"email\":null}",
        ),
        (
            "thinking, then a wrong type",
            "<think>Hm.</think>{\"name\":7,\"age\":1}",
        ),
    ] {
        exchange(out, name, || answer::<User>("x"), &invalid(text)).await;
    }
    let long = format!("{{\"name\":\"{}\",\"age\":\"old\"}}", "é".repeat(5000));
    exchange(
        out,
        "a long answer",
        || answer::<User>("x"),
        &invalid(&long),
    )
    .await;
    exchange(
        out,
        "three answers",
        || answer::<User>("x").retry(3),
        &[
            Reply::answer("first"),
            Reply::answer("{\"name\":1}"),
            Reply::answer(""),
            Reply::answer(ANN),
        ],
    )
    .await;
    exchange(
        out,
        "a typed condition",
        adult,
        &[
            Reply::answer(r#"{"name":"Ben","age":4,"email":null}"#),
            Reply::answer(ANN),
        ],
    )
    .await;
    exchange(
        out,
        "two conditions of a text",
        || say("x"),
        &[Reply::answer("ö"), Reply::answer("hello")],
    )
    .await;
    exchange(
        out,
        "an empty text",
        || say("x").history([Message::user("Hi"), Message::assistant("Hello")]),
        &[Reply::answer(""), Reply::answer("hello")],
    )
    .await;
    expect_file!["pinned/answers.expected"].assert_eq(out);
}

#[tokio::test]
async fn bodies_of_tool_turns() {
    let out = &mut String::new();
    let text = || answer::<String>("x").tools([add::tool(), look_up::tool(), give_up::tool()]);
    let calls: [(&str, &str, Value); 17] = [
        ("a result", "add", json!({"a": 17, "b": 25})),
        ("a default", "add", json!({"a": 17})),
        ("null for a default", "add", json!({"a": 17, "b": null})),
        ("converted arguments", "add", json!({"a": "17", "b": 25.0})),
        (
            "arguments as a text",
            "add",
            json!("{\"a\": 17, \"b\": 25}"),
        ),
        ("arguments that are no JSON", "add", json!("a = 17")),
        ("arguments that are a list", "add", json!([17, 25])),
        ("a missing argument", "add", json!({"b": 25})),
        ("a wrong argument", "add", json!({"a": "seventeen"})),
        ("an argument too many", "add", json!({"a": 1, "c": 2})),
        ("a broken #[require]", "add", json!({"a": -1})),
        ("a broken #[ensure]", "add", json!({"a": 99})),
        ("an error", "look_up", json!({"word": "fail", "pages": []})),
        ("a panic", "look_up", json!({"word": "panic", "pages": []})),
        (
            "a wrong item",
            "look_up",
            json!({"word": "cat", "pages": [1, "two"]}),
        ),
        ("no such tool", "subtract \"one\"", json!({})),
        ("an end", "give_up", json!({})),
    ];
    for (name, called, arguments) in calls {
        let replies = [
            Reply::said(&Said::call(called, arguments).thinking("Hm.")),
            Reply::answer("42"),
        ];
        exchange(out, name, text, &replies).await;
    }
    let two = Said::call("add", json!({"a": 1}))
        .calling("look_up", json!({"word": "cat", "pages": [7]}))
        .without_ids();
    exchange(
        out,
        "two calls, then another",
        text,
        &[
            Reply::said(&two),
            Reply::said(&Said::call("add", json!({"a": 2}))),
            Reply::answer("42"),
        ],
    )
    .await;
    exchange(
        out,
        "a text that is empty after tools",
        text,
        &[Reply::said(&two), Reply::answer(""), Reply::answer("42")],
    )
    .await;
    let typed = || answer::<User>("x").tools([add::tool(), look_up::tool()]);
    let call = Reply::said(&Said::call("add", json!({"a": 1})));
    for (name, text) in [
        ("the value after tools", ANN),
        ("a text after tools, then the value", "Ann is 41."),
        ("an empty text after tools, then the value", ""),
        (
            "the wrong value after tools, then the value",
            r#"{"name":"Ann","age":"old"}"#,
        ),
    ] {
        let mut replies = vec![call.clone(), Reply::answer(text)];
        if text != ANN {
            replies.push(Reply::answer(ANN));
        }
        exchange(out, name, typed, &replies).await;
    }
    exchange(
        out,
        "a text after tools, the wrong value, then the value",
        typed,
        &[
            call,
            Reply::answer("Ann is 41."),
            Reply::answer(r#"{"name":"Ann"}"#),
            Reply::answer(ANN),
        ],
    )
    .await;
    exchange(
        out,
        "a text at once",
        typed,
        &[Reply::answer("Ann is 41."), Reply::answer(ANN)],
    )
    .await;
    expect_file!["pinned/tools.expected"].assert_eq(out);
}

/// The reasons that a model reads for answers, and for arguments, of each type.
#[derive(Default)]
struct Reasons(String);

impl Visit for Reasons {
    async fn row<T: Output + Debug>(&mut self, reads: &[&str], refuses: &[&str]) {
        writeln!(self.0, "# {}\n", std::any::type_name::<T>()).unwrap();
        for refused in refuses {
            let server = Server::start([Reply::answer(refused), Reply::answer(reads[0])]);
            answer::<T>("x").host(server.host()).await.unwrap();
            writeln!(self.0, "{refused}\n    {}", last_message(&server)).unwrap();
        }
        for given in reads.iter().chain(refuses) {
            let Ok(given) = serde_json::from_str::<Value>(given) else {
                continue;
            };
            let inside = given.get("value").cloned();
            for value in inside.into_iter().chain([given]) {
                let call = Said::call("take", json!({ "value": value }));
                let server = Server::start([Reply::said(&call), Reply::answer("done")]);
                let tool = Tool::new("take", "Takes one.", |given: Argument<T>| {
                    format!("{:?}", given.value)
                });
                let command = answer::<String>("x").tool(tool);
                command.host(server.host()).await.unwrap();
                let told = last_message(&server);
                writeln!(self.0, "take({value})\n    {told}").unwrap();
            }
        }
        self.0.push('\n');
    }
}

/// The text of the last message that was sent.
fn last_message(server: &Server) -> String {
    #[derive(Deserialize, Serialize)]
    struct Sent {
        messages: Vec<Value>,
    }
    let requests = server.requests();
    let sent: Sent = serde_json::from_str(&requests.last().unwrap().body).unwrap();
    sent.messages.last().unwrap()["content"].to_string()
}

#[tokio::test]
async fn reasons_for_each_type() {
    let mut reasons = Reasons::default();
    each(&mut reasons).await;
    expect_file!["pinned/reasons.expected"].assert_eq(&reasons.0);
}
