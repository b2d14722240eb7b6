//! Examples of settings, their sources and the route that a model's name selects.

use alloy_tests::server::{Reply, Said, Server};
use expect_test::expect;

use super::{example, stdout};

#[test]
fn configure() {
    let server = Server::start([Reply::answer("Banana")]);
    let mut program = example("configure", "ollama:llama3.1", &server);
    program.env("ALLOY_MAX_TOKENS", "500");
    let printed = stdout(program).replace(&server.host(), "HOST");
    expect![[r#"
        model                         ollama:llama3.1  (environment)
        system                        "You are a greengrocer."  (call)
        temperature                   0  (attribute)
        max_tokens                    40  (scope)
        retry                         1  (default)
        auto_finalize_missing_output  true  (default)
        timeout                       2m  (process)
        connect_timeout               10s  (default)
        idle_timeout                  5m  (default)
        max_concurrency               100  (default)
        max_tool_turns                10  (default)
        parallel_tools_max            8  (default)
        schema_in_prompt              true  (default)
        text_tool_calls               true  (default)
        host                          http://HOST  (environment)
        record_content                false  (default)
        backend                       real  (default)
        options.num_ctx               2048  (scope)
        options.seed                  7  (process)

        Banana
    "#]]
    .assert_eq(&printed);
    let options = &server.request().json()["options"];
    assert_eq!(
        (&options["num_ctx"], &options["num_predict"]),
        (&2048.into(), &40.into())
    );
}

#[test]
fn gpt_oss() {
    let check = |model: &str, extra: &str, expected: &str| {
        let said = Said::new(r#"{"name":"Jason","age":25}"#).thinking("A name and an age.");
        let server = Server::start([Reply::said(&said)]);
        let mut program = example("gpt_oss", model, &server);
        program.env("ALLOY_EXTRA_JSON", extra);
        let user = "User { name: \"Jason\", age: 25 }";
        assert_eq!(stdout(program), format!("{user}\n{expected}"), "{model}");
    };
    check(
        "ollama:gpt-oss:20b",
        "",
        "gpt-oss:20b by openai_chat: the model's name contains `gpt-oss`\n\
         it thought: A name and an age.\n\
         warning: `num_ctx` was not sent: openai_chat does not support it; set OLLAMA_CONTEXT_LENGTH on the server, or use the native route\n",
    );
    check(
        "ollama:gpt-oss:20b",
        r#"{"ollama_api": "native"}"#,
        "gpt-oss:20b by native: `ollama_api` is set in ALLOY_EXTRA_JSON\n\
         it thought: A name and an age.\n",
    );
}
