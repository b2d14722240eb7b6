//! Maps a server's error reply to an error.
//!
//! Ollama reports errors in English and uses few statuses for many causes. The wording changes between releases, so
//! each cause is recognized by a part of the text that has stayed the same.

mod report;
#[cfg(test)]
mod tests;

use serde_json::Value;
use serde_json::value::RawValue;

use self::report::{CONTEXT_OVERFLOW, ErrorReport, LOADING, NO_IMAGES, STOPPED, page_title};
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
    let is_loading = status == 503 && contains_any(&text.to_lowercase(), &LOADING);
    let text = page_title(&text).unwrap_or_else(|| excerpt(&text));
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
        503 if is_loading => Error::new(ServerError::Loading { text }),
        // The page of a gateway. Its status is about the server behind it.
        429 | 503 | 529 => Error::new(ServerError::Overloaded { status, text }),
        _ => Error::new(ServerError::Status { status, text }),
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
    let error = error.get();
    // One that cannot be parsed is an error all the same.
    let is_none = serde_json::from_str(error).is_ok_and(|error| is_nothing(&error));
    (!is_none).then(|| from_body(200, &format!("{{\"error\":{error}}}")))
}

/// Returns `true` if a value reports no error: it is empty, or all its parts are.
fn is_nothing(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

fn contains_any(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.contains(part))
}

/// Maps a server's report of an error. `path` is the path of the request, where the status is about it.
fn from_report(status: u16, report: &ErrorReport, path: Option<&str>) -> Error {
    let ErrorReport {
        text,
        codes,
        signin_url,
    } = report;
    let lower = text.to_lowercase();
    let says = |any: &[&str]| contains_any(&lower, any);
    let has_code = |any: &[&str]| contains_any(codes, any);
    let text = excerpt(text);
    // From the original text: a key in it would not be redacted in lower case.
    let missing_capability = text
        .split_once("does not support ")
        .filter(|_| status == 400);
    let names_model = lower.starts_with("model '") || lower.starts_with("model \"");
    // The second is the wording of vLLM and of OpenAI.
    let missing_model =
        names_model && says(&["not found"]) || says(&["the model `"]) && says(&["does not exist"]);
    // LiteLLM does not say 404.
    let missing_model = status == 404 && missing_model || says(&["invalid model name passed in"]);
    Error::new(if let Some(signin_url) = signin_url {
        ServerError::NotSignedIn {
            signin_url: signin_url.clone(),
        }
    } else if missing_model {
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
    } else if says(&NO_IMAGES) {
        ServerError::Capability {
            missing: "images".to_owned(),
            capable: Vec::new(),
        }
    } else if let Some((_, missing)) = missing_capability {
        let missing = missing.lines().next().unwrap_or(missing);
        let missing = missing.split(['.', '"']).next().unwrap_or(missing);
        ServerError::Capability {
            missing: excerpt(missing),
            capable: Vec::new(),
        }
    } else if says(&[
        "out of memory",
        "requires more system memory",
        "memory layout cannot be allocated",
        "failed to allocate",
        "cudamalloc failed",
        "unable to load full model on gpu",
    ]) {
        ServerError::OutOfMemory { text }
    } else if says(&STOPPED) {
        ServerError::ModelStopped { text }
    } else if says(&CONTEXT_OVERFLOW) || has_code(&CONTEXT_OVERFLOW) {
        ServerError::ContextOverflow { text }
    } else if says(&[
        "process has terminated",
        "model failed to load",
        "failed to load model",
        "unable to load model",
        "timed out waiting for llama",
        "may be incompatible with your version",
    ]) {
        ServerError::ModelLoad { text }
    } else if status == 503 && says(&LOADING) {
        ServerError::Loading { text }
    } else if has_code(&["auth_error"]) || says(&["no connected db", "no api key passed in"]) {
        // LiteLLM reports a key that is wrong or missing with status 400 or 500.
        ServerError::Unauthorized { status, text }
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
