//! The `tokenizer.json` next to a model file.

use std::fs;

use serde_json::{Value as Json, json};

use super::super::model::Model;
use super::super::model_file::ModelFile;
use super::super::request::EngineRequest;
use super::super::tokenizer::definition_from_header;
use super::{load_small_model, small_model, temporary_path};

#[test]
fn a_tokenizer_next_to_the_file_is_used_if_it_belongs_to_the_model() {
    let folder = temporary_path("tokenizer");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.gguf");
    let sibling = folder.join("tokenizer.json");
    // A pre-tokenizer that does not exist.
    let mut bytes = fs::read(small_model()).unwrap();
    let name = b"tokenizer.ggml.pre";
    let at = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    let at = at + name.len() + 12;
    assert_eq!(&bytes[at..at + 5], b"gpt-2");
    bytes[at..at + 5].copy_from_slice(b"gpt-9");
    fs::write(&path, &bytes).unwrap();
    let error = || match Model::load(&path) {
        Ok(_) => panic!("the file was loaded"),
        Err(error) => (error.to_string(), error.help()),
    };

    let (message, help) = error();
    assert!(
        message.contains("its pre-tokenizer `gpt-9` is not supported; supported are gpt-2,"),
        "{message}"
    );
    assert!(
        help.starts_with("Put the model's own `tokenizer.json` next to the file"),
        "{help}"
    );

    let own = definition_from_header(&ModelFile::open(&small_model()).unwrap());
    fs::write(&sibling, &own).unwrap();
    let body = json!({"messages": [{"role": "user", "content": "Extract: Jason is 25 years old"}]});
    let request = EngineRequest::from_body(body.to_string().as_bytes()).unwrap();
    let tokens = Model::load(&path).unwrap().prompt(&request).unwrap();
    assert_eq!(tokens, load_small_model().prompt(&request).unwrap());

    let mut other: Json = serde_json::from_slice(&own).unwrap();
    let vocabulary = other["model"]["vocab"].as_object_mut().unwrap();
    let length = vocabulary.len();
    for id in vocabulary.values_mut() {
        *id = json!(length - 1 - usize::try_from(id.as_u64().unwrap()).unwrap());
    }
    fs::write(&sibling, other.to_string()).unwrap();
    let (message, help) = error();
    assert!(
        message
            .ends_with("next to it belongs to another model: its tokens are not those of the file"),
        "{message}"
    );
    assert!(
        help.starts_with("Replace it with the model's own `tokenizer.json`"),
        "{help}"
    );

    fs::write(&sibling, "{}").unwrap();
    assert!(error().0.contains("next to it is not a valid tokenizer"));
    fs::remove_dir_all(folder).unwrap();
}
