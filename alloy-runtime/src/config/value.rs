//! What each key accepts, said once for every layer.
//!
//! `given` names the value as its author wrote it (`temperature`, `ALLOY_TEMPERATURE`) and `fix` says
//! where to write the right one.

use std::time::Duration;

use crate::error::Error;

pub(super) fn model(given: &str, model: &str, fix: &str) -> Result<(), Error> {
    if model.trim().is_empty() {
        return Err(Error::configuration(
            format!("{given} is empty; expected a model such as `ollama:llama3.1`"),
            format!("{fix} `ollama list` shows what is installed."),
        ));
    }
    let strange = model.chars().any(char::is_control);
    if strange || model.len() > LONGEST_MODEL {
        let why = match strange {
            true => "has a control character in it".to_owned(),
            false => format!("has {} characters", model.chars().count()),
        };
        return Err(Error::configuration(
            format!("{given} {why}; expected a model such as `ollama:llama3.1`"),
            format!("{fix} `ollama list` shows what is installed."),
        ));
    }
    Ok(())
}

/// No name of a model is longer than this.
const LONGEST_MODEL: usize = 1000;

pub(super) fn temperature(given: &str, value: f64, fix: &str) -> Result<f64, Error> {
    if (0.0..=2.0).contains(&value) {
        return Ok(value);
    }
    Err(Error::configuration(
        format!("{given} is {value}; expected a number from 0 to 2"),
        format!("Give {fix} a value from 0 (always the likeliest token) to 2."),
    ))
}

/// A count of at least one.
pub(super) fn count(given: &str, value: u32, fix: &str) -> Result<u32, Error> {
    if value >= 1 {
        return Ok(value);
    }
    Err(Error::configuration(
        format!("{given} is 0; expected a whole number from 1"),
        format!("Give {fix} at least 1, or leave it out."),
    ))
}

pub(super) fn duration(given: &str, value: Duration, fix: &str) -> Result<Duration, Error> {
    if !value.is_zero() {
        return Ok(value);
    }
    Err(Error::configuration(
        format!("{given} is zero; expected a duration such as 30s"),
        format!("Give {fix} a longer duration, or leave it out."),
    ))
}

/// Yes or no, in the words that people write into variables.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_has_an_end() {
        assert!(model("m", &"x".repeat(LONGEST_MODEL), "").is_ok());
        let error = model("`model`", &"x".repeat(LONGEST_MODEL + 1), "").unwrap_err();
        assert!(error.to_string().contains("has 1001 characters"), "{error}");
    }
}
