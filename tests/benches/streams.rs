//! Compares a stream with hand-written code on both routes: allocations per chunk of text, and CPU time.
//!
//! ```text
//! cargo bench --bench streams
//! ```
//!
//! Both sides read the same streams of 2,000 chunks from the same loopback server, which writes each chunk separately,
//! as a model does. The hand-written side borrows its texts from the bytes it read; a `TextStream` returns owned texts,
//! which is one allocation each. The allocations per chunk are the difference between a long and a short stream,
//! divided by the difference of their chunks. Goals: no allocation besides the text, and a ratio of at most 1.10.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints its results and reads its environment"
)]

mod measure;

use std::borrow::Cow;
use std::fmt::Write as _;

use alloy_runtime::command;
use serde::Deserialize;

use self::measure::{Floor, Parts, Route, ServerProcess};

const LONG: usize = 2000;
const SHORT_AT_ONCE: usize = 201;
const LONG_AT_ONCE: usize = 2001;
/// Number of streams in a round.
const STREAMS: usize = 8;

#[command("Count to {count}.", model = "ollama:llama3.1", temperature = 0.0)]
async fn count_native(count: usize) -> String;

#[command("Count to {count}.", model = "ollama:gpt-oss:20b", temperature = 0.0)]
async fn count_openai_chat(count: usize) -> String;

fn main() {
    measure::main(
        |_| serve(),
        |_, host| measured(host),
        || ServerProcess::start("streams").measure("streams"),
    );
}

/// Returns the text of a chunk.
fn word(number: usize) -> String {
    format!(" word{}", number % 10)
}

fn native(count: usize) -> Vec<String> {
    let line = |content: &str, end: &str| {
        format!(
            "{{\"model\":\"llama3.1\",\"created_at\":\"2026-11-21T03:10:25.618661913Z\",\"message\":{{\"role\":\"assistant\",\"content\":\"{content}\"}},{end}}}\n"
        )
    };
    let words = (0..count).map(|number| line(&word(number), "\"done\":false"));
    let last = "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":28313830,\"load_duration\":1763333,\"prompt_eval_count\":67,\"prompt_eval_duration\":4996433,\"eval_count\":12,\"eval_duration\":18736932";
    words.chain([line("", last)]).collect()
}

fn openai_chat(count: usize) -> Vec<String> {
    let event = |choices: &str, end: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-530\",\"object\":\"chat.completion.chunk\",\"created\":1795230629,\"model\":\"gpt-oss:20b\",\"system_fingerprint\":\"fp_ollama\",\"choices\":[{choices}]{end}}}\n\n"
        )
    };
    let choice = |content: &str, reason: &str| {
        format!(
            "{{\"index\":0,\"delta\":{{\"role\":\"assistant\",\"content\":\"{content}\"}},\"finish_reason\":{reason}}}"
        )
    };
    let words = (0..count).map(|number| event(&choice(&word(number), "null"), ""));
    let usage = ",\"usage\":{\"prompt_tokens\":67,\"completion_tokens\":12,\"total_tokens\":79}";
    let ends = [
        event(&choice("", "\"stop\""), ""),
        event("", usage),
        "data: [DONE]\n\n".to_owned(),
    ];
    words.chain(ends).collect()
}

fn serve() {
    let reply = |kind: &str, pieces: Vec<String>| -> Parts {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        let frames = pieces.iter().map(|piece| {
            let mut frame = String::new();
            write!(frame, "{:x}\r\n{piece}\r\n", piece.len()).unwrap();
            frame
        });
        let parts = [head].into_iter().chain(frames);
        parts
            .chain(["0\r\n\r\n".to_owned()])
            .map(String::into_bytes)
            .collect()
    };
    // A stream with an odd count is written at once, so that the number of reads does not depend on timing.
    let all = |kind: &str, pieces: fn(usize) -> Vec<String>| {
        [SHORT_AT_ONCE, LONG_AT_ONCE, LONG].map(|count| {
            let parts = reply(kind, pieces(count));
            match count % 2 {
                0 => (count, parts),
                _ => (count, Parts::from([parts.concat()])),
            }
        })
    };
    let native = all("application/x-ndjson", native);
    let openai_chat = all("text/event-stream", openai_chat);
    measure::serve(move |request| {
        let streams = match request.starts_with("POST /api/chat ") {
            true => &native,
            false => &openai_chat,
        };
        let asked = |(count, _): &&(usize, _)| request.contains(&format!("Count to {count}."));
        streams.iter().find(asked).unwrap().1.clone()
    });
}

