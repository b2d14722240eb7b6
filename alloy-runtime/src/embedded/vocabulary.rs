//! The tokens of a model: text to tokens and back, with the ones apart that steer a conversation.
//!
//! A wrong tokenizer is a silent damage: the model answers, but worse. So only what is known to be right is taken from
//! a file; for the rest the model's own `tokenizer.json` is to lie beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use candle_core::quantized::gguf_file::Value;
use serde_json::{Value as Json, json};
use tokenizers::Tokenizer;

use super::file::{ModelFile, count};
use crate::error::{Error, excerpt};

/// Stands for nothing in a text, and parts what would be a special token otherwise. It is one of those that Unicode
/// keeps for the inside of a program: no text that people exchange has one.
pub(super) const PART: char = '\u{FDD0}';

/// The tokens of a model.
pub(super) struct Vocabulary {
    /// Takes special tokens for what they are.
    tokenizer: Tokenizer,
    /// The bytes of each token.
    bytes: Vec<Vec<u8>>,
    kinds: Vec<Kind>,
    /// The texts of those that steer, longest first.
    special: Vec<(String, u32)>,
    /// Those that end an answer.
    ends: Vec<u32>,
    /// What a prompt begins with.
    begin: Option<u32>,
    pub(super) bos: String,
    pub(super) eos: String,
    pub(super) eos_id: u32,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    /// It steers: it is never a part of a text.
    Control,
    /// It has a meaning of its own, and is text all the same.
    Marker,
}

/// How text is parted before its parts become tokens: by the name that a file has for it, the `pre_tokenizer` of the
/// `tokenizer.json` of the models that have it.
const SPLITS: [(&[&str], Split); 4] = [
    (&["gpt-2", "gpt2", "phi-2"], Split::Gpt2),
    (
        &["llama-bpe", "llama3", "llama-v3"],
        Split::Pattern {
            pattern: LLAMA3,
            nfc: false,
            ignore_merges: true,
        },
    ),
    (
        &["qwen2", "deepseek-r1-qwen"],
        Split::Pattern {
            pattern: QWEN2,
            nfc: true,
            ignore_merges: false,
        },
    ),
    (&["smollm"], Split::Digits),
];

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

#[derive(Clone, Copy, Debug)]
enum Split {
    Gpt2,
    Pattern {
        pattern: &'static str,
        nfc: bool,
        ignore_merges: bool,
    },
    Digits,
}

/// The texts of tokens that end an answer, in the templates that people use.
const ENDS: [&str; 9] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|end|>",
    "<end_of_turn>",
    "<eos>",
    "</s>",
];

impl Vocabulary {
    /// The tokens of a file.
    ///
    /// # Errors
    ///
    /// Its tokens are of a kind that is not known to be read right here, and no `tokenizer.json` lies beside it.
    pub(super) fn of(file: &ModelFile) -> Result<Self, Error> {
        let tokens = tokens(file)?;
        let kinds = kinds(file, tokens.len());
        let special = special(&tokens, &kinds);
        let beside = file.path.with_file_name("tokenizer.json");
        let definition = match beside.is_file() {
            true => own(file, &beside, &tokens)?,
            false => definition(file, &tokens, &special)?,
        };
        let read = Tokenizer::from_bytes(&definition);
        let mut tokenizer = read.map_err(|error| {
            let problem = format!(
                "its tokenizer cannot be read ({})",
                excerpt(&error.to_string())
            );
            file.unusable(&problem, OTHER_TOKENIZER)
        })?;
        // As training set them: here they would cut the prompt.
        drop(tokenizer.with_truncation(None));
        tokenizer.with_padding(None);
        let is_byte_level = file.text("tokenizer.ggml.model") == Some("gpt2");
        let bytes = tokens.iter().zip(&kinds).enumerate();
        let bytes = bytes.map(|(id, (token, kind))| match kind {
            Kind::Text if is_byte_level => of_byte_level(token),
            Kind::Text => of_pieces(token),
            // What llguidance calls a special token: no text has its first byte.
            Kind::Control if token.is_empty() => format!("\u{FFFD}{id}").into_bytes(),
            Kind::Control | Kind::Marker => token.clone().into_bytes(),
        });
        let bytes = bytes.collect();
        let id = |name: &str| {
            let id = file.count(&format!("tokenizer.ggml.{name}_token_id"))?;
            u32::try_from(id)
                .ok()
                .filter(|id| (*id as usize) < tokens.len())
        };
        let Some(eos_id) = id("eos").or_else(|| id("eot")) else {
            return Err(file.unusable(
                "it does not say which token ends an answer",
                OTHER_TOKENIZER,
            ));
        };
        let text = |id: Option<u32>| id.map(|id| tokens[id as usize].clone()).unwrap_or_default();
        let named = ENDS.iter().filter_map(|name| {
            let place = special.iter().find(|(text, _)| text == name)?;
            Some(place.1)
        });
        let mut ends: Vec<u32> = [Some(eos_id), id("eot"), id("eom")]
            .into_iter()
            .flatten()
            .chain(named)
            .collect();
        ends.sort_unstable();
        ends.dedup();
        let begins = file.flag("tokenizer.ggml.add_bos_token");
        let begins = begins.unwrap_or(!is_byte_level);
        Ok(Self {
            tokenizer,
            bytes,
            ends,
            begin: id("bos").filter(|_| begins),
            bos: text(id("bos")),
            eos: text(Some(eos_id)),
            eos_id,
            kinds,
            special,
        })
    }

