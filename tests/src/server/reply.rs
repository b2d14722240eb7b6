//! What the server answers.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::Installed;

/// The bytes of one reply, and how they end.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) delay: Duration,
    /// Each part is one write.
    parts: Vec<Vec<u8>>,
    /// The same in the words of Chat Completions, where they are others.
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

/// What a model said, in the words of either protocol.
#[derive(Clone, Debug)]
pub struct Said {
    answer: String,
    thinking: Option<String>,
    /// The tools that it calls, with what.
    calls: Vec<(String, Value)>,
    /// Whether the calls have ids on the native route.
    ids: bool,
    finish_reason: &'static str,
    tokens: (u64, u64),
}

impl Said {
    /// An answer that came to its end, with 67 tokens of prompt and 12 of answer.
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

    /// The same, with a thinking text.
    #[must_use]
    pub fn thinking(mut self, text: &str) -> Self {
        self.thinking = Some(text.to_owned());
        self
    }

    /// No answer yet but a call of this tool. Arguments that are a string are sent as they are where the
    /// protocol has them in a string.
    #[must_use]
    pub fn call(name: &str, arguments: Value) -> Self {
        Self::new("").calling(name, arguments)
    }

    /// The same, with one more call.
    #[must_use]
    pub fn calling(mut self, name: &str, arguments: Value) -> Self {
        self.calls.push((name.to_owned(), arguments));
        self
    }

    /// The same, from a server that gives its calls no ids, as those before 0.12.10.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.ids = false;
        self
    }

    /// The same, ended by the limit of tokens.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.finish_reason = "length";
        self
    }

    /// The same, with so many tokens of prompt and of answer.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, answer: u64) -> Self {
        self.tokens = (prompt, answer);
        self
    }

    /// The body of `/api/chat`.
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

    /// The body of `/v1/chat/completions`.
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

/// Words of a text, the space behind each its own: what a model says at a time.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

impl Said {
    /// The lines of `/api/chat`, one a word.
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

    /// The events of `/v1/chat/completions`, one a word.
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

/// The body of a finished native reply with this answer.
#[must_use]
pub fn chat(answer: &str) -> Value {
    Said::new(answer).native()
}

impl Reply {
    /// A finished chat reply with this answer, in the protocol that is asked in.
    #[must_use]
    pub fn answer(answer: &str) -> Self {
        Self::said(&Said::new(answer))
    }

    /// A chat reply, in the protocol that is asked in.
    #[must_use]
    pub fn said(said: &Said) -> Self {
        Self::json(200, &said.native()).or_openai_chat(Self::json(200, &said.openai_chat()))
    }

    /// A streamed chat reply, in the protocol that is asked in: a piece a word.
    #[must_use]
    pub fn stream(said: &Said) -> Self {
        Self::chunked(200, NDJSON, &said.native_lines()).or_openai_chat(Self::chunked(
            200,
            EVENTS,
            &said.openai_chat_events(),
        ))
    }

    /// Ollama's form of an error, in the protocol that is asked in.
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

    /// The same reply, but another to a Chat Completions request.
    fn or_openai_chat(mut self, other: Self) -> Self {
        self.openai_chat = Some(other.parts);
        self
    }

    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::body(status, "application/json; charset=utf-8", body.to_string())
    }

    /// Any body, with its length.
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

    /// A status, headers and a body, as they are.
    #[must_use]
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("strings can be written to");
        }
        head.push_str("\r\n");
        Self::raw([head.into_bytes(), body.to_vec()].concat()).keeping_alive()
    }

    /// The chunks of a body, each framed as HTTP frames it and sent in a write of its own.
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

    /// These bytes and nothing else, then the connection closes.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            delay: Duration::ZERO,
            parts: vec![bytes.into()],
            openai_chat: None,
            end: End::Close,
        }
    }

    /// No reply: the connection is reset when the request arrives.
    #[must_use]
    pub fn reset() -> Self {
        Self {
            delay: Duration::ZERO,
            parts: Vec::new(),
            openai_chat: None,
            end: End::Reset,
        }
    }

    /// The same bytes, then silence: the connection stays open until the client closes it.
    #[must_use]
    pub fn then_silence(mut self) -> Self {
        self.end = End::Hang;
        self
    }

    /// The same reply, its last `bytes` bytes left out, then the connection closes.
    #[must_use]
    pub fn cut_short_by(mut self, bytes: usize) -> Self {
        self.end = End::Close;
        self.change(|parts| {
            let mut all = parts.concat();
            all.truncate(all.len().saturating_sub(bytes));
            vec![all]
        })
    }

    /// The same bytes, each in a write of its own.
    #[must_use]
    pub fn byte_by_byte(self) -> Self {
        self.change(|parts| parts.concat().into_iter().map(|byte| vec![byte]).collect())
    }

    /// The same bytes in one write.
    #[must_use]
    pub fn at_once(self) -> Self {
        self.change(|parts| vec![parts.concat()])
    }

    /// The same reply, later.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The list of installed models, as servers before 0.30 write it.
    pub(super) fn tags(models: &[Installed]) -> Self {
        let models: Vec<Value> = models
            .iter()
            .map(|Installed { name, .. }| {
                json!({
                    "name": name,
                    "model": name,
                    "size": 4_920_753_328_u64,
                    "details": {
                        "parent_model": "",
                        "family": "llama",
                        "families": null,
                        "parameter_size": "8.0B",
                        "quantization_level": "Q4_K_M",
                    },
                })
            })
            .collect();
        Self::json(200, &json!({ "models": models }))
    }

    /// What one of them can do.
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

    /// The models in memory: all of them.
    pub(super) fn ps(models: &[Installed]) -> Self {
        let models: Vec<Value> = models
            .iter()
            .map(|model| json!({"name": model.name, "context_length": model.context_length}))
            .collect();
        Self::json(200, &json!({ "models": models }))
    }

    /// What is written to a request for `path`.
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
