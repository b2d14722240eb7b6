//! Other models that are asked when one cannot answer.

use std::time::Duration;

use alloy_runtime::testing::{self, Script};
use alloy_runtime::{Command, Config, Error, ErrorKind, command, tool, with_config};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::json;

use crate::ROUTES;

#[command(
    "Say hello",
    model = "ollama:big",
    fallback = "ollama:middle, ollama:small"
)]
async fn hello() -> String;

#[command("How old is Jason?", model = "ollama:big", fallback = "ollama:small")]
async fn age() -> u8;

#[command("Say hello", model = "ollama:pinned")]
async fn pinned() -> String;

#[command("Say hello")]
async fn open() -> String;

fn models(server: &Server) -> Vec<String> {
    let models = server.requests();
    let models = models
        .iter()
        .map(|request| request.json()["model"].as_str().unwrap().to_owned());
    models.collect()
}

fn missing(model: &str) -> Reply {
    Reply::error(404, &format!("model '{model}' not found"))
}

#[tokio::test]
async fn models_are_asked_in_turn() {
    for api in ROUTES {
        let server = Server::start([missing("big"), missing("middle"), Reply::answer("hi")]);
        let outcome = hello()
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!(
            (outcome.value.as_str(), outcome.model.as_str()),
            ("hi", "small")
        );
        let kind = ErrorKind::ModelNotFound;
        let expected = [("big".to_owned(), kind), ("middle".to_owned(), kind)];
        assert_eq!(outcome.fell_back, expected);
        assert_eq!(outcome.requests, 3);
        assert_eq!(models(&server), ["big", "middle", "small"]);
    }
}

#[tokio::test]
async fn the_last_error_is_returned() {
    let server = Server::start([missing("big"), missing("middle"), missing("small")]);
    let error = hello().host(server.host()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.model()),
        (ErrorKind::ModelNotFound, Some("small"))
    );
}

#[tokio::test]
async fn a_model_that_failed_is_left_out_for_a_while() {
    let server = Server::start([missing("big"), Reply::answer("one"), Reply::answer("two")]);
    let host = server.host();
    assert_eq!(hello().host(&host).await.unwrap(), "one");
    let outcome = hello().host(&host).outcome().await.unwrap();
    assert_eq!(outcome.value, "two");
    assert_eq!(
        outcome.fell_back,
        [("big".to_owned(), ErrorKind::ModelNotFound)]
    );
    assert_eq!(models(&server), ["big", "middle", "middle"]);
    // If all models failed, all are asked again.
    let server = Server::start([missing("big"), missing("small"), Reply::answer("7")]);
    assert_eq!(
        age().host(server.host()).await.unwrap_err().kind(),
        ErrorKind::ModelNotFound
    );
    assert_eq!(age().host(server.host()).await.unwrap(), 7);
    assert_eq!(models(&server), ["big", "small", "big"]);
}

