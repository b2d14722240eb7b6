//! Translates the error of a deserializer into a message for models and persons that names the expected and the found
//! value.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::describe::{alternatives, format_name, found, found_fields};
use super::mismatch::Mismatch;
use crate::schema::{Schema, Shape, ShapeKind};

type Error = serde_path_to_error::Error<serde_json::Error>;

/// Prefixes of serde's own messages. Any other message comes from the type.
const SERDE_PREFIXES: [&str; 6] = [
    "invalid length",
    "unknown variant",
    "unknown field",
    "missing field",
    "duplicate field",
    "expected ",
];

/// Returns the path and the problem of a value that its type rejected.
pub(super) fn describe(error: &Error, json: &Value, schema: &Schema) -> Mismatch {
    let text = error.inner().to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let path = error.path().to_string();
    // serde_path_to_error writes `?` for a map key, which has no path.
    let path = path.strip_suffix('?').unwrap_or(&path);
    let path = match path.trim_end_matches('.') {
        "" => ".",
        path => path,
    };
    Mismatch {
        path: path.to_owned(),
        problem: problem(text, error.path(), json, schema),
    }
}

fn problem(text: &str, path: &Path, json: &Value, schema: &Schema) -> String {
    let mismatch = text
        .strip_prefix("invalid type: ")
        .or_else(|| text.strip_prefix("invalid value: "));
    if let Some(mismatch) = mismatch {
        return match mismatch.rsplit_once(", expected ") {
            Some((found, expected)) => {
                format!(
                    "expected {}, found {}",
                    plain_type(expected),
                    plain_value(found)
                )
            }
            None if mismatch == "expected key to be a number in quotes" => {
                "expected numbers as keys".to_owned()
            }
            None => mismatch.to_owned(),
        };
    }
    if SERDE_PREFIXES.iter().any(|own| text.starts_with(own)) {
        return text.to_owned();
    }
    let Some(value) = value_at(path, json) else {
        return text.to_owned();
    };
    match shape_at(path, schema).map(|shape| &shape.kind) {
        Some(ShapeKind::Union(options)) if text.starts_with("data did not match any variant") => {
            format!(
                "expected {}, found {}",
                alternatives(options),
                found_fields(value)
            )
        }
        Some(ShapeKind::Text(rules)) if rules.format.is_some() => {
            let expected = format_name(rules.format.as_deref().unwrap_or_default());
            format!("expected {expected}, found {}: {text}", found(value))
        }
        Some(kind) if is_map_key(path, schema) && has_type(value, kind) => {
            let key = path.iter().next_back().map(ToString::to_string);
            format!("{text}, found the key {:?}", key.unwrap_or_default())
        }
        _ => format!("{text}, found {}", found(value)),
    }
}

/// Returns `true` if the last segment of a path is a key of a map.
fn is_map_key(path: &Path, schema: &Schema) -> bool {
    let mut shape = Some(non_null(&schema.root, schema));
    let mut is_key = false;
    for segment in path {
        is_key = match shape.map(|shape| &shape.kind) {
            Some(ShapeKind::Object { properties, .. }) => {
                let name = segment.to_string();
                !properties.iter().any(|property| property.name == name)
            }
            _ => false,
        };
        shape = shape.and_then(|shape| shape_below(shape, segment, schema));
    }
    is_key
}

/// Returns `true` if a value has the JSON type of a shape, so that its type has no reason to reject it.
fn has_type(value: &Value, kind: &ShapeKind) -> bool {
    match kind {
        ShapeKind::Any => true,
        ShapeKind::Null => value.is_null(),
        ShapeKind::Boolean => value.is_boolean(),
        ShapeKind::Integer(_) => value.is_i64() || value.is_u64(),
        ShapeKind::Number(_) => value.is_number(),
        ShapeKind::Text(rules) => value.is_string() && rules.format.is_none(),
        ShapeKind::Literals(literals) => literals.iter().any(|literal| literal.value == *value),
        ShapeKind::List { .. } | ShapeKind::Tuple(_) => value.is_array(),
        ShapeKind::Object { .. } => value.is_object(),
        ShapeKind::Union(_) | ShapeKind::Named(_) => false,
    }
}

/// Returns the value at a path.
fn value_at<'a>(path: &Path, json: &'a Value) -> Option<&'a Value> {
    path.iter().try_fold(json, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { variant } => Some(value.get(variant).unwrap_or(value)),
        Segment::Unknown => None,
    })
}

/// Returns the shape at a path; `None` if the path leads through a union.
fn shape_at<'a>(path: &Path, schema: &'a Schema) -> Option<&'a Shape> {
    let root = non_null(&schema.root, schema);
    path.iter()
        .try_fold(root, |shape, segment| shape_below(shape, segment, schema))
}

/// Returns the shape of a part of a value.
fn shape_below<'a>(shape: &'a Shape, segment: &Segment, schema: &'a Schema) -> Option<&'a Shape> {
    let below = match (&shape.kind, segment) {
        (ShapeKind::List { items, .. }, Segment::Seq { .. }) => items,
        (ShapeKind::Tuple(items), Segment::Seq { index }) => items.get(*index)?,
        (
            ShapeKind::Object {
                properties,
                additional,
                ..
            },
            Segment::Map { key },
        ) => {
            let property = properties.iter().find(|property| property.name == *key);
            property
                .map(|property| &property.shape)
                .or(additional.as_deref())?
        }
        _ => return None,
    };
    Some(non_null(below, schema))
}

