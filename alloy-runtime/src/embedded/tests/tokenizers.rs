//! A tokenizer beside a model file: taken where it is the model's own.

use std::fs;

use serde_json::{Value as Json, json};

use super::super::file::ModelFile;
use super::super::model::Model;
use super::super::order::Order;
use super::super::vocabulary::definition_of;
use super::{model, small_model, temporary};

#[test]
fn a_tokenizer_beside_the_file_is_taken_where_it_is_its_own() {
    let folder = temporary("tokenizer");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("model.gguf");
    let beside = folder.join("tokenizer.json");
    // A way to part text that nobody knows.
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
        Ok(_) => panic!("it was taken"),
        Err(error) => (error.to_string(), error.help()),
    };

    let (message, help) = error();
    assert!(
        message
            .contains("its tokenizer parts text in the way `gpt-9`, and these are known: gpt-2,"),
        "{message}"
    );
    assert!(
        help.starts_with("Lay the model's own `tokenizer.json` beside the file"),
        "{help}"
    );

    let own = definition_of(&ModelFile::open(&small_model()).unwrap());
    fs::write(&beside, &own).unwrap();
    let body = json!({"messages": [{"role": "user", "content": "Extract: Jason is 25 years old"}]});
    let order = Order::of(body.to_string().as_bytes()).unwrap();
    let tokens = Model::load(&path).unwrap().prompt(&order).unwrap();
    assert_eq!(tokens, model().prompt(&order).unwrap());

    let mut other: Json = serde_json::from_slice(&own).unwrap();
    let vocabulary = other["model"]["vocab"].as_object_mut().unwrap();
    let length = vocabulary.len();
    for id in vocabulary.values_mut() {
        *id = json!(length - 1 - usize::try_from(id.as_u64().unwrap()).unwrap());
    }
    fs::write(&beside, other.to_string()).unwrap();
    let (message, help) = error();
    assert!(
        message.ends_with("beside it is that of another model: its tokens are not the file's"),
        "{message}"
    );
    assert!(
        help.starts_with("Lay the model's own `tokenizer.json` there"),
        "{help}"
    );

    fs::write(&beside, "{}").unwrap();
    assert!(error().0.contains("beside it is no tokenizer"));
    fs::remove_dir_all(folder).unwrap();
}
