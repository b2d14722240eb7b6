//! A model file, opened and held to what it says of itself before anything is made of it.

use std::fs::File;
use std::io::{BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};

use super::header::{self, Wrong};
use super::problem::{missing, unusable};
use crate::error::{Error, excerpt};

/// The most that is read of a file's beginning: names, vocabulary, and where the weights lie. Those of the largest
/// vocabularies take a dozen megabytes.
const LONGEST_HEADER: u64 = 32 * 1024 * 1024;

/// A model file whose header was read.
pub(super) struct ModelFile {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) reader: BufReader<File>,
}

impl ModelFile {
    /// Opens a file, and reads all but its weights.
    ///
    /// # Errors
    ///
    /// There is none, it cannot be read, it is no GGUF, it was cut, or it says of itself what cannot be.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // Before it is opened: what is no file may keep whoever opens it waiting for ever.
        let metadata = std::fs::metadata(path).map_err(|error| missing(path, &error))?;
        if !metadata.is_file() {
            let (problem, help) = match metadata.is_dir() {
                true => (
                    "it is a folder",
                    "Name the file in it that ends with `.gguf`.",
                ),
                false => ("it is no file", "`gguf:` takes the path of a file."),
            };
            return Err(unusable(path, problem, help));
        }
        let file = File::open(path).map_err(|error| missing(path, &error))?;
        let length = metadata.len();
        let mut reader = BufReader::new(file);
        let mut begun = Vec::new();
        let read = reader.by_ref().take(LONGEST_HEADER).read_to_end(&mut begun);
        read.map_err(|error| unusable(path, &error.to_string(), CHECK_FILE))?;
        if !header::is_gguf(&begun) {
            let problem = "it is no GGUF file: it does not begin with `GGUF`";
            return Err(unusable(
                path,
                problem,
                "A model in the GGUF format ends with `.gguf` by custom; other formats must be converted to it.",
            ));
        }
        header::check(&begun).map_err(|wrong| match wrong {
            Wrong::Damaged(problem) => {
                let longest = match begun.len() as u64 == LONGEST_HEADER {
                    true => " (or it is longer than 32 MiB)",
                    false => "",
                };
                unusable(path, &format!("its header {problem}{longest}"), CHECK_FILE)
            }
            Wrong::Quantisation(problem) => unusable(
                path,
                &format!("its header {problem}"),
                "Use a file of the same model in another quantisation, such as Q4_K_M or Q8_0, or run it as `ollama:NAME`.",
            ),
        })?;
        let content = Content::read(&mut Cursor::new(&begun)).map_err(|error| {
            let problem = format!("its header is damaged ({})", words(&error));
            unusable(path, &problem, CHECK_FILE)
        })?;
        let mut all: u64 = 0;
        for (name, tensor) in &content.tensor_infos {
            let bytes = check_tensor(tensor, content.tensor_data_offset, length);
            let bytes = bytes.map_err(|problem| {
                let problem = format!("its tensor `{}` {problem}", excerpt(name));
                unusable(path, &problem, CHECK_FILE)
            })?;
            all = all.saturating_add(bytes);
        }
        if all > length {
            let problem = format!("its tensors are {all} bytes together, and it has {length}");
            return Err(unusable(path, &problem, CHECK_FILE));
        }
        Ok(Self {
            path: path.to_owned(),
            content,
            reader,
        })
    }

    /// A text of the header.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number of the header, of whatever width.
    pub(super) fn count(&self, key: &str) -> Option<usize> {
        count(self.content.metadata.get(key)?)
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.content.metadata.get(key)? {
            Value::F32(number) => Some(f64::from(*number)),
            Value::F64(number) => Some(*number),
            #[allow(clippy::cast_precision_loss, reason = "settings are small")]
            number => Some(count(number)? as f64),
        }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.content.metadata.get(key)? {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: &str) -> Option<&[Value]> {
        match self.content.metadata.get(key)? {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    /// An error about this file.
    pub(super) fn unusable(&self, problem: &str, help: &str) -> Error {
        unusable(&self.path, problem, help)
    }
}

pub(super) fn count(value: &Value) -> Option<usize> {
    let number = match value {
        Value::I8(number) => u64::try_from(*number).ok()?,
        Value::I16(number) => u64::try_from(*number).ok()?,
        Value::I32(number) => u64::try_from(*number).ok()?,
        Value::I64(number) => u64::try_from(*number).ok()?,
        number => number.to_u64().ok()?,
    };
    usize::try_from(number).ok()
}

/// What to do about a file that is not whole.
const CHECK_FILE: &str = "Get the file again: its size or checksum beside the one that its source tells shows whether it is whole.";

/// How many bytes a tensor has, all of them within the file.
fn check_tensor(tensor: &TensorInfo, start: u64, length: u64) -> Result<u64, String> {
    let elements = tensor
        .shape
        .dims()
        .iter()
        .try_fold(1_u64, |product, dimension| {
            product.checked_mul(u64::try_from(*dimension).ok()?)
        });
    let (block, size) = (
        tensor.ggml_dtype.block_size(),
        tensor.ggml_dtype.type_size(),
    );
    let elements = elements.filter(|elements| *elements > 0 && elements % block as u64 == 0);
    let bytes = elements.and_then(|elements| (elements / block as u64).checked_mul(size as u64));
    let Some(bytes) = bytes else {
        return Err("has a shape that cannot be".to_owned());
    };
    let end = start
        .checked_add(tensor.offset)
        .and_then(|start| start.checked_add(bytes));
    match end {
        Some(end) if end <= length => Ok(bytes),
        _ => Err(format!(
            "ends behind the end of the file ({length} bytes): the file was cut"
        )),
    }
}

/// An error of candle's, in one line.
pub(super) fn words(error: &candle_core::Error) -> String {
    let words = error.to_string();
    excerpt(words.lines().next().unwrap_or_default())
}
