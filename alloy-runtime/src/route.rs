//! Which protocol a command speaks, to which model.

use std::fmt;

use crate::config::{Api, Settings, Source, Text};
use crate::error::{Error, excerpt};

/// The protocol a command took, and why.
///
/// ```
/// use alloy_runtime::{Api, command};
///
/// #[command("Say hello", model = "ollama:llama3.1")]
/// async fn hello() -> String;
///
/// # fn main() -> Result<(), alloy_runtime::Error> {
/// let route = hello().preview()?.route;
/// assert_eq!(route.api(), Some(Api::Native));
/// assert_eq!(route.reason(), "an Ollama model");
///
/// let route = hello().model("ollama:gpt-oss:20b").preview()?.route;
/// assert_eq!(route.to_string(), "openai_chat: the model's name contains `gpt-oss`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    api: Api,
    reason: &'static str,
}

impl Route {
    /// The protocol; `None` where none is spoken, since the model is not behind a server.
    #[must_use]
    pub fn api(&self) -> Option<Api> {
        Some(self.api)
    }

    /// The protocol, among those of a server.
    pub(crate) fn wire(&self) -> Api {
        self.api
    }

    /// The rule that chose the protocol, in words.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.api, self.reason)
    }
}

/// A model's name as the server wants it: without the prefix that names the provider.
#[derive(Clone, Debug)]
pub(crate) struct ModelName {
    given: Text,
    /// Where the bare name begins and ends in `given`.
    start: usize,
    end: usize,
    pub(crate) provider: Provider,
}

/// Whose server has a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Provider {
    Ollama,
    /// Any other server that speaks Chat Completions.
    OpenAi,
}

impl ModelName {
    pub(crate) fn as_str(&self) -> &str {
        self.given.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it is asked at Ollama's server.
    pub(crate) fn is_ollama(&self) -> bool {
        self.provider == Provider::Ollama
    }

    /// Whether it is one of the models that OpenAI published, which think always, and which Ollama
    /// serves best by Chat Completions.
    pub(crate) fn is_gpt_oss(&self) -> bool {
        const NAME: &str = "gpt-oss";
        let name = self.as_str().as_bytes();
        self.is_ollama()
            && name
                .windows(NAME.len())
                .any(|part| part.eq_ignore_ascii_case(NAME.as_bytes()))
    }
}

/// Chooses the route of a command's model.
///
/// # Errors
///
/// A configuration error where no model is set, or where its prefix names a provider that this
/// version has no route to.
pub(crate) fn choose(settings: &Settings) -> Result<(Route, ModelName), Error> {
    let Some(model) = &settings.model else {
        return Err(Error::configuration(
            "no model is set; set ALLOY_MODEL, for example ALLOY_MODEL=ollama:llama3.1",
            "Set ALLOY_MODEL, or name the model where the command is declared, #[command(model = \"ollama:llama3.1\")], or called, .model(\"ollama:llama3.1\"), or for the program, configure(Config::new().model(\"ollama:llama3.1\")). `ollama list` shows what is installed.",
        ));
    };
    let name = bare_name(&model.value)?;
    let (api, reason) = match &settings.api {
        _ if name.provider == Provider::OpenAi => (Api::OpenaiChat, "an `openai:` model"),
        Some(api) => (api.value, set_by(api.source)),
        None if name.is_gpt_oss() => (Api::OpenaiChat, "the model's name contains `gpt-oss`"),
        None => (Api::Native, "an Ollama model"),
    };
    Ok((Route { api, reason }, name))
}

/// The reason of a route that was asked for.
fn set_by(source: Source) -> &'static str {
    match source {
        Source::Call => "`api` is set (call)",
        Source::Attribute => "`api` is set (attribute)",
        Source::Scope => "`api` is set (scope)",
        Source::Process => "`api` is set (process)",
        Source::Environment => "`ollama_api` is set in ALLOY_EXTRA_JSON",
        Source::Default => "`api` is set (default)",
    }
}

fn bare_name(given: &Text) -> Result<ModelName, Error> {
    let trimmed = given.trim();
    let prefixed = |prefix: &str| {
        let head = trimmed.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| trimmed[prefix.len()..].trim_start())
    };
    if prefixed("gguf:").is_some() {
        return Err(Error::configuration(
            format!(
                "model `{}` begins with `gguf:`, which this version has no route to",
                excerpt(trimmed)
            ),
            "Name an Ollama model: `ollama:NAME`, `ollama/NAME`, `local:NAME` or just `NAME`; or `openai:NAME`.",
        ));
    }
    let (provider, bare) = match prefixed("openai:") {
        Some(bare) => (Provider::OpenAi, bare),
        None => {
            let bare = ["ollama:", "ollama/", "local:"]
                .into_iter()
                .find_map(prefixed);
            (Provider::Ollama, bare.unwrap_or(trimmed))
        }
    };
    if bare.is_empty() {
        return Err(Error::configuration(
            format!(
                "model `{}` has no name after its prefix; expected for example `ollama:llama3.1`",
                excerpt(trimmed)
            ),
            "`ollama list` shows what is installed.",
        ));
    }
    let end = given.trim_end().len();
    Ok(ModelName {
        given: given.clone(),
        start: end - bare.len(),
        end,
        provider,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // A1
    #[test]
    fn prefixes_are_taken_off_in_any_case() {
        let check = |given: &'static str, expected: &str, provider: Provider| {
            let name = bare_name(&Text::Static(given)).unwrap();
            assert_eq!(
                (name.as_str(), name.provider),
                (expected, provider),
                "{given:?}"
            );
        };
        for (given, expected) in [
            ("llama3.1", "llama3.1"),
            ("ollama:llama3.1", "llama3.1"),
            ("Ollama:llama3.1:8b", "llama3.1:8b"),
            ("OLLAMA/qwen3", "qwen3"),
            ("Local:phi4", "phi4"),
            (" ollama: phi4 ", "phi4"),
            ("hf.co/someone/model:Q4", "hf.co/someone/model:Q4"),
            ("ollamas:x", "ollamas:x"),
            ("ö", "ö"),
        ] {
            check(given, expected, Provider::Ollama);
        }
        check("OpenAI:gpt-5", "gpt-5", Provider::OpenAi);
        check("openai:org/model", "org/model", Provider::OpenAi);
    }

    // A4
    #[test]
    fn gpt_oss_is_known_by_its_name_in_any_case() {
        let check = |given: &'static str, expected: bool| {
            let name = bare_name(&Text::Static(given)).unwrap();
            assert_eq!(name.is_gpt_oss(), expected, "{given:?}");
        };
        check("gpt-oss", true);
        check("ollama:GPT-OSS:20b", true);
        check("hf.co/someone/gpt-oss-20b-GGUF:Q4", true);
        check("gpt_oss", false);
        check("openai:gpt-oss", false);
    }

    #[test]
    fn names_that_no_route_serves_say_what_does() {
        let check = |given: &'static str, expected: &str| {
            assert_eq!(
                bare_name(&Text::Static(given)).unwrap_err().to_string(),
                expected
            );
        };
        check(
            "GGUF:model.gguf",
            "model `GGUF:model.gguf` begins with `gguf:`, which this version has no route to",
        );
        for empty in ["ollama:", "openai:"] {
            check(
                empty,
                &format!(
                    "model `{empty}` has no name after its prefix; expected for example `ollama:llama3.1`"
                ),
            );
        }
    }
}
