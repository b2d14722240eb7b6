//! Conditions, errors and panics of tools, as the model and a Rust caller see them.

use std::fmt;
use std::io;

use alloy_runtime::{Abort, Error, ErrorKind, Result, Tool, ToolStatus, ask, tool};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

use super::tool_messages;
use crate::ROUTES;

/// Calls a tool on both routes and returns its status and the text that the model reads.
async fn call_tool(tool: Tool, name: &str, arguments: Value) -> (ToolStatus, String) {
    let mut results = Vec::new();
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call(name, arguments.clone())),
            Reply::answer("I see."),
        ]);
        let command = ask("Go").model("m").api(api).host(server.host());
        let outcome = command.tool(tool.clone()).outcome().await.unwrap();
        let [result] = outcome.tool_results.try_into().unwrap();
        assert_eq!(tool_messages(&server), [&*result.content]);
        results.push((result.status, result.content));
    }
    assert_eq!(results[0], results[1]);
    results.remove(0)
}

/// Returns the error that a call of this tool ends its command with.
async fn command_error(tool: Tool, name: &str) -> Error {
    let server = Server::start([Reply::said(
        &Said::new("One moment.").calling(name, json!({})),
    )]);
    let command = ask("Go").model("m").host(server.host()).tool(tool);
    command.await.unwrap_err()
}

/// Divides.
#[tool]
#[require(b != 0, "b must not be zero")]
#[require(a >= 0, "a must not be negative.")]
#[require(a % b == 0, "a must be a multiple of b")]
#[ensure(|result| *result < 100, "the result must be below 100")]
#[ensure(is_not_thirteen, "13 is not allowed")]
fn divide(mut a: i64, b: i64) -> Result<i64> {
    if b == 1 {
        return Ok(a);
    }
    a /= b;
    Ok(a)
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "a condition sees a reference"
)]
fn is_not_thirteen(result: &i64) -> bool {
    *result != 13
}

/// Divides asynchronously, with another error type.
#[tool]
#[require(b != 0, "b must not be zero")]
#[ensure(|result| *result < 100, "the result must be below 100")]
async fn divide_later(a: i64, b: i64) -> std::result::Result<i64, anyhow::Error> {
    tokio::task::yield_now().await;
    let result = a
        .checked_div(b)
        .ok_or_else(|| anyhow::anyhow!("overflow"))?;
    Ok(result)
}

// T4
#[tokio::test]
async fn violated_conditions_are_reported_to_the_model() {
    let check = async |a: i64, b: i64, status: ToolStatus, expected: &str| {
        let result = call_tool(divide::tool(), "divide", json!({"a": a, "b": b})).await;
        assert_eq!(result, (status, expected.to_owned()));
    };
    check(84, 2, ToolStatus::Succeeded, "42").await;
    check(
        1,
        0,
        ToolStatus::RequireFailed,
        "The tool did not run: b must not be zero.",
    )
    .await;
    // The first violated condition is reported: a condition may rely on those before it.
    let negative = "The tool did not run: a must not be negative.";
    check(-1, 2, ToolStatus::RequireFailed, negative).await;
    let odd = "The tool did not run: a must be a multiple of b.";
    check(7, 2, ToolStatus::RequireFailed, odd).await;
    let large = "The result was not accepted: the result must be below 100.";
    check(1000, 2, ToolStatus::EnsureFailed, large).await;
    // Conditions also apply to an early return.
    check(1000, 1, ToolStatus::EnsureFailed, large).await;
    check(
        26,
        2,
        ToolStatus::EnsureFailed,
        "The result was not accepted: 13 is not allowed.",
    )
    .await;

    let later = |a: i64, b: i64| {
        call_tool(
            divide_later::tool(),
            "divide_later",
            json!({"a": a, "b": b}),
        )
    };
    assert_eq!(later(84, 2).await, (ToolStatus::Succeeded, "42".to_owned()));
    let zero = "The tool did not run: b must not be zero.";
    assert_eq!(
        later(1, 0).await,
        (ToolStatus::RequireFailed, zero.to_owned())
    );
    assert_eq!(
        later(1000, 2).await,
        (ToolStatus::EnsureFailed, large.to_owned())
    );
    let overflow = "The tool failed: overflow.";
    assert_eq!(
        later(i64::MIN, -1).await,
        (ToolStatus::Failed, overflow.to_owned())
    );
}

