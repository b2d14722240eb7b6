//! The definition of a tokenizer, in the format of a `tokenizer.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::quantized::gguf_file::Value;
use serde_json::{Value as Json, json};
use tokenizers::Tokenizer as HfTokenizer;

use super::vocabulary::{COMPLETE_TOKENIZER, PUT_TOKENIZER_NEXT_TO_FILE, TokenKind, missing_bytes};
use crate::embedded::error::{GET_OR_CONVERT_AGAIN, USE_ANOTHER_FILE, show_path};
use crate::embedded::model_file::ModelFile;
use crate::error::{Error, excerpt};

const MERGES: &str = "tokenizer.ggml.merges";
/// Minimum share of the longer tokens that the merges make, in percent. Published files reach nearly all; added tokens
/// are not made by merges.
const MIN_REACHED: usize = 80;

/// Types of tokenizers whose tokens are written in a way that the engine can decode.
const TYPES_WITH_KNOWN_TEXT: [&str; 3] = ["gpt2", "llama", "t5"];

/// Pre-tokenizers by their names in GGUF files. Each one is the `pre_tokenizer` in the `tokenizer.json` of the
/// models that use the name.
const PRE_TOKENIZERS: [(&[&str], PreTokenizer); 4] = [
    (&["gpt-2", "gpt2", "phi-2"], PreTokenizer::Gpt2),
    (
        &["llama-bpe", "llama3", "llama-v3"],
        PreTokenizer::Pattern {
            pattern: LLAMA3,
            has_nfc: false,
            ignores_merges: true,
        },
    ),
    (
        &["qwen2", "deepseek-r1-qwen"],
        PreTokenizer::Pattern {
            pattern: QWEN2,
            has_nfc: true,
            ignores_merges: false,
        },
    ),
    (&["smollm"], PreTokenizer::Digits),
];

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

#[derive(Clone, Copy, Debug)]
enum PreTokenizer {
    Gpt2,
    Pattern {
        pattern: &'static str,
        /// `true` if text is normalized to NFC first.
        has_nfc: bool,
        ignores_merges: bool,
    },
    /// GPT-2's, after splitting off each digit.
    Digits,
}

/// Builds the definition that a file's header describes.
///
/// # Errors
///
/// The type of tokenizer or its pre-tokenizer is not supported, or the vocabulary is not valid.
pub(super) fn from_header(
    file: &ModelFile,
    tokens: &[String],
    kinds: &[TokenKind],
    special: &[(String, u32)],
) -> Result<Vec<u8>, Error> {
    let unusable = |problem: &str| file.unusable(problem, PUT_TOKENIZER_NEXT_TO_FILE);
    let pre_tokenizer = find_pre_tokenizer(file)?;
    let vocabulary: BTreeMap<&str, u32> = tokens.iter().map(String::as_str).zip(0..).collect();
    if vocabulary.len() != tokens.len() {
        return Err(unusable("its vocabulary has a duplicate token"));
    }
    let pieces = tokens.iter().zip(kinds);
    let pieces = pieces.filter(|(_, kind)| **kind == TokenKind::Text);
    let pieces: Vec<&str> = pieces.map(|(token, _)| token.as_str()).collect();
    let missing = missing_bytes(pieces.iter().copied());
    if let [first, ..] = missing[..] {
        let problem = format!(
            "its vocabulary has no token for {} of the bytes that every text may have (the first is 0x{first:02X})",
            missing.len()
        );
        return Err(file.unusable(&problem, COMPLETE_TOKENIZER));
    }
    let merges: Vec<Json> = read_merges(file, &pieces)?
        .into_iter()
        .map(|(one, other)| json!([one, other]))
        .collect();
    let byte_level = |uses_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": uses_regex});
    let (pre_tokenizer, has_nfc, ignores_merges) = match *pre_tokenizer {
        PreTokenizer::Gpt2 => (byte_level(true), false, false),
        PreTokenizer::Digits => {
            let digits = json!({"type": "Digits", "individual_digits": true});
            let both = json!({"type": "Sequence", "pretokenizers": [digits, byte_level(true)]});
            (both, false, false)
        }
        PreTokenizer::Pattern {
            pattern,
            has_nfc,
            ignores_merges,
        } => {
            let split = json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
            let both = json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]});
            (both, has_nfc, ignores_merges)
        }
    };
    let added = special.iter().map(|(text, id)| json!({
        "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true,
    }));
    let definition = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": has_nfc.then(|| json!({"type": "NFC"})),
        "pre_tokenizer": pre_tokenizer,
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "ignore_merges": ignores_merges, "vocab": vocabulary, "merges": merges,
        },
    });
    Ok(definition.to_string().into_bytes())
}

/// Reads the merges, the pairs of tokens that make longer ones. `pieces` are the tokens for text.
///
/// # Errors
///
/// The list is missing, or is not valid, or does not make most of the tokens.
fn read_merges<'a>(file: &'a ModelFile, pieces: &[&str]) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let unusable = |problem: &str| file.unusable(problem, COMPLETE_TOKENIZER);
    let to_pair = |value: &'a Value| match value {
        Value::String(merge) => merge.split_once(' '),
        _ => None,
    };
    let is_long = |piece: &&&str| piece.chars().nth(1).is_some();
    let long = pieces.iter().filter(is_long).count();
    let merges = match (
        file.list(MERGES),
        file.content.metadata.contains_key(MERGES),
    ) {
        (Some(merges), _) => merges,
        (None, true) => return Err(unusable("its `tokenizer.ggml.merges` is not a list")),
        (None, false) => &[],
    };
    if merges.is_empty() && long > 0 {
        return Err(unusable(
            "it has no merges (`tokenizer.ggml.merges`), without which its tokenizer splits each word into its bytes",
        ));
    }
    let Some(merges) = merges.iter().map(to_pair).collect::<Option<Vec<_>>>() else {
        return Err(unusable(
            "its vocabulary has a merge that is not a pair of tokens",
        ));
    };
    let made: BTreeSet<String> = merges
        .iter()
        .map(|(one, other)| format!("{one}{other}"))
        .collect();
    let reached = pieces
        .iter()
        .filter(is_long)
        .filter(|piece| made.contains(**piece));
    let reached = reached.count();
    if reached * 100 < long * MIN_REACHED {
        return Err(unusable(&format!(
            "its merges (`tokenizer.ggml.merges`) make only {reached} of its {long} longer tokens"
        )));
    }
    Ok(merges)
}

