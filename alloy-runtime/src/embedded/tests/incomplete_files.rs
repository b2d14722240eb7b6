//! Files without a part that their tokenizer needs.

use std::fs;

use candle_core::quantized::gguf_file::Value;
use serde_json::{Value as Json, json};

use super::super::model::Model;
use super::super::model_file::ModelFile;
use super::super::tokenizer::definition_from_header;
use super::editable_model::{
    EditableModel, MERGES, Metadata, TOKENS, TYPES, change_list, load_error, set,
};
use super::small_model;

fn texts(values: &[&str]) -> Value {
    let values = values.iter().map(|text| Value::String((*text).to_owned()));
    Value::Array(values.collect())
}

/// A change of a file's metadata.
type Change = Box<dyn Fn(&mut Metadata)>;

#[test]
fn a_file_without_a_part_of_its_tokenizer_is_rejected() {
    let model = EditableModel::new("incomplete");
    let text = |text: &str| Value::String(text.to_owned());
    let cases: Vec<(Change, &str)> = vec![
        (
            Box::new(set(MERGES, None)),
            "it has no merges (`tokenizer.ggml.merges`)",
        ),
        (
            Box::new(set(MERGES, Some(Value::Array(Vec::new())))),
            "it has no merges",
        ),
        (
            Box::new(set(MERGES, Some(text("a b")))),
            "its `tokenizer.ggml.merges` is not a list",
        ),
        (
            Box::new(set(MERGES, Some(Value::Array(vec![Value::U32(1)])))),
            "a merge that is not a pair of tokens",
        ),
        (
            Box::new(set(MERGES, Some(texts(&["ab"])))),
            "a merge that is not a pair of tokens",
        ),
        (
            Box::new(change_list(MERGES, |merges| merges.truncate(500))),
            "its merges (`tokenizer.ggml.merges`) make only 500 of its 1015 longer tokens",
        ),
        (
            Box::new(change_list(MERGES, |merges| {
                merges.push(Value::String("qq zz".to_owned()));
            })),
            "its tokenizer is not valid",
        ),
        (
            Box::new(set(TOKENS, None)),
            "it has no vocabulary (`tokenizer.ggml.tokens`)",
        ),
        (
            Box::new(set(TOKENS, Some(Value::Array(Vec::new())))),
            "it has no vocabulary",
        ),
        (
            Box::new(change_list(TOKENS, |tokens| {
                *tokens = vec![Value::U32(1); tokens.len()];
            })),
            "a token that is not a string",
        ),
        (
            Box::new(change_list(TOKENS, |tokens| {
                tokens[301] = tokens[300].clone();
            })),
            "its vocabulary has a duplicate token",
        ),
        (
            Box::new(change_list(TOKENS, |tokens| {
                let at = tokens
                    .iter()
                    .position(|token| matches!(token, Value::String(text) if text == "e"));
                tokens[at.unwrap()] = Value::String("unused".to_owned());
            })),
            "has no token for 1 of the bytes that every text may have (the first is 0x65)",
        ),
        (
            Box::new(set(TYPES, None)),
            "it has no token types (`tokenizer.ggml.token_type`)",
        ),
        (
            Box::new(change_list(TYPES, |types| types.truncate(5))),
            "its vocabulary has 1280 tokens, but 5 token types",
        ),
        (
            Box::new(change_list(TYPES, |types| types[7] = Value::I32(9))),
            "a token type that is not valid",
        ),
        (
            Box::new(change_list(TYPES, |types| {
                *types = vec![Value::F32(1.0); types.len()];
            })),
            "a token type that is not valid",
        ),
        (
            Box::new(set("tokenizer.ggml.model", None)),
            "its header does not name the type of its tokenizer (`tokenizer.ggml.model`)",
        ),
        (
            Box::new(set("tokenizer.ggml.pre", None)),
            "its header does not name its pre-tokenizer (`tokenizer.ggml.pre`)",
        ),
    ];
    for (edit, expected) in cases {
        let (message, help) = model.error(edit);
        assert!(message.contains(expected), "{expected}: {message}");
        let is_repair = help.contains("convert the model again") || help.contains("tokenizer.json");
        assert!(is_repair, "{message}: {help}");
    }
    model.write(|_| ());
    drop(Model::load(&model.path).unwrap());
}

