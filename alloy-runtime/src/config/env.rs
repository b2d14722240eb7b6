//! The environment as a layer: a pure function of names and values.

use std::ffi::OsString;

use super::{Layer, extra, keys};
use crate::error::Error;

/// Reads Alloy's variables out of `variables` and ignores all others.
///
/// If two variables set the same key, the first in the table of keys wins: `ALLOY_DEFAULT_SYSTEM` over
/// `ALLOY_SYSTEM`, `ALLOY_HOST` over `OLLAMA_HOST`. An empty value counts as unset, as `OLLAMA_HOST=` does
/// for Ollama itself; an empty `ALLOY_MODEL` is an error, because a command cannot run without a model.
///
/// # Errors
///
/// A configuration error for a value that cannot be read. It names the variable, the value and what was
/// expected. `OPENAI_BASE_URL` and `OPENAI_API_KEY`, which are often set for other programs, are checked
/// when a model needs them.
pub(crate) fn layer(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Layer, Error> {
    let variables = Variables::new(variables)?;
    let mut layer = Layer::from_variables(|name| variables.get(name))?;
    let extras = variables.get("ALLOY_EXTRA_JSON");
    if let Some(text) = extras.filter(|text| !text.trim().is_empty()) {
        extra::set_all(&mut layer, "ALLOY_EXTRA_JSON", text)?;
    }
    layer.make_shared();
    Ok(layer)
}

/// Values of the variables that the table of keys names.
struct Variables(Vec<(&'static str, String)>);

impl Variables {
    fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, Error> {
        let keys = keys();
        let known = |name: &str| {
            let mut names = keys.iter().flat_map(|key| key.variables);
            names.find(|known| **known == name).copied()
        };
        let mut found = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().and_then(known) else {
                continue;
            };
            let value = match name.starts_with("OPENAI_") {
                // It may be set for other programs: an error is reported only if a model needs it.
                true => Ok(value.to_string_lossy().into_owned()),
                false => value.into_string(),
            };
            let value = value.map_err(|_: OsString| {
                Error::configuration(
                    format!("{name} is not valid UTF-8; expected text"),
                    format!("Set {name} again, or unset it."),
                )
            })?;
            found.push((name, value));
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter();
        found.find_map(|(known, value)| (*known == name).then_some(value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Api, Think};

    fn read(variables: &[(&str, &str)]) -> Result<Layer, Error> {
        layer(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    // A2
    #[test]
    fn every_variable_sets_its_key() {
        let given = [
            ("ALLOY_MODEL", "ollama:llama3.1"),
            ("ALLOY_SYSTEM", "weaker"),
            ("ALLOY_DEFAULT_SYSTEM", "Be brief."),
            ("ALLOY_TEMPERATURE", "0.5"),
            ("ALLOY_MAX_TOKENS", " 200 "),
            ("ALLOY_RETRY", "3"),
            ("ALLOY_FALLBACK", "ollama:qwen3:4b, openai:qwen3"),
            ("ALLOY_MAX_CONCURRENCY", "4"),
            ("ALLOY_TIMEOUT", "2m"),
            ("ALLOY_CONNECT_TIMEOUT", "1500ms"),
            ("ALLOY_IDLE_TIMEOUT", "45"),
            ("ALLOY_MAX_TOOL_TURNS", "2"),
            ("ALLOY_PARALLEL_TOOLS_MAX", "3"),
            ("ALLOY_AUTO_FINALIZE_MISSING_OUTPUT", "off"),
            ("ALLOY_THINK", "High"),
            ("ALLOY_TEXT_TOOL_CALLS", "off"),
            ("ALLOY_RECORD_CONTENT", "1"),
            ("ALLOY_BACKEND", "real"),
            ("ALLOY_CACHE", "target/answers"),
            ("ALLOY_HOST", "gpu:8080"),
            ("OLLAMA_HOST", "weaker:1"),
            ("OLLAMA_API_KEY", "k-123"),
            ("OPENAI_BASE_URL", "http://gpu:8000/v1"),
            ("OPENAI_API_KEY", "k-456"),
            (
                "ALLOY_EXTRA_JSON",
                r#"{"ollama_api": "Openai_Chat", "options": {"num_ctx": 8192}}"#,
            ),
        ];
        // The list above has every variable of the table.
        let mut known: Vec<_> = keys().iter().flat_map(|key| key.variables).collect();
        known.dedup();
        let unique: std::collections::BTreeSet<_> = known.into_iter().copied().collect();
        let tried = given.iter().map(|(name, _)| *name).collect();
        assert_eq!(unique, tried);

        let layer = read(&[&[("PATH", "/bin")], &given[..]].concat()).unwrap();
        assert_eq!(&*layer.model.unwrap(), "ollama:llama3.1");
        assert_eq!(&*layer.system.unwrap(), "Be brief.");
        assert_eq!(layer.temperature, Some(0.5));
        assert_eq!(layer.max_tokens, Some(200));
        assert_eq!(layer.cache.unwrap().to_string(), "target/answers");
        assert_eq!(layer.max_concurrency, Some(4));
        assert_eq!(&*layer.fallback.unwrap(), "ollama:qwen3:4b, openai:qwen3");
        assert_eq!(layer.retry, Some(3));
        assert_eq!(layer.timeout, Some(Duration::from_secs(120)));
        assert_eq!(layer.connect_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(layer.idle_timeout, Some(Duration::from_secs(45)));
        assert_eq!(layer.max_tool_turns, Some(2));
        assert_eq!(layer.parallel_tools_max, Some(3));
        assert_eq!(layer.auto_finalize_missing_output, Some(false));
        assert_eq!(layer.think, Some(Think::High));
        assert_eq!(layer.record_content, Some(true));
        assert_eq!(layer.backend.unwrap().to_string(), "real");
        assert_eq!(layer.host.unwrap().address(), "http://gpu:8080");
        assert_eq!(layer.api_key.unwrap().expose(), "Bearer k-123");
        assert_eq!(&*layer.base_url.unwrap(), "http://gpu:8000/v1");
        assert_eq!(layer.openai_api_key.unwrap().expose(), "k-456");
        assert_eq!(layer.api, Some(Api::OpenaiChat));
        let mut num_ctx = crate::config::Options::default();
        num_ctx.set("num_ctx", 8192).unwrap();
        assert_eq!(layer.options, num_ctx);
    }

    #[test]
    fn empty_values_are_unset_but_an_empty_model_is_an_error() {
        let keys = keys();
        let names = keys.iter().flat_map(|key| key.variables);
        let blank: Vec<_> = names
            .filter(|name| **name != "ALLOY_MODEL")
            .map(|name| (*name, " "))
            .collect();
        let layer = read(&blank).unwrap();
        assert!(layer.print().is_empty(), "{layer:?}");
        let error = read(&[("ALLOY_MODEL", " ")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ALLOY_MODEL is empty; expected a model such as `ollama:llama3.1`"
        );
    }

    // A2
    #[test]
    fn errors_name_the_variable_the_value_and_the_expectation() {
        let check = |name: &str, value: &str, expected: &str| {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), expected);
        };
        let whole = "expected a whole number from 1";
        let time = "expected a duration such as 500ms, 30s or 2m (a bare number is seconds)";
        check(
            "ALLOY_TEMPERATURE",
            "hot",
            "ALLOY_TEMPERATURE is `hot`; expected a number from 0 to 2",
        );
        check(
            "ALLOY_TEMPERATURE",
            "3",
            "ALLOY_TEMPERATURE is 3; expected a number from 0 to 2",
        );
        check(
            "ALLOY_TEMPERATURE",
            "NaN",
            "ALLOY_TEMPERATURE is NaN; expected a number from 0 to 2",
        );
        for name in [
            "ALLOY_MAX_TOKENS",
            "ALLOY_RETRY",
            "ALLOY_PARALLEL_TOOLS_MAX",
        ] {
            check(name, "-1", &format!("{name} is `-1`; {whole}"));
            check(name, "0", &format!("{name} is 0; {whole}"));
        }
        check(
            "ALLOY_MAX_TOOL_TURNS",
            "many",
            "ALLOY_MAX_TOOL_TURNS is `many`; expected a whole number from 0",
        );
        for name in [
            "ALLOY_TIMEOUT",
            "ALLOY_CONNECT_TIMEOUT",
            "ALLOY_IDLE_TIMEOUT",
        ] {
            check(name, "soon", &format!("{name} is `soon`; {time}"));
            check(
                name,
                "0",
                &format!("{name} is zero; expected a duration such as 30s"),
            );
        }
        for name in ["ALLOY_AUTO_FINALIZE_MISSING_OUTPUT", "ALLOY_RECORD_CONTENT"] {
            check(
                name,
                "maybe",
                &format!("{name} is `maybe`; expected true or false"),
            );
        }
        check(
            "ALLOY_THINK",
            "hard",
            "ALLOY_THINK is `hard`; expected true, false, low, medium, high or max",
        );
        check(
            "ALLOY_MODEL",
            "m\u{1b}[31m",
            "ALLOY_MODEL contains a control character; expected a model such as `ollama:llama3.1`",
        );
        check(
            "ALLOY_BACKEND",
            "mock",
            "ALLOY_BACKEND is `mock`; expected `real`, `forbid` or `fake`",
        );
        check(
            "OLLAMA_HOST",
            "gpu box",
            "OLLAMA_HOST is `gpu box`, which is not a valid address: it contains ' '",
        );
        check(
            "ALLOY_EXTRA_JSON",
            "[1]",
            "ALLOY_EXTRA_JSON is `[1]`; expected a JSON object such as {\"ollama_api\": \"native\"}",
        );
        check(
            "ALLOY_EXTRA_JSON",
            r#"{"ollama_tool_choice": "auto"}"#,
            "`ollama_tool_choice` in ALLOY_EXTRA_JSON is not known; the keys there are `ollama_api` and `options`",
        );
        check(
            "ALLOY_EXTRA_JSON",
            r#"{"ollama_api": "grpc"}"#,
            "`ollama_api` in ALLOY_EXTRA_JSON is `grpc`; expected `native` or `openai_chat`",
        );
        check(
            "ALLOY_EXTRA_JSON",
            r#"{"ollama_api": 1}"#,
            "`ollama_api` in ALLOY_EXTRA_JSON is 1; expected \"native\" or \"openai_chat\"",
        );
        check(
            "ALLOY_EXTRA_JSON",
            r#"{"options": {"num_ctx": "big"}}"#,
            "`options` in ALLOY_EXTRA_JSON: the option `num_ctx` is \"big\"; expected a whole number",
        );
    }

    // E4
    #[test]
    fn an_invalid_key_is_not_shown() {
        let error = read(&[("OLLAMA_API_KEY", "k-123\n456")]).unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("k-123"));
    }

    #[test]
    fn variables_of_other_programs_are_not_checked() {
        let layer = read(&[
            ("OPENAI_BASE_URL", "https://models.example/v1"),
            ("OPENAI_API_KEY", "k\n"),
        ]);
        assert!(layer.is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt as _;
            let broken = OsString::from_vec(vec![b'k', 0xff]);
            assert!(super::layer([("OPENAI_API_KEY".into(), broken.clone())]).is_ok());
            let error = super::layer([("ALLOY_MODEL".into(), broken)]).unwrap_err();
            assert_eq!(
                error.to_string(),
                "ALLOY_MODEL is not valid UTF-8; expected text"
            );
        }
    }
}