fn find_pre_tokenizer(file: &ModelFile) -> Result<&'static PreTokenizer, Error> {
    let unusable = |problem: String| file.unusable(&problem, PUT_TOKENIZER_NEXT_TO_FILE);
    let model = tokenizer_type(file)?;
    if model != "gpt2" {
        return Err(unusable(format!(
            "its tokenizer has the type `{}`; only `gpt2` can be read from a model file",
            excerpt(model)
        )));
    }
    let name = file.text("tokenizer.ggml.pre").ok_or_else(|| {
        unusable("its header does not name its pre-tokenizer (`tokenizer.ggml.pre`)".to_owned())
    })?;
    let known = PRE_TOKENIZERS
        .iter()
        .find(|(names, _)| names.contains(&name));
    known
        .map(|(_, pre_tokenizer)| pre_tokenizer)
        .ok_or_else(|| {
            let supported: Vec<&str> = PRE_TOKENIZERS
                .iter()
                .flat_map(|(names, _)| *names)
                .copied()
                .collect();
            unusable(format!(
                "its pre-tokenizer `{}` is not supported; supported are {}",
                excerpt(name),
                supported.join(", ")
            ))
        })
}

fn tokenizer_type(file: &ModelFile) -> Result<&str, Error> {
    file.text("tokenizer.ggml.model").ok_or_else(|| {
        file.unusable(
            "its header does not name the type of its tokenizer (`tokenizer.ggml.model`)",
            GET_OR_CONVERT_AGAIN,
        )
    })
}

/// Reads the `tokenizer.json` next to a file.
///
/// # Errors
///
/// It cannot be read, is not valid, or belongs to another model.
pub(super) fn from_sibling(
    file: &ModelFile,
    sibling: &Path,
    tokens: &[String],
) -> Result<Vec<u8>, Error> {
    // The type says how the text of a token is written in the file.
    let model = tokenizer_type(file)?;
    if !TYPES_WITH_KNOWN_TEXT.contains(&model) {
        let problem = format!(
            "its tokenizer has the type `{}`; with a `tokenizer.json` next to the file this engine supports {}",
            excerpt(model),
            TYPES_WITH_KNOWN_TEXT.join(", ")
        );
        return Err(file.unusable(&problem, USE_ANOTHER_FILE));
    }
    let shown = show_path(sibling);
    let help = "Replace it with the model's own `tokenizer.json`, or remove it.";
    let unusable = |problem: &str| file.unusable(&format!("`{shown}` next to it {problem}"), help);
    let definition =
        std::fs::read(sibling).map_err(|error| unusable(&format!("cannot be read: {error}")))?;
    let tokenizer = HfTokenizer::from_bytes(&definition).map_err(|error| {
        unusable(&format!(
            "is not a valid tokenizer ({})",
            excerpt(&error.to_string())
        ))
    })?;
    let matching = tokens
        .iter()
        .zip(0..)
        .filter(|(token, id)| tokenizer.token_to_id(token) == Some(*id));
    // Model files are padded with tokens that were never trained, so a few may differ.
    let length = tokenizer.get_vocab_size(true);
    if matching.count() * 100 < length.min(tokens.len()) * 98 || length > tokens.len() {
        return Err(unusable(
            "belongs to another model: its tokens are not those of the file",
        ));
    }
    let ids = tokenizer.get_vocab(true).into_values();
    if let Some(id) = ids.max().filter(|id| *id as usize >= tokens.len()) {
        return Err(unusable(&format!(
            "has a token with the number {id}, but the vocabulary of the file has {} tokens",
            tokens.len()
        )));
    }
    check_parts(&definition, tokens).map_err(|problem| unusable(&problem))?;
    Ok(definition)
}

/// Checks that a `tokenizer.json` has all parts without which it splits text in a wrong way.
fn check_parts(definition: &[u8], tokens: &[String]) -> Result<(), String> {
    let definition: Json = serde_json::from_slice(definition).unwrap_or_default();
    let model = &definition["model"];
    // Older files do not name the type of a model with merges.
    let has_merges = model["type"] == "BPE" || model.get("merges").is_some();
    let is_long = |token: &String| token.chars().nth(1).is_some();
    let is_empty = model["merges"].as_array().is_none_or(Vec::is_empty);
    if has_merges
        && is_empty
        && model["vocab"]
            .as_object()
            .is_some_and(|vocab| vocab.keys().any(is_long))
    {
        return Err("has no merges (`model.merges`)".to_owned());
    }
    if model["byte_fallback"] == true {
        let known: BTreeSet<&str> = tokens.iter().map(String::as_str).collect();
        let mut bytes = (0..=u8::MAX).map(|byte| format!("<0x{byte:02X}>"));
        if let Some(missing) = bytes.find(|byte| !known.contains(byte.as_str())) {
            return Err(format!(
                "writes unknown characters as bytes, but the vocabulary of the file has no token `{missing}`"
            ));
        }
    }
    Ok(())
}
