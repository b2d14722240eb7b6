//! Two routes to a model: which is taken, and what each can and cannot say.

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
fn the_route_follows_the_model_unless_it_is_set() {
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

// G3: the whole request, to the byte.
#[tokio::test]
async fn a_typed_command_on_openai_chat() {
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
    expect_test::expect![[r#"{"model":"gpt-oss:20b","messages":[{"role":"system","content":"Be exact.\n\nAnswer with JSON only, in this form:\n{\n  \"name\": string,\n  \"age\": integer\n}"},{"role":"user","content":"Extract: Jason is 25 years old"}],"stream":false,"response_format":{"type":"json_schema","json_schema":{"name":"output","strict":true,"schema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":255}},"required":["name","age"],"additionalProperties":false}}},"temperature":0.5,"max_tokens":99}"#]].assert_eq(&server.request().body);
}

// A6 A7
#[test]
fn every_setting_reaches_the_native_server_under_its_name() {
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
fn what_the_compatible_endpoint_cannot_take_is_a_warning() {
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
            "`keep_alive` was not sent: openai_chat has no place for it; Ollama's native route has one",
            "`num_ctx` was not sent: openai_chat has no place for it; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route",
        ]
    );
}

#[test]
fn an_option_that_nobody_knows_is_sent_with_a_warning() {
    let preview = hello().option("num_cxt", 8192).preview().unwrap();
    assert!(preview.body.contains(r#""options":{"num_cxt":8192}"#));
    assert_eq!(
        preview.warnings[0].to_string(),
        "`num_cxt` is no option that Ollama is known to have; did you mean `num_ctx`?"
    );
}

#[test]
fn each_level_of_thinking_has_its_word_on_both_routes() {
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

// Those models think always, and answer nothing where they are told not to.
#[test]
fn gpt_oss_is_never_told_not_to_think() {
    for api in ROUTES {
        let command = hello().model("gpt-oss:20b").api(api).think(false);
        let sent = body(&command);
        assert_eq!(sent.get("think"), None);
        assert_eq!(sent.get("reasoning_effort"), None);
        assert_eq!(command.preview().unwrap().warnings, [Warning::ThinksAnyway]);
    }
}

#[tokio::test]
async fn thinking_is_kept_apart_on_both_routes() {
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
        let told: Vec<_> = outcome.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told, warnings, "{tokens}");
        assert_eq!(server.inquiries(), inquiries, "{tokens}");
    };
    check(67, &[], &[]).await;
    check(3000, &["/api/ps"], &[]).await;
    let full = "the prompt filled the model's context of 4096 tokens, so a part of it was probably cut; shorten it, or set OLLAMA_CONTEXT_LENGTH on the server";
    check(4096, &["/api/ps"], &[full]).await;
}

// Half an answer behind half a prompt: what to mend is the prompt, not the limit of tokens.
#[tokio::test]
async fn an_answer_cut_because_the_prompt_filled_the_context_says_so() {
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
async fn a_server_that_does_not_tell_its_context_costs_the_answer_nothing() {
    let said = Said::new("hello").tokens(4096, 4);
    let server = Server::with_silent_tags([Reply::said(&said)]);
    let command = hello().api(Api::OpenaiChat).host(server.host());
    let command = command.timeout(Duration::from_millis(300));
    assert_eq!(command.await.unwrap(), "hello");
}

#[tokio::test]
async fn a_key_is_sent_where_clients_of_openai_send_one() {
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
async fn a_model_without_a_capability_names_those_that_have_it() {
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
    async fn is_asked_with_its_key_and_a_strict_schema() {
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
        // What its user knows of it and Ollama does not have is sent as it is.
        assert_eq!(sent["top_k"], 40);
    }

    // Strict mode wants each object to ask for all of its properties, and knows no tuples.
    #[test]
    fn is_not_told_strict_where_a_type_is_open() {
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

    // Some servers say both words for the thinking text, the one or the other as null.
    #[tokio::test]
    async fn may_say_reasoning_in_two_words() {
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

    // Some servers have both in a choice: the message so far in each event, an empty piece beside a whole one.
    #[tokio::test]
    async fn may_send_message_and_delta_side_by_side() {
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

    // What a filter cut looks like a whole answer.
    #[tokio::test]
    async fn may_filter_an_answer() {
        let mut body = Said::new("half a te").openai_chat();
        body["choices"][0]["finish_reason"] = json!("content_filter");
        let server = Server::start([Reply::json(200, &body)]);
        let error = remote::<String>().config(at(&server)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }

    #[tokio::test]
    async fn gets_no_key_where_none_is_meant_for_it() {
        let server = Server::start([Reply::answer("hello")]);
        let config = at(&server).openai_api_key("");
        remote::<String>().config(config).await.unwrap();
        assert_eq!(server.request().header("authorization"), None);
    }

    #[test]
    fn must_be_named() {
        let error = remote::<String>().preview().unwrap_err();
        assert_eq!(
            error.to_string(),
            "model `openai:qwen3` has no server; set OPENAI_BASE_URL, for example OPENAI_BASE_URL=http://127.0.0.1:8000/v1"
        );
        let no_url = Config::new().base_url("gpu:8000");
        let error = remote::<String>().config(no_url).preview().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`base_url` is `gpu:8000`, which is no URL"
        );
        let bad_key = Config::new().base_url("http://gpu").openai_api_key("k\n1");
        let error = remote::<String>().config(bad_key).preview().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`openai_api_key` has characters")
        );
    }

    #[tokio::test]
    async fn has_errors_of_its_own() {
        let check = async |reply: Reply, kind: ErrorKind, message: &str, help: &str| {
            let server = Server::start([reply]);
            let error = remote::<String>().config(at(&server)).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            let address = error.address().unwrap().to_owned();
            assert_eq!(error.to_string().replace(&address, "URL"), message);
            assert!(error.help().contains(help), "{}", error.help());
            assert_eq!(server.inquiries(), [""; 0], "only Ollama has an /api/tags");
        };
        // The error inside an object of its own, and, as some servers have it, without one.
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
            "the server at URL did not accept the key (status 401): Invalid API key",
            "OPENAI_API_KEY",
        )
        .await;
        check(
            Reply::body(404, "text/plain", "Not Found"),
            ErrorKind::NotOllama,
            "the server at URL does not speak Chat Completions: it has no /chat/completions; set OPENAI_BASE_URL to the base URL of one that does",
            "OPENAI_BASE_URL",
        )
        .await;
        let gone = format!("http://{}", Server::start([]).host());
        let config = Config::new().base_url(&gone);
        let error = remote::<String>().config(config).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot reach the server at {gone}")
        );
        assert!(error.help().contains("OPENAI_BASE_URL"));
    }
}
