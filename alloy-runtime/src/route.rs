//! Which protocol a command speaks, to which model.

use std::fmt;

use crate::config::{Settings, Text};
use crate::error::{Error, excerpt};

/// A protocol between Alloy and a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Api {
    /// Ollama's own: `POST /api/chat`.
    Native,
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native",
        })
    }
}

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
/// assert_eq!(route.api, Api::Native);
/// assert_eq!(route.reason(), "an Ollama model");
/// assert_eq!(route.to_string(), "native: an Ollama model");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The protocol.
    pub api: Api,
    reason: &'static str,
}

impl Route {
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
}

impl ModelName {
    pub(crate) fn as_str(&self) -> &str {
        self.given.get(self.start..self.end).unwrap_or_default()
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
            "Set ALLOY_MODEL, or name the model where the command is declared, #[command(model = \"ollama:llama3.1\")], or called, .model(\"ollama:llama3.1\"). `ollama list` shows what is installed.",
        ));
    };
    let name = bare_name(&model.value)?;
    let route = Route {
        api: Api::Native,
        reason: "an Ollama model",
    };
    Ok((route, name))
}

fn bare_name(given: &Text) -> Result<ModelName, Error> {
    let trimmed = given.trim();
    let shown = excerpt(trimmed);
    let prefixed = |prefix: &str| {
        let head = trimmed.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| trimmed[prefix.len()..].trim_start())
    };
    for foreign in ["openai:", "gguf:"] {
        if prefixed(foreign).is_some() {
            return Err(Error::configuration(
                format!(
                    "model `{shown}` begins with `{foreign}`, which this version has no route to"
                ),
                "Name an Ollama model: `ollama:NAME`, `ollama/NAME`, `local:NAME` or just `NAME`.",
            ));
        }
    }
    let bare = ["ollama:", "ollama/", "local:"]
        .into_iter()
        .find_map(prefixed)
        .unwrap_or(trimmed);
    if bare.is_empty() {
        return Err(Error::configuration(
            format!(
                "model `{shown}` has no name after its prefix; expected for example `ollama:llama3.1`"
            ),
            "`ollama list` shows what is installed.",
        ));
    }
    let end = given.trim_end().len();
    Ok(ModelName {
        given: given.clone(),
        start: end - bare.len(),
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // A1
    #[test]
    fn prefixes_of_ollama_are_taken_off_in_any_case() {
        let check = |given: &'static str, expected: &str| {
            assert_eq!(
                bare_name(&Text::Static(given)).unwrap().as_str(),
                expected,
                "{given:?}"
            );
        };
        check("llama3.1", "llama3.1");
        check("ollama:llama3.1", "llama3.1");
        check("Ollama:llama3.1:8b", "llama3.1:8b");
        check("OLLAMA/qwen3", "qwen3");
        check("Local:phi4", "phi4");
        check(" ollama: phi4 ", "phi4");
        check("hf.co/someone/model:Q4", "hf.co/someone/model:Q4");
        check("ollamas:x", "ollamas:x");
        check("ö", "ö");
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
            "OpenAI:gpt-5",
            "model `OpenAI:gpt-5` begins with `openai:`, which this version has no route to",
        );
        check(
            "ollama: ",
            "model `ollama:` has no name after its prefix; expected for example `ollama:llama3.1`",
        );
    }
}
