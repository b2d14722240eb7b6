//! Cassettes: recorded against the loopback server, and replayed while a listener that nobody may connect to has the
//! server's place.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command as Program, Output as Exit};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alloy_runtime::testing::{Cassette, CassetteMode, cassette};
use alloy_runtime::{Api, Config, ErrorKind, Output, Warning, command, models, tool, with_config};
use alloy_tests::server::{Installed, Reply, Said, Server};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::embedded::MODEL;

#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct User {
    name: String,
    age: u8,
}

#[command("Extract the user: {text}", retry = 2)]
async fn extract<T: Output>(text: &str) -> T;

#[command("Tell a story about {hero}")]
async fn story(hero: &str) -> String;

/// Number of runs of [`add`].
static ADDED: AtomicUsize = AtomicUsize::new(0);

/// Adds two numbers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    ADDED.fetch_add(1, Ordering::SeqCst);
    a + b
}

#[command("Add: {text}", tools(add))]
async fn sum(text: &str) -> String;

#[command("{prompt}")]
async fn ask(prompt: &str) -> String;

const KEY: &str = "k-secret-123";

/// The routes to a server.
#[derive(Clone, Copy, Debug)]
enum Wire {
    Native,
    OpenaiChat,
    Openai,
}

const WIRES: [Wire; 3] = [Wire::Native, Wire::OpenaiChat, Wire::Openai];

fn at(wire: Wire, host: &str) -> Config {
    let ollama = || {
        Config::new()
            .model("ollama:llama3.1")
            .host(host)
            .api_key(KEY)
    };
    match wire {
        Wire::Native => ollama().api(Api::Native),
        Wire::OpenaiChat => ollama().api(Api::OpenaiChat),
        Wire::Openai => Config::new()
            .model("openai:llama3.1")
            .base_url(format!("http://{host}/v1"))
            .openai_api_key(KEY),
    }
}

/// A folder with the cassette of one test, which is removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let name = format!("alloy-cassettes-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("cassette.json")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn open(&self, mode: CassetteMode) -> Cassette {
        Cassette::open(self.file()).mode(mode).record_in_ci()
    }

    fn record(&self) -> Cassette {
        self.open(CassetteMode::Record)
    }

    fn replay(&self) -> Cassette {
        self.open(CassetteMode::Replay)
    }

    /// Runs a future twice: recorded against a server with these replies, and replayed.
    async fn twice<T, F: Future<Output = T>>(
        &self,
        wire: Wire,
        replies: impl IntoIterator<Item = Reply>,
        run: impl Fn() -> F,
    ) -> (T, T) {
        let server = Server::start(replies);
        let recorded = with_config(at(wire, &server.host()), run());
        let recorded = self.record().run(recorded).await;
        let nobody = Nobody::new();
        let replayed = with_config(at(wire, &nobody.host()), run());
        (recorded, self.replay().run(replayed).await)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A listener that fails the test if anybody connects.
struct Nobody(TcpListener);

impl Nobody {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn host(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.accept().is_err(), "a connection was opened");
        }
    }
}

/// Runs a test with a new runtime that fails, and returns the message.
fn failure<F: Future>(test: F) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let test = std::panic::AssertUnwindSafe(|| drop(runtime.block_on(test)));
    let payload = std::panic::catch_unwind(test).unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test)
}

