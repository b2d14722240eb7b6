//! The tokens in a file's header: their texts, kinds and bytes.

use candle_core::quantized::gguf_file::Value;

use crate::embedded::error::GET_OR_CONVERT_AGAIN;
use crate::embedded::model_file::{ModelFile, to_usize};
use crate::error::Error;

/// Help for a file whose tokenizer cannot be used.
pub(super) const PUT_TOKENIZER_NEXT_TO_FILE: &str = "Put the model's own `tokenizer.json` next to the file (models are published with one), or run the model as `ollama:NAME`.";

/// Help for a file without a part of its tokenizer that a `tokenizer.json` has.
pub(super) const COMPLETE_TOKENIZER: &str = "Get the file again from its source, convert the model again with a current version of llama.cpp's `convert_hf_to_gguf.py`, or put the model's own `tokenizer.json` next to the file.";

const MAX_TOKENS: usize = 4_000_000;

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::embedded) enum TokenKind {
    Text,
    /// Controls the conversation and is never part of a text.
    Control,
    /// Has a special meaning and is part of the text all the same.
    Marker,
}

/// Reads the texts of all tokens.
///
/// # Errors
///
/// There is no vocabulary, or it is not valid.
pub(super) fn read_tokens(file: &ModelFile) -> Result<Vec<String>, Error> {
    let Some(values) = file
        .list("tokenizer.ggml.tokens")
        .filter(|values| !values.is_empty() && values.len() < MAX_TOKENS)
    else {
        return Err(file.unusable(
            "it has no vocabulary (`tokenizer.ggml.tokens`)",
            GET_OR_CONVERT_AGAIN,
        ));
    };
    let mut tokens = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::String(token) => tokens.push(token.clone()),
            _ => {
                return Err(file.unusable(
                    "its vocabulary has a token that is not a string",
                    GET_OR_CONVERT_AGAIN,
                ));
            }
        }
    }
    Ok(tokens)
}

/// Reads the kinds of all tokens. Without them, the marks of a chat template would be ordinary text.
///
/// # Errors
///
/// The list is missing, or is not valid.
pub(super) fn read_kinds(file: &ModelFile, length: usize) -> Result<Vec<TokenKind>, Error> {
    let unusable = |problem: &str| file.unusable(problem, GET_OR_CONVERT_AGAIN);
    let values = file.list("tokenizer.ggml.token_type").ok_or_else(|| {
        unusable("it has no token types (`tokenizer.ggml.token_type`), which distinguish special tokens from text")
    })?;
    if values.len() != length {
        return Err(unusable(&format!(
            "its vocabulary has {length} tokens, but {} token types (`tokenizer.ggml.token_type`)",
            values.len()
        )));
    }
    let kind = |value: &Value| match to_usize(value)? {
        // Numbers of llama.cpp: 0 undefined, 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
        0 | 1 | 6 => Some(TokenKind::Text),
        2 | 3 | 5 => Some(TokenKind::Control),
        4 => Some(TokenKind::Marker),
        _ => None,
    };
    let kinds: Option<Vec<TokenKind>> = values.iter().map(kind).collect();
    kinds.ok_or_else(|| {
        unusable(
            "its vocabulary has a token type that is not valid; expected an integer from 0 to 6",
        )
    })
}

/// Reads the id of a special token; `None` if the file has no such token.
///
/// # Errors
///
/// The id is not an integer, or beyond the vocabulary.
pub(super) fn read_special_id(
    file: &ModelFile,
    name: &str,
    length: usize,
) -> Result<Option<u32>, Error> {
    let key = format!("tokenizer.ggml.{name}_token_id");
    let shown = match file.content.metadata.get(&key) {
        // Some converters write -1 for a token that does not exist.
        None
        | Some(Value::U32(u32::MAX) | Value::I32(-1) | Value::I64(-1) | Value::U64(u64::MAX)) => {
            return Ok(None);
        }
        Some(value) => match to_usize(value) {
            Some(id) if id < length => return Ok(u32::try_from(id).ok()),
            Some(id) => format!("its `{key}` is {id}, but its vocabulary has {length} tokens"),
            None => format!("its `{key}` is not valid; expected the number of a token"),
        },
    };
    Err(file.unusable(&shown, GET_OR_CONVERT_AGAIN))
}

/// Returns the tokens that are not text and have at least two characters, with their ids, longest first.
pub(super) fn special_tokens(tokens: &[String], kinds: &[TokenKind]) -> Vec<(String, u32)> {
    let entries = (0_u32..).zip(tokens.iter().zip(kinds));
    let special = entries
        .filter(|(_, (text, kind))| **kind != TokenKind::Text && text.chars().nth(1).is_some());
    let mut special: Vec<_> = special.map(|(id, (text, _))| (text.clone(), id)).collect();
    special.sort_by_key(|(text, _)| usize::MAX - text.len());
    special
}

/// Returns the bytes of a token.
pub(super) fn token_bytes(id: usize, token: &str, kind: TokenKind, is_byte_level: bool) -> Vec<u8> {
    match kind {
        TokenKind::Text if is_byte_level => decode_byte_level(token),
        TokenKind::Text => decode_sentence_piece(token),
        // A placeholder that keeps control tokens without a text distinct in llguidance's token trie.
        TokenKind::Control if token.is_empty() => format!("\u{FFFD}{id}").into_bytes(),
        TokenKind::Control | TokenKind::Marker => token.as_bytes().to_vec(),
    }
}

/// Returns the bytes that a text needs and for which a vocabulary of GPT-2's kind has no token. The tokenizer would
/// leave such a byte out. Bytes that begin rare characters are missing in some published vocabularies.
pub(super) fn missing_bytes<'a>(tokens: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut has_token = [false; 256];
    for token in tokens.filter(|token| token.chars().nth(1).is_none()) {
        if let [byte] = decode_byte_level(token)[..] {
            has_token[usize::from(byte)] = true;
        }
    }
    let needed = (b' '..=b'~').chain(0x80..=0xBF).chain(*b"\n");
    needed
        .filter(|byte| !has_token[usize::from(*byte)])
        .collect()
}

/// Decodes a token of GPT-2's vocabulary, in which each byte is written as a visible character.
fn decode_byte_level(token: &str) -> Vec<u8> {
    let byte = |c: char| {
        let code = u32::from(c);
        match code {
            0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => u8::try_from(code).ok(),
            // Bytes without a visible character are written as the characters from U+0100 on, in their order.
            0x100..=0x120 => u8::try_from(code - 0x100).ok(),
            0x121..=0x142 => u8::try_from(code - 0x121 + 0x7F).ok(),
            0x143 => Some(0xAD),
            _ => None,
        }
    };
    let bytes: Option<Vec<u8>> = token.chars().map(byte).collect();
    bytes.unwrap_or_else(|| token.as_bytes().to_vec())
}

/// Decodes a token of `SentencePiece`, which writes spaces as `▁` and bytes as `<0x0A>`.
fn decode_sentence_piece(token: &str) -> Vec<u8> {
    let byte = token
        .strip_prefix("<0x")
        .and_then(|byte| byte.strip_suffix('>'));
    match byte.and_then(|byte| u8::from_str_radix(byte, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace('▁', " ").into_bytes(),
    }
}
