//! Tool calls through the tools section of the chat template.

use alloy_runtime::{ErrorKind, command, tool};

use super::MODEL;

/// Add two integers.
#[tool]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Multiply two integers.
#[tool]
fn multiply(a: i64, b: i64) -> i64 {
    a * b
}

#[command("{question}", temperature = 0.0, tools(add, multiply))]
async fn calculate(question: &str) -> String;

#[command("{question}", temperature = 0.0, tools(add))]
async fn number(question: &str) -> i64;

// B1 T1
#[tokio::test]
async fn tool_turns_continue_until_the_final_answer() {
    let question = "Add 5 and 6, then multiply by 3.";
    let outcome = calculate(question).model(MODEL).outcome().await.unwrap();
    assert_eq!(outcome.value, "The result is 33.");
    let calls: Vec<String> = outcome
        .tool_results
        .iter()
        .map(|call| format!("{} {} -> {}", call.name, call.arguments, call.content))
        .collect();
    assert_eq!(
        calls,
        [
            r#"add {"a":5,"b":6} -> 11"#,
            r#"multiply {"a":11,"b":3} -> 33"#
        ]
    );
}

// B1 A8
#[tokio::test]
async fn a_typed_value_follows_the_tool_calls() {
    let outcome = number("What is 17 plus 25?")
        .model(MODEL)
        .outcome()
        .await
        .unwrap();
    assert_eq!(outcome.value, 42);
    assert_eq!(outcome.tool_results.len(), 1);
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    High,
}

/// Set the level of a lamp.
#[tool]
fn set(
    lamp: [u8; 2],
    level: Level,
    #[tool(default = 1.0)] seconds: f32,
    colour: Option<String>,
) -> String {
    format!("{lamp:?} {} {seconds} {colour:?}", serde_json::json!(level))
}

/// What time is it?
#[tool]
fn clock() -> &'static str {
    "noon"
}

#[command("{question}", tools(set, clock))]
async fn lamps(question: &str) -> String;

// B1 B2
#[tokio::test]
async fn tool_calls_match_the_signature_of_the_tool() {
    let mut calls = 0;
    for seed in 0..30 {
        let command = lamps("Add 5 and 6, then multiply by 3.")
            .model(MODEL)
            .option("seed", seed);
        let command = command
            .temperature(1.2)
            .option("top_p", 1.0)
            .max_tool_turns(3);
        let results = match command.max_tokens(200).outcome().await {
            Ok(outcome) => outcome.tool_results,
            Err(error) => {
                let kind = error.kind();
                let is_known = matches!(
                    kind,
                    ErrorKind::ToolTurnLimit | ErrorKind::Truncated | ErrorKind::Empty
                );
                assert!(is_known, "{error:?}");
                error.tool_results().to_vec()
            }
        };
        for result in results {
            calls += 1;
            let prefix = if result.name == "clock" { "noon" } else { "[" };
            assert!(result.content.starts_with(prefix), "{result:?}");
        }
    }
    assert!(calls > 10, "{calls} calls");
}
