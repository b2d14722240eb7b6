//! Tool calls that a model wrote into its text.

use std::fmt::Write as _;

use alloy_runtime::{ToolStatus, Warning, command, tool};
use alloy_tests::server::{Reply, Said, Server};
use serde_json::{Value, json};

use super::{add, tool_messages};
use crate::ROUTES;

#[command("Add", model = "m", tools(add))]
async fn text() -> String;

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Sum {
    name: String,
    total: i64,
}

#[command("Add", model = "m", tools(add))]
async fn typed() -> Sum;

/// Looks like an answer that names a tool.
#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Plan {
    name: String,
    arguments: Value,
}

#[command("Plan", model = "m", tools(add))]
async fn plan() -> Plan;

const CALL: &str = r#"{"name":"add","parameters":{"a":1,"b":2}}"#;
const SUM: &str = r#"{"name":"sum","total":3}"#;

fn forms() -> [String; 11] {
    [
        CALL.to_owned(),
        format!("```json\n{CALL}\n```"),
        format!("<tool_call>\n{CALL}\n</tool_call>"),
        format!("[TOOL_CALLS][{CALL}]"),
        format!("<|python_tag|>{CALL}"),
        r#"[TOOL_CALLS]add[CALL_ID]x[ARGS]{"a":1,"b":2}"#.to_owned(),
        "<|channel|>analysis<|message|>I add.<|end|><|start|>assistant<|channel|>commentary \
         to=functions.add <|constrain|>json<|message|>{\"a\":1,\"b\":2}<|call|>"
            .to_owned(),
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\":1,\"b\":2}\
         <｜tool▁call▁end｜><｜tool▁calls▁end｜>"
            .to_owned(),
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0<|tool_call_argument_begin|>\
         {\"a\":1,\"b\":2}<|tool_call_end|><|tool_calls_section_end|>"
            .to_owned(),
        format!("<|START_ACTION|>[{}]<|END_ACTION|>", CALL.replace("name", "tool_name")),
        format!("<think>I add.</think>\n{CALL}"),
    ]
}

#[tokio::test]
async fn a_call_in_the_text_is_run() {
    for api in ROUTES {
        for call in forms() {
            let server = Server::start([Reply::answer(&call), Reply::answer("It is 3.")]);
            let outcome = text().api(api).host(server.host()).outcome().await.unwrap();
            assert_eq!(outcome.value, "It is 3.", "{call}");
            assert_eq!(tool_messages(&server), ["3"], "{call}");
            let warnings: Vec<_> = outcome.warnings.iter().collect();
            assert!(
                matches!(warnings[..], [Warning::TextToolCall { .. }]),
                "{warnings:?}"
            );
            // The server gets the call back as a call.
            let sent = server.requests()[1].json();
            let messages = sent["messages"].as_array().unwrap();
            assert_eq!(messages[1]["content"], "");
            assert_eq!(messages[1]["tool_calls"][0]["function"]["name"], "add");

            let server =
                Server::start([Reply::answer(&call), Reply::answer("3"), Reply::answer(SUM)]);
            let outcome = typed()
                .api(api)
                .host(server.host())
                .outcome()
                .await
                .unwrap();
            assert_eq!(
                (outcome.value.total, outcome.tool_results.len()),
                (3, 1),
                "{call}"
            );
        }
    }
}

#[tokio::test]
async fn a_text_that_may_be_the_answer_stays_the_answer() {
    let answers = [
        format!("I would call {CALL}"),
        format!("{CALL} is the call."),
        r#"{"name":"Ann","parameters":{"a":1}}"#.to_owned(),
        r#"{"name":"add","parameters":{"a":1,"b":2},"note":"as asked"}"#.to_owned(),
        "Use <tool_call> around a call.".to_owned(),
    ];
    for answer in answers {
        let server = Server::start([Reply::answer(&answer)]);
        let outcome = text().host(server.host()).outcome().await.unwrap();
        assert_eq!(outcome.value, answer);
        assert!(outcome.warnings.is_empty());
    }
    // A typed value that reads without a repair.
    let value = r#"{"name":"add","arguments":{"a":1,"b":2}}"#;
    let server = Server::start([Reply::answer(value)]);
    let outcome = plan().host(server.host()).outcome().await.unwrap();
    assert_eq!(
        (outcome.value.name.as_str(), outcome.tool_results.len()),
        ("add", 0)
    );
    // The setting turns it off.
    let server = Server::start([Reply::answer(CALL)]);
    let outcome = text()
        .text_tool_calls(false)
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.value, CALL);
}

