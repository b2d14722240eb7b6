//! Every error that a command can end with, met through the real client: its kind, its words, its data.

use std::error::Error as _;
use std::time::Duration;

use alloy_runtime::{Api, Command, Error, ErrorKind, Output, command};
use alloy_tests::server::{NATIVE, OPENAI_CHAT, Reply, Said, Server, chat};
use expect_test::{Expect, expect};
use serde_json::json;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "read by nobody: the answers are wrong")]
struct User {
    name: String,
    age: u8,
}

#[command("Answer", model = "ollama:llama3.1")]
async fn answer<T: Output>() -> T;

/// The error that a reply ends in, which is the same on both routes.
async fn error_of<T: Output + std::fmt::Debug>(reply: Reply) -> Error {
    let compatible = error_on::<T>(Api::OpenaiChat, reply.clone()).await;
    let native = error_on::<T>(Api::Native, reply).await;
    assert_eq!(shown(&compatible), shown(&native));
    native
}

async fn error_on<T: Output + std::fmt::Debug>(api: Api, reply: Reply) -> Error {
    // As often as a request is sent at most.
    let server = Server::start([reply.clone(), reply.clone(), reply]);
    let command = answer::<T>().api(api).auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(
        error.address(),
        Some(format!("http://{}", server.host()).as_str())
    );
    assert_eq!(error.model(), Some("llama3.1"));
    error
}

/// What `main() -> Result` shows, with the port, which differs from run to run, and the route's path
/// put aside.
fn shown(error: &Error) -> String {
    let text = format!("{error:?}");
    let address = error.address().unwrap_or("no address");
    text.replace(address, "http://HOST")
        .replace(OPENAI_CHAT, NATIVE)
}

async fn check<T: Output + std::fmt::Debug>(
    reply: Reply,
    kind: ErrorKind,
    expected: Expect,
) -> Error {
    let error = error_of::<T>(reply).await;
    assert_eq!(error.kind(), kind, "{error:?}");
    expected.assert_eq(&shown(&error));
    error
}

mod the_server_says_no {
    use super::*;

