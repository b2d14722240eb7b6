//! Errors of models that run at ollama.com, behind an Ollama server on this machine.

use alloy_runtime::{Api, ErrorKind, command};
use alloy_tests::server::{Reply, Server};
use expect_test::{Expect, expect};
use serde_json::json;

use super::shown;

#[command("Answer")]
async fn answer() -> String;

async fn check(model: &str, reply: Reply, kind: ErrorKind, expected: Expect) {
    let mut texts = Vec::new();
    for api in [Api::Native, Api::OpenaiChat] {
        // A request is sent at most three times.
        let server = Server::start([reply.clone(), reply.clone(), reply.clone()]);
        let command = answer().model(model).api(api).host(server.host());
        let error = command.await.unwrap_err();
        assert_eq!(error.kind(), kind);
        texts.push(shown(&error));
    }
    assert_eq!(texts[0], texts[1]);
    expected.assert_eq(&texts[0]);
}

const CLOUD: &str = "ollama:qwen3-coder:480b-cloud";

#[tokio::test]
async fn a_server_that_is_not_signed_in_is_to_be_signed_in() {
    let url = "https://ollama.com/connect?name=here&key=c3NoLWVkMjU1MTk";
    let reply = Reply::json(401, &json!({"error": "unauthorized", "signin_url": url}));
    check(
        // Its name does not say that it runs elsewhere.
        "ollama:my-coder",
        reply,
        ErrorKind::Unauthorized,
        expect![[r#"
            model `my-coder` runs at ollama.com, and the server at http://HOST is not signed in there; run `ollama signin`
              command: answer
              help: Run `ollama signin` on the machine of the server, or open https://ollama.com/connect?name=here&key=c3NoLWVkMjU1MTk. OLLAMA_API_KEY has no effect here: the server signs its requests to ollama.com itself."#]],
    )
    .await;
    let reply = Reply::error(401, "unauthorized");
    check(CLOUD, reply, ErrorKind::Unauthorized, expect![[r#"
        the server at http://HOST did not authorize the request (status 401): unauthorized
          command: answer
          help: Run `ollama signin` on the machine of the server. OLLAMA_API_KEY has no effect here: the server signs its requests to ollama.com itself."#]]).await;
}

#[tokio::test]
async fn an_address_that_a_terminal_would_interpret_is_not_shown() {
    let body = json!({"error": "unauthorized", "signin_url": "https://a\u{1b}[31m"});
    check(
        CLOUD,
        Reply::json(401, &body),
        ErrorKind::Unauthorized,
        expect![[r#"
            the server at http://HOST did not authorize the request (status 401): unauthorized
              command: answer
              help: Run `ollama signin` on the machine of the server. OLLAMA_API_KEY has no effect here: the server signs its requests to ollama.com itself."#]],
    )
    .await;
}

#[tokio::test]
async fn a_plan_without_the_model_is_named() {
    let reply = Reply::error(
        403,
        "this model requires a subscription, upgrade for access",
    );
    check(CLOUD, reply, ErrorKind::Unauthorized, expect![[r#"
        the server at http://HOST did not authorize the request (status 403): this model requires a subscription, upgrade for access
          command: answer
          help: Check the account that the server is signed in with: its plan may not include this model (https://ollama.com/settings). `ollama signin` on the server changes the account."#]]).await;
}

#[tokio::test]
async fn cloud_models_that_are_turned_off_can_be_allowed() {
    let reply = Reply::error(403, "ollama cloud is disabled: remote model is unavailable");
    check(CLOUD, reply, ErrorKind::Server, expect![[r#"
        the server answered with status 403: ollama cloud is disabled: remote model is unavailable
          command: answer
          help: Allow cloud models on the server (its variable OLLAMA_NO_CLOUD, or its settings, turn them off), or set a model that runs on the server itself."#]]).await;
}

#[tokio::test]
async fn a_limit_of_the_plan_is_not_one_of_the_server() {
    let reply = Reply::error(429, "you (ann) have reached your session usage limit");
    check(CLOUD, reply, ErrorKind::Overloaded, expect![[r#"
        the server at http://HOST is too busy (status 429): you (ann) have reached your session usage limit
          command: answer
          help: Wait until the limit of the account at ollama.com is reset, use a larger plan (https://ollama.com/settings), or set a model that runs on the server itself."#]]).await;
}

#[tokio::test]
async fn a_server_that_cannot_reach_the_cloud_says_so() {
    let reply = Reply::error(502, "dial tcp: lookup ollama.com: no such host");
    check(CLOUD, reply, ErrorKind::Server, expect![[r#"
        the server answered with status 502: dial tcp: lookup ollama.com: no such host
          requests: 3
          command: answer
          help: Try again later: the server passed the request on to ollama.com, and got no answer. Check that the machine of the server reaches ollama.com."#]]).await;
}

#[tokio::test]
async fn a_model_of_the_server_itself_keeps_the_advice_for_the_server() {
    let reply = Reply::error(401, "unauthorized");
    check(
        "ollama:cloud:8b",
        reply,
        ErrorKind::Unauthorized,
        expect![[r#"
        the server at http://HOST wants a key, and none is set (status 401): unauthorized
          command: answer
          help: Set OLLAMA_API_KEY to a key that the server accepts."#]],
    )
    .await;
}
