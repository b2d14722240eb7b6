//! Parses the name of a model and the provider that its prefix names.

use super::foreign;
use crate::config::SharedStr;
use crate::error::{Error, excerpt};

/// A model's name without the prefix that names the provider.
#[derive(Clone, Debug)]
pub(crate) struct ModelName {
    given: SharedStr,
    /// The range of the bare name in `given`.
    start: usize,
    end: usize,
    pub(crate) provider: Provider,
}

/// The provider of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Provider {
    Ollama,
    /// Another server that speaks Chat Completions.
    OpenAi,
    /// A model file for the engine in this process.
    File,
}

const PREFIXES: [(&str, Provider); 5] = [
    ("ollama:", Provider::Ollama),
    ("ollama/", Provider::Ollama),
    ("local:", Provider::Ollama),
    ("openai:", Provider::OpenAi),
    ("gguf:", Provider::File),
];

impl ModelName {
    /// Parses a name with or without a prefix.
    ///
    /// # Errors
    ///
    /// Returns a configuration error if the name is empty after its prefix, looks like a file without the prefix
    /// `gguf:`, or begins with the name of another provider.
    pub(super) fn parse(given: &SharedStr) -> Result<Self, Error> {
        let trimmed = given.trim();
        let prefixed = |prefix: &str| {
            let head = trimmed.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| trimmed[prefix.len()..].trim_start())
        };
        let prefixed = PREFIXES
            .into_iter()
            .find_map(|(prefix, provider)| Some((provider, prefixed(prefix)?)));
        let (provider, bare) = prefixed.unwrap_or((Provider::Ollama, trimmed));
        // The name of a server's model does not end with `.gguf`, but its tag may be the name of a file.
        let is_path = !bare.contains(':') && bare.to_ascii_lowercase().ends_with(".gguf");
        if is_path && provider == Provider::Ollama {
            let path = excerpt(bare);
            return Err(Error::configuration(
                format!("model `{path}` looks like a file; expected `gguf:{path}`"),
                "Write `gguf:` before the path to run a model file in this process (feature `embedded`). The name of a server's model does not end with `.gguf`.",
            ));
        }
        if prefixed.is_none() {
            foreign::check(bare)?;
        }
        if bare.is_empty() && provider == Provider::File {
            return Err(Error::configuration(
                format!(
                    "model `{}` has no path after its prefix; expected `gguf:PATH`, for example `gguf:models/small.gguf`",
                    excerpt(trimmed)
                ),
                "`gguf:` takes the path of a model file in the GGUF format.",
            ));
        }
        if bare.is_empty() {
            return Err(Error::configuration(
                format!(
                    "model `{}` has no name after its prefix; expected `ollama:NAME`, for example `ollama:llama3.1`",
                    excerpt(trimmed)
                ),
                "`ollama list` shows what is installed.",
            ));
        }
        let end = given.trim_end().len();
        Ok(Self {
            given: given.clone(),
            start: end - bare.len(),
            end,
            provider,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        self.given.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns `true` for OpenAI's gpt-oss models on an Ollama server. They always think, and Ollama supports them
    /// better in Chat Completions than in its own protocol.
    pub(crate) fn is_gpt_oss(&self) -> bool {
        const NAME: &str = "gpt-oss";
        let name = self.as_str().as_bytes();
        self.provider == Provider::Ollama
            && name
                .windows(NAME.len())
                .any(|part| part.eq_ignore_ascii_case(NAME.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A1
    #[test]
    fn prefixes_are_removed_in_any_case() {
        let check = |given: &'static str, expected: &str, provider: Provider| {
            let name = ModelName::parse(&SharedStr::Static(given)).unwrap();
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
        check("GGUF: My Models/a.gguf", "My Models/a.gguf", Provider::File);
        // A tag may be the name of a file.
        check(
            "hf.co/a/b:C-Q4.gguf",
            "hf.co/a/b:C-Q4.gguf",
            Provider::Ollama,
        );
        let error = ModelName::parse(&SharedStr::Static("models/small.gguf")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "model `models/small.gguf` looks like a file; expected `gguf:models/small.gguf`"
        );
    }

    // A4
    #[test]
    fn gpt_oss_is_recognized_by_name_in_any_case() {
        let check = |given: &'static str, expected: bool| {
            let name = ModelName::parse(&SharedStr::Static(given)).unwrap();
            assert_eq!(name.is_gpt_oss(), expected, "{given:?}");
        };
        check("gpt-oss", true);
        check("ollama:GPT-OSS:20b", true);
        check("hf.co/someone/gpt-oss-20b-GGUF:Q4", true);
        check("gpt_oss", false);
        check("openai:gpt-oss", false);
        check("gguf:gpt-oss.gguf", false);
    }

    #[test]
    fn a_prefix_without_a_name_is_rejected() {
        let check = |given: &'static str, expected: &str| {
            let error = ModelName::parse(&SharedStr::Static(given)).unwrap_err();
            assert_eq!(error.to_string(), format!("model `{given}` {expected}"));
        };
        for empty in ["ollama:", "openai:"] {
            check(
                empty,
                "has no name after its prefix; expected `ollama:NAME`, for example `ollama:llama3.1`",
            );
        }
        check(
            "gguf:",
            "has no path after its prefix; expected `gguf:PATH`, for example `gguf:models/small.gguf`",
        );
    }
}
