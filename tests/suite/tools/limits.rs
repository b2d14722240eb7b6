//! Ends of tool turns: the turn limit, a model without tools, a failing server.

use alloy_runtime::{Api, Command, ErrorKind, WithTools, command, tool};
use alloy_tests::server::{Installed, Reply, Said, Server};
use serde_json::json;

use super::{add, arguments};
use crate::ROUTES;

#[command("Go", model = "ollama:llama3.1", tools(add))]
async fn go() -> String;

#[command("Go", model = "ollama:llama3.1", tools(add), max_tool_turns = 1)]
async fn go_once() -> String;

fn call() -> Said {
    Said::call("add", arguments(1, 2))
}

// T6 G12: counted by the server. Limit 1 and endless calls: two requests; limit 0: one.
#[tokio::test]
async fn turns_stop_at_the_limit() {
    for turns in [0, 1, 3] {
        for api in ROUTES {
            let script = (0..20).map(|_| Reply::said(&call()));
            let server = Server::start(script.collect::<Vec<_>>());
            let command: Command<String, WithTools> = go().max_tool_turns(turns);
            let error = command.api(api).host(server.host()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ToolTurnLimit);
            assert_eq!((error.tool_turns(), error.requests()), (turns, turns + 1));
            assert_eq!(error.attempts(), 0);
            let tokens = Some(12 * u64::from(turns + 1));
            assert_eq!(error.usage().unwrap().completion_tokens, tokens);
            assert_eq!(server.requests().len(), turns as usize + 1);
        }
    }
}

// T6: from the attribute, and by default.
#[tokio::test]
async fn the_turn_limit_is_a_setting() {
    for (command, turns) in [(go_once(), 1), (go(), 10)] {
        let script = (0..20).map(|_| Reply::said(&call()));
        let server = Server::start(script.collect::<Vec<_>>());
        let error = command.host(server.host()).await.unwrap_err();
        assert_eq!(error.tool_turns(), turns);
        assert_eq!(server.requests().len(), turns as usize + 1);
    }
}

// T6: an answer after exactly the allowed number of turns is not an error.
#[tokio::test]
async fn the_last_allowed_turn_is_run() {
    let server = Server::start([Reply::said(&call()), Reply::answer("3")]);
    assert_eq!(go_once().host(server.host()).await.unwrap(), "3");
    // No turn allowed, and none needed.
    let server = Server::start([Reply::answer("3")]);
    let command = go().max_tool_turns(0).host(server.host());
    assert_eq!(command.await.unwrap(), "3");
}

// T6: the error has the limit, the turns and the text so far.
#[tokio::test]
async fn the_turn_limit_error_has_the_text_so_far() {
    let server = Server::start([
        Reply::said(&Said::new("I add them.").calling("add", arguments(1, 2))),
        Reply::said(
            &call()
                .calling("add", arguments(3, 4))
                .calling("sub", json!({})),
        ),
    ]);
    let error = go_once().host(server.host()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model still called tools after 1 tool turn, the limit of `max_tool_turns`; it called `add` and `sub`"
    );
    assert_eq!(error.partial_text(), Some("I add them."));
    // The results so far are kept.
    let [result] = error.tool_results() else {
        panic!("{error:?}")
    };
    assert_eq!((result.turn, &*result.content), (1, "3"));
    assert!(error.help().contains("max_tool_turns"), "{}", error.help());
    let shown = format!("{error:?}");
    assert!(shown.contains("\n  tools: 1 turn\n"), "{shown}");
    let server = Server::start([Reply::said(&call())]);
    let error = go()
        .max_tool_turns(0)
        .host(server.host())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model called tools, but `max_tool_turns` is 0; it called `add`"
    );
    assert_eq!(error.partial_text(), None);
}

