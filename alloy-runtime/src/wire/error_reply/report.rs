//! Reads the text of an error from the body of a server: JSON in the forms of several servers, or a web page.

use serde_json::Value;

use crate::error::excerpt;

/// Parts of the texts by which servers report that the prompt does not fit: Ollama, llama.cpp, OpenAI, vLLM, `SGLang`,
/// LM Studio, TGI, Anthropic and Gemini.
pub(super) const CONTEXT_OVERFLOW: [&str; 23] = [
    "exceeds the context length",
    "longer than the context length",
    "exceeds the available context size",
    "exceed_context_size",
    "maximum context length",
    "context_length_exceeded",
    "longer than the maximum model length",
    "longer than the model's context length",
    "exceeds the model's context",
    "exceeds model's maximum context",
    "exceeds the maximum model length",
    "greater than the context length",
    "exceeds context length",
    "exceeds the context window",
    "context window of",
    "context_window_exceeded",
    "when context the overflows",
    "prompt is too long",
    "input is too long",
    "exceeds the maximum number of tokens",
    "context size has been exceeded",
    "`inputs` tokens + `max_new_tokens` must be",
    "exceed the configured limit of",
];

/// Parts of the texts by which servers report that the model ended while it ran. They come before log lines of the model,
/// which may be about earlier requests.
pub(super) const STOPPED: [&str; 3] = [
    "runner has unexpectedly stopped",
    "no longer running",
    "error was encountered while running the model",
];

/// Parts of the texts by which servers report that the model does not support images: Ollama, llama.cpp and vLLM.
pub(super) const NO_IMAGES: [&str; 4] = [
    "multimodal requests",
    "image input is not supported",
    "not a multimodal model",
    "does not support images",
];

/// Parts of the texts by which servers report that they still load the model.
pub(super) const LOADING: [&str; 4] = [
    "loading model",
    "model is loading",
    "still loading",
    "currently loading",
];

/// A server's report of an error.
#[derive(Debug, PartialEq)]
pub(super) struct ErrorReport {
    pub(super) text: String,
    /// The values of `code`, `type` and `status`, in lower case, each followed by a space.
    pub(super) codes: String,
    /// The page on which the user of an Ollama server signs in at ollama.com.
    pub(super) signin_url: Option<String>,
}

/// Maximum length of an error body in bytes. Decoding costs many times the length, and no useful error is longer.
const MAX_ERROR: usize = 1024 * 1024;

impl ErrorReport {
    /// Parses `{"error": "…"}`, `{"error": {"message": "…", "code": "…"}}`, or the forms of other servers. A text that is
    /// itself such an object is read as well, since servers since 0.30 pass on the errors of their engine so. Deeper
    /// nesting is not followed: no honest reply has it.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        if body.len() > MAX_ERROR {
            return None;
        }
        let outer = Self::parse_object(body)?;
        let is_object = outer.text.trim_start().starts_with('{');
        let inner = is_object.then(|| Self::parse_object(outer.text.as_bytes()));
        Some(inner.flatten().unwrap_or(outer))
    }

    fn parse_object(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let mut codes = String::new();
        let text = error_text(&body, &mut codes)?;
        let signin_url = body["signin_url"].as_str().filter(|url| is_web_page(url));
        Some(Self {
            text,
            codes,
            signin_url: signin_url.map(str::to_owned),
        })
    }
}

/// Maximum length of an address that an error shows, in bytes. Those of Ollama hold a public key.
const MAX_URL: usize = 1000;

/// Returns `true` for an address that a person can open, without anything that a terminal would interpret.
fn is_web_page(url: &str) -> bool {
    url.starts_with("https://")
        && url.len() <= MAX_URL
        && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the text of an error object, and appends its codes.
fn error_text(object: &Value, codes: &mut String) -> Option<String> {
    for name in ["code", "type", "status"] {
        if let Value::String(code) = &object[name] {
            codes.push_str(&code.to_lowercase());
            codes.push(' ');
        }
    }
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match &object["error"] {
        Value::String(error) => {
            // Some servers put a phrase there and the text beside it.
            return text(&object["message"])
                .filter(|message| message.len() > error.len())
                .or_else(|| Some(error.clone()));
        }
        error @ Value::Object(_) => {
            if let Some(text) = error_text(error, codes) {
                return Some(text);
            }
        }
        _ => {}
    }
    text(&object["message"]).or_else(|| match &object["detail"] {
        // FastAPI lists what is wrong with a request.
        Value::Array(problems) => text(&problems.first()?["msg"]),
        detail => text(detail),
    })
}

/// Returns the title of a web page, or nothing for one without a title; `None` for any other text.
pub(super) fn page_title(text: &str) -> Option<String> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let title = lower.split_once("<title>").and_then(|(before, after)| {
        let start = before.len() + "<title>".len();
        let length = after.find("</title>")?;
        Some(excerpt(text[start..start + length].trim()))
    });
    Some(title.unwrap_or_default())
}
