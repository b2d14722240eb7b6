//! E4: secrets appear in no output, error or trace.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use alloy_runtime::{Config, ErrorKind, Result, command, tool, with_config};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> Result<String>;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

thread_local! {
    /// Log for the traces of this thread. Each test runs entirely on one thread.
    static CURRENT_LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Writes the traces of each thread to the log of that thread.
struct ThreadLog;

impl<'a> MakeWriter<'a> for ThreadLog {
    type Writer = Box<dyn Write>;

    fn make_writer(&'a self) -> Self::Writer {
        CURRENT_LOG.with_borrow(|log| match log {
            Some(log) => Box::new(log.clone()) as Box<dyn Write>,
            None => Box::new(std::io::sink()),
        })
    }
}

/// Guard that stops the recording on drop.
struct RecordingGuard;

impl Drop for RecordingGuard {
    fn drop(&mut self) {
        CURRENT_LOG.set(None);
    }
}

/// Records all traces of this thread in a log until the guard is dropped.
///
/// One subscriber serves the whole process: with one subscriber per test, the interest cache of
/// `tracing` is sometimes wrong.
fn record_traces() -> (Log, RecordingGuard) {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(ThreadLog)
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
    });
    let log = Log::default();
    CURRENT_LOG.set(Some(log.clone()));
    (log, RecordingGuard)
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn credentials_in_the_host_are_sent_but_never_shown() {
    let (log, guard) = record_traces();

    let server = Server::start([Reply::answer("hello"), Reply::error(401, "unauthorized")]);
    let host = format!("http://ann:hunter2@{}", server.host());
    let command = hello().host(&host);
    let preview = command.preview().unwrap();
    let mut shown = format!("{command:?} {preview:?} {}", preview.settings);
    let outcome = command.outcome().await.unwrap();
    shown += &format!("{outcome:?}");
    let refused = hello().host(&host).await.unwrap_err();
    shown += &format!("{refused} {refused:?} {refused:#?} {}", refused.help());
    let gone = Server::start([]).host();
    let unreachable = hello()
        .host(format!("http://ann:hunter2@{gone}"))
        .await
        .unwrap_err();
    shown += &format!("{unreachable} {unreachable:?} {unreachable:#?}");
    let bad = hello().host("ftp://ann:hunter2@gpu").await.unwrap_err();
    shown += &format!("{bad} {bad:?} {bad:#?}");
    drop(guard);
    shown += &log.text();

    // "ann:hunter2" in base64, as `Authorization: Basic` carries it.
    let sent = server.requests()[0]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert_eq!(sent, "Basic YW5uOmh1bnRlcjI=");
    for secret in ["hunter2", "YW5uOmh1bnRlcjI="] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(
        shown.contains("gen_ai.request.model"),
        "no trace was recorded: {shown}"
    );
    assert!(shown.contains("[secret]"), "{shown}");
}

#[tokio::test]
async fn keys_of_a_config_are_sent_but_never_shown() {
    let (log, guard) = record_traces();

    let mut shown = String::new();
    let mut sent = Vec::new();
    for model in ["ollama:llama3.1", "gpt-oss", "openai:qwen3"] {
        let server = Server::start([Reply::answer("hello"), Reply::error(401, "unauthorized")]);
        let config = Config::new()
            .host(server.host())
            .api_key("hunter2")
            .base_url(format!("http://{}/v1", server.host()))
            .openai_api_key("hunter2")
            .record_content(true);
        let command = || hello().model(model).config(config.clone());
        let preview = command().preview().unwrap();
        shown += &format!(
            "{config:?} {config:#?} {:?} {preview:?} {}",
            command(),
            preview.settings
        );
        shown += &format!("{:?}", command().outcome().await.unwrap());
        let refused = command().await.unwrap_err();
        shown += &format!("{refused} {refused:?} {refused:#?} {}", refused.help());
        sent.push(
            server.requests()[0]
                .header("authorization")
                .unwrap()
                .to_owned(),
        );
    }
    let broken = hello()
        .config(Config::new().api_key("hunter2\n3"))
        .await
        .unwrap_err();
    shown += &format!("{broken} {broken:?} {broken:#?}");
    let url = Config::new().base_url("http://ann:hunter2@gpu/v1");
    shown += &format!(
        "{url:?} {:?}",
        hello()
            .model("openai:m")
            .config(url.clone())
            .preview()
            .unwrap()
    );
    drop(guard);
    shown += &log.text();

    assert_eq!(sent, ["Bearer hunter2"; 3]);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("api_key: [secret]"), "{shown}");
}

#[command("How old is Jason?", model = "ollama:llama3.1")]
async fn age() -> u8;

