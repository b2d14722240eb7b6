//! The name of a model, and whose server has it.

use crate::config::Text;
use crate::error::{Error, excerpt};

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
    /// None: it is a file, which this process runs itself.
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
    /// Takes the prefix off a name.
    ///
    /// # Errors
    ///
    /// Nothing after a prefix.
    pub(super) fn of(given: &Text) -> Result<Self, Error> {
        let trimmed = given.trim();
        let prefixed = |prefix: &str| {
            let head = trimmed.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix)
                .then(|| trimmed[prefix.len()..].trim_start())
        };
        let (provider, bare) = PREFIXES
            .into_iter()
            .find_map(|(prefix, provider)| Some((provider, prefixed(prefix)?)))
            .unwrap_or((Provider::Ollama, trimmed));
        // No model of a server has such a name; a tag may be a file's.
        let is_path = !bare.contains(':') && bare.to_ascii_lowercase().ends_with(".gguf");
        if is_path && provider == Provider::Ollama {
            let path = excerpt(bare);
            return Err(Error::configuration(
                format!("model `{path}` looks like a file; expected `gguf:{path}`"),
                "With `gguf:` before its path the program runs a model file itself (feature `embedded`); the name of a server's model has no `.gguf` at its end.",
            ));
        }
        if bare.is_empty() && provider == Provider::File {
            return Err(Error::configuration(
                format!(
                    "model `{}` has no path after its prefix; expected for example `gguf:models/small.gguf`",
                    excerpt(trimmed)
                ),
                "`gguf:` takes the path of a model file in the GGUF format.",
            ));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    // A1
    #[test]
    fn prefixes_are_taken_off_in_any_case() {
        let check = |given: &'static str, expected: &str, provider: Provider| {
            let name = ModelName::of(&Text::Static(given)).unwrap();
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
        let error = ModelName::of(&Text::Static("models/small.gguf")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "model `models/small.gguf` looks like a file; expected `gguf:models/small.gguf`"
        );
    }

    // A4
    #[test]
    fn gpt_oss_is_known_by_its_name_in_any_case() {
        let check = |given: &'static str, expected: bool| {
            let name = ModelName::of(&Text::Static(given)).unwrap();
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
    fn a_prefix_alone_is_no_name() {
        let check = |given: &'static str, expected: &str| {
            let error = ModelName::of(&Text::Static(given)).unwrap_err();
            assert_eq!(error.to_string(), format!("model `{given}` {expected}"));
        };
        for empty in ["ollama:", "openai:"] {
            check(
                empty,
                "has no name after its prefix; expected for example `ollama:llama3.1`",
            );
        }
        check(
            "gguf:",
            "has no path after its prefix; expected for example `gguf:models/small.gguf`",
        );
    }
}
