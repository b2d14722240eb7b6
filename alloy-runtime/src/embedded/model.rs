//! A loaded model.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::architecture::Network;
use super::clock::now;
use super::error::{
    USE_ANOTHER_FILE, engine_failed, first_line, show_path, unenforceable, unusable,
};
use super::file_role;
use super::generated_text::GeneratedText;
use super::generator::{AnswerFailure, Generator, TextListener};
use super::grammar::{Grammar, GrammarKind, Grammars};
use super::model_file::ModelFile;
use super::prefix_cache::{CachedPrefix, PrefixCache, common_prefix_len};
use super::request::EngineRequest;
use super::sampler::{Sampler, SamplingDefaults};
use super::template::Template;
use super::tokenizer::Tokenizer;
use crate::error::{Error, ErrorKind};
use crate::output::THINKING;
use crate::reply::{Reply, Timings, Usage};

/// A model that was loaded from a file.
pub(super) struct Model {
    path: PathBuf,
    /// The network without any tokens.
    network: Network,
    tokenizer: Tokenizer,
    template: Template,
    grammars: Grammars,
    sampling_defaults: SamplingDefaults,
    prefix_cache: PrefixCache,
}

impl Model {
    /// Loads a file.
    ///
    /// # Errors
    ///
    /// The file cannot be opened or cannot be run.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        let file = ModelFile::open(path)?;
        file_role::check(&file)?;
        // The weights are loaded last: a file that cannot be run is rejected before gigabytes are read.
        let plan = Network::check(&file)?;
        let template = Template::from_file(&file)?;
        let tokenizer = Tokenizer::from_file(&file)?;
        let sampling_defaults = SamplingDefaults::from_file(&file);
        let grammars = Grammars::new(&tokenizer);
        let grammars = grammars.map_err(|problem| {
            let problem = format!("its vocabulary cannot be used ({problem})");
            file.unusable(&problem, USE_ANOTHER_FILE)
        })?;
        Ok(Self {
            path: path.to_owned(),
            network: Network::load(file, plan)?,
            tokenizer,
            template,
            grammars,
            sampling_defaults,
            prefix_cache: PrefixCache::default(),
        })
    }

    /// Answers a request. `waited` is the time that loading and earlier requests took, for the timings of the reply.
    ///
    /// # Errors
    ///
    /// The request cannot be answered by this model, nobody waits for the answer any more, or the engine failed.
    pub(super) fn answer(
        &mut self,
        request: &EngineRequest,
        listener: &dyn TextListener,
        waited: Duration,
    ) -> Result<Reply, AnswerFailure> {
        let start = now();
        let (rendered, prompt) = self.prompt(request)?;
        let context = self.context(request, prompt.len())?;
        let answer_grammar = match &request.format {
            Some(format) => Some(self.grammar(GrammarKind::Value, format)?),
            None => None,
        };
        let call_grammar = match &request.calls {
            Some(calls) => Some(self.grammar(GrammarKind::ToolCall, calls)?),
            None => None,
        };
        let prefix = self.prefix_cache.start(&prompt, &self.network);
        let cached = prefix.tokens.len();
        let boundary = self.boundary(request, &prompt, cached);
        let (mut prefix, logits) = self.process_prompt(prefix, &prompt, boundary, listener)?;
        let prompt_time = start.elapsed();
        let answer = Generator {
            path: &self.path,
            tokenizer: &self.tokenizer,
            sampler: Sampler::new(&request.options, self.sampling_defaults),
            text: GeneratedText::new(request, &rendered),
            is_thinking: rendered.trim_end().ends_with(THINKING.0),
            answer_grammar,
            call_grammar,
            max_tokens: request.options.num_predict.unwrap_or(usize::MAX),
            context,
        }
        .run(&mut prefix, logits, listener)?;
        let total = start.elapsed();
        let prompt_tokens = prompt.len() as u64;
        self.prefix_cache.insert_finished(prefix, prompt);
        Ok(Reply {
            text: answer.text,
            thinking: None,
            thinking_field: None,
            had_inline_thinking: false,
            calls: answer.calls,
            finish_reason: Some(answer.finish_reason),
            usage: Usage::new(Some(prompt_tokens), Some(answer.tokens)).with_cached(cached as u64),
            timings: Timings {
                total: Some(waited + total),
                load: Some(waited),
                prompt: Some(prompt_time),
                generation: Some(total.saturating_sub(prompt_time)),
            },
        })
    }

    /// Returns the prompt of a request: its text and its tokens.
    ///
    /// # Errors
    ///
    /// The template cannot render the request, or renders nothing.
    pub(super) fn prompt(&self, request: &EngineRequest) -> Result<(String, Vec<u32>), Error> {
        let rendered = self.template.render(request, &self.tokenizer, &self.path)?;
        let tokens = self.tokenizer.encode(&rendered);
        let tokens = tokens.map_err(|problem| engine_failed(&self.path, &problem))?;
        if tokens.is_empty() {
            return Err(unusable(
                &self.path,
                "its chat template renders an empty prompt",
                USE_ANOTHER_FILE,
            ));
        }
        Ok((rendered, tokens))
    }

    #[cfg(test)]
    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Returns the tokens of the last prompt and its answer.
    #[cfg(test)]
    pub(super) fn last_tokens(&self) -> &[u32] {
        self.prefix_cache.last_tokens()
    }

    /// Returns the context length for a request, in tokens.
    ///
    /// # Errors
    ///
    /// The prompt fills the context.
    fn context(&self, request: &EngineRequest, prompt_tokens: usize) -> Result<usize, Error> {
        let maximum = self.network.context;
        // Without `num_ctx`, or with one below 1, the context is as long as the model allows.
        let num_ctx = request.options.num_ctx.filter(|num_ctx| *num_ctx > 0);
        let num_ctx = num_ctx.and_then(|num_ctx| usize::try_from(num_ctx).ok());
        let context = num_ctx.map_or(maximum, |num_ctx| num_ctx.min(maximum));
        if prompt_tokens < context {
            return Ok(context);
        }
        let help = match context < maximum {
            true => format!(
                "Raise `num_ctx`, up to the {maximum} that the file allows, or shorten the prompt."
            ),
            false if self.network.has_sliding_window() => {
                "Shorten the prompt: this engine runs models with a sliding window only within that window. Ollama supports their whole context, as `ollama:NAME`.".to_owned()
            }
            false => "Shorten the prompt, or use a model with a longer context.".to_owned(),
        };
        Err(Error::embedded(
            ErrorKind::ContextOverflow,
            format!(
                "the prompt has {prompt_tokens} tokens, but the context of `{}` has {context}",
                show_path(&self.path)
            ),
            help,
        ))
    }

    fn grammar(&mut self, kind: GrammarKind, schema: &Json) -> Result<Grammar, Error> {
        let grammar = self.grammars.get(kind, schema);
        grammar.map_err(|problem| unenforceable(&problem))
    }

    /// Returns the position in a prompt at which to cache a prefix, or 0.
    ///
    /// It is the later of two positions: where the prompt begins to differ from the last one, and where its last
    /// message begins, because all before that is the same in each call of a command. Prompts of two commands differ
    /// after a few words.
    fn boundary(&self, request: &EngineRequest, prompt: &[u32], cached: usize) -> usize {
        // A network that cannot continue from there gains nothing.
        if !self.network.has_independent_clones() || self.network.is_token_by_token() {
            return 0;
        }
        let common_with_last = self.prefix_cache.common_with_last(prompt);
        // If little of the prompt remains to be processed, a second rendering costs more than it saves.
        if !PrefixCache::is_worth_caching(common_with_last.max(cached), prompt.len()) {
            return common_with_last;
        }
        let other = request.with_empty_last_message();
        let other = other.and_then(|other| self.prompt(&other).ok());
        let last_message = other.map_or(0, |(_, other)| common_prefix_len(prompt, &other));
        common_with_last.max(last_message)
    }

    /// Processes a prompt from the end of `prefix` on, and caches prefixes of it. Returns the logits of the next
    /// token.
    fn process_prompt(
        &mut self,
        mut prefix: CachedPrefix,
        prompt: &[u32],
        boundary: usize,
        listener: &dyn TextListener,
    ) -> Result<(CachedPrefix, Vec<f32>), AnswerFailure> {
        let mut logits = Vec::new();
        let mut last_cached = prefix.tokens.len();
        // The second position is for the same prompt again: its last token must be processed for its logits.
        let positions = [boundary, prompt.len() - 1]
            .into_iter()
            .filter(|_| self.network.has_independent_clones());
        let positions: Vec<usize> = positions
            .filter(|position| {
                let is_worth_caching = PrefixCache::is_worth_caching(last_cached, *position);
                if is_worth_caching {
                    last_cached = *position;
                }
                is_worth_caching
            })
            .collect();
        while prefix.tokens.len() < prompt.len() {
            if listener.is_gone() {
                return Err(AnswerFailure::Cancelled);
            }
            let start = prefix.tokens.len();
            let stop = positions
                .iter()
                .copied()
                .find(|position| start < *position)
                .unwrap_or(prompt.len());
            let end = start + prefix.network.batch_size(start, stop - start);
            let next = prefix.forward(&prompt[start..end]);
            logits = next.map_err(|error| engine_failed(&self.path, &first_line(&error)))?;
            if positions.contains(&end) {
                self.prefix_cache.insert_copy(&prefix);
            }
        }
        Ok((prefix, logits))
    }
}
