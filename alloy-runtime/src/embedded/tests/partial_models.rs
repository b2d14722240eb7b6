//! Files that are not a whole model.

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::Value;

use super::super::model::Model;
use super::editable_model::{
    EditableModel, MERGES, Metadata, TOKENS, TYPES, change_list, load_error,
};

/// Texts of a file's metadata by their keys.
type Texts = &'static [(&'static str, &'static str)];

#[test]
fn a_part_of_a_split_model_is_rejected() {
    let model = EditableModel::new("split");
    let part = |number: Option<u16>, count: Value| {
        move |metadata: &mut Metadata| {
            metadata.insert("split.count".to_owned(), count.clone());
            if let Some(number) = number {
                metadata.insert("split.no".to_owned(), Value::U16(number));
            }
        }
    };
    let path = model.path.with_file_name("tiny-q8_0-00002-of-00003.gguf");
    model.write_to(&path, part(Some(1), Value::U16(3)));
    let (message, help) = load_error(&path);
    assert!(
        message.ends_with("it is part 2 of 3 of a split model"),
        "{message}"
    );
    let folder = path.parent().unwrap().display().to_string();
    let command = format!(
        "`llama-gguf-split --merge {folder}/tiny-q8_0-00001-of-00003.gguf {folder}/tiny-q8_0.gguf`"
    );
    assert!(help.contains(&command), "{help}");

    let (message, help) = model.error(part(Some(0), Value::I32(2)));
    assert!(
        message.ends_with("it is part 1 of 2 of a split model"),
        "{message}"
    );
    assert!(
        help.contains("`llama-gguf-split --merge FIRST OUT`"),
        "{help}"
    );
    let (message, _) = model.error(part(None, Value::U64(12)));
    assert!(
        message.ends_with("it is one of 12 parts of a split model"),
        "{message}"
    );
    let (message, _) = model.error(part(None, Value::String("3".to_owned())));
    assert!(message.contains("no valid `split.count`"), "{message}");
    // A later part has no other metadata.
    let later = |metadata: &mut Metadata| {
        metadata.clear();
        part(Some(2), Value::U16(3))(metadata);
    };
    assert!(
        model
            .error(later)
            .0
            .ends_with("it is part 3 of 3 of a split model")
    );
    for count in [0, 1] {
        model.write(part(Some(0), Value::U16(count)));
        drop(Model::load(&model.path).unwrap());
    }
}

#[test]
fn a_file_that_belongs_to_a_model_is_rejected() {
    let mut model = EditableModel::new("roles");
    let texts = |pairs: &'static [(&'static str, &'static str)]| {
        move |metadata: &mut Metadata| {
            for (key, value) in pairs {
                metadata.insert((*key).to_owned(), Value::String((*value).to_owned()));
            }
        }
    };
    let cases: [(Texts, &str, &str); 7] = [
        (
            &[("general.architecture", "clip")],
            "it is the projector of a model",
            "without `mmproj` in its name",
        ),
        (
            &[("general.architecture", "clip"), ("general.type", "mmproj")],
            "it is the projector of a model",
            "`ollama:NAME`",
        ),
        (
            &[("general.type", "adapter"), ("adapter.type", "lora")],
            "it is an adapter (LoRA)",
            "llama-export-lora",
        ),
        (
            &[("adapter.type", "lora")],
            "it is an adapter (LoRA)",
            "`ADAPTER` in a Modelfile",
        ),
        (
            &[("general.type", "imatrix")],
            "it is an importance matrix",
            "the model itself",
        ),
        (
            &[("general.architecture", "controlvector")],
            "it is a control vector",
            "the model itself",
        ),
        (
            &[("general.type", "draft")],
            "its `general.type` is `draft`; expected `model`",
            "Use another file",
        ),
    ];
    for (pairs, expected, next_step) in cases {
        let (message, help) = model.error(texts(pairs));
        assert!(message.contains(expected), "{message}");
        assert!(help.contains(next_step), "{help}");
    }
    model.write(texts(&[("general.type", "model")]));
    drop(Model::load(&model.path).unwrap());
    model.tensors.clear();
    assert!(model.error(|_| ()).0.contains("it has no tensors"));
}

#[test]
fn a_vocabulary_longer_than_a_tensor_is_rejected() {
    let mut model = EditableModel::new("rows");
    let grown = |metadata: &mut Metadata| {
        change_list(TOKENS, |tokens| {
            tokens.push(Value::String("<|one_more|>".to_owned()));
        })(metadata);
        change_list(TYPES, |types| types.push(Value::I32(3)))(metadata);
    };
    let (message, help) = model.error(grown);
    let expected =
        "its vocabulary has 1281 tokens, but its tensor `token_embd.weight` has 1280 rows";
    assert!(message.ends_with(expected), "{message}");
    assert!(help.contains("convert the model again"), "{help}");

    let shorter = |tensor: &QTensor, rows: usize| {
        let all = tensor.dequantize(&Device::Cpu).unwrap();
        QTensor::quantize(&all.narrow(0, 0, rows).unwrap(), tensor.dtype()).unwrap()
    };
    let output = shorter(&model.tensors["token_embd.weight"], 1279);
    let known = model.tensors.insert("output.weight".to_owned(), output);
    let (message, _) = model.error(|_| ());
    let expected = "its vocabulary has 1280 tokens, but its tensor `output.weight` has 1279 rows";
    assert!(message.ends_with(expected), "{message}");

    // Further rows are padding.
    match known {
        Some(known) => model.tensors.insert("output.weight".to_owned(), known),
        None => model.tensors.remove("output.weight"),
    };
    let change = |metadata: &mut Metadata| {
        change_list(TOKENS, |tokens| drop(tokens.pop()))(metadata);
        change_list(TYPES, |types| drop(types.pop()))(metadata);
        change_list(MERGES, |merges| drop(merges.pop()))(metadata);
    };
    model.write(change);
    drop(Model::load(&model.path).unwrap());
}
