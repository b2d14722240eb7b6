//! The arguments of `#[command(…)]`, each known by its key.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Ident, LitStr, Path};

use crate::attr::{self, Argument, Pair};
use crate::errors::Errors;
use crate::keys;

/// The keys, in the order in which a person learns them.
pub(super) const KEYS: [&str; 7] = [
    "prompt",
    "model",
    "system",
    "temperature",
    "max_tokens",
    "timeout",
    "crate",
];

/// What the attribute says; `None` where it does not.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) prompt: Option<LitStr>,
    pub(super) model: Option<LitStr>,
    pub(super) system: Option<LitStr>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    /// In milliseconds.
    pub(super) timeout: Option<u64>,
    pub(super) path: Option<Path>,
}

/// Reads the attribute; a wrong argument is a mistake and leaves its key unset.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut read = Arguments::default();
    let mut seen: Vec<String> = Vec::new();
    for argument in attr::arguments(tokens, errors) {
        let (key, place) = match &argument {
            Argument::Template(template) => ("prompt".to_owned(), template.to_token_stream()),
            Argument::Pair(pair) => (pair.key.to_string(), pair.key.to_token_stream()),
        };
        if seen.contains(&key) {
            errors.push(place, format!("`{key}` is given twice; keep one"));
            continue;
        }
        seen.push(key);
        if let Err(error) = read.take(argument) {
            errors.add(error);
        }
    }
    read
}

impl Arguments {
    fn take(&mut self, argument: Argument) -> syn::Result<()> {
        let Pair { key, value } = match argument {
            Argument::Template(template) => {
                self.prompt = Some(template);
                return Ok(());
            }
            Argument::Pair(pair) => pair,
        };
        let name = key.to_string();
        match name.as_str() {
            "prompt" => self.prompt = Some(keys::string(&name, "Extract: {text}", value)?),
            "model" => {
                let model = keys::string(&name, "ollama:llama3.1", value)?;
                if model.value().trim().is_empty() {
                    let message =
                        "the model is empty; expected for example `model = \"ollama:llama3.1\"`";
                    return Err(syn::Error::new_spanned(model, message));
                }
                self.model = Some(model);
            }
            "system" => self.system = Some(keys::string(&name, "Be brief.", value)?),
            "temperature" => self.temperature = Some(keys::number(&name, value)?),
            "max_tokens" => self.max_tokens = Some(keys::positive(&name, value)?),
            "timeout" => self.timeout = Some(keys::millis(&name, value)?),
            "crate" => self.path = Some(keys::path(&name, value)?),
            _ => return Err(unknown(&key)),
        }
        Ok(())
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
        format!("unknown key `{name}`; {hint}the keys are {keys}"),
    )
}