    /// The tokens of a rendered conversation. What [`PART`] parts is text.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        // Each part by itself: what is parted cannot become one token.
        for part in text.split(PART).filter(|part| !part.is_empty()) {
            ids.extend(encode(&self.tokenizer, part)?);
        }
        if let Some(begin) = self.begin
            && ids.first() != Some(&begin)
        {
            ids.insert(0, begin);
        }
        Ok(ids)
    }

    /// A text in which no special token is one: each is parted, and so is what could become one beside another text.
    /// `None` where there is nothing to part.
    pub(super) fn parted(&self, text: &str) -> Option<String> {
        // What stands for nothing is nothing anybody wrote; what it parted may be a mark without it.
        let clean = match text.contains(PART) {
            true => Cow::Owned(text.replace(PART, "")),
            false => Cow::Borrowed(text),
        };
        let marks = || self.special.iter().map(|(special, _)| special.as_str());
        let within: Vec<&str> = marks().filter(|mark| clean.contains(mark)).collect();
        let mut around = Vec::new();
        for mark in marks() {
            let width = |c: Option<char>| c.map_or(0, char::len_utf8);
            let begun = begins_at_end(&clean, mark);
            around.extend(begun.map(|at| at + width(mark.chars().next())));
            let ended = ends_at_start(&clean, mark);
            around.extend(ended.map(|end| end - width(mark.chars().next_back())));
        }
        if within.is_empty() && around.is_empty() {
            return matches!(clean, Cow::Owned(_)).then(|| clean.into_owned());
        }
        let mut parted = String::with_capacity(clean.len() + 64);
        for (at, c) in clean.char_indices() {
            if around.contains(&at) {
                parted.push(PART);
            }
            parted.push(c);
            if within.iter().any(|mark| clean[at..].starts_with(mark)) {
                parted.push(PART);
            }
        }
        Some(parted)
    }

    /// The special token that is written so.
    pub(super) fn id_of_special(&self, text: &str) -> Option<u32> {
        let mut special = self.special.iter();
        special.find_map(|(known, id)| (known == text).then_some(*id))
    }

    /// Whether a token is this mark; where none is, whether its letters were `met`.
    pub(super) fn meets_special(&self, mark: &str, token: u32, met: impl FnOnce() -> bool) -> bool {
        match self.id_of_special(mark) {
            Some(id) => token == id,
            None => met(),
        }
    }

    /// The bytes of a token that is text.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn kind(&self, id: u32) -> Kind {
        self.kinds
            .get(id as usize)
            .copied()
            .unwrap_or(Kind::Control)
    }

    pub(super) fn ends(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

fn encode(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>, String> {
    let encoded = tokenizer.encode_fast(text, false);
    let encoded = encoded.map_err(|error| excerpt(&error.to_string()))?;
    Ok(encoded.get_ids().to_vec())
}

/// Where at the end of a text a special token begins that does not end there. One character may stand anywhere.
fn begins_at_end(text: &str, special: &str) -> Option<usize> {
    let parts = special.char_indices().skip(2).map(|(at, _)| &special[..at]);
    let part = parts.filter(|part| text.ends_with(part)).last()?;
    Some(text.len() - part.len())
}

/// Where the end of a special token, which a text begins with, ends.
fn ends_at_start(text: &str, special: &str) -> Option<usize> {
    let mut parts = special.char_indices().skip(1).map(|(at, _)| &special[at..]);
    let part = parts.find(|part| part.chars().nth(1).is_some() && text.starts_with(part))?;
    Some(part.len())
}

const OTHER_TOKENIZER: &str = "Lay the model's own `tokenizer.json` beside the file (models are published with one), or run it as `ollama:NAME`.";

fn tokens(file: &ModelFile) -> Result<Vec<String>, Error> {
    const TOO_MANY: usize = 4_000_000;
    let Some(values) = file
        .list("tokenizer.ggml.tokens")
        .filter(|values| !values.is_empty() && values.len() < TOO_MANY)
    else {
        return Err(file.unusable(
            "it has no vocabulary (`tokenizer.ggml.tokens`)",
            OTHER_TOKENIZER,
        ));
    };
    let mut tokens = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::String(token) => tokens.push(token.clone()),
            _ => {
                return Err(file.unusable(
                    "its vocabulary has a token that is no text",
                    OTHER_TOKENIZER,
                ));
            }
        }
    }
    Ok(tokens)
}

