//! The arguments of `#[command(…)]`, each known by its key.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Ident, LitStr, Path};

use super::model::{Setting, Value};
use super::names;
use crate::attr::{self, Argument, Form};
use crate::errors::Errors;
use crate::keys;

/// The keys, in the order in which a person learns them.
pub(super) const KEYS: [&str; 13] = [
    "prompt",
    "prompt_file",
    "model",
    "system",
    "temperature",
    "max_tokens",
    "retry",
    "timeout",
    "max_tool_turns",
    "think",
    "options",
    "tools",
    "crate",
];

/// Those of them that take a list.
const LISTS: [&str; 2] = ["options", "tools"];

/// What the attribute says; `None` where it does not.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) prompt: Option<LitStr>,
    pub(super) prompt_file: Option<LitStr>,
    pub(super) system: Option<LitStr>,
    /// The keys that are the same in every call.
    pub(super) settings: Vec<Setting>,
    pub(super) tools: Vec<Path>,
    pub(super) path: Option<Path>,
}

/// Reads the attribute; a wrong argument is a mistake and leaves its key unset.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut read = Arguments::default();
    for argument in attr::arguments(tokens, errors) {
        if let Err(error) = read.take(argument, errors) {
            errors.add(error);
        }
    }
    read
}

impl Arguments {
    fn take(&mut self, argument: Argument, errors: &mut Errors) -> syn::Result<()> {
        let Argument { key, form, value } = argument;
        let name = &*key.to_string();
        if form == Form::List && !LISTS.contains(&name) && KEYS.contains(&name) {
            let message = format!("`{name}` takes a value: `{name} = …`");
            return Err(syn::Error::new_spanned(key, message));
        }
        match name {
            "prompt" => self.prompt = Some(keys::string(name, "Extract: {text}", value)?),
            "prompt_file" => {
                self.prompt_file = Some(keys::string(name, "prompts/extract.md", value)?);
            }
            "system" => self.system = Some(keys::string(name, "Be brief.", value)?),
            "crate" => self.path = Some(keys::path(name, value)?),
            "model" => {
                let model = keys::string(name, "ollama:llama3.1", value)?;
                if model.value().trim().is_empty() {
                    let message =
                        "the model is empty; expected for example `model = \"ollama:llama3.1\"`";
                    return Err(syn::Error::new_spanned(model, message));
                }
                self.set_to(name, model);
            }
            "temperature" => self.set_to(name, keys::number(name, value)?),
            "max_tokens" => self.set_to(name, keys::count(name, 1, 200, value)?),
            "retry" => self.set_to(name, keys::count(name, 1, 3, value)?),
            "max_tool_turns" => self.set_to(name, keys::count(name, 0, 10, value)?),
            "timeout" => self.set_to(name, keys::millis(name, value)?),
            "think" => self.set(name, Value::Think(keys::think(name, value)?)),
            "options" if form == Form::List => {
                self.set(name, Value::Options(options(value, errors)));
            }
            "tools" if form == Form::List && !value.is_empty() => {
                for piece in attr::split_at_commas(value, errors) {
                    match keys::tool(piece) {
                        Ok(tool) => self.tools.push(tool),
                        Err(error) => errors.add(error),
                    }
                }
            }
            "options" | "tools" => {
                let message = match name {
                    "options" => "`options` takes a list: `options(num_ctx = 8192)`",
                    _ => "`tools` takes a list of tools: `tools(add, math::divide)`",
                };
                return Err(syn::Error::new_spanned(key, message));
            }
            _ => return Err(names::unknown(&key, &value)),
        }
        Ok(())
    }

    fn set_to(&mut self, key: &str, literal: impl ToTokens) {
        self.set(key, Value::Tokens(literal.into_token_stream()));
    }

    fn set(&mut self, key: &str, value: Value) {
        // Of the macro, so that no method of the user's is called.
        let key = Ident::new(key, Span::call_site());
        self.settings.push(Setting { key, value });
    }
}

/// `num_ctx = 8192, stop = ["END"]`, as names and JSON.
fn options(tokens: TokenStream, errors: &mut Errors) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for Argument { key, form, value } in attr::arguments(tokens, errors) {
        let name = key.to_string();
        if form != Form::Pair {
            let message = "an option is `name = value`: `options(num_ctx = 8192)`";
            errors.push(key, message);
        } else if let Some(message) = names::no_option(&name) {
            errors.push(key, message);
        } else {
            match keys::json(&name, value) {
                Ok(json) => pairs.push((name, json)),
                Err(error) => errors.add(error),
            }
        }
    }
    pairs
}
