//! Tool calls and the messages that are sent back, on both routes.

use alloy_runtime::{Api, ErrorKind, Message, Role, ToolStatus, ask, command};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

use super::{add, arguments, messages, tool_messages};
use crate::ROUTES;

#[command("What is {a} plus {b}?", model = "ollama:llama3.1", tools(add))]
async fn sum(a: i64, b: i64) -> String;

// T2: a result names its call by name on the native route, and by id where the server gives one; on `openai_chat` by
// id. The model's thinking is sent back with its calls.
#[tokio::test]
async fn tool_results_are_sent_back() {
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call("add", arguments(17, 25)).thinking("Adding.")),
            Reply::answer("The result is 42."),
        ]);
        let command = sum(17, 25).api(api).host(server.host());
        let outcome = command.outcome().await.unwrap();
        assert_eq!(outcome.value, "The result is 42.");
        let [first, second] = server.requests().try_into().unwrap();
        assert_eq!(first.json()["tools"], second.json()["tools"]);
        let expected = match api {
            Api::OpenaiChat => json!([
                {"role": "user", "content": "What is 17 plus 25?"},
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning": "Adding.",
                    "tool_calls": [{
                        "id": "call_add0",
                        "type": "function",
                        "function": {"name": "add", "arguments": "{\"a\":17,\"b\":25}"},
                    }],
                },
                {"role": "tool", "content": "42", "tool_call_id": "call_add0"},
            ]),
            _ => json!([
                {"role": "user", "content": "What is 17 plus 25?"},
                {
                    "role": "assistant",
                    "content": "",
                    "thinking": "Adding.",
                    "tool_calls": [{
                        "id": "call_add0",
                        "function": {"name": "add", "arguments": {"a": 17, "b": 25}},
                    }],
                },
                {"role": "tool", "content": "42", "tool_name": "add", "tool_call_id": "call_add0"},
            ]),
        };
        assert_eq!(Value::Array(messages(&second)), expected);

        let [result] = outcome.tool_results.try_into().unwrap();
        assert_eq!((result.turn, &*result.name), (1, "add"));
        assert_eq!(result.arguments, arguments(17, 25));
        assert_eq!(
            (&*result.content, result.status),
            ("42", ToolStatus::Succeeded)
        );
        assert_eq!((outcome.attempts, outcome.requests), (1, 2));
        assert_eq!(outcome.usage.prompt_tokens, Some(134));
        let roles: Vec<Role> = outcome
            .messages
            .iter()
            .map(|message| message.role)
            .collect();
        assert_eq!(
            roles,
            [Role::User, Role::Assistant, Role::Tool, Role::Assistant]
        );
    }
}

// T2: servers before 0.12.10 send no ids.
#[tokio::test]
async fn calls_without_ids_are_answered_by_name() {
    let server = Server::start([
        Reply::said(&Said::call("add", arguments(1, 2)).without_ids()),
        Reply::answer("3"),
    ]);
    sum(1, 2).host(server.host()).await.unwrap();
    let sent = messages(&server.requests()[1]);
    let call = json!({"function": {"name": "add", "arguments": {"a": 1, "b": 2}}});
    assert_eq!(sent[1]["tool_calls"], json!([call]));
    assert_eq!(
        sent[2],
        json!({"role": "tool", "content": "3", "tool_name": "add"})
    );
}

// T2: the messages continue in the next command, after a round trip through JSON, and on the other route.
#[tokio::test]
async fn a_conversation_with_tools_can_be_continued() {
    for (api, other) in [(ROUTES[0], ROUTES[1]), (ROUTES[1], ROUTES[0])] {
        let script = [
            Reply::said(
                &Said::call("add", arguments(1, 2))
                    .calling("add", arguments(3, 4))
                    .without_ids(),
            ),
            Reply::answer("3 and 7"),
            Reply::answer("You are welcome."),
        ];
        let server = Server::start(script);
        let outcome = sum(1, 2)
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        let stored = serde_json::to_string(&outcome.messages).unwrap();
        let history: Vec<Message> = serde_json::from_str(&stored).unwrap();
        assert_eq!(history, outcome.messages);
        let next = ask("Thanks").model("m").history(history).api(other);
        assert_eq!(next.host(server.host()).await.unwrap(), "You are welcome.");
        let sent = messages(&server.requests()[2]);
        assert_eq!(sent.len(), 6);
        let contents: Vec<_> = sent
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        assert_eq!(
            contents,
            ["What is 1 plus 2?", "", "3", "7", "3 and 7", "Thanks"]
        );
    }
}

