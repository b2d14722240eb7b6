//! The arguments of `#[command(…)]`, each known by its key.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::{Ident, LitStr, Path};

use super::model::{Setting, Value};
use crate::attr::{self, Argument, Pair};
use crate::errors::Errors;
use crate::keys;

/// The keys, in the order in which a person learns them.
pub(super) const KEYS: [&str; 12] = [
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
    "crate",
];

/// What the attribute says; `None` where it does not.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) prompt: Option<LitStr>,
    pub(super) prompt_file: Option<LitStr>,
    pub(super) system: Option<LitStr>,
    /// The keys that are the same in every call.
    pub(super) settings: Vec<Setting>,
    pub(super) path: Option<Path>,
}

/// Reads the attribute; a wrong argument is a mistake and leaves its key unset.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut read = Arguments::default();
    let mut seen: Vec<String> = Vec::new();
    for argument in attr::arguments(tokens, errors) {
        let (key, place) = match &argument {
            Argument::Template(template) => ("prompt".to_owned(), template.to_token_stream()),
            Argument::Pair(pair) | Argument::List(pair) => {
                (pair.key.to_string(), pair.key.to_token_stream())
            }
        };
        if seen.contains(&key) {
            errors.push(place, format!("`{key}` is given twice; keep one"));
            continue;
        }
        seen.push(key);
        if let Err(error) = read.take(argument, errors) {
            errors.add(error);
        }
    }
    read
}

impl Arguments {
    fn take(&mut self, argument: Argument, errors: &mut Errors) -> syn::Result<()> {
        let Pair { key, value } = match argument {
            Argument::Template(template) => {
                self.prompt = Some(template);
                return Ok(());
            }
            Argument::List(pair) if pair.key == "options" => {
                self.options(pair.value, errors);
                return Ok(());
            }
            Argument::List(Pair { key, .. }) if KEYS.iter().any(|known| key == known) => {
                let message = format!("`{key}` takes a value: `{key} = …`");
                return Err(syn::Error::new_spanned(key, message));
            }
            Argument::Pair(pair) | Argument::List(pair) => pair,
        };
        let name = key.to_string();
        match name.as_str() {
            "prompt" => self.prompt = Some(keys::string(&name, "Extract: {text}", value)?),
            "prompt_file" => {
                self.prompt_file = Some(keys::string(&name, "prompts/extract.md", value)?);
            }
            "model" => {
                let model = keys::string(&name, "ollama:llama3.1", value)?;
                if model.value().trim().is_empty() {
                    let message =
                        "the model is empty; expected for example `model = \"ollama:llama3.1\"`";
                    return Err(syn::Error::new_spanned(model, message));
                }
                self.set(key, Value::Tokens(model.to_token_stream()));
            }
            "system" => self.system = Some(keys::string(&name, "Be brief.", value)?),
            "temperature" => {
                let number = keys::number(&name, value)?;
                self.set(key, Value::Tokens(quote!(#number)));
            }
            "max_tokens" | "retry" | "max_tool_turns" => {
                let (least, example) = match name.as_str() {
                    "max_tokens" => (1, 200),
                    "retry" => (1, 3),
                    _ => (0, 10),
                };
                let count = keys::count(&name, least, example, value)?;
                self.set(key, Value::Tokens(quote!(#count)));
            }
            "timeout" => {
                let millis = keys::millis(&name, value)?;
                self.set(key, Value::Tokens(quote!(#millis)));
            }
            "think" => {
                let variant = keys::think(&name, value)?;
                self.set(key, Value::Think(variant));
            }
            "options" => {
                let message = "`options` takes a list: `options(num_ctx = 8192)`";
                return Err(syn::Error::new_spanned(key, message));
            }
            "crate" => self.path = Some(keys::path(&name, value)?),
            _ => return Err(unknown(&key)),
        }
        Ok(())
    }

    /// `options(num_ctx = 8192, stop = ["END"])`.
    fn options(&mut self, tokens: TokenStream, errors: &mut Errors) {
        let mut pairs = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for argument in attr::arguments(tokens, errors) {
            let Pair { key, value } = match argument {
                Argument::Pair(pair) => pair,
                Argument::Template(other) => {
                    errors.push(
                        other,
                        "an option is `name = value`: `options(num_ctx = 8192)`",
                    );
                    continue;
                }
                Argument::List(Pair { key, .. }) => {
                    errors.push(
                        key,
                        "an option is `name = value`: `options(num_ctx = 8192)`",
                    );
                    continue;
                }
            };
            let name = key.unraw().to_string();
            if seen.contains(&name) {
                errors.push(key, format!("`{name}` is given twice; keep one"));
                continue;
            }
            if let Some(message) = keys::no_option(&name) {
                errors.push(key, message);
                continue;
            }
            match keys::json(&name, value) {
                Ok(json) => pairs.push((name.clone(), json)),
                Err(error) => errors.add(error),
            }
            seen.push(name);
        }
        let key = Ident::new("options", proc_macro2::Span::call_site());
        self.set(key, Value::Options(pairs));
    }

    fn set(&mut self, key: Ident, value: Value) {
        self.settings.push(Setting { key, value });
    }
}

fn unknown(key: &Ident) -> syn::Error {
    let name = key.to_string();
    let near = KEYS
        .into_iter()
        .find(|known| strsim::osa_distance(known, &name) <= 2);
    let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let keys = KEYS.map(|key| format!("`{key}`")).join(", ");
    syn::Error::new_spanned(
        key,
        format!(
            "unknown key `{name}`; {hint}the keys are {keys}; \
             options of the model go into `options(…)`, and other settings are setters of the call"
        ),
    )
}
