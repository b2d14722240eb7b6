//! The environment as a layer: a pure function of names and values.

use std::ffi::OsString;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::{Backend, Host, Layer, Secret, Text, Think, duration, extra, keys, value};
use crate::error::{Error, excerpt};

/// Reads Alloy's variables out of `variables`; those of others are left alone.
///
/// Where two names mean the same key, the first in the table of keys wins: `ALLOY_DEFAULT_SYSTEM` over
/// `ALLOY_SYSTEM`, `ALLOY_HOST` over `OLLAMA_HOST`. An empty value counts as unset, as `OLLAMA_HOST=`
/// does for Ollama itself; an empty `ALLOY_MODEL` is an error, because a model must be named.
///
/// # Errors
///
/// A value that cannot be read is a configuration error that names the variable, the value and what
/// was expected. `OPENAI_BASE_URL` and `OPENAI_API_KEY`, which are often there for other programs, are
/// read when a model needs them.
pub(crate) fn layer(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Layer, Error> {
    let found = Variables::of(variables)?;
    let mut layer = Layer::default();
    if let Some(model) = found.raw("ALLOY_MODEL") {
        value::model("ALLOY_MODEL", model, "Set ALLOY_MODEL, or unset it.")?;
        layer.model = Some(shared(model));
    }
    let system = found.text("ALLOY_DEFAULT_SYSTEM");
    layer.system = system.or(found.text("ALLOY_SYSTEM")).map(shared);
    layer.temperature = found.read("ALLOY_TEMPERATURE", |name, text| {
        value::temperature(name, number(name, text, "a number from 0 to 2")?, name)
    })?;
    layer.max_tokens = found.read("ALLOY_MAX_TOKENS", count)?;
    layer.retry = found.read("ALLOY_RETRY", count)?;
    layer.timeout = found.read("ALLOY_TIMEOUT", time)?;
    layer.connect_timeout = found.read("ALLOY_CONNECT_TIMEOUT", time)?;
    layer.idle_timeout = found.read("ALLOY_IDLE_TIMEOUT", time)?;
    layer.max_tool_turns = found.read("ALLOY_MAX_TOOL_TURNS", |name, text| {
        number(name, text, "a whole number from 0")
    })?;
    layer.parallel_tools_max = found.read("ALLOY_PARALLEL_TOOLS_MAX", count)?;
    layer.auto_finalize_missing_output =
        found.read("ALLOY_AUTO_FINALIZE_MISSING_OUTPUT", boolean)?;
    layer.think = found.read("ALLOY_THINK", Think::parse)?;
    layer.record_content = found.read("ALLOY_RECORD_CONTENT", boolean)?;
    layer.backend = found.read("ALLOY_BACKEND", Backend::parse)?;
    let host = |name: &str, text: &str| Host::parse(name, text).map(Arc::new);
    layer.host = match found.read("ALLOY_HOST", host)? {
        None => found.read("OLLAMA_HOST", host)?,
        given => given,
    };
    layer.api_key = found.read("OLLAMA_API_KEY", Secret::bearer)?;
    layer.base_url = found.text("OPENAI_BASE_URL").map(shared);
    layer.openai_api_key = found.text("OPENAI_API_KEY").map(Secret::new);
    if let Some(text) = found.text("ALLOY_EXTRA_JSON") {
        extra::set_all(&mut layer, "ALLOY_EXTRA_JSON", text)?;
    }
    layer.share();
    Ok(layer)
}

/// The variables that the table of keys names, as text.
struct Variables(Vec<(&'static str, String)>);

impl Variables {
    fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, Error> {
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
                // It may be there for others: what is wrong with it is said when it is used.
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

    /// A variable's value as it is.
    fn raw(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter();
        found.find_map(|(known, value)| (*known == name).then_some(value.as_str()))
    }

    /// A variable's value, unless it is blank.
    fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|text| !text.trim().is_empty())
    }

    /// A variable's value, read by `read`, which gets the name as well.
    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.text(name).map(|text| read(name, text)).transpose()
    }
}

fn shared(text: &str) -> Text {
    Text::Shared(Arc::from(text))
}

fn number<T: FromStr>(name: &str, text: &str, expected: &str) -> Result<T, Error> {
    text.trim()
        .parse()
        .map_err(|_| unreadable(name, text, expected))
}

fn count(name: &str, text: &str) -> Result<u32, Error> {
    value::count(name, number(name, text, "a whole number from 1")?, name)
}

fn time(name: &str, text: &str) -> Result<Duration, Error> {
    let expected = "a duration such as 500ms, 30s or 2m (a bare number is seconds)";
    let read = duration::parse(text).ok_or_else(|| unreadable(name, text, expected))?;
    value::duration(name, read, name)
}

fn boolean(name: &str, text: &str) -> Result<bool, Error> {
    value::boolean(text).ok_or_else(|| unreadable(name, text, "true or false"))
}

fn unreadable(name: &str, text: &str, expected: &str) -> Error {
    Error::configuration(
        format!("{name} is `{}`; expected {expected}", excerpt(text)),
        format!("Set {name} to {expected}, or unset it."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Api;

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
            ("ALLOY_TIMEOUT", "2m"),
            ("ALLOY_CONNECT_TIMEOUT", "1500ms"),
            ("ALLOY_IDLE_TIMEOUT", "45"),
            ("ALLOY_MAX_TOOL_TURNS", "2"),
            ("ALLOY_PARALLEL_TOOLS_MAX", "3"),
            ("ALLOY_AUTO_FINALIZE_MISSING_OUTPUT", "off"),
            ("ALLOY_THINK", "High"),
            ("ALLOY_RECORD_CONTENT", "1"),
            ("ALLOY_BACKEND", "real"),
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
        // The list above is the table's, to the last name.
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
        assert_eq!(layer.retry, Some(3));
        assert_eq!(layer.timeout, Some(Duration::from_secs(120)));
        assert_eq!(layer.connect_timeout, Some(Duration::from_millis(1500)));
        assert_eq!(layer.idle_timeout, Some(Duration::from_secs(45)));
        assert_eq!(layer.max_tool_turns, Some(2));
        assert_eq!(layer.parallel_tools_max, Some(3));
        assert_eq!(layer.auto_finalize_missing_output, Some(false));
        assert_eq!(layer.think, Some(Think::High));
        assert_eq!(layer.record_content, Some(true));
        assert!(matches!(layer.backend, Some(Backend::Real)));
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
        assert!(layer.each().is_empty(), "{layer:?}");
        let error = read(&[("ALLOY_MODEL", " ")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ALLOY_MODEL is empty; expected a model such as `ollama:llama3.1`"
        );
    }

    // A2
    #[test]
    fn a_bad_value_names_variable_value_and_expectation() {
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
            "ALLOY_MODEL has a control character in it; expected a model such as `ollama:llama3.1`",
        );
        check(
            "ALLOY_BACKEND",
            "fake",
            "ALLOY_BACKEND is `fake`; expected `real`",
        );
        check(
            "OLLAMA_HOST",
            "gpu box",
            "OLLAMA_HOST is `gpu box`, which is no address: it has a ' ' in it",
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
    fn a_broken_key_is_not_shown() {
        let error = read(&[("OLLAMA_API_KEY", "k-123\n456")]).unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("k-123"));
    }

    #[test]
    fn variables_that_are_there_for_other_programs_stop_nobody() {
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
