//! Errors in what the program asked for.

use std::borrow::Cow;

use super::context::ErrorContext;
use super::kind::ErrorKind;
use super::origin::ErrorOrigin;

#[derive(Debug)]
pub(crate) enum ConfigurationError {
    /// A setting is missing or not valid.
    Setting { message: String, help: String },
    /// The command's body returned an error, or a parameter could not be formatted.
    Prompt,
    /// The server rejected the model's name; `text` is its reason.
    ModelName { text: String },
}

impl ErrorOrigin for ConfigurationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } | Self::ModelName { .. } => ErrorKind::Configuration,
            Self::Prompt => ErrorKind::Prompt,
        }
    }

    fn message(&self, context: &ErrorContext) -> String {
        match self {
            Self::Setting { message, .. } => message.clone(),
            Self::Prompt => match context.command {
                Some(name) => format!("could not build the prompt of `{name}`"),
                None => "could not build the prompt".to_owned(),
            },
            Self::ModelName { text } => {
                let model = context.model();
                format!("the server rejected the model name `{model}`: {text}")
            }
        }
    }

    fn help(&self, context: &ErrorContext) -> Cow<'static, str> {
        match self {
            Self::Setting { help, .. } => help.clone().into(),
            Self::Prompt => "See the cause: the command's body returned it with `?`, or it comes from a parameter that could not be formatted. Nothing was sent.".into(),
            Self::ModelName { .. } => context.server.choose(
                "Write the name as `family`, `family:tag` or `namespace/family:tag`, without quotes or spaces; `ollama list` shows what is installed.",
                "Name a model that the server has; most servers list theirs at `/models` below the base URL.",
            ).into(),
        }
    }

    fn foreign_texts(&mut self) -> Vec<&mut String> {
        match self {
            Self::ModelName { text } => vec![text],
            Self::Setting { .. } | Self::Prompt => Vec::new(),
        }
    }
}
