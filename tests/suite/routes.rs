//! The two routes to a model: how one is chosen, and which settings each supports.

use std::time::Duration;

use alloy_runtime::{Api, Command, Config, ErrorKind, KeepAlive, Output, Think, Warning, command};
use alloy_tests::server::{Installed, OPENAI_CHAT, Reply, Said, Server};
use serde_json::{Value, json};

use crate::ROUTES;

#[command("Say hello", model = "ollama:llama3.1")]
async fn hello() -> String;

#[command("Answer", model = "ollama:llama3.1")]
async fn answer<T: Output>() -> T;

fn body(command: &Command<String>) -> Value {
    command.preview().unwrap().body.parse().unwrap()
}

// A4
#[test]
fn the_route_follows_the_model_name_unless_api_is_set() {
    let native = || Config::new().extra("ollama_api", "native");
    let compatible = || Config::new().extra("ollama_api", "OPENAI_CHAT");
    let check = |command: Command<String>, expected: &str| {
        let preview = command.preview().unwrap();
        assert_eq!(preview.route.to_string(), expected);
        let path = preview.url.contains(OPENAI_CHAT);
        assert_eq!(
            path,
            preview.route.api() == Some(Api::OpenaiChat),
            "{}",
            preview.url
        );
    };
    let by_name = "openai_chat: the model's name contains `gpt-oss`";
    check(hello(), "native: an Ollama model");
    check(hello().model("gpt-oss:20b"), by_name);
    check(hello().model("ollama:someone/GPT-OSS:q4"), by_name);
    check(
        hello().config(compatible()),
        "openai_chat: `api` is set (call)",
    );
    check(
        hello().model("gpt-oss").config(native()),
        "native: `api` is set (call)",
    );
    check(
        hello().api(Api::OpenaiChat).api(Api::Native),
        "native: `api` is set (call)",
    );
}

#[tokio::test]
async fn the_route_and_its_reason_are_in_the_outcome() {
    let server = Server::start([Reply::answer("hello")]);
    let command = hello().model("gpt-oss:20b").host(server.host());
    let outcome = command.outcome().await.unwrap();
    assert_eq!(outcome.route.api(), Some(Api::OpenaiChat));
    assert_eq!(
        outcome.route.reason(),
        "the model's name contains `gpt-oss`"
    );
    assert_eq!(outcome.usage.prompt_tokens, Some(67));
    assert_eq!(outcome.usage.completion_tokens, Some(12));
    assert_eq!(outcome.timings, alloy_runtime::Timings::default());
    assert_eq!(server.request().path, OPENAI_CHAT);
}

