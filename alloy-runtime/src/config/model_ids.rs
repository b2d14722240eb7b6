//! Names of models as settings.

use super::SharedStr;
use super::kind::{FromText, Origin, SettingKind};
use crate::error::Error;

/// The name of a model, with its prefix.
pub(crate) struct ModelId;

/// The longest accepted model name, in bytes.
const MAX_MODEL: usize = 1000;

impl SettingKind for ModelId {
    type Value = SharedStr;

    fn check(origin: Origin, model: SharedStr) -> Result<SharedStr, Error> {
        let wrong = match &*model {
            blank if blank.trim().is_empty() => "is empty".to_owned(),
            strange if strange.chars().any(char::is_control) => {
                "contains a control character".to_owned()
            }
            long if long.len() > MAX_MODEL => format!("has {} characters", long.chars().count()),
            _ => return Ok(model),
        };
        let fix = match origin {
            Origin::Setter(_) => "Name a model in `.model(…)`.".to_owned(),
            Origin::Variable(name) => format!("Set {name}, or unset it."),
        };
        Err(Error::configuration(
            format!(
                "{} {wrong}; expected a model such as `ollama:llama3.1`",
                origin.name()
            ),
            format!("{fix} `ollama list` shows the installed models."),
        ))
    }

    fn print(model: &SharedStr) -> String {
        model.to_string()
    }

    fn make_shared(model: &mut SharedStr) {
        model.make_shared();
    }
}

impl FromText for ModelId {
    /// An empty `ALLOY_MODEL` is an error, because a command cannot run without a model.
    const BLANK_IS_UNSET: bool = false;

    fn read(origin: Origin, text: &str) -> Result<SharedStr, Error> {
        Self::check(origin, SharedStr::Owned(text.to_owned()))
    }
}

/// Models to ask in turn: names, separated by commas.
pub(crate) struct ModelIds;

impl SettingKind for ModelIds {
    type Value = SharedStr;

    fn check(origin: Origin, models: SharedStr) -> Result<SharedStr, Error> {
        for model in models.split(',') {
            ModelId::check(origin, SharedStr::Owned(model.to_owned()))?;
        }
        Ok(models)
    }

    fn print(models: &SharedStr) -> String {
        models.to_string()
    }

    fn make_shared(models: &mut SharedStr) {
        models.make_shared();
    }
}

impl FromText for ModelIds {
    fn read(origin: Origin, text: &str) -> Result<SharedStr, Error> {
        Self::check(origin, SharedStr::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_names_have_a_maximum_length() {
        let check = |length: usize| {
            ModelId::check(
                Origin::Setter("model"),
                SharedStr::Owned("x".repeat(length)),
            )
        };
        assert!(check(MAX_MODEL).is_ok());
        let error = check(MAX_MODEL + 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "model has 1001 characters; expected a model such as `ollama:llama3.1`"
        );
    }
}
