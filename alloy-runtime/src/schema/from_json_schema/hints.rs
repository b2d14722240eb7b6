//! Values that a schema gives as examples, for stand-ins.

use serde_json::{Map, Value};

/// Returns the examples of a schema, or else its default. An empty default does not show how a value looks.
pub(super) fn hints(schema: &Map<String, Value>) -> Vec<Value> {
    let examples = schema.get("examples").and_then(Value::as_array);
    let examples = examples.into_iter().flatten().chain(schema.get("example"));
    let examples: Vec<Value> = examples.cloned().collect();
    match examples.is_empty() {
        true => {
            let default = schema.get("default").filter(|default| !is_empty(default));
            default.cloned().into_iter().collect()
        }
        false => examples,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
