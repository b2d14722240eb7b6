//! What a schema allows next: llguidance, over the tokens of a model.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::{Matcher, ParserFactory};
use serde_json::{Value as Json, json};
use toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::template::CALL;
use super::vocabulary::{Kind as TokenKind, Vocabulary};
use crate::error::excerpt;

/// How many schemas are kept ready: a program has a few.
const MOST_KEPT: usize = 32;
/// What may stand between two parts of JSON: without a bound a model may write it for ever.
const BLANKS: &str = r"[\x20\x0A\x0D\x09]{1,64}";

/// Makes grammars, and keeps them.
pub(super) struct Grammars {
    factory: ParserFactory,
    /// The token that ends the call of a tool, where that is one.
    end_of_call: Option<u32>,
    /// The last one that was used is the last.
    kept: Vec<(Kind, Json, Matcher)>,
}

/// What is enforced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// A value of a schema.
    Value,
    /// The same, as the call of a tool: up to the mark that ends one.
    Call,
}

/// What may come next.
pub(super) struct Grammar {
    matcher: Matcher,
}

impl Grammars {
    pub(super) fn of(vocabulary: &Vocabulary) -> Result<Self, String> {
        let words: Vec<Vec<u8>> = (0..vocabulary.len())
            .map(|id| {
                let id = u32::try_from(id).unwrap_or(u32::MAX);
                let bytes = vocabulary.bytes(id).to_vec();
                match vocabulary.kind(id) {
                    TokenKind::Text => bytes,
                    // No text has this byte.
                    TokenKind::Control | TokenKind::Marker => {
                        [&[TokTrie::SPECIAL_TOKEN_MARKER][..], &bytes].concat()
                    }
                }
            })
            .collect();
        let size = u32::try_from(words.len()).unwrap_or(u32::MAX);
        let trie = TokTrie::from(&TokRxInfo::new(size, vocabulary.eos_id), &words);
        let tokens: TokEnv = Arc::new(Tokens { trie });
        let mut factory =
            ParserFactory::new_simple(&tokens).map_err(|error| in_short(&error.to_string()))?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(Self {
            factory,
            end_of_call: vocabulary.id_of_special(CALL.1),
            kept: Vec::new(),
        })
    }

    /// The grammar of a JSON schema.
    ///
    /// # Errors
    ///
    /// It has what cannot be enforced, or nothing fits it.
    pub(super) fn of_schema(&mut self, kind: Kind, schema: &Json) -> Result<Grammar, String> {
        let mut kept = self.kept.iter();
        let known = kept.position(|(of, known, _)| *of == kind && known == schema);
        let (_, schema, matcher) = match known {
            Some(at) => self.kept.remove(at),
            None => (kind, schema.clone(), self.make(kind, schema)?),
        };
        let grammar = Grammar {
            matcher: matcher.deep_clone(),
        };
        if self.kept.len() == MOST_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((kind, schema, matcher));
        Ok(grammar)
    }

    fn make(&self, kind: Kind, schema: &Json) -> Result<Matcher, String> {
        let grammar = match kind {
            Kind::Value => TopLevelGrammar::from_json_schema(with_bounded_blanks(schema)),
            Kind::Call => TopLevelGrammar::from_lark(self.of_calls(schema)),
        };
        let parser = self.factory.create_parser(grammar);
        let matcher = Matcher::new(parser);
        match matcher.get_error() {
            Some(error) => Err(in_short(&error)),
            None => Ok(matcher),
        }
    }

    /// A call that has one of these schemas, up to its mark.
    fn of_calls(&self, schemas: &Json) -> String {
        let end = match self.end_of_call {
            Some(id) => format!("<[{id}]>"),
            None => json!(CALL.1).to_string(),
        };
        let schemas = schemas.as_array().map(Vec::as_slice).unwrap_or_default();
        let names: Vec<String> = (0..schemas.len()).map(|at| format!("call_{at}")).collect();
        let mut grammar = format!(
            "start: BLANKS? call BLANKS? {end}\nBLANKS: /[ \\n]{{1,4}}/\ncall: {}\n",
            names.join(" | ")
        );
        for (name, schema) in names.iter().zip(schemas) {
            for part in [
                name,
                ": %json ",
                &with_bounded_blanks(schema).to_string(),
                "\n",
            ] {
                grammar += part;
            }
        }
        grammar
    }
}

/// A schema, or any JSON where it is none, that is written without blanks for ever.
fn with_bounded_blanks(schema: &Json) -> Json {
    let mut schema = match schema {
        Json::Object(_) => schema.clone(),
        _ => json!({}),
    };
    schema["x-guidance"] = json!({"whitespace_pattern": BLANKS, "lenient": true});
    schema
}

impl Grammar {
    /// The same, at its beginning again.
    pub(super) fn fresh(&self) -> Self {
        Self {
            matcher: self.matcher.deep_clone(),
        }
    }

    /// Rules out what may not come next.
    pub(super) fn rule_out(&mut self, logits: &mut [f32]) -> Result<(), String> {
        let allowed = self
            .matcher
            .compute_mask_or_eos()
            .map_err(|error| in_short(&error.to_string()))?;
        for (id, logit) in logits.iter_mut().enumerate() {
            if id >= allowed.len() || !allowed.get(id) {
                *logit = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    /// Takes a token that was chosen.
    pub(super) fn take(&mut self, token: u32) -> Result<(), String> {
        self.matcher
            .consume_token(token)
            .map_err(|error| in_short(&error.to_string()))
    }

    /// Whether what was taken is whole.
    pub(super) fn is_whole(&mut self) -> bool {
        self.matcher.is_stopped() || self.matcher.is_accepting().unwrap_or(false)
    }
}

fn in_short(error: &str) -> String {
    excerpt(error.lines().next().unwrap_or_default())
}

/// The tokens of a model, for llguidance.
struct Tokens {
    trie: TokTrie,
}

impl TokenizerEnv for Tokens {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(bytes)
    }
}