// The events of re-asks and repairs do not contain the answer.
#[tokio::test]
async fn rejected_and_repaired_answers_are_not_traced() {
    let (log, guard) = record_traces();
    let server = Server::start([
        Reply::error(503, "busy"),
        Reply::answer(r#"{"value":"seventeenish"}"#),
        Reply::answer(r#"{"value":"017171"}"#),
        Reply::answer(r#"{"value":"17"}"#),
    ]);
    let command = age().retry(2).host(server.host());
    assert_eq!(command.await.unwrap(), 17);
    drop(guard);
    let log = log.text();
    for content in ["seventeenish", "17171", "Jason"] {
        assert!(!log.contains(content), "{content} in {log}");
    }
    for event in ["sending again", "asking again", "the answer was repaired"] {
        assert!(log.contains(event), "{event} in {log}");
    }
}

#[tokio::test]
async fn contents_are_recorded_only_with_record_content() {
    for (record, streamed) in [(false, false), (true, false), (false, true), (true, true)] {
        let (log, guard) = record_traces();
        let server = Server::start([match streamed {
            true => Reply::stream(&Said::new("Good morning")),
            false => Reply::answer("Good morning"),
        }]);
        let config = Config::new().record_content(record).system("Be brief.");
        let command = hello()
            .host(server.host())
            .config(config)
            .option("num_cxt", 1);
        match streamed {
            true => {
                let mut stream = command.stream();
                while let Some(piece) = stream.next().await {
                    piece.unwrap();
                }
            }
            false => drop(command.await.unwrap()),
        }
        drop(guard);
        let log = log.text();
        for content in [
            "Say hello",
            "Be brief.",
            "Good morning",
            "gen_ai.output.messages",
        ] {
            assert_eq!(log.contains(content), record, "{content} in {log}");
        }
        assert!(log.contains("gen_ai.usage.output_tokens=12"), "{log}");
        assert!(log.contains("alloy.route=native: an Ollama model"), "{log}");
        assert!(
            log.contains("WARN") && log.contains("did you mean `num_ctx`?"),
            "{log}"
        );
    }
}

// A server may quote the key that it rejects.
#[tokio::test]
async fn a_key_echoed_by_a_server_is_not_shown() {
    for model in ["ollama:llama3.1", "gpt-oss", "openai:qwen3"] {
        let echo = "invalid key: Bearer sk-hunter2";
        let redirect = Reply::with_headers(
            302,
            &[
                ("location", "http://gpu/?k=sk-hunter2"),
                ("content-length", "0"),
            ],
            b"",
        );
        let replies = [
            Reply::error(401, echo),
            Reply::error(500, echo),
            Reply::error(200, echo),
            Reply::body(500, "text/plain", echo),
            Reply::body(200, "text/html", format!("<html>{echo}")),
            redirect,
            Reply::body(200, "", format!("{{\"error\":\"{echo}\"}}\n")),
            Reply::body(
                200,
                "",
                format!("data: {{\"error\":{{\"message\":\"{echo}\"}}}}\n\n"),
            ),
            Reply::body(200, "", format!("{echo}\ndata: {echo}\n\n")),
            Reply::error(400, "\"m\" does not support sk-hunter2"),
        ];
        for (reply, streamed) in replies
            .into_iter()
            .flat_map(|reply| [(reply.clone(), false), (reply, true)])
        {
            let server = Server::start([reply]);
            let config = Config::new()
                .host(server.host())
                .api_key("sk-hunter2")
                .base_url(format!("http://{}/v1", server.host()))
                .openai_api_key("sk-hunter2");
            let command = hello().model(model).config(config);
            let error = match streamed {
                true => command.stream().next().await.unwrap().unwrap_err(),
                false => command.await.unwrap_err(),
            };
            let shown = format!("{error} {error:?} {error:#?}");
            assert!(!shown.to_lowercase().contains("hunter2"), "{shown}");
        }
    }
}

// A malicious server may put the key into the model's answer.
#[tokio::test]
async fn a_key_in_a_rejected_answer_is_not_shown() {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct User {
        name: String,
    }
    #[command(model = "ollama:llama3.1")]
    async fn user() -> User;
    let answer = json!({"name": ["Bearer sk-Hunter2"], "sk-Hunter2": 1}).to_string();
    let server = Server::start([Reply::answer(&answer)]);
    let config = Config::new().host(server.host()).api_key("sk-Hunter2");
    let command = user().config(config);
    let error = command
        .auto_finalize_missing_output(false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOutput);
    let shown = format!("{error} {error:?} {error:#?} {:?}", error.excerpt());
    assert!(!shown.contains("Hunter2"), "{shown}");
}

// The echo contains the key with the escapes of JSON.
#[tokio::test]
async fn a_key_echoed_in_json_is_not_shown() {
    let key = r#"sk-a/b"c+hunter2"#;
    for echo in [json!(key).to_string(), r#""sk-a\/b\"c+hunter2""#.to_owned()] {
        let server = Server::start([Reply::body(200, "application/json", format!("{{{echo}"))]);
        let config = Config::new().host(server.host()).api_key(key);
        let error = hello().config(config).await.unwrap_err();
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

// Covers several encodings of the password and several kinds of request.
#[tokio::test]
async fn a_password_echoed_by_a_server_is_not_shown() {
    for echo in [
        "bad authorization: Basic YW5uOmh1bnRlcjIvKw==",
        "bad password hunter2/+ for ann",
        "{\"error\":\"bad password hunter2\\/\\u002b\"}",
        &format!("{}hunter2/+ for ann", "x".repeat(192)),
    ] {
        let reply = || Reply::body(401, "text/plain", echo);
        let host = |server: &Server| format!("http://ann:hunter2%2F%2B@{}", server.host());
        let mut errors = Vec::new();
        let server = Server::start([reply()]);
        errors.push(hello().host(host(&server)).await.unwrap_err());
        let server = Server::start([]).inquiries_answered_by(reply());
        let config = Config::new().host(host(&server));
        errors.push(
            with_config(config, alloy_runtime::models())
                .await
                .unwrap_err(),
        );
        errors.push(
            hello()
                .host(host(&server))
                .image(vec![1])
                .await
                .unwrap_err(),
        );
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            let shown = format!("{error} {error:?} {error:#?}");
            assert!(
                !shown.contains("hunter") && !shown.contains("YW5u"),
                "{shown}"
            );
        }
    }
}

/// Opens a safe.
#[tool]
#[require(code != "0000", "that is no code")]
fn open(code: &str) -> Result<String> {
    Ok(format!("opened by {code}"))
}

// Each tool call has a span. Its arguments and result are recorded only with `record_content`.
#[tokio::test]
async fn contents_of_tool_calls_are_recorded_only_with_record_content() {
    let traces = async |records: bool| {
        let (log, guard) = record_traces();
        let code = |code: &str| Said::call("open", json!({ "code": code }));
        let server = Server::start([
            Reply::said(&code("hunter2")),
            Reply::said(&code("0000")),
            Reply::answer("done"),
        ]);
        let config = Config::new().host(server.host()).record_content(records);
        let command = hello().config(config).tool(open::tool());
        command.await.unwrap();
        drop(guard);
        log.text()
    };
    let silent = traces(false).await;
    assert!(silent.contains("execute_tool{gen_ai.operation.name=\"execute_tool\" gen_ai.tool.name=\"open\" gen_ai.tool.call.id=\"call_open0\""), "{silent}");
    assert!(silent.contains("error.type=RequireFailed"), "{silent}");
    assert!(!silent.contains("hunter2"), "{silent}");
    let full = traces(true).await.replace('\\', "");
    for recorded in [
        r#"gen_ai.tool.call.arguments="{"code":"hunter2"}""#,
        r#"gen_ai.tool.call.result="opened by hunter2""#,
        r#"{"type":"tool_call","id":"call_open0","name":"open""#,
    ] {
        assert!(full.contains(recorded), "{recorded}: {full}");
    }
}

// A server may send the key as the name of a tool.
#[tokio::test]
async fn a_key_sent_as_a_tool_name_is_not_shown() {
    for api in crate::ROUTES {
        let (log, guard) = record_traces();
        let server = Server::start([Reply::said(&Said::call("hunter2-key", json!({})))]);
        let config = Config::new()
            .host(server.host())
            .api(api)
            .api_key("hunter2-key");
        let command = hello().config(config).tool(open::tool()).max_tool_turns(0);
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ToolTurnLimit);
        let server = Server::start([
            Reply::said(&Said::call("hunter2-key", json!({}))),
            Reply::error(500, "no"),
        ]);
        let config = Config::new()
            .host(server.host())
            .api(api)
            .api_key("hunter2-key");
        let later = hello().config(config).tool(open::tool()).await.unwrap_err();
        drop(guard);
        let shown = format!(
            "{error} {error:?} {error:#?} {later} {later:?} {}",
            log.text()
        );
        assert!(!shown.contains("hunter2-key"), "{shown}");
    }
}

// A trace of a command that was dropped does not look like one of a success.
#[tokio::test]
async fn a_dropped_command_is_cancelled_in_its_trace() {
    let (log, guard) = record_traces();
    let server = Server::start([Reply::answer("hello").after(std::time::Duration::from_secs(30))]);
    let waiting = hello().host(server.host());
    let dropped = tokio::time::timeout(std::time::Duration::from_millis(50), waiting).await;
    assert!(dropped.is_err());
    let said = Said::new("Once upon");
    let server = Server::start([Reply::stream(&said), Reply::stream(&said)]);
    let mut stream = hello().host(server.host()).stream();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let mut whole = hello().host(server.host()).stream();
    while whole.next().await.is_some() {}
    drop(whole);
    drop(guard);
    let log = log.text();
    let closed: Vec<_> = log.lines().filter(|line| line.contains("close")).collect();
    let cancelled = closed
        .iter()
        .filter(|line| line.contains("cancelled"))
        .count();
    assert_eq!((closed.len(), cancelled), (3, 2), "{log}");
}
