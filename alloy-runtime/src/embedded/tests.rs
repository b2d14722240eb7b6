//! Compares prompts, tokens and answers of the small model with those of llama.cpp.

mod architectures;
mod cancellation;
mod editable_model;
mod generated_text;
mod incomplete_files;
mod invalid_files;
mod partial_models;
mod sibling_tokenizer;
mod special_tokens;
mod template_memory;
mod templates;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::generator::{AnswerFailure, TextListener};
use super::model::Model;
use super::request::EngineRequest;

fn models_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/models")
}

fn small_model() -> PathBuf {
    models_directory().join("alloy-tiny-q8_0.gguf")
}

fn load_small_model() -> Model {
    Model::load(&small_model()).unwrap()
}

/// Returns a path for a temporary file of this process.
fn temporary_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("alloy-{}-{name}", std::process::id()))
}

/// A listener that ignores the text.
struct IgnoreText;

impl TextListener for IgnoreText {
    fn on_text(&self, _text: &str) {}

    fn is_gone(&self) -> bool {
        false
    }
}

/// Reads the reference cases that llama.cpp produced.
fn reference_cases() -> Vec<Json> {
    let text = std::fs::read(models_directory().join("alloy-tiny.reference.json")).unwrap();
    let mut reference: Json = serde_json::from_slice(&text).unwrap();
    let Json::Array(cases) = reference["cases"].take() else {
        panic!("`cases` is not an array");
    };
    assert_eq!(cases.len(), 28);
    cases
}

fn request_of(case: &Json) -> EngineRequest {
    let mut body = json!({"messages": case["messages"], "options": {"temperature": 0}});
    if let Some(tools) = case.get("tools") {
        let calls = tools.as_array().unwrap().iter().map(|tool| {
            let (name, arguments) = (&tool["function"]["name"], &tool["function"]["parameters"]);
            json!({"type": "object", "properties": {"name": {"const": name}, "arguments": arguments}, "required": ["name", "arguments"], "additionalProperties": false})
        });
        body["calls"] = calls.collect();
        body["tools"] = tools.clone();
    }
    EngineRequest::from_body(&serde_json::to_vec(&body).unwrap()).unwrap()
}

#[test]
fn b1_prompts_tokens_and_answers_equal_the_reference() {
    let mut model = load_small_model();
    for case in reference_cases() {
        let request = request_of(&case);
        let (prompt, tokens) = model.prompt(&request).unwrap();
        assert_eq!(prompt, case["prompt"].as_str().unwrap());
        let expected: Vec<u32> = serde_json::from_value(case["prompt_tokens"].clone()).unwrap();
        assert_eq!(tokens, expected, "{prompt}");
        let Some(answer) = case.get("answer_tokens").filter(|answer| !answer.is_null()) else {
            continue;
        };
        let expected: Vec<u32> = serde_json::from_value(answer.clone()).unwrap();
        let reply = match model.answer(&request, &IgnoreText, Duration::ZERO) {
            Ok(reply) => reply,
            Err(AnswerFailure::Cancelled) => panic!("the listener was never gone"),
            Err(AnswerFailure::Error(error)) => panic!("{error:?}: {prompt}"),
        };
        assert_eq!(model.last_tokens()[tokens.len()..], expected, "{prompt}");
        if reply.calls.is_empty() {
            assert_eq!(reply.text, case["answer"].as_str().unwrap());
        }
    }
}
