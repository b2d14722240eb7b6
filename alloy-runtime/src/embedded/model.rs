//! A loaded model, and how it answers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use super::choice::{Chooser, Defaults};
use super::file::{ModelFile, words};
use super::grammar::{Grammar, Grammars, Kind as GrammarKind};
use super::memory::{Memory, Reading, parting};
use super::network::{Network, OTHER_FILE};
use super::order::Order;
use super::problem::{broken, shown, unusable};
use super::template::{CALL, Template};
use super::text::Text;
use super::vocabulary::{Kind, Vocabulary};
use super::{calls, now};
use crate::error::{Error, ErrorKind};
use crate::message::ToolCall;
use crate::output::THINKING;
use crate::reply::{FinishReason, Reply, Timings, Usage};

/// A model that is ready to answer.
pub(super) struct Model {
    path: PathBuf,
    network: Network,
    vocabulary: Vocabulary,
    template: Template,
    grammars: Grammars,
    defaults: Defaults,
    memory: Memory,
}

/// Whom an answer is for.
pub(super) trait Listener {
    /// Takes a piece of the text.
    fn hear(&self, text: &str);
    /// Whether nobody listens any more.
    fn is_gone(&self) -> bool;
}

/// Why there is no reply.
pub(super) enum Failure {
    /// Nobody waits for it any more.
    Gone,
    Told(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

/// How an answer came to its end.
struct Said {
    text: String,
    calls: Vec<ToolCall>,
    tokens: u64,
    finish_reason: FinishReason,
}

impl Model {
    /// Loads a file.
    ///
    /// # Errors
    ///
    /// It is none that can be run, and why.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        let file = ModelFile::open(path)?;
        // What is small first: a file that cannot be run is to be refused before gigabytes of it are read.
        let fits = Network::check(&file)?;
        let template = Template::of(&file)?;
        let vocabulary = Vocabulary::of(&file)?;
        let defaults = Defaults::of(&file);
        let grammars = Grammars::of(&vocabulary);
        let grammars = grammars.map_err(|problem| {
            let problem = format!("its vocabulary cannot be used ({problem})");
            file.unusable(&problem, OTHER_FILE)
        })?;
        Ok(Self {
            path: path.to_owned(),
            network: Network::load(file, fits)?,
            vocabulary,
            template,
            grammars,
            defaults,
            memory: Memory::default(),
        })
    }

    /// Answers a request. `waited` is how long that took until now: loading, and the requests before it.
    pub(super) fn answer(
        &mut self,
        order: &Order,
        listener: &dyn Listener,
        waited: Duration,
    ) -> Result<Reply, Failure> {
        let began = now();
        let (rendered, prompt) = self.prompt(order)?;
        let context = self.context(order, prompt.len())?;
        let grammar = match &order.format {
            Some(format) => Some(self.grammar(GrammarKind::Value, format)?),
            None => None,
        };
        let calls = match &order.calls {
            Some(calls) => Some(self.grammar(GrammarKind::Call, calls)?),
            None => None,
        };
        let reading = self.memory.begin(&prompt, &self.network);
        let cached = reading.tokens.len();
        let boundary = self.boundary(order, &prompt, cached);
        let (mut reading, logits) = self.read(reading, &prompt, boundary, listener)?;
        let read = began.elapsed();
        let said = Saying {
            model: self,
            chooser: Chooser::new(&order.options, self.defaults),
            text: Text::new(order, &rendered),
            is_thinking: rendered.trim_end().ends_with(THINKING.0),
            grammar,
            calls,
            most: order.options.num_predict.unwrap_or(usize::MAX),
            context,
        }
        .finish(&mut reading, logits, listener)?;
        let total = began.elapsed();
        let prompt_tokens = prompt.len() as u64;
        self.memory.put_last(reading, prompt);
        Ok(Reply {
            text: said.text,
            thinking: None,
            thought_in_text: false,
            calls: said.calls,
            finish_reason: Some(said.finish_reason),
            usage: Usage {
                prompt_tokens: Some(prompt_tokens),
                completion_tokens: Some(said.tokens),
                cached_tokens: Some(cached as u64),
            },
            timings: Timings {
                total: Some(waited + total),
                load: Some(waited),
                prompt: Some(read),
                generation: Some(total.saturating_sub(read)),
            },
        })
    }

    /// The conversation as the model reads it: text, and tokens.
    pub(super) fn prompt(&self, order: &Order) -> Result<(String, Vec<u32>), Error> {
        let rendered = self.template.render(order, &self.vocabulary, &self.path)?;
        let tokens = self.vocabulary.encode(&rendered);
        let tokens = tokens.map_err(|problem| broken(&self.path, &problem))?;
        if tokens.is_empty() {
            return Err(unusable(
                &self.path,
                "its chat template gives no text",
                OTHER_FILE,
            ));
        }
        Ok((rendered, tokens))
    }

    #[cfg(test)]
    pub(super) fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The tokens of the last prompt and its answer.
    #[cfg(test)]
    pub(super) fn last_tokens(&self) -> &[u32] {
        self.memory.last_tokens()
    }

    /// The length of the context of a request whose prompt has so many tokens.
    fn context(&self, order: &Order, prompt: usize) -> Result<usize, Error> {
        let most = self.network.context;
        // None, or less than one: as long as it can be.
        let wanted = order.options.num_ctx.filter(|wanted| *wanted > 0);
        let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
        let context = wanted.map_or(most, |wanted| wanted.min(most));
        if prompt < context {
            return Ok(context);
        }
        let help = match context < most {
            true => format!(
                "Raise `num_ctx`, up to the {most} that the file allows, or shorten the prompt."
            ),
            false if self.network.is_windowed() => {
                "Shorten the prompt: this engine runs such a model within its sliding window only. Ollama does more, as `ollama:NAME`.".to_owned()
            }
            false => "Shorten the prompt, or use a model with a longer context.".to_owned(),
        };
        Err(Error::embedded(
            ErrorKind::ContextOverflow,
            format!(
                "the prompt has {prompt} tokens, and the context of `{}` {context}",
                shown(&self.path)
            ),
            help,
        ))
    }

    fn grammar(&mut self, kind: GrammarKind, schema: &Json) -> Result<Grammar, Error> {
        let grammar = self.grammars.of_schema(kind, schema);
        grammar.map_err(|problem| unenforceable(&problem))
    }

    /// Where in a prompt to remember what was read: where it parts from the last one, or where its last message
    /// begins, since what comes before stays the same from call to call of one command. The later of the two: prompts
    /// of two commands part after a few words.
    fn boundary(&self, order: &Order, prompt: &[u32], cached: usize) -> usize {
        // One that cannot go on from there gains nothing.
        if !self.network.forks() || self.network.steps() {
            return 0;
        }
        let parting_from_last = self.memory.parting(prompt);
        // Little is left to read anew: it is not worth a second rendering.
        if !Memory::is_worth_it(parting_from_last.max(cached), prompt.len()) {
            return parting_from_last;
        }
        let other = order.with_other_ending();
        let other = other.and_then(|other| self.prompt(&other).ok());
        let message = other.map_or(0, |(_, other)| parting(prompt, &other));
        parting_from_last.max(message)
    }

    /// Reads a prompt to its end: gives what comes next.
    fn read(
        &mut self,
        mut reading: Reading,
        prompt: &[u32],
        boundary: usize,
        listener: &dyn Listener,
    ) -> Result<(Reading, Vec<f32>), Failure> {
        let mut logits = Vec::new();
        let mut kept = reading.tokens.len();
        // All but the last token, for the same prompt: what comes behind a token is only told when it is read.
        let stops = [boundary, prompt.len() - 1]
            .into_iter()
            .filter(|_| self.network.forks());
        let stops: Vec<usize> = stops
            .filter(|stop| {
                let is_worth_it = Memory::is_worth_it(kept, *stop);
                if is_worth_it {
                    kept = *stop;
                }
                is_worth_it
            })
            .collect();
        while reading.tokens.len() < prompt.len() {
            if listener.is_gone() {
                return Err(Failure::Gone);
            }
            let from = reading.tokens.len();
            let stop = stops
                .iter()
                .copied()
                .find(|stop| from < *stop)
                .unwrap_or(prompt.len());
            let to = from + reading.network.at_once(from, stop - from);
            logits = self.next(&mut reading, &prompt[from..to])?;
            if stops.contains(&to) {
                self.memory.keep(&reading);
            }
        }
        Ok((reading, logits))
    }

    /// What comes after further tokens.
    fn next(&self, reading: &mut Reading, tokens: &[u32]) -> Result<Vec<f32>, Error> {
        let logits = reading.network.next(tokens, reading.tokens.len());
        reading.tokens.extend_from_slice(tokens);
        logits.map_err(|error| broken(&self.path, &words(&error)))
    }
}

/// The grammar of a schema came to its limits.
fn unenforceable(problem: &str) -> Error {
    Error::configuration(
        format!("the schema cannot be enforced: {problem}"),
        "A simpler type can: look for a pattern that the engine does not know, limits that no value keeps, or thousands of alternatives.",
    )
}

/// An answer that is being given.
struct Saying<'a> {
    model: &'a Model,
    chooser: Chooser,
    text: Text,
    /// Whether the text so far is thinking: nothing is enforced of that.
    is_thinking: bool,
    /// What is enforced of the text.
    grammar: Option<Grammar>,
    /// What is enforced of the call of a tool.
    calls: Option<Grammar>,
    /// How many tokens it may have.
    most: usize,
    /// How many there may be with those of the prompt.
    context: usize,
}