fn measured(host: &str) {
    let runtime = measure::runtime();
    for route in Route::ALL {
        let command = |count| match route {
            Route::Native => count_native(count),
            Route::OpenaiChat => count_openai_chat(count),
        };
        let floor = Floor::new(host, route);
        // The bodies differ only in the fields that request a stream.
        let body = |count| {
            let body = command(count).preview().unwrap().body;
            let streamed = match route {
                Route::Native => "\"stream\":true",
                Route::OpenaiChat => "\"stream\":true,\"stream_options\":{\"include_usage\":true}",
            };
            body.replace("\"stream\":false", streamed)
        };
        let bodies = [SHORT_AT_ONCE, LONG_AT_ONCE, LONG].map(|count| (count, body(count)));
        let alloy = async |count| {
            let mut stream = command(count).stream();
            let mut bytes = 0;
            while let Some(text) = stream.next().await {
                bytes += text.unwrap().len();
            }
            assert_eq!(bytes, count * 6);
        };
        let by_hand = async |count: usize| {
            let (_, body) = bodies.iter().find(|body| body.0 == count).unwrap();
            assert_eq!(floor.stream(body.clone()).await, count * 6);
        };
        let name = route.name();
        runtime.block_on(async {
            alloy(LONG).await;
            by_hand(LONG).await;
            let alloy_each = measure::allocations(&|| alloy(LONG_AT_ONCE)).await
                - measure::allocations(&|| alloy(SHORT_AT_ONCE)).await;
            let floor_each = measure::allocations(&|| by_hand(LONG_AT_ONCE)).await
                - measure::allocations(&|| by_hand(SHORT_AT_ONCE)).await;
            println!(
                "stream {name} allocations_per_chunk alloy={:.1} floor={:.1}",
                each(alloy_each),
                each(floor_each)
            );
            let ratio = measure::ratio(
                async || measure::cpu_time(STREAMS, &|| alloy(LONG)).await,
                async || measure::cpu_time(STREAMS, &|| by_hand(LONG)).await,
            );
            println!("stream {name} cpu ratio={:.2}", ratio.await);
        });
    }
}

/// Returns the additional allocations of the long stream per chunk.
#[allow(clippy::cast_precision_loss, reason = "a few thousand")]
fn each(more: usize) -> f64 {
    more as f64 / (LONG_AT_ONCE - SHORT_AT_ONCE) as f64
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    done: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    choices: [Choice<'a>; 1],
}

#[derive(Deserialize)]
struct Last {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    completion_tokens: u64,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Text<'a>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
}

impl Floor {
    /// Reads a stream to its end and returns the length of its text in bytes.
    async fn stream(&self, body: String) -> usize {
        let response = self.post(body).send().await.unwrap();
        let mut response = response.error_for_status().unwrap();
        let mut buffer = Vec::new();
        let (mut bytes, mut done) = (0, false);
        while let Some(chunk) = response.chunk().await.unwrap() {
            buffer.extend_from_slice(&chunk);
            let mut start = 0;
            while let Some(end) = memchr::memchr(b'\n', &buffer[start..]) {
                let line = &buffer[start..start + end];
                start += end + 1;
                match self.route {
                    Route::Native => {
                        let line: Line<'_> = serde_json::from_slice(line).unwrap();
                        bytes += line.message.content.len();
                        done |= line.done;
                    }
                    Route::OpenaiChat => {
                        let Some(data) = line.strip_prefix(b"data: ") else {
                            continue;
                        };
                        if data == b"[DONE]" {
                            done = true;
                            continue;
                        }
                        match serde_json::from_slice(data) {
                            Ok(Event { choices: [choice] }) => bytes += choice.delta.content.len(),
                            Err(_) => {
                                let last: Last = serde_json::from_slice(data).unwrap();
                                assert_eq!(last.usage.completion_tokens, 12);
                            }
                        }
                    }
                }
            }
            buffer.drain(..start);
        }
        assert!(done);
        bytes
    }
}