// T2: several turns, and several calls in one turn, each with its text.
#[tokio::test]
async fn several_turns_run_in_order() {
    for api in ROUTES {
        let server = Server::start([
            Reply::said(
                &Said::new("First the sums.")
                    .calling("add", arguments(1, 2))
                    .calling("add", arguments(3, 4)),
            ),
            Reply::said(&Said::call("add", arguments(3, 7))),
            Reply::answer("10"),
        ]);
        let outcome = sum(1, 2)
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!(outcome.value, "10");
        let turns: Vec<_> = outcome
            .tool_results
            .iter()
            .map(|one| (one.turn, &*one.content))
            .collect();
        assert_eq!(turns, [(1, "3"), (1, "7"), (2, "10")]);
        let contents: Vec<_> = outcome
            .messages
            .iter()
            .map(|message| &*message.content)
            .collect();
        assert_eq!(
            contents,
            [
                "What is 1 plus 2?",
                "First the sums.",
                "3",
                "7",
                "",
                "10",
                "10"
            ]
        );
    }
}

// T4: the model reads each problem in words it can act on, and the loop continues.
#[tokio::test]
async fn invalid_calls_are_reported_to_the_model() {
    let check = async |call: Said, status: ToolStatus, expected: &str| {
        for api in ROUTES {
            let server = Server::start([Reply::said(&call), Reply::answer("I see.")]);
            let outcome = sum(1, 2)
                .api(api)
                .host(server.host())
                .outcome()
                .await
                .unwrap();
            assert_eq!(outcome.value, "I see.");
            assert_eq!(tool_messages(&server), [expected]);
            assert_eq!(outcome.tool_results[0].status, status, "{expected}");
            assert_eq!(outcome.tool_results[0].content, expected);
        }
    };
    let refused = ToolStatus::InvalidArguments;
    let call = |arguments| Said::call("add", arguments);
    check(
        Said::call("sum", json!({})),
        ToolStatus::UnknownTool,
        "There is no tool named \"sum\". Tools: add.",
    )
    .await;
    check(
        call(json!({"a": 1, "b": "two"})),
        refused,
        "The arguments were not accepted: b: expected an integer, found \"two\".",
    )
    .await;
    check(
        call(json!({"a": 1})),
        refused,
        "The arguments were not accepted: missing field `b`.",
    )
    .await;
    check(
        call(json!({})),
        refused,
        "The arguments were not accepted: the object has none of the fields `a`, `b`.",
    )
    .await;
    check(
        call(json!({"a": 1, "b": null})),
        refused,
        "The arguments were not accepted: b: expected an integer, found null.",
    )
    .await;
    check(
        call(json!("{\"a\": 1, \"b\"")),
        refused,
        "The arguments were not accepted: not JSON: EOF while parsing an object at line 1 column 12, in \"{\\\"a\\\": 1, \\\"b\\\"\".",
    )
    .await;
    check(
        call(json!("[1, 2]")),
        refused,
        "The arguments were not accepted: expected an object, found a list.",
    )
    .await;
}

// Arguments are coerced like answers.
#[tokio::test]
async fn arguments_are_coerced_like_answers() {
    let given = [
        json!({"a": "1", "b": 2.0}),
        json!({"a": 1, "b": 2, "c": null}),
        json!("\"{\\\"a\\\": 1, \\\"b\\\": 2}\""),
        json!("```json\n{\"a\": 1, \"b\": 2}\n```"),
    ];
    for api in ROUTES {
        for arguments in &given {
            let server = Server::start([
                Reply::said(&Said::call("add", arguments.clone())),
                Reply::answer("3"),
            ]);
            sum(1, 2).api(api).host(server.host()).await.unwrap();
            assert_eq!(tool_messages(&server), ["3"], "{arguments}");
        }
    }
}

// A command without tools ignores tool calls.
#[tokio::test]
async fn calls_without_tools_are_ignored() {
    for api in ROUTES {
        let call = Reply::said(&Said::call("add", arguments(1, 2)));
        let server = Server::start([call.clone(), call]);
        let plain = ask("Go").model("m").api(api).host(server.host());
        assert_eq!(plain.await.unwrap_err().kind(), ErrorKind::Empty);

        let beside = Said::new("Hello").calling("add", arguments(1, 2));
        let server = Server::start([Reply::said(&beside)]);
        let plain = ask("Go").model("m").api(api).host(server.host());
        assert_eq!(plain.await.unwrap(), "Hello");
    }
}

