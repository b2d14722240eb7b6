//! Each architecture with weights of chance: what is remembered of a prompt changes no answer.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use serde_json::json;

use super::super::file::ModelFile;
use super::super::model::Model;
use super::super::order::Order;
use super::{Nobody, small_model, temporary};

const WIDTH: usize = 64;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const INNER: usize = 128;
const LAYERS: usize = 2;

/// Numbers that look like chance, and are the same each time.
struct Chance(u64);

impl Chance {
    fn tensor(&mut self, shape: &[usize], middle: f32, spread: f32) -> Tensor {
        let length = shape.iter().product();
        let numbers: Vec<f32> = std::iter::repeat_with(|| {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bits = u16::try_from(self.0 >> 48).unwrap();
            middle + spread * (f32::from(bits) / 32_768.0 - 1.0)
        })
        .take(length)
        .collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
    }
}

/// Writes a model of this architecture, with the vocabulary and the template of the small one.
fn write_model(path: &Path, name: &str, changes: &[(&str, Value)]) {
    let small = ModelFile::open(&small_model()).unwrap();
    let kept =
        |key: &&String| key.starts_with("tokenizer.") || key.as_str() == "general.sampling.temp";
    let mut metadata: BTreeMap<String, Value> = small
        .content
        .metadata
        .keys()
        .filter(kept)
        .map(|key| (key.clone(), small.content.metadata[key].clone()))
        .collect();
    let head = if matches!(name, "qwen3" | "gemma3") {
        32
    } else {
        WIDTH / HEADS
    };
    let number = |number: usize| Value::U32(u32::try_from(number).unwrap());
    metadata.insert(
        "general.architecture".to_owned(),
        Value::String(name.to_owned()),
    );
    for (key, value) in [
        ("block_count", number(LAYERS)),
        ("embedding_length", number(WIDTH)),
        ("feed_forward_length", number(INNER)),
        ("context_length", number(512)),
        ("attention.head_count", number(HEADS)),
        ("attention.head_count_kv", number(KV_HEADS)),
        ("attention.key_length", number(head)),
        ("attention.value_length", number(head)),
        ("attention.sliding_window", number(512)),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-6)),
        ("rope.dimension_count", number(head)),
        ("rope.freq_base", Value::F32(10_000.0)),
    ] {
        metadata.insert(format!("{name}.{key}"), value);
    }
    for (key, value) in changes {
        metadata.insert(format!("{name}.{key}"), value.clone());
    }
    let vocabulary = small.list("tokenizer.ggml.tokens").unwrap().len();
    let mut shapes = vec![
        ("token_embd.weight".to_owned(), vec![vocabulary, WIDTH]),
        ("output_norm.weight".to_owned(), vec![WIDTH]),
        ("output.weight".to_owned(), vec![vocabulary, WIDTH]),
    ];
    let (query, kv) = (HEADS * head, KV_HEADS * head);
    for layer in 0..LAYERS {
        for tensor in super::super::network::tensors_of_layer(name) {
            let shape = match *tensor {
                "attn_q.weight" => vec![query, WIDTH],
                "attn_k.weight" | "attn_v.weight" => vec![kv, WIDTH],
                "attn_qkv.weight" => vec![query + 2 * kv, WIDTH],
                "attn_q.bias" => vec![query],
                "attn_k.bias" | "attn_v.bias" => vec![kv],
                "attn_q_norm.weight" | "attn_k_norm.weight" => vec![head],
                "attn_output.weight" => vec![WIDTH, query],
                "ffn_up.weight" if name == "phi3" => vec![2 * INNER, WIDTH],
                "ffn_gate.weight" | "ffn_up.weight" => vec![INNER, WIDTH],
                "ffn_down.weight" => vec![WIDTH, INNER],
                _ => vec![WIDTH],
            };
            shapes.push((format!("blk.{layer}.{tensor}"), shape));
        }
    }
    let mut chance = Chance(7);
    let tensors: Vec<(String, QTensor)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let (middle, spread, kind) = match shape.len() {
                1 if name.ends_with(".weight") => (1.0, 0.2, GgmlDType::F32),
                1 => (0.0, 0.2, GgmlDType::F32),
                _ => (0.0, 0.3, GgmlDType::Q8_0),
            };
            let tensor = chance.tensor(&shape, middle, spread);
            (name, QTensor::quantize(&tensor, kind).unwrap())
        })
        .collect();
    let metadata: Vec<(&str, &Value)> = metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let tensors: Vec<(&str, &QTensor)> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    write(&mut File::create(path).unwrap(), &metadata, &tensors).unwrap();
}

