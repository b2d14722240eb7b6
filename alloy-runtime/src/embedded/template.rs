//! The chat template of a model file: a conversation as the text that the model was trained on.

use std::io::Write;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, Error as TemplateError, ErrorKind as TemplateErrorKind};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::Serialize as _;
use serde_json::Value as Json;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::file::ModelFile;
use super::order::Order;
use super::problem::{incapable, unusable};
use super::vocabulary::Vocabulary;
use crate::error::{Error, ErrorKind, excerpt};
use crate::output::THINKING;

/// How many steps a template may take: those that people use take some thousands for a long conversation.
const MOST_STEPS: u64 = 1_000_000;
const DEEPEST: usize = 64;
/// The longest text that one may write. No context takes a tenth of it.
const LONGEST_TEXT: usize = 64 * 1024 * 1024;
/// The longest template: those that people use are a hundredth of it.
const LONGEST_TEMPLATE: usize = 1024 * 1024;
const NAME: &str = "chat";
const HELP: &str = "Use another file of the model, or the same one by `ollama:NAME`, whose templates Ollama keeps itself.";

/// The chat template of a model.
pub(super) struct Template {
    environment: Environment<'static>,
    /// Whether it has a place for tools, in the form that is read here.
    takes_tools: bool,
    /// Whether it can be told to let the model think.
    has_switch: bool,
    thinks: bool,
}

/// What marks a call of a tool in a text.
pub(super) const CALL: (&str, &str) = ("<tool_call>", "</tool_call>");

impl Template {
    /// The template of a file.
    ///
    /// # Errors
    ///
    /// It has none, or one that is none.
    pub(super) fn of(file: &ModelFile) -> Result<Self, Error> {
        let Some(source) = file.text("tokenizer.chat_template") else {
            return Err(file.unusable("it has no chat template (`tokenizer.chat_template`): it may be a base model, which was not trained to answer", HELP));
        };
        if source.len() > LONGEST_TEMPLATE {
            return Err(file.unusable("its chat template is longer than 1 MiB", HELP));
        }
        let mut environment = Environment::new();
        // As the library for which templates are written sets them.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_unknown_method_callback(unknown_method_callback);
        environment.set_fuel(Some(MOST_STEPS));
        environment.set_recursion_limit(DEEPEST);
        environment.add_filter("tojson", tojson);
        environment.add_function(
            "raise_exception",
            |words: String| -> Result<String, TemplateError> {
                Err(TemplateError::new(
                    TemplateErrorKind::InvalidOperation,
                    words,
                ))
            },
        );
        let compiled = environment.add_template_owned(NAME, source.to_owned());
        compiled.map_err(|error| {
            let problem = format!("its chat template cannot be read ({})", words(&error));
            file.unusable(&problem, HELP)
        })?;
        Ok(Self {
            takes_tools: source.contains("tools") && source.contains(CALL.0),
            has_switch: source.contains("enable_thinking"),
            thinks: source.contains(THINKING.0) || source.contains("reasoning_content"),
            environment,
        })
    }

    /// A conversation as text. What is said in it steers nothing, whatever it is.
    ///
    /// # Errors
    ///
    /// The template refuses the conversation, or takes too long, or has no place for tools that there are.
    pub(super) fn render(
        &self,
        order: &Order,
        vocabulary: &Vocabulary,
        path: &std::path::Path,
    ) -> Result<String, Error> {
        if order.tools.is_some() && !self.takes_tools {
            return Err(incapable(
                path,
                "tools",
                "its chat template has no place for them, or not in the form `<tool_call>`",
            ));
        }
        let asked = order.is_asked_to_think();
        if asked && !self.thinks {
            return Err(incapable(
                path,
                "thinking",
                "its chat template has no place for it",
            ));
        }
        let mut context = serde_json::json!({
            "messages": order.messages,
            "tools": order.tools,
            "add_generation_prompt": true,
            "bos_token": vocabulary.bos,
            "eos_token": vocabulary.eos,
        });
        if let Some(thinks) = order.thinks {
            context["enable_thinking"] = Json::Bool(thinks);
        }
        for said in ["messages", "tools"] {
            part(&mut context[said], vocabulary);
        }
        let template = self.environment.get_template(NAME);
        let rendered = template.and_then(|template| {
            let mut text = Bounded::default();
            template.render_captured_to(Value::from(Serde(&context)), &mut text)?;
            Ok(String::from_utf8_lossy(&text.0).into_owned())
        });
        let mut rendered = rendered.map_err(|error| match error.kind() {
            TemplateErrorKind::WriteFailure => {
                unusable(path, "its chat template writes more than 64 MiB", HELP)
            }
            TemplateErrorKind::OutOfFuel => unusable(path, "its chat template does not come to an end", HELP),
            _ => Error::embedded(
                ErrorKind::Prompt,
                format!("the chat template of `{}` does not take the conversation: {}", super::problem::shown(path), words(&error)),
                "Templates ask for user and assistant messages in turn, and some take no system message: look at `history` and `system`.",
            ),
        })?;
        // A typed answer that is to be thought about first: what is enforced begins behind the thinking.
        if asked
            && self.has_switch
            && order.format.is_some()
            && !rendered.trim_end().ends_with(THINKING.0)
        {
            rendered = rendered + THINKING.0 + "\n";
        }
        Ok(rendered)
    }
}

/// A text that does not grow without end.
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_TEXT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Parts the special tokens in all texts of a value.
fn part(value: &mut Json, vocabulary: &Vocabulary) {
    match value {
        Json::String(text) => {
            if let Some(parted) = vocabulary.parted(text) {
                *text = parted;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| part(item, vocabulary)),
        Json::Object(members) => {
            // Names are what a model is told of its tools, and words of its own in their arguments.
            let parted = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    part(&mut value, vocabulary);
                    (vocabulary.parted(&name).unwrap_or(name), value)
                });
            *members = parted.collect();
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// An error of a template's, in one line.
fn words(error: &TemplateError) -> String {
    let words = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => excerpt(&format!("{words}, in line {line}")),
        None => excerpt(&words),
    }
}

/// JSON as Python's `json.dumps` writes it, which templates expect: a space behind commas and colons, and nothing
/// escaped but what must be.
#[allow(clippy::needless_pass_by_value, reason = "so filters take them")]
pub(super) fn tojson(
    value: &Value,
    indent: Option<usize>,
    options: Kwargs,
) -> Result<Value, TemplateError> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get::<Option<usize>>("indent")?,
    };
    // `ensure_ascii`, `separators`, `sort_keys`: what a template asks for beside that is rare, and differs little.
    let refused = |error: serde_json::Error| {
        let error = TemplateError::new(TemplateErrorKind::BadSerialization, error.to_string());
        Err(error)
    };
    let mut out = Vec::new();
    let written = match indent {
        None => value.serialize(&mut Serializer::with_formatter(&mut out, Spaced)),
        Some(indent) => {
            let indent = " ".repeat(indent.min(16));
            let formatter = PrettyFormatter::with_indent(indent.as_bytes());
            value.serialize(&mut Serializer::with_formatter(&mut out, formatter))
        }
    };
    match written {
        Ok(()) => Ok(Value::from_safe_string(
            String::from_utf8_lossy(&out).into_owned(),
        )),
        Err(error) => refused(error),
    }
}

/// A space behind each comma and colon.
struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}
