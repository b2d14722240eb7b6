//! Tests of the texts of servers.

use super::*;
use crate::error::ErrorKind::{self, *};

fn read(status: u16, body: &str) -> Error {
    from_reply(
        &RawReply {
            status,
            location: None,
            retry_after: None,
            body: body.to_owned().into(),
        },
        "/api/chat",
    )
}

/// Checks the kind of an error with this text.
fn check(status: u16, text: &str, expected: ErrorKind) {
    let body = serde_json::json!({ "error": text }).to_string();
    assert_eq!(read(status, &body).kind(), expected, "{text}");
}

// E1: the texts of servers from 0.11 to 0.32.
#[test]
fn the_cause_is_recognized_by_the_text() {
    check(404, "model 'llama9' not found", ModelNotFound);
    check(
        404,
        "model \"llama9\" not found, try pulling it first",
        ModelNotFound,
    );
    check(400, "\"embed\" does not support chat", Capability);
    check(
        400,
        "registry.example/library/x:latest does not support tools",
        Capability,
    );
    check(
        400,
        "the input length exceeds the context length",
        ContextOverflow,
    );
    check(
        400,
        "the prompt is longer than the context length currently available to the model; shorten the prompt",
        ContextOverflow,
    );
    check(
        500,
        "model requires more system memory (8.0 GiB) than is available (3.1 GiB)",
        OutOfMemory,
    );
    check(
        500,
        "llama-server reported out-of-memory during startup: cudaMalloc failed",
        OutOfMemory,
    );
    check(
        500,
        "llama runner process has terminated: exit status 2",
        ModelLoad,
    );
    check(
        500,
        "timed out waiting for llama runner to start - progress 0.42 - ",
        ModelLoad,
    );
    check(
        500,
        "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details",
        ModelStopped,
    );
    check(401, "unauthorized", Unauthorized);
    check(403, "forbidden", Unauthorized);
    check(
        403,
        "ollama cloud is disabled: remote model is unavailable",
        Server,
    );
    check(
        503,
        "server busy, please try again.  maximum pending requests exceeded",
        Overloaded,
    );
    check(429, "you have reached your session usage limit", Overloaded);
    check(400, "invalid model name", Configuration);
    check(
        500,
        "option \"temperature\" must be of type float32",
        Server,
    );
    check(500, "invalid JSON schema in format", Server);
}

// Servers of 2026: Ollama 0.30 and newer, llama.cpp, vLLM, LiteLLM.
#[test]
fn newer_texts_are_recognized() {
    // Since 0.30 the text ends with lines that the runner logged for earlier requests.
    check(
        500,
        "an error was encountered while running the model: error: task id = 731, error: request (18008 tokens) exceeds the available context size (2048 tokens), try increasing it",
        ModelStopped,
    );
    check(
        500,
        "model runner has unexpectedly stopped, this may be due to resource limitations\nerror: prompt is too long: 9 tokens > 8 maximum",
        ModelStopped,
    );
    check(
        500,
        "llama-server process no longer running: exit status 139, exceeds the available context size",
        ModelStopped,
    );
    check(
        400,
        "Multimodal data provided, but model does not support multimodal requests.",
        Capability,
    );
    check(
        500,
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        Capability,
    );
    check(400, "/models/m is not a multimodal model", Capability);
    check(400, "Context size has been exceeded.", ContextOverflow);
    check(
        422,
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`",
        ContextOverflow,
    );
    check(
        400,
        "input tokens exceed the configured limit of 8192 tokens",
        ContextOverflow,
    );
    // LiteLLM.
    check(
        400,
        "/chat/completions: Invalid model name passed in model=x. Call `/v1/models` to view available models for your key.",
        ModelNotFound,
    );
    check(400, "No connected db.", Unauthorized);
    check(
        500,
        "Authentication Error, No api key passed in.",
        Unauthorized,
    );
}

#[test]
fn an_overflow_is_recognized_by_its_code() {
    let check = |body: &str| assert_eq!(read(400, body).kind(), ContextOverflow, "{body}");
    check(r#"{"error":{"message":"too much","code":"context_length_exceeded"}}"#);
    check(r#"{"error":{"code":400,"message":"no","type":"exceed_context_size_error"}}"#);
    check(
        r#"{"message":"The decoder prompt (length 9) is longer than the maximum model length of 8."}"#,
    );
    check(
        r#"{"error":"The input (9 tokens) is longer than the model's context length (8 tokens)."}"#,
    );
    check(r#"{"error":"Trying to keep the first 9 tokens when context the overflows."}"#);
    check(r#"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#);
}

#[test]
fn a_page_shows_its_status_and_its_title() {
    let error = read(413, "<html><TITLE> Request Too Large </title>").to_string();
    assert!(error.ends_with("status 413: Request Too Large"), "{error}");
}

#[test]
fn a_model_that_loads_is_waited_for() {
    let body = r#"{"error":{"message":"Loading model","code":503}}"#;
    let error = read(503, body);
    assert_eq!(error.kind(), Overloaded);
    assert!(error.max_transmissions() > 100);
    assert!(error.to_string().contains("still loads"), "{error}");
}

#[test]
fn errors_inside_errors_are_unwrapped() {
    let check = |body: &str, expected: &str| {
        assert_eq!(
            ErrorReport::parse(body.as_bytes())
                .map(|report| report.text)
                .as_deref(),
            Some(expected)
        );
    };
    check(r#"{"error":"plain"}"#, "plain");
    check(
        r#"{"error":{"message":"openai","type":"api_error"}}"#,
        "openai",
    );
    check(
        r#"{"error":"{\"error\":{\"code\":400,\"message\":\"deep\"}}"}"#,
        "deep",
    );
    check(r#"{"error":"{ no json"}"#, "{ no json");
}

#[test]
fn an_error_without_text_is_recognized_by_its_status() {
    let check = |status: u16, body: &str, expected: ErrorKind| {
        assert_eq!(read(status, body).kind(), expected, "{status} {body}");
    };
    check(404, "404 page not found", WrongServer);
    check(405, "405 method not allowed", WrongServer);
    check(404, "<html>", WrongServer);
    check(301, "", Protocol);
    check(204, "", Protocol);
    check(401, "", Unauthorized);
    check(403, "", Server);
    check(403, "<html>denied</html>", Unauthorized);
    check(500, "", Server);
    check(502, "<html>", Server);
    check(501, "<!DOCTYPE HTML>", Server);
    check(400, "<html>", Server);
    check(408, "<html>", Server);
    check(413, "<html>", Server);
    check(429, "<html>", Overloaded);
    check(529, "<html>", Overloaded);
    check(503, "<html>", Overloaded);
}

#[test]
fn a_proxy_that_requires_credentials_is_named() {
    let reply = RawReply {
        status: 407,
        location: None,
        retry_after: None,
        body: bytes::Bytes::new(),
    };
    let error = from_reply(&reply, "/api/chat").to_string();
    assert!(error.contains("a proxy requires credentials"), "{error}");
}

#[test]
fn only_the_texts_for_a_missing_model_mean_one() {
    let kind = |text: &str| {
        let report = ErrorReport {
            text: text.to_owned(),
            codes: String::new(),
            signin_url: None,
        };
        from_report(404, &report, None).kind()
    };
    assert_eq!(kind("model 'x' not found"), ModelNotFound);
    assert_eq!(kind("The model `x` does not exist"), ModelNotFound);
    assert_eq!(kind("the page does not exist"), WrongServer);
    assert_eq!(kind("the model `x` is tired"), WrongServer);
}
