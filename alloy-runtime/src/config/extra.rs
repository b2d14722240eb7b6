//! Settings by the names that Alloy's Python ancestor has for them.

use serde_json::{Map, Value};

use super::{Api, Layer};
use crate::error::{Error, excerpt};

/// The known names.
const KNOWN: [&str; 2] = ["ollama_api", "options"];

/// Sets one of them; `given` names where it was written, for errors.
pub(super) fn set(layer: &mut Layer, given: &str, name: &str, value: Value) -> Result<(), Error> {
    let wrong = |expected: &str, found: &Value| {
        Error::configuration(
            format!(
                "`{name}` in {given} is {}; expected {expected}",
                excerpt(&found.to_string())
            ),
            format!("Set `{name}` to {expected}, or leave it out."),
        )
    };
    match (name, value) {
        ("ollama_api", Value::String(api)) => {
            let given = format!("`ollama_api` in {given}");
            layer.api = Some(Api::parse(&given, &api)?);
        }
        ("ollama_api", other) => return Err(wrong("\"native\" or \"openai_chat\"", &other)),
        ("options", Value::Object(options)) => {
            for (name, value) in options {
                let set = layer.option(&name, value);
                set.map_err(|error| error.with_setting(given))?;
            }
        }
        ("options", other) => return Err(wrong("an object such as {\"num_ctx\": 8192}", &other)),
        _ => return Err(unknown(given, name)),
    }
    Ok(())
}

/// Sets all keys of a JSON object.
pub(super) fn set_all(layer: &mut Layer, given: &str, text: &str) -> Result<(), Error> {
    let extras: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Error::configuration(
            format!(
                "{given} is `{}`; expected a JSON object such as {{\"ollama_api\": \"native\"}}",
                excerpt(text)
            ),
            format!("Set {given} to a JSON object, or unset it."),
        )
        .with_source(error)
    })?;
    extras
        .into_iter()
        .try_for_each(|(name, value)| set(layer, given, &name, value))
}

fn unknown(given: &str, name: &str) -> Error {
    let known = KNOWN.map(|known| format!("`{known}`")).join(" and ");
    Error::configuration(
        format!(
            "`{}` in {given} is not known; the keys there are {known}",
            excerpt(name)
        ),
        format!(
            "Remove `{}` from {given}; options of the model belong into `options`, and other settings have their own keys.",
            excerpt(name)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_must_be_an_object() {
        let told = |text: &str| {
            set_all(&mut Layer::default(), "ALLOY_EXTRA_JSON", text)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            told(r#"{"options": [1]}"#),
            r#"`options` in ALLOY_EXTRA_JSON is [1]; expected an object such as {"num_ctx": 8192}"#
        );
    }
}
