//! The server of all programs: a separate process that replies at once with fixed bytes in the protocol of the request,
//! and counts the requests.

use std::cell::Cell;
use std::io::Read as _;
use std::rc::Rc;

use measure::{CHUNK, CHUNKS};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Parts of a reply, each of which is one write.
type Parts = Vec<Vec<u8>>;

/// Replies in one protocol.
struct Replies {
    text: Parts,
    typed: Parts,
    stream: Parts,
    tool_call: Parts,
    after_tool: Parts,
}

impl Replies {
    /// Chooses the reply by the body of the request. All clients write JSON without spaces.
    fn to(&self, body: &str) -> &Parts {
        let has = |part| body.contains(part);
        if has(r#""stream":true"#) {
            &self.stream
        } else if has(r#""role":"tool""#) {
            &self.after_tool
        } else if has(r#""tools":[{"#) {
            &self.tool_call
        } else if has(r#""format":{"#) || has(r#""response_format":{"#) {
            &self.typed
        } else {
            &self.text
        }
    }

    fn new(message: fn(&str, Option<Value>) -> Value, stream: Parts) -> Self {
        let whole = |text, call| vec![whole(&message(text, call).to_string())];
        Self {
            text: whole("Jupiter is the largest planet.", None),
            typed: whole(r#"{"name":"Jason","age":25}"#, None),
            stream,
            tool_call: whole("", Some(json!({"a": 84, "b": 2}))),
            after_tool: whole("The result is 42.", None),
        }
    }
}

/// Serves until standard input ends. One thread serves all connections: with a thread for each connection, the client
/// whose thread happens to run on this process's processor would look faster.
pub(crate) fn serve() {
    std::thread::spawn(|| {
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let replies = Rc::new([
        Replies::new(native, stream("application/x-ndjson", native_chunks())),
        Replies::new(openai, stream("text/event-stream", openai_chunks())),
    ]);
    let requests = Rc::new(Cell::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let (replies, requests) = (Rc::clone(&replies), Rc::clone(&requests));
            // A client may close its connection at any time.
            tokio::task::spawn_local(async move {
                drop(answer_requests(stream, &replies, &requests).await);
            });
        }
    });
}

async fn answer_requests(
    mut stream: TcpStream,
    replies: &[Replies; 2],
    requests: &Cell<u32>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(16 * 1024);
    while stream.read_buf(&mut read).await? > 0 {
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.parse().ok())?
        };
        let length: usize = head.lines().find_map(length).unwrap_or(0);
        if body.len() < length {
            continue;
        }
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path == "/requests" {
            let count = whole(&requests.get().to_string());
            return stream.write_all(&count).await;
        }
        requests.set(requests.get() + 1);
        let parts = match path {
            "/api/chat" => replies[0].to(body),
            "/v1/chat/completions" => replies[1].to(body),
            _ => panic!("unexpected request to {path}"),
        };
        for part in parts {
            stream.write_all(part).await?;
        }
        read.clear();
    }
    Ok(())
}

fn whole(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Encodes a reply in HTTP chunks, each of which is one write, as a model produces them.
fn stream(kind: &str, pieces: Vec<String>) -> Parts {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = |piece: String| format!("{:x}\r\n{piece}\r\n", piece.len());
    let parts = [head].into_iter().chain(pieces.into_iter().map(chunk));
    parts
        .chain(["0\r\n\r\n".to_owned()])
        .map(String::into_bytes)
        .collect()
}

fn native(text: &str, call: Option<Value>) -> Value {
    let mut message = json!({"role": "assistant", "content": text});
    if let Some(arguments) = call {
        let function = json!({"index": 0, "name": "divide", "arguments": arguments});
        message["tool_calls"] = json!([{"id": "call_1", "function": function}]);
    }
    json!({
        "model": "llama3.1", "created_at": "2026-11-21T03:10:25.618661913Z", "message": message,
        "done": true, "done_reason": "stop", "total_duration": 28_313_830, "load_duration": 1_763_333,
        "prompt_eval_count": 67, "prompt_eval_duration": 4_996_433, "eval_count": 12, "eval_duration": 18_736_932,
    })
}

fn openai(text: &str, call: Option<Value>) -> Value {
    let mut message = json!({"role": "assistant", "content": text});
    let mut reason = "stop";
    if let Some(arguments) = call {
        let function = json!({"name": "divide", "arguments": arguments.to_string()});
        let call = json!({"id": "call_1", "index": 0, "type": "function", "function": function});
        message["tool_calls"] = json!([call]);
        reason = "tool_calls";
    }
    json!({
        "id": "chatcmpl-530", "object": "chat.completion", "created": 1_795_230_629, "model": "llama3.1",
        "system_fingerprint": "fp_ollama",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 67, "completion_tokens": 12, "total_tokens": 79},
    })
}

fn native_chunks() -> Vec<String> {
    let word = json!({
        "model": "llama3.1", "created_at": "2026-11-21T03:10:25.618661913Z",
        "message": {"role": "assistant", "content": CHUNK}, "done": false,
    });
    let mut lines = vec![format!("{word}\n"); CHUNKS];
    lines.push(format!("{}\n", native("", None)));
    lines
}

fn openai_chunks() -> Vec<String> {
    let event = |choices: Value, usage: Value| {
        let event = json!({
            "id": "chatcmpl-530", "object": "chat.completion.chunk", "created": 1_795_230_629,
            "model": "llama3.1", "system_fingerprint": "fp_ollama", "choices": choices, "usage": usage,
        });
        format!("data: {event}\n\n")
    };
    let choice = |text: &str, reason: Value| {
        let delta = json!({"role": "assistant", "content": text});
        json!([{"index": 0, "delta": delta, "finish_reason": reason}])
    };
    let mut events = vec![event(choice(CHUNK, Value::Null), Value::Null); CHUNKS];
    events.push(event(choice("", json!("stop")), Value::Null));
    let usage = json!({"prompt_tokens": 67, "completion_tokens": 12, "total_tokens": 79});
    events.push(event(json!([]), usage));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