impl Saying<'_> {
    fn finish(
        mut self,
        reading: &mut Reading,
        mut logits: Vec<f32>,
        listener: &dyn Listener,
    ) -> Result<Said, Failure> {
        let vocabulary = &self.model.vocabulary;
        let unenforced = |problem: String| unenforceable(&problem);
        let mut tokens = 0;
        // The call that is being written, and where it began; the calls that were.
        let mut call: Option<(Grammar, usize)> = None;
        let mut calls = Vec::new();
        let finish_reason = loop {
            if listener.is_gone() {
                return Err(Failure::Gone);
            }
            let typed = self.grammar.as_mut().filter(|_| !self.is_thinking);
            let began = call.as_ref().map(|(_, began)| *began);
            let mut enforced = call.as_mut().map(|(grammar, _)| grammar).or(typed);
            if let Some(grammar) = &mut enforced {
                grammar.rule_out(&mut logits).map_err(unenforced)?;
            }
            let token = self.chooser.choose(logits, &reading.tokens);
            let token = token.map_err(|error| broken(&self.model.path, &words(&error)))?;
            if vocabulary.ends(token) || vocabulary.kind(token) == Kind::Control {
                break FinishReason::Stop;
            }
            tokens += 1;
            if let Some(grammar) = &mut enforced {
                grammar.take(token).map_err(unenforced)?;
            }
            let bytes = vocabulary.bytes(token);
            let is_stopped = self.text.push(bytes);
            // A value ends with its last brace, a call with the end of its mark.
            let is_whole = enforced
                .is_some_and(|grammar| self.text.ends_with_one_of(b"}]>") && grammar.is_whole());
            if is_stopped || (is_whole && began.is_none()) {
                break FinishReason::Stop;
            }
            if let (true, Some(began)) = (is_whole, began) {
                calls.push(began..self.text.len());
                call = None;
            }
            if self.is_thinking {
                self.is_thinking = !self.text.meets(THINKING.1, bytes.len());
            } else if let (Some(grammar), None) = (&self.calls, began) {
                if vocabulary.meets_special(CALL.0, token, || self.text.meets(CALL.0, bytes.len()))
                {
                    let began = self.text.last_of(CALL.0);
                    call = Some((grammar.fresh(), began));
                }
            }
            if !self.text.is_whole_only {
                self.text
                    .next_piece(false)
                    .into_iter()
                    .for_each(|piece| listener.hear(&piece));
            }
            if tokens >= self.most || reading.tokens.len() + 1 >= self.context {
                break FinishReason::Length;
            }
            logits = self.model.next(reading, &[token])?;
        };
        if !self.text.is_whole_only {
            self.text
                .next_piece(true)
                .into_iter()
                .for_each(|piece| listener.hear(&piece));
        }
        let (text, calls) = calls::split(self.text.bytes(), &calls);
        Ok(Said {
            text,
            calls,
            tokens: tokens as u64,
            finish_reason,
        })
    }
}