#[tokio::test]
async fn replies_and_re_asks_are_recorded_and_replayed() {
    let jason = User {
        name: "Jason".into(),
        age: 25,
    };
    for wire in WIRES {
        let folder = Folder::new(&format!("re-asks-{wire:?}"));
        let replies = [
            Reply::answer("{}"),
            Reply::answer(r#"{"name": "Jason", "age": 25}"#),
        ];
        let extracted = || extract::<User>("Jason is 25.").outcome();
        let (recorded, replayed) = folder.twice(wire, replies, extracted).await;
        let (recorded, replayed) = (recorded.unwrap(), replayed.unwrap());
        assert_eq!((&recorded.value, &replayed.value), (&jason, &jason));
        assert_eq!((replayed.attempts, replayed.requests), (2, 2));
        assert_eq!(recorded.usage, replayed.usage);
        assert_eq!(recorded.messages, replayed.messages);
        assert_eq!(recorded.route.to_string(), replayed.route.to_string());
        assert_eq!(replayed.backend, "cassette");
        let exchanges = &folder.json()["exchanges"];
        assert_eq!(exchanges.as_array().unwrap().len(), 2);
        assert_eq!(exchanges[0]["command"], "extract");
        assert!(exchanges[0]["wire"]["body"].is_object());
    }
}

#[tokio::test]
async fn streams_are_replayed_in_their_pieces() {
    for wire in WIRES {
        let folder = Folder::new(&format!("streams-{wire:?}"));
        let said = Said::new("Once upon a time, ein Füchslein 🦊 ran.").thinking("A fox, then.");
        let read = async || {
            let mut stream = story("a fox").stream();
            let mut pieces = Vec::new();
            while let Some(piece) = stream.next().await {
                pieces.push(piece.unwrap());
            }
            (pieces, stream.into_summary().unwrap())
        };
        let replies = [Reply::stream(&said).at_once()];
        let (recorded, replayed) = folder.twice(wire, replies, read).await;
        assert_eq!(recorded.0, replayed.0);
        assert_eq!(recorded.0.len(), 8);
        assert_eq!(recorded.1.text, replayed.1.text);
        assert_eq!(replayed.1.thinking.as_deref(), Some("A fox, then."));
        assert_eq!(recorded.1.usage, replayed.1.usage);
        assert_eq!(replayed.1.backend, "cassette");
        let wire = &folder.json()["exchanges"][0]["wire"];
        // Twelve words, and the end: a line, or two events and the mark.
        assert!(wire["pieces"].as_array().unwrap().len() > 10, "{wire}");
    }
}

#[tokio::test]
async fn tools_run_again_in_a_replay() {
    for wire in WIRES {
        let folder = Folder::new(&format!("tools-{wire:?}"));
        let before = ADDED.load(Ordering::SeqCst);
        let replies = [
            Reply::said(&Said::call("add", json!({"a": 1, "b": 2}))),
            Reply::answer("It is 3."),
        ];
        let (recorded, replayed) = folder
            .twice(wire, replies, || sum("1 and 2").outcome())
            .await;
        let (recorded, replayed) = (recorded.unwrap(), replayed.unwrap());
        assert_eq!(
            (recorded.value.as_str(), replayed.value.as_str()),
            ("It is 3.", "It is 3.")
        );
        assert_eq!(replayed.tool_results[0].content, "3");
        assert_eq!(ADDED.load(Ordering::SeqCst) - before, 2);
    }
}

#[tokio::test]
async fn a_lost_stream_is_replayed_to_the_same_place() {
    let folder = Folder::new("lost");
    let read = async || {
        let mut stream = story("a fox").stream();
        loop {
            match stream.next().await.expect("an error at the end") {
                Ok(_) => {}
                Err(error) => return (stream.text().to_owned(), error.kind()),
            }
        }
    };
    let said = Said::new("Once upon a time");
    let replies = [Reply::stream(&said).cut_short_by(400)];
    let (recorded, replayed) = folder.twice(Wire::Native, replies, read).await;
    assert_eq!(recorded, replayed);
    assert_eq!(replayed.1, ErrorKind::Interrupted);
    let exchange = &folder.json()["exchanges"][0];
    assert_eq!(exchange["failure"]["kind"], "interrupted");
}

mod before {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    pub(super) struct Person {
        /// The full name.
        #[allow(dead_code, reason = "only the schema matters")]
        name: String,
    }
}

mod after {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    pub(super) struct Person {
        /// The first name alone.
        #[allow(dead_code, reason = "only the schema matters")]
        name: String,
    }
}

/// Records `old`, and returns the message of a replay of `new`.
fn difference<T, U>(
    test: &str,
    wire: Wire,
    old: impl Future<Output = T>,
    new: impl Future<Output = U>,
) -> String {
    let folder = Folder::new(test);
    let server = Server::start([Reply::answer(r#"{"name": "Ann"}"#)]);
    let recorded = with_config(at(wire, &server.host()), old);
    run(folder.record().run(async { drop(recorded.await) }));
    let nobody = Nobody::new();
    let replayed = with_config(at(wire, &nobody.host()), new);
    let message = failure(folder.replay().run(async { drop(replayed.await) }));
    assert!(message.contains("does not fit the test"), "{message}");
    assert!(
        message.contains("`exchanges[0]` was not played"),
        "{message}"
    );
    message
}

#[test]
fn a_changed_prompt_or_doc_comment_is_shown() {
    for wire in WIRES {
        let message = difference("prompt", wire, ask("Say hello"), ask("Say hallo"));
        let expected = "  messages[0].content:\n    - Say hello\n    + Say hallo\n";
        assert!(message.contains(expected), "{message}");
        let (old, new) = (
            extract::<before::Person>("x"),
            extract::<after::Person>("x"),
        );
        let message = difference("doc-comment", wire, old, new);
        let path = match wire {
            Wire::Native => "format",
            Wire::OpenaiChat | Wire::Openai => "response_format.json_schema.schema",
        };
        let expected = format!(
            "  {path}.properties.name.description:\n    - The full name.\n    + The first name alone.\n"
        );
        assert!(message.contains(&expected), "{message}");
    }
}

#[test]
fn a_changed_option_tool_model_or_protocol_is_shown() {
    for wire in WIRES {
        let (old, new) = (ask("Hi").temperature(0.5), ask("Hi").temperature(0.7));
        let message = difference("option", wire, old, new);
        assert!(
            message.contains("temperature:\n    - 0.5\n    + 0.7\n"),
            "{message}"
        );
        let message = difference("tool", wire, ask("Add: 1"), sum("1"));
        assert!(
            message.contains("  tools:\n    - (nothing)\n    + [{"),
            "{message}"
        );
        assert!(message.contains("\"name\":\"add\""), "{message}");
    }
    let other = ask("Hi").model("ollama:qwen3");
    let message = difference("model", Wire::Native, ask("Hi"), other);
    assert!(
        message.contains("  model:\n    - llama3.1\n    + qwen3\n"),
        "{message}"
    );
    let other = ask("Hi").api(Api::OpenaiChat);
    let message = difference("protocol", Wire::Native, ask("Hi"), other);
    assert!(
        message.contains("  protocol:\n    - native\n    + openai_chat\n"),
        "{message}"
    );
}

#[tokio::test]
async fn the_error_of_a_request_has_the_diff_and_the_command_line() {
    let folder = Folder::new("error");
    let server = Server::start([Reply::answer("Hello!")]);
    let recorded = with_config(at(Wire::Native, &server.host()), ask("Say hello"));
    folder.record().run(recorded).await.unwrap();
    let task = tokio::spawn({
        let cassette = folder.replay();
        async move {
            let config = at(Wire::Native, "127.0.0.1:1");
            cassette
                .run(async {
                    let changed = with_config(config, async { ask("Say hallo").await });
                    let error = changed.await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Unanswered);
                    panic!("{error}");
                })
                .await;
        }
    });
    let panic = task.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    let expected = "    - Say hello\n    + Say hallo\nrecord it: ALLOY_CASSETTE=record cargo test testing_cassettes::the_error_of_a_request_has_the_diff_and_the_command_line";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn recordings_that_are_not_played_fail() {
    let folder = Folder::new("unplayed");
    let server = Server::start([Reply::answer("1"), Reply::answer("2")]);
    let config = || at(Wire::Native, &server.host());
    let both = async {
        ask("one").await.unwrap();
        ask("two").await.unwrap();
    };
    run(folder.record().run(with_config(config(), both)));
    let one = || with_config(config(), async { ask("one").await.unwrap() });
    let message = failure(folder.replay().run(one()));
    assert!(
        message.contains("`exchanges[1]` was not played: `ask` \"two\""),
        "{message}"
    );
    // Recording drops it, and sends nothing.
    run(folder.record().run(one()));
    assert_eq!(folder.json()["exchanges"].as_array().unwrap().len(), 1);
    assert_eq!(server.requests().len(), 2);
    run(folder.replay().run(one()));
}

#[tokio::test]
async fn a_hundred_commands_are_replayed_without_an_order() {
    let folder = Folder::new("hundred");
    let prompts: Vec<String> = (0..100).map(|number| format!("number {number}")).collect();
    let server = Server::start((0..100).map(|number| Reply::answer(&format!("answer {number}"))));
    let config = at(Wire::Native, &server.host());
    let asked = || join_all(prompts.iter().map(|prompt| ask(prompt)));
    let recorded = folder
        .record()
        .run(with_config(config, async { asked().await }))
        .await;
    let nobody = Nobody::new();
    let config = at(Wire::Native, &nobody.host());
    let reversed = async {
        let mut answers = join_all(prompts.iter().rev().map(|prompt| ask(prompt))).await;
        answers.reverse();
        answers
    };
    let replayed = folder.replay().run(with_config(config, reversed)).await;
    let texts = |answers: Vec<alloy_runtime::Result<String>>| -> Vec<String> {
        answers.into_iter().map(Result::unwrap).collect()
    };
    assert_eq!(texts(recorded), texts(replayed));
}

#[tokio::test]
async fn a_prompt_with_a_date_matches_by_ignore_text() {
    let folder = Folder::new("dates");
    let server = Server::start([Reply::answer("Sunny.")]);
    let dates = |cassette: Cassette| cassette.ignore_text(r"\d{4}-\d\d-\d\d");
    let config = at(Wire::Native, &server.host());
    let today = with_config(config, ask("The weather on 2026-11-30?"));
    dates(folder.record()).run(today).await.unwrap();
    assert!(folder.text().contains("2026-11-30"));
    let nobody = Nobody::new();
    let config = at(Wire::Native, &nobody.host());
    let later = with_config(config, ask("The weather on 2027-02-01?"));
    assert_eq!(dates(folder.replay()).run(later).await.unwrap(), "Sunny.");
}

#[tokio::test]
async fn no_file_has_a_secret() {
    for wire in WIRES {
        let folder = Folder::new(&format!("secrets-{wire:?}"));
        let replies = [
            Reply::answer("hello"),
            Reply::error(
                401,
                &format!("the key {KEY} is not valid: \"Bearer {KEY}\""),
            ),
        ];
        let asked = async || {
            let error = async { ask(&format!("My key is {KEY}.")).await.unwrap_err().kind() };
            (ask("Hi").await.unwrap(), error.await)
        };
        let (recorded, replayed) = folder.twice(wire, replies, asked).await;
        assert_eq!(recorded, replayed);
        assert_eq!(replayed.1, ErrorKind::Unauthorized);
        let text = folder.text();
        assert!(!text.contains(KEY), "{text}");
        assert_eq!(text.matches("[secret]").count(), 3, "{text}");
        assert!(!text.to_lowercase().contains("authorization"), "{text}");
    }
}

#[tokio::test]
async fn replies_that_were_retried_are_not_recorded() {
    let folder = Folder::new("retries");
    let replies = [Reply::error(503, "busy"), Reply::answer("hello")];
    let (recorded, replayed) = folder
        .twice(Wire::Native, replies, || ask("Hi").outcome())
        .await;
    assert_eq!(
        (recorded.unwrap().requests, replayed.unwrap().requests),
        (2, 1)
    );
    let exchanges = &folder.json()["exchanges"];
    assert_eq!(exchanges.as_array().unwrap().len(), 1);
    assert_eq!(exchanges[0]["wire"]["status"], 200);
}

/// Records streams of a server that falls silent in the middle of its reply, and returns the message of the test.
fn cut_stream(test: &str, config: Config, pieces: usize) -> String {
    let folder = Folder::new(test);
    std::fs::write(folder.file(), "{\"format\": 1, \"exchanges\": []}").unwrap();
    let old = folder.text();
    let stream = Reply::stream(&Said::new("Once upon a time"))
        .cut_short_by(200)
        .then_silence();
    let server = Server::start([stream, Reply::answer("hello")]);
    let asked = async {
        let mut stream = story("a fox").config(config).stream();
        for _ in 0..pieces {
            if let Some(Err(error)) = stream.next().await {
                assert_eq!(error.kind(), ErrorKind::TimedOut);
                break;
            }
        }
        drop(stream);
        ask("Hi").await.unwrap();
    };
    let asked = with_config(at(Wire::Native, &server.host()), asked);
    let message = failure(folder.record().run(asked));
    let expected = "was not written, and its recordings are as before:\n- `story` got a part of the reply to \"Tell a story about a fox\": ";
    assert!(message.contains(expected), "{message}");
    assert_eq!(folder.text(), old);
    message
}

#[test]
fn a_stream_that_is_cut_fails_the_test_that_records() {
    let message = cut_stream("dropped", Config::new(), 1);
    assert!(
        message.contains("the program dropped the stream before its end"),
        "{message}"
    );
    let limit = Config::new().timeout(Duration::from_millis(300));
    let message = cut_stream("timeout", limit, usize::MAX);
    assert!(
        message.contains("the command's timeout passed"),
        "{message}"
    );
    let limit = Config::new().idle_timeout(Duration::from_millis(300));
    let message = cut_stream("idle", limit, usize::MAX);
    assert!(message.contains("no byte for 300ms"), "{message}");
}

// The program has the whole reply.
#[test]
fn a_stream_whose_server_does_not_close_it_is_recorded() {
    let folder = Folder::new("not-closed");
    let read = async || {
        let mut stream = story("a fox").stream();
        let mut text = String::new();
        while let Some(piece) = stream.next().await {
            text += &piece.unwrap();
        }
        text
    };
    let stream = Reply::stream(&Said::new("Once upon a time"))
        .cut_short_by(5)
        .then_silence();
    let server = Server::start([stream]);
    let recorded = with_config(at(Wire::Native, &server.host()), read());
    let recorded = run(folder.record().run(recorded));
    let nobody = Nobody::new();
    let replayed = with_config(at(Wire::Native, &nobody.host()), read());
    assert_eq!(run(folder.replay().run(replayed)), recorded);
    assert_eq!(recorded, "Once upon a time");
}

#[test]
fn a_request_without_a_reply_leaves_the_file_as_it_was() {
    let folder = Folder::new("no-reply");
    std::fs::write(folder.file(), "{\"format\": 1, \"exchanges\": []}").unwrap();
    let old = folder.text();
    let server = Server::start([
        Reply::answer("hello"),
        Reply::reset(),
        Reply::reset(),
        Reply::reset(),
    ]);
    let asked = async {
        ask("one").await.unwrap();
        drop(ask("two").await);
    };
    let message = failure(
        folder
            .record()
            .run(with_config(at(Wire::Native, &server.host()), asked)),
    );
    assert!(
        message.contains("was not written, and its recordings are as before"),
        "{message}"
    );
    assert!(
        message.contains("`ask` got no reply to \"two\": Interrupted"),
        "{message}"
    );
    assert_eq!(folder.text(), old);
}

#[tokio::test]
async fn inspections_are_replayed() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    let folder = Folder::new("inspections");
    let installed = [Installed::new("llama3.1:latest").able("vision")];
    let server = Server::with_installed(installed, [Reply::answer("A cat.")]);
    let look = async || {
        let outcome = ask("What is it?").image(PNG).outcome().await.unwrap();
        let models = models().await.unwrap();
        (outcome.value, outcome.warnings, models)
    };
    let recorded = with_config(at(Wire::Native, &server.host()), look());
    let recorded = folder.record().run(recorded).await;
    assert_eq!(server.inquiries(), ["/api/show", "/api/tags"]);
    let nobody = Nobody::new();
    let replayed = with_config(at(Wire::Native, &nobody.host()), look());
    let replayed = folder.replay().run(replayed).await;
    assert_eq!(recorded, replayed);
    assert!(!replayed.1.contains(&Warning::VisionUnknown));
    assert_eq!(replayed.2[0].name, "llama3.1:latest");
}

#[tokio::test]
async fn the_embedded_model_is_recorded_and_replayed_without_its_file() {
    let folder = Folder::new("embedded");
    let asked = async |model: &'static str| {
        let config = Config::new().model(model).temperature(0.0).max_tokens(40);
        let asked = async {
            let whole = story("a girl").outcome().await;
            let whole = whole.map(|outcome| (outcome.value, outcome.usage, outcome.finish_reason));
            let mut stream = story("a boy").stream();
            let mut pieces = Vec::new();
            while let Some(Ok(piece)) = stream.next().await {
                pieces.push(piece);
            }
            let too_long = ask(&"word ".repeat(20_000)).await.unwrap_err();
            (whole.map_err(|error| error.kind()), pieces, too_long.kind())
        };
        with_config(config, asked).await
    };
    let recorded = folder.record().run(asked(MODEL)).await;
    assert!(recorded.1.len() > 3, "{recorded:?}");
    assert_eq!(recorded.2, ErrorKind::ContextOverflow);
    let events = &folder.json()["exchanges"][1]["events"];
    assert!(events.as_array().unwrap().len() > 3, "{events}");
    let text = folder.text();
    let place = text.find(env!("CARGO_MANIFEST_DIR"));
    assert!(
        place.is_none(),
        "{}",
        &text[place.unwrap() - 300..place.unwrap() + 150]
    );
    let elsewhere = "gguf:/nowhere/alloy-tiny-q8_0.gguf";
    let replayed = folder.replay().run(asked(elsewhere)).await;
    assert_eq!(recorded, replayed);
}

#[test]
fn bad_files_are_reported_with_their_places() {
    let folder = Folder::new("bad-files");
    let exchange = |reply: &str| {
        format!(
            "{{\"format\": 1, \"exchanges\": [{{\"protocol\": \"native\", \"command\": \"ask\",\n\"request\": {{}},\n{reply}}}]}}"
        )
    };
    for (text, expected) in [
        (
            "hello".to_owned(),
            "is not valid JSON: expected value at line 1 column 1",
        ),
        (
            "{\"format\": 1,\n\"exchanges\": [".to_owned(),
            "is truncated: EOF while parsing a list at line 2 column 14",
        ),
        ("{\"format\": 2}".to_owned(), "has the format 2; expected 1"),
        ("{\"exchanges\": []}".to_owned(), "it has no `format`"),
        (
            exchange("\"wire\": {\"status\": \"ok\", \"body\": {}}"),
            "exchanges[0].wire.status: invalid type: string \"ok\"",
        ),
        (
            exchange("\"wire\": {\"status\": 200, \"body\": {\"message\": 7}}"),
            "exchanges[0].wire.body: ",
        ),
        (
            exchange("\"events\": [7]"),
            "an event is 7; expected a string",
        ),
        (exchange("\"reply\": 1"), "unknown field `reply`"),
    ] {
        std::fs::write(folder.file(), &text).unwrap();
        for mode in [CassetteMode::Replay, CassetteMode::Record] {
            let message = failure(folder.open(mode).run(async {}));
            assert!(message.starts_with("cassette "), "{message}");
            assert!(
                message.contains("cassette.json ") && message.contains(expected),
                "{message}"
            );
            assert_eq!(folder.text(), text);
        }
    }
    let below_a_file = folder.file().join("cassette.json");
    let cassette = Cassette::open(below_a_file)
        .mode(CassetteMode::Record)
        .record_in_ci();
    let message = failure(cassette.run(ask("Hi")));
    assert!(
        message.contains("cassette.json cannot be written: "),
        "{message}"
    );
}

#[test]
fn a_cassette_is_installed_for_a_thread_outside_of_a_runtime() {
    let folder = Folder::new("blocking");
    let server = Server::start([Reply::answer("hello")]);
    let guard = folder.record().install();
    let config = || at(Wire::Native, &server.host());
    assert_eq!(ask("Hi").config(config()).blocking().unwrap(), "hello");
    drop(guard);
    let guard = folder.replay().install();
    assert_eq!(ask("Hi").config(config()).blocking().unwrap(), "hello");
    drop(guard);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn off_asks_the_model_and_uses_no_file() {
    let folder = Folder::new("off");
    let server = Server::start([Reply::answer("hello")]);
    let asked = with_config(at(Wire::Native, &server.host()), ask("Hi").outcome());
    let outcome = folder.open(CassetteMode::Off).run(asked).await.unwrap();
    assert_eq!((outcome.backend, folder.file().exists()), ("real", false));
}

#[test]
fn the_macro_names_the_file_by_module_and_test() {
    fn helper(case: u32) -> Cassette {
        cassette!(format!("case-{case}"))
    }
    let names = [cassette!(), cassette!(), helper(7)];
    let file = |name: &str| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        folder
            .join("tests/cassettes")
            .join(format!("suite__testing_cassettes__{name}.json"))
    };
    let test = "the_macro_names_the_file_by_module_and_test";
    let expected = [file(test), file(&format!("{test}-2")), file("case-7")];
    for (cassette, expected) in names.iter().zip(&expected) {
        let shown = format!("{cassette:?}");
        assert!(
            shown.contains(&format!("{expected:?}")),
            "{shown} {expected:?}"
        );
    }
}

/// The variable by which a test starts a test in another process.
const CHILD: &str = "ALLOY_TEST_CHILD_FOLDER";

/// Runs an ignored test of this file in a process, with the folder of a cassette.
fn child(test: &str, folder: &Folder, variables: &[(&str, &str)]) -> Exit {
    let name = format!("testing_cassettes::{test}");
    Program::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env_remove("CI")
        .env(CHILD, &folder.0)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Returns the folder in a process that [`child`] started.
fn folder_of_child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

fn shown(exit: &Exit) -> String {
    let (out, error) = (&exit.stdout, &exit.stderr);
    [String::from_utf8_lossy(out), String::from_utf8_lossy(error)].concat()
}

#[test]
#[ignore = "another test runs it in a process"]
fn child_that_records() {
    let Some(folder) = folder_of_child() else {
        return;
    };
    let server = Server::start([Reply::answer("hello")]);
    let cassette = Cassette::open(folder.join("cassette.json"));
    let asked = with_config(at(Wire::Native, &server.host()), ask("Hi"));
    assert_eq!(run(cassette.run(asked)).unwrap(), "hello");
}

#[test]
fn recording_in_ci_is_refused() {
    let folder = Folder::new("ci");
    let record = ("ALLOY_CASSETTE", "record");
    let exit = child("child_that_records", &folder, &[record, ("CI", "true")]);
    let text = shown(&exit);
    assert!(!exit.status.success(), "{text}");
    assert!(text.contains("the variable CI is set"), "{text}");
    assert!(!folder.file().exists());
    // On another machine it is recorded, and the variable is known.
    let exit = child("child_that_records", &folder, &[record]);
    let text = shown(&exit);
    assert!(exit.status.success(), "{text}");
    assert!(!text.contains("is not known"), "{text}");
    assert_eq!(folder.json()["exchanges"][0]["command"], "ask");
    let exit = child(
        "child_that_records",
        &folder,
        &[("ALLOY_CASSETTE", "recrod")],
    );
    assert!(shown(&exit).contains("ALLOY_CASSETTE is `recrod`; expected `replay`"));
}

#[test]
#[ignore = "another test runs it in a process"]
fn child_that_is_killed() {
    let Some(folder) = folder_of_child() else {
        return;
    };
    let server = Server::start([Reply::answer("hello")]);
    let cassette = Cassette::open(folder.join("cassette.json"));
    let asked = with_config(at(Wire::Native, &server.host()), async {
        ask("Hi").await.unwrap();
        std::process::abort();
    });
    run(cassette.run(asked));
}

#[test]
fn a_test_that_is_killed_while_it_records_leaves_the_old_file() {
    let folder = Folder::new("killed");
    let old = "{\"format\": 1, \"exchanges\": []}";
    std::fs::write(folder.file(), old).unwrap();
    let variables = [("ALLOY_CASSETTE", "rerecord")];
    let exit = child("child_that_is_killed", &folder, &variables);
    assert!(!exit.status.success(), "{}", shown(&exit));
    assert_eq!(folder.text(), old);
    let names: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}