#[tokio::test]
async fn a_call_in_the_final_turn_or_a_truncated_one_is_not_run() {
    // Tools are not offered any more.
    let server = Server::start([Reply::answer("3"), Reply::answer(CALL), Reply::answer(SUM)]);
    let outcome = typed()
        .retry(2)
        .host(server.host())
        .outcome()
        .await
        .unwrap();
    assert_eq!((outcome.value.total, outcome.tool_results.len()), (3, 0));
    // The limit may have cut a path.
    let server = Server::start([Reply::said(&Said::new(CALL).cut())]);
    let error = text().host(server.host()).await.unwrap_err();
    assert_eq!(error.kind(), alloy_runtime::ErrorKind::Truncated);
    // A call in the thinking is a thought.
    let thought = Said::new("It is 3.").thinking(CALL);
    let server = Server::start([Reply::said(&thought)]);
    assert_eq!(text().host(server.host()).await.unwrap(), "It is 3.");
}

#[tokio::test]
async fn a_call_that_does_not_fit_counts_as_a_tool_turn() {
    let check = async |call: &str, status: ToolStatus, told: &str| {
        for api in ROUTES {
            let server = Server::start([
                Reply::answer(call),
                Reply::answer(CALL),
                Reply::answer("It is 3."),
            ]);
            let outcome = text().api(api).host(server.host()).outcome().await.unwrap();
            assert_eq!(outcome.value, "It is 3.");
            let [first, second] = outcome.tool_results.as_slice() else {
                panic!("{call}: {:?}", outcome.tool_results);
            };
            assert_eq!((first.status, first.turn), (status, 1), "{call}");
            assert!(first.content.contains(told), "{call}: {}", first.content);
            assert_eq!((second.content.as_str(), second.turn), ("3", 2));
            // The tools are offered in each turn.
            for request in server.requests() {
                assert!(request.json()["tools"].is_array());
            }
        }
    };
    let invalid = ToolStatus::InvalidArguments;
    check(
        r#"{"name":"add","arguments":{"a":1}}"#,
        invalid,
        "missing field `b`",
    )
    .await;
    check(
        r#"<tool_call>{"name":"add","arguments":{"a":1,}</tool_call>"#,
        invalid,
        "not JSON",
    )
    .await;
    check(
        r#"<tool_call>{"name":"sub","arguments":{}}</tool_call>"#,
        ToolStatus::UnknownTool,
        "There is no tool named \"sub\"",
    )
    .await;
    check(
        "<tool_call>add(1, 2)</tool_call>",
        ToolStatus::UnknownTool,
        "There is no tool named \"\"",
    )
    .await;
}

/// Deletes files, or only says which.
#[tool]
fn delete(path: &str, #[tool(default = true)] dry_run: bool) -> String {
    format!("{path} {dry_run}")
}

#[command("Delete", model = "m", tools(delete))]
async fn clean() -> String;

// The default would act in the place of the argument that was meant.
#[tokio::test]
async fn an_unknown_argument_is_reported_and_the_tool_does_not_run() {
    for (name, told) in [
        (
            "dryRun",
            "dryRun: there is no parameter of this name; did you mean `dry_run`?.",
        ),
        (
            "dry-run",
            "dry-run: there is no parameter of this name; did you mean `dry_run`?.",
        ),
        (
            "recursive",
            "recursive: there is no parameter of this name; the parameters are `path`, `dry_run`.",
        ),
    ] {
        for api in ROUTES {
            let mut arguments = json!({"path": "/x"});
            arguments[name] = json!(false);
            let call = Said::call("delete", arguments);
            let server = Server::start([Reply::said(&call), Reply::answer("Done")]);
            clean().api(api).host(server.host()).await.unwrap();
            assert_eq!(
                tool_messages(&server),
                [format!("The arguments were not accepted: {told}")]
            );
        }
    }
}

// A list is read by position in the place of a struct by serde, at any depth.
#[tokio::test]
async fn a_list_is_not_read_for_a_struct() {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    struct Owner {
        first: String,
        last: String,
    }
    /// Greets somebody.
    #[tool]
    fn greet(owner: Owner) -> String {
        format!("{} {}", owner.first, owner.last)
    }
    #[command("Greet", model = "m", tools(greet))]
    async fn hello() -> String;
    for (owner, told) in [
        (
            json!(["Lee", "Kim"]),
            "The arguments were not accepted: owner: expected an object, found a list.",
        ),
        (json!({"first": "Lee", "last": "Kim"}), "Lee Kim"),
        (json!("{\"first\": \"Lee\", \"last\": \"Kim\"}"), "Lee Kim"),
    ] {
        let call = Said::call("greet", json!({ "owner": owner }));
        let server = Server::start([Reply::said(&call), Reply::answer("Hi")]);
        hello().host(server.host()).await.unwrap();
        assert_eq!(tool_messages(&server), [told], "{owner}");
    }
}

