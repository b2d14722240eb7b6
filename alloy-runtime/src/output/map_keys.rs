//! Finds maps whose keys no JSON object has: the keys of a JSON object are strings.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The key in an example of a map.
const KEY: &str = "key";

/// Tries a type out with an example of its schema, and returns the type of a map's keys that no string can be.
pub(crate) fn unreadable_key<T: DeserializeOwned>(example: &Value) -> Option<Box<str>> {
    let text = T::deserialize(example).err()?.to_string();
    // The example has this text only as a key.
    if let Some((_, expected)) = text.split_once("invalid type: string \"key\", expected ") {
        // The text of a boolean can be a key.
        return (expected != "a boolean").then(|| expected.into());
    }
    // An enum can be a key by the names of its variants without data.
    let (_, variants) = text.split_once("unknown variant `key`, expected ")?;
    let mut variants = variants.split('`').skip(1).step_by(2);
    let has_data = |variant: &str| {
        let error = T::deserialize(with_key(example, variant)).err();
        error.is_some_and(|error| error.to_string().contains("invalid type: unit variant"))
    };
    variants.all(has_data).then(|| "an enum with data".into())
}

/// Returns an example with another key in its maps.
fn with_key(example: &Value, key: &str) -> Value {
    match example {
        Value::Array(items) => items.iter().map(|item| with_key(item, key)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let name = if name == KEY { key } else { name };
                (name.to_owned(), with_key(value, key))
            });
            Value::Object(fields.collect())
        }
        scalar => scalar.clone(),
    }
}
