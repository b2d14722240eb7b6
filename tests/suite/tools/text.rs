//! Tool calls that a model wrote into its text.

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

fn forms() -> [String; 6] {
    [
        CALL.to_owned(),
        format!("```json\n{CALL}\n```"),
        format!("<tool_call>\n{CALL}\n</tool_call>"),
        format!("[TOOL_CALLS][{CALL}]"),
        format!("<|python_tag|>{CALL}"),
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