/// Resolves a name, and unwraps the shape of an optional value.
fn non_null<'a>(shape: &'a Shape, schema: &'a Schema) -> &'a Shape {
    let shape = schema.resolve(shape);
    let ShapeKind::Union(options) = &shape.kind else {
        return shape;
    };
    let mut others = options
        .iter()
        .filter(|option| option.kind != ShapeKind::Null);
    match (others.next(), others.next()) {
        (Some(only), None) => schema.resolve(only),
        _ => shape,
    }
}

/// Translates serde's name of an expected type into JSON's terms.
fn plain_type(expected: &str) -> String {
    match expected {
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "unit" => "null".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128"
        | "usize" => format!("an integer that fits `{expected}`"),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ => expected.to_owned(),
    }
}

/// Translates serde's description of a found value into JSON.
fn plain_value(found: &str) -> &str {
    let number = ["integer `", "floating point `", "boolean `"];
    let number = number
        .iter()
        .find_map(|kind| found.strip_prefix(kind)?.strip_suffix('`'));
    match found {
        "sequence" => "a list",
        "map" => "an object",
        _ => number.or(found.strip_prefix("string ")).unwrap_or(found),
    }
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, SchemaGenerator, json_schema};
    use serde::Deserialize;
    use serde::de::{DeserializeOwned, Error as _};
    use serde_json::json;

    use super::*;

    fn described<T: DeserializeOwned + JsonSchema>(json: &Value) -> String {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(json) else {
            panic!("{json} is a value of the type");
        };
        let Mismatch { path, problem } = describe(&error, json, &Schema::for_type::<T>());
        format!("{path}: {problem}")
    }

    /// A type with a custom error message.
    #[derive(Debug)]
    struct Day;

    impl<'de> Deserialize<'de> for Day {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?;
            Err(D::Error::custom("no such day"))
        }
    }

    impl JsonSchema for Day {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Day".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
            json_schema!({"type": "string", "format": "date"})
        }
    }

    /// A type with a custom error message and alternatives in its schema.
    #[derive(Debug)]
    struct Word;

    impl<'de> Deserialize<'de> for Word {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?;
            Err(D::Error::custom("no such word"))
        }
    }

    impl JsonSchema for Word {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Word".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
            json_schema!({"anyOf": [{"type": "string"}, {"type": "integer"}]})
        }
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only reading it matters")]
    enum Either {
        One { a: u8 },
        Two { b: u8 },
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only reading it matters")]
    struct Day1 {
        day: Day,
    }

    #[test]
    fn messages_of_serde_use_the_terms_of_json() {
        let check = |described: String, expected: &str| assert_eq!(described, expected);
        check(
            described::<bool>(&json!("x")),
            ".: expected true or false, found \"x\"",
        );
        check(
            described::<Vec<u8>>(&json!(1)),
            ".: expected a list, found 1",
        );
        check(
            described::<std::collections::BTreeMap<String, u8>>(&json!([])),
            ".: expected an object, found a list",
        );
        check(
            described::<()>(&json!({})),
            ".: expected null, found an object",
        );
        check(
            described::<f32>(&json!("x")),
            ".: expected a number, found \"x\"",
        );
        check(
            described::<u8>(&json!(null)),
            ".: expected an integer that fits `u8`, found null",
        );
        check(
            described::<Day1>(&json!(true)),
            ".: expected an object, found true",
        );
        check(
            described::<std::collections::BTreeMap<u8, u8>>(&json!({"x": 1})),
            ".: expected numbers as keys",
        );
    }

    #[test]
    fn messages_of_a_type_are_followed_by_the_found_value() {
        let check = |described: String, expected: &str| assert_eq!(described, expected);
        check(
            described::<String>(&json!(1)),
            ".: expected a string, found 1",
        );
        let day = "expected a date, YYYY-MM-DD, found \"x\": no such day";
        check(described::<Day>(&json!("x")), &format!(".: {day}"));
        check(described::<Vec<Day>>(&json!(["x"])), &format!("[0]: {day}"));
        check(
            described::<(u8, Day)>(&json!([1, "x"])),
            &format!("[1]: {day}"),
        );
        check(
            described::<Day1>(&json!({"day": "x"})),
            &format!("day: {day}"),
        );
        check(
            described::<Vec<Option<Day>>>(&json!([null, "x"])),
            &format!("[1]: {day}"),
        );
        // A schema without a format, or with alternatives, adds nothing.
        check(
            described::<Word>(&json!("x")),
            ".: no such word, found \"x\"",
        );
        check(
            described::<Vec<Word>>(&json!(["x"])),
            "[0]: no such word, found \"x\"",
        );
        // A value that matches no alternative is described by the names of all of them.
        let either = described::<Vec<Either>>(&json!([{"c": 1}]));
        assert!(either.starts_with("[0]: expected "), "{either}");
        assert!(either.contains('a') && either.contains("found"), "{either}");
    }
}