fn kinds(file: &ModelFile, length: usize) -> Vec<Kind> {
    let values = file.list("tokenizer.ggml.token_type").unwrap_or_default();
    let kind = |value: &Value| match count(value) {
        // As llama.cpp numbers them: unknown, control; user-defined; unused.
        Some(2 | 3 | 5) => Kind::Control,
        Some(4) => Kind::Marker,
        _ => Kind::Text,
    };
    let mut kinds: Vec<Kind> = values.iter().map(kind).collect();
    kinds.resize(length, Kind::Text);
    kinds
}

fn special(tokens: &[String], kinds: &[Kind]) -> Vec<(String, u32)> {
    let special = (0_u32..).zip(tokens.iter().zip(kinds));
    let special =
        special.filter(|(_, (text, kind))| **kind != Kind::Text && text.chars().nth(1).is_some());
    let mut special: Vec<_> = special.map(|(id, (text, _))| (text.clone(), id)).collect();
    special.sort_by_key(|(text, _)| usize::MAX - text.len());
    special
}

/// The tokenizer that a file's header describes, in the form of a `tokenizer.json`.
fn definition(
    file: &ModelFile,
    tokens: &[String],
    special: &[(String, u32)],
) -> Result<Vec<u8>, Error> {
    let kind = file.text("tokenizer.ggml.model").unwrap_or("none");
    if kind != "gpt2" {
        let problem = format!(
            "its tokenizer is of the kind `{}`, and `gpt2` is the one that is read from a file",
            excerpt(kind)
        );
        return Err(file.unusable(&problem, OTHER_TOKENIZER));
    }
    let name = file.text("tokenizer.ggml.pre").unwrap_or("none");
    let Some((_, split)) = SPLITS.iter().find(|(names, _)| names.contains(&name)) else {
        let known: Vec<&str> = SPLITS
            .iter()
            .flat_map(|(names, _)| *names)
            .copied()
            .collect();
        let problem = format!(
            "its tokenizer parts text in the way `{}`, and these are known: {}",
            excerpt(name),
            known.join(", ")
        );
        return Err(file.unusable(&problem, OTHER_TOKENIZER));
    };
    let vocabulary: BTreeMap<&str, u32> = tokens.iter().map(String::as_str).zip(0..).collect();
    if vocabulary.len() != tokens.len() {
        return Err(file.unusable("its vocabulary has a token twice", OTHER_TOKENIZER));
    }
    let merges = file.list("tokenizer.ggml.merges").unwrap_or_default();
    let merge = |value: &Value| match value {
        Value::String(merge) => {
            let (one, other) = merge.split_once(' ')?;
            Some(json!([one, other]))
        }
        _ => None,
    };
    let Some(merges) = merges.iter().map(merge).collect::<Option<Vec<Json>>>() else {
        return Err(file.unusable("its vocabulary has a merge that is none", OTHER_TOKENIZER));
    };
    let byte_level = |pattern: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": pattern});
    let (before, nfc, ignore_merges) = match *split {
        Split::Gpt2 => (byte_level(true), false, false),
        Split::Digits => {
            let digits = json!({"type": "Digits", "individual_digits": true});
            let both = json!({"type": "Sequence", "pretokenizers": [digits, byte_level(true)]});
            (both, false, false)
        }
        Split::Pattern {
            pattern,
            nfc,
            ignore_merges,
        } => {
            let split = json!({"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false});
            let both = json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]});
            (both, nfc, ignore_merges)
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
        "normalizer": nfc.then(|| json!({"type": "NFC"})),
        "pre_tokenizer": before,
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
            "fuse_unk": false, "byte_fallback": false, "ignore_merges": ignore_merges, "vocab": vocabulary, "merges": merges,
        },
    });
    Ok(definition.to_string().into_bytes())
}

