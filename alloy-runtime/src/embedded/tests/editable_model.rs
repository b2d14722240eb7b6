//! The small model with changes of its header.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{Value, write};

use super::super::model::Model;
use super::super::model_file::ModelFile;
use super::{small_model, temporary_path};
use crate::error::ErrorKind;

pub(super) type Metadata = BTreeMap<String, Value>;

/// The small model, to be written with another header.
pub(super) struct EditableModel {
    metadata: Metadata,
    pub(super) tensors: BTreeMap<String, QTensor>,
    pub(super) path: PathBuf,
}

impl EditableModel {
    pub(super) fn new(name: &str) -> Self {
        let mut file = ModelFile::open(&small_model()).unwrap();
        let names: Vec<String> = file.content.tensor_infos.keys().cloned().collect();
        let tensors = names.into_iter().map(|name| {
            let tensor = file.content.tensor(&mut file.reader, &name, &Device::Cpu);
            (name, tensor.unwrap())
        });
        let tensors = tensors.collect();
        let metadata = file.content.metadata.into_iter().collect();
        let folder = temporary_path(name);
        fs::create_dir_all(&folder).unwrap();
        Self {
            metadata,
            tensors,
            path: folder.join("model.gguf"),
        }
    }

    /// Writes the model with an edited header.
    pub(super) fn write(&self, edit: impl FnOnce(&mut Metadata)) {
        self.write_to(&self.path, edit);
    }

    pub(super) fn write_to(&self, path: &Path, edit: impl FnOnce(&mut Metadata)) {
        let mut metadata = self.metadata.clone();
        edit(&mut metadata);
        let metadata: Vec<(&str, &Value)> = metadata
            .iter()
            .map(|(key, value)| (key.as_str(), value))
            .collect();
        let tensors: Vec<(&str, &QTensor)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor))
            .collect();
        write(&mut File::create(path).unwrap(), &metadata, &tensors).unwrap();
    }

    /// Returns the message and the help of the error of a file with an edited header.
    pub(super) fn error(&self, edit: impl FnOnce(&mut Metadata)) -> (String, String) {
        self.write(edit);
        load_error(&self.path)
    }
}

impl Drop for EditableModel {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(self.path.parent().unwrap()));
    }
}

pub(super) fn load_error(path: &Path) -> (String, String) {
    match Model::load(path) {
        Ok(_) => panic!("the file was loaded"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ModelLoad);
            (error.to_string(), error.help())
        }
    }
}

fn array(metadata: &mut Metadata, key: &str) -> Vec<Value> {
    match metadata.remove(key) {
        Some(Value::Array(values)) => values,
        _ => panic!("`{key}` is not a list"),
    }
}

/// Change of one entry of a header.
pub(super) fn set(key: &'static str, value: Option<Value>) -> impl Fn(&mut Metadata) {
    move |metadata| {
        metadata.remove(key);
        if let Some(value) = value.clone() {
            metadata.insert(key.to_owned(), value);
        }
    }
}

/// Change of the items of a list of a header.
pub(super) fn change_list(
    key: &'static str,
    change: impl Fn(&mut Vec<Value>),
) -> impl Fn(&mut Metadata) {
    move |metadata| {
        let mut values = array(metadata, key);
        change(&mut values);
        metadata.insert(key.to_owned(), Value::Array(values));
    }
}

pub(super) const TOKENS: &str = "tokenizer.ggml.tokens";
pub(super) const TYPES: &str = "tokenizer.ggml.token_type";
pub(super) const MERGES: &str = "tokenizer.ggml.merges";
