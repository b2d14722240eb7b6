//! Typed output: the schema in the request, the format instructions in the prompt, and the value returned.

mod format_instructions;
mod recursion;
mod values;

use alloy_runtime::{Api, Output, command};
use expect_test::Expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[command("Answer", model = "m")]
async fn answer<T: Output>() -> T;

/// Checks the format instructions and the schema that commands of a type send.
fn check<T: Output>(instructions: &Expect, schema: &Value) {
    let preview = answer::<T>().preview().unwrap();
    let [system, _] = preview.messages.as_slice() else {
        panic!("{:?}", preview.messages)
    };
    instructions.assert_eq(&system.content);
    let body: Value = serde_json::from_str(&preview.body).unwrap();
    assert_eq!(&body["format"], schema, "{:#}", body["format"]);
    // The other route sends the same messages and the same schema.
    let compatible = answer::<T>().api(Api::OpenaiChat).preview().unwrap();
    assert_eq!(compatible.messages, preview.messages);
    let sent: Value = serde_json::from_str(&compatible.body).unwrap();
    match &sent["response_format"]["json_schema"]["schema"] {
        Value::Null => assert_eq!(sent["response_format"], json!({"type": "json_object"})),
        sent => assert_eq!(sent.to_string(), body["format"].to_string()),
    }
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct User {
    name: String,
    age: u8,
}
