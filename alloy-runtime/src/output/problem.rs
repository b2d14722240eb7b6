//! What a type's own deserializer says of a value, in the words that a model and a person understand: what
//! belongs there, what stood there.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::fit::words::{alternatives, found, found_whole};
use super::misfit::Misfit;
use crate::schema::{Kind, Schema, Shape};

type Error = serde_path_to_error::Error<serde_json::Error>;

/// The beginnings of what serde words itself; all else is a type's own.
const SERDES: [&str; 6] = [
    "invalid length",
    "unknown variant",
    "unknown field",
    "missing field",
    "duplicate field",
    "expected ",
];

/// Where a value does not fit, and why.
pub(super) fn of(error: &Error, json: &Value, schema: &Schema) -> Misfit {
    let text = error.inner().to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let path = error.path().to_string();
    // What a key is has no place of its own.
    let path = path.strip_suffix('?').unwrap_or(&path);
    let path = match path.trim_end_matches('.') {
        "" => ".",
        path => path,
    };
    Misfit {
        path: path.to_owned(),
        problem: words(text, error.path(), json, schema),
    }
}

fn words(text: &str, path: &Path, json: &Value, schema: &Schema) -> String {
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
    if SERDES.iter().any(|own| text.starts_with(own)) {
        return text.to_owned();
    }
    let Some(value) = value_at(path, json) else {
        return text.to_owned();
    };
    match shape_at(path, schema).map(|shape| &shape.kind) {
        Some(Kind::Union(options)) if text.starts_with("data did not match any variant") => {
            format!(
                "expected {}, found {}",
                alternatives(options),
                found_whole(value)
            )
        }
        Some(Kind::Text(rules)) if rules.format.is_some() => {
            let format = rules.format.as_deref().unwrap_or_default();
            format!(
                "expected a string of format {format}, found {}: {text}",
                found(value)
            )
        }
        _ => format!("{text}, found {}", found(value)),
    }
}

/// The value that a path leads to.
fn value_at<'a>(path: &Path, json: &'a Value) -> Option<&'a Value> {
    path.iter().try_fold(json, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { variant } => Some(value.get(variant).unwrap_or(value)),
        Segment::Unknown => None,
    })
}

/// The shape that a path leads to; `None` where it leads through alternatives.
fn shape_at<'a>(path: &Path, schema: &'a Schema) -> Option<&'a Shape> {
    let root = present(&schema.root, schema);
    path.iter().try_fold(root, |shape, segment| {
        let below = match (&shape.kind, segment) {
            (Kind::List { items, .. }, Segment::Seq { .. }) => items,
            (Kind::Tuple(items), Segment::Seq { index }) => items.get(*index)?,
            (
                Kind::Object {
                    properties, rest, ..
                },
                Segment::Map { key },
            ) => {
                let property = properties.iter().find(|property| property.name == *key);
                property
                    .map(|property| &property.shape)
                    .or(rest.as_deref())?
            }
            _ => return None,
        };
        Some(present(below, schema))
    })
}

/// The shape behind a name, and of an optional value that of the value.
fn present<'a>(shape: &'a Shape, schema: &'a Schema) -> &'a Shape {
    let shape = schema.resolve(shape);
    let Kind::Union(options) = &shape.kind else {
        return shape;
    };
    let mut present = options.iter().filter(|option| option.kind != Kind::Null);
    match (present.next(), present.next()) {
        (Some(only), None) => schema.resolve(only),
        _ => shape,
    }
}

/// What serde expects, without Rust's words for it.
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

/// What serde found, as JSON has it.
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

    fn told<T: DeserializeOwned + JsonSchema>(json: &Value) -> String {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(json) else {
            panic!("{json} is a value of the type");
        };
        let Misfit { path, problem } = of(&error, json, &Schema::of::<T>());
        format!("{path}: {problem}")
    }

    /// A type that says itself what is wrong.
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

    /// Another, of one kind of text or another.
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
    fn serdes_words_are_told_as_json_has_them() {
        let check = |told: String, expected: &str| assert_eq!(told, expected);
        check(
            told::<bool>(&json!("x")),
            ".: expected true or false, found \"x\"",
        );
        check(told::<Vec<u8>>(&json!(1)), ".: expected a list, found 1");
        check(
            told::<std::collections::BTreeMap<String, u8>>(&json!([])),
            ".: expected an object, found a list",
        );
        check(told::<()>(&json!({})), ".: expected null, found an object");
        check(
            told::<f32>(&json!("x")),
            ".: expected a number, found \"x\"",
        );
        check(
            told::<u8>(&json!(null)),
            ".: expected an integer that fits `u8`, found null",
        );
        check(
            told::<Day1>(&json!(true)),
            ".: expected an object, found true",
        );
        check(
            told::<std::collections::BTreeMap<u8, u8>>(&json!({"x": 1})),
            ".: expected numbers as keys",
        );
    }

    #[test]
    fn a_types_own_words_are_told_with_what_stood_there() {
        let check = |told: String, expected: &str| assert_eq!(told, expected);
        check(told::<String>(&json!(1)), ".: expected a string, found 1");
        let day = "expected a string of format date, found \"x\": no such day";
        check(told::<Day>(&json!("x")), &format!(".: {day}"));
        check(told::<Vec<Day>>(&json!(["x"])), &format!("[0]: {day}"));
        check(told::<(u8, Day)>(&json!([1, "x"])), &format!("[1]: {day}"));
        check(told::<Day1>(&json!({"day": "x"})), &format!("day: {day}"));
        check(
            told::<Vec<Option<Day>>>(&json!([null, "x"])),
            &format!("[1]: {day}"),
        );
        // A schema that says no format, or has alternatives, adds nothing to them.
        check(told::<Word>(&json!("x")), ".: no such word, found \"x\"");
        check(
            told::<Vec<Word>>(&json!(["x"])),
            "[0]: no such word, found \"x\"",
        );
        // What is no alternative is told by the names of those that there are.
        let either = told::<Vec<Either>>(&json!([{"c": 1}]));
        assert!(either.starts_with("[0]: expected "), "{either}");
        assert!(either.contains('a') && either.contains("found"), "{either}");
    }
}