// T4: a Rust caller gets the error.
#[tokio::test]
async fn violated_conditions_are_errors_in_rust() {
    assert_eq!(divide(84, 2).unwrap(), 42);
    let error = divide(1, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContractViolated);
    assert_eq!(error.tool(), Some("divide"));
    assert_eq!(
        error.to_string(),
        "the tool `divide` did not run: b must not be zero"
    );
    let error = divide(1000, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContractViolated);
    assert_eq!(
        error.to_string(),
        "the result of the tool `divide` was not accepted: the result must be below 100"
    );
    let error = divide_later(1, 0).await.unwrap_err();
    assert_eq!(
        error.downcast_ref::<Error>().unwrap().kind(),
        ErrorKind::ContractViolated
    );
    assert_eq!(divide_later(84, 2).await.unwrap(), 42);
}

/// Calls another tool.
#[tool]
fn half(a: i64) -> Result<i64> {
    divide(a, 0)
}

// The outer tool ran; only the tool that it called did not.
#[tokio::test]
async fn a_violation_in_a_called_tool_is_a_failure() {
    let (status, text) = call_tool(half::tool(), "half", json!({"a": 1})).await;
    assert_eq!(status, ToolStatus::Failed);
    assert_eq!(
        text,
        "The tool failed: the tool `divide` did not run: b must not be zero."
    );
}

#[derive(Debug)]
struct Layered(io::Error);

impl fmt::Display for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read the notes.")
    }
}

impl std::error::Error for Layered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Fails in the given way.
#[tool]
fn fail(how: &str) -> std::result::Result<String, Box<dyn std::error::Error + Send + Sync>> {
    match how {
        "io" => Err(Layered(io::Error::other("no such file")).into()),
        "text" => Err("no such file".into()),
        "panic" => panic!("index {} is out of bounds", 7),
        "silent" => std::panic::panic_any(7),
        _ => Ok("fine".to_owned()),
    }
}

#[tool]
async fn fail_later(how: String) -> std::result::Result<String, Layered> {
    assert_ne!(how, "at once", "a panic");
    tokio::task::yield_now().await;
    assert_ne!(how, "later", "a panic");
    Err(Layered(io::Error::other("no such file")))
}

#[tool]
fn fail_plainly() -> std::result::Result<u8, String> {
    Err("no such file".to_owned())
}

#[tool]
fn fail_wrapped() -> anyhow::Result<u8> {
    use anyhow::Context as _;
    let error: anyhow::Result<u8> = Err(io::Error::other("no such file").into());
    error.context("cannot read")
}

// T4
#[tokio::test]
async fn errors_and_panics_are_reported_to_the_model() {
    let check = async |tool: Tool, name: &str, how: &str, expected: &str| {
        let (status, text) = call_tool(tool, name, json!({"how": how})).await;
        assert_eq!((status, &*text), (ToolStatus::Failed, expected));
    };
    let no_file = "The tool failed: no such file.";
    let layered = "The tool failed: cannot read the notes: no such file.";
    check(fail::tool(), "fail", "io", layered).await;
    check(fail::tool(), "fail", "text", no_file).await;
    let panicked = "The tool failed: it panicked: index 7 is out of bounds.";
    check(fail::tool(), "fail", "panic", panicked).await;
    let silent = "The tool failed: it panicked: without a message.";
    check(fail::tool(), "fail", "silent", silent).await;
    check(fail_later::tool(), "fail_later", "", layered).await;
    for how in ["at once", "later"] {
        let (_, text) = call_tool(fail_later::tool(), "fail_later", json!({"how": how})).await;
        assert!(
            text.starts_with("The tool failed: it panicked: assertion"),
            "{text}"
        );
        assert!(text.contains("a panic"), "{text}");
    }
    let (_, text) = call_tool(fail_plainly::tool(), "fail_plainly", json!({})).await;
    assert_eq!(text, no_file);
    let (_, text) = call_tool(fail_wrapped::tool(), "fail_wrapped", json!({})).await;
    assert_eq!(text, "The tool failed: cannot read: no such file.");
    assert!(fail("io").is_err() && fail_plainly().is_err());
}

