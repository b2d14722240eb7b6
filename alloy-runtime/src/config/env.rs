//! The environment as a layer: a pure function of names and values.

use std::ffi::OsString;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::{Host, Layer, Secret, Text};
use super::{check_max_tokens, check_model, check_temperature, check_timeout, duration};
use crate::error::{Error, excerpt};

/// Reads Alloy's variables out of `variables`; those of others are left alone.
///
/// Where two names mean the same key, the first of this list wins: `ALLOY_DEFAULT_SYSTEM` over
/// `ALLOY_SYSTEM`, `ALLOY_HOST` over `OLLAMA_HOST`. An empty value counts as unset, as `OLLAMA_HOST=`
/// does for Ollama itself; an empty `ALLOY_MODEL` is an error, because a model must be named.
///
/// # Errors
///
/// A value that cannot be read is a configuration error that names the variable, the value and what
/// was expected.
pub(crate) fn layer(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Layer, Error> {
    let mut found = Variables::default();
    for (name, value) in variables {
        found.take(&name, value)?;
    }
    let mut layer = Layer::default();
    if let Some(model) = found.model {
        check_model("ALLOY_MODEL", &model, "Set ALLOY_MODEL, or unset it.")?;
        layer.model = Some(shared(&model));
    }
    if let Some(system) = given(found.default_system).or(given(found.system)) {
        layer.system = Some(shared(&system));
    }
    if let Some(text) = given(found.temperature) {
        let value: f64 = number("ALLOY_TEMPERATURE", &text, "a number from 0 to 2")?;
        layer.temperature = Some(check_temperature(
            "ALLOY_TEMPERATURE",
            value,
            "ALLOY_TEMPERATURE",
        )?);
    }
    if let Some(text) = given(found.max_tokens) {
        let value: u32 = number("ALLOY_MAX_TOKENS", &text, "a whole number from 1")?;
        layer.max_tokens = Some(check_max_tokens(
            "ALLOY_MAX_TOKENS",
            value,
            "ALLOY_MAX_TOKENS",
        )?);
    }
    if let Some(text) = given(found.timeout) {
        layer.timeout = Some(check_timeout(
            "ALLOY_TIMEOUT",
            timeout(&text)?,
            "ALLOY_TIMEOUT",
        )?);
    }
    if let Some(text) = given(found.host) {
        layer.host = Some(Arc::new(Host::parse("ALLOY_HOST", &text)?));
    } else if let Some(text) = given(found.ollama_host) {
        layer.host = Some(Arc::new(Host::parse("OLLAMA_HOST", &text)?));
    }
    if let Some(key) = given(found.ollama_api_key) {
        layer.api_key = Some(bearer(&key)?);
    }
    Ok(layer)
}

/// The values of the variables that Alloy knows, as text.
#[derive(Default)]
struct Variables {
    model: Option<String>,
    default_system: Option<String>,
    system: Option<String>,
    temperature: Option<String>,
    max_tokens: Option<String>,
    timeout: Option<String>,
    host: Option<String>,
    ollama_host: Option<String>,
    ollama_api_key: Option<String>,
}

impl Variables {
    fn take(&mut self, name: &OsString, value: OsString) -> Result<(), Error> {
        let Some(name) = name.to_str() else {
            return Ok(());
        };
        let place = match name {
            "ALLOY_MODEL" => &mut self.model,
            "ALLOY_DEFAULT_SYSTEM" => &mut self.default_system,
            "ALLOY_SYSTEM" => &mut self.system,
            "ALLOY_TEMPERATURE" => &mut self.temperature,
            "ALLOY_MAX_TOKENS" => &mut self.max_tokens,
            "ALLOY_TIMEOUT" => &mut self.timeout,
            "ALLOY_HOST" => &mut self.host,
            "OLLAMA_HOST" => &mut self.ollama_host,
            "OLLAMA_API_KEY" => &mut self.ollama_api_key,
            _ => return Ok(()),
        };
        let value = value.into_string().map_err(|_| {
            Error::configuration(
                format!("{name} is not valid UTF-8; expected text"),
                format!("Set {name} again, or unset it."),
            )
        })?;
        *place = Some(value);
        Ok(())
    }
}

fn given(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.trim().is_empty())
}

