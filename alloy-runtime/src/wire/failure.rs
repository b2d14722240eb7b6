//! What a reply that is no answer means.
//!
//! Ollama says what went wrong in English, with few statuses for many causes, and its words drift
//! between releases: a cause is known by a piece of text that has stayed.

use serde::Deserialize;

use super::Answer;
use crate::error::{Detail, Error, excerpt};

/// Reads a reply whose status is not 200.
///
/// `endpoint` is the path that was asked, `/api/chat` for example.
pub(crate) fn of_answer(answer: &Answer, endpoint: &str) -> Error {
    let Answer {
        status,
        location,
        body,
        retry_after: _,
    } = answer;
    let status = *status;
    if let Some(text) = error_text(body) {
        return of_text(status, &text, Some(endpoint));
    }
    let text = String::from_utf8_lossy(body);
    let text = excerpt(&text);
    match status {
        300..=399 if location.is_some() => {
            let location = location.as_deref().unwrap_or_default();
            not_ollama(format!("it redirects to {}", excerpt(location)), text)
        }
        // Neither an answer nor an error.
        100..=399 => protocol(format!("its status is {status}"), body),
        407 => Error::new(Detail::Server {
            status,
            text:
                "a proxy in between wants credentials; HTTP_PROXY and NO_PROXY say which and when"
                    .to_owned(),
        }),
        401 => Error::new(Detail::Unauthorized { status, text }),
        // Ollama itself refuses a Host header that it does not know with an empty 403.
        403 if !body.is_empty() => Error::new(Detail::Unauthorized { status, text }),
        404 | 405 => not_ollama(format!("it has no {endpoint}"), text),
        // Ollama has no web pages; what stands before it may, when it cannot reach it.
        _ if body.trim_ascii_start().first() == Some(&b'<') && !(502..=504).contains(&status) => {
            not_ollama("it answered with a web page".to_owned(), text)
        }
        429 | 503 => Error::new(Detail::Overloaded {
            status,
            text: String::new(),
        }),
        _ => Error::new(Detail::Server { status, text }),
    }
}

/// Reads a body that has an error in it, whatever its status.
pub(super) fn of_body(status: u16, body: &str) -> Error {
    match error_text(body.as_bytes()) {
        Some(text) => of_text(status, &text, None),
        None => protocol("it has an `error` without words", body),
    }
}

/// Reads the server's own words for what went wrong; `endpoint` is the path that was asked, where its name helps.
fn of_text(status: u16, text: &str, endpoint: Option<&str>) -> Error {
    let lower = text.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|piece| lower.contains(piece));
    let text = excerpt(text);
    // In the server's own words: lower case would hide a key in them from what blanks it.
    let missing_capability = text
        .split_once("does not support ")
        .filter(|_| status == 400);
    let names_model = lower.starts_with("model '") || lower.starts_with("model \"");
    // The second is what vLLM, and OpenAI itself, say.
    let missing_model =
        names_model && says(&["not found"]) || says(&["the model `"]) && says(&["does not exist"]);
    Error::new(if status == 404 && missing_model {
        Detail::ModelNotFound {
            near: Vec::new(),
            pinned: false,
        }
    } else if status == 404 || says(&["unexpected endpoint"]) {
        // Another server that speaks JSON, such as a neighbour of Ollama's, or a gateway.
        // Some of them answer with status 200, so that it is not known here which path they do not have.
        let found = match endpoint {
            Some(endpoint) => format!("it has no {endpoint}"),
            None => "it does not know the endpoint that was asked".to_owned(),
        };
        return not_ollama(found, text);
    } else if let Some((_, missing)) = missing_capability {
        let missing = missing.lines().next().unwrap_or(missing);
        let missing = missing.split(['.', '"']).next().unwrap_or(missing);
        Detail::Capability {
            missing: excerpt(missing),
            able: Vec::new(),
        }
    } else if says(&[
        "exceeds the context length",
        "longer than the context length",
        "exceeds the available context size",
        "exceed_context_size",
        "maximum context length",
        "context_length_exceeded",
    ]) {
        Detail::ContextOverflow { text }
    } else if says(&[
        "out of memory",
        "requires more system memory",
        "memory layout cannot be allocated",
        "failed to allocate",
        "cudamalloc failed",
        "unable to load full model on gpu",
    ]) {
        Detail::OutOfMemory { text }
    } else if says(&[
        "process has terminated",
        "model failed to load",
        "failed to load model",
        "unable to load model",
        "runner has unexpectedly stopped",
        "timed out waiting for llama",
        "error was encountered while running the model",
        "may be incompatible with your version",
    ]) {
        Detail::ModelLoad { text }
    } else if status == 401 || status == 403 && !says(&["cloud is disabled"]) {
        Detail::Unauthorized { status, text }
    } else if status == 429 || status == 503 || says(&["server busy"]) {
        Detail::Overloaded { status, text }
    } else if says(&["invalid model name", "model is required"]) {
        Detail::ModelName { text }
    } else {
        Detail::Server { status, text }
    })
}