#[tool]
fn abort() -> std::result::Result<u8, Abort> {
    Err(Abort::new("the user said no"))
}

#[tool]
fn abort_boxed() -> std::result::Result<u8, Box<dyn std::error::Error + Send + Sync>> {
    Err(Abort::new(io::Error::other("the user said no")).into())
}

#[tool]
async fn abort_wrapped() -> anyhow::Result<u8> {
    tokio::task::yield_now().await;
    Err(Abort::new("the user said no").into())
}

#[tool]
fn abort_below() -> anyhow::Result<u8> {
    use anyhow::Context as _;
    Err(Abort::new("the user said no")).context("asking the user")
}

#[derive(Debug)]
struct Own(Abort);

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asking the user")
    }
}

impl std::error::Error for Own {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

// An `Abort` ends the command, however it is wrapped.
#[tokio::test]
async fn a_tool_can_end_the_command() {
    let closure = Tool::new("closure", "", |_: Value| {
        std::result::Result::<u8, Own>::Err(Own(Abort::new("the user said no")))
    });
    let later = Tool::new("later", "", async |_: Value| -> anyhow::Result<u8> {
        Err(Abort::new("the user said no").into())
    });
    let all = [
        (abort::tool(), "abort"),
        (abort_boxed::tool(), "abort_boxed"),
        (abort_wrapped::tool(), "abort_wrapped"),
        (abort_below::tool(), "abort_below"),
        (closure, "closure"),
        (later, "later"),
    ];
    for (tool, name) in all {
        let error = command_error(tool, name).await;
        assert_eq!(error.kind(), ErrorKind::ToolAborted, "{name}: {error:?}");
        assert_eq!(error.tool(), Some(name));
        assert_eq!(error.tool_turns(), 1);
        assert_eq!(
            error.to_string(),
            format!("the tool `{name}` ended the command")
        );
        assert!(format!("{error:?}").contains("cause: "), "{error:?}");
        assert!(
            format!("{error:?}").contains("the user said no"),
            "{error:?}"
        );
    }
    assert!(abort().is_err() && abort_below().is_err());
}

#[derive(serde::Serialize)]
struct Weather {
    city: &'static str,
    degrees: f32,
}

#[tool]
fn report(kind: &str) -> Option<Weather> {
    (kind == "some").then_some(Weather {
        city: "Oslo",
        degrees: -3.5,
    })
}

#[tool]
#[allow(clippy::needless_lifetimes, reason = "some write them")]
fn borrowed<'a>(text: &'a str) -> &'a str {
    text.trim()
}

#[tool]
fn nothing() {}