// Too many calls in one reply, or calls in an unusual format.
#[tokio::test]
async fn unusual_calls_are_handled() {
    let mut many = Said::new("");
    for _ in 0..129 {
        many = many.calling("add", arguments(1, 2));
    }
    for api in ROUTES {
        let server = Server::start([Reply::said(&many)]);
        let error = sum(1, 2).api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(
            error.to_string().contains("more than 128 tool calls"),
            "{error}"
        );
    }
    let message = json!({"role": "assistant", "content": null, "tool_calls": [{}, {"id": "", "function": {"name": "add"}}]});
    let reply = json!({"message": message, "done": true, "done_reason": "stop"});
    let server = Server::start([Reply::json(200, &reply), Reply::answer("Well.")]);
    assert_eq!(sum(1, 2).host(server.host()).await.unwrap(), "Well.");
    assert_eq!(
        tool_messages(&server),
        [
            "There is no tool named \"\". Tools: add.",
            "The arguments were not accepted: the object has none of the fields `a`, `b`.",
        ]
    );
    let message = json!({"role": "assistant", "content": "", "tool_calls": null});
    let reply = json!({"message": message, "done": true, "done_reason": "stop"});
    let server = Server::start([Reply::json(200, &reply), Reply::answer("Well.")]);
    assert_eq!(sum(1, 2).host(server.host()).await.unwrap(), "Well.");
    let message = json!({"role": "assistant", "content": "", "tool_calls": "add(1, 2)"});
    let reply = json!({"message": message, "done": true, "done_reason": "stop"});
    let server = Server::start([Reply::json(200, &reply)]);
    let command = sum(1, 2).auto_finalize_missing_output(false);
    let error = command.host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Empty);
    // A command without tools returns the answer, whatever `tool_calls` contains.
    for calls in [
        json!([null, 1, {"id": 5, "function": null}, {"function": {"name": null}}]),
        json!({"a": 1}),
        json!(false),
    ] {
        let message = json!({"role": "assistant", "content": "Hello", "tool_calls": calls});
        let reply = json!({"message": message, "done": true, "done_reason": "stop"});
        let server = Server::start([Reply::json(200, &reply)]);
        let plain = ask("Go").model("m").host(server.host());
        assert_eq!(plain.await.unwrap(), "Hello");
    }
}

// The server may have completed a truncated call: the client must not run it.
#[tokio::test]
async fn calls_of_a_truncated_reply_are_not_run() {
    for api in ROUTES {
        let message = json!({"role": "assistant", "content": "I", "tool_calls": [{"id": "a", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}]});
        let native = json!({"message": message, "done": true, "done_reason": "length"});
        let choice = json!({"index": 0, "message": message, "finish_reason": "length"});
        let reply = match api {
            Api::OpenaiChat => json!({ "choices": [choice] }),
            _ => native,
        };
        let server = Server::start([Reply::json(200, &reply)]);
        let error = sum(1, 2).api(api).host(server.host()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Truncated);
        assert_eq!((error.tool_turns(), error.partial_text()), (0, Some("I")));
    }
}

// JSON in a sentence may be an answer, but is not a call to run.
#[tokio::test]
async fn arguments_in_a_sentence_are_rejected() {
    for text in [
        "I will not call it with {\"a\": 1, \"b\": 2} as you said",
        "{\"a\": 1, \"b\": 2}}",
        "<think>{\"a\": 3, \"b\": 4}</think>{\"a\": 1, \"b\": 2}",
    ] {
        for api in ROUTES {
            let server = Server::start([
                Reply::said(&Said::call("add", json!(text))),
                Reply::answer("Well."),
            ]);
            let outcome = sum(1, 2).api(api).host(server.host()).outcome().await;
            let result = &outcome.unwrap().tool_results[0];
            assert_eq!(result.status, ToolStatus::InvalidArguments, "{text}");
        }
    }
}

// The model reads its call with the arguments that were extracted.
#[tokio::test]
async fn extracted_arguments_are_sent_back() {
    let server = Server::start([
        Reply::said(&Said::call(
            "add",
            json!("```json\n{\"a\": 1, \"b\": 2}\n```"),
        )),
        Reply::answer("3"),
    ]);
    let command = sum(1, 2).api(Api::OpenaiChat).host(server.host());
    command.await.unwrap();
    let call = &messages(&server.requests()[1])[1]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], "{\"a\":1,\"b\":2}");
}

