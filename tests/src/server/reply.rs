//! Replies of the server.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::Installed;

/// Bytes of a reply, and how the connection continues.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) delay: Duration,
    /// Each part is one write.
    parts: Vec<Vec<u8>>,
    /// The parts in the Chat Completions format, if they differ.
    openai_chat: Option<Vec<Vec<u8>>>,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// The connection stays open for the next request.
    KeepAlive,
    /// The connection is closed.
    Close,
    /// The connection stays open and silent.
    Hang,
    /// The connection is reset before the request is read.
    Reset,
}

const NDJSON: &str = "application/x-ndjson";
const EVENTS: &str = "text/event-stream";

/// A model's answer, which can be encoded in both protocols.
#[derive(Clone, Debug)]
pub struct Said {
    answer: String,
    thinking: Option<String>,
    /// Tool calls: name and arguments.
    calls: Vec<(String, Value)>,
    /// `true` if calls have ids on the native route.
    ids: bool,
    finish_reason: &'static str,
    tokens: (u64, u64),
}

impl Said {
    /// Creates a complete answer with 67 prompt tokens and 12 completion tokens.
    #[must_use]
    pub fn new(answer: &str) -> Self {
        Self {
            answer: answer.to_owned(),
            thinking: None,
            calls: Vec::new(),
            ids: true,
            finish_reason: "stop",
            tokens: (67, 12),
        }
    }

    /// Sets the thinking text.
    #[must_use]
    pub fn thinking(mut self, text: &str) -> Self {
        self.thinking = Some(text.to_owned());
        self
    }

    /// Creates a tool call without an answer. String arguments are sent verbatim where the protocol encodes arguments as
    /// a string.
    #[must_use]
    pub fn call(name: &str, arguments: Value) -> Self {
        Self::new("").calling(name, arguments)
    }

    /// Adds a tool call.
    #[must_use]
    pub fn calling(mut self, name: &str, arguments: Value) -> Self {
        self.calls.push((name.to_owned(), arguments));
        self
    }

    /// Removes the ids of native calls, as in servers before 0.12.10.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.ids = false;
        self
    }

    /// Ends the answer at the token limit.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.finish_reason = "length";
        self
    }

    /// Sets the prompt tokens and the completion tokens.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, answer: u64) -> Self {
        self.tokens = (prompt, answer);
        self
    }

    /// Encodes a body of `/api/chat`.
    #[must_use]
    pub fn native(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.answer});
        if let Some(thinking) = &self.thinking {
            message["thinking"] = json!(thinking);
        }
        let calls = self.calls.iter().enumerate();
        let calls = calls.map(|(index, (name, arguments))| {
            let function = json!({"index": index, "name": name, "arguments": arguments});
            match self.ids {
                true => json!({"id": format!("call_{name}{index}"), "function": function}),
                false => json!({ "function": function }),
            }
        });
        if !self.calls.is_empty() {
            message["tool_calls"] = calls.collect();
        }
        json!({
            "model": "llama3.1",
            "created_at": "2026-11-21T03:10:25.618661913Z",
            "message": message,
            "done": true,
            "done_reason": self.finish_reason,
            "total_duration": 28_313_830,
            "load_duration": 1_763_333,
            "prompt_eval_count": self.tokens.0,
            "prompt_eval_duration": 4_996_433,
            "eval_count": self.tokens.1,
            "eval_duration": 18_736_932,
        })
    }

    /// Encodes a body of `/v1/chat/completions`.
    #[must_use]
    pub fn openai_chat(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.answer});
        if let Some(thinking) = &self.thinking {
            message["reasoning"] = json!(thinking);
        }
        let calls = self.calls.iter().enumerate();
        let calls = calls.map(|(index, (name, arguments))| {
            let arguments = match arguments {
                Value::String(text) => text.clone(),
                arguments => arguments.to_string(),
            };
            let function = json!({"name": name, "arguments": arguments});
            json!({"id": format!("call_{name}{index}"), "index": index, "type": "function", "function": function})
        });
        let mut finish_reason = self.finish_reason;
        if !self.calls.is_empty() {
            message["tool_calls"] = calls.collect();
            finish_reason = "tool_calls";
        }
        json!({
            "id": "chatcmpl-530",
            "object": "chat.completion",
            "created": 1_795_230_629,
            "model": "llama3.1",
            "system_fingerprint": "fp_ollama",
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {
                "prompt_tokens": self.tokens.0,
                "completion_tokens": self.tokens.1,
                "total_tokens": self.tokens.0 + self.tokens.1,
            },
        })
    }
}

