//! Exchanges recorded from a real server (Ollama 0.24.0) and replayed to the real client: in the recorded
//! chunks, byte by byte, and all at once.

use std::path::Path;

use alloy_runtime::{Api, ErrorKind, Output, command, tool};
use alloy_tests::server::{Reply, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[command("Extract: Jason is 25 years old", model = "alloy-tiny")]
async fn ask<T: Output>() -> T;

/// Each folder of transcripts with its route.
const FOLDERS: [(&str, Api); 2] = [("native", Api::Native), ("openai_chat", Api::OpenaiChat)];

#[derive(Deserialize)]
struct Transcript {
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
struct RecordedRequest {
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: serde_json::Map<String, Value>,
    chunks: Vec<String>,
}

fn transcript(name: &str) -> Transcript {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("transcripts")
        .join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// Returns the recorded reply in three framings that a network may produce.
fn replies(name: &str) -> [Reply; 3] {
    let RecordedResponse {
        status,
        headers,
        chunks,
    } = transcript(name).response;
    let content_type = headers
        .get("content-type")
        .and_then(Value::as_str)
        .unwrap_or("");
    let framed = Reply::chunked(status, content_type, &chunks);
    [
        framed.clone(),
        framed.byte_by_byte(),
        Reply::body(status, content_type, chunks.concat()),
    ]
}

/// Returns the value read from a case that was recorded on both routes.
async fn value<T: Output + Serialize>(name: &str) -> Value {
    let mut values = Vec::new();
    for (folder, api) in FOLDERS {
        for reply in replies(&format!("{folder}/{name}")) {
            let server = Server::start([reply]);
            let value = ask::<T>().api(api).host(server.host()).await.unwrap();
            values.push(serde_json::to_value(value).unwrap());
        }
    }
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    values.remove(0)
}

async fn error<T: Output + std::fmt::Debug>(name: &str) -> alloy_runtime::Error {
    let mut errors = Vec::new();
    let folder = name.split('/').next().unwrap();
    let known = FOLDERS.iter().find(|(known, _)| *known == folder);
    let api = known.map_or(Api::Native, |(_, api)| *api);
    for reply in replies(name) {
        let server = Server::start([reply]);
        let command = ask::<T>().api(api).auto_finalize_missing_output(false);
        errors.push(command.host(server.host()).await.unwrap_err());
    }
    assert!(
        errors.iter().all(|error| error.kind() == errors[0].kind()),
        "{errors:?}"
    );
    errors.remove(0)
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
struct User {
    name: String,
    age: i64,
}

// G3: except for `truncate`, the request equals the recorded one.
#[test]
fn requests_equal_the_recorded_ones() {
    for (folder, api) in FOLDERS {
        let command = ask::<User>().api(api);
        let command = match api {
            Api::Native => command,
            _ => command.temperature(0.0),
        };
        let preview = command.preview().unwrap();
        let mut expected = transcript(&format!("{folder}/user")).request.body;
        let schema = match api {
            Api::Native => {
                expected["truncate"] = Value::Bool(false);
                &expected["format"]
            }
            _ => &expected["response_format"]["json_schema"]["schema"],
        };
        // Compared as text, too: the order of the schema's keys is the order of the answer.
        let schema = serde_json::to_string(schema).unwrap();
        assert!(
            preview.body.contains(&schema),
            "{schema} in {}",
            preview.body
        );
        let sent: Value = serde_json::from_str(&preview.body).unwrap();
        // Servers treat 0 and 0.0 alike.
        let sent = sent.to_string().replace("0.0", "0");
        assert_eq!(sent.parse::<Value>().unwrap(), expected, "{folder}");
    }
}

#[tokio::test]
async fn recorded_answers_are_read() {
    use serde_json::json;

    assert_eq!(
        value::<User>("user").await,
        json!({"name": "Jason", "age": 25})
    );
    assert_eq!(
        value::<String>("text").await,
        "Hello! How can I help you today?"
    );
    assert_eq!(
        value::<String>("system").await,
        "Hello! How can I help you today?"
    );
    assert_eq!(value::<f64>("scalar-wrapped").await, 49.99);
    assert_eq!(
        value::<(String, u8)>("tuple-prefixitems").await,
        json!(["Jason", 25])
    );
    assert_eq!(
        value::<Value>("json-mode").await,
        json!({"name": "Jason", "age": 25})
    );
    let map = value::<std::collections::BTreeMap<String, i64>>("map").await;
    assert_eq!(map, json!({"name": 3, "company": 3}));

    #[derive(Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Sentiment {
        Positive,
        Negative,
        Neutral,
    }
    assert_eq!(value::<Sentiment>("enum").await, "positive");

    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Contact {
        name: String,
        email: Option<String>,
    }
    assert_eq!(
        value::<Contact>("anyof-null").await,
        json!({"name": "Jason", "email": null})
    );

    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Person {
        name: String,
        age: u8,
        addresses: Vec<Address>,
    }
    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Address {
        street: String,
        city: String,
        country: String,
    }
    let person = value::<Person>("nested-list").await;
    assert_eq!(person["addresses"][1]["street"], "456 Beach Rd");
}

/// Error cases recorded on both routes.
const ON_BOTH: [(&str, ErrorKind, &str); 10] = [
    (
        "model-missing",
        ErrorKind::ModelNotFound,
        "ollama pull alloy-tiny",
    ),
    (
        "model-bad-name",
        ErrorKind::Configuration,
        "invalid model name",
    ),
    ("model-empty", ErrorKind::Configuration, "model is required"),
    (
        "tools-unsupported",
        ErrorKind::Capability,
        "does not support tools",
    ),
    (
        "pattern-bad",
        ErrorKind::Server,
        "invalid JSON schema in format",
    ),
    (
        "type-bad",
        ErrorKind::Server,
        "invalid JSON schema in format",
    ),
    (
        "ref-missing",
        ErrorKind::Server,
        "invalid JSON schema in format",
    ),
    ("body-not-json", ErrorKind::Server, "invalid character 'n'"),
    ("length", ErrorKind::Truncated, "after 4"),
    ("length-text", ErrorKind::Truncated, "after 5"),
];

/// Error cases recorded on one route, or outside of both.
const ON_ONE: [(&str, ErrorKind, &str); 17] = [
    (
        "native/truncate-off-overflow",
        ErrorKind::ContextOverflow,
        "exceeds the context length",
    ),
    (
        "native/format-number",
        ErrorKind::Server,
        "invalid format: \"3\"",
    ),
    (
        "native/option-wrong-type",
        ErrorKind::Server,
        "must be of type float32",
    ),
    (
        "native/body-empty",
        ErrorKind::Server,
        "missing request body",
    ),
    (
        "native/think-unsupported",
        ErrorKind::Capability,
        "does not support thinking",
    ),
    // Without messages the server loads the model and returns an empty answer.
    ("native/messages-empty", ErrorKind::Empty, "empty answer"),
    (
        "native/render-only",
        ErrorKind::Interrupted,
        "was stopped in the middle",
    ),
    (
        "openai_chat/messages-empty",
        ErrorKind::Server,
        "[] is too short",
    ),
    (
        "openai_chat/reasoning-unsupported",
        ErrorKind::Capability,
        "does not support thinking",
    ),
    (
        "openai_chat/reasoning-bad",
        ErrorKind::Server,
        "invalid reasoning value",
    ),
    ("openai_chat/body-empty", ErrorKind::Server, "EOF"),
    (
        "openai_chat/temperature-string",
        ErrorKind::Server,
        "cannot unmarshal string",
    ),
    ("other/origin-foreign", ErrorKind::Server, "status 403"),
    (
        "other/path-unknown",
        ErrorKind::WrongServer,
        "it has no /api/chat",
    ),
    (
        "other/method-wrong",
        ErrorKind::WrongServer,
        "it has no /api/chat",
    ),
    ("other/root", ErrorKind::Protocol, "not the JSON of a reply"),
    ("other/tags", ErrorKind::Protocol, "it has no `message`"),
];

#[tokio::test]
async fn recorded_errors_have_their_kinds() {
    let check = async |name: &str, kind: ErrorKind, words: &str| {
        let error = error::<User>(name).await;
        assert_eq!(error.kind(), kind, "{name}: {error:?}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    };
    for (folder, _) in FOLDERS {
        for (case, kind, words) in ON_BOTH {
            check(&format!("{folder}/{case}"), kind, words).await;
        }
    }
    for (name, kind, words) in ON_ONE {
        check(name, kind, words).await;
    }
}

mod streams {
    use super::*;

    /// Returns the text of a recorded stream and how it ended: its completion tokens, or its error.
    async fn read(api: Api, name: &str) -> (String, Result<Option<u64>, alloy_runtime::Error>) {
        let mut ends = Vec::new();
        for reply in replies(name) {
            let server = Server::start([reply]);
            let mut stream = ask::<String>().api(api).host(server.host()).stream();
            let mut text = String::new();
            let mut end = None;
            while let Some(item) = stream.next().await {
                match item {
                    Ok(piece) => text += &piece,
                    Err(error) => end = Some(Err(error)),
                }
            }
            let summary = stream.summary();
            let tokens = || summary.unwrap().usage.completion_tokens;
            ends.push((text, end.unwrap_or_else(|| Ok(tokens()))));
        }
        let shown: Vec<String> = ends.iter().map(|end| format!("{end:?}")).collect();
        assert!(shown.iter().all(|end| *end == shown[0]), "{shown:#?}");
        ends.remove(0)
    }

    // S1 S4
    #[tokio::test]
    async fn recorded_streams_are_read_to_their_end() {
        for (folder, api) in FOLDERS {
            let name = |case: &str| format!("{folder}/{case}");
            let (text, end) = read(api, &name("text-stream")).await;
            assert_eq!(
                text,
                "The sea breathes slowly\nsalt wind over the grey stones\nthe tide keeps its word."
            );
            assert_eq!(end.unwrap(), Some(45));
            let (text, end) = read(api, &name("user-stream")).await;
            assert_eq!(text, r#"{"name":"Jason","age":25}"#);
            assert_eq!(end.unwrap(), Some(12));
            // On `openai_chat` the server reports tokens only if the request asks for them.
            let (_, end) = read(api, &name("stream-no-usage")).await;
            assert_eq!(end.unwrap().is_some(), api == Api::Native);
            let (text, end) = read(api, &name("runner-killed-stream")).await;
            assert!(text.starts_with("{\"value\":"), "{text}");
            let error = end.unwrap_err();
            assert_eq!(error.partial_text(), Some(text.as_str()));
            let kind = match api {
                Api::Native => ErrorKind::ModelStopped,
                _ => ErrorKind::Interrupted,
            };
            assert_eq!(error.kind(), kind, "{error:?}");
        }
    }
}

/// Add two integers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// The weather in a city.
#[tool]
fn get_weather(city: &str) -> String {
    format!("{city}: sunny")
}

/// The current time.
#[tool]
fn now() -> &'static str {
    "noon"
}

/// Returns the tools of a request without their descriptions, which the recordings word differently.
fn kept(body: &Value) -> Value {
    let mut tools = body["tools"].clone();
    for tool in tools.as_array_mut().unwrap() {
        tool["function"]
            .as_object_mut()
            .unwrap()
            .remove("description");
    }
    tools
}

// T1 T2: a tool turn equals the recorded one in both directions.
#[tokio::test]
async fn a_tool_turn_equals_the_recorded_one() {
    for (folder, api) in FOLDERS {
        let name = |case: &str| format!("{folder}/{case}");
        let answers = replies(&name("tool-result"));
        for (call, answer) in replies(&name("tool-call")).into_iter().zip(answers) {
            let server = Server::start([call, answer]);
            let command = alloy_runtime::ask("What is 17 plus 25?").model("alloy-tiny");
            let command = command.tool(add::tool()).api(api).host(server.host());
            let outcome = command.outcome().await.unwrap();
            assert_eq!(outcome.value, "The result is 42.");
            assert_eq!(outcome.tool_results[0].content, "42");
            let [first, second] = server.requests().try_into().unwrap();
            let (first, second) = (first.json(), second.json());
            let recorded = transcript(&name("tool-call")).request.body;
            for key in ["model", "messages", "stream"] {
                assert_eq!(first[key], recorded[key], "{folder} {key}");
            }
            assert_eq!(kept(&first), kept(&recorded));
            // Except for the ids, which are sent back as the server gave them.
            let mut recorded = transcript(&name("tool-result")).request.body;
            let id = second["messages"][1]["tool_calls"][0]["id"].clone();
            assert!(id.as_str().unwrap().starts_with("call_"));
            recorded["messages"][1]["tool_calls"][0]["id"] = id.clone();
            recorded["messages"][2]["tool_call_id"] = id;
            let mut sent = second["messages"].clone();
            if api == Api::OpenaiChat {
                // The server may send the keys of the arguments in any order.
                let pointer = "/1/tool_calls/0/function/arguments";
                let arguments = sent.pointer_mut(pointer).unwrap();
                let read: Value = serde_json::from_str(arguments.as_str().unwrap()).unwrap();
                assert_eq!(read, serde_json::json!({"a": 17, "b": 25}));
                *arguments = recorded["messages"].pointer(pointer).unwrap().clone();
            }
            assert_eq!(sent, recorded["messages"], "{folder}");
        }
    }
}

// T2: parallel calls, and a call with arguments of a tool that has no parameters.
#[tokio::test]
async fn recorded_tool_calls_are_run() {
    for (folder, api) in FOLDERS {
        for (case, expected) in [
            ("tool-calls-parallel", vec!["Oslo: sunny", "Tbilisi: sunny"]),
            ("tool-no-parameters", vec!["noon"]),
            ("tool-unused", vec![]),
        ] {
            for reply in replies(&format!("{folder}/{case}")) {
                let server = Server::start([reply, Reply::answer("Well.")]);
                let command = alloy_runtime::ask("Go").model("alloy-tiny").api(api);
                let command = command.tools([get_weather::tool(), now::tool()]);
                let outcome = command.host(server.host()).outcome().await.unwrap();
                let contents = outcome.tool_results.iter().map(|one| &*one.content);
                assert_eq!(contents.collect::<Vec<_>>(), expected, "{folder}/{case}");
            }
        }
    }
}

// T3
#[tokio::test]
async fn the_recorded_typed_turn_is_read() {
    for (folder, api) in FOLDERS {
        for reply in replies(&format!("{folder}/tool-result-then-format")) {
            let [call, ..] = replies(&format!("{folder}/tool-call"));
            let server = Server::start([call, Reply::answer("It is 42."), reply]);
            let command = ask::<i64>().tool(add::tool()).api(api).host(server.host());
            assert_eq!(command.await.unwrap(), 42);
        }
    }
}

// A8
#[tokio::test]
async fn unsupported_tools_are_a_missing_capability() {
    for (folder, api) in FOLDERS {
        for reply in replies(&format!("{folder}/tools-unsupported")) {
            let server = Server::start([reply]);
            let command = ask::<String>().tool(add::tool()).api(api);
            let error = command.host(server.host()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Capability);
        }
    }
}