// A history without its beginning: a result without an id is matched by position and name.
#[tokio::test]
async fn a_trimmed_history_pairs_calls_and_results() {
    let stored = json!([
        {"role": "tool", "content": "stray", "tool_name": "gone"},
        {"role": "assistant", "content": "", "tool_calls": [
            {"name": "add", "arguments": {}},
            {"name": "sub", "arguments": {}},
            {"id": "given", "name": "mul", "arguments": {}},
        ]},
        {"role": "tool", "content": "-1", "tool_name": "sub"},
        {"role": "tool", "content": "6", "tool_name": "mul"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "", "name": "add", "arguments": {}}]},
        {"role": "tool", "content": "3", "tool_name": "add", "tool_call_id": ""},
    ]);
    let history: Vec<Message> = serde_json::from_value(stored).unwrap();
    let command = ask("Go on")
        .model("m")
        .history(history)
        .api(Api::OpenaiChat);
    let body: Value = serde_json::from_str(&command.preview().unwrap().body).unwrap();
    let sent = body["messages"].as_array().unwrap();
    let calls = |at: usize| {
        let calls = sent[at]["tool_calls"].as_array().unwrap().iter();
        calls
            .map(|call| call["id"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(1), ["call_1_1", "call_1_2", "given"]);
    assert_eq!(sent[2]["tool_call_id"], "call_1_2");
    assert_eq!(sent[3]["tool_call_id"], "given");
    assert_eq!(calls(4), ["call_2_1"]);
    assert_eq!(sent[5]["tool_call_id"], "call_2_1");
    assert_eq!(sent[0]["tool_call_id"], "call_0_1");
}

// G12: the server reports a malformed call of the model as status 500, and the request is sent once more.
#[tokio::test]
async fn a_call_that_the_server_could_not_parse_is_retried() {
    for api in ROUTES {
        let failed = || {
            Reply::error(
                500,
                "error parsing tool call: raw='{\"a\":', err=unexpected end of JSON input",
            )
        };
        let server = Server::start([
            failed(),
            Reply::said(&Said::call("add", arguments(1, 2))),
            failed(),
            Reply::answer("3"),
        ]);
        let outcome = sum(1, 2)
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!((outcome.requests, outcome.attempts), (4, 1));
        let server = Server::start([failed(), failed()]);
        let error = sum(1, 2).api(api).host(server.host()).await.unwrap_err();
        assert_eq!((error.kind(), error.requests()), (ErrorKind::Server, 2));
    }
}

// D8
#[tokio::test]
async fn ask_accepts_tools() {
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call("add", arguments(1, 2))),
            Reply::answer("3"),
        ]);
        let command = ask("1 + 2?").model("m").tool(add::tool()).api(api);
        assert_eq!(command.host(server.host()).await.unwrap(), "3");
    }
}

// An empty answer after tool turns is re-asked once, without tools.
#[tokio::test]
async fn a_missing_text_is_reasked_without_tools() {
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call("add", arguments(1, 2))),
            Reply::answer(""),
            Reply::answer("3"),
        ]);
        assert_eq!(sum(1, 2).api(api).host(server.host()).await.unwrap(), "3");
        let last = &server.requests()[2].json();
        assert_eq!(last["tools"], Value::Null);
        let sent = last["messages"].as_array().unwrap();
        assert_eq!(
            sent.last().unwrap()["content"],
            "Give the final answer now."
        );
        assert_eq!(sent.len(), 4);
    }
}

// Any conversation survives a round trip through JSON.
#[tokio::test]
async fn deeply_nested_arguments_can_be_stored() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(125), "]".repeat(125));
    for api in ROUTES {
        let server = Server::start([
            Reply::said(&Said::call("add", json!(deep))),
            Reply::answer("Well."),
        ]);
        let outcome = sum(1, 2)
            .api(api)
            .host(server.host())
            .outcome()
            .await
            .unwrap();
        assert_eq!(outcome.tool_results[0].status, ToolStatus::InvalidArguments);
        let stored = serde_json::to_string(&outcome.messages).unwrap();
        let read: Vec<Message> = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, outcome.messages);
    }
}