/// A body with status 200 that is no reply of the protocol.
pub(crate) fn no_reply(body: impl AsRef<[u8]>, error: &serde_json::Error) -> Error {
    let body = body.as_ref();
    let start = body.trim_ascii_start();
    if start.is_empty() {
        return protocol("it is empty", body);
    }
    if start.first() == Some(&b'<') {
        return not_ollama(
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

/// A reply that breaks the protocol, and how.
pub(crate) fn protocol(
    found: impl Into<std::borrow::Cow<'static, str>>,
    body: impl AsRef<[u8]>,
) -> Error {
    Error::new(Detail::Protocol {
        found: found.into(),
        excerpt: excerpt(&String::from_utf8_lossy(body.as_ref())),
    })
}

fn not_ollama(found: String, excerpt: String) -> Error {
    Error::new(Detail::NotOllama {
        found: found.into(),
        excerpt,
    })
}

/// The text of `{"error": "…"}`, of `{"error": {"message": "…"}}`, and of the second inside the
/// first, as servers from 0.30 on pass their engine's errors through. No deeper: a reply that nests
/// them further means no good.
fn error_text(body: &[u8]) -> Option<String> {
    if body.len() > LONGEST_ERROR {
        return None;
    }
    let outer = one_error_text(body)?;
    let inner = outer
        .trim_start()
        .starts_with('{')
        .then(|| one_error_text(outer.as_bytes()));
    Some(inner.flatten().unwrap_or(outer))
}

/// An error that is longer says nothing, and reading it would cost many times its size.
const LONGEST_ERROR: usize = 1024 * 1024;

fn one_error_text(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Failure {
        error: Option<Text>,
        /// Where other servers have it.
        message: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Text {
        Plain(String),
        Object { message: String },
    }
    let failure: Failure = serde_json::from_slice(body).ok()?;
    match failure.error {
        Some(Text::Plain(text) | Text::Object { message: text }) => Some(text),
        None => failure.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind::{self, *};

    fn read(status: u16, body: &str) -> Error {
        of_answer(
            &Answer {
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
    fn the_cause_is_known_by_the_servers_words() {
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
            ModelLoad,
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
    fn errors_inside_errors_are_unwrapped() {
        let check = |body: &str, expected: &str| {
            assert_eq!(error_text(body.as_bytes()).as_deref(), Some(expected));
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
    fn a_reply_without_words_is_known_by_its_status() {
        let check = |status: u16, body: &str, expected: ErrorKind| {
            assert_eq!(read(status, body).kind(), expected, "{status} {body}");
        };
        check(404, "404 page not found", NotOllama);
        check(405, "405 method not allowed", NotOllama);
        check(404, "<html>", NotOllama);
        check(301, "", Protocol);
        check(204, "", Protocol);
        check(401, "", Unauthorized);
        check(403, "", Server);
        check(403, "<html>denied</html>", Unauthorized);
        check(500, "", Server);
        check(502, "<html>", Server);
        check(501, "<!DOCTYPE HTML>", NotOllama);
        check(503, "<html>", Overloaded);
    }

    #[test]
    fn a_proxy_that_wants_credentials_is_named() {
        let answer = Answer {
            status: 407,
            location: None,
            retry_after: None,
            body: bytes::Bytes::new(),
        };
        let error = of_answer(&answer, "/api/chat").to_string();
        assert!(
            error.contains("a proxy in between wants credentials"),
            "{error}"
        );
    }

    #[test]
    fn only_a_model_is_missed_in_the_words_for_one() {
        let kind = |text: &str| of_text(404, text, None).kind();
        assert_eq!(kind("model 'x' not found"), ModelNotFound);
        assert_eq!(kind("The model `x` does not exist"), ModelNotFound);
        assert_eq!(kind("the page does not exist"), NotOllama);
        assert_eq!(kind("the model `x` is tired"), NotOllama);
    }
}
