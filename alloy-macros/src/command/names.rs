//! The keys of `#[command(…)]`, and suggestions for names that are not valid where they are written.

use proc_macro2::TokenStream;
use syn::Ident;

use crate::keys;

/// Rule by which the value of a key is parsed.
pub(super) enum KeyKind {
    /// The text of a prompt or of the system message, with an example.
    Text(&'static str),
    Model,
    /// A number from 0 to 2.
    Number,
    /// A whole number of at least the first; the second is an example.
    Count(u32, u32),
    Duration,
    Think,
    /// A list of options of the model.
    Options,
    /// A list of tools.
    Tools,
    CratePath,
}

/// The keys, in the order of the documentation.
pub(super) const KEYS: &[(&str, KeyKind)] = &[
    ("prompt", KeyKind::Text("Extract: {text}")),
    ("prompt_file", KeyKind::Text("prompts/extract.md")),
    ("model", KeyKind::Model),
    ("fallback", KeyKind::Model),
    ("system", KeyKind::Text("Be brief.")),
    ("temperature", KeyKind::Number),
    ("max_tokens", KeyKind::Count(1, 200)),
    ("retry", KeyKind::Count(1, 3)),
    ("timeout", KeyKind::Duration),
    ("max_tool_turns", KeyKind::Count(0, 10)),
    ("think", KeyKind::Think),
    ("options", KeyKind::Options),
    ("tools", KeyKind::Tools),
    ("crate", KeyKind::CratePath),
];

/// Returns the rule of a key; `None` if there is no such key.
pub(super) fn kind(name: &str) -> Option<&'static KeyKind> {
    let mut keys = KEYS.iter();
    keys.find_map(|(known, kind)| (*known == name).then_some(kind))
}

const AT_THE_CALL: (&str, &str) = ("at the call", "");

/// Returns where a setting without a key is set: the place in words, and the receiver of its setter.
fn setting_place(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "connect_timeout"
        | "idle_timeout"
        | "parallel_tools_max"
        | "keep_alive"
        | "api"
        | "host"
        | "auto_finalize_missing_output"
        | "schema_in_prompt"
        | "text_tool_calls"
        | "on_invalid"
        | "on_retry" => Some(AT_THE_CALL),
        "api_key" | "base_url" | "openai_api_key" | "record_content" | "backend" | "cache"
        | "on_done" | "max_concurrency" => Some(("for the program", "Config::new()")),
        _ => None,
    }
}

/// Returns the error for an unknown key, with a suggestion.
pub(super) fn unknown_key(key: &Ident, value: &TokenStream) -> syn::Error {
    let name = &*key.to_string();
    let place = match name {
        "history" | "image" | "context" | "config" => Some(AT_THE_CALL),
        _ => setting_place(name),
    };
    let message = if let Some((place, receiver)) = place {
        format!("`{name}` is set {place}, not in the attribute: `{receiver}.{name}(…)`")
    } else if keys::is_option(name) {
        format!("`{name}` is an option of the model: `options({name} = …)`")
    } else {
        let tools = value.to_string().replace(" :: ", "::");
        let keys: Vec<_> = KEYS.iter().map(|(key, _)| format!("`{key}`")).collect();
        let keys = keys.join(", ");
        let suggestion = match (name, nearest_key(name)) {
            ("tool", _) => format!(
                "did you mean `tools({tools})`? Attach a tool with state, or a closure, at the call with `.tool(…)`"
            ),
            ("max_retries", _) => "use `retry`, which also counts the first answer: \
                                   `max_retries = 2` becomes `retry = 3`"
                .to_owned(),
            ("num_predict", _) => "use `max_tokens`".to_owned(),
            (_, Some(nearest)) => format!("did you mean `{nearest}`? the keys are {keys}"),
            (_, None) => format!(
                "the keys are {keys}; options of the model go into `options(…)`, \
                 and other settings are set by methods at the call"
            ),
        };
        format!("unknown key `{name}`; {suggestion}")
    };
    syn::Error::new_spanned(key, message)
}

/// Returns the key that is most similar to `name`, if it is at most two edits away.
fn nearest_key(name: &str) -> Option<&'static str> {
    let distance = |known: &&str| strsim::osa_distance(known, name);
    let nearest = KEYS.iter().map(|(known, _)| *known).min_by_key(distance);
    nearest.filter(|known| distance(known) <= 2)
}

/// Returns the error for a name in `options(…)` that belongs elsewhere, and `None` if it can be an option.
pub(super) fn check_option(name: &str) -> Option<String> {
    let suggestion = match name {
        "messages" | "stream" | "format" | "response_format" | "tools" | "tool_choice"
        | "options" => "remove it, because Alloy writes this part of the request itself".to_owned(),
        "num_predict" => "write the key `max_tokens` next to `options(…)`".to_owned(),
        _ if kind(name).is_some() => {
            format!("write the key `{name} = …` next to `options(…)`")
        }
        _ => {
            let (place, receiver) = setting_place(name)?;
            format!("it is set {place}: `{receiver}.{name}(…)`")
        }
    };
    Some(format!(
        "`{name}` is not an option of a model; {suggestion}"
    ))
}
