//! Grammars that decide which tokens a JSON schema allows next, by llguidance.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value as Json, json};
use toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::error::first_line;
use super::tokenizer::{TokenKind, Tokenizer};
use super::tool_calls::CLOSE_TAG;

/// Maximum number of cached grammars. A program has few schemas.
const MAX_CACHED: usize = 32;
/// Whitespace between the parts of JSON. Without a bound a model may generate it for ever.
const WHITESPACE: &str = r"[\x20\x0A\x0D\x09]{1,64}";

/// Compiles schemas to grammars and caches them.
pub(super) struct Grammars {
    factory: ParserFactory,
    /// The token `</tool_call>`, if the vocabulary has it.
    close_tag_id: Option<u32>,
    /// In the order of their last use, the most recent one at the end.
    cached: Vec<(GrammarKind, Json, Matcher)>,
}

/// Text that a grammar is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum GrammarKind {
    /// A value of the schema.
    Value,
    /// A value of one of several schemas, followed by the closing tag of a tool call.
    ToolCall,
}

/// A grammar and its current state.
pub(super) struct Grammar {
    matcher: Matcher,
}

impl Grammars {
    pub(super) fn new(tokenizer: &Tokenizer) -> Result<Self, String> {
        let tokens: Vec<Vec<u8>> = (0..tokenizer.len())
            .map(|id| {
                let id = u32::try_from(id).unwrap_or(u32::MAX);
                let bytes = tokenizer.bytes(id).to_vec();
                match tokenizer.kind(id) {
                    TokenKind::Text => bytes,
                    // No text contains the marker's byte, so no grammar allows the token as text.
                    TokenKind::Control | TokenKind::Marker => {
                        [&[TokTrie::SPECIAL_TOKEN_MARKER][..], &bytes].concat()
                    }
                }
            })
            .collect();
        let size = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let trie = TokTrie::from(&TokRxInfo::new(size, tokenizer.eos_id), &tokens);
        let environment: TokEnv = Arc::new(TrieEnvironment { trie });
        let mut factory =
            ParserFactory::new_simple(&environment).map_err(|error| first_line(&error))?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self {
            factory,
            close_tag_id: tokenizer.special_id(CLOSE_TAG),
            cached: Vec::new(),
        })
    }

    /// Returns the grammar of a JSON schema, or of an array of schemas for [`GrammarKind::ToolCall`].
    ///
    /// # Errors
    ///
    /// The schema contains something that cannot be enforced, or no value satisfies it.
    pub(super) fn get(&mut self, kind: GrammarKind, schema: &Json) -> Result<Grammar, String> {
        let mut cached = self.cached.iter();
        let index = cached.position(|(cached_kind, cached_schema, _)| {
            *cached_kind == kind && cached_schema == schema
        });
        let (_, schema, matcher) = match index {
            Some(index) => self.cached.remove(index),
            None => (kind, schema.clone(), self.compile(kind, schema)?),
        };
        let grammar = Grammar {
            matcher: matcher.deep_clone(),
        };
        if self.cached.len() == MAX_CACHED {
            self.cached.remove(0);
        }
        self.cached.push((kind, schema, matcher));
        Ok(grammar)
    }

    fn compile(&self, kind: GrammarKind, schema: &Json) -> Result<Matcher, String> {
        let grammar = match kind {
            GrammarKind::Value => {
                TopLevelGrammar::from_json_schema(with_bounded_whitespace(schema))
            }
            GrammarKind::ToolCall => TopLevelGrammar::from_lark(self.tool_call_lark(schema)),
        };
        let parser = self.factory.create_parser(grammar);
        let matcher = Matcher::new(parser);
        match matcher.get_error() {
            Some(error) => Err(first_line(&error)),
            None => Ok(matcher),
        }
    }

    /// Returns the Lark grammar of a tool call that satisfies one of `schemas`, up to and including its closing tag.
    fn tool_call_lark(&self, schemas: &Json) -> String {
        let close_tag = match self.close_tag_id {
            Some(id) => format!("<[{id}]>"),
            None => json!(CLOSE_TAG).to_string(),
        };
        let schemas = schemas.as_array().map(Vec::as_slice).unwrap_or_default();
        let rules: Vec<String> = (0..schemas.len())
            .map(|index| format!("call_{index}"))
            .collect();
        let mut grammar = format!(
            "start: BLANKS? call BLANKS? {close_tag}\nBLANKS: /[ \\n]{{1,4}}/\ncall: {}\n",
            rules.join(" | ")
        );
        for (rule, schema) in rules.iter().zip(schemas) {
            for part in [
                rule,
                ": %json ",
                &with_bounded_whitespace(schema).to_string(),
                "\n",
            ] {
                grammar += part;
            }
        }
        grammar
    }
}

/// Adds the limit of whitespace to a schema. Anything but an object, such as `"json"`, becomes the schema of any
/// JSON.
fn with_bounded_whitespace(schema: &Json) -> Json {
    let mut schema = match schema {
        Json::Object(_) => schema.clone(),
        _ => json!({}),
    };
    schema["x-guidance"] = json!({"whitespace_pattern": WHITESPACE, "lenient": true});
    schema
}

impl Grammar {
    /// Copies the grammar with its current state.
    pub(super) fn fork(&self) -> Self {
        Self {
            matcher: self.matcher.deep_clone(),
        }
    }

    /// Sets the logits of all tokens that are not allowed next to minus infinity.
    pub(super) fn mask(&mut self, logits: &mut [f32]) -> Result<(), String> {
        let allowed = self
            .matcher
            .compute_mask_or_eos()
            .map_err(|error| first_line(&error))?;
        for (id, logit) in logits.iter_mut().enumerate() {
            if id >= allowed.len() || !allowed.get(id) {
                *logit = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    /// Advances the state by a token.
    pub(super) fn consume(&mut self, token: u32) -> Result<(), String> {
        self.matcher
            .consume_token(token)
            .map_err(|error| first_line(&error))
    }

    /// Returns `true` if the tokens consumed so far are a complete value.
    pub(super) fn is_complete(&mut self) -> bool {
        self.matcher.is_stopped() || self.matcher.is_accepting().unwrap_or(false)
    }
}

/// Tokens of a model in the form that llguidance requires.
struct TrieEnvironment {
    trie: TokTrie,
}

impl TokenizerEnv for TrieEnvironment {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(bytes)
    }
}
