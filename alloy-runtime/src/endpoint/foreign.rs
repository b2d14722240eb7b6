//! Names of models that belong to another provider.

use crate::error::{Error, excerpt};

/// Providers that are not the first part of any model of Ollama, without their `-` and `_`.
const PROVIDERS: &[&str] = &[
    "ai21",
    "anthropic",
    "azure",
    "azureai",
    "azureopenai",
    "bedrock",
    "cerebras",
    "cloudflare",
    "cohere",
    "copilot",
    "dashscope",
    "databricks",
    "file",
    "fireworks",
    "fireworksai",
    "gemini",
    "github",
    "google",
    "googlegenai",
    "googlegla",
    "googlevertex",
    "groq",
    "http",
    "https",
    "huggingface",
    "litellm",
    "llama.cpp",
    "llamacpp",
    "llamafile",
    "lmstudio",
    "mistralai",
    "moonshot",
    "nvidia",
    "nvidianim",
    "ollamachat",
    "openai",
    "openaichat",
    "openairesponses",
    "openrouter",
    "perplexity",
    "replicate",
    "sagemaker",
    "sambanova",
    "sglang",
    "tgi",
    "together",
    "togetherai",
    "vercel",
    "vertex",
    "vertexai",
    "vllm",
    "watsonx",
    "xai",
    "zai",
];

/// Providers that are also names of models or namespaces. They are providers if the model's name repeats theirs, as in
/// `mistral:mistral-large`; `mistral:7b` is a model of Ollama.
const PROVIDERS_AND_MODELS: &[&str] = &["claude", "codestral", "deepseek", "grok", "mistral"];

/// Checks the name of a model that has none of the known prefixes.
///
/// A name of Ollama is `model`, `model:tag` or `namespace/model:tag`, and may begin with the host of a registry, so the
/// first part of a name can be any word. Only the name of a provider is rejected.
///
/// # Errors
///
/// A configuration error if the name begins with that of a provider.
pub(super) fn check(name: &str) -> Result<(), Error> {
    let Some(at) = name.find([':', '/']) else {
        return Ok(());
    };
    let (prefix, rest) = (&name[..at], &name[at + 1..]);
    let provider = prefix.to_ascii_lowercase().replace(['-', '_'], "");
    let is_tag = name[at..].starts_with(':') && is_tag(rest);
    let repeats = rest.to_ascii_lowercase().starts_with(&provider);
    // Before a `/`, only the port of a registry follows a `:`.
    let before_slash = rest.split_once('/').map(|(before, _)| before);
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_no_port =
        name[at..].starts_with(':') && before_slash.is_some_and(|port| !is_port(port));
    let is_foreign = PROVIDERS.contains(&provider.as_str()) && !is_tag
        || PROVIDERS_AND_MODELS.contains(&provider.as_str()) && repeats
        || has_no_port;
    if !is_foreign {
        return Ok(());
    }
    let (prefix, shown) = (excerpt(&name[..=at]), excerpt(name));
    Err(Error::configuration(
        format!(
            "model `{shown}`: the prefix `{prefix}` is not known; the prefixes are `ollama:`, `openai:` and `gguf:`"
        ),
        format!(
            "For a server that speaks Chat Completions, write `openai:NAME` and set OPENAI_BASE_URL. If the model of an Ollama server has this name, write `ollama:{shown}`."
        ),
    ))
}

/// Returns `true` for a text such as `latest`, `7b`, `8x7b-instruct`, `v1.5`, `q4_K_M` or `e2b`: the tag of a model, or
/// the port of a registry.
fn is_tag(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "latest", "cloud", "instruct", "chat", "text", "base", "code", "vision",
    ];
    const BEFORE_NUMBER: &[&str] = &["", "v", "q", "e", "f", "iq", "fp", "bf"];
    let text = text.to_ascii_lowercase();
    let first = text.split('-').next().unwrap_or_default();
    let number = text.find(|c: char| c.is_ascii_digit());
    WORDS.contains(&first) || number.is_some_and(|at| BEFORE_NUMBER.contains(&&text[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefixes_of_other_providers_are_rejected() {
        for (name, prefix) in [
            ("anthropic:claude", "anthropic:"),
            ("Anthropic/claude-sonnet-4", "Anthropic/"),
            ("openai/gpt-4o", "openai/"),
            ("google:gemini-2.5-pro", "google:"),
            ("google-gla:gemini-2.5-pro", "google-gla:"),
            ("gemini/gemini-pro", "gemini/"),
            ("vertex_ai/gemini-pro", "vertex_ai/"),
            ("azure:gpt-4o", "azure:"),
            ("bedrock:anthropic.claude-v2:1", "bedrock:"),
            ("groq:llama-3.3-70b-versatile", "groq:"),
            ("openrouter/openai/gpt-4o", "openrouter/"),
            ("together:meta-llama/Llama-3", "together:"),
            ("xai:grok-2", "xai:"),
            ("lmstudio:local", "lmstudio:"),
            ("llama.cpp:model", "llama.cpp:"),
            ("ollama_chat/llama3", "ollama_chat/"),
            ("http://gpu:8000/v1", "http:"),
            ("mistral:mistral-large-latest", "mistral:"),
            ("mistral/mistral-small", "mistral/"),
            ("deepseek:deepseek-chat", "deepseek:"),
            ("deepinfra:meta-llama/Llama-3", "deepinfra:"),
            ("foo:bar/baz:7b", "foo:"),
            ("novita:x/y", "novita:"),
        ] {
            let error = check(name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "model `{name}`: the prefix `{prefix}` is not known; the prefixes are `ollama:`, `openai:` and `gguf:`"
                )
            );
            assert!(
                error.help().contains(&format!("`ollama:{name}`")),
                "{error:?}"
            );
        }
    }

    #[test]
    fn names_of_ollama_are_accepted() {
        for name in [
            "llama3.1",
            "llama3.1:8b",
            "mistral:7b",
            "mistral:latest",
            "mistral:mine",
            "deepseek-r1:8b",
            "deepseek:8b",
            "gemma:2b",
            "qwen:0.5b",
            "gemini:7b",
            "claude:latest",
            "gemini-3-flash-preview:cloud",
            "llama3-groq-tool-use:8b",
            "mixtral:8x7b-instruct-v0.1-q4_K_M",
            "phi:v2",
            "user/model",
            "user/model:tag",
            "mistral/tuned",
            "hf.co/user/model:Q4_K_M",
            "huggingface.co/user/model",
            "registry.ollama.ai/library/x:tag",
            "localhost:5000/x",
            "vllm:5000/library/x",
            "Qwen/Qwen3-8B-GGUF",
        ] {
            assert!(check(name).is_ok(), "{name}");
        }
    }
}