fn order(messages: &[&str]) -> Order {
    let messages: Vec<_> = messages
        .iter()
        .zip(["user", "assistant"].into_iter().cycle())
        .map(|(text, role)| json!({"role": role, "content": text}))
        .collect();
    let body = json!({"messages": messages, "options": {"temperature": 0, "num_predict": 24}});
    Order::of(body.to_string().as_bytes()).unwrap()
}

/// The tokens of an answer, and how many of the prompt's were not read anew.
fn answer(model: &mut Model, messages: &[&str]) -> (Vec<u32>, u64) {
    let order = order(messages);
    let (_, prompt) = model.prompt(&order).unwrap();
    let Ok(reply) = model.answer(&order, &Nobody, Duration::ZERO) else {
        panic!("no answer");
    };
    let tokens = model.last_tokens()[prompt.len()..].to_vec();
    (tokens, reply.usage.cached_tokens.unwrap())
}

// B1 B5
#[test]
fn what_is_remembered_changes_no_answer() {
    for name in ["llama", "qwen2", "qwen3", "gemma3", "phi3"] {
        let path = temporary(&format!("{name}.gguf"));
        write_model(&path, name, &[]);
        let story = "Tell me a short story about the moon. ".repeat(9);
        let other = format!("{story}Or of the sun.");
        let talks = [
            vec!["Extract: Jason is 25 years old"],
            vec![story.as_str()],
            vec![story.as_str(), "Once there was a moon.", "Go on."],
            vec!["Extract: Ada is 36 years old"],
            vec!["Extract: Ada is 36 years old"],
            // Back to an earlier one, behind another with the same beginning.
            vec![other.as_str()],
            vec![story.as_str(), "Once there was a moon.", "Go on."],
            vec![story.as_str()],
        ];
        let mut used = Model::load(&path).unwrap();
        let mut saved = 0;
        for talk in &talks {
            let (expected, nothing) = answer(&mut Model::load(&path).unwrap(), talk);
            assert_eq!(nothing, 0);
            assert!(!expected.is_empty(), "{name}");
            let (tokens, cached) = answer(&mut used, talk);
            assert_eq!(
                tokens, expected,
                "{name}, {cached} tokens remembered, {talk:?}"
            );
            saved += cached;
        }
        let least = match name {
            "llama" | "gemma3" => 200,
            _ => 0,
        };
        assert!(saved >= least, "{name}: {saved} tokens");
        std::fs::remove_file(path).unwrap();
    }
}

// B6: what would be ignored, and run wrong.
#[test]
fn settings_that_the_engine_does_not_know_are_refused() {
    let path = temporary("settings.gguf");
    let text = |text: &str| Value::String(text.to_owned());
    let scales = "it scales its places";
    for (name, changes, expected) in [
        (
            "phi3",
            vec![("rope.freq_base", Value::F32(250_000.0))],
            "it turns its places by the base 250000",
        ),
        ("llama", vec![("rope.scaling.type", text("yarn"))], scales),
        (
            "llama",
            vec![
                ("rope.scaling.type", text("linear")),
                ("rope.scaling.factor", Value::U32(4)),
            ],
            scales,
        ),
        (
            "qwen2",
            vec![("rope.scaling.factor", Value::F32(2.0))],
            scales,
        ),
        (
            "llama",
            vec![("expert_count", Value::U32(8))],
            "it is a mixture of experts",
        ),
        (
            "llama",
            vec![("rope.dimension_count", Value::U32(8))],
            "it turns a part of each head only",
        ),
    ] {
        write_model(&path, name, &changes);
        let Err(error) = Model::load(&path) else {
            panic!("{expected}");
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
    for changes in [
        vec![("rope.scaling.type", text("none"))],
        vec![
            ("rope.scaling.type", text("linear")),
            ("rope.scaling.factor", Value::F32(1.0)),
        ],
    ] {
        write_model(&path, "llama", &changes);
        drop(Model::load(&path).unwrap());
    }
    std::fs::remove_file(path).unwrap();
}
