//! Names that stand where they do not belong: what each is, and where it is written.

use proc_macro2::TokenStream;
use syn::Ident;

use super::parse::KEYS;
use crate::keys;

/// Where a setting is set that no attribute has: in words, and what its setter is one of.
fn elsewhere(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "connect_timeout"
        | "idle_timeout"
        | "parallel_tools_max"
        | "keep_alive"
        | "api"
        | "host"
        | "auto_finalize_missing_output"
        | "schema_in_prompt"
        | "on_invalid"
        | "on_retry" => Some(AT_THE_CALL),
        "api_key" | "base_url" | "openai_api_key" | "record_content" | "backend" => {
            Some(("for the program", "Config::new()"))
        }
        _ => None,
    }
}

const AT_THE_CALL: (&str, &str) = ("at the call", "");

/// A key that is none.
pub(super) fn unknown(key: &Ident, value: &TokenStream) -> syn::Error {
    let name = &*key.to_string();
    let elsewhere = match name {
        "history" | "image" | "context" | "config" => Some(AT_THE_CALL),
        _ => elsewhere(name),
    };
    let message = if let Some((place, of)) = elsewhere {
        format!("`{name}` is set {place}, not in the attribute: `{of}.{name}(…)`")
    } else if keys::is_option(name) {
        format!("`{name}` is an option of the model: `options({name} = …)`")
    } else {
        let tools = value.to_string().replace(" :: ", "::");
        let keys = KEYS.map(|key| format!("`{key}`")).join(", ");
        let instead = match (name, near(name)) {
            ("tool", _) => format!(
                "did you mean `tools({tools})`? one with state, or a closure, is attached by `.tool(…)` at the call"
            ),
            ("max_retries", _) => "the key is `retry`, which counts the first answer as well: \
                                   `max_retries = 2` is `retry = 3`"
                .to_owned(),
            ("num_predict", _) => "the key is `max_tokens`".to_owned(),
            (_, Some(near)) => format!("did you mean `{near}`? the keys are {keys}"),
            (_, None) => format!(
                "the keys are {keys}; options of the model go into `options(…)`, \
                 and other settings are setters of the call"
            ),
        };
        format!("unknown key `{name}`; {instead}")
    };
    syn::Error::new_spanned(key, message)
}

/// The key that a person may have meant by `name`.
fn near(name: &str) -> Option<&'static str> {
    let distance = |known: &&str| strsim::osa_distance(known, name);
    let nearest = KEYS.into_iter().min_by_key(distance);
    nearest.filter(|known| distance(known) <= 2)
}

/// Why something that looks like an option is none; `None` where it may be one.
pub(super) fn no_option(name: &str) -> Option<String> {
    let instead = match name {
        "messages" | "stream" | "format" | "response_format" | "tools" | "tool_choice"
        | "options" => "a part of the request that Alloy makes itself".to_owned(),
        "num_predict" => "the key `max_tokens`: write it beside `options(…)`".to_owned(),
        _ if KEYS.contains(&name) => {
            format!("a key of its own: write `{name} = …` beside `options(…)`")
        }
        _ => {
            let (place, of) = elsewhere(name)?;
            format!("set {place}: `{of}.{name}(…)`")
        }
    };
    Some(format!("`{name}` is no option of a model, but {instead}"))
}
