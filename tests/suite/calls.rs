//! A called command: a builder, a future, and settings that know their source.

use std::future::Future;
use std::time::Duration;

use alloy_runtime::{Command, FinishReason, Message, Role, command};
use alloy_tests::server::{NATIVE, OPENAI_CHAT, Reply, Said, Server};
use serde_json::json;

use crate::ROUTES;

#[command("Say hello to {name}", model = "ollama:llama3.1")]
async fn greet(name: &str) -> String;

#[command("Do it", model = "ollama:llama3.1")]
async fn act();

// D6
#[tokio::test]
async fn a_command_can_be_awaited_boxed_joined_selected_timed_out_and_spawned() {
    let server = Server::start((0..8).map(|_| Reply::answer("hello")));
    let host = server.host();
    let local = String::from("Ann");

    assert_eq!(greet(&local).host(&host).await.unwrap(), "hello");
    let spawned = tokio::spawn(greet(&local).host(&host));
    assert_eq!(spawned.await.unwrap().unwrap(), "hello");
    let boxed: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
        Box::pin(greet(&local).host(&host));
    assert_eq!(boxed.await.unwrap(), "hello");
    let (one, two) = tokio::join!(greet(&local).host(&host), greet("Ben").host(&host));
    assert_eq!(
        (one.unwrap(), two.unwrap()),
        ("hello".into(), "hello".into())
    );
    let timed = tokio::time::timeout(Duration::from_mins(1), greet(&local).host(&host));
    assert_eq!(timed.await.unwrap().unwrap(), "hello");
    let selected = tokio::select! {
        answer = greet(&local).host(&host) => answer,
        () = std::future::pending() => unreachable!(),
    };
    assert_eq!(selected.unwrap(), "hello");
    let mut kept = greet(&local).host(&host);
    assert_eq!((&mut kept).await.unwrap(), "hello");
}

#[test]
fn a_command_is_small_send_static_and_unpin() {
    fn assert_all<T: Send + Unpin + 'static>(_: &T) {}
    struct NotSend(#[allow(dead_code, reason = "a type that is not Send")] *const ());
    assert_all(&greet("Ann"));
    fn assert_for_any_output<C: Send + Unpin>() {}
    assert_for_any_output::<Command<NotSend>>();
    assert!(size_of::<alloy_runtime::Error>() == size_of::<usize>());
}

#[test]
fn nothing_is_sent_before_the_first_poll() {
    let server = Server::start([]);
    drop(greet("Ann").host(server.host()));
    assert_eq!(server.connections(), 0);
}

// A7
#[tokio::test]
async fn settings_are_sent_under_the_names_of_the_server() {
    #[command(
        "Say hello",
        model = "ollama:llama3.1",
        system = "Be brief.",
        temperature = 0.5,
        max_tokens = 40,
        timeout = "30s"
    )]
    async fn hello() -> String;

    let server = Server::start([Reply::answer("a"), Reply::answer("b")]);
    hello().host(server.host()).await.unwrap();
    hello()
        .model("local:qwen3:4b")
        .system("Be long.")
        .temperature(1.0)
        .max_tokens(80)
        .timeout(Duration::from_secs(5))
        .host(server.host())
        .await
        .unwrap();
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .map(alloy_tests::server::Request::json)
        .collect();
    let body = |model: &str, system: &str, temperature: f64, max_tokens: u32| {
        json!({
            "model": model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": "Say hello"},
            ],
            "stream": false,
            "options": {"temperature": temperature, "num_predict": max_tokens},
            "truncate": false,
        })
    };
    assert_eq!(bodies[0], body("llama3.1", "Be brief.", 0.5, 40));
    assert_eq!(bodies[1], body("qwen3:4b", "Be long.", 1.0, 80));
}

