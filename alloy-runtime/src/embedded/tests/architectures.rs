//! Tests each architecture with random weights: cached prefixes must not change an answer.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use serde_json::json;

use super::super::model::Model;
use super::super::model_file::ModelFile;
use super::super::request::EngineRequest;
use super::{IgnoreText, small_model, temporary_path};

const EMBEDDING_LENGTH: usize = 64;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;
const FEED_FORWARD_LENGTH: usize = 128;
const LAYERS: usize = 2;

/// A pseudorandom generator with a fixed seed.
struct Random(u64);

impl Random {
    fn tensor(&mut self, shape: &[usize], mean: f32, spread: f32) -> Tensor {
        let length = shape.iter().product();
        let numbers: Vec<f32> = std::iter::repeat_with(|| {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bits = u16::try_from(self.0 >> 48).unwrap();
            mean + spread * (f32::from(bits) / 32_768.0 - 1.0)
        })
        .take(length)
        .collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
    }
}

/// Writes a model of an architecture, with the vocabulary and the template of the small model.
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
        EMBEDDING_LENGTH / HEADS
    };
    let number = |number: usize| Value::U32(u32::try_from(number).unwrap());
    metadata.insert(
        "general.architecture".to_owned(),
        Value::String(name.to_owned()),
    );
    for (key, value) in [
        ("block_count", number(LAYERS)),
        ("embedding_length", number(EMBEDDING_LENGTH)),
        ("feed_forward_length", number(FEED_FORWARD_LENGTH)),
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
        (
            "token_embd.weight".to_owned(),
            vec![vocabulary, EMBEDDING_LENGTH],
        ),
        ("output_norm.weight".to_owned(), vec![EMBEDDING_LENGTH]),
        (
            "output.weight".to_owned(),
            vec![vocabulary, EMBEDDING_LENGTH],
        ),
    ];
    let (query, kv) = (HEADS * head, KV_HEADS * head);
    for layer in 0..LAYERS {
        for tensor in super::super::architecture::layer_tensors(name) {
            let shape = match *tensor {
                "attn_q.weight" => vec![query, EMBEDDING_LENGTH],
                "attn_k.weight" | "attn_v.weight" => vec![kv, EMBEDDING_LENGTH],
                "attn_qkv.weight" => vec![query + 2 * kv, EMBEDDING_LENGTH],
                "attn_q.bias" => vec![query],
                "attn_k.bias" | "attn_v.bias" => vec![kv],
                "attn_q_norm.weight" | "attn_k_norm.weight" => vec![head],
                "attn_output.weight" => vec![EMBEDDING_LENGTH, query],
                "ffn_up.weight" if name == "phi3" => {
                    vec![2 * FEED_FORWARD_LENGTH, EMBEDDING_LENGTH]
                }
                "ffn_gate.weight" | "ffn_up.weight" => vec![FEED_FORWARD_LENGTH, EMBEDDING_LENGTH],
                "ffn_down.weight" => vec![EMBEDDING_LENGTH, FEED_FORWARD_LENGTH],
                _ => vec![EMBEDDING_LENGTH],
            };
            shapes.push((format!("blk.{layer}.{tensor}"), shape));
        }
    }
    let mut random = Random(7);
    let tensors: Vec<(String, QTensor)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let (mean, spread, dtype) = match shape.len() {
                1 if name.ends_with(".weight") => (1.0, 0.2, GgmlDType::F32),
                1 => (0.0, 0.2, GgmlDType::F32),
                _ => (0.0, 0.3, GgmlDType::Q8_0),
            };
            let tensor = random.tensor(&shape, mean, spread);
            (name, QTensor::quantize(&tensor, dtype).unwrap())
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

fn greedy_request(messages: &[&str]) -> EngineRequest {
    let messages: Vec<_> = messages
        .iter()
        .zip(["user", "assistant"].into_iter().cycle())
        .map(|(text, role)| json!({"role": role, "content": text}))
        .collect();
    let body = json!({"messages": messages, "options": {"temperature": 0, "num_predict": 24}});
    EngineRequest::from_body(body.to_string().as_bytes()).unwrap()
}

/// Returns the tokens of an answer, and how many tokens of the prompt were cached.
fn answer(model: &mut Model, messages: &[&str]) -> (Vec<u32>, u64) {
    let request = greedy_request(messages);
    let (_, prompt) = model.prompt(&request).unwrap();
    let Ok(reply) = model.answer(&request, &IgnoreText, Duration::ZERO) else {
        panic!("the model did not answer");
    };
    let tokens = model.last_tokens()[prompt.len()..].to_vec();
    (tokens, reply.usage.cached_tokens.unwrap())
}

// B1 B5
#[test]
fn cached_prefixes_do_not_change_answers() {
    for name in ["llama", "qwen2", "qwen3", "gemma3", "phi3"] {
        let path = temporary_path(&format!("{name}.gguf"));
        write_model(&path, name, &[]);
        let story = "Tell me a short story about the moon. ".repeat(9);
        let other = format!("{story}Or of the sun.");
        let conversations = [
            vec!["Extract: Jason is 25 years old"],
            vec![story.as_str()],
            vec![story.as_str(), "Once there was a moon.", "Go on."],
            vec!["Extract: Ada is 36 years old"],
            vec!["Extract: Ada is 36 years old"],
            // An earlier prompt again, after another one with the same prefix.
            vec![other.as_str()],
            vec![story.as_str(), "Once there was a moon.", "Go on."],
            vec![story.as_str()],
        ];
        let mut reused = Model::load(&path).unwrap();
        let mut total_cached = 0;
        for conversation in &conversations {
            let mut fresh = Model::load(&path).unwrap();
            let (expected, cached) = answer(&mut fresh, conversation);
            assert_eq!(cached, 0);
            assert!(!expected.is_empty(), "{name}");
            let (tokens, cached) = answer(&mut reused, conversation);
            assert_eq!(
                tokens, expected,
                "{name}, {cached} tokens cached, {conversation:?}"
            );
            total_cached += cached;
        }
        let minimum = match name {
            "llama" | "gemma3" => 200,
            _ => 0,
        };
        assert!(total_cached >= minimum, "{name}: {total_cached} tokens");
        std::fs::remove_file(path).unwrap();
    }
}

// B6: candle would ignore these settings and run the model wrongly.
#[test]
fn unsupported_settings_are_rejected() {
    let path = temporary_path("settings.gguf");
    let text = |text: &str| Value::String(text.to_owned());
    let scaling = "it uses RoPE scaling";
    for (name, changes, expected) in [
        (
            "phi3",
            vec![("rope.freq_base", Value::F32(250_000.0))],
            "its RoPE base is 250000",
        ),
        ("llama", vec![("rope.scaling.type", text("yarn"))], scaling),
        (
            "llama",
            vec![
                ("rope.scaling.type", text("linear")),
                ("rope.scaling.factor", Value::U32(4)),
            ],
            scaling,
        ),
        (
            "qwen2",
            vec![("rope.scaling.factor", Value::F32(2.0))],
            scaling,
        ),
        (
            "llama",
            vec![("expert_count", Value::U32(8))],
            "it is a mixture of experts",
        ),
        (
            "llama",
            vec![("rope.dimension_count", Value::U32(8))],
            "it applies RoPE to 8 of 16 dimensions of a head",
        ),
    ] {
        write_model(&path, name, &changes);
        let Err(error) = Model::load(&path) else {
            panic!("the model was loaded; expected: {expected}");
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