#[test]
fn a_special_token_that_is_needed_must_be_in_the_vocabulary() {
    let model = EditableModel::new("special-ids");
    let bos = "tokenizer.ggml.bos_token_id";
    let adds_bos = |value: Value| {
        move |metadata: &mut Metadata| {
            metadata.insert("tokenizer.ggml.add_bos_token".to_owned(), Value::Bool(true));
            metadata.insert(bos.to_owned(), value.clone());
        }
    };
    let without_ends = |metadata: &mut Metadata| {
        metadata.remove("tokenizer.ggml.eos_token_id");
        metadata.remove("tokenizer.ggml.eot_token_id");
    };
    let cases: Vec<(Change, &str)> = vec![
        (
            Box::new(without_ends),
            "does not name the token that ends an answer",
        ),
        (
            Box::new(set("tokenizer.ggml.eos_token_id", Some(Value::U32(1280)))),
            "its `tokenizer.ggml.eos_token_id` is 1280, but its vocabulary has 1280 tokens",
        ),
        (
            Box::new(set("tokenizer.ggml.eot_token_id", Some(Value::U64(99_999)))),
            "its `tokenizer.ggml.eot_token_id` is 99999",
        ),
        (
            Box::new(set("tokenizer.ggml.eom_token_id", Some(Value::Bool(true)))),
            "its `tokenizer.ggml.eom_token_id` is not valid",
        ),
        (
            Box::new(adds_bos(Value::U32(5000))),
            "its `tokenizer.ggml.bos_token_id` is 5000",
        ),
        (
            Box::new(adds_bos(Value::U32(u32::MAX))),
            "its prompts begin with a token that its header does not name",
        ),
    ];
    for (edit, expected) in cases {
        let (message, help) = model.error(edit);
        assert!(message.contains(expected), "{expected}: {message}");
        assert!(help.contains("convert the model again"), "{help}");
    }
    // Nothing uses these ids.
    for (key, value) in [
        (bos, Some(Value::U32(5000))),
        (bos, None),
        ("tokenizer.ggml.eom_token_id", Some(Value::I32(-1))),
        ("tokenizer.ggml.unknown_token_id", Some(Value::U32(70_000))),
        ("tokenizer.ggml.padding_token_id", None),
        ("tokenizer.ggml.scores", Some(Value::Array(Vec::new()))),
    ] {
        model.write(set(key, value));
        drop(Model::load(&model.path).unwrap());
    }
}

#[test]
fn a_tokenizer_next_to_the_file_must_be_whole() {
    let model = EditableModel::new("sibling-parts");
    model.write(|_| ());
    let sibling = model.path.with_file_name("tokenizer.json");
    let own: Json = serde_json::from_slice(&definition_from_header(
        &ModelFile::open(&small_model()).unwrap(),
    ))
    .unwrap();
    for (edit, expected) in [
        (
            ("merges", json!([])),
            "next to it has no merges (`model.merges`)",
        ),
        (
            ("byte_fallback", json!(true)),
            "the vocabulary of the file has no token `<0x00>`",
        ),
    ] {
        let mut definition = own.clone();
        definition["model"][edit.0] = edit.1;
        fs::write(&sibling, definition.to_string()).unwrap();
        let (message, _) = load_error(&model.path);
        assert!(message.contains(expected), "{message}");
    }
    let mut definition = own.clone();
    let vocabulary = definition["model"]["vocab"].as_object_mut().unwrap();
    vocabulary.insert("coffee".to_owned(), json!(4000));
    fs::write(&sibling, definition.to_string()).unwrap();
    let (message, _) = load_error(&model.path);
    assert!(
        message.contains("a token with the number 4000"),
        "{message}"
    );

    fs::write(&sibling, own.to_string()).unwrap();
    // The merges of the file are not needed with its `tokenizer.json`.
    model.write(set(MERGES, None));
    drop(Model::load(&model.path).unwrap());
    for name in ["bert", "rwkv"] {
        let value = Value::String(name.to_owned());
        let (message, _) = model.error(set("tokenizer.ggml.model", Some(value)));
        assert!(
            message.contains(&format!("its tokenizer has the type `{name}`")),
            "{message}"
        );
    }
}