/// A tree of names.
#[derive(Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

/// Counts the names of a tree.
#[tool]
fn count(tree: Tree) -> usize {
    fn size(tree: &Tree) -> usize {
        1 + tree.children.iter().map(size).sum::<usize>()
    }
    size(&tree)
}

#[command("Count", model = "m", tools(count))]
async fn names() -> String;

#[tokio::test]
async fn a_parameter_may_contain_itself() {
    let tree = json!({"name": "a", "children": [{"name": "b", "children": []}]});
    for api in ROUTES {
        let call = Said::call("count", json!({ "tree": tree }));
        let server = Server::start([Reply::said(&call), Reply::answer("2")]);
        names().api(api).host(server.host()).await.unwrap();
        assert_eq!(tool_messages(&server), ["2"]);
    }
}

/// A change of a file.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "shown")]
enum Change {
    Delete {
        path: String,
        #[serde(default = "yes")]
        dry_run: bool,
    },
    Rename {
        from: String,
        to: String,
    },
}

fn yes() -> bool {
    true
}

/// Changes files.
#[tool]
fn change(change: Change, #[tool(default = None)] pair: Option<(u8, Options)>) -> String {
    format!("{change:?} {pair:?}")
}

/// Options of a change.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "shown")]
struct Options {
    #[serde(default = "yes")]
    dry_run: bool,
    #[serde(default)]
    note: String,
}

#[command("Change", model = "m", tools(change))]
async fn changes() -> String;

// The default would act in the place of the field that was meant, in whatever the field is.
#[tokio::test]
async fn an_unknown_name_inside_an_argument_is_reported() {
    let near =
        |path: &str| format!("{path}: there is no parameter of this name; did you mean `dry_run`?");
    let wrong = json!({"kind": "Delete", "path": "/x", "dryRun": false});
    let right = json!({"kind": "Delete", "path": "/x", "dry_run": false});
    for (arguments, told) in [
        (json!({ "change": wrong }), near("change.dryRun")),
        (
            json!({ "change": wrong.to_string() }),
            near("change.dryRun"),
        ),
        (
            json!({"change": right, "pair": [1, {"dryRun": false}]}),
            near("pair[1].dryRun"),
        ),
        (
            json!({"change": right, "pair": [1, "{\"dryRun\": false}"]}),
            near("pair[1].dryRun"),
        ),
        (
            json!({"change": wrong, "pair": ["x", {"dryRun": false}], "other": 1}),
            format!(
                "{}; other: there is no parameter of this name; the parameters are `change`, `pair`; {}; pair[0]: \
                 expected an integer, found \"x\"",
                near("change.dryRun"),
                near("pair[1].dryRun")
            ),
        ),
    ] {
        for api in ROUTES {
            let call = Said::call("change", arguments.clone());
            let server = Server::start([Reply::said(&call), Reply::answer("Done")]);
            changes().api(api).host(server.host()).await.unwrap();
            let message = &tool_messages(&server)[0];
            let mut parts: Vec<&str> = message
                .strip_prefix("The arguments were not accepted: ")
                .and_then(|told| told.strip_suffix('.'))
                .unwrap_or(message)
                .split("; ")
                .collect();
            let mut expected: Vec<&str> = told.split("; ").collect();
            parts.sort_unstable();
            expected.sort_unstable();
            assert_eq!(parts, expected, "{arguments}");
        }
    }
    let server = Server::start([
        Reply::said(&Said::call(
            "change",
            json!({ "change": right.to_string() }),
        )),
        Reply::answer("Done"),
    ]);
    changes().host(server.host()).await.unwrap();
    let done = r#"Delete { path: "/x", dry_run: false } None"#;
    assert_eq!(tool_messages(&server), [done]);
}

// A default would act in the place of arguments that stand elsewhere.
#[tokio::test]
async fn arguments_are_read_wherever_a_server_puts_them() {
    let given = json!({"path": "/x", "dry_run": false});
    for call in [
        json!({"function": {"name": "delete"}, "arguments": given}),
        json!({"function": {"name": "delete", "arguments": {}}, "parameters": given}),
        json!({"function": {"name": "delete", "params": given}}),
        json!({"function": {"name": "delete", "arguments": [], "parameters": given}}),
        json!({"function": {"name": "delete", "arguments": "[]", "parameters": given.to_string()}}),
        json!({"name": "delete", "input": given}),
    ] {
        for api in ROUTES {
            let message = json!({"role": "assistant", "content": "", "tool_calls": [call]});
            let reply = match api {
                alloy_runtime::Api::Native => {
                    json!({"message": message, "done": true, "done_reason": "stop"})
                }
                _ => json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]}),
            };
            let server = Server::start([Reply::json(200, &reply), Reply::answer("Done")]);
            clean().api(api).host(server.host()).await.unwrap();
            assert_eq!(tool_messages(&server), ["/x false"], "{call}");
        }
    }
}

