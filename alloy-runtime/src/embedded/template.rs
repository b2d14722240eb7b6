//! Chat templates of model files, which render a conversation as the text that a model was trained on.

mod charges;
mod date;
mod json;
mod memory;
mod python;
mod tokens;

use std::error::Error as _;
use std::io::Write;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error as TemplateError, ErrorKind as TemplateErrorKind, State};
use serde_json::Value as Json;

pub(super) use self::date::strftime;
pub(super) use self::json::tojson;
use super::clock::seconds_since_1970;
use super::error::{show_path, unsupported, unusable};
use super::model_file::ModelFile;
use super::request::EngineRequest;
use super::tokenizer::Tokenizer;
use super::tool_calls::OPEN_TAG;
use crate::error::{Error, ErrorKind, excerpt};
use crate::output::THINKING;

/// Maximum number of steps of a rendering. Widely used templates take a few thousand for a long conversation.
const MAX_STEPS: u64 = 1_000_000;
/// Maximum depth of nested blocks and calls.
const MAX_DEPTH: usize = 64;
/// Maximum size of a rendered prompt, in bytes. No context holds a tenth of it.
const MAX_OUTPUT: usize = 64 * 1024 * 1024;
/// Maximum size of a template, in bytes. Widely used templates have about a hundredth of it.
const MAX_TEMPLATE: usize = 1024 * 1024;
pub(super) const NAME: &str = "chat";
const HELP: &str =
    "Use another file of the model, or run it as `ollama:NAME`: Ollama brings its own templates.";

/// The chat template of a model.
pub(super) struct Template {
    environment: Environment<'static>,
    /// `true` if it renders tools, with calls in the format that the engine parses.
    supports_tools: bool,
    /// `true` if it has the switch `enable_thinking`.
    has_thinking_switch: bool,
    supports_thinking: bool,
}

impl Template {
    /// Compiles the template of a file.
    ///
    /// # Errors
    ///
    /// The file has no template, or one that is too long or not valid.
    pub(super) fn from_file(file: &ModelFile) -> Result<Self, Error> {
        let Some(source) = file.text("tokenizer.chat_template") else {
            return Err(file.unusable("it has no chat template (`tokenizer.chat_template`): it may be a base model, which is not trained to answer", HELP));
        };
        if source.len() > MAX_TEMPLATE {
            return Err(file.unusable("its chat template is longer than 1 MiB", HELP));
        }
        let environment = compile(source)
            .map_err(|problem| file.unusable(&format!("its chat template {problem}"), HELP))?;
        Ok(Self {
            supports_tools: source.contains("tools") && source.contains(OPEN_TAG),
            has_thinking_switch: source.contains("enable_thinking"),
            supports_thinking: source.contains(THINKING.0) || source.contains("reasoning_content"),
            environment,
        })
    }

    /// Renders a conversation. Special tokens in its messages and tools become ordinary text.
    ///
    /// # Errors
    ///
    /// The template rejects the conversation, exceeds a limit, or does not support the tools or the thinking that
    /// the request needs.
    pub(super) fn render(
        &self,
        request: &EngineRequest,
        tokenizer: &Tokenizer,
        path: &Path,
    ) -> Result<String, Error> {
        if request.tools.is_some() && !self.supports_tools {
            return Err(unsupported(
                path,
                "tools",
                "its chat template does not render them, or not in the format `<tool_call>`",
            ));
        }
        let is_thinking_requested = request.is_thinking_requested();
        if is_thinking_requested && !self.supports_thinking {
            return Err(unsupported(
                path,
                "thinking",
                "its chat template has neither `<think>` nor `reasoning_content`",
            ));
        }
        let mut context = serde_json::json!({
            "messages": request.messages,
            "tools": request.tools,
            "add_generation_prompt": true,
            "bos_token": tokenizer.bos,
            "eos_token": tokenizer.eos,
        });
        if let Some(thinks) = request.thinks {
            context["enable_thinking"] = Json::Bool(thinks);
        }
        for name in ["messages", "tools"] {
            separate_special_tokens(&mut context[name], tokenizer);
        }
        let template = self.environment.get_template(NAME);
        let rendered = template.and_then(|template| {
            let mut output = BoundedOutput::default();
            template.render_captured_to(Value::from(Serde(&context)), &mut output)?;
            Ok(String::from_utf8_lossy(&output.0).into_owned())
        });
        let mut rendered = rendered.map_err(|error| rendering_failed(path, &error))?;
        // The schema is enforced after the thinking, so a typed answer that thinks first must begin with its tag.
        if is_thinking_requested
            && self.has_thinking_switch
            && request.format.is_some()
            && !rendered.trim_end().ends_with(THINKING.0)
        {
            rendered = rendered + THINKING.0 + "\n";
        }
        Ok(rendered)
    }
}