// G3: compares the whole request byte for byte.
#[tokio::test]
async fn a_typed_command_sends_a_json_schema_on_openai_chat() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct User {
        name: String,
        age: u8,
    }
    #[command(
        "Extract: {text}",
        model = "gpt-oss:20b",
        system = "Be exact.",
        temperature = 0.5
    )]
    async fn extract(text: &str) -> User;

    let server = Server::start([Reply::answer(r#"{"name": "Jason", "age": 25}"#)]);
    let command = extract("Jason is 25 years old").max_tokens(99);
    let user = command.host(server.host()).await.unwrap();
    assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    expect_test::expect![[r#"{"model":"gpt-oss:20b","messages":[{"role":"system","content":"Be exact.\n\nAnswer with JSON only, in this form:\n{\n  \"name\": string,\n  \"age\": integer // 0 to 255\n}"},{"role":"user","content":"Extract: Jason is 25 years old"}],"stream":false,"response_format":{"type":"json_schema","json_schema":{"name":"output","strict":true,"schema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":255}},"required":["name","age"],"additionalProperties":false}}},"temperature":0.5,"max_tokens":99}"#]].assert_eq(&server.request().body);
}

// A6 A7
#[test]
fn every_setting_is_sent_under_its_native_name() {
    let command = hello()
        .temperature(0.5)
        .max_tokens(40)
        .option("num_ctx", 8192)
        .option("seed", 7)
        .option("stop", "END")
        .option("top_p", 0.9)
        .option("shift", false)
        .keep_alive(Duration::from_millis(1500))
        .think(Think::High);
    assert_eq!(
        body(&command),
        json!({
            "model": "llama3.1",
            "messages": [{"role": "user", "content": "Say hello"}],
            "stream": false,
            "think": "high",
            "keep_alive": 1.5,
            "options": {
                "temperature": 0.5,
                "num_predict": 40,
                "num_ctx": 8192,
                "seed": 7,
                "stop": ["END"],
                "top_p": 0.9,
            },
            "shift": false,
            "truncate": false,
        })
    );
    assert!(command.preview().unwrap().warnings.is_empty());
    let truncating = body(&hello().option("truncate", true));
    assert_eq!(truncating["truncate"], true);
    assert_eq!(truncating.get("options"), None);
}

// A6 A7
#[test]
fn settings_that_openai_chat_does_not_support_are_warnings() {
    let command = hello()
        .api(Api::OpenaiChat)
        .temperature(0.5)
        .max_tokens(40)
        .option("num_ctx", 8192)
        .option("seed", 7)
        .option("stop", ["END", "STOP"])
        .option("top_p", 0.9)
        .option("presence_penalty", 0.1)
        .option("frequency_penalty", 0.2)
        .option("truncate", true)
        .keep_alive(KeepAlive::Forever)
        .think(Think::High);
    assert_eq!(
        body(&command),
        json!({
            "model": "llama3.1",
            "messages": [{"role": "user", "content": "Say hello"}],
            "stream": false,
            "temperature": 0.5,
            "max_tokens": 40,
            "reasoning_effort": "high",
            "seed": 7,
            "stop": ["END", "STOP"],
            "top_p": 0.9,
            "presence_penalty": 0.1,
            "frequency_penalty": 0.2,
        })
    );
    let warnings: Vec<_> = command
        .preview()
        .unwrap()
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        warnings,
        [
            "`keep_alive` was not sent: openai_chat does not support it; use Ollama's native route, which does",
            "`num_ctx` was not sent: openai_chat does not support it; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route",
        ]
    );
}

#[test]
fn an_unknown_option_is_sent_with_a_warning() {
    let preview = hello().option("num_cxt", 8192).preview().unwrap();
    assert!(preview.body.contains(r#""options":{"num_cxt":8192}"#));
    assert_eq!(
        preview.warnings[0].to_string(),
        "`num_cxt` is not a known option of Ollama; did you mean `num_ctx`?"
    );
}

#[test]
fn each_thinking_level_has_a_value_on_both_routes() {
    for (think, native, compatible) in [
        (Think::Off, json!(false), "none"),
        (Think::On, json!(true), "medium"),
        (Think::Low, json!("low"), "low"),
        (Think::Medium, json!("medium"), "medium"),
        (Think::High, json!("high"), "high"),
        (Think::Max, json!("max"), "max"),
    ] {
        assert_eq!(body(&hello().think(think))["think"], native);
        let command = hello().api(Api::OpenaiChat).think(think);
        assert_eq!(body(&command)["reasoning_effort"], compatible);
    }
}

// These models always think, and give no answer if thinking is disabled.
#[test]
fn thinking_is_never_disabled_for_gpt_oss() {
    for api in ROUTES {
        let command = hello().model("gpt-oss:20b").api(api).think(false);
        let sent = body(&command);
        assert_eq!(sent.get("think"), None);
        assert_eq!(sent.get("reasoning_effort"), None);
        assert_eq!(
            command.preview().unwrap().warnings,
            [Warning::ThinkingForced]
        );
    }
}

#[tokio::test]
async fn thinking_is_split_from_the_answer_on_both_routes() {
    for api in ROUTES {
        let said = Said::new("hello").thinking("The user wants a greeting.");
        let server = Server::start([Reply::said(&said)]);
        let command = hello().api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value, "hello");
        assert_eq!(
            outcome.thinking.as_deref(),
            Some("The user wants a greeting.")
        );
    }
}

// E5
#[tokio::test]
async fn a_prompt_that_filled_the_context_is_a_warning_on_openai_chat() {
    let check = async |tokens: u64, inquiries: &[&str], warnings: &[&str]| {
        let said = Said::new("hello").tokens(tokens, 4);
        let models = [
            Installed::new("other:latest"),
            Installed::new("llama3.1:latest"),
        ];
        let server = Server::with_installed(models, [Reply::said(&said)]);
        let command = hello().api(Api::OpenaiChat).host(server.host());
        let outcome = command.outcome().await.unwrap();
        let found: Vec<_> = outcome.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(found, warnings, "{tokens}");
        assert_eq!(server.inquiries(), inquiries, "{tokens}");
    };
    check(67, &[], &[]).await;
    check(3000, &["/api/ps"], &[]).await;
    let full = "the prompt filled the model's context of 4096 tokens, so the server probably removed a part of it; shorten the prompt, or set OLLAMA_CONTEXT_LENGTH on the server";
    check(4096, &["/api/ps"], &[full]).await;
}

// Ollama 0.33 cuts `hello`'s prompt of 2,050 tokens if it was longer than the context of 4,096.
#[tokio::test]
async fn a_prompt_that_was_cut_is_a_warning_on_openai_chat() {
    let long = "word ".repeat(2000);
    // A prompt, the tokens that the server counts, and whether they are those of a cut.
    let cases = [
        (&*long, 2050, true),
        // With a token at the beginning that is always kept.
        (&*long, 2051, true),
        (&*long, 2040, false),
        (&*long, 3000, false),
        // Too short to be cut: as many tokens by chance.
        ("word", 2050, false),
    ];
    for (prompt, tokens, is_cut) in cases {
        let said = Said::new("hello").tokens(tokens, 4);
        for streamed in [false, true] {
            let reply = match streamed {
                true => Reply::stream(&said),
                false => Reply::said(&said),
            };
            let server = Server::start([reply]);
            let command = alloy_runtime::ask(prompt)
                .model("ollama:llama3.1")
                .api(Api::OpenaiChat)
                .host(server.host());
            let warnings = if streamed {
                let mut stream = command.stream();
                while let Some(piece) = stream.next().await {
                    piece.unwrap();
                }
                stream.summary().unwrap().warnings.clone()
            } else {
                command.outcome().await.unwrap().warnings
            };
            let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
            let expected = format!(
                "the server cut the prompt to {tokens} tokens to fit it into the model's context of 4096; shorten the prompt, or set OLLAMA_CONTEXT_LENGTH on the server"
            );
            let expected = if is_cut { vec![expected] } else { Vec::new() };
            assert_eq!(warnings, expected, "{tokens} {streamed}");
        }
    }
}

// The prompt filled the context and left no space for the answer: the error names the prompt.
#[tokio::test]
async fn an_answer_truncated_by_a_full_context_is_a_context_overflow() {
    let said = Said::new("Once").tokens(4096, 4).cut();
    let server = Server::start([Reply::said(&said)]);
    let command = hello().api(Api::OpenaiChat).host(server.host());
    let error = command.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert_eq!(
        error.to_string(),
        "the prompt is longer than the context of model `llama3.1`: it filled all 4096 tokens of it"
    );
}

#[tokio::test]
async fn an_unknown_context_length_does_not_fail_the_answer() {
    let said = Said::new("hello").tokens(4096, 4);
    let server = Server::with_silent_tags([Reply::said(&said)]);
    let command = hello().api(Api::OpenaiChat).host(server.host());
    let command = command.timeout(Duration::from_millis(300));
    assert_eq!(command.await.unwrap(), "hello");
}

#[tokio::test]
async fn a_key_is_sent_as_a_bearer_token() {
    let server = Server::start((0..3).map(|_| Reply::answer("hello")));
    let host = server.host();
    hello().host(&host).await.unwrap();
    hello().api(Api::OpenaiChat).host(&host).await.unwrap();
    let own = Config::new().api_key("k-123").api(Api::OpenaiChat);
    hello().config(own).host(&host).await.unwrap();
    let requests = server.requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|request| request.header("authorization"))
        .collect();
    assert_eq!(sent, [None, Some("Bearer ollama"), Some("Bearer k-123")]);
}

// A8
#[tokio::test]
async fn a_missing_capability_error_suggests_capable_models() {
    for api in ROUTES {
        let refusal = Reply::error(400, "\"llama3.1\" does not support thinking");
        let models = [
            Installed::new("llama3.1:latest"),
            Installed::new("qwen3:4b").able("thinking"),
        ];
        let server = Server::with_installed(models, [refusal]);
        let command = hello().api(api).think(true).host(server.host());
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Capability);
        assert_eq!(
            error.to_string(),
            "model `llama3.1` does not support thinking; use `qwen3:4b`"
        );
    }
}

mod another_server {
    use super::*;

    fn at(server: &Server) -> Config {
        Config::new()
            .base_url(format!("http://{}/v1/", server.host()))
            .openai_api_key("k-123")
    }

    fn remote<T: Output>() -> Command<T> {
        answer::<T>().model("openai:qwen3")
    }

    // A9
    #[tokio::test]
    async fn receives_its_key_and_a_strict_schema() {
        let server = Server::start([Reply::answer(r#"{"value":25}"#)]);
        let command = remote::<u8>().option("top_k", 40).config(at(&server));
        let preview = command.preview().unwrap();
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value, 25);
        assert_eq!(outcome.route.to_string(), "openai_chat: an `openai:` model");
        assert_eq!(outcome.model, "qwen3");
        assert_eq!(outcome.warnings, []);
        let request = server.request();
        assert_eq!(request.body, preview.body);
        assert_eq!(
            preview.url,
            format!("http://{}{OPENAI_CHAT}", server.host())
        );
        assert_eq!(request.path, OPENAI_CHAT);
        assert_eq!(request.header("authorization"), Some("Bearer k-123"));
        let sent = request.json();
        assert_eq!(sent["response_format"]["json_schema"]["strict"], true);
        // An option that Ollama does not have is sent unchanged.
        assert_eq!(sent["top_k"], 40);
    }

    // Strict mode requires all properties of an object and does not support tuples.
    #[test]
    fn receives_a_schema_that_is_not_strict_for_an_open_type() {
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[allow(dead_code, reason = "only its schema matters")]
        struct Outer {
            name: String,
            #[serde(flatten)]
            inner: Option<Inner>,
        }
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[allow(dead_code, reason = "only its schema matters")]
        struct Inner {
            street: String,
        }
        fn strict<T: Output>() -> Value {
            let command = remote::<T>().config(Config::new().base_url("http://gpu/v1"));
            let sent: Value = command.preview().unwrap().body.parse().unwrap();
            sent["response_format"]["json_schema"]["strict"].clone()
        }
        assert_eq!(strict::<std::collections::BTreeMap<String, u8>>(), false);
        assert_eq!(strict::<(u8, String)>(), false);
        assert_eq!(strict::<Outer>(), false);
        assert_eq!(strict::<Option<Inner>>(), true);
    }

    // Some servers send both field names of the thinking text, one of them with null.
    #[tokio::test]
    async fn may_send_two_reasoning_fields() {
        let mut body = Said::new("hello").openai_chat();
        body["choices"][0]["message"]["reasoning"] = json!(null);
        body["choices"][0]["message"]["reasoning_content"] = json!("Hm.");
        let server = Server::start([Reply::json(200, &body)]);
        let outcome = remote::<String>()
            .config(at(&server))
            .outcome()
            .await
            .unwrap();
        assert_eq!(outcome.thinking.as_deref(), Some("Hm."));
    }

    // Some servers send both fields in a choice: each event repeats the message so far, and a whole
    // message has an empty delta.
    #[tokio::test]
    async fn may_send_message_and_delta_together() {
        for empty in [json!(null), json!({"content": ""})] {
            let mut body = Said::new("hello").openai_chat();
            body["choices"][0]["delta"] = empty;
            let server = Server::start([Reply::json(200, &body)]);
            let answer = remote::<String>().config(at(&server)).await;
            assert_eq!(answer.unwrap(), "hello");
        }
        let event = |new: &str, all: &str, reason: Value| {
            let choice = json!({"index": 0, "delta": {"content": new}, "message": {"content": all}, "finish_reason": reason});
            format!("data: {}\n\n", json!({"choices": [choice]}))
        };
        let events = [
            event("hel", "hel", Value::Null),
            event("lo", "hello", json!("stop")),
            "data: [DONE]\n\n".to_owned(),
        ];
        let server = Server::start([Reply::chunked(200, "text/event-stream", &events)]);
        let mut stream = remote::<String>().config(at(&server)).stream();
        while let Some(text) = stream.next().await {
            text.unwrap();
        }
        assert_eq!(stream.text(), "hello");
    }

    // A filtered answer looks complete except for its finish reason.
    #[tokio::test]
    async fn may_filter_an_answer() {
        let mut body = Said::new("half a te").openai_chat();
        body["choices"][0]["finish_reason"] = json!("content_filter");
        let server = Server::start([Reply::json(200, &body)]);
        let error = remote::<String>().config(at(&server)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }

    #[tokio::test]
    async fn receives_no_key_if_none_is_set() {
        let server = Server::start([Reply::answer("hello")]);
        let config = at(&server).openai_api_key("");
        remote::<String>().config(config).await.unwrap();
        assert_eq!(server.request().header("authorization"), None);
    }

    #[test]
    fn needs_a_valid_url_and_key() {
        let error = remote::<String>().preview().unwrap_err();
        assert_eq!(
            error.to_string(),
            "model `openai:qwen3` has no server; set OPENAI_BASE_URL, for example OPENAI_BASE_URL=http://127.0.0.1:8000/v1"
        );
        let bad_url = Config::new().base_url("gpu:8000");
        let error = remote::<String>().config(bad_url).preview().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`base_url` is `gpu:8000`, which is not a valid URL: the scheme is missing"
        );
        let bad_key = Config::new().base_url("http://gpu").openai_api_key("k\n1");
        let error = remote::<String>().config(bad_key).preview().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`openai_api_key` contains characters")
        );
    }

    #[tokio::test]
    async fn has_its_own_error_messages() {
        let check = async |reply: Reply, kind: ErrorKind, message: &str, help: &str| {
            let server = Server::start([reply]);
            let error = remote::<String>().config(at(&server)).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            let address = error.address().unwrap().to_owned();
            assert_eq!(error.to_string().replace(&address, "URL"), message);
            assert!(error.help().contains(help), "{}", error.help());
            assert_eq!(server.inquiries(), [""; 0], "only Ollama has an /api/tags");
        };
        // Most servers nest the error in an `error` object, some do not.
        let missing = "The model `qwen3` does not exist.";
        check(
            Reply::json(
                404,
                &json!({"object": "error", "message": missing, "code": 404}),
            ),
            ErrorKind::ModelNotFound,
            "the server at URL has no model `qwen3`",
            "/models",
        )
        .await;
        let length = "This model's maximum context length is 4096 tokens.";
        check(
            Reply::json(400, &json!({"error": {"message": length, "code": 400}})),
            ErrorKind::ContextOverflow,
            "the prompt is longer than the context of model `qwen3`: This model's maximum context length is 4096 tokens.",
            "longer context",
        )
        .await;
        let missing = json!({"error": {"message": missing, "code": 404}});
        check(
            Reply::json(404, &missing),
            ErrorKind::ModelNotFound,
            "the server at URL has no model `qwen3`",
            "/models",
        )
        .await;
        check(
            Reply::json(401, &json!({"error": {"message": "Invalid API key"}})),
            ErrorKind::Unauthorized,
            "the server at URL did not authorize the request (status 401): Invalid API key",
            "OPENAI_API_KEY",
        )
        .await;
        check(
            Reply::body(404, "text/plain", "Not Found"),
            ErrorKind::WrongServer,
            "the server at URL does not speak Chat Completions: it has no /chat/completions; set OPENAI_BASE_URL to the base URL of one that does",
            "OPENAI_BASE_URL",
        )
        .await;
        let gone = format!("http://{}", Server::start([]).host());
        let config = Config::new().base_url(&gone);
        let error = remote::<String>().config(config).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot reach the server at {gone}; start it, or set OPENAI_BASE_URL")
        );
        assert!(error.help().contains("OPENAI_BASE_URL"));
    }
}
