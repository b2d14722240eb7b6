//! Conversion between text and tokens.
//!
//! With a wrong tokenizer a model still answers, only worse, and nothing shows why. The engine therefore reads
//! only tokenizers from a model file that are known to be read correctly. For others it requires the model's own
//! `tokenizer.json` next to the file.

mod definition;
mod separator;
mod vocabulary;

use tokenizers::Tokenizer as HfTokenizer;

use self::separator::{SEPARATOR, separate};
pub(super) use self::vocabulary::TokenKind;
use self::vocabulary::{PUT_TOKENIZER_NEXT_TO_FILE, token_bytes};
use super::error::GET_OR_CONVERT_AGAIN;
use super::model_file::ModelFile;
use crate::error::{Error, excerpt};

/// The tokenizer of a model.
pub(super) struct Tokenizer {
    /// Recognizes special tokens in text.
    inner: HfTokenizer,
    /// The bytes of each token.
    bytes: Vec<Vec<u8>>,
    kinds: Vec<TokenKind>,
    /// Special tokens, longest first.
    special: Vec<(String, u32)>,
    /// Tokens that end an answer.
    end_ids: Vec<u32>,
    /// The token that a prompt begins with, if the model expects one.
    prompt_start: Option<u32>,
    pub(super) bos: String,
    pub(super) eos: String,
    pub(super) eos_id: u32,
}

/// Tokens that end an answer in widely used templates.
const END_TOKENS: [&str; 9] = [
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

impl Tokenizer {
    /// Builds the tokenizer of a model file, from the `tokenizer.json` next to it if there is one.
    ///
    /// # Errors
    ///
    /// The header or the `tokenizer.json` is not valid, or the file has a type of tokenizer that is not supported
    /// and no `tokenizer.json` next to it.
    pub(super) fn from_file(file: &ModelFile) -> Result<Self, Error> {
        let tokens = vocabulary::read_tokens(file)?;
        let kinds = vocabulary::read_kinds(file, tokens.len())?;
        let special = vocabulary::special_tokens(&tokens, &kinds);
        let sibling = file.path.with_file_name("tokenizer.json");
        let definition = match sibling.is_file() {
            true => definition::from_sibling(file, &sibling, &tokens)?,
            false => definition::from_header(file, &tokens, &kinds, &special)?,
        };
        let parsed = HfTokenizer::from_bytes(&definition);
        let mut inner = parsed.map_err(|error| {
            let problem = format!(
                "its tokenizer is not valid ({})",
                excerpt(&error.to_string())
            );
            file.unusable(&problem, PUT_TOKENIZER_NEXT_TO_FILE)
        })?;
        // Settings for training, which would cut the prompt.
        drop(inner.with_truncation(None));
        inner.with_padding(None);
        let is_byte_level = file.text("tokenizer.ggml.model") == Some("gpt2");
        let bytes = (0_usize..).zip(tokens.iter().zip(&kinds));
        let bytes = bytes.map(|(id, (token, kind))| token_bytes(id, token, *kind, is_byte_level));
        let bytes = bytes.collect();
        let read_id = |name: &str| vocabulary::read_special_id(file, name, tokens.len());
        let answer_end = read_id("eos")?;
        let turn_end = read_id("eot")?;
        let message_end = read_id("eom")?;
        let Some(eos_id) = answer_end.or(turn_end) else {
            return Err(file.unusable(
                "its header does not name the token that ends an answer (`tokenizer.ggml.eos_token_id`)",
                GET_OR_CONVERT_AGAIN,
            ));
        };
        let adds_bos = file.flag("tokenizer.ggml.add_bos_token");
        let adds_bos = adds_bos.unwrap_or(!is_byte_level);
        let uses_bos = adds_bos
            || file
                .text("tokenizer.chat_template")
                .is_some_and(|template| template.contains("bos_token"));
        // An id that nothing uses is not worth an error.
        let bos = match read_id("bos") {
            Err(error) if uses_bos => return Err(error),
            bos => bos.unwrap_or(None),
        };
        if adds_bos && bos.is_none() {
            return Err(file.unusable(
                "its prompts begin with a token that its header does not name (`tokenizer.ggml.bos_token_id`)",
                GET_OR_CONVERT_AGAIN,
            ));
        }
        let text = |id: Option<u32>| id.map(|id| tokens[id as usize].clone()).unwrap_or_default();
        let known_ends = END_TOKENS.iter().filter_map(|name| {
            let entry = special.iter().find(|(text, _)| text == name)?;
            Some(entry.1)
        });
        let mut end_ids: Vec<u32> = [Some(eos_id), turn_end, message_end]
            .into_iter()
            .flatten()
            .chain(known_ends)
            .collect();
        end_ids.sort_unstable();
        end_ids.dedup();
        Ok(Self {
            inner,
            bytes,
            end_ids,
            prompt_start: bos.filter(|_| adds_bos),
            bos: text(bos),
            eos: text(Some(eos_id)),
            eos_id,
            kinds,
            special,
        })
    }

    /// Returns the tokens of a rendered prompt. Special tokens that
    /// [`separate_special_tokens`](Self::separate_special_tokens) took apart become ordinary text.
    pub(super) fn encode(&self, prompt: &str) -> Result<Vec<u32>, String> {
        let mut ids = Vec::new();
        // Each part is encoded by itself, so that no token spans a separator.
        for part in prompt.split(SEPARATOR).filter(|part| !part.is_empty()) {
            let encoding = self.inner.encode_fast(part, false);
            let encoding = encoding.map_err(|error| excerpt(&error.to_string()))?;
            ids.extend_from_slice(encoding.get_ids());
        }
        if let Some(start) = self.prompt_start
            && ids.first() != Some(&start)
        {
            ids.insert(0, start);
        }
        Ok(ids)
    }

    /// Inserts separators into a text, so that nothing in it becomes a special token, neither by itself nor
    /// together with the text around it. Returns `None` if the text needs no change.
    pub(super) fn separate_special_tokens(&self, text: &str) -> Option<String> {
        separate(text, self.special.iter().map(|(token, _)| token.as_str()))
    }

    pub(super) fn special_id(&self, text: &str) -> Option<u32> {
        let mut special = self.special.iter();
        special.find_map(|(token, id)| (token == text).then_some(*id))
    }

    /// Returns `true` if `token` is the special token `tag`. If the vocabulary has no such token, returns whether
    /// its characters `were_generated`.
    pub(super) fn is_tag(
        &self,
        tag: &str,
        token: u32,
        were_generated: impl FnOnce() -> bool,
    ) -> bool {
        match self.special_id(tag) {
            Some(id) => token == id,
            None => were_generated(),
        }
    }

    /// Returns the bytes of a token; empty for an unknown one.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn kind(&self, id: u32) -> TokenKind {
        self.kinds
            .get(id as usize)
            .copied()
            .unwrap_or(TokenKind::Control)
    }

    /// Returns `true` if a token ends an answer.
    pub(super) fn is_end(&self, id: u32) -> bool {
        self.end_ids.contains(&id)
    }

    /// Returns the number of tokens.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// Returns the `tokenizer.json` that a file's header describes.
#[cfg(test)]
pub(super) fn definition_from_header(file: &ModelFile) -> Vec<u8> {
    let tokens = vocabulary::read_tokens(file).unwrap();
    let kinds = vocabulary::read_kinds(file, tokens.len()).unwrap();
    let special = vocabulary::special_tokens(&tokens, &kinds);
    definition::from_header(file, &tokens, &kinds, &special).unwrap()
}