/// Compiles a template, with all that templates can call.
///
/// # Errors
///
/// The template is not valid, or cannot be charged for its memory. The message continues "its chat template".
pub(super) fn compile(source: &str) -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    // The settings of the Python library that templates are written for.
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.unwrap_or_default());
    environment.set_unknown_method_callback(python::call_method);
    environment.set_fuel(Some(MAX_STEPS));
    environment.set_recursion_limit(MAX_DEPTH);
    memory::limit_memory(&mut environment);
    environment.add_filter("tojson", tojson);
    // minijinja iterates over `none`, and templates ask before they call `length`.
    environment.add_test("iterable", |value: &Value| {
        !value.is_none() && minijinja::tests::is_iterable(value)
    });
    environment.add_function("raise_exception", raise_exception);
    environment.add_function("strftime_now", |format: &str| {
        strftime(format, seconds_since_1970())
    });
    let charged = charges::add_charges(source)?;
    environment
        .add_template_owned(NAME, charged)
        .map_err(|error| format!("is not valid ({})", summarize(&error)))?;
    Ok(environment)
}

/// A writer that fails beyond [`MAX_OUTPUT`].
#[derive(Default)]
struct BoundedOutput(Vec<u8>);

impl Write for BoundedOutput {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Takes special tokens apart in all strings of a value.
fn separate_special_tokens(value: &mut Json, tokenizer: &Tokenizer) {
    match value {
        Json::String(text) => {
            if let Some(separated) = tokenizer.separate_special_tokens(text) {
                *text = separated;
            }
        }
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| separate_special_tokens(item, tokenizer)),
        Json::Object(members) => {
            // Names as well: a model reads those in the schemas of tools and writes those in their arguments.
            let separated = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    separate_special_tokens(&mut value, tokenizer);
                    let name = tokenizer.separate_special_tokens(&name).unwrap_or(name);
                    (name, value)
                });
            *members = separated.collect();
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Rejects a conversation, with a message of the template.
fn raise_exception(state: &mut State<'_, '_>, message: &Value) -> Result<Value, TemplateError> {
    memory::charge_text(state, message)?;
    Err(TemplateError::new(
        TemplateErrorKind::InvalidOperation,
        message.to_string(),
    ))
}

/// Error for a template that cannot render a conversation.
fn rendering_failed(path: &Path, error: &TemplateError) -> Error {
    // The error of a block is the source of an error that names the block.
    let mut cause = error;
    while let Some(source) = cause
        .source()
        .and_then(|source| source.downcast_ref::<TemplateError>())
    {
        cause = source;
    }
    let about_file = |problem: &str| unusable(path, &format!("its chat template {problem}"), HELP);
    match cause.kind() {
        TemplateErrorKind::WriteFailure => about_file("writes more than 64 MiB"),
        TemplateErrorKind::OutOfFuel => match cause.detail() {
            Some(_) => about_file(&format!("is not run further: {}", summarize(cause))),
            None => about_file(&format!("does not finish within {MAX_STEPS} steps")),
        },
        TemplateErrorKind::UnknownFilter
        | TemplateErrorKind::UnknownTest
        | TemplateErrorKind::UnknownFunction
        | TemplateErrorKind::UnknownMethod
        | TemplateErrorKind::TemplateNotFound
        | TemplateErrorKind::SyntaxError => about_file(&format!(
            "uses something that this engine does not have: {}",
            summarize(cause)
        )),
        _ => Error::embedded(
            ErrorKind::Prompt,
            format!(
                "the chat template of `{}` rejects the conversation: {}",
                show_path(path),
                summarize(cause)
            ),
            "Check `history` and `system`: templates expect user and assistant messages in turn, and some accept no system message.",
        ),
    }
}

/// Summarizes the error of a template in one line.
fn summarize(error: &TemplateError) -> String {
    let message = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => excerpt(&format!("{message}, in line {line}")),
        None => excerpt(&message),
    }
}
