//! Examples with tools.

use alloy_tests::server::{Reply, Said, Server};
use serde_json::json;

use super::{example, stdout};

fn call(name: &str, arguments: serde_json::Value) -> Reply {
    Reply::said(&Said::call(name, arguments))
}

#[test]
fn calculator() {
    let server = Server::start([
        call("add", json!({"a": 5, "b": 6})),
        call("multiply", json!({"a": 11, "b": 3})),
        call("divide", json!({"a": 33, "b": 0})),
        Reply::answer("The result is 33."),
    ]);
    assert_eq!(
        stdout(example("calculator", "ollama:llama3.1", &server)),
        "the tool `divide` did not run: b must be above zero\n\
         add {\"a\":5,\"b\":6} -> 11\n\
         multiply {\"a\":11,\"b\":3} -> 33\n\
         divide {\"a\":33,\"b\":0} -> The tool did not run: b must be above zero.\n\
         The result is 33.\n"
    );
}

#[test]
fn lookups() {
    let both = Said::call("get_weather", json!({"city": "Oslo"}));
    let server = Server::start([
        Reply::said(&both.calling("get_weather", json!({"city": "Rome"}))),
        call("get_weather", json!({"city": "Paris"})),
        Reply::answer("Snow in Oslo, rain in Paris."),
    ]);
    let mut program = example("lookups", "ollama:llama3.1", &server);
    program.args(["Oslo", "Rome"]);
    assert_eq!(
        stdout(program),
        "turn 1: {\"city\":\"Oslo\"} -> {\"degrees\":-3,\"sky\":\"snow\"}\n\
         turn 1: {\"city\":\"Rome\"} -> The tool failed: no station in Rome; there are Oslo, Paris and Tbilisi.\n\
         turn 2: {\"city\":\"Paris\"} -> {\"degrees\":9,\"sky\":\"rain\"}\n\
         Snow in Oslo, rain in Paris.\n"
    );
    let prompt = &server.requests()[0].json()["messages"][0]["content"];
    assert_eq!(prompt, "What is the weather in Oslo and Rome?");
}

#[test]
fn workflow() {
    let server = Server::start([
        call("ship", json!({"city": "Oslo"})),
        call("charge", json!({"cents": 1990})),
        call("check_stock", json!({"item": "blue lamp"})),
        call("charge", json!({"cents": 0})),
        call("charge", json!({"cents": 1990})),
        call("ship", json!({"city": "Oslo"})),
        Reply::answer("Your lamp is on its way."),
    ]);
    assert_eq!(
        stdout(example("workflow", "ollama:llama3.1", &server)),
        "RequireFailed: ship -> The tool did not run: call charge first.\n\
         RequireFailed: charge -> The tool did not run: call check_stock first.\n\
         Succeeded: check_stock -> blue lamp is in stock\n\
         RequireFailed: charge -> The tool did not run: the amount must be above zero.\n\
         Succeeded: charge -> charged 1990 cents\n\
         Succeeded: ship -> on its way to Oslo\n\
         Your lamp is on its way.\n\
         shipped: true\n"
    );
}

#[test]
fn triage() {
    let refund = r#"{"reason":"charged twice","amount":19.9}"#;
    let server = Server::start([
        call("refund", json!({"letter": "You charged me twice."})),
        Reply::answer(refund),
        Reply::answer("You get 19.90 back."),
    ]);
    assert_eq!(
        stdout(example("triage", "ollama:llama3.1", &server)),
        format!("refund -> {refund}\nYou get 19.90 back.\n")
    );
    let system = &server.requests()[1].json()["messages"][0]["content"];
    let system = system.as_str().unwrap();
    assert!(system.starts_with("You are an accountant."), "{system}");

    let server = Server::start([call("hand_over", json!({"reason": "a lawyer"}))]);
    let output = example("triage", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with(
            "Error: the tool `hand_over` ended the command\n  \
             cause: a person has to read this: a lawyer\n"
        ),
        "{stderr}"
    );
}

#[test]
fn database() {
    let sql =
        "SELECT sum(cents) AS total FROM orders, customers WHERE customer = id AND name = 'Ann'";
    let server = Server::start([
        call("tables", json!({})),
        call("query", json!({"sql": "DELETE FROM orders"})),
        call("query", json!({"sql": "SELECT price FROM orders"})),
        call("query", json!({ "sql": sql })),
        Reply::answer("Ann spent 139.90."),
        Reply::answer(&json!({"text": "Ann spent 139.90.", "sql": sql}).to_string()),
    ]);
    let printed = stdout(example("database", "ollama:llama3.1", &server));
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("tables {} -> [\"CREATE TABLE customers"),
        "{printed}"
    );
    assert!(
        lines[1].ends_with(" -> The tool did not run: only SELECT statements are allowed."),
        "{printed}"
    );
    assert!(
        lines[2].contains(" -> The tool failed: no such column: price"),
        "{printed}"
    );
    assert!(
        lines[3].ends_with(r#" -> [{"total":"13990"}]"#),
        "{printed}"
    );
    assert_eq!(lines[4..], ["Ann spent 139.90.", &format!("({sql})")]);
}

#[test]
fn self_correct() {
    let answer = |pattern: &str| Reply::answer(&json!({ "pattern": pattern }).to_string());
    let server = Server::start([
        call("try_pattern", json!({"pattern": "^[A-Z"})),
        call("try_pattern", json!({"pattern": "^[A-Z]+-[0-9]+$"})),
        answer("^[A-Z]+$"),
        answer("^[A-Z]{2}-[0-9]{4}$"),
    ]);
    let output = example("self_correct", "ollama:llama3.1", &server)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(
        lines[0].starts_with("tried \"^[A-Z\" -> The tool failed: "),
        "{printed}"
    );
    assert_eq!(
        lines[1..],
        [
            "tried \"^[A-Z]+-[0-9]+$\" -> wrong: AB-104 should not match",
            "^[A-Z]{2}-[0-9]{4}$ after 1 answers",
        ]
    );
}