#[tokio::test]
async fn which_errors_lead_to_another_model() {
    let leads = |kind| {
        matches!(
            kind,
            ErrorKind::Unreachable
                | ErrorKind::ModelNotFound
                | ErrorKind::ModelLoad
                | ErrorKind::OutOfMemory
                | ErrorKind::Capability
                | ErrorKind::Overloaded
        )
    };
    for model in [
        "ollama:big",
        "ollama:gpt-oss",
        "openai:big",
        "gguf:big.gguf",
    ] {
        for kind in crate::KINDS {
            let script = Script::new()
                .error(testing::error(kind))
                .text("7")
                .optional();
            let result = script
                .run(age().model(model).fallback("ollama:small").outcome())
                .await;
            match result {
                Ok(outcome) => {
                    assert!(leads(kind), "{model} {kind}");
                    assert_eq!((outcome.value, outcome.model.as_str()), (7, "small"));
                    assert_eq!(outcome.fell_back.len(), 1);
                }
                Err(error) => {
                    assert!(!leads(kind), "{model} {kind}");
                    assert_eq!(error.kind(), kind);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_counts_only_in_the_layer_of_the_model_or_a_stronger_one() {
    let preview = |command: Command<String>| command.preview().unwrap().settings.get("fallback");
    let scope = || Config::new().model("ollama:a").fallback("openai:elsewhere");
    let (pinned, open) = with_config(scope(), async { (pinned(), open()) }).await;
    assert_eq!(preview(pinned), None);
    assert_eq!(preview(open).as_deref(), Some("openai:elsewhere"));
    assert_eq!(
        preview(hello()).as_deref(),
        Some("ollama:middle, ollama:small")
    );
    // The call sets the model: the attribute's list was for another.
    assert_eq!(preview(hello().model("ollama:mine")), None);
    let named = hello().model("ollama:mine").fallback("ollama:yours");
    assert_eq!(preview(named).as_deref(), Some("ollama:yours"));
}

#[tokio::test]
async fn time_limits_of_the_connection_lead_to_another_model_and_that_of_the_command_does_not() {
    let silent = || Reply::answer("late").cut_short_by(5).then_silence();
    let server = Server::start([silent(), Reply::answer("hi")]);
    let outcome = hello()
        .host(server.host())
        .idle_timeout("200ms")
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.fell_back, [("big".to_owned(), ErrorKind::TimedOut)]);

    let server = Server::start([silent(), Reply::answer("hi")]);
    let error = hello()
        .host(server.host())
        .timeout("300ms")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(server.requests().len(), 1);

    // Nothing listens there. The deadline is that of the command.
    let server = Server::start([Reply::answer("hi").after(Duration::from_mins(1))]);
    let nowhere = format!("http://{}/v1", unused_address());
    let config = Config::new().base_url(nowhere);
    let command = open()
        .config(config)
        .model("openai:gone")
        .fallback("ollama:small");
    let begun = tokio::time::Instant::now();
    let error = command.host(server.host()).timeout("2s").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.model()),
        (ErrorKind::TimedOut, Some("small"))
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

fn unused_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Counts.
#[tool]
fn count() -> u8 {
    7
}

#[command("Count", model = "ollama:big", fallback = "ollama:small", tools(count))]
async fn counted() -> String;

#[tokio::test]
async fn no_model_is_asked_after_a_tool_ran() {
    let call = Reply::said(&Said::call("count", json!({})));
    let server = Server::start([call, missing("big"), Reply::answer("7")]);
    let error: Error = counted().host(server.host()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.tool_turns()),
        (ErrorKind::ModelNotFound, 1)
    );
    assert_eq!(server.requests().len(), 2);

    let server = Server::start([missing("big"), Reply::answer("7")]);
    assert_eq!(counted().host(server.host()).await.unwrap(), "7");
}

#[tokio::test]
async fn a_stream_falls_back_until_its_first_piece() {
    for api in ROUTES {
        let server = Server::start([missing("big"), Reply::stream(&Said::new("Once upon"))]);
        let mut stream = hello().api(api).host(server.host()).stream();
        while let Some(piece) = stream.next().await {
            piece.unwrap();
        }
        let summary = stream.summary().unwrap();
        assert_eq!(
            (summary.text.as_str(), summary.model.as_str()),
            ("Once upon", "middle")
        );
        assert_eq!(
            summary.fell_back,
            [("big".to_owned(), ErrorKind::ModelNotFound)]
        );
    }
    let script = Script::new().disconnected_after("Once");
    let error = script
        .run(async {
            let mut stream = hello().stream();
            loop {
                match stream.next().await.unwrap() {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            }
        })
        .await;
    assert_eq!(
        (error.kind(), error.partial_text()),
        (ErrorKind::Interrupted, Some("Once"))
    );
}

#[tokio::test]
async fn a_model_of_the_list_that_cannot_be_used_is_named() {
    let server = Server::start([missing("big")]);
    let command = hello().host(server.host()).fallback("openai:elsewhere");
    let error = command.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("openai:elsewhere"), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("big"), "{cause}");

    let error = hello()
        .fallback("ollama:a,,ollama:b")
        .preview()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "fallback is empty; expected a model such as `ollama:llama3.1`"
    );
}
