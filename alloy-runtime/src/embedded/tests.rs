//! The template, the tokens and the answers of the small model, held to those of llama.cpp.

mod architectures;
mod hostile;
mod leaving;
mod marks;
mod texts;
mod tokenizers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::model::{Failure, Listener, Model};
use super::order::Order;

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/models")
}

fn small_model() -> PathBuf {
    models().join("alloy-tiny-q8_0.gguf")
}

fn model() -> Model {
    Model::load(&small_model()).unwrap()
}

/// A path of this process alone.
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("alloy-{}-{name}", std::process::id()))
}

struct Nobody;

impl Listener for Nobody {
    fn hear(&self, _text: &str) {}

    fn is_gone(&self) -> bool {
        false
    }
}

fn cases() -> Vec<Json> {
    let text = std::fs::read(models().join("alloy-tiny.reference.json")).unwrap();
    let mut reference: Json = serde_json::from_slice(&text).unwrap();
    let cases = reference["cases"].take();
    let Json::Array(cases) = cases else {
        panic!("no cases");
    };
    assert_eq!(cases.len(), 28);
    cases
}

fn order(case: &Json) -> Order {
    let mut body = json!({"messages": case["messages"], "options": {"temperature": 0}});
    if let Some(tools) = case.get("tools") {
        let calls = tools.as_array().unwrap().iter().map(|tool| {
            let (name, arguments) = (&tool["function"]["name"], &tool["function"]["parameters"]);
            json!({"type": "object", "properties": {"name": {"const": name}, "arguments": arguments}, "required": ["name", "arguments"], "additionalProperties": false})
        });
        body["calls"] = calls.collect();
        body["tools"] = tools.clone();
    }
    Order::of(&serde_json::to_vec(&body).unwrap()).unwrap()
}

#[test]
fn b1_prompts_tokens_and_answers_are_those_of_the_reference() {
    let mut model = model();
    for case in cases() {
        let order = order(&case);
        let (prompt, tokens) = model.prompt(&order).unwrap();
        assert_eq!(prompt, case["prompt"].as_str().unwrap());
        let expected: Vec<u32> = serde_json::from_value(case["prompt_tokens"].clone()).unwrap();
        assert_eq!(tokens, expected, "{prompt}");
        let Some(answer) = case.get("answer_tokens").filter(|answer| !answer.is_null()) else {
            continue;
        };
        let expected: Vec<u32> = serde_json::from_value(answer.clone()).unwrap();
        let reply = match model.answer(&order, &Nobody, Duration::ZERO) {
            Ok(reply) => reply,
            Err(Failure::Gone) => panic!("nobody is gone"),
            Err(Failure::Told(error)) => panic!("{error:?}: {prompt}"),
        };
        assert_eq!(model.last_tokens()[tokens.len()..], expected, "{prompt}");
        if reply.calls.is_empty() {
            assert_eq!(reply.text, case["answer"].as_str().unwrap());
        }
    }
}