#[tokio::test]
async fn a_map_in_the_arguments_whose_keys_are_no_text_is_a_configuration_error() {
    #[derive(Debug, PartialEq, Eq, Hash, serde::Deserialize, schemars::JsonSchema)]
    struct Point {
        x: u8,
    }
    /// Draws points.
    #[tool]
    fn draw(name: &str, cells: std::collections::HashMap<Point, u32>) -> String {
        format!("{name} {cells:?}")
    }
    #[command("Draw", model = "m", tools(draw))]
    async fn picture() -> String;
    let error = picture().preview().unwrap_err();
    assert_eq!(error.kind(), alloy_runtime::ErrorKind::Configuration);
    assert!(
        error
            .to_string()
            .contains("no model can call the tool `draw`"),
        "{error}"
    );
    assert!(
        error.to_string().contains("struct Point as its key"),
        "{error}"
    );
    let server = Server::start([]);
    assert_eq!(
        picture().host(server.host()).await.unwrap_err().requests(),
        0
    );
}

#[tokio::test]
async fn a_number_too_large_for_a_float_is_told() {
    /// Scales a picture.
    #[tool]
    fn scale(by: f32, steps: Vec<u8>) -> String {
        format!("{by} {steps:?}")
    }
    #[command("Scale", model = "m", tools(scale))]
    async fn picture() -> String;
    for (arguments, told) in [
        (
            json!({"by": 1e39, "steps": []}),
            "The arguments were not accepted: by: expected a number that fits `f32`, found 1e+39.",
        ),
        // A list as text.
        (json!({"by": 2.5, "steps": "[1, 2]"}), "2.5 [1, 2]"),
        (json!({"by": "2.5", "steps": "\"[1, 2]\""}), "2.5 [1, 2]"),
    ] {
        for api in ROUTES {
            let call = Said::call("scale", arguments.clone());
            let server = Server::start([Reply::said(&call), Reply::answer("Done")]);
            picture().api(api).host(server.host()).await.unwrap();
            assert_eq!(tool_messages(&server), [told], "{arguments}");
        }
    }
}

// Each form of a stream of calls, as the reply to a request that was not streamed: the default of `dry_run` is true.
#[tokio::test]
async fn the_parts_of_a_streamed_call_are_one_call() {
    let call = |call: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    let part =
        |index: u8, text: &str| call(json!({"index": index, "function": {"arguments": text}}));
    let begin = |index: u8| {
        call(
            json!({"index": index, "id": format!("c{index}"), "function": {"name": "delete", "arguments": ""}}),
        )
    };
    let legacy = |call: Value| json!({"choices": [{"delta": {"function_call": call}}]});
    let (first, second) = (r#"{"path":"/x","#, r#""dry_run":false}"#);
    let whole = &format!("{first}{second}");
    let streams = [
        vec![begin(0), part(0, first), part(0, second)],
        vec![begin(0), begin(1), part(0, whole), part(1, whole)],
        vec![
            legacy(json!({"name": "delete", "arguments": ""})),
            legacy(json!({"arguments": first})),
            legacy(json!({"arguments": second})),
        ],
        vec![
            begin(0),
            call(json!({"id": "c0", "function": {"arguments": whole}})),
        ],
        vec![begin(0), call(json!({"function": {"arguments": whole}}))],
        vec![
            begin(0),
            part(0, whole),
            call(
                json!({"index": 0, "id": "c0", "function": {"name": "delete", "arguments": whole}}),
            ),
        ],
        vec![
            call(json!({"index": 0, "id": "c0", "function": {"name": "del", "arguments": ""}})),
            call(json!({"index": 0, "function": {"name": "ete", "arguments": whole}})),
        ],
    ];
    for objects in streams {
        let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]});
        let mut events = String::new();
        for object in objects.iter().chain([&end]) {
            writeln!(
                events,
                "data: {object}
"
            )
            .unwrap();
        }
        let reply = Reply::body(200, "text/event-stream", events + "data: [DONE]\n\n");
        let server = Server::start([reply, Reply::answer("Done")]);
        let command = clean().api(alloy_runtime::Api::OpenaiChat);
        command.host(server.host()).await.unwrap();
        let told = tool_messages(&server);
        assert!(
            told.iter().all(|told| told == "/x false"),
            "{objects:?}: {told:?}"
        );
        assert!(!told.is_empty());
    }
}