    #[tokio::test]
    async fn model_not_found_names_the_command_and_near_names() {
        let server = Server::with_models(
            &["llama3.2:1b", "llama3.1:8b", "qwen3:4b"],
            [Reply::error(404, "model 'llama3.1' not found")],
        );
        let error = answer::<String>().host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ModelNotFound);
        expect![[r#"
            model `llama3.1` is not installed at http://HOST; get it with `ollama pull llama3.1`, or use `llama3.1:8b` or `llama3.2:1b`
              command: answer
              help: Run `ollama pull llama3.1`, or name `llama3.1:8b` where the model is set; `ollama list` shows what is installed. The command's attribute names the model, and wins over ALLOY_MODEL."#]]
        .assert_eq(&shown(&error));
    }

    #[tokio::test]
    async fn capability() {
        check::<String>(
            Reply::error(400, "\"llama3.1\" does not support chat"),
            ErrorKind::Capability,
            expect![[r#"
                model `llama3.1` does not support chat
                  command: answer
                  help: Use a model that can: `ollama show llama3.1` lists what this one is able to do."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn context_overflow() {
        check::<String>(
            Reply::error(400, "the input length exceeds the context length"),
            ErrorKind::ContextOverflow,
            expect![[r#"
                the prompt is longer than the context of model `llama3.1`: the input length exceeds the context length
                  command: answer
                  help: Shorten the prompt, or give the model more room: `.option("num_ctx", 16384)` or `options(num_ctx = 16384)` on the native route, OLLAMA_CONTEXT_LENGTH on the server for both. `ollama show llama3.1` tells its limit."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn out_of_memory() {
        check::<String>(
            Reply::error(
                500,
                "model requires more system memory (8.0 GiB) than is available (3.1 GiB)",
            ),
            ErrorKind::OutOfMemory,
            expect![[r#"
                the server has too little memory for model `llama3.1`: model requires more system memory (8.0 GiB) than is available (3.1 GiB)
                  command: answer
                  help: Use a smaller model or a smaller quantisation of it, or free memory: `ollama ps` shows what is loaded and `ollama stop NAME` unloads it."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn model_load() {
        check::<String>(
            Reply::error(500, "llama runner process has terminated: exit status 2"),
            ErrorKind::ModelLoad,
            expect![[r#"
                model `llama3.1` failed on the server: llama runner process has terminated: exit status 2
                  command: answer
                  help: Look into the server's log for the reason: a graphics driver, a damaged file or a server too old for the model. `ollama run llama3.1` tries it alone."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn overloaded() {
        check::<String>(
            Reply::error(503, "server busy, please try again.  maximum pending requests exceeded"),
            ErrorKind::Overloaded,
            expect![[r#"
                the server at http://HOST is too busy (status 503): server busy, please try again.  maximum pending requests exceeded
                  sent: 3 times
                  command: answer
                  help: Send fewer commands at a time, or try again later. OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE on the server set how many it takes."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn unauthorized() {
        check::<String>(
            Reply::error(401, "unauthorized"),
            ErrorKind::Unauthorized,
            expect![[r#"
                the server at http://HOST did not accept the key (status 401): unauthorized
                  command: answer
                  help: Set OLLAMA_API_KEY to a key that the server accepts."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn anything_else_is_told_with_status_and_text() {
        check::<String>(
            Reply::error(500, "option \"temperature\" must be of type float32"),
            ErrorKind::Server,
            expect![[r#"
                the server answered with status 500: option "temperature" must be of type float32
                  command: answer
                  help: The text is the server's own; its log says more."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_servers_text_cannot_drive_the_terminal() {
        let error = error_of::<String>(Reply::error(
            500,
            &format!("\u{1b}[31mred\n{}", "x".repeat(900)),
        ))
        .await;
        let text = error.to_string();
        assert!(!text.contains(['\u{1b}', '\n']), "{text:?}");
        assert!(text.len() < 300 && text.ends_with('…'), "{text}");
    }
}

mod not_ollama {
    use super::*;

    #[tokio::test]
    async fn a_neighbour_that_speaks_json() {
        let message =
            json!({"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}});
        let error = error_of::<String>(Reply::json(404, &message)).await;
        assert_eq!(error.kind(), ErrorKind::NotOllama);
        assert_eq!(error.excerpt(), Some("File Not Found"));
    }

    #[tokio::test]
    async fn a_web_page() {
        let error = check::<String>(
            Reply::body(200, "text/html", "<!doctype html><title>Router</title>"),
            ErrorKind::NotOllama,
            expect![[r#"
                the server at http://HOST is not Ollama: it answered with a web page; set OLLAMA_HOST to where Ollama listens
                  found: <!doctype html><title>Router</title>
                  command: answer
                  help: Open the address in a browser: Ollama says `Ollama is running`. Set OLLAMA_HOST to the right host and port (or ALLOY_HOST or `.host(…)`, where the address came from there); the usual one is http://127.0.0.1:11434."#]],
        )
        .await;
        assert_eq!(
            error.excerpt(),
            Some("<!doctype html><title>Router</title>")
        );
    }

    #[tokio::test]
    async fn no_such_page() {
        check::<String>(
            Reply::body(404, "text/plain", "404 page not found"),
            ErrorKind::NotOllama,
            expect![[r#"
                the server at http://HOST is not Ollama: it has no /api/chat; set OLLAMA_HOST to where Ollama listens
                  found: 404 page not found
                  command: answer
                  help: Open the address in a browser: Ollama says `Ollama is running`. Set OLLAMA_HOST to the right host and port (or ALLOY_HOST or `.host(…)`, where the address came from there); the usual one is http://127.0.0.1:11434."#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let reply = Reply::with_headers(
            301,
            &[
                ("location", "https://example.com/api/chat"),
                ("content-length", "0"),
            ],
            b"",
        );
        let error = error_of::<String>(reply).await;
        assert_eq!(error.kind(), ErrorKind::NotOllama);
        assert!(
            error
                .to_string()
                .contains("it redirects to https://example.com/api/chat"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn no_http_at_all() {
        let error = error_of::<String>(Reply::raw("SSH-2.0-OpenSSH_9.2\r\n")).await;
        assert_eq!(error.kind(), ErrorKind::NotOllama);
        // What a server that wants TLS says to one that speaks none.
        let error =
            error_of::<String>(Reply::raw([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x16])).await;
        assert_eq!(error.kind(), ErrorKind::NotOllama);
    }
}

mod protocol {
    use super::*;

    #[tokio::test]
    async fn a_reply_that_is_no_json() {
        let error = check::<String>(
            Reply::body(200, "application/json", "hello"),
            ErrorKind::Protocol,
            expect![[r#"
                the reply from http://HOST is not what the protocol says: it is not the JSON of a reply (expected value at line 1 column 1)
                  found: hello
                  command: answer
                  help: Check that OLLAMA_HOST names an Ollama server of version 0.12.6 or newer, and what stands between it and this program."#]],
        )
        .await;
        assert_eq!(error.excerpt(), Some("hello"));
    }

    #[tokio::test]
    async fn replies_of_the_wrong_type() {
        let check = async |body: serde_json::Value, expected: &str| {
            let error = error_on::<String>(Api::Native, Reply::json(200, &body)).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
            assert!(error.to_string().contains(expected), "{body}: {error}");
        };
        check(json!({"done": true}), "it has no `message`").await;
        check(json!([{"content": "hi"}, true]), "it is a list").await;
        check(
            json!({"message": {"content": ["parts"]}, "done": true}),
            "invalid type: sequence",
        )
        .await;
        check(
            json!({"message": "text", "done": true}),
            "invalid type: string",
        )
        .await;
        check(
            json!({"message": {"content": ""}, "done": "yes"}),
            "invalid type: string",
        )
        .await;
        check(
            json!({"message": {"content": ""}, "done": true, "eval_count": -1}),
            "invalid value",
        )
        .await;
    }

    #[tokio::test]
    async fn replies_of_the_wrong_type_on_openai_chat() {
        let check = async |body: serde_json::Value, expected: &str| {
            let error = error_on::<String>(Api::OpenaiChat, Reply::json(200, &body)).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
            assert!(error.to_string().contains(expected), "{body}: {error}");
        };
        check(json!({"usage": {}}), "it has no `choices`").await;
        check(json!({"choices": null}), "it has no `choices`").await;
        check(json!({"choices": []}), "its `choices` have no `message`").await;
        check(json!({"choices": [{}]}), "its `choices` have no `message`").await;
        check(json!([{"choices": []}]), "it is a list").await;
        check(
            json!({"choices": [{"message": {"content": ["parts"]}}]}),
            "invalid type: sequence",
        )
        .await;
        check(
            json!({"choices": [{"message": "text"}]}),
            "invalid type: string",
        )
        .await;
        check(json!({"error": 5}), "it has an `error` without words").await;
    }

    // G9
    #[tokio::test]
    async fn a_refusal_is_an_error_of_its_own() {
        let mut body = Said::new("").openai_chat();
        body["choices"][0]["message"]["refusal"] = json!("I cannot help with that.");
        let error = error_on::<User>(Api::OpenaiChat, Reply::json(200, &body)).await;
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(
            error.to_string(),
            "model `llama3.1` refused to answer: I cannot help with that."
        );
    }

    #[tokio::test]
    async fn replies_that_no_reader_should_take() {
        let check = async |reply: Reply, expected: &str| {
            let error = error_of::<String>(reply).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(Reply::body(200, "application/json", ""), "it is empty").await;
        for (api, body) in [
            (Api::Native, &b"{\"message\":{\"content\":\"\xff\"}}"[..]),
            (
                Api::OpenaiChat,
                b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
            ),
        ] {
            let reply = Reply::body(200, "application/json", body);
            let error = error_on::<String>(api, reply).await;
            assert!(error.to_string().ends_with("it is not UTF-8"), "{error}");
        }
        let deep = format!("{{\"more\":{}", "[".repeat(100_000));
        check(
            Reply::body(200, "application/json", deep),
            "EOF while parsing a list",
        )
        .await;
        let gzip = Reply::with_headers(
            200,
            &[("content-encoding", "gzip"), ("content-length", "3")],
            &[0x1f, 0x8b, 0x08],
        );
        check(gzip, "it is compressed").await;
        let huge = Reply::with_headers(200, &[("content-length", "17000000")], b"").then_silence();
        check(huge, "larger than 16 MiB").await;
        let endless: Vec<Vec<u8>> = vec![vec![b' '; 1 << 20]; 17];
        check(
            Reply::chunked(200, "application/json", &endless),
            "larger than 16 MiB",
        )
        .await;
    }

    // Servers before 0.12.6 answer errors with status 200.
    #[tokio::test]
    async fn an_error_with_status_200_is_the_error() {
        let error = error_of::<String>(Reply::error(
            200,
            "the input length exceeds the context length",
        ))
        .await;
        assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    }
}

// G9
mod answers {
    use super::*;

    #[tokio::test]
    async fn invalid_names_type_path_problem_excerpt_and_attempts() {
        let error = check::<User>(
            Reply::answer(r#"{"name":"Jason","age":"twenty"}"#),
            ErrorKind::InvalidOutput,
            expect![[r#"
                the answer is not a valid `User`: age: expected an integer, found "twenty"
                  found: {"name":"Jason","age":"twenty"}
                  after: 1 answer of the model
                  command: answer
                  help: Say in the prompt, or in the doc comments of the type's fields, what belongs there; allow more answers (`retry`); or try a larger model."#]],
        )
        .await;
        assert_eq!(error.path(), Some("age"));
        assert_eq!(error.excerpt(), Some(r#"{"name":"Jason","age":"twenty"}"#));
        assert_eq!(
            error.partial_text(),
            Some(r#"{"name":"Jason","age":"twenty"}"#)
        );
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.usage().unwrap().completion_tokens, Some(12));
    }

    // What a model or a server wrote is quoted in many places: each is short and harmless.
    #[tokio::test]
    async fn foreign_text_is_short_and_cannot_drive_the_terminal() {
        #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
        enum Word {
            Yes,
        }
        type Map = std::collections::BTreeMap<String, u8>;
        let long = "x".repeat(100_000);
        let evil = format!("\\u001b[31m\\u202e{long}");
        let mut errors = vec![
            error_of::<Word>(Reply::answer(&format!(r#"{{"value":"{evil}"}}"#))).await,
            error_of::<Map>(Reply::answer(&format!(r#"{{"{evil}":"x"}}"#))).await,
            error_of::<User>(Reply::answer(&format!(r#"{{"name":"a","age":"{evil}"}}"#))).await,
            error_on::<User>(
                Api::Native,
                Reply::body(200, "application/json", format!("{{\"done\":\"{long}\"}}")),
            )
            .await,
            error_of::<User>(Reply::error(500, &format!("\u{1b}[31m{long}"))).await,
        ];
        let near = format!("llama3.1:\u{1b}[31m{}", "x".repeat(400));
        let server =
            Server::with_models(&[&near], [Reply::error(404, "model 'llama3.1' not found")]);
        errors.push(answer::<User>().host(server.host()).await.unwrap_err());
        for error in errors {
            let shown = format!("{error}\n{error:?}\n{}", error.help()).replace('\n', " ");
            assert!(
                !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{shown:?}"
            );
            assert!(shown.len() < 3000, "{}: {shown}", shown.len());
        }
    }

    #[tokio::test]
    async fn a_list_is_no_struct_and_a_wrapped_value_must_be_there() {
        let check = async |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
        check(
            error_of::<User>(Reply::answer(r#"["Jason",25]"#)).await,
            "the answer is not a valid `User`: expected an object, found a list",
        )
        .await;
        check(
            error_of::<u8>(Reply::answer("[5]")).await,
            "the answer is not a valid `u8`: expected an integer, found a list",
        )
        .await;
        check(
            error_of::<Option<u8>>(Reply::answer(r#"{"valeu":5}"#)).await,
            "the answer is not a valid `Option<u8>`: expected an integer or null, found an object with `valeu`",
        )
        .await;
    }

    #[tokio::test]
    async fn invalid_paths_begin_in_the_output_type() {
        let check = async |error: Error, path: Option<&str>, expected: &str| {
            assert_eq!(error.kind(), ErrorKind::InvalidOutput, "{error:?}");
            assert_eq!(error.path(), path, "{error:?}");
            assert_eq!(error.to_string(), expected);
        };
        check(
            error_of::<Vec<User>>(Reply::answer(
                r#"{"value":[{"name":"a","age":1},{"name":"b","age":300}]}"#,
            ))
            .await,
            Some("[1].age"),
            "the answer is not a valid `Vec<User>`: [1].age: expected an integer from 0 to 255, found 300",
        )
        .await;
        check(
            error_of::<User>(Reply::answer(r#"{"name":"a"}"#)).await,
            None,
            "the answer is not a valid `User`: missing field `age`",
        )
        .await;
        check(
            error_of::<f64>(Reply::answer(r#"{"value":"dear"}"#)).await,
            None,
            "the answer is not a valid `f64`: expected a number, found \"dear\"",
        )
        .await;
        check(
            error_of::<User>(Reply::answer("I cannot help with that.")).await,
            None,
            "the answer is not a valid `User`: expected JSON, found none",
        )
        .await;
        check(
            error_of::<User>(Reply::answer(
                r#"{"name":"a","age":1} {"name":"b","age":2}"#,
            ))
            .await,
            None,
            "the answer is not a valid `User`: not JSON: trailing characters at line 1 column 22",
        )
        .await;
    }

    #[tokio::test]
    async fn an_answer_nested_without_end_is_invalid() {
        let error = error_of::<serde_json::Value>(Reply::answer(&"[".repeat(100_000))).await;
        assert_eq!(error.kind(), ErrorKind::InvalidOutput);
        assert!(
            error.to_string().contains("recursion limit exceeded"),
            "{error}"
        );
    }

    fn cut(answer: &str) -> Reply {
        Reply::said(&Said::new(answer).cut().tokens(67, 4))
    }

    #[tokio::test]
    async fn truncated_carries_the_text_so_far() {
        let error = check::<User>(
            cut("{\"name\":\"J"),
            ErrorKind::Truncated,
            expect![[r#"
                the answer was cut off by the limit of tokens, after 4
                  after: 1 answer of the model
                  command: answer
                  help: Raise `max_tokens`, or ask for a shorter answer. Thinking counts as well."#]],
        )
        .await;
        assert_eq!(error.partial_text(), Some("{\"name\":\"J"));
        let error = error_of::<String>(cut("Once there ")).await;
        assert_eq!(
            (error.kind(), error.partial_text()),
            (ErrorKind::Truncated, Some("Once there "))
        );
        assert_eq!(error_of::<User>(cut("")).await.kind(), ErrorKind::Truncated);
    }

    #[tokio::test]
    async fn an_answer_whose_last_token_met_the_limit_is_whole() {
        let server = Server::start([cut(r#"{"name":"J","age":1}"#)]);
        assert_eq!(answer::<User>().host(server.host()).await.unwrap().age, 1);
    }

    #[tokio::test]
    async fn empty_is_an_error_of_its_own() {
        check::<User>(
            Reply::answer(" \n"),
            ErrorKind::Empty,
            expect![[r#"
                model `llama3.1` gave an empty answer
                  after: 1 answer of the model
                  command: answer
                  help: Say more plainly in the prompt what to answer, or try another model. A thinking model may have spent its `max_tokens` on thinking."#]],
        )
        .await;
        assert_eq!(
            error_of::<String>(Reply::answer(" \n")).await.kind(),
            ErrorKind::Empty
        );
    }

    #[tokio::test]
    async fn a_reply_that_is_not_done_broke_off() {
        let mut body = chat("Once upon");
        body["done"] = json!(false);
        let native = error_on::<String>(Api::Native, Reply::json(200, &body)).await;
        let mut body = Said::new("Once upon").openai_chat();
        body["choices"][0]["finish_reason"] = json!(null);
        let compatible = error_on::<String>(Api::OpenaiChat, Reply::json(200, &body)).await;
        for error in [native, compatible] {
            assert_eq!(error.kind(), ErrorKind::Interrupted);
            assert_eq!(error.partial_text(), Some("Once upon"));
            expect![[r#"
                model `llama3.1` was stopped in the middle of its answer, and the server does not say why
                  command: answer
                  help: Ollama stops a model that repeats one token without end (set `max_tokens`, another temperature or the option `repeat_penalty`), and on `openai_chat` it does not tell that its runner ended: its log does. The text so far is in `partial_text()`."#]]
            .assert_eq(&shown(&error));
        }
    }
}

mod time {
    use super::*;

    #[tokio::test]
    async fn a_known_error_is_not_lost_to_the_timeout() {
        let server = Server::with_silent_tags([Reply::error(404, "model 'llama3.1' not found")]);
        let command = answer::<String>()
            .host(server.host())
            .timeout(Duration::from_millis(300));
        assert_eq!(command.await.unwrap_err().kind(), ErrorKind::ModelNotFound);
    }

    #[tokio::test]
    async fn a_timeout_longer_than_time_itself_is_none() {
        let server = Server::start([Reply::answer("hello")]);
        assert!(
            answer::<String>()
                .host(server.host())
                .timeout(Duration::MAX)
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn the_timeout_covers_everything() {
        let server = Server::start([Reply::raw("").then_silence()]);
        let command = answer::<String>()
            .host(server.host())
            .timeout(Duration::from_millis(100));
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        expect![[r#"
            no answer within 100ms, the command's timeout
              command: answer
              help: The first call of a model loads it, which can take minutes. Raise `timeout`, or leave it out to wait as long as the server works."#]]
        .assert_eq(&shown(&error));
    }

    // A listener whose queue is full takes no further connection; other systems refuse it at once.
    #[cfg(target_os = "linux")]
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_does_not_come_about_is_told_with_the_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wait = Duration::from_millis(50);
        let mut waiting = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, wait) {
            waiting.push(stream);
        }
        let check = async |command: Command<String>, limit: &str| {
            let error = command.host(address.to_string()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(
                error.to_string(),
                format!("no connection to http://{address} within {limit}")
            );
        };
        check(answer(), "10s").await;
        check(
            answer().connect_timeout(Duration::from_millis(1500)),
            "1500ms",
        )
        .await;
    }

    #[tokio::test]
    async fn a_reply_that_stops_in_the_middle_is_told_after_the_idle_time() {
        let check = async |command: Command<String>, expected: &str| {
            let server = Server::start([Reply::answer("hello").cut_short_by(10).then_silence()]);
            let running = tokio::spawn(command.host(server.host()));
            while server.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // Long enough for the reply to be on its way; time runs by itself from here on.
            tokio::time::sleep(Duration::from_millis(50)).await;
            tokio::time::pause();
            let error = running.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(error.to_string(), expected);
            tokio::time::resume();
        };
        check(
            answer(),
            "the reply stopped: no byte for 5m, the idle timeout",
        )
        .await;
        let short = answer().idle_timeout(Duration::from_secs(90));
        check(
            short,
            "the reply stopped: no byte for 90s, the idle timeout",
        )
        .await;
    }
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_told_from_one_that_does_not_answer() {
    let error = answer::<String>()
        .host("no-such-host.invalid")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(
        error.to_string(),
        "cannot reach Ollama at http://no-such-host.invalid:11434: no host of that name is known"
    );
    assert_eq!(error.command(), Some("answer"));
}

#[tokio::test]
async fn unreachable_names_the_address_and_the_command() {
    let gone = Server::start([]).host();
    let error = answer::<String>().host(&gone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(error.address(), Some(format!("http://{gone}").as_str()));
    let source = error
        .source()
        .unwrap()
        .downcast_ref::<std::io::Error>()
        .unwrap();
    assert_eq!(source.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(shown(&error).starts_with(
        "cannot reach Ollama at http://HOST; start it with `ollama serve`\n  cause: "
    ));
}

#[test]
fn outside_a_runtime_the_error_says_what_to_write() {
    use std::future::Future as _;
    use std::task::{Context, Poll, Waker};

    let command = std::pin::pin!(answer::<String>());
    let Poll::Ready(Err(error)) = command.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it has nothing to wait for")
    };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "a command was awaited outside a tokio runtime"
    );
    assert!(error.help().contains("#[tokio::main]"));
}

#[tokio::test]
async fn errors_nested_without_end_cost_no_more_than_their_bytes() {
    let mut nested = String::from("\"x\"");
    for _ in 0..12 {
        nested = serde_json::to_string(&format!("{{\"error\":{nested}}}")).unwrap();
    }
    let body = format!("{{\"error\":{nested}}}");
    let error = error_of::<String>(Reply::body(500, "application/json", body)).await;
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().len() < 400, "{error}");
}

#[tokio::test]
async fn a_command_that_was_awaited_says_so() {
    let server = Server::start([Reply::answer("hello")]);
    let mut command = answer::<String>().host(server.host());
    (&mut command).await.unwrap();
    let error = command.preview().unwrap_err();
    assert_eq!(error.to_string(), "the command was awaited already");
    assert_eq!(
        command.outcome().await.unwrap_err().kind(),
        ErrorKind::Configuration
    );
}

#[tokio::test]
async fn the_structured_form_has_every_field() {
    let error = error_of::<User>(Reply::answer("[]")).await;
    let text = format!("{error:#?}");
    for piece in [
        "kind: InvalidOutput",
        "attempts: 1",
        "model: Some(",
        "usage: Some(",
        "source: None",
    ] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
}
