//! Settings under the names that the Python library of the same idea has for them.

use serde_json::{Map, Value};

use super::{Api, Layer};
use crate::error::{Error, excerpt};

/// The names that are known here.
const KNOWN: [&str; 2] = ["ollama_api", "options"];

/// Sets one of them. `given` names where it was written.
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
                let set = layer.options.set(&name, value);
                set.map_err(|error| error.in_setting(given))?;
            }
        }
        ("options", other) => return Err(wrong("an object such as {\"num_ctx\": 8192}", &other)),
        _ => return Err(unknown(given, name)),
    }
    Ok(())
}

/// Reads `ALLOY_EXTRA_JSON`.
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
            "Take `{}` out of {given}; options of a model go into `options`, and the rest have keys of their own.",
            excerpt(name)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_has_no_options() {
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
