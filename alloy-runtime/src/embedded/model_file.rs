//! A GGUF file whose header was validated and read.

use std::fs::File;
use std::io::{BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Content, TensorInfo, Value};

use super::error::{cannot_open, first_line, unusable};
use super::gguf::{self, HeaderError};
use crate::error::{Error, excerpt};

/// Maximum size of a header, in bytes: metadata, vocabulary and tensor positions. The headers of the largest
/// vocabularies take about twelve megabytes.
const MAX_HEADER: u64 = 32 * 1024 * 1024;

/// Help for a file that is damaged.
const DOWNLOAD_AGAIN: &str =
    "Get the file again, and compare its size or checksum with the one that its source publishes.";

/// A model file. Its weights have not been read yet.
pub(super) struct ModelFile {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) reader: BufReader<File>,
}

impl ModelFile {
    /// Opens a file, and reads and validates all but its weights.
    ///
    /// # Errors
    ///
    /// The file does not exist, cannot be read, is not a GGUF file, is truncated, or has a header that is not
    /// valid.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // Checked before the file is opened, because opening a named pipe may block for ever.
        let metadata = std::fs::metadata(path).map_err(|error| cannot_open(path, &error))?;
        if !metadata.is_file() {
            let (problem, help) = match metadata.is_dir() {
                true => (
                    "it is a folder",
                    "Name the file in it that ends with `.gguf`.",
                ),
                false => (
                    "it is not a regular file",
                    "`gguf:` expects the path of a GGUF file.",
                ),
            };
            return Err(unusable(path, problem, help));
        }
        let file = File::open(path).map_err(|error| cannot_open(path, &error))?;
        let file_length = metadata.len();
        let mut reader = BufReader::new(file);
        let header = read_header(path, &mut reader)?;
        let content = Content::read(&mut Cursor::new(&header)).map_err(|error| {
            let problem = format!("its header is damaged ({})", first_line(&error));
            unusable(path, &problem, DOWNLOAD_AGAIN)
        })?;
        check_tensors(path, &content, file_length)?;
        Ok(Self {
            path: path.to_owned(),
            content,
            reader,
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.content.metadata.get(key)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns an unsigned integer of any width.
    pub(super) fn integer(&self, key: &str) -> Option<usize> {
        to_usize(self.content.metadata.get(key)?)
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.content.metadata.get(key)? {
            Value::F32(number) => Some(f64::from(*number)),
            Value::F64(number) => Some(*number),
            #[allow(clippy::cast_precision_loss, reason = "settings are small")]
            number => Some(to_usize(number)? as f64),
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

    /// Error for this file; see [`unusable`].
    pub(super) fn unusable(&self, problem: &str, help: &str) -> Error {
        unusable(&self.path, problem, help)
    }
}

/// Converts an integer of any width; `None` if it is negative or not an integer.
pub(super) fn to_usize(value: &Value) -> Option<usize> {
    let number = match value {
        Value::Bool(_) => return None,
        Value::I8(number) => u64::try_from(*number).ok()?,
        Value::I16(number) => u64::try_from(*number).ok()?,
        Value::I32(number) => u64::try_from(*number).ok()?,
        Value::I64(number) => u64::try_from(*number).ok()?,
        number => number.to_u64().ok()?,
    };
    usize::try_from(number).ok()
}

/// Reads the beginning of a file up to [`MAX_HEADER`] and validates the header in it.
fn read_header(path: &Path, reader: &mut BufReader<File>) -> Result<Vec<u8>, Error> {
    let mut header = Vec::new();
    let read = reader.take(MAX_HEADER).read_to_end(&mut header);
    read.map_err(|error| unusable(path, &error.to_string(), DOWNLOAD_AGAIN))?;
    if !gguf::is_gguf(&header) {
        return Err(unusable(
            path,
            "it is not a GGUF file: it does not begin with `GGUF`",
            "Use a file in the GGUF format, usually named `*.gguf`. Other formats must be converted to it.",
        ));
    }
    gguf::check(&header).map_err(|error| match error {
        HeaderError::Damaged(problem) => {
            let too_long = match header.len() as u64 == MAX_HEADER {
                true => " (or it is longer than 32 MiB)",
                false => "",
            };
            unusable(path, &format!("its header {problem}{too_long}"), DOWNLOAD_AGAIN)
        }
        HeaderError::Quantisation(problem) => unusable(
            path,
            &format!("its header {problem}"),
            "Use a file of the same model in another quantisation, such as Q4_K_M or Q8_0, or run it as `ollama:NAME`.",
        ),
    })?;
    Ok(header)
}

/// Checks that all tensors are inside the file.
fn check_tensors(path: &Path, content: &Content, file_length: u64) -> Result<(), Error> {
    let mut total: u64 = 0;
    for (name, tensor) in &content.tensor_infos {
        let size = check_tensor(tensor, content.tensor_data_offset, file_length);
        let size = size.map_err(|problem| {
            let problem = format!("its tensor `{}` {problem}", excerpt(name));
            unusable(path, &problem, DOWNLOAD_AGAIN)
        })?;
        total = total.saturating_add(size);
    }
    if total > file_length {
        let problem =
            format!("its tensors have {total} bytes together, but the file has {file_length}");
        return Err(unusable(path, &problem, DOWNLOAD_AGAIN));
    }
    Ok(())
}

/// Returns the size of a tensor in bytes.
fn check_tensor(tensor: &TensorInfo, data_start: u64, file_length: u64) -> Result<u64, String> {
    let elements = tensor
        .shape
        .dims()
        .iter()
        .try_fold(1_u64, |product, dimension| {
            product.checked_mul(u64::try_from(*dimension).ok()?)
        });
    let (block, block_bytes) = (
        tensor.ggml_dtype.block_size(),
        tensor.ggml_dtype.type_size(),
    );
    let elements = elements.filter(|elements| *elements > 0 && elements % block as u64 == 0);
    let size =
        elements.and_then(|elements| (elements / block as u64).checked_mul(block_bytes as u64));
    let Some(size) = size else {
        return Err("has a shape that is not valid".to_owned());
    };
    let end = data_start
        .checked_add(tensor.offset)
        .and_then(|start| start.checked_add(size));
    match end {
        Some(end) if end <= file_length => Ok(size),
        _ => Err(format!(
            "ends after the end of the file ({file_length} bytes): the file is truncated"
        )),
    }
}
