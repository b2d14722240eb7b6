//! Exchanges recorded from a real server (Ollama 0.24.0), replayed to the real client: as their chunks
//! came, byte by byte, and all at once.

use std::path::Path;

use alloy_runtime::{ErrorKind, Output, command};
use alloy_tests::server::{Reply, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[command("Extract: Jason is 25 years old", model = "alloy-tiny")]
async fn ask<T: Output>() -> T;

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

/// The recorded reply in the three ways in which a network may bring it.
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

async fn value<T: Output + Serialize>(name: &str) -> Value {
    let mut values = Vec::new();
    for reply in replies(name) {
        let server = Server::start([reply]);
        let value = ask::<T>().host(server.host()).await.unwrap();
        values.push(serde_json::to_value(value).unwrap());
    }
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    values.remove(0)
}

async fn error<T: Output + std::fmt::Debug>(name: &str) -> alloy_runtime::Error {
    let mut errors = Vec::new();
    for reply in replies(name) {
        let server = Server::start([reply]);
        errors.push(ask::<T>().host(server.host()).await.unwrap_err());
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

// G3: but for `truncate`, the request is the one that was recorded.
#[test]
fn the_request_is_the_one_that_the_server_understood() {
    let preview = ask::<User>().preview().unwrap();
    let mut expected = transcript("native/user").request.body;
    expected["truncate"] = Value::Bool(false);
    let sent: Value = serde_json::from_str(&preview.body).unwrap();
    assert_eq!(sent, expected);
    // As text as well: the order of the schema's keys is the order of the answer.
    let schema = serde_json::to_string(&expected["format"]).unwrap();
    assert!(
        preview.body.contains(&schema),
        "{schema} in {}",
        preview.body
    );
}

#[tokio::test]
async fn answers_are_read() {
    use serde_json::json;

    assert_eq!(
        value::<User>("native/user").await,
        json!({"name": "Jason", "age": 25})
    );
    assert_eq!(
        value::<String>("native/text").await,
        "Hello! How can I help you today?"
    );
    assert_eq!(
        value::<String>("native/system").await,
        "Hello! How can I help you today?"
    );
    assert_eq!(value::<f64>("native/scalar-wrapped").await, 49.99);
    assert_eq!(
        value::<(String, u8)>("native/tuple-prefixitems").await,
        json!(["Jason", 25])
    );
    assert_eq!(
        value::<Value>("native/json-mode").await,
        json!({"name": "Jason", "age": 25})
    );
    let map = value::<std::collections::BTreeMap<String, i64>>("native/map").await;
    assert_eq!(map, json!({"name": 3, "company": 3}));

    #[derive(Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Sentiment {
        Positive,
        Negative,
        Neutral,
    }
    assert_eq!(value::<Sentiment>("native/enum").await, "positive");

    #[derive(Deserialize, Serialize, JsonSchema)]
    struct Contact {
        name: String,
        email: Option<String>,
    }
    assert_eq!(
        value::<Contact>("native/anyof-null").await,
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
    let person = value::<Person>("native/nested-list").await;
    assert_eq!(person["addresses"][1]["street"], "456 Beach Rd");
}

#[tokio::test]
async fn refusals_and_endings_are_told_apart() {
    let check = async |name: &str, kind: ErrorKind, words: &str| {
        let error = error::<User>(name).await;
        assert_eq!(error.kind(), kind, "{name}: {error:?}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    };
    check(
        "native/model-missing",
        ErrorKind::ModelNotFound,
        "ollama pull alloy-tiny",
    )
    .await;
    check(
        "native/model-bad-name",
        ErrorKind::Configuration,
        "invalid model name",
    )
    .await;
    check(
        "native/model-empty",
        ErrorKind::Configuration,
        "model is required",
    )
    .await;
    check(
        "native/truncate-off-overflow",
        ErrorKind::ContextOverflow,
        "exceeds the context length",
    )
    .await;
    check(
        "native/tools-unsupported",
        ErrorKind::Capability,
        "does not support tools",
    )
    .await;
    check(
        "native/pattern-bad",
        ErrorKind::Server,
        "invalid JSON schema in format",
    )
    .await;
    check(
        "native/format-number",
        ErrorKind::Server,
        "invalid format: \"3\"",
    )
    .await;
    check(
        "native/option-wrong-type",
        ErrorKind::Server,
        "must be of type float32",
    )
    .await;
    check(
        "native/body-empty",
        ErrorKind::Server,
        "missing request body",
    )
    .await;
    check(
        "native/body-not-json",
        ErrorKind::Server,
        "invalid character 'n'",
    )
    .await;
    check("native/length", ErrorKind::Truncated, "after 4").await;
    check("native/length-text", ErrorKind::Truncated, "after 5").await;
    // Without messages the server only loads the model and says nothing.
    check("native/messages-empty", ErrorKind::Empty, "empty answer").await;
    check("native/render-only", ErrorKind::Interrupted, "broke off").await;
    check("other/origin-foreign", ErrorKind::Server, "status 403").await;
    check(
        "other/path-unknown",
        ErrorKind::NotOllama,
        "it has no /api/chat",
    )
    .await;
    check(
        "other/method-wrong",
        ErrorKind::NotOllama,
        "it has no /api/chat",
    )
    .await;
    check("other/root", ErrorKind::Protocol, "not the JSON of a reply").await;
    check("other/tags", ErrorKind::Protocol, "it has no `message`").await;
}
