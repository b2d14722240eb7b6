//! Errors of the model's answer.

use std::borrow::Cow;

use super::context::ErrorContext;
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;
use super::text::counted;

#[derive(Debug)]
pub(crate) enum AnswerError {
    /// The token limit cut the answer.
    Truncated {
        /// Number of tokens of the answer, if the server counted them.
        tokens: Option<u64>,
    },
    Empty,
    /// The model refused to answer; `text` is its reason.
    Refused {
        text: String,
    },
    InvalidOutput {
        /// The output type, as Rust names it.
        output: &'static str,
        /// `.` for the whole answer.
        path: String,
        problem: String,
        /// The other problems, each with its path.
        others: Vec<String>,
        excerpt: String,
    },
}

impl AnswerError {
    /// Returns the problems of an invalid answer in the words that the model reads.
    pub(super) fn reason(&self) -> String {
        let Self::InvalidOutput {
            path,
            problem,
            others,
            ..
        } = self
        else {
            return String::new();
        };
        let first = match path.as_str() {
            "." => problem.clone(),
            path => format!("{path}: {problem}"),
        };
        let others = others.iter().cloned();
        [first]
            .into_iter()
            .chain(others)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

impl ErrorOrigin for AnswerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Truncated { .. } => ErrorKind::Truncated,
            Self::Empty => ErrorKind::Empty,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::InvalidOutput { .. } => ErrorKind::InvalidOutput,
        }
    }

    fn message(&self, context: &ErrorContext) -> String {
        let model = context.model();
        match self {
            Self::Truncated { tokens: None } => {
                "the answer was cut off at the token limit".to_owned()
            }
            Self::Truncated {
                tokens: Some(tokens),
            } => format!(
                "the answer was cut off at the token limit, after {}",
                counted(*tokens, "token")
            ),
            Self::Empty => format!("model `{model}` gave an empty answer"),
            Self::Refused { text } => format!("model `{model}` refused to answer: {text}"),
            Self::InvalidOutput { output, .. } => {
                format!("the answer is not a valid `{output}`: {}", self.reason())
            }
        }
    }

    fn help(&self, context: &ErrorContext) -> Cow<'static, str> {
        match self {
            // Without a limit of the command, only the context or the server can have ended the answer.
            Self::Truncated { .. } if context.has_token_limit == Some(false) => context.server.choose(
                "No `max_tokens` is set, so the answer filled the model's context: set the option `num_ctx` for a larger one (on `openai_chat`, OLLAMA_CONTEXT_LENGTH on the server), shorten the prompt, or ask for a shorter answer. Thinking counts too.",
                "No `max_tokens` is set, so the answer filled the model's context, or the server has a limit: set `max_tokens` if that is the server's default, enlarge the context on the server, or ask for a shorter answer. Thinking counts too.",
            ),
            Self::Truncated { .. } => "Raise `max_tokens`, or ask for a shorter answer. Thinking counts too.",
            Self::Empty => "Say more plainly in the prompt what to answer, or try another model. A thinking model may have spent its `max_tokens` on thinking.",
            Self::Refused { .. } => "Say in the prompt why the question is harmless, or ask another model.",
            Self::InvalidOutput { .. } => "Say in the prompt, or in the doc comments of the type's fields, what belongs there; allow more answers (`retry`); or try a larger model.",
        }
        .into()
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::Refused { text } => vec![text],
            Self::InvalidOutput {
                output: _,
                path,
                problem,
                others,
                excerpt,
            } => others.iter_mut().chain([path, problem, excerpt]).collect(),
            Self::Truncated { .. } | Self::Empty => Vec::new(),
        }
    }
}
