//! Error replies of a server and the error kinds that they become.

use alloy_runtime::ErrorKind;
use alloy_tests::server::{Reply, Server};
use expect_test::expect;

use super::{answer, check, error_of, shown};

#[tokio::test]
async fn a_missing_model_error_suggests_a_command_and_similar_models() {
    let server = Server::with_models(
        &["llama3.2:1b", "llama3.1:8b", "qwen3:4b"],
        [Reply::error(404, "model 'llama3.1' not found")],
    );
    let error = answer::<String>().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelNotFound);
    expect![[r#"
        model `llama3.1` is not installed at http://HOST; get it with `ollama pull llama3.1`, or use `llama3.1:8b` or `llama3.2:1b`
          command: answer
          help: Run `ollama pull llama3.1`, or set the model to `llama3.1:8b`; `ollama list` shows what is installed. The command's attribute names the model, and wins over ALLOY_MODEL."#]]
    .assert_eq(&shown(&error));
}

#[tokio::test]
async fn an_unsupported_feature_is_a_capability_error() {
    check::<String>(
        Reply::error(400, "\"llama3.1\" does not support chat"),
        ErrorKind::Capability,
        expect![[r#"
            model `llama3.1` does not support chat
              command: answer
              help: Use a model that supports it: `ollama show llama3.1` lists the capabilities of this one."#]],
    )
    .await;
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_a_context_overflow() {
    check::<String>(
        Reply::error(400, "the input length exceeds the context length"),
        ErrorKind::ContextOverflow,
        expect![[r#"
            the prompt is longer than the context of model `llama3.1`: the input length exceeds the context length
              command: answer
              help: Shorten the prompt, or enlarge the context: `.option("num_ctx", 16384)` or `options(num_ctx = 16384)` on the native route, OLLAMA_CONTEXT_LENGTH on the server for both. `ollama show llama3.1` shows the model's limit."#]],
    )
    .await;
}

#[tokio::test]
async fn too_little_memory_is_an_out_of_memory_error() {
    check::<String>(
        Reply::error(
            500,
            "model requires more system memory (8.0 GiB) than is available (3.1 GiB)",
        ),
        ErrorKind::OutOfMemory,
        expect![[r#"
            the server has too little memory for model `llama3.1`: model requires more system memory (8.0 GiB) than is available (3.1 GiB)
              command: answer
              help: Use a smaller model or a smaller quantisation, or free memory: `ollama ps` shows what is loaded and `ollama stop NAME` unloads it."#]],
    )
    .await;
}

#[tokio::test]
async fn a_terminated_runner_is_a_model_load_error() {
    check::<String>(
        Reply::error(500, "llama runner process has terminated: exit status 2"),
        ErrorKind::ModelLoad,
        expect![[r#"
            model `llama3.1` failed to start on the server: llama runner process has terminated: exit status 2
              command: answer
              help: Look for the reason in the server's log: a graphics driver, a damaged file, or a server too old for the model. `ollama run llama3.1` tries the model alone."#]],
    )
    .await;
}

#[tokio::test]
async fn a_busy_server_is_overloaded() {
    check::<String>(
        Reply::error(503, "server busy, please try again.  maximum pending requests exceeded"),
        ErrorKind::Overloaded,
        expect![[r#"
            the server at http://HOST is too busy (status 503): server busy, please try again.  maximum pending requests exceeded
              requests: 3
              command: answer
              help: Send fewer commands at a time, or try again later. OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE on the server set how many it accepts."#]],
    )
    .await;
}

#[tokio::test]
async fn a_rejected_key_is_unauthorized() {
    check::<String>(
        Reply::error(401, "unauthorized"),
        ErrorKind::Unauthorized,
        expect![[r#"
            the server at http://HOST wants a key, and none is set (status 401): unauthorized
              command: answer
              help: Set OLLAMA_API_KEY to a key that the server accepts."#]],
    )
    .await;
}

#[tokio::test]
async fn other_errors_report_status_and_text() {
    check::<String>(
        Reply::error(500, "option \"temperature\" must be of type float32"),
        ErrorKind::Server,
        expect![[r#"
            the server answered with status 500: option "temperature" must be of type float32
              command: answer
              help: The text is the server's own message; its log has more."#]],
    )
    .await;
}

// Servers before 0.12.6 send errors with status 200.
#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let error = error_of::<String>(Reply::error(
        200,
        "the input length exceeds the context length",
    ))
    .await;
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
}

#[tokio::test]
async fn server_text_is_truncated_and_has_no_control_characters() {
    let error = error_of::<String>(Reply::error(
        500,
        &format!("\u{1b}[31mred\n{}", "x".repeat(900)),
    ))
    .await;
    let text = error.to_string();
    assert!(!text.contains(['\u{1b}', '\n']), "{text:?}");
    assert!(text.len() < 300 && text.ends_with('…'), "{text}");
}

#[tokio::test]
async fn deeply_nested_errors_stay_short() {
    let mut nested = String::from("\"x\"");
    for _ in 0..12 {
        nested = serde_json::to_string(&format!("{{\"error\":{nested}}}")).unwrap();
    }
    let body = format!("{{\"error\":{nested}}}");
    let error = error_of::<String>(Reply::body(500, "application/json", body)).await;
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().len() < 400, "{error}");
}