#[tokio::test]
async fn a_text_command_sends_only_the_required_fields() {
    let server = Server::start([Reply::answer("hello")]);
    greet("Ann").host(server.host()).await.unwrap();
    let request = server.request();
    assert_eq!(
        request.body,
        r#"{"model":"llama3.1","messages":[{"role":"user","content":"Say hello to Ann"}],"stream":false,"truncate":false}"#
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    // A5
    assert_eq!(request.header("origin"), None);
    assert_eq!(request.header("accept-encoding"), None);
}

#[tokio::test]
async fn a_preview_shows_the_request_that_is_sent() {
    for (api, path) in ROUTES.into_iter().zip([NATIVE, OPENAI_CHAT]) {
        let server = Server::start([Reply::answer("hello")]);
        let earlier = [Message::user("Hi \"you\""), Message::assistant("Hi\t\\")];
        let command = greet("Ann \"the\u{1}\n\u{2028}ä😀")
            .api(api)
            .temperature(0.25)
            .system("Be \"brief\".")
            .history(earlier.clone())
            .option("seed", 7)
            .host(server.host());
        let preview = command.preview().unwrap();
        command.await.unwrap();
        let request = server.request();
        assert_eq!(request.body, preview.body);
        assert_eq!(request.path, path);
        assert_eq!(preview.url, format!("http://{}{path}", server.host()));
        assert_eq!(preview.route.api(), Some(api));
        let [one, two] = earlier;
        let expected = [
            Message::system("Be \"brief\"."),
            one,
            two,
            Message::user("Say hello to Ann \"the\u{1}\n\u{2028}ä😀"),
        ];
        assert_eq!(preview.messages, expected);
        let sent = request.json()["messages"].clone();
        let sent: Vec<_> = sent.as_array().unwrap().iter().collect();
        for (message, expected) in sent.iter().zip(&expected) {
            assert_eq!(message["role"], expected.role.as_str());
            assert_eq!(message["content"], expected.content);
        }
        assert_eq!(sent.len(), expected.len());
    }
}

#[test]
fn settings_name_the_source_of_each_value() {
    let settings = greet("Ann")
        .temperature(0.2)
        .timeout(Duration::from_millis(1500))
        .option("num_ctx", 8192)
        .host("gpu-box")
        .preview()
        .unwrap()
        .settings;
    assert_eq!(
        settings.to_string(),
        "model                         ollama:llama3.1  (attribute, pinned)\n\
         temperature                   0.2  (call)\n\
         retry                         1  (default)\n\
         auto_finalize_missing_output  true  (default)\n\
         timeout                       1500ms  (call)\n\
         connect_timeout               10s  (default)\n\
         idle_timeout                  5m  (default)\n\
         max_concurrency               100  (default)\n\
         max_tool_turns                10  (default)\n\
         parallel_tools_max            8  (default)\n\
         schema_in_prompt              true  (default)\n\
         text_tool_calls               true  (default)\n\
         host                          http://gpu-box:11434  (call)\n\
         record_content                false  (default)\n\
         backend                       real  (default)\n\
         options.num_ctx               8192  (call)"
    );
}

#[test]
fn the_first_invalid_setter_is_reported() {
    let check = |command: Command<String>, expected: &str| {
        assert_eq!(command.preview().unwrap_err().to_string(), expected);
    };
    check(
        greet("a").temperature(-0.1).max_tokens(0),
        "temperature is -0.1; expected a number from 0 to 2",
    );
    check(
        greet("a").temperature(f64::NAN),
        "temperature is NaN; expected a number from 0 to 2",
    );
    check(
        greet("a").max_tokens(0),
        "max_tokens is 0; expected a whole number from 1",
    );
    check(
        greet("a").timeout(Duration::ZERO),
        "timeout is zero; expected a duration such as 30s",
    );
    check(
        greet("a").model(" "),
        "model is empty; expected a model such as `ollama:llama3.1`",
    );
    check(
        greet("a").host("gpu box"),
        "host is `gpu box`, which is not a valid address: it contains ' '",
    );
}

#[tokio::test]
async fn an_outcome_holds_the_metadata_of_the_reply() {
    let answer = Said::new("hello").thinking("The user wants a greeting.");
    let server = Server::start([Reply::said(&answer)]);
    let outcome = greet("Ann")
        .system("Be brief.")
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.value, "hello");
    assert_eq!(outcome.text, "hello");
    assert_eq!(
        outcome.thinking.as_deref(),
        Some("The user wants a greeting.")
    );
    assert_eq!(outcome.usage.prompt_tokens, Some(67));
    assert_eq!(outcome.usage.completion_tokens, Some(12));
    assert_eq!(
        outcome.timings.total,
        Some(Duration::from_nanos(28_313_830))
    );
    assert_eq!(outcome.timings.load, Some(Duration::from_nanos(1_763_333)));
    assert_eq!(
        outcome.timings.prompt,
        Some(Duration::from_nanos(4_996_433))
    );
    assert_eq!(
        outcome.timings.generation,
        Some(Duration::from_nanos(18_736_932))
    );
    assert_eq!(outcome.finish_reason, Some(FinishReason::Stop));
    assert_eq!(outcome.model, "llama3.1");
    assert_eq!(outcome.route.to_string(), "native: an Ollama model");
    assert_eq!(outcome.attempts, 1);
    assert!(outcome.warnings.is_empty());
    let conversation: Vec<_> = outcome
        .messages
        .iter()
        .map(|message| (message.role, message.content.as_str()))
        .collect();
    assert_eq!(
        conversation,
        [(Role::User, "Say hello to Ann"), (Role::Assistant, "hello")]
    );
    assert_eq!(outcome.into_value(), "hello");
}

#[tokio::test]
async fn the_unit_type_ignores_the_answer() {
    for api in ROUTES {
        let server = Server::start([
            Reply::answer("whatever"),
            Reply::answer(""),
            Reply::said(&Said::new("").cut()),
        ]);
        for _ in 0..3 {
            act().api(api).host(server.host()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn text_is_returned_unchanged() {
    for api in ROUTES {
        let server = Server::start([Reply::answer("  {\"not\": \"json\"}\n")]);
        let text = greet("Ann").api(api).host(server.host()).await.unwrap();
        assert_eq!(text, "  {\"not\": \"json\"}\n");
    }
}

// D7
#[tokio::test]
async fn the_result_of_one_command_is_the_input_of_the_next() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct User {
        name: String,
    }
    #[command("Extract: {text}", model = "m")]
    async fn extract(text: &str) -> User;

    let server = Server::start([Reply::answer(r#"{"name":"Jason"}"#), Reply::answer("Hi!")]);
    let user = extract("Jason").host(server.host()).await.unwrap();
    assert_eq!(greet(&user.name).host(server.host()).await.unwrap(), "Hi!");
    assert_eq!(server.connections(), 1, "the connection is reused");
}

#[tokio::test]
#[should_panic(expected = "a command was polled after it had given its result")]
async fn awaiting_a_finished_command_again_panics() {
    let server = Server::start([Reply::answer("hello")]);
    let mut command = greet("Ann").host(server.host());
    (&mut command).await.unwrap();
    drop((&mut command).await);
}
