//! Maps a server's error reply to an error.
//!
//! Ollama reports errors in English and uses few statuses for many causes. The wording changes between releases, so
//! each cause is recognized by a part of the text that has stayed the same.

mod report;

use serde_json::value::RawValue;

use self::report::{CONTEXT_OVERFLOW, ErrorReport, LOADING, page_title};
use super::RawReply;
use crate::error::{ConfigurationError, ConnectionError, Error, ServerError, excerpt};

/// Maps a reply whose status is not 200. `path` is the path of the request, for example `/api/chat`.
pub(crate) fn from_reply(reply: &RawReply, path: &str) -> Error {
    let RawReply {
        status,
        location,
        body,
        retry_after: _,
    } = reply;
    let status = *status;
    if let Some(report) = ErrorReport::parse(body) {
        return from_report(status, &report, Some(path));
    }
    let text = String::from_utf8_lossy(body);
    let page = page_title(&text);
    let text = excerpt(&text);
    match status {
        300..=399 if location.is_some() => {
            let location = location.as_deref().unwrap_or_default();
            wrong_server(format!("it redirects to {}", excerpt(location)), text)
        }
        100..=399 => protocol(format!("its status is {status}"), body),
        407 => Error::new(ServerError::Status {
            status,
            text: "a proxy requires credentials; check HTTP_PROXY and NO_PROXY".to_owned(),
        }),
        401 => Error::new(ServerError::Unauthorized { status, text }),
        // Ollama itself rejects an unknown Host header with an empty 403.
        403 if !body.is_empty() => Error::new(ServerError::Unauthorized { status, text }),
        404 | 405 => wrong_server(format!("it has no {path}"), text),
        // The page of a gateway. Its status is about the server behind it.
        429 | 503 | 529 => Error::new(ServerError::Overloaded {
            status,
            text: page.unwrap_or_default(),
        }),
        _ => Error::new(ServerError::Status {
            status,
            text: page.unwrap_or(text),
        }),
    }
}

/// Maps a body with an `error`, whatever its status.
pub(super) fn from_body(status: u16, body: &str) -> Error {
    match ErrorReport::parse(body.as_bytes()) {
        Some(report) => from_report(status, &report, None),
        None => protocol("its `error` has no message", body),
    }
}

/// Maps the `error` of a reply with status 200. Returns `None` if it is empty, as some servers send it with each reply.
pub(super) fn in_reply(error: Option<Box<RawValue>>) -> Option<Error> {
    let error = error?;
    match error.get() {
        "null" | "false" | "\"\"" | "{}" | "[]" => None,
        error => Some(from_body(200, &format!("{{\"error\":{error}}}"))),
    }
}

/// Maps a server's report of an error. `path` is the path of the request, where the status is about it.
fn from_report(status: u16, report: &ErrorReport, path: Option<&str>) -> Error {
    let ErrorReport { text, codes } = report;
    let lower = text.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| lower.contains(part));
    let has_code = |any: &[&str]| any.iter().any(|part| codes.contains(part));
    let text = excerpt(text);
    // From the original text: a key in it would not be redacted in lower case.
    let missing_capability = text
        .split_once("does not support ")
        .filter(|_| status == 400);
    let names_model = lower.starts_with("model '") || lower.starts_with("model \"");
    // The second is the wording of vLLM and of OpenAI.
    let missing_model =
        names_model && says(&["not found"]) || says(&["the model `"]) && says(&["does not exist"]);
    Error::new(if status == 404 && missing_model {
        ServerError::ModelNotFound {
            similar: Vec::new(),
            is_pinned: false,
        }
    } else if status == 404 || says(&["unexpected endpoint"]) {
        // Another server with JSON errors, for example a gateway. Some of them report this with status 200.
        let found = match path {
            Some(path) => format!("it has no {path}"),
            None => "it does not know the requested endpoint".to_owned(),
        };
        return wrong_server(found, text);
    } else if let Some((_, missing)) = missing_capability {
        let missing = missing.lines().next().unwrap_or(missing);
        let missing = missing.split(['.', '"']).next().unwrap_or(missing);
        ServerError::Capability {
            missing: excerpt(missing),
            capable: Vec::new(),
        }
    } else if says(&CONTEXT_OVERFLOW) || has_code(&CONTEXT_OVERFLOW) {
        ServerError::ContextOverflow { text }
    } else if says(&[
        "out of memory",
        "requires more system memory",
        "memory layout cannot be allocated",
        "failed to allocate",
        "cudamalloc failed",
        "unable to load full model on gpu",
    ]) {
        ServerError::OutOfMemory { text }
    } else if says(&["runner has unexpectedly stopped", "no longer running"]) {
        ServerError::ModelStopped { text }
    } else if says(&[
        "process has terminated",
        "model failed to load",
        "failed to load model",
        "unable to load model",
        "timed out waiting for llama",
        "may be incompatible with your version",
    ]) {
        ServerError::ModelLoad { text }
    } else if says(&["error was encountered while running the model"]) {
        ServerError::ModelStopped { text }
    } else if status == 503 && says(&LOADING) {
        ServerError::Loading { text }
    } else if status == 401 || status == 403 && !says(&["cloud is disabled"]) {
        ServerError::Unauthorized { status, text }
    } else if matches!(status, 429 | 503 | 529) || says(&["server busy"]) {
        ServerError::Overloaded { status, text }
    } else if says(&["invalid model name", "model is required"]) {
        return Error::new(ConfigurationError::ModelName { text });
    } else {
        ServerError::Status { status, text }
    })
}

/// Maps a body with status 200 that is not a reply of the protocol. `error` is the reason.
pub(crate) fn from_invalid(body: impl AsRef<[u8]>, error: &serde_json::Error) -> Error {
    let body = body.as_ref();
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return protocol("it is empty", body);
    }
    if start.first() == Some(&b'<') {
        return wrong_server(
            "it answered with a web page".to_owned(),
            excerpt(&String::from_utf8_lossy(body)),
        );
    }
    protocol(
        format!(
            "it is not the JSON of a reply ({})",
            excerpt(&error.to_string())
        ),
        body,
    )
}

/// Creates an error for a reply that violates the protocol. `found` says how.
pub(crate) fn protocol(
    found: impl Into<std::borrow::Cow<'static, str>>,
    body: impl AsRef<[u8]>,
) -> Error {
    Error::new(ServerError::Protocol {
        found: found.into(),
        excerpt: excerpt(&String::from_utf8_lossy(body.as_ref())),
    })
}

fn wrong_server(found: String, excerpt: String) -> Error {
    Error::new(ConnectionError::WrongServer {
        found: found.into(),
        excerpt,
    })
}

#[cfg(test)]
mod tests {
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

    // E1: the texts of servers from 0.11 to 0.32.
    #[test]
    fn the_cause_is_recognized_by_the_text() {
        let check = |status: u16, text: &str, expected: ErrorKind| {
            let body = serde_json::json!({ "error": text }).to_string();
            assert_eq!(read(status, &body).kind(), expected, "{text}");
        };
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
            };
            from_report(404, &report, None).kind()
        };
        assert_eq!(kind("model 'x' not found"), ModelNotFound);
        assert_eq!(kind("The model `x` does not exist"), ModelNotFound);
        assert_eq!(kind("the page does not exist"), WrongServer);
        assert_eq!(kind("the model `x` is tired"), WrongServer);
    }
}