/// Returns a tool that accepts any arguments, and one that has none.
fn closures() -> [(Tool, &'static str); 2] {
    [
        (Tool::new("any", "", |given: Value| given), "{\"a\":1}"),
        (Tool::new("any", "", |(): ()| 1), "1"),
    ]
}

// T2: a string is sent verbatim, any other value as JSON.
#[tokio::test]
async fn results_of_any_type_are_sent_back() {
    let check = async |tool: Tool, name: &str, arguments: Value, expected: &str| {
        let result = call_tool(tool, name, arguments).await;
        assert_eq!(result, (ToolStatus::Succeeded, expected.to_owned()));
    };
    let weather = r#"{"city":"Oslo","degrees":-3.5}"#;
    check(report::tool(), "report", json!({"kind": "some"}), weather).await;
    check(report::tool(), "report", json!({"kind": ""}), "null").await;
    let text = "a \"quoted\"\nline";
    check(
        borrowed::tool(),
        "borrowed",
        json!({"text": format!(" {text} ")}),
        text,
    )
    .await;
    check(nothing::tool(), "nothing", json!({}), "null").await;
    // Arguments for a tool without parameters are ignored.
    check(nothing::tool(), "nothing", json!({"city": "is"}), "null").await;
    for (tool, expected) in closures() {
        check(tool, "any", json!({"a": 1}), expected).await;
    }
    let failing = Tool::new("failing", "", |_: Value| {
        std::collections::BTreeMap::from([((1, 2), 3)])
    });
    let (status, text) = call_tool(failing, "failing", json!({})).await;
    assert_eq!(
        (status, &*text),
        (ToolStatus::Failed, "The tool failed: key must be a string.")
    );
}

/// Counts down.
#[tool]
#[require(n >= 0, "n must not be negative")]
fn down(n: i64) -> Result<i64> {
    down(n - 1)
}

// The tool ran; only its recursive call did not.
#[tokio::test]
async fn a_violation_in_a_recursive_call_is_a_failure() {
    let (status, text) = call_tool(down::tool(), "down", json!({"n": 1})).await;
    assert_eq!(status, ToolStatus::Failed);
    assert_eq!(
        text,
        "The tool failed: the tool `down` did not run: n must not be negative."
    );
    let (status, _) = call_tool(down::tool(), "down", json!({"n": -1})).await;
    assert_eq!(status, ToolStatus::RequireFailed);
}

/// Asks another model.
#[tool]
#[alloy_runtime::command("Go {n}", model = "ollama:m", tools(abort))]
async fn agent(n: u8) -> String;

// An `Abort` ends its own command; the model of the outer command reads it as a failed tool.
#[tokio::test]
async fn an_abort_ends_only_the_inner_command() {
    let server = Server::start([
        Reply::said(&Said::call("agent", json!({"n": 1}))),
        Reply::said(&Said::call("abort", json!({}))),
        Reply::answer("I see."),
    ]);
    let config = alloy_runtime::Config::new().host(server.host());
    let command = ask("Go").model("m").tool(agent::tool());
    let outcome = alloy_runtime::with_config(config, command.outcome())
        .await
        .unwrap();
    assert_eq!(
        outcome.tool_results[0].content,
        "The tool failed: the tool `abort` ended the command: the user said no."
    );
}

#[derive(Debug, serde::Serialize)]
struct OwnError(u8);

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}", self.0)
    }
}

impl std::error::Error for OwnError {}

// A `Result` returned by a closure is a success or a failure, never a value, even if its error can be serialized.
#[tokio::test]
async fn results_of_closures_are_never_values() {
    let own = Tool::new("own", "", |_: Value| Err::<u8, OwnError>(OwnError(7)));
    let text = Tool::new("own", "", |_: Value| Err::<u8, String>("code 7".to_owned()));
    let later = Tool::new("own", "", async |_: Value| Err::<u8, _>("code 7"));
    for tool in [own, text, later] {
        let result = call_tool(tool, "own", json!({})).await;
        assert_eq!(
            result,
            (ToolStatus::Failed, "The tool failed: code 7.".to_owned())
        );
    }
}

#[derive(Debug)]
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("endless")
    }
}

impl std::error::Error for Endless {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl std::error::Error for Unspeakable {}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("boom");
    }
}

// Panics while formatting an error or dropping a panic payload do not leave the tool.
#[tokio::test]
async fn panics_stay_in_the_tool() {
    let check = async |tool: Tool, expected: &str| {
        let (status, text) = call_tool(tool, "odd", json!({})).await;
        assert_eq!((status, &*text), (ToolStatus::Failed, expected));
    };
    let endless = "The tool failed: endless.";
    check(
        Tool::new("odd", "", |_: Value| Err::<u8, _>(Endless)),
        endless,
    )
    .await;
    check(
        Tool::new("odd", "", async |_: Value| Err::<u8, _>(Endless)),
        endless,
    )
    .await;
    let panicked = "The tool failed: it panicked: no words.";
    check(
        Tool::new("odd", "", |_: Value| Err::<u8, _>(Unspeakable)),
        panicked,
    )
    .await;
    check(
        Tool::new("odd", "", async |_: Value| Err::<u8, _>(Unspeakable)),
        panicked,
    )
    .await;
    let bomb = || -> u8 { std::panic::panic_any(Bomb) };
    let silent = "The tool failed: it panicked: without a message.";
    check(Tool::new("odd", "", move |_: Value| bomb()), silent).await;
    check(
        Tool::new("odd", "", move |_: Value| async move { bomb() }),
        silent,
    )
    .await;
}