// A8: the error names installed models that support tools.
#[tokio::test]
async fn a_model_without_tools_is_reported_with_alternatives() {
    for api in ROUTES {
        let installed = [
            Installed::new("llama3.1:latest"),
            Installed::new("qwen3:4b").able("tools"),
        ];
        let refused = "registry.ollama.ai/library/llama3.1:latest does not support tools";
        let server = Server::with_installed(installed, [Reply::error(400, refused)]);
        let error = go().api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Capability);
        assert_eq!(
            error.to_string(),
            "model `llama3.1` does not support tools; use `qwen3:4b`"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

// The error of a later turn has the counters of the earlier ones.
#[tokio::test]
async fn a_later_server_error_has_the_counters() {
    for api in ROUTES {
        let server = Server::start([Reply::said(&call()), Reply::error(500, "out of luck")]);
        let error = go().api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert_eq!((error.tool_turns(), error.requests()), (1, 2));
        assert_eq!(error.usage().unwrap().completion_tokens, Some(12));
    }
    // The tool results made the prompt outgrow the context window.
    let overflow = Reply::error(400, "the input length exceeds the context length");
    let server = Server::start([Reply::said(&call()), overflow]);
    let error = go().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
}

// G12: a lost connection between turns is reopened, and no tool runs twice.
#[tokio::test]
async fn no_tool_runs_twice_after_a_lost_connection() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    #[tool]
    fn count(#[tool(state)] counter: &AtomicU32) -> u32 {
        counter.fetch_add(1, Ordering::SeqCst) + 1
    }
    for api in ROUTES {
        let counter = Arc::new(AtomicU32::new(0));
        let server = Server::start([
            Reply::said(&Said::call("count", json!({}))),
            Reply::reset(),
            Reply::error(
                503,
                "server busy, please try again.  maximum pending requests exceeded",
            ),
            Reply::answer("done"),
        ]);
        let command = alloy_runtime::ask("Go")
            .model("m")
            .api(api)
            .host(server.host());
        let outcome = command
            .tool(count::with(Arc::clone(&counter)))
            .outcome()
            .await
            .unwrap();
        assert_eq!(counter.load(Ordering::SeqCst), 1);
        assert_eq!(outcome.requests, 4);
    }
}

// The check for a full context window follows the final answer.
#[tokio::test]
async fn a_full_context_window_is_reported_with_tools() {
    let server = Server::start([
        Reply::said(&call().tokens(4096, 3)),
        Reply::said(&Said::new("3").tokens(4096, 3)),
    ]);
    let command = go().api(Api::OpenaiChat).host(server.host());
    let outcome = command.outcome().await.unwrap();
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
}

// The error shows the last failed call, and keeps the results.
#[tokio::test]
async fn the_turn_limit_error_shows_the_last_failure() {
    let wrong = || Reply::said(&Said::call("add", json!({"a": 1})));
    let server = Server::start([wrong(), wrong()]);
    let error = go_once().host(server.host()).await.unwrap_err();
    let shown = format!("{error:?}");
    let last = "\n  last failed call: add: The arguments were not accepted: missing field `b`.\n";
    assert!(shown.contains(last), "{shown}");
    assert!(error.help().contains("tool_results()"), "{}", error.help());
    assert_eq!(error.tool_results().len(), 1);
}

/// A tool of itself.
#[tool]
#[command("Go {n}", model = "ollama:m", tools(deeper))]
async fn deeper(n: u32) -> String;

// A server that always calls a tool: nested commands end at a depth limit before the stack overflows.
#[tokio::test]
async fn nested_commands_have_a_depth_limit() {
    let script = (0..400).map(|_| Reply::said(&Said::call("deeper", json!({"n": 1}))));
    let server = Server::start(script.collect::<Vec<_>>());
    let config = alloy_runtime::Config::new()
        .host(server.host())
        .max_tool_turns(1);
    let command = async { deeper(0).await };
    let error = alloy_runtime::with_config(config, command)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolTurnLimit);
    let requests = server.requests();
    let all: String = requests
        .iter()
        .map(|request| request.json()["messages"].to_string())
        .collect();
    assert!(all.contains("commands call each other too deeply"), "{all}");
    assert!(requests.len() < 100, "{}", requests.len());
}