/// Splits a text into words with the following space: one word is one chunk.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

impl Said {
    /// Encodes lines of `/api/chat`, one for each word.
    fn native_lines(&self) -> Vec<String> {
        let thinking = self.thinking.as_deref().unwrap_or_default();
        let thinking = words(thinking)
            .map(|word| json!({"role": "assistant", "content": "", "thinking": word}));
        let text = words(&self.answer).map(|word| json!({"role": "assistant", "content": word}));
        let begun = thinking.chain(text).map(|message| {
            json!({
                "model": "llama3.1",
                "created_at": "2026-11-21T03:10:25.618661913Z",
                "message": message,
                "done": false,
            })
        });
        let mut last = self.native();
        last["message"] = json!({"role": "assistant", "content": ""});
        begun
            .chain([last])
            .map(|line| format!("{line}\n"))
            .collect()
    }

    /// Encodes events of `/v1/chat/completions`, one for each word.
    fn openai_chat_events(&self) -> Vec<String> {
        let chunk = |choices: Value| {
            json!({
                "id": "chatcmpl-530",
                "object": "chat.completion.chunk",
                "created": 1_795_230_629,
                "model": "llama3.1",
                "system_fingerprint": "fp_ollama",
                "choices": choices,
            })
        };
        let delta = |delta: Value, finish_reason: Value| {
            chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]))
        };
        let thinking = self.thinking.as_deref().unwrap_or_default();
        let thinking = words(thinking)
            .map(|word| json!({"role": "assistant", "content": "", "reasoning": word}));
        let text = words(&self.answer).map(|word| json!({"role": "assistant", "content": word}));
        let begun = thinking.chain(text).map(|said| delta(said, Value::Null));
        let end = delta(
            json!({"role": "assistant", "content": ""}),
            json!(self.finish_reason),
        );
        let mut usage = chunk(json!([]));
        usage["usage"] = self.openai_chat()["usage"].clone();
        let events = begun.chain([end, usage]).map(|event| event.to_string());
        let events = events.chain(["[DONE]".to_owned()]);
        events.map(|event| format!("data: {event}\n\n")).collect()
    }
}

/// Encodes a complete native reply with this answer.
#[must_use]
pub fn chat(answer: &str) -> Value {
    Said::new(answer).native()
}

impl Reply {
    /// Creates a complete chat reply in the protocol of the request.
    #[must_use]
    pub fn answer(answer: &str) -> Self {
        Self::said(&Said::new(answer))
    }

    /// Creates a chat reply in the protocol of the request.
    #[must_use]
    pub fn said(said: &Said) -> Self {
        Self::json(200, &said.native()).or_openai_chat(Self::json(200, &said.openai_chat()))
    }

    /// Creates a streamed chat reply in the protocol of the request, one chunk for each word.
    #[must_use]
    pub fn stream(said: &Said) -> Self {
        Self::chunked(200, NDJSON, &said.native_lines()).or_openai_chat(Self::chunked(
            200,
            EVENTS,
            &said.openai_chat_events(),
        ))
    }

    /// Creates an Ollama error in the protocol of the request.
    #[must_use]
    pub fn error(status: u16, text: &str) -> Self {
        let kind = match status {
            400 => "invalid_request_error",
            404 => "not_found_error",
            _ => "api_error",
        };
        let compatible = json!({
            "error": {"message": text, "type": kind, "param": null, "code": null},
        });
        Self::json(status, &json!({ "error": text }))
            .or_openai_chat(Self::json(status, &compatible))
    }

    /// Sets another reply for Chat Completions requests.
    fn or_openai_chat(mut self, other: Self) -> Self {
        self.openai_chat = Some(other.parts);
        self
    }

    /// Creates a reply with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Creates a reply with any body and its `content-length`.
    #[must_use]
    pub fn body(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len().to_string();
        let headers = [
            ("content-type", content_type),
            ("content-length", length.as_str()),
        ];
        Self::with_headers(status, &headers, body)
    }