/// The tokenizer of a file that describes one.
#[cfg(test)]
pub(super) fn definition_of(file: &ModelFile) -> Vec<u8> {
    let tokens = tokens(file).unwrap();
    let special = special(&tokens, &kinds(file, tokens.len()));
    definition(file, &tokens, &special).unwrap()
}

/// The `tokenizer.json` beside a file, which must be of the same model.
fn own(file: &ModelFile, beside: &Path, tokens: &[String]) -> Result<Vec<u8>, Error> {
    let shown = super::problem::shown(beside);
    let help = "Lay the model's own `tokenizer.json` there, or take this one away.";
    let refused = |problem: &str| file.unusable(&format!("`{shown}` beside it {problem}"), help);
    let definition =
        std::fs::read(beside).map_err(|error| refused(&format!("cannot be read: {error}")))?;
    let tokenizer = Tokenizer::from_bytes(&definition).map_err(|error| {
        refused(&format!(
            "is no tokenizer ({})",
            excerpt(&error.to_string())
        ))
    })?;
    let same = tokens
        .iter()
        .zip(0..)
        .filter(|(token, id)| tokenizer.token_to_id(token) == Some(*id));
    // Files are filled up with tokens that nobody has trained.
    let vocabulary = tokenizer.get_vocab_size(true);
    if same.count() * 100 < vocabulary.min(tokens.len()) * 98 || vocabulary > tokens.len() {
        return Err(refused(
            "is that of another model: its tokens are not the file's",
        ));
    }
    Ok(definition)
}

/// The bytes of a token in which each byte is written as a visible character, as GPT-2's vocabulary has them.
fn of_byte_level(token: &str) -> Vec<u8> {
    let byte = |c: char| {
        let code = u32::from(c);
        match code {
            0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF => u8::try_from(code).ok(),
            // Those that are not visible stand behind the others, in their order.
            0x100..=0x120 => u8::try_from(code - 0x100).ok(),
            0x121..=0x142 => u8::try_from(code - 0x121 + 0x7F).ok(),
            0x143 => Some(0xAD),
            _ => None,
        }
    };
    let bytes: Option<Vec<u8>> = token.chars().map(byte).collect();
    bytes.unwrap_or_else(|| token.as_bytes().to_vec())
}

/// The bytes of a token of `SentencePiece`'s: spaces are written as `▁`, bytes as `<0x0A>`.
fn of_pieces(token: &str) -> Vec<u8> {
    let byte = token
        .strip_prefix("<0x")
        .and_then(|byte| byte.strip_suffix('>'));
    match byte.and_then(|byte| u8::from_str_radix(byte, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace('▁', " ").into_bytes(),
    }
}