fn shared(text: &str) -> Text {
    Text::Shared(Arc::from(text))
}

fn number<T: FromStr>(name: &str, text: &str, expected: &str) -> Result<T, Error> {
    text.trim()
        .parse()
        .map_err(|_| unreadable(name, text, expected))
}

fn timeout(text: &str) -> Result<Duration, Error> {
    duration::parse(text).ok_or_else(|| {
        unreadable(
            "ALLOY_TIMEOUT",
            text,
            "a duration such as 500ms, 30s or 2m (a bare number is seconds)",
        )
    })
}

fn unreadable(name: &str, text: &str, expected: &str) -> Error {
    Error::configuration(
        format!("{name} is `{}`; expected {expected}", excerpt(text)),
        format!("Set {name} to {expected}, or unset it."),
    )
}

fn bearer(key: &str) -> Result<Secret, Error> {
    let key = key.trim();
    let key = key.strip_prefix("Bearer ").unwrap_or(key);
    // The value itself stays out of the message: it is a secret even when it is broken.
    if key.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
        return Err(Error::configuration(
            "OLLAMA_API_KEY has characters that no HTTP header can carry; expected printable ASCII",
            "Set OLLAMA_API_KEY again, without line ends, or unset it.",
        ));
    }
    Ok(Secret::new(format!("Bearer {key}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Layer, Error> {
        layer(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    #[test]
    fn every_variable_sets_its_key() {
        let layer = read(&[
            ("PATH", "/bin"),
            ("ALLOY_MODEL", "ollama:llama3.1"),
            ("ALLOY_SYSTEM", "weaker"),
            ("ALLOY_DEFAULT_SYSTEM", "Be brief."),
            ("ALLOY_TEMPERATURE", "0.5"),
            ("ALLOY_MAX_TOKENS", " 200 "),
            ("ALLOY_TIMEOUT", "2m"),
            ("OLLAMA_HOST", "weaker:1"),
            ("ALLOY_HOST", "gpu:8080"),
            ("OLLAMA_API_KEY", "k-123"),
        ])
        .unwrap();
        assert_eq!(&*layer.model.unwrap(), "ollama:llama3.1");
        assert_eq!(&*layer.system.unwrap(), "Be brief.");
        assert_eq!(layer.temperature, Some(0.5));
        assert_eq!(layer.max_tokens, Some(200));
        assert_eq!(layer.timeout, Some(Duration::from_secs(120)));
        assert_eq!(layer.host.unwrap().address(), "http://gpu:8080");
        assert_eq!(layer.api_key.unwrap().expose(), "Bearer k-123");
    }

    #[test]
    fn empty_values_are_unset_but_an_empty_model_is_an_error() {
        let layer = read(&[
            ("ALLOY_TIMEOUT", ""),
            ("OLLAMA_HOST", " "),
            ("ALLOY_SYSTEM", ""),
        ])
        .unwrap();
        assert!(layer.timeout.is_none() && layer.host.is_none() && layer.system.is_none());
        let error = read(&[("ALLOY_MODEL", " ")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ALLOY_MODEL is empty; expected a model such as `ollama:llama3.1`"
        );
    }

    #[test]
    fn a_bad_value_names_variable_value_and_expectation() {
        let check = |name: &str, value: &str, expected: &str| {
            assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), expected);
        };
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
        check(
            "ALLOY_MAX_TOKENS",
            "-1",
            "ALLOY_MAX_TOKENS is `-1`; expected a whole number from 1",
        );
        check(
            "ALLOY_MAX_TOKENS",
            "0",
            "ALLOY_MAX_TOKENS is 0; expected a whole number from 1",
        );
        check(
            "ALLOY_TIMEOUT",
            "soon",
            "ALLOY_TIMEOUT is `soon`; expected a duration such as 500ms, 30s or 2m (a bare number is seconds)",
        );
        check(
            "ALLOY_TIMEOUT",
            "0",
            "ALLOY_TIMEOUT is zero; expected a duration such as 30s",
        );
    }

    #[test]
    fn a_broken_key_is_not_shown() {
        let error = read(&[("OLLAMA_API_KEY", "k-123\n456")]).unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("k-123"));
    }
}