    /// Creates a reply from a status, headers and a body.
    #[must_use]
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("writing to a string failed");
        }
        head.push_str("\r\n");
        Self::raw([head.into_bytes(), body.to_vec()].concat()).keeping_alive()
    }

    /// Creates a reply in HTTP chunks, each of which is one write.
    #[must_use]
    pub fn chunked<C: AsRef<[u8]>>(status: u16, content_type: &str, chunks: &[C]) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Status\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        let framed = chunks
            .iter()
            .map(AsRef::as_ref)
            .filter(|chunk: &&[u8]| !chunk.is_empty());
        let framed = framed
            .map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
        let mut reply = Self::raw(head.into_bytes());
        reply.parts.extend(framed);
        reply.parts.push(b"0\r\n\r\n".to_vec());
        reply.keeping_alive()
    }

    /// Creates a reply of exactly these bytes, after which the connection closes.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            delay: Duration::ZERO,
            parts: vec![bytes.into()],
            openai_chat: None,
            end: End::Close,
        }
    }

    /// Creates a reset of the connection when the request arrives, without a reply.
    #[must_use]
    pub fn reset() -> Self {
        Self {
            delay: Duration::ZERO,
            parts: Vec::new(),
            openai_chat: None,
            end: End::Reset,
        }
    }

    /// Sends nothing after the bytes: the connection stays open until the client closes it.
    #[must_use]
    pub fn then_silence(mut self) -> Self {
        self.end = End::Hang;
        self
    }

    /// Omits the last `bytes` bytes, then closes the connection.
    #[must_use]
    pub fn cut_short_by(mut self, bytes: usize) -> Self {
        self.end = End::Close;
        self.change(|parts| {
            let mut all = parts.concat();
            all.truncate(all.len().saturating_sub(bytes));
            vec![all]
        })
    }

    /// Writes each byte separately.
    #[must_use]
    pub fn byte_by_byte(self) -> Self {
        self.change(|parts| parts.concat().into_iter().map(|byte| vec![byte]).collect())
    }

    /// Writes all bytes at once.
    #[must_use]
    pub fn at_once(self) -> Self {
        self.change(|parts| vec![parts.concat()])
    }

    /// Delays the reply.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Creates the list of installed models in the format of servers before 0.30.
    pub(super) fn tags(models: &[Installed], digest: &str) -> Self {
        let models: Vec<Value> = models
            .iter()
            .map(
                |Installed {
                     name,
                     capabilities,
                     is_understated,
                     ..
                 }| {
                    let mut model = json!({
                        "name": name,
                        "model": name,
                        "size": 4_920_753_328_u64,
                        "digest": digest,
                        "details": {
                            "parent_model": "",
                            "family": "llama",
                            "families": null,
                            "parameter_size": "8.0B",
                            "quantization_level": "Q4_K_M",
                        },
                    });
                    // Servers from 0.30 list them.
                    if let Some(capabilities) = capabilities {
                        model["capabilities"] = match is_understated {
                            true => json!(["completion"]),
                            false => json!(capabilities),
                        };
                    }
                    model
                },
            )
            .collect();
        Self::json(200, &json!({ "models": models }))
    }

    /// Creates the details of one model, with its capabilities.
    pub(super) fn show(models: &[Installed], name: &str) -> Self {
        let tagged = format!("{name}:latest");
        let found = models
            .iter()
            .find(|model| model.name == name || model.name == tagged);
        match found {
            Some(model) => Self::json(
                200,
                &json!({"details": {"family": "llama"}, "capabilities": model.capabilities}),
            ),
            None => Self::error(404, &format!("model '{name}' not found")),
        }
    }

    /// Creates the list of loaded models: all of them.
    pub(super) fn ps(models: &[Installed]) -> Self {
        let models: Vec<Value> = models
            .iter()
            .map(|model| json!({"name": model.name, "context_length": model.context_length}))
            .collect();
        Self::json(200, &json!({ "models": models }))
    }

    /// Returns the parts that are written for a request to `path`.
    pub(super) fn parts(&self, path: &str) -> &[Vec<u8>] {
        match &self.openai_chat {
            Some(parts) if path == super::OPENAI_CHAT => parts,
            _ => &self.parts,
        }
    }

    fn change(mut self, change: impl Fn(&[Vec<u8>]) -> Vec<Vec<u8>>) -> Self {
        self.parts = change(&self.parts);
        self.openai_chat = self.openai_chat.as_deref().map(change);
        self
    }

    pub(super) fn is_reset(&self) -> bool {
        self.end == End::Reset
    }

    fn keeping_alive(mut self) -> Self {
        self.end = End::KeepAlive;
        self
    }
}
